/* kb-publish: commits files, and brings index and site up to kb.git. */
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "change/compose.h"
#include "desk/cmd.h"
#include "exchange/kb_import.h"

static struct {
	const char *id, *section, *message, *revert, *bundle;
	bool all, dry_run, remove, internal;
} o;

static const struct opt opts[] = {
    {"id", 0, OPT_TEXT, "id", "the article that standard input is", &o.id, NULL},
    {"section", 0, OPT_TEXT, "path", "the folder of new ones", &o.section, NULL},
    {"message", 'm', OPT_TEXT, "text", "what the commit says", &o.message, NULL},
    {"revert", 0, OPT_TEXT, "revision", "make articles again what they were there",
	&o.revert, NULL},
    {"remove", 0, OPT_FLAG, NULL, "remove articles", &o.remove, NULL},
    {"bundle", 0, OPT_TEXT, "file", "then write articles and site to this archive",
	&o.bundle, NULL},
    {"internal", 0, OPT_FLAG, NULL, "the bundle has what is internal, too", &o.internal,
	NULL},
    {"all", 0, OPT_FLAG, NULL, "everything anew, whatever is published", &o.all, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "only say what would be done", &o.dry_run, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static void
on_problem(void *arg, const struct finding *f)
{
	cmd_error(arg, "%s:%d: %s", f->path, f->line, f->message);
}

static void
on_progress(void *arg, const char *what, int64_t done)
{
	cmd_progress(arg, what, done, false);
}

static void
print(struct cmd_env *env, const struct kb_published *p)
{
	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:s,s:o,s:I,s:I,s:I,s:I,s:I}", "type", "publication",
			"revision", p->revision, "before",
			*p->before ? json_string(p->before) : json_null(), "added",
			(json_int_t)p->added, "changed", (json_int_t)p->changed,
			"removed", (json_int_t)p->removed, "pages", (json_int_t)p->pages,
			"problems", (json_int_t)p->problems));
	else
		out_line(env->out, COLOR_NONE,
		    "%s %.10s: %lld new, %lld changed, %lld removed, %lld files",
		    o.dry_run ? "would publish" : "published", p->revision,
		    (long long)p->added, (long long)p->changed, (long long)p->removed,
		    (long long)p->pages);
}

/* ---- what is committed ---- */

struct edits {
	struct cmd_env *env;
	struct repo_edit *v;
	size_t n;
	const char *what; /* ids, for the message */
	struct findings f;
};

static void
add_edit(struct edits *e, const char *path, const char *data, size_t n, const char *id)
{
	e->v = mem_grow(e->env->ctx, e->v, struct repo_edit, e->n + 1);
	e->v[e->n++] = (struct repo_edit){path, data, n};
	e->what = e->n == 1   ? talloc_strdup(e->env->ctx, id)
		  : e->n < 6  ? talloc_asprintf(e->env->ctx, "%s, %s", e->what, id)
		  : e->n == 6 ? talloc_asprintf(e->env->ctx, "%s and others", e->what)
			      : e->what;
}

/* A path as kb.git may have it: relative, and not out of itself. */
static const char *
inside(void *ctx, const char *file)
{
	while (text_starts(file, "./"))
		file += 2;
	if (*file == '/' || path_resolve(ctx, "", file) == NULL ||
	    strcmp(path_resolve(ctx, "", file), file) != 0)
		return strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	return file;
}

/* An article goes where its id is; a new one where its path, or --section, says. */
static enum rc
add_article(struct edits *e, const char *name, char *data, size_t n, struct err *err)
{
	struct cmd_env *env = e->env;
	struct article *a = NULL;
	char *path = NULL;
	bool there = false;
	enum rc rc = kb_check(env->ctx, env->desk, name, data, n, &a, &e->f, err);

	if (rc == RC_OK)
		rc = kb_place(env->ctx, env->desk, a->id, a->language, o.section, &path,
		    &there, err);
	if (rc != RC_OK)
		return rc;
	if (!there && o.section == NULL && strchr(name, '/') != NULL)
		path = talloc_strdup(env->ctx, name);
	add_edit(e, path, data, n, a->id);
	return RC_OK;
}

static enum rc
add_file(struct edits *e, const char *file, struct err *err)
{
	struct cmd_env *env = e->env;
	const char *name = inside(env->ctx, file);
	char *data = NULL;
	size_t n = 0;
	enum rc rc =
	    desk_read_file(env->desk, env->ctx, file, REPO_FILE_MAX, &data, &n, err);

	if (rc != RC_OK)
		return rc;
	switch (path_kind(name)) {
	case PATH_ARTICLE:
		return add_article(e, name, data, n, err);
	case PATH_SECTION:
	case PATH_ASSET:
		if (o.section != NULL)
			name = talloc_asprintf(env->ctx, "%s/%s", o.section,
			    strrchr(name, '/') ? strrchr(name, '/') + 1 : name);
		add_edit(e, name, data, n, name);
		return RC_OK;
	case PATH_OTHER:
		break;
	}
	return err_fail(
	    err, RC_INVALID, "%s: neither an article (.md) nor a picture", file);
}

