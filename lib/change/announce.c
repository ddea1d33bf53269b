/* New tickets and breaches are told to the agents' rooms of bridges: one row a room, in
 * the transaction that makes them. */
#include "change/notice.h"

#include <string.h>
#include <talloc.h>

#include "base/text.h"

/* What an event is news of, as `announce` of tkt.conf calls it, or NULL. */
static const char *
news_of(const char *action)
{
	if (strcmp(action, "ticket.created") == 0)
		return "created";
	return strcmp(action, "sla.breached") == 0 ? "breached" : NULL;
}

static enum rc
to_rooms(struct work *w, struct pending *p, const char *what, struct err *err)
{
	const struct config *c = w->tx->d->config;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < c->nbridges; i++) {
		const struct bridge *b = &c->bridges[i];
		struct leaving l = {
		    .kind = "announce", .target = b->agents_room, .due_at = w->tx->now};

		if (b->agents_room == NULL || word_index(b->announce, what) < 0)
			continue;
		l.via = talloc_asprintf(w->ctx, "%s:%s", b->type, b->name);
		rc = work_leave(w, p, &l, err);
	}
	return rc;
}

enum rc
notice_to_rooms(struct work *w, struct err *err)
{
	bool news = true;
	enum rc rc = RC_OK;

	if (w->tx->d->config->nbridges == 0)
		return RC_OK;
	for (size_t i = 0; rc == RC_OK && i < w->nevents; i++) {
		const char *what = news_of(w->events[i].action);

		if (what == NULL)
			continue;
		rc = notice_is_news(w, &news, err);
		if (rc == RC_OK && news)
			rc = to_rooms(w, &w->events[i], what, err);
	}
	return rc;
}
