/* tkt-rule: rules by hand, explained, tested, and tried on history. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/record.h"
#include "base/text.h"
#include "change/bulk.h"
#include "change/explain.h"
#include "query/show.h"
#include "trial/verbs.h"

static struct {
	struct bulk_opts bulk;
	const char *on, *conf;
	int64_t limit;
	bool json;
} o = {.limit = 10000};

static const struct opt opts[] = {
    BULK_OPTS(o.bulk),
    {"on", 0, OPT_TEXT, "kind", "explain: rules of this kind; default created", &o.on,
	"created changed message sla.warned sla.breached time hand"},
    {"json", 'j', OPT_FLAG, NULL, "explain: drafts as JSON lines on standard input",
	&o.json, NULL},
    {"conf", 0, OPT_TEXT, "file", "test, rehearse: by this tkt.conf", &o.conf, "@file"},
    {"limit", 'n', OPT_NUM, "count", "rehearse: the newest so many; default 10000",
	&o.limit, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static const char *const kinds[] = {
    "created", "changed", "message", "time", "hand", "sla.warned", "sla.breached", NULL};

/* ---- list ---- */

static const struct column list_columns[] = {{"RULE", false, false},
    {"BLOCK", false, false}, {"ON", false, false}, {"WHEN", false, true}};

static enum rc
list(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct policy *p = NULL;
	bool table = env->out->format == OUT_HUMAN || env->out->format == OUT_TSV;
	enum rc rc = policy_load(env->ctx, env->desk, &p, err);

	if (argc > 0)
		return err_fail(err, RC_USAGE, "list takes no names (\"%s\")", *argv);
	if (rc == RC_OK)
		rc = actor_need(&env->desk->actor, "ticket.read", err);
	if (rc == RC_OK && table)
		out_table(env->out, list_columns, 4);
	for (size_t i = 0; rc == RC_OK && i < p->n; i++) {
		const struct rule *r = &p->rules[i];
		const char *cells[] = {
		    r->name, r->block, kinds[r->on], r->when ? r->when : ""};

		if (env->out->format == OUT_JSON)
			out_json(env->out,
			    json_pack("{s:s,s:n,s:s,s:s,s:s,s:s,s:s?}", "type", "rule",
				"ticket", "rule", r->name, "block", r->block, "on",
				kinds[r->on], "when", cells[3], "set", r->set));
		else if (env->out->format == OUT_IDS)
			out_line(env->out, COLOR_NONE, "%s", r->name);
		else
			out_row(env->out, COLOR_NONE, cells);
	}
	if (rc == RC_OK && table)
		out_table_end(env->out);
	return rc;
}

/* ---- run ---- */

struct running {
	struct cmd_env *env;
	const char *rule;
};

static enum rc
run_one(
    void *arg, struct change_tx *tx, int64_t id, struct change_result *r, struct err *err)
{
	struct running *x = arg;

	return change_rule(tx, &x->env->desk->actor, x->rule, id, r, err);
}

static enum rc
by_hand(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct running x = {.env = env};
	struct bulk b = {.env = env, .opts = &o.bulk, .one = run_one, .arg = &x};
	enum rc rc;

	if (argc == 0)
		return err_fail(
		    err, RC_USAGE, "run which rule? tkt-rule run NAME ID ...");
	x.rule = argv[0];
	rc = source_open(env->ctx, argc - 1, argv + 1, STDIN_FILENO, &b.source, err);
	if (rc == RC_OK)
		show_begin(env->out);
	return rc == RC_OK ? bulk_run(&b, err) : rc;
}

/* ---- explain ---- */

static void
print_trace(struct cmd_env *env, const struct change_result *r)
{
	for (size_t i = 0; i < r->nrules; i++)
		explain_rule(env, r, &r->rules[i], false);
	explain_assignment(env, r);
	if (r->nrules == 0 && env->out->format == OUT_HUMAN)
		out_line(env->out, COLOR_DIM, "ticket %lld: no rules of this kind",
		    (long long)r->ticket);
}

