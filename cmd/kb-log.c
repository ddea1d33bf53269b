/* kb-log: the history of an article, over its renames. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "desk/cmd.h"
#include "kb/feedback.h"

static struct {
	const char *language;
	int64_t limit;
	bool feedback;
} o;

static const struct opt opts[] = {
    {"language", 'l', OPT_TEXT, "tag", "of this language", &o.language, NULL},
    {"feedback", 0, OPT_FLAG, NULL, "with the votes on each version", &o.feedback, NULL},
    {"limit", 'n', OPT_NUM, "count", "at most this many", &o.limit, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static const struct column columns[] = {{"REVISION", false, false},
    {"WHEN", false, false}, {"AUTHOR", false, false}, {"YES", true, false},
    {"NO", true, false}, {"WHAT", false, true}};

struct logging {
	struct cmd_env *env;
	const struct kb_article *a;
	struct votes *votes;
	size_t nvotes;
	int64_t shown;
};

static const struct votes *
votes_of(const struct logging *l, const char *revision)
{
	static const struct votes none;

	for (size_t i = 0; i < l->nvotes; i++) {
		if (strcmp(l->votes[i].revision, revision) == 0)
			return &l->votes[i];
	}
	return &none;
}

/* Nothing for a version without votes. */
static char *
number(void *ctx, const struct votes *v, int64_t n)
{
	return v->yes || v->no ? talloc_asprintf(ctx, "%lld", (long long)n)
			       : talloc_strdup(ctx, "");
}

static void
print_row(struct logging *l, const struct repo_commit *c, const char *path,
    const struct votes *v)
{
	struct cmd_env *env = l->env;
	char *when = instant_local(env->ctx, c->at, desk_zone(env->desk)),
	     *yes = number(env->ctx, v, v->yes), *no = number(env->ctx, v, v->no),
	     *what = strcmp(path, l->a->path) == 0
			 ? talloc_strdup(env->ctx, c->summary)
			 : talloc_asprintf(env->ctx, "%s (then %s)", c->summary, path);
	const char *cells[] = {
	    talloc_strndup(env->ctx, c->id, 10), when, c->author, yes, no, what};
	const char *short_cells[] = {cells[0], when, c->author, what};

	out_row(env->out, COLOR_NONE, o.feedback ? cells : short_cells);
}

static enum rc
on_commit(void *arg, const struct repo_commit *c, const char *path, struct err *err)
{
	struct logging *l = arg;
	struct cmd_env *env = l->env;
	const struct votes *v = votes_of(l, c->id);
	json_t *record;

	(void)err;
	if (env->out->format == OUT_JSON) {
		record = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:o}", "type", "revision",
		    "article", l->a->id, "revision", c->id, "path", path, "author",
		    c->author, "summary", c->summary, "at", record_instant_value(c->at));
		if (o.feedback) {
			record_set_int(record, "yes", v->yes);
			record_set_int(record, "no", v->no);
		}
		out_json(env->out, record);
	} else if (env->out->format == OUT_IDS) {
		out_line(env->out, COLOR_NONE, "%s", c->id);
	} else {
		print_row(l, c, path, v);
	}
	return o.limit > 0 && ++l->shown >= o.limit ? RC_NONE : RC_OK;
}

static enum rc
show(struct cmd_env *env, const char *id, struct err *err)
{
	static const struct column plain[] = {{"REVISION", false, false},
	    {"WHEN", false, false}, {"AUTHOR", false, false}, {"WHAT", false, true}};
	bool table = env->out->format == OUT_HUMAN || env->out->format == OUT_TSV;
	struct kb_article a;
	struct logging l = {.env = env, .a = &a};
	struct repo *r = NULL;
	char *published = NULL;
	enum rc rc = kb_find(env->desk, env->ctx, id, o.language, &a, err);

	if (rc == RC_OK)
		rc = kb_may_see(env->desk, &a, err);
	if (rc == RC_OK && o.feedback)
		rc = votes_by_revision(env->desk->store, env->ctx, a.id, a.language,
		    &l.votes, &l.nvotes, err);
	if (rc == RC_OK)
		rc = kb_repo(env->ctx, env->desk, &r, err);
	if (rc == RC_OK)
		rc = kb_published(env->desk->store, env->ctx, &published, err);
	if (rc != RC_OK)
		return rc;
	if (table)
		out_table(env->out, o.feedback ? columns : plain, o.feedback ? 6 : 4);
	rc = repo_log(r, published, a.path, on_commit, &l, err);
	if (table)
		out_table_end(env->out);
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	enum rc rc = RC_OK;

	if (argc == 0)
		return err_fail(err, RC_USAGE, "say which article");
	for (int i = 0; rc == RC_OK && i < argc; i++)
		rc = show(env, argv[i], err);
	return rc;
}

static const struct cmd cmd = {
    .name = "kb-log",
    .summary = "show the history of an article",
    .args = "id ...",
    .opts = opts,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
