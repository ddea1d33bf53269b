/* tkt-sla: which clocks are late, why, how good the month was, what another policy would
 * have made of it. The verbs are in lib/sla. */
#include <string.h>

#include "base/text.h"
#include "sla/ci.h"
#include "sla/verbs.h"

static struct sla_opts o;

static const struct opt opts[] = {
    {"all", 'a', OPT_FLAG, NULL, "check: every open clock", &o.all, NULL},
    {"by", 0, OPT_TEXT, "group", "report: policy, queue, agent or organization", &o.by,
	"policy queue agent organization"},
    {"since", 0, OPT_TEXT, "time", "report: outcomes from then on", &o.since, NULL},
    {"until", 0, OPT_TEXT, "time", "report: outcomes before then", &o.until, NULL},
    {"from", 0, OPT_TEXT, "date", "calendar: the first day (today)", &o.from, NULL},
    {"to", 0, OPT_TEXT, "date", "calendar: the last day (two weeks on)", &o.to, NULL},
    {"conf", 0, OPT_TEXT, "file", "rehearse: the tkt.conf to try", &o.conf, "@file"},
    {"from-start", 0, OPT_FLAG, NULL,
	"recompute: by today's policies, as if they had always been; logged",
	&o.from_start, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "recompute: say what would change", &o.dry_run,
	NULL},
    OPTS_COMMON,
    OPTS_END,
};

/* ---- tick ---- */

static enum rc
do_tick(struct cmd_env *env, struct err *err)
{
	struct clocks_done done = {0};
	enum rc rc = actor_need(&env->desk->actor, "desk.config", err);

	if (rc == RC_OK)
		rc = clocks_follow(env->desk, 0, &done, err);
	if (rc == RC_OK)
		rc = clocks_tick(env->desk, &done, err);
	if (rc != RC_OK)
		return rc;
	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:I,s:I}", "type", "sla_tick", "told",
			(json_int_t)done.told, "followed", (json_int_t)done.followed));
	else
		out_line(env->out, COLOR_NONE,
		    "%lld told, %lld tickets followed new policies", (long long)done.told,
		    (long long)done.followed);
	return RC_OK;
}

/* ---- which ---- */

static enum rc
open_desk(struct cmd_env *env, bool write, struct err *err)
{
	struct desk_want want = {env->desk_dir, env->as, write};

	return desk_open(env->ctx, &want, &env->desk, err);
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	static const char *const names[] = {"check", "tick", "explain", "report",
	    "rehearse", "calendar", "recompute", "export", NULL};
	static const struct {
		enum rc (*run)(struct cmd_env *env, const struct sla_opts *o, int argc,
		    char **argv, struct err *err);
		bool writes;
	} verbs[] = {{sla_do_check, false}, {NULL, true}, {sla_do_explain, false},
	    {sla_do_report, false}, {sla_do_rehearse, false}, {sla_do_calendar, false},
	    {sla_do_recompute, true}, {sla_do_export, false}};
	const char *verb = argc > 0 ? argv[0] : "";
	int v = word_index(names, verb);
	enum rc rc;

	if (v < 0)
		return err_fail(err, RC_USAGE,
		    "\"%s\": use check, tick, explain, report, rehearse, calendar, "
		    "recompute or export%s",
		    verb, text_hint(env->ctx, verb, names));
	if (env->format != NULL && v != 0)
		return err_fail(err, RC_USAGE, "--output %s is for check", env->format);
	if (v == 1 && argc > 1)
		return err_fail(err, RC_USAGE, "tick takes no words");
	rc = open_desk(env, verbs[v].writes, err);
	if (rc != RC_OK)
		return rc;
	if (v == 1)
		return do_tick(env, err);
	return verbs[v].run(env, &o, argc - 1, argv + 1, err);
}

static const struct cmd cmd = {
    .name = "tkt-sla",
    .summary = "check, explain and rehearse SLA clocks",
    .args = "check [query ...] | tick | explain id ... | report [query ...] | rehearse "
	    "--conf file [query ...] | calendar name | recompute [id ...] | export "
	    "[query ...]",
    .opts = opts,
    .formats = ci_format_names,
    .flags = CMD_NO_DESK | CMD_TERMS,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
