/* Headers: splitting, decoding (RFC 2047), people and references. */
#include <gmime/gmime.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "mail/mail_priv.h"

enum { REFERENCES_MAX = 100, ID_MAX = 900 };

/* ---- splitting ---- */

/* Unfolds raw[0..n): line ends go, NULs become blanks. */
static char *
unfold(void *ctx, const char *raw, size_t n)
{
	char *s = mem_array(ctx, char, n + 1);
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		if (raw[i] == '\n' || (raw[i] == '\r' && i + 1 < n && raw[i + 1] == '\n'))
			continue;
		s[o++] = raw[i] == '\0' || raw[i] == '\t' ? ' ' : raw[i];
	}
	while (o > 0 && s[o - 1] == ' ')
		o--;
	s[o] = '\0';
	return s;
}

void
header_read(struct mail *m, const char *raw, size_t n)
{
	size_t at = 0, room = 0;

	while (at < n) {
		size_t end = at, colon;
		const char *nl;

		do { /* a line and its continuations */
			nl = memchr(raw + end, '\n', n - end);
			end = nl ? (size_t)(nl - raw) + 1 : n;
		} while (end < n && (raw[end] == ' ' || raw[end] == '\t'));
		for (colon = at; colon < end && raw[colon] != ':' && raw[colon] > ' ' &&
				 raw[colon] < 0x7f;
		     colon++)
			;
		for (nl = raw + colon; colon < end && (*nl == ' ' || *nl == '\t'); nl++)
			colon++; /* "Subject : x", as some robots write */
		if (colon < end && colon > at && raw[colon] == ':') {
			size_t value = colon + 1;

			while (value < end && (raw[value] == ' ' || raw[value] == '\t'))
				value++;
			if (m->nheaders == room) {
				room = room ? 2 * room : 32;
				m->headers =
				    mem_grow(m, m->headers, struct mail_header, room);
			}
			m->headers[m->nheaders++] =
			    (struct mail_header){.name = unfold(m, raw + at, colon - at),
				.value = unfold(m, raw + value, end - value)};
		}
		at = end;
	}
}

const char *
mail_header(const struct mail *m, const char *name)
{
	for (size_t i = 0; i < m->nheaders; i++) {
		if (strcasecmp(m->headers[i].name, name) == 0)
			return m->headers[i].value;
	}
	return NULL;
}

/* ---- encoded words: GMime's decoder loses what is broken in usual ways (missing
 * padding, Windows-1252 called Latin-1, NEC characters in Japanese), so this one decodes
 * them ---- */

struct word {
	const char *charset, *text; /* into the header */
	size_t charset_n, text_n;
	char encoding;
};

/* "=?charset*language?q?text?=" at s: its length, or 0. */
static size_t
encoded_word(const char *s, struct word *w)
{
	const char *p = s + 2, *end;

	if (s[0] != '=' || s[1] != '?')
		return 0;
	w->charset = p;
	w->charset_n = strcspn(p, "?* \t=");
	p += strcspn(p, "? \t=");
	if (*p != '?' || w->charset_n == 0 || p[1] == '\0' || p[2] != '?')
		return 0;
	w->encoding = (char)(p[1] | 0x20);
	if (w->encoding != 'q' && w->encoding != 'b')
		return 0;
	w->text = p += 3;
	end = strstr(p, "?=");
	/* "=?utf-8?q?=?=": the text itself begins with "=". */
	if (end == p && w->encoding == 'q' && strncmp(p, "?==", 3) != 0 && *p == '=')
		end = strstr(p + 1, "?=");
	if (end == NULL)
		return 0;
	w->text_n = (size_t)(end - p);
	return (size_t)(end + 2 - s);
}

static size_t
decode_q(const char *s, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		const char *a = NULL, *b = NULL;

		if (s[i] == '=' && i + 2 < n) {
			a = s[i + 1]
				? strchr(digits, s[i + 1] | (s[i + 1] > '9' ? 0x20 : 0))
				: NULL;
			b = s[i + 2]
				? strchr(digits, s[i + 2] | (s[i + 2] > '9' ? 0x20 : 0))
				: NULL;
		}
		if (a != NULL && b != NULL) {
			out[o++] = (char)((a - digits) << 4 | (b - digits));
			i += 2;
		} else {
			out[o++] = s[i] == '_' ? ' ' : s[i];
		}
	}
	return o;
}

/* Base64 on its way: some split it without padding, in the middle of a byte. */
struct base64 {
	unsigned bits, have;
};

