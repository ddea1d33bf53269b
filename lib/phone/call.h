/* A call that the desk knows of. */
#ifndef PHONE_CALL_H
#define PHONE_CALL_H

#include "change/change.h"

struct call {
	const char *id;	    /* the switch's name of it */
	const char *number; /* E.164, or NULL: nobody knows */
	const char *to;	    /* whom they called, as the switch says; or "" */
	const char *name;   /* as the switch says, or "" */
	int64_t ticket;	    /* it led to, or 0 */
	const char *did; /* what the caller wanted: "message", "callback", ...; or NULL */
	bool created;
	int64_t seconds; /* that were recorded */
};
/* The record of tkt-json(5). A new reference. */
json_t *call_to_json(const struct call *c);

/* Whose number is it, as an address. */
struct person_address call_from(void *ctx, const char *number, const char *name);

/* Where a call begins a ticket. */
const char *call_queue(const struct config *c);
/* The newest ticket of whoever has this number that is not over, and was there at `at`;
 * *ticket 0: none. */
enum rc call_open_ticket(struct store *s, const char *number, int64_t at, int64_t *ticket,
    struct err *err) CHECKED;

#endif
