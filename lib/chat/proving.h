/* Customers who say in a chat which mail address is theirs, too: !link ADDRESS sends a
 * one-time code there, !code DIGITS gives it back (change/proof.h). */
#ifndef CHAT_PROVING_H
#define CHAT_PROVING_H

#include "chat/talk.h"

bool proving_is(const struct heard *h);
/* What to answer, in ctx. RC_BUSY, RC_IO: not now. */
enum rc proving_do(struct desk *d, void *ctx, const struct heard *h, char **answer,
    struct err *err) CHECKED;

#endif
