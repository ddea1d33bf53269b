/* Messages and their attachments. A message is the event that added it. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "ticket/ticket.h"

#define MESSAGE_COLUMNS                                                        \
	"m.id, m.ticket, m.kind, m.direction, m.channel, m.class, m.author, "  \
	"m.author_address, m.created_at, m.subject, m.body, m.quoted, m.raw, " \
	"m.external_id, m.flags"

SQL(sql_message_get, "SELECT " MESSAGE_COLUMNS " FROM message m WHERE m.id = ?1");
SQL(sql_message_thread,
    "SELECT " MESSAGE_COLUMNS " FROM message m WHERE m.ticket = ?1 ORDER BY m.id");
SQL(sql_message_first, "SELECT body FROM message WHERE ticket = ?1 ORDER BY id LIMIT 1");
SQL(sql_message_insert,
    "INSERT INTO message (id, ticket, kind, direction, channel, class, author, "
    "author_address, created_at, subject, body, quoted, raw, external_id, flags) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)");
SQL(sql_attachments,
    "SELECT part, name, media_type, size, content_id, sha256 FROM attachment "
    "WHERE message = ?1 ORDER BY part");
SQL(sql_attachment_add,
    "INSERT INTO attachment (message, part, name, media_type, size, content_id, sha256) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
/* A thread of this mailbox first, wherever routes moved its ticket; else of this queue.
 */
SQL(sql_message_external,
    "SELECT t.id FROM mail_id d JOIN ticket t ON t.id = d.ticket "
    "WHERE d.msgid = ?1 AND (d.mailbox = ?2 OR t.queue = ?3) AND d.message IS NOT NULL "
    "ORDER BY d.mailbox <> ?2, d.message LIMIT 1");

SQL(sql_message_move, "UPDATE message SET ticket = ?2 WHERE id = ?1");
SQL(sql_message_ids, "SELECT id FROM message WHERE ticket = ?1 ORDER BY id");
SQL(sql_mail_move, "UPDATE mail_id SET ticket = ?2 WHERE message = ?1 AND "
		   "msgid = (SELECT m.external_id FROM message m WHERE m.id = ?1)");

static void
set_hash(json_t *o, const char *key, const unsigned char hash[BLOB_HASH])
{
	char *hex = text_hex(NULL, hash, BLOB_HASH);

	json_object_set_new(o, key, json_string(hex));
	talloc_free(hex);
}

/* ---- the digest: netstrings (length ":" bytes ","), so that no two messages can read
 * the same; "-" for what is NULL ---- */

static void
add_bytes(crypto_hash_sha256_state *st, const void *b, size_t n)
{
	char head[24];
	int len = snprintf(head, sizeof(head), "%zu:", n);

	crypto_hash_sha256_update(st, (unsigned char *)head, (unsigned long long)len);
	crypto_hash_sha256_update(st, b, n);
	crypto_hash_sha256_update(st, (const unsigned char *)",", 1);
}

static void
add_text(crypto_hash_sha256_state *st, const char *s)
{
	if (s != NULL)
		add_bytes(st, s, strlen(s));
	else
		crypto_hash_sha256_update(st, (const unsigned char *)"-", 1);
}

static void
add_int(crypto_hash_sha256_state *st, int64_t n)
{
	char text[24];

	add_bytes(st, text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)n));
}

static void
content_hash(const struct message *m, unsigned char out[BLOB_HASH])
{
	const char *const texts[] = {m->kind, m->direction, m->channel, m->class,
	    m->author, m->author_address, m->subject, m->body, m->quoted, m->external_id};
	crypto_hash_sha256_state st;

	crypto_hash_sha256_init(&st);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		add_text(&st, texts[i]);
	add_int(&st, m->created_at);
	add_int(&st, m->flags);
	if (m->has_raw)
		add_bytes(&st, m->raw, BLOB_HASH);
	else
		add_text(&st, NULL);
	for (size_t i = 0; i < m->nattachments; i++) {
		const struct attachment *a = &m->attachments[i];

		add_int(&st, a->part);
		add_text(&st, a->name);
		add_text(&st, a->media_type);
		add_int(&st, a->size);
		add_text(&st, a->content_id);
		add_bytes(&st, a->sha256, BLOB_HASH);
	}
	crypto_hash_sha256_final(&st, out);
}

json_t *
message_digest(const struct message *m)
{
	json_t *o = json_object();
	unsigned char hash[BLOB_HASH];

	content_hash(m, hash);
	record_set_text(o, "kind", m->kind);
	record_set_text(o, "direction", m->direction);
	set_hash(o, "sha256", hash);
	return o;
}

