/* Feeds: RSS 2.0, RSS 1.0 (RDF) and Atom (RFC 4287). Each new entry is a ticket: reviews,
 * forum threads, status pages of others. A feed takes no answers. */
#include <curl/curl.h>
#include <libxml/parser.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/text.h"
#include "mail/html.h"
#include "social/social.h"

enum {
	FEED_MAX = 8 << 20, /* bytes */
	ENTRIES_MAX = 1000, /* of one feed; more are passed over */
	SEEN_MAX = 3000,    /* that are remembered: some come back */
	TEXT_MAX = 256 * 1024,
	MARK = 8 /* bytes that stand for an entry in what was seen */
};

struct rss {
	struct social s;
	char *host, *path;
	char *etag, *modified; /* what the server said last, or NULL */
	json_t *seen;	       /* marks of the entries it had then; NULL: never read */
};

static int
drop(struct rss *r)
{
	json_decref(r->seen);
	return 0;
}

/* ---- an entry ---- */

static bool
is(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0;
}

static const char *
content(void *ctx, xmlNode *n)
{
	xmlChar *s = xmlNodeGetContent(n);
	const char *out = text_clean(ctx, s ? (const char *)s : "",
	    s ? strlen((const char *)s) : 0, TEXT_BLOCK, TEXT_MAX);

	xmlFree(s);
	out += strspn(out, " \t\n");
	return out;
}

/* The first of these children, or NULL. */
static xmlNode *
child(xmlNode *of, const char *const *names)
{
	for (; *names != NULL; names++) {
		for (xmlNode *n = of->children; n != NULL; n = n->next) {
			if (is(n, *names))
				return n;
		}
	}
	return NULL;
}

static const char *
text_of(void *ctx, xmlNode *entry, const char *const *names)
{
	xmlNode *n = child(entry, names);

	return n ? content(ctx, n) : "";
}

/* Atom's is an attribute, and there may be several. */
static const char *
link_of(void *ctx, xmlNode *entry)
{
	for (xmlNode *n = entry->children; n != NULL; n = n->next) {
		xmlChar *href, *rel;
		const char *out = NULL;

		if (!is(n, "link"))
			continue;
		href = xmlGetProp(n, (const xmlChar *)"href");
		rel = xmlGetProp(n, (const xmlChar *)"rel");
		if (href == NULL)
			out = content(ctx, n);
		else if (rel == NULL || strcmp((const char *)rel, "alternate") == 0)
			out = text_clean(ctx, (const char *)href,
			    strlen((const char *)href), TEXT_LINE, SUBJECT_MAX);
		xmlFree(href);
		xmlFree(rel);
		if (out != NULL)
			return out;
	}
	return "";
}

static const char *
author_of(void *ctx, xmlNode *entry)
{
	static const char *const authors[] = {"author", "creator", NULL},
				 *const names[] = {"name", NULL};
	xmlNode *n = child(entry, authors);
	const char *name = n ? text_of(ctx, n, names) : "";
	const char *s = n && *name == '\0' ? content(ctx, n) : name;

	return text_clean(ctx, s, strlen(s), TEXT_LINE, TALK_NAME_MAX);
}

static int64_t
time_of(void *ctx, xmlNode *entry)
{
	static const char *const names[] = {
	    "published", "pubDate", "updated", "date", NULL};
	const char *s = text_of(ctx, entry, names);
	int64_t at;
	time_t t;

	if (instant_parse(s, &at))
		return at;
	t = *s ? curl_getdate(s, NULL) : -1;
	return t >= 0 ? (int64_t)t * 1000 : INSTANT_NONE;
}

static const char *
mark_of(void *ctx, const char *id)
{
	unsigned char h[crypto_generichash_BYTES];
	char hex[2 * MARK + 1];

	crypto_generichash(h, sizeof(h), (const unsigned char *)id, strlen(id), NULL, 0);
	return talloc_strdup(ctx, sodium_bin2hex(hex, sizeof(hex), h, MARK));
}

