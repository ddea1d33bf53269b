/* kb-stats: which articles help, which need care, what is missing. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/record.h"
#include "desk/cmd.h"
#include "kb/feedback.h"
#include "kb/views.h"

static struct {
	const char *since, *log;
	int64_t limit;
	bool stale, misses;
} o = {.limit = 100};

static const struct opt opts[] = {
    {"stale", 0, OPT_FLAG, NULL, "only articles that somebody should look at", &o.stale,
	NULL},
    {"misses", 0, OPT_FLAG, NULL, "searches that found nothing", &o.misses, NULL},
    {"since", 0, OPT_TEXT, "time", "votes, citations and searches since then", &o.since,
	NULL},
    {"access-log", 0, OPT_TEXT, "file",
	"first count views by this web server's log (-: standard input)", &o.log,
	"@file"},
    {"limit", 'n', OPT_NUM, "count", "at most this many searches (default 100)", &o.limit,
	NULL},
    OPTS_COMMON,
    OPTS_END,
};

static const struct column columns[] = {{"ID", false, false}, {"LANG", false, false},
    {"VIEWS", true, false}, {"YES", true, false}, {"NO", true, false},
    {"CITED", true, false}, {"SOLVED", true, false}, {"REOPENED", true, false},
    {"STALE", false, true}};
static const struct column miss_columns[] = {
    {"TIMES", true, false}, {"WORDS", false, true}};

static char *
number(void *ctx, int64_t n)
{
	return talloc_asprintf(ctx, "%lld", (long long)n);
}

static enum rc
on_article(
    void *arg, const struct kb_article *a, const struct kb_numbers *n, struct err *err)
{
	struct cmd_env *env = arg;
	json_t *record;

	(void)err;
	if (o.stale && n->stale == NULL)
		return RC_OK;
	if (env->out->format == OUT_JSON) {
		record = json_pack("{s:s,s:s,s:s,s:s}", "type", "article_stats",
		    "article", a->id, "language", a->language, "title", a->title);
		record_set_int(record, "views", n->views);
		record_set_int(record, "yes", n->yes);
		record_set_int(record, "no", n->no);
		record_set_int(record, "cited", n->cited);
		record_set_int(record, "solved", n->solved);
		record_set_int(record, "reopened", n->reopened);
		record_set_text(record, "stale", n->stale);
		record_set_instant(record, "changed_at", a->changed_at);
		out_json(env->out, record);
	} else if (env->out->format == OUT_IDS) {
		out_line(env->out, COLOR_NONE, "%s", a->id);
	} else {
		const char *cells[] = {a->id, a->language, number(env->ctx, n->views),
		    number(env->ctx, n->yes), number(env->ctx, n->no),
		    number(env->ctx, n->cited), number(env->ctx, n->solved),
		    number(env->ctx, n->reopened), n->stale ? n->stale : ""};

		out_row(env->out, n->stale ? COLOR_YELLOW : COLOR_NONE, cells);
	}
	return RC_OK;
}

static enum rc
on_miss(void *arg, const char *words, int64_t times, int64_t last_at, struct err *err)
{
	struct cmd_env *env = arg;
	const char *cells[] = {number(env->ctx, times), words};

	(void)err;
	if (env->out->format == OUT_JSON)
		out_json(env->out, json_pack("{s:s,s:s,s:I,s:o}", "type", "article_miss",
				       "words", words, "times", (json_int_t)times,
				       "last_at", record_instant_value(last_at)));
	else if (env->out->format == OUT_IDS)
		out_line(env->out, COLOR_NONE, "%s", words);
	else
		out_row(env->out, COLOR_NONE, cells);
	return RC_OK;
}

/* Counted by a desk of its own: the rest only reads. */
static enum rc
count_views(struct cmd_env *env, struct err *err)
{
	struct desk_want want = {.dir = env->desk_dir, .as = env->as, .write = true};
	bool here = strcmp(o.log, "-") == 0;
	struct views_counted n;
	struct desk *d = NULL;
	FILE *log;
	enum rc rc;

	if (env->desk->brokered && !here)
		return err_fail(
		    err, RC_DENIED, "%s: files cannot be named through tkt-shell", o.log);
	log = here ? stdin : fopen(o.log, "re");
	if (log == NULL)
		return err_errno(err, "%s", o.log);
	rc = desk_open(env->ctx, &want, &d, err);
	if (rc == RC_OK)
		rc = views_count(d, log, &n, err);
	if (!here)
		fclose(log);
	talloc_free(d);
	if (rc == RC_OK)
		cmd_note(env, "%lld lines, %lld views counted", (long long)n.lines,
		    (long long)n.views);
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	bool table = env->out->format == OUT_HUMAN || env->out->format == OUT_TSV;
	int64_t since = 0;
	enum rc rc;

	(void)argv;
	if (argc > 0)
		return err_fail(err, RC_USAGE, "no operands, please");
	if (o.stale && o.misses)
		return err_fail(err, RC_USAGE, "--stale or --misses, not both");
	rc = desk_instant(env->desk, "since", o.since, &since, err);
	if (rc == RC_OK && o.log != NULL)
		rc = count_views(env, err);
	if (rc == RC_OK && o.misses)
		rc = actor_need(&env->desk->actor, "kb.read", err);
	if (rc != RC_OK)
		return rc;
	if (table && o.misses)
		out_table(env->out, miss_columns, 2);
	else if (table)
		out_table(env->out, columns, sizeof(columns) / sizeof(columns[0]));
	rc = o.misses
		 ? kb_misses_each(env->desk->store, since, o.limit, on_miss, env, err)
		 : kb_numbers_each(env->desk, since, on_article, env, err);
	if (table)
		out_table_end(env->out);
	return rc;
}

static const struct cmd cmd = {
    .name = "kb-stats",
    .summary = "show which articles help, which need care, what is missing",
    .args = "",
    .opts = opts,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
