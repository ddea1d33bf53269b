/* tkt-undo: an event with the inverse, for each ticket, customer and organization that an
 * event or a batch changed. All of it or nothing: what something later depends on is
 * refused, with the event it depends on. What was said stays said. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/change_priv.h"
#include "change/person.h"

enum { UNDO_MAX = 100000 };

struct undo {
	struct change_tx *tx;
	const struct actor *actor;
	void *ctx;
	struct event **v; /* what is undone, in the order of the log */
	json_t **changes;
	size_t n;
	size_t *order; /* indexes into v, by ticket, then as in the log */
	int64_t root;  /* the event that was asked for */
	bool single;
	int64_t first; /* the first event of the undoing: the others are caused by it */
	enum rc (*each)(void *arg, struct change_result *r, struct err *err);
	void *arg;
};

/* ---- what is to be undone ---- */

SQL(sql_undo_event, "SELECT " EVENT_COLUMNS " FROM event e WHERE e.id = ?1");
SQL(sql_undo_batch,
    "SELECT " EVENT_COLUMNS " FROM event e WHERE e.batch = ?1 ORDER BY e.id");
SQL(sql_undo_after,
    "SELECT " EVENT_COLUMNS " FROM event e WHERE e.id > ?1 ORDER BY e.id");

static enum rc
take(struct undo *u, struct stmt *st, struct err *err)
{
	struct event *e = event_read(u->ctx, st);

	if (u->n == UNDO_MAX)
		return err_fail(err, RC_INVALID, "more than %d events at once", UNDO_MAX);
	if (e->changes == NULL)
		return err_fail(
		    err, RC_INVALID, "event %lld was erased", (long long)e->id);
	u->v = mem_grow(u->ctx, u->v, struct event *, u->n + 1);
	u->changes = mem_grow(u->ctx, u->changes, json_t *, u->n + 1);
	u->changes[u->n] = record_own(u->ctx, json_loads(e->changes, 0, NULL));
	u->v[u->n++] = e;
	return RC_OK;
}

