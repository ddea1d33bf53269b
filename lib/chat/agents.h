/* Agents who work from a chat: commands of those whose account tkt.conf knows, and what
 * their room is told. */
#ifndef CHAT_AGENTS_H
#define CHAT_AGENTS_H

#include "chat/talk.h"
#include "ticket/delivery.h"

#define AGENTS_LIST_MAX 10     /* tickets of one !list */
#define AGENTS_ANSWER_MAX 4000 /* bytes of an answer */

/* The agent whose account this is (agent NAME { chat = ... }), or NULL. Only what the
 * network has proven counts: a name is nobody. */
const struct agent *agents_find(const struct config *c, const struct heard *h);
/* Is it a command: "!word"? */
bool agents_is_command(const struct heard *h);
/* Does what it says as that agent, once: a line of a bridge (`via`) that was heard before
 * is done already. What is to be answered, of ctx; RC_OK also for what may not be, which
 * the answer says. RC_BUSY, RC_IO: not now. */
enum rc agents_do(struct desk *d, void *ctx, const char *via, const struct agent *a,
    const struct heard *h, struct filed *f, char **answer, struct err *err) CHECKED;
/* The line of a delivery of kind `announce`: a new ticket, a breach. */
enum rc agents_news(struct desk *d, void *ctx, const struct delivery *x, char **text,
    struct err *err) CHECKED;

#endif