static enum rc
attachment_store(
    struct store *s, int64_t message, const struct attachment *a, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_attachment_add, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, message);
	bind_int(st, 2, a->part);
	bind_text(st, 3, a->name);
	bind_text(st, 4, a->media_type);
	bind_int(st, 5, a->size);
	bind_text(st, 6, a->content_id);
	bind_blob(st, 7, a->sha256, BLOB_HASH);
	return stmt_run(st, err);
}

enum rc
message_store(struct store *s, const struct message *m, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_message_insert, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, m->id);
	bind_int(st, 2, m->ticket);
	bind_text(st, 3, m->kind);
	bind_text(st, 4, m->direction);
	bind_text(st, 5, m->channel);
	bind_text(st, 6, m->class);
	bind_text(st, 7, m->author);
	bind_text(st, 8, m->author_address);
	bind_int(st, 9, m->created_at);
	bind_text(st, 10, m->subject);
	bind_text(st, 11, m->body);
	bind_text(st, 12, m->quoted);
	bind_blob(st, 13, m->has_raw ? m->raw : NULL, BLOB_HASH);
	bind_text(st, 14, m->external_id);
	bind_int(st, 15, m->flags);
	rc = stmt_run(st, err);
	for (size_t i = 0; rc == RC_OK && i < m->nattachments; i++)
		rc = attachment_store(s, m->id, &m->attachments[i], err);
	if (rc == RC_OK)
		store_index_add(s, m->id, m->subject, m->body);
	return rc;
}

static struct message *
message_read(void *ctx, struct stmt *st)
{
	struct message *m = talloc_zero(ctx, struct message);
	const void *raw;
	size_t n;

	m->id = col_int(st, 0);
	m->ticket = col_int(st, 1);
	m->kind = col_strdup(m, st, 2);
	m->direction = col_strdup(m, st, 3);
	m->channel = col_strdup(m, st, 4);
	m->class = col_strdup(m, st, 5);
	m->author = col_strdup(m, st, 6);
	m->author_address = col_strdup(m, st, 7);
	m->created_at = col_int(st, 8);
	m->subject = col_strdup(m, st, 9);
	m->body = col_strdup(m, st, 10);
	m->quoted = col_strdup(m, st, 11);
	raw = col_blob(st, 12, &n);
	m->has_raw = n == BLOB_HASH;
	if (m->has_raw)
		memcpy(m->raw, raw, n);
	m->external_id = col_strdup(m, st, 13);
	m->flags = col_int(st, 14);
	return m;
}

static enum rc
read_attachments(struct store *s, struct message *m, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_attachments, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, m->id);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct attachment *a;
		const void *hash;
		size_t n;

		m->attachments =
		    mem_grow(m, m->attachments, struct attachment, m->nattachments + 1);
		a = &m->attachments[m->nattachments++];
		*a = (struct attachment){.part = col_int(st, 0),
		    .name = col_strdup(m, st, 1),
		    .media_type = col_strdup(m, st, 2),
		    .size = col_int(st, 3),
		    .content_id = col_strdup(m, st, 4)};
		hash = col_blob(st, 5, &n);
		memcpy(a->sha256, hash, n < BLOB_HASH ? n : BLOB_HASH);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
message_get(struct store *s, void *ctx, int64_t id, struct message **m, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_message_get, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	if (rc == RC_NONE)
		rc = err_fail(err, RC_NOTFOUND, "no message %lld", (long long)id);
	else if (rc == RC_OK)
		*m = message_read(ctx, st);
	stmt_done(st);
	return rc == RC_OK ? read_attachments(s, *m, err) : rc;
}

enum rc
message_each(struct store *s, int64_t ticket,
    enum rc (*each)(void *, struct message *, struct err *), void *arg, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_message_thread, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct message *m = message_read(s, st);

		rc = read_attachments(s, m, err);
		if (rc == RC_OK)
			rc = each(arg, m, err);
		talloc_free(m);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
move(struct store *s, const char *sql, int64_t message, int64_t ticket, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, message);
	bind_int(st, 2, ticket);
	return stmt_run(st, err);
}

enum rc
message_move(struct store *s, int64_t message, int64_t ticket, struct err *err)
{
	enum rc rc = move(s, sql_message_move, message, ticket, err);

	return rc == RC_OK ? move(s, sql_mail_move, message, ticket, err) : rc;
}

enum rc
message_ids(
    struct store *s, void *ctx, int64_t ticket, int64_t **ids, size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_message_ids, &st, err);

	*ids = NULL;
	*n = 0;
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		*ids = mem_grow(ctx, *ids, int64_t, *n + 1);
		(*ids)[(*n)++] = col_int(st, 0);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