static bool
has(json_t *marks, const char *mark)
{
	json_t *v;
	size_t i;

	json_array_foreach(marks, i, v)
	{
		if (strcmp(json_string_value(v), mark) == 0)
			return true;
	}
	return false;
}

static void
remember_old(json_t *old, json_t *seen)
{
	json_t *v;
	size_t i, n = json_array_size(seen);

	json_array_foreach(old, i, v)
	{
		if (n < SEEN_MAX && !has(seen, json_string_value(v))) {
			json_array_append(seen, v);
			n++;
		}
	}
}

static void
hear(struct rss *r, void *ctx, xmlNode *entry, const char *id)
{
	static const char *const titles[] = {"title", NULL}, *const texts[] = {"encoded",
								 "content", "description",
								 "summary", NULL};
	const char *author = author_of(ctx, entry), *link = link_of(ctx, entry),
		   *title = text_of(ctx, entry, titles), *body;
	const char *html = text_of(ctx, entry, texts);
	struct buf b = {.ctx = ctx};
	struct heard h = {.kind = "social", .name = author, .at = time_of(ctx, entry)};

	title = html_to_text(ctx, title, strlen(title), SUBJECT_MAX).s;
	title = text_clean(ctx, title, strlen(title), TEXT_LINE, SUBJECT_MAX);
	body = html_to_text(ctx, html, strlen(html), TEXT_MAX).s;
	buf_printf(&b, "%s%s%s%s%s", title, *title ? "\n\n" : "", body,
	    *link ? "\n\n" : "", link);
	h.id = strlen(id) <= CONVERSATION_KEY_MAX / 2 && strchr(id, ' ') == NULL
		   ? id
		   : mark_of(ctx, id);
	h.conversation = h.id;
	h.address =
	    talloc_asprintf(ctx, "%s/%s", r->s.conf->name, *author ? author : r->host);
	h.text = buf_text(&b);
	h.ntext = b.n;
	bridge_heard(r->s.b, &h);
}

/* ---- the feed ---- */

static void
read_entries(struct rss *r, xmlNode *list, json_t *seen)
{
	static const char *const ids[] = {"guid", "id", NULL};

	/* The newest stand first: the last is heard first. */
	for (xmlNode *n = list->last; n != NULL; n = n->prev) {
		void *ctx = talloc_new(NULL);
		const char *id, *mark;

		if (is(n, "channel"))
			read_entries(r, n, seen);
		if ((is(n, "item") || is(n, "entry")) &&
		    json_array_size(seen) < ENTRIES_MAX) {
			id = text_of(ctx, n, ids);
			id = *id ? id : link_of(ctx, n);
			mark = mark_of(ctx, id);
			json_array_append_new(seen, json_string(mark));
			/* What was there before we first looked is not news. */
			if (*id != '\0' && r->seen != NULL && !has(r->seen, mark))
				hear(r, ctx, n, id);
		}
		talloc_free(ctx);
	}
}

static void
keep_place(struct rss *r, const struct http_answer *a, json_t *seen)
{
	json_t *o = json_pack(
	    "{s:s?,s:s?,s:O}", "etag", a->etag, "modified", a->modified, "seen", seen);
	char *s = json_dumps(o, JSON_COMPACT);

	bridge_place(r->s.b, s);
	free(s);
	json_decref(o);
	json_decref(r->seen);
	r->seen = json_incref(seen);
	talloc_free(r->etag);
	talloc_free(r->modified);
	r->etag = a->etag ? talloc_strdup(r, a->etag) : NULL;
	r->modified = a->modified ? talloc_strdup(r, a->modified) : NULL;
}

