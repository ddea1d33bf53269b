/* What a rule does besides changing its ticket: replies and notes become messages,
 * notices, hooks and programs rows of the outbox. All of it is planned when the rule
 * fires and written behind the events; nothing leaves before the commit. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/change_priv.h"
#include "change/notice.h"
#include "policy/texts.h"

/* ---- may a machine write to this person? (M14, M28, M33, M35 of tkt-mail(7)) ---- */

enum { DAY_MS = 86400000, ACKS_A_DAY = 3 };

SQL(sql_acks_of_ticket, "SELECT 1 FROM delivery WHERE kind = 'ack' AND ticket = ?1 "
			"AND state <> 5 LIMIT 1");
SQL(sql_acks_of_sender, "SELECT count(*) FROM (SELECT 1 FROM delivery WHERE kind = 'ack' "
			"AND target = ?1 AND due_at > ?2 AND state <> 5 LIMIT 3)");

/* "noreply", "do-not-reply", "bounces" and the like before the @. */
static bool
answers_nobody(const char *address)
{
	static const char *const names[] = {"noreply", "no-reply", "no_reply",
	    "donotreply", "do-not-reply", "do_not_reply", "mailer-daemon", "postmaster",
	    "bounce", "bounces", "nobody", NULL};
	char local[PERSON_MAX + 1];
	size_t n = strcspn(address, "@");

	if (n == 0 || n > PERSON_MAX)
		return true;
	memcpy(local, address, n);
	local[n] = '\0';
	text_lower(local);
	for (const char *const *s = names; *s != NULL; s++) {
		size_t k = strlen(*s);

		if (strncmp(local, *s, k) == 0 &&
		    (local[k] == '\0' || strchr("+-_.", local[k]) != NULL))
			return true;
	}
	return strstr(local, "noreply") != NULL || strstr(local, "no-reply") != NULL;
}

static enum rc
acked(struct work *w, const char *address, const char **why, struct err *err)
{
	struct store *s = w->tx->d->store;
	struct stmt *st;
	enum rc rc = RC_OK;

	if (w->t->id != 0) {
		rc = store_prepare(s, sql_acks_of_ticket, &st, err);
		if (rc != RC_OK)
			return rc;
		bind_int(st, 1, w->t->id);
		rc = stmt_step(st, err);
		if (rc == RC_OK)
			*why = "M35: this ticket had an acknowledgement";
		stmt_done(st);
		if (rc != RC_NONE)
			return rc;
	}
	rc = store_prepare(s, sql_acks_of_sender, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, address);
	bind_int(st, 2, w->tx->now - DAY_MS);
	rc = stmt_step(st, err);
	if (rc == RC_OK && col_int(st, 0) >= ACKS_A_DAY)
		*why = "M35: three acknowledgements to this sender in 24 h";
	stmt_done(st);
	return rc;
}

/* By mail: what no machine may write to. */
static enum rc
no_mail(struct work *w, const char *address, const char **why, struct err *err)
{
	bool barred = false;
	enum rc rc = RC_OK;

	if (answers_nobody(address))
		*why = "M35: an address that answers nobody";
	else
		rc = delivery_barred(w, address, &barred, err);
	if (barred)
		*why = "M35: our own address, or one that is suppressed";
	return rc;
}

/* How it would be reached, or target NULL and why not. *ack: it answers what the customer
 * just wrote. */
static enum rc
machine_way(struct work *w, struct way *way, bool *ack, const char **why, struct err *err)
{
	const struct message *m = w->message;
	int64_t recent = 0;
	enum rc rc = work_way(w, way, err);

	*why = NULL;
	*ack = m != NULL && strcmp(m->direction, "in") == 0 &&
	       strcmp(m->kind, "reply") == 0 && text_starts(m->author, "customer:");
	if (rc != RC_OK)
		return rc;
	/* A talk that is just beginning has no ticket yet: who opens one is there. */
	if (w->talk != NULL)
		*way = (struct way){w->talk->via, w->talk->key, true};
	if (way->via == NULL)
		*why = "the requester has no mail address";
	else if (!way->here)
		*why = "the conversation is over";
	else if (m != NULL && strcmp(m->direction, "in") == 0 &&
		 (strcmp(m->class, "human") != 0 || (m->flags & MESSAGE_NO_ACK) != 0))
		*why = "M14: a machine wrote, or it asks for no answer";
	else if (strcmp(way->via, "mail") == 0)
		rc = no_mail(w, way->target, why, err);
	if (rc == RC_OK && *why == NULL && *ack)
		rc = acked(w, way->target, why, err);
	if (rc == RC_OK && *why == NULL && *ack)
		rc = notice_recent_tickets(w, &recent, err);
	if (rc == RC_OK && *why == NULL && recent >= NOTICE_FLOOD)
		*why = "M35: the fifth new ticket of this sender in ten minutes";
	if (rc != RC_OK || *why != NULL)
		*way = (struct way){0};
	return rc;
}

