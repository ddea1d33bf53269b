/* tkt-rule: rules by hand, explained, tested, and tried on history. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/record.h"
#include "base/text.h"
#include "change/bulk.h"
#include "change/explain.h"
#include "query/show.h"
#include "trial/trial.h"

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

/* ---- test ---- */

struct testing {
	struct cmd_env *env;
	int64_t run, failed;
};

static void
print_case(struct testing *x, const struct case_result *r)
{
	struct out *out = x->env->out;
	bool good = r->n == 0 && r->error == NULL;
	json_t *list = json_array();

	x->run++;
	x->failed += !good;
	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(
		    list, json_pack("{s:s,s:O,s:O}", "key", r->v[i].key, "wanted",
			      r->v[i].wanted, "got", r->v[i].got));
	if (x->env->format != NULL) { /* tap */
		out_line(out, COLOR_NONE, "%sok %lld - %s", good ? "" : "not ",
		    (long long)x->run, r->name);
	} else if (out->format == OUT_JSON) {
		out_json(out,
		    json_pack("{s:s,s:s,s:b,s:s?,s:O}", "type", "test", "name", r->name,
			"ok", good, "error", r->error, "differences", list));
	} else {
		out_line(out, good ? COLOR_GREEN : COLOR_RED, "%s: %s%s%s", r->name,
		    good ? "ok" : "failed", r->error ? ": " : "",
		    r->error ? r->error : "");
	}
	for (size_t i = 0;
	     i < r->n && (x->env->format != NULL || out->format != OUT_JSON); i++) {
		char *wanted = json_dumps(r->v[i].wanted, JSON_ENCODE_ANY | JSON_COMPACT),
		     *got = json_dumps(r->v[i].got, JSON_ENCODE_ANY | JSON_COMPACT);

		out_line(out, COLOR_NONE, "%s %s: wanted %s, got %s",
		    x->env->format ? "#" : "  ", r->v[i].key, wanted, got);
		free(wanted);
		free(got);
	}
	json_decref(list);
}

static enum rc
test_file(struct testing *x, struct trial *t, FILE *f, const char *name, struct err *err)
{
	struct reader *in = reader_new(x->env->ctx, fileno(f));
	json_t *c = NULL;
	enum rc rc, ran;

	while ((rc = reader_next(in, &c, err)) == RC_OK) {
		void *ctx = talloc_new(x->env->ctx);
		struct case_result r;

		ran = trial_case(t, ctx, name, c, &r, err);
		if (ran == RC_OK)
			print_case(x, &r);
		json_decref(c);
		talloc_free(ctx);
		if (ran != RC_OK)
			return err_wrap(
			    err, "%s: line %lld", name, (long long)reader_line(in));
	}
	return rc == RC_NONE ? RC_OK : err_wrap(err, "%s", name);
}

static enum rc
test(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct testing x = {.env = env};
	struct trial *t = NULL;
	enum rc rc;

	if (argc == 0)
		return err_fail(
		    err, RC_USAGE, "test which cases? tkt-rule test FILE ...");
	rc = trial_new(env->ctx, o.conf, env->desk, &t, err);
	for (int i = 0; rc == RC_OK && i < argc; i++) {
		FILE *f = strcmp(argv[i], "-") == 0 ? stdin : fopen(argv[i], "re");

		if (f == NULL)
			return err_errno(err, "%s", argv[i]);
		rc = test_file(&x, t, f, argv[i], err);
		if (f != stdin)
			fclose(f);
	}
	if (rc == RC_OK && env->format != NULL)
		out_line(env->out, COLOR_NONE, "1..%lld", (long long)x.run);
	else if (rc == RC_OK && env->out->format == OUT_HUMAN)
		out_line(env->out, COLOR_BOLD, "%lld cases, %lld failed",
		    (long long)x.run, (long long)x.failed);
	return rc == RC_OK && x.failed > 0 ? RC_NONE : rc;
}

/* ---- rehearse ---- */

static bool
differ(const struct replayed *a, const struct replayed *b)
{
	return strcmp(a->queue, b->queue) != 0 || strcmp(a->assignee, b->assignee) != 0 ||
	       strcmp(a->priority, b->priority) != 0 || !json_equal(a->tags, b->tags);
}

