/* Feeds: RSS 2.0, RSS 1.0 (RDF) and Atom (RFC 4287). Each new entry is a ticket: reviews,
 * forum threads, status pages of others. A feed takes no answers. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/instant.h"
#include "social/feed.h"
#include "social/social.h"

enum {
	SEEN_MAX = 3000, /* that are remembered: some come back */
	MARK = 8	 /* bytes that stand for an entry in what was seen */
};

struct rss {
	struct social s;
	char *host;
	char *etag, *modified; /* what the server said last, or NULL */
	json_t *seen;	       /* marks of the entries it had then; NULL: never read */
};

static int
drop(struct rss *r)
{
	json_decref(r->seen);
	return 0;
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
hear(struct rss *r, void *ctx, const struct feed_entry *e)
{
	struct buf b = {.ctx = ctx};
	struct heard h = {.kind = "social", .name = e->author, .at = e->at};

	buf_printf(&b, "%s%s%s%s%s", e->title, *e->title ? "\n\n" : "", e->text,
	    *e->link ? "\n\n" : "", e->link);
	h.id = strlen(e->id) <= CONVERSATION_KEY_MAX / 2 && strchr(e->id, ' ') == NULL
		   ? e->id
		   : mark_of(ctx, e->id);
	h.conversation = h.id;
	h.address = talloc_asprintf(
	    ctx, "%s/%s", r->s.conf->name, *e->author ? e->author : r->host);
	h.text = buf_text(&b);
	h.ntext = b.n;
	bridge_heard(r->s.b, &h);
}

/* ---- the feed ---- */

struct reading {
	struct rss *r;
	json_t *seen;
};

/* At the first look, what is older is not news. */
static void
take_entry(void *arg, const struct feed_entry *e)
{
	struct reading *g = arg;
	void *ctx = talloc_new(NULL);
	const char *mark = mark_of(ctx, e->id);

	json_array_append_new(g->seen, json_string(mark));
	if (g->r->seen != NULL
		? !has(g->r->seen, mark)
		: e->at != INSTANT_NONE && e->at >= bridge_since(g->r->s.b))
		hear(g->r, ctx, e);
	talloc_free(ctx);
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
	struct reading g = {r, NULL};

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
	g.seen = json_array();
	if (!feed_read(a->bytes, a->n, take_entry, &g)) {
		json_decref(g.seen);
		return err_fail(err, RC_NET, "the feed: neither RSS nor Atom");
	}
	remember_old(r->seen, g.seen);
	keep_place(r, a, g.seen);
	json_decref(g.seen);
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
	    .path = "", /* the URL as it is */
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
