/* tkt-set: changes tickets in the change language. */
#include <talloc.h>
#include <unistd.h>

#include "base/text.h"
#include "change/bulk.h"
#include "query/show.h"

static struct bulk_opts o;

static const struct opt opts[] = {
    BULK_OPTS(o),
    OPTS_COMMON,
    OPTS_END,
};

struct set {
	struct cmd_env *env;
	struct changes changes;
};

static enum rc
one(void *arg, struct change_tx *tx, int64_t id, struct change_result *r, struct err *err)
{
	struct set *s = arg;
	struct edit e = {.ticket = id, .changes = &s->changes};

	return change_edit(tx, &s->env->desk->actor, &e, r, err);
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct set s = {.env = env};
	struct bulk b = {.env = env, .opts = &o, .one = one, .arg = &s};
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
		rc = source_open(env->ctx, n, ids, STDIN_FILENO, &b.source, err);
	if (rc != RC_OK)
		return rc;
	show_begin(env->out);
	return bulk_run(&b, err);
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
