/* kb-lint: checks a knowledge base, a checkout or a commit. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>

#include "base/text.h"
#include "channel/weblink.h"
#include "desk/cmd.h"
#include "kb/kb.h"
#include "kb/lint.h"

static struct {
	const char *language, *since;
	bool external, private_too, push, errors;
} o;

static const struct opt opts[] = {
    {"language", 'l', OPT_TEXT, "tag", "of files that do not say (default en)",
	&o.language, NULL},
    {"since", 0, OPT_TEXT, "rev", "only what was not wrong there already", &o.since,
	NULL},
    {"errors", 0, OPT_FLAG, NULL, "only what keeps a file from being published",
	&o.errors, NULL},
    {"external", 0, OPT_FLAG, NULL, "ask for http and https links, too", &o.external,
	NULL},
    {"private", 0, OPT_FLAG, NULL, "with --external: private addresses, too",
	&o.private_too, NULL},
    {"push", 0, OPT_FLAG, NULL, "as git's pre-receive hook: read OLD NEW REF", &o.push,
	NULL},
    OPTS_COMMON,
    OPTS_END,
};
static const char *const formats[] = {"github", NULL};

static const struct column columns[] = {{"PLACE", false, false}, {"LEVEL", false, false},
    {"RULE", false, false}, {"MESSAGE", false, true}};

/* ---- output ---- */

static void
print_one(struct cmd_env *env, const struct finding *f)
{
	const char *level = f->warning ? "warning" : "error";
	char *place = talloc_asprintf(env->ctx, "%s:%d", f->path, f->line);
	const char *cells[] = {place, level, f->rule, f->message};

	if (env->format != NULL)
		fprintf(env->out->to, "::%s file=%s,line=%d,title=%s::%s\n", level,
		    text_workflow(env->ctx, f->path, ":,"), f->line,
		    text_workflow(env->ctx, f->rule, ":,"),
		    text_workflow(env->ctx, f->message, ""));
	else if (env->out->format == OUT_JSON)
		out_json(env->out, finding_to_json(f));
	else if (env->out->format == OUT_TSV)
		out_row(env->out, COLOR_NONE, cells);
	else if (env->out->format == OUT_IDS)
		out_line(env->out, COLOR_NONE, "%s", f->path);
	else
		out_line(env->out, f->warning ? COLOR_YELLOW : COLOR_RED, "%s: %s%s [%s]",
		    place, f->warning ? "warning: " : "", f->message, f->rule);
}

/* RC_NONE when there are some. */
static enum rc
print(struct cmd_env *env, const struct findings *f, struct err *err)
{
	size_t shown = 0;

	if (env->out->format == OUT_TSV)
		out_table(env->out, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < f->n; i++) {
		if (o.errors && f->v[i].warning)
			continue;
		print_one(env, &f->v[i]);
		shown++;
	}
	if (env->out->format == OUT_TSV)
		out_table_end(env->out);
	if (env->out->format == OUT_HUMAN && env->format == NULL)
		cmd_note(env, shown ? "%zu error%s, %zu warning%s" : "nothing wrong",
		    f->errors, f->errors == 1 ? "" : "s", f->n - f->errors,
		    f->n - f->errors == 1 ? "" : "s");
	err->text[0] = '\0';
	return shown ? RC_NONE : RC_OK;
}

/* ---- links to the outside ---- */

struct outside {
	struct cmd_env *env;
	struct weblinks *w;
	struct findings *f;
	int64_t asked;
};

static enum rc
on_link(void *arg, const char *url, const char *path, int line, struct err *err)
{
	struct outside *x = arg;
	const char *why = NULL;
	enum rc rc = weblinks_ask(x->w, url, &why, err);

	cmd_progress(x->env, "links", ++x->asked, false);
	if (rc == RC_OK && why != NULL)
		finding_add(
		    x->f, true, path, line, "external", "\"%.200s\": %s", url, why);
	return rc;
}

static enum rc
ask_outside(struct cmd_env *env, const char *dir, const char *language,
    struct findings *f, struct err *err)
{
	struct outside x = {.env = env, .f = f};
	enum rc rc = weblinks_open(env->ctx, o.private_too, &x.w, err);

	if (rc == RC_OK)
		rc = lint_links(env->ctx, dir, language, on_link, &x, err);
	cmd_progress(env, "", 0, true);
	findings_sort(f);
	return rc;
}

/* ---- what is looked at ---- */

static enum rc
open_desk(struct cmd_env *env, struct err *err)
{
	struct desk_want want = {.dir = env->desk_dir, .as = env->as};

	return env->desk ? RC_OK : desk_open(env->ctx, &want, &env->desk, err);
}

