/* Bytes -> struct mail, with GMime. Whatever is broken is kept as well as it can be. */
#include <gmime/gmime.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "channel/mail.h"

struct parse {
	struct mail *m;
	const struct config *c;
	char *plain, *html; /* first text parts, UTF-8 */
	int64_t parts;
};

/* ---- text ---- */

static char *
convert(void *ctx, const char *charset, const char *s, size_t n, size_t *out)
{
	iconv_t cd = g_mime_iconv_open("utf-8", charset);
	char *buf, *to, *from = (char *)(uintptr_t)s;
	size_t room = 4 * n + 16, left = n, space = room;

	if (cd == (iconv_t)-1)
		return NULL;
	buf = to = mem_array(ctx, char, room);
	while (left > 0 && g_mime_iconv(cd, &from, &left, &to, &space) == (size_t)-1) {
		/* A byte that is not of this charset stays visible. */
		if (left == 0 || space < 4)
			break;
		memcpy(to, "\xef\xbf\xbd", 3);
		to += 3;
		space -= 3;
		from++;
		left--;
	}
	g_mime_iconv_close(cd);
	*out = (size_t)(to - buf);
	return buf;
}

static bool
is_utf8(const char *s, size_t n)
{
	uint32_t cp;
	size_t len;

	for (; n > 0; s += len, n -= len) {
		len = text_decode(s, n, &cp);
		if (len == 0)
			return false;
	}
	return true;
}

/* M23: declared, else UTF-8, else Windows-1252. */
static char *
to_utf8(void *ctx, const char *charset, const char *s, size_t n, size_t *out)
{
	char *text = NULL;

	if (charset != NULL && strcasecmp(charset, "us-ascii") != 0 &&
	    strcasecmp(charset, "utf-8") != 0)
		text = convert(ctx, charset, s, n, out);
	if (text == NULL && !is_utf8(s, n))
		text = convert(ctx, "windows-1252", s, n, out);
	if (text == NULL) {
		text = talloc_strndup(ctx, "", 0);
		text = mem_grow(ctx, text, char, n + 1);
		if (n > 0)
			memcpy(text, s, n);
		*out = n;
	}
	return text;
}

static GByteArray *
content_of(GMimeObject *part)
{
	GMimeStream *mem = g_mime_stream_mem_new();
	GMimeDataWrapper *content;
	GByteArray *bytes;

	if (GMIME_IS_PART(part)) {
		content = g_mime_part_get_content(GMIME_PART(part));
		if (content != NULL)
			g_mime_data_wrapper_write_to_stream(content, mem);
	} else if (GMIME_IS_MESSAGE_PART(part)) {
		GMimeMessage *inner =
		    g_mime_message_part_get_message(GMIME_MESSAGE_PART(part));

		if (inner != NULL)
			g_mime_object_write_to_stream(GMIME_OBJECT(inner), NULL, mem);
	}
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(mem));
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(mem), FALSE); /* it is ours now */
	g_object_unref(mem);
	return bytes;
}

static void
take_text(struct parse *p, GMimeObject *part, char **to)
{
	const char *charset = g_mime_object_get_content_type_parameter(part, "charset");
	GByteArray *bytes = content_of(part);
	size_t n = 0;
	char *text = to_utf8(p->m, charset, (const char *)bytes->data, bytes->len, &n);

	if (to == &p->html) {
		*to = html_to_text(p->m, text, n, 4 * BODY_MAX);
		n = strlen(*to);
		text = *to;
	}
	p->m->body_cut = p->m->body_cut || n > BODY_MAX;
	while (n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL && text[n - 1] != '\0')
		n--;
	*to = text_clean(p->m, text, n, TEXT_BLOCK, BODY_MAX);
	g_byte_array_free(bytes, TRUE);
}

/* ---- parts ---- */

static void
take_attachment(struct parse *p, GMimeObject *part)
{
	GMimeContentType *type = g_mime_object_get_content_type(part);
	const char *name =
	    GMIME_IS_PART(part) ? g_mime_part_get_filename(GMIME_PART(part)) : NULL;
	const char *id = g_mime_object_get_content_id(part);
	GByteArray *bytes;
	char *mime;
	struct mail *m = p->m;

	if (m->nparts >= (size_t)ATTACHMENTS_MAX)
		return;
	bytes = content_of(part);
	mime = g_mime_content_type_get_mime_type(type);
	m->parts = mem_grow(m, m->parts, struct mail_part, m->nparts + 1);
	m->parts[m->nparts++] = (struct mail_part){
	    .name = attachment_name(m, name			     ? name
				       : GMIME_IS_MESSAGE_PART(part) ? "mail.eml"
								     : "attachment"),
	    .media_type = text_clean(m, mime, strlen(mime), TEXT_LINE, 100),
	    .content_id = id ? text_clean(m, id, strlen(id), TEXT_LINE, 200) : NULL,
	    .data = talloc_memdup(m, bytes->data ? bytes->data : (guint8 *)"",
		bytes->len + (bytes->len == 0)),
	    .n = bytes->len};
	g_free(mime);
	g_byte_array_free(bytes, TRUE);
}