/* ---- planning ---- */

static struct pending *
newest(struct work *w)
{
	return &w->events[w->nevents - 1];
}

static enum rc
plan_message(struct work *w, const struct rule *r, bool reply, bool own, struct err *err)
{
	struct actor actor = own ? *w->actor : actor_rule(r->name);
	json_t *extra = own ? json_pack("{s:s}", "rule", r->name) : json_object();
	enum rc rc;

	if (own) {
		w->t->agent_at = w->tx->now;
		if (w->t->first_replied_at == INSTANT_NONE)
			w->t->first_replied_at = w->tx->now;
	}
	rc = work_log(w, &actor, "message.added", extra, err);
	if (rc == RC_OK) {
		newest(w)->says = r;
		newest(w)->reply = reply;
		newest(w)->own = own;
		w->refold = true; /* a step knows one message */
	}
	return rc;
}

static json_t *
acts_json(const struct rule *r)
{
	json_t *o = json_object(), *list = json_array();

	record_set_text(o, "rule", r->name);
	for (const char **n = r->notify; n != NULL && *n != NULL; n++)
		json_array_append_new(list, json_sprintf("notify %s", *n));
	if (r->hook != NULL)
		json_array_append_new(list, json_sprintf("hook %s", r->hook));
	if (r->run != NULL)
		json_array_append_new(list, json_sprintf("run %s", r->run[0]));
	json_object_set_new(o, "acts", list);
	return o;
}

enum rc
work_act(struct work *w, const struct rule *r, size_t had, struct err *err)
{
	struct actor actor = actor_rule(r->name);
	const char *why = NULL;
	struct way way = {0};
	bool ack = false;
	enum rc rc = RC_OK;

	if (r->reply != NULL && r->on == ON_HAND && w->actor->kind == ACTOR_AGENT) {
		rc = plan_message(w, r, true, true, err);
	} else if (r->reply != NULL) {
		rc = machine_way(w, &way, &ack, &why, err);
		if (rc == RC_OK && way.target != NULL)
			rc = plan_message(w, r, true, false, err);
		w->withheld = why;
	}
	if (rc == RC_OK && r->note != NULL)
		rc = plan_message(w, r, false, false, err);
	if (rc != RC_OK || ((r->notify == NULL || *r->notify == NULL) &&
			       r->hook == NULL && r->run == NULL))
		return rc;
	/* What leaves hangs on what the rule did; did it nothing else, on an event that
	 * says so. */
	if (w->nevents == had)
		rc = work_log(w, &actor, "rule.fired", acts_json(r), err);
	if (rc == RC_OK)
		newest(w)->sends = r;
	return rc;
}

/* ---- the messages ---- */

static enum rc
fill(struct work *w, struct pending *p, json_t *values, char **text, struct err *err)
{
	struct canned c;
	struct person who = {0};
	enum rc rc;

	if (!p->reply)
		return texts_fill_line(w->ctx, p->says->note, values, text, err);
	rc = customer_get(w->tx->d->store, w->ctx, w->t->requester, &who, err);
	if (rc == RC_OK)
		rc = texts_canned(w->tx->texts, p->says->reply, who.language, &c, err);
	return rc == RC_OK ? texts_fill(w->ctx, &c, values, false, text, err) : rc;
}

static struct message *
rule_message(struct work *w, const struct pending *p, const char *text)
{
	struct message *m = talloc_zero(w->ctx, struct message);
	const struct mailbox *box = config_mailbox(w->tx->d->config, w->t->mailbox);
	size_t n = strlen(text);

	m->ticket = w->t->id;
	m->kind = p->reply ? "reply" : "note";
	m->direction = "out";
	m->channel = w->t->channel;
	m->class = p->own			    ? "human"
		   : p->reply && w->message != NULL ? "auto-reply"
						    : "auto-generated";
	m->author = p->actor;
	m->author_address = p->own && w->actor->agent != NULL ? w->actor->agent->email
			    : p->reply && box != NULL	      ? box->address
							      : "";
	m->created_at = w->tx->now;
	while (n > 0 && strchr(" \n", text[n - 1]) != NULL)
		n--;
	m->body = text_clean(w->ctx, text, n, TEXT_BLOCK, BODY_MAX);
	m->quoted = "";
	return m;
}

