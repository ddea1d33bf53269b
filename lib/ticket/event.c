/* The log: one total order, one hash chain. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "ticket/ticket.h"

enum { NONCE = 12 };

SQL(sql_chain_end, "SELECT id, at, hash FROM event ORDER BY id DESC LIMIT 1");
SQL(sql_event_insert,
    "INSERT INTO event (id, ticket, customer, at, actor, cause, batch, action, changes, "
    "digest, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
SQL(sql_events_of, "SELECT " EVENT_COLUMNS
		   " FROM event e WHERE e.ticket = ?1 AND e.at <= ?2 ORDER BY e.id");

enum rc
chain_end(struct store *s, struct chain *c, struct err *err)
{
	struct stmt *st;
	const void *hash;
	size_t n;
	enum rc rc = store_prepare(s, sql_chain_end, &st, err);

	if (rc != RC_OK)
		return rc;
	*c = (struct chain){0};
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		c->id = col_int(st, 0);
		c->at = col_int(st, 1);
		hash = col_blob(st, 2, &n);
		memcpy(c->hash, hash, n < BLOB_HASH ? n : BLOB_HASH);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* Every column but the hashes; changes go in by their own hash, so that erasing them
 * later leaves the chain whole. */
static void
digest(const struct event *e, unsigned char out[BLOB_HASH])
{
	crypto_hash_sha256_state st;
	unsigned char changes[BLOB_HASH];
	char head[512];
	int n;

	n = snprintf(head, sizeof(head), "%lld\n%lld\n%lld\n%lld\n%lld\n%lld\n%s\n%s\n",
	    (long long)e->id, (long long)e->ticket, (long long)e->customer,
	    (long long)e->at, (long long)e->cause, (long long)e->batch, e->action,
	    e->actor);
	crypto_hash_sha256(
	    changes, (const unsigned char *)e->changes, strlen(e->changes));
	crypto_hash_sha256_init(&st);
	crypto_hash_sha256_update(&st, (unsigned char *)head,
	    (unsigned long long)(n < (int)sizeof(head) ? n : (int)sizeof(head) - 1));
	crypto_hash_sha256_update(&st, changes, sizeof(changes));
	crypto_hash_sha256_final(&st, out);
}

static void
link_hash(const unsigned char before[BLOB_HASH], const unsigned char dig[BLOB_HASH],
    unsigned char out[BLOB_HASH])
{
	crypto_hash_sha256_state st;

	crypto_hash_sha256_init(&st);
	crypto_hash_sha256_update(&st, before, BLOB_HASH);
	crypto_hash_sha256_update(&st, dig, BLOB_HASH);
	crypto_hash_sha256_final(&st, out);
}

char *
event_changes(void *ctx, json_t *changes)
{
	unsigned char n[NONCE];
	char *hex;

	randombytes_buf(n, sizeof(n));
	hex = text_hex(NULL, n, sizeof(n));
	json_object_set_new(changes, "n", json_string(hex));
	talloc_free(hex);
	return record_canonical(ctx, changes);
}

enum rc
event_append(struct store *s, struct chain *c, struct event *e, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_event_insert, &st, err);

	if (rc != RC_OK)
		return rc;
	e->id = c->id + 1;
	if (e->at < c->at)
		e->at = c->at;
	if (e->batch == -1)
		e->batch = e->id;
	digest(e, e->digest);
	link_hash(c->hash, e->digest, e->hash);
	bind_int(st, 1, e->id);
	bind_opt(st, 2, e->ticket);
	bind_opt(st, 3, e->customer);
	bind_int(st, 4, e->at);
	bind_text(st, 5, e->actor);
	bind_opt(st, 6, e->cause);
	bind_opt(st, 7, e->batch);
	bind_text(st, 8, e->action);
	bind_text(st, 9, e->changes);
	bind_blob(st, 10, e->digest, BLOB_HASH);
	bind_blob(st, 11, e->hash, BLOB_HASH);
	rc = stmt_run(st, err);
	if (rc == RC_OK) {
		c->id = e->id;
		c->at = e->at;
		memcpy(c->hash, e->hash, BLOB_HASH);
	}
	return rc;
}

enum rc
event_verify(
    const struct event *e, const unsigned char before[BLOB_HASH], struct err *err)
{
	unsigned char h[BLOB_HASH];

	if (e->changes != NULL) {
		digest(e, h);
		if (memcmp(h, e->digest, BLOB_HASH) != 0)
			return err_fail(
			    err, RC_INVALID, "event %lld was changed", (long long)e->id);
	}
	link_hash(before, e->digest, h);
	if (memcmp(h, e->hash, BLOB_HASH) != 0)
		return err_fail(err, RC_INVALID,
		    "event %lld does not follow the one before it: the chain is broken",
		    (long long)e->id);
	return RC_OK;
}

