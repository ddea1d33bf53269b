/* The three changes: a new ticket, a change or message, routing again. */
#include "change/clocks_priv.h"
#include "change/unsent.h"
#include "change/visitor.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"

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
	w->talk = d->talk;
}

static enum rc
run_new(struct work *w, const void *what, struct err *err)
{
	const struct draft *d = what;
	struct desk *desk = w->tx->d;
	struct ticket *t = w->t = ticket_new(w->ctx), start;
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
		rc = work_person(w, &d->requester, &who, err);
	if (rc != RC_OK)
		return rc;
	t->subject = d->subject;
	t->queue = desk->config->queues[0].name;
	t->status = queue_lifecycle(desk->config, t->queue)->initial;
	t->priority = word_index(priority_names, "normal");
	t->kind = "question";
	t->channel = d->channel ? d->channel : "cli";
	t->requester = who.id;
	t->organization = who.organization;
	t->external_id = d->external_id;
	t->created_at = d->created_at ? d->created_at : w->tx->now;
	if (w->actor->kind != ACTOR_AGENT)
		t->customer_at = t->created_at;
	start = *t;
	rc = changes_apply(w->ctx, &d->changes, desk->config, me, w->tx->now, t, err);
	if (rc == RC_OK)
		rc = work_look_up(w, &d->changes, err);
	if (rc == RC_OK && changes_value(&d->changes, "status") != NULL)
		rc = work_transition(w, &start, err);
	if (rc == RC_OK)
		rc = actor_need_queue(w->actor, t->queue, err);
	if (rc != RC_OK)
		return rc;
	if (*t->mailbox == '\0')
		t->mailbox = mailbox_for(desk->config, t->queue);
	for (size_t i = 0; i < d->nlinks; i++)
		ticket_add_link(w->ctx, t, d->links[i].rel, d->links[i].other);
	fill_message(w, d, &who);
	rc = work_log(w, w->actor, "ticket.created",
	    json_pack("{s:o}", "message", message_digest(w->message)), err);
	if (rc == RC_OK)
		rc = work_rules(w, ON_CREATED, err);
	if (rc == RC_OK)
		rc = work_assign(w, err);
	if (rc == RC_OK)
		rc = work_write(w, err);
	w->r->created = rc == RC_OK;
	return rc;
}

struct making {
	struct change_tx *tx;
	const struct actor *actor;
	const struct draft *d;
	struct change_result *r;
};

static enum rc
make_note(struct making *m, struct err *err)
{
	struct message note = {.kind = "note",
	    .direction = "out",
	    .channel = m->d->channel,
	    .class = "auto-generated",
	    .author = "system",
	    .author_address = "",
	    .created_at = m->tx->now,
	    .quoted = "",
	    .body = m->d->note};
	struct edit e = {.ticket = m->r->ticket, .message = &note, .no_rules = true};
	struct change_result r;
	enum rc rc = change_edit(m->tx, &actor_system, &e, &r, err);

	if (rc == RC_OK)
		m->r->after = r.after;
	return rc;
}

static enum rc
make_all(void *arg, struct err *err)
{
	struct making *m = arg;
	struct work w = {.tx = m->tx, .ctx = m->tx->ctx, .actor = m->actor, .r = m->r};
	enum rc rc = m->d->visitor ? visitor_join(m->tx, m->d->visitor, err) : RC_OK;

	if (rc == RC_OK)
		rc = work_run(&w, m->d, run_new, err);
	return rc == RC_OK && m->d->note != NULL && m->r->created ? make_note(m, err)
								  : rc;
}

enum rc
change_new(struct change_tx *tx, const struct actor *actor, const struct draft *d,
    struct change_result *r, struct err *err)
{
	/* cppcheck-suppress ctuuninitvar ; what r points to is filled in here */
	struct making m = {tx, actor, d, r};
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = actor, .r = r};

	if (d->visitor == NULL && d->note == NULL)
		return work_run(&w, d, run_new, err);
	return change_try(tx, make_all, &m, err);
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

