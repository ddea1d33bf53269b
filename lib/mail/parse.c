/* Bytes -> struct mail, with GMime. Whatever is broken is kept as well as it can be. */
#include <gmime/gmime.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "change/change.h"
#include "mail/mail_priv.h"

struct parse {
	struct mail *m;
	char *text; /* all text parts, one after the other */
	size_t n;
	size_t hint; /* where the quote of an HTML text starts, or n */
	bool html;   /* the text so far is one HTML part */
};

/* ---- content ---- */

static int
free_bytes(GByteArray **bytes)
{
	g_byte_array_free(*bytes, TRUE);
	return 0;
}

/* The decoded content of a part, NUL-terminated; belongs to ctx. */
static GByteArray *
content_of(void *ctx, GMimeObject *part)
{
	GByteArray **owner = talloc(ctx, GByteArray *);
	GMimeDataWrapper *content = NULL;
	GMimeStream *mem;
	gint64 room = 0;

	/* Decoding never makes it longer: room for all of it at once, or a large
	 * attachment is copied again and again as it grows. */
	if (GMIME_IS_PART(part))
		content = g_mime_part_get_content(GMIME_PART(part));
	if (content != NULL)
		room = g_mime_stream_length(g_mime_data_wrapper_get_stream(content));
	*owner = g_byte_array_sized_new(room > 0 ? (guint)room + 1 : 1);
	mem = g_mime_stream_mem_new_with_byte_array(*owner);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(mem), FALSE); /* it is ours */
	if (GMIME_IS_PART(part)) {
		if (content != NULL)
			g_mime_data_wrapper_write_to_stream(content, mem);
	} else if (GMIME_IS_MESSAGE_PART(part)) {
		GMimeMessage *inner =
		    g_mime_message_part_get_message(GMIME_MESSAGE_PART(part));

		if (inner != NULL)
			g_mime_object_write_to_stream(GMIME_OBJECT(inner), NULL, mem);
	}
	/* A NUL behind the end: scanners stop there, and the data is never NULL. */
	g_byte_array_append(*owner, (const guint8 *)"", 1);
	g_byte_array_set_size(*owner, (*owner)->len - 1);
	g_object_unref(mem);
	talloc_set_destructor(owner, free_bytes);
	return *owner;
}

static bool
is_type(GMimeObject *part, const char *type, const char *subtype)
{
	return g_mime_content_type_is_type(
	    g_mime_object_get_content_type(part), type, subtype);
}

static bool
is_blank(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strchr(" \t\r\n", s[i]) == NULL || s[i] == '\0')
			return false;
	}
	return true;
}

/* ---- text ---- */

static void
add_text(struct parse *p, const char *s, size_t n, size_t hint, bool html)
{
	bool first = p->n == 0;
	size_t room;

	while (n > 0 && (*s == '\n' || *s == '\r')) { /* blank lines above */
		s++;
		n--;
		hint -= hint > 0;
	}
	while (n > 0 && (strchr(" \t\r\n", s[n - 1]) != NULL && s[n - 1] != '\0'))
		n--;
	if (n == 0 || p->n > BODY_MAX)
		return;
	room = p->n + n + 3;
	p->text = mem_grow(p->m, p->text, char, room);
	if (!first) {
		memcpy(p->text + p->n, "\n\n", 2);
		p->n += 2;
	}
	memcpy(p->text + p->n, s, n);
	p->n += n;
	p->html = first && html;
	p->hint = p->html && hint < n ? hint : SIZE_MAX;
}

static void
take_plain(struct parse *p, GMimeObject *part)
{
	void *tmp = talloc_new(p->m);
	const char *charset = g_mime_object_get_content_type_parameter(part, "charset"),
		   *format = g_mime_object_get_content_type_parameter(part, "format"),
		   *delsp = g_mime_object_get_content_type_parameter(part, "delsp");
	GByteArray *bytes = content_of(tmp, part);
	size_t n = bytes->len;
	char *s = inline_files(p->m, (char *)bytes->data, &n);

	s = charset_to_utf8(tmp, charset, s, n, &n);
	if (format != NULL && strcasecmp(format, "flowed") == 0)
		n = flowed_join(s, n, delsp && strcasecmp(delsp, "yes") == 0);
	add_text(p, s, n, n, false);
	talloc_free(tmp);
}