static void
copy_hash(struct stmt *st, int i, unsigned char out[BLOB_HASH])
{
	size_t n;
	const void *b = col_blob(st, i, &n);

	if (b != NULL)
		memcpy(out, b, n < BLOB_HASH ? n : BLOB_HASH);
}

struct event *
event_read(void *ctx, struct stmt *st)
{
	struct event *e = talloc_zero(ctx, struct event);

	e->id = col_int(st, 0);
	e->ticket = col_int(st, 1);
	e->customer = col_int(st, 2);
	e->at = col_int(st, 3);
	e->actor = col_strdup(e, st, 4);
	e->cause = col_int(st, 5);
	e->batch = col_int(st, 6);
	e->action = col_strdup(e, st, 7);
	e->changes = col_strdup(e, st, 8);
	copy_hash(st, 9, e->digest);
	copy_hash(st, 10, e->hash);
	return e;
}

static json_t *
opt_id(int64_t id)
{
	return id ? json_integer(id) : json_null();
}

json_t *
event_to_json(const struct event *e)
{
	json_t *o = json_object(), *changes = NULL;
	char *hex = text_hex(NULL, e->hash, BLOB_HASH);

	record_set_text(o, "type", "event");
	record_set_int(o, "id", e->id);
	json_object_set_new(o, "ticket", opt_id(e->ticket));
	if (e->customer != 0)
		record_set_int(o, "customer", e->customer);
	record_set_instant(o, "at", e->at);
	record_set_text(o, "actor", e->actor);
	record_set_text(o, "action", e->action);
	if (e->changes != NULL)
		changes = json_loads(e->changes, 0, NULL);
	json_object_del(changes, "n");
	json_object_set_new(o, "changes", changes ? changes : json_null());
	json_object_set_new(o, "cause", opt_id(e->cause));
	json_object_set_new(o, "batch", opt_id(e->batch));
	record_set_text(o, "hash", hex);
	talloc_free(hex);
	return o;
}

/* ---- the fold ---- */

static void
take_message(struct ticket *t, int64_t id)
{
	size_t i = t->nmessages;

	t->messages = mem_grow(t, t->messages, int64_t, t->nmessages + 1);
	for (; i > 0 && t->messages[i - 1] > id; i--)
		t->messages[i] = t->messages[i - 1];
	t->messages[i] = id;
	t->nmessages++;
}

static void
drop_message(struct ticket *t, int64_t id)
{
	size_t n = 0;

	for (size_t i = 0; i < t->nmessages; i++) {
		if (t->messages[i] != id)
			t->messages[n++] = t->messages[i];
	}
	t->nmessages = n;
}

/* An event adds its own message, or moves others: "messages":[[gone],[come]]. */
static void
fold_messages(struct ticket *t, json_t *changes, int64_t event)
{
	json_t *pair = json_object_get(changes, "messages"), *v;
	size_t i;

	if (json_is_object(json_object_get(changes, "message")))
		take_message(t, event);
	json_array_foreach(json_array_get(pair, 0), i, v)
	    drop_message(t, json_integer_value(v));
	json_array_foreach(json_array_get(pair, 1), i, v)
	    take_message(t, json_integer_value(v));
}

/* What an event says of its ticket. A snapshot (after an erasure) says all of it anew. */
static enum rc
fold_event(struct ticket *t, const struct event *e, struct err *err)
{
	json_t *changes = e->changes ? json_loads(e->changes, 0, NULL) : NULL;
	int64_t id = e->ticket;
	enum rc rc = RC_OK;

	if (json_is_true(json_object_get(changes, "snapshot"))) {
		struct ticket *blank = ticket_new(t);

		*t = *blank;
	}
	t->id = id;
	t->last_event = e->id;
	t->updated_at = e->at;
	if (changes != NULL) {
		rc = ticket_fold(t, t, changes, err);
		fold_messages(t, changes, e->id);
	}
	json_decref(changes);
	return rc;
}

enum rc
ticket_at(struct store *s, void *ctx, int64_t id, int64_t at, struct ticket **out,
    struct err *err)
{
	struct ticket *t = ticket_new(ctx);
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_events_of, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	bind_int(st, 2, at);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct event *e = event_read(t, st);

		rc = fold_event(t, e, err);
		talloc_free(e);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	if (rc == RC_NONE && t->id == 0)
		rc = err_fail(
		    err, RC_NOTFOUND, "no ticket %lld at that time", (long long)id);
	if (rc != RC_NONE) {
		talloc_free(t);
		return rc;
	}
	*out = t;
	return RC_OK;
}
