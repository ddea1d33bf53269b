/* Matrix: a client of one homeserver, by its client-server API (spec.matrix.org, v3
 * endpoints). One long poll (/sync) brings what was said; its token is kept with what was
 * filed, so nothing is lost and nothing comes twice. What is sent has a transaction id
 * that is the delivery's: the server takes it once. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "chat/bridge.h"
#include "chat/http.h"

enum {
	POLL_MS = 30000,
	ASK_MS = 30000,
	PAGES_MAX = 50,		   /* of 100 events that a gap may have */
	MEDIA_SUM_MAX = 100 << 20, /* bytes of all attachments of one answer */
	INVITES_MAX = 20	   /* taken of one answer */
};

#define API "/_matrix/client/v3"

/* An event of the answer that is being read. */
struct item {
	const char *room;
	json_t *event;
	char *data; /* of its attachment, once fetched */
	size_t n;
};
struct matrix {
	struct bridge_run *b;
	const struct bridge *conf;
	struct http *http;
	char *me, *since;
	const char **rooms; /* ids of those of tkt.conf */
	char *agents;	    /* the id of our agents' room */
	size_t nrooms;
	bool asking;	  /* a sync is under way */
	int64_t again_at; /* when the server wants to be asked again */

	/* The answer that is being read: what it needs besides is asked for first. */
	void *answer;
	struct item *items;
	size_t nitems, missing, media;
	char *next;
	const char **left; /* conversations that ended with it */
	size_t nleft;
};

