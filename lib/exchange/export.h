/* Tickets out: the records that tkt-import reads back (tkt-exchange(7)), as JSON lines or
 * in an archive with the bytes they name. */
#ifndef EXCHANGE_EXPORT_H
#define EXCHANGE_EXPORT_H

#include <stdio.h>

#include "base/archive.h"
#include "query/query.h"

#define EXPORT_FORMAT 1

struct export_want {
	const struct node *tree; /* the tickets, as query_user() made it */
	bool full;		 /* all of the desk: every ticket, person and event */
	const int64_t
	    *customers; /* what is about this person alone: the customer, and who was */
	size_t ncustomers;	     /* merged into them; 0: no person */
	FILE *to;		     /* records go here, or */
	struct archive_out *archive; /* into records.jsonl, after the blobs they name */
};
struct export_count {
	int64_t tickets, messages, events, customers, blobs;
};
/* Reads one snapshot. `progress` is told how many tickets are out. */
enum rc export_run(struct desk *d, const struct export_want *w, struct export_count *n,
    void (*progress)(void *arg, int64_t tickets), void *arg, struct err *err) CHECKED;

#endif
