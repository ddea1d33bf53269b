/* The clocks of tickets in the store: folded from the log, followed after an apply, told
 * to the log when something is due. (What an event does to them is a step of the pipeline
 * itself; see change_priv.h.) */
#ifndef CHANGE_CLOCKS_H
#define CHANGE_CLOCKS_H

#include "change/change.h"
#include "policy/sla.h"

/* The clocks of a ticket from its log and the versions alone: what is stored must equal
 * them. `version`: policies up to this one (0: all). `trace` may be NULL. RC_NONE when
 * the log cannot be read because a part of it was erased: what is stored is all there is.
 * RC_NOTFOUND when there is no such ticket. Belongs to ctx. */
enum rc sla_fold(void *ctx, struct sla_book *b, int64_t ticket, int64_t version,
    const struct sla_trace *trace, struct clocks **c, struct err *err) CHECKED;

/* Folds a ticket anew and stores what differs, in the open write transaction. */
enum rc clocks_refold(struct sla_book *b, int64_t ticket, struct err *err) CHECKED;

/* S29, an administrator's act: everything up to now is evaluated by the policies that run
 * now, as if they had always been in force; an event says so, and nothing of it is news.
 * r->changed only when that made a difference. */
enum rc change_recompute(struct change_tx *tx, const struct actor *actor, int64_t ticket,
    struct change_result *r, struct err *err) CHECKED;

/* Tells the log what is due of a ticket's clocks up to now, one event each, with the
 * rules on sla.warned and sla.breached; *told counts them. */
enum rc change_tell(
    struct change_tx *tx, int64_t ticket, int64_t *told, struct err *err) CHECKED;

/* What tkt-tick does for clocks. Each works in transactions of some tickets, so that no
 * mail waits, and goes on where it stopped. */
struct clocks_done {
	int64_t told, followed;
	bool all; /* nothing is left to follow */
};
/* Tells everything that is due. */
enum rc clocks_tick(struct desk *d, struct clocks_done *done, struct err *err) CHECKED;
/* Open tickets follow the policies that were applied last (S14, S25, S26), for at most
 * `budget` ms (0: until all is done). */
enum rc clocks_follow(
    struct desk *d, int64_t budget, struct clocks_done *done, struct err *err) CHECKED;
/* Do open tickets still have to follow what was applied? */
enum rc clocks_behind(struct desk *d, bool *yes, struct err *err) CHECKED;

/* For tkt-fsck: folds every ticket that has events after `from` and calls `problem` where
 * the stored clocks are not what the log says. */
enum rc clocks_verify(struct desk *d, int64_t from,
    void (*problem)(void *arg, const char *text), void *arg, struct err *err) CHECKED;

#endif
