/* tkt-sla check: what is late, for people, scripts and CI. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "sla/ci.h"
#include "sla/verbs.h"

/* ---- cells ---- */

const char *
sla_when(struct cmd_env *env, int64_t s)
{
	if (s == 0)
		return talloc_strdup(env->ctx, "-");
	return env->out->format == OUT_TSV
		   ? instant_print(env->ctx, s * 1000)
		   : instant_local(env->ctx, s * 1000, desk_zone(env->desk));
}

/* "1:05:00", for people; seconds in TSV. */
const char *
sla_length(struct cmd_env *env, int64_t s)
{
	if (env->out->format == OUT_TSV)
		return talloc_asprintf(env->ctx, "%lld", (long long)s);
	return talloc_asprintf(env->ctx, "%lld:%02d:%02d", (long long)(s / 3600),
	    (int)(s / 60 % 60), (int)(s % 60));
}

const char *
sla_number(struct cmd_env *env, int64_t n)
{
	return talloc_asprintf(env->ctx, "%lld", (long long)n);
}

enum rc
sla_query(struct cmd_env *env, int argc, char **argv, struct node **tree, struct err *err)
{
	enum rc rc = actor_need(&env->desk->actor, "ticket.read", err);

	return rc == RC_OK ? query_user(env->desk, env->ctx, argc, argv, NULL, tree, err)
			   : rc;
}

/* ---- check ---- */

struct checking {
	struct cmd_env *env;
	struct ci *ci;
	int64_t breached, warned;
};

static enum rc
check_each(void *arg, const struct sla_found *f, struct err *err)
{
	struct checking *k = arg;
	struct cmd_env *env = k->env;
	int64_t now = desk_now(env->desk) / 1000;
	const struct clock *c = &f->clock;
	bool breached = f->state == CLOCK_BREACHED;

	(void)err;
	k->breached += breached;
	k->warned += f->warning;
	if (k->ci != NULL) {
		ci_add(k->ci, f);
	} else if (env->out->format == OUT_JSON) {
		out_json(env->out, clock_to_json(f->ticket->id, c, now));
	} else if (env->out->format == OUT_IDS) {
		out_id(env->out, f->ticket->id);
	} else {
		int64_t left = c->goal_s - clock_elapsed(c, now);
		const char *cells[] = {sla_number(env, f->ticket->id),
		    sla_target_names[c->target], c->policy,
		    breached	 ? "breached"
		    : f->warning ? "warning"
				 : clock_state_names[f->state],
		    sla_when(env, c->due),
		    left < 0 ? talloc_asprintf(env->ctx, "-%s", sla_length(env, -left))
			     : sla_length(env, left),
		    *f->ticket->assignee ? f->ticket->assignee : "-", f->ticket->subject};

		out_row(env->out,
		    breached	 ? COLOR_RED
		    : f->warning ? COLOR_YELLOW
				 : COLOR_NONE,
		    cells);
	}
	return RC_OK;
}

/* A clock that does not follow what was applied yet is told apart, not passed over in
 * silence. */
static enum rc
say_behind(struct cmd_env *env, struct err *err)
{
	bool behind = false;
	enum rc rc = clocks_behind(env->desk, &behind, err);

	if (rc == RC_OK && behind)
		cmd_note(env, "some tickets do not follow the applied policies yet: run "
			      "tkt-tick");
	return rc;
}

enum rc
sla_do_check(
    struct cmd_env *env, const struct sla_opts *o, int argc, char **argv, struct err *err)
{
	static const struct column columns[] = {{"ID", true, false},
	    {"TARGET", false, false}, {"POLICY", false, false}, {"STATE", false, false},
	    {"DUE", false, false}, {"LEFT", true, false}, {"ASSIGNEE", false, false},
	    {"SUBJECT", false, true}};
	struct checking k = {.env = env};
	struct node *tree = NULL;
	enum rc rc = sla_query(env, argc, argv, &tree, err);

	if (rc == RC_OK)
		rc = say_behind(env, err);
	if (rc == RC_OK)
		rc = store_read(env->desk->store, err);
	if (rc != RC_OK)
		return rc;
	if (env->format != NULL)
		k.ci = ci_new(env->ctx,
		    (enum ci_format)word_index(ci_format_names, env->format),
		    desk_now(env->desk) / 1000);
	else if (env->out->format == OUT_HUMAN || env->out->format == OUT_TSV)
		out_table(env->out, columns, sizeof(columns) / sizeof(columns[0]));
	rc = sla_check(env->desk, tree, o->all, check_each, &k, err);
	store_read_end(env->desk->store);
	if (rc != RC_OK)
		return rc;
	if (k.ci != NULL)
		ci_print(k.ci, env->out);
	out_table_end(env->out);
	if (env->out->tty && k.breached + k.warned == 0 && !o->all)
		cmd_note(env, "no clock is breached or in warning");
	return k.breached ? RC_NONE : k.warned ? RC_WARN : RC_OK;
}