static void
walk(struct parse *p, GMimeObject *part, int64_t depth)
{
	GMimeContentType *type = g_mime_object_get_content_type(part);
	GMimeContentDisposition *d = g_mime_object_get_content_disposition(part);
	bool attached = d != NULL && g_mime_content_disposition_is_attachment(d);

	if (depth > p->c->mail_depth_max) {
		p->m->too_much = "nested too deeply";
		return;
	}
	if (++p->parts > p->c->mail_parts_max) {
		p->m->too_much = "too many parts";
		return;
	}
	if (GMIME_IS_MULTIPART(part)) {
		int n = g_mime_multipart_get_count(GMIME_MULTIPART(part));

		for (int i = 0; i < n && p->m->too_much == NULL; i++)
			walk(p, g_mime_multipart_get_part(GMIME_MULTIPART(part), i),
			    depth + 1);
	} else if (!attached && p->plain == NULL &&
		   g_mime_content_type_is_type(type, "text", "plain")) {
		take_text(p, part, &p->plain);
	} else if (!attached && p->html == NULL &&
		   g_mime_content_type_is_type(type, "text", "html")) {
		take_text(p, part, &p->html);
	} else {
		take_attachment(p, part);
	}
}

/* ---- headers ---- */

static const char *
header(GMimeMessage *msg, const char *name)
{
	return g_mime_object_get_header(GMIME_OBJECT(msg), name);
}

static void
take_people(struct mail *m, InternetAddressList *list, bool people)
{
	int n = list ? internet_address_list_length(list) : 0;

	for (int i = 0; i < n; i++) {
		InternetAddress *a = internet_address_list_get_address(list, i);
		const char *name = internet_address_get_name(a);
		struct person_address p = {0};
		struct err bad;

		if (INTERNET_ADDRESS_IS_GROUP(a)) {
			take_people(m,
			    internet_address_group_get_members(INTERNET_ADDRESS_GROUP(a)),
			    people);
			continue;
		}
		if (address_parse(m,
			internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(a)),
			&p, &bad) != RC_OK ||
		    strcmp(p.kind, "email") != 0)
			continue;
		p.name =
		    name ? text_clean(m, name, strlen(name), TEXT_LINE, SUBJECT_MAX) : "";
		text_push(m, &m->recipients, &m->nrecipients, p.value);
		if (people && m->npeople < PEOPLE_MAX) {
			m->people =
			    mem_grow(m, m->people, struct person_address, m->npeople + 1);
			m->people[m->npeople++] = p;
		}
	}
}

static void
take_header_people(struct mail *m, GMimeMessage *msg, const char *name)
{
	const char *v = header(msg, name);
	InternetAddressList *list = v ? internet_address_list_parse(NULL, v) : NULL;

	take_people(m, list, false);
	if (list != NULL)
		g_object_unref(list);
}

static bool
take_from(struct mail *m, InternetAddressList *list)
{
	InternetAddress *a;
	const char *name, *addr;
	struct err bad;

	for (int i = 0; list != NULL && i < internet_address_list_length(list); i++) {
		a = internet_address_list_get_address(list, i);
		addr = INTERNET_ADDRESS_IS_MAILBOX(a) ? internet_address_mailbox_get_addr(
							    INTERNET_ADDRESS_MAILBOX(a))
						      : NULL;
		if (addr == NULL || address_parse(m, addr, &m->from, &bad) != RC_OK) {
			m->from.value = NULL;
			continue;
		}
		name = internet_address_get_name(a);
		m->from.name =
		    name ? text_clean(m, name, strlen(name), TEXT_LINE, SUBJECT_MAX) : "";
		return true;
	}
	return false;
}