static json_t *
replayed_json(const struct replayed *x)
{
	json_t *v = json_pack(
	    "{s:s,s:s,s:O}", "queue", x->queue, "priority", x->priority, "tags", x->tags);

	record_set_text(v, "assignee", *x->assignee ? x->assignee : NULL);
	json_object_set_new(
	    v, "waited_s", x->waited_s < 0 ? json_null() : json_integer(x->waited_s));
	return v;
}

static void
print_difference(
    struct cmd_env *env, const struct replayed *was, const struct replayed *would)
{
	if (env->out->format == OUT_JSON)
		out_json(
		    env->out, json_pack("{s:s,s:I,s:o,s:o}", "type", "replay", "ticket",
				  (json_int_t)was->ticket, "was", replayed_json(was),
				  "would", replayed_json(would)));
	else if (env->out->format == OUT_IDS)
		out_id(env->out, was->ticket);
	else
		out_line(env->out, COLOR_NONE, "ticket %lld: %s, %s, %s → %s, %s, %s",
		    (long long)was->ticket, was->queue,
		    *was->assignee ? was->assignee : "nobody", was->priority,
		    would->queue, *would->assignee ? would->assignee : "nobody",
		    would->priority);
}

static json_t *
load_json(const struct replay *r)
{
	json_t *agents = json_object();

	for (size_t i = 0; i < r->nload; i++)
		json_object_set_new(agents, r->load[i].agent,
		    json_pack("{s:I,s:I}", "tickets", (json_int_t)r->load[i].tickets,
			"most_open", (json_int_t)r->load[i].most));
	return json_pack("{s:o,s:I,s:I,s:I}", "agents", agents, "waited",
	    (json_int_t)r->waiting, "waited_mean_s",
	    (json_int_t)(r->waiting ? r->waited_s / r->waiting : 0), "waited_most_s",
	    (json_int_t)r->waited_most_s);
}

static void
print_load(struct cmd_env *env, const char *when, const struct replay *r)
{
	for (size_t i = 0; i < r->nload; i++)
		out_line(env->out, COLOR_NONE, "%s: %s: %lld tickets, at most %lld open",
		    when, r->load[i].agent, (long long)r->load[i].tickets,
		    (long long)r->load[i].most);
	out_line(env->out, COLOR_NONE,
	    "%s: %lld tickets waited, %lld s on average, %lld s at most", when,
	    (long long)r->waiting, (long long)(r->waiting ? r->waited_s / r->waiting : 0),
	    (long long)r->waited_most_s);
}

static void
print_sum(struct cmd_env *env, const struct replay *was, const struct replay *would,
    int64_t differing)
{
	if (env->out->format == OUT_JSON) {
		out_json(env->out,
		    json_pack("{s:s,s:I,s:I,s:o,s:o}", "type", "replay_sum", "tickets",
			(json_int_t)was->n, "differ", (json_int_t)differing, "was",
			load_json(was), "would", load_json(would)));
	} else if (env->out->format == OUT_HUMAN) {
		print_load(env, "as it is", was);
		print_load(env, "as it would be", would);
		out_line(env->out, COLOR_BOLD, "%zu tickets: %lld would differ", was->n,
		    (long long)differing);
	}
}

static enum rc
replay_by(struct cmd_env *env, const char *conf, const struct node *tree,
    struct replay *r, struct err *err)
{
	struct trial *t = NULL;
	enum rc rc = trial_new(env->ctx, conf, env->desk, &t, err);

	if (rc == RC_OK)
		rc = trial_replay(t, env->ctx, env->desk, tree, o.limit, r, err);
	talloc_free(t);
	return rc;
}

static enum rc
rehearse(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct replay was = {0}, would = {0};
	struct node *tree = NULL;
	int64_t differing = 0;
	enum rc rc;

	if (o.conf == NULL)
		return err_fail(
		    err, RC_USAGE, "rehearse what? --conf names another tkt.conf");
	rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc == RC_OK)
		rc = query_user(env->desk, env->ctx, argc, argv, NULL, &tree, err);
	if (rc == RC_OK)
		rc = replay_by(env, NULL, tree, &was, err);
	if (rc == RC_OK)
		rc = replay_by(env, o.conf, tree, &would, err);
	for (size_t i = 0; rc == RC_OK && i < was.n && i < would.n; i++) {
		if (!differ(&was.v[i], &would.v[i]))
			continue;
		differing++;
		print_difference(env, &was.v[i], &would.v[i]);
	}
	if (rc == RC_OK)
		print_sum(env, &was, &would, differing);
	return rc;
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
