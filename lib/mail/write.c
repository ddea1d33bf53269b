/* A mail from its parts. */
#include "mail/write.h"

#include <gmime/gmime.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"

/* ---- people ---- */

/* An address with anything but printing ASCII in it would need SMTPUTF8 (RFC 6531), and
 * one with a line's end would be an attack. */
static bool
address_fits(const char *s)
{
	for (const unsigned char *p = (const unsigned char *)s; *p != '\0'; p++) {
		if (*p <= ' ' || *p >= 0x7f || strchr("<>,;\"\\()", *p) != NULL)
			return false;
	}
	return strchr(s, '@') != NULL;
}

static enum rc
add_people(GMimeMessage *m, GMimeAddressType type, const struct person_address *v,
    size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!address_fits(v[i].value))
			return err_fail(err, RC_INVALID,
			    "\"%s\" cannot stand in a mail's header", v[i].value);
		g_mime_message_add_mailbox(
		    m, type, v[i].name && *v[i].name ? v[i].name : NULL, v[i].value);
	}
	return RC_OK;
}

/* ---- headers ---- */

static void
set_header(GMimeMessage *m, const char *name, const char *value)
{
	g_mime_object_set_header(GMIME_OBJECT(m), name, value, "utf-8");
}

static void
set_date(GMimeMessage *m, int64_t ms)
{
	GDateTime *date = g_date_time_new_from_unix_utc(ms / 1000);

	g_mime_message_set_date(m, date);
	g_date_time_unref(date);
}

static void
set_thread(void *ctx, GMimeMessage *m, const struct outgoing *o)
{
	char *all = talloc_strdup(ctx, "");

	set_header(m, "Message-ID", o->message_id);
	if (o->in_reply_to != NULL)
		set_header(m, "In-Reply-To", o->in_reply_to);
	for (const char **r = o->references; r != NULL && *r != NULL; r++)
		all = talloc_asprintf_append(all, "%s%s", *all ? " " : "", *r);
	if (*all != '\0')
		set_header(m, "References", all);
}

static enum rc
set_headers(void *ctx, GMimeMessage *m, const struct outgoing *o, struct err *err)
{
	struct person_address from = {o->from_name, "email", o->from},
			      reply_to = {NULL, "email", o->reply_to};
	enum rc rc = add_people(m, GMIME_ADDRESS_TYPE_FROM, &from, 1, err);

	if (rc == RC_OK && o->reply_to != NULL)
		rc = add_people(m, GMIME_ADDRESS_TYPE_REPLY_TO, &reply_to, 1, err);
	if (rc == RC_OK)
		rc = add_people(m, GMIME_ADDRESS_TYPE_TO, o->to, o->nto, err);
	if (rc == RC_OK)
		rc = add_people(m, GMIME_ADDRESS_TYPE_CC, o->cc, o->ncc, err);
	if (rc != RC_OK)
		return rc;
	g_mime_message_set_subject(m, o->subject, "utf-8");
	set_date(m, o->date);
	set_thread(ctx, m, o);
	for (size_t i = 0; i < o->nheaders; i++)
		set_header(m, o->headers[i].name, o->headers[i].value);
	return RC_OK;
}

/* ---- content ---- */

static GMimePart *
part_of(const void *data, size_t n, const char *media_type, GMimeContentEncoding encoding)
{
	const char *slash = strchr(media_type, '/');
	char *type = g_strndup(
	    media_type, slash ? (size_t)(slash - media_type) : strlen(media_type));
	GMimePart *part =
	    g_mime_part_new_with_type(type, slash ? slash + 1 : "octet-stream");
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(data, n);
	GMimeDataWrapper *content =
	    g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_part_set_content(part, content);
	g_mime_part_set_content_encoding(part, encoding);
	g_object_unref(content);
	g_object_unref(stream);
	g_free(type);
	return part;
}

static GMimeObject *
text_part(const char *text, const char *media_type)
{
	GMimePart *part = part_of(
	    text, strlen(text), media_type, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);

	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
	return GMIME_OBJECT(part);
}

/* Takes over the part. */
static void
add_part(GMimeMultipart *to, GMimeObject *part)
{
	g_mime_multipart_add(to, part);
	g_object_unref(part);
}

static GMimeObject *
words_of(const struct outgoing *o)
{
	GMimeMultipart *both;

	if (o->html == NULL)
		return text_part(o->text, "text/plain");
	both = g_mime_multipart_new_with_subtype("alternative");
	add_part(both, text_part(o->text, "text/plain"));
	add_part(both, text_part(o->html, "text/html"));
	return GMIME_OBJECT(both);
}

static GMimeObject *
content_of(const struct outgoing *o)
{
	GMimeMultipart *mixed;

	if (o->nparts == 0)
		return words_of(o);
	mixed = g_mime_multipart_new_with_subtype("mixed");
	add_part(mixed, words_of(o));
	for (size_t i = 0; i < o->nparts; i++) {
		const struct outgoing_part *p = &o->parts[i];
		/* A nested mail may not be encoded (RFC 2046 5.2.1): as plain bytes it
		 * stays what it is. */
		bool mail = strncmp(p->media_type, "message/", 8) == 0 ||
			    strncmp(p->media_type, "multipart/", 10) == 0;
		GMimePart *part = part_of(p->data, p->n,
		    mail ? "application/octet-stream" : p->media_type,
		    GMIME_CONTENT_ENCODING_BASE64);

		g_mime_part_set_filename(part, p->name);
		g_mime_object_set_disposition(GMIME_OBJECT(part), "attachment");
		g_mime_part_set_filename(part, p->name);
		add_part(mixed, GMIME_OBJECT(part));
	}
	return GMIME_OBJECT(mixed);
}

/* ---- the whole ---- */

static enum rc
print(void *ctx, GMimeMessage *m, bool crlf, char **bytes, size_t *n, struct err *err)
{
	GMimeFormatOptions *format = g_mime_format_options_new();
	GMimeStream *stream = g_mime_stream_mem_new();
	GByteArray *all = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	ssize_t written;

	g_mime_format_options_set_newline_format(
	    format, crlf ? GMIME_NEWLINE_FORMAT_DOS : GMIME_NEWLINE_FORMAT_UNIX);
	written = g_mime_object_write_to_stream(GMIME_OBJECT(m), format, stream);
	if (written > 0) {
		*n = all->len;
		*bytes = mem_array(ctx, char, *n + 1);
		memcpy(*bytes, all->data, *n);
	}
	g_object_unref(stream);
	g_mime_format_options_free(format);
	return written > 0 ? RC_OK : err_fail(err, RC_BUG, "GMime wrote nothing");
}

enum rc
mail_write(void *ctx, const struct outgoing *o, bool crlf, char **bytes, size_t *n,
    struct err *err)
{
	GMimeMessage *m;
	GMimeObject *content;
	enum rc rc;

	g_mime_init();
	m = g_mime_message_new(FALSE);
	rc = set_headers(ctx, m, o, err);
	if (rc == RC_OK) {
		content = content_of(o);
		set_header(m, "MIME-Version", "1.0");
		g_mime_message_set_mime_part(m, content);
		g_object_unref(content);
		rc = print(ctx, m, crlf, bytes, n, err);
	}
	g_object_unref(m);
	return rc;
}
