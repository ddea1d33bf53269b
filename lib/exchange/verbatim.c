/* A whole desk out of an export, row by row, with its own numbers and its own log: the
 * rows of tickets are made of the log, and nothing is committed that tkt-fsck would not
 * take. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/clocks.h"
#include "exchange/exchange_priv.h"
#include "exchange/import.h"
#include "ticket/customer.h"

enum { WORDS_AT_ONCE = 1000 };

struct verbatim {
	struct desk *d;
	struct store *s;
	void *ctx;
	int64_t words;	       /* messages since the index was written */
	struct config *config; /* as the export's policy says */
};

SQL(sql_any_ticket, "SELECT 1 FROM ticket LIMIT 1");
SQL(sql_any_customer, "SELECT 1 FROM customer LIMIT 1");

static enum rc
any(struct store *s, const char *sql, bool *yes, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	rc = stmt_step(st, err);
	*yes = rc == RC_OK;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
desk_is_empty(struct store *s, bool *yes, struct err *err)
{
	bool tickets = false, people = false;
	enum rc rc = any(s, sql_any_ticket, &tickets, err);

	if (rc == RC_OK)
		rc = any(s, sql_any_customer, &people, err);
	*yes = !tickets && !people;
	return rc;
}

/* ---- beginning ---- */

SQL(sql_clear_events, "DELETE FROM event /* scan */");
SQL(sql_clear_versions, "DELETE FROM version /* scan */");
SQL(sql_clear_verified, "DELETE FROM meta WHERE key = 'verified'");
SQL(sql_clear_cursors, "DELETE FROM cursor /* scan */");

static enum rc
run(struct store *s, const char *sql, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	return rc == RC_OK ? stmt_run(st, err) : rc;
}

enum rc
verbatim_begin(void *ctx, struct desk *d, struct verbatim **out, struct err *err)
{
	struct verbatim *v = talloc_zero(ctx, struct verbatim);
	bool empty = false;
	enum rc rc = blob_sync(d->store, err);

	v->d = d;
	v->s = d->store;
	v->ctx = talloc_new(v);
	/* Rows come in the order of the export: what they name may follow. */
	if (rc == RC_OK)
		rc = store_keys(v->s, false, err);
	if (rc == RC_OK)
		rc = store_write(v->s, err);
	if (rc != RC_OK)
		return rc;
	rc = desk_is_empty(v->s, &empty, err);
	if (rc == RC_OK && !empty)
		rc =
		    err_fail(err, RC_BUSY, "somebody made a ticket meanwhile: try again");
	if (rc == RC_OK)
		rc = run(v->s, sql_clear_events, err);
	if (rc == RC_OK)
		rc = run(v->s, sql_clear_versions, err);
	if (rc == RC_OK)
		rc = run(v->s, sql_clear_verified, err);
	if (rc == RC_OK)
		rc = run(v->s, sql_clear_cursors, err);
	if (rc != RC_OK) {
		verbatim_abort(v);
		return rc;
	}
	*out = v;
	return RC_OK;
}

void
verbatim_abort(struct verbatim *v)
{
	struct err ignored;
	enum rc rc;

	store_rollback(v->s);
	rc = store_keys(v->s, true, &ignored);
	(void)rc; /* the first failure is the one that is told */
	talloc_free(v);
}

/* ---- members of a record, strictly ---- */

static enum rc
need_int(json_t *o, const char *key, int64_t *n, struct err *err)
{
	enum rc rc = RC_OK;

	*n = 0;
	rc = record_int(o, key, n, err);
	return rc == RC_OK && *n <= 0
		   ? err_fail(err, RC_INVALID, "\"%s\" is missing", key)
		   : rc;
}

static enum rc
hash_of(json_t *o, const char *key, unsigned char hash[BLOB_HASH], bool *there,
    struct err *err)
{
	const char *s = NULL;
	enum rc rc = record_text(o, key, &s, err);

	*there = s != NULL;
	if (rc == RC_OK && s != NULL && !text_unhex(s, hash, BLOB_HASH))
		rc = err_fail(err, RC_INVALID, "\"%s\" is no hash", key);
	return rc;
}

/* ---- people ---- */

SQL(sql_v_customer,
    "INSERT INTO customer (id, name, language, timezone, notes, external_id, "
    "organization, merged_into, erased_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
SQL(sql_v_address, "INSERT INTO address (kind, value, customer, proven_at, "
		   "suppressed_at) VALUES (?1, ?2, ?3, ?4, ?5)");
SQL(sql_v_customer_field,
    "INSERT INTO customer_field (customer, name, value) VALUES (?1, ?2, ?3)");
SQL(sql_v_organization, "INSERT INTO organization (id, name, notes, external_id) "
			"VALUES (?1, ?2, ?3, ?4)");
SQL(sql_v_domain, "INSERT INTO org_domain (organization, domain) VALUES (?1, ?2)");
SQL(sql_v_organization_field,
    "INSERT INTO organization_field (organization, name, value) VALUES (?1, ?2, ?3)");

static enum rc
put_pair(struct verbatim *v, const char *sql, int64_t id, const char *a, const char *b,
    struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(v->s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	bind_text(st, 2, a);
	if (b != NULL)
		bind_text(st, 3, b);
	return stmt_run(st, err);
}

static enum rc
put_fields(struct verbatim *v, const char *sql, int64_t id, json_t *o, struct err *err)
{
	const char *name;
	json_t *value;
	enum rc rc = RC_OK;

	json_object_foreach(json_object_get(o, "fields"), name, value)
	{
		if (rc == RC_OK)
			rc = put_pair(v, sql, id, name,
			    json_string_value(value) ? json_string_value(value) : "",
			    err);
	}
	return rc;
}

static enum rc
put_address(struct verbatim *v, int64_t customer, json_t *o, struct err *err)
{
	const char *kind = NULL, *value = NULL;
	int64_t proven = 0, suppressed = 0;
	struct stmt *st;
	enum rc rc = record_text(o, "kind", &kind, err);

	if (rc == RC_OK)
		rc = record_text(o, "value", &value, err);
	if (rc == RC_OK)
		rc = record_instant(o, "proven_at", &proven, err);
	if (rc == RC_OK)
		rc = record_instant(o, "suppressed_at", &suppressed, err);
	if (rc == RC_OK)
		rc = store_prepare(v->s, sql_v_address, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, kind);
	bind_text(st, 2, value);
	bind_int(st, 3, customer);
	bind_opt(st, 4, proven);
	bind_opt(st, 5, suppressed);
	return stmt_run(st, err);
}

static enum rc
put_customer(struct verbatim *v, json_t *o, struct err *err)
{
	const char *name = "", *language = NULL, *zone = NULL, *notes = "",
		   *external = NULL, *org = NULL;
	int64_t id = 0, merged = 0, erased = 0, organization = 0;
	struct stmt *st;
	json_t *e;
	size_t i;
	enum rc rc = need_int(o, "id", &id, err);

	if (rc == RC_OK)
		rc = record_text(o, "name", &name, err);
	if (rc == RC_OK)
		rc = record_text(o, "language", &language, err);
	if (rc == RC_OK)
		rc = record_text(o, "timezone", &zone, err);
	if (rc == RC_OK)
		rc = record_text(o, "notes", &notes, err);
	if (rc == RC_OK)
		rc = record_text(o, "external_id", &external, err);
	if (rc == RC_OK)
		rc = record_text(o, "organization", &org, err);
	if (rc == RC_OK)
		rc = record_int(o, "merged_into", &merged, err);
	if (rc == RC_OK)
		rc = record_instant(o, "erased_at", &erased, err);
	if (rc == RC_OK && org != NULL)
		rc = organization_find(v->s, org, &organization, err);
	if (rc == RC_OK || rc == RC_NONE)
		rc = store_prepare(v->s, sql_v_customer, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	bind_text(st, 2, name);
	bind_text(st, 3, language);
	bind_text(st, 4, zone);
	bind_text(st, 5, notes);
	bind_text(st, 6, external);
	bind_opt(st, 7, organization);
	bind_opt(st, 8, merged);
	bind_opt(st, 9, erased);
	rc = stmt_run(st, err);
	json_array_foreach(json_object_get(o, "addresses"), i, e)
	{
		if (rc == RC_OK)
			rc = put_address(v, id, e, err);
	}
	return rc == RC_OK ? put_fields(v, sql_v_customer_field, id, o, err) : rc;
}

static enum rc
put_organization(struct verbatim *v, json_t *o, struct err *err)
{
	const char *name = "", *notes = "", *external = NULL;
	int64_t id = 0;
	struct stmt *st;
	json_t *e;
	size_t i;
	enum rc rc = need_int(o, "id", &id, err);

	if (rc == RC_OK)
		rc = record_text(o, "name", &name, err);
	if (rc == RC_OK)
		rc = record_text(o, "notes", &notes, err);
	if (rc == RC_OK)
		rc = record_text(o, "external_id", &external, err);
	if (rc == RC_OK)
		rc = store_prepare(v->s, sql_v_organization, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	bind_text(st, 2, name);
	bind_text(st, 3, notes);
	bind_text(st, 4, external);
	rc = stmt_run(st, err);
	json_array_foreach(json_object_get(o, "domains"), i, e)
	{
		if (rc == RC_OK)
			rc = put_pair(v, sql_v_domain, id,
			    json_string_value(e) ? json_string_value(e) : "", NULL, err);
	}
	return rc == RC_OK ? put_fields(v, sql_v_organization_field, id, o, err) : rc;
}

/* ---- events and messages ---- */

SQL(sql_v_event,
    "INSERT INTO event (id, ticket, customer, at, actor, cause, batch, action, changes, "
    "digest, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");

static enum rc
put_event(struct verbatim *v, json_t *o, struct err *err)
{
	static const char *const numbers[] = {
	    "id", "ticket", "customer", "cause", "batch"};
	static const int where[] = {1, 2, 3, 6, 7};
	unsigned char digest[BLOB_HASH], hash[BLOB_HASH];
	const char *actor = NULL, *action = NULL;
	json_t *changes = json_object_get(o, "changes");
	bool has_digest = false, has_hash = false;
	int64_t n[5] = {0}, at = 0;
	struct stmt *st;
	char *text;
	enum rc rc = record_instant(o, "at", &at, err);

	for (size_t i = 0; rc == RC_OK && i < 5; i++)
		rc = record_int(o, numbers[i], &n[i], err);
	if (rc == RC_OK)
		rc = record_text(o, "actor", &actor, err);
	if (rc == RC_OK)
		rc = record_text(o, "action", &action, err);
	if (rc == RC_OK)
		rc = hash_of(o, "digest", digest, &has_digest, err);
	if (rc == RC_OK)
		rc = hash_of(o, "hash", hash, &has_hash, err);
	if (rc == RC_OK &&
	    (!has_digest || !has_hash || actor == NULL || action == NULL || n[0] <= 0))
		rc = err_fail(err, RC_INVALID, "the event is not whole");
	if (rc == RC_OK)
		rc = store_prepare(v->s, sql_v_event, &st, err);
	if (rc != RC_OK)
		return rc;
	text = json_is_object(changes) ? record_canonical(v->ctx, changes) : NULL;
	for (size_t i = 0; i < 5; i++)
		bind_opt(st, where[i], n[i]);
	bind_int(st, 4, at);
	bind_text(st, 5, actor);
	bind_text(st, 8, action);
	bind_text(st, 9, text);
	bind_blob(st, 10, digest, BLOB_HASH);
	bind_blob(st, 11, hash, BLOB_HASH);
	return stmt_run(st, err);
}

static enum rc
read_attachment(json_t *o, struct attachment *a, struct err *err)
{
	bool there = false;
	enum rc rc = record_int(o, "part", &a->part, err);

	a->name = a->media_type = "";
	if (rc == RC_OK)
		rc = record_text(o, "name", &a->name, err);
	if (rc == RC_OK)
		rc = record_text(o, "media_type", &a->media_type, err);
	if (rc == RC_OK)
		rc = record_int(o, "size", &a->size, err);
	if (rc == RC_OK)
		rc = record_text(o, "content_id", &a->content_id, err);
	if (rc == RC_OK)
		rc = hash_of(o, "sha256", a->sha256, &there, err);
	return rc == RC_OK && !there ? err_fail(err, RC_INVALID, "\"sha256\" is missing")
				     : rc;
}

enum rc
message_from_export(void *ctx, json_t *o, struct message *m, struct err *err)
{
	const struct {
		const char *key;
		const char **to;
	} texts[] = {{"kind", &m->kind}, {"direction", &m->direction},
	    {"channel", &m->channel}, {"class", &m->class}, {"by", &m->author},
	    {"subject", &m->subject}, {"body", &m->body}, {"quoted", &m->quoted},
	    {"external_id", &m->external_id}};
	json_t *list = json_object_get(o, "attachments"), *e;
	size_t i;
	enum rc rc = need_int(o, "id", &m->id, err);

	m->kind = m->direction = m->channel = m->class = m->author = m->body = m->quoted =
	    "";
	for (size_t k = 0; rc == RC_OK && k < sizeof(texts) / sizeof(texts[0]); k++)
		rc = record_text(o, texts[k].key, texts[k].to, err);
	m->author_address = "";
	if (rc == RC_OK)
		rc = record_text(
		    json_object_get(o, "author"), "address", &m->author_address, err);
	if (rc == RC_OK)
		rc = need_int(o, "ticket", &m->ticket, err);
	if (rc == RC_OK)
		rc = record_instant(o, "created_at", &m->created_at, err);
	if (rc == RC_OK)
		rc = record_int(o, "flag_bits", &m->flags, err);
	if (rc == RC_OK)
		rc = hash_of(o, "raw", m->raw, &m->has_raw, err);
	m->attachments = mem_array(ctx, struct attachment, json_array_size(list) + 1);
	m->nattachments = json_array_size(list);
	json_array_foreach(list, i, e)
	{
		if (rc == RC_OK)
			rc = read_attachment(e, &m->attachments[i], err);
	}
	return rc;
}

static enum rc
put_message(struct verbatim *v, json_t *o, struct err *err)
{
	struct message m = {0};
	enum rc rc = message_from_export(v->ctx, o, &m, err);

	if (rc == RC_OK)
		rc = message_store(v->s, &m, err);
	/* Words wait for the commit: not all of a million messages at once. */
	if (rc == RC_OK && ++v->words % WORDS_AT_ONCE == 0)
		rc = store_index_flush(v->s, err);
	return rc;
}

SQL(sql_v_mail,
    "INSERT INTO mail_id (msgid, mailbox, body_sha, message, ticket, outcome, at, raw, "
    "reason, class, rule, evidence) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");

static enum rc
put_mail(struct verbatim *v, json_t *o, struct err *err)
{
	static const char *const texts[] = {
	    "msgid", "mailbox", "outcome", "reason", "class", "rule", "evidence"};
	static const int where[] = {1, 2, 6, 9, 10, 11, 12};
	unsigned char body[BLOB_HASH], raw[BLOB_HASH];
	const char *s[7] = {"", "", ""};
	bool b1 = false, b2 = false;
	int64_t message = 0, ticket = 0, at = 0;
	struct stmt *st;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < 7; i++)
		rc = record_text(o, texts[i], &s[i], err);
	if (rc == RC_OK)
		rc = record_int(o, "message", &message, err);
	if (rc == RC_OK)
		rc = record_int(o, "ticket", &ticket, err);
	if (rc == RC_OK)
		rc = record_instant(o, "at", &at, err);
	if (rc == RC_OK)
		rc = hash_of(o, "body_sha", body, &b1, err);
	if (rc == RC_OK)
		rc = hash_of(o, "raw", raw, &b2, err);
	if (rc == RC_OK && (!b1 || !b2))
		rc = err_fail(err, RC_INVALID, "the mail is not whole");
	if (rc == RC_OK)
		rc = store_prepare(v->s, sql_v_mail, &st, err);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < 7; i++)
		bind_text(st, where[i], s[i]);
	bind_blob(st, 3, body, BLOB_HASH);
	bind_opt(st, 4, message);
	bind_opt(st, 5, ticket);
	bind_int(st, 7, at);
	bind_blob(st, 8, raw, BLOB_HASH);
	return stmt_run(st, err);
}

/* ---- policy: what was applied, with its hashes ---- */

static enum rc
put_version(struct verbatim *v, json_t *o, struct err *err)
{
	const char *part = NULL;
	json_t *hashes = json_object(), *content = json_object_get(o, "content");
	int64_t id = 0, at = 0, event = 0;
	enum rc rc = need_int(o, "id", &id, err);

	if (rc == RC_OK)
		rc = record_int(o, "event", &event, err);
	if (rc == RC_OK)
		rc = record_text(o, "part", &part, err);
	if (rc == RC_OK)
		rc = record_instant(o, "at", &at, err);
	if (rc == RC_OK && (part == NULL || content == NULL))
		rc = err_fail(err, RC_INVALID, "the version is not whole");
	if (rc == RC_OK)
		rc = version_add(v->s, id, part, content, at, event, hashes, err);
	json_decref(hashes);
	return rc;
}

enum rc
verbatim_record(struct verbatim *v, json_t *o, struct err *err)
{
	static const struct {
		const char *type;
		enum rc (*put)(struct verbatim *v, json_t *o, struct err *err);
	} types[] = {{"organization", put_organization}, {"customer", put_customer},
	    {"event", put_event}, {"message", put_message}, {"mail", put_mail},
	    {"version", put_version}};
	const char *type = "";
	enum rc rc = record_text(o, "type", &type, err);

	for (size_t i = 0; rc == RC_OK && i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].type, type) == 0)
			rc = types[i].put(v, o, err);
	}
	if (rc == RC_OK && talks_know(type))
		rc = talks_import(v->s, type, o, err);
	/* Tickets are made of the log. */
	talloc_free_children(v->ctx);
	return rc;
}

