/* Full text in SQLite: FTS5 over the messages' subjects and bodies. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"

#include "store/store_priv.h"

SQL(sql_index_add, "INSERT INTO search (rowid, subject, body) VALUES (?1, ?2, ?3)");
SQL(sql_index_remove,
    "INSERT INTO search (search, rowid, subject, body) VALUES ('delete', ?1, ?2, ?3)");
SQL(sql_index_merge, "INSERT INTO search (search, rank) VALUES ('merge', ?1)");
SQL(sql_index_check, "INSERT INTO search (search, rank) VALUES ('integrity-check', 1)");
SQL(sql_index_rebuild, "INSERT INTO search (search) VALUES ('rebuild')");

enum { MERGE_PAGES = 512 };

/* FTS5 writes out what it has gathered at every savepoint, a segment each, and merges
 * them again and again: a bulk change spent a fifth of its time there. So words wait here
 * and are indexed together, just before the commit. */
void
store_index_add(struct store *s, int64_t message, const char *subject, const char *body)
{
	if (s->nwords == s->room_words) {
		s->room_words = s->room_words ? 2 * s->room_words : 16;
		s->words = mem_grow(s, s->words, struct new_words, s->room_words);
	}
	s->words[s->nwords++] = (struct new_words){
	    message, subject ? talloc_strdup(s, subject) : NULL, talloc_strdup(s, body)};
}

void
index_forget(struct store *s, size_t n)
{
	for (; s->nwords > n; s->nwords--) {
		talloc_free(s->words[s->nwords - 1].subject);
		talloc_free(s->words[s->nwords - 1].body);
	}
}

enum rc
index_flush(struct store *s, struct err *err)
{
	struct stmt *st;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < s->nwords; i++) {
		rc = store_prepare(s, sql_index_add, &st, err);
		if (rc != RC_OK)
			break;
		bind_int(st, 1, s->words[i].message);
		bind_text(st, 2, s->words[i].subject);
		bind_text(st, 3, s->words[i].body);
		rc = stmt_run(st, err);
	}
	index_forget(s, 0);
	return rc;
}

enum rc
store_index_remove(struct store *s, int64_t message, const char *subject,
    const char *body, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_index_remove, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, message);
	bind_text(st, 2, subject);
	bind_text(st, 3, body);
	return stmt_run(st, err);
}

enum rc
store_index_flush(struct store *s, struct err *err)
{
	return index_flush(s, err);
}

void
store_index_skip(struct store *s, int64_t message)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nwords; i++) {
		if (s->words[i].message == message) {
			talloc_free(s->words[i].subject);
			talloc_free(s->words[i].body);
			s->saved_words -= i < s->saved_words;
		} else {
			s->words[n++] = s->words[i];
		}
	}
	s->nwords = n;
}

char *
store_index_term(void *ctx, const char *words, bool prefix)
{
	/* An FTS5 string: quotes doubled; nothing else in it has a meaning. */
	char *s = talloc_strdup(ctx, "\"");

	for (; *words != '\0'; words++)
		s = talloc_asprintf_append_buffer(
		    s, *words == '"' ? "\"\"" : "%c", *words);
	return talloc_asprintf_append_buffer(s, prefix ? "\"*" : "\"");
}

/* CROSS JOIN keeps SQLite's order of loops: the index drives. */
const char *
store_index_from(void)
{
	return "search CROSS JOIN message m ON m.id = search.rowid";
}

const char *
store_index_where(void)
{
	return "search MATCH";
}

const char *
store_index_rank(void)
{
	return "search.rank";
}

/* By the index's own column: for m.id, though equal, SQLite would sort. */
const char *
store_index_newest(void)
{
	return "search.rowid DESC";
}

const char *
store_index_has(void)
{
	return "message m CROSS JOIN search ON search.rowid = m.id";
}

enum rc
store_index_merge(struct store *s, bool *done, struct err *err)
{
	int before = sqlite3_total_changes(s->db);
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_index_merge, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, MERGE_PAGES);
	rc = stmt_run(st, err);
	/* FTS5 counts fewer than two changes when there was nothing to merge. */
	*done = sqlite3_total_changes(s->db) - before < 2;
	return rc;
}

static enum rc
command(struct store *s, const char *sql, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	return rc == RC_OK ? stmt_run(st, err) : rc;
}

enum rc
store_index_check(struct store *s, struct err *err)
{
	enum rc rc = command(s, sql_index_check, err);

	return rc == RC_OK ? rc
			   : err_fail(err, RC_INVALID, "the search index does not agree");
}

enum rc
store_index_rebuild(struct store *s, struct err *err)
{
	return command(s, sql_index_rebuild, err);
}
