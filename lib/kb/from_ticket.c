/* A draft of an article from a ticket. */
#include <ctype.h>
#include <string.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "kb/words.h"
#include "kb/write.h"
#include "ticket/ticket.h"

enum { DIGITS_TELL = 5, NAME_LETTERS = 3 };

struct scrub {
	void *ctx;
	struct words *words;
	const char **names; /* lower case */
	size_t n;
	struct buf out;
	bool any; /* an agent has answered */
};

static void
add_name(struct scrub *s, const char *name)
{
	const char *p = name ? name : "", *end = p + strlen(p);
	struct word w;

	while (words_next(s->words, &p, end, &w)) {
		if (w.n >= NAME_LETTERS)
			text_push(
			    s->ctx, &s->names, &s->n, talloc_strdup(s->ctx, w.word));
	}
}

static bool
is_name(const struct scrub *s, const char *word)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->names[i], word) == 0)
			return true;
	}
	return false;
}

/* The words of a piece of text without blanks. */
static void
put_words(struct scrub *s, const char *p, const char *end)
{
	const char *done = p;
	struct word w;

	while (words_next(s->words, &p, end, &w)) {
		buf_put(&s->out, done, (size_t)(w.at - done));
		done = w.at + w.n;
		if (!is_name(s, w.word))
			buf_put(&s->out, w.at, w.n);
		else
			buf_add(&s->out, "[name]");
	}
	buf_put(&s->out, done, (size_t)(end - done));
}

static void
put_scrubbed(struct scrub *s, const char *text)
{
	while (*text != '\0') {
		size_t blank = strspn(text, " \t\n"), n, digits = 0, tail = 0;

		buf_put(&s->out, text, blank);
		text += blank;
		n = strcspn(text, " \t\n");
		for (size_t i = 0; i < n; i++)
			digits += isdigit((unsigned char)text[i]) != 0;
		while (tail < n && strchr(".,;:!?", text[n - 1 - tail]) != NULL)
			tail++;
		if (memchr(text, '@', n) != NULL || digits >= DIGITS_TELL) {
			buf_add(&s->out,
			    memchr(text, '@', n) != NULL ? "[address]" : "[number]");
			buf_put(&s->out, text + n - tail, tail);
		} else {
			put_words(s, text, text + n);
		}
		text += n;
	}
}

static enum rc
on_message(void *arg, struct message *m, struct err *err)
{
	struct scrub *s = arg;

	(void)err;
	if (strcmp(m->kind, "reply") != 0 || strcmp(m->direction, "out") != 0 ||
	    strcmp(m->class, "human") != 0)
		return RC_OK;
	s->any = true;
	put_scrubbed(s, m->body);
	buf_add(&s->out, "\n\n");
	return RC_OK;
}

static enum rc
gather_names(
    struct scrub *s, const struct desk *d, const struct ticket *t, struct err *err)
{
	struct person p;
	enum rc rc = customer_get(d->store, s->ctx, t->requester, &p, err);

	if (rc != RC_OK)
		return rc;
	add_name(s, p.name);
	add_name(s, p.organization_name);
	if (p.address != NULL)
		add_name(s, talloc_strndup(s->ctx, p.address, strcspn(p.address, "@")));
	for (size_t i = 0; i < t->npeople; i++) {
		const char *who = t->people[i].who;

		add_name(s, talloc_strndup(s->ctx, who, strcspn(who, "@")));
	}
	return RC_OK;
}

enum rc
kb_from_ticket(void *ctx, const struct desk *d, int64_t ticket, char **title, char **body,
    struct err *err)
{
	struct scrub s = {.ctx = talloc_new(ctx)};
	struct ticket *t = NULL;
	enum rc rc = ticket_get(d->store, s.ctx, ticket, &t, err);

	s.out.ctx = s.ctx;
	s.words = words_new(s.ctx, "");
	if (rc == RC_OK)
		rc = actor_need_queue(&d->actor, t->queue, err);
	if (rc == RC_OK)
		rc = actor_need(&d->actor, "ticket.read", err);
	if (rc == RC_OK)
		rc = gather_names(&s, d, t, err);
	if (rc != RC_OK)
		return rc;
	put_scrubbed(&s, t->subject);
	*title = talloc_strdup(ctx, buf_text(&s.out));
	buf_clear(&s.out);
	buf_add(&s.out, "[What somebody with this question sees and asks, in general "
			"words.]\n\n## Answer\n\n");
	rc = message_each(d->store, ticket, on_message, &s, err);
	if (rc == RC_OK && !s.any)
		rc = err_fail(err, RC_INVALID,
		    "ticket %lld: no agent has answered it: nothing to draft from",
		    (long long)ticket);
	if (rc == RC_OK)
		*body = talloc_strdup(ctx, buf_text(&s.out));
	talloc_free(s.ctx);
	return rc;
}
