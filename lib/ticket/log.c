/* Reading the log, for people and for followers. */
#include "ticket/log.h"

#include <stdlib.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"

enum { FEW = 1000 }; /* tickets whose events are read by ticket */

SQL(sql_log_all, "SELECT " EVENT_COLUMNS " FROM event e WHERE e.id > ?1 ORDER BY e.id");
SQL(sql_log_ticket, "SELECT " EVENT_COLUMNS
		    " FROM event e WHERE e.ticket = ?2 AND e.id > ?1 ORDER BY e.id");
SQL(sql_log_batch, "SELECT " EVENT_COLUMNS
		   " FROM event e WHERE e.batch = ?2 AND e.id > ?1 ORDER BY e.id");
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

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static enum rc
wanted(const struct log_want *w, const struct event *e, bool *yes, struct err *err)
{
	*yes = (w->actor == NULL || text_glob(w->actor, e->actor)) &&
	       (w->action == NULL || text_glob(w->action, e->action)) &&
	       (w->batch == 0 || e->batch == w->batch) &&
	       (!w->only_tickets ||
		   (w->ntickets > 0 && bsearch(&e->ticket, w->tickets, w->ntickets,
					   sizeof(*w->tickets), by_number) != NULL));
	if (!*yes || w->wants == NULL)
		return RC_OK;
	*yes = false;
	return e->ticket ? w->wants(w->arg, e->ticket, yes, err) : RC_OK;
}

/* One walk over the log: what it has printed, and whether it is at its end. */
struct walk {
	struct desk *d;
	const struct log_want *w;
	int64_t *last, n;
	enum rc (*each)(void *arg, struct event *e, struct err *err);
	void *arg;
};

/* RC_NONE: no further. */
static enum rc
walk_event(struct walk *k, struct event *e, struct err *err)
{
	bool yes = false;
	enum rc rc;

	*k->last = e->id;
	if (k->w->until != INSTANT_NONE && e->at >= k->w->until)
		return RC_NONE;
	rc = wanted(k->w, e, &yes, err);
	if (rc == RC_OK && yes)
		rc = may_see(k->d, e, &yes, err);
	if (rc != RC_OK || !yes)
		return rc;
	rc = k->each(k->arg, e, err);
	return rc == RC_OK && ++k->n == k->w->limit ? RC_NONE : rc;
}

static enum rc
walk_rows(struct walk *k, struct stmt *st, struct err *err)
{
	enum rc rc;

	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct event *e = event_read(NULL, st);

		rc = walk_event(k, e, err);
		talloc_free(e);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

SQL(sql_log_ids, "SELECT id FROM event WHERE ticket = ?1 AND id > ?2");
SQL(sql_log_one, "SELECT " EVENT_COLUMNS " FROM event e WHERE e.id = ?1");

/* Of few tickets: their events by the index, put in order. */
static enum rc
walk_few(struct walk *k, int64_t after, struct err *err)
{
	void *ctx = talloc_new(NULL);
	int64_t *ids = NULL;
	size_t n = 0;
	struct stmt *st = NULL;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < k->w->ntickets; i++) {
		rc = store_prepare(k->d->store, sql_log_ids, &st, err);
		if (rc != RC_OK)
			break;
		bind_int(st, 1, k->w->tickets[i]);
		bind_int(st, 2, after);
		while ((rc = stmt_step(st, err)) == RC_OK) {
			if ((n & (n - 1)) == 0)
				ids = mem_grow(ctx, ids, int64_t, n ? 2 * n : 1);
			ids[n++] = col_int(st, 0);
		}
		stmt_done(st);
		rc = rc == RC_NONE ? RC_OK : rc;
	}
	if (n > 1)
		qsort(ids, n, sizeof(*ids), by_number);
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct event *e;

		rc = store_prepare(k->d->store, sql_log_one, &st, err);
		if (rc != RC_OK)
			break;
		bind_int(st, 1, ids[i]);
		rc = stmt_step(st, err);
		e = rc == RC_OK ? event_read(ctx, st) : NULL;
		stmt_done(st);
		if (e != NULL)
			rc = walk_event(k, e, err);
		talloc_free(e);
	}
	talloc_free(ctx);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
log_each(struct desk *d, const struct log_want *w, int64_t *last,
    enum rc (*each)(void *, struct event *, struct err *), void *arg, struct err *err)
{
	struct walk k = {.d = d, .w = w, .last = last, .each = each, .arg = arg};
	const char *sql = w->ticket  ? sql_log_ticket
			  : w->batch ? sql_log_batch
				     : sql_log_all;
	int64_t after = w->after;
	struct stmt *st = NULL;
	enum rc rc = RC_OK;

	if (w->since != INSTANT_NONE)
		rc = seek(d->store, w->since, &after, err);
	*last = after;
	if (rc == RC_OK && w->only_tickets && w->ntickets <= FEW)
		return walk_few(&k, after, err);
	if (rc == RC_OK)
		rc = store_prepare(d->store, sql, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, after);
	if (w->ticket != 0 || w->batch != 0)
		bind_int(st, 2, w->ticket ? w->ticket : w->batch);
	return walk_rows(&k, st, err);
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
