/* What filing shares with bots, who file later what they have heard. */
#ifndef CHAT_TALK_PRIV_H
#define CHAT_TALK_PRIV_H

#include "chat/talk.h"

struct talk {
	struct desk *d;
	const char *via, *channel, *queue;
	int64_t idle, flood_max, room_max;
	struct flood *flood;
};

/* The ticket of a conversation as it is now: merged ones are followed. *t NULL: none that
 * takes any more. */
enum rc talk_ticket(
    struct talk *k, void *ctx, int64_t id, struct ticket **t, struct err *err) CHECKED;
const char *talk_via(const struct talk *t);
struct desk *talk_desk(const struct talk *t);

/* Within a transaction: was it said before, is it nothing that can be filed, or too much?
 * Then f says so; else its outcome is TALK_APPENDED. */
enum rc talk_new_to_us(struct talk *t, void *ctx, const struct heard *h, struct filed *f,
    struct err *err) CHECKED;

/* A line made ready for its ticket, before the transaction; belongs to ctx. */
struct line;
enum rc talk_line(struct talk *t, void *ctx, const struct heard *h, struct line **l,
    struct err *err) CHECKED;
/* It begins a ticket, with what a bot found out. */
struct handed {
	struct changes changes;
	const char *note;
};
enum rc talk_hand(struct line *l, struct change_tx *tx, const struct handed *over,
    struct filed *f, struct err *err) CHECKED;

#endif
