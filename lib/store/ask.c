/* Questions in SQL, for SQLite: views, an authorizer, a clock. */
#include "store/ask.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "store/store_priv.h"

#define AT(column) "strftime('%Y-%m-%dT%H:%M:%SZ', " column " / 1000, 'unixepoch')"

/* Temporary: they cost the store nothing and change with the program. Instants as text,
 * and as milliseconds where one wants to reckon. */
static const char
    views[] =
	"CREATE TEMP VIEW tickets AS SELECT t.id, t.subject, t.queue, t.status, "
	"CASE t.phase WHEN 0 THEN 'open' WHEN 1 THEN 'waiting' WHEN 2 THEN 'resolved' "
	"WHEN 3 THEN 'closed' WHEN 4 THEN 'merged' WHEN 5 THEN 'spam' ELSE 'deleted' END "
	"AS phase, CASE t.priority WHEN 0 THEN 'low' WHEN 1 THEN 'normal' WHEN 2 THEN "
	"'high' "
	"ELSE 'urgent' END AS priority, t.kind, t.channel, t.mailbox, "
	"nullif(t.assignee, '') AS assignee, t.requester AS customer, "
	"t.organization, t.external_id, t.merged_into, " AT("t.created_at") " AS "
									    "created_at, "
									    "t.created_"
									    "at AS "
									    "created_ms,"
									    " " AT("t."
										   "updat"
										   "ed_"
										   "at") " AS updated_at, "
											 "t.updated_at AS updated_ms, " AT("t.first_replied_at") " AS first_replied_at, "
																		 "t.first_replied_at AS first_replied_ms, " AT("t.solved_at") " AS solved_at, "
																									      "t.solved_at AS solved_ms, " AT("t.snoozed_until") " AS snoozed_until, "
																																 "t.time_spent_s, t.reopened, t.last_event FROM main.ticket t;"
																																 "CREATE TEMP VIEW messages AS SELECT m.id, m.ticket, m.kind, m.direction, m.channel, "
																																 "m.class, m.author, m.author_address, " AT("m.created_at") " AS created_at, "
																																							    "m.created_at AS created_ms, m.subject, m.body, m.external_id FROM main.message m;"
																																							    "CREATE TEMP VIEW attachments AS SELECT message, part, name, media_type, size, "
																																							    "lower(hex(sha256)) AS sha256 FROM main.attachment;"
																																							    "CREATE TEMP VIEW events AS SELECT e.id, e.ticket, e.customer, " AT("e.at") " AS at, "
																																																	"e.at AS at_ms, e.actor, e.action, e.cause, e.batch, e.changes FROM main.event e;"
																																																	"CREATE TEMP VIEW tags AS SELECT ticket, tag FROM main.ticket_tag;"
																																																	"CREATE TEMP VIEW fields AS SELECT ticket, name, value, num FROM main.ticket_field;"
																																																	"CREATE TEMP VIEW participants AS SELECT ticket, role, who, confirmed "
																																																	"FROM main.ticket_person;"
																																																	"CREATE TEMP VIEW links AS SELECT a AS ticket, rel, b AS other FROM main.ticket_link;"
																																																	"CREATE TEMP VIEW customers AS SELECT c.id, c.name, c.language, c.timezone, "
																																																	"c.organization, c.external_id, c.notes, c.merged_into, " AT(
																																																	    "c.erased_at") " AS erased_at FROM main.customer c;"
																																																			   "CREATE TEMP VIEW addresses AS SELECT customer, kind, value, " AT(
																																																			       "proven_at") " AS proven_at, " AT("suppressed_at") " AS suppressed_at FROM main.address;"
																																																										  "CREATE TEMP VIEW customer_fields AS SELECT customer, name, value "
																																																										  "FROM main.customer_field;"
																																																										  "CREATE TEMP VIEW organizations AS SELECT id, name, notes, external_id "
																																																										  "FROM main.organization;"
																																																										  "CREATE TEMP VIEW organization_fields AS SELECT organization, name, value "
																																																										  "FROM main.organization_field;"
																																																										  "CREATE TEMP VIEW deliveries AS SELECT event AS message, n, ticket, via, target, "
																																																										  "CASE state WHEN 0 THEN 'queued' WHEN 1 THEN 'leased' WHEN 2 THEN 'held' "
																																																										  "WHEN 3 THEN 'sent' WHEN 4 THEN 'failed' ELSE 'cancelled' END AS state, " AT(
																																																										      "due_at") " AS due_at, attempts, last_error FROM main.delivery;";

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
		rc = store_script(s, views, err);
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
