/* What is due of clocks becomes events, and the rules that wait for them fire. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "change/clocks_priv.h"

enum { TICKETS_AT_ONCE = 100, NEWS_MAX = 1000 };

/* One piece of news of one ticket. */
struct tell {
	int64_t ticket, at;
	bool told, followed;
};

/* News are told by the policies under which they fell due: up to the next apply that the
 * clocks do not follow yet. */
static int64_t
limit_of(const struct work *w, const struct sla_book *b, int64_t at, bool *behind)
{
	size_t epoch = sla_book_epoch(b, w->clocks->version);

	/* A ticket that is over follows when it is touched again. */
	*behind = w->before->phase < PHASE_RESOLVED && epoch + 1 < b->n &&
		  b->v[epoch + 1].at <= at;
	return *behind ? b->v[epoch + 1].at - 1 : at;
}

static enum rc
log_news(struct work *w, const struct sla_news *n, struct err *err)
{
	static const enum rule_on on[] = {ON_SLA_WARNED, ON_SLA_BREACHED};
	enum rc rc =
	    work_log(w, w->actor, sla_telling_actions[n->telling], sla_news_json(n), err);

	if (rc == RC_OK && n->telling != SLA_TELL_REMINDED)
		rc = work_rules(w, on[n->telling], err);
	if (rc == RC_OK && w->assign != NULL)
		rc = work_assign(w, err);
	return rc == RC_OK ? work_write(w, err) : rc;
}

static enum rc
run_tell(struct work *w, const void *what, struct err *err)
{
	struct tell *t = *(struct tell *const *)what;
	struct sla_book *b = NULL;
	struct sla_rules *r = NULL;
	struct sla_news news;
	bool behind = false;
	int64_t limit;
	enum rc rc;

	w->news = true;
	rc = work_load(w, t->ticket, false, err);
	if (rc == RC_OK)
		rc = clocks_book(w->tx, &b, err);
	if (rc != RC_OK || w->clocks == NULL)
		return rc;
	limit = limit_of(w, b, t->at, &behind);
	rc = sla_book_rules(b, sla_book_epoch(b, w->clocks->version), &r, err);
	if (rc == RC_OK && sla_next_news(w->clocks, r, limit, &news)) {
		t->told = true;
		return log_news(w, &news, err);
	}
	if (rc == RC_OK && behind) {
		t->followed = true;
		rc = work_follow(w, err);
	}
	return rc;
}

enum rc
work_tell(
    struct change_tx *tx, int64_t ticket, int64_t at, int64_t *told, struct err *err)
{
	enum rc rc = RC_OK;

	/* A rule that always makes a clock fall due again would go on for ever. */
	for (int i = 0; rc == RC_OK && i < NEWS_MAX; i++) {
		struct change_result r;
		struct tell t = {.ticket = ticket, .at = at};
		const struct tell *what = &t;
		struct work w = {
		    .tx = tx, .ctx = tx->ctx, .actor = &actor_system, .r = &r};

		rc = work_run(&w, &what, run_tell, err);
		if (rc == RC_OK && t.told)
			++*told;
		if (!t.told && !t.followed)
			break;
	}
	return rc;
}

enum rc
change_tell(struct change_tx *tx, int64_t ticket, int64_t *told, struct err *err)
{
	return work_tell(tx, ticket, tx->now / 1000, told, err);
}

/* ---- all that is due ---- */

SQL(sql_due_clocks, "SELECT ticket FROM sla_clock WHERE fire_at IS NOT NULL AND "
		    "fire_at <= ?1 GROUP BY ticket ORDER BY min(fire_at) LIMIT ?2");

static enum rc
due_tickets(struct desk *d, int64_t *ids, size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_due_clocks, &st, err);

	*n = 0;
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, desk_now(d));
	bind_int(st, 2, TICKETS_AT_ONCE);
	while ((rc = stmt_step(st, err)) == RC_OK)
		ids[(*n)++] = col_int(st, 0);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
clocks_tick(struct desk *d, struct clocks_done *done, struct err *err)
{
	int64_t ids[TICKETS_AT_ONCE];
	size_t n = 0;
	enum rc rc;

	do {
		void *ctx = talloc_new(d);
		struct change_tx *tx = NULL;
		int64_t before = done->told;

		rc = due_tickets(d, ids, &n, err);
		if (rc == RC_OK && n > 0)
			rc = change_begin(ctx, d, 0, &tx, err);
		for (size_t i = 0; rc == RC_OK && i < n; i++)
			rc = change_tell(tx, ids[i], &done->told, err);
		if (tx != NULL && rc == RC_OK)
			rc = change_commit(tx, err);
		else if (tx != NULL)
			change_abort(tx);
		talloc_free(ctx);
		if (done->told == before) /* another tick was faster */
			break;
	} while (rc == RC_OK && n == TICKETS_AT_ONCE);
	return rc;
}