static bool
among(const struct undo *u, int64_t event)
{
	size_t low = 0, high = u->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (u->v[mid]->id == event)
			return true;
		if (u->v[mid]->id < event)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* What an event caused stands right behind it: one transaction, one writer. */
static enum rc
gather_caused(struct undo *u, int64_t after, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(u->tx->d->store, sql_undo_after, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, after);
	while ((rc = stmt_step(st, err)) == RC_OK && among(u, col_int(st, 5))) {
		rc = take(u, st, err);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
gather_batch(struct undo *u, int64_t batch, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(u->tx->d->store, sql_undo_batch, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, batch);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		rc = take(u, st, err);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
gather(struct undo *u, int64_t event, bool single, struct err *err)
{
	struct stmt *st;
	struct event *e;
	enum rc rc = store_prepare(u->tx->d->store, sql_undo_event, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, event);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		rc = take(u, st, err);
	stmt_done(st);
	if (rc == RC_NONE)
		return err_fail(err, RC_NOTFOUND, "no event %lld", (long long)event);
	if (rc != RC_OK)
		return rc;
	e = u->v[0];
	/* A rule's part can be taken back alone, and an assignment; half a merge cannot.
	 */
	if (e->cause != 0 && !text_starts(e->actor, "rule:") &&
	    json_object_get(u->changes[0], "assigned_by") == NULL)
		return err_fail(err, RC_INVALID,
		    "event %lld is a part of event %lld: undo that", (long long)event,
		    (long long)e->cause);
	if (!single && e->batch == event) {
		u->n = 0;
		return gather_batch(u, event, err);
	}
	return gather_caused(u, event, err);
}

SQL(sql_undo_unsent, "SELECT count(*), coalesce(sum(CASE WHEN state IN (0, 2) THEN 1 "
		     "ELSE 0 END), 0) FROM delivery WHERE event = ?1");
SQL(sql_undo_cancel,
    "UPDATE delivery SET state = 5 WHERE event = ?1 AND state IN (0, 2)");

/* A reply can be taken back as long as nobody has it: none of it was sent. */
static enum rc
can_be_unsaid(struct undo *u, const struct event *e, struct err *err)
{
	struct stmt *st;
	int64_t all = 0, unsent = 0;
	enum rc rc = store_prepare(u->tx->d->store, sql_undo_unsent, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, e->id);
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		all = col_int(st, 0);
		unsent = col_int(st, 1);
	}
	stmt_done(st);
	if (rc == RC_OK && (all == 0 || unsent < all))
		rc = err_fail(err, RC_INVALID,
		    "event %lld added a message: what was said cannot be unsaid",
		    (long long)e->id);
	return rc;
}

/* What an event caused to leave, and is still here, does not leave. */
static enum rc
cancel_unsent(struct undo *u, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < u->n; i++) {
		struct stmt *st;

		rc = store_prepare(u->tx->d->store, sql_undo_cancel, &st, err);
		if (rc != RC_OK)
			return rc;
		bind_int(st, 1, u->v[i]->id);
		rc = stmt_run(st, err);
	}
	return rc;
}

static enum rc
can_be_undone(struct undo *u, const struct event *e, json_t *changes, struct err *err)
{
	static const char *const actions[] = {"ticket.changed", "ticket.linked",
	    "ticket.unlinked", "ticket.merged", "ticket.joined", "ticket.split",
	    "ticket.undone", "customer.changed", "customer.merged", "customer.joined",
	    "customer.undone", "organization.changed", "organization.undone",
	    "rule.refused", "rule.fired", "rule.loop", NULL};

	if (word_index(actions, e->action) >= 0)
		return RC_OK;
	/* A ticket that was split off; one that somebody opened stays. */
	if (strcmp(e->action, "ticket.created") == 0 &&
	    json_object_get(changes, "from") != NULL)
		return RC_OK;
	if (strcmp(e->action, "message.added") == 0)
		return can_be_unsaid(u, e, err);
	return err_fail(err, RC_INVALID, "event %lld (%s) cannot be undone",
	    (long long)e->id, e->action);
}

/* ---- what depends on it ---- */

SQL(sql_undo_later, "SELECT " EVENT_COLUMNS
		    " FROM event e WHERE e.ticket = ?1 AND e.id > ?2 ORDER BY e.id DESC");
SQL(sql_undo_later_customer,
    "SELECT " EVENT_COLUMNS
    " FROM event e WHERE e.customer = ?1 AND e.id > ?2 ORDER BY e.id DESC");

/* Names the last event that changed this key since, or any (key NULL). RC_NONE. */
static enum rc
depends(struct undo *u, const struct event *e, const char *key, struct err *err)
{
	struct event *later = NULL;
	struct stmt *st;
	char what[128] = "";
	enum rc rc = store_prepare(u->tx->d->store,
	    e->ticket ? sql_undo_later : sql_undo_later_customer, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, e->ticket ? e->ticket : e->customer);
	bind_int(st, 2, e->id);
	while (later == NULL && (rc = stmt_step(st, err)) == RC_OK) {
		struct event *o = event_read(u->ctx, st);
		json_t *c = o->changes ? json_loads(o->changes, 0, NULL) : NULL;

		if (!among(u, o->id) && (key == NULL || json_object_get(c, key) != NULL))
			later = o;
		json_decref(c);
	}
	stmt_done(st);
	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	if (e->ticket != 0 || e->customer != 0)
		snprintf(what, sizeof(what),
		    "%s %lld: ", e->ticket ? "ticket" : "customer",
		    (long long)(e->ticket ? e->ticket : e->customer));
	if (later == NULL)
		return err_fail(err, RC_NONE, "%s%s is no longer what event %lld made it",
		    what, key ? key : "it", (long long)e->id);
	return err_fail(err, RC_NONE, "%s%s was changed since, by event %lld (%s, %s)",
	    what, key ? key : "it", (long long)later->id, later->action, later->actor);
}

/* ---- tickets ---- */

/* Derived from the messages that are there: taken anew, not compared. */
static const char *const from_messages[] = {
    "customer_at", "agent_at", "first_replied_at", NULL};

/* Messages that came with an event go back to the ticket they were in. */
static enum rc
messages_back(struct undo *u, size_t i, struct err *err)
{
	json_t *gone = json_array_get(json_object_get(u->changes[i], "messages"), 0), *v;
	int64_t here = u->v[i]->ticket, with = 0;
	size_t k;
	enum rc rc = RC_OK;

	/* Where they are now is what another event of the same change says. */
	for (size_t j = 0; j < u->n && with == 0; j++) {
		json_t *came =
		    json_array_get(json_object_get(u->changes[j], "messages"), 1);

		if (j != i && json_array_size(gone) > 0 && json_equal(came, gone))
			with = u->v[j]->ticket;
	}
	json_array_foreach(gone, k, v)
	{
		struct message *m = NULL;
		int64_t id = json_integer_value(v);

		rc = message_get(u->tx->d->store, u->ctx, id, &m, err);
		if (rc == RC_OK && m->ticket != with)
			rc = err_fail(err, RC_NONE,
			    "message %lld is in ticket %lld meanwhile", (long long)id,
			    (long long)m->ticket);
		if (rc == RC_OK)
			rc = message_move(u->tx->d->store, id, here, err);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc
field_numbers(const struct undo *u, struct ticket *t, json_t *changes, struct err *err)
{
	const struct config *c = u->tx->d->config;
	const char *key;
	json_t *pair;

	json_object_foreach(changes, key, pair)
	{
		const struct field *f =
		    text_starts(key, "field.") ? config_field(c, key + 6) : NULL;
		const struct ticket_field *have = f ? ticket_field(t, f->name) : NULL;
		const char *normal, *value;
		bool has_num;
		double num;

		if (have == NULL)
			continue;
		value = have->value;
		/* A value that tkt.conf no longer allows comes back as text. */
		if (field_check(u->ctx, f, value, c->timezone, &normal, &has_num, &num,
			err) != RC_OK ||
		    !has_num)
			continue;
		ticket_set_field(u->ctx, t, f->name, NULL, NULL);
		ticket_set_field(u->ctx, t, f->name, value, &num);
	}
	return RC_OK;
}

/* One event of a ticket, backwards. */
static enum rc
step_back(struct undo *u, struct work *w, size_t i, struct err *err)
{
	const struct event *e = u->v[i];
	json_t *changes = json_deep_copy(u->changes[i]);
	const char *key = NULL;
	enum rc rc = RC_OK;

	for (const char *const *k = from_messages; *k != NULL; k++) {
		if (json_object_get(changes, "messages") != NULL)
			json_object_del(changes, *k);
	}
	if (strcmp(e->action, "ticket.created") == 0) {
		/* Split off: it stays, empty and hidden. */
		if (!among(u, w->before->last_event))
			rc = depends(u, e, NULL, err);
		w->t->phase = PHASE_DELETED;
	} else {
		rc = ticket_unfold(w->ctx, w->t, changes, &key, err);
		if (rc == RC_NONE)
			rc = depends(u, e, key, err);
		if (rc == RC_OK)
			rc = field_numbers(u, w->t, changes, err);
	}
	json_decref(changes);
	return rc;
}

/* The events of one ticket: order[from..to). */
struct group {
	int64_t ticket;
	size_t from, to;
};

/* The inverse of "messages" of all a ticket's events, as one pair; NULL for none. */
static json_t *
moved_back(const struct undo *u, const struct group *g)
{
	json_t *gone = NULL, *came = NULL;

	for (size_t i = g->from; i < g->to; i++) {
		json_t *pair = json_object_get(u->changes[u->order[i]], "messages");

		if (pair == NULL)
			continue;
		if (gone == NULL) {
			gone = json_array();
			came = json_array();
		}
		json_array_extend(gone, json_array_get(pair, 1));
		json_array_extend(came, json_array_get(pair, 0));
	}
	return gone ? json_pack("[o,o]", gone, came) : NULL;
}

static json_t *
undone_ids(const struct undo *u, const struct group *g)
{
	json_t *list = json_array();

	for (size_t i = g->from; i < g->to; i++)
		json_array_append_new(list, json_integer(u->v[u->order[i]]->id));
	return list;
}

static enum rc
undo_ticket(struct undo *u, const struct group *g, struct err *err)
{
	struct change_result r = {0};
	struct work w = {
	    .tx = u->tx, .ctx = u->ctx, .actor = u->actor, .r = &r, .cause = u->first};
	json_t *moved = moved_back(u, g),
	       *extra = json_pack("{s:I}", "undo", (json_int_t)u->root);
	enum rc rc = work_load(&w, g->ticket, false, err);

	if (rc == RC_OK)
		rc = actor_need(u->actor, "ticket.change", err);
	for (size_t i = g->to; rc == RC_OK && i > g->from; i--)
		rc = step_back(u, &w, u->order[i - 1], err);
	if (rc == RC_OK)
		rc = actor_need_queue(u->actor, w.t->queue, err);
	if (rc == RC_OK)
		work_subject(&w);
	if (rc == RC_OK && w.message != NULL)
		json_object_set_new(extra, "message", message_digest(w.message));
	if (rc == RC_OK && moved != NULL) {
		json_object_set(extra, "messages", moved);
		rc = message_instants(u->tx->d->store, g->ticket, w.t, err);
	}
	json_decref(moved);
	if (rc != RC_OK) {
		json_decref(extra);
		return rc;
	}
	/* The clocks take what is listed here as if it had never been. */
	json_object_set_new(extra, "undone", undone_ids(u, g));
	w.refold = true;
	rc = work_log(&w, u->actor, "ticket.undone", extra, err);
	if (rc == RC_OK)
		rc = work_write(&w, err);
	if (rc == RC_OK && u->first == 0)
		u->first = r.event;
	work_free(&w);
	return rc == RC_OK ? u->each(u->arg, &r, err) : rc;
}

static int
by_ticket(const void *a, const void *b, void *arg)
{
	const struct undo *u = arg;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int64_t s = u->v[x]->ticket, t = u->v[y]->ticket;

	return s != t ? (s < t ? -1 : 1) : (x < y ? -1 : x > y);
}

static enum rc
undo_tickets(struct undo *u, struct err *err)
{
	struct group g = {0};
	enum rc rc = RC_OK;

	u->order = mem_array(u->ctx, size_t, u->n);
	for (size_t i = 0; i < u->n; i++)
		u->order[i] = i;
	qsort_r(u->order, u->n, sizeof(*u->order), by_ticket, u);
	for (; rc == RC_OK && g.from < u->n; g.from = g.to) {
		g.ticket = u->v[u->order[g.from]]->ticket;
		g.to = g.from;
		while (g.to < u->n && u->v[u->order[g.to]]->ticket == g.ticket)
			g.to++;
		if (g.ticket != 0)
			rc = undo_ticket(u, &g, err);
	}
	return rc;
}

/* ---- people ---- */

struct person_back {
	int64_t id;
	struct customer *before, *now;
};

static enum rc
customer_back(struct undo *u, struct person_back *p, struct err *err)
{
	const char *key = NULL;
	enum rc rc = customer_load(u->tx->d->store, u->ctx, p->id, &p->before, err);

	if (rc != RC_OK)
		return rc;
	p->now = talloc_memdup(u->ctx, p->before, sizeof(*p->now));
	for (size_t i = u->n; rc == RC_OK && i > 0; i--) {
		if (u->v[i - 1]->customer != p->id)
			continue;
		rc = customer_unfold(u->ctx, p->now, u->changes[i - 1], &key, err);
		if (rc == RC_NONE)
			rc = depends(u, u->v[i - 1], key, err);
	}
	return rc;
}

/* What is known of an address goes along with it. */
static void
keep_known(struct person_back *to, const struct person_back *all, size_t n)
{
	for (size_t i = 0; i < to->now->naddresses; i++) {
		struct customer_address *a = &to->now->addresses[i];

		for (size_t k = 0; k < n; k++) {
			for (size_t j = 0; j < all[k].before->naddresses; j++) {
				const struct customer_address *b =
				    &all[k].before->addresses[j];

				if (strcmp(a->kind, b->kind) == 0 &&
				    strcmp(a->value, b->value) == 0)
					*a = *b;
			}
		}
	}
}

static enum rc
write_customer(struct undo *u, struct person_back *p, struct err *err)
{
	json_t *diff = customer_diff(p->before, p->now);
	int64_t event = 0;
	enum rc rc = customer_store(u->tx->d->store, p->before, p->now, err);

	if (rc != RC_OK) {
		json_decref(diff);
		return rc;
	}
	json_object_set_new(diff, "undo", json_integer(u->root));
	rc = person_event(
	    u->tx, u->actor, p->id, u->first, "customer.undone", diff, &event, err);
	if (rc == RC_OK && u->first == 0)
		u->first = event;
	return rc;
}

static enum rc
undo_customers(struct undo *u, struct err *err)
{
	struct person_back *v = mem_array(u->ctx, struct person_back, u->n + 1);
	size_t n = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < u->n; i++) {
		size_t k = 0;

		while (k < n && v[k].id != u->v[i]->customer)
			k++;
		if (u->v[i]->customer != 0 && k == n)
			v[n++].id = u->v[i]->customer;
	}
	if (n > 0)
		rc = actor_need(u->actor, "customer.change", err);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = customer_back(u, &v[i], err);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		keep_known(&v[i], v, n);
	/* Whoever loses addresses first: each belongs to one person at a time. */
	for (size_t i = n; rc == RC_OK && i > 0; i--)
		rc = write_customer(u, &v[i - 1], err);
	return rc;
}

static enum rc
undo_organization(struct undo *u, size_t i, struct err *err)
{
	struct organization *before = NULL, *now;
	int64_t id = json_integer_value(json_object_get(u->changes[i], "organization")),
		event;
	const char *key = NULL;
	json_t *diff;
	enum rc rc = actor_need(u->actor, "customer.change", err);

	if (rc == RC_OK)
		rc = organization_load(u->tx->d->store, u->ctx, id, &before, err);
	if (rc != RC_OK)
		return rc;
	now = talloc_memdup(u->ctx, before, sizeof(*now));
	rc = organization_unfold(u->ctx, now, u->changes[i], &key, err);
	if (rc == RC_NONE)
		return err_fail(err, RC_NONE, "organization \"%s\": %s was changed since",
		    before->name, key);
	if (rc == RC_OK)
		rc = organization_store(u->tx->d->store, before, now, err);
	if (rc != RC_OK)
		return rc;
	diff = organization_diff(before, now);
	json_object_set_new(diff, "organization", json_integer(id));
	json_object_set_new(diff, "undo", json_integer(u->root));
	return person_event(
	    u->tx, u->actor, 0, u->first, "organization.undone", diff, &event, err);
}

/* ---- all of it ---- */

static enum rc
undo_all(struct undo *u, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < u->n; i++)
		rc = can_be_undone(u, u->v[i], u->changes[i], err);
	if (rc == RC_OK)
		rc = cancel_unsent(u, err);
	/* Rows of messages first: what tickets say of them is read from there. */
	for (size_t i = 0; rc == RC_OK && i < u->n; i++)
		rc = messages_back(u, i, err);
	if (rc == RC_OK)
		rc = undo_customers(u, err);
	if (rc == RC_OK)
		rc = undo_tickets(u, err);
	for (size_t i = 0; rc == RC_OK && i < u->n; i++) {
		if (u->v[i]->ticket == 0 && u->v[i]->customer == 0)
			rc = undo_organization(u, i, err);
	}
	return rc;
}

static enum rc
run_undo(void *arg, struct err *err)
{
	struct undo *u = arg;
	enum rc rc = gather(u, u->root, u->single, err);

	return rc == RC_OK ? undo_all(u, err) : rc;
}

enum rc
change_undo(struct change_tx *tx, const struct actor *actor, int64_t event, bool single,
    enum rc (*each)(void *, struct change_result *, struct err *), void *arg,
    struct err *err)
{
	struct undo u = {.tx = tx,
	    .actor = actor,
	    .ctx = talloc_new(tx->ctx),
	    .root = event,
	    .single = single,
	    .each = each,
	    .arg = arg};

	return change_try(tx, run_undo, &u, err);
}
