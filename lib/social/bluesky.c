/* Bluesky (atproto.com, docs.bsky.app): mentions, replies and quotes by notifications,
 * direct messages by the chat service, answers as records with keys of ours, so that the
 * same answer twice is one.
 *
 * People are their DIDs: a handle can be somebody else's tomorrow. A conversation in the
 * open is "public DID", one of the chat is its id. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/text.h"
#include "social/social.h"

enum { PAGE = 50, PAGES_MAX = 20, LETTERS = 300, CHAT_LETTERS = 1000, SECRET_MAX = 1024 };

static const char *const chat_proxy[] = {
    "atproto-proxy: did:web:api.bsky.chat#bsky_chat", NULL};

struct bluesky {
	struct social s;
	char *access, *refresh, *did;
	char *posts, *chat; /* how far we have read: an instant, and a cursor; or NULL */
	bool no_chat;	    /* the password has no access to it */
	json_t *pages;	    /* notifications of this round, newest first */
	int npages;
	char *newest; /* when the newest of this round came */
	const char **again;
	size_t nagain;
	json_t *names; /* DID -> name */
};

static const char *
member(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static int
drop(struct bluesky *y)
{
	json_decref(y->pages);
	json_decref(y->names);
	return 0;
}

typedef enum rc (*answered)(void *, const struct http_answer *, struct err *);

static enum rc
ask(struct bluesky *y, const char *method, const char *what, json_t *body,
    const char *const *headers, void *arg, answered done, struct err *err)
{
	char *path = talloc_asprintf(NULL, "/xrpc/%s", what);
	struct http_ask a = {.method = method,
	    .path = path,
	    .timeout_ms = SOCIAL_ASK_MS,
	    .body = body,
	    .token = y->access ? y->access : "",
	    .headers = headers,
	    .arg = arg,
	    .done = done};
	enum rc rc = http_ask(y->s.http, &a, err);

	talloc_free(path);
	return rc;
}

static enum rc
get(struct bluesky *y, const char *what, answered done, struct err *err)
{
	return ask(y, "GET", what, NULL, NULL, y, done, err);
}

static void
keep_place(struct bluesky *y)
{
	json_t *o = json_pack("{s:s?,s:s?}", "posts", y->posts, "chat", y->chat);
	char *s = json_dumps(o, JSON_COMPACT);

	bridge_place(y->s.b, s);
	free(s);
	json_decref(o);
}

/* A token lives for some hours; then the session is renewed, and the round begins anew.
 */
static bool
is_expired(const struct http_answer *a)
{
	return (a->code == 400 || a->code == 401) &&
	       strcmp(member(a->json, "error"), "ExpiredToken") == 0;
}

/* ---- what was said ---- */

static void
hear_post(struct bluesky *y, json_t *o)
{
	void *ctx = talloc_new(NULL);
	json_t *author = json_object_get(o, "author"),
	       *record = json_object_get(o, "record");
	const char *did = member(author, "did"), *reason = member(o, "reason"),
		   *name = member(author, "displayName");
	struct heard h = {.id = member(o, "uri"),
	    .conversation = talloc_asprintf(ctx, "public %s", did),
	    .kind = "social",
	    .address = talloc_asprintf(ctx, "%s/%s", y->s.conf->name, did),
	    .name = *name ? name : member(author, "handle"),
	    .proven = true,
	    .text = member(record, "text"),
	    .ntext = strlen(member(record, "text"))};

	if (!instant_parse(member(record, "createdAt"), &h.at))
		h.at = INSTANT_NONE;
	if ((strcmp(reason, "mention") == 0 || strcmp(reason, "reply") == 0 ||
		strcmp(reason, "quote") == 0) &&
	    *did != '\0' && strcmp(did, y->did) != 0 && *h.id != '\0')
		bridge_heard(y->s.b, &h);
	talloc_free(ctx);
}

static void
hear_chat(struct bluesky *y, json_t *log)
{
	void *ctx = talloc_new(NULL);
	json_t *m = json_object_get(log, "message");
	const char *kind = member(log, "$type"),
		   *did = member(json_object_get(m, "sender"), "did"),
		   *name = json_string_value(json_object_get(y->names, did));
	struct heard h = {.id = talloc_asprintf(ctx, "chat:%s", member(m, "id")),
	    .conversation = member(log, "convoId"),
	    .kind = "social",
	    .address = talloc_asprintf(ctx, "%s/%s", y->s.conf->name, did),
	    .name = name,
	    .proven = true,
	    .text = member(m, "text"),
	    .ntext = strlen(member(m, "text"))};

	if (!instant_parse(member(m, "sentAt"), &h.at))
		h.at = INSTANT_NONE;
	if (*did != '\0' && strcmp(did, y->did) != 0 &&
	    strcmp(kind, "chat.bsky.convo.defs#logCreateMessage") == 0)
		bridge_heard(y->s.b, &h);
	else if (strcmp(kind, "chat.bsky.convo.defs#logDeleteMessage") == 0)
		social_gone(&y->s, h.id);
	talloc_free(ctx);
}

/* ---- posts that are looked at again: all in one question ---- */

static bool
is_there(json_t *posts, const char *uri)
{
	json_t *p;
	size_t i;

	json_array_foreach(posts, i, p)
	{
		if (strcmp(member(p, "uri"), uri) == 0)
			return true;
	}
	return false;
}

static enum rc
looked(void *arg, const struct http_answer *a, struct err *err)
{
	struct bluesky *y = arg;
	enum rc rc = social_answer(&y->s, a, "posts", err);

	for (size_t i = 0; rc == RC_OK && i < y->nagain; i++) {
		if (text_starts(y->again[i], "at://") &&
		    !is_there(json_object_get(a->json, "posts"), y->again[i]))
			social_gone(&y->s, y->again[i]);
	}
	if (rc == RC_NET)
		return rc;
	social_ends(&y->s);
	return RC_OK;
}

static enum rc
look_again(struct bluesky *y, struct err *err)
{
	char *what;
	size_t n = 0;
	enum rc rc;

	talloc_free(y->again);
	y->again = NULL;
	rc = social_look_again(&y->s, y, SOCIAL_LOOKED_AT, &y->again, &y->nagain, err);
	if (rc != RC_OK)
		return rc;
	what = talloc_strdup(NULL, "app.bsky.feed.getPosts");
	for (size_t i = 0; i < y->nagain; i++) {
		if (text_starts(y->again[i], "at://"))
			what = talloc_asprintf_append(what, "%suris=%s", n++ ? "&" : "?",
			    http_quote(what, y->again[i]));
	}
	if (n > 0)
		rc = get(y, what, looked, err);
	else
		social_ends(&y->s);
	talloc_free(what);
	return rc;
}

/* ---- direct messages ---- */

static bool
is_recent(const struct bluesky *y, json_t *log)
{
	int64_t at;

	return instant_parse(member(json_object_get(log, "message"), "sentAt"), &at) &&
	       at >= bridge_since(y->s.b);
}

static enum rc read_chat(struct bluesky *y, struct err *err);

static enum rc
on_chat(void *arg, const struct http_answer *a, struct err *err)
{
	struct bluesky *y = arg;
	const char *cursor = member(a->json, "cursor");
	json_t *logs = json_object_get(a->json, "logs"), *log;
	bool first = y->chat == NULL;
	size_t i;

	if (a->code == 400 || a->code == 401 || a->code == 403) {
		/* An app password may be without the chat: the rest works. */
		bridge_log(y->s.b, "no direct messages: %s", a->why);
		y->no_chat = true;
		return look_again(y, err);
	}
	if (social_answer(&y->s, a, "the chat", err) != RC_OK)
		return a->code == 429 ? look_again(y, err) : RC_NET;
	json_array_foreach(logs, i, log)
	{
		if (!first || is_recent(y, log))
			hear_chat(y, log);
	}
	if (*cursor != '\0') {
		talloc_free(y->chat);
		y->chat = talloc_strdup(y, cursor);
		keep_place(y);
	}
	return json_array_size(logs) > 0 && *cursor != '\0' ? read_chat(y, err)
							    : look_again(y, err);
}

static enum rc
read_chat(struct bluesky *y, struct err *err)
{
	char *what = talloc_asprintf(NULL, "chat.bsky.convo.getLog%s%s",
	    y->chat ? "?cursor=" : "", y->chat ? http_quote(y, y->chat) : "");
	enum rc rc = ask(y, "GET", what, NULL, chat_proxy, y, on_chat, err);

	talloc_free(what);
	return rc;
}

/* Whom the chat is with: its log has DIDs alone. */
static enum rc
on_convos(void *arg, const struct http_answer *a, struct err *err)
{
	struct bluesky *y = arg;
	json_t *list = json_object_get(a->json, "convos"), *c, *m;
	size_t i, k;

	json_array_foreach(list, i, c)
	{
		json_array_foreach(json_object_get(c, "members"), k, m)
		{
			const char *name = member(m, "displayName");

			json_object_set_new(y->names, member(m, "did"),
			    json_string(*name ? name : member(m, "handle")));
		}
	}
	return read_chat(y, err);
}

/* ---- notifications ---- */

static enum rc read_page(struct bluesky *y, const char *cursor, struct err *err);

static enum rc
hear_pages(struct bluesky *y, struct err *err)
{
	const char *newest = y->newest ? y->newest : "";

	for (size_t i = json_array_size(y->pages); i > 0; i--)
		hear_post(y, json_array_get(y->pages, i - 1));
	if (*newest != '\0' || y->posts == NULL) {
		talloc_free(y->posts);
		y->posts =
		    *newest ? talloc_strdup(y, newest) : instant_print(y, now_ms());
		keep_place(y);
	}
	if (y->no_chat)
		return look_again(y, err);
	return ask(y, "GET", "chat.bsky.convo.listConvos?limit=50", NULL, chat_proxy, y,
	    on_convos, err);
}

static enum rc open_session(struct bluesky *y, struct err *err);

static enum rc
on_page(void *arg, const struct http_answer *a, struct err *err)
{
	struct bluesky *y = arg;
	json_t *list = json_object_get(a->json, "notifications"), *o;
	bool over = json_array_size(list) == 0 || *member(a->json, "cursor") == '\0';
	int64_t at, until = bridge_since(y->s.b) - 1;
	size_t i;
	enum rc rc;

	if (is_expired(a))
		return open_session(y, err);
	rc = social_answer(&y->s, a, "notifications", err);
	if (rc == RC_NONE) {
		social_ends(&y->s);
		return RC_OK;
	}
	if (rc != RC_OK)
		return RC_NET;
	if (y->posts != NULL && !instant_parse(y->posts, &until))
		return err_fail(err, RC_BUG, "the place in notifications is no time");
	if (y->newest == NULL && json_array_size(list) > 0)
		y->newest =
		    talloc_strdup(y, member(json_array_get(list, 0), "indexedAt"));
	json_array_foreach(list, i, o)
	{
		if (instant_parse(member(o, "indexedAt"), &at) && at <= until) {
			over = true;
			break;
		}
		json_array_append(y->pages, o);
	}
	if (over || ++y->npages == PAGES_MAX)
		return hear_pages(y, err);
	return read_page(y, member(a->json, "cursor"), err);
}

static enum rc
read_page(struct bluesky *y, const char *cursor, struct err *err)
{
	char *what =
	    talloc_asprintf(NULL, "app.bsky.notification.listNotifications?limit=%d%s%s",
		PAGE, *cursor ? "&cursor=" : "", *cursor ? http_quote(y, cursor) : "");
	enum rc rc;

	if (*cursor == '\0') {
		json_decref(y->pages);
		y->pages = json_array();
		y->npages = 0;
		TALLOC_FREE(y->newest);
	}
	rc = get(y, what, on_page, err);
	talloc_free(what);
	return rc;
}

/* ---- the session ---- */

static enum rc
on_session(void *arg, const struct http_answer *a, struct err *err)
{
	struct bluesky *y = arg;
	enum rc rc = social_answer(&y->s, a, "its login", err);

	TALLOC_FREE(y->access);
	TALLOC_FREE(y->refresh);
	if (rc != RC_OK)
		return rc == RC_NONE ? err_fail(err, RC_NET, "its login: it limits us")
				     : RC_NET;
	if (*member(a->json, "accessJwt") == '\0' || *member(a->json, "did") == '\0')
		return err_fail(err, RC_NET, "its login: no session");
	y->access = talloc_strdup(y, member(a->json, "accessJwt"));
	y->refresh = talloc_strdup(y, member(a->json, "refreshJwt"));
	talloc_free(y->did);
	y->did = talloc_strdup(y, member(a->json, "did"));
	return read_page(y, "", err);
}

/* Renews the session we have, or begins one. */
static enum rc
open_session(struct bluesky *y, struct err *err)
{
	char *secret = NULL;
	size_t n = 0;
	json_t *body;
	enum rc rc;

	if (y->refresh != NULL) {
		talloc_free(y->access);
		y->access = y->refresh;
		y->refresh = NULL;
		return ask(y, "POST", "com.atproto.server.refreshSession", NULL, NULL, y,
		    on_session, err);
	}
	TALLOC_FREE(y->access);
	rc = desk_read_secret(
	    bridge_desk(y->s.b), y, y->s.conf->at.secret, SECRET_MAX, &secret, &n, err);
	if (rc != RC_OK)
		return rc;
	secret[strcspn(secret, "\r\n")] = '\0';
	body =
	    json_pack("{s:s,s:s}", "identifier", y->s.conf->at.user, "password", secret);
	memset(secret, 0, n);
	talloc_free(secret);
	return ask(y, "POST", "com.atproto.server.createSession", body, NULL, y,
	    on_session, err);
}

/* ---- sending ---- */

struct post {
	struct bluesky *y;
	char *id, *convo;
	int64_t at;
	json_t *root, *parent; /* {uri, cid} of what it answers; NULL: nothing */
	char **pieces;
	size_t n, i;
};

static int
drop_post(struct post *p)
{
	json_decref(p->root);
	json_decref(p->parent);
	return 0;
}

/* A key made of the delivery's number (atproto.com/specs/tid: 13 characters that say
 * when, and who): the same delivery writes the same record. */
static void
key_of(const struct post *p, char out[14])
{
	static const char digits[] = "234567abcdefghijklmnopqrstuvwxyz";
	int64_t event = 0, n = 0;
	uint64_t v;

	(void)delivery_id_parse(p->id, &event, &n);
	v = ((uint64_t)p->at * 1000 + (uint64_t)(event % 1000)) << 10 |
	    (((uint64_t)n * 16 + p->i) & 1023);
	for (size_t i = 13; i > 0; i--, v >>= 5)
		out[i - 1] = digits[v & 31];
	out[13] = '\0';
}

static enum rc
settle(struct post *p, const struct http_answer *a, enum rc rc)
{
	struct bluesky *y = p->y;

	if (rc == RC_NONE || is_expired(a)) {
		bridge_try_later(y->s.b, p->id);
		if (is_expired(a))
			y->s.next_at = 0; /* the round renews the session */
		rc = RC_OK;
	} else if (rc == RC_INVALID) {
		bridge_not_delivered(y->s.b, p->id, a->why, true);
		rc = RC_OK;
	}
	talloc_free(p);
	return rc;
}

static enum rc write_next(struct post *p, struct err *err);
static enum rc chatted(void *arg, const struct http_answer *a, struct err *err);

static enum rc
written(void *arg, const struct http_answer *a, struct err *err)
{
	struct post *p = arg;
	enum rc rc = social_answer(&p->y->s, a, "the answer", err);

	if (rc != RC_OK)
		return settle(p, a, rc);
	json_decref(p->parent);
	p->parent = json_pack(
	    "{s:s,s:s}", "uri", member(a->json, "uri"), "cid", member(a->json, "cid"));
	if (p->root == NULL)
		p->root = json_incref(p->parent);
	if (++p->i < p->n)
		return write_next(p, err);
	bridge_delivered(p->y->s.b, p->id);
	talloc_free(p);
	return RC_OK;
}

static enum rc
write_next(struct post *p, struct err *err)
{
	char key[14];
	json_t *record = json_pack("{s:s,s:s,s:o}", "$type", "app.bsky.feed.post", "text",
		   p->pieces[p->i], "createdAt",
		   json_string(instant_print(p, p->at + (int64_t)p->i))),
	       *body;

	key_of(p, key);
	if (p->parent != NULL)
		json_object_set_new(record, "reply",
		    json_pack("{s:O,s:O}", "root", p->root, "parent", p->parent));
	body = json_pack("{s:s,s:s,s:s,s:o}", "repo", p->y->did, "collection",
	    "app.bsky.feed.post", "rkey", key, "record", record);
	return ask(
	    p->y, "POST", "com.atproto.repo.putRecord", body, NULL, p, written, err);
}

/* What we answer: it and the thread it stands in. Gone: then it is said without. */
static enum rc
found(void *arg, const struct http_answer *a, struct err *err)
{
	struct post *p = arg;
	json_t *post = json_array_get(json_object_get(a->json, "posts"), 0), *root;
	enum rc rc = social_answer(&p->y->s, a, "what it answers", err);

	if (rc != RC_OK)
		return settle(p, a, rc);
	if (post != NULL) {
		root = json_object_get(
		    json_object_get(json_object_get(post, "record"), "reply"), "root");
		p->parent = json_pack(
		    "{s:s,s:s}", "uri", member(post, "uri"), "cid", member(post, "cid"));
		p->root = json_is_object(root)
			      ? json_pack("{s:s,s:s}", "uri", member(root, "uri"), "cid",
				    member(root, "cid"))
			      : json_incref(p->parent);
	}
	return write_next(p, err);
}

/* The chat takes no keys of ours: one that may have been sent can come twice. */
static enum rc
chat_next(struct post *p, struct err *err)
{
	json_t *body = json_pack(
	    "{s:s,s:{s:s}}", "convoId", p->convo, "message", "text", p->pieces[p->i]);

	return ask(p->y, "POST", "chat.bsky.convo.sendMessage", body, chat_proxy, p,
	    chatted, err);
}

static enum rc
chatted(void *arg, const struct http_answer *a, struct err *err)
{
	struct post *p = arg;
	enum rc rc = social_answer(&p->y->s, a, "the answer", err);

	if (rc != RC_OK)
		return settle(p, a, rc);
	if (++p->i < p->n)
		return chat_next(p, err);
	bridge_delivered(p->y->s.b, p->id);
	talloc_free(p);
	return RC_OK;
}

static enum rc
send_bluesky(void *self, const struct said *s, struct err *err)
{
	struct bluesky *y = self;
	struct post *p = talloc_zero(y, struct post);
	bool open = strchr(s->conversation, ' ') != NULL;
	char *what;
	enum rc rc;

	talloc_set_destructor(p, drop_post);
	p->y = y;
	p->id = talloc_strdup(p, s->id);
	p->at = s->at > 0 ? s->at : now_ms();
	p->pieces =
	    social_pieces(p, social_text(p, s), open ? LETTERS : CHAT_LETTERS, &p->n);
	p->convo = talloc_strdup(p, s->conversation);
	if (!open)
		return chat_next(p, err);
	if (s->reply_to == NULL || !text_starts(s->reply_to, "at://"))
		return write_next(p, err);
	what = talloc_asprintf(
	    p, "app.bsky.feed.getPosts?uris=%s", http_quote(p, s->reply_to));
	rc = ask(y, "GET", what, NULL, NULL, p, found, err);
	return rc;
}

/* ---- the channel ---- */

static enum rc
open_bluesky(struct bridge_run *b, void *ctx, void **self, struct err *err)
{
	struct bluesky *y = talloc_zero(ctx, struct bluesky);
	char *place = NULL;
	json_t *o;
	enum rc rc = social_open(&y->s, y, b, err);

	*self = y;
	y->names = json_object();
	talloc_set_destructor(y, drop);
	if (rc == RC_OK)
		rc = bridge_place_read(b, y, &place, err);
	if (rc != RC_OK)
		return rc;
	o = place ? json_loads(place, 0, NULL) : NULL;
	if (*member(o, "posts") != '\0')
		y->posts = talloc_strdup(y, member(o, "posts"));
	if (*member(o, "chat") != '\0')
		y->chat = talloc_strdup(y, member(o, "chat"));
	json_decref(o);
	return RC_OK;
}

static size_t
wait_bluesky(void *self, struct pollfd v[BRIDGE_FDS_MAX], int64_t *until)
{
	return social_wait(self, v, until);
}

static enum rc
step_bluesky(void *self, struct err *err)
{
	struct bluesky *y = self;
	enum rc rc = RC_OK;

	if (social_begins(&y->s))
		rc = y->access ? read_page(y, "", err) : open_session(y, err);
	return rc == RC_OK ? http_step(y->s.http, err) : rc;
}

static bool
ready_bluesky(void *self)
{
	struct bluesky *y = self;

	return y->refresh != NULL && social_ready(&y->s);
}

static bool
done_bluesky(void *self)
{
	return social_done(&((struct bluesky *)self)->s);
}

const struct channel channel_bluesky = {.type = "bluesky",
    .open = open_bluesky,
    .wait = wait_bluesky,
    .step = step_bluesky,
    .ready = ready_bluesky,
    .send = send_bluesky,
    .done = done_bluesky};
