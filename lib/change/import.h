/* Tickets of other systems, as they were: silently (no rule, no assignment, no mail),
 * with their own instants, and again and again: what is here already is not made twice.
 */
#ifndef CHANGE_IMPORT_H
#define CHANGE_IMPORT_H

#include "change/change.h"

struct import_message {
	struct person_address from; /* of a customer; value NULL: an agent, or nobody */
	const char *agent;	    /* "agent:alice", "system"; NULL: a customer */
	struct message m; /* kind, direction, class, created_at, body, external_id, ... */
};
struct import_ticket {
	const char *external_id; /* the same one again is the same ticket */
	const char *subject;
	struct person_address requester;
	struct changes changes; /* queue, status, priority, tags, fields, cc, assignee */
	const char *channel;	/* NULL: email */
	int64_t created_at, updated_at, solved_at;
	int64_t time_spent_s;
	struct import_message *messages; /* oldest first */
	size_t nmessages;
};
struct imported {
	int64_t ticket;
	bool created;
	size_t messages; /* that are new */
};
/* Makes the ticket; or, when its external id is known, adds the messages whose external
 * ids are not on it yet. All of it or nothing. RC_INVALID. */
enum rc change_import(struct change_tx *tx, const struct actor *actor,
    const struct import_ticket *t, struct imported *r, struct err *err) CHECKED;

#endif
