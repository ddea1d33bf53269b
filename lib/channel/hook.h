/* Events to other systems: by HTTP, signed (hook), and to programs of this machine (run).
 */
#ifndef CHANNEL_HOOK_H
#define CHANNEL_HOOK_H

#include "channel/outbox.h"

#define HOOK_TIMEOUT_MS 10000
#define HOOK_ANSWER_MAX 65536 /* bytes of an answer that are read */
#define HOOK_REDIRECTS_MAX 3
#define RUN_TIMEOUT_MS 10000
#define RUN_MEMORY ((size_t)64 * 1024 * 1024) /* of a program */

struct hooks;
/* Belongs to ctx. */
enum rc hooks_open(void *ctx, struct desk *d, struct hooks **h, struct err *err) CHECKED;
/* What is sent: {"type": "hook", "delivery", "rule", "event", "ticket"}: the event that
 * the rule saw, or, with no rule (a replay), that of the delivery; the ticket as it is
 * now, or null when it was purged. A new reference. */
enum rc hook_payload(
    struct desk *d, const struct delivery *x, json_t **payload, struct err *err) CHECKED;

/* Is this address (in_addr or in6_addr, in network order) nobody's business: loopback,
 * private, link-local, multicast, or one of these in IPv6's clothes (RFC 6890, 4193,
 * 4291)? */
bool hook_address_private(int family, const void *address);

enum hook_result {
	HOOK_DONE,
	HOOK_LATER, /* it may work next time */
	HOOK_NEVER  /* 410, a program that cannot be trusted */
};
struct hooked {
	enum hook_result result;
	bool target_down; /* its others need not be tried now */
	const char *why;
};
/* POSTs to a URL or the webhook of that name. Header Tkt-Signature: v1=HEX, the
 * HMAC-SHA-256 by the secret over "TIMESTAMP.BODY", with Tkt-Timestamp beside it. No
 * private address, not by a redirect either, unless the webhook allows it. Into ctx. */
struct hooked hook_post(void *ctx, struct hooks *h, const struct delivery *x);
/* Runs its program with the payload on standard input. */
struct hooked hook_run(void *ctx, struct hooks *h, const struct delivery *x);

/* Queues the events from..to of tickets once more, for one target; their number. */
enum rc hook_replay(struct desk *d, int64_t from, int64_t to, const char *target,
    int64_t *queued, struct err *err) CHECKED;

#endif
