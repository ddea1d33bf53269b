/* The pipeline. Everything is worked out in structs; rows are written at the end, so a
 * ticket that three rules and an assignment touched is one row written once. */
#include "change/change.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"

enum { RULE_DEPTH = 10, EVENTS_MAX = 64 };

struct change_tx {
	void *ctx; /* the caller's: results live there */
	struct desk *d;
	struct chain chain;
	struct policy *policy; /* loaded when first needed */
	int64_t now, batch;
};

/* An event that waits for its ticket's number. */
struct pending {
	const char *actor, *action;
	json_t *changes;
	bool chained; /* caused by the one before it */
};

/* One ticket on its way through the pipeline. */
struct work {
	struct change_tx *tx;
	void *ctx;
	const struct actor *actor;
	struct ticket *before; /* as stored; NULL: new */
	struct ticket *t;      /* as it becomes */
	struct ticket last;    /* as of the last event */
	bool logged;	       /* an event is pending already */
	struct message *message;
	const char *assign; /* strategy a rule asked for */
	struct pending events[EVENTS_MAX];
	size_t nevents;
	bool *fired; /* rules, once a root event */
	struct change_result *r;
	const char *body; /* of the first message, for conditions */
};

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
	enum rc rc = store_commit(tx->d->store, err);

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

static enum rc
append(struct change_tx *tx, struct event *e, struct err *err)
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
static enum rc
log_change(struct work *w, const struct actor *actor, const char *action, json_t *extra,
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
	w->events[w->nevents] =
	    (struct pending){actor_print(w->ctx, actor), action, changes, w->nevents > 0};
	w->nevents++;
	w->last = *w->t;
	w->logged = true;
	return RC_OK;
}

/* ---- people ---- */

static enum rc
find_or_add(
    struct work *w, const struct person_address *a, struct person *p, struct err *err)
{
	struct store *s = w->tx->d->store;
	int64_t id = 0;
	struct event e = {
	    .actor = actor_print(w->ctx, w->actor), .action = "customer.created"};
	json_t *changes;
	enum rc rc = customer_find(s, a->kind, a->value, &id, err);

	if (rc == RC_OK)
		return customer_get(s, w->ctx, id, p, err);
	if (rc != RC_NONE)
		return rc;
	rc = customer_add(s, a, p, err);
	if (rc != RC_OK)
		return rc;
	e.customer = p->id;
	changes = json_pack("{s:[n,s],s:[n,o]}", "name", a->name, "address",
	    json_sprintf("%s:%s", a->kind, a->value));
	e.changes = event_changes(w->ctx, changes);
	json_decref(changes);
	return append(w->tx, &e, err);
}

/* Changes that need the store: who asks, which organization. */
static enum rc
look_up(struct work *w, const struct changes *c, struct err *err)
{
	struct person_address a = {0};
	struct person p = {0};
	const char *v = c ? changes_value(c, "requester") : NULL;
	enum rc rc = RC_OK;

	if (v != NULL) {
		rc = address_parse(w->ctx, v, &a, err);
		if (rc == RC_OK)
			rc = find_or_add(w, &a, &p, err);
		if (rc == RC_OK)
			w->t->requester = p.id;
	}
	v = c ? changes_value(c, "organization") : NULL;
	if (rc == RC_OK && v != NULL) {
		w->t->organization = 0;
		if (*v != '\0' && strcmp(v, "none") != 0)
			rc = organization_find(
			    w->tx->d->store, v, &w->t->organization, err);
		if (rc == RC_NONE)
			rc = err_fail(err, RC_USAGE,
			    "organization \"%s\": no such organization", v);
	}
	return rc;
}

/* ---- step 3: rules ---- */

static void
trace(struct work *w, const struct rule *r, bool matched, bool applied,
    const struct node *why)
{
	struct change_result *res = w->r;

	res->rules = mem_grow(w->ctx, res->rules, struct rule_trace, res->nrules + 1);
	res->rules[res->nrules++] = (struct rule_trace){.rule = r->name,
	    .block = r->block,
	    .matched = matched,
	    .applied = applied,
	    .set = r->set,
	    .failed = why ? query_print(w->ctx, why) : NULL};
}