static void
take_references(struct mail *m, GMimeMessage *msg)
{
	static const char *const names[] = {"In-Reply-To", "References"};

	for (size_t k = 0; k < 2; k++) {
		const char *v = header(msg, names[k]);
		GMimeReferences *r = v ? g_mime_references_parse(NULL, v) : NULL;

		for (int i = r ? g_mime_references_length(r) : 0; i > 0; i--) {
			const char *id = g_mime_references_get_message_id(r, i - 1);

			if (id != NULL && m->nreferences < 100)
				text_push(m, &m->references, &m->nreferences,
				    talloc_asprintf(m, "<%s>",
					text_clean(m, id, strlen(id), TEXT_LINE, 900)));
		}
		if (r != NULL)
			g_mime_references_free(r);
	}
}

/* M9-M11, as far as they change what happens to a status. */
static const char *
class_of(GMimeMessage *msg)
{
	const char *a = header(msg, "Auto-Submitted"), *p = header(msg, "Precedence");

	if ((a != NULL && strncasecmp(a, "auto-replied", 12) == 0) ||
	    header(msg, "X-Autoreply") || header(msg, "X-Autorespond") ||
	    (p != NULL && strcasecmp(p, "auto_reply") == 0))
		return "auto-reply";
	if ((a != NULL && strncasecmp(a, "no", 2) != 0) ||
	    (p != NULL && (strcasecmp(p, "bulk") == 0 || strcasecmp(p, "junk") == 0)))
		return "auto-generated";
	if (header(msg, "List-Id") || header(msg, "List-Post") ||
	    (p != NULL && strcasecmp(p, "list") == 0))
		return "list";
	return "human";
}

/* Bytes before the first empty line. */
static size_t
header_size(const char *raw, size_t n)
{
	const char *crlf = memmem(raw, n, "\n\r\n", 3), *lf = memmem(raw, n, "\n\n", 2);

	if (crlf != NULL && (lf == NULL || crlf < lf))
		lf = crlf;
	return lf ? (size_t)(lf - raw) : n;
}

static void
take_headers(struct mail *m, GMimeMessage *msg)
{
	const char *subject = g_mime_message_get_subject(msg),
		   *id = g_mime_message_get_message_id(msg);

	m->subject = subject
			 ? text_clean(m, subject, strlen(subject), TEXT_LINE, SUBJECT_MAX)
			 : "";
	if (*m->subject == '\0')
		m->subject = "(no subject)";
	if (id != NULL && *id != '\0')
		m->msgid = talloc_asprintf(
		    m, "<%s>", text_clean(m, id, strlen(id), TEXT_LINE, 900));
	m->class = class_of(msg);
	if (!take_from(m, g_mime_message_get_from(msg)) &&
	    !take_from(m, g_mime_message_get_reply_to(msg)))
		(void)take_from(m, g_mime_message_get_sender(msg));
	take_header_people(m, msg, "Delivered-To");
	take_header_people(m, msg, "X-Original-To");
	take_people(m, g_mime_message_get_to(msg), true);
	take_people(m, g_mime_message_get_cc(msg), true);
	take_references(m, msg);
}

struct mail *
mail_parse(void *ctx, const struct config *c, const void *raw, size_t n)
{
	struct mail *m = talloc_zero(ctx, struct mail);
	struct parse p = {.m = m, .c = c};
	GMimeStream *stream;
	GMimeParser *parser;
	GMimeMessage *msg;

	g_mime_init();
	stream = g_mime_stream_mem_new_with_buffer(raw, n);
	parser = g_mime_parser_new_with_stream(stream);
	msg = g_mime_parser_construct_message(parser, NULL);
	if (msg != NULL) {
		take_headers(m, msg);
		if (header_size(raw, n) > (size_t)c->mail_header_max)
			m->too_much = "headers too large";
		else if (m->nrecipients > (size_t)c->mail_people_max)
			m->too_much = "too many recipients";
		if (m->too_much == NULL && g_mime_message_get_mime_part(msg) != NULL)
			walk(&p, g_mime_message_get_mime_part(msg), 0);
		g_object_unref(msg);
	}
	g_object_unref(parser);
	g_object_unref(stream);
	m->body = p.plain ? p.plain : p.html ? p.html : "";
	m->subject = m->subject ? m->subject : "(no subject)";
	m->class = m->class ? m->class : "human";
	if (m->msgid == NULL) { /* M3 */
		unsigned char h[BLOB_HASH];

		crypto_hash_sha256(h, raw, n);
		m->msgid = talloc_asprintf(
		    m, "<%s@generated.invalid>", text_hex(m, h, BLOB_HASH));
	}
	return m;
}
