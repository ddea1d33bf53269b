/* What the files about clocks share. */
#ifndef CHANGE_CLOCKS_PRIV_H
#define CHANGE_CLOCKS_PRIV_H

#include "change/change_priv.h"
#include "change/clocks.h"

/* Names its event: {"version": N}. */
extern const char recomputed_action[];

/* ---- sla_log.c: a ticket's log as its clocks read it ---- */

struct sla_entry {
	struct event *e;
	json_t *changes;
	enum sla_said said;
	int64_t at;    /* when it happened, in seconds */
	bool by_agent; /* its message: an agent's, opening the ticket */
	bool has_message;
	bool undone;
};
struct sla_log {
	int64_t ticket;
	struct sla_entry *v;
	size_t n;
	json_t *kept; /* the clocks as they were when what was before was erased */
};
/* RC_NOTFOUND without events; RC_NONE when a part of it was erased and nothing says what
 * the clocks were. Belongs to ctx. */
enum rc sla_log_read(void *ctx, struct store *s, int64_t ticket, struct sla_log **l,
    struct err *err) CHECKED;

/* Who speaks in a message (S16, S17), by kind, direction, class and author alone. */
enum sla_said clocks_said(const struct message *m);
/* When a change that was written at `at` (ms) happened, in seconds (S4): when its message
 * (or NULL) was said. */
int64_t clocks_instant(const struct message *m, int64_t at);

/* The oldest question nobody answered among these messages of a ticket, or with
 * `others` among all but these; in seconds, 0 for none. */
enum rc clocks_unanswered(struct store *s, int64_t ticket, const int64_t *ids, size_t n,
    bool others, int64_t *asked, struct err *err) CHECKED;
/* The policies of all versions, opened when first asked for. */
enum rc clocks_book(struct change_tx *tx, struct sla_book **b, struct err *err) CHECKED;
/* A loaded ticket's clocks follow what was applied since; no event tells of it. */
enum rc work_follow(struct work *w, struct err *err) CHECKED;

#endif
