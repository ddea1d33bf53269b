/* tkt-route: applies routes and assignment to tickets again, or says what they would do.
 */
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "change/bulk.h"
#include "change/explain.h"
#include "query/show.h"

static struct {
	struct bulk_opts bulk;
	bool explain;
} o;

static const struct opt opts[] = {
    BULK_OPTS(o.bulk),
    {"explain", 0, OPT_FLAG, NULL, "rule by rule: matched, or the term that failed",
	&o.explain, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static enum rc
one(void *arg, struct change_tx *tx, int64_t id, struct change_result *r, struct err *err)
{
	struct cmd_env *env = arg;

	return change_route(tx, &env->desk->actor, id, r, err);
}

static enum rc
done(void *arg, struct change_result *r, struct err *err)
{
	struct cmd_env *env = arg;

	for (size_t i = 0; o.explain && i < r->nrules; i++)
		explain_rule(env, r, &r->rules[i], !o.bulk.dry_run);
	if (o.explain)
		explain_assignment(env, r);
	if (o.explain && env->out->format == OUT_JSON)
		return RC_OK;
	if (env->out->format != OUT_HUMAN)
		return show_ticket(env->desk, env->out, r->after, err);
	if (!o.explain)
		out_line(env->out, COLOR_NONE, "ticket %lld: queue %s, %s%s%s",
		    (long long)r->ticket, r->after->queue,
		    *r->after->assignee ? "assigned to " : "assigned to nobody",
		    r->after->assignee, r->changed ? "" : " (as before)");
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct bulk b = {
	    .env = env, .opts = &o.bulk, .one = one, .done = done, .arg = env};
	enum rc rc = source_open(env->ctx, argc, argv, STDIN_FILENO, &b.source, err);

	if (rc != RC_OK)
		return rc;
	if (!o.explain)
		show_begin(env->out);
	return bulk_run(&b, err);
}

static const struct cmd cmd = {
    .name = "tkt-route",
    .summary = "apply routes and assignment again",
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
