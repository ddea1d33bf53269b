/* Step 5 of the pipeline: one step of each clock of the ticket that changes. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "change/clocks_priv.h"

enum rc
clocks_book(struct change_tx *tx, struct sla_book **b, struct err *err)
{
	enum rc rc = tx->book ? RC_OK : sla_book_open(tx->ctx, tx->d, &tx->book, err);

	*b = tx->book;
	return rc;
}

/* ---- loading ---- */

enum rc
work_clocks_load(struct work *w, int64_t ticket, bool *due, struct err *err)
{
	int64_t at = w->said_at ? w->said_at : w->tx->now / 1000;
	struct sla_book *b = NULL;
	enum rc rc = clocks_load(w->tx->d->store, w->ctx, ticket, &w->clocks_stored, err);

	*due = false;
	if (rc == RC_NONE) {
		w->clocks_stored = NULL;
		return RC_OK;
	}
	if (rc == RC_OK)
		rc = clocks_book(w->tx, &b, err);
	if (rc == RC_OK)
		rc = sla_book_bind(b, w->clocks_stored, err);
	if (rc != RC_OK)
		return rc;
	w->clocks = clocks_copy(w->ctx, w->clocks_stored);
	for (size_t i = 0; i < w->clocks->n; i++)
		*due = *due || (w->clocks->v[i].fire != 0 && w->clocks->v[i].fire <= at);
	return RC_OK;
}

/* ---- the step ---- */

static enum rc
step(struct work *w, size_t epoch, struct ticket *t, struct sla_event *e, struct err *err)
{
	struct query_now now = query_now_of(w->tx->d);
	struct sla_rules *r = NULL;
	enum rc rc = sla_book_rules(w->tx->book, epoch, &r, err);

	if (rc != RC_OK)
		return rc;
	e->rules = r;
	e->status = t->status;
	e->mailbox = t->mailbox;
	e->phase = t->phase;
	e->priority = t->priority;
	now.config = r->config;
	now.now = e->at * 1000;
	now.body = w->body;
	rc = sla_match(r, t, &now, &e->policy, NULL, NULL, err);
	if (rc == RC_OK && !sla_step(w->clocks, e, NULL, NULL))
		w->refold = true;
	return rc;
}

/* Epochs that began since the last step, one by one, up to `at` (S25, S29). */
static enum rc
activate(struct work *w, size_t *epoch, int64_t at, struct ticket *t, struct err *err)
{
	const struct sla_book *b = w->tx->book;
	enum rc rc = RC_OK;

	while (
	    rc == RC_OK && !w->refold && *epoch + 1 < b->n && b->v[*epoch + 1].at <= at) {
		struct sla_event e = {
		    .id = b->v[*epoch + 1].event, .at = b->v[*epoch + 1].at};

		rc = step(w, ++*epoch, t, &e, err);
	}
	return rc;
}

/* Telling moves clocks, too: a breach that is known happened before what is said now. */
static bool
breached_after(const struct clocks *c, int64_t at)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].breached > at)
			return true;
	}
	return false;
}

/* The ticket began before there were policies, or its clocks cannot be had from here. */
static bool
must_fold(const struct work *w, int64_t at)
{
	return w->refold || (w->before != NULL && w->clocks == NULL) ||
	       (w->clocks != NULL &&
		   (at < w->clocks->last || breached_after(w->clocks, at)));
}

static enum rc
run_steps(struct work *w, int64_t at, struct err *err)
{
	const struct sla_book *b = w->tx->book;
	size_t epoch;
	struct sla_event e = {.id = w->tx->chain.id + 1, .at = at};
	enum rc rc = RC_OK;

	if (w->message != NULL)
		e.said = clocks_said(w->message);
	if (w->before == NULL) {
		w->clocks = talloc_zero(w->ctx, struct clocks);
		w->clocks->policy = "";
		epoch = sla_book_at(b, at, e.id);
		e.opened_by_agent = w->message != NULL && w->actor->kind == ACTOR_AGENT &&
				    strcmp(w->message->direction, "in") == 0;
	} else {
		w->clocks->phase = w->before->phase;
		epoch = sla_book_epoch(b, w->clocks->version);
		rc = activate(w, &epoch, at, w->before, err);
	}
	if (rc == RC_OK && !w->refold)
		rc = step(w, epoch, w->t, &e, err);
	/* What was said before the last apply is followed by it at once. */
	if (rc == RC_OK && w->t->phase < PHASE_RESOLVED)
		rc = activate(w, &epoch, INT64_MAX, w->t, err);
	return rc;
}

enum rc
work_clocks(struct work *w, struct err *err)
{
	int64_t at = clocks_instant(w->message, w->tx->now);
	struct sla_book *b = NULL;
	enum rc rc = clocks_book(w->tx, &b, err);

	if (rc != RC_OK)
		return rc;
	if (!b->any) {
		w->refold = false;
		return RC_OK;
	}
	/* News alone were told already, and nothing else happened. */
	if (!w->news || w->nevents > 1) {
		w->refold = must_fold(w, at);
		if (!w->refold)
			rc = run_steps(w, at, err);
	}
	if (rc == RC_OK && !w->refold)
		clocks_to_ticket(w->clocks, w->t);
	return rc;
}

