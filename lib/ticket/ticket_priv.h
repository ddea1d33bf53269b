/* What ticket.c and details.c share. */
#ifndef TICKET_TICKET_PRIV_H
#define TICKET_TICKET_PRIV_H

#include "ticket/row.h"
#include "ticket/ticket.h"

/* details.c: tags, fields, people, links of a ticket. */
void ticket_diff_details(
    const struct ticket *before, const struct ticket *after, json_t *o);
enum rc ticket_fold_details(
    void *ctx, struct ticket *t, json_t *changes, struct err *err) CHECKED;
enum rc ticket_store_details(struct store *s, const struct ticket *before,
    const struct ticket *after, struct err *err) CHECKED;
void ticket_details_json(const struct config *c, const struct ticket *t, json_t *o);

/* ticket.c: everything a ticket is, defaults too, as pairs [null, value]; a new
 * reference. */
json_t *ticket_state(const struct ticket *t);
/* details.c: the part of ticket_state() that is no column. */
void ticket_state_details(const struct ticket *t, json_t *o);

#endif
