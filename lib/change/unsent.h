/* Replies and notes that somebody began and did not send: one an agent and ticket. They
 * are rows without events: nobody else acts on them. */
#ifndef CHANGE_UNSENT_H
#define CHANGE_UNSENT_H

#include "change/change.h"

struct unsent {
	const char *agent, *kind; /* reply | note */
	const char *status;	  /* to set with it; "" for none */
	const char *body;
	int64_t seen; /* last message of the thread when it was written */
	int64_t at;
	int64_t
	    send_at; /* it is sent by itself then; INSTANT_NONE: when somebody says so */
};
/* RC_NONE when there is none. */
enum rc unsent_get(struct store *s, void *ctx, int64_t ticket, const char *agent,
    struct unsent *u, struct err *err) CHECKED;
/* All of a ticket, by agent. */
enum rc unsent_each(struct store *s, int64_t ticket,
    enum rc (*each)(void *arg, const struct unsent *u, struct err *err), void *arg,
    struct err *err) CHECKED;
/* Keeps it, in place of one there was; an empty body throws that away. In a transaction
 * of its own, or (unsent_drop) of the reply that it becomes. */
enum rc unsent_save(
    struct desk *d, int64_t ticket, const struct unsent *u, struct err *err) CHECKED;
enum rc unsent_drop(
    struct change_tx *tx, int64_t ticket, const char *agent, struct err *err) CHECKED;

/* It is not sent by itself any more; RC_OK also when it never was to be. */
enum rc unsent_keep(
    struct change_tx *tx, int64_t ticket, const char *agent, struct err *err) CHECKED;

/* A customer wrote first: nothing of this ticket is sent by itself any more. Whose it
 * was, NULL-terminated; NULL for none. */
enum rc unsent_overtaken(
    struct change_tx *tx, int64_t ticket, const char ***agents, struct err *err) CHECKED;

/* The newest message of a thread, 0 for none; and a customer's between two others. */
enum rc thread_end(
    struct store *s, int64_t ticket, int64_t *message, struct err *err) CHECKED;
enum rc thread_answered_since(struct store *s, int64_t ticket, int64_t seen,
    int64_t before, int64_t *message, struct err *err) CHECKED;

#endif
