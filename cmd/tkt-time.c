/* tkt-time: notes how long somebody worked on tickets. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/text.h"
#include "change/bulk.h"
#include "query/show.h"

static struct {
	struct bulk_opts bulk;
	const char *message;
	bool remove;
} o;

static const struct opt opts[] = {
    {"message", 'm', OPT_TEXT, "text", "what was done: kept as a note", &o.message, NULL},
    {"remove", 'r', OPT_FLAG, NULL, "take that much away again", &o.remove, NULL},
    BULK_OPTS(o.bulk),
    OPTS_COMMON,
    OPTS_END,
};

struct worked {
	struct cmd_env *env;
	struct changes changes;
	char *note;
};

static enum rc
one(void *arg, struct change_tx *tx, int64_t id, struct change_result *r, struct err *err)
{
	struct worked *w = arg;
	const struct agent *a = w->env->desk->actor.agent;
	struct message m = {.kind = "note",
	    .direction = "out",
	    .channel = "cli",
	    .class = "human",
	    .author = actor_print(w->env->ctx, &w->env->desk->actor),
	    .author_address = a ? a->email : "",
	    .body = w->note,
	    .quoted = ""};
	struct edit e = {.ticket = id,
	    .changes = &w->changes,
	    .message = w->note ? talloc_memdup(w->env->ctx, &m, sizeof(m)) : NULL};

	return change_edit(tx, &w->env->desk->actor, &e, r, err);
}

static enum rc
done(void *arg, struct change_result *r, struct err *err)
{
	struct cmd_env *env = ((struct worked *)arg)->env;
	int64_t s = r->after->time_spent_s;

	if (env->out->format != OUT_HUMAN)
		return show_ticket(env->desk, env->out, r->after, err);
	out_line(env->out, COLOR_NONE, "ticket %lld: %lld:%02lld hours in all%s",
	    (long long)r->ticket, (long long)(s / 3600), (long long)(s / 60 % 60),
	    o.bulk.dry_run ? " (not done)" : "");
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct worked w = {.env = env};
	struct bulk b = {
	    .env = env, .opts = &o.bulk, .one = one, .done = done, .arg = &w};
	const char *time;
	enum rc rc;

	if (argc == 0)
		return err_fail(err, RC_USAGE, "say how long: tkt-time 42 15m");
	time = argv[--argc];
	rc = changes_add(env->ctx, "time", o.remove ? CHANGE_REMOVE : CHANGE_ADD, time,
	    env->desk->config, &w.changes, err);
	if (rc == RC_OK && o.message != NULL)
		w.note = talloc_asprintf(env->ctx, "%s%s: %s", o.remove ? "-" : "", time,
		    text_clean(env->ctx, o.message, strlen(o.message), TEXT_BLOCK,
			BODY_MAX - 64));
	if (rc == RC_OK)
		rc = source_open(env->ctx, argc, argv, STDIN_FILENO, &b.source, err);
	if (rc != RC_OK)
		return rc;
	show_begin(env->out);
	return bulk_run(&b, err);
}

static const struct cmd cmd = {
    .name = "tkt-time",
    .summary = "note time spent on tickets",
    .args = "[id ...] time",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
