/* Rows against the log: tickets, people, organizations, messages, blobs. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "ticket/verify_priv.h"

/* ---- the fold ---- */

SQL(sql_touched,
    "SELECT DISTINCT ticket FROM event WHERE id > ?1 AND ticket IS NOT NULL /* scan */");
SQL(sql_tickets_all, "SELECT id FROM ticket /* scan */");
SQL(sql_event_any, "SELECT 1 FROM event WHERE ticket = ?1 LIMIT 1");

static void
compare(struct walk *w, const char *what, int64_t id, json_t *diff)
{
	const char *key;
	json_t *v;

	json_object_foreach(diff, key, v)
	{
		char *text = record_canonical(NULL, v);

		verify_found(w, "%s %lld: %s is not what the log says: %s", what,
		    (long long)id, key, text);
		talloc_free(text);
	}
	json_decref(diff);
}

/* The messages a ticket has are those the log put there. */
static enum rc
compare_messages(struct walk *w, void *ctx, const struct ticket *folded, struct err *err)
{
	int64_t *ids = NULL;
	size_t n = 0, i = 0, k = 0;
	enum rc rc = message_ids(w->s, ctx, folded->id, &ids, &n, err);

	while (rc == RC_OK && (i < n || k < folded->nmessages)) {
		int64_t row = i < n ? ids[i] : INT64_MAX,
			log = k < folded->nmessages ? folded->messages[k] : INT64_MAX;

		if (row == log) {
			i++;
			k++;
		} else if (row < log) {
			verify_found(w, "message %lld was moved to ticket %lld",
			    (long long)row, (long long)folded->id);
			i++;
		} else {
			verify_found(w,
			    "message %lld is not in ticket %lld, where the log "
			    "has it",
			    (long long)log, (long long)folded->id);
			k++;
		}
	}
	return rc;
}

/* Numbers of fields are for ordering alone, and not in the log: their form tells. */
static void
compare_numbers(struct walk *w, const struct ticket *row)
{
	for (size_t i = 0; i < row->nfields; i++) {
		const struct ticket_field *f = &row->fields[i];
		char *end;
		double n = strtod(f->value, &end);

		if (f->has_num && end != f->value && *end == '\0' && n != f->num)
			verify_found(w, "ticket %lld: the number of field.%s is not %s",
			    (long long)row->id, f->name, f->value);
	}
}

SQL(sql_last_action,
    "SELECT action FROM event WHERE ticket = ?1 ORDER BY id DESC LIMIT 1");

