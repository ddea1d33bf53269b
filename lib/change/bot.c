/* What bots say leaves as everything does: by the outbox. */
#include "change/bot.h"

#include <string.h>
#include <talloc.h>

#include "change/change_priv.h"

enum rc
change_bot(struct change_tx *tx, const struct bot_words *b, struct err *err)
{
	struct change_result r = {0};
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = &actor_system, .r = &r};
	struct person p = {0};
	struct pending of = {0};
	enum rc rc = work_person(&w, &b->who, &p, err);

	if (rc == RC_OK)
		rc = person_event(tx, &actor_system, p.id, 0, "bot.said",
		    json_pack("{s:s,s:s,s:s,s:s,s:s?}", "bot", b->bot, "did", b->did,
			"via", b->via, "conversation", b->key, "article", b->article),
		    &of.id, err);
	for (size_t i = 0; rc == RC_OK && i < b->nsays; i++)
		rc = work_leave(&w, &of,
		    &(struct leaving){.via = b->via,
			.kind = "bot",
			.target = b->key,
			.text = b->says[i],
			.due_at = tx->now},
		    err);
	return rc;
}
