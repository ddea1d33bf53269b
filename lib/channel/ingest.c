/* Filing mails: which mailbox, what was decided, then one change. */
#include "channel/ingest_priv.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/change.h"

static int
forget_keys(struct ingester *ing)
{
	sodium_memzero(&ing->keys, sizeof(ing->keys));
	return 0;
}

enum rc
ingester_new(void *ctx, struct desk *d, struct ingester **out, struct err *err)
{
	struct ingester *ing = talloc_zero(ctx, struct ingester);
	enum rc rc = desk_read_keys(d, &ing->keys, err);

	ing->d = d;
	talloc_set_destructor(ing, forget_keys);
	if (rc == RC_OK && d->config->nmailboxes == 0)
		rc = err_fail(err, RC_CONFIG, "tkt.conf has no mailbox");
	if (rc != RC_OK) {
		talloc_free(ing);
		return rc;
	}
	ing->batch = talloc_new(ing);
	*out = ing;
	return RC_OK;
}

size_t
ingester_count(const struct ingester *ing, size_t *bytes)
{
	*bytes = ing->bytes;
	return ing->njobs;
}

/* ---- before the writer's turn ---- */

static void
add_box(struct job *j, const struct mailbox *b)
{
	for (size_t i = 0; i < j->nboxes; i++) {
		if (j->boxes[i] == b)
			return;
	}
	if (b != NULL && j->nboxes < MAIL_BOXES)
		j->boxes[j->nboxes++] = b;
}

/* M1: the mailbox that was named; else that of the envelope; else those it is addressed
 * to; else the default. */
static enum rc
choose_boxes(struct ingester *ing, struct job *j, struct err *err)
{
	const struct config *c = ing->d->config;
	const struct mail *m = j->m;

	if (j->want.mailbox != NULL) {
		add_box(j, config_mailbox(c, j->want.mailbox));
		return j->nboxes > 0
			   ? RC_OK
			   : err_fail(err, RC_CONFIG, "mailbox \"%s\": no such mailbox",
				 j->want.mailbox);
	}
	if (j->want.recipient != NULL)
		add_box(j, mailbox_of(c, j->want.recipient));
	for (size_t i = 0; j->nboxes == 0 && i < m->ndelivered; i++)
		add_box(j, mailbox_of(c, m->recipients[i]));
	if (j->nboxes == 0) {
		for (size_t i = m->ndelivered; i < m->nrecipients; i++)
			add_box(j, mailbox_of(c, m->recipients[i]));
	}
	if (j->nboxes == 0)
		add_box(j, config_mailbox_default(c));
	return RC_OK;
}

