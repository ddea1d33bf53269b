/* The channel protocol's side of the desk (tkt-channel(7)). */
#include "chat/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "chat/bridge.h"
#include "chat/lines.h"

enum { HELLO_MS = 10000, QUIET_MS = 30000, PONG_MS = 30000 };

struct exec {
	struct bridge_run *b;
	struct program *p;
	char *dir;
	bool greeted;
	int64_t started, heard_at, asked_at; /* asked_at: a ping waits for its pong */
};

/* ---- what it says ---- */

/* A file of the program's own folder; nothing else is ever read for a message. */
static enum rc
read_file(
    void *ctx, const char *dir, const char *path, struct heard_file *f, struct err *err)
{
	struct stat st;
	int dirfd = -1, fd = -1;
	ssize_t got = -1;
	char *data = NULL;

	if (strchr(path, '/') != NULL || *path == '.' || *path == '\0')
		return err_fail(err, RC_INVALID,
		    "attachment \"%s\": a file in the channel's folder, by its name",
		    path);
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = dirfd >= 0
		 ? openat(dirfd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
		 : -1;
	if (dirfd >= 0)
		close(dirfd);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		return err_fail(err, RC_INVALID, "attachment \"%s\": no such file", path);
	}
	if (st.st_size <= TALK_FILE_SIZE_MAX) {
		data = mem_array(ctx, char, (size_t)st.st_size + 1);
		got = pread(fd, data, (size_t)st.st_size, 0);
	}
	close(fd);
	if (got != st.st_size)
		return err_fail(err, RC_INVALID,
		    "attachment \"%s\": larger than %d bytes, or it cannot be read", path,
		    TALK_FILE_SIZE_MAX);
	f->data = data;
	f->n = (size_t)got;
	return RC_OK;
}

static enum rc
one_file(void *ctx, json_t *o, const char *dir, struct heard_file *f, struct buf *links,
    struct err *err)
{
	const char *path = NULL, *url = NULL;
	enum rc rc = record_text(o, "path", &path, err);

	if (rc == RC_OK)
		rc = record_text(o, "url", &url, err);
	if (rc == RC_OK)
		rc = record_text(o, "name", &f->name, err);
	if (rc == RC_OK)
		rc = record_text(o, "media_type", &f->media_type, err);
	if (rc != RC_OK)
		return rc;
	if (path == NULL && url == NULL)
		return err_fail(err, RC_INVALID, "an attachment has path or url");
	if (f->name == NULL)
		f->name = path ? path : url;
	if (path != NULL)
		return read_file(ctx, dir, path, f, err);
	/* What is said to be elsewhere is not fetched: its address becomes part of the
	 * text, and who reads it decides. */
	buf_printf(links, "%s%s", links->n ? "\n" : "", url);
	return RC_OK;
}

static enum rc
files(void *ctx, json_t *o, const char *dir, struct heard *h, struct buf *links,
    struct err *err)
{
	json_t *list = NULL, *v;
	struct heard_file *f;
	size_t i;
	enum rc rc = record_array(o, "attachments", &list, err);

	if (rc != RC_OK || list == NULL)
		return rc;
	f = mem_array(ctx, struct heard_file, json_array_size(list) + 1);
	json_array_foreach(list, i, v)
	{
		if (!json_is_object(v))
			return err_fail(
			    err, RC_INVALID, "\"attachments\" must hold objects");
		if (h->nfiles == TALK_FILES_MAX)
			break;
		rc = one_file(ctx, v, dir, &f[h->nfiles], links, err);
		if (rc != RC_OK)
			return rc;
		if (f[h->nfiles].data != NULL)
			h->nfiles++;
	}
	h->files = f;
	return RC_OK;
}

/* What a message, an edit and a deletion have in common. */
static enum rc
members(json_t *o, struct heard *h, const char **address, struct err *err)
{
	enum rc rc = record_text(o, "id", &h->id, err);

	if (rc == RC_OK)
		rc = record_text(o, "conversation", &h->conversation, err);
	if (rc == RC_OK)
		rc = record_text(o, "address", address, err);
	if (rc == RC_OK)
		rc = record_text(o, "name", &h->name, err);
	if (rc == RC_OK)
		rc = record_text(o, "text", &h->text, err);
	if (rc == RC_OK)
		rc = record_instant(o, "at", &h->at, err);
	if (rc == RC_OK && (h->id == NULL || *h->id == '\0'))
		rc = err_fail(err, RC_INVALID, "\"id\" is missing");
	if (rc == RC_OK && (h->conversation == NULL || *h->conversation == '\0'))
		rc = err_fail(err, RC_INVALID, "\"conversation\" is missing");
	if (rc == RC_OK && (*address == NULL || **address == '\0'))
		rc = err_fail(err, RC_INVALID, "\"address\" is missing");
	return rc;
}

