/* Erasing a customer. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/erase_priv.h"
#include "change/person.h"

/* ---- statements ---- */

enum rc
erase_run(
    struct change_tx *tx, const char *sql, int64_t id, const char *text, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(tx->d->store, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	if (text != NULL)
		bind_text(st, 2, text);
	return stmt_run(st, err);
}

enum rc
erase_select(struct change_tx *tx, const char *sql, int64_t id, const char *text,
    int64_t **ids, size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(tx->d->store, sql, &st, err);

	*ids = NULL;
	*n = 0;
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	if (text != NULL)
		bind_text(st, 2, text);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		if ((*n & (*n - 1)) == 0)
			*ids = mem_grow(tx->ctx, *ids, int64_t, *n ? 2 * *n : 1);
		(*ids)[(*n)++] = col_int(st, 0);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- a message, an event ---- */

SQL(sql_erase_message,
    "UPDATE message SET subject = NULL, body = '', quoted = '', author_address = '', "
    "raw = NULL, external_id = NULL, flags = ?2 WHERE id = ?1");
SQL(sql_erase_attachments, "DELETE FROM attachment WHERE message = ?1");
SQL(sql_erase_mail,
    "UPDATE mail_id SET outcome = 'discarded', raw = zeroblob(32), reason = 'erased', "
    "evidence = NULL WHERE msgid = ?2 AND message = ?1");
SQL(sql_erase_event, "UPDATE event SET changes = NULL WHERE id = ?1");

static void
keep_blob(struct change_tx *tx, struct erasure *r, const unsigned char hash[BLOB_HASH])
{
	r->blobs =
	    talloc_realloc_size(tx->ctx, r->blobs, (r->nblobs + 1) * sizeof(*r->blobs));
	memcpy(r->blobs[r->nblobs++], hash, BLOB_HASH);
}

static enum rc
empty_row(struct change_tx *tx, const struct message *m, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(tx->d->store, sql_erase_message, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, m->id);
	bind_int(st, 2, MESSAGE_ERASED);
	return stmt_run(st, err);
}

enum rc
erase_message(struct change_tx *tx, int64_t message, struct erasure *r, struct err *err)
{
	struct message *m = NULL;
	enum rc rc = message_get(tx->d->store, tx->ctx, message, &m, err);

	if (rc != RC_OK || (m->flags & MESSAGE_ERASED))
		return rc;
	if (m->has_raw)
		keep_blob(tx, r, m->raw);
	for (size_t i = 0; i < m->nattachments; i++)
		keep_blob(tx, r, m->attachments[i].sha256);
	rc = store_index_remove(tx->d->store, m->id, m->subject, m->body, err);
	if (rc == RC_OK && m->external_id != NULL)
		rc = erase_run(tx, sql_erase_mail, m->id, m->external_id, err);
	if (rc == RC_OK)
		rc = empty_row(tx, m, err);
	if (rc == RC_OK)
		rc = erase_run(tx, sql_erase_attachments, m->id, NULL, err);
	/* An empty message is indexed, too: the index says what the rows say. */
	if (rc == RC_OK)
		store_index_add(tx->d->store, m->id, NULL, "");
	r->messages++;
	r->attachments += (int64_t)m->nattachments;
	talloc_free(m);
	return rc;
}

enum rc
erase_event(
    struct change_tx *tx, int64_t event, json_t *list, struct erasure *r, struct err *err)
{
	json_array_append_new(list, json_integer(event));
	r->events++;
	return erase_run(tx, sql_erase_event, event, NULL, err);
}

enum rc
erase_blobs(struct store *s, const struct erasure *r, int64_t *removed, struct err *err)
{
	enum rc rc = RC_OK;

	*removed = 0;
	for (size_t i = 0; rc == RC_OK && i < r->nblobs; i++) {
		bool gone = false;

		rc = blob_drop(s, r->blobs[i], 86400000, verify_named, s, &gone, err);
		*removed += gone;
	}
	return rc;
}

/* ---- whose, and where ---- */

struct person_erase {
	struct change_tx *tx;
	const struct actor *actor;
	struct erasure *r;
	struct customer *c; /* as it was */
	int64_t *ids;	    /* this customer and who was merged into them */
	size_t nids;
	/* Messages that were erased where a merge or a split had put them: the events
	 * that added them are in the logs of other tickets. */
	int64_t *strays;
	size_t nstrays;
};

SQL(sql_own_tickets, "SELECT id FROM ticket WHERE requester = ?1");
SQL(sql_ticket_events,
    "SELECT id FROM event WHERE ticket = ?1 AND changes IS NOT NULL ORDER BY id");
SQL(sql_customer_events,
    "SELECT id FROM event WHERE customer = ?1 AND changes IS NOT NULL ORDER BY id");
SQL(sql_authored,
    "SELECT id FROM message WHERE ?1 = 0 AND author = ?2 ORDER BY id /* scan */");
SQL(sql_sent_from,
    "SELECT id FROM message WHERE ?1 = 0 AND author_address = ?2 ORDER BY id /* scan */");
SQL(sql_takes_part,
    "SELECT DISTINCT ticket FROM ticket_person WHERE ?1 = 0 AND who = ?2 ORDER BY 1");
SQL(sql_event_holds, "SELECT id FROM event WHERE ticket = ?1 AND changes IS NOT NULL AND "
		     "instr(lower(changes), ?2) > 0 ORDER BY id");
SQL(sql_drop_keys, "DELETE FROM mail_key WHERE ticket = ?1");
SQL(sql_drop_comments, "UPDATE article_vote SET comment = '' WHERE ticket = ?1");
SQL(sql_drop_drafts, "DELETE FROM draft WHERE ticket = ?1");
SQL(sql_drop_targets,
    "UPDATE delivery SET target = 'erased', text = NULL, last_error = NULL, "
    "state = CASE WHEN state < 3 THEN 5 ELSE state END "
    "WHERE ?1 = 0 AND target = ?2 /* scan */");

SQL(sql_drop_talked, "UPDATE delivery SET target = 'erased', text = NULL, "
		     "last_error = NULL, "
		     "state = CASE WHEN state < 3 THEN 5 ELSE state END "
		     "WHERE ?1 = 0 AND (via, target) IN (SELECT via, key "
		     "FROM conversation WHERE address = ?2) /* scan */");
SQL(sql_drop_proofs, "DELETE FROM proof WHERE ?1 = 0 AND (address = ?2 OR email = ?2) "
		     "/* scan */");
SQL(sql_drop_bot_talks, "DELETE FROM bot_talk WHERE ?1 = 0 AND address = ?2 /* scan */");
SQL(sql_drop_bot_words, "UPDATE delivery SET target = 'erased', text = NULL, "
			"state = CASE WHEN state < 3 THEN 5 ELSE state END "
			"WHERE kind = 'bot' AND event IN "
			"(SELECT id FROM event WHERE customer = ?1)");
SQL(sql_drop_talks, "DELETE FROM conversation WHERE ?1 = 0 AND address = ?2 /* scan */");

/* An event may hold an address of theirs beside somebody else's message, which stays: its
 * digest is kept in the event of the erasure. */
static enum rc
kept_digests(struct person_erase *p, json_t *events, json_t *all, struct err *err)
{
	json_t *kept = json_object(), *v;
	size_t i;
	enum rc rc = RC_OK;

	json_array_foreach(events, i, v)
	{
		struct message *m = NULL;
		char id[24];

		rc = message_get(
		    p->tx->d->store, p->tx->ctx, json_integer_value(v), &m, err);
		if (rc == RC_NOTFOUND)
			continue;
		if (rc != RC_OK)
			break;
		snprintf(id, sizeof(id), "%lld", (long long)m->id);
		if (!(m->flags & MESSAGE_ERASED))
			json_object_set_new(kept, id, message_digest(m));
		talloc_free(m);
	}
	if (json_object_size(kept) > 0)
		json_object_set(all, "kept", kept);
	json_decref(kept);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* Writes the ticket as it is now, with the event that proves it from here on. */
static enum rc
log_erased(struct person_erase *p, struct work *w, json_t *events, struct err *err)
{
	int64_t *ids = NULL;
	size_t n = 0;
	json_t *all = ticket_state(w->t), *list = json_array();
	enum rc rc = message_ids(p->tx->d->store, w->ctx, w->t->id, &ids, &n, err);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_integer(ids[i]));
	json_object_set_new(all, "messages", json_pack("[[],o]", list));
	json_object_set_new(all, "snapshot", json_true());
	json_object_set_new(all, "erased_events", events);
	if (w->clocks != NULL)
		json_object_set_new(all, "clocks", clocks_to_json(w->clocks));
	if (rc == RC_OK)
		rc = kept_digests(p, events, all, err);
	/* Nothing of what it was before may stand in the event. */
	w->last = *w->t;
	if (rc == RC_OK)
		rc = work_log(w, p->actor, "ticket.erased", all, err);
	else
		json_decref(all);
	return rc == RC_OK ? work_write(w, err) : rc;
}

static void
forget_people(struct person_erase *p, struct work *w)
{
	for (size_t i = 0; i < p->c->naddresses; i++)
		ticket_remove_person(w->ctx, w->t, "cc", p->c->addresses[i].value);
}

/* Said in this ticket, and in another one now. */
SQL(sql_moved_away, "SELECT m.id FROM event e JOIN message m ON m.id = e.id "
		    "WHERE e.ticket = ?1 AND m.ticket <> ?1 ORDER BY m.id");
SQL(sql_event_of, "SELECT ticket FROM event WHERE id = ?1 AND changes IS NOT NULL AND "
		  "ticket <> ?2");

static enum rc
event_ticket(
    struct person_erase *p, int64_t event, int64_t but, int64_t *ticket, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(p->tx->d->store, sql_event_of, &st, err);

	*ticket = 0;
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, event);
	bind_int(st, 2, but);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*ticket = col_int(st, 0);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* A message that stands in this ticket; its event may not. */
static enum rc
erase_from(
    struct person_erase *p, int64_t message, int64_t ticket, bool *stray, struct err *err)
{
	int64_t logged = 0;
	enum rc rc = erase_message(p->tx, message, p->r, err);

	if (rc == RC_OK)
		rc = event_ticket(p, message, ticket, &logged, err);
	*stray = logged != 0;
	if (*stray) {
		p->strays = mem_grow(p->tx->ctx, p->strays, int64_t, p->nstrays + 1);
		p->strays[p->nstrays++] = message;
	}
	return rc;
}

/* The tickets in whose logs the strays are; those of this customer are done already. */
static enum rc
erase_strays(struct person_erase *p, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < p->nstrays; i++) {
		struct change_result r = {0};
		struct work w = {
		    .tx = p->tx, .ctx = p->tx->ctx, .actor = &actor_system, .r = &r};
		json_t *events = json_array();
		int64_t ticket = 0;

		rc = event_ticket(p, p->strays[i], 0, &ticket, err);
		if (rc == RC_OK && ticket != 0)
			rc = work_load(&w, ticket, false, err);
		for (size_t k = i; rc == RC_OK && ticket != 0 && k < p->nstrays; k++) {
			int64_t same = 0;

			rc = event_ticket(p, p->strays[k], 0, &same, err);
			if (rc == RC_OK && same == ticket)
				rc = erase_event(p->tx, p->strays[k], events, p->r, err);
		}
		if (rc == RC_OK && ticket != 0)
			rc = log_erased(p, &w, events, err);
		else
			json_decref(events);
		work_free(&w);
	}
	return rc;
}

/* A ticket of theirs: all that was said in it. */
static enum rc
own_ticket(struct person_erase *p, int64_t id, struct err *err)
{
	struct change_result r;
	struct work w = {.tx = p->tx, .ctx = p->tx->ctx, .actor = &actor_system, .r = &r};
	json_t *events = json_array();
	int64_t *ids = NULL;
	size_t n = 0;
	bool stray;
	enum rc rc = work_load(&w, id, false, err);

	r = (struct change_result){0};
	if (rc == RC_OK)
		rc = message_ids(p->tx->d->store, p->tx->ctx, id, &ids, &n, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = erase_from(p, ids[i], id, &stray, err);
	if (rc == RC_OK)
		rc = erase_select(p->tx, sql_moved_away, id, NULL, &ids, &n, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = erase_message(p->tx, ids[i], p->r, err);
	if (rc == RC_OK)
		rc = erase_select(p->tx, sql_ticket_events, id, NULL, &ids, &n, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = erase_event(p->tx, ids[i], events, p->r, err);
	if (rc == RC_OK)
		rc = erase_run(p->tx, sql_drop_keys, id, NULL, err);
	if (rc == RC_OK)
		rc = erase_run(p->tx, sql_drop_comments, id, NULL, err);
	if (rc == RC_OK)
		rc = erase_run(p->tx, sql_drop_drafts, id, NULL, err);
	if (rc != RC_OK) {
		json_decref(events);
		return rc;
	}
	w.t->subject = "erased";
	w.t->external_id = NULL;
	w.t->nfields = 0;
	w.t->npeople = 0;
	p->r->tickets++;
	rc = log_erased(p, &w, events, err);
	work_free(&w);
	return rc;
}

/* A ticket of somebody else: what this person wrote in it, and where they are named. */
static enum rc
other_ticket(struct person_erase *p, int64_t id, const int64_t *messages, size_t n,
    struct err *err)
{
	struct change_result r;
	struct work w = {.tx = p->tx, .ctx = p->tx->ctx, .actor = &actor_system, .r = &r};
	json_t *events = json_array();
	enum rc rc = work_load(&w, id, false, err);

	r = (struct change_result){0};
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		bool stray = false;

		rc = erase_from(p, messages[i], id, &stray, err);
		if (rc == RC_OK && !stray)
			rc = erase_event(p->tx, messages[i], events, p->r, err);
	}
	for (size_t i = 0; rc == RC_OK && i < p->c->naddresses; i++) {
		int64_t *ids = NULL;
		size_t k = 0;

		rc = erase_select(
		    p->tx, sql_event_holds, id, p->c->addresses[i].value, &ids, &k, err);
		for (size_t j = 0; rc == RC_OK && j < k; j++)
			rc = erase_event(p->tx, ids[j], events, p->r, err);
	}
	if (rc != RC_OK) {
		json_decref(events);
		return rc;
	}
	forget_people(p, &w);
	rc = log_erased(p, &w, events, err);
	work_free(&w);
	return rc;
}

/* ---- what they wrote elsewhere ---- */

struct elsewhere {
	int64_t *messages, *tickets; /* of each message; tickets alone have message 0 */
	size_t n;
};

static enum rc
add_messages(struct person_erase *p, struct elsewhere *e, const char *sql,
    const char *text, struct err *err)
{
	int64_t *ids = NULL;
	size_t n = 0;
	enum rc rc = erase_select(p->tx, sql, 0, text, &ids, &n, err);

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct message *m = NULL;

		rc = message_get(p->tx->d->store, p->tx->ctx, ids[i], &m, err);
		if (rc != RC_OK || (m->flags & MESSAGE_ERASED))
			continue;
		e->messages = mem_grow(p->tx->ctx, e->messages, int64_t, e->n + 1);
		e->tickets = mem_grow(p->tx->ctx, e->tickets, int64_t, e->n + 1);
		e->messages[e->n] = ids[i];
		e->tickets[e->n++] = m->ticket;
		talloc_free(m);
	}
	return rc;
}

static enum rc
add_tickets(
    struct person_erase *p, struct elsewhere *e, const char *address, struct err *err)
{
	int64_t *ids = NULL;
	size_t n = 0;
	enum rc rc = erase_select(p->tx, sql_takes_part, 0, address, &ids, &n, err);

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		e->messages = mem_grow(p->tx->ctx, e->messages, int64_t, e->n + 1);
		e->tickets = mem_grow(p->tx->ctx, e->tickets, int64_t, e->n + 1);
		e->messages[e->n] = 0;
		e->tickets[e->n++] = ids[i];
	}
	return rc;
}

static enum rc
erase_elsewhere(struct person_erase *p, struct elsewhere *e, struct err *err)
{
	int64_t *mine = mem_array(p->tx->ctx, int64_t, e->n + 1);
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < e->n; i++) {
		size_t n = 0;

		if (e->tickets[i] == 0)
			continue;
		for (size_t k = e->n; k > i; k--) {
			size_t j = k - 1;

			if (e->tickets[j] != e->tickets[i])
				continue;
			if (e->messages[j] != 0)
				mine[n++] = e->messages[j];
			if (j != i)
				e->tickets[j] = 0;
		}
		rc = other_ticket(p, e->tickets[i], mine, n, err);
	}
	return rc;
}