static enum rc
fire(struct work *w, const struct rule *r, struct err *err)
{
	struct actor actor = actor_rule(r->name);
	enum rc rc;

	rc = changes_apply(
	    w->ctx, &r->changes, w->tx->d->config, NULL, w->tx->now, w->t, err);
	if (rc == RC_OK)
		rc = look_up(w, &r->changes, err);
	if (rc != RC_OK)
		return err_wrap(err, "%s \"%s\"", r->block, r->name);
	if (r->assign != NULL)
		w->assign = r->assign;
	return log_change(w, &actor, "ticket.changed", NULL, err);
}

/* One walk over the rules of a kind; *again when one of them changed something. */
static enum rc
walk_rules(struct work *w, enum rule_on on, bool *again, struct err *err)
{
	struct policy *p = w->tx->policy;
	struct query_now now = query_now_of(w->tx->d);
	enum rc rc = RC_OK;

	now.now = w->tx->now;
	now.body = w->body;
	*again = false;
	for (size_t i = 0; i < p->n; i++) {
		struct rule *r = &p->rules[i];
		const struct node *why = NULL;
		size_t had = w->nevents;
		bool yes = false;

		if (r->on != on || w->fired[i])
			continue;
		rc = rule_matches(p, r, w->tx->d->config, w->t, &now, &yes, &why, err);
		if (rc == RC_OK && yes) {
			w->fired[i] = true;
			rc = fire(w, r, err);
		}
		if (rc != RC_OK)
			return rc;
		trace(w, r, yes, w->nevents > had, why);
		*again = *again || w->nevents > had;
		if (yes && r->stop)
			break;
	}
	return RC_OK;
}

static enum rc
run_rules(struct work *w, enum rule_on on, struct err *err)
{
	bool again = false;
	enum rc rc = RC_OK;

	if (w->tx->policy == NULL)
		rc = policy_load(w->tx->ctx, w->tx->d, &w->tx->policy, err);
	if (rc != RC_OK || w->tx->policy->n == 0)
		return rc;
	w->fired = mem_array(w->ctx, bool, w->tx->policy->n);
	rc = walk_rules(w, on, &again, err);
	if (rc == RC_OK && on == ON_MESSAGE)
		again = true; /* a message is a change of the ticket, too */
	for (int depth = 0; rc == RC_OK && again && depth < RULE_DEPTH; depth++)
		rc = walk_rules(w, ON_CHANGED, &again, err);
	return rc;
}

/* ---- step 4: assignment ---- */

static enum rc
assign(struct work *w, struct err *err)
{
	struct desk *d = w->tx->d;
	const struct queue *q = config_queue(d->config, w->t->queue);
	const char *strategy = w->assign ? w->assign : q ? q->assign : "none";
	struct candidate *v = NULL;
	size_t n = 0;
	const char *who;
	enum rc rc;

	if (*w->t->assignee != '\0' || w->t->phase != PHASE_OPEN || q == NULL ||
	    strcmp(strategy, "none") == 0)
		return RC_OK;
	rc = assign_candidates(d->store, d->config, w->ctx, q, &v, &n, err);
	if (rc != RC_OK)
		return rc;
	who = assign_choose(strategy, v, n, &w->r->not_assigned);
	if (who == NULL)
		return RC_OK;
	w->t->assignee = who;
	w->r->assigned = who;
	return log_change(w, &actor_system, "ticket.changed",
	    json_pack("{s:s}", "assigned_by", strategy), err);
}

/* ---- step 7: deliveries ---- */

SQL(sql_delivery_add,
    "INSERT INTO delivery (event, n, ticket, via, target, state, due_at) "
    "VALUES (?1, ?2, ?3, 'mail', ?4, 0, ?5)");
SQL(sql_suppressed, "SELECT 1 FROM address WHERE kind = 'email' AND value = ?1 AND "
		    "suppressed_at IS NOT NULL");

