/* Filing mails: stored byte for byte first, then decided, then done, all durable when a
 * call returns (M1-M4, M20 of tkt-mail(7)). */
#ifndef CHANNEL_INGEST_H
#define CHANNEL_INGEST_H

#include "channel/decide.h"

/* Of a mail past the size limit this much is kept. */
#define MAIL_KEPT ((size_t)1000000)
/* One mail to this many mailboxes of ours at most. */
#define MAIL_BOXES 16

struct ingest_want {
	const char *mailbox;	    /* --mailbox, or NULL */
	const char *recipient;	    /* --recipient or the MTA's environment, or NULL */
	int64_t received_at;	    /* --received-at, or INSTANT_NONE */
	bool null_sender;	    /* the envelope says <> */
	const struct held *release; /* an agent wants this one filed, or NULL */
	bool explain;		    /* verdicts, and nothing is written */
};
/* What became of a mail in one mailbox. Belongs to the mail's context. */
struct ingest {
	const char *outcome; /* created appended internal duplicate quarantined dsn noted
			      * discarded */
	int64_t ticket, message;
	const char *class, *rule, *external_id, *reason, *mailbox, *evidence;
	const struct verdict *verdicts;
	size_t nverdicts;
};

/* Mails are filed in batches of one or many: each is parsed and stored as it is added,
 * others may write meanwhile; ingest_file() then takes the writer's turn once. */
struct ingester;
/* Reads the keys. RC_CONFIG when there are no mailboxes. Belongs to ctx. */
enum rc ingester_new(
    void *ctx, struct desk *d, struct ingester **ing, struct err *err) CHECKED;
/* Adds a mail of n bytes, which are not needed any more then; `size` is how large it
 * really was. RC_CONFIG: no such mailbox. */
enum rc ingester_add(struct ingester *ing, const struct ingest_want *want,
    const void *raw, size_t n, size_t size, struct err *err) CHECKED;
/* How many wait, and how many bytes they have. */
size_t ingester_count(const struct ingester *ing, size_t *bytes);
/* Files all that was added and calls `each` for every outcome, in order, after the
 * commit: `mail` counts from 0 within the batch. Then the batch is empty again. On an
 * error nothing of it is filed. */
enum rc ingester_file(struct ingester *ing,
    void (*each)(void *arg, size_t mail, const struct ingest *i), void *arg,
    struct err *err) CHECKED;

json_t *ingest_to_json(const struct ingest *i);
void ingest_verdicts_to_json(const struct ingest *i, json_t *record);

/* ---- the quarantine ---- */

struct held {
	const char *msgid, *mailbox, *reason, *class, *rule;
	int64_t at;
	unsigned char body[BLOB_HASH], raw[BLOB_HASH];
};
/* Calls `each`, oldest first; RC_NONE from it ends the walk. */
enum rc held_each(struct store *s,
    enum rc (*each)(void *arg, const struct held *h, struct err *err), void *arg,
    struct err *err) CHECKED;
/* The one whose raw bytes' hash begins so (at least 4 digits); RC_NOTFOUND, or RC_USAGE
 * when it is not the only one. */
enum rc held_find(struct store *s, void *ctx, const char *prefix, struct held *h,
    struct err *err) CHECKED;
/* Files it, whatever held it. */
enum rc held_release(struct desk *d, struct ingester *ing, const struct held *h,
    void (*each)(void *arg, size_t mail, const struct ingest *i), void *arg,
    struct err *err) CHECKED;
/* Marks it discarded: tkt-fsck --gc may then remove its bytes. */
enum rc held_discard(struct desk *d, const struct held *h, struct err *err) CHECKED;

#endif
