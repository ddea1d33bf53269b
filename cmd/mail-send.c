/* mail-send: hands over the mail that is due. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "channel/outbox.h"
#include "channel/post.h"
#include "desk/cmd.h"

static struct {
	bool follow, dry_run;
	int64_t limit;
} o;

static const struct opt opts[] = {
    {"follow", 0, OPT_FLAG, NULL, "stay, and send what becomes due", &o.follow, NULL},
    {"limit", 'n', OPT_NUM, "count", "send at most this many", &o.limit, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "print the mails that are due, and send nothing",
	&o.dry_run, NULL},
    OPTS_COMMON,
    OPTS_END,
};

enum {
	AT_ONCE = 50,	       /* leased at a time: a mail that dies holds few */
	LEASE_LEFT_MS = 60000, /* that must be left when a mail is begun */
	LOST_MAX = 3,
	REST_MS = 60000, /* at most, between looks */
	DOWN_MS = 5000,
	DOWN_MAX_MS = 300000 /* while there is no service */
};

static volatile sig_atomic_t stopped;

static void
on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

struct sending {
	struct cmd_env *env;
	struct writer *writer;
	struct post *post;
	int64_t sent, failed, later;
	int lost;  /* lines in a row that were lost in the middle of a mail */
	bool down; /* no service: what is left waits */
};

/* ---- one mail ---- */

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
		out_line(out,
		    now->state == DELIVERY_SENT	    ? COLOR_NONE
		    : now->state == DELIVERY_FAILED ? COLOR_RED
						    : COLOR_YELLOW,
		    "%lld.%lld to %s: %s%s%s", (long long)x->event, (long long)x->n,
		    x->target, delivery_states[now->state], now->last_error ? ": " : "",
		    now->last_error ? now->last_error : "");
	talloc_free(now);
	return RC_OK;
}

static enum rc
settle_one(
    struct sending *s, const struct delivery *x, const struct posted *r, struct err *err)
{
	struct desk *d = s->env->desk;
	bool failed = false;
	enum rc rc = RC_OK;

	switch (r->result) {
	case POST_SENT:
		rc = outbox_sent(d, x, err);
		s->sent++;
		break;
	case POST_LATER:
	case POST_LOST:
	case POST_DOWN:
		rc = outbox_later(d, x, r->why, &failed, err);
		s->later += !failed;
		s->failed += failed;
		break;
	case POST_NEVER:
		rc = outbox_failed(d, x, r->status, r->why, err);
		failed = true;
		s->failed++;
		break;
	}
	if (rc == RC_OK)
		rc = print(s, x, err);
	return rc;
}

static enum rc
send_group(struct sending *s, struct delivery *const *v, size_t n, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct letter l = {0};
	struct posted r = {.result = POST_NEVER};
	struct err bad;
	enum rc rc = letter_write(ctx, s->writer, v, n, post_crlf(s->post), &l, &bad);

	if (rc == RC_OK)
		r = post_letter(ctx, s->post, &l);
	else if (rc == RC_INVALID || rc == RC_NOTFOUND)
		r.why = bad.text; /* it can never be written */
	else
		*err = bad;
	/* One mail may kill a line, three do not by chance. */
	s->lost = r.result == POST_LOST ? s->lost + 1 : 0;
	if (r.result == POST_DOWN || s->lost == LOST_MAX)
		s->down = true;
	if (rc == RC_INVALID || rc == RC_NOTFOUND)
		rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = settle_one(s, v[i], &r, err);
	talloc_free(ctx);
	return rc;
}

/* ---- what is due ---- */

/* Notices to an agent who wants digests go in one mail. */
static size_t
group(const struct sending *s, struct delivery **v, size_t n)
{
	const struct agent *a = config_agent(s->env->desk->config, v[0]->target);
	size_t to = 1;

	if (strcmp(v[0]->kind, "notice") != 0 || a == NULL || a->digest == 0)
		return 1;
	for (size_t i = 1; i < n; i++) {
		struct delivery *x = v[i];

		if (strcmp(x->kind, "notice") != 0 || strcmp(x->target, a->name) != 0)
			continue;
		memmove(v + to + 1, v + to, (i - to) * sizeof(*v));
		v[to++] = x;
	}
	return to;
}

static enum rc
preview(struct sending *s, struct delivery **v, size_t n, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0, k; rc == RC_OK && i < n; i += k) {
		struct letter l = {0};

		k = group(s, v + i, n - i);
		rc = letter_write(s->env->ctx, s->writer, v + i, k, false, &l, err);
		if (rc == RC_OK)
			(void)fwrite(l.bytes, 1, l.n, s->env->out->to);
	}
	return rc;
}