static size_t
decode_b(struct base64 *b, const char *s, size_t n, char *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		const char *d = s[i] ? strchr(digits, s[i]) : NULL;

		if (s[i] == '=')
			b->have = 0;
		if (d == NULL)
			continue; /* blanks, and what else does not belong */
		b->bits = b->bits << 6 | (unsigned)(d - digits);
		b->have += 6;
		if (b->have >= 8) {
			b->have -= 8;
			out[o++] = (char)(b->bits >> b->have & 0xff);
		}
	}
	return o;
}

/* A growing string. */
struct text {
	char *s;
	size_t n, room;
};

static void
append(void *ctx, struct text *t, const char *s, size_t n)
{
	if (t->n + n + 1 > t->room) {
		t->room = 2 * (t->n + n + 1);
		t->s = mem_grow(ctx, t->s, char, t->room);
	}
	memcpy(t->s + t->n, s, n);
	t->n += n;
	t->s[t->n] = '\0';
}

/* Neighbours of one charset are decoded together: characters are split between them. */
static size_t
run_of_words(void *ctx, const char *s, char **utf8, size_t *utf8_n)
{
	struct text bytes = {0};
	struct word first, w;
	struct base64 b64 = {0};
	size_t len = encoded_word(s, &first), end = 0, at = 0;
	char *buf, *charset;

	if (len == 0)
		return 0;
	append(ctx, &bytes, "", 0);
	w = first;
	for (; len > 0; len = encoded_word(s + at, &w)) {
		if (w.charset_n != first.charset_n ||
		    strncasecmp(w.charset, first.charset, w.charset_n) != 0)
			break;
		buf = mem_array(ctx, char, w.text_n + 1);
		append(ctx, &bytes, buf,
		    w.encoding == 'q' ? decode_q(w.text, w.text_n, buf)
				      : decode_b(&b64, w.text, w.text_n, buf));
		talloc_free(buf);
		end = at + len;
		at = end + strspn(s + end, " \t");
	}
	charset = talloc_strndup(ctx, first.charset, first.charset_n);
	*utf8 = charset_to_utf8(ctx, charset, bytes.s, bytes.n, utf8_n);
	return end;
}

/* Calls `word` with each decoded run and `plain` with what is between them. */
static void
decode(void *ctx, const char *value, struct text *out,
    void (*word)(void *ctx, struct text *out, const char *s, size_t n))
{
	bool after_word = false;

	while (*value != '\0') {
		const char *next = strstr(value, "=?");
		size_t plain = next ? (size_t)(next - value) : strlen(value), n, len = 0;
		char *utf8;

		/* Blanks between two encoded words are not part of the text. */
		if (!(after_word && next != NULL && strspn(value, " \t") >= plain &&
			encoded_word(next, &(struct word){0}) > 0)) {
			utf8 = charset_to_utf8(ctx, NULL, value, plain, &n);
			append(ctx, out, utf8, n);
			talloc_free(utf8);
		}
		value += plain;
		if (*value == '\0')
			break;
		len = run_of_words(ctx, value, &utf8, &n);
		after_word = len > 0;
		if (len > 0)
			word(ctx, out, utf8, n);
		else
			append(ctx, out, value, len = 2);
		value += len;
	}
}

static void
as_text(void *ctx, struct text *out, const char *s, size_t n)
{
	append(ctx, out, s, n);
}

char *
mail_decode(void *ctx, const char *value, size_t max)
{
	void *tmp = talloc_new(ctx);
	struct text t = {0};
	char *s;

	append(tmp, &t, "", 0);
	decode(tmp, value, &t, as_text);
	s = text_clean(ctx, t.s, t.n, TEXT_LINE, max);
	talloc_free(tmp);
	return s;
}

/* Back to an encoded word, one that every parser reads. */
static void
as_word(void *ctx, struct text *out, const char *s, size_t n)
{
	gchar *b64 = g_base64_encode((const guchar *)s, n);

	append(ctx, out, "=?utf-8?b?", 10);
	append(ctx, out, b64, strlen(b64));
	append(ctx, out, "?=", 2);
	g_free(b64);
}

/* ---- people ---- */

static bool
one_person(struct mail *m, InternetAddress *a, struct person_address *p)
{
	const char *name = internet_address_get_name(a), *addr;
	struct err bad;

	if (!INTERNET_ADDRESS_IS_MAILBOX(a))
		return false;
	addr = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(a));
	if (addr == NULL || address_parse(m, addr, p, &bad) != RC_OK ||
	    strcmp(p->kind, "email") != 0) {
		p->value = NULL;
		return false;
	}
	p->name = name ? text_clean(m, name, strlen(name), TEXT_LINE, SUBJECT_MAX) : "";
	return true;
}

