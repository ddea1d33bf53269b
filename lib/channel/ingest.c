/* Filing a mail: which mailbox, seen before, which ticket; then one change. */
#include <sodium.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "channel/mail.h"
#include "channel/token.h"

/* One mail on its way. */
struct filing {
	void *ctx;
	struct desk *d;
	const struct ingest_want *want;
	struct mail *m;
	const struct mailbox *box;
	unsigned char key[DESK_KEY], raw[BLOB_HASH], body_sha[BLOB_HASH];
	struct message message;
	struct ingest *r;
	bool reused; /* this Message-ID came before with other content */
};

SQL(sql_seen, "SELECT outcome, ticket, message FROM mail_id "
	      "WHERE msgid = ?1 AND mailbox = ?2 AND body_sha = ?3");
SQL(sql_seen_id, "SELECT 1 FROM mail_id WHERE msgid = ?1 AND mailbox = ?2 LIMIT 1");
SQL(sql_remember, "INSERT INTO mail_id (msgid, mailbox, body_sha, message, ticket, "
		  "outcome, at, raw, reason) "
		  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");

/* ---- before the writer's turn ---- */

/* Everything after the first empty line: headers change on the way, this does not. */
static void
body_hash(const char *raw, size_t n, unsigned char out[BLOB_HASH])
{
	size_t i = 0;

	while (i + 1 < n && !(raw[i] == '\n' &&
				(raw[i + 1] == '\n' || (i + 2 < n && raw[i + 1] == '\r' &&
							   raw[i + 2] == '\n'))))
		i++;
	i = i + 1 < n ? i + 1 : n;
	crypto_hash_sha256(out, (const unsigned char *)raw + i, n - i);
}

/* "support+anything@acme.example" is the mailbox support@acme.example, too. */
static bool
is_box(const struct mailbox *b, const char *address)
{
	const char *at = strrchr(b->address, '@'), *their = strrchr(address, '@');
	size_t local = (size_t)(at - b->address);

	return their != NULL && strcasecmp(at, their) == 0 &&
	       strncasecmp(address, b->address, local) == 0 &&
	       (address + local == their || address[local] == b->delimiter);
}

static const struct mailbox *
box_of(const struct config *c, const char *address)
{
	for (size_t i = 0; i < c->nmailboxes; i++) {
		if (is_box(&c->mailboxes[i], address))
			return &c->mailboxes[i];
	}
	return NULL;
}

static enum rc
choose_box(struct filing *f, struct err *err)
{
	const struct config *c = f->d->config;

	if (f->want->mailbox != NULL) {
		f->box = config_mailbox(c, f->want->mailbox);
		if (f->box == NULL)
			return err_fail(err, RC_CONFIG, "mailbox \"%s\": no such mailbox",
			    f->want->mailbox);
		return RC_OK;
	}
	if (f->want->recipient != NULL)
		f->box = box_of(c, f->want->recipient);
	for (size_t i = 0; f->box == NULL && i < f->m->nrecipients; i++)
		f->box = box_of(c, f->m->recipients[i]);
	if (f->box == NULL)
		f->box = config_mailbox_default(c);
	if (f->box == NULL)
		return err_fail(err, RC_CONFIG, "tkt.conf has no mailbox");
	return RC_OK;
}

/* Message and attachments, their blobs put. */
static enum rc
prepare(struct filing *f, struct err *err)
{
	struct message *msg = &f->message;
	struct mail *m = f->m;

	*msg = (struct message){.kind = "reply",
	    .direction = "in",
	    .channel = "email",
	    .class = m->class,
	    .author_address = m->from.value ? m->from.value : "",
	    .created_at = f->want->received_at,
	    .body = m->body,
	    .quoted = "",
	    .has_raw = true,
	    .external_id = m->msgid,
	    .flags = m->body_cut ? MESSAGE_CUT : 0};
	memcpy(msg->raw, f->raw, BLOB_HASH);
	msg->attachments = mem_array(f->ctx, struct attachment, m->nparts);
	for (size_t i = 0; i < m->nparts; i++) {
		struct attachment *a = &msg->attachments[msg->nattachments++];
		enum rc rc = attachment_put(f->d->store, f->ctx, m->parts[i].name,
		    m->parts[i].media_type, m->parts[i].data, m->parts[i].n, a, err);

		if (rc != RC_OK)
			return rc;
		a->part = (int64_t)i + 1;
		a->content_id = m->parts[i].content_id;
	}
	return RC_OK;
}

/* ---- in the writer's turn ---- */

static enum rc
seen(struct filing *f, bool *yes, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(f->d->store, sql_seen, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, f->m->msgid);
	bind_text(st, 2, f->box->name);
	bind_blob(st, 3, f->body_sha, BLOB_HASH);
	rc = stmt_step(st, err);
	*yes = rc == RC_OK;
	if (rc == RC_OK) {
		f->r->ticket = col_int(st, 1);
		f->r->message = col_int(st, 2);
	}
	stmt_done(st);
	if (rc != RC_NONE)
		return rc;
	rc = store_prepare(f->d->store, sql_seen_id, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, f->m->msgid);
	bind_text(st, 2, f->box->name);
	rc = stmt_step(st, err);
	f->reused = rc == RC_OK;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
follow_merge(struct filing *f, int64_t id, struct ticket **t, struct err *err)
{
	enum rc rc = ticket_get(f->d->store, f->ctx, id, t, err);

	for (int hops = 0; rc == RC_OK && (*t)->merged_into != 0 && hops < 100; hops++)
		rc = ticket_get(f->d->store, f->ctx, (*t)->merged_into, t, err);
	return rc;
}

/* M15 (1): a token in an address the mail was sent to. */
static enum rc
match_token(struct filing *f, const char *address, struct ticket **t, struct err *err)
{
	const struct config *c = f->d->config;

	for (size_t i = 0; address != NULL && i < c->nmailboxes; i++) {
		const char *mac;
		struct ticket *own = NULL;
		int64_t id;
		enum rc rc;

		if (!token_read(&c->mailboxes[i], address, &id, &mac))
			continue;
		rc = ticket_get(f->d->store, f->ctx, id, &own, err);
		if (rc == RC_OK && token_valid(f->key, &c->mailboxes[i], own, mac))
			return follow_merge(f, id, t, err);
		if (rc != RC_OK && rc != RC_NOTFOUND)
			return rc;
	}
	return RC_NONE;
}

static enum rc
match(struct filing *f, struct ticket **t, struct err *err)
{
	struct mail *m = f->m;
	int64_t id = 0, message;
	enum rc rc = match_token(f, f->want->recipient, t, err);

	f->r->rule = "M15.1";
	for (size_t i = 0; rc == RC_NONE && i < m->nrecipients; i++)
		rc = match_token(f, m->recipients[i], t, err);
	if (rc != RC_NONE)
		return rc;
	f->r->rule = "M15.2";
	for (size_t i = 0; i < m->nreferences; i++) {
		if (!token_message_id(f->key, m->references[i], &id))
			continue;
		rc = follow_merge(f, id, t, err);
		if (rc != RC_NOTFOUND)
			return rc;
	}
	f->r->rule = "M15.3";
	for (size_t i = 0; i < m->nreferences; i++) {
		rc = message_find_external(f->d->store, m->references[i], f->box->name,
		    f->box->queue, &id, &message, err);
		if (rc == RC_OK)
			return follow_merge(f, id, t, err);
		if (rc != RC_NONE)
			return rc;
	}
	f->r->rule = "M15";
	return RC_NONE;
}

/* The requester or somebody who takes part? */
static bool
takes_part(const struct ticket *t, int64_t customer, const char *address)
{
	if (t->requester == customer)
		return true;
	for (size_t i = 0; i < t->npeople; i++) {
		if (strcmp(t->people[i].role, "cc") == 0 &&
		    strcmp(t->people[i].who, address) == 0)
			return true;
	}
	return false;
}

/* People of To and Cc who are neither we nor the sender. */
static size_t
others(struct filing *f, struct person_address *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < f->m->npeople && n < max; i++) {
		const char *a = f->m->people[i].value;

		if (box_of(f->d->config, a) == NULL && strcmp(a, f->m->from.value) != 0)
			out[n++] = f->m->people[i];
	}
	return n;
}

static enum rc
file_new(struct filing *f, struct change_tx *tx, int64_t follows, struct err *err)
{
	struct person_address cc[PEOPLE_MAX];
	struct draft d = {.subject = f->m->subject,
	    .requester = f->m->from,
	    .channel = "email",
	    .created_at = f->want->received_at,
	    .message = f->message,
	    .follows = follows};
	struct change_result r;
	size_t n = others(f, cc, PEOPLE_MAX);
	enum rc rc;

	rc = changes_add(
	    f->ctx, "queue", CHANGE_SET, f->box->queue, f->d->config, &d.changes, err);
	if (rc == RC_OK)
		rc = changes_add(f->ctx, "mailbox", CHANGE_SET, f->box->name,
		    f->d->config, &d.changes, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = changes_add(
		    f->ctx, "cc", CHANGE_ADD, cc[i].value, f->d->config, &d.changes, err);
	if (rc == RC_OK)
		rc = change_new(tx, &actor_system, &d, &r, err);
	if (rc != RC_OK)
		return rc;
	f->r->outcome = "created";
	f->r->ticket = r.ticket;
	f->r->message = r.message;
	return RC_OK;
}

static enum rc
file_append(struct filing *f, struct change_tx *tx, struct ticket *t, struct err *err)
{
	struct person_address cc[PEOPLE_MAX];
	struct edit e = {.ticket = t->id,
	    .message = &f->message,
	    .cc = cc,
	    .no_reopen = strcmp(f->m->class, "human") != 0};
	struct change_result r;
	int64_t customer = 0;
	enum rc rc =
	    customer_find(f->d->store, f->m->from.kind, f->m->from.value, &customer, err);

	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	e.from = &f->m->from;
	if (takes_part(t, customer, f->m->from.value)) {
		e.ncc = others(f, cc, PEOPLE_MAX);
		e.confirm_cc = true;
	} else { /* M17: a stranger with a proof is heard, and gets nothing yet */
		cc[0] = f->m->from;
		e.ncc = 1;
		f->message.flags |= MESSAGE_UNVERIFIED;
	}
	rc = change_edit(tx, &actor_system, &e, &r, err);
	if (rc != RC_OK)
		return rc;
	f->r->outcome = "appended";
	f->r->ticket = r.ticket;
	f->r->message = r.message;
	return RC_OK;
}

static enum rc
remember(struct filing *f, int64_t at, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(f->d->store, sql_remember, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, f->m->msgid);
	bind_text(st, 2, f->box->name);
	bind_blob(st, 3, f->body_sha, BLOB_HASH);
	/* A reused id is never a match target: it names no message. */
	bind_opt(st, 4, f->reused ? 0 : f->r->message);
	bind_opt(st, 5, f->r->ticket);
	bind_text(st, 6, f->r->outcome);
	bind_int(st, 7, at);
	bind_blob(st, 8, f->raw, BLOB_HASH);
	bind_text(st, 9, f->r->reason);
	return stmt_run(st, err);
}

static enum rc
decide(struct filing *f, struct change_tx *tx, struct err *err)
{
	struct ticket *t = NULL;
	bool duplicate = false;
	enum rc rc = seen(f, &duplicate, err);

	if (rc != RC_OK)
		return rc;
	if (duplicate) {
		f->r->outcome = "duplicate";
		f->r->rule = "M3";
		return RC_OK;
	}
	if (f->reused)
		f->message.flags |= MESSAGE_ID_REUSED;
	if (f->m->too_much != NULL || f->m->from.value == NULL) {
		f->r->outcome = "quarantined";
		f->r->rule = "M4";
		f->r->reason = f->m->too_much ? f->m->too_much : "no sender";
		return remember(f, change_at(tx), err);
	}
	rc = match(f, &t, err);
	if (rc == RC_NONE) {
		rc = file_new(f, tx, 0, err);
	} else if (rc == RC_OK && t->phase >= PHASE_MERGED) {
		rc = file_new(f, tx, 0, err);
	} else if (rc == RC_OK) {
		if (change_arrival(f->d->config, t, change_at(tx)) == ARRIVAL_FOLLOW_UP) {
			f->r->rule = "M19";
			rc = file_new(f, tx, t->id, err);
		} else {
			rc = file_append(f, tx, t, err);
		}
	}
	return rc == RC_OK ? remember(f, change_at(tx), err) : rc;
}

enum rc
mail_ingest(void *ctx, struct desk *d, const struct ingest_want *want, const void *raw,
    size_t n, struct ingest *result, struct err *err)
{
	struct filing f = {.ctx = ctx, .d = d, .want = want, .r = result};
	struct change_tx *tx = NULL;
	size_t max = (size_t)d->config->mail_size_max;
	size_t keep = n <= max || n < MAIL_KEPT ? n : MAIL_KEPT;
	enum rc rc = desk_key(d, f.key, err);

	*result = (struct ingest){0};
	/* M1: the bytes first. */
	if (rc == RC_OK)
		rc = blob_put(d->store, raw, keep, f.raw, err);
	if (rc == RC_OK)
		rc = blob_sync(d->store, err);
	if (rc != RC_OK)
		return rc;
	body_hash(raw, n, f.body_sha);
	f.m = mail_parse(ctx, d->config, raw, keep);
	if (n > max)
		f.m->too_much = "larger than mail_size";
	result->class = f.m->class;
	result->external_id = f.m->msgid;
	rc = choose_box(&f, err);
	if (rc == RC_OK)
		rc = prepare(&f, err);
	if (rc == RC_OK)
		rc = change_begin(ctx, d, 0, &tx, err);
	if (rc != RC_OK)
		return rc;
	rc = decide(&f, tx, err);
	if (rc == RC_OK)
		return change_commit(tx, err);
	change_abort(tx);
	return rc;
}

json_t *
ingest_to_json(const struct ingest *i)
{
	json_t *o = json_object();

	record_set_text(o, "type", "ingest");
	record_set_text(o, "outcome", i->outcome);
	json_object_set_new(
	    o, "ticket", i->ticket ? json_integer(i->ticket) : json_null());
	json_object_set_new(
	    o, "message", i->message ? json_integer(i->message) : json_null());
	record_set_text(o, "class", i->class);
	record_set_text(o, "rule", i->rule);
	record_set_text(o, "external_id", i->external_id);
	record_set_text(o, "reason", i->reason);
	return o;
}
