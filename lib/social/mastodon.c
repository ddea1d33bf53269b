/* Mastodon's API (docs.joinmastodon.org): mentions and direct messages by the
 * notifications of an account, answers as statuses. Pleroma, Akkoma, GoToSocial and
 * others speak it, too.
 *
 * A conversation is a person; what they say in the open and what they say to us alone are
 * two, so that no answer to the one is ever said in the other. The first is called
 * "VISIBILITY PERSON". */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/text.h"
#include "mail/html.h"
#include "social/social.h"

enum {
	FIRST_MAX = 1000, /* notifications of the first look */
	PAGE = 40,
	CHARACTERS = 500,
	CHARACTERS_MAX = 100000,
	TEXT_MAX = 256 * 1024
};

struct mastodon {
	struct social s;
	char *host, *me; /* of the server; our account there */
	char *place;	 /* the newest notification that was heard; NULL: none ever */
	size_t characters;
	bool known;    /* who we are, and what the server takes */
	json_t *first; /* pages of the first look, newest first; or NULL */
	const char **again;
	size_t nagain; /* posts that are looked at again in this round */
};

static const char *
member(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static enum rc
ask(struct mastodon *m, const char *path,
    enum rc (*done)(void *, const struct http_answer *, struct err *), struct err *err)
{
	struct http_ask a = {.method = "GET",
	    .path = path,
	    .timeout_ms = SOCIAL_ASK_MS,
	    .arg = m,
	    .done = done};

	return http_ask(m->s.http, &a, err);
}

/* ---- a post ---- */

/* "ann" is somebody here, "ann@there.example" somebody elsewhere. */
static char *
account_of(void *ctx, const struct mastodon *m, json_t *status)
{
	const char *acct = member(json_object_get(status, "account"), "acct");

	return *acct == '\0'	   ? talloc_strdup(ctx, "")
	       : strchr(acct, '@') ? talloc_strdup(ctx, acct)
				   : talloc_asprintf(ctx, "%s@%s", acct, m->host);
}

/* Without our own name before it. */
static const char *
without_us(const struct mastodon *m, const char *text)
{
	size_t n = strcspn(m->me, "@");

	while (*text == '@' && strncasecmp(text + 1, m->me, n) == 0 &&
	       strchr(" \n@", text[1 + n]) != NULL) {
		text += 1 + n;
		text += strcspn(text, " \n");
		text += strspn(text, " \n");
	}
	return text;
}

/* Names and tags are links in HTML; we want the words. */
static char *
without_links(void *ctx, const char *html)
{
	char *out = talloc_strdup(ctx, html), *to = out;

	for (const char *p = out; *p != '\0';) {
		const char *end = strncmp(p, "<a ", 3) == 0 ? strchr(p, '>') : NULL;
		char *tag = end ? talloc_strndup(ctx, p, (size_t)(end - p)) : NULL;

		if (tag != NULL &&
		    (strstr(tag, "mention") != NULL || strstr(tag, "hashtag") != NULL))
			p = end + 1;
		else
			*to++ = *p++;
	}
	*to = '\0';
	return out;
}

static char *
text_of(void *ctx, const struct mastodon *m, json_t *status)
{
	const char *html = without_links(ctx, member(status, "content")), *warning;
	json_t *media = json_object_get(status, "media_attachments"), *f;
	char *text = talloc_strdup(
	    ctx, without_us(m, html_to_text(ctx, html, strlen(html), TEXT_MAX).s));
	size_t i;

	warning = member(status, "spoiler_text");
	if (*warning != '\0')
		text = talloc_asprintf(ctx, "%s\n%s", warning, text);
	json_array_foreach(media, i, f)
	{
		if (*member(f, "url") != '\0')
			text = talloc_asprintf(ctx, "%s\n%s%s%s", text,
			    member(f, "description"),
			    *member(f, "description") ? " " : "", member(f, "url"));
	}
	return text;
}

static void
hear(struct mastodon *m, json_t *status, enum heard_what what, const char *id)
{
	void *ctx = talloc_new(NULL);
	const char *visibility = member(status, "visibility");
	char *who = account_of(ctx, m, status);
	bool alone = strcmp(visibility, "direct") == 0;
	struct heard h = {.what = what,
	    .id = id,
	    .of = what == HEARD_EDIT ? member(status, "id") : NULL,
	    .kind = "social",
	    .address = talloc_asprintf(ctx, "%s/%s", m->s.conf->name, who),
	    .name = member(json_object_get(status, "account"), "display_name"),
	    .proven = true,
	    .text = text_of(ctx, m, status)};

	h.conversation = alone ? who : talloc_asprintf(ctx, "%s %s", visibility, who);
	h.ntext = strlen(h.text);
	if (!instant_parse(member(status, "created_at"), &h.at))
		h.at = INSTANT_NONE;
	if (*member(status, "id") != '\0' && *who != '\0' && strcasecmp(who, m->me) != 0)
		bridge_heard(m->s.b, &h);
	talloc_free(ctx);
}

/* ---- posts that are looked at again ---- */

static enum rc look_at_next(struct mastodon *m, struct err *err);

static enum rc
looked(void *arg, const struct http_answer *a, struct err *err)
{
	struct mastodon *m = arg;
	const char *id = m->again[--m->nagain];
	enum rc rc;

	/* 404: gone, or not for us any more. */
	if (a->code == 404 || a->code == 410) {
		social_gone(&m->s, id);
		return look_at_next(m, err);
	}
	rc = social_answer(&m->s, a, "a status", err);
	if (rc == RC_OK && *member(a->json, "edited_at") != '\0')
		hear(m, a->json, HEARD_EDIT,
		    talloc_asprintf(
			m->again, "edit %s %s", id, member(a->json, "edited_at")));
	if (rc == RC_NONE) {
		m->nagain = 0;
		rc = RC_OK;
	}
	return rc == RC_OK ? look_at_next(m, err) : rc;
}

static enum rc
look_at_next(struct mastodon *m, struct err *err)
{
	if (m->nagain == 0) {
		TALLOC_FREE(m->again);
		social_ends(&m->s);
		return RC_OK;
	}
	return ask(m,
	    talloc_asprintf(m->again, "/api/v1/statuses/%s",
		http_quote(m->again, m->again[m->nagain - 1])),
	    looked, err);
}

static enum rc
look_again(struct mastodon *m, struct err *err)
{
	enum rc rc =
	    social_look_again(&m->s, m, SOCIAL_LOOKED_AT, &m->again, &m->nagain, err);

	return rc == RC_OK ? look_at_next(m, err) : rc;
}

/* ---- what is new ---- */

static enum rc read_page(struct mastodon *m, struct err *err);

/* Numbers without a limit, as text. */
static bool
is_newer(const char *id, const char *than)
{
	size_t a = strlen(id), b = than ? strlen(than) : 0;

	return a != b ? a > b : than == NULL || strcmp(id, than) > 0;
}

/* Newest first, as they come; heard in the order they were said. */
static void
hear_list(struct mastodon *m, json_t *list, int64_t since)
{
	for (size_t i = json_array_size(list); i > 0; i--) {
		json_t *o = json_array_get(list, i - 1),
		       *status = json_object_get(o, "status");
		int64_t at;

		if (is_newer(member(o, "id"), m->place)) {
			talloc_free(m->place);
			m->place = talloc_strdup(m, member(o, "id"));
		}
		if (strcmp(member(o, "type"), "mention") == 0 && json_is_object(status) &&
		    (since == 0 || (instant_parse(member(status, "created_at"), &at) &&
				       at >= since)))
			hear(m, status, HEARD_MESSAGE, member(status, "id"));
	}
}

/* Is the last of these older than what the first look is for? */
static bool
reaches_back(const struct mastodon *m, json_t *page)
{
	json_t *last = json_array_get(page, json_array_size(page) - 1);
	int64_t at;

	return json_array_size(page) < PAGE || json_array_size(m->first) >= FIRST_MAX ||
	       !instant_parse(member(last, "created_at"), &at) ||
	       at < bridge_since(m->s.b);
}

static enum rc
on_page(void *arg, const struct http_answer *a, struct err *err)
{
	struct mastodon *m = arg;
	bool full = json_array_size(a->json) == PAGE;
	enum rc rc = social_answer(&m->s, a, "notifications", err);

	if (rc == RC_NONE) {
		social_ends(&m->s);
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc == RC_INVALID ? RC_NET : rc;
	if (m->place == NULL) {
		m->first = m->first ? m->first : json_array();
		json_array_extend(m->first, a->json);
		if (!reaches_back(m, a->json))
			return read_page(m, err);
		hear_list(m, m->first, bridge_since(m->s.b));
		json_decref(m->first);
		m->first = NULL;
		full = false;
	} else {
		hear_list(m, a->json, 0);
	}
	if (m->place == NULL)
		m->place = talloc_strdup(m, "0");
	bridge_place(m->s.b, m->place);
	return full ? read_page(m, err) : look_again(m, err);
}

static enum rc
read_page(struct mastodon *m, struct err *err)
{
	json_t *last = json_array_get(m->first, json_array_size(m->first) - 1);
	const char *from = m->place ? m->place : member(last, "id");
	char path[256];

	snprintf(path, sizeof(path),
	    "/api/v1/notifications?types%%5B%%5D=mention&limit=%d%s%.100s", PAGE,
	    *from == '\0' ? ""
	    : m->place	  ? "&min_id="
			  : "&max_id=",
	    http_quote(m, from));
	return ask(m, path, on_page, err);
}

/* ---- who we are ---- */

static enum rc
on_instance(void *arg, const struct http_answer *a, struct err *err)
{
	struct mastodon *m = arg;
	json_t *n = json_object_get(
	    json_object_get(json_object_get(a->json, "configuration"), "statuses"),
	    "max_characters");
	enum rc rc = social_answer(&m->s, a, "the server", err);

	if (rc != RC_OK && rc != RC_INVALID) /* older ones do not say */
		return rc == RC_NONE ? err_fail(err, RC_NET, "it limits us") : rc;
	m->characters = CHARACTERS;
	if (json_is_integer(n) && json_integer_value(n) >= CHARACTERS / 2 &&
	    json_integer_value(n) <= CHARACTERS_MAX)
		m->characters = (size_t)json_integer_value(n);
	m->known = true;
	return read_page(m, err);
}

static enum rc
on_account(void *arg, const struct http_answer *a, struct err *err)
{
	struct mastodon *m = arg;
	const char *name = member(a->json, "username");
	enum rc rc = social_answer(&m->s, a, "its account", err);

	if (rc != RC_OK)
		return rc == RC_NET ? rc
				    : err_fail(err, RC_NET, "its account: %s", a->why);
	if (*name == '\0')
		return err_fail(err, RC_NET, "its account has no name");
	talloc_free(m->me);
	m->me = talloc_asprintf(m, "%s@%s", name, m->host);
	return ask(m, "/api/v2/instance", on_instance, err);
}

/* ---- sending ---- */

struct post {
	struct mastodon *m;
	char *id, *visibility, *reply_to, *who;
	char **pieces;
	size_t n, i;
};

static enum rc post_next(struct post *p, struct err *err);

static enum rc
posted(void *arg, const struct http_answer *a, struct err *err)
{
	struct post *p = arg;
	struct mastodon *m = p->m;
	const char *id = member(a->json, "id");
	enum rc rc;

	/* What it answers is gone: then it is said without. */
	if (a->code == 404 && p->reply_to != NULL) {
		p->reply_to = NULL;
		return post_next(p, err);
	}
	rc = social_answer(&m->s, a, "the answer", err);
	if (rc == RC_OK && *id != '\0') {
		p->reply_to = talloc_strdup(p, id);
		p->i++;
		if (p->i < p->n)
			return post_next(p, err);
		bridge_delivered(m->s.b, p->id);
	} else if (rc == RC_OK) {
		rc = err_fail(err, RC_NET, "the answer: it says no id");
	} else if (rc == RC_NONE) {
		bridge_try_later(m->s.b, p->id);
		rc = RC_OK;
	} else if (a->code == 403 || rc == RC_INVALID) {
		bridge_not_delivered(m->s.b, p->id, a->why, true);
		rc = RC_OK;
	}
	talloc_free(p);
	return rc;
}

/* The same key again is the same status: the server says it once. */
static enum rc
post_next(struct post *p, struct err *err)
{
	const char *const headers[] = {
	    talloc_asprintf(p, "Idempotency-Key: tkt-%s-%s-%zu",
		bridge_desk(p->m->s.b)->id, p->id, p->i),
	    NULL};
	struct http_ask a = {.method = "POST",
	    .path = "/api/v1/statuses",
	    .timeout_ms = SOCIAL_ASK_MS,
	    .headers = headers,
	    .arg = p,
	    .done = posted};

	a.body = json_pack("{s:o,s:s,s:s?}", "status",
	    json_sprintf("@%s %s", p->who, p->pieces[p->i]), "visibility", p->visibility,
	    "in_reply_to_id", p->reply_to);
	return http_ask(p->m->s.http, &a, err);
}

static enum rc
send_mastodon(void *self, const struct said *s, struct err *err)
{
	struct mastodon *m = self;
	struct post *p = talloc_zero(m, struct post);
	const char *space = strchr(s->conversation, ' ');
	size_t name;

	p->m = m;
	p->id = talloc_strdup(p, s->id);
	p->visibility =
	    space ? talloc_strndup(p, s->conversation, (size_t)(space - s->conversation))
		  : talloc_strdup(p, "direct");
	p->who = talloc_strdup(p, space ? space + 1 : s->conversation);
	p->reply_to = s->reply_to ? talloc_strdup(p, s->reply_to) : NULL;
	/* Whoever is named is told; that counts. */
	name = social_length(p->who) + 2;
	if (name + 50 > m->characters) {
		bridge_not_delivered(
		    m->s.b, s->id, "there is no room for the name", true);
		talloc_free(p);
		return RC_OK;
	}
	p->pieces = social_pieces(p, social_text(p, s), m->characters - name, &p->n);
	return post_next(p, err);
}

/* ---- the channel ---- */

static int
drop(struct mastodon *m)
{
	json_decref(m->first);
	return 0;
}

static enum rc
open_mastodon(struct bridge_run *b, void *ctx, void **self, struct err *err)
{
	struct mastodon *m = talloc_zero(ctx, struct mastodon);
	const char *host;
	enum rc rc = social_open(&m->s, m, b, err);

	talloc_set_destructor(m, drop);
	*self = m;
	if (rc != RC_OK)
		return rc;
	host = strstr(m->s.conf->at.url, "://");
	host = host ? host + 3 : m->s.conf->at.url;
	m->host = talloc_strndup(m, host, strcspn(host, "/"));
	m->me = talloc_strdup(m, "");
	return bridge_place_read(b, m, &m->place, err);
}

static size_t
wait_mastodon(void *self, struct pollfd v[BRIDGE_FDS_MAX], int64_t *until)
{
	return social_wait(self, v, until);
}

static enum rc
step_mastodon(void *self, struct err *err)
{
	struct mastodon *m = self;
	enum rc rc = RC_OK;

	if (social_begins(&m->s))
		rc = m->known
			 ? read_page(m, err)
			 : ask(m, "/api/v1/accounts/verify_credentials", on_account, err);
	return rc == RC_OK ? http_step(m->s.http, err) : rc;
}

static bool
ready_mastodon(void *self)
{
	struct mastodon *m = self;

	return m->known && social_ready(&m->s);
}

static bool
done_mastodon(void *self)
{
	return social_done(&((struct mastodon *)self)->s);
}

const struct channel channel_mastodon = {.type = "mastodon",
    .open = open_mastodon,
    .wait = wait_mastodon,
    .step = step_mastodon,
    .ready = ready_mastodon,
    .send = send_mastodon,
    .done = done_mastodon};
