/* Tickets on a person's screen, and as rows: what several commands print. */
#ifndef QUERY_SHOW_H
#define QUERY_SHOW_H

#include "base/out.h"
#include "query/query.h"

/* A ticket in the format of `out`: a record, a row of the table that show_begin() opened,
 * an id. Reads the details a record needs. */
void show_begin(struct out *out);
enum rc show_ticket(
    struct desk *d, struct out *out, struct ticket *t, struct err *err) CHECKED;
/* A line for a person: what the ticket is due by, if it is. */
void show_due(const struct desk *d, struct out *out, const struct ticket *t);

#endif
