/* The event log as a feed. */
#ifndef TICKET_LOG_H
#define TICKET_LOG_H

#include "ticket/ticket.h"

struct log_want {
	int64_t after;		    /* events with a higher number */
	int64_t ticket;		    /* of this ticket only, or 0 */
	int64_t since, until;	    /* instants, or INSTANT_NONE */
	int64_t batch;		    /* or 0 */
	const char *actor, *action; /* or NULL; * at the end as wildcard */
	int64_t limit;		    /* 0: all */
	/* Of these tickets only: sorted numbers (few: read by ticket, many: the whole
	 * log), or what `wants` says of each. */
	const int64_t *tickets;
	size_t ntickets;
	bool only_tickets; /* the list counts, even when it is empty */
	enum rc (*wants)(void *arg, int64_t ticket, bool *yes, struct err *err);
	void *arg;
};
/* Calls `each` in order; RC_NONE from it ends the walk. *last is the last event seen,
 * whether it was wanted or not. What an actor may not see is passed over. */
enum rc log_each(struct desk *d, const struct log_want *w, int64_t *last,
    enum rc (*each)(void *arg, struct event *e, struct err *err), void *arg,
    struct err *err) CHECKED;
/* Named cursors: how far a reader has come. RC_NONE when it is new. */
enum rc cursor_get(
    struct store *s, const char *name, int64_t *event, struct err *err) CHECKED;
enum rc cursor_set(struct store *s, const char *name, int64_t event, int64_t now,
    struct err *err) CHECKED;

#endif
