/* An agent forwards a customer's mail to the desk: whose is it? (M29) */
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/text.h"
#include "mail/mail_priv.h"
#include "mail/words.h"

enum { MARKER_LINES = 12 };

static const char *
end_of_line(const char *s)
{
	return s + strcspn(s, "\n");
}

const char *
mail_command(const struct mail *m)
{
	const char *s = m->body + strspn(m->body, "\n ");
	size_t n = strcspn(s, " \t\n");

	if (s[n + strspn(s + n, " \t")] != '\n' && s[n + strspn(s + n, " \t")] != '\0')
		return NULL;
	if (n == 6 && strncasecmp(s, "@reply", 6) == 0)
		return "reply";
	if (n == 4 && strncasecmp(s, "@fwd", 4) == 0)
		return "fwd";
	return NULL;
}

const char *
mail_after_command(const struct mail *m)
{
	const char *s = end_of_line(m->body + strspn(m->body, "\n "));

	return s + strspn(s, "\n");
}

/* The one nested mail. */
static bool
from_attached(
    void *ctx, const struct config *c, const struct mail *m, struct forwarded *f)
{
	const struct mail_part *one = NULL;
	struct mail *inner;

	for (size_t i = 0; i < m->nparts; i++) {
		if (!m->parts[i].raw)
			continue;
		if (one != NULL)
			return false; /* which of them? */
		one = &m->parts[i];
	}
	if (one == NULL)
		return false;
	inner = mail_parse(ctx, c, one->data, one->n, NULL);
	if (inner->from.value == NULL)
		return false;
	f->from = inner->from;
	f->subject = inner->subject;
	f->body = inner->body;
	f->quoted = inner->quoted;
	f->msgid = inner->made_id ? NULL : inner->msgid;
	mail_body_hash(one->data, one->n, f->hash);
	f->above = talloc_strdup(ctx, mail_after_command(m));
	return true;
}

/* "From: Ann Lee <ann@example.com>" and its translations; only this line is believed. */
static bool
read_from(void *ctx, const char *s, size_t n, struct person_address *a)
{
	char *text = text_clean(ctx, s, n, TEXT_LINE, SUBJECT_MAX), *mailto, *close;
	struct err bad;

	/* Clients that make links: "Ann <ann@x.org<mailto:ann@x.org>>", "[mailto:...]".
	 */
	mailto = strcasestr(text, "<mailto:");
	if (mailto != NULL && mailto > text && strchr(text, '<') < mailto)
		memmove(mailto, ">", 2);
	mailto = strcasestr(text, "[mailto:");
	if (mailto != NULL) {
		memmove(mailto + 1, mailto + 8, strlen(mailto + 8) + 1);
		*mailto = '<';
		close = strchr(mailto, ']');
		if (close != NULL)
			memcpy(close, ">", 2);
	}
	return address_parse(ctx, text, a, &bad) == RC_OK &&
	       strcmp(a->kind, "email") == 0;
}

static bool
from_block(void *ctx, const struct mail *m, struct forwarded *f)
{
	const char *text = talloc_asprintf(ctx, "%s%s", m->body, m->quoted), *s, *mark;
	enum label label = LABEL_NONE;
	unsigned languages;
	size_t value = 0, n;
	bool found = false;

	for (s = text; *s != '\0'; s = end_of_line(s) + (*end_of_line(s) == '\n')) {
		n = strcspn(s, "\n");
		if (words_forward_line(s, n) || words_original_line(s, n))
			break;
	}
	if (*s == '\0')
		return false;
	mark = s;
	s = end_of_line(s);
	s += strspn(s, "\n \t>");
	for (int line = 0; line < MARKER_LINES && *s != '\0'; line++) {
		n = strcspn(s, "\n");
		if (n == 0)
			break;
		label = words_label(s, n, &value, &languages);
		if (label == LABEL_FROM && !found)
			found = read_from(ctx, s + value, n - value, &f->from);
		else if (label == LABEL_SUBJECT)
			f->subject =
			    text_clean(ctx, s + value, n - value, TEXT_LINE, SUBJECT_MAX);
		s += n + (s[n] == '\n');
	}
	if (!found)
		return false;
	f->body = talloc_strdup(ctx, s + strspn(s, "\n"));
	f->quoted = "";
	s = mail_after_command(m); /* in m->body: the same offset as in text */
	n = (size_t)(mark - text);
	f->above = (size_t)(s - m->body) < n
		       ? talloc_strndup(ctx, s, n - (size_t)(s - m->body))
		       : "";
	return true;
}

bool
mail_forwarded(
    void *ctx, const struct config *c, const struct mail *m, struct forwarded *f)
{
	const char *subject = subject_forwarded(m->subject);

	*f = (struct forwarded){.subject = subject ? subject : m->subject};
	return from_attached(ctx, c, m, f) || from_block(ctx, m, f);
}
