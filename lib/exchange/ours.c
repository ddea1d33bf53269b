/* Our own exports: verbatim, or ticket by ticket with new numbers. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "exchange/exchange_priv.h"
#include "exchange/import.h"

enum { LOG_MAX = 64 * 1024 * 1024 };

struct ours {
	struct cmd_env *env;
	struct reader *in;
	json_t *header;
	const struct import_want *want;
	bool ended;
	struct import_count *n;
	/* The ticket being read, with new numbers. */
	json_t *ticket, *messages;
	char *log; /* its events, one a line */
	int64_t line;
};

static void
bad_record(struct ours *x, int64_t line, const struct err *why)
{
	cmd_error(x->env, "line %lld: %s", (long long)line, why->text);
	x->n->bad++;
}

/* ---- new numbers ---- */

static enum rc
new_message(struct import_ctx *c, json_t *o, struct import_message *m, struct err *err)
{
	json_t *author = json_object_get(o, "author");
	const char *kind = json_string_value(json_object_get(author, "kind")),
		   *address = json_string_value(json_object_get(author, "address")),
		   *name = json_string_value(json_object_get(author, "name"));
	enum rc rc = message_from_export(c->ctx, o, &m->m, err);

	if (rc != RC_OK)
		return rc;
	/* Without an id of its own it would come again with every import. */
	if (m->m.external_id == NULL)
		m->m.external_id = talloc_asprintf(
		    c->ctx, "%s:message:%lld", c->source, (long long)m->m.id);
	if (kind == NULL || strcmp(kind, "customer") != 0) {
		m->agent = m->m.author;
		return RC_OK;
	}
	if (address == NULL || address_parse(c->ctx, address, &m->from, err) != RC_OK)
		rc = address_parse(c->ctx, "unknown@invalid", &m->from, err);
	if (rc == RC_OK && name != NULL)
		m->from.name = name;
	return rc;
}

/* The attachments whose bytes came along, or are here already. */
static void
drop_lost(struct import_ctx *c, struct message *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->nattachments; i++) {
		if (blob_there(c->desk->store, m->attachments[i].sha256))
			m->attachments[n++] = m->attachments[i];
		else
			c->left_out++;
	}
	m->nattachments = n;
	if (m->has_raw && !blob_there(c->desk->store, m->raw)) {
		m->has_raw = false;
		c->left_out++;
	}
}

/* Where it comes from, with its log. */
static enum rc
add_origin(struct ours *x, struct import_ctx *c, struct import_ticket *t, int64_t id,
    struct err *err)
{
	struct import_message *m = &t->messages[t->nmessages++];
	const char *name = json_string_value(json_object_get(x->header, "name"));
	struct attachment *a = mem_array(c->ctx, struct attachment, 1);
	enum rc rc = RC_OK;

	*m = (struct import_message){.agent = "system"};
	m->m.kind = "note";
	m->m.direction = "in";
	m->m.created_at = t->created_at;
	m->m.external_id = talloc_asprintf(c->ctx, "%s:log", t->external_id);
	m->m.body = talloc_asprintf(c->ctx, "Ticket %lld of %s.", (long long)id,
	    name && *name ? name : c->source);
	if (*x->log != '\0') {
		rc = attachment_put(c->desk->store, c->ctx, "log.jsonl",
		    "application/jsonl", x->log, strlen(x->log), a, err);
		a->part = 1;
		m->m.attachments = a;
		m->m.nattachments = 1;
	}
	return rc;
}

static enum rc
build(struct ours *x, struct import_ctx *c, struct import_ticket *t, struct err *err)
{
	json_t *e;
	int64_t id = 0;
	size_t i, n = json_array_size(x->messages);
	enum rc rc = record_int(x->ticket, "id", &id, err);

	if (rc == RC_OK)
		rc = import_from_record(c, x->ticket, t, err);
	if (rc != RC_OK)
		return rc;
	t->external_id = talloc_asprintf(c->ctx, "%s:%lld", c->source, (long long)id);
	t->messages = mem_array(c->ctx, struct import_message, n + 2);
	t->nmessages = 0;
	json_array_foreach(x->messages, i, e)
	{
		struct import_message *m = &t->messages[t->nmessages++];

		rc = new_message(c, e, m, err);
		if (rc != RC_OK)
			return err_wrap(err, "message %zu", i + 1);
		drop_lost(c, &m->m);
	}
	return add_origin(x, c, t, id, err);
}

static enum rc
write_ticket(struct ours *x, const struct import_ticket *t, void *ctx, struct err *err)
{
	struct change_tx *tx = NULL;
	struct imported r = {0};
	enum rc rc = change_begin(ctx, x->env->desk, 0, &tx, err);

	if (rc != RC_OK)
		return rc;
	rc = change_import(tx, &x->env->desk->actor, t, &r, err);
	if (rc != RC_OK || x->want->dry_run)
		change_abort(tx);
	else
		rc = change_commit(tx, err);
	if (rc == RC_OK) {
		x->n->tickets += r.created;
		x->n->known += !r.created;
		x->n->messages += (int64_t)r.messages;
	}
	return rc;
}

/* The ticket that was read so far is whole when the next one begins. A merged one is a
 * pointer here: its messages are in the other. */
static enum rc
flush(struct ours *x, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct import_ctx c = {.ctx = ctx,
	    .desk = x->env->desk,
	    .queue = x->want->queue,
	    .source = json_string_value(json_object_get(x->header, "desk"))};
	struct import_ticket t = {0};
	struct err why;
	enum rc rc = RC_OK;

	if (x->ticket != NULL && json_array_size(x->messages) > 0) {
		rc = build(x, &c, &t, &why);
		if (rc == RC_OK)
			rc = write_ticket(x, &t, ctx, &why);
		if (rc == RC_INVALID || rc == RC_USAGE) {
			bad_record(x, x->line, &why);
			rc = RC_OK;
		} else if (rc != RC_OK) {
			*err = why;
		}
		x->n->left_out += c.left_out;
	}
	talloc_free(ctx);
	json_decref(x->ticket);
	json_array_clear(x->messages);
	TALLOC_FREE(x->log);
	x->log = talloc_strdup(x->env->ctx, "");
	x->ticket = NULL;
	return rc;
}

