/* A conversation that is over, as a mail to who had it. */
#include <string.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/text.h"
#include "channel/letter_priv.h"

/* What is longer is cut at the front: the end is what was agreed on. */
enum { TRANSCRIPT_MAX = 1 << 20 };

struct transcript {
	struct draft_letter *l;
	struct buf text;
	const char *customer;
};

static const char *
speaker(const struct transcript *t, const struct message *m)
{
	const struct config *c = t->l->w->d->config;
	const struct agent *a;

	if (strcmp(m->direction, "in") == 0)
		return t->customer;
	a = text_starts(m->author, "agent:")
		? config_agent(c, m->author + strlen("agent:"))
		: NULL;
	return a && *a->full_name ? a->full_name : c->name;
}

static enum rc
one_line(void *arg, struct message *m, struct err *err)
{
	struct transcript *t = arg;
	char *at;

	(void)err;
	/* An internal note never leaves. */
	if (strcmp(m->kind, "reply") != 0)
		return RC_OK;
	at = instant_local(t->l->ctx, m->created_at, t->l->w->d->config->timezone);
	buf_printf(&t->text, "%s %s: %s\n", at, speaker(t, m), m->body);
	for (size_t i = 0; i < m->nattachments; i++)
		buf_printf(&t->text, "  [%s]\n", m->attachments[i].name);
	return RC_OK;
}

static const char *
the_end(const struct buf *b)
{
	const char *s = buf_text(b), *line;

	if (b->n <= TRANSCRIPT_MAX)
		return s;
	line = strchr(s + b->n - TRANSCRIPT_MAX, '\n');
	return line ? line + 1 : "";
}

enum rc
letter_transcript(struct draft_letter *l, const char *language, struct err *err)
{
	struct transcript t = {.l = l, .text = {.ctx = l->ctx}};
	struct person p = {0};
	struct canned c;
	json_t *values = NULL;
	char *text = NULL;
	enum rc rc = customer_get(l->w->d->store, l->ctx, l->t->requester, &p, err);

	t.customer = *p.name ? p.name : "You";
	if (rc == RC_OK)
		rc = message_each(l->w->d->store, l->t->id, one_line, &t, err);
	if (rc == RC_OK)
		rc = texts_template(l->w->texts, "transcript", language, &c, err);
	if (rc == RC_OK)
		rc = texts_values(l->ctx, l->w->d, l->t, NULL, &values, err);
	if (rc != RC_OK)
		return rc;
	json_object_set_new(
	    values, "message", json_pack("{s:s}", "text", the_end(&t.text)));
	rc = texts_fill(l->ctx, &c, values, false, &text, err);
	json_decref(values);
	l->o.text = text;
	l->o.date = desk_now(l->w->d);
	letter_mark_machine(l, "auto-generated");
	return rc;
}
