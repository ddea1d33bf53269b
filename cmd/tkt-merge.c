/* tkt-merge: makes one ticket of several. */
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/text.h"
#include "change/bulk.h"
#include "query/show.h"

static struct {
	struct bulk_opts bulk;
	int64_t into;
} o;

static const struct opt opts[] = {
    {"into", 0, OPT_NUM, "id", "merge into this one, not the last", &o.into, NULL},
    BULK_OPTS(o.bulk),
    OPTS_COMMON,
    OPTS_END,
};

struct merging {
	struct cmd_env *env;
	int64_t into;
};

static enum rc
one(void *arg, struct change_tx *tx, int64_t id, struct change_result *r, struct err *err)
{
	struct merging *m = arg;

	return change_merge(tx, &m->env->desk->actor, id, m->into, r, err);
}

static enum rc
done(void *arg, struct change_result *r, struct err *err)
{
	struct merging *m = arg;

	if (m->env->out->format != OUT_HUMAN)
		return show_ticket(m->env->desk, m->env->out, r->after, err);
	out_line(m->env->out, COLOR_NONE, "merged into ticket %lld, event %lld%s",
	    (long long)r->ticket, (long long)r->event,
	    o.bulk.dry_run ? " (not done)" : "");
	return RC_OK;
}

/* "3 5 7": the last number is where the others go. */
static enum rc
last_number(int *argc, char **argv, int64_t *into, struct err *err)
{
	const char *last;

	if (*argc < 2)
		return err_fail(err, RC_USAGE,
		    "say which, and into which: tkt-merge 43 42, or tkt-list ... | "
		    "tkt-merge --into 42");
	last = argv[--*argc];
	if (!text_number(*last == '#' ? last + 1 : last, into) || *into == 0)
		return err_fail(err, RC_USAGE, "\"%s\" is not a ticket number", last);
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct merging m = {.env = env, .into = o.into};
	struct bulk b = {.env = env,
	    .opts = &o.bulk,
	    .one = one,
	    .done = done,
	    .arg = &m,
	    .batch = true};
	enum rc rc = o.into ? RC_OK : last_number(&argc, argv, &m.into, err);

	if (rc == RC_OK)
		rc = source_open(env->ctx, argc, argv, STDIN_FILENO, &b.source, err);
	if (rc != RC_OK)
		return rc;
	show_begin(env->out);
	return bulk_run(&b, err);
}

static const struct cmd cmd = {
    .name = "tkt-merge",
    .summary = "merge tickets into another",
    .args = "[id ...] [id]",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
