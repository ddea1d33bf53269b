/* hook-send: tells other systems and programs what happened. */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/text.h"
#include "channel/driver.h"
#include "channel/hook.h"

static struct {
	bool follow, dry_run;
	int64_t limit;
	const char *replay;
} o;

static const struct opt opts[] = {
    {"follow", 0, OPT_FLAG, NULL, "stay, and send what becomes due", &o.follow, NULL},
    {"limit", 'n', OPT_NUM, "count", "send at most this many", &o.limit, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "print what is due, and send nothing", &o.dry_run,
	NULL},
    {"replay", 0, OPT_TEXT, "from..to", "queue these events once more, for the target",
	&o.replay, NULL},
    OPTS_COMMON,
    OPTS_END,
};

enum { AT_ONCE = 20, DOWN_MAX = 64 };

struct sending {
	struct cmd_env *env;
	struct hooks *hooks;
	const char *down[DOWN_MAX]; /* targets that do not answer in this round */
	size_t ndown;
	void *round;
};

/* ---- what goes by the policy ---- */

static enum rc
open_hooks(void *arg, struct err *err)
{
	struct sending *s = arg;

	return hooks_open(s->env->ctx, s->env->desk, &s->hooks, err);
}

static void
close_hooks(void *arg)
{
	struct sending *s = arg;

	TALLOC_FREE(s->hooks);
}

static void
begin(void *arg)
{
	struct sending *s = arg;

	talloc_free(s->round);
	s->round = talloc_new(s->env->ctx);
	s->ndown = 0;
}

/* ---- one of them ---- */

static bool
is_down(const struct sending *s, const struct delivery *x)
{
	for (size_t i = 0; i < s->ndown; i++) {
		if (strcmp(s->down[i], x->target) == 0)
			return true;
	}
	return false;
}

static enum rc
hand(void *arg, struct delivery **v, size_t *n, struct err *err)
{
	struct sending *s = arg;
	struct desk *d = s->env->desk;
	const struct delivery *x = v[0];
	void *ctx = talloc_new(NULL);
	bool failed;
	/* One that hangs keeps nobody else waiting, and its own no longer than once. */
	struct hooked r = {
	    .result = HOOK_LATER, .why = "its target did not answer just now"};
	enum rc rc;

	*n = 1;
	if (!is_down(s, x))
		r = strcmp(x->via, "run") == 0 ? hook_run(ctx, s->hooks, x)
					       : hook_post(ctx, s->hooks, x);
	if (r.target_down && s->ndown < DOWN_MAX)
		s->down[s->ndown++] = talloc_strdup(s->round, x->target);
	if (r.result == HOOK_DONE)
		rc = outbox_sent(d, x, err);
	else if (r.result == HOOK_NEVER)
		rc = outbox_failed(d, x, NULL, r.why, err);
	else
		rc = outbox_later(d, x, r.why, &failed, err);
	if (rc == RC_OK)
		rc = driver_print(s->env, x, err);
	talloc_free(ctx);
	return rc;
}

/* ---- looking alone ---- */

static enum rc
preview(struct cmd_env *env, struct err *err)
{
	static const char *const vias[] = {"hook", "run"};
	size_t left = o.limit > 0 ? (size_t)o.limit : SIZE_MAX / 2;
	enum rc rc = RC_OK;

	for (size_t k = 0; rc == RC_OK && k < 2 && left > 0; k++) {
		struct delivery **v = NULL;
		size_t n = 0;

		rc = outbox_due(env->desk, env->ctx, vias[k], left, &v, &n, err);
		left -= n;
		for (size_t i = 0; rc == RC_OK && i < n; i++) {
			json_t *payload = NULL;

			rc = hook_payload(env->desk, v[i], &payload, err);
			if (rc == RC_OK)
				out_json(env->out, payload);
		}
	}
	return rc;
}

/* ---- once more ---- */

static enum rc
replay(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	const char *dots = strstr(o.replay, "..");
	char *first = talloc_strndup(
	    env->ctx, o.replay, dots ? (size_t)(dots - o.replay) : strlen(o.replay));
	int64_t from, to, queued = 0;
	enum rc rc;

	if (!text_number(first, &from) || !text_number(dots ? dots + 2 : first, &to) ||
	    from > to)
		return err_fail(err, RC_USAGE,
		    "--replay \"%s\": numbers of events, like 900..950", o.replay);
	if (argc != 1)
		return err_fail(
		    err, RC_USAGE, "--replay for whom? the name of a webhook, or a URL");
	rc = hook_replay(env->desk, from, to, argv[0], &queued, err);
	if (rc == RC_OK)
		cmd_note(env, "%lld events queued for %s", (long long)queued, argv[0]);
	return rc;
}

/* The key of hooks that name none of their own; made when it is first needed. */
static enum rc
need_key(struct cmd_env *env, struct err *err)
{
	char *path = talloc_asprintf(env->ctx, "%s/secret/hook.key", env->desk->dir);
	unsigned char key[32];
	char *hex;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0)
		return access(path, F_OK) == 0 ? RC_OK : err_errno(err, "%s", path);
	randombytes_buf(key, sizeof(key));
	hex = talloc_asprintf(env->ctx, "%s\n", text_hex(env->ctx, key, sizeof(key)));
	good = write(fd, hex, strlen(hex)) == (ssize_t)strlen(hex) && fsync(fd) == 0;
	close(fd);
	sodium_memzero(hex, strlen(hex));
	if (!good)
		return err_errno(err, "%s", path);
	cmd_note(env, "made %s: whoever checks signatures needs it", path);
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	static const char *const vias[] = {"hook", "run", NULL};
	struct sending s = {.env = env};
	struct driver d = {.env = env,
	    .vias = vias,
	    .at_once = AT_ONCE,
	    .limit = o.limit,
	    .arg = &s,
	    .open = open_hooks,
	    .close = close_hooks,
	    .begin = begin,
	    .hand = hand};
	enum rc rc;

	if (argc > 0 && o.replay == NULL)
		return err_fail(
		    err, RC_USAGE, "\"%s\": a target goes with --replay", argv[0]);
	rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc == RC_OK && o.replay != NULL)
		return replay(env, argc, argv, err);
	if (rc == RC_OK && o.dry_run)
		return preview(env, err);
	if (rc == RC_OK)
		rc = need_key(env, err);
	return rc == RC_OK ? driver_run(&d, o.follow, err) : rc;
}

static const struct cmd cmd = {
    .name = "hook-send",
    .summary = "tell other systems and programs what happened",
    .args = "[--replay from..to target]",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