/* Message and attachments, their blobs put. */
static enum rc
prepare_message(struct ingester *ing, struct job *j, struct err *err)
{
	struct message *msg = &j->message;
	struct mail *m = j->m;

	*msg = (struct message){.kind = "reply",
	    .direction = "in",
	    .channel = m->voicemail ? "phone" : "email",
	    .author_address = m->from.value ? m->from.value : "",
	    .created_at = j->want.received_at,
	    .body = m->body,
	    .quoted = m->quoted,
	    .has_raw = true,
	    .external_id = m->msgid,
	    .flags = (m->body_cut ? MESSAGE_CUT : 0) |
		     (m->voicemail ? MESSAGE_UNVERIFIED : 0)};
	memcpy(msg->raw, j->raw, BLOB_HASH);
	msg->attachments = mem_array(j, struct attachment, m->nparts + 1);
	for (size_t i = 0; i < m->nparts; i++) {
		struct attachment *a = &msg->attachments[msg->nattachments++];
		enum rc rc;

		a->part = (int64_t)i + 1;
		a->content_id = m->parts[i].content_id;
		a->name = m->parts[i].name;
		a->media_type = m->parts[i].media_type;
		a->size = (int64_t)m->parts[i].n;
		if (j->want.explain)
			continue;
		rc = attachment_put(ing->d->store, j, m->parts[i].name,
		    m->parts[i].media_type, m->parts[i].data, m->parts[i].n, a, err);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

enum rc
ingester_add(struct ingester *ing, const struct ingest_want *want, const void *raw,
    size_t n, size_t size, struct err *err)
{
	struct job *j = talloc_zero(ing->batch, struct job);
	size_t max = (size_t)ing->d->config->mail_size_max;
	size_t keep = size <= max || n < MAIL_KEPT ? n : MAIL_KEPT;
	enum rc rc = RC_OK;

	j->want = *want;
	j->size = size;
	if (!want->explain) /* M1: the bytes first. */
		rc = blob_put(ing->d->store, raw, keep, j->raw, err);
	if (rc != RC_OK)
		return rc;
	mail_body_hash(raw, n, j->body);
	j->m = mail_parse(j, ing->d->config, raw, keep, want->explain ? NULL : j->raw);
	j->m->null_sender = j->m->null_sender || want->null_sender;
	voicemail_read(j, j->m, ing->d->config);
	if (want->release != NULL) { /* of what is too large only a part was kept */
		memcpy(j->body, want->release->body, BLOB_HASH);
		j->m->msgid = talloc_strdup(j, want->release->msgid);
	}
	if (size > max)
		j->m->too_much = "larger than mail_size";
	rc = choose_boxes(ing, j, err);
	if (rc == RC_OK)
		rc = prepare_message(ing, j, err);
	if (rc != RC_OK)
		return rc;
	ing->jobs = mem_grow(ing->batch, ing->jobs, struct job *, ing->njobs + 1);
	ing->jobs[ing->njobs++] = j;
	ing->bytes += n;
	return RC_OK;
}

/* ---- what the store knows: the world of a decision ---- */

SQL(sql_seen, "SELECT mailbox, body_sha = ?2, outcome, ticket, message FROM mail_id "
	      "WHERE msgid = ?1");
SQL(sql_key_find, "SELECT ticket FROM mail_key WHERE source = ?1 AND key = ?2 "
		  "ORDER BY ticket DESC LIMIT 1");

static enum rc
world_seen(void *arg, const struct mail *m, const char *mailbox,
    const unsigned char body[BLOB_HASH], struct seen *s, struct err *err)
{
	struct filing *f = arg;
	const struct mailbox *other;
	struct stmt *st;
	enum rc rc = store_prepare(f->ing->d->store, sql_seen, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, m->msgid);
	bind_blob(st, 2, body, BLOB_HASH);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		bool here = strcmp(col_text(st, 0), mailbox) == 0;

		if (here && col_int(st, 1)) {
			s->same = true;
			s->outcome = col_strdup(f->ctx, st, 2);
			s->ticket = col_int(st, 3);
			s->message = col_int(st, 4);
		} else if (here) {
			s->reused = true;
		} else if (col_int(st, 1) && !col_null(st, 3)) {
			other = config_mailbox(f->ing->d->config, col_text(st, 0));
			s->elsewhere = col_int(st, 3);
			s->elsewhere_queue = other ? other->queue : "";
		}
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
world_ticket(void *arg, void *ctx, int64_t id, struct ticket **t, struct err *err)
{
	struct filing *f = arg;
	enum rc rc = ticket_get(f->ing->d->store, ctx, id, t, err);

	return rc == RC_NOTFOUND ? RC_NONE : rc;
}

static enum rc
world_thread(void *arg, const char *msgid, const char *mailbox, const char *queue,
    int64_t *ticket, struct err *err)
{
	struct filing *f = arg;

	return message_find_external(
	    f->ing->d->store, msgid, mailbox, queue, ticket, err);
}

static enum rc
world_foreign(
    void *arg, const char *source, const char *key, int64_t *ticket, struct err *err)
{
	struct filing *f = arg;
	struct stmt *st;
	enum rc rc = store_prepare(f->ing->d->store, sql_key_find, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, source);
	bind_text(st, 2, key);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*ticket = col_int(st, 0);
	stmt_done(st);
	return rc;
}

static enum rc
world_customer(void *arg, const char *address, int64_t *customer, int64_t *organization,
    struct err *err)
{
	struct filing *f = arg;
	struct person p = {0};
	enum rc rc = customer_find(f->ing->d->store, "email", address, customer, err);

	if (rc == RC_OK)
		rc = customer_get(f->ing->d->store, f->ctx, *customer, &p, err);
	if (rc == RC_OK)
		*organization = p.organization;
	return rc;
}

static enum rc
world_delivery(void *arg, void *ctx, int64_t event, int64_t *n, const char *address,
    int64_t *ticket, const char **target, struct err *err)
{
	struct filing *f = arg;

	return delivery_find(
	    f->ing->d->store, ctx, event, n, address, ticket, target, err);
}

SQL(sql_opened,
    "SELECT count(*) FROM (SELECT created_at FROM ticket WHERE requester = ?1 "
    "ORDER BY id DESC LIMIT ?3) WHERE created_at > ?2");

static enum rc
world_opened(
    void *arg, int64_t customer, int64_t since, int64_t max, int64_t *n, struct err *err)
{
	struct filing *f = arg;
	struct stmt *st;
	enum rc rc = store_prepare(f->ing->d->store, sql_opened, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, customer);
	bind_int(st, 2, since);
	bind_int(st, 3, max);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*n = col_int(st, 0);
	stmt_done(st);
	return rc;
}

static enum rc
decide(struct filing *f, struct err *err)
{
	const struct world world = {f, world_seen, world_ticket, world_thread,
	    world_foreign, world_customer, world_delivery, world_opened};
	const struct decide_want want = {.config = f->ing->d->config,
	    .desk = f->ing->d->id,
	    .keys = &f->ing->keys,
	    .mailbox = f->box,
	    .recipient = f->job->want.recipient,
	    .body = f->job->body,
	    .now = f->tx ? change_at(f->tx) : desk_now(f->ing->d),
	    .release = f->job->want.release != NULL,
	    .explain = f->job->want.explain};

	return mail_decide(f->ctx, f->job->m, &want, &world, &f->d, err);
}

/* ---- remembering ---- */

SQL(sql_remember, "INSERT INTO mail_id (msgid, mailbox, body_sha, message, ticket, "
		  "outcome, at, raw, reason, class, rule, evidence) "
		  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
		  "ON CONFLICT (msgid, mailbox, body_sha) DO UPDATE SET "
		  "message = ?4, ticket = ?5, outcome = ?6, reason = ?9, rule = ?11");
SQL(sql_key_add,
    "INSERT INTO mail_key (source, key, ticket) VALUES (?1, ?2, ?3) ON CONFLICT DO "
    "NOTHING");

static enum rc
remember_key(struct filing *f, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(f->ing->d->store, sql_key_add, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, f->d.foreign->name);
	bind_text(st, 2, f->d.foreign_key);
	bind_int(st, 3, f->r->ticket);
	return stmt_run(st, err);
}

static void
bind_remembered(struct stmt *st, const struct filing *f, const char *msgid,
    const unsigned char body[BLOB_HASH])
{
	/* A reused id, and what is only reported, is never a match target. */
	bool target = !f->d.id_reused && f->d.action != ACTION_EVENT;

	bind_text(st, 1, msgid);
	bind_text(st, 2, f->box->name);
	bind_blob(st, 3, body, BLOB_HASH);
	bind_opt(st, 4, target ? f->r->message : 0);
	bind_opt(st, 5, f->r->ticket);
	bind_text(st, 6, f->r->outcome);
	bind_int(st, 7, change_at(f->tx));
	bind_blob(st, 8, f->job->raw, BLOB_HASH);
	bind_text(st, 9, f->r->reason);
	bind_text(st, 10, f->r->class);
	bind_text(st, 11, f->r->rule);
	bind_text(st, 12, f->r->evidence);
}

static enum rc
remember(struct filing *f, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(f->ing->d->store, sql_remember, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_remembered(st, f, f->job->m->msgid, f->job->body);
	rc = stmt_run(st, err);
	/* Who was forwarded may go on with their own thread, or send the mail again. */
	if (rc == RC_OK && f->d.action == ACTION_FORWARD &&
	    f->d.forwarded.msgid != NULL) {
		rc = store_prepare(f->ing->d->store, sql_remember, &st, err);
		if (rc != RC_OK)
			return rc;
		bind_remembered(st, f, f->d.forwarded.msgid, f->d.forwarded.hash);
		rc = stmt_run(st, err);
	}
	if (rc == RC_OK && f->d.foreign != NULL && f->r->ticket != 0)
		rc = remember_key(f, err);
	return rc;
}

/* ---- one mail ---- */

static void
start_result(struct filing *f)
{
	static const char *const outcomes[] = {[ACTION_NEW] = "created",
	    [ACTION_APPEND] = "appended",
	    [ACTION_NOTE] = "internal",
	    [ACTION_REPLY] = "appended",
	    [ACTION_FORWARD] = "created",
	    [ACTION_EVENT] = "dsn",
	    [ACTION_HOLD] = "quarantined",
	    [ACTION_DISCARD] = "discarded",
	    [ACTION_DUPLICATE] = "duplicate"};
	enum mail_class class = f->d.class.class;

	*f->r = (struct ingest){.outcome = outcomes[f->d.action],
	    .ticket = f->d.ticket,
	    .message = f->d.message,
	    .class = class_names[class],
	    .rule = f->d.rule,
	    .external_id = f->job->m->msgid,
	    .reason = f->d.reason,
	    .mailbox = f->box->name,
	    .evidence = f->d.class.evidence,
	    .verdicts = f->d.verdicts,
	    .nverdicts = f->d.nverdicts};
	if (f->d.action == ACTION_EVENT && class != CLASS_DSN)
		f->r->outcome = "noted";
	f->message = f->job->message;
	f->message.class = class_names[class];
	if (f->d.unverified)
		f->message.flags |= MESSAGE_UNVERIFIED;
	if (f->d.id_reused)
		f->message.flags |= MESSAGE_ID_REUSED;
	if (f->d.auth.result == AUTH_FAIL)
		f->message.flags |= MESSAGE_AUTH_FAILED;
	/* What the class says of itself needs no flag. */
	if (f->d.class.no_acknowledgement && class_effects[class].acknowledge)
		f->message.flags |= MESSAGE_NO_ACK;
}

static enum rc
file_one(struct filing *f, struct err *err)
{
	enum rc rc = decide(f, err);

	if (rc != RC_OK)
		return rc;
	start_result(f);
	if (f->tx == NULL || (f->d.action == ACTION_DUPLICATE && *f->d.rule == 'M' &&
				 strcmp(f->d.rule, "M3") == 0))
		return RC_OK;
	rc = file_decided(f, err);
	if (rc == RC_OK)
		rc = tell_administrators(f, err);
	if (rc == RC_OK)
		rc = prove_sender(f, err);
	/* Something in it that we do not take: it waits, and the next one is served. */
	if (rc == RC_INVALID || rc == RC_USAGE || rc == RC_DENIED || rc == RC_CONFIG ||
	    rc == RC_EXISTS) {
		f->d.action = ACTION_HOLD;
		f->d.ticket = 0;
		f->d.rule = "M4";
		f->d.reason = talloc_strdup(f->ctx, err->text);
		start_result(f);
		rc = RC_OK;
	}
	return rc == RC_OK ? remember(f, err) : rc;
}

static enum rc
file_all(struct ingester *ing, struct change_tx *tx, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < ing->njobs; i++) {
		struct job *j = ing->jobs[i];

		for (size_t b = 0; rc == RC_OK && b < j->nboxes; b++) {
			struct filing f = {.ctx = j,
			    .ing = ing,
			    .job = j,
			    .box = j->boxes[b],
			    .tx = tx,
			    .r = &j->results[b]};

			rc = file_one(&f, err);
		}
	}
	return rc;
}

enum rc
ingester_file(struct ingester *ing,
    void (*each)(void *arg, size_t mail, const struct ingest *i), void *arg,
    struct err *err)
{
	struct change_tx *tx = NULL;
	bool explain = ing->njobs > 0 && ing->jobs[0]->want.explain;
	enum rc rc = RC_OK;

	if (explain)
		rc = store_read(ing->d->store, err);
	else if (ing->njobs > 0)
		rc = change_begin(ing->batch, ing->d, 0, &tx, err);
	if (rc == RC_OK)
		rc = file_all(ing, tx, err);
	if (tx != NULL && rc == RC_OK)
		rc = change_commit(tx, err);
	else if (tx != NULL)
		change_abort(tx);
	if (explain)
		store_read_end(ing->d->store);
	for (size_t i = 0; rc == RC_OK && i < ing->njobs; i++) {
		for (size_t b = 0; b < ing->jobs[i]->nboxes; b++)
			each(arg, i, &ing->jobs[i]->results[b]);
	}
	talloc_free(ing->batch);
	ing->batch = talloc_new(ing);
	ing->jobs = NULL;
	ing->njobs = ing->bytes = 0;
	return rc;
}

/* ---- the record ---- */

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
	record_set_text(o, "mailbox", i->mailbox);
	record_set_text(o, "evidence", i->evidence);
	return o;
}

void
ingest_verdicts_to_json(const struct ingest *i, json_t *record)
{
	json_t *list = json_array();

	for (size_t k = 0; k < i->nverdicts; k++) {
		json_t *v = json_object();

		record_set_text(v, "rule", i->verdicts[k].rule);
		record_set_text(v, "verdict", i->verdicts[k].yes ? "yes" : "no");
		record_set_text(v, "why", i->verdicts[k].why);
		json_array_append_new(list, v);
	}
	json_object_set_new(record, "verdicts", list);
}
