/* The transaction, its events, and the writing at the end: everything is worked out in
 * structs first, so a ticket that three rules and an assignment touched is written once.
 */
#include "change/change_priv.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "change/notice.h"

/* ---- the transaction ---- */

enum rc
change_begin(
    void *ctx, struct desk *d, int64_t batch, struct change_tx **out, struct err *err)
{
	struct change_tx *tx;
	enum rc rc = blob_sync(d->store, err);

	if (rc == RC_OK)
		rc = store_write(d->store, err);
	if (rc != RC_OK)
		return rc;
	tx = talloc_zero(ctx, struct change_tx);
	tx->ctx = ctx;
	tx->d = d;
	tx->batch = batch;
	rc = chain_end(d->store, &tx->chain, err);
	if (rc != RC_OK) {
		change_abort(tx);
		return rc;
	}
	tx->now = desk_now(d);
	if (tx->now < tx->chain.at)
		tx->now = tx->chain.at;
	*out = tx;
	return RC_OK;
}

enum rc
change_commit(struct change_tx *tx, struct err *err)
{
	enum rc rc = work_drain_freed(tx, err);

	if (rc == RC_OK)
		rc = store_commit(tx->d->store, err);
	else
		store_rollback(tx->d->store);
	talloc_free(tx);
	return rc;
}

void
change_abort(struct change_tx *tx)
{
	store_rollback(tx->d->store);
	talloc_free(tx);
}

int64_t
change_batch(const struct change_tx *tx)
{
	return tx->batch;
}

int64_t
change_at(const struct change_tx *tx)
{
	return tx->now;
}

void
change_expect(struct change_tx *tx, const struct expect *e)
{
	tx->expect = *e;
}

/* ---- a ticket to change ---- */

static enum rc
as_expected(struct change_tx *tx, const struct ticket *t, struct err *err)
{
	struct expect e = tx->expect;
	char *at;

	tx->expect = (struct expect){0};
	if ((e.event == 0 || t->last_event == e.event) &&
	    (e.updated_at == INSTANT_NONE || t->updated_at <= e.updated_at))
		return RC_OK;
	at = instant_print(NULL, t->updated_at);
	err_fail(err, RC_NONE, "it was changed at %s (event %lld)", at,
	    (long long)t->last_event);
	talloc_free(at);
	return RC_NONE;
}

/* A breach that nobody saw yet stands in the log before the answer that came too late. */
static enum rc
tell_first(struct work *w, int64_t ticket, struct err *err)
{
	int64_t at = w->said_at ? w->said_at : w->tx->now / 1000, told = 0;
	bool due;
	enum rc rc = work_tell(w->tx, ticket, at, &told, err);

	if (rc == RC_OK)
		rc = ticket_get(w->tx->d->store, w->ctx, ticket, &w->before, err);
	return rc == RC_OK ? work_clocks_load(w, ticket, &due, err) : rc;
}

enum rc
work_load(struct work *w, int64_t ticket, bool live, struct err *err)
{
	bool due = false;
	enum rc rc = ticket_get(w->tx->d->store, w->ctx, ticket, &w->before, err);

	if (rc == RC_OK)
		rc = actor_need_queue(w->actor, w->before->queue, err);
	if (rc == RC_OK && live && w->before->phase == PHASE_MERGED)
		rc = err_fail(err, RC_INVALID, "it is merged into ticket %lld",
		    (long long)w->before->merged_into);
	if (rc == RC_OK)
		rc = as_expected(w->tx, w->before, err);
	if (rc == RC_OK)
		rc = work_clocks_load(w, ticket, &due, err);
	if (rc == RC_OK && due && !w->news)
		rc = tell_first(w, ticket, err);
	if (rc != RC_OK)
		return rc;
	w->t = talloc_memdup(w->ctx, w->before, sizeof(*w->t));
	w->last = *w->t;
	return RC_OK;
}

struct work
work_beside(const struct work *w, struct change_result *r, int64_t cause)
{
	*r = (struct change_result){0};
	return (struct work){
	    .tx = w->tx, .ctx = w->ctx, .actor = w->actor, .r = r, .cause = cause};
}

enum rc
work_event(struct change_tx *tx, struct event *e, struct err *err)
{
	enum rc rc;

	e->at = tx->now;
	e->batch = tx->batch;
	rc = event_append(tx->d->store, &tx->chain, e, err);
	if (rc == RC_OK && tx->batch == -1)
		tx->batch = e->id;
	return rc;
}

/* ---- step 6: events ---- */

/* Notes what differs from the last event. A message makes an event even when nothing
 * else does. Takes over `extra`, which may be NULL. */
enum rc
work_log(struct work *w, const struct actor *actor, const char *action, json_t *extra,
    struct err *err)
{
	json_t *changes = ticket_diff(w->logged || w->before ? &w->last : NULL, w->t);

