/* Fuzz: any object as what a channel program says, and as a talk that a bot kept. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "chat/bot.h"
#include "chat/exec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	void *ctx = talloc_new(NULL);
	json_t *o = json_loadb((const char *)data, n, 0, NULL), *again;
	struct bot_talk *t = NULL, *same = NULL;
	struct heard h;
	struct err err;

	if (json_is_object(o)) {
		if (exec_heard(ctx, o, "fuzz", "/nonexistent", &h, &err) == RC_OK &&
		    (h.conversation == NULL || h.address == NULL))
			abort();
		if (bot_talk_from_json(ctx, o, &t, &err) == RC_OK) {
			again = bot_talk_to_json(t);
			if (bot_talk_from_json(ctx, again, &same, &err) != RC_OK ||
			    same->nsaid != t->nsaid || same->noffers != t->noffers)
				abort();
			json_decref(again);
		}
	}
	json_decref(o);
	talloc_free(ctx);
	return 0;
}