static void
take_html(struct parse *p, GMimeObject *part)
{
	void *tmp = talloc_new(p->m);
	const char *charset = g_mime_object_get_content_type_parameter(part, "charset");
	GByteArray *bytes = content_of(tmp, part);
	struct html_text t;
	size_t n = 0;
	char *s;

	if (charset == NULL)
		charset = html_charset(tmp, (char *)bytes->data, bytes->len);
	s = charset_to_utf8(tmp, charset, (char *)bytes->data, bytes->len, &n);
	t = html_to_text(tmp, s, n, 2 * BODY_MAX);
	add_text(p, t.s, t.n, t.quote, true);
	talloc_free(tmp);
}

/* Cleans the text and splits it into what is new and what is history. */
static void
finish_text(struct parse *p)
{
	struct mail *m = p->m;
	size_t n, cut, before;
	char *s;

	if (p->text == NULL) {
		m->body = m->quoted = "";
		return;
	}
	s = text_clean(m, p->text, p->n, TEXT_BLOCK, BODY_MAX);
	n = strlen(s);
	m->body_cut = p->n > BODY_MAX;
	if (p->hint < p->n) { /* cleaning moves things: measure up to the mark again */
		char *head = text_clean(m, p->text, p->hint, TEXT_BLOCK, BODY_MAX);

		before = strlen(head);
		talloc_free(head);
	} else {
		before = n;
	}
	cut = m->body_cut ? n : quote_split(s, n, before, m->subject);
	m->body = talloc_strndup(m, s, cut);
	m->quoted = talloc_strdup(m, s + cut);
	talloc_free(s);
}

/* ---- attachments ---- */

/* A name for what has none: by its type. */
static const char *
default_name(struct parse *p, GMimeObject *part)
{
	static const struct {
		const char *type, *subtype, *name;
	} names[] = {{"text", "calendar", "invite.ics"}, {"text", "html", "text.html"},
	    {"text", "vcard", "contact.vcf"}, {"text", "x-vcard", "contact.vcf"},
	    {"text", "rfc822-headers", "headers.txt"}, {"text", "*", "text.txt"},
	    {"image", "jpeg", "image.jpg"}, {"image", "png", "image.png"},
	    {"image", "gif", "image.gif"}, {"image", "*", "image"},
	    {"audio", "*", "audio"}, {"video", "*", "video"},
	    {"application", "pdf", "document.pdf"},
	    {"application", "ms-tnef", "winmail.dat"},
	    {"application", "pgp-signature", "signature.asc"},
	    {"application", "pgp-encrypted", "version.txt"},
	    {"application", "pkcs7-signature", "smime.p7s"},
	    {"application", "x-pkcs7-signature", "smime.p7s"},
	    {"application", "pkcs7-mime", "smime.p7m"},
	    {"application", "x-pkcs7-mime", "smime.p7m"},
	    {"message", "delivery-status", "delivery-status.txt"},
	    {"message", "disposition-notification", "disposition.txt"},
	    {"message", "feedback-report", "feedback.txt"}};

	if (GMIME_IS_MESSAGE_PART(part)) {
		GMimeMessage *inner =
		    g_mime_message_part_get_message(GMIME_MESSAGE_PART(part));
		const char *subject =
		    inner ? g_mime_object_get_header(GMIME_OBJECT(inner), "Subject")
			  : NULL;
		char *name = subject ? mail_decode(p->m, subject, 60) : NULL;

		return name && *name ? talloc_asprintf(p->m, "%s.eml", name) : "mail.eml";
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_type(part, names[i].type, names[i].subtype))
			return names[i].name;
	}
	return "attachment";
}