enum rc
work_follow(struct work *w, struct err *err)
{
	size_t epoch = sla_book_epoch(w->tx->book, w->clocks->version);
	enum rc rc;

	w->clocks->phase = w->before->phase;
	rc = activate(w, &epoch, INT64_MAX, w->before, err);
	if (rc == RC_OK && w->refold)
		return clocks_refold(w->tx->book, w->before->id, err);
	clocks_to_ticket(w->clocks, w->t);
	if (rc == RC_OK)
		rc = clocks_store(w->tx->d->store, w->clocks_stored, w->clocks, err);
	return rc == RC_OK ? ticket_store(w->tx->d->store, w->before, w->t, err) : rc;
}

/* ---- storing ---- */

/* Puts folded clocks in the place of what is stored, and into the ticket's row. */
static enum rc
replace(struct sla_book *b, const struct clocks *before, const struct clocks *after,
    struct err *err)
{
	struct ticket *row = NULL, was;
	enum rc rc = clocks_store(b->d->store, before, after, err);

	if (rc == RC_OK)
		rc = ticket_get(b->d->store, (void *)after, after->ticket, &row, err);
	if (rc != RC_OK)
		return rc;
	was = *row;
	clocks_to_ticket(after, row);
	if (was.due_at == row->due_at && was.warn_at == row->warn_at &&
	    strcmp(was.due_target, row->due_target) == 0)
		return RC_OK;
	return ticket_store(b->d->store, &was, row, err);
}

enum rc
clocks_refold(struct sla_book *b, int64_t ticket, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct clocks *before = NULL, *after = NULL;
	enum rc rc = clocks_load(b->d->store, ctx, ticket, &before, err);

	if (rc == RC_NONE)
		rc = RC_OK;
	if (rc == RC_OK)
		rc = sla_fold(ctx, b, ticket, 0, NULL, &after, err);
	if (rc == RC_OK)
		rc = replace(b, before, after, err);
	talloc_free(ctx);
	/* Of an erased past the clocks as they stand are all there is. */
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
work_clocks_store(struct work *w, struct err *err)
{
	enum rc rc;

	if (w->refold) {
		rc = clocks_refold(w->tx->book, w->t->id, err);
		if (rc == RC_OK) /* the result shows what the row says now */
			rc = ticket_get(w->tx->d->store, w->ctx, w->t->id, &w->t, err);
		w->r->after = w->t;
		return rc;
	}
	if (w->clocks == NULL)
		return RC_OK;
	w->clocks->ticket = w->t->id;
	return clocks_store(w->tx->d->store, w->clocks_stored, w->clocks, err);
}

/* ---- what a split leaves and takes ---- */

struct asking {
	const int64_t *ids;
	size_t n;
	bool others;
	int64_t asked;
};

static enum rc
look_at_message(void *arg, struct message *m, struct err *err)
{
	struct asking *a = arg;
	enum sla_said said = clocks_said(m);
	bool listed = false;

	(void)err;
	for (size_t i = 0; i < a->n; i++)
		listed = listed || a->ids[i] == m->id;
	if (said == SLA_AGENT)
		a->asked = 0;
	else if ((said == SLA_CUSTOMER || said == SLA_MACHINE) && listed != a->others &&
		 a->asked == 0)
		a->asked = m->created_at / 1000;
	return RC_OK;
}

enum rc
clocks_unanswered(struct store *s, int64_t ticket, const int64_t *ids, size_t n,
    bool others, int64_t *asked, struct err *err)
{
	struct asking a = {ids, n, others, 0};
	enum rc rc = message_each(s, ticket, look_at_message, &a, err);

	*asked = a.asked;
	return rc;
}

/* ---- from the start, by today's policies ---- */

static enum rc
run_recompute(struct work *w, const void *what, struct err *err)
{
	struct sla_book *b = NULL, *today;
	struct clocks *would = NULL;
	struct sla_rules *r = NULL;
	json_t *extra;
	enum rc rc;

	w->news = true; /* what was due by the old policies is no news any more */
	rc = work_load(w, *(const int64_t *)what, false, err);
	if (rc == RC_OK)
		rc = actor_need(w->actor, "desk.config", err);
	if (rc == RC_OK)
		rc = clocks_book(w->tx, &b, err);
	if (rc == RC_OK)
		rc = sla_book_rules(b, b->n - 1, &r, err);
	if (rc != RC_OK)
		return rc;
	today = sla_book_of(w->ctx, w->tx->d, r);
	rc = sla_fold(w->ctx, today, w->before->id, 0, NULL, &would, err);
	if (rc == RC_OK)
		sla_hush(would, r, w->tx->now / 1000);
	if (rc != RC_OK ||
	    (w->clocks_stored != NULL && clocks_equal(w->clocks_stored, would)))
		return rc;
	w->news = false;
	w->refold = true;
	extra = json_pack("{s:I}", "version", (json_int_t)r->version);
	rc = work_log(w, w->actor, recomputed_action, extra, err);
	return rc == RC_OK ? work_write(w, err) : rc;
}

enum rc
change_recompute(struct change_tx *tx, const struct actor *actor, int64_t ticket,
    struct change_result *r, struct err *err)
{
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = actor, .r = r};
	enum rc rc = work_run(&w, &ticket, run_recompute, err);

	return rc == RC_OK || rc == RC_NOTFOUND || rc == RC_NONE
		   ? rc
		   : err_wrap(err, "ticket %lld", (long long)ticket);
}
