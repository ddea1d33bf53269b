/* tkt-sla report: how good the desk was. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "base/text.h"
#include "sla/verbs.h"

/* ---- report ---- */

static void
report_group(struct cmd_env *env, enum sla_by by, const struct sla_group *g)
{
	int64_t counted = g->met + g->breached;
	double percent = counted ? 100.0 * (double)g->met / (double)counted : 0;

	if (env->out->format == OUT_JSON) {
		json_t *r = json_pack("{s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:I}", "type",
		    "sla_report", "by", sla_by_names[by], "group", g->name, "target",
		    sla_target_names[g->target], "met", (json_int_t)g->met, "breached",
		    (json_int_t)g->breached, "void_unanswered",
		    (json_int_t)g->void_unanswered, "void_other",
		    (json_int_t)g->void_other);

		json_object_set_new(
		    r, "percent_met", counted ? json_real(percent) : json_null());
		record_set_int(r, "elapsed_p50_s", sla_percentile(g, 50));
		record_set_int(r, "elapsed_p90_s", sla_percentile(g, 90));
		record_set_int(r, "elapsed_p99_s", sla_percentile(g, 99));
		out_json(env->out, r);
		return;
	}
	const char *cells[] = {*g->name ? g->name : "-", sla_target_names[g->target],
	    sla_number(env, g->met), sla_number(env, g->breached),
	    sla_number(env, g->void_unanswered), sla_number(env, g->void_other),
	    counted ? talloc_asprintf(env->ctx, "%.1f", percent) : "-",
	    sla_length(env, sla_percentile(g, 50)),
	    sla_length(env, sla_percentile(g, 90)),
	    sla_length(env, sla_percentile(g, 99))};

	out_row(env->out, g->breached ? COLOR_NONE : COLOR_GREEN, cells);
}

enum rc
sla_do_report(
    struct cmd_env *env, const struct sla_opts *o, int argc, char **argv, struct err *err)
{
	static const struct column columns[] = {{"GROUP", false, true},
	    {"TARGET", false, false}, {"MET", true, false}, {"BREACHED", true, false},
	    {"UNANSWERED", true, false}, {"VOID", true, false}, {"MET%", true, false},
	    {"P50", true, false}, {"P90", true, false}, {"P99", true, false}};
	int by = o->by ? word_index(sla_by_names, o->by) : SLA_BY_POLICY;
	int64_t since = 0, until = INSTANT_NEVER;
	struct sla_group *v = NULL;
	struct node *tree = NULL;
	size_t n = 0;
	enum rc rc;

	if (by < 0)
		return err_fail(err, RC_USAGE, "--by \"%s\": no such group%s", o->by,
		    text_hint(env->ctx, o->by, sla_by_names));
	rc = sla_query(env, argc, argv, &tree, err);
	if (rc == RC_OK)
		rc = desk_instant(env->desk, "since", o->since, &since, err);
	if (rc == RC_OK)
		rc = desk_instant(env->desk, "until", o->until, &until, err);
	if (rc == RC_OK)
		rc = sla_report(env->ctx, env->desk, tree, (enum sla_by)by, since, until,
		    &v, &n, err);
	if (rc != RC_OK)
		return rc;
	out_table(env->out, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < n; i++)
		report_group(env, (enum sla_by)by, &v[i]);
	out_table_end(env->out);
	return RC_OK;
}