static enum rc
erase_tickets(struct person_erase *p, struct err *err)
{
	struct elsewhere e = {0};
	int64_t *ids = NULL;
	size_t n = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < p->nids; i++) {
		rc = erase_select(p->tx, sql_own_tickets, p->ids[i], NULL, &ids, &n, err);
		for (size_t k = 0; rc == RC_OK && k < n; k++)
			rc = own_ticket(p, ids[k], err);
		if (rc == RC_OK)
			rc = erase_run(p->tx, sql_drop_bot_words, p->ids[i], NULL, err);
	}
	for (size_t i = 0; rc == RC_OK && i < p->nids; i++)
		rc = add_messages(p, &e, sql_authored,
		    talloc_asprintf(p->tx->ctx, "customer:%lld", (long long)p->ids[i]),
		    err);
	for (size_t i = 0; rc == RC_OK && i < p->c->naddresses; i++) {
		const char *address = p->c->addresses[i].value;

		rc = add_messages(p, &e, sql_sent_from, address, err);
		if (rc == RC_OK)
			rc = add_tickets(p, &e, address, err);
		if (rc == RC_OK)
			rc = erase_run(p->tx, sql_drop_targets, 0, address, err);
		if (rc == RC_OK)
			rc = erase_run(p->tx, sql_drop_talked, 0, address, err);
		if (rc == RC_OK)
			rc = erase_run(p->tx, sql_drop_talks, 0, address, err);
		if (rc == RC_OK)
			rc = erase_run(p->tx, sql_drop_proofs, 0, address, err);
		if (rc == RC_OK)
			rc = erase_run(p->tx, sql_drop_bot_talks, 0, address, err);
	}
	return rc == RC_OK ? erase_elsewhere(p, &e, err) : rc;
}

