/* Erasing people, and purging tickets: what was said goes, what happened stays provable.
 *
 * Events keep their place in the chain and lose their changes; the event that records the
 * erasure lists them ("erased_events") and holds the ticket or customer as it is
 * afterwards
 * ("snapshot"), so that tkt-fsck can still prove every row. Bytes of mails and
 * attachments that nothing names any more are removed by erase_blobs(), the youngest by
 * --gc. */
#ifndef CHANGE_ERASE_H
#define CHANGE_ERASE_H

#include "change/change.h"

struct erasure {
	int64_t tickets, messages, attachments, events, addresses;
	int64_t event;			   /* the receipt */
	unsigned char (*blobs)[BLOB_HASH]; /* what they named */
	size_t nblobs;
};
/* Erases a customer and who was merged into them: names, addresses, notes, fields; every
 * message of their tickets and theirs in others', with quoted texts, raw mails,
 * attachments and words of the index; subjects and fields of their tickets; the changes
 * of all events that held any of it. Counts and instants stay. Needs customer.erase. */
enum rc change_erase(struct change_tx *tx, const struct actor *actor, int64_t customer,
    struct erasure *r, struct err *err) CHECKED;
/* Removes a ticket, and those merged into it, with all that was said. An event stays. */
enum rc change_purge(struct change_tx *tx, const struct actor *actor, int64_t ticket,
    struct erasure *r, struct err *err) CHECKED;
/* After the commit: removes the bytes that no row names, and that nobody touched for a
 * day (tkt-fsck --gc gets the others). */
enum rc erase_blobs(
    struct store *s, const struct erasure *r, int64_t *removed, struct err *err) CHECKED;

#endif
