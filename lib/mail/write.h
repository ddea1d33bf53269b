/* Writing a mail: what it shall say -> bytes (GMime). No store, no decision; header
 * values are encoded (RFC 2047, 2231), so that nothing of them begins a new header. */
#ifndef MAIL_WRITE_H
#define MAIL_WRITE_H

#include "ticket/ticket.h"

struct outgoing_header {
	const char *name, *value;
};
struct outgoing_part {
	const char *name, *media_type;
	const void *data;
	size_t n;
};
struct outgoing {
	const char *from_name, *from;
	const char *reply_to; /* or NULL */
	struct person_address *to, *cc;
	size_t nto, ncc;
	const char *subject;
	const char *message_id;		       /* with <> */
	const char *in_reply_to;	       /* with <>, or NULL */
	const char **references;	       /* NULL-terminated, or NULL */
	int64_t date;			       /* ms */
	const struct outgoing_header *headers; /* others */
	size_t nheaders;
	const char *text; /* UTF-8 */
	const char *html; /* or NULL: the text alone */
	const struct outgoing_part *parts;
	size_t nparts;
};
/* The mail, lines ending in CR LF (RFC 5321) or LF (a pipe to sendmail), in ctx.
 * RC_INVALID for an address that a header cannot hold. */
enum rc mail_write(void *ctx, const struct outgoing *o, bool crlf, char **bytes,
    size_t *n, struct err *err) CHECKED;

#endif
