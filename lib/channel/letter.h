/* The mail of a delivery: who gets what, in which thread (M25-M34 of tkt-mail(7)). */
#ifndef CHANNEL_LETTER_H
#define CHANNEL_LETTER_H

#include "channel/token.h"
#include "policy/texts.h"
#include "ticket/delivery.h"

struct writer {
	struct desk *d;
	struct desk_keys keys;
	struct texts *texts;
};
enum rc writer_new(void *ctx, struct desk *d, struct writer **w, struct err *err) CHECKED;

struct letter {
	const char *from; /* envelope sender; "" for acknowledgements (M32) */
	const char *to;	  /* envelope recipient */
	char *bytes;
	size_t n;
};
/* One delivery; or several notices to one agent: a digest. Lines end in CR LF or LF. Into
 * ctx. RC_INVALID and RC_NOTFOUND: it can never be sent, and why. */
enum rc letter_write(void *ctx, struct writer *w, struct delivery *const *v, size_t n,
    bool crlf, struct letter *out, struct err *err) CHECKED;

#endif
