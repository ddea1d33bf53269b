/* Who gets a public answer: one delivery row a recipient, in the same transaction. */
#include "change/change_priv.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"

SQL(sql_delivery_add, "INSERT INTO delivery (event, n, ticket, via, kind, target, text, "
		      "rule, state, due_at) "
		      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9)");
SQL(sql_suppressed, "SELECT 1 FROM address WHERE kind = 'email' AND value = ?1 AND "
		    "suppressed_at IS NOT NULL");

enum rc
delivery_barred(struct work *w, const char *address, bool *yes, struct err *err)
{
	/* .invalid: the sender of a mail that named none (RFC 6761). */
	const char *end = strrchr(address, '@');
	struct stmt *st;
	enum rc rc;

	*yes = config_mailbox_by_address(w->tx->d->config, address) != NULL ||
	       (end != NULL && strcmp(end, "@invalid") == 0);
	if (*yes)
		return RC_OK;
	rc = store_prepare(w->tx->d->store, sql_suppressed, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, address);
	rc = stmt_step(st, err);
	*yes = rc == RC_OK;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
work_leave(struct work *w, struct pending *of, const struct leaving *l, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(w->tx->d->store, sql_delivery_add, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, of->id);
	bind_int(st, 2, ++of->ndeliveries);
	if (w->t != NULL)
		bind_int(st, 3, w->t->id);
	else
		bind_null(st, 3);
	bind_text(st, 4, l->via);
	bind_text(st, 5, l->kind);
	bind_text(st, 6, l->target);
	bind_text(st, 7, l->text);
	bind_text(st, 8, l->rule ? l->rule : "");
	bind_int(st, 9, l->due_at);
	return stmt_run(st, err);
}

enum rc
work_way(struct work *w, struct way *way, struct err *err)
{
	struct conversation *c = NULL;
	struct person p = {0};
	enum rc rc = customer_get(w->tx->d->store, w->ctx, w->t->requester, &p, err);
	bool mail = p.kind != NULL && strcmp(p.kind, "email") == 0;

	*way = (struct way){0};
	if (rc == RC_OK && w->t->id != 0) {
		rc = conversation_of_ticket(w->tx->d->store, w->ctx, w->t->id, &c, err);
		rc = rc == RC_NONE ? RC_OK : rc;
	}
	if (rc != RC_OK)
		return rc;
	/* Who is still there is answered there; who has left, by mail, if that can be. */
	if (c != NULL && (c->closed_at == INSTANT_NONE || !mail))
		*way = (struct way){c->via, c->key, c->closed_at == INSTANT_NONE};
	else if (mail)
		*way = (struct way){"mail", p.address, true};
	return RC_OK;
}

static enum rc
deliver_to(struct work *w, struct pending *of, const char *kind, const char *address,
    struct err *err)
{
	/* A while in which it can be taken back, when a person wrote it. */
	struct leaving l = {.via = "mail",
	    .kind = kind,
	    .target = address,
	    .due_at = w->tx->now + w->tx->d->config->undo};
	bool barred = false;
	enum rc rc = delivery_barred(w, address, &barred, err);

	return rc == RC_OK && !barred ? work_leave(w, of, &l, err) : rc;
}

enum rc
work_deliver_reply(struct work *w, struct pending *of, struct err *err)
{
	struct way way;
	enum rc rc = work_way(w, &way, err);

	if (rc == RC_OK && way.via != NULL && strcmp(way.via, "mail") == 0)
		rc = deliver_to(w, of, "reply", way.target, err);
	else if (rc == RC_OK && way.via != NULL)
		rc = work_leave(w, of,
		    &(struct leaving){.via = way.via,
			.kind = "reply",
			.target = way.target,
			.due_at = w->tx->now},
		    err);
	for (size_t i = 0; rc == RC_OK && i < w->t->npeople; i++) {
		const struct ticket_person *c = &w->t->people[i];

		if (strcmp(c->role, "cc") == 0 && c->confirmed &&
		    strchr(c->who, '@') != NULL &&
		    (way.target == NULL || strcmp(c->who, way.target) != 0))
			rc = deliver_to(w, of, "reply", c->who, err);
	}
	return rc;
}

enum rc
work_deliver(struct work *w, struct err *err)
{
	if (w->transcript != NULL)
		return deliver_to(w, &w->events[0], "transcript", w->transcript, err);
	if (w->message == NULL || strcmp(w->message->direction, "out") != 0 ||
	    strcmp(w->message->kind, "reply") != 0)
		return RC_OK;
	return work_deliver_reply(w, &w->events[0], err);
}

/* ---- what became of them ---- */

/* A notice is the desk's own affair: what becomes of it touches no ticket (M7). */
SQL(sql_delivery_find, "SELECT n, CASE kind WHEN 'notice' THEN NULL ELSE ticket END, "
		       "target FROM delivery "
		       "WHERE event = ?1 AND (n = ?2 OR (?2 = 0 AND target = ?3)) "
		       "ORDER BY n LIMIT 1");
SQL(sql_delivery_failed, "UPDATE delivery SET state = 4, last_error = ?3 "
			 "WHERE event = ?1 AND n = ?2");

enum rc
delivery_find(struct store *s, void *ctx, int64_t event, int64_t *n, const char *address,
    int64_t *ticket, const char **target, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_delivery_find, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, event);
	bind_int(st, 2, *n);
	bind_text(st, 3, address);
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		*n = col_int(st, 0);
		*ticket = col_int(st, 1);
		*target = col_strdup(ctx, st, 2);
	}
	stmt_done(st);
	return rc;
}

enum rc
delivery_failed(
    struct store *s, int64_t event, int64_t n, const char *why, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_delivery_failed, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, event);
	bind_int(st, 2, n);
	bind_text(st, 3, why);
	return stmt_run(st, err);
}

SQL(sql_bar_address, "UPDATE address SET suppressed_at = ?2 "
		     "WHERE kind = 'email' AND value = ?1 AND suppressed_at IS NULL");

enum rc
delivery_bars(
    struct store *s, const char *address, const char *status, int64_t at, struct err *err)
{
	struct stmt *st;
	enum rc rc;

	if (status == NULL ||
	    (strncmp(status, "5.1.", 4) != 0 && strcmp(status, "5.2.1") != 0))
		return RC_OK;
	rc = store_prepare(s, sql_bar_address, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, address);
	bind_int(st, 2, at);
	return stmt_run(st, err);
}

SQL(sql_unbar_address,
    "UPDATE address SET suppressed_at = NULL "
    "WHERE kind = 'email' AND value = ?1 AND suppressed_at IS NOT NULL");

enum rc
delivery_unbars(struct store *s, const char *address, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_unbar_address, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, address);
	return stmt_run(st, err);
}
