/* The outbox: deliveries leased by those who hand them over, and what became of them
 * (M36). A lease is due_at moved ahead: whoever dies with one gives it back by time, or
 * at once when somebody on the same machine sees that it died. */
#ifndef CHANNEL_OUTBOX_H
#define CHANNEL_OUTBOX_H

#include "change/change.h"
#include "ticket/delivery.h"

#define OUTBOX_LEASE_MS 600000		   /* ten minutes */
#define OUTBOX_GIVE_UP_MS (5LL * 86400000) /* since it was first due */

/* Leases at most `max` that are due now for this driver, oldest first; into ctx. */
enum rc outbox_lease(struct desk *d, void *ctx, const char *via, size_t max,
    struct delivery ***v, size_t *n, struct err *err) CHECKED;
/* The same without taking them: what would be leased. */
enum rc outbox_due(struct desk *d, void *ctx, const char *via, size_t max,
    struct delivery ***v, size_t *n, struct err *err) CHECKED;
/* Gives back what was not tried: due at once, no attempt counted. */
enum rc outbox_return(
    struct desk *d, struct delivery *const *v, size_t n, struct err *err) CHECKED;
/* It was handed over, and whoever took it is gone without a word: due again at once, with
 * an attempt more, so that who sends it next knows that this may be the second time. */
enum rc outbox_again(struct desk *d, const struct delivery *x, struct err *err) CHECKED;
/* When the next one is due, INSTANT_NEVER for none. */
enum rc outbox_next(
    struct desk *d, const char *via, int64_t *at, struct err *err) CHECKED;

/* It was handed over. Survives the process; not, perhaps, the machine: then it is done
 * again, with the same Message-ID. */
enum rc outbox_sent(struct desk *d, const struct delivery *x, struct err *err) CHECKED;
/* Not now: due later, with a growing delay; after OUTBOX_GIVE_UP_MS it has failed.
 * *failed says which. */
enum rc outbox_later(struct desk *d, const struct delivery *x, const char *why,
    bool *failed, struct err *err) CHECKED;
/* Never: on a reply's ticket an event delivery.failed, a note that says so and a notice
 * to its assignee. `status` (RFC 3463) or NULL: 5.1.x bars the address. */
enum rc outbox_failed(struct desk *d, const struct delivery *x, const char *status,
    const char *why, struct err *err) CHECKED;

/* What people see and do (mail-queue). */
struct outbox_want {
	const char *via; /* or NULL */
	int state; /* enum delivery_state, or -1: what waits (queued, sending, held) */
	int64_t ticket; /* or 0 */
	int64_t limit;	/* 0: all */
};
enum rc outbox_each(struct desk *d, const struct outbox_want *w,
    enum rc (*each)(void *arg, const struct delivery *x, struct err *err), void *arg,
    struct err *err) CHECKED;
enum outbox_act { OUTBOX_HOLD, OUTBOX_CANCEL, OUTBOX_RETRY };
/* Delivery n of an event. RC_INVALID with the reason when its state does not allow it:
 * what was sent is sent. RC_NOTFOUND. */
enum rc outbox_do(struct desk *d, int64_t event, int64_t n, enum outbox_act act,
    struct err *err) CHECKED;

#endif