static enum rc
suppressed(struct store *s, const char *address, bool *yes, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_suppressed, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, address);
	rc = stmt_step(st, err);
	*yes = rc == RC_OK;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
deliver_to(struct work *w, const char *address, int64_t *n, struct err *err)
{
	struct store *s = w->tx->d->store;
	bool skip = config_mailbox_by_address(w->tx->d->config, address) != NULL;
	struct stmt *st;
	enum rc rc = RC_OK;

	if (!skip)
		rc = suppressed(s, address, &skip, err);
	if (rc != RC_OK || skip)
		return rc;
	rc = store_prepare(s, sql_delivery_add, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, w->message->id);
	bind_int(st, 2, ++*n);
	bind_int(st, 3, w->t->id);
	bind_text(st, 4, address);
	bind_int(st, 5, w->tx->now);
	return stmt_run(st, err);
}

/* A public answer goes to the requester and the confirmed participants. */
static enum rc
deliver(struct work *w, struct err *err)
{
	struct person p = {0};
	int64_t n = 0;
	enum rc rc;

	if (w->message == NULL || strcmp(w->message->direction, "out") != 0 ||
	    strcmp(w->message->kind, "reply") != 0)
		return RC_OK;
	rc = customer_get(w->tx->d->store, w->ctx, w->t->requester, &p, err);
	if (rc == RC_OK && p.kind != NULL && strcmp(p.kind, "email") == 0)
		rc = deliver_to(w, p.address, &n, err);
	for (size_t i = 0; rc == RC_OK && i < w->t->npeople; i++) {
		const struct ticket_person *c = &w->t->people[i];

		if (strcmp(c->role, "cc") == 0 && c->confirmed &&
		    strchr(c->who, '@') != NULL &&
		    (p.address == NULL || strcmp(c->who, p.address) != 0))
			rc = deliver_to(w, c->who, &n, err);
	}
	return rc;
}

/* ---- writing ---- */

static enum rc
write_events(struct work *w, struct err *err)
{
	int64_t cause = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < w->nevents; i++) {
		struct pending *p = &w->events[i];
		struct event e = {
		    .ticket = w->t->id, .actor = p->actor, .action = p->action};

		e.cause = p->chained ? cause : 0;
		e.changes = event_changes(w->ctx, p->changes);
		rc = append(w->tx, &e, err);
		cause = e.id;
		if (i == 0)
			w->r->event = e.id;
		if (i == 0 && w->message != NULL)
			w->message->id = e.id;
	}
	return rc;
}

static enum rc
write_all(struct work *w, struct err *err)
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
	rc = ticket_store(s, w->before, w->t, err);
	if (rc == RC_OK)
		rc = write_events(w, err);
	if (rc == RC_OK && w->message != NULL) {
		w->message->ticket = w->t->id;
		rc = message_store(s, w->message, err);
		w->r->message = w->message->id;
	}
	if (rc == RC_OK)
		rc = deliver(w, err);
	if (rc == RC_OK && *w->t->assignee != '\0' &&
	    (w->before == NULL || strcmp(w->before->assignee, w->t->assignee) != 0))
		rc = assign_note(s, w->t->assignee, w->t->last_event, err);
	w->r->ticket = w->t->id;
	if (rc == RC_OK)
		w->r->changes = record_own(w->ctx, ticket_diff(w->before, w->t));
	return rc;
}

static void
work_free(struct work *w)
{
	for (size_t i = 0; i < w->nevents; i++)
		json_decref(w->events[i].changes);
}

/* Runs one change in a savepoint, so that a failing one leaves nothing behind. */
static enum rc
in_savepoint(struct work *w, const void *what,
    enum rc (*run)(struct work *w, const void *what, struct err *err), struct err *err)
{
	struct change_tx *tx = w->tx;
	struct chain chain = tx->chain;
	int64_t batch = tx->batch;
	enum rc rc = store_savepoint(tx->d->store, err);

