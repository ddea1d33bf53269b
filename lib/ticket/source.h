/* Tickets a command works on: numbers on its line, or records on stdin. */
#ifndef TICKET_SOURCE_H
#define TICKET_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct source;
/* What a line or word names, and how it was when its record was written: 0 when that does
 * not say. */
struct source_item {
	int64_t id, last_event, updated_at;
};
/* With n > 0 the numbers of argv; else the records on fd: `id` of a ticket, `ticket` of
 * any other; records of errors and cursors are passed over. RC_USAGE when there are no
 * numbers and fd is a terminal: a command never waits in silence. */
enum rc source_open(
    void *ctx, int n, char **argv, int fd, struct source **s, struct err *err) CHECKED;
/* The same, for another type of record: "message", "event"; its `id`. */
enum rc source_open_type(void *ctx, const char *type, int n, char **argv, int fd,
    struct source **s, struct err *err) CHECKED;
/* As source_next(), with what a ticket's record says of itself. */
enum rc source_next_item(
    struct source *s, struct source_item *item, struct err *err) CHECKED;
/* The next ticket; RC_NONE at the end; RC_USAGE or RC_INVALID for what is no number or no
 * record ("line 3: ..."). */
enum rc source_next(struct source *s, int64_t *ticket, struct err *err) CHECKED;
/* More than one ticket may come: a bulk change. */
bool source_many(const struct source *s);
/* Do they come as records on stdin? */
bool source_records(const struct source *s);
/* Could the next one be read without waiting? */
bool source_ready(const struct source *s);

#endif
