/* What a bot says (lib/chat/bot.h): an event of the customer, and a row of the outbox for
 * each of its words, in the transaction that keeps what it heard. */
#ifndef CHANGE_BOT_H
#define CHANGE_BOT_H

#include "change/change.h"

struct bot_words {
	const char *bot, *did;	   /* its name; greeted answered ... */
	const char *via, *key;	   /* the conversation, as in struct conversation */
	struct person_address who; /* with whom; made a customer when it is none */
	const char *article;	   /* that was offered or voted on, or NULL */
	const char *const *says;
	size_t nsays;
};
/* The event bot.said, even when it says nothing. */
enum rc change_bot(
    struct change_tx *tx, const struct bot_words *w, struct err *err) CHECKED;

#endif
