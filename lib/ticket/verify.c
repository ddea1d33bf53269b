/* Verifying a store: one walk along the log; then rows against it (verify_rows.c). */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "ticket/verify_priv.h"

void
verify_found(struct walk *w, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	w->r->problems++;
	w->problem(w->arg, text);
}

/* ---- lists of numbers ---- */

void
id_list_add(void *ctx, struct id_list *l, int64_t id)
{
	if ((l->n & (l->n - 1)) == 0)
		l->v = mem_grow(ctx, l->v, int64_t, l->n ? 2 * l->n : 1);
	l->v[l->n++] = id;
}

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

void
id_list_sort(struct id_list *l)
{
	if (l->n > 1)
		qsort(l->v, l->n, sizeof(*l->v), by_number);
}

bool
id_list_has(const struct id_list *l, int64_t id)
{
	return l->n > 0 && bsearch(&id, l->v, l->n, sizeof(*l->v), by_number) != NULL;
}

/* ---- the chain ---- */

SQL(sql_event_before, "SELECT hash FROM event WHERE id = ?1");
SQL(sql_is_message, "SELECT 1 FROM message WHERE id = ?1");
SQL(sql_events_from,
    "SELECT " EVENT_COLUMNS " FROM event e WHERE e.id > ?1 ORDER BY e.id");

enum rc
verify_exists(struct store *s, const char *sql, int64_t id, bool *yes, struct err *err)
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

enum rc
event_hash(struct store *s, int64_t id, unsigned char hash[BLOB_HASH], struct err *err)
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

/* ---- what an event says ---- */

static void
compare_digest(struct walk *w, const struct message *m, int64_t event, json_t *digest)
{
	json_t *real = message_digest(m), *v;
	const char *key;

	json_object_foreach(digest, key, v)
	{
		if (!json_equal(v, json_object_get(real, key)))
			verify_found(w,
			    "message %lld: its %s is not what event %lld recorded",
			    (long long)m->id,
			    strcmp(key, "sha256") == 0 ? "content" : key,
			    (long long)event);
	}
	json_decref(real);
}