static const char *
member(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static bool
is_room_of_ours(const struct matrix *m, const char *room)
{
	for (size_t i = 0; i < m->nrooms; i++) {
		if (strcmp(m->rooms[i], room) == 0)
			return true;
	}
	return false;
}

static bool
is_agents_room(const struct matrix *m, const char *room)
{
	return (m->agents != NULL && strcmp(m->agents, room) == 0) ||
	       bridge_is_agents_room(m->b, room);
}

/* ---- one event ---- */

/* Behind our name in a room where many speak; elsewhere all of it. NULL: not for us. */
static const char *
addressed(const struct matrix *m, const char *room, const char *text)
{
	char *local = talloc_strndup(NULL, m->me + 1, strcspn(m->me + 1, ":"));
	const char *const names[] = {m->conf->prefix, m->conf->nick, m->me, local};
	const char *rest = text;

	if (is_room_of_ours(m, room) && !is_agents_room(m, room))
		rest = talk_addressed(text, names, 4);
	talloc_free(local);
	return rest;
}

/* An answer to a message quotes it for old clients: lines of "> " and an empty one. */
static const char *
without_fallback(json_t *content, const char *body)
{
	json_t *relates = json_object_get(content, "m.relates_to");

	if (json_object_get(relates, "m.in_reply_to") == NULL)
		return body;
	while (text_starts(body, "> ")) {
		body += strcspn(body, "\n");
		body += *body == '\n';
	}
	return body + (*body == '\n');
}

static bool
is_media(const char *kind)
{
	static const char *const kinds[] = {
	    "m.image", "m.file", "m.audio", "m.video", NULL};

	return kind != NULL && word_index(kinds, kind) >= 0;
}

/* What it says, or false: nothing for us. */
static bool
read_message(
    const struct matrix *m, void *ctx, const char *room, json_t *content, struct heard *h)
{
	json_t *relates = json_object_get(content, "m.relates_to"),
	       *fresh = json_object_get(content, "m.new_content");
	const char *kind = member(content, "msgtype"), *rel = member(relates, "rel_type"),
		   *body;

	if (rel != NULL && strcmp(rel, "m.replace") == 0 && json_is_object(fresh)) {
		h->what = HEARD_EDIT;
		h->of = member(relates, "event_id");
		content = fresh;
		kind = member(content, "msgtype");
	}
	body = member(content, "body");
	/* m.notice: machines say it, and must not be answered. */
	if (body == NULL || kind == NULL ||
	    (strcmp(kind, "m.text") != 0 && strcmp(kind, "m.emote") != 0 &&
		!is_media(kind)))
		return false;
	h->text =
	    is_media(kind) ? body : addressed(m, room, without_fallback(content, body));
	if (h->text == NULL || (is_media(kind) && is_room_of_ours(m, room)))
		return false;
	if (strcmp(kind, "m.emote") == 0)
		h->text = talloc_asprintf(ctx, "* %s", h->text);
	return true;
}

static void
say_item(struct matrix *m, const struct item *it)
{
	void *ctx = talloc_new(m->answer);
	json_t *content = json_object_get(it->event, "content");
	const char *type = member(it->event, "type"),
		   *sender = member(it->event, "sender");
	json_t *at = json_object_get(it->event, "origin_server_ts");
	struct heard h = {.kind = "matrix",
	    .id = member(it->event, "event_id"),
	    .address = sender,
	    .proven = true};
	struct heard_file file = {.data = it->data, .n = it->n};
	bool good = true;

	if (strcmp(type, "m.room.redaction") == 0) {
		h.what = HEARD_DELETE;
		h.of = member(it->event, "redacts");
		h.of = h.of ? h.of : member(content, "redacts");
	} else {
		good = read_message(m, ctx, it->room, content, &h);
	}
	if (good && h.id != NULL) {
		/* The agents' room is called as tkt.conf calls it. */
		h.conversation = talloc_asprintf(ctx, "%s %s",
		    is_agents_room(m, it->room) ? m->conf->agents_room : it->room,
		    sender);
		h.name = talloc_strndup(ctx, sender + 1, strcspn(sender + 1, ":"));
		h.at = json_is_integer(at) ? json_integer_value(at) : INSTANT_NONE;
		if (it->data != NULL) {
			file.name = member(content, "filename");
			file.name = file.name ? file.name : member(content, "body");
			file.media_type =
			    member(json_object_get(content, "info"), "mimetype");
			h.files = &file;
			h.nfiles = 1;
		}
		h.ntext = h.text ? strlen(h.text) : 0;
		bridge_heard(m->b, &h);
	}
	talloc_free(ctx);
}

/* ---- an answer of /sync ---- */

static enum rc sync_again(struct matrix *m, struct err *err);

/* All that it needed is here: it is said, and the next one asked for. */
static enum rc
say_all(struct matrix *m, struct err *err)
{
	for (size_t i = 0; i < m->nitems; i++)
		say_item(m, &m->items[i]);
	for (size_t i = 0; i < m->nleft; i++)
		bridge_left(m->b, m->left[i]);
	bridge_place(m->b, m->next);
	talloc_free(m->since);
	m->since = talloc_strdup(m, m->next);
	TALLOC_FREE(m->answer);
	m->items = NULL;
	m->left = NULL;
	m->nitems = m->nleft = 0;
	m->asking = false;
	return sync_again(m, err);
}

static enum rc
one_less(struct matrix *m, struct err *err)
{
	return --m->missing == 0 ? say_all(m, err) : RC_OK;
}

struct fetching {
	struct matrix *m;
	size_t item;
};

static enum rc
got_media(void *arg, const struct http_answer *a, struct err *err)
{
	struct fetching *f = arg;
	struct item *it = &f->m->items[f->item];

	if (a->code == 200) {
		it->data = talloc_memdup(f->m->answer, a->bytes, a->n + 1);
		it->n = a->n;
		f->m->media += a->n;
	} else {
		bridge_log(f->m->b, "an attachment: %s", a->why);
	}
	return one_less(f->m, err);
}

/* mxc://SERVER/ID */
static enum rc
fetch_media(struct matrix *m, size_t item, const char *url, struct err *err)
{
	struct fetching *f = talloc(m->answer, struct fetching);
	const char *server = url + strlen("mxc://"), *id = strchr(server, '/');
	struct http_ask a = {.method = "GET",
	    .timeout_ms = ASK_MS,
	    .max = TALK_FILE_SIZE_MAX,
	    .arg = f,
	    .done = got_media};

	*f = (struct fetching){m, item};
	a.path = talloc_asprintf(f, "/_matrix/client/v1/media/download/%s/%s",
	    http_quote(f, talloc_strndup(f, server, (size_t)(id - server))),
	    http_quote(f, id + 1));
	m->missing++;
	return http_ask(m->http, &a, err);
}

static enum rc
add_event(struct matrix *m, const char *room, json_t *event, struct err *err)
{
	const char *type = member(event, "type"), *sender = member(event, "sender"), *url;
	json_t *content = json_object_get(event, "content");
	const char *state = member(event, "state_key"),
		   *is = member(content, "membership");

	if (type == NULL || sender == NULL || *sender != '@' ||
	    strcmp(sender, m->me) == 0 || !json_is_object(content))
		return RC_OK;
	if (strcmp(type, "m.room.encrypted") == 0)
		bridge_log(m->b, "%s: it is encrypted, and cannot be read", room);
	if (strcmp(type, "m.room.member") == 0 && state != NULL && is != NULL &&
	    strcmp(state, sender) == 0 && strcmp(is, "leave") == 0)
		text_push(m->answer, &m->left, &m->nleft,
		    talloc_asprintf(m->answer, "%s %s", room, sender));
	if (strcmp(type, "m.room.message") != 0 && strcmp(type, "m.room.redaction") != 0)
		return RC_OK;
	m->items = mem_grow(m->answer, m->items, struct item, m->nitems + 1);
	m->items[m->nitems++] = (struct item){
	    .room = room, .event = record_own(m->answer, json_incref(event))};
	url = member(content, "url");
	if (is_media(member(content, "msgtype")) && url != NULL &&
	    text_starts(url, "mxc://") && strchr(url + 6, '/') != NULL &&
	    !is_room_of_ours(m, room) && m->media < MEDIA_SUM_MAX)
		return fetch_media(m, m->nitems - 1, url, err);
	return RC_OK;
}

/* ---- gaps: what was said while we were away for long ---- */

struct gap {
	struct matrix *m;
	const char *room;
	json_t **chunks; /* newest first, each newest first */
	size_t n;
	json_t *rest; /* what was said after it */
};

static enum rc ask_gap(struct gap *g, const char *from, struct err *err);

static enum rc
add_list(struct matrix *m, const char *room, json_t *list, struct err *err)
{
	json_t *event;
	size_t i;
	enum rc rc = RC_OK;

	json_array_foreach(list, i, event)
	{
		if (rc == RC_OK)
			rc = add_event(m, room, event, err);
	}
	return rc;
}

static enum rc
add_gap(struct gap *g, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = g->n; rc == RC_OK && i > 0; i--) {
		json_t *chunk = g->chunks[i - 1];

		for (size_t k = json_array_size(chunk); rc == RC_OK && k > 0; k--)
			rc = add_event(g->m, g->room, json_array_get(chunk, k - 1), err);
	}
	if (rc == RC_OK)
		rc = add_list(g->m, g->room, g->rest, err);
	return rc == RC_OK ? one_less(g->m, err) : rc;
}

