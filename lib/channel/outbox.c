/* The outbox. */
#include "channel/outbox.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"

/* ---- leases ---- */

SQL(sql_outbox_due, "SELECT " DELIVERY_COLUMNS " FROM delivery d "
		    "WHERE d.state < 2 AND d.via = ?1 AND d.due_at <= ?2 "
		    "ORDER BY d.due_at, d.event, d.n LIMIT ?3");
SQL(sql_outbox_lease, "UPDATE delivery SET state = 1, lease_by = ?3, due_at = ?4 "
		      "WHERE event = ?1 AND n = ?2");
SQL(sql_outbox_next, "SELECT min(due_at) FROM delivery WHERE state < 2 AND via = ?1");
/* Whoever lost the lease meanwhile says nothing any more. */
SQL(sql_outbox_set,
    "UPDATE delivery SET state = ?3, due_at = ?4, attempts = attempts + ?5, "
    "last_error = ?6, sent_at = ?7, lease_by = '' "
    "WHERE event = ?1 AND n = ?2 AND lease_by = ?8 AND state = 1");

static char *
who(void *ctx)
{
	char host[65] = "";

	(void)gethostname(host, sizeof(host) - 1);
	return talloc_asprintf(ctx, "%s:%ld", host, (long)getpid());
}

/* A turn that may be lost with the machine. */
static enum rc
begin(struct desk *d, struct err *err)
{
	enum rc rc = store_relax(d->store, true, err);

	return rc == RC_OK ? store_write(d->store, err) : rc;
}

static enum rc
end(struct desk *d, enum rc rc, struct err *err)
{
	struct err ignored;

	if (rc == RC_OK)
		rc = store_commit(d->store, err);
	else
		store_rollback(d->store);
	if (store_relax(d->store, false, &ignored) != RC_OK && rc == RC_OK) {
		*err = ignored;
		rc = ignored.rc;
	}
	return rc;
}

enum rc
outbox_due(struct desk *d, void *ctx, const char *via, size_t max, struct delivery ***v,
    size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_outbox_due, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	bind_int(st, 2, desk_now(d));
	bind_int(st, 3, (int64_t)max);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		*v = mem_grow(ctx, *v, struct delivery *, *n + 1);
		(*v)[(*n)++] = delivery_read(ctx, st);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
lease(struct desk *d, struct delivery *x, const char *by, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_outbox_lease, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, x->event);
	bind_int(st, 2, x->n);
	bind_text(st, 3, by);
	bind_int(st, 4, desk_now(d) + OUTBOX_LEASE_MS);
	x->state = DELIVERY_LEASED;
	x->lease_by = talloc_strdup(x, by);
	return stmt_run(st, err);
}

/* ---- the leases of the dead ---- */

SQL(sql_outbox_leased,
    "SELECT DISTINCT lease_by FROM delivery WHERE via = ?1 AND state < 2 "
    "AND state = 1 AND due_at > ?2");
/* An attempt whose end nobody saw. */
SQL(sql_outbox_free, "UPDATE delivery SET state = 0, lease_by = '', due_at = ?3, "
		     "attempts = attempts + 1 "
		     "WHERE via = ?1 AND state < 2 AND state = 1 AND lease_by = ?2");

