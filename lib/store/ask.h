/* Ad-hoc questions in SQL: one SELECT over views whose names and columns stay
 * (tkt-store(7)), that can read and nothing else, within limits. */
#ifndef STORE_ASK_H
#define STORE_ASK_H

#include "store/store.h"

struct ask_limits {
	int64_t rows;	 /* at most so many; 0: no limit */
	int64_t time_ms; /* RC_BUSY after that */
};
enum ask_kind { ASK_NULL, ASK_INT, ASK_REAL, ASK_TEXT, ASK_BLOB };
struct ask_row {
	int n;
	struct stmt *st; /* col_int() and so on */
};
/* What kind a value of the row has, and what its column is called. */
enum ask_kind ask_kind(const struct ask_row *r, int i);
const char *ask_name(const struct ask_row *r, int i);
/* Calls `each` for every row. *cut: there were more than the limit. RC_USAGE for what is
 * no single SELECT (with the engine's words), RC_DENIED for what does more than read.
 * After it the store can do nothing else. */
enum rc store_ask(struct store *s, const char *sql, const struct ask_limits *l,
    enum rc (*each)(void *arg, const struct ask_row *r, struct err *err), void *arg,
    bool *cut, struct err *err) CHECKED;

#endif
