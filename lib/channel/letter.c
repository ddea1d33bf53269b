/* Replies, acknowledgements and updates as mail. */
#include "channel/letter.h"

#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/markdown.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/letter_priv.h"
#include "ticket/customer.h"

static int
forget_keys(struct writer *w)
{
	memset(&w->keys, 0, sizeof(w->keys));
	return 0;
}

enum rc
writer_new(void *ctx, struct desk *d, struct writer **out, struct err *err)
{
	struct writer *w = talloc_zero(ctx, struct writer);
	enum rc rc = desk_read_keys(d, &w->keys, err);

	w->d = d;
	talloc_set_destructor(w, forget_keys);
	if (rc == RC_OK)
		rc = texts_load(w, d, &w->texts, err);
	if (rc == RC_OK)
		*out = w;
	else
		talloc_free(w);
	return rc;
}

/* ---- headers ---- */

void
letter_header(struct draft_letter *l, const char *name, const char *value)
{
	if (l->o.nheaders < LETTER_HEADERS)
		l->headers[l->o.nheaders++] = (struct outgoing_header){name, value};
}

const char *
letter_subject(const struct draft_letter *l, bool answer)
{
	const char *s = l->t->subject, *name = l->w->d->config->name;
	char *tag = talloc_asprintf(l->ctx, "[%s #%lld]", name, (long long)l->t->id);

	if (strcasestr(s, tag) != NULL)
		tag = NULL;
	while (answer && strncasecmp(s, "re:", 3) == 0)
		s += 3 + strspn(s + 3, " ");
	return talloc_asprintf(l->ctx, "%s%s%s%s", answer ? "Re: " : "", s,
	    tag && *s ? " " : "", tag ? tag : "");
}

/* ---- attachments ---- */

/* What is too large for mail (M36's end is no place to learn that) becomes a line that
 * says where it is. */
static char *
elsewhere(struct draft_letter *l, const struct message *m, const struct attachment *a)
{
	const char *url = l->w->d->config->url;

	return talloc_asprintf(l->ctx, "%s (%lld kB)%s%s\n", a->name,
	    (long long)((a->size + 999) / 1000),
	    url ? ": " : ": too large for mail, ask us for it",
	    url ? token_attachment_link(l->ctx, &l->w->keys, url, m->id, a->part) : "");
}

static enum rc
attach(struct draft_letter *l, const struct message *m, char **rest, struct err *err)
{
	struct outgoing_part *parts =
	    mem_array(l->ctx, struct outgoing_part, m->nattachments + 1);
	int64_t size = 0;
	enum rc rc = RC_OK;

	*rest = talloc_strdup(l->ctx, "");
	for (size_t i = 0; rc == RC_OK && i < m->nattachments; i++) {
		const struct attachment *a = &m->attachments[i];
		struct outgoing_part *p = &parts[l->o.nparts];
		void *data = NULL;

		if (size + a->size > l->w->d->config->mail_out_max) {
			*rest = talloc_asprintf_append(*rest, "%s", elsewhere(l, m, a));
			continue;
		}
		rc = blob_get(l->w->d->store, l->ctx, a->sha256, &data, &p->n, err);
		p->name = a->name;
		p->media_type = a->media_type;
		p->data = data;
		size += a->size;
		l->o.nparts++;
	}
	l->o.parts = parts;
	return rc;
}

/* ---- the text ---- */

static const struct agent *
author_of(const struct draft_letter *l, const struct message *m)
{
	return text_starts(m->author, "agent:")
		   ? config_agent(l->w->d->config, m->author + strlen("agent:"))
		   : NULL;
}

static char *
html_page(void *ctx, const char *piece)
{
	return talloc_asprintf(ctx,
	    "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>\n"
	    "<body style=\"font-family: sans-serif\">\n%s</body></html>\n",
	    piece);
}

