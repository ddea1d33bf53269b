/* One change to many tickets: batches of a transaction, as they come in; and what the
 * programs that do so share. */
#ifndef CHANGE_BULK_H
#define CHANGE_BULK_H

#include "change/change.h"
#include "desk/cmd.h"
#include "ticket/source.h"

/* Options of every program that changes tickets. */
struct bulk_opts {
	bool dry_run, if_unchanged;
	const char *if_updated_before;
};
#define BULK_OPTS(o)                                                                   \
	{"dry-run", 'N', OPT_FLAG, NULL, "say what would change, and change nothing",  \
	    &(o).dry_run, NULL},                                                       \
	    {"if-updated-before", 0, OPT_TEXT, "time",                                 \
		"refuse (1) what was changed later than this", &(o).if_updated_before, \
		NULL},                                                                 \
	{                                                                              \
		"if-unchanged", 0, OPT_FLAG, NULL,                                     \
		    "refuse (1) what changed since its record on stdin was written",   \
		    &(o).if_unchanged, NULL                                            \
	}

/* What the options expect of one ticket. RC_USAGE for a time that is none, and for
 * --if-unchanged with numbers instead of records. */
enum rc bulk_expect(const struct desk *d, const struct bulk_opts *o,
    const struct source *s, const struct source_item *item, struct expect *e,
    struct err *err) CHECKED;

struct bulk {
	struct cmd_env *env;
	const struct bulk_opts *opts;
	struct source *source;
	/* Changes one ticket. */
	enum rc (*one)(void *arg, struct change_tx *tx, int64_t ticket,
	    struct change_result *r, struct err *err);
	/* Gets each result after its commit (before the rollback of a dry run); NULL
	 * prints it as tkt-set does. */
	enum rc (*done)(void *arg, struct change_result *r, struct err *err);
	void *arg;
	bool batch; /* number it as one batch even when it is one ticket */
};
/* Takes tickets from the source and runs `one` for each in as few transactions as their
 * arrival allows, under one batch number when there may be many; with progress on a
 * terminal. Stops at the first error, keeping what came before. */
enum rc bulk_run(const struct bulk *b, struct err *err) CHECKED;
/* A changed ticket: its record, or for a person a line for each thing that differs. */
enum rc bulk_print(struct cmd_env *env, const struct change_result *r, bool dry_run,
    struct err *err) CHECKED;

#endif
