/* mail-quarantine: mails that wait for somebody to look at them. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/record.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "channel/ingest.h"
#include "desk/cmd.h"

enum { ID_SHOWN = 12 };

static struct {
	bool raw;
} o;

static const struct opt opts[] = {
    {"raw", 0, OPT_FLAG, NULL, "show: the mail byte for byte", &o.raw, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static const struct column columns[] = {{"ID", false, false}, {"AGE", true, false},
    {"MAILBOX", false, false}, {"REASON", false, false}, {"FROM", false, false},
    {"SUBJECT", false, true}};

/* ---- list ---- */

/* Only what is looked at is read: the mail's headers are in its blob. */
static enum rc
read_mail(struct cmd_env *env, void *ctx, const struct held *h, struct mail **m,
    void **raw, size_t *n, struct err *err)
{
	enum rc rc = blob_get(env->desk->store, ctx, h->raw, raw, n, err);

	if (rc == RC_OK)
		*m = mail_parse(ctx, env->desk->config, *raw, *n, h->raw);
	return rc;
}

static json_t *
held_to_json(void *ctx, const struct held *h, const struct mail *m)
{
	struct ingest i = {.outcome = "quarantined",
	    .class = h->class ? h->class : "human",
	    .rule = h->rule ? h->rule : "M4",
	    .external_id = h->msgid,
	    .reason = h->reason,
	    .mailbox = h->mailbox};
	json_t *record = ingest_to_json(&i);

	record_set_text(record, "raw", text_hex(ctx, h->raw, BLOB_HASH));
	record_set_instant(record, "at", h->at);
	record_set_text(record, "from", m->from.value);
	record_set_text(record, "subject", m->subject);
	return record;
}

static enum rc
list_one(void *arg, const struct held *h, struct err *err)
{
	struct cmd_env *env = arg;
	void *ctx = talloc_new(NULL), *raw = NULL;
	struct mail *m = NULL;
	size_t n = 0;
	char *id = talloc_strndup(ctx, text_hex(ctx, h->raw, BLOB_HASH), ID_SHOWN);
	enum rc rc = read_mail(env, ctx, h, &m, &raw, &n, err);

	if (rc == RC_OK && env->out->format == OUT_JSON)
		out_json(env->out, held_to_json(ctx, h, m));
	else if (rc == RC_OK && env->out->format == OUT_IDS)
		out_line(env->out, COLOR_NONE, "%s", id);
	else if (rc == RC_OK)
		out_row(env->out, COLOR_NONE,
		    (const char *const[]){id,
			instant_age(ctx, h->at, desk_now(env->desk)), h->mailbox,
			h->reason ? h->reason : "", m->from.value ? m->from.value : "-",
			m->subject});
	talloc_free(ctx);
	return rc;
}

static enum rc
list(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	bool table = env->out->format == OUT_HUMAN || env->out->format == OUT_TSV;
	enum rc rc;

	if (argc > 0)
		return err_fail(err, RC_USAGE,
		    "list takes no ids (\"%s\"): they are for show", *argv);
	if (table)
		out_table(env->out, columns, sizeof(columns) / sizeof(columns[0]));
	rc = held_each(env->desk->store, list_one, env, err);
	if (table)
		out_table_end(env->out);
	return rc;
}

/* ---- show ---- */

static enum rc
show_one(struct cmd_env *env, const char *id, struct err *err)
{
	void *ctx = talloc_new(env->ctx), *raw = NULL;
	struct held h = {0};
	struct mail *m = NULL;
	size_t n = 0;
	enum rc rc = held_find(env->desk->store, ctx, id, &h, err);

	if (rc == RC_OK)
		rc = read_mail(env, ctx, &h, &m, &raw, &n, err);
	if (rc == RC_OK && o.raw) {
		(void)fwrite(raw, 1, n, env->out->to);
	} else if (rc == RC_OK && env->out->format == OUT_JSON) {
		json_t *record = held_to_json(ctx, &h, m);

		json_object_set_new(record, "size", json_integer((json_int_t)n));
		out_json(env->out, record);
	} else if (rc == RC_OK) {
		out_line(env->out, COLOR_BOLD, "%s (%s)", h.reason ? h.reason : "",
		    h.rule ? h.rule : "M4");
		for (size_t i = 0; i < m->nheaders; i++)
			out_line(env->out, COLOR_DIM, "%s: %s", m->headers[i].name,
			    mail_decode(ctx, m->headers[i].value, SUBJECT_MAX));
		out_line(env->out, COLOR_NONE, "%s", "");
		out_block(env->out, m->body, 0);
		out_block(env->out, m->quoted, 0);
		for (size_t i = 0; i < m->nparts; i++)
			out_line(env->out, COLOR_DIM, "[%s, %s, %zu bytes]",
			    m->parts[i].name, m->parts[i].media_type, m->parts[i].n);
	}
	talloc_free(ctx);
	return rc;
}

