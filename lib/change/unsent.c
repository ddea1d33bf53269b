/* Replies and notes that were not sent yet. */
#include "change/unsent.h"

#include <talloc.h>

#include "base/text.h"

#include "change/change_priv.h"

SQL(sql_unsent_get, "SELECT agent, kind, status, body, seen, at, send_at FROM draft "
		    "WHERE ticket = ?1 AND agent = ?2");
SQL(sql_unsent_all, "SELECT agent, kind, status, body, seen, at, send_at FROM draft "
		    "WHERE ticket = ?1 ORDER BY agent");
SQL(sql_unsent_put,
    "INSERT INTO draft (ticket, agent, kind, status, body, seen, at, send_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (ticket, agent) DO UPDATE SET "
    "kind = excluded.kind, status = excluded.status, body = excluded.body, "
    "seen = excluded.seen, at = excluded.at, send_at = excluded.send_at");
SQL(sql_unsent_drop, "DELETE FROM draft WHERE ticket = ?1 AND agent = ?2");
SQL(sql_thread_end, "SELECT max(id) FROM message WHERE ticket = ?1");
SQL(sql_thread_since,
    "SELECT max(id) FROM message WHERE ticket = ?1 AND id > ?2 AND id < ?3 "
    "AND kind = 'reply' AND direction = 'in'");

static struct unsent
read_row(void *ctx, struct stmt *st)
{
	return (struct unsent){.agent = col_strdup(ctx, st, 0),
	    .kind = col_strdup(ctx, st, 1),
	    .status = col_strdup(ctx, st, 2),
	    .body = col_strdup(ctx, st, 3),
	    .seen = col_int(st, 4),
	    .at = col_int(st, 5),
	    .send_at = col_int(st, 6)};
}

enum rc
unsent_get(struct store *s, void *ctx, int64_t ticket, const char *agent,
    struct unsent *u, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_unsent_get, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	bind_text(st, 2, agent);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*u = read_row(ctx, st);
	stmt_done(st);
	return rc;
}

enum rc
unsent_each(struct store *s, int64_t ticket,
    enum rc (*each)(void *, const struct unsent *, struct err *), void *arg,
    struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_unsent_all, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		void *ctx = talloc_new(NULL);
		struct unsent u = read_row(ctx, st);

		rc = each(arg, &u, err);
		talloc_free(ctx);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
drop(struct store *s, int64_t ticket, const char *agent, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_unsent_drop, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	bind_text(st, 2, agent);
	return stmt_run(st, err);
}

static enum rc
put(struct store *s, int64_t ticket, const struct unsent *u, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_unsent_put, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	bind_text(st, 2, u->agent);
	bind_text(st, 3, u->kind);
	bind_text(st, 4, u->status);
	bind_text(st, 5, u->body);
	bind_int(st, 6, u->seen);
	bind_int(st, 7, u->at);
	bind_opt(st, 8, u->send_at);
	return stmt_run(st, err);
}

enum rc
unsent_save(struct desk *d, int64_t ticket, const struct unsent *u, struct err *err)
{
	enum rc rc = store_write(d->store, err);

	if (rc != RC_OK)
		return rc;
	rc = *u->body != '\0' ? put(d->store, ticket, u, err)
			      : drop(d->store, ticket, u->agent, err);
	if (rc == RC_OK)
		return store_commit(d->store, err);
	store_rollback(d->store);
	return rc;
}

enum rc
unsent_drop(struct change_tx *tx, int64_t ticket, const char *agent, struct err *err)
{
	return drop(tx->d->store, ticket, agent, err);
}

SQL(sql_unsent_keep, "UPDATE draft SET send_at = NULL WHERE ticket = ?1 AND agent = ?2");

enum rc
unsent_keep(struct change_tx *tx, int64_t ticket, const char *agent, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(tx->d->store, sql_unsent_keep, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	bind_text(st, 2, agent);
	return stmt_run(st, err);
}

SQL(sql_unsent_timed,
    "SELECT agent FROM draft WHERE ticket = ?1 AND send_at IS NOT NULL ORDER BY agent");

enum rc
unsent_overtaken(
    struct change_tx *tx, int64_t ticket, const char ***agents, struct err *err)
{
	struct stmt *st;
	size_t n = 0;
	enum rc rc = store_prepare(tx->d->store, sql_unsent_timed, &st, err);

	*agents = NULL;
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	while ((rc = stmt_step(st, err)) == RC_OK)
		text_push(tx->ctx, agents, &n, col_strdup(tx->ctx, st, 0));
	stmt_done(st);
	rc = rc == RC_NONE ? RC_OK : rc;
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = unsent_keep(tx, ticket, (*agents)[i], err);
	return rc;
}

static enum rc
one_number(struct stmt *st, int64_t *n, struct err *err)
{
	enum rc rc = stmt_step(st, err);

	*n = rc == RC_OK ? col_int(st, 0) : 0;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
thread_end(struct store *s, int64_t ticket, int64_t *message, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_thread_end, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	return one_number(st, message, err);
}

enum rc
thread_answered_since(struct store *s, int64_t ticket, int64_t seen, int64_t before,
    int64_t *message, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_thread_since, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	bind_int(st, 2, seen);
	bind_int(st, 3, before);
	return one_number(st, message, err);
}
