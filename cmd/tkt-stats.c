/* tkt-stats: how many, how many still, how fast. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "base/text.h"
#include "desk/cmd.h"
#include "query/stats.h"

static struct {
	const char *by, *since, *until, *view;
} o;

static const struct opt opts[] = {
    {"by", 'b', OPT_TEXT, "what",
	"a line for each queue, agent, organization, channel, tag or day", &o.by,
	"queue agent organization channel tag day"},
    {"since", 0, OPT_TEXT, "time", "from then on: -30d, a date, RFC 3339", &o.since,
	NULL},
    {"until", 0, OPT_TEXT, "time", "up to then; default now", &o.until, NULL},
    {"view", 0, OPT_TEXT, "view", "of the tickets of this view", &o.view, "@view"},
    OPTS_COMMON,
    OPTS_END,
};

static const struct column columns[] = {{"GROUP", false, true}, {"CREATED", true, false},
    {"SOLVED", true, false}, {"BACKLOG", true, false}, {"REOPENED", true, false},
    {"REPLIES", true, false}, {"REPLY_MEDIAN", true, false}, {"REPLY_P90", true, false},
    {"REPLY_P95", true, false}, {"SOLVE_MEDIAN", true, false}, {"SOLVE_P90", true, false},
    {"SOLVE_P95", true, false}, {"TIME_SPENT", true, false}};
enum { NCOLUMNS = sizeof(columns) / sizeof(columns[0]) };

static json_t *
spread_json(const struct spread *s)
{
	if (s->count == 0)
		return json_pack(
		    "{s:i,s:n,s:n,s:n}", "count", 0, "median_s", "p90_s", "p95_s");
	return json_pack("{s:I,s:I,s:I,s:I}", "count", (json_int_t)s->count, "median_s",
	    (json_int_t)s->median, "p90_s", (json_int_t)s->p90, "p95_s",
	    (json_int_t)s->p95);
}

/* For people "2h05m", for programs seconds. */
static const char *
duration(struct cmd_env *env, int64_t count, int64_t s)
{
	if (count == 0)
		return env->out->format == OUT_TSV ? "" : "-";
	if (env->out->format == OUT_TSV)
		return talloc_asprintf(env->ctx, "%lld", (long long)s);
	if (s < 3600)
		return talloc_asprintf(env->ctx, "%lldm", (long long)(s / 60));
	if (s < 48 * 3600)
		return talloc_asprintf(env->ctx, "%lldh%02lldm", (long long)(s / 3600),
		    (long long)(s / 60 % 60));
	return talloc_asprintf(
	    env->ctx, "%lldd%02lldh", (long long)(s / 86400), (long long)(s / 3600 % 24));
}

static const char *
number(struct cmd_env *env, int64_t n)
{
	return talloc_asprintf(env->ctx, "%lld", (long long)n);
}

static void
print(struct cmd_env *env, const struct stats_group *g, const char *by, int64_t since,
    int64_t until)
{
	const char *name = *g->name ? g->name : strcmp(by, "all") == 0 ? "all" : "-";
	const struct spread *r = &g->first_reply, *s = &g->resolution;

	if (env->out->format == OUT_JSON) {
		out_json(env->out,
		    json_pack("{s:s,s:s,s:s?,s:o,s:o,s:I,s:I,s:I,s:I,s:o,s:o,s:I}",
			"type", "stats", "by", by, "group", *g->name ? g->name : NULL,
			"since", record_instant_value(since), "until",
			record_instant_value(until), "created", (json_int_t)g->created,
			"solved", (json_int_t)g->solved, "backlog",
			(json_int_t)g->backlog, "reopened", (json_int_t)g->reopened,
			"first_reply", spread_json(r), "resolution", spread_json(s),
			"time_spent_s", (json_int_t)g->time_spent_s));
		return;
	}
	const char *cells[NCOLUMNS] = {name, number(env, g->created),
	    number(env, g->solved), number(env, g->backlog), number(env, g->reopened),
	    number(env, r->count), duration(env, r->count, r->median),
	    duration(env, r->count, r->p90), duration(env, r->count, r->p95),
	    duration(env, s->count, s->median), duration(env, s->count, s->p90),
	    duration(env, s->count, s->p95), duration(env, 1, g->time_spent_s)};

	out_row(env->out, COLOR_NONE, cells);
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	const char *by = o.by ? o.by : "all";
	int kind = word_index(stats_by_names, by);
	int64_t since = INSTANT_NONE, until = INSTANT_NONE;
	struct node *tree = NULL;
	struct stats s;
	enum rc rc = actor_need(&env->desk->actor, "ticket.read", err);

	if (rc == RC_OK && kind < 0)
		rc = err_fail(err, RC_USAGE, "--by \"%s\": unknown%s", by,
		    text_hint(env->ctx, by, stats_by_names));
	if (rc == RC_OK)
		rc = desk_instant(env->desk, "since", o.since, &since, err);
	if (rc == RC_OK)
		rc = desk_instant(env->desk, "until", o.until, &until, err);
	if (rc == RC_OK && until != INSTANT_NONE && until <= since)
		rc = err_fail(err, RC_USAGE, "--until is not after --since");
	if (rc == RC_OK)
		rc = query_user(env->desk, env->ctx, argc, argv, o.view, &tree, err);
	if (rc == RC_OK)
		rc = stats_gather(env->desk, env->ctx, tree, (enum stats_by)kind, since,
		    until, env->desk->config->timezone, &s, err);
	if (rc != RC_OK)
		return rc;
	if (env->out->format == OUT_HUMAN || env->out->format == OUT_TSV)
		out_table(env->out, columns, NCOLUMNS);
	for (size_t i = 0; i < s.n && env->out->format != OUT_IDS; i++)
		print(env, &s.groups[i], by, since,
		    until != INSTANT_NONE ? until : desk_now(env->desk));
	return RC_OK;
}

static const struct cmd cmd = {
    .name = "tkt-stats",
    .summary = "count tickets, and how fast they were answered",
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