static void
add_log(struct ours *x, json_t *event)
{
	char *line = record_canonical(x->env->ctx, event);

	if (talloc_get_size(x->log) + talloc_get_size(line) < LOG_MAX) {
		x->log = talloc_strdup_append_buffer(x->log, line);
		x->log = talloc_strdup_append_buffer(x->log, "\n");
	}
	talloc_free(line);
}

static enum rc
take_new(struct ours *x, json_t *o, struct err *err)
{
	const char *type = json_string_value(json_object_get(o, "type"));
	enum rc rc = RC_OK;

	if (type == NULL)
		return err_fail(err, RC_INVALID, "a record without a type");
	if (strcmp(type, "ticket") == 0) {
		rc = flush(x, err);
		x->ticket = json_incref(o);
		x->line = reader_line(x->in);
	} else if (strcmp(type, "message") == 0 && x->ticket != NULL) {
		json_array_append(x->messages, o);
	} else if (strcmp(type, "event") == 0 && x->ticket != NULL &&
		   json_integer_value(json_object_get(o, "ticket")) ==
		       json_integer_value(json_object_get(x->ticket, "id"))) {
		add_log(x, o);
	} else if (strcmp(type, "end") == 0) {
		x->ended = true;
	}
	return rc;
}

static enum rc
read_new(struct ours *x, struct err *err)
{
	enum rc rc = RC_OK;

	x->messages = json_array();
	x->log = talloc_strdup(x->env->ctx, "");
	while (rc == RC_OK) {
		json_t *o = NULL;

		rc = reader_next(x->in, &o, err);
		if (rc == RC_INVALID) {
			cmd_error(x->env, "%s", err->text);
			x->n->bad++;
			rc = RC_OK;
			continue;
		}
		if (rc == RC_OK)
			rc = take_new(x, o, err);
		json_decref(o);
		cmd_progress(x->env, "tickets", x->n->tickets + x->n->known, false);
	}
	if (rc == RC_NONE)
		rc = flush(x, err);
	json_decref(x->messages);
	cmd_progress(x->env, "tickets", 0, true);
	if (rc == RC_OK && !x->ended)
		rc = err_fail(err, RC_INVALID,
		    "the export has no end: it was cut; what was there is imported");
	return rc;
}

/* ---- verbatim ---- */

static enum rc
read_verbatim(struct ours *x, struct err *err)
{
	struct verbatim *v = NULL;
	json_t *o = NULL;
	enum rc rc = verbatim_begin(x->env->ctx, x->env->desk, &v, err);

	if (rc != RC_OK)
		return rc;
	x->n->verbatim = true;
	while (rc == RC_OK && !x->ended) {
		const char *type;

		rc = reader_next(x->in, &o, err);
		if (rc != RC_OK)
			break;
		type = json_string_value(json_object_get(o, "type"));
		x->ended = type != NULL && strcmp(type, "end") == 0;
		x->n->tickets += type != NULL && strcmp(type, "ticket") == 0;
		x->n->messages += type != NULL && strcmp(type, "message") == 0;
		rc = verbatim_record(v, o, err);
		json_decref(o);
		if (rc != RC_OK)
			err_wrap(err, "line %lld", (long long)reader_line(x->in));
		cmd_progress(x->env, "tickets", x->n->tickets, false);
	}
	cmd_progress(x->env, "tickets", 0, true);
	if (rc == RC_NONE)
		rc = err_fail(err, RC_INVALID, "the export has no end: it was cut");
	if (rc != RC_OK) {
		verbatim_abort(v);
		/* Two rows with one number: an engine's word for a forged export. */
		return rc == RC_EXISTS ? (err->rc = RC_INVALID) : rc;
	}
	return verbatim_end(v, x->header, x->want->dry_run, err);
}

enum rc
import_records(struct cmd_env *env, int records, const struct import_want *want,
    struct import_count *n, struct err *err)
{
	struct ours x = {
	    .env = env, .in = reader_new(env->ctx, records), .want = want, .n = n};
	const char *type = NULL;
	int64_t format = 0;
	bool empty = false;
	enum rc rc = reader_next(x.in, &x.header, err);

	if (rc == RC_NONE)
		rc = err_fail(err, RC_INVALID, "the export is empty");
	if (rc == RC_OK)
		rc = record_text(x.header, "type", &type, err);
	if (rc == RC_OK)
		rc = record_int(x.header, "format", &format, err);
	if (rc == RC_OK &&
	    (type == NULL || strcmp(type, "export") != 0 ||
		json_string_value(json_object_get(x.header, "desk")) == NULL))
		rc = err_fail(err, RC_INVALID,
		    "this is no export of tkt-export: its first record says what it is");
	if (rc == RC_OK && format != 1)
		rc = err_fail(err, RC_CONFIG,
		    "the export has format %lld, this program knows 1",
		    (long long)format);
	if (rc == RC_OK)
		rc = desk_is_empty(env->desk->store, &empty, err);
	if (rc == RC_OK && empty && !want->new_numbers && want->queue == NULL &&
	    json_is_true(json_object_get(x.header, "full")))
		rc = read_verbatim(&x, err);
	else if (rc == RC_OK)
		rc = read_new(&x, err);
	json_decref(x.header);
	return rc;
}
