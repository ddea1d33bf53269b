/* Conversations: rows <-> structs. */
#include "ticket/conversation.h"

#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"

#define COLUMNS "via, key, kind, address, ticket, heard_at, closed_at"

static struct conversation *
conversation_read(void *ctx, struct stmt *st)
{
	struct conversation *c = talloc_zero(ctx, struct conversation);

	c->via = col_strdup(c, st, 0);
	c->key = col_strdup(c, st, 1);
	c->kind = col_strdup(c, st, 2);
	c->address = col_strdup(c, st, 3);
	c->ticket = col_int(st, 4);
	c->heard_at = col_int(st, 5);
	c->closed_at = col_null(st, 6) ? INSTANT_NONE : col_int(st, 6);
	return c;
}

SQL(sql_conversation_find,
    "SELECT " COLUMNS " FROM conversation WHERE via = ?1 AND key = ?2");

enum rc
conversation_find(struct store *s, void *ctx, const char *via, const char *key,
    struct conversation **c, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_conversation_find, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	bind_text(st, 2, key);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*c = conversation_read(ctx, st);
	stmt_done(st);
	return rc;
}

SQL(sql_conversation_of_ticket,
    "SELECT " COLUMNS " FROM conversation WHERE ticket IN (SELECT ?1 UNION ALL "
    "SELECT a FROM ticket_link WHERE b = ?1 AND rel = 'merged') "
    "ORDER BY heard_at DESC LIMIT 1");

enum rc
conversation_of_ticket(
    struct store *s, void *ctx, int64_t ticket, struct conversation **c, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_conversation_of_ticket, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*c = conversation_read(ctx, st);
	stmt_done(st);
	return rc;
}

SQL(sql_conversation_quiet,
    "SELECT " COLUMNS " FROM conversation WHERE via = ?1 AND closed_at IS NULL "
    "AND heard_at < ?2 ORDER BY heard_at LIMIT ?3");

enum rc
conversation_quiet(struct store *s, void *ctx, const char *via, int64_t before,
    size_t max, struct conversation ***v, size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_conversation_quiet, &st, err);

	*v = NULL;
	*n = 0;
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	bind_int(st, 2, before);
	bind_int(st, 3, (int64_t)max);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		*v = mem_grow(ctx, *v, struct conversation *, *n + 1);
		(*v)[(*n)++] = conversation_read(ctx, st);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

SQL(sql_conversation_oldest,
    "SELECT heard_at FROM conversation WHERE via = ?1 AND closed_at IS NULL "
    "ORDER BY heard_at LIMIT 1");

enum rc
conversation_oldest(struct store *s, const char *via, int64_t *at, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_conversation_oldest, &st, err);

	*at = INSTANT_NEVER;
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*at = col_int(st, 0);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

SQL(sql_conversation_put,
    "INSERT INTO conversation (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
    "ON CONFLICT (via, key) DO UPDATE SET kind = excluded.kind, "
    "address = excluded.address, ticket = excluded.ticket, "
    "heard_at = excluded.heard_at, closed_at = excluded.closed_at");

enum rc
conversation_put(struct store *s, const struct conversation *c, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_conversation_put, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, c->via);
	bind_text(st, 2, c->key);
	bind_text(st, 3, c->kind);
	bind_text(st, 4, c->address);
	bind_int(st, 5, c->ticket);
	bind_int(st, 6, c->heard_at);
	bind_opt(st, 7, c->closed_at);
	return stmt_run(st, err);
}

static enum rc
run_at(struct store *s, const char *sql, const char *via, const char *key, int64_t at,
    struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	bind_text(st, 2, key);
	bind_int(st, 3, at);
	return stmt_run(st, err);
}

SQL(sql_conversation_touch,
    "UPDATE conversation SET heard_at = ?3 WHERE via = ?1 AND key = ?2 "
    "AND heard_at < ?3");

enum rc
conversation_touch(
    struct store *s, const char *via, const char *key, int64_t at, struct err *err)
{
	return run_at(s, sql_conversation_touch, via, key, at, err);
}

SQL(sql_conversation_close,
    "UPDATE conversation SET closed_at = ?3 WHERE via = ?1 AND key = ?2 "
    "AND closed_at IS NULL");

enum rc
conversation_close(
    struct store *s, const char *via, const char *key, int64_t at, struct err *err)
{
	return run_at(s, sql_conversation_close, via, key, at, err);
}

/* ---- what was heard ---- */

SQL(sql_heard_find, "SELECT ticket, message FROM heard WHERE via = ?1 AND id = ?2");

enum rc
heard_find(
    struct store *s, const char *via, const char *id, struct heard_id *h, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_heard_find, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	bind_text(st, 2, id);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*h = (struct heard_id){col_int(st, 0), col_int(st, 1)};
	stmt_done(st);
	return rc;
}

SQL(sql_heard_add,
    "INSERT INTO heard (via, id, ticket, message, at) VALUES (?1, ?2, ?3, ?4, ?5) "
    "ON CONFLICT (via, id) DO NOTHING");

enum rc
heard_add(struct store *s, const char *via, const char *id, const struct heard_id *h,
    int64_t at, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_heard_add, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	bind_text(st, 2, id);
	bind_int(st, 3, h->ticket);
	bind_int(st, 4, h->message);
	bind_int(st, 5, at);
	return stmt_run(st, err);
}

SQL(sql_bot_heard_find, "SELECT 1 FROM bot_heard WHERE via = ?1 AND id = ?2");
SQL(sql_bot_heard_add, "INSERT INTO bot_heard (via, id, at) VALUES (?1, ?2, ?3) "
		       "ON CONFLICT DO NOTHING");

enum rc
bot_heard_find(struct store *s, const char *via, const char *id, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_bot_heard_find, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	bind_text(st, 2, id);
	rc = stmt_step(st, err);
	stmt_done(st);
	return rc;
}

enum rc
bot_heard_add(
    struct store *s, const char *via, const char *id, int64_t at, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_bot_heard_add, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	bind_text(st, 2, id);
	bind_int(st, 3, at);
	return stmt_run(st, err);
}

SQL(sql_heard_forget, "DELETE FROM heard WHERE at < ?1");
SQL(sql_bot_heard_forget, "DELETE FROM bot_heard WHERE at < ?1");

static enum rc
forget(struct store *s, const char *sql, int64_t before, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, before);
	return stmt_run(st, err);
}

enum rc
heard_forget(struct store *s, int64_t before, struct err *err)
{
	enum rc rc = forget(s, sql_heard_forget, before, err);

	return rc == RC_OK ? forget(s, sql_bot_heard_forget, before, err) : rc;
}

/* ---- how far it has read ---- */

SQL(sql_place_get, "SELECT place FROM channel_place WHERE via = ?1");
SQL(sql_place_set, "INSERT INTO channel_place (via, place) VALUES (?1, ?2) "
		   "ON CONFLICT (via) DO UPDATE SET place = excluded.place");

enum rc
channel_place_get(
    struct store *s, void *ctx, const char *via, char **place, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_place_get, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*place = col_strdup(ctx, st, 0);
	stmt_done(st);
	return rc;
}

enum rc
channel_place_set(struct store *s, const char *via, const char *place, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_place_set, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	bind_text(st, 2, place);
	return stmt_run(st, err);
}