/* ---- release, discard ---- */

static void
released(void *arg, size_t mail, const struct ingest *r)
{
	struct cmd_env *env = arg;

	(void)mail;
	if (env->out->format == OUT_JSON)
		out_json(env->out, ingest_to_json(r));
	else if (env->out->format == OUT_IDS && r->ticket != 0)
		out_id(env->out, r->ticket);
	else if (env->out->format != OUT_IDS)
		out_line(env->out, COLOR_NONE, "%s: ticket %lld, message %lld (%s)",
		    r->outcome, (long long)r->ticket, (long long)r->message, r->rule);
}

static enum rc
release_one(struct cmd_env *env, const char *id, struct err *err)
{
	void *ctx = talloc_new(env->ctx);
	struct ingester *ing = NULL;
	struct held h = {0};
	enum rc rc = held_find(env->desk->store, ctx, id, &h, err);

	if (rc == RC_OK)
		rc = ingester_new(ctx, env->desk, &ing, err);
	if (rc == RC_OK)
		rc = held_release(env->desk, ing, &h, released, env, err);
	talloc_free(ctx);
	return rc;
}

static enum rc
discard_one(struct cmd_env *env, const char *id, struct err *err)
{
	void *ctx = talloc_new(env->ctx);
	struct held h = {0};
	enum rc rc = held_find(env->desk->store, ctx, id, &h, err);

	if (rc == RC_OK)
		rc = held_discard(env->desk, &h, err);
	if (rc == RC_OK) {
		struct ingest i = {.outcome = "discarded",
		    .class = h.class ? h.class : "human",
		    .rule = h.rule ? h.rule : "M4",
		    .external_id = h.msgid,
		    .reason = h.reason,
		    .mailbox = h.mailbox};

		if (env->out->format == OUT_JSON)
			out_json(env->out, ingest_to_json(&i));
		else
			out_line(env->out, COLOR_NONE, "discarded: %s", h.msgid);
	}
	talloc_free(ctx);
	return rc;
}

/* ---- the words ---- */

static const struct {
	const char *name, *right;
	enum rc (*one)(struct cmd_env *env, const char *id, struct err *err);
} verbs[] = {{"show", "ticket.read", show_one}, {"release", "ticket.create", release_one},
    {"discard", "ticket.change", discard_one}};

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	static const char *const names[] = {"list", "show", "release", "discard", NULL};
	/* blobs for itself, in case it is a link to another disk. */
	const char *writable[] = {
	    env->desk->dir, talloc_asprintf(env->ctx, "%s/blobs", env->desk->dir), NULL};
	size_t v = 0;
	enum rc rc;

	if (argc == 0)
		return err_fail(
		    err, RC_USAGE, "what? list, show ID, release ID, discard ID");
	if (strcmp(argv[0], "list") != 0) {
		while (v < 3 && strcmp(argv[0], verbs[v].name) != 0)
			v++;
		if (v == 3)
			return err_fail(err, RC_USAGE, "\"%s\": no such word%s", argv[0],
			    text_hint(env->ctx, argv[0], names));
		if (argc == 1)
			return err_fail(
			    err, RC_USAGE, "%s what? ids are in the list", argv[0]);
	}
	/* What is held belongs to no queue yet: whoever sees all of them may look. */
	rc = actor_need(&env->desk->actor,
	    strcmp(argv[0], "list") == 0 ? "ticket.read" : verbs[v].right, err);
	if (rc == RC_OK && env->desk->actor.role != NULL &&
	    env->desk->actor.role->queues[0] != NULL)
		rc = err_fail(err, RC_DENIED,
		    "agent \"%s\" does not see all queues, so not the quarantine",
		    env->desk->actor.name);
	if (rc != RC_OK)
		return rc;
	(void)sandbox_enter(writable);
	if (strcmp(argv[0], "list") == 0)
		return list(env, argc - 1, argv + 1, err);
	for (int i = 1; rc == RC_OK && i < argc; i++)
		rc = verbs[v].one(env, argv[i], err);
	return rc;
}

static const struct cmd cmd = {
    .name = "mail-quarantine",
    .summary = "look at mails that wait, file them or throw them away",
    .args = "list | show ID ... | release ID ... | discard ID ...",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