static enum rc
got_gap(void *arg, const struct http_answer *a, struct err *err)
{
	struct gap *g = arg;
	json_t *chunk = json_object_get(a->json, "chunk");
	const char *end = member(a->json, "end");

	if (a->code != 200 || !json_is_array(chunk))
		return err_fail(
		    err, RC_NET, "%s: what was said before: %s", g->room, a->why);
	g->chunks = mem_grow(g->m->answer, g->chunks, json_t *, g->n + 1);
	g->chunks[g->n++] = record_own(g->m->answer, json_incref(chunk));
	if (json_array_size(chunk) == 0 || end == NULL)
		return add_gap(g, err);
	if (g->n == PAGES_MAX) {
		bridge_log(g->m->b,
		    "%s: more than %d events while we were away: the older "
		    "ones are left out",
		    g->room, PAGES_MAX * 100);
		return add_gap(g, err);
	}
	return ask_gap(g, end, err);
}

static enum rc
ask_gap(struct gap *g, const char *from, struct err *err)
{
	void *ctx = talloc_new(g->m->answer);
	struct http_ask a = {
	    .method = "GET", .timeout_ms = ASK_MS, .arg = g, .done = got_gap};
	enum rc rc;

	a.path =
	    talloc_asprintf(ctx, API "/rooms/%s/messages?dir=b&limit=100&from=%s&to=%s",
		http_quote(ctx, g->room), http_quote(ctx, from),
		http_quote(ctx, g->m->since));
	rc = http_ask(g->m->http, &a, err);
	talloc_free(ctx);
	return rc;
}

static enum rc
begin_gap(
    struct matrix *m, const char *room, const char *from, json_t *rest, struct err *err)
{
	struct gap *g = talloc_zero(m->answer, struct gap);

	g->m = m;
	g->room = room;
	g->rest = record_own(m->answer, rest ? json_incref(rest) : json_array());
	m->missing++;
	return ask_gap(g, from, err);
}

/* ---- rooms ---- */

static enum rc
joined(void *arg, const struct http_answer *a, struct err *err)
{
	struct matrix *m = arg;
	const char *id = member(a->json, "room_id");

	(void)err;
	if (a->code != 200)
		bridge_log(m->b, "a room: %s", a->why);
	else if (id != NULL)
		text_push(m, &m->rooms, &m->nrooms, talloc_strdup(m, id));
	return RC_OK;
}

static enum rc
joined_agents(void *arg, const struct http_answer *a, struct err *err)
{
	struct matrix *m = arg;

	if (a->code == 200 && member(a->json, "room_id") != NULL)
		m->agents = talloc_strdup(m, member(a->json, "room_id"));
	return joined(arg, a, err);
}

