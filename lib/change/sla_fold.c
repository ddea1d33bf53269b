/* Clocks from the beginning: a ticket's events become steps, in the order in which things
 * happened (S3), with the activations of policies between them.
 *
 * What one change did (an event, and those it caused on the same ticket) is one step, as
 * it was when it was written. A message that was said before something that is in the log
 * already (--received-at) is a step of its own at its instant; the fields that came with
 * it changed when they were written: a ticket's own state never goes back in time. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/clocks.h"
#include "change/clocks_priv.h"

enum step_kind {
	STEP_WHOLE,  /* what was said and what changed */
	STEP_SAID,   /* a message alone, said earlier */
	STEP_FIELDS, /* what changed, without the message */
	STEP_OPENED, /* of imported tickets: the ticket began, open */
	STEP_HUSH    /* of imported tickets: nothing until here is news */
};
struct fold_step {
	int64_t at, seq;
	enum step_kind kind;
	size_t from, to; /* entries */
};

struct fold {
	void *ctx, *out; /* of the fold; of what comes out of it */
	struct sla_book *b;
	int64_t ticket;
	const struct sla_trace *trace;
	struct sla_log *log;
	struct fold_step *steps;
	size_t nsteps;
	struct ticket *t; /* folded as far as the steps have come */
	struct clocks *s;
	struct sla_history history;
	size_t epoch;
	struct query_now now;
};

/* ---- steps ---- */

static void
add_step(struct fold *f, enum step_kind kind, int64_t at, size_t from, size_t to)
{
	if ((f->nsteps & (f->nsteps - 1)) == 0)
		f->steps = mem_grow(
		    f->ctx, f->steps, struct fold_step, f->nsteps ? 2 * f->nsteps : 1);
	f->steps[f->nsteps++] =
	    (struct fold_step){at, f->log->v[from].e->id, kind, from, to};
}

/* The instant of a pair [old, new] in an event, in seconds; 0: not there. */
static int64_t
instant_of(const struct sla_entry *x, const char *key)
{
	const char *s =
	    json_string_value(json_array_get(json_object_get(x->changes, key), 1));
	int64_t ms = 0;

	return s != NULL && instant_parse(s, &ms) ? ms / 1000 : 0;
}

/* History of another system: what was said then was said then; of its states we know when
 * it was solved, else only how it is now. */
static void
imported_steps(struct fold *f, size_t i)
{
	const struct sla_entry *x = &f->log->v[i];
	int64_t solved = instant_of(x, "solved_at"),
		updated = instant_of(x, "updated_at"),
		began = instant_of(x, "created_at");

	if (strcmp(x->e->action, "ticket.imported") == 0) {
		add_step(f, STEP_OPENED, began ? began : x->at, i, i + 1);
		add_step(f, STEP_FIELDS, solved ? solved : updated, i, i + 1);
	}
	if (x->has_message)
		add_step(f, STEP_SAID, x->at, i, i + 1);
	add_step(f, STEP_HUSH, x->e->at / 1000, i, i + 1);
}

/* News that was told; rules that fired by it changed the ticket in the same group. */
static bool
is_news(const struct sla_entry *x)
{
	return text_starts(x->e->action, "sla.");
}

const char recomputed_action[] = "clocks.recomputed";

static bool
is_imported(const char *action)
{
	return strcmp(action, "ticket.imported") == 0 ||
	       strcmp(action, "message.imported") == 0;
}

/* An event, and those behind it that it caused. */
static size_t
group_end(const struct fold *f, size_t from)
{
	size_t to = from + 1;

	while (to < f->log->n && f->log->v[to].e->cause == f->log->v[to - 1].e->id &&
	       f->log->v[to].e->at == f->log->v[from].e->at)
		to++;
	return to;
}

static int
by_instant(const void *a, const void *b)
{
	const struct fold_step *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return (int)x->kind - (int)y->kind;
}

static void
make_steps(struct fold *f)
{
	int64_t last = 0;

	for (size_t from = 0, to; from < f->log->n; from = to) {
		const struct sla_entry *x = &f->log->v[from];

		to = group_end(f, from);
		if (is_imported(x->e->action)) {
			imported_steps(f, from);
			last = x->e->at / 1000 > last ? x->e->at / 1000 : last;
		} else if (strcmp(x->e->action, recomputed_action) == 0) {
			add_step(f, STEP_HUSH, x->at, from, to);
		} else if (is_news(x) && to == from + 1) {
			add_step(f, STEP_WHOLE, x->at, from, to); /* no step of clocks */
		} else if (x->at >= last) {
			add_step(f, STEP_WHOLE, x->at, from, to);
			last = x->at;
		} else {
			add_step(f, STEP_SAID, x->at, from, from + 1);
			add_step(f, STEP_FIELDS, last, from, to);
		}
	}
	qsort(f->steps, f->nsteps, sizeof(*f->steps), by_instant);
}