SQL(sql_message_instants, "SELECT max(CASE direction WHEN 'in' THEN created_at END), "
			  "max(CASE WHEN direction = 'out' AND class = 'human' "
			  "THEN created_at END), "
			  "min(CASE WHEN direction = 'out' AND class = 'human' "
			  "THEN created_at END) "
			  "FROM message WHERE ticket = ?1 AND kind = 'reply'");

enum rc
message_instants(struct store *s, int64_t ticket, struct ticket *t, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_message_instants, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		t->customer_at = col_int(st, 0);
		t->agent_at = col_int(st, 1);
		t->first_replied_at = col_int(st, 2);
	}
	stmt_done(st);
	return rc;
}

enum rc
message_first_body(
    struct store *s, void *ctx, int64_t ticket, const char **body, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_message_first, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*body = col_strdup(ctx, st, 0);
	else if (rc == RC_NONE)
		*body = "";
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
message_find_external(struct store *s, const char *external_id, const char *mailbox,
    const char *queue, int64_t *ticket, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_message_external, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, external_id);
	bind_text(st, 2, mailbox);
	bind_text(st, 3, queue);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*ticket = col_int(st, 0);
	stmt_done(st);
	return rc;
}

static json_t *
flags_json(int64_t flags)
{
	static const struct {
		int64_t flag;
		const char *name;
	} names[] = {{MESSAGE_CUT, "cut"}, {MESSAGE_UNVERIFIED, "unverified"},
	    {MESSAGE_ID_REUSED, "message-id-reused"},
	    {MESSAGE_AUTH_FAILED, "auth-failed"}, {MESSAGE_ERASED, "erased"},
	    {MESSAGE_NO_ACK, "no-acknowledgement"}};
	json_t *a = json_array();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (flags & names[i].flag)
			json_array_append_new(a, json_string(names[i].name));
	}
	return a;
}

/* "customer:7" and "agent:alice" as the record's author object. */
static enum rc
author_json(const struct desk *d, const struct message *m, json_t **out, struct err *err)
{
	const char *colon = strchr(m->author, ':');
	json_t *o = json_object();
	enum rc rc = RC_OK;

	if (text_starts(m->author, "customer:")) {
		struct person p = {0};
		int64_t id = 0;
		void *tmp = talloc_new(NULL);

		if (text_number(colon + 1, &id))
			rc = customer_get(d->store, tmp, id, &p, err);
		record_set_text(o, "kind", "customer");
		record_set_int(o, "id", id);
		record_set_text(o, "name", p.name);
		talloc_free(tmp);
	} else if (text_starts(m->author, "agent:")) {
		const struct agent *a = config_agent(d->config, colon + 1);

		record_set_text(o, "kind", "agent");
		record_set_text(o, "id", colon + 1);
		record_set_text(o, "name", a ? a->full_name : colon + 1);
	} else {
		record_set_text(o, "kind", "system");
		record_set_text(o, "id", m->author);
		record_set_text(o, "name", m->author);
	}
	if (rc != RC_OK) {
		json_decref(o);
		return rc;
	}
	record_set_text(o, "address", *m->author_address ? m->author_address : NULL);
	*out = o;
	return RC_OK;
}

enum rc
message_to_json(
    const struct desk *d, const struct message *m, json_t **out, struct err *err)
{
	json_t *o, *author = NULL, *list;
	enum rc rc = author_json(d, m, &author, err);

	if (rc != RC_OK)
		return rc;
	o = json_object();
	record_set_text(o, "type", "message");
	record_set_int(o, "id", m->id);
	record_set_int(o, "ticket", m->ticket);
	record_set_text(o, "kind", m->kind);
	record_set_text(o, "direction", m->direction);
	record_set_text(o, "channel", m->channel);
	record_set_text(o, "class", m->class);
	json_object_set_new(o, "author", author);
	record_set_text(o, "subject", m->subject);
	record_set_text(o, "body", m->body);
	record_set_text(o, "quoted", m->quoted);
	record_set_instant(o, "created_at", m->created_at);
	record_set_text(o, "external_id", m->external_id);
	json_object_set_new(o, "flags", flags_json(m->flags));
	list = json_array();
	for (size_t i = 0; i < m->nattachments; i++) {
		const struct attachment *a = &m->attachments[i];
		json_t *e = json_object();

		record_set_int(e, "part", a->part);
		record_set_text(e, "name", a->name);
		record_set_text(e, "media_type", a->media_type);
		record_set_int(e, "size", a->size);
		set_hash(e, "sha256", a->sha256);
		json_array_append_new(list, e);
	}
	json_object_set_new(o, "attachments", list);
	*out = o;
	return RC_OK;
}
