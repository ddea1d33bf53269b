/* Mail in: bytes -> struct mail -> a ticket or a message on one. Rule numbers (M1...)
 * are those of mail-ingest(1). */
#ifndef CHANNEL_MAIL_H
#define CHANNEL_MAIL_H

#include "change/change.h"

/* Of a mail past the size limit this much is kept. */
#define MAIL_KEPT ((size_t)1000000)

struct mail_part {
	const char *name, *media_type, *content_id;
	const void *data;
	size_t n;
};
/* What a mail says; every text is valid UTF-8. Belongs to its context. */
struct mail {
	const char *msgid; /* with <>; made from the hash when there is none */
	const char *subject, *body;
	bool body_cut;
	struct person_address from;    /* value NULL: no sender */
	struct person_address *people; /* To and Cc */
	size_t npeople;
	const char **recipients; /* Delivered-To, X-Original-To, To, Cc: addresses */
	size_t nrecipients;
	const char *
	    *references; /* In-Reply-To first, then References from last to first */
	size_t nreferences;
	const char *class; /* human auto-reply auto-generated list */
	struct mail_part *parts;
	size_t nparts;
	const char *too_much; /* a limit that was passed, or NULL */
};
/* Parses n bytes with GMime. Never fails because of what they hold. */
struct mail *mail_parse(void *ctx, const struct config *c, const void *raw, size_t n);

struct ingest_want {
	const char *mailbox;   /* --mailbox, or NULL */
	const char *recipient; /* --recipient or the MTA's environment, or NULL */
	int64_t received_at;   /* --received-at, or INSTANT_NONE */
};
struct ingest {
	const char *outcome; /* created appended duplicate quarantined */
	int64_t ticket, message;
	const char *class, *rule, *external_id, *reason;
};
/* Stores the bytes, decides, files: durable when it returns RC_OK. */
enum rc mail_ingest(void *ctx, struct desk *d, const struct ingest_want *want,
    const void *raw, size_t n, struct ingest *result, struct err *err) CHECKED;
json_t *ingest_to_json(const struct ingest *i);

/* HTML to readable text: links kept, scripts and styles dropped (libxml2's push parser,
 * whose memory does not grow with depth). */
char *html_to_text(void *ctx, const char *html, size_t n, size_t max);

#endif
