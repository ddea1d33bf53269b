/* One change to many tickets: batches of a transaction, as they come in. */
#ifndef CHANGE_BULK_H
#define CHANGE_BULK_H

#include "change/change.h"
#include "ticket/source.h"

/* Takes tickets from a source and runs `one` for each in as few transactions as their
 * arrival allows, under one batch number when there may be many; `done` gets each result
 * after its commit (before the rollback of a dry run). Stops at the first error, keeping
 * what came before. */
enum rc bulk_run(struct desk *d, struct source *s, bool dry_run,
    enum rc (*one)(void *arg, struct change_tx *tx, int64_t ticket,
	struct change_result *r, struct err *err),
    enum rc (*done)(void *arg, struct change_result *r, struct err *err), void *arg,
    struct err *err) CHECKED;

#endif