enum rc
exec_heard(void *ctx, json_t *o, const char *name, const char *dir, struct heard *h,
    struct err *err)
{
	const char *edits = NULL, *deletes = NULL, *address = NULL;
	struct buf links = {.ctx = ctx};
	enum rc rc;

	*h = (struct heard){
	    .kind = "chat", .proven = json_is_true(json_object_get(o, "authenticated"))};
	rc = members(o, h, &address, err);
	if (rc == RC_OK)
		rc = record_text(o, "edits", &edits, err);
	if (rc == RC_OK)
		rc = record_text(o, "deletes", &deletes, err);
	if (rc == RC_OK && edits != NULL && deletes != NULL)
		rc = err_fail(err, RC_INVALID, "\"edits\" or \"deletes\", not both");
	if (rc == RC_OK)
		rc = files(ctx, o, dir, h, &links, err);
	if (rc != RC_OK)
		return rc;
	h->what = deletes ? HEARD_DELETE : edits ? HEARD_EDIT : HEARD_MESSAGE;
	h->of = deletes ? deletes : edits;
	/* What the channel calls them is a name on this channel alone. */
	h->address = talloc_asprintf(ctx, "%s/%s", name, address);
	if (links.n > 0)
		h->text = talloc_asprintf(ctx, "%s%s%s", h->text ? h->text : "",
		    h->text && *h->text ? "\n" : "", buf_text(&links));
	h->ntext = h->text ? strlen(h->text) : 0;
	return RC_OK;
}

static enum rc
answered(struct exec *e, json_t *o, bool good, struct err *err)
{
	const char *id = NULL, *why = NULL;
	enum rc rc = record_text(o, "id", &id, err);

	if (rc == RC_OK)
		rc = record_text(o, "reason", &why, err);
	if (rc == RC_OK && id == NULL)
		rc = err_fail(err, RC_INVALID, "\"id\" is missing");
	if (rc != RC_OK)
		return rc;
	if (good)
		bridge_delivered(e->b, id);
	else
		bridge_not_delivered(e->b, id, why ? why : "the channel does not say why",
		    !json_is_true(json_object_get(o, "retry")));
	return RC_OK;
}

static enum rc
hello(struct exec *e, json_t *o, struct err *err)
{
	const char *name = NULL;
	enum rc rc = record_text(o, "name", &name, err);

	if (rc == RC_OK && name == NULL)
		rc = err_fail(err, RC_INVALID, "\"name\" is missing");
	if (rc != RC_OK)
		return rc;
	e->greeted = true;
	bridge_up(e->b);
	return RC_OK;
}

static enum rc
presence(struct exec *e, json_t *o, struct err *err)
{
	const char *state = NULL, *conversation = NULL;
	enum rc rc = record_text(o, "state", &state, err);

	if (rc == RC_OK)
		rc = record_text(o, "conversation", &conversation, err);
	if (rc == RC_OK && state != NULL && conversation != NULL &&
	    strcmp(state, "gone") == 0)
		bridge_left(e->b, conversation);
	return rc;
}

static enum rc
one_line(struct exec *e, void *ctx, json_t *o, struct err *err)
{
	const char *type = NULL;
	struct heard h;
	enum rc rc = record_text(o, "type", &type, err);

	if (rc != RC_OK)
		return rc;
	if (type == NULL)
		return err_fail(err, RC_INVALID, "\"type\" is missing");
	if (strcmp(type, "hello") == 0)
		return hello(e, o, err);
	if (!e->greeted)
		return err_fail(err, RC_INVALID, "\"%s\" before \"hello\"", type);
	if (strcmp(type, "delivered") == 0 || strcmp(type, "failed") == 0)
		return answered(e, o, *type == 'd', err);
	if (strcmp(type, "presence") == 0)
		return presence(e, o, err);
	if (strcmp(type, "message") == 0) {
		rc = exec_heard(ctx, o, bridge_name(e->b), e->dir, &h, err);
		if (rc == RC_OK)
			bridge_heard(e->b, &h);
	}
	/* typing, pong, and words of later versions: that it lives is all they say. */
	return rc;
}

/* A message that can never be taken is refused, so that it does not come again. */
static enum rc
refuse(struct exec *e, json_t *o, const char *why, struct err *err)
{
	const char *id = json_string_value(json_object_get(o, "id"));

	if (id == NULL || json_object_get(o, "conversation") == NULL)
		return RC_OK;
	return program_say(e->p,
	    json_pack("{s:s,s:s,s:s,s:s}", "type", "ack", "id", id, "outcome", "refused",
		"reason", why),
	    err);
}

