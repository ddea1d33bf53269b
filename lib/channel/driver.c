/* Driving the outbox. */
#include "channel/driver.h"

#include <signal.h>
#include <stdio.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"

enum {
	LEASE_LEFT_MS = 90000, /* that must be left when one is begun */
	REST_MS = 60000,       /* at most, between looks */
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

enum rc
driver_print(struct cmd_env *env, const struct delivery *x, struct err *err)
{
	struct out *out = env->out;
	struct delivery *now = NULL;
	enum rc rc = delivery_get(env->desk->store, NULL, x->event, x->n, &now, err);

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

/* ---- a round ---- */

/* What is not begun while the lease lasts, others may have. */
static enum rc
hand_leased(struct driver *d, struct delivery **v, size_t n, struct err *err)
{
	int64_t until = now_ms() + OUTBOX_LEASE_MS - LEASE_LEFT_MS;
	size_t i = 0, k;
	enum rc rc = RC_OK, back;
	struct err ignored;

	while (rc == RC_OK && i < n && !d->down && !stopped && now_ms() < until) {
		k = n - i;
		rc = d->hand(d->arg, v + i, &k, err);
		i += k;
		d->done += (int64_t)k;
	}
	if (i >= n)
		return rc;
	back = outbox_return(d->env->desk, v + i, n - i, rc == RC_OK ? err : &ignored);
	return rc == RC_OK ? back : rc;
}

static enum rc
some(struct driver *d, const char *via, size_t *took, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct delivery **v = NULL;
	size_t n = 0, max = d->at_once;
	int64_t left = d->limit - d->done;
	enum rc rc;

	if (d->limit > 0 && left < (int64_t)max)
		max = left > 0 ? (size_t)left : 0;
	rc = outbox_lease(d->env->desk, ctx, via, max, &v, &n, err);
	if (rc == RC_OK)
		rc = hand_leased(d, v, n, err);
	*took = n;
	talloc_free(ctx);
	fflush(d->env->out->to);
	return rc;
}

static enum rc
all_due(struct driver *d, struct err *err)
{
	enum rc rc = RC_OK;

	d->down = false;
	d->begin(d->arg);
	for (const char *const *via = d->vias; *via != NULL; via++) {
		size_t took = 1;

		while (rc == RC_OK && took > 0 && !d->down && !stopped)
			rc = some(d, *via, &took, err);
	}
	return rc;
}

/* ---- staying ---- */

static enum rc
rest(struct driver *d, struct bell *bell, int64_t *down, struct err *err)
{
	int64_t first = INSTANT_NEVER, now = desk_now(d->env->desk), wait = REST_MS;
	enum rc rc = RC_OK;

	if (d->down) { /* what comes in does not make it come back */
		for (int64_t t = now_ms() + *down; !stopped && now_ms() < t;)
			usleep(100000);
		*down = 2 * *down < DOWN_MAX_MS ? 2 * *down : DOWN_MAX_MS;
		return RC_OK;
	}
	*down = DOWN_MS;
	for (const char *const *via = d->vias; rc == RC_OK && *via != NULL; via++) {
		int64_t at = INSTANT_NEVER;

		rc = outbox_next(d->env->desk, *via, &at, err);
		first = at < first ? at : first;
	}
	if (first != INSTANT_NEVER && first - now < wait)
		wait = first > now ? first - now : 0;
	if (rc == RC_OK && !stopped)
		rc = bell_wait(bell, wait, err);
	return rc == RC_NONE ? RC_OK : rc;
}

/* Until the policy changes: then somebody else may be the one to ask. */
static enum rc
follow_version(struct driver *d, bool *newer, struct err *err)
{
	struct bell *bell = NULL;
	int64_t down = DOWN_MS;
	enum rc rc = bell_open(d->env->ctx, d->env->desk->store, &bell, err);

	for (*newer = false; rc == RC_OK && !stopped && !*newer;) {
		rc = all_due(d, err);
		if (rc == RC_BUSY) { /* somebody holds the store: it is tried again */
			cmd_note(d->env, "%s", err->text);
			rc = RC_OK;
		}
		if (rc == RC_OK)
			rc = rest(d, bell, &down, err);
		if (rc == RC_OK)
			rc = desk_outdated(d->env->desk, newer, err);
	}
	talloc_free(bell);
	return rc;
}

static enum rc
stay(struct driver *d, struct err *err)
{
	bool newer = false;
	enum rc rc = RC_OK;

	while (rc == RC_OK && !stopped) {
		rc = follow_version(d, &newer, err);
		if (rc != RC_OK || !newer)
			break;
		d->close(d->arg);
		rc = desk_renew(d->env->ctx, &d->env->desk, d->env->as, &newer, err);
		if (rc == RC_OK)
			rc = d->open(d->arg, err);
	}
	return rc;
}

enum rc
driver_run(struct driver *d, bool follow, struct err *err)
{
	struct sigaction act = {.sa_handler = on_signal};
	enum rc rc = d->open(d->arg, err);

	if (rc != RC_OK)
		return rc;
	sigemptyset(&act.sa_mask);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	return follow ? stay(d, err) : all_due(d, err);
}
