/* Deliveries: what left the desk or shall leave it; rows <-> structs <-> records. */
#ifndef TICKET_DELIVERY_H
#define TICKET_DELIVERY_H

#include "ticket/ticket.h"

enum delivery_state {
	DELIVERY_QUEUED,
	DELIVERY_LEASED, /* somebody is sending it, until due_at */
	DELIVERY_HELD,
	DELIVERY_SENT,
	DELIVERY_FAILED,
	DELIVERY_CANCELLED
};
extern const char *const delivery_states[]; /* queued sending held sent failed ... */

struct delivery {
	int64_t event, n; /* shown as 900.1 */
	int64_t ticket;
	const char *via;  /* mail hook run, or a bridge: irc:libera */
	const char *kind; /* reply ack auto update transcript code bot notice announce
			   * hook run */
	const char
	    *target;	  /* an address; an agent (notice); a URL, a webhook; a program */
	const char *text; /* run: its arguments as JSON; or NULL */
	const char *rule; /* that asked for it, or "" */
	int64_t state, due_at, attempts, sent_at;
	const char *lease_by, *last_error; /* last_error or NULL */
};
#define DELIVERY_COLUMNS                                                             \
	"d.event, d.n, d.ticket, d.via, d.kind, d.target, d.text, d.rule, d.state, " \
	"d.due_at, d.attempts, d.sent_at, d.lease_by, d.last_error"

/* Takes a row whose first columns are DELIVERY_COLUMNS. */
struct delivery *delivery_read(void *ctx, struct stmt *st);
/* RC_NOTFOUND "no delivery 900.1". */
enum rc delivery_get(struct store *s, void *ctx, int64_t event, int64_t n,
    struct delivery **d, struct err *err) CHECKED;
/* All of an event, by number. */
enum rc delivery_of_event(struct store *s, void *ctx, int64_t event, struct delivery ***v,
    size_t *n, struct err *err) CHECKED;
/* Is it something that customers read, or the desk's own affair: a notice, a hook? */
bool delivery_to_customer(const struct delivery *d);
/* What a message's record says of its deliveries: [{"target", "state", "last_error"}],
 * those to customers. A new reference. */
enum rc deliveries_to_json(
    struct store *s, int64_t message, json_t **list, struct err *err) CHECKED;
/* "900.1"; with *n 0 for "900" alone. */
bool delivery_id_parse(const char *text, int64_t *event, int64_t *n);
/* The record of tkt-json(5). A new reference. */
json_t *delivery_to_json(const struct delivery *d);

#endif