	if (rc != RC_OK)
		return rc;
	*w->r = (struct change_result){0};
	rc = run(w, what, err);
	work_free(w);
	if (rc == RC_OK)
		return store_release(tx->d->store, err);
	store_rollback_to(tx->d->store);
	tx->chain = chain;
	tx->batch = batch;
	return rc;
}

/* ---- a new ticket ---- */

static const char *
mailbox_for(const struct config *c, const char *queue)
{
	const struct mailbox *m;

	for (size_t i = 0; i < c->nmailboxes; i++) {
		if (strcmp(c->mailboxes[i].queue, queue) == 0)
			return c->mailboxes[i].name;
	}
	m = config_mailbox_default(c);
	return m ? m->name : "";
}

static void
fill_message(struct work *w, const struct draft *d, const struct person *who)
{
	struct message *m = talloc_memdup(w->ctx, &d->message, sizeof(*m));

	m->kind = m->kind ? m->kind : "reply";
	m->direction = "in";
	m->channel = w->t->channel;
	m->class = m->class ? m->class : "human";
	m->created_at = w->t->created_at;
	m->subject = w->t->subject;
	m->body = m->body ? m->body : "";
	m->quoted = m->quoted ? m->quoted : "";
	m->author_address = m->author_address ? m->author_address
			    : who->address    ? who->address
					      : "";
	if (w->actor->kind == ACTOR_AGENT)
		m->author = actor_print(w->ctx, w->actor);
	else if (m->author == NULL)
		m->author = talloc_asprintf(w->ctx, "customer:%lld", (long long)who->id);
	w->message = m;
	w->body = m->body;
}

static enum rc
run_new(struct work *w, const void *what, struct err *err)
{
	const struct draft *d = what;
	struct desk *desk = w->tx->d;
	struct ticket *t = w->t = ticket_new(w->ctx);
	struct person who = {0};
	const char *me = w->actor->kind == ACTOR_AGENT ? w->actor->name : NULL;
	enum rc rc = actor_need(w->actor, "ticket.create", err);

	if (rc == RC_OK && d->external_id != NULL) {
		rc =
		    ticket_find_external(desk->store, d->external_id, &w->r->ticket, err);
		if (rc == RC_OK)
			return ticket_get(
			    desk->store, w->ctx, w->r->ticket, &w->r->after, err);
		rc = rc == RC_NONE ? RC_OK : rc;
	}
	if (rc == RC_OK)
		rc = find_or_add(w, &d->requester, &who, err);
	if (rc != RC_OK)
		return rc;
	t->subject = d->subject;
	t->queue = desk->config->queues[0].name;
	t->status = "new";
	t->priority = word_index(priority_names, "normal");
	t->kind = "question";
	t->channel = d->channel ? d->channel : "cli";
	t->requester = who.id;
	t->organization = who.organization;
	t->external_id = d->external_id;
	t->created_at = d->created_at ? d->created_at : w->tx->now;
	if (w->actor->kind != ACTOR_AGENT)
		t->customer_at = t->created_at;
	rc = changes_apply(w->ctx, &d->changes, desk->config, me, w->tx->now, t, err);
	if (rc == RC_OK)
		rc = look_up(w, &d->changes, err);
	if (rc == RC_OK)
		rc = actor_need_queue(w->actor, t->queue, err);
	if (rc != RC_OK)
		return rc;
	if (*t->mailbox == '\0')
		t->mailbox = mailbox_for(desk->config, t->queue);
	if (d->follows != 0)
		ticket_add_link(w->ctx, t, "follows", d->follows);
	fill_message(w, d, &who);
	rc = log_change(w, w->actor, "ticket.created",
	    json_pack("{s:o}", "message", message_digest(w->message)), err);
	if (rc == RC_OK)
		rc = run_rules(w, ON_CREATED, err);
	if (rc == RC_OK)
		rc = assign(w, err);
	if (rc == RC_OK)
		rc = write_all(w, err);
	w->r->created = rc == RC_OK;
	return rc;
}

enum rc
change_new(struct change_tx *tx, const struct actor *actor, const struct draft *d,
    struct change_result *r, struct err *err)
{
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = actor, .r = r};

	return in_savepoint(&w, d, run_new, err);
}