static enum rc
add_stdin(struct edits *e, struct err *err)
{
	char *text = NULL, *name = talloc_asprintf(e->env->ctx, "%s.md", o.id);
	size_t n = 0;
	enum rc rc;

	if (isatty(STDIN_FILENO) == 1)
		return err_fail(
		    err, RC_USAGE, "--id: the article comes on standard input");
	rc = compose_text(e->env->desk, e->env->ctx, NULL, true, "", &text, &n, err);
	return rc == RC_OK ? add_article(e, name, text, n, err) : rc;
}

static enum rc
add_old(struct edits *e, const char *id, struct err *err)
{
	struct cmd_env *env = e->env;
	struct kb_article a;
	struct kb_version v = {0};
	enum rc rc = kb_find(env->desk, env->ctx, id, NULL, &a, err);

	if (rc == RC_OK && o.revert != NULL)
		rc = kb_version(env->ctx, env->desk, &a, o.revert, &v, err);
	if (rc == RC_OK)
		add_edit(e, a.path, v.data, v.n, a.id);
	return rc;
}

static enum rc
gather(struct edits *e, int argc, char **argv, struct err *err)
{
	enum rc rc = RC_OK;

	if (o.id != NULL)
		rc = add_stdin(e, err);
	for (int i = 0; rc == RC_OK && i < argc; i++)
		rc = o.revert || o.remove ? add_old(e, argv[i], err)
					  : add_file(e, argv[i], err);
	return rc;
}

static enum rc
commit(struct edits *e, struct err *err)
{
	const char *verb = o.revert ? "Revert" : o.remove ? "Remove" : "Publish";
	const char *message =
	    o.message ? o.message
	    : o.revert
		? talloc_asprintf(e->env->ctx, "%s %s to %s", verb, e->what, o.revert)
		: talloc_asprintf(e->env->ctx, "%s %s", verb, e->what);
	char id[REPO_ID];
	enum rc rc = kb_commit(e->env->ctx, e->env->desk, e->v, e->n, message, id, err);

	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
check_words(struct cmd_env *env, int argc, struct err *err)
{
	if (o.revert != NULL && o.remove)
		return err_fail(err, RC_USAGE, "--revert or --remove, not both");
	if ((o.revert != NULL || o.remove) && argc == 0)
		return err_fail(err, RC_USAGE, "say which articles");
	if (o.id != NULL && argc > 0)
		return err_fail(err, RC_USAGE, "--id is for standard input: no files");
	if (o.id != NULL && !text_is_name(o.id, ARTICLE_ID_MAX))
		return err_fail(
		    err, RC_USAGE, "--id \"%s\": small letters, digits, - and _", o.id);
	if (o.section != NULL &&
	    (*o.section == '/' || path_resolve(env->ctx, "", o.section) == NULL))
		return err_fail(
		    err, RC_USAGE, "--section \"%s\": a folder of kb.git", o.section);
	return RC_OK;
}

static enum rc
write_bundle(struct cmd_env *env, struct err *err)
{
	int64_t articles = 0;
	enum rc rc =
	    env->desk->brokered
		? err_fail(err, RC_DENIED, "%s: files cannot be named through tkt-shell",
		      o.bundle)
		: kb_bundle(env->ctx, env->desk, o.bundle, o.internal, &articles, err);

	if (rc == RC_OK)
		cmd_note(env, "%s: %lld articles", o.bundle, (long long)articles);
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct kb_publish_want want = {.all = o.all,
	    .dry_run = o.dry_run,
	    .report = on_problem,
	    .progress = on_progress,
	    .arg = env};
	struct edits e = {.env = env, .f = {.ctx = env->ctx}};
	struct kb_published p = {0};
	struct err bad = {0};
	enum rc rc = check_words(env, argc, err);

	if (rc == RC_OK)
		rc = actor_need(&env->desk->actor, "kb.write", err);
	if (rc == RC_OK)
		rc = gather(&e, argc, argv, err);
	if (rc == RC_OK && e.n > 0 && o.dry_run)
		return RC_OK; /* they are right, and that is all that can be said */
	if (rc == RC_OK && e.n > 0)
		rc = commit(&e, err);
	if (rc != RC_OK)
		return rc;
	rc = kb_publish(env->ctx, env->desk, &want, &p, err);
	cmd_progress(env, "", 0, true);
	if ((rc == RC_OK || rc == RC_INVALID) && p.revision != NULL &&
	    *p.revision != '\0')
		print(env, &p);
	/* Its own errors count before problems that were said. */
	if ((rc == RC_OK || rc == RC_INVALID) && o.bundle != NULL && !o.dry_run) {
		enum rc made = write_bundle(env, &bad);

		if (made != RC_OK) {
			*err = bad;
			return made;
		}
	}
	return rc;
}

static const struct cmd cmd = {
    .name = "kb-publish",
    .summary = "publish articles: commit files, bring index and site up to date",
    .args = "[file ...]",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