/* A person's words in the frame that the desk gives them: as they are, and as HTML. */
static enum rc
frame(struct draft_letter *l, const struct message *m, const char *rest,
    const char *language, struct err *err)
{
	const char *body =
	    *rest ? talloc_asprintf(l->ctx, "%s\n\n%s", m->body, rest) : m->body;
	struct canned c;
	json_t *values = NULL;
	char *text = NULL, *marked = NULL;
	enum rc rc = texts_template(l->w->texts, "reply", language, &c, err);

	if (rc == RC_OK)
		rc = texts_values(l->ctx, l->w->d, l->t, author_of(l, m), &values, err);
	if (rc != RC_OK)
		return rc;
	json_object_set_new(values, "message", json_pack("{s:s}", "text", body));
	rc = texts_fill(l->ctx, &c, values, false, &text, err);
	if (rc == RC_OK)
		rc = texts_fill(l->ctx, &c, values, true, &marked, err);
	json_decref(values);
	if (rc != RC_OK)
		return rc;
	l->o.text = text;
	l->o.html = html_page(l->ctx, markdown_html(l->ctx, marked, true));
	return RC_OK;
}

/* M33: what a machine says is marked as such, three times over. */
void
letter_mark_machine(struct draft_letter *l, const char *how)
{
	letter_header(l, "Auto-Submitted", how);
	letter_header(l, "X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply");
}

/* ---- to whom ---- */

/* The recipients that the deliveries of the message say: the first is written to, the
 * others get a copy. */
static enum rc
people(struct draft_letter *l, struct err *err)
{
	struct delivery **v = NULL;
	size_t n = 0;
	struct person_address *all;
	enum rc rc = delivery_of_event(l->w->d->store, l->ctx, l->of->event, &v, &n, err);

	if (rc != RC_OK)
		return rc;
	all = mem_array(l->ctx, struct person_address, n + 1);
	l->o.to = all;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(v[i]->via, "mail") != 0 || strcmp(v[i]->kind, "notice") == 0 ||
		    v[i]->state == DELIVERY_CANCELLED)
			continue;
		all[l->o.nto++] = (struct person_address){NULL, "email", v[i]->target};
	}
	if (l->o.nto == 0) /* erased meanwhile */
		return err_fail(err, RC_NOTFOUND, "nobody to send it to");
	l->o.cc = all + 1;
	l->o.ncc = l->o.nto - 1;
	l->o.nto = 1;
	return RC_OK;
}

/* ---- kinds ---- */

static enum rc
with_message(struct draft_letter *l, const char *language, struct err *err)
{
	struct message *m = NULL;
	char *rest = NULL;
	enum rc rc = message_get(l->w->d->store, l->ctx, l->of->event, &m, err);

	/* Whatever else goes wrong: an internal note never leaves. */
	if (rc == RC_OK && strcmp(m->kind, "reply") != 0)
		return err_fail(
		    err, RC_INVALID, "message %lld is internal", (long long)m->id);
	if (rc == RC_OK)
		rc = attach(l, m, &rest, err);
	if (rc != RC_OK)
		return rc;
	l->o.date = m->created_at;
	if (strcmp(l->of->kind, "reply") == 0)
		return frame(l, m, rest, language, err);
	l->o.text = m->body;
	letter_mark_machine(
	    l, strcmp(l->of->kind, "ack") == 0 ? "auto-replied" : "auto-generated");
	return RC_OK;
}

static enum rc
update(struct draft_letter *l, const char *language, struct err *err)
{
	struct canned c;
	json_t *values = NULL;
	char *text = NULL;
	enum rc rc = texts_template(l->w->texts, "update", language, &c, err);

	if (rc == RC_OK)
		rc = texts_values(l->ctx, l->w->d, l->t, NULL, &values, err);
	if (rc == RC_OK)
		rc = texts_fill(l->ctx, &c, values, false, &text, err);
	json_decref(values);
	l->o.text = text;
	l->o.date = desk_now(l->w->d);
	letter_mark_machine(l, "auto-generated");
	return rc;
}