/* ---- a change ---- */

enum arrival
change_arrival(const struct config *c, const struct ticket *t, int64_t now)
{
	const struct queue *q = config_queue(c, t->queue);

	if (t->phase == PHASE_CLOSED)
		return ARRIVAL_FOLLOW_UP;
	if (t->phase == PHASE_RESOLVED)
		return q != NULL && now - t->solved_at <= q->reopen_window
			   ? ARRIVAL_REOPEN
			   : ARRIVAL_FOLLOW_UP;
	return t->phase == PHASE_WAITING ? ARRIVAL_REOPEN : ARRIVAL_APPEND;
}

/* What a message does to its ticket, before any change the writer asked for. */
static enum rc
apply_message(struct work *w, const struct edit *e, struct err *err)
{
	struct message *m = e->message;
	struct ticket *t = w->t;
	const struct queue *q = config_queue(w->tx->d->config, t->queue);
	struct changes status = {0};
	const char *to = NULL;
	enum rc rc = RC_OK;

	m->ticket = t->id;
	m->created_at = m->created_at ? m->created_at : w->tx->now;
	for (size_t i = 0; i < e->ncc; i++)
		ticket_add_person(w->ctx, t, "cc", e->cc[i].value, e->confirm_cc);
	if (strcmp(m->kind, "reply") != 0)
		return RC_OK;
	if (strcmp(m->direction, "in") == 0) {
		if (m->created_at > t->customer_at)
			t->customer_at = m->created_at;
		t->snoozed_until = INSTANT_NONE;
		if (!e->no_reopen && t->phase != PHASE_OPEN && t->phase < PHASE_MERGED)
			to = "open";
	} else {
		if (m->created_at > t->agent_at)
			t->agent_at = m->created_at;
		if (t->first_replied_at == INSTANT_NONE)
			t->first_replied_at = m->created_at;
		if (q != NULL && q->after_reply != NULL)
			to = q->after_reply;
		else if (strcmp(t->status, "new") == 0)
			to = "open";
	}
	if (to != NULL)
		rc = changes_add(
		    w->ctx, "status", CHANGE_SET, to, w->tx->d->config, &status, err);
	if (rc == RC_OK)
		rc = changes_apply(
		    w->ctx, &status, w->tx->d->config, NULL, w->tx->now, t, err);
	w->message = m;
	return rc;
}

/* A customer acts: known, or from now on. */
static enum rc
by_customer(struct work *w, const struct edit *e, struct err *err)
{
	struct actor *a = talloc(w->ctx, struct actor);
	struct person p = {0};
	enum rc rc = find_or_add(w, e->from, &p, err);

	if (rc != RC_OK)
		return rc;
	*a = actor_customer(w->ctx, p.id);
	w->actor = a;
	e->message->author = actor_print(w->ctx, a);
	return RC_OK;
}

static enum rc
may_edit(const struct work *w, const struct edit *e, struct err *err)
{
	const struct ticket *t = w->before;
	const char *right = e->message == NULL			    ? "ticket.change"
			    : strcmp(e->message->kind, "note") == 0 ? "ticket.note"
								    : "ticket.reply";
	enum rc rc = actor_need_queue(w->actor, t->queue, err);

	if (rc == RC_OK)
		rc = actor_need(w->actor, right, err);
	if (rc == RC_OK && e->message != NULL && e->changes != NULL && e->changes->n > 0)
		rc = actor_need(w->actor, "ticket.change", err);
	if (rc == RC_OK && t->phase == PHASE_MERGED)
		rc = err_fail(err, RC_INVALID, "it is merged into ticket %lld",
		    (long long)t->merged_into);
	if (rc == RC_OK && e->if_event != 0 && t->last_event != e->if_event)
		rc = err_fail(err, RC_NONE, "it was changed since (event %lld)",
		    (long long)t->last_event);
	return rc;
}

/* A new subject must be found, too: it is the message's that comes with it, or one of its
 * own. The index only ever grows. */