static enum rc
leased(struct desk *d, void *ctx, const char *via, const char ***by, struct err *err)
{
	struct stmt *st;
	size_t n = 0;
	enum rc rc = store_prepare(d->store, sql_outbox_leased, &st, err);

	*by = NULL;
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	bind_int(st, 2, desk_now(d));
	while ((rc = stmt_step(st, err)) == RC_OK)
		text_push(ctx, by, &n, col_strdup(ctx, st, 0));
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* "host:pid" of this machine, and no such process. */
static bool
is_dead(const char *by)
{
	char *ours = who(NULL), *colon = strrchr(ours, ':');
	const char *their = strrchr(by, ':');
	int64_t pid = 0;
	bool here = their != NULL && their - by == colon - ours &&
		    strncmp(by, ours, (size_t)(colon - ours)) == 0;

	talloc_free(ours);
	return here && text_number(their + 1, &pid) && kill((pid_t)pid, 0) != 0 &&
	       errno == ESRCH;
}

static enum rc
bury_the_dead(struct desk *d, void *ctx, const char *via, struct err *err)
{
	const char **by = NULL;
	enum rc rc = leased(d, ctx, via, &by, err);

	for (; rc == RC_OK && by != NULL && *by != NULL; by++) {
		struct stmt *st;

		if (!is_dead(*by))
			continue;
		rc = store_prepare(d->store, sql_outbox_free, &st, err);
		if (rc != RC_OK)
			return rc;
		bind_text(st, 1, via);
		bind_text(st, 2, *by);
		bind_int(st, 3, desk_now(d));
		rc = stmt_run(st, err);
	}
	return rc;
}

enum rc
outbox_lease(struct desk *d, void *ctx, const char *via, size_t max, struct delivery ***v,
    size_t *n, struct err *err)
{
	int64_t at = INSTANT_NEVER;
	const char **holders = NULL;
	char *by = who(ctx);
	enum rc rc;

	*v = NULL;
	*n = 0;
	/* Nothing due and nothing leased: nobody has to wait for a turn of ours. */
	rc = outbox_next(d, via, &at, err);
	if (rc == RC_OK && at > desk_now(d))
		rc = leased(d, ctx, via, &holders, err);
	if (rc != RC_OK || (at > desk_now(d) && holders == NULL))
		return rc;
	rc = begin(d, err);
	if (rc != RC_OK)
		return rc;
	rc = bury_the_dead(d, ctx, via, err);
	if (rc == RC_OK)
		rc = outbox_due(d, ctx, via, max, v, n, err);
	for (size_t i = 0; rc == RC_OK && i < *n; i++)
		rc = lease(d, (*v)[i], by, err);
	rc = end(d, rc, err);
	if (rc != RC_OK)
		*n = 0;
	return rc;
}

enum rc
outbox_next(struct desk *d, const char *via, int64_t *at, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_outbox_next, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*at = col_null(st, 0) ? INSTANT_NEVER : col_int(st, 0);
	stmt_done(st);
	return rc;
}

/* ---- what became of it ---- */

struct outcome {
	int64_t state, due_at, attempts, sent_at;
	const char *error;
};

static enum rc
set(struct desk *d, const struct delivery *x, const struct outcome *o, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_outbox_set, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, x->event);
	bind_int(st, 2, x->n);
	bind_int(st, 3, o->state);
	bind_int(st, 4, o->due_at);
	bind_int(st, 5, o->attempts);
	bind_text(st, 6, o->error);
	bind_opt(st, 7, o->sent_at);
	bind_text(st, 8, x->lease_by);
	return stmt_run(st, err);
}

enum rc
outbox_return(struct desk *d, struct delivery *const *v, size_t n, struct err *err)
{
	enum rc rc = n > 0 ? begin(d, err) : RC_OK;

	if (n == 0 || rc != RC_OK)
		return rc;
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct outcome o = {.state = DELIVERY_QUEUED,
		    .due_at = v[i]->due_at,
		    .error = v[i]->last_error};

		rc = set(d, v[i], &o, err);
	}
	return end(d, rc, err);
}

enum rc
outbox_again(struct desk *d, const struct delivery *x, struct err *err)
{
	struct outcome o = {.state = DELIVERY_QUEUED,
	    .due_at = x->due_at,
	    .attempts = 1,
	    .error = x->last_error};
	enum rc rc = begin(d, err);

	return rc == RC_OK ? end(d, set(d, x, &o, err), err) : rc;
}

enum rc
outbox_sent(struct desk *d, const struct delivery *x, struct err *err)
{
	struct outcome o = {.state = DELIVERY_SENT,
	    .due_at = x->due_at,
	    .attempts = 1,
	    .sent_at = desk_now(d)};
	enum rc rc = begin(d, err);

	if (rc == RC_OK)
		rc = end(d, set(d, x, &o, err), err);
	return rc;
}

