/* tkt-reply: answers a customer, or leaves a note for colleagues. */
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/text.h"
#include "change/compose.h"
#include "desk/cmd.h"
#include "query/show.h"
#include "ticket/source.h"

static struct {
	const char *message, *status;
	struct opt_list files, cc;
	bool note, dry_run;
} o;

static const struct opt opts[] = {
    {"message", 'm', OPT_TEXT, "text", "the text, instead of stdin or $EDITOR",
	&o.message, NULL},
    {"note", 0, OPT_FLAG, NULL, "for colleagues only: nothing leaves the desk", &o.note,
	NULL},
    {"status", 0, OPT_TEXT, "status", "set this status, too", &o.status,
	"open pending hold solved closed"},
    {"attach", 'a', OPT_LIST, "file", "an attachment; may be repeated", &o.files,
	"@file"},
    {"cc", 0, OPT_LIST, "address", "a new participant; may be repeated", &o.cc, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "say what would happen, and do nothing", &o.dry_run,
	NULL},
    OPTS_COMMON,
    OPTS_END,
};

SQL(sql_recipients,
    "SELECT target FROM delivery WHERE event = ?1 AND via = 'mail' ORDER BY n");

static enum rc
print(struct cmd_env *env, const struct change_result *r, struct err *err)
{
	struct message *m = NULL;
	struct stmt *st;
	json_t *record = NULL;
	char *to = talloc_strdup(env->ctx, "");
	enum rc rc = message_get(env->desk->store, env->ctx, r->message, &m, err);

	if (rc == RC_OK && env->out->format == OUT_JSON)
		rc = message_to_json(env->desk, m, &record, err);
	if (rc == RC_OK)
		rc = store_prepare(env->desk->store, sql_recipients, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, r->message);
	while ((rc = stmt_step(st, err)) == RC_OK)
		to = talloc_asprintf_append(to, "%s%s", *to ? ", " : "", col_text(st, 0));
	stmt_done(st);
	if (rc != RC_NONE)
		return rc;
	if (record != NULL)
		out_json(env->out, record);
	else if (env->out->format == OUT_IDS)
		out_id(env->out, r->message);
	else
		out_line(env->out, COLOR_NONE, "message %lld on ticket %lld, status %s%s",
		    (long long)r->message, (long long)r->ticket, r->after->status,
		    o.dry_run ? " (not done)" : "");
	if (!o.note)
		cmd_note(env,
		    *to ? "ticket %lld: to %s" : "ticket %lld: nobody to send it to%s",
		    (long long)r->ticket, to);
	return RC_OK;
}

static enum rc
reply(struct cmd_env *env, int64_t id, const struct message *text,
    const struct changes *changes, struct person_address *cc, struct err *err)
{
	struct message m = *text;
	struct edit e = {.ticket = id,
	    .changes = changes,
	    .message = &m,
	    .cc = cc,
	    .ncc = o.cc.n,
	    .confirm_cc = true};
	struct change_tx *tx = NULL;
	struct change_result r;
	const struct agent *a = env->desk->actor.agent;
	enum rc rc;

	m.kind = o.note ? "note" : "reply";
	m.direction = "out";
	m.channel = "cli";
	m.class = "human";
	m.author = actor_print(env->ctx, &env->desk->actor);
	m.author_address = a ? a->email : "";
	rc = change_begin(env->ctx, env->desk, 0, &tx, err);
	if (rc != RC_OK)
		return rc;
	rc = change_edit(tx, &env->desk->actor, &e, &r, err);
	if (rc != RC_OK || o.dry_run) {
		if (rc == RC_OK)
			rc = print(env, &r, err);
		change_abort(tx);
		return rc;
	}
	rc = change_commit(tx, err);
	return rc == RC_OK ? print(env, &r, err) : rc;
}

/* What an editor starts with: the last message, quoted. */
static enum rc
quote(void *arg, struct message *m, struct err *err)
{
	char **text = arg;

	(void)err;
	if (strcmp(m->kind, "reply") != 0)
		return RC_OK;
	*text[0] = '\0';
	*text = talloc_strdup(talloc_parent(*text), "\n\n");
	for (const char *s = m->body; *s != '\0';) {
		size_t n = strcspn(s, "\n");

		*text = talloc_asprintf_append(*text, "> %.*s\n", (int)n, s);
		s += n + (s[n] == '\n');
	}
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct source *s = NULL;
	struct changes changes = {0};
	struct message text = {0};
	struct person_address *cc =
	    talloc_zero_array(env->ctx, struct person_address, 64);
	char *given = NULL, *start = talloc_strdup(env->ctx, "");
	size_t n = 0;
	int64_t id;
	enum rc rc = source_open(env->ctx, argc, argv, STDIN_FILENO, &s, err);

	if (rc == RC_OK && o.status != NULL)
		rc = changes_add(env->ctx, "status", CHANGE_SET, o.status,
		    env->desk->config, &changes, err);
	if (rc == RC_OK && o.cc.n > 64)
		rc = err_fail(err, RC_USAGE, "more than 64 --cc");
	for (size_t i = 0; rc == RC_OK && i < o.cc.n; i++) {
		rc = address_parse(env->ctx, o.cc.v[i], &cc[i], err);
		if (rc == RC_INVALID)
			err->rc = rc = RC_USAGE;
	}
	if (rc == RC_OK && argc == 1 && !o.note && text_number(argv[0], &id))
		rc = message_each(env->desk->store, id, quote, &start, err);
	if (rc == RC_OK)
		rc = compose_text(
		    env->desk, env->ctx, o.message, argc > 0, start, &given, &n, err);
	if (rc == RC_OK)
		rc = compose_body(env->desk->store, env->ctx, &text, given, n, err);
	if (rc == RC_OK && *text.body == '\0' && o.files.n == 0)
		rc = err_fail(err, RC_USAGE, "the text is empty: nothing was done");
	if (rc == RC_OK)
		rc = compose_files(env->desk, env->ctx, &text, &o.files, err);
	while (rc == RC_OK && (rc = source_next(s, &id, err)) == RC_OK)
		rc = reply(env, id, &text, &changes, cc, err);
	return rc == RC_NONE ? RC_OK : rc;
}

static const struct cmd cmd = {
    .name = "tkt-reply",
    .summary = "reply to tickets, or add a note",
    .args = "[id ...]",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