static const char *
file_name(struct parse *p, GMimeObject *part)
{
	const char *name =
	    GMIME_IS_PART(part) ? g_mime_part_get_filename(GMIME_PART(part)) : NULL;

	if (name == NULL || *name == '\0')
		return default_name(p, part);
	/* Encoded in a way that RFC 2231 forbids and everybody uses. */
	return strstr(name, "=?") ? mail_decode(p->m, name, FILE_NAME_MAX) : name;
}

static void
take_attachment(struct parse *p, GMimeObject *part)
{
	const char *id = g_mime_object_get_content_id(part), *name = file_name(p, part);
	struct mail *m = p->m;
	GByteArray *bytes;
	char *type;

	if (m->nparts >= (size_t)ATTACHMENTS_MAX)
		return;
	bytes = content_of(m, part);
	type = g_mime_content_type_get_mime_type(g_mime_object_get_content_type(part));
	mail_add_part(m, attachment_name(m, name),
	    text_lower(text_clean(m, type, strlen(type), TEXT_LINE, 100)),
	    id ? text_clean(m, id, strlen(id), TEXT_LINE, 200) : NULL, bytes->data,
	    bytes->len);
	m->parts[m->nparts - 1].raw = GMIME_IS_MESSAGE_PART(part);
	g_free(type);
}

/* M24: what says nothing is sniffed. Done last, when all parts are known. */
static void
sniff_types(struct mail *m)
{
	for (size_t i = 0; i < m->nparts; i++) {
		struct mail_part *p = &m->parts[i];

		if (p->media_type == NULL || *p->media_type == '\0' ||
		    strcmp(p->media_type, "application/octet-stream") == 0)
			p->media_type = media_type_of(p->name, p->data, p->n);
	}
}

/* ---- the tree: scan.c has bounded its size and depth ---- */

static void walk(struct parse *p, GMimeObject *part, bool text);

static bool
is_attached(GMimeObject *part)
{
	GMimeContentDisposition *d = g_mime_object_get_content_disposition(part);

	return (d != NULL && g_mime_content_disposition_is_attachment(d)) ||
	       (GMIME_IS_PART(part) &&
		   g_mime_part_get_filename(GMIME_PART(part)) != NULL);
}

static bool
has_text(GMimeObject *part, bool html)
{
	void *tmp;
	GByteArray *bytes;
	bool yes = false;

	if (GMIME_IS_MULTIPART(part)) {
		int n = g_mime_multipart_get_count(GMIME_MULTIPART(part));

		for (int i = 0; i < n && !yes; i++)
			yes = has_text(
			    g_mime_multipart_get_part(GMIME_MULTIPART(part), i), html);
		return yes;
	}
	if (is_attached(part) || !is_type(part, "text", html ? "html" : "plain"))
		return false;
	tmp = talloc_new(NULL);
	bytes = content_of(tmp, part);
	yes = !is_blank((char *)bytes->data, bytes->len);
	talloc_free(tmp);
	return yes;
}

/* M23: of several ways to say the same, plain text; the others stay in the raw mail. */
static void
walk_alternative(struct parse *p, GMimeMultipart *multi, bool text)
{
	int n = g_mime_multipart_get_count(multi), chosen = -1;

	for (int html = 0; html < 2 && text && chosen < 0; html++) {
		for (int i = 0; i < n && chosen < 0; i++) {
			if (has_text(g_mime_multipart_get_part(multi, i), html))
				chosen = i;
		}
	}
	for (int i = 0; i < n; i++)
		walk(p, g_mime_multipart_get_part(multi, i), i == chosen);
}

