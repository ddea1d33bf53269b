/* tkt-link: says how tickets belong together. */
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/text.h"
#include "change/bulk.h"
#include "query/show.h"

static struct {
	struct bulk_opts bulk;
	bool remove;
} o;

static const struct opt opts[] = {
    {"remove", 'r', OPT_FLAG, NULL, "take the link away", &o.remove, NULL},
    BULK_OPTS(o.bulk),
    OPTS_COMMON,
    OPTS_END,
};

struct link_to {
	struct cmd_env *env;
	const char *rel;
	int64_t other;
};

static enum rc
one(void *arg, struct change_tx *tx, int64_t id, struct change_result *r, struct err *err)
{
	struct link_to *l = arg;

	return change_link(
	    tx, &l->env->desk->actor, id, l->rel, l->other, o.remove, r, err);
}

static enum rc
done(void *arg, struct change_result *r, struct err *err)
{
	struct link_to *l = arg;

	if (l->env->out->format != OUT_HUMAN)
		return show_ticket(l->env->desk, l->env->out, r->after, err);
	out_line(l->env->out, COLOR_NONE, "ticket %lld: %s%s %lld%s%s",
	    (long long)r->ticket, o.remove ? "no longer " : "", l->rel,
	    (long long)l->other, r->changed ? "" : " (as before)",
	    o.bulk.dry_run ? " (not done)" : "");
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct link_to l = {.env = env};
	struct bulk b = {
	    .env = env, .opts = &o.bulk, .one = one, .done = done, .arg = &l};
	const char *other;
	enum rc rc;

	if (argc < 2)
		return err_fail(err, RC_USAGE,
		    "say what belongs together how: tkt-link 43 duplicates 42, or "
		    "tkt-list ... | tkt-link duplicates 42");
	l.rel = argv[argc - 2];
	other = argv[argc - 1];
	if (word_index(link_names, l.rel) < 0)
		return err_fail(err, RC_USAGE, "link \"%s\": no such link%s", l.rel,
		    text_hint(env->ctx, l.rel, link_names));
	if (!text_number(*other == '#' ? other + 1 : other, &l.other) || l.other == 0)
		return err_fail(err, RC_USAGE, "\"%s\" is not a ticket number", other);
	rc = source_open(env->ctx, argc - 2, argv, STDIN_FILENO, &b.source, err);
	if (rc != RC_OK)
		return rc;
	show_begin(env->out);
	return bulk_run(&b, err);
}

static const struct cmd cmd = {
    .name = "tkt-link",
    .summary = "link tickets to another",
    .args = "[id ...] duplicates|blocks|parent|follows|refers id",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
