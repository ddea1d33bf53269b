/* Importing tickets: the one change that writes history. */
#include "change/import.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/clocks_priv.h"

struct job {
	struct change_tx *tx;
	const struct actor *actor;
	const struct import_ticket *from;
	struct imported *r;
};

/* ---- who wrote ---- */

static enum rc
person(struct job *j, const struct person_address *a, struct person *p, struct err *err)
{
	struct change_result ignored = {0};
	struct work w = {
	    .tx = j->tx, .ctx = j->tx->ctx, .actor = j->actor, .r = &ignored};

	return work_person(&w, a, p, err);
}

static enum rc
fill_message(
    struct job *j, const struct import_message *from, struct message *m, struct err *err)
{
	struct person p = {0};
	enum rc rc = RC_OK;

	*m = from->m;
	if (from->agent != NULL) {
		m->author = from->agent;
	} else {
		rc = person(j, &from->from, &p, err);
		m->author = talloc_asprintf(j->tx->ctx, "customer:%lld", (long long)p.id);
		m->author_address = from->from.value;
	}
	m->author_address = m->author_address ? m->author_address : "";
	m->kind = m->kind ? m->kind : "reply";
	m->direction = m->direction ? m->direction : "in";
	m->class = m->class ? m->class : "human";
	m->body = m->body ? m->body : "";
	m->quoted = m->quoted ? m->quoted : "";
	m->channel = m->channel		? m->channel
		     : j->from->channel ? j->from->channel
					: "email";
	return rc;
}

/* ---- a ticket that is new here ---- */

static void
count_in(struct ticket *t, const struct message *m)
{
	if (strcmp(m->kind, "reply") != 0)
		return;
	if (strcmp(m->direction, "in") == 0) {
		t->customer_at =
		    m->created_at > t->customer_at ? m->created_at : t->customer_at;
		return;
	}
	t->agent_at = m->created_at > t->agent_at ? m->created_at : t->agent_at;
	if (t->first_replied_at == INSTANT_NONE || m->created_at < t->first_replied_at)
		t->first_replied_at = m->created_at;
}

static enum rc
build(struct job *j, struct ticket *t, struct err *err)
{
	const struct import_ticket *from = j->from;
	const struct config *c = j->tx->d->config;
	const struct mailbox *box = config_mailbox_default(c);
	const char *organization = changes_value(&from->changes, "organization");
	struct person p = {0};
	enum rc rc = person(j, &from->requester, &p, err);

	if (rc != RC_OK)
		return rc;
	t->subject = from->subject && *from->subject ? from->subject : "(no subject)";
	t->queue = c->queues[0].name;
	t->status = queue_lifecycle(c, t->queue)->initial;
	t->priority = word_index(priority_names, "normal");
	t->kind = "question";
	t->channel = from->channel ? from->channel : "email";
	t->mailbox = box ? box->name : "";
	t->requester = p.id;
	t->organization = p.organization;
	t->external_id = from->external_id;
	t->created_at = from->created_at ? from->created_at : j->tx->now;
	t->time_spent_s = from->time_spent_s;
	rc = changes_apply(j->tx->ctx, &from->changes, c, NULL, from->solved_at, t, err);
	if (rc == RC_USAGE)
		err->rc = rc = RC_INVALID;
	if (rc == RC_OK && organization != NULL && *organization != '\0') {
		rc = organization_find(
		    j->tx->d->store, organization, &t->organization, err);
		rc = rc == RC_NONE ? RC_OK : rc;
	}
	if (rc == RC_OK && t->phase >= PHASE_RESOLVED && t->phase < PHASE_MERGED)
		t->solved_at = from->solved_at	  ? from->solved_at
			       : from->updated_at ? from->updated_at
						  : t->created_at;
	return rc;
}

/* An event of history: it says when the ticket was changed last, over there. */
static enum rc
log_one(struct job *j, struct ticket *t, const char *action, json_t *changes, int64_t at,
    int64_t *id, struct err *err)
{
	struct event e = {.ticket = t->id,
	    .actor = actor_print(j->tx->ctx, j->actor),
	    .action = action};
	enum rc rc;

	json_object_set_new(
	    changes, "updated_at", json_pack("[n,o]", record_instant_value(at)));
	e.changes = event_changes(j->tx->ctx, changes);
	json_decref(changes);
	rc = work_event(j->tx, &e, err);
	*id = e.id;
	return rc;
}

static enum rc
add_message(struct job *j, struct ticket *t, struct message *m, const char *action,
    json_t *changes, int64_t at, struct err *err)
{
	int64_t id = 0;
	enum rc rc;

	json_object_set_new(changes, "message", message_digest(m));
	rc = log_one(j, t, action, changes, at, &id, err);
	if (rc != RC_OK)
		return rc;
	m->id = id;
	m->ticket = t->id;
	t->last_event = id;
	j->r->messages++;
	return message_store(j->tx->d->store, m, err);
}

