/* Reply tokens and Message-IDs of ours: what proves that a mail answers a ticket
 * (40-mail: M16, M31). Both carry a MAC by the desk's key, 80 bits, base32. */
#ifndef CHANNEL_TOKEN_H
#define CHANNEL_TOKEN_H

#include "desk/desk.h"
#include "ticket/ticket.h"

/* "support+t42.abcdefghijklmnop@acme.example" for a ticket of this mailbox. */
char *token_address(void *ctx, const unsigned char key[DESK_KEY], const struct mailbox *m,
    const struct ticket *t);
/* "<t42.abcdefghijklmnop@acme.example>": the id every thread of ours starts from. */
char *token_root_id(void *ctx, const unsigned char key[DESK_KEY], const struct mailbox *m,
    int64_t ticket);
/* Does this address carry a token of the mailbox? Its ticket's number and the MAC as
 * written; the MAC is checked by token_valid() once the ticket is read. */
bool token_read(
    const struct mailbox *m, const char *address, int64_t *ticket, const char **mac);
bool token_valid(const unsigned char key[DESK_KEY], const struct mailbox *m,
    const struct ticket *t, const char *mac);
/* Is this Message-ID (with or without <>) one of ours, MAC and all? Its ticket. */
bool token_message_id(const unsigned char key[DESK_KEY], const char *id, int64_t *ticket);

#endif