/* "@carol" in a note: carol follows the ticket from now on. An agent's name alone, not
 * the end of an address. */
static void
follow_mentioned(struct work *w, const char *body)
{
	const struct config *c = w->tx->d->config;

	for (const char *at = strchr(body, '@'); at != NULL; at = strchr(at + 1, '@')) {
		size_t n = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789_-");
		char *name;

		if (at > body && (unsigned char)at[-1] > ' ' &&
		    strchr("([{,;:/\"'", at[-1]) == NULL)
			continue;
		name = talloc_strndup(w->ctx, at + 1, n);
		if (n > 0 && config_agent(c, name) != NULL)
			ticket_add_person(w->ctx, w->t, "follower", name, true);
	}
}

/* What a message does to its ticket, before any change the writer asked for. */
static enum rc
apply_message(struct work *w, const struct edit *e, struct err *err)
{
	struct message *m = e->message;
	struct ticket *t = w->t;
	const struct queue *q = config_queue(w->tx->d->config, t->queue);
	const struct lifecycle *l = queue_lifecycle(w->tx->d->config, t->queue);
	struct changes status = {0};
	const char *to = NULL;
	enum rc rc = RC_OK;

	m->ticket = t->id;
	m->created_at = m->created_at ? m->created_at : w->tx->now;
	for (size_t i = 0; i < e->ncc; i++)
		ticket_add_person(w->ctx, t, "cc", e->cc[i].value, e->confirm_cc);
	if (strcmp(m->kind, "note") == 0 && w->actor->kind == ACTOR_AGENT)
		follow_mentioned(w, m->body);
	if (strcmp(m->kind, "reply") != 0)
		return RC_OK;
	if (strcmp(m->direction, "in") == 0) {
		if (m->created_at > t->customer_at)
			t->customer_at = m->created_at;
		if (!t->snooze_keep)
			t->snoozed_until = INSTANT_NONE;
		if (!e->no_reopen && t->phase != PHASE_OPEN && t->phase < PHASE_MERGED)
			to = l->active;
	} else if (strcmp(m->class, "human") == 0) {
		if (m->created_at > t->agent_at)
			t->agent_at = m->created_at;
		if (t->first_replied_at == INSTANT_NONE)
			t->first_replied_at = m->created_at;
		if (q != NULL && q->after_reply != NULL)
			to = q->after_reply;
		else if (strcmp(t->status, l->initial) == 0)
			to = l->active;
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
	enum rc rc = work_person(w, e->from, &p, err);

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
	const char *right = e->message == NULL			    ? "ticket.change"
			    : strcmp(e->message->kind, "note") == 0 ? "ticket.note"
								    : "ticket.reply";
	enum rc rc = actor_need(w->actor, right, err);

	if (rc == RC_OK && e->message != NULL && e->changes != NULL && e->changes->n > 0)
		rc = actor_need(w->actor, "ticket.change", err);
	return rc;
}

/* A new subject must be found, too: it is the message's that comes with it, or one of its
 * own. The index only ever grows. */
void
work_subject(struct work *w)
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

static bool
customer_spoke(const struct edit *e)
{
	return e->message != NULL && strcmp(e->message->kind, "reply") == 0 &&
	       strcmp(e->message->direction, "in") == 0;
}

static enum rc
run_edit(struct work *w, const void *what, struct err *err)
{
	const struct edit *e = what;
	struct desk *d = w->tx->d;
	const char *me = w->actor->kind == ACTOR_AGENT ? w->actor->name : NULL;
	json_t *extra = NULL;
	const char **overtaken = NULL;
	bool moved;
	enum rc rc;

	w->said_at = clocks_instant(e->message, w->tx->now);
	rc = work_load(w, e->ticket, true, err);

	if (rc == RC_OK)
		rc = may_edit(w, e, err);
	if (rc != RC_OK)
		return rc;
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
		rc = work_look_up(w, e->changes, err);
	/* What a message does by itself is not asked: no mail is lost to a lifecycle. */
	if (rc == RC_OK && e->changes != NULL &&
	    changes_value(e->changes, "status") != NULL)
		rc = work_transition(w, w->before, err);
	if (rc != RC_OK)
		return rc;
	work_subject(w);
	if (w->message != NULL)
		extra = json_pack("{s:o}", "message", message_digest(w->message));
	moved = strcmp(w->before->queue, w->t->queue) != 0;
	rc = work_log(
	    w, w->actor, e->message ? "message.added" : "ticket.changed", extra, err);
	if (rc == RC_OK && w->nevents > 0 && customer_spoke(e)) {
		rc = unsent_overtaken(w->tx, e->ticket, &overtaken, err);
		w->events[0].tells = overtaken;
	}
	if (rc == RC_OK && w->nevents > 0 && !e->no_rules)
		rc = work_rules(w, e->message ? ON_MESSAGE : ON_CHANGED, err);
	if (rc == RC_OK && (moved || w->assign != NULL))
		rc = work_assign(w, err);
	return rc == RC_OK ? work_write(w, err) : rc;
}

enum rc
change_edit(struct change_tx *tx, const struct actor *actor, const struct edit *e,
    struct change_result *r, struct err *err)
{
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = actor, .r = r};
	enum rc rc = work_run(&w, e, run_edit, err);

	return rc == RC_OK || rc == RC_NOTFOUND
		   ? rc
		   : err_wrap(err, "ticket %lld", (long long)e->ticket);
}

