/* Reading the log, for people and for followers. */
#include "ticket/log.h"

#include <talloc.h>

#include "base/instant.h"
#include "base/text.h"

SQL(sql_log_all, "SELECT " EVENT_COLUMNS " FROM event e WHERE e.id > ?1 ORDER BY e.id");
SQL(sql_log_ticket, "SELECT " EVENT_COLUMNS
		    " FROM event e WHERE e.ticket = ?2 AND e.id > ?1 ORDER BY e.id");
SQL(sql_queue_of, "SELECT queue FROM ticket WHERE id = ?1");
SQL(sql_cursor_get, "SELECT event FROM cursor WHERE name = ?1");
SQL(sql_cursor_set,
    "INSERT INTO cursor (name, event, at) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (name) DO UPDATE SET event = excluded.event, at = excluded.at");
/* Instants never decrease, so a time is a place in the log: bisected by number. */
SQL(sql_event_at, "SELECT at FROM event WHERE id >= ?1 ORDER BY id LIMIT 1");

static enum rc
at_of(struct store *s, int64_t id, int64_t *at, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_event_at, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	*at = rc == RC_OK ? col_int(st, 0) : INSTANT_NEVER;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* The number before the first event at or after an instant. */
static enum rc
seek(struct store *s, int64_t since, int64_t *after, struct err *err)
{
	struct chain end;
	int64_t low = 1, high, at = 0;
	enum rc rc = chain_end(s, &end, err);

	high = end.id + 1;
	while (rc == RC_OK && low < high) {
		int64_t mid = low + (high - low) / 2;

		rc = at_of(s, mid, &at, err);
		if (at < since)
			low = mid + 1;
		else
			high = mid;
	}
	if (rc == RC_OK && low - 1 > *after)
		*after = low - 1;
	return rc;
}

static enum rc
may_see(struct desk *d, const struct event *e, bool *yes, struct err *err)
{
	struct stmt *st;
	enum rc rc;

	*yes = true;
	if (d->actor.role == NULL || d->actor.role->queues[0] == NULL)
		return RC_OK;
	*yes = false;
	if (e->ticket == 0)
		return RC_OK;
	rc = store_prepare(d->store, sql_queue_of, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, e->ticket);
	rc = stmt_step(st, err);
	*yes = rc == RC_OK && actor_may_queue(&d->actor, col_text(st, 0));
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static bool
wanted(const struct log_want *w, const struct event *e)
{
	return (w->actor == NULL || text_glob(w->actor, e->actor)) &&
	       (w->action == NULL || text_glob(w->action, e->action)) &&
	       (w->batch == 0 || e->batch == w->batch);
}

enum rc
log_each(struct desk *d, const struct log_want *w, int64_t *last,
    enum rc (*each)(void *, struct event *, struct err *), void *arg, struct err *err)
{
	int64_t after = w->after, n = 0;
	struct stmt *st = NULL;
	enum rc rc = RC_OK;

	if (w->since != INSTANT_NONE)
		rc = seek(d->store, w->since, &after, err);
	if (rc == RC_OK)
		rc = store_prepare(
		    d->store, w->ticket ? sql_log_ticket : sql_log_all, &st, err);
	if (rc != RC_OK)
		return rc;
	*last = after;
	bind_int(st, 1, after);
	if (w->ticket != 0)
		bind_int(st, 2, w->ticket);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct event *e = event_read(NULL, st);
		bool yes = false;

		*last = e->id;
		if (w->until != INSTANT_NONE && e->at >= w->until) {
			talloc_free(e);
			break;
		}
		if (wanted(w, e))
			rc = may_see(d, e, &yes, err);
		if (rc == RC_OK && yes) {
			rc = each(arg, e, err);
			if (++n == w->limit && rc == RC_OK)
				rc = RC_NONE;
		}
		talloc_free(e);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
cursor_get(struct store *s, const char *name, int64_t *event, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_cursor_get, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, name);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*event = col_int(st, 0);
	stmt_done(st);
	return rc;
}

enum rc
cursor_set(struct store *s, const char *name, int64_t event, int64_t now, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_write(s, err);

	if (rc == RC_OK)
		rc = store_prepare(s, sql_cursor_set, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, name);
	bind_int(st, 2, event);
	bind_int(st, 3, now);
	rc = stmt_run(st, err);
	if (rc == RC_OK)
		return store_commit(s, err);
	store_rollback(s);
	return rc;
}
