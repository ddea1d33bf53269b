/* Step 4: an assignee for a ticket that nobody has; and tickets that wait for one. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "change/change_priv.h"

enum rc
work_assign(struct work *w, struct err *err)
{
	struct desk *d = w->tx->d;
	const struct queue *q = config_queue(d->config, w->t->queue);
	const char *strategy = w->assign ? w->assign
			       : q	 ? q->assign
					 : "none",
		   *served = NULL, *who;
	struct change_result *r = w->r;
	enum rc rc = RC_OK;

	if (*w->t->assignee != '\0' || w->t->phase != PHASE_OPEN || q == NULL ||
	    strcmp(strategy, "none") == 0)
		return RC_OK;
	rc = assign_candidates(d->store, d->config, w->ctx, w->t, w->tx->now,
	    &r->candidates, &r->ncandidates, err);
	if (rc == RC_OK && strcmp(strategy, "sticky") == 0)
		rc = assign_served(d->store, w->ctx, w->t, &served, err);
	if (rc != RC_OK)
		return rc;
	who = assign_choose(
	    w->ctx, strategy, served, r->candidates, r->ncandidates, &r->not_assigned);
	r->strategy = strategy;
	if (who == NULL)
		return RC_OK;
	w->t->assignee = who;
	r->assigned = who;
	rc = work_log(w, &actor_system, "ticket.changed",
	    json_pack("{s:s}", "assigned_by", strategy), err);
	return rc == RC_OK ? work_changed(w, err) : rc;
}

/* ---- those who wait (drain) ---- */

/* phase and assignee are literal for the index. */
SQL(sql_waiting, "SELECT id FROM ticket WHERE queue = ?1 AND phase = 0 AND assignee = '' "
		 "AND (snoozed_until IS NULL OR snoozed_until <= ?2) "
		 "ORDER BY priority DESC, created_at LIMIT ?3");
SQL(sql_waiting_place, "SELECT priority, created_at FROM ticket WHERE id = ?1");

struct waiting {
	int64_t id, priority, created;
};

static enum rc
first_of_queue(struct change_tx *tx, const struct queue *q, const int64_t *tried,
    size_t ntried, struct waiting *best, struct err *err)
{
	struct stmt *st;
	int64_t id = 0;
	enum rc rc = store_prepare(tx->d->store, sql_waiting, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, q->name);
	bind_int(st, 2, tx->now);
	bind_int(st, 3, (int64_t)ntried + 1);
	while (id == 0 && (rc = stmt_step(st, err)) == RC_OK) {
		id = col_int(st, 0);
		for (size_t i = 0; i < ntried; i++)
			id = tried[i] == id ? 0 : id;
	}
	stmt_done(st);
	if (id == 0 || (rc != RC_OK && rc != RC_NONE))
		return rc == RC_NONE ? RC_OK : rc;
	rc = store_prepare(tx->d->store, sql_waiting_place, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		struct waiting x = {id, col_int(st, 0), col_int(st, 1)};

		if (best->id == 0 || x.priority > best->priority ||
		    (x.priority == best->priority && x.created < best->created))
			*best = x;
	}
	stmt_done(st);
	return rc;
}

static bool
concerns(const struct queue *q, const char *agent)
{
	return strcmp(q->assign, "none") != 0 &&
	       (agent == NULL || word_index(q->members, agent) >= 0);
}

static enum rc
run_assign(struct work *w, const void *what, struct err *err)
{
	enum rc rc = work_load(w, *(const int64_t *)what, true, err);

	if (rc == RC_OK)
		rc = work_assign(w, err);
	return rc == RC_OK ? work_write(w, err) : rc;
}

enum rc
change_drain(struct change_tx *tx, const char *agent, int64_t max, int64_t *assigned,
    struct err *err)
{
	const struct config *c = tx->d->config;
	int64_t *tried = mem_array(tx->ctx, int64_t, DRAIN_TRIES + 1);
	size_t ntried = 0;
	enum rc rc = RC_OK;

	*assigned = 0;
	/* What nobody can take (a skill is missing) must not keep the others waiting. */
	while (rc == RC_OK && *assigned < max && ntried < DRAIN_TRIES) {
		struct waiting best = {0};
		struct change_result r = {0};
		struct work w = {
		    .tx = tx, .ctx = tx->ctx, .actor = &actor_system, .r = &r};

		for (size_t i = 0; rc == RC_OK && i < c->nqueues; i++) {
			if (concerns(&c->queues[i], agent))
				rc = first_of_queue(
				    tx, &c->queues[i], tried, ntried, &best, err);
		}
		if (rc != RC_OK || best.id == 0)
			break;
		rc = work_run(&w, &best.id, run_assign, err);
		if (rc == RC_OK && r.assigned != NULL)
			++*assigned;
		else
			tried[ntried++] = best.id;
	}
	talloc_free(tried);
	return rc;
}

void
work_freed(struct work *w)
{
	const struct ticket *was = w->before;
	const struct agent *a;

	if (was == NULL || *was->assignee == '\0' || was->phase != PHASE_OPEN ||
	    (w->t->phase == PHASE_OPEN && strcmp(was->assignee, w->t->assignee) == 0))
		return;
	a = config_agent(w->tx->d->config, was->assignee);
	if (a != NULL && a->capacity > 0)
		text_push(w->tx, &w->tx->freed, &w->tx->nfreed, a->name);
}

enum rc
work_drain_freed(struct change_tx *tx, struct err *err)
{
	enum rc rc = RC_OK;

	/* What is assigned here frees nobody. */
	for (size_t i = 0; rc == RC_OK && i < tx->nfreed; i++) {
		const struct agent *a = config_agent(tx->d->config, tx->freed[i]);
		int64_t assigned;
		bool room = false;

		rc = assign_has_room(tx->d->store, a, &room, err);
		if (rc == RC_OK && room)
			rc = change_drain(tx, a->name, 1, &assigned, err);
	}
	return rc;
}
