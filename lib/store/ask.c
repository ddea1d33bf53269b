/* Questions in SQL, for SQLite: views, an authorizer, a clock. */
#include "store/ask.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "store/store_priv.h"

/* share/schema/views.sql */
extern const char views_sql[];

struct asking {
	int64_t stop_at;
	bool late;
	const char *denied;
};

/* Reading the views, the tables below them and functions of values; nothing else. */
static int
authorize(
    void *arg, int action, const char *a, const char *b, const char *db, const char *view)
{
	struct asking *k = arg;

	(void)b;
	(void)db;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_READ:
		/* The index and the applied policy are nobody's to query here. */
		if (view == NULL && a != NULL &&
		    (strncmp(a, "search", 6) == 0 || strcmp(a, "version") == 0 ||
			strcmp(a, "meta") == 0)) {
			k->denied = a;
			return SQLITE_DENY;
		}
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		if (b != NULL &&
		    (strcmp(b, "load_extension") == 0 || strncmp(b, "fts", 3) == 0)) {
			k->denied = b;
			return SQLITE_DENY;
		}
		return SQLITE_OK;
	default:
		k->denied = "more than reading";
		return SQLITE_DENY;
	}
}

static int
on_progress(void *arg)
{
	struct asking *k = arg;

	k->late = now_ms() > k->stop_at;
	return k->late;
}

enum ask_kind
ask_kind(const struct ask_row *r, int i)
{
	switch (sqlite3_column_type(r->st->st, i)) {
	case SQLITE_INTEGER:
		return ASK_INT;
	case SQLITE_FLOAT:
		return ASK_REAL;
	case SQLITE_TEXT:
		return ASK_TEXT;
	case SQLITE_BLOB:
		return ASK_BLOB;
	default:
		return ASK_NULL;
	}
}

const char *
ask_name(const struct ask_row *r, int i)
{
	return sqlite3_column_name(r->st->st, i);
}

/* One statement, and nothing behind it but blanks and semicolons. */
static enum rc
prepare_one(struct store *s, const char *sql, struct asking *k, struct stmt **out,
    struct err *err)
{
	struct stmt *st = talloc_zero(s, struct stmt);
	const char *rest = NULL;
	int rc = sqlite3_prepare_v3(s->db, sql, -1, 0, &st->st, &rest);

	if (rc == SQLITE_AUTH)
		return err_fail(err, RC_DENIED, "%s: questions only read",
		    k->denied ? k->denied : "denied");
	if (rc != SQLITE_OK)
		return err_fail(err, RC_USAGE, "%s", sqlite3_errmsg(s->db));
	st->store = s;
	st->sql = sql;
	st->busy = true;
	*out = st;
	rest += strspn(rest, " \t\r\n;");
	if (st->st == NULL || *rest != '\0' || !sqlite3_stmt_readonly(st->st) ||
	    sqlite3_column_count(st->st) == 0)
		return err_fail(err, RC_USAGE, "one SELECT at a time");
	return RC_OK;
}

enum rc
store_ask(struct store *s, const char *sql, const struct ask_limits *l,
    enum rc (*each)(void *, const struct ask_row *, struct err *), void *arg, bool *cut,
    struct err *err)
{
	struct asking k = {.stop_at = now_ms() + l->time_ms};
	struct ask_row row = {0};
	int64_t n = 0;
	enum rc rc =
	    store_script(s, "PRAGMA query_only = OFF; PRAGMA temp_store = FILE", err);

	*cut = false;
	if (rc == RC_OK)
		rc = store_script(s, views_sql, err);
	if (rc == RC_OK)
		rc = store_script(s, "PRAGMA query_only = ON", err);
	if (rc != RC_OK)
		return rc;
	sqlite3_set_authorizer(s->db, authorize, &k);
	sqlite3_progress_handler(s->db, 10000, on_progress, &k);
	sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, 64 * 1024 * 1024);
	rc = prepare_one(s, sql, &k, &row.st, err);
	if (rc == RC_OK)
		row.n = sqlite3_column_count(row.st->st);
	while (rc == RC_OK && (rc = stmt_step(row.st, err)) == RC_OK) {
		if (l->rows > 0 && n++ == l->rows) {
			*cut = true;
			break;
		}
		rc = each(arg, &row, err);
	}
	if (k.late)
		rc = err_fail(err, RC_BUSY, "the question took longer than %lld s",
		    (long long)(l->time_ms / 1000));
	stmt_done(row.st);
	sqlite3_set_authorizer(s->db, NULL, NULL);
	sqlite3_progress_handler(s->db, 0, NULL, NULL);
	return rc == RC_NONE ? RC_OK : rc;
}
