/* What filing mails shares: a mail on its way. */
#ifndef CHANNEL_INGEST_PRIV_H
#define CHANNEL_INGEST_PRIV_H

#include "change/change.h"
#include "channel/ingest.h"

/* A mail that waits to be filed. */
struct job {
	struct ingest_want want;
	struct mail *m;
	const struct mailbox *boxes[MAIL_BOXES];
	size_t nboxes, size;
	unsigned char raw[BLOB_HASH], body[BLOB_HASH];
	struct message message; /* ready but for what depends on the ticket */
	struct ingest results[MAIL_BOXES];
};
struct ingester {
	struct desk *d;
	struct desk_keys keys;
	struct job **jobs; /* the batch's, in its own context */
	size_t njobs, bytes;
	void *batch;
};
/* One mail in one mailbox, in the writer's turn. */
struct filing {
	void *ctx;
	struct ingester *ing;
	struct job *job;
	const struct mailbox *box;
	struct change_tx *tx; /* NULL: only decided */
	struct message message;
	struct decision d;
	struct ingest *r;
};

/* voicemail.c: a mail of a telephone switch becomes the caller's: their number, their
 * name, a subject that says it. */
void voicemail_read(void *ctx, struct mail *m, const struct config *c);

/* file.c: does what was decided; fills outcome, ticket and message of the result. */
enum rc file_decided(struct filing *f, struct err *err) CHECKED;
/* Then: floods (M35, once: on the last ticket before the others are held) and loops (M14,
 * once an hour) are told to who keeps the desk. */
enum rc tell_administrators(struct filing *f, struct err *err) CHECKED;
/* Then: an aligned pass (M18), or the token of a mail that only its people have (M15.1),
 * proves that the address is its customer's. */
enum rc prove_sender(struct filing *f, struct err *err) CHECKED;

#endif