SQL(sql_outbox_made, "SELECT at FROM event WHERE id = ?1");

static enum rc
made_at(struct desk *d, int64_t event, int64_t *at, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_outbox_made, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, event);
	rc = stmt_step(st, err);
	*at = rc == RC_OK ? col_int(st, 0) : 0;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* One minute, then twice as long each time, at most four hours (RFC 5321 4.5.4.1). */
static int64_t
delay(int64_t attempts)
{
	int64_t ms = 60000;

	for (int64_t i = 0; i < attempts && ms < 4 * 3600000LL; i++)
		ms *= 2;
	return ms < 4 * 3600000LL ? ms : 4 * 3600000LL;
}

enum rc
outbox_later(struct desk *d, const struct delivery *x, const char *why, bool *failed,
    struct err *err)
{
	struct outcome o = {.state = DELIVERY_QUEUED,
	    .due_at = desk_now(d) + delay(x->attempts),
	    .attempts = 1,
	    .error = why};
	int64_t since = 0;
	enum rc rc = made_at(d, x->event, &since, err);

	*failed = rc == RC_OK && o.due_at - since > OUTBOX_GIVE_UP_MS;
	if (rc == RC_OK && *failed)
		return outbox_failed(d, x, NULL,
		    talloc_asprintf(x, "given up after five days: %s", why), err);
	if (rc == RC_OK)
		rc = begin(d, err);
	return rc == RC_OK ? end(d, set(d, x, &o, err), err) : rc;
}

/* ---- for good ---- */

static enum rc
tell_ticket(
    struct change_tx *tx, const struct delivery *x, const char *why, struct err *err)
{
	static const char *const assignee[] = {"assignee", NULL};
	struct change_result r;
	struct message m = {.kind = "note",
	    .direction = "out",
	    .channel = strcmp(x->via, "mail") == 0 ? "email" : "chat",
	    .class = "auto-generated",
	    .author = "system",
	    .author_address = "",
	    .quoted = ""};
	struct edit e = {.ticket = x->ticket, .message = &m, .no_rules = true};
	json_t *extra = json_pack("{s:o,s:s,s:s}", "delivery",
	    json_sprintf("%lld.%lld", (long long)x->event, (long long)x->n), "target",
	    x->target, "reason", why);
	enum rc rc = change_event(
	    tx, &actor_system, x->ticket, "delivery.failed", extra, assignee, &r, err);

	m.body = talloc_asprintf(
	    x, "Message %lld did not reach %s: %s", (long long)x->event, x->target, why);
	if (rc == RC_OK)
		rc = change_edit(tx, &actor_system, &e, &r, err);
	/* A merged ticket takes no notes; its event is there. */
	return rc == RC_INVALID ? RC_OK : rc;
}

enum rc
outbox_failed(struct desk *d, const struct delivery *x, const char *status,
    const char *why, struct err *err)
{
	struct outcome o = {
	    .state = DELIVERY_FAILED, .due_at = desk_now(d), .attempts = 1, .error = why};
	/* Of what the customer was to read; a notice or hook is the desk's own affair
	 * (M7).
	 */
	bool mail = strcmp(x->via, "mail") == 0, theirs = delivery_to_customer(x);
	void *ctx = talloc_new(NULL);
	struct change_tx *tx = NULL;
	enum rc rc = change_begin(ctx, d, 0, &tx, err);

	if (rc == RC_OK)
		rc = set(d, x, &o, err);
	if (rc == RC_OK && theirs && mail)
		rc = delivery_bars(d->store, x->target, status, desk_now(d), err);
	if (rc == RC_OK && theirs && x->ticket != 0)
		rc = tell_ticket(tx, x, why, err);
	if (tx != NULL && rc == RC_OK)
		rc = change_commit(tx, err);
	else if (tx != NULL)
		change_abort(tx);
	talloc_free(ctx);
	return rc;
}