static void
take_people(struct mail *m, InternetAddressList *list, bool people)
{
	int n = list ? internet_address_list_length(list) : 0;

	for (int i = 0; i < n; i++) {
		InternetAddress *a = internet_address_list_get_address(list, i);
		struct person_address p = {0};

		if (INTERNET_ADDRESS_IS_GROUP(a))
			take_people(m,
			    internet_address_group_get_members(INTERNET_ADDRESS_GROUP(a)),
			    people);
		if (!one_person(m, a, &p))
			continue;
		text_push(m, &m->recipients, &m->nrecipients, p.value);
		if (people && m->npeople < PEOPLE_MAX) {
			m->people =
			    mem_grow(m, m->people, struct person_address, m->npeople + 1);
			m->people[m->npeople++] = p;
		}
	}
}

static InternetAddressList *
parse_list(struct mail *m, const char *value)
{
	void *tmp = talloc_new(m);
	struct text t = {0};
	InternetAddressList *list;

	append(tmp, &t, "", 0);
	decode(tmp, value, &t, as_word);
	list = internet_address_list_parse(NULL, t.s);
	talloc_free(tmp);
	return list;
}

static void
take_all(struct mail *m, const char *name, bool people)
{
	for (size_t i = 0; i < m->nheaders; i++) {
		InternetAddressList *list;

		if (strcasecmp(m->headers[i].name, name) != 0)
			continue;
		list = parse_list(m, m->headers[i].value);
		take_people(m, list, people);
		if (list != NULL)
			g_object_unref(list);
	}
}

/* The first usable address of a header. */
static bool
take_first(struct mail *m, const char *name, struct person_address *p)
{
	const char *value = mail_header(m, name);
	InternetAddressList *list = value ? parse_list(m, value) : NULL;
	bool found = false;

	for (int i = 0; list && !found && i < internet_address_list_length(list); i++)
		found = one_person(m, internet_address_list_get_address(list, i), p);
	if (list != NULL)
		g_object_unref(list);
	return found;
}

/* ---- references ---- */

static bool
known_reference(const struct mail *m, const char *id)
{
	for (size_t i = 0; i < m->nreferences; i++) {
		if (strcmp(m->references[i], id) == 0)
			return true;
	}
	return false;
}

/* Everything in <> that may be a Message-ID, the last one first. */
static void
take_references(struct mail *m, const char *name)
{
	const char *value = mail_header(m, name), *end;

	if (value == NULL)
		return;
	end = value + strlen(value);
	while (end > value && m->nreferences < REFERENCES_MAX) {
		const char *close = memrchr(value, '>', (size_t)(end - value)), *open;
		char *id;

		open = close ? memrchr(value, '<', (size_t)(close - value)) : NULL;
		if (open == NULL)
			return;
		id = text_clean(
		    m, open, (size_t)(close + 1 - open), TEXT_LINE, ID_MAX + 2);
		if (strlen(id) > 4 && id[strlen(id) - 1] == '>' &&
		    !known_reference(m, id))
			text_push(m, &m->references, &m->nreferences, id);
		end = open;
	}
}

void
header_people(struct mail *m)
{
	const char *path = mail_header(m, "Return-Path");
	const char *id = mail_header(m, "Message-ID"), *subject;

	/* A sender without From: whoever answers must know whom to ask. */
	if (!take_first(m, "From", &m->from) && !take_first(m, "Reply-To", &m->from) &&
	    !take_first(m, "Sender", &m->from))
		(void)take_first(m, "Return-Path", &m->from);
	(void)take_first(m, "Reply-To", &m->reply_to);
	take_all(m, "Delivered-To", false);
	take_all(m, "X-Original-To", false);
	take_all(m, "Envelope-To", false);
	m->ndelivered = m->nrecipients;
	take_all(m, "To", true);
	take_all(m, "Cc", true);
	take_references(m, "In-Reply-To");
	take_references(m, "References");
	m->null_sender = path != NULL && strcmp(path, "<>") == 0;
	for (size_t i = 0; i < m->nheaders; i++)
		m->nreceived += strcasecmp(m->headers[i].name, "Received") == 0;
	subject = mail_header(m, "Subject");
	m->subject = subject ? mail_decode(m, subject, SUBJECT_MAX) : "";
	if (*m->subject == '\0')
		m->subject = "(no subject)";
	if (id != NULL) {
		id = mail_decode(m, id, ID_MAX);
		id += *id == '<';
		if (*id != '\0' && *id != '>')
			m->msgid =
			    talloc_asprintf(m, "<%.*s>", (int)strcspn(id, "> "), id);
	}
}