/* ---- the person ---- */

static enum rc
erase_row(struct person_erase *p, int64_t id, struct err *err)
{
	struct customer *before = NULL, *now = customer_new(p->tx->ctx);
	json_t *events = json_array(), *all;
	int64_t *ids = NULL;
	size_t n = 0;
	enum rc rc = customer_load(p->tx->d->store, p->tx->ctx, id, &before, err);

	if (rc == RC_OK)
		rc = erase_select(p->tx, sql_customer_events, id, NULL, &ids, &n, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = erase_event(p->tx, ids[i], events, p->r, err);
	if (rc == RC_OK) {
		now->id = id;
		now->merged_into = before->merged_into;
		now->erased_at = p->tx->now;
		p->r->addresses += (int64_t)before->naddresses;
		rc = customer_store(p->tx->d->store, before, now, err);
	}
	if (rc != RC_OK) {
		json_decref(events);
		return rc;
	}
	all = customer_diff(NULL, now);
	json_object_set_new(all, "snapshot", json_true());
	json_object_set_new(all, "erased_events", events);
	if (id == p->c->id)
		json_object_set_new(all, "receipt",
		    json_pack("{s:I,s:I,s:I,s:I,s:I}", "tickets",
			(json_int_t)p->r->tickets, "messages", (json_int_t)p->r->messages,
			"attachments", (json_int_t)p->r->attachments, "events",
			(json_int_t)p->r->events, "addresses",
			(json_int_t)p->r->addresses));
	return person_event(
	    p->tx, p->actor, id, 0, "customer.erased", all, &p->r->event, err);
}

static enum rc
run(void *arg, struct err *err)
{
	struct person_erase *p = arg;
	enum rc rc = erase_tickets(p, err);

	if (rc == RC_OK)
		rc = erase_strays(p, err);

	/* The one that was named last: its event is the receipt of all. */
	for (size_t i = p->nids; rc == RC_OK && i > 0; i--)
		rc = erase_row(p, p->ids[i - 1], err);
	return rc;
}

enum rc
change_erase(struct change_tx *tx, const struct actor *actor, int64_t customer,
    struct erasure *r, struct err *err)
{
	struct person_erase p = {.tx = tx, .actor = actor, .r = r};
	enum rc rc = actor_need(actor, "customer.erase", err);

	*r = (struct erasure){0};
	if (rc == RC_OK)
		rc = store_secure(tx->d->store, err);
	if (rc == RC_OK)
		rc = customer_load(tx->d->store, tx->ctx, customer, &p.c, err);
	if (rc == RC_OK && p.c->erased_at != 0)
		rc = err_fail(err, RC_INVALID, "customer %lld was erased already",
		    (long long)customer);
	if (rc == RC_OK)
		rc = customer_ids(tx->d->store, tx->ctx, customer, &p.ids, &p.nids, err);
	return rc == RC_OK ? change_try(tx, run, &p, err) : rc;
}