/* ---- the end: tickets of their logs, and the proof ---- */

SQL(sql_v_tickets, "SELECT DISTINCT ticket FROM event WHERE ticket IS NOT NULL AND "
		   "ticket > ?1 ORDER BY ticket LIMIT 1");
SQL(sql_v_last, "SELECT action FROM event WHERE ticket = ?1 ORDER BY id DESC LIMIT 1");

/* Fields that are numbers and dates sort by that, which the log leaves out. */
static void
field_numbers(struct verbatim *v, struct ticket *t)
{
	const struct config *c = v->config;

	for (size_t i = 0; i < t->nfields; i++) {
		const struct field *f = config_field(c, t->fields[i].name);
		const char *normal;
		struct err no;

		if (f != NULL &&
		    field_check(v->ctx, f, t->fields[i].value, c->timezone, &normal,
			&t->fields[i].has_num, &t->fields[i].num, &no) != RC_OK)
			t->fields[i].has_num = false;
	}
}

static enum rc
last_action(struct verbatim *v, int64_t id, bool *purged, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(v->s, sql_v_last, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	*purged = rc == RC_OK && strcmp(col_text(st, 0), "ticket.purged") == 0;
	stmt_done(st);
	return rc;
}

SQL(sql_v_forget, "DELETE FROM ticket WHERE id = ?1");

/* A ticket that was purged: its number is never given again. */
static enum rc
reserve_number(struct verbatim *v, int64_t id, struct err *err)
{
	struct ticket *t = ticket_new(v->ctx);
	struct stmt *st;
	enum rc rc;

	t->id = id;
	rc = ticket_store_as(v->s, t, err);
	if (rc == RC_OK)
		rc = store_prepare(v->s, sql_v_forget, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	return stmt_run(st, err);
}

static enum rc
make_ticket(struct verbatim *v, int64_t id, struct err *err)
{
	struct ticket *t = NULL;
	bool purged = false;
	enum rc rc = last_action(v, id, &purged, err);

	if (rc == RC_OK && purged)
		rc = reserve_number(v, id, err);
	else if (rc == RC_OK)
		rc = ticket_at(v->s, v->ctx, id, INSTANT_NEVER, &t, err);
	if (rc == RC_OK && t != NULL) {
		field_numbers(v, t);
		rc = ticket_store_as(v->s, t, err);
	}
	talloc_free_children(v->ctx);
	return rc;
}

static enum rc
make_tickets(struct verbatim *v, struct err *err)
{
	int64_t id = 0;
	enum rc rc;

	for (;;) {
		struct stmt *st;

		rc = store_prepare(v->s, sql_v_tickets, &st, err);
		if (rc != RC_OK)
			return rc;
		bind_int(st, 1, id);
		rc = stmt_step(st, err);
		if (rc == RC_OK)
			id = col_int(st, 0);
		stmt_done(st);
		if (rc != RC_OK)
			return rc == RC_NONE ? RC_OK : rc;
		rc = make_ticket(v, id, err);
		if (rc != RC_OK)
			return err_wrap(err, "ticket %lld", (long long)id);
	}
}

static enum rc
load_config(struct verbatim *v, struct err *err)
{
	int64_t version = 0;
	json_t *o = NULL;
	enum rc rc = version_newest(v->s, &version, err);

	if (rc == RC_OK)
		rc = version_part(v->s, version, "desk", &o, err);
	if (rc == RC_OK)
		rc = config_from_json(v, o, version, &v->config, err);
	json_decref(o);
	return rc == RC_NOTFOUND ? err_fail(err, RC_INVALID, "the export has no policy")
				 : rc;
}

static void
keep_first(void *arg, const char *text)
{
	struct err *first = arg;

	if (first->text[0] == '\0')
		err_fail(first, RC_INVALID, "%s", text);
}

SQL(sql_v_clocked, "SELECT id FROM ticket WHERE id > ?1 ORDER BY id LIMIT 1");

/* Clocks are no part of an export: they follow from the log and the versions. */
static enum rc
make_clocks(struct verbatim *v, struct err *err)
{
	/* The desk, with the policy that came. */
	struct desk *here = talloc_memdup(v, v->d, sizeof(*here));
	struct sla_book *b = NULL;
	int64_t id = 0;
	enum rc rc;

	here->config = v->config;
	here->hours = NULL;
	rc = sla_book_open(here, here, &b, err);
	while (rc == RC_OK && b->any) {
		struct stmt *st;

		rc = store_prepare(v->s, sql_v_clocked, &st, err);
		if (rc != RC_OK)
			break;
		bind_int(st, 1, id);
		rc = stmt_step(st, err);
		if (rc == RC_OK)
			id = col_int(st, 0);
		stmt_done(st);
		if (rc == RC_OK)
			rc = clocks_refold(b, id, err);
	}
	if (rc == RC_NONE)
		rc = RC_OK;
	if (rc == RC_OK)
		rc = store_meta_set(v->s, sla_followed_key,
		    talloc_asprintf(v->ctx, "%lld", (long long)v->config->version), err);
	return rc;
}

enum rc
verbatim_end(struct verbatim *v, json_t *header, bool dry_run, struct err *err)
{
	struct verify_report r = {0};
	struct err first = {0};
	const char *hash = NULL;
	char *hex;
	int64_t event = 0;
	enum rc rc = store_index_flush(v->s, err);

	if (rc == RC_OK)
		rc = load_config(v, err);
	if (rc == RC_OK)
		rc = make_tickets(v, err);
	if (rc == RC_OK)
		rc = store_check_keys(v->s, err);
	if (rc == RC_OK)
		rc = record_int(header, "event", &event, err);
	if (rc == RC_OK)
		rc = record_text(header, "hash", &hash, err);
	if (rc == RC_OK)
		rc = verify_all(v->s, 0, !dry_run, keep_first, &first, &r, err);
	if (rc == RC_OK && r.problems > 0)
		rc = err_fail(err, RC_INVALID,
		    "the export is not what its log says (%lld problems): %s",
		    (long long)r.problems, first.text);
	if (rc == RC_OK)
		rc = make_clocks(v, err);
	hex = rc == RC_OK ? text_hex(v, r.hash, BLOB_HASH) : NULL;
	if (rc == RC_OK && (r.last != event || hash == NULL || strcmp(hash, hex) != 0))
		rc = err_fail(err, RC_INVALID,
		    "the log ends at event %lld, the export's head says %lld: it was cut",
		    (long long)r.last, (long long)event);
	if (rc != RC_OK || dry_run) {
		verbatim_abort(v);
		return rc;
	}
	rc = store_commit(v->s, err);
	if (rc == RC_OK)
		rc = store_keys(v->s, true, err);
	talloc_free(v);
	return rc;
}