static enum rc
accepted(void *arg, const struct http_answer *a, struct err *err)
{
	struct matrix *m = arg;

	(void)err;
	if (a->code != 200)
		bridge_log(m->b, "an invitation: %s", a->why);
	return RC_OK;
}

static enum rc
join(struct matrix *m, const char *room,
    enum rc (*done)(void *, const struct http_answer *, struct err *), struct err *err)
{
	char *path = talloc_asprintf(m, API "/join/%s", http_quote(m, room));
	struct http_ask a = {.method = "POST",
	    .path = path,
	    .body = json_object(),
	    .timeout_ms = ASK_MS,
	    .arg = m,
	    .done = done};
	enum rc rc = http_ask(m->http, &a, err);

	talloc_free(path);
	return rc;
}

static enum rc
one_room(struct matrix *m, const char *room, json_t *o, struct err *err)
{
	json_t *timeline = json_object_get(o, "timeline"),
	       *list = json_object_get(timeline, "events");
	const char *name = talloc_strdup(m->answer, room),
		   *before = member(timeline, "prev_batch");

	return json_is_true(json_object_get(timeline, "limited")) && before != NULL
		   ? begin_gap(m, name, before, list, err)
		   : add_list(m, name, list, err);
}

static enum rc
read_answer(struct matrix *m, json_t *o, struct err *err)
{
	json_t *rooms = json_object_get(o, "rooms"), *v;
	const char *room, *next = member(o, "next_batch");
	int invites = 0;
	enum rc rc = RC_OK;

	if (next == NULL)
		return err_fail(err, RC_NET, "the server answers nonsense");
	m->answer = talloc_new(m);
	m->next = talloc_strdup(m->answer, next);
	m->media = 0;
	m->missing = 1; /* this one */
	json_object_foreach(json_object_get(rooms, "invite"), room, v)
	{
		if (rc == RC_OK && invites++ < INVITES_MAX)
			rc = join(m, room, accepted, err);
	}
	/* The first time: what was said before we came is not for us. */
	json_object_foreach(json_object_get(rooms, "join"), room, v)
	{
		if (rc == RC_OK && m->since != NULL)
			rc = one_room(m, room, v, err);
	}
	return rc == RC_OK ? one_less(m, err) : rc;
}

static enum rc
synced(void *arg, const struct http_answer *a, struct err *err)
{
	struct matrix *m = arg;

	if (a->code == 200 && json_is_object(a->json)) {
		bridge_up(m->b);
		return read_answer(m, a->json, err);
	}
	if (a->code != 429)
		return err_fail(err, RC_NET, "the server: %s",
		    a->code == 200 ? "an answer that is no JSON" : a->why);
	m->asking = false;
	m->again_at = now_ms() + (a->retry_ms > 0 ? a->retry_ms : 5000);
	return RC_OK;
}

static enum rc
sync_again(struct matrix *m, struct err *err)
{
	static const char filter[] =
	    "{\"presence\":{\"not_types\":[\"*\"]},\"account_data\":{\"not_types\":[\"*"
	    "\"]},"
	    "\"room\":{\"timeline\":{\"limit\":100},\"ephemeral\":{\"not_types\":[\"*\"]}"
	    ","
	    "\"account_data\":{\"not_types\":[\"*\"]},\"state\":{\"lazy_load_members\":"
	    "true}}}";
	void *ctx = talloc_new(m);
	struct http_ask a = {.method = "GET",
	    .timeout_ms = POLL_MS + ASK_MS,
	    .beside = true,
	    .arg = m,
	    .done = synced};
	enum rc rc;

	a.path = talloc_asprintf(ctx, API "/sync?timeout=%d&filter=%s%s%s",
	    m->since ? POLL_MS : 0, http_quote(ctx, filter), m->since ? "&since=" : "",
	    m->since ? http_quote(ctx, m->since) : "");
	m->asking = true;
	rc = http_ask(m->http, &a, err);
	talloc_free(ctx);
	return rc;
}

/* ---- the channel ---- */

static enum rc
known(void *arg, const struct http_answer *a, struct err *err)
{
	struct matrix *m = arg;
	const char *id = member(a->json, "user_id");
	enum rc rc = RC_OK;

	if (a->code != 200 || id == NULL || *id != '@')
		return err_fail(err, RC_NET, "the server does not let us in: %s", a->why);
	if (strcmp(id, m->conf->at.user) != 0)
		return err_fail(
		    err, RC_NET, "the token is %s's, not %s's", id, m->conf->at.user);
	m->me = talloc_strdup(m, id);
	for (const char **r = m->conf->rooms; rc == RC_OK && *r != NULL; r++)
		rc = join(m, *r, joined, err);
	if (rc == RC_OK && m->conf->agents_room != NULL)
		rc = join(m, m->conf->agents_room, joined_agents, err);
	return rc;
}

