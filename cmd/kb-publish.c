/* kb-publish: brings index and site up to kb.git. */
#include <string.h>
#include <talloc.h>

#include "desk/cmd.h"
#include "kb/kb.h"

static struct {
	bool all, dry_run;
} o;

static const struct opt opts[] = {
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
	json_t *before = *p->before ? json_string(p->before) : json_null();

	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:s,s:o,s:I,s:I,s:I,s:I,s:I}", "type", "publication",
			"revision", p->revision, "before", before, "added",
			(json_int_t)p->added, "changed", (json_int_t)p->changed, "removed",
			(json_int_t)p->removed, "pages", (json_int_t)p->pages, "problems",
			(json_int_t)p->problems));
	else
		out_line(env->out, COLOR_NONE,
		    "%s %.10s: %lld new, %lld changed, %lld removed, %lld files",
		    o.dry_run ? "would publish" : "published", p->revision,
		    (long long)p->added, (long long)p->changed, (long long)p->removed,
		    (long long)p->pages);
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct kb_publish_want want = {.all = o.all,
	    .dry_run = o.dry_run,
	    .report = on_problem,
	    .progress = on_progress,
	    .arg = env};
	struct kb_published p = {0};
	enum rc rc;

	(void)argv;
	if (argc > 0)
		return err_fail(err, RC_USAGE, "files: not yet");
	rc = kb_publish(env->ctx, env->desk, &want, &p, err);
	cmd_progress(env, "", 0, true);
	if (rc == RC_OK || (rc == RC_INVALID && p.revision != NULL && *p.revision))
		print(env, &p);
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
