/* Clocks that are late or soon will be, by the index of due times. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "sla/sla.h"

/* The planner takes the partial indexes for these very words. */
static const char breached_sql[] = "c.ended_at IS NULL AND c.due_at <= ";
static const char warning_sql[] =
    "c.ended_at IS NULL AND c.warn_at IS NOT NULL AND c.breached_at IS NULL "
    "AND c.due_at >= ";
static const char open_sql[] = "c.ended_at IS NULL";

static char *
select_sql(void *ctx, const char *which, const char *where, const char *order)
{
	return talloc_asprintf(ctx,
	    "SELECT " CLOCK_COLUMNS ", c.ticket "
	    "FROM sla_clock c CROSS JOIN ticket t ON t.id = c.ticket "
	    "WHERE %s AND (%s) ORDER BY %s",
	    which, where, order);
}

struct walk {
	struct desk *d;
	const struct node *tree;
	const struct query_now *now;
	const struct query_sql *q;
	enum rc (*each)(void *arg, const struct sla_found *f, struct err *err);
	void *arg;
};

static enum rc
ticket_of(
    struct walk *w, void *ctx, int64_t id, bool *yes, struct ticket **t, struct err *err)
{
	enum rc rc = ticket_get(w->d->store, ctx, id, t, err);

	*yes = true;
	if (rc == RC_OK && w->q->inexact)
		rc = query_match(w->tree, *t, w->now, yes, NULL, err);
	return rc;
}

static enum rc
one_row(struct walk *w, struct stmt *st, struct err *err)
{
	void *ctx = talloc_new(NULL);
	int64_t now = w->now->now / 1000;
	struct sla_found f = {0};
	bool yes = false;
	enum rc rc;

	clock_read(ctx, st, 0, &f.clock);
	rc = ticket_of(w, ctx, col_int(st, CLOCK_NCOLUMNS), &yes, &f.ticket, err);
	if (rc == RC_OK && yes)
		rc = desk_calendar(
		    w->d, f.clock.version, f.clock.calendar, &f.clock.hours, err);
	if (rc == RC_OK && yes) {
		f.state = clock_state_at(&f.clock, now);
		f.warning = clock_warns(&f.clock, now);
		rc = w->each(w->arg, &f, err);
	}
	talloc_free(ctx);
	return rc;
}

static enum rc
rows(struct walk *w, void *ctx, const char *which, const char *order, struct err *err)
{
	char *sql = select_sql(ctx, which, w->q->where, order);
	struct stmt *st = NULL;
	enum rc rc = store_prepare_once(w->d->store, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	query_bind(st, w->q);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		rc = one_row(w, st, err);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
sla_check(struct desk *d, const struct node *tree, bool all,
    enum rc (*each)(void *, const struct sla_found *, struct err *), void *arg,
    struct err *err)
{
	struct query_now now = query_now_of(d);
	struct query_sql q = {0};
	struct walk w = {d, tree, &now, &q, each, arg};
	void *ctx = talloc_new(NULL);
	/* Whole seconds: at its due second a clock is not breached yet (S22), unless a
	 * change breached it then (S25). */
	long long second = (long long)(now.now / 1000) * 1000;
	enum rc rc = query_sql(ctx, tree, &now, false, &q, err);

	if (rc == RC_OK && all)
		rc = rows(&w, ctx, open_sql, "c.due_at IS NULL, c.due_at, c.ticket", err);
	if (rc == RC_OK && !all)
		rc = rows(&w, ctx,
		    talloc_asprintf(ctx,
			"%s%lld AND (c.breached_at IS NOT NULL OR c.due_at < %lld)",
			breached_sql, second, second),
		    "c.due_at", err);
	if (rc == RC_OK && !all)
		rc = rows(&w, ctx,
		    talloc_asprintf(
			ctx, "%s%lld AND c.warn_at <= %lld", warning_sql, second, second),
		    "c.warn_at", err);
	talloc_free(ctx);
	return rc;
}
