/* Conversations: talks on channels other than mail; rows <-> structs.
 *
 * A conversation is open until somebody leaves or it is quiet for too long; its ticket is
 * the one it led to last. Rows of conversations say where answers go, nothing about the
 * ticket itself, so no event tells of them. */
#ifndef TICKET_CONVERSATION_H
#define TICKET_CONVERSATION_H

#include "ticket/ticket.h"

#define CONVERSATION_KEY_MAX 512 /* bytes of a conversation, as its channel calls it */

struct conversation {
	const char *via, *key;	    /* irc:libera; what the channel calls it */
	const char *kind, *address; /* who it is with, as in address */
	int64_t ticket;
	int64_t heard_at;  /* last line, of either side */
	int64_t closed_at; /* INSTANT_NONE: open */
};

/* RC_NONE when there never was one. */
enum rc conversation_find(struct store *s, void *ctx, const char *via, const char *key,
    struct conversation **c, struct err *err) CHECKED;
/* The one that was heard last among those of a ticket and of what was merged into it;
 * RC_NONE. */
enum rc conversation_of_ticket(struct store *s, void *ctx, int64_t ticket,
    struct conversation **c, struct err *err) CHECKED;
/* Open ones of a bridge that nobody has said anything in since `before`, longest first;
 * at most max. */
enum rc conversation_quiet(struct store *s, void *ctx, const char *via, int64_t before,
    size_t max, struct conversation ***v, size_t *n, struct err *err) CHECKED;
/* The instant the longest quiet open one was last heard; INSTANT_NEVER for none. */
enum rc conversation_oldest(
    struct store *s, const char *via, int64_t *at, struct err *err) CHECKED;
/* New, or as it is now. */
enum rc conversation_put(
    struct store *s, const struct conversation *c, struct err *err) CHECKED;
/* Something was said: heard_at moves on, never back. */
enum rc conversation_touch(struct store *s, const char *via, const char *key, int64_t at,
    struct err *err) CHECKED;
enum rc conversation_close(struct store *s, const char *via, const char *key, int64_t at,
    struct err *err) CHECKED;

/* ---- what was heard ---- */

struct heard_id {
	int64_t ticket, message;
};
/* Has this channel said that already? RC_NONE. */
enum rc heard_find(struct store *s, const char *via, const char *id, struct heard_id *h,
    struct err *err) CHECKED;
enum rc heard_add(struct store *s, const char *via, const char *id,
    const struct heard_id *h, int64_t at, struct err *err) CHECKED;
#define HEARD_KEPT_MS (60LL * 86400000) /* ids are forgotten after this */
enum rc heard_forget(struct store *s, int64_t before, struct err *err) CHECKED;

/* The same for what bots keep, which has no ticket. */
enum rc bot_heard_find(
    struct store *s, const char *via, const char *id, struct err *err) CHECKED;
enum rc bot_heard_add(struct store *s, const char *via, const char *id, int64_t at,
    struct err *err) CHECKED;

/* How far a bridge has read, in its server's words: goes with the rows that were read. */
enum rc channel_place_get(
    struct store *s, void *ctx, const char *via, char **place, struct err *err) CHECKED;
enum rc channel_place_set(
    struct store *s, const char *via, const char *place, struct err *err) CHECKED;

#endif
