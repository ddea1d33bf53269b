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

/* ---- the log of a ticket ---- */

struct entry {
	struct event *e;
	json_t *changes;
	enum sla_said said;
	int64_t at;    /* when it happened, in seconds */
	bool by_agent; /* its message: an agent's, opening the ticket */
	bool has_message;
	bool undone;
};

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
	struct entry *v;
	size_t n;
	struct fold_step *steps;
	size_t nsteps;
	struct ticket *t; /* folded as far as the steps have come */
	struct clocks *s;
	struct sla_history history;
	size_t epoch;
	bool resumed; /* begins behind an erasure */
	struct query_now now;
};

SQL(sql_fold_events,
    "SELECT " EVENT_COLUMNS ", m.kind, m.direction, m.class, m.author, m.created_at "
    "FROM event e LEFT JOIN message m ON m.id = e.id "
    "WHERE e.ticket = ?1 AND (?2 = 0 OR e.id < ?2) ORDER BY e.id");
enum { EVENT_NCOLUMNS = 11 };

enum sla_said
clocks_said(const struct message *m)
{
	bool human = strcmp(m->class, "human") == 0, in = strcmp(m->direction, "in") == 0;

	if (strcmp(m->kind, "reply") != 0)
		return SLA_SILENT;
	if (!in)
		return human ? SLA_AGENT : SLA_BOT;
	/* S16: machines that tell something start clocks, answering machines do not. */
	if (!text_starts(m->author, "customer:"))
		return SLA_SILENT;
	return human					 ? SLA_CUSTOMER
	       : strcmp(m->class, "auto-generated") == 0 ? SLA_MACHINE
							 : SLA_SILENT;
}

int64_t
clocks_instant(const struct message *m, int64_t at)
{
	int64_t said = m != NULL && m->created_at != INSTANT_NONE ? m->created_at : at;

	return (said < at ? said : at) / 1000;
}

static void
take(struct fold *f, struct stmt *st)
{
	struct entry *x;

	if ((f->n & (f->n - 1)) == 0)
		f->v = mem_grow(f->ctx, f->v, struct entry, f->n ? 2 * f->n : 1);
	x = &f->v[f->n++];
	*x = (struct entry){.e = event_read(f->ctx, st)};
	x->changes = x->e->changes ? json_loads(x->e->changes, 0, NULL) : NULL;
	if (x->changes != NULL)
		record_own(f->ctx, x->changes);
	x->at = x->e->at / 1000;
	if (col_text(st, EVENT_NCOLUMNS) != NULL) {
		struct message m = {.kind = col_text(st, EVENT_NCOLUMNS),
		    .direction = col_text(st, EVENT_NCOLUMNS + 1),
		    .class = col_text(st, EVENT_NCOLUMNS + 2),
		    .author = col_text(st, EVENT_NCOLUMNS + 3),
		    .created_at = col_int(st, EVENT_NCOLUMNS + 4)};

		x->has_message = true;
		x->said = clocks_said(&m);
		x->at = clocks_instant(&m, x->e->at);
		x->by_agent =
		    text_starts(m.author, "agent:") && strcmp(m.direction, "in") == 0;
	}
}

/* An erasure says what the ticket and its clocks were: they go on from there. RC_NONE
 * when it does not, or something behind it was erased, too. */
static enum rc
begin_behind_erasure(struct fold *f, struct err *err)
{
	json_t *clocks = NULL;
	size_t at = f->n;

	while (at > 0 && clocks == NULL)
		clocks = json_object_get(f->v[--at].changes, "clocks");
	for (size_t i = at; i < f->n && clocks != NULL; i++) {
		if (f->v[i].changes == NULL)
			clocks = NULL;
	}
	if (clocks == NULL)
		return err_fail(err, RC_NONE, "ticket %lld: a part of its log was erased",
		    (long long)f->ticket);
	f->v += at;
	f->n -= at;
	f->resumed = true;
	return clocks_from_json(f->ctx, clocks, &f->s, err);
}

/* RC_NONE when a part of it was erased. */
static enum rc
read_log(struct fold *f, const struct sla_until *until, struct err *err)
{
	struct stmt *st;
	bool erased = false;
	enum rc rc = store_prepare(f->b->d->store, sql_fold_events, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, f->ticket);
	bind_int(st, 2, until ? until->event : 0);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		take(f, st);
		erased = erased || f->v[f->n - 1].changes == NULL;
	}
	stmt_done(st);
	if (rc != RC_NONE)
		return rc;
	if (f->n == 0)
		return err_fail(err, RC_NOTFOUND, "no ticket %lld", (long long)f->ticket);
	return erased ? begin_behind_erasure(f, err) : RC_OK;
}

