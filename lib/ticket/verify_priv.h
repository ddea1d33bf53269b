/* What the two halves of verifying share: verify.c walks the log, verify_rows.c compares
 * rows with what the log says. */
#ifndef TICKET_VERIFY_PRIV_H
#define TICKET_VERIFY_PRIV_H

#include "ticket/customer.h"
#include "ticket/ticket.h"

struct id_list {
	int64_t *v;
	size_t n;
};
void id_list_add(void *ctx, struct id_list *l, int64_t id);
/* Sorts it; then id_list_has() may be asked. */
void id_list_sort(struct id_list *l);
bool id_list_has(const struct id_list *l, int64_t id);

struct walk {
	struct store *s;
	void *ctx;
	void (*problem)(void *arg, const char *text);
	void *arg;
	struct verify_report *r;
	/* What the walk along the log gathers. */
	struct id_list emptied;	   /* events whose changes are gone */
	struct id_list erasable;   /* events that an erasure or a purge emptied */
	struct id_list full, kept; /* messages of emptied events: with content; and whose
				      digest an erasure kept */
	struct organization **organizations; /* folded */
	size_t norganizations;
};

void verify_found(struct walk *w, const char *fmt, ...) PRINTF(2, 3);
/* Is there a row of this number? */
enum rc verify_exists(
    struct store *s, const char *sql, int64_t id, bool *yes, struct err *err) CHECKED;

/* verify_rows.c: rows touched by events after `from` (0: all) against the log. */
enum rc verify_rows(struct walk *w, int64_t from, bool blobs, struct err *err) CHECKED;

#endif