/* ---- people ---- */

SQL(sql_outbox_waiting, "SELECT " DELIVERY_COLUMNS " FROM delivery d "
			"WHERE d.state < 3 AND (?1 IS NULL OR d.via = ?1) "
			"ORDER BY d.due_at, d.event, d.n LIMIT ?2 /* scan */");
SQL(sql_outbox_failed, "SELECT " DELIVERY_COLUMNS " FROM delivery d "
		       "WHERE d.state = 4 AND (?1 IS NULL OR d.via = ?1) "
		       "ORDER BY d.due_at DESC LIMIT ?2");
SQL(sql_outbox_state, "SELECT " DELIVERY_COLUMNS " FROM delivery d "
		      "WHERE d.state = ?3 AND (?1 IS NULL OR d.via = ?1) "
		      "ORDER BY d.event DESC, d.n LIMIT ?2 /* scan */");
SQL(sql_outbox_ticket, "SELECT " DELIVERY_COLUMNS " FROM event e JOIN delivery d "
		       "ON d.event = e.id WHERE e.ticket = ?1 "
		       "AND (?3 = -1 AND d.state < 3 OR d.state = ?3) "
		       "ORDER BY d.event, d.n LIMIT ?2");

enum rc
outbox_each(struct desk *d, const struct outbox_want *w,
    enum rc (*each)(void *, const struct delivery *, struct err *), void *arg,
    struct err *err)
{
	const char *sql = w->ticket != 0		? sql_outbox_ticket
			  : w->state < 0		? sql_outbox_waiting
			  : w->state == DELIVERY_FAILED ? sql_outbox_failed
							: sql_outbox_state;
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	if (w->ticket != 0)
		bind_int(st, 1, w->ticket);
	else
		bind_text(st, 1, w->via);
	bind_int(st, 2, w->limit ? w->limit : INT64_MAX);
	if (w->ticket != 0 || sql == sql_outbox_state)
		bind_int(st, 3, w->state);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct delivery *x = delivery_read(NULL, st);

		rc = each(arg, x, err);
		talloc_free(x);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

SQL(sql_outbox_do, "UPDATE delivery SET state = ?3, due_at = ?4, lease_by = '' "
		   "WHERE event = ?1 AND n = ?2");

/* Inside the turn: what the caller read may be on its way by now. */
static enum rc
do_now(struct desk *d, const struct delivery *x, enum outbox_act act, struct err *err)
{
	static const int to[] = {DELIVERY_HELD, DELIVERY_CANCELLED, DELIVERY_QUEUED};
	bool waits = x->state == DELIVERY_QUEUED || x->state == DELIVERY_HELD,
	     may = act == OUTBOX_RETRY
		       ? x->state != DELIVERY_SENT && x->state != DELIVERY_LEASED
		       : waits && (act == OUTBOX_CANCEL || x->state == DELIVERY_QUEUED);
	struct stmt *st;
	enum rc rc;

	if (!may)
		return err_fail(err, RC_INVALID, "delivery %lld.%lld is %s",
		    (long long)x->event, (long long)x->n, delivery_states[x->state]);
	rc = store_prepare(d->store, sql_outbox_do, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, x->event);
	bind_int(st, 2, x->n);
	bind_int(st, 3, to[act]);
	bind_int(st, 4, act == OUTBOX_RETRY ? desk_now(d) : x->due_at);
	return stmt_run(st, err);
}

enum rc
outbox_do(struct desk *d, int64_t event, int64_t n, enum outbox_act act, struct err *err)
{
	struct delivery *x = NULL;
	enum rc rc = store_write(d->store, err);

	if (rc != RC_OK)
		return rc;
	rc = delivery_get(d->store, NULL, event, n, &x, err);
	if (rc == RC_OK)
		rc = do_now(d, x, act, err);
	talloc_free(x);
	if (rc == RC_OK)
		return store_commit(d->store, err);
	store_rollback(d->store);
	return rc;
}