	if (json_object_size(changes) == 0 && extra == NULL) {
		json_decref(changes);
		return RC_OK;
	}
	if (w->nevents == EVENTS_MAX) {
		json_decref(changes);
		json_decref(extra);
		return err_fail(err, RC_CONFIG,
		    "rules made more than %d changes to one ticket", EVENTS_MAX);
	}
	if (extra != NULL)
		json_object_update(changes, extra);
	json_decref(extra);
	if (actor->by != NULL)
		json_object_set_new(changes, "by", json_string(actor->by));
	w->events[w->nevents] = (struct pending){.actor = actor_print(w->ctx, actor),
	    .action = action,
	    .changes = changes,
	    .chained = w->nevents > 0};
	w->nevents++;
	w->last = *w->t;
	w->logged = true;
	return RC_OK;
}

/* ---- writing ---- */

static enum rc
write_events(struct work *w, struct err *err)
{
	int64_t cause = w->cause;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < w->nevents; i++) {
		struct pending *p = &w->events[i];
		struct event e = {
		    .ticket = w->t->id, .actor = p->actor, .action = p->action};

		e.cause = p->chained ? cause : w->cause;
		e.changes = event_changes(w->ctx, p->changes);
		rc = work_event(w->tx, &e, err);
		cause = p->id = e.id;
		if (i == 0)
			w->r->event = e.id;
		if (i == 0 && w->message != NULL)
			w->message->id = e.id;
	}
	return rc;
}

enum rc
work_write(struct work *w, struct err *err)
{
	struct store *s = w->tx->d->store;
	enum rc rc = RC_OK;

	w->r->changed = w->nevents > 0;
	w->r->after = w->t;
	w->r->ticket = w->t->id;
	if (w->nevents == 0)
		return RC_OK;
	w->t->last_event = w->tx->chain.id + (int64_t)w->nevents;
	w->t->updated_at = w->tx->now;
	rc = work_clocks(w, err);
	if (rc == RC_OK)
		rc = ticket_store(s, w->before, w->t, err);
	if (rc == RC_OK && w->talk != NULL) {
		struct conversation c = *w->talk;

		c.ticket = w->t->id;
		rc = conversation_put(s, &c, err);
	}
	if (rc == RC_OK)
		rc = work_say(w, err);
	if (rc == RC_OK)
		rc = write_events(w, err);
	if (rc == RC_OK && w->message != NULL) {
		w->message->ticket = w->t->id;
		rc = message_store(s, w->message, err);
		w->r->message = w->message->id;
	}
	if (rc == RC_OK)
		rc = work_act_deliver(w, err);
	if (rc == RC_OK)
		rc = notice_to_rooms(w, err);
	if (rc == RC_OK)
		rc = work_clocks_store(w, err);
	if (rc == RC_OK)
		rc = work_deliver(w, err);
	if (rc == RC_OK && *w->t->assignee != '\0' &&
	    (w->before == NULL || strcmp(w->before->assignee, w->t->assignee) != 0))
		rc = assign_note(s, w->t->assignee, w->t->last_event, err);
	w->r->ticket = w->t->id;
	if (rc == RC_OK)
		work_freed(w);
	if (rc == RC_OK)
		w->r->changes = record_own(w->ctx, ticket_diff(w->before, w->t));
	return rc;
}

void
work_free(struct work *w)
{
	for (size_t i = 0; i < w->nevents; i++)
		json_decref(w->events[i].changes);
	w->nevents = 0;
}

enum rc
change_try(struct change_tx *tx, enum rc (*what)(void *, struct err *), void *arg,
    struct err *err)
{
	struct chain chain = tx->chain;
	int64_t batch = tx->batch;
	enum rc rc = store_savepoint(tx->d->store, err);

	if (rc != RC_OK)
		return rc;
	rc = what(arg, err);
	if (rc == RC_OK)
		return store_release(tx->d->store, err);
	store_rollback_to(tx->d->store);
	tx->chain = chain;
	tx->batch = batch;
	return rc;
}

struct run {
	struct work *w;
	const void *what;
	enum rc (*run)(struct work *w, const void *what, struct err *err);
};

static enum rc
run_work(void *arg, struct err *err)
{
	struct run *r = arg;
	enum rc rc = r->run(r->w, r->what, err);

	work_free(r->w);
	return rc;
}

/* Runs one change in a savepoint, so that a failing one leaves nothing behind. */
enum rc
work_run(struct work *w, const void *what,
    enum rc (*run)(struct work *w, const void *what, struct err *err), struct err *err)
{
	struct run r = {w, what, run};

	*w->r = (struct change_result){0};
	return change_try(w->tx, run_work, &r, err);
}