static enum rc
make(struct job *j, struct err *err)
{
	const struct import_ticket *from = j->from;
	struct store *s = j->tx->d->store;
	struct ticket *t = ticket_new(j->tx->ctx);
	struct message *m = mem_array(j->tx->ctx, struct message, from->nmessages + 1);
	size_t n = from->nmessages;
	int64_t at;
	enum rc rc = build(j, t, err);

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		rc = fill_message(j, &from->messages[i], &m[i], err);
		count_in(t, &m[i]);
	}
	if (rc != RC_OK)
		return rc;
	if (n == 0) { /* a ticket has a thread, and its subject is found by it */
		m[n++] = (struct message){.kind = "note",
		    .direction = "in",
		    .channel = t->channel,
		    .class = "human",
		    .author = "system",
		    .author_address = "",
		    .created_at = t->created_at,
		    .body = "",
		    .quoted = ""};
	}
	m[0].subject = t->subject;
	at = from->updated_at > t->created_at ? from->updated_at : t->created_at;
	t->updated_at = at;
	t->last_event = j->tx->chain.id + (int64_t)n;
	rc = ticket_store(s, NULL, t, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		m[i].created_at = m[i].created_at ? m[i].created_at : t->created_at;
		rc = add_message(j, t, &m[i],
		    i == 0 ? "ticket.imported" : "message.imported",
		    i == 0 ? ticket_diff(NULL, t) : json_object(), at, err);
	}
	j->r->ticket = t->id;
	j->r->created = true;
	return rc;
}

/* ---- a ticket that came before ---- */

struct thread {
	void *ctx;
	const char **ids; /* external ids of its messages, NULL-terminated */
	size_t n;
};

static enum rc
take(void *arg, struct message *m, struct err *err)
{
	struct thread *t = arg;

	(void)err;
	if (m->external_id != NULL)
		text_push(t->ctx, &t->ids, &t->n, talloc_strdup(t->ctx, m->external_id));
	return RC_OK;
}

/* A message came late: the ticket's own dates of messages move along, nothing else. */
static enum rc
add_late(struct job *j, struct ticket *t, struct message *m, struct err *err)
{
	struct ticket before = *t;
	int64_t at = m->created_at > t->updated_at ? m->created_at : t->updated_at;
	enum rc rc;

	count_in(t, m);
	rc = add_message(j, t, m, "message.imported", ticket_diff(&before, t), at, err);
	t->updated_at = at;
	return rc == RC_OK ? ticket_store(j->tx->d->store, &before, t, err) : rc;
}

static enum rc
add_missing(struct job *j, int64_t id, struct err *err)
{
	struct thread have = {.ctx = talloc_new(j->tx->ctx)};
	struct ticket *t = NULL;
	enum rc rc = ticket_get(j->tx->d->store, j->tx->ctx, id, &t, err);

	/* Merged here meanwhile: what comes late goes where it points. */
	while (rc == RC_OK && t->merged_into != 0) {
		id = t->merged_into;
		rc = ticket_get(j->tx->d->store, j->tx->ctx, id, &t, err);
	}
	if (rc == RC_OK)
		rc = message_each(j->tx->d->store, id, take, &have, err);
	for (size_t i = 0; rc == RC_OK && i < j->from->nmessages; i++) {
		const struct import_message *from = &j->from->messages[i];
		struct message m;

		if (from->m.external_id == NULL ||
		    (have.ids != NULL && word_index(have.ids, from->m.external_id) >= 0))
			continue;
		rc = fill_message(j, from, &m, err);
		if (rc == RC_OK)
			rc = add_late(j, t, &m, err);
	}
	talloc_free(have.ctx);
	j->r->ticket = id;
	return rc;
}

static enum rc
run(void *arg, struct err *err)
{
	struct job *j = arg;
	struct sla_book *book = NULL;
	int64_t id = 0;
	enum rc rc = RC_NONE;

	if (j->from->external_id != NULL)
		rc =
		    ticket_find_external(j->tx->d->store, j->from->external_id, &id, err);
	if (rc == RC_NONE)
		rc = make(j, err);
	else if (rc == RC_OK)
		rc = add_missing(j, id, err);
	if (rc == RC_OK)
		rc = clocks_book(j->tx, &book, err);
	if (rc == RC_OK && book->any)
		rc = clocks_refold(book, j->r->ticket, err);
	return rc;
}

enum rc
change_import(struct change_tx *tx, const struct actor *actor,
    const struct import_ticket *t, struct imported *r, struct err *err)
{
	struct job j = {tx, actor, t, r};
	enum rc rc = actor_need(actor, "ticket.create", err);

	*r = (struct imported){0};
	if (rc == RC_OK && t->requester.value == NULL)
		rc = err_fail(err, RC_INVALID, "the requester is missing");
	return rc == RC_OK ? change_try(tx, run, &j, err) : rc;
}
