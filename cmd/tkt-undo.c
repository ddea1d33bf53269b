/* tkt-undo: takes back what an event changed, and what that caused. */
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "change/bulk.h"
#include "query/show.h"

static struct {
	bool dry_run, single;
} o;

static const struct opt opts[] = {
    {"single", '1', OPT_FLAG, NULL, "this event, not the whole batch it was the first of",
	&o.single, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "say what would change, and change nothing",
	&o.dry_run, NULL},
    OPTS_COMMON,
    OPTS_END,
};

struct undoing {
	void *ctx;
	struct change_result *r;
	size_t n;
};

/* Kept until all of it is known to work: nothing is printed of what was not done. */
static enum rc
each(void *arg, struct change_result *r, struct err *err)
{
	struct undoing *u = arg;

	(void)err;
	u->r = mem_grow(u->ctx, u->r, struct change_result, u->n + 1);
	u->r[u->n++] = *r;
	return RC_OK;
}

static enum rc
print(struct cmd_env *env, const struct undoing *u, int64_t event, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < u->n; i++)
		rc = bulk_print(env, &u->r[i], o.dry_run, err);
	if (u->n == 0 && env->out->format == OUT_HUMAN)
		out_line(env->out, COLOR_NONE, "event %lld: undone%s", (long long)event,
		    o.dry_run ? " (not done)" : "");
	return rc;
}

static enum rc
undo(struct cmd_env *env, int64_t event, struct err *err)
{
	struct undoing u = {.ctx = env->ctx};
	struct change_tx *tx = NULL;
	enum rc rc = change_begin(env->ctx, env->desk, -1, &tx, err);

	if (rc != RC_OK)
		return rc;
	rc = change_undo(tx, &env->desk->actor, event, o.single, each, &u, err);
	if (rc != RC_OK || o.dry_run) {
		if (rc == RC_OK)
			rc = print(env, &u, event, err);
		change_abort(tx);
		return rc;
	}
	rc = change_commit(tx, err);
	return rc == RC_OK ? print(env, &u, event, err) : rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct source *s = NULL;
	int64_t event = 0;
	enum rc rc = source_open_type(
		    env->ctx, "event", argc, argv, STDIN_FILENO, &s, err),
		more;

	if (rc == RC_OK)
		show_begin(env->out);
	while (rc == RC_OK) {
		more = source_next(s, &event, err);
		if (more != RC_OK)
			return more == RC_NONE ? RC_OK : more;
		rc = undo(env, event, err);
	}
	return rc;
}

static const struct cmd cmd = {
    .name = "tkt-undo",
    .summary = "take back what an event changed",
    .args = "[event ...]",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