static void
walk_multipart(struct parse *p, GMimeMultipart *multi, bool text)
{
	GMimeObject *part = GMIME_OBJECT(multi);
	int n = g_mime_multipart_get_count(multi);
	bool sealed = is_type(part, "multipart", "encrypted");
	const char *prologue;

	if (is_type(part, "multipart", "alternative")) {
		walk_alternative(p, multi, text);
		return;
	}
	for (int i = 0; i < n; i++) {
		GMimeObject *child = g_mime_multipart_get_part(multi, i);

		if (sealed && !GMIME_IS_MULTIPART(child))
			take_attachment(p, child);
		else
			walk(p, child, text);
	}
	/* The delimiters are missing: all of it is there, where nobody looks. */
	prologue = n == 0 ? g_mime_multipart_get_prologue(multi) : NULL;
	if (prologue != NULL && text) {
		size_t len = 0;
		char *s = charset_to_utf8(p->m, NULL, prologue, strlen(prologue), &len);

		add_text(p, s, len, len, false);
	}
}

static void
walk(struct parse *p, GMimeObject *part, bool text)
{
	bool plain = is_type(part, "text", "plain") ||
		     is_type(part, "text", "markdown") ||
		     is_type(part, "text", "enriched"),
	     html = is_type(part, "text", "html");

	if (GMIME_IS_MULTIPART(part))
		walk_multipart(p, GMIME_MULTIPART(part), text);
	else if ((plain || html) && !is_attached(part) && !text)
		; /* another way to say what we have */
	else if (plain && !is_attached(part))
		take_plain(p, part);
	else if (html && !is_attached(part))
		take_html(p, part);
	else
		take_attachment(p, part);
}

/* ---- the whole ---- */

void
mail_body_hash(const char *raw, size_t n, unsigned char out[BLOB_HASH])
{
	size_t i = 0;

	while (i + 1 < n && !(raw[i] == '\n' &&
				(raw[i + 1] == '\n' || (i + 2 < n && raw[i + 1] == '\r' &&
							   raw[i + 2] == '\n'))))
		i++;
	i = i + 1 < n ? i + 1 : n;
	crypto_hash_sha256(out, (const unsigned char *)raw + i, n - i);
}

static void
parse_content(struct parse *p, const char *raw, size_t n)
{
	/* Read in place: a copy of a large mail costs as much as reading it. */
	GByteArray view = {(guint8 *)(uintptr_t)raw, (guint)n};
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(&view);
	GMimeParser *parser;
	GMimeMessage *msg;

	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	parser = g_mime_parser_new_with_stream(stream);
	msg = g_mime_parser_construct_message(parser, NULL);
	if (msg != NULL && g_mime_message_get_mime_part(msg) != NULL)
		walk(p, g_mime_message_get_mime_part(msg), true);
	if (msg != NULL)
		g_object_unref(msg);
	g_object_unref(parser);
	g_object_unref(stream);
}

/* A byte order mark and empty lines, which some programs put above a mail. */
static size_t
before_headers(const char *raw, size_t n)
{
	size_t i = n >= 3 && memcmp(raw, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (i < n && (raw[i] == '\n' || raw[i] == '\r'))
		i++;
	return i;
}

struct mail *
mail_parse(void *ctx, const struct config *c, const void *raw, size_t n,
    const unsigned char *hash)
{
	struct mail *m = talloc_zero(ctx, struct mail);
	struct parse p = {.m = m, .hint = SIZE_MAX};
	size_t skip = before_headers(raw, n);
	const char *mail = (const char *)raw + skip;
	struct scan scan = mail_scan(c, mail, n - skip);

	g_mime_init();
	m->too_much = scan.too_much;
	header_read(m, mail, scan.header_end);
	header_people(m);
	if (m->too_much == NULL && m->nrecipients > (size_t)c->mail_people_max)
		m->too_much = "too many recipients";
	if (m->msgid == NULL) { /* M3 */
		unsigned char h[BLOB_HASH];

		if (hash == NULL)
			crypto_hash_sha256(h, raw, n);
		m->msgid = talloc_asprintf(
		    m, "<%s@generated.invalid>", text_hex(m, hash ? hash : h, BLOB_HASH));
		m->made_id = true;
	}
	parse_content(&p, mail, scan.end);
	finish_text(&p);
	sniff_types(m);
	m->report = mail_report(m);
	return m;
}
