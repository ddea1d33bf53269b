/* Purging tickets: retention. */
#include <string.h>
#include <talloc.h>

#include "change/erase_priv.h"

SQL(sql_purge_events,
    "SELECT id FROM event WHERE ticket = ?1 AND changes IS NOT NULL ORDER BY id");
SQL(sql_purge_tags, "DELETE FROM ticket_tag WHERE ticket = ?1");
SQL(sql_purge_fields, "DELETE FROM ticket_field WHERE ticket = ?1");
SQL(sql_purge_people, "DELETE FROM ticket_person WHERE ticket = ?1");
SQL(sql_purge_links, "DELETE FROM ticket_link WHERE a = ?1");
SQL(sql_purge_drafts, "DELETE FROM draft WHERE ticket = ?1");
SQL(sql_purge_keys, "DELETE FROM mail_key WHERE ticket = ?1");
SQL(sql_purge_clocks, "DELETE FROM sla_clock WHERE ticket = ?1");
SQL(sql_purge_sla, "DELETE FROM sla_ticket WHERE ticket = ?1");
SQL(sql_purge_fired, "DELETE FROM fired WHERE ticket = ?1");
SQL(sql_purge_talks, "DELETE FROM conversation WHERE ticket = ?1");
SQL(sql_purge_heard, "DELETE FROM heard WHERE ticket = ?1");
SQL(sql_purge_deliveries,
    "UPDATE delivery SET target = 'erased', text = NULL, last_error = NULL, "
    "state = CASE WHEN state < 3 THEN 5 ELSE state END WHERE event = ?1");
SQL(sql_purge_words, "DELETE FROM message WHERE id = ?1");
SQL(sql_purge_ticket, "DELETE FROM ticket WHERE id = ?1");

struct purge {
	struct change_tx *tx;
	const struct actor *actor;
	struct erasure *r;
	int64_t ticket;
};

static enum rc
drop_messages(struct purge *p, struct err *err)
{
	int64_t *ids = NULL;
	size_t n = 0;
	enum rc rc = message_ids(p->tx->d->store, p->tx->ctx, p->ticket, &ids, &n, err);

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		rc = erase_message(p->tx, ids[i], p->r, err);
		/* What an empty message left in the index goes with it. */
		store_index_skip(p->tx->d->store, ids[i]);
		if (rc == RC_OK)
			rc = erase_run(p->tx, sql_purge_deliveries, ids[i], NULL, err);
		if (rc == RC_OK)
			rc = erase_run(p->tx, sql_purge_words, ids[i], NULL, err);
	}
	return rc;
}

/* Links of others to it end, with an event each. */
static enum rc
unlink_others(struct purge *p, struct err *err)
{
	struct ticket_link *v = NULL;
	size_t n = 0;
	enum rc rc =
	    ticket_linked_by(p->tx->d->store, p->tx->ctx, p->ticket, &v, &n, err);

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct change_result r = {0};
		struct work w = {
		    .tx = p->tx, .ctx = p->tx->ctx, .actor = &actor_system, .r = &r};

		rc = work_load(&w, v[i].other, false, err);
		if (rc == RC_OK) {
			ticket_remove_link(w.ctx, w.t, v[i].rel, p->ticket);
			rc = work_log(&w, p->actor, "ticket.unlinked", NULL, err);
		}
		if (rc == RC_OK)
			rc = work_write(&w, err);
		work_free(&w);
	}
	return rc;
}

static enum rc
drop_rows(struct purge *p, struct err *err)
{
	static const char *const statements[] = {sql_purge_tags, sql_purge_fields,
	    sql_purge_people, sql_purge_links, sql_purge_drafts, sql_purge_keys,
	    sql_purge_clocks, sql_purge_sla, sql_purge_fired, sql_purge_talks,
	    sql_purge_heard, sql_purge_ticket};
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < sizeof(statements) / sizeof(statements[0]);
	     i++)
		rc = erase_run(p->tx, statements[i], p->ticket, NULL, err);
	return rc;
}

static enum rc
log_purged(struct purge *p, struct err *err)
{
	struct event e = {.ticket = p->ticket,
	    .actor = actor_print(p->tx->ctx, p->actor),
	    .action = "ticket.purged"};
	json_t *changes = json_object(), *list = json_array();
	int64_t *ids = NULL;
	size_t n = 0;
	enum rc rc =
	    erase_select(p->tx, sql_purge_events, p->ticket, NULL, &ids, &n, err);

	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = erase_event(p->tx, ids[i], list, p->r, err);
	json_object_set_new(changes, "erased_events", list);
	if (rc == RC_OK) {
		e.changes = event_changes(p->tx->ctx, changes);
		rc = work_event(p->tx, &e, err);
		p->r->event = e.id;
	}
	json_decref(changes);
	return rc;
}

static enum rc
purge_one(struct purge *p, struct err *err)
{
	enum rc rc = drop_messages(p, err);

	if (rc == RC_OK)
		rc = unlink_others(p, err);
	if (rc == RC_OK)
		rc = drop_rows(p, err);
	p->r->tickets++;
	return rc == RC_OK ? log_purged(p, err) : rc;
}

static enum rc
run(void *arg, struct err *err)
{
	struct purge *p = arg, part = *p;
	struct ticket_link *v = NULL;
	size_t n = 0;
	enum rc rc =
	    ticket_linked_by(p->tx->d->store, p->tx->ctx, p->ticket, &v, &n, err);

	/* Those that point to it have nowhere to point, then. */
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		if (strcmp(v[i].rel, "merged") != 0)
			continue;
		part.ticket = v[i].other;
		rc = run(&part, err);
	}
	return rc == RC_OK ? purge_one(p, err) : rc;
}

enum rc
change_purge(struct change_tx *tx, const struct actor *actor, int64_t ticket,
    struct erasure *r, struct err *err)
{
	struct purge p = {tx, actor, r, ticket};
	struct ticket *t = NULL;
	enum rc rc = store_secure(tx->d->store, err);

	*r = (struct erasure){0};
	if (rc == RC_OK)
		rc = ticket_get(tx->d->store, tx->ctx, ticket, &t, err);
	return rc == RC_OK ? change_try(tx, run, &p, err) : rc;
}