static bool
hides(const struct entry *x)
{
	json_t *pair = json_object_get(x->changes, "phase"), *v;
	size_t i;
	bool yes = false;

	json_array_foreach(pair, i, v) yes =
	    yes ||
	    (json_is_string(v) && (strcmp(json_string_value(v), "spam") == 0 ||
				      strcmp(json_string_value(v), "deleted") == 0));
	return yes;
}

/* What was undone had never been, nor had its undoing; an undoing that was undone itself
 * neither. But a spam mark was there, and its time does not count (S35). */
static void
mark_undone(struct fold *f)
{
	for (size_t i = f->n; i > 0; i--) {
		struct entry *u = &f->v[i - 1];
		json_t *list = json_object_get(u->changes, "undone"), *v;
		size_t k;

		if (u->undone || list == NULL || hides(u))
			continue;
		u->undone = true;
		json_array_foreach(list, k, v)
		{
			for (size_t j = 0; j < i; j++) {
				if (f->v[j].e->id == json_integer_value(v))
					f->v[j].undone = true;
			}
		}
	}
}

/* ---- steps ---- */

static void
add_step(struct fold *f, enum step_kind kind, int64_t at, size_t from, size_t to)
{
	if ((f->nsteps & (f->nsteps - 1)) == 0)
		f->steps = mem_grow(
		    f->ctx, f->steps, struct fold_step, f->nsteps ? 2 * f->nsteps : 1);
	f->steps[f->nsteps++] = (struct fold_step){at, f->v[from].e->id, kind, from, to};
}

/* The instant of a pair [old, new] in an event, in seconds; 0: not there. */
static int64_t
instant_of(const struct entry *x, const char *key)
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
	const struct entry *x = &f->v[i];
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
is_news(const struct entry *x)
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

	while (to < f->n && f->v[to].e->cause == f->v[to - 1].e->id &&
	       f->v[to].e->at == f->v[from].e->at)
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

	for (size_t from = 0, to; from < f->n; from = to) {
		const struct entry *x = &f->v[from];

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

/* ---- merges and splits ---- */

/* The question that waits, by the messages this ticket has left. */
static int64_t
still_asked(const struct fold *f, size_t upto, json_t *gone)
{
	int64_t asked = 0;

	for (size_t i = 0; i < upto; i++) {
		const struct entry *x = &f->v[i];
		size_t k;
		json_t *v;
		bool left = false;

		json_array_foreach(gone, k, v) left =
		    left || json_integer_value(v) == x->e->id;
		if (x->said == SLA_AGENT)
			asked = 0;
		else if ((x->said == SLA_CUSTOMER || x->said == SLA_MACHINE) && !left &&
			 asked == 0)
			asked = x->at;
	}
	return asked;
}

SQL(sql_split_messages,
    "SELECT m.id, m.kind, m.direction, m.class, m.author, m.created_at, e.at "
    "FROM event e JOIN message m ON m.id = e.id "
    "WHERE e.ticket = ?1 AND e.id < ?2 ORDER BY e.id");

/* The oldest message that was split off and that no agent had answered in the ticket it
 * was in (S34). */
static enum rc
unanswered(struct fold *f, const struct entry *x, int64_t *asked, struct err *err)
{
	json_t *came = json_array_get(json_object_get(x->changes, "messages"), 1), *v;
	struct stmt *st;
	size_t k;
	enum rc rc = store_prepare(f->b->d->store, sql_split_messages, &st, err);

	*asked = 0;
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, json_integer_value(json_object_get(x->changes, "from")));
	bind_int(st, 2, x->e->id);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct message m = {.kind = col_text(st, 1),
		    .direction = col_text(st, 2),
		    .class = col_text(st, 3),
		    .author = col_text(st, 4),
		    .created_at = col_int(st, 5)};
		enum sla_said said = clocks_said(&m);
		bool here = false;

		json_array_foreach(came, k, v) here =
		    here || json_integer_value(v) == col_int(st, 0);
		if (said == SLA_AGENT)
			*asked = 0;
		else if ((said == SLA_CUSTOMER || said == SLA_MACHINE) && here &&
			 *asked == 0)
			*asked = clocks_instant(&m, col_int(st, 6));
	}
	stmt_done(st);
	if (*asked == 0)
		*asked = x->at;
	return rc == RC_NONE ? RC_OK : rc;
}

