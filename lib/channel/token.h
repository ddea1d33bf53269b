/* Tokens: what proves that a mail answers a ticket, an agent's notice, or a delivery of
 * ours (M16, M31, M32 of tkt-mail(7)). Each carries a MAC by one of the desk's keys: 80
 * bits of HMAC-SHA-256, base32 (RFC 4648, small letters). The first key signs, all are
 * read. */
#ifndef CHANNEL_TOKEN_H
#define CHANNEL_TOKEN_H

#include "desk/desk.h"
#include "ticket/ticket.h"

/* ---- addresses ---- */

/* "support+t42.abcdefghijklmnop@acme.example": whoever writes there answers ticket 42. */
char *token_address(void *ctx, const struct desk_keys *keys, const struct mailbox *m,
    const struct ticket *t);
/* "support+a42.abcdefghijklmnop@acme.example": so does this agent, as an agent. */
char *token_agent_address(void *ctx, const struct desk_keys *keys,
    const struct mailbox *m, const struct ticket *t, const char *agent);
/* "support+d900.1.abcdefghijklmnop@acme.example": the envelope sender of delivery 900.1,
 * where its bounces go. */
char *token_bounce_address(void *ctx, const struct desk_keys *keys,
    const struct mailbox *m, int64_t event, int64_t n);

struct token {
	char kind;	 /* 't' ticket, 'a' agent, 'd' delivery */
	int64_t id, n;	 /* ticket; or event and number */
	const char *mac; /* as written; not checked yet */
};
/* Does this address carry a token of the mailbox? */
bool token_read(const struct mailbox *m, const char *address, struct token *token);
/* Is its MAC right? For a ticket's or an agent's once the ticket is read. */
bool token_of_ticket(const struct desk_keys *keys, const struct mailbox *m,
    const struct ticket *t, const struct token *token);
bool token_of_agent(const struct desk_keys *keys, const struct mailbox *m,
    const struct ticket *t, const char *agent, const struct token *token);
bool token_of_delivery(const struct desk_keys *keys, const struct token *token);

/* ---- Message-IDs ---- */

/* "<t42.abcdefghijklmnop@acme.example>": the id every thread of ours starts from. */
char *token_root_id(
    void *ctx, const struct desk_keys *keys, const struct mailbox *m, int64_t ticket);
/* "<t42.101.k3j9.abcdefghijklmnop@acme.example>": the id of message 101. `random` is a
 * word of [a-z0-9]. */
char *token_sent_id(void *ctx, const struct desk_keys *keys, const struct mailbox *m,
    int64_t ticket, int64_t message, const char *random);
/* The same with the word that message always has: a mail that is sent again, and one that
 * refers to it later, say the same. `ticket` is that of the message's event. With an
 * agent it is the notice of event `message` to that agent. */
char *token_message_own_id(void *ctx, const struct desk_keys *keys,
    const struct mailbox *m, int64_t ticket, int64_t message, const char *agent);
/* "https://desk.example/attachment/101.2.abcdefghijklmnop": an attachment that is too
 * large for mail, for whoever has the link. */
char *token_attachment_link(void *ctx, const struct desk_keys *keys, const char *url,
    int64_t message, int64_t part);
/* Is this Message-ID (with or without <>) one of ours, MAC and all? Its ticket, and the
 * message or 0 for a root. */
bool token_message_id(
    const struct desk_keys *keys, const char *id, int64_t *ticket, int64_t *message);

#endif
