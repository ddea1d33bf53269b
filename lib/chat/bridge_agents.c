/* Agents in a channel: what they ask for, what their room is told. */
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "chat/agents.h"
#include "chat/bridge_priv.h"
#include "chat/proving.h"

enum {
	NEWS_BURST = BRIDGE_NEWS_BURST, /* announcements at once, then */
	NEWS_MS = 10000			/* one in so long */
};

/* Said at once, and not again: an answer, not a message of a ticket. */
static enum rc
say(struct bridge_run *b, const char *conversation, const char *text, struct err *err)
{
	static const struct message nothing = {0};
	struct said s = {.id = talloc_asprintf(b->heard_ctx, "answer-%lld-%lld",
			     (long long)now_ms(), (long long)b->nsaid++),
	    .conversation = conversation,
	    .text = text,
	    .name = b->d->config->name,
	    .message = &nothing};

	return b->want->channel->send(b->self, &s, err);
}

static enum rc
try_asked(struct bridge_run *b, const struct asked *q, struct filed *f, char **answer,
    struct err *err)
{
	if (q->proof)
		return proving_do(b->d, b->heard_ctx, &q->h, answer, err);
	if (q->agent != NULL)
		return agents_do(
		    b->d, b->heard_ctx, b->via, q->agent, &q->h, f, answer, err);
	if (q->command)
		*answer = talloc_strdup(
		    b->heard_ctx, "I do not know this account: nothing was done.");
	return RC_OK;
}

static enum rc
do_asked(struct bridge_run *b, const struct asked *q, struct err *err)
{
	struct filed f = {.outcome = TALK_APPENDED};
	char *answer = NULL;
	enum rc rc;

	while (((rc = try_asked(b, q, &f, &answer, err)) == RC_BUSY || rc == RC_IO) &&
	       !*b->want->stop) {
		bridge_log(b, "%s", err->text);
		usleep(BRIDGE_BUSY_US);
	}
	if (rc == RC_OK && b->self != NULL && q->h.id != NULL &&
	    b->want->channel->filed != NULL)
		rc = b->want->channel->filed(b->self, &q->h, &f, err);
	return rc == RC_OK && b->self != NULL && answer != NULL
		   ? say(b, q->h.conversation, answer, err)
		   : rc;
}

/* Before what was heard is filed: how far the channel has read is kept with that. What is
 * done is durable, and known by its id if it comes again. */
enum rc
bridge_answer_agents(struct bridge_run *b, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < b->nasked; i++) {
		rc = do_asked(b, &b->asked[i], err);
		if (rc == RC_NET) { /* the channel: it is opened again */
			bridge_lost(b, err);
			rc = RC_OK;
		}
	}
	b->asked = NULL;
	b->nasked = 0;
	return rc;
}

/* Some at once, then one in so long: the others are counted. */
bool
bridge_may_announce(struct bridge_run *b)
{
	int64_t now = now_ms();

	b->news_left += (double)(now - b->news_at) / NEWS_MS;
	b->news_left = b->news_left > NEWS_BURST ? NEWS_BURST : b->news_left;
	b->news_at = now;
	if (b->news_left < 1)
		return false;
	b->news_left -= 1;
	return true;
}

void
bridge_say_unsaid(struct bridge_run *b)
{
	struct err bad;

	if (b->unsaid == 0 || b->self == NULL || b->conf == NULL ||
	    b->conf->agents_room == NULL || !b->want->channel->ready(b->self) ||
	    !bridge_may_announce(b))
		return;
	if (say(b, b->conf->agents_room,
		talloc_asprintf(b->heard_ctx, "and %lld more: !list phase:open",
		    (long long)b->unsaid),
		&bad) != RC_OK)
		bridge_lost(b, &bad);
	b->unsaid = 0;
}
