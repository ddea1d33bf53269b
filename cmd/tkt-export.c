/* tkt-export: tickets as records that tkt-import reads back. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "desk/cmd.h"
#include "exchange/export.h"

static struct {
	const char *archive;
} o;

static const struct opt opts[] = {
    {"archive", 'A', OPT_TEXT, "file",
	"into FILE.tar.zst, with attachments and raw mails; - for standard output",
	&o.archive, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static void
progress(void *arg, int64_t tickets)
{
	cmd_progress(arg, "tickets", tickets, false);
}

/* All of the desk, when no query narrows it and no role does. */
static bool
is_full(const struct cmd_env *env, int argc)
{
	const struct role *role = env->desk->actor.role;

	return argc == 0 && (role == NULL || role->queues[0] == NULL);
}

static enum rc
select_tickets(
    struct cmd_env *env, int argc, char **argv, struct export_want *w, struct err *err)
{
	struct query_scope scope = {.config = env->desk->config};
	struct node *tree = NULL;
	enum rc rc;

	w->full = is_full(env, argc);
	if (!w->full)
		rc = query_user(env->desk, env->ctx, argc, argv, NULL, &tree, err);
	else /* hidden ones, too: spam, deleted, merged */
		rc = query_parse(env->ctx, "", &scope, &tree, err);
	w->tree = tree;
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct export_want w = {.to = env->out->to};
	struct export_count n;
	enum rc rc = actor_need(&env->desk->actor, "ticket.read", err);

	if (rc == RC_OK)
		rc = actor_need(&env->desk->actor, "customer.read", err);
	if (rc == RC_OK)
		rc = actor_need(&env->desk->actor, "log.read", err);
	if (rc == RC_OK)
		rc = select_tickets(env, argc, argv, &w, err);
	if (rc == RC_OK && o.archive != NULL && env->desk->brokered &&
	    strcmp(o.archive, "-") != 0)
		rc = err_fail(err, RC_DENIED,
		    "%s: files cannot be named through tkt-shell", o.archive);
	if (rc == RC_OK && o.archive != NULL)
		rc = archive_create(env->ctx, o.archive, &w.archive, err);
	if (rc == RC_OK)
		rc = export_run(env->desk, &w, &n, progress, env, err);
	if (rc == RC_OK && w.archive != NULL)
		rc = archive_finish(w.archive, err);
	/* Standard output's trouble is told where all commands tell it. */
	if (w.archive == NULL && ferror(env->out->to))
		rc = RC_OK;
	cmd_progress(env, "tickets", 0, true);
	if (rc == RC_OK && w.archive != NULL)
		cmd_note(env, "%lld tickets, %lld messages, %lld events, %lld blobs",
		    (long long)n.tickets, (long long)n.messages, (long long)n.events,
		    (long long)n.blobs);
	return rc;
}

static const struct cmd cmd = {
    .name = "tkt-export",
    .summary = "write tickets out, for tkt-import",
    .args = "[query ...]",
    .opts = opts,
    .flags = CMD_TERMS,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