/* The message an event says it added must be there, and say what its digest says. */
static enum rc
check_message(struct walk *w, const struct event *e, json_t *digest, struct err *err)
{
	struct message *m = NULL;
	enum rc rc = message_get(w->s, w->s, e->id, &m, err);

	if (rc == RC_NOTFOUND) {
		verify_found(w, "message %lld of ticket %lld is missing",
		    (long long)e->id, (long long)e->ticket);
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	compare_digest(w, m, e->id, digest);
	talloc_free(m);
	return RC_OK;
}

/* An erasure that emptied an event but not its message kept the message's digest. */
static enum rc
check_kept(struct walk *w, const struct event *e, json_t *kept, struct err *err)
{
	const char *id;
	json_t *digest;
	enum rc rc = RC_OK;

	json_object_foreach(kept, id, digest)
	{
		struct message *m = NULL;
		int64_t message = 0;

		(void)text_number(id, &message);
		rc = message_get(w->s, w->s, message, &m, err);
		if (rc == RC_NOTFOUND) { /* purged, and that was said */
			rc = RC_OK;
			continue;
		}
		if (rc != RC_OK)
			break;
		id_list_add(w->ctx, &w->kept, message);
		if (!(m->flags & MESSAGE_ERASED)) /* later, itself */
			compare_digest(w, m, e->id, digest);
		talloc_free(m);
	}
	return rc;
}

/* An erased event no longer says what its message was: it must be empty, then, or its
 * digest stands in the event of the erasure. */
static enum rc
check_erased_message(struct walk *w, const struct event *e, struct err *err)
{
	struct message *m = NULL;
	enum rc rc = message_get(w->s, w->s, e->id, &m, err);

	if (rc == RC_NOTFOUND)
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	if (*m->body != '\0' || *m->quoted != '\0' || *m->author_address != '\0' ||
	    m->has_raw || m->nattachments > 0 || m->external_id != NULL ||
	    (m->subject != NULL && *m->subject != '\0'))
		id_list_add(w->ctx, &w->full, e->id);
	talloc_free(m);
	return RC_OK;
}

/* The applied configuration: its parts' hashes stand in the event, since they exist. */
SQL(sql_version_hash, "SELECT part, content FROM version WHERE id = ?1 ORDER BY part");

static enum rc
check_version(struct walk *w, json_t *changes, struct err *err)
{
	json_t *parts = json_object_get(changes, "parts");
	int64_t id =
	    json_integer_value(json_array_get(json_object_get(changes, "version"), 1));
	unsigned char hash[BLOB_HASH];
	struct stmt *st;
	size_t seen = 0, n;
	enum rc rc;

	if (parts == NULL)
		return RC_OK;
	rc = store_prepare(w->s, sql_version_hash, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		const void *content = col_blob(st, 1, &n);
		char *hex;
		const char *want =
		    json_string_value(json_object_get(parts, col_text(st, 0)));

		crypto_hash_sha256(hash, content, n);
		hex = text_hex(NULL, hash, sizeof(hash));
		if (want == NULL || strcmp(want, hex) != 0)
			verify_found(w,
			    "version %lld of the configuration: part %s is not what was "
			    "applied",
			    (long long)id, col_text(st, 0));
		talloc_free(hex);
		seen++;
	}
	stmt_done(st);
	if (rc == RC_NONE && seen < json_object_size(parts))
		verify_found(
		    w, "version %lld of the configuration is missing", (long long)id);
	return rc == RC_NONE ? RC_OK : rc;
}

/* Erasures and purges list the events they emptied. */
static void
take_erased(struct walk *w, json_t *changes)
{
	json_t *list = json_object_get(changes, "erased_events"), *v;
	size_t i;

	json_array_foreach(list, i, v)
	    id_list_add(w->ctx, &w->erasable, json_integer_value(v));
}

static enum rc
fold_organization(struct walk *w, json_t *changes, struct err *err)
{
	int64_t id = json_integer_value(json_object_get(changes, "organization"));
	struct organization *o = NULL;

	if (id == 0)
		return RC_OK;
	for (size_t i = 0; i < w->norganizations && o == NULL; i++) {
		if (w->organizations[i]->id == id)
			o = w->organizations[i];
	}
	if (o == NULL) {
		w->organizations = mem_grow(w->ctx, w->organizations,
		    struct organization *, w->norganizations + 1);
		o = organization_new(w->ctx);
		o->id = id;
		w->organizations[w->norganizations++] = o;
	}
	return organization_fold(w->ctx, o, changes, err);
}

static enum rc
check_changes(struct walk *w, const struct event *e, json_t *changes, struct err *err)
{
	json_t *digest = json_object_get(changes, "message");
	struct err bad;
	bool forged = false;
	enum rc rc = RC_OK;

	take_erased(w, changes);
	rc = check_kept(w, e, json_object_get(changes, "kept"), err);
	if (rc != RC_OK)
		return rc;
	if (e->ticket == 0 && e->customer == 0) {
		if (fold_organization(w, changes, &bad) != RC_OK)
			verify_found(w, "event %lld: %s", (long long)e->id, bad.text);
		rc = check_version(w, changes, err);
	}
	if (rc == RC_OK && digest != NULL)
		return check_message(w, e, digest, err);
	if (rc == RC_OK)
		rc = verify_exists(w->s, sql_is_message, e->id, &forged, err);
	if (rc == RC_OK && forged)
		verify_found(w, "message %lld was added later: event %lld has none",
		    (long long)e->id, (long long)e->id);
	return rc;
}

static enum rc
check_event(struct walk *w, const struct event *e, const unsigned char before[BLOB_HASH],
    int64_t last_at, struct err *err)
{
	struct err bad;
	json_t *changes;
	enum rc rc;

	if (event_verify(e, before, &bad) != RC_OK)
		verify_found(w, "%s", bad.text);
	if (e->at < last_at)
		verify_found(
		    w, "event %lld is older than the one before it", (long long)e->id);
	if (e->changes == NULL) {
		id_list_add(w->ctx, &w->emptied, e->id);
		return check_erased_message(w, e, err);
	}
	changes = json_loads(e->changes, 0, NULL);
	if (changes == NULL)
		verify_found(w, "event %lld: its changes are not JSON", (long long)e->id);
	rc = check_changes(w, e, changes, err);
	json_decref(changes);
	return rc;
}

static enum rc
walk_chain(struct walk *w, int64_t from, struct err *err)
{
	struct stmt *st;
	int64_t id = from, at = 0;
	enum rc rc = event_hash(w->s, from, w->r->hash, err);

	if (rc == RC_NONE) {
		verify_found(w,
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
			verify_found(w, "events %lld to %lld are missing",
			    (long long)(id + 1), (long long)(e->id - 1));
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

static void
check_full(struct walk *w)
{
	id_list_sort(&w->kept);
	for (size_t i = 0; i < w->full.n; i++) {
		if (!id_list_has(&w->kept, w->full.v[i]))
			verify_found(w, "message %lld was erased and has content again",
			    (long long)w->full.v[i]);
	}
}

/* Nobody but an erasure may take an event's changes away. */
static void
check_emptied(struct walk *w)
{
	id_list_sort(&w->erasable);
	for (size_t i = 0; i < w->emptied.n; i++) {
		if (!id_list_has(&w->erasable, w->emptied.v[i]))
			verify_found(w,
			    "event %lld: its changes were removed, and no erasure says "
			    "so",
			    (long long)w->emptied.v[i]);
	}
}

enum rc
verify_all(struct store *s, int64_t from, bool blobs,
    void (*problem)(void *, const char *), void *arg, struct verify_report *r,
    struct err *err)
{
	struct walk w = {
	    .s = s, .ctx = talloc_new(NULL), .problem = problem, .arg = arg, .r = r};
	enum rc rc;

	*r = (struct verify_report){.last = from};
	rc = walk_chain(&w, from, err);
	check_emptied(&w);
	check_full(&w);
	if (rc == RC_OK)
		rc = verify_rows(&w, from, blobs, err);
	talloc_free(w.ctx);
	return rc;
}
