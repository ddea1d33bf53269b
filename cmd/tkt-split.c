/* tkt-split: makes a ticket of messages of another. */
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "change/change.h"
#include "desk/cmd.h"
#include "query/show.h"
#include "ticket/source.h"

enum { MESSAGES_MAX = 1000 };

static struct {
	const char *subject;
	bool dry_run;
} o;

static const struct opt opts[] = {
    {"subject", 's', OPT_TEXT, "text", "of the new ticket", &o.subject, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "say what would change, and change nothing",
	&o.dry_run, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static enum rc
print(struct cmd_env *env, const struct change_result *r, struct err *err)
{
	show_begin(env->out);
	if (env->out->format != OUT_HUMAN)
		return show_ticket(env->desk, env->out, r->after, err);
	out_line(env->out, COLOR_NONE, "ticket %lld in queue %s, event %lld%s",
	    (long long)r->ticket, r->after->queue, (long long)r->event,
	    o.dry_run ? " (not made)" : "");
	return RC_OK;
}

static enum rc
split(struct cmd_env *env, const struct split *s, struct err *err)
{
	struct change_tx *tx = NULL;
	struct change_result r;
	enum rc rc = change_begin(env->ctx, env->desk, 0, &tx, err);

	if (rc != RC_OK)
		return rc;
	rc = change_split(tx, &env->desk->actor, s, &r, err);
	if (rc != RC_OK || o.dry_run) {
		if (rc == RC_OK)
			rc = print(env, &r, err);
		change_abort(tx);
		return rc;
	}
	rc = change_commit(tx, err);
	return rc == RC_OK ? print(env, &r, err) : rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	int64_t *ids = mem_array(env->ctx, int64_t, MESSAGES_MAX);
	struct changes changes = {0};
	struct split s = {.messages = ids, .changes = &changes};
	struct source *source = NULL;
	char **numbers = talloc_array(env->ctx, char *, (unsigned)argc + 1);
	int n = 0;
	enum rc rc = RC_OK;

	for (int i = 0; rc == RC_OK && i < argc; i++) {
		if (strchr(argv[i], '=') == NULL)
			numbers[n++] = argv[i];
		else
			rc = changes_add_word(
			    env->ctx, argv[i], env->desk->config, &changes, err);
	}
	if (o.subject != NULL)
		s.subject = text_clean(
		    env->ctx, o.subject, strlen(o.subject), TEXT_LINE, SUBJECT_MAX);
	if (rc == RC_OK)
		rc = source_open_type(
		    env->ctx, "message", n, numbers, STDIN_FILENO, &source, err);
	while (rc == RC_OK) {
		int64_t id = 0;

		rc = source_next(source, &id, err);
		if (rc == RC_OK && s.nmessages == MESSAGES_MAX)
			rc = err_fail(
			    err, RC_USAGE, "more than %d messages", MESSAGES_MAX);
		if (rc == RC_OK)
			ids[s.nmessages++] = id;
	}
	if (rc == RC_NONE && s.nmessages == 0)
		rc = err_fail(err, RC_USAGE, "say which messages: tkt-split 901 902");
	return rc == RC_NONE ? split(env, &s, err) : rc;
}

static const struct cmd cmd = {
    .name = "tkt-split",
    .summary = "make a ticket of messages of another",
    .args = "[message ...] [field=value ...]",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