static enum rc
on_feed(void *arg, const struct http_answer *a, struct err *err)
{
	struct rss *r = arg;
	xmlDoc *doc = NULL;
	xmlNode *root;
	json_t *seen;

	if (a->code == 304) {
		social_ends(&r->s);
		return RC_OK;
	}
	if (a->code < 200 || a->code >= 300) {
		/* A feed has no JSON: only what the code says counts. */
		return social_answer(&r->s, a, "the feed", err) == RC_NONE
			   ? err_fail(err, RC_NET, "the feed: it limits us")
			   : RC_NET;
	}
	/* No network, no entities, no great depth: libxml2's own limits hold. */
	doc = xmlReadMemory(a->bytes, (int)a->n, r->path, NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
		XML_PARSE_RECOVER);
	root = doc ? xmlDocGetRootElement(doc) : NULL;
	if (root == NULL || (!is(root, "rss") && !is(root, "RDF") && !is(root, "feed"))) {
		xmlFreeDoc(doc);
		return err_fail(err, RC_NET, "the feed: neither RSS nor Atom");
	}
	seen = json_array();
	read_entries(r, root, seen);
	xmlFreeDoc(doc);
	remember_old(r->seen, seen);
	keep_place(r, a, seen);
	json_decref(seen);
	social_ends(&r->s);
	return RC_OK;
}

/* ---- the channel ---- */

static enum rc
open_rss(struct bridge_run *b, void *ctx, void **self, struct err *err)
{
	struct rss *r = talloc_zero(ctx, struct rss);
	char *place = NULL;
	const char *host, *s;
	json_t *o;
	enum rc rc = social_open(&r->s, r, b, err);

	talloc_set_destructor(r, drop);
	*self = r;
	if (rc == RC_OK)
		rc = bridge_place_read(b, r, &place, err);
	if (rc != RC_OK)
		return rc;
	host = strstr(r->s.conf->at.url, "://") + 3;
	r->host = talloc_strndup(r, host, strcspn(host, "/?"));
	/* lib/chat/http asks below a base: that is all of it. */
	r->path = talloc_strdup(r, "");
	o = place ? json_loads(place, 0, NULL) : NULL;
	if (o != NULL) {
		r->seen = json_incref(json_object_get(o, "seen"));
		s = json_string_value(json_object_get(o, "etag"));
		r->etag = s ? talloc_strdup(r, s) : NULL;
		s = json_string_value(json_object_get(o, "modified"));
		r->modified = s ? talloc_strdup(r, s) : NULL;
		json_decref(o);
	}
	return RC_OK;
}

static size_t
wait_rss(void *self, struct pollfd v[BRIDGE_FDS_MAX], int64_t *until)
{
	return social_wait(self, v, until);
}

static enum rc
ask_feed(struct rss *r, struct err *err)
{
	void *ctx = talloc_new(NULL);
	const char *headers[3] = {NULL};
	struct http_ask a = {.method = "GET",
	    .path = r->path,
	    .timeout_ms = SOCIAL_ASK_MS,
	    .max = FEED_MAX,
	    .headers = headers,
	    .arg = r,
	    .done = on_feed};
	size_t n = 0;
	enum rc rc;

	if (r->etag != NULL)
		headers[n++] = talloc_asprintf(ctx, "If-None-Match: %s", r->etag);
	if (r->modified != NULL)
		headers[n++] = talloc_asprintf(ctx, "If-Modified-Since: %s", r->modified);
	rc = http_ask(r->s.http, &a, err);
	talloc_free(ctx);
	return rc;
}

static enum rc
step_rss(void *self, struct err *err)
{
	struct rss *r = self;
	enum rc rc = social_begins(&r->s) ? ask_feed(r, err) : RC_OK;

	return rc == RC_OK ? http_step(r->s.http, err) : rc;
}

static bool
ready_rss(void *self)
{
	(void)self;
	return true;
}

static enum rc
send_rss(void *self, const struct said *s, struct err *err)
{
	(void)err;
	bridge_not_delivered(
	    ((struct rss *)self)->s.b, s->id, "a feed takes no answers", true);
	return RC_OK;
}

static bool
done_rss(void *self)
{
	return social_done(&((struct rss *)self)->s);
}

const struct channel channel_rss = {.type = "rss",
    .open = open_rss,
    .wait = wait_rss,
    .step = step_rss,
    .ready = ready_rss,
    .send = send_rss,
    .done = done_rss};
