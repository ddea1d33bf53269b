/* tkt-set: changes tickets in the change language. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/text.h"
#include "change/bulk.h"
#include "desk/cmd.h"
#include "query/show.h"

static struct {
	bool dry_run;
} o;

static const struct opt opts[] = {
    {"dry-run", 'N', OPT_FLAG, NULL, "say what would change, and change nothing",
	&o.dry_run, NULL},
    OPTS_COMMON,
    OPTS_END,
};

struct set {
	struct cmd_env *env;
	struct changes changes;
	int64_t done;
};

static enum rc
one(void *arg, struct change_tx *tx, int64_t id, struct change_result *r, struct err *err)
{
	struct set *s = arg;
	struct edit e = {.ticket = id, .changes = &s->changes};

	return change_edit(tx, &s->env->desk->actor, &e, r, err);
}

static enum rc
done(void *arg, struct change_result *r, struct err *err)
{
	struct set *s = arg;
	struct cmd_env *env = s->env;
	const char *key;
	json_t *v;

	cmd_progress(env, "tickets", ++s->done, false);
	if (env->out->format != OUT_HUMAN)
		return show_ticket(env->desk, env->out, r->after, err);
	if (!r->changed)
		out_line(env->out, COLOR_DIM, "ticket %lld: nothing to change",
		    (long long)r->ticket);
	json_object_foreach(r->changes, key, v)
	{
		char *from =
		    json_dumps(json_array_get(v, 0), JSON_ENCODE_ANY | JSON_COMPACT);
		char *to =
		    json_dumps(json_array_get(v, 1), JSON_ENCODE_ANY | JSON_COMPACT);

		out_line(env->out, COLOR_NONE, "ticket %lld: %s %s → %s%s",
		    (long long)r->ticket, key, from, to, o.dry_run ? " (not done)" : "");
		free(from);
		free(to);
	}
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct set s = {.env = env};
	struct source *source = NULL;
	char **ids = talloc_array(env->ctx, char *, (unsigned)argc + 1);
	int n = 0;
	enum rc rc = RC_OK;

	for (int i = 0; rc == RC_OK && i < argc; i++) {
		int64_t id;

		if (text_number(argv[i] + (argv[i][0] == '#'), &id))
			ids[n++] = argv[i];
		else
			rc = changes_add_word(
			    env->ctx, argv[i], env->desk->config, &s.changes, err);
	}
	if (rc == RC_OK && s.changes.n == 0)
		rc =
		    err_fail(err, RC_USAGE, "say what to change: tkt-set 42 status=open");
	if (rc == RC_OK)
		rc = source_open(env->ctx, n, ids, STDIN_FILENO, &source, err);
	if (rc != RC_OK)
		return rc;
	show_begin(env->out);
	rc = bulk_run(env->desk, source, o.dry_run, one, done, &s, err);
	cmd_progress(env, "tickets", s.done, true);
	return rc;
}

static const struct cmd cmd = {
    .name = "tkt-set",
    .summary = "change tickets",
    .args = "[id ...] field=value ...",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
