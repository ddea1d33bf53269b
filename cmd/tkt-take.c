/* tkt-take: gives tickets to who asks, unless somebody else was first. */
#include <string.h>
#include <unistd.h>

#include "change/bulk.h"
#include "query/show.h"

static struct bulk_opts o;

static const struct opt opts[] = {
    BULK_OPTS(o),
    OPTS_COMMON,
    OPTS_END,
};

struct take {
	struct cmd_env *env;
	struct changes changes;
};

static enum rc
one(void *arg, struct change_tx *tx, int64_t id, struct change_result *r, struct err *err)
{
	struct take *t = arg;
	struct edit e = {.ticket = id, .changes = &t->changes};

	return change_edit(tx, &t->env->desk->actor, &e, r, err);
}

static enum rc
done(void *arg, struct change_result *r, struct err *err)
{
	struct take *t = arg;

	if (t->env->out->format != OUT_HUMAN)
		return show_ticket(t->env->desk, t->env->out, r->after, err);
	out_line(t->env->out, COLOR_NONE, "ticket %lld: %s%s%s", (long long)r->ticket,
	    r->after->assignee, r->changed ? " takes it" : " has it already",
	    o.dry_run ? " (not done)" : "");
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct take t = {.env = env};
	struct bulk b = {.env = env, .opts = &o, .one = one, .done = done, .arg = &t};
	enum rc rc = RC_OK;

	if (env->desk->actor.kind != ACTOR_AGENT)
		return err_fail(err, RC_USAGE, "who takes it? say --as AGENT");
	rc = changes_add(
	    env->ctx, "assignee", CHANGE_SET, "me", env->desk->config, &t.changes, err);
	if (rc == RC_OK)
		rc = source_open(env->ctx, argc, argv, STDIN_FILENO, &b.source, err);
	if (rc != RC_OK)
		return rc;
	show_begin(env->out);
	return bulk_run(&b, err);
}

static const struct cmd cmd = {
    .name = "tkt-take",
    .summary = "take tickets that nobody has",
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