static void
note_subject(struct work *w)
{
	struct message *m = w->message;

	if (strcmp(w->before->subject, w->t->subject) == 0)
		return;
	if (m == NULL) {
		m = talloc_zero(w->ctx, struct message);
		m->kind = "system";
		m->direction = "in";
		m->channel = w->t->channel;
		m->class = "human";
		m->author = actor_print(w->ctx, w->actor);
		m->author_address = m->body = m->quoted = "";
		m->created_at = w->tx->now;
		w->message = m;
	}
	m->subject = w->t->subject;
}

static enum rc
run_edit(struct work *w, const void *what, struct err *err)
{
	const struct edit *e = what;
	struct desk *d = w->tx->d;
	const char *me = w->actor->kind == ACTOR_AGENT ? w->actor->name : NULL;
	json_t *extra = NULL;
	bool moved;
	enum rc rc = ticket_get(d->store, w->ctx, e->ticket, &w->before, err);

	if (rc == RC_OK)
		rc = may_edit(w, e, err);
	if (rc != RC_OK)
		return rc;
	w->t = talloc_memdup(w->ctx, w->before, sizeof(*w->t));
	w->last = *w->t;
	if (e->from != NULL)
		rc = by_customer(w, e, err);
	if (rc == RC_OK && e->message != NULL) {
		rc = apply_message(w, e, err);
		w->message = e->message;
	}
	if (rc == RC_OK && e->changes != NULL)
		rc = changes_apply(
		    w->ctx, e->changes, d->config, me, w->tx->now, w->t, err);
	if (rc == RC_OK)
		rc = look_up(w, e->changes, err);
	if (rc != RC_OK)
		return rc;
	note_subject(w);
	if (w->message != NULL)
		extra = json_pack("{s:o}", "message", message_digest(w->message));
	moved = strcmp(w->before->queue, w->t->queue) != 0;
	rc = log_change(
	    w, w->actor, w->message ? "message.added" : "ticket.changed", extra, err);
	if (rc == RC_OK && w->nevents > 0)
		rc = run_rules(w, e->message ? ON_MESSAGE : ON_CHANGED, err);
	if (rc == RC_OK && (moved || w->assign != NULL))
		rc = assign(w, err);
	return rc == RC_OK ? write_all(w, err) : rc;
}

enum rc
change_edit(struct change_tx *tx, const struct actor *actor, const struct edit *e,
    struct change_result *r, struct err *err)
{
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = actor, .r = r};
	enum rc rc = in_savepoint(&w, e, run_edit, err);

	return rc == RC_OK || rc == RC_NOTFOUND
		   ? rc
		   : err_wrap(err, "ticket %lld", (long long)e->ticket);
}

/* ---- routing again ---- */

static enum rc
run_route(struct work *w, const void *what, struct err *err)
{
	enum rc rc =
	    ticket_get(w->tx->d->store, w->ctx, *(const int64_t *)what, &w->before, err);

	if (rc == RC_OK)
		rc = actor_need_queue(w->actor, w->before->queue, err);
	if (rc == RC_OK)
		rc = actor_need(w->actor, "ticket.change", err);
	if (rc == RC_OK && w->before->phase >= PHASE_MERGED)
		rc = err_fail(err, RC_INVALID, "it is %s", phase_names[w->before->phase]);
	if (rc != RC_OK)
		return rc;
	w->t = talloc_memdup(w->ctx, w->before, sizeof(*w->t));
	w->last = *w->t;
	rc = run_rules(w, ON_CREATED, err);
	if (rc == RC_OK)
		rc = assign(w, err);
	return rc == RC_OK ? write_all(w, err) : rc;
}

enum rc
change_route(struct change_tx *tx, const struct actor *actor, int64_t ticket,
    struct change_result *r, struct err *err)
{
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = actor, .r = r};
	enum rc rc = in_savepoint(&w, &ticket, run_route, err);

	return rc == RC_OK || rc == RC_NOTFOUND
		   ? rc
		   : err_wrap(err, "ticket %lld", (long long)ticket);
}