static enum rc
to_customer(struct draft_letter *l, const char **to, struct err *err)
{
	struct person p = {0};
	enum rc rc = customer_get(l->w->d->store, l->ctx, l->t->requester, &p, err);

	if (rc == RC_OK)
		rc = people(l, err);
	if (rc == RC_OK && l->o.to[0].value != NULL && p.address != NULL &&
	    strcmp(l->o.to[0].value, p.address) == 0)
		l->o.to[0].name = p.name;
	if (rc == RC_OK)
		rc = strcmp(l->of->kind, "update") == 0 ? update(l, p.language, err)
		     : strcmp(l->of->kind, "transcript") == 0
			 ? letter_transcript(l, p.language, err)
			 : with_message(l, p.language, err);
	if (rc == RC_OK)
		rc = letter_thread(l, l->of->event, err);
	if (rc != RC_OK)
		return rc;
	l->o.subject = letter_subject(l, l->o.in_reply_to != NULL);
	l->o.reply_to = token_address(l->ctx, &l->w->keys, l->box, l->t);
	*to = l->of->target;
	return RC_OK;
}

/* ---- the whole ---- */

SQL(sql_letter_event, "SELECT ticket FROM event WHERE id = ?1");
SQL(sql_letter_ticket, "SELECT ticket FROM message WHERE id = ?1");

static enum rc
one_number(struct store *s, const char *sql, int64_t id, int64_t *out, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*out = col_int(st, 0);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* The ticket as it is now: a message may have moved with a merge or split since. */
static enum rc
load(struct draft_letter *l, struct err *err)
{
	const struct config *c = l->w->d->config;
	struct store *s = l->w->d->store;
	int64_t id = l->of->ticket;
	enum rc rc = one_number(s, sql_letter_event, l->of->event, &l->event_ticket, err);

	if (rc == RC_OK)
		rc = one_number(s, sql_letter_ticket, l->of->event, &id, err);
	if (rc == RC_OK)
		rc = ticket_get(s, l->ctx, id, &l->t, err);
	if (rc == RC_OK && l->t->merged_into != 0)
		rc = ticket_get(s, l->ctx, l->t->merged_into, &l->t, err);
	if (rc != RC_OK)
		return rc;
	l->box = config_mailbox(c, l->t->mailbox);
	return RC_OK;
}

/* Whose mail it is. */
static enum rc
sender(struct draft_letter *l, struct err *err)
{
	const struct config *c = l->w->d->config;

	l->box = l->box ? l->box : config_mailbox_default(c);
	return l->box ? RC_OK : err_fail(err, RC_INVALID, "no mailbox to send it from");
}

enum rc
letter_write(void *ctx, struct writer *w, struct delivery *const *v, size_t n, bool crlf,
    struct letter *out, struct err *err)
{
	struct draft_letter *l = talloc_zero(ctx, struct draft_letter);
	bool notice = strcmp(v[0]->kind, "notice") == 0,
	     code = strcmp(v[0]->kind, "code") == 0;
	enum rc rc;

	l->ctx = l;
	l->w = w;
	l->of = v[0];
	l->o.headers = l->headers;
	rc = code ? RC_OK : load(l, err);
	if (rc == RC_OK)
		rc = sender(l, err);
	if (rc == RC_OK) {
		l->o.from = l->box->address;
		l->o.from_name =
		    *l->box->from_name ? l->box->from_name : w->d->config->name;
		l->o.message_id = token_message_own_id(l, &w->keys, l->box,
		    l->event_ticket, l->of->event, notice ? l->of->target : NULL);
		letter_header(l, "X-Tkt-Loop",
		    talloc_asprintf(
			l, "%s %lld", w->d->id, (long long)(l->t ? l->t->id : 0)));
		rc = notice ? letter_notice(l, v, n, &out->to, err)
		     : code ? letter_code(l, &out->to, err)
			    : to_customer(l, &out->to, err);
	}
	if (rc == RC_OK)
		rc = mail_write(ctx, &l->o, crlf, &out->bytes, &out->n, err);
	/* M32: bounces come to the delivery; an acknowledgement wants none. */
	if (rc == RC_OK)
		out->from = strcmp(l->of->kind, "ack") == 0
				? ""
				: token_bounce_address(
				      ctx, &w->keys, l->box, l->of->event, l->of->n);
	if (rc == RC_OK)
		out->to = talloc_strdup(ctx, out->to);
	talloc_free(l);
	return rc;
}