static enum rc
was_purged(struct walk *w, int64_t id, bool *yes, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(w->s, sql_last_action, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	*yes = rc == RC_OK && strcmp(col_text(st, 0), "ticket.purged") == 0;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* A ticket whose changes were removed by nobody we know cannot be folded: that was said.
 */
static enum rc
fold_and_compare(struct walk *w, void *ctx, struct ticket *row, struct err *err)
{
	struct ticket *folded = NULL;
	enum rc rc = ticket_at(w->s, ctx, row->id, INSTANT_NEVER, &folded, err);

	if (rc == RC_NOTFOUND) {
		verify_found(w, "ticket %lld has no events", (long long)row->id);
		return RC_OK;
	}
	if (rc == RC_INVALID) {
		verify_found(w, "ticket %lld: its log cannot be read: %s",
		    (long long)row->id, err->text);
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	compare(w, "ticket", row->id, ticket_diff(folded, row));
	compare_numbers(w, row);
	if (row->last_event != folded->last_event ||
	    row->updated_at != folded->updated_at)
		verify_found(w, "ticket %lld: last_event or updated_at is not the log's",
		    (long long)row->id);
	return compare_messages(w, ctx, folded, err);
}

static enum rc
check_ticket(struct walk *w, int64_t id, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct ticket *row = NULL;
	bool purged = false;
	enum rc rc = was_purged(w, id, &purged, err);

	w->r->tickets++;
	if (rc == RC_OK)
		rc = ticket_get(w->s, ctx, id, &row, err);
	if (rc == RC_NOTFOUND && !purged)
		verify_found(w, "ticket %lld is missing, the log has it", (long long)id);
	else if (rc == RC_OK && purged)
		verify_found(
		    w, "ticket %lld was purged and is there again", (long long)id);
	else if (rc == RC_OK)
		rc = fold_and_compare(w, ctx, row, err);
	talloc_free(ctx);
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

/* ---- people ---- */

SQL(sql_touched_customers, "SELECT DISTINCT customer FROM event WHERE id > ?1 AND "
			   "customer IS NOT NULL /* scan */");
SQL(sql_customers_all, "SELECT id FROM customer /* scan */");
SQL(sql_customer_event_any, "SELECT 1 FROM event WHERE customer = ?1 LIMIT 1");
SQL(sql_organizations_all, "SELECT id FROM organization /* scan */");

static enum rc
check_customer(struct walk *w, int64_t id, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct customer *row = NULL, *folded = NULL;
	bool whole = false;
	json_t *diff;
	enum rc rc = customer_load(w->s, ctx, id, &row, err);

	if (rc == RC_NOTFOUND) {
		verify_found(
		    w, "customer %lld is missing, the log has it", (long long)id);
		talloc_free(ctx);
		return RC_OK;
	}
	if (rc == RC_OK)
		rc = customer_folded(w->s, ctx, id, &folded, &whole, err);
	if (rc == RC_OK) {
		diff = customer_diff(folded, row);
		if (!whole)
			json_object_del(diff, "organization");
		compare(w, "customer", id, diff);
	} else if (rc == RC_INVALID || rc == RC_NOTFOUND) {
		verify_found(w, "customer %lld: its log cannot be read: %s",
		    (long long)id, err->text);
		rc = RC_OK;
	}
	talloc_free(ctx);
	return rc;
}

static enum rc
check_organization(struct walk *w, int64_t id, struct err *err)
{
	struct organization *row = NULL, *folded = NULL;
	enum rc rc = organization_load(w->s, w->ctx, id, &row, err);

	for (size_t i = 0; i < w->norganizations; i++) {
		if (w->organizations[i]->id == id)
			folded = w->organizations[i];
	}
	if (rc == RC_NOTFOUND)
		verify_found(
		    w, "organization %lld is missing, the log has it", (long long)id);
	else if (rc == RC_OK && folded == NULL)
		verify_found(w, "organization %lld is not in the log", (long long)id);
	else if (rc == RC_OK)
		compare(w, "organization", id, organization_diff(folded, row));
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc
check_organizations(struct walk *w, struct err *err)
{
	struct stmt *st;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < w->norganizations; i++)
		rc = check_organization(w, w->organizations[i]->id, err);
	if (rc == RC_OK)
		rc = store_prepare(w->s, sql_organizations_all, &st, err);
	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK) {
		bool known = false;

		for (size_t i = 0; i < w->norganizations; i++)
			known = known || w->organizations[i]->id == col_int(st, 0);
		if (!known)
			verify_found(w, "organization %lld is not in the log",
			    (long long)col_int(st, 0));
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- rows and the log, both ways ---- */

static enum rc
walk_touched(struct walk *w, const char *sql, int64_t from,
    enum rc (*check)(struct walk *w, int64_t id, struct err *err), struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(w->s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, from);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		rc = check(w, col_int(st, 0), err);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
walk_unlogged(
    struct walk *w, const char *sql, const char *any, const char *what, struct err *err)
{
	struct stmt *st;
	bool yes = false;
	enum rc rc = store_prepare(w->s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK) {
		rc = verify_exists(w->s, any, col_int(st, 0), &yes, err);
		if (rc != RC_OK)
			break;
		if (!yes)
			verify_found(w, "%s %lld is not in the log", what,
			    (long long)col_int(st, 0));
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- messages without events, blobs ---- */

SQL(sql_messages_unlogged, "SELECT m.id FROM message m LEFT JOIN event e ON e.id = m.id "
			   "WHERE m.id > ?1 AND e.id IS NULL /* scan */");
SQL(sql_blobs_named,
    "SELECT m.raw, m.id FROM message m WHERE m.id > ?1 AND m.raw IS NOT NULL "
    "UNION ALL SELECT a.sha256, a.message FROM attachment a WHERE a.message > ?1 "
    "UNION ALL SELECT d.raw, 0 FROM mail_id d WHERE ?1 = 0 AND d.outcome <> 'discarded' "
    "/* scan */");
SQL(sql_blob_named,
    "SELECT 1 FROM message WHERE raw = ?1 UNION ALL "
    "SELECT 1 FROM attachment WHERE sha256 = ?1 UNION ALL "
    "SELECT 1 FROM mail_id WHERE raw = ?1 AND outcome <> 'discarded' LIMIT 1");

static enum rc
walk_messages(struct walk *w, int64_t from, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(w->s, sql_messages_unlogged, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, from);
	while ((rc = stmt_step(st, err)) == RC_OK)
		verify_found(
		    w, "message %lld is not in the log", (long long)col_int(st, 0));
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
walk_blobs(struct walk *w, int64_t from, struct err *err)
{
	unsigned char hash[BLOB_HASH] = {0};
	struct stmt *st;
	enum rc rc = store_prepare(w->s, sql_blobs_named, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, from);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct err bad;
		size_t n;
		const void *b = col_blob(st, 0, &n);

		if (n != BLOB_HASH) {
			verify_found(w, "message %lld names no proper blob",
			    (long long)col_int(st, 1));
			continue;
		}
		memcpy(hash, b, n);
		w->r->blobs++;
		if (blob_verify(w->s, hash, &bad) != RC_OK)
			verify_found(w, "blob of message %lld: %s",
			    (long long)col_int(st, 1), bad.text);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
verify_named(void *arg, const unsigned char hash[BLOB_HASH], bool *yes, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(arg, sql_blob_named, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_blob(st, 1, hash, BLOB_HASH);
	rc = stmt_step(st, err);
	*yes = rc == RC_OK;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
verify_rows(struct walk *w, int64_t from, bool blobs, struct err *err)
{
	enum rc rc = walk_touched(w, sql_touched, from, check_ticket, err);

	if (rc == RC_OK && from == 0)
		rc = walk_unlogged(w, sql_tickets_all, sql_event_any, "ticket", err);
	if (rc == RC_OK)
		rc = walk_touched(w, sql_touched_customers, from, check_customer, err);
	if (rc == RC_OK && from == 0)
		rc = walk_unlogged(
		    w, sql_customers_all, sql_customer_event_any, "customer", err);
	if (rc == RC_OK && from == 0)
		rc = check_organizations(w, err);
	if (rc == RC_OK)
		rc = walk_messages(w, from, err);
	return rc == RC_OK && blobs ? walk_blobs(w, from, err) : rc;
}
