/* tkt-route: applies routes and assignment to tickets again, or says what they would do.
 */
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "change/bulk.h"
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

static void
explain_rule(
    struct cmd_env *env, const struct change_result *r, const struct rule_trace *t)
{
	const char *failed = t->failed ? query_print(env->ctx, t->failed) : NULL;

	if (env->out->format == OUT_JSON) {
		out_json(env->out,
		    json_pack("{s:s,s:I,s:s,s:s,s:b,s:s?,s:s?,s:b}", "type", "rule",
			"ticket", (json_int_t)r->ticket, "rule", t->rule, "block",
			t->block, "matched", t->matched, "failed", failed, "set", t->set,
			"applied", t->applied && !o.bulk.dry_run));
		return;
	}
	if (t->matched)
		out_line(env->out, COLOR_GREEN, "ticket %lld: %s %s matches: %s%s",
		    (long long)r->ticket, t->block, t->rule,
		    t->set ? t->set : "no changes",
		    t->applied ? "" : " (so it is already)");
	else
		out_line(env->out, COLOR_DIM, "ticket %lld: %s %s does not match: %s",
		    (long long)r->ticket, t->block, t->rule, failed);
}

static enum rc
done(void *arg, struct change_result *r, struct err *err)
{
	struct cmd_env *env = arg;

	for (size_t i = 0; o.explain && i < r->nrules; i++)
		explain_rule(env, r, &r->rules[i]);
	if (o.explain && env->out->format == OUT_HUMAN) {
		if (r->assigned != NULL)
			out_line(env->out, COLOR_GREEN, "ticket %lld: assigned to %s",
			    (long long)r->ticket, r->assigned);
		else if (r->not_assigned != NULL)
			out_line(env->out, COLOR_DIM,
			    "ticket %lld: assigned to nobody: %s", (long long)r->ticket,
			    r->not_assigned);
	}
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
