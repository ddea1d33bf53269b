/* Handing mails over: by SMTP (libcurl; RFC 5321, STARTTLS, SMTPS, PLAIN, XOAUTH2), or to
 * a sendmail program. */
#ifndef CHANNEL_POST_H
#define CHANNEL_POST_H

#include "channel/letter.h"

struct post;
/* As tkt.conf says (smtp { }); connects when the first mail goes. RC_CONFIG for a secret
 * that cannot be read or that others can. Belongs to ctx. */
enum rc post_open(void *ctx, struct desk *d, struct post **p, struct err *err) CHECKED;
/* Lines end in CR LF? What letter_write() is to be asked for. */
bool post_crlf(const struct post *p);
const char *post_where(const struct post *p); /* "smtp://host:25", for people */

enum post_result {
	POST_SENT,  /* taken over: it is the other side's now */
	POST_LATER, /* refused for now (4xx, a queue that is full) */
	POST_NEVER, /* refused for good (5xx) */
	POST_LOST,  /* the line was lost in the middle: perhaps because of this mail */
	POST_DOWN   /* no service: it is not this mail's fault */
};
struct posted {
	enum post_result result;
	const char *status; /* RFC 3463: "5.1.1", or NULL */
	const char *why;    /* what the other side said, one line */
};
/* One connection serves all mails; a server that hangs is given up after the timeout. */
struct posted post_letter(void *ctx, struct post *p, const struct letter *l);

#endif
