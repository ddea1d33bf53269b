/* What the files that read a mail share. */
#ifndef MAIL_MAIL_PRIV_H
#define MAIL_MAIL_PRIV_H

#include "mail/html.h"
#include "mail/mail.h"

/* ---- charset.c ---- */

/* Always valid UTF-8, NUL-terminated; *out is its length. charset NULL: not declared. */
char *charset_to_utf8(
    void *ctx, const char *charset, const char *s, size_t n, size_t *out);

/* ---- scan.c: what GMime 3.2 must not see ---- */

struct scan {
	size_t header_end;    /* where the first empty line starts */
	size_t body;	      /* where the body starts */
	size_t end;	      /* GMime may read this far */
	const char *too_much; /* the limit that was passed there, or NULL */
};
/* One pass over the bytes: header size, parts, levels, and address lists nested so deeply
 * that GMime's recursion would use up the stack. */
struct scan mail_scan(const struct config *c, const char *raw, size_t n);

/* ---- header.c ---- */

/* Fills m->headers from raw[0..n). */
void header_read(struct mail *m, const char *raw, size_t n);
/* Everything of struct mail that headers say. */
void header_people(struct mail *m);

/* ---- plain.c ---- */

/* Joins the lines of format=flowed (RFC 3676). In place; returns the new length. */
size_t flowed_join(char *s, size_t n, bool delsp);
/* Takes uuencoded and yEnc files out of a text; each becomes a part, and a line in the
 * text says so. Returns the text, perhaps a new one. */
char *inline_files(struct mail *m, char *text, size_t *n);
void mail_add_part(struct mail *m, const char *name, const char *media_type,
    const char *content_id, const void *data, size_t n);

/* ---- report.c ---- */

/* What the mail reports (M6-M8), or NULL: the forms of RFC 3464, 8098 and 5965, and those
 * that qmail, Exim, Exchange and others used before or still do. */
struct report *mail_report(struct mail *m);

/* ---- quote.c ---- */

/* Where the text ends that was written now (M22): n when nothing is cut for certain. */
size_t quote_split(const char *s, size_t n, size_t hint, const char *subject);

#endif