/* ---- an event alone ---- */

struct bare_event {
	int64_t ticket;
	const char *action;
	json_t *extra;
	const char *const *notify;
};

static enum rc
run_event(struct work *w, const void *what, struct err *err)
{
	const struct bare_event *e = what;
	enum rc rc = work_load(w, e->ticket, false, err);

	if (rc == RC_OK)
		rc = work_log(w, w->actor, e->action, json_incref(e->extra), err);
	if (rc == RC_OK)
		w->events[0].tells = e->notify;
	return rc == RC_OK ? work_write(w, err) : rc;
}

enum rc
change_event(struct change_tx *tx, const struct actor *actor, int64_t ticket,
    const char *action, json_t *extra, const char *const *notify, struct change_result *r,
    struct err *err)
{
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = actor, .r = r};
	struct bare_event e = {ticket, action, extra, notify};
	enum rc rc = work_run(&w, &e, run_event, err);

	json_decref(extra);
	return rc;
}

enum rc
change_talk_ended(struct change_tx *tx, int64_t ticket, const struct conversation *c,
    const char *transcript, struct change_result *r, struct err *err)
{
	struct work w = {.tx = tx,
	    .ctx = tx->ctx,
	    .actor = &actor_system,
	    .transcript = transcript,
	    .r = r};
	struct bare_event e = {.ticket = ticket,
	    .action = "conversation.ended",
	    .extra = json_pack("{s:s,s:s}", "via", c->via, "conversation", c->key)};
	enum rc rc = work_run(&w, &e, run_event, err);

	json_decref(e.extra);
	return rc;
}

/* ---- routing again ---- */

static enum rc
run_route(struct work *w, const void *what, struct err *err)
{
	enum rc rc = work_load(w, *(const int64_t *)what, true, err);

	if (rc == RC_OK)
		rc = actor_need(w->actor, "ticket.change", err);
	if (rc == RC_OK && w->before->phase >= PHASE_MERGED)
		rc = err_fail(err, RC_INVALID, "it is %s", phase_names[w->before->phase]);
	if (rc == RC_OK)
		rc = work_rules(w, ON_CREATED, err);
	if (rc == RC_OK)
		rc = work_assign(w, err);
	return rc == RC_OK ? work_write(w, err) : rc;
}

enum rc
change_route(struct change_tx *tx, const struct actor *actor, int64_t ticket,
    struct change_result *r, struct err *err)
{
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = actor, .r = r};
	enum rc rc = work_run(&w, &ticket, run_route, err);

	return rc == RC_OK || rc == RC_NOTFOUND
		   ? rc
		   : err_wrap(err, "ticket %lld", (long long)ticket);
}
