/* A row as a struct, by a table of its columns: reading, writing what differs, what
 * events keep of it, and folding that back. Tickets, customers and organizations are such
 * rows. */
#ifndef TICKET_ROW_H
#define TICKET_ROW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

enum column_kind {
	COL_TEXT,     /* never NULL */
	COL_OPT_TEXT, /* NULL for none */
	COL_INT,
	COL_OPT_INT, /* 0 is NULL */
	COL_INSTANT, /* INSTANT_NONE is NULL */
	COL_NEVER,   /* INSTANT_NEVER for none */
	COL_WORD     /* a number with a name */
};

struct row_column {
	const char *name;
	enum column_kind kind;
	size_t at; /* offset in the struct */
	const char *const *words;
	bool derived; /* follows from the event: not in its changes */
};
/* The first column is always id, which is never written. */
struct row_table {
	const char *name; /* of the SQL table */
	const struct row_column *columns;
	size_t n;
};
#define ROW_COLUMN(type, member, kind, words, derived)                       \
	{                                                                    \
#member, kind, offsetof(struct type, member), words, derived \
	}

/* Sets every member that has a default other than zero. */
void row_defaults(const struct row_table *t, void *row);
/* From a statement whose first columns are the table's; strings into ctx. */
void row_read(void *ctx, const struct row_table *t, void *row, struct stmt *st);
/* Adds [old, new] to o for each column that differs; `before` NULL: all that are not at
 * their default, old null. */
void row_diff(
    const struct row_table *t, const void *before, const void *after, json_t *o);
/* Adds [null, value] for every column. */
void row_state(const struct row_table *t, const void *row, json_t *o);
bool row_has_key(const struct row_table *t, const char *name);
/* Sets what the pairs of an event say is new. RC_INVALID when they do not fit. */
enum rc row_fold(void *ctx, const struct row_table *t, void *row, json_t *changes,
    struct err *err) CHECKED;
/* Binds the columns behind id to parameters 1, 2, ... */
void row_bind(const struct row_table *t, struct stmt *st, const void *row);
/* UPDATE of the columns that differ: an index whose columns do not costs nothing. */
enum rc row_update(struct store *s, const struct row_table *t, const void *before,
    const void *after, int64_t id, struct err *err) CHECKED;

/* ---- going back ---- */

/* What gives each key of an event's changes its old value back, as pairs for row_fold().
 * `state` has [null, value] for every key; where the value is a list it is a set, which
 * loses what came and gets what went; counters get the difference back. Keys that `mine`
 * does not know are passed over. RC_NONE and the key (into ctx) when a value is no longer
 * what the event made it. A new reference in *back. */
enum rc row_unfold(void *ctx, json_t *state, json_t *changes,
    bool (*mine)(const char *key), json_t **back, const char **key,
    struct err *err) CHECKED;

#endif