/* The clocks of the ticket that is merged into this one, as they were then (S33). */
static enum rc
take_over(struct fold *f, const struct entry *x, struct sla_event *e, struct err *err)
{
	int64_t from = json_integer_value(json_object_get(x->changes, "from"));
	struct clocks *theirs = NULL;
	struct sla_until until = {.event = x->e->cause, .at = x->at};
	enum rc rc = sla_fold(f->ctx, f->b, from, &until, NULL, &theirs, err);

	if (rc == RC_NONE || rc == RC_NOTFOUND) /* erased, or purged meanwhile */
		return RC_OK;
	if (rc == RC_OK)
		rc = match(f, e, err);
	if (rc == RC_OK)
		sla_take_over(f->s, theirs, e, f->trace);
	return rc;
}

/* ---- one step ---- */

static enum rc
fold_fields(struct fold *f, const struct fold_step *p, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = p->from; rc == RC_OK && i < p->to; i++) {
		if (!f->v[i].undone)
			rc = ticket_fold(f->t, f->t, f->v[i].changes, err);
	}
	return rc;
}

/* What an event says to the clocks beyond its fields. */
static enum rc
meaning(struct fold *f, const struct fold_step *p, struct sla_event *e, struct err *err)
{
	const struct entry *x = &f->v[p->from];

	if (x->undone)
		return RC_OK;
	if (p->kind != STEP_FIELDS)
		e->said = x->said;
	if (strcmp(x->e->action, "ticket.joined") == 0)
		return take_over(f, x, e, err);
	if (strcmp(x->e->action, "ticket.split") == 0) {
		e->asked_anew = true;
		e->asked_at = still_asked(f, p->from,
		    json_array_get(json_object_get(x->changes, "messages"), 0));
	}
	if (strcmp(x->e->action, "ticket.created") != 0)
		return RC_OK;
	if (json_object_get(x->changes, "from") != NULL)
		return unanswered(f, x, &e->asked_at, err);
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
	sla_heard(f->s, r, f->v[p->from].e->action, f->v[p->from].changes, f->trace);
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

static enum rc
one_step(struct fold *f, const struct fold_step *p, struct err *err)
{
	struct sla_event e = {.id = f->v[p->from].e->id, .at = p->at};
	enum rc rc = activate(f, p->at, p->seq, 0, err);

	if (rc == RC_OK && p->kind == STEP_HUSH)
		return hush(f, p->at, err);
	if (rc == RC_OK && is_news(&f->v[p->from])) {
		rc = hear(f, p, err);
		if (rc != RC_OK || p->to == p->from + 1)
			return rc;
	}
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
	for (size_t i = f->n; i > 0; i--) {
		const struct entry *x = &f->v[i - 1];
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
	enum rc rc = ticket_fold(f->t, f->t, f->v[0].changes, err);

	f->s->ticket = f->ticket;
	f->s->phase = f->t->phase;
	f->history.opened = f->s->first_asked ? 0 : f->t->created_at / 1000;
	talloc_steal(f->out, f->s);
	return rc == RC_OK ? sla_book_bind(f->b, f->s, err) : rc;
}

enum rc
sla_fold(void *ctx, struct sla_book *b, int64_t ticket, const struct sla_until *until,
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
	rc = read_log(f, until, err);
	if (rc == RC_OK) {
		mark_undone(f);
		make_steps(f);
		/* Policies that were there before the ticket have nothing to follow. */
		f->epoch = f->resumed ? sla_book_epoch(b, f->s->version)
				      : sla_book_at(b, f->steps[0].at, f->steps[0].seq);
		from_start(f);
	}
	if (rc == RC_OK && f->resumed)
		rc = resume(f, err);
	for (size_t i = 0; rc == RC_OK && i < f->nsteps; i++)
		rc = one_step(f, &f->steps[i], err);
	/* Those that came after its last event; one that is over follows when it is
	 * touched again. */
	if (rc == RC_OK && f->t->phase < PHASE_RESOLVED)
		rc = activate(f, until && until->event ? until->at : INT64_MAX,
		    until && until->event ? until->event : INT64_MAX,
		    until ? until->version : 0, err);
	if (rc == RC_OK)
		*out = f->s;
	talloc_free(f);
	return rc;
}
