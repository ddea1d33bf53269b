/* Verifying a store: chain, fold, messages, blobs. One walk along the log; the fold of a
 * ticket is compared with its row when its last event has passed. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "base/text.h"
#include "ticket/ticket.h"

struct walk {
	struct store *s;
	void (*problem)(void *arg, const char *text);
	void *arg;
	struct verify_report *r;
};

static void PRINTF(2, 3) found(struct walk *w, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	w->r->problems++;
	w->problem(w->arg, text);
}

/* ---- the chain ---- */

SQL(sql_event_before, "SELECT hash FROM event WHERE id = ?1");
SQL(sql_is_message, "SELECT 1 FROM message WHERE id = ?1");
SQL(sql_events_from,
    "SELECT " EVENT_COLUMNS " FROM event e WHERE e.id > ?1 ORDER BY e.id");

static enum rc
exists(struct store *s, const char *sql, int64_t id, bool *yes, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	*yes = rc == RC_OK;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
hash_at(struct store *s, int64_t id, unsigned char hash[BLOB_HASH], struct err *err)
{
	struct stmt *st;
	const void *b;
	size_t n;
	enum rc rc;

	memset(hash, 0, BLOB_HASH);
	if (id == 0)
		return RC_OK;
	rc = store_prepare(s, sql_event_before, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		b = col_blob(st, 0, &n);
		memcpy(hash, b, n < BLOB_HASH ? n : BLOB_HASH);
	}
	stmt_done(st);
	return rc;
}

/* The message an event says it added must be there, and say what its digest says. */
static enum rc
check_message(struct walk *w, const struct event *e, json_t *digest, struct err *err)
{
	struct message *m = NULL;
	json_t *real;
	const char *key;
	json_t *v;
	enum rc rc = message_get(w->s, w->s, e->id, &m, err);

	if (rc == RC_NOTFOUND) {
		found(w, "message %lld of ticket %lld is missing", (long long)e->id,
		    (long long)e->ticket);
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	if (m->ticket != e->ticket)
		found(w, "message %lld was moved to ticket %lld", (long long)m->id,
		    (long long)m->ticket);
	real = message_digest(m);
	json_object_foreach(digest, key, v)
	{
		if (!json_equal(v, json_object_get(real, key)))
			found(w, "message %lld: its %s is not what event %lld recorded",
			    (long long)m->id,
			    strcmp(key, "sha256") == 0 ? "content" : key,
			    (long long)e->id);
	}
	json_decref(real);
	talloc_free(m);
	return RC_OK;
}

static enum rc
check_event(struct walk *w, const struct event *e, const unsigned char before[BLOB_HASH],
    int64_t last_at, struct err *err)
{
	struct err bad;
	json_t *changes, *digest;
	bool forged = false;
	enum rc rc = RC_OK;

	if (event_verify(e, before, &bad) != RC_OK)
		found(w, "%s", bad.text);
	if (e->at < last_at)
		found(w, "event %lld is older than the one before it", (long long)e->id);
	if (e->changes == NULL)
		return RC_OK;
	changes = json_loads(e->changes, 0, NULL);
	if (changes == NULL)
		found(w, "event %lld: its changes are not JSON", (long long)e->id);
	digest = json_object_get(changes, "message");
	if (digest != NULL) {
		rc = check_message(w, e, digest, err);
	} else {
		rc = exists(w->s, sql_is_message, e->id, &forged, err);
		if (rc == RC_OK && forged)
			found(w, "message %lld was added later: event %lld has none",
			    (long long)e->id, (long long)e->id);
	}
	json_decref(changes);
	return rc;
}

static enum rc
walk_chain(struct walk *w, int64_t from, struct err *err)
{
	struct stmt *st;
	int64_t id = from, at = 0;
	enum rc rc = hash_at(w->s, from, w->r->hash, err);

	if (rc == RC_NONE) {
		found(w,
		    "event %lld, where the last check ended, is missing: the log was cut",
		    (long long)from);
		return RC_OK;
	}
	if (rc == RC_OK)
		rc = store_prepare(w->s, sql_events_from, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, from);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct event *e = event_read(w->s, st);

		if (e->id != id + 1)
			found(w, "events %lld to %lld are missing", (long long)(id + 1),
			    (long long)(e->id - 1));
		rc = check_event(w, e, w->r->hash, at, err);
		id = e->id;
		at = e->at;
		memcpy(w->r->hash, e->hash, BLOB_HASH);
		w->r->events++;
		talloc_free(e);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	w->r->last = id;
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- the fold ---- */

SQL(sql_touched,
    "SELECT DISTINCT ticket FROM event WHERE id > ?1 AND ticket IS NOT NULL /* scan */");
SQL(sql_tickets_all, "SELECT id FROM ticket /* scan */");
SQL(sql_event_any, "SELECT 1 FROM event WHERE ticket = ?1 LIMIT 1");
SQL(sql_event_erased,
    "SELECT 1 FROM event WHERE ticket = ?1 AND changes IS NULL LIMIT 1");

/* An erased ticket's events no longer say what they set: nothing to compare with. */
static enum rc
check_ticket(struct walk *w, int64_t id, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct ticket *row = NULL, *folded = NULL;
	bool erased = false;
	json_t *diff;
	const char *key;
	json_t *v;
	enum rc rc = exists(w->s, sql_event_erased, id, &erased, err);

	w->r->tickets++;
	if (rc == RC_OK)
		rc = ticket_get(w->s, ctx, id, &row, err);
	if (rc == RC_NOTFOUND) {
		found(w, "ticket %lld is missing, the log has it", (long long)id);
		talloc_free(ctx);
		return RC_OK;
	}
	if (rc == RC_OK && !erased)
		rc = ticket_at(w->s, ctx, id, INSTANT_NEVER, &folded, err);
	if (rc == RC_NOTFOUND) {
		found(w, "ticket %lld has no events", (long long)id);
		rc = RC_OK;
	} else if (rc == RC_INVALID) {
		found(w, "ticket %lld: its log cannot be read: %s", (long long)id,
		    err->text);
		rc = RC_OK;
	} else if (rc == RC_OK && !erased) {
		diff = ticket_diff(folded, row);
		json_object_foreach(diff, key, v)
		{
			char *text = record_canonical(ctx, v);

			found(w, "ticket %lld: %s is not what the log says: %s",
			    (long long)id, key, text);
		}
		json_decref(diff);
		if (row->last_event != folded->last_event ||
		    row->updated_at != folded->updated_at)
			found(w, "ticket %lld: last_event or updated_at is not the log's",
			    (long long)id);
	}
	talloc_free(ctx);
	return rc;
}

static enum rc
walk_tickets(
    struct walk *w, const char *sql, int64_t from, bool only_unlogged, struct err *err)
{
	struct stmt *st;
	bool yes = false;
	enum rc rc = store_prepare(w->s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	if (!only_unlogged)
		bind_int(st, 1, from);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		int64_t id = col_int(st, 0);

		if (only_unlogged) {
			rc = exists(w->s, sql_event_any, id, &yes, err);
			if (rc == RC_OK && !yes)
				found(w, "ticket %lld is not in the log", (long long)id);
		} else {
			rc = check_ticket(w, id, err);
		}
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- messages without events, blobs ---- */

SQL(sql_messages_unlogged,
    "SELECT m.id FROM message m LEFT JOIN event e ON e.id = m.id "
    "WHERE m.id > ?1 AND (e.id IS NULL OR e.ticket IS DISTINCT FROM m.ticket) "
    "/* scan */");
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
		found(w, "message %lld is not in the log", (long long)col_int(st, 0));
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
			found(w, "message %lld names no proper blob",
			    (long long)col_int(st, 1));
			continue;
		}
		memcpy(hash, b, n);
		w->r->blobs++;
		if (blob_verify(w->s, hash, &bad) != RC_OK)
			found(w, "blob of message %lld: %s", (long long)col_int(st, 1),
			    bad.text);
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
verify_all(struct store *s, int64_t from, void (*problem)(void *, const char *),
    void *arg, struct verify_report *r, struct err *err)
{
	struct walk w = {s, problem, arg, r};
	enum rc rc;

	*r = (struct verify_report){.last = from};
	rc = walk_chain(&w, from, err);
	if (rc == RC_OK)
		rc = walk_tickets(&w, sql_touched, from, false, err);
	if (rc == RC_OK && from == 0)
		rc = walk_tickets(&w, sql_tickets_all, 0, true, err);
	if (rc == RC_OK)
		rc = walk_messages(&w, from, err);
	return rc == RC_OK ? walk_blobs(&w, from, err) : rc;
}
