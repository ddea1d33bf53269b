/* Talks on other channels than mail, in an export and out of one: conversations, what
 * bots hold, and what channels have said already. Rows as they are, by the names of their
 * columns. */
#include <string.h>
#include <talloc.h>

#include "base/record.h"
#include "exchange/exchange_priv.h"

SQL(sql_talks_conversation,
    "SELECT via, key, kind, address, ticket, heard_at, closed_at FROM conversation "
    "WHERE ?1 = 0 OR ticket = ?1 ORDER BY via, key /* scan */");
SQL(sql_talks_bot,
    "SELECT via, key, kind, address, name, bot, state, waits, heard_at, last_id "
    "FROM bot_talk WHERE ?1 = 0 OR (kind, address) IN (SELECT kind, value FROM address "
    "WHERE customer = ?1) ORDER BY via, key /* scan */");
SQL(sql_talks_words, "SELECT d.via, d.target AS key, d.text, d.sent_at FROM event e "
		     "CROSS JOIN delivery d ON d.event = e.id "
		     "WHERE e.customer = ?1 AND d.kind = 'bot' ORDER BY d.event, d.n");
SQL(sql_talks_heard, "SELECT via, id, ticket, message, at FROM heard WHERE ?1 = 0 "
		     "ORDER BY via, id /* scan */");
SQL(sql_talks_bot_heard,
    "SELECT via, id, at FROM bot_heard WHERE ?1 = 0 ORDER BY via, id /* scan */");
SQL(sql_talks_place,
    "SELECT via, place FROM channel_place WHERE ?1 = 0 ORDER BY via /* scan */");

SQL(sql_talks_put_conversation,
    "INSERT INTO conversation (via, key, kind, address, ticket, heard_at, closed_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
SQL(sql_talks_put_bot, "INSERT INTO bot_talk (via, key, kind, address, name, bot, state, "
		       "waits, heard_at, last_id) "
		       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
SQL(sql_talks_put_heard, "INSERT INTO heard (via, id, ticket, message, at) "
			 "VALUES (?1, ?2, ?3, ?4, ?5)");
SQL(sql_talks_put_bot_heard, "INSERT INTO bot_heard (via, id, at) VALUES (?1, ?2, ?3)");
SQL(sql_talks_put_place, "INSERT INTO channel_place (via, place) VALUES (?1, ?2)");

/* A column: t text, i number, a instant; a small letter may be missing. */
struct talk_column {
	const char *name;
	char kind;
};
static const struct talk_table {
	const char *type, *select, *insert;
	struct talk_column columns[12];
} tables[] = {
    {"conversation", sql_talks_conversation, sql_talks_put_conversation,
	{{"via", 'T'}, {"key", 'T'}, {"kind", 'T'}, {"address", 'T'}, {"ticket", 'I'},
	    {"heard_at", 'A'}, {"closed_at", 'a'}}},
    {"bot_talk", sql_talks_bot, sql_talks_put_bot,
	{{"via", 'T'}, {"key", 'T'}, {"kind", 'T'}, {"address", 'T'}, {"name", 'T'},
	    {"bot", 'T'}, {"state", 'T'}, {"waits", 'I'}, {"heard_at", 'A'},
	    {"last_id", 't'}}},
    {"bot_words", sql_talks_words, NULL,
	{{"via", 'T'}, {"key", 'T'}, {"text", 't'}, {"sent_at", 'a'}}},
    {"heard", sql_talks_heard, sql_talks_put_heard,
	{{"via", 'T'}, {"id", 'T'}, {"ticket", 'I'}, {"message", 'I'}, {"at", 'A'}}},
    {"bot_heard", sql_talks_bot_heard, sql_talks_put_bot_heard,
	{{"via", 'T'}, {"id", 'T'}, {"at", 'A'}}},
    {"channel_place", sql_talks_place, sql_talks_put_place,
	{{"via", 'T'}, {"place", 'T'}}},
};

static const struct talk_table *
table_of(const char *type)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		if (strcmp(tables[i].type, type) == 0)
			return &tables[i];
	}
	return NULL;
}

static json_t *
record_of(const struct talk_table *t, struct stmt *st)
{
	json_t *o = json_object();

	record_set_text(o, "type", t->type);
	for (int i = 0; t->columns[i].name != NULL; i++) {
		const char *name = t->columns[i].name;

		if (col_null(st, i))
			continue;
		switch (t->columns[i].kind) {
		case 'I':
			record_set_int(o, name, col_int(st, i));
			break;
		case 'A':
		case 'a':
			record_set_instant(o, name, col_int(st, i));
			break;
		default:
			record_set_text(o, name, col_text(st, i));
		}
	}
	return o;
}

enum rc
talks_export(struct store *s, const char *type, int64_t of,
    enum rc (*put)(void *arg, json_t *record, struct err *err), void *arg,
    struct err *err)
{
	const struct talk_table *t = table_of(type);
	struct stmt *st;
	enum rc rc = store_prepare(s, t->select, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, of);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		rc = put(arg, record_of(t, st), err);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
bind_column(
    struct stmt *st, int i, const struct talk_column *c, json_t *o, struct err *err)
{
	const char *text = NULL;
	int64_t n = 0;
	enum rc rc;

	if (json_object_get(o, c->name) == NULL) {
		if (c->kind >= 'A' && c->kind <= 'Z')
			return err_fail(err, RC_INVALID, "\"%s\" is missing", c->name);
		bind_null(st, i);
		return RC_OK;
	}
	if (c->kind == 'T' || c->kind == 't') {
		rc = record_text(o, c->name, &text, err);
		if (rc == RC_OK)
			bind_text(st, i, text);
		return rc;
	}
	rc = c->kind == 'I' ? record_int(o, c->name, &n, err)
			    : record_instant(o, c->name, &n, err);
	if (rc == RC_OK)
		bind_int(st, i, n);
	return rc;
}

bool
talks_know(const char *type)
{
	const struct talk_table *t = table_of(type);

	return t != NULL && t->insert != NULL;
}

enum rc
talks_import(struct store *s, const char *type, json_t *o, struct err *err)
{
	const struct talk_table *t = table_of(type);
	struct stmt *st;
	enum rc rc = store_prepare(s, t->insert, &st, err);

	if (rc != RC_OK)
		return rc;
	for (int i = 0; rc == RC_OK && t->columns[i].name != NULL; i++)
		rc = bind_column(st, i + 1, &t->columns[i], o, err);
	if (rc == RC_OK)
		return stmt_run(st, err);
	stmt_done(st);
	return rc;
}
