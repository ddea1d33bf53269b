/* tkt-snooze: puts tickets to sleep until a time, or until the customer writes. */
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "change/bulk.h"
#include "query/show.h"

static struct {
	struct bulk_opts bulk;
	bool keep, wake;
} o;

static const struct opt opts[] = {
    {"keep", 'k', OPT_FLAG, NULL, "sleep on when the customer writes", &o.keep, NULL},
    {"wake", 'w', OPT_FLAG, NULL, "wake them now", &o.wake, NULL},
    BULK_OPTS(o.bulk),
    OPTS_COMMON,
    OPTS_END,
};

struct snooze {
	struct cmd_env *env;
	struct changes changes;
};

static enum rc
one(void *arg, struct change_tx *tx, int64_t id, struct change_result *r, struct err *err)
{
	struct snooze *s = arg;
	struct edit e = {.ticket = id, .changes = &s->changes};

	return change_edit(tx, &s->env->desk->actor, &e, r, err);
}

static enum rc
done(void *arg, struct change_result *r, struct err *err)
{
	struct cmd_env *env = ((struct snooze *)arg)->env;
	const char *not_done = o.bulk.dry_run ? " (not done)" : "";

	if (env->out->format != OUT_HUMAN)
		return show_ticket(env->desk, env->out, r->after, err);
	if (r->after->snoozed_until == INSTANT_NONE)
		out_line(env->out, COLOR_NONE, "ticket %lld: awake%s",
		    (long long)r->ticket, not_done);
	else
		out_line(env->out, COLOR_NONE, "ticket %lld: asleep until %s%s%s",
		    (long long)r->ticket,
		    instant_local(
			env->ctx, r->after->snoozed_until, desk_zone(env->desk)),
		    r->after->snooze_keep ? ", whoever writes" : "", not_done);
	return RC_OK;
}

/* "2d" and "+2d" from now, a date, RFC 3339; it must be to come. */
static enum rc
read_until(struct cmd_env *env, const char *word, char **until, struct err *err)
{
	int64_t ms = 0, now = desk_now(env->desk);

	if (duration_parse(*word == '+' ? word + 1 : word, &ms))
		ms += now;
	else if (!instant_parse_any(word, env->desk->config->timezone, &ms))
		return err_fail(err, RC_USAGE,
		    "\"%s\" is no time: use 2h, 3d, 2026-12-01 or RFC 3339", word);
	if (ms <= now)
		return err_fail(err, RC_USAGE, "\"%s\" is not in the future", word);
	if (ms > INSTANT_MAX)
		return err_fail(err, RC_USAGE, "\"%s\" is too far away", word);
	*until = instant_print(env->ctx, ms);
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct snooze s = {.env = env};
	struct bulk b = {
	    .env = env, .opts = &o.bulk, .one = one, .done = done, .arg = &s};
	char *until = talloc_strdup(env->ctx, "");
	enum rc rc = RC_OK;

	if (o.wake && o.keep)
		return err_fail(err, RC_USAGE, "--wake or --keep, not both");
	if (!o.wake && argc == 0)
		return err_fail(err, RC_USAGE, "say until when: tkt-snooze 42 2d");
	if (!o.wake)
		rc = read_until(env, argv[--argc], &until, err);
	if (rc == RC_OK)
		rc = changes_add(env->ctx, "snoozed_until", CHANGE_SET, until,
		    env->desk->config, &s.changes, err);
	if (rc == RC_OK && !o.wake)
		rc = changes_add(env->ctx, "snooze_keep", CHANGE_SET,
		    o.keep ? "true" : "false", env->desk->config, &s.changes, err);
	if (rc == RC_OK)
		rc = source_open(env->ctx, argc, argv, STDIN_FILENO, &b.source, err);
	if (rc != RC_OK)
		return rc;
	show_begin(env->out);
	return bulk_run(&b, err);
}

static const struct cmd cmd = {
    .name = "tkt-snooze",
    .summary = "put tickets to sleep until a time",
    .args = "[id ...] [until]",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
