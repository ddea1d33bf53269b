/* tkt-sla rehearse: what another tkt.conf would have made of it. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/record.h"
#include "base/sibling.h"
#include "sla/verbs.h"

enum { PARTS_MAX = 64 * 1024 * 1024 };

/* ---- rehearse ---- */

/* tkt-config compiles it: what is checked there is checked here. */
static enum rc
compile(struct cmd_env *env, const char *conf, json_t **parts, struct err *err)
{
	const char *argv[] = {"tkt-config", "check", "--compiled", "--conf", conf, NULL};
	char *text = NULL;
	int status = 0;
	enum rc rc;

	if (conf == NULL)
		return err_fail(
		    err, RC_USAGE, "say which: tkt-sla rehearse --conf tkt.conf");
	if (env->desk->brokered)
		return err_fail(
		    err, RC_DENIED, "%s: files cannot be named through tkt-shell", conf);
	if (access(conf, R_OK) != 0)
		return err_errno(err, "%s", conf);
	rc = sibling_run(env->ctx, argv, PARTS_MAX, &text, &status, err);
	if (rc == RC_OK && status != 0)
		rc = err_fail(
		    err, RC_CONFIG, "%s cannot be rehearsed: it has errors", conf);
	if (rc != RC_OK)
		return rc;
	*parts = json_loads(text, 0, NULL);
	if (*parts == NULL)
		return err_fail(err, RC_BUG, "what tkt-config compiled is no JSON");
	record_own(env->ctx, *parts);
	return RC_OK;
}

json_t *
sla_outcome(const struct clock *c, int64_t ticket, int64_t now)
{
	return c ? clock_to_json(ticket, c, now) : json_null();
}

static enum rc
rehearse_each(void *arg, const struct sla_difference *x, struct err *err)
{
	struct cmd_env *env = arg;
	int64_t now = desk_now(env->desk) / 1000;
	const struct clock *c = x->would ? x->would : x->was;

	(void)err;
	if (env->out->format == OUT_JSON) {
		json_t *r = json_pack("{s:s,s:I,s:s,s:I,s:b,s:b,s:o,s:o}", "type",
		    "rehearsal", "ticket", (json_int_t)x->ticket, "target",
		    sla_target_names[c->target], "cycle", (json_int_t)c->cycle,
		    "newly_breached", x->newly_breached, "no_longer_breached",
		    x->no_longer_breached, "was", sla_outcome(x->was, x->ticket, now),
		    "would", sla_outcome(x->would, x->ticket, now));

		out_json(env->out, r);
	} else {
		const char *cells[] = {sla_number(env, x->ticket),
		    sla_target_names[c->target], sla_number(env, c->cycle),
		    x->was ? clock_state_names[clock_state_at(x->was, now)] : "-",
		    x->would ? clock_state_names[clock_state_at(x->would, now)] : "-",
		    x->was ? sla_when(env, x->was->due) : "-",
		    x->would ? sla_when(env, x->would->due) : "-"};

		out_row(env->out,
		    x->newly_breached	    ? COLOR_RED
		    : x->no_longer_breached ? COLOR_GREEN
					    : COLOR_NONE,
		    cells);
	}
	return RC_OK;
}

enum rc
sla_do_rehearse(
    struct cmd_env *env, const struct sla_opts *o, int argc, char **argv, struct err *err)
{
	static const struct column columns[] = {{"TICKET", true, false},
	    {"TARGET", false, false}, {"CYCLE", true, false}, {"WAS", false, false},
	    {"WOULD BE", false, false}, {"WAS DUE", false, false},
	    {"WOULD BE DUE", false, false}};
	struct sla_rehearsal sum = {0};
	struct sla_rules *rules = NULL;
	struct node *tree = NULL;
	json_t *parts = NULL;
	enum rc rc = sla_query(env, argc, argv, &tree, err);

	if (rc == RC_OK)
		rc = compile(env, o->conf, &parts, err);
	if (rc == RC_OK)
		rc = sla_rules_of_parts(env->ctx, env->desk, parts, &rules, err);
	if (rc == RC_OK)
		rc = store_read(env->desk->store, err);
	if (rc != RC_OK)
		return rc;
	out_table(env->out, columns, sizeof(columns) / sizeof(columns[0]));
	rc = sla_rehearse(env->desk, tree, rules, &sum, rehearse_each, env, err);
	store_read_end(env->desk->store);
	out_table_end(env->out);
	if (rc != RC_OK)
		return rc;
	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:I,s:I,s:I,s:I,s:I}", "type", "rehearsal_sum",
			"tickets", (json_int_t)sum.tickets, "clocks",
			(json_int_t)sum.clocks, "differ", (json_int_t)sum.differ,
			"newly_breached", (json_int_t)sum.newly_breached,
			"no_longer_breached", (json_int_t)sum.no_longer_breached));
	else if (env->out->format == OUT_HUMAN)
		out_line(env->out, COLOR_BOLD,
		    "%lld tickets, %lld clocks: %lld would end otherwise, %lld newly "
		    "breached, %lld no longer",
		    (long long)sum.tickets, (long long)sum.clocks, (long long)sum.differ,
		    (long long)sum.newly_breached, (long long)sum.no_longer_breached);
	return sum.newly_breached ? RC_NONE : RC_OK;
}