static enum rc
lint_rev(struct cmd_env *env, const char *rev, struct findings *f, struct err *err)
{
	const char *language = o.language;
	char id[REPO_ID], since[REPO_ID];
	struct findings before = {.ctx = env->ctx};
	struct repo *r = NULL;
	enum rc rc = open_desk(env, err);

	if (rc == RC_OK)
		rc = actor_need(&env->desk->actor, "kb.read", err);
	if (rc == RC_OK)
		rc = kb_repo(env->ctx, env->desk, &r, err);
	if (rc == RC_OK)
		rc = repo_resolve(r, rev, id, err);
	if (rc != RC_OK)
		return rc;
	language = language ? language : env->desk->config->kb.language;
	rc = lint_commit(env->ctx, r, id, language, f, err);
	if (rc != RC_OK || o.since == NULL)
		return rc;
	rc = repo_resolve(r, o.since, since, err);
	if (rc == RC_OK)
		rc = lint_commit(env->ctx, r, since, language, &before, err);
	findings_minus(f, &before);
	return rc;
}

/* ---- pushes ---- */

static const char zeros[] = "0000000000000000000000000000000000000000";

/* One ref of a push: new problems only, so that old ones do not lock everybody out. */
static enum rc
check_push(struct cmd_env *env, struct repo *r, const char *old, const char *new,
    struct findings *f, struct err *err)
{
	const char *language = env->desk->config->kb.language;
	struct findings before = {.ctx = env->ctx};
	char id[REPO_ID];
	enum rc rc = lint_commit(env->ctx, r, new, language, f, err);

	if (rc != RC_OK || strcmp(old, zeros) == 0)
		return rc;
	/* A force-push may come from a commit that is not there any more. */
	if (repo_resolve(r, old, id, err) != RC_OK)
		return RC_OK;
	rc = lint_commit(env->ctx, r, old, language, &before, err);
	findings_minus(f, &before);
	return rc;
}

static enum rc
on_push(struct cmd_env *env, struct err *err)
{
	struct findings f = {.ctx = env->ctx};
	char old[64], new[64], ref[512], line[1024], *published;
	const char *check;
	struct repo *r = NULL;
	enum rc rc = open_desk(env, err);

	if (rc == RC_OK)
		rc = actor_need(&env->desk->actor, "kb.write", err);
	if (rc == RC_OK)
		rc = kb_repo(env->ctx, env->desk, &r, err);
	if (rc != RC_OK)
		return rc;
	check = env->desk->config->kb.check;
	published =
	    talloc_asprintf(env->ctx, "refs/heads/%s", env->desk->config->kb.branch);
	while (rc == RC_OK && fgets(line, sizeof(line), stdin) != NULL) {
		if (sscanf(line, "%63s %63s %511s", old, new, ref) != 3)
			return err_fail(err, RC_INVALID, "a line is not \"OLD NEW REF\"");
		if (strcmp(ref, published) == 0 && strcmp(new, zeros) != 0 &&
		    strcmp(check, "off") != 0)
			rc = check_push(env, r, old, new, &f, err);
	}
	for (size_t i = 0; rc == RC_OK && i < f.n; i++)
		cmd_error(env, "%s:%d: %s%s", f.v[i].path, f.v[i].line,
		    f.v[i].warning ? "warning: " : "", f.v[i].message);
	if (rc == RC_OK && f.errors > 0 && strcmp(check, "reject") == 0)
		return err_fail(err, RC_NONE,
		    "%zu error%s: the push is refused (git commit --amend, push again)",
		    f.errors, f.errors == 1 ? "" : "s");
	return rc;
}

/* ---- the whole ---- */

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct findings f = {.ctx = env->ctx};
	const char *what = argc > 0 ? argv[0] : ".";
	struct stat sb;
	bool dir;
	enum rc rc = RC_OK;

	if (argc > 1)
		return err_fail(err, RC_USAGE, "one folder or revision");
	if (o.language != NULL && !text_is_language(o.language))
		return err_fail(
		    err, RC_USAGE, "--language \"%s\": a tag as \"en\"", o.language);
	if (o.push)
		return argc ? err_fail(err, RC_USAGE, "--push reads standard input")
			    : on_push(env, err);
	dir = stat(what, &sb) == 0 && S_ISDIR(sb.st_mode);
	if (o.since != NULL && dir)
		return err_fail(err, RC_USAGE, "--since is for revisions of kb.git");
	if (o.external && !dir)
		return err_fail(err, RC_USAGE, "--external is for a folder");
	if (!dir && (argc == 0 || strchr(what, '/') == what))
		return err_fail(err, RC_NOTFOUND, "%s: no such folder", what);
	rc = dir ? lint_dir(env->ctx, what, o.language ? o.language : "en", &f, err)
		 : lint_rev(env, what, &f, err);
	if (rc == RC_OK && o.external)
		rc = ask_outside(env, what, o.language ? o.language : "en", &f, err);
	return rc == RC_OK ? print(env, &f, err) : rc;
}

static const struct cmd cmd = {
    .name = "kb-lint",
    .summary = "check articles: front matter, ids, links, headings",
    .args = "[folder | revision]",
    .opts = opts,
    .flags = CMD_NO_DESK,
    .formats = formats,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