static enum rc
open_matrix(struct bridge_run *b, void *ctx, void **self, struct err *err)
{
	struct matrix *m = talloc_zero(ctx, struct matrix);
	struct http_ask a = {.method = "GET",
	    .path = API "/account/whoami",
	    .timeout_ms = ASK_MS,
	    .arg = m,
	    .done = known};
	enum rc rc;

	m->b = b;
	m->conf = bridge_conf(b);
	*self = m;
	rc = bridge_place_read(b, m, &m->since, err);
	if (rc == RC_OK)
		rc = http_open(m, bridge_desk(b), &m->conf->at, &m->http, err);
	return rc == RC_OK ? http_ask(m->http, &a, err) : rc;
}

static size_t
wait_matrix(void *self, struct pollfd v[BRIDGE_FDS_MAX], int64_t *until)
{
	struct matrix *m = self;

	if (m->again_at > now_ms() && m->again_at < *until)
		*until = m->again_at;
	return http_wait(m->http, v, BRIDGE_FDS_MAX, until);
}

static enum rc
step_matrix(void *self, struct err *err)
{
	struct matrix *m = self;
	enum rc rc = http_step(m->http, err);

	/* Once we know who we are and have joined our rooms. */
	if (rc == RC_OK && m->me != NULL && !m->asking && m->again_at <= now_ms() &&
	    http_waiting(m->http) == 0)
		rc = sync_again(m, err);
	return rc;
}

static bool
ready_matrix(void *self)
{
	struct matrix *m = self;

	return m->me != NULL && m->again_at <= now_ms();
}

struct sent {
	struct matrix *m;
	char *id;
};

static enum rc
was_sent(void *arg, const struct http_answer *a, struct err *err)
{
	struct sent *s = arg;
	struct matrix *m = s->m;
	bool never = a->code >= 400 && a->code < 500 && a->code != 401 &&
		     a->code != 408 && a->code != 429;
	enum rc rc = RC_OK;

	if (a->code >= 200 && a->code < 300)
		bridge_delivered(m->b, s->id);
	else if (a->code == 0 || a->code == 401)
		rc = err_fail(err, RC_NET, "the server: %s", a->why);
	else if (a->code == 429) {
		m->again_at = now_ms() + (a->retry_ms > 0 ? a->retry_ms : 5000);
		bridge_try_later(m->b, s->id);
	} else {
		bridge_not_delivered(m->b, s->id, a->why, never);
	}
	talloc_free(s);
	return rc;
}

static char *
text_of(void *ctx, const struct matrix *m, const char *room, const struct said *s)
{
	const char *who = strchr(s->conversation, ' ');
	char *text = is_room_of_ours(m, room) && who
			 ? talloc_asprintf(ctx, "%.*s: %s", (int)strcspn(who + 2, ":"),
			       who + 2, s->text)
			 : talloc_strdup(ctx, s->text);

	for (size_t i = 0; i < s->message->nattachments; i++)
		text = talloc_asprintf_append(
		    text, "\n[%s]", s->message->attachments[i].name);
	return text;
}

static enum rc
send_matrix(void *self, const struct said *s, struct err *err)
{
	struct matrix *m = self;
	struct sent *out = talloc(m, struct sent);
	const char *space = strchr(s->conversation, ' ');
	char *room = talloc_strndup(out, s->conversation,
	    space ? (size_t)(space - s->conversation) : strlen(s->conversation));
	struct http_ask a = {
	    .method = "PUT", .timeout_ms = ASK_MS, .arg = out, .done = was_sent};

	if (bridge_is_agents_room(m->b, room) && m->agents != NULL)
		room = m->agents;

	*out = (struct sent){m, talloc_strdup(out, s->id)};
	a.body =
	    json_pack("{s:s,s:s}", "msgtype", "m.text", "body", text_of(out, m, room, s));
	a.path = talloc_asprintf(out, API "/rooms/%s/send/m.room.message/tkt-%s",
	    http_quote(out, room), http_quote(out, s->id));
	return http_ask(m->http, &a, err);
}

const struct channel channel_matrix = {.type = "matrix",
    .open = open_matrix,
    .wait = wait_matrix,
    .step = step_matrix,
    .ready = ready_matrix,
    .send = send_matrix};