static enum rc
say(struct work *w, struct pending *p, struct err *err)
{
	const struct agent *a =
	    p->own ? w->actor->agent : config_agent(w->tx->d->config, w->t->assignee);
	json_t *values = NULL;
	char *text = NULL;
	struct err why;
	enum rc rc = RC_OK;

	if (w->tx->texts == NULL)
		rc = texts_load(w->tx->ctx, w->tx->d, &w->tx->texts, err);
	if (rc == RC_OK)
		rc = texts_values(w->ctx, w->tx->d, w->t, a, &values, err);
	if (rc != RC_OK)
		return rc;
	rc = fill(w, p, values, &text, &why);
	json_decref(values);
	if (rc == RC_OK) {
		p->message = rule_message(w, p, text);
		json_object_set_new(p->changes, "message", message_digest(p->message));
		return RC_OK;
	}
	if (rc != RC_INVALID && rc != RC_NOTFOUND) {
		*err = why;
		return rc;
	}
	/* A value that is missing stops no mail: the rule did not do it, and says so. */
	p->action = "rule.refused";
	json_object_set_new(p->changes, "rule", json_string(p->says->name));
	json_object_set_new(p->changes, "reason", json_string(why.text));
	return RC_OK;
}

enum rc
work_say(struct work *w, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < w->nevents; i++) {
		if (w->events[i].says != NULL)
			rc = say(w, &w->events[i], err);
	}
	return rc;
}

/* ---- what leaves ---- */

static enum rc
deliver_machine(struct work *w, struct pending *p, const char *kind, struct err *err)
{
	const struct rule *r = p->says ? p->says : p->sends;
	const char *why = NULL;
	struct way way = {0};
	bool ack = false;
	struct leaving l = {.kind = kind, .rule = r->name, .due_at = w->tx->now};
	enum rc rc = machine_way(w, &way, &ack, &why, err);

	if (rc != RC_OK || way.target == NULL)
		return rc;
	l.via = way.via;
	l.target = way.target;
	if (ack && p->reply)
		l.kind = "ack";
	return work_leave(w, p, &l, err);
}

static enum rc
store_said(struct work *w, struct pending *p, struct err *err)
{
	enum rc rc;

	p->message->id = p->id;
	p->message->ticket = w->t->id;
	rc = message_store(w->tx->d->store, p->message, err);
	if (rc == RC_OK && p->own)
		return work_deliver_reply(w, p, err);
	return rc == RC_OK && p->reply ? deliver_machine(w, p, "auto", err) : rc;
}

static enum rc
leave_program(struct work *w, struct pending *p, struct err *err)
{
	json_t *argv = json_array();
	struct leaving l = {.via = "run",
	    .kind = "run",
	    .target = p->sends->run[0],
	    .rule = p->sends->name,
	    .due_at = w->tx->now};

	for (const char **a = p->sends->run; *a != NULL; a++)
		json_array_append_new(argv, json_string(*a));
	l.text = record_canonical(w->ctx, argv);
	json_decref(argv);
	return work_leave(w, p, &l, err);
}

static enum rc
send_all(struct work *w, struct pending *p, struct err *err)
{
	const struct rule *r = p->sends;
	struct leaving hook = {.via = "hook",
	    .kind = "hook",
	    .target = r->hook,
	    .rule = r->name,
	    .due_at = w->tx->now};
	bool requester = false;
	enum rc rc = notice_to_agents(w, p, r->notify, &requester, err);

	if (rc == RC_OK && requester)
		rc = deliver_machine(w, p, "update", err);
	if (rc == RC_OK && r->hook != NULL)
		rc = work_leave(w, p, &hook, err);
	if (rc == RC_OK && r->run != NULL)
		rc = leave_program(w, p, err);
	return rc;
}

enum rc
work_act_deliver(struct work *w, struct err *err)
{
	bool requester;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < w->nevents; i++) {
		struct pending *p = &w->events[i];

		if (p->message != NULL)
			rc = store_said(w, p, err);
		if (rc == RC_OK && p->sends != NULL)
			rc = send_all(w, p, err);
		if (rc == RC_OK && p->tells != NULL)
			rc = notice_to_agents(w, p, p->tells, &requester, err);
	}
	return rc;
}
