/* kb-import: articles of elsewhere. */
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <talloc.h>

#include "desk/cmd.h"
#include "exchange/kb_import.h"

static struct {
	const char *message;
	bool dry_run;
} o;

static const struct opt opts[] = {
    {"message", 'm', OPT_TEXT, "text", "what the commit says", &o.message, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "only say what would be imported", &o.dry_run, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static void
on_file(void *arg, const struct kb_imported *i)
{
	struct cmd_env *env = arg;

	if (env->out->format == OUT_JSON)
		out_json(env->out, json_pack("{s:s,s:s,s:s?,s:s?,s:s?}", "type",
				       "article_import", "from", i->from, "path", i->path,
				       "article", i->id, "reason", i->why));
	else if (env->out->format == OUT_IDS && i->id != NULL)
		out_line(env->out, COLOR_NONE, "%s", i->id);
	else if (env->out->format != OUT_IDS)
		out_line(env->out, i->path ? COLOR_NONE : COLOR_YELLOW, "%s%s%s", i->from,
		    i->path ? " -> " : ": ", i->path ? i->path : i->why);
}

static void
on_problem(void *arg, const struct finding *f)
{
	cmd_error(arg, "%s:%d: %s", f->path, f->line, f->message);
}

static enum rc
take(struct kb_import *k, const char *path, struct err *err)
{
	const char *dot = strrchr(path, '.');
	struct stat sb;

	if (stat(path, &sb) != 0)
		return err_errno(err, "%s", path);
	if (S_ISDIR(sb.st_mode))
		return kb_import_dir(k, path, err);
	if (dot != NULL &&
	    (strcasecmp(dot, ".json") == 0 || strcasecmp(dot, ".ndjson") == 0))
		return kb_import_zendesk(k, path, err);
	return kb_import_archive(k, path, err);
}

static enum rc
finish(struct cmd_env *env, struct kb_import *k, const char *from, struct err *err)
{
	struct kb_publish_want want = {.report = on_problem, .arg = env};
	struct kb_published p;
	const char *message =
	    o.message ? o.message : talloc_asprintf(env->ctx, "Import %s", from);
	enum rc rc = kb_import_commit(k, message, err);

	return rc == RC_OK || rc == RC_NONE
		   ? kb_publish(env->ctx, env->desk, &want, &p, err)
		   : rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct kb_import *k = kb_import_new(env->ctx, env->desk, on_file, env);
	size_t wrong = 0;
	enum rc rc = actor_need(&env->desk->actor, "kb.write", err);

	if (argc != 1)
		return err_fail(
		    err, RC_USAGE, "say what: a folder, an archive, or Zendesk's JSON");
	if (rc == RC_OK && env->desk->brokered)
		rc = err_fail(err, RC_DENIED, "files cannot be named through tkt-shell");
	if (rc == RC_OK)
		rc = take(k, argv[0], err);
	if (rc != RC_OK)
		return rc;
	if (kb_import_count(k, &wrong) > 0 && !o.dry_run)
		rc = finish(env, k, argv[0], err);
	if (rc == RC_OK && wrong > 0)
		rc = err_fail(
		    err, RC_INVALID, "%zu left out as wrong; the rest is there", wrong);
	return rc;
}

static const struct cmd cmd = {
    .name = "kb-import",
    .summary = "import articles: bundles, Hugo, Jekyll, Zendesk",
    .args = "folder | file",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