static enum rc
send_leased(struct sending *s, struct delivery **v, size_t n, struct err *err)
{
	int64_t until = desk_now(s->env->desk) + OUTBOX_LEASE_MS - LEASE_LEFT_MS -
			s->env->desk->config->smtp.timeout;
	size_t i = 0, k;
	enum rc rc = RC_OK;

	if (until < desk_now(s->env->desk)) /* a long timeout: one at a time */
		until = desk_now(s->env->desk) + 1;
	while (rc == RC_OK && i < n && !s->down && !stopped) {
		k = group(s, v + i, n - i);
		rc = send_group(s, v + i, k, err);
		i += k;
		if (desk_now(s->env->desk) >= until)
			break;
	}
	if (i < n) {
		struct err ignored;
		enum rc back = outbox_return(
		    s->env->desk, v + i, n - i, rc == RC_OK ? err : &ignored);

		rc = rc == RC_OK ? back : rc;
	}
	return rc;
}

static enum rc
round_of(struct sending *s, size_t *took, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct delivery **v = NULL;
	size_t n = 0, max = AT_ONCE;
	int64_t left = o.limit - s->sent - s->failed - s->later;
	enum rc rc;

	if (o.limit > 0 && left < AT_ONCE)
		max = left > 0 ? (size_t)left : 0;
	rc = outbox_lease(s->env->desk, ctx, "mail", max, &v, &n, err);
	if (rc == RC_OK)
		rc = send_leased(s, v, n, err);
	*took = n;
	talloc_free(ctx);
	fflush(s->env->out->to);
	return rc;
}

static enum rc
all_due(struct sending *s, struct err *err)
{
	size_t took = 0;
	enum rc rc;

	s->down = false;
	s->lost = 0;
	do {
		rc = round_of(s, &took, err);
	} while (rc == RC_OK && took > 0 && !s->down && !stopped);
	return rc;
}

/* ---- staying ---- */

/* Until the policy changes: then another server may be the one to ask. */
static enum rc
follow_version(struct sending *s, bool *newer, struct err *err)
{
	struct bell *bell = NULL;
	int64_t down = DOWN_MS;
	enum rc rc = bell_open(s->writer, s->env->desk->store, &bell, err);

	for (*newer = false; rc == RC_OK && !stopped && !*newer;) {
		int64_t at = INSTANT_NEVER, now, wait = REST_MS;

		rc = all_due(s, err);
		if (rc == RC_BUSY) { /* somebody holds the store: it is tried again */
			cmd_note(s->env, "%s", err->text);
			rc = RC_OK;
		}
		if (rc == RC_OK)
			rc = outbox_next(s->env->desk, "mail", &at, err);
		now = desk_now(s->env->desk);
		if (s->down) { /* new mail does not make it come back */
			for (int64_t t = now_ms() + down; !stopped && now_ms() < t;)
				usleep(100000);
			down = 2 * down < DOWN_MAX_MS ? 2 * down : DOWN_MAX_MS;
		} else {
			down = DOWN_MS;
			if (at != INSTANT_NEVER && at - now < wait)
				wait = at > now ? at - now : 0;
			if (rc == RC_OK && !stopped)
				rc = bell_wait(bell, wait, err);
		}
		if (rc == RC_OK || rc == RC_NONE)
			rc = desk_outdated(s->env->desk, newer, err);
	}
	return rc;
}

static enum rc
follow(struct sending *s, struct err *err)
{
	bool newer = false;
	enum rc rc = RC_OK;

	while (rc == RC_OK && !stopped) {
		rc = follow_version(s, &newer, err);
		if (rc != RC_OK || !newer)
			break;
		TALLOC_FREE(s->post);
		TALLOC_FREE(s->writer);
		rc = desk_renew(s->env->ctx, &s->env->desk, s->env->as, &newer, err);
		if (rc == RC_OK)
			rc = writer_new(s->env->ctx, s->env->desk, &s->writer, err);
		if (rc == RC_OK)
			rc = post_open(s->env->ctx, s->env->desk, &s->post, err);
	}
	return rc;
}

static enum rc
run_dry(struct sending *s, struct err *err)
{
	struct delivery **v = NULL;
	size_t n = 0;
	enum rc rc;

	rc = outbox_due(s->env->desk, s->env->ctx, "mail",
	    o.limit > 0 ? (size_t)o.limit : SIZE_MAX / 2, &v, &n, err);
	return rc == RC_OK ? preview(s, v, n, err) : rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct sigaction act = {.sa_handler = on_signal};
	struct sending s = {.env = env};
	enum rc rc;

	if (argc > 0)
		return err_fail(
		    err, RC_USAGE, "\"%s\": mail-send takes options only", argv[0]);
	rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc == RC_OK)
		rc = writer_new(env->ctx, env->desk, &s.writer, err);
	if (rc == RC_OK && o.dry_run)
		return run_dry(&s, err);
	if (rc == RC_OK)
		rc = post_open(env->ctx, env->desk, &s.post, err);
	if (rc != RC_OK)
		return rc;
	sigemptyset(&act.sa_mask);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	if (o.follow)
		return follow(&s, err);
	rc = all_due(&s, err);
	if (rc == RC_OK && s.down)
		return err_fail(
		    err, RC_NET, "%s: no service, what is due waits", post_where(s.post));
	return rc;
}

static const struct cmd cmd = {
    .name = "mail-send",
    .summary = "send the mail that is due",
    .args = "",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
