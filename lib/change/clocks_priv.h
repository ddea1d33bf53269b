/* What the files about clocks share. */
#ifndef CHANGE_CLOCKS_PRIV_H
#define CHANGE_CLOCKS_PRIV_H

#include "change/change_priv.h"
#include "change/clocks.h"

/* Names its event: {"version": N}. */
extern const char recomputed_action[];

/* Who speaks in a message (S16, S17), by kind, direction, class and author alone. */
enum sla_said clocks_said(const struct message *m);
/* When a change that was written at `at` (ms) happened, in seconds (S4): when its message
 * (or NULL) was said. */
int64_t clocks_instant(const struct message *m, int64_t at);

/* The policies of all versions, opened when first asked for. */
enum rc clocks_book(struct change_tx *tx, struct sla_book **b, struct err *err) CHECKED;
/* A loaded ticket's clocks follow what was applied since; no event tells of it. */
enum rc work_follow(struct work *w, struct err *err) CHECKED;

#endif