static enum rc
explain_drafts(struct cmd_env *env, struct err *err)
{
	struct reader *in = reader_new(env->ctx, STDIN_FILENO);
	json_t *record = NULL;
	enum rc rc, made;

	while ((rc = reader_next(in, &record, err)) == RC_OK) {
		struct change_tx *tx = NULL;
		struct change_result r = {0};
		struct draft d;

		made = draft_from_json(env->ctx, env->desk, record, &d, err);
		if (made == RC_OK)
			made = change_begin(env->ctx, env->desk, 0, &tx, err);
		if (made == RC_OK)
			made = change_new(tx, &env->desk->actor, &d, &r, err);
		if (made == RC_OK)
			print_trace(env, &r);
		if (tx != NULL)
			change_abort(tx);
		json_decref(record);
		if (made != RC_OK)
			return err_wrap(err, "line %lld", (long long)reader_line(in));
	}
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
explain(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	int on = word_index(kinds, o.on ? o.on : "created");
	struct source *s = NULL;
	int64_t id;
	enum rc rc;

	if (on < 0)
		return err_fail(err, RC_USAGE, "--on \"%s\": unknown%s", o.on,
		    text_hint(env->ctx, o.on, kinds));
	if (o.json)
		return explain_drafts(env, err);
	rc = source_open(env->ctx, argc, argv, STDIN_FILENO, &s, err);
	while (rc == RC_OK && (rc = source_next(s, &id, err)) == RC_OK) {
		struct change_tx *tx = NULL;
		struct change_result r = {0};

		rc = change_begin(env->ctx, env->desk, 0, &tx, err);
		if (rc != RC_OK)
			return rc;
		rc = change_explain(tx, &env->desk->actor, (enum rule_on)on, id, &r, err);
		if (rc == RC_OK)
			print_trace(env, &r);
		change_abort(tx);
	}
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- in desks of their own ---- */

static enum rc
test(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	return trial_do_test(env, o.conf, argc, argv, err);
}

static enum rc
rehearse(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	return trial_do_rehearse(env, o.conf, o.limit, argc, argv, err);
}

/* ---- the words ---- */

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	static const struct {
		const char *name;
		enum rc (*run)(struct cmd_env *, int, char **, struct err *);
	} verbs[] = {{"list", list}, {"run", by_hand}, {"explain", explain},
	    {"test", test}, {"rehearse", rehearse}};
	static const char *const names[] = {
	    "list", "run", "explain", "test", "rehearse", NULL};
	struct desk_want want = {.dir = env->desk_dir, .as = env->as, .write = true};
	int verb = argc > 0 ? word_index(names, argv[0]) : -1;
	enum rc rc = RC_OK;

	if (argc == 0)
		return err_fail(err, RC_USAGE,
		    "what? list, run NAME ID, explain ID, test FILE, rehearse --conf "
		    "FILE");
	if (verb < 0)
		return err_fail(err, RC_USAGE, "\"%s\": no such word%s", argv[0],
		    text_hint(env->ctx, argv[0], names));
	if (env->format != NULL && strcmp(argv[0], "test") != 0)
		return err_fail(err, RC_USAGE, "-o tap is for test");
	/* Policy is tested where there is no desk, too. */
	if (strcmp(argv[0], "test") != 0 || o.conf == NULL)
		rc = desk_open(env->ctx, &want, &env->desk, err);
	return rc == RC_OK ? verbs[verb].run(env, argc - 1, argv + 1, err) : rc;
}

static const char *const formats[] = {"tap", NULL};

static const struct cmd cmd = {
    .name = "tkt-rule",
    .summary = "let rules act, explain them, test them, try them on history",
    .args = "list | run NAME [id ...] | explain [id ...] | test file ... | "
	    "rehearse --conf file [query ...]",
    .opts = opts,
    .flags = CMD_WRITES | CMD_NO_DESK | CMD_TERMS,
    .formats = formats,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
