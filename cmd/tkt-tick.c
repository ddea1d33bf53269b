/* tkt-tick: the one cron line. Wakes snoozed tickets, tells what clocks have come to,
 * purges what retention says, merges the search index. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/sibling.h"
#include "base/text.h"
#include "change/clocks.h"
#include "change/proof.h"
#include "change/timed.h"
#include "policy/tzdata.h"
#include "desk/cmd.h"
#include "ticket/conversation.h"

static struct {
	bool follow;
} o;

static const struct opt opts[] = {
    {"follow", 0, OPT_FLAG, NULL,
	"stay and tick every minute; spares commands the checkpoint", &o.follow, NULL},
    OPTS_COMMON,
    OPTS_END,
};

enum {
	MINUTE_MS = 60000,
	MERGES_AT_MOST = 1000,
	WAKE_AT_MOST = 500,
	DRAIN_AT_MOST = 500,
	FOLLOW_MS = 50000 /* of a minute */
};

static volatile sig_atomic_t stopped;

static void
on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

SQL(sql_wake,
    "SELECT id FROM ticket WHERE snoozed_until IS NOT NULL AND snoozed_until <= ?1 "
    "ORDER BY snoozed_until LIMIT 500");

static enum rc
due_to_wake(struct cmd_env *env, int64_t *ids, size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(env->desk->store, sql_wake, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, desk_now(env->desk));
	for (*n = 0; *n < WAKE_AT_MOST && (rc = stmt_step(st, err)) == RC_OK; (*n)++)
		ids[*n] = col_int(st, 0);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
wake(struct cmd_env *env, int64_t *woken, struct err *err)
{
	int64_t ids[WAKE_AT_MOST];
	size_t n = 0;
	struct changes changes = {0};
	void *ctx = talloc_new(env->ctx);
	struct change_tx *tx = NULL;
	struct change_result r;
	enum rc rc = due_to_wake(env, ids, &n, err);

	if (rc == RC_OK && n > 0)
		rc = changes_add(ctx, "snoozed_until", CHANGE_SET, "", env->desk->config,
		    &changes, err);
	if (rc == RC_OK && n > 0)
		rc = change_begin(ctx, env->desk, 0, &tx, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct edit e = {.ticket = ids[i], .changes = &changes};

		rc = change_edit(tx, &actor_system, &e, &r, err);
	}
	if (tx != NULL && rc == RC_OK)
		rc = change_commit(tx, err);
	else if (tx != NULL)
		change_abort(tx);
	*woken = rc == RC_OK ? (int64_t)n : 0;
	talloc_free(ctx);
	return rc;
}

/* ---- clocks ---- */

/* The same tkt.conf means other hours when a year has passed or a zone has new rules
 * (S30): tkt-config, which can compile it, looks. Nothing runs when nothing changed. */
static enum rc
refresh(struct cmd_env *env, struct err *err)
{
	const char *argv[] = {
	    "tkt-config", "refresh", "-D", env->desk->dir, "--quiet", NULL};
	char *stamp = NULL, *seen = NULL;
	int status = 0;
	enum rc rc = tzdata_stamp(env->ctx, env->desk, &stamp, err);

	if (rc == RC_OK && stamp != NULL)
		rc = store_meta_get(env->desk->store, env->ctx, "tzdata", &seen, err);
	if (stamp == NULL || (rc == RC_OK && strcmp(seen, stamp) == 0))
		return rc;
	if (rc == RC_OK || rc == RC_NONE)
		rc = sibling_run(env->ctx, argv, 0, NULL, &status, err);
	if (rc == RC_OK && status != 0)
		return err_fail(err, RC_CONFIG,
		    "tkt-config refresh failed: calendars stay as they are");
	if (rc == RC_OK)
		rc = store_write(env->desk->store, err);
	if (rc != RC_OK)
		return rc;
	rc = store_meta_set(env->desk->store, "tzdata", stamp, err);
	if (rc == RC_OK)
		return store_commit(env->desk->store, err);
	store_rollback(env->desk->store);
	return rc;
}

static enum rc
clocks(struct cmd_env *env, struct clocks_done *done, struct err *err)
{
	enum rc rc = refresh(env, err);

	if (rc == RC_OK)
		rc = clocks_follow(env->desk, FOLLOW_MS, done, err);
	return rc == RC_OK ? clocks_tick(env->desk, done, err) : rc;
}

/* A little at a time, so that no mail waits for a merge. */
static enum rc
merge(struct cmd_env *env, int64_t *merged, struct err *err)
{
	struct store *s = env->desk->store;
	bool done = false;
	enum rc rc = RC_OK;

	for (*merged = 0; rc == RC_OK && !done && *merged < MERGES_AT_MOST; ++*merged) {
		rc = store_write(s, err);
		if (rc == RC_OK)
			rc = store_index_merge(s, &done, err);
		if (rc != RC_OK || done)
			store_rollback(s);
		else
			rc = store_commit(s, err);
	}
	--*merged;
	return rc;
}

/* When the last one was, for tkt-doctor: a row a minute. */
static enum rc
remember(struct cmd_env *env, struct err *err)
{
	struct store *s = env->desk->store;
	int64_t now = desk_now(env->desk), last = 0;
	char *text = NULL;
	enum rc rc = store_meta_get(s, env->ctx, "tick", &text, err);

	if (rc == RC_OK && text_number(text, &last) && now - last < MINUTE_MS - 1000)
		return RC_OK;
	if (rc == RC_OK || rc == RC_NONE)
		rc = store_write(s, err);
	if (rc == RC_OK) /* what channels will not say again */
		rc = heard_forget(s, now - HEARD_KEPT_MS, err);
	if (rc == RC_OK)
		rc = proof_forget(s, now - PROOF_KEPT_MS, err);
	if (rc == RC_OK)
		rc = store_meta_set(
		    s, "tick", talloc_asprintf(env->ctx, "%lld", (long long)now), err);
	if (rc == RC_OK)
		return store_commit(s, err);
	store_rollback(s);
	return rc;
}

/* ---- rules ---- */

static void
wrong(void *arg, const char *text)
{
	cmd_error(arg, "%s", text);
}

/* No turn is taken for nothing. */
SQL(sql_tickets_wait, "SELECT 1 FROM ticket WHERE phase = 0 AND assignee = '' "
		      "AND queue = ?1 LIMIT 1");

static enum rc
tickets_wait(struct cmd_env *env, bool *any, struct err *err)
{
	const struct config *c = env->desk->config;

	*any = false;
	for (size_t i = 0; !*any && i < c->nqueues; i++) {
		struct stmt *st;
		enum rc rc;

		if (strcmp(c->queues[i].assign, "none") == 0)
			continue;
		rc = store_prepare(env->desk->store, sql_tickets_wait, &st, err);
		if (rc != RC_OK)
			return rc;
		bind_text(st, 1, c->queues[i].name);
		rc = stmt_step(st, err);
		*any = rc == RC_OK;
		stmt_done(st);
		if (rc != RC_OK && rc != RC_NONE)
			return rc;
	}
	return RC_OK;
}

/* Tickets that nobody could take when they came: somebody is back, or has room. */
static enum rc
drain(struct cmd_env *env, int64_t *assigned, struct err *err)
{
	struct change_tx *tx = NULL;
	void *ctx;
	bool any = false;
	enum rc rc;

	for (size_t i = 0; i < env->desk->config->nqueues; i++)
		any = any || strcmp(env->desk->config->queues[i].assign, "none") != 0;
	if (!any)
		return RC_OK;
	rc = tickets_wait(env, &any, err);
	if (rc != RC_OK || !any)
		return rc;
	ctx = talloc_new(env->ctx);
	rc = change_begin(ctx, env->desk, 0, &tx, err);
	if (rc == RC_OK)
		rc = change_drain(tx, NULL, DRAIN_AT_MOST, assigned, err);
	if (tx != NULL && rc == RC_OK)
		rc = change_commit(tx, err);
	else if (tx != NULL)
		change_abort(tx);
	talloc_free(ctx);
	return rc;
}

static enum rc
tick(struct cmd_env *env, struct err *err)
{
	int64_t woken = 0, merged = 0, assigned = 0;
	struct timed_done timed = {0};
	struct clocks_done done = {0};
	enum rc rc = wake(env, &woken, err);

	if (rc == RC_OK)
		rc = clocks(env, &done, err);
	if (rc == RC_OK)
		rc = timed_drafts(env->desk, &timed, wrong, env, err);
	if (rc == RC_OK)
		rc = timed_rules(env->desk, &timed, wrong, env, err);
	if (rc == RC_OK)
		rc = drain(env, &assigned, err);
	if (rc == RC_OK)
		rc = merge(env, &merged, err);
	if (rc == RC_OK)
		rc = remember(env, err);
	if (rc != RC_OK)
		return rc;
	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "type", "tick",
			"woken", (json_int_t)woken, "told", (json_int_t)done.told,
			"followed", (json_int_t)done.followed, "merged",
			(json_int_t)merged, "purged", (json_int_t)timed.purged, "fired",
			(json_int_t)timed.fired, "sent", (json_int_t)timed.sent,
			"assigned", (json_int_t)assigned));
	else if (env->out->format == OUT_HUMAN)
		out_line(env->out, COLOR_NONE,
		    "%lld tickets woken, %lld clocks told, %lld tickets followed new "
		    "policies, %lld replies sent, rules fired on %lld, %lld purged, "
		    "%lld assigned, %lld index merges",
		    (long long)woken, (long long)done.told, (long long)done.followed,
		    (long long)timed.sent, (long long)timed.fired,
		    (long long)timed.purged, (long long)assigned, (long long)merged);
	fflush(env->out->to);
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct sigaction act = {.sa_handler = on_signal};
	bool newer;
	enum rc rc;

	if (argc > 0)
		return err_fail(
		    err, RC_USAGE, "\"%s\": tkt-tick takes options only", argv[0]);
	rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc == RC_OK)
		rc = tick(env, err);
	if (!o.follow)
		return rc;
	sigemptyset(&act.sa_mask);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	while (rc == RC_OK && !stopped) {
		int64_t now = now_ms();

		if (usleep((useconds_t)(MINUTE_MS - now % MINUTE_MS) * 1000) != 0 ||
		    stopped)
			continue;
		/* What was applied since the last tick is what counts from now on. */
		rc = desk_renew(env->ctx, &env->desk, env->as, &newer, err);
		if (rc == RC_OK)
			rc = tick(env, err);
	}
	return rc;
}

static const struct cmd cmd = {
    .name = "tkt-tick",
    .summary = "do what is due: the one cron line of a desk",
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
