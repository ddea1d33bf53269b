/* hook-send: tells other systems and programs what happened. */
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/text.h"
#include "channel/hook.h"
#include "desk/cmd.h"

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

enum { AT_ONCE = 20, REST_MS = 60000, DOWN_MAX = 64 };

static volatile sig_atomic_t stopped;

static void
on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

struct sending {
	struct cmd_env *env;
	struct hooks *hooks;
	int64_t done;
	const char *down[DOWN_MAX]; /* targets that do not answer in this round */
	size_t ndown;
	void *round;
};

/* ---- one of them ---- */

static enum rc
print(const struct sending *s, const struct delivery *x, struct err *err)
{
	struct out *out = s->env->out;
	struct delivery *now = NULL;
	enum rc rc = delivery_get(s->env->desk->store, NULL, x->event, x->n, &now, err);

	if (rc != RC_OK)
		return rc;
	if (out->format == OUT_JSON)
		out_json(out, delivery_to_json(now));
	else if (out->format == OUT_IDS || out->format == OUT_TSV)
		out_line(
		    out, COLOR_NONE, "%lld.%lld", (long long)x->event, (long long)x->n);
	else
		out_line(out, now->state == DELIVERY_SENT ? COLOR_NONE : COLOR_YELLOW,
		    "%lld.%lld to %s: %s%s%s", (long long)x->event, (long long)x->n,
		    x->target, delivery_states[now->state], now->last_error ? ": " : "",
		    now->last_error ? now->last_error : "");
	talloc_free(now);
	return RC_OK;
}

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
send_one(struct sending *s, const struct delivery *x, struct err *err)
{
	struct desk *d = s->env->desk;
	void *ctx = talloc_new(NULL);
	bool failed = false;
	struct hooked r;
	enum rc rc = RC_OK;

	/* One that hangs keeps nobody else waiting, and its own no longer than once. */
	if (is_down(s, x)) {
		rc = outbox_later(
		    d, x, "its target did not answer just now", &failed, err);
		talloc_free(ctx);
		return rc;
	}
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
	s->done++;
	if (rc == RC_OK)
		rc = print(s, x, err);
	talloc_free(ctx);
	return rc;
}

/* ---- what is due ---- */

static enum rc
some(struct sending *s, const char *via, size_t *took, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct delivery **v = NULL;
	size_t n = 0, i, max = AT_ONCE;
	enum rc rc;

	if (o.limit > 0 && o.limit - s->done < AT_ONCE)
		max = o.limit > s->done ? (size_t)(o.limit - s->done) : 0;
	rc = outbox_lease(s->env->desk, ctx, via, max, &v, &n, err);
	for (i = 0; rc == RC_OK && i < n && !stopped; i++)
		rc = send_one(s, v[i], err);
	if (i < n) {
		struct err ignored;
		enum rc back = outbox_return(
		    s->env->desk, v + i, n - i, rc == RC_OK ? err : &ignored);

		rc = rc == RC_OK ? back : rc;
	}
	*took = n;
	talloc_free(ctx);
	fflush(s->env->out->to);
	return rc;
}

static enum rc
all_due(struct sending *s, struct err *err)
{
	static const char *const vias[] = {"hook", "run"};
	enum rc rc = RC_OK;

	s->ndown = 0;
	s->round = talloc_new(s->env->ctx);
	for (size_t i = 0; rc == RC_OK && i < 2; i++) {
		size_t took = 1;

		while (rc == RC_OK && took > 0 && !stopped)
			rc = some(s, vias[i], &took, err);
	}
	talloc_free(s->round);
	return rc;
}

static enum rc
next_due(struct sending *s, int64_t *at, struct err *err)
{
	int64_t run = INSTANT_NEVER;
	enum rc rc = outbox_next(s->env->desk, "hook", at, err);

	if (rc == RC_OK)
		rc = outbox_next(s->env->desk, "run", &run, err);
	if (run < *at)
		*at = run;
	return rc;
}

static enum rc
follow(struct sending *s, struct err *err)
{
	struct bell *bell = NULL;
	bool newer = false;
	enum rc rc = bell_open(s->env->ctx, s->env->desk->store, &bell, err);

	while (rc == RC_OK && !stopped) {
		int64_t at = INSTANT_NEVER, now, wait = REST_MS;

		rc = all_due(s, err);
		if (rc == RC_BUSY) {
			cmd_note(s->env, "%s", err->text);
			rc = RC_OK;
		}
		if (rc == RC_OK)
			rc = next_due(s, &at, err);
		now = desk_now(s->env->desk);
		if (at != INSTANT_NEVER && at - now < wait)
			wait = at > now ? at - now : 0;
		if (rc == RC_OK && !stopped)
			rc = bell_wait(bell, wait, err);
		rc = rc == RC_NONE ? RC_OK : rc;
		if (rc == RC_OK)
			rc = desk_outdated(s->env->desk, &newer, err);
		if (rc != RC_OK || !newer)
			continue;
		/* Another policy, other targets. */
		TALLOC_FREE(s->hooks);
		TALLOC_FREE(bell);
		rc = desk_renew(s->env->ctx, &s->env->desk, s->env->as, &newer, err);
		if (rc == RC_OK)
			rc = hooks_open(s->env->ctx, s->env->desk, &s->hooks, err);
		if (rc == RC_OK)
			rc = bell_open(s->env->ctx, s->env->desk->store, &bell, err);
	}
	return rc;
}

static enum rc
preview(struct cmd_env *env, struct err *err)
{
	static const char *const vias[] = {"hook", "run"};
	enum rc rc = RC_OK;

	for (size_t k = 0; rc == RC_OK && k < 2; k++) {
		struct delivery **v = NULL;
		size_t n = 0;

		rc = outbox_due(env->desk, env->ctx, vias[k], SIZE_MAX / 2, &v, &n, err);
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
	struct sigaction act = {.sa_handler = on_signal};
	struct sending s = {.env = env};
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
	if (rc == RC_OK)
		rc = hooks_open(env->ctx, env->desk, &s.hooks, err);
	if (rc != RC_OK)
		return rc;
	sigemptyset(&act.sa_mask);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	return o.follow ? follow(&s, err) : all_due(&s, err);
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
