/* matterbridge's API (github.com/42wim/matterbridge, "api" protocol): Slack, Discord,
 * Telegram, Mattermost, Teams, WhatsApp and others through one stream of JSON lines. Its
 * messages have ids, but it does not say again what nobody heard: while we are away they
 * wait in its buffer, and what was under way when this process was killed is lost. */
#include <sodium.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "chat/bridge.h"
#include "chat/http.h"
#include "chat/lines.h"

enum {
	ASK_MS = 30000,
	STREAM_MS = 24 * 3600 * 1000,
	LINE_MAX_BYTES = 8 << 20,
	AGAIN_MS = 1000
};

struct matterbridge {
	struct bridge_run *b;
	const struct bridge *conf;
	struct http *http;
	struct lines *lines;
	bool listening, heard; /* the stream; it has begun */
	int64_t again_at;
};

static const char *
member(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* ---- hearing ---- */

/* Extra.file: [{"Name", "Data" (base64) or "URL", ...}] */
static void
read_files(void *ctx, json_t *o, struct heard *h)
{
	json_t *list = json_object_get(json_object_get(o, "Extra"), "file"), *f;
	struct heard_file *files = mem_array(ctx, struct heard_file, TALK_FILES_MAX);
	size_t i;

	json_array_foreach(list, i, f)
	{
		const char *data = member(f, "Data"), *url = member(f, "URL");
		size_t n = strlen(data) / 4 * 3 + 3, got = 0;
		unsigned char *bytes;

		if (*data == '\0' && *url != '\0')
			h->text = talloc_asprintf(
			    ctx, "%s%s%s", h->text, *h->text ? "\n" : "", url);
		if (*data == '\0' || h->nfiles == TALK_FILES_MAX)
			continue;
		bytes = mem_array(ctx, unsigned char, n + 1);
		if (sodium_base642bin(bytes, n, data, strlen(data), "\r\n", &got, NULL,
			sodium_base64_VARIANT_ORIGINAL) != 0)
			continue;
		files[h->nfiles++] = (struct heard_file){
		    .name = member(f, "Name"), .data = bytes, .n = got};
	}
	h->files = files;
}

/* Behind our name; with no prefix and no nick, every line is for us. */
static const char *
addressed(const struct matterbridge *m, const char *text)
{
	const char *name = m->conf->prefix ? m->conf->prefix : m->conf->nick;

	return name == NULL || *name == '\0'
		   ? text
		   : talk_addressed(text + (*text == '@'), &name, 1);
}

static void
on_message(struct matterbridge *m, json_t *o)
{
	void *ctx = talloc_new(m);
	const char *event = member(o, "event"), *user = member(o, "userid"),
		   *id = member(o, "id"), *account = member(o, "account"),
		   *time = member(o, "timestamp");
	struct heard h = {.kind = "chat", .name = member(o, "username")};

	if (*event != '\0' && strcmp(event, "msg_delete") != 0 &&
	    strcmp(event, "user_action") != 0)
		goto out; /* api_connected, user_typing, join_leave, ... */
	/* A name is what anybody can take; an id is the network's. */
	h.proven = *user != '\0';
	h.address = talloc_asprintf(ctx, "%s/%s/%s%s", m->conf->name, account,
	    h.proven ? "" : "~", h.proven ? user : h.name);
	h.conversation = talloc_asprintf(ctx, "%s %s/%s%s", member(o, "gateway"), account,
	    h.proven ? "" : "~", h.proven ? user : h.name);
	if (*id != '\0')
		h.id = talloc_asprintf(ctx, "%s/%s", account, id);
	if (!instant_parse(time, &h.at))
		h.at = INSTANT_NONE;
	if (strcmp(event, "msg_delete") == 0) {
		h.what = HEARD_DELETE;
		h.of = h.id;
		h.id = NULL;
	} else {
		h.text = bridge_is_agents_room(m->b, member(o, "gateway"))
			     ? member(o, "text")
			     : addressed(m, member(o, "text"));
		if (h.text == NULL || *member(o, "gateway") == '\0')
			goto out;
		if (strcmp(event, "user_action") == 0)
			h.text = talloc_asprintf(ctx, "* %s", h.text);
		read_files(ctx, o, &h);
		h.ntext = strlen(h.text);
	}
	bridge_heard(m->b, &h);
out:
	talloc_free(ctx);
}

static enum rc
on_stream(void *arg, const char *s, size_t n, struct err *err)
{
	struct matterbridge *m = arg;
	char *line;
	size_t length;
	bool cut;

	(void)err;
	if (!m->heard)
		bridge_up(m->b);
	m->heard = true;
	lines_add(m->lines, s, n);
	while (lines_next(m->lines, &line, &length, &cut)) {
		json_t *o = cut || length == 0 ? NULL : json_loadb(line, length, 0, NULL);

		if (json_is_object(o))
			on_message(m, o);
		else if (length > 0)
			bridge_log(m->b, "a line that is no message is passed over");
		json_decref(o);
	}
	return RC_OK;
}

static enum rc
stream_ended(void *arg, const struct http_answer *a, struct err *err)
{
	struct matterbridge *m = arg;

	m->listening = false;
	return err_fail(err, RC_NET, "the stream has ended: %s", a->why);
}

/* ---- the channel ---- */

static enum rc
open_matterbridge(struct bridge_run *b, void *ctx, void **self, struct err *err)
{
	struct matterbridge *m = talloc_zero(ctx, struct matterbridge);
	struct http_ask a = {.method = "GET",
	    .path = "/api/stream",
	    .timeout_ms = STREAM_MS,
	    .beside = true,
	    .arg = m,
	    .done = stream_ended,
	    .more = on_stream};
	enum rc rc;

	m->b = b;
	m->conf = bridge_conf(b);
	m->lines = lines_new(m, LINE_MAX_BYTES);
	m->listening = true;
	*self = m;
	rc = http_open(m, bridge_desk(b), &m->conf->at, &m->http, err);
	return rc == RC_OK ? http_ask(m->http, &a, err) : rc;
}

static size_t
wait_matterbridge(void *self, struct pollfd v[BRIDGE_FDS_MAX], int64_t *until)
{
	return http_wait(((struct matterbridge *)self)->http, v, BRIDGE_FDS_MAX, until);
}

static enum rc
step_matterbridge(void *self, struct err *err)
{
	return http_step(((struct matterbridge *)self)->http, err);
}

static bool
ready_matterbridge(void *self)
{
	struct matterbridge *m = self;

	return m->heard && m->again_at <= now_ms();
}

struct sent {
	struct matterbridge *m;
	char *id;
};

static enum rc
was_sent(void *arg, const struct http_answer *a, struct err *err)
{
	struct sent *s = arg;
	struct matterbridge *m = s->m;
	enum rc rc = RC_OK;

	if (a->code >= 200 && a->code < 300)
		bridge_delivered(m->b, s->id);
	else if (a->code == 0)
		rc = err_fail(err, RC_NET, "the server: %s", a->why);
	else if (a->code == 429) {
		m->again_at = now_ms() + (a->retry_ms > 0 ? a->retry_ms : AGAIN_MS);
		bridge_try_later(m->b, s->id);
	} else {
		bridge_not_delivered(m->b, s->id, a->why, a->code == 400);
	}
	talloc_free(s);
	return rc;
}

/* To the whole gateway: it knows no other place. Whom it is for stands before it. */
static enum rc
send_matterbridge(void *self, const struct said *s, struct err *err)
{
	struct matterbridge *m = self;
	struct sent *out = talloc(m, struct sent);
	const char *space = strchr(s->conversation, ' ');
	char *text = talloc_asprintf(
	    out, "%s%s%s", s->who ? s->who : "", s->who ? ": " : "", s->text);
	struct http_ask a = {.method = "POST",
	    .path = "/api/message",
	    .timeout_ms = ASK_MS,
	    .arg = out,
	    .done = was_sent};

	*out = (struct sent){m, talloc_strdup(out, s->id)};
	for (size_t i = 0; i < s->message->nattachments; i++)
		text = talloc_asprintf_append(
		    text, "\n[%s]", s->message->attachments[i].name);
	a.body = json_pack("{s:s,s:s,s:s%}", "text", text, "username", s->name, "gateway",
	    s->conversation,
	    space ? (size_t)(space - s->conversation) : strlen(s->conversation));
	return http_ask(m->http, &a, err);
}

const struct channel channel_matterbridge = {.type = "matterbridge",
    .open = open_matterbridge,
    .wait = wait_matterbridge,
    .step = step_matterbridge,
    .ready = ready_matterbridge,
    .send = send_matterbridge};
