/* Who is there: agents online, away or offline. Rows without events: nobody's ticket
 * changes by it, but those that wait are given to who comes back. */
#ifndef CHANGE_PRESENCE_H
#define CHANGE_PRESENCE_H

#include "change/change.h"

extern const char *const presence_names[]; /* online away offline */
struct presence {
	const char *status;   /* as it is now: an absence that is over is online */
	int64_t since, until; /* INSTANT_NONE: never said; until somebody says so */
};
/* Who never said anything is online. Into ctx. */
enum rc presence_get(struct desk *d, void *ctx, const char *agent, struct presence *p,
    struct err *err) CHECKED;
/* In a transaction; until INSTANT_NONE for no end. */
enum rc presence_set(struct change_tx *tx, const char *agent, const char *status,
    int64_t until, struct err *err) CHECKED;
/* Takes the agent's open tickets away, so that others can have them; their number. */
enum rc presence_release(struct change_tx *tx, const struct actor *actor,
    const char *agent, int64_t *released, struct err *err) CHECKED;

#endif