/* ---- policies on the way ---- */

static enum rc
match(struct fold *f, struct sla_event *e, struct err *err)
{
	struct sla_rules *r = NULL;
	enum rc rc = sla_book_rules(f->b, f->epoch, &r, err);

	e->rules = r;
	e->status = f->t->status;
	e->mailbox = f->t->mailbox;
	e->phase = f->t->phase;
	e->priority = f->t->priority;
	f->now.config = r ? r->config : f->now.config;
	f->now.now = e->at * 1000;
	return rc == RC_OK ? sla_match(r, f->t, &f->now, &e->policy, NULL, NULL, err)
			   : rc;
}

static void
remember(struct fold *f, const struct sla_event *e)
{
	struct sla_history *h = &f->history;

	if ((h->n & (h->n - 1)) == 0)
		h->v = mem_grow(f->ctx, h->v, struct sla_past, h->n ? 2 * h->n : 1);
	h->v[h->n++] = (struct sla_past){e->at, f->t->status, f->t->phase};
	if (e->opened_by_agent)
		h->opened = e->at;
}

static enum rc
apply(struct fold *f, struct sla_event *e, struct err *err)
{
	enum rc rc = match(f, e, err);

	if (rc != RC_OK)
		return rc;
	remember(f, e);
	if (!sla_step(f->s, e, &f->history, f->trace))
		return err_fail(err, RC_BUG, "a fold without history");
	return RC_OK;
}

/* Versions that were applied before a step and are not followed yet (S29). */
static enum rc
activate(struct fold *f, int64_t at, int64_t seq, int64_t version, struct err *err)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK && f->epoch + 1 < f->b->n) {
		const struct sla_epoch *next = &f->b->v[f->epoch + 1];
		struct sla_event e = {.id = next->event, .at = next->at};

		if (next->at > at || (next->at == at && next->event > seq) ||
		    (version != 0 && next->version > version))
			break;
		f->epoch++;
		rc = apply(f, &e, err);
	}
	return rc;
}

/* ---- merges and splits: their events say what clocks need ---- */

/* The clocks of the ticket that is merged into this one, as they were then (S33). */
static enum rc
take_over(struct fold *f, const struct sla_entry *x, struct sla_event *e, struct err *err)
{
	json_t *kept = json_object_get(x->changes, "their_clocks");
	struct clocks *theirs = NULL;
	enum rc rc;

	if (kept == NULL) /* it had none */
		return RC_OK;
	rc = clocks_from_json(f->ctx, kept, &theirs, err);
	if (rc == RC_OK)
		rc = sla_book_bind(f->b, theirs, err);
	if (rc == RC_OK)
		rc = match(f, e, err);
	if (rc == RC_OK)
		sla_take_over(f->s, theirs, e, f->trace);
	return rc;
}

/* When the question was asked that a split left, or took along (S34). */
static int64_t
asked_at(const struct sla_entry *x)
{
	const char *s = json_string_value(json_object_get(x->changes, "asked_at"));
	int64_t ms = 0;

	return s != NULL && instant_parse(s, &ms) ? ms / 1000 : 0;
}

/* ---- one step ---- */

static enum rc
fold_fields(struct fold *f, const struct fold_step *p, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = p->from; rc == RC_OK && i < p->to; i++) {
		if (!f->log->v[i].undone)
			rc = ticket_fold(f->t, f->t, f->log->v[i].changes, err);
	}
	return rc;
}

/* What an event says to the clocks beyond its fields. */
static enum rc
meaning(struct fold *f, const struct fold_step *p, struct sla_event *e, struct err *err)
{
	const struct sla_entry *x = &f->log->v[p->from];

	if (x->undone)
		return RC_OK;
	if (p->kind != STEP_FIELDS)
		e->said = x->said;
	if (strcmp(x->e->action, "ticket.joined") == 0)
		return take_over(f, x, e, err);
	if (strcmp(x->e->action, "ticket.split") == 0) {
		e->asked_anew = true;
		e->asked_at = asked_at(x);
	}
	if (strcmp(x->e->action, "ticket.created") != 0)
		return RC_OK;
	if (json_object_get(x->changes, "from") != NULL) {
		e->asked_at = asked_at(x) ? asked_at(x) : x->at;
		return RC_OK;
	}
	e->opened_by_agent = x->by_agent;
	return RC_OK;
}