static enum rc
lines(struct exec *e, struct err *err)
{
	void *ctx = talloc_new(e);
	struct err bad;
	json_t *o = NULL;
	enum rc rc = RC_OK, got;

	while (rc == RC_OK) {
		got = program_next(e->p, &o, &bad);
		if (got == RC_OK && o == NULL)
			break;
		e->heard_at = now_ms();
		e->asked_at = INSTANT_NONE;
		if (got == RC_OK)
			got = one_line(e, ctx, o, &bad);
		if (got == RC_INVALID) {
			bridge_log(e->b, "%s", bad.text);
			rc = o ? refuse(e, o, bad.text, err) : RC_OK;
		} else if (got != RC_OK) {
			*err = bad;
			rc = got;
		}
		json_decref(o);
		o = NULL;
	}
	talloc_free(ctx);
	return rc;
}

/* ---- the channel ---- */

static enum rc
open_exec(struct bridge_run *b, void *ctx, void **self, struct err *err)
{
	struct exec *e = talloc_zero(ctx, struct exec);
	const struct bridge *conf = bridge_conf(b);
	const char *const *argv = bridge_program(b);
	char *all = talloc_asprintf(e, "%s/channels", bridge_desk(b)->dir);

	if (argv == NULL && conf != NULL)
		argv = (const char *const *)conf->run;
	if (argv == NULL || *argv == NULL)
		return err_fail(err, RC_USAGE, "which program?");
	e->b = b;
	e->dir = talloc_asprintf(e, "%s/%s", all, bridge_name(b));
	if ((mkdir(all, 0700) != 0 && errno != EEXIST) ||
	    (mkdir(e->dir, 0700) != 0 && errno != EEXIST))
		return err_errno(err, "%s", e->dir);
	e->started = e->heard_at = now_ms();
	*self = e;
	return program_start(e, argv, e->dir, bridge_name(b), &e->p, err);
}

static size_t
wait_exec(void *self, struct pollfd v[BRIDGE_FDS_MAX], int64_t *until)
{
	(void)until;
	return program_wait(((struct exec *)self)->p, v);
}

static enum rc
step_exec(void *self, struct err *err)
{
	struct exec *e = self;
	struct err gone;
	int64_t now = now_ms();
	enum rc left = program_step(e->p, &gone), rc = lines(e, err);

	if (rc == RC_OK && left != RC_OK) {
		*err = gone;
		return left;
	}
	if (rc == RC_OK && !e->greeted && now - e->started > HELLO_MS)
		return err_fail(err, RC_NET, "it does not say hello");
	if (rc == RC_OK && e->asked_at != INSTANT_NONE && now - e->asked_at > PONG_MS)
		return err_fail(err, RC_NET, "it does not answer");
	if (rc == RC_OK && e->asked_at == INSTANT_NONE && now - e->heard_at > QUIET_MS) {
		e->asked_at = now;
		rc = program_say(e->p, json_pack("{s:s}", "type", "ping"), err);
	}
	return rc;
}

static bool
ready_exec(void *self)
{
	return ((struct exec *)self)->greeted;
}

static json_t *
attachments(const struct exec *e, const struct message *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->nattachments; i++) {
		const struct attachment *a = &m->attachments[i];
		char *hex = text_hex(NULL, a->sha256, BLOB_HASH);

		json_array_append_new(
		    list, json_pack("{s:s,s:s,s:I,s:o}", "name", a->name, "media_type",
			      a->media_type, "size", (json_int_t)a->size, "path",
			      json_sprintf("%s/blobs/%.2s/%.2s/%s",
				  bridge_desk(e->b)->dir, hex, hex + 2, hex)));
		talloc_free(hex);
	}
	return list;
}

static enum rc
send_exec(void *self, const struct said *s, struct err *err)
{
	struct exec *e = self;

	return program_say(e->p,
	    json_pack("{s:s,s:s,s:s,s:s,s:s,s:b,s:o}", "type", "send", "id", s->id,
		"conversation", s->conversation, "name", s->name, "text", s->text,
		"again", s->again, "attachments", attachments(e, s->message)),
	    err);
}

static enum rc
filed_exec(void *self, const struct heard *h, const struct filed *f, struct err *err)
{
	struct exec *e = self;
	json_t *o = json_pack("{s:s,s:s,s:s}", "type", "ack", "id", h->id, "outcome",
	    talk_outcomes[f->outcome]);

	if (f->ticket != 0)
		record_set_int(o, "ticket", f->ticket);
	if (f->why != NULL)
		record_set_text(o, "reason", f->why);
	return program_say(e->p, o, err);
}

static enum rc
over_exec(void *self, const char *conversation, struct err *err)
{
	return program_say(((struct exec *)self)->p,
	    json_pack("{s:s,s:s}", "type", "close", "conversation", conversation), err);
}

const struct channel channel_exec = {.type = "exec",
    .open = open_exec,
    .wait = wait_exec,
    .step = step_exec,
    .ready = ready_exec,
    .send = send_exec,
    .filed = filed_exec,
    .over = over_exec};