static enum rc
hear(struct fold *f, const struct fold_step *p, struct err *err)
{
	struct sla_rules *r = NULL;
	enum rc rc = sla_book_rules(f->b, f->epoch, &r, err);

	if (rc != RC_OK)
		return rc;
	sla_heard(
	    f->s, r, f->log->v[p->from].e->action, f->log->v[p->from].changes, f->trace);
	return RC_OK;
}

static enum rc
hush(struct fold *f, int64_t at, struct err *err)
{
	struct sla_rules *r = NULL;
	enum rc rc = sla_book_rules(f->b, f->epoch, &r, err);

	if (rc == RC_OK)
		sla_hush(f->s, r, at);
	return rc;
}

/* News are told by the policies that the clocks followed then, which may not be the
 * newest. */
static int64_t
told_by(const struct sla_entry *x)
{
	return json_integer_value(
	    json_object_get(json_object_get(x->changes, "sla"), "version"));
}

static enum rc
one_step(struct fold *f, const struct fold_step *p, struct err *err)
{
	struct sla_event e = {.id = f->log->v[p->from].e->id, .at = p->at};
	enum rc rc = RC_OK;

	if (is_news(&f->log->v[p->from])) {
		rc = activate(f, p->at, p->seq, told_by(&f->log->v[p->from]), err);
		if (rc == RC_OK)
			rc = hear(f, p, err);
		if (rc != RC_OK || p->to == p->from + 1)
			return rc;
	}
	if (rc == RC_OK)
		rc = activate(f, p->at, p->seq, 0, err);
	if (rc == RC_OK && p->kind == STEP_HUSH)
		return hush(f, p->at, err);
	if (rc == RC_OK && p->kind != STEP_SAID)
		rc = fold_fields(f, p, err);
	if (rc == RC_OK && p->kind == STEP_OPENED)
		f->t->phase = PHASE_OPEN;
	else if (rc == RC_OK)
		rc = meaning(f, p, &e, err);
	return rc == RC_OK ? apply(f, &e, err) : rc;
}

/* ---- all of it ---- */

/* An administrator had everything up to an event evaluated by the policies of then, as if
 * they had always been (S29, recompute --from-start): nothing until there is news. */
static void
from_start(struct fold *f)
{
	for (size_t i = f->log->n; i > 0; i--) {
		const struct sla_entry *x = &f->log->v[i - 1];
		json_int_t version =
		    json_integer_value(json_object_get(x->changes, "version"));

		if (strcmp(x->e->action, recomputed_action) != 0)
			continue;
		f->epoch = sla_book_epoch(f->b, version);
		return;
	}
}

/* The state that an erasure kept is that before its own event. */
static enum rc
resume(struct fold *f, struct err *err)
{
	enum rc rc = clocks_from_json(f->out, f->log->kept, &f->s, err);

	if (rc == RC_OK)
		rc = ticket_fold(f->t, f->t, f->log->v[0].changes, err);
	if (rc != RC_OK)
		return rc;
	f->s->ticket = f->ticket;
	f->s->phase = f->t->phase;
	f->history.opened = f->s->first_asked ? 0 : f->t->created_at / 1000;
	return sla_book_bind(f->b, f->s, err);
}

enum rc
sla_fold(void *ctx, struct sla_book *b, int64_t ticket, int64_t version,
    const struct sla_trace *trace, struct clocks **out, struct err *err)
{
	struct fold *f = talloc_zero(ctx, struct fold);
	enum rc rc;

	*f = (struct fold){.ctx = f,
	    .out = ctx,
	    .b = b,
	    .ticket = ticket,
	    .trace = trace,
	    .now = query_now_of(b->d)};
	f->t = ticket_new(f);
	f->t->id = ticket;
	f->s = talloc_zero(ctx, struct clocks);
	f->s->ticket = ticket;
	f->s->policy = "";
	rc = sla_log_read(f, b->d->store, ticket, &f->log, err);
	if (rc == RC_OK && f->log->kept != NULL)
		rc = resume(f, err);
	if (rc == RC_OK) {
		make_steps(f);
		/* Policies that were there before the ticket have nothing to follow. */
		f->epoch = f->log->kept != NULL
			       ? sla_book_epoch(b, f->s->version)
			       : sla_book_at(b, f->steps[0].at, f->steps[0].seq);
		from_start(f);
	}
	for (size_t i = 0; rc == RC_OK && i < f->nsteps; i++)
		rc = one_step(f, &f->steps[i], err);
	/* Those that came after its last event; one that is over follows when it is
	 * touched again. */
	if (rc == RC_OK && f->t->phase < PHASE_RESOLVED)
		rc = activate(f, INT64_MAX, INT64_MAX, version, err);
	if (rc == RC_OK)
		*out = f->s;
	talloc_free(f);
	return rc;
}
