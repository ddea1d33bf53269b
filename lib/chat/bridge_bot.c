/* A bot between a channel and the desk. Its program may think for seconds: meanwhile
 * others are served, and what the same person says after waits behind. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "chat/bridge_priv.h"

const struct bot *
bridge_bot(const struct bridge_run *b)
{
	return b->conf != NULL && b->conf->bot != NULL
		   ? config_bot(b->d->config, b->conf->bot)
		   : NULL;
}

/* ---- programs that think ---- */

static struct thought *
thought_about(struct bridge_run *b, const char *conversation)
{
	for (size_t i = 0; i < b->nthoughts; i++) {
		if (strcmp(b->thoughts[i].conversation, conversation) == 0)
			return &b->thoughts[i];
	}
	return NULL;
}

static void
forget_thought(struct bridge_run *b, struct thought *t)
{
	talloc_free(t->ctx);
	*t = b->thoughts[--b->nthoughts];
}

static void
forget_thought_about(struct bridge_run *b, const char *conversation)
{
	struct thought *t = thought_about(b, conversation);

	if (t != NULL)
		forget_thought(b, t);
}

void
bridge_bot_forget(struct bridge_run *b)
{
	while (b->nthoughts > 0)
		forget_thought(b, &b->thoughts[0]);
}

size_t
bridge_bot_wait(const struct bridge_run *b, struct pollfd *v, int64_t *until)
{
	size_t n = 0;

	for (size_t i = 0; i < b->nthoughts; i++) {
		if (!b->thoughts[i].done)
			n += process_wait(b->thoughts[i].p->going, v + n, until);
		else
			*until = now_ms();
	}
	return n;
}

void
bridge_bot_step(struct bridge_run *b)
{
	for (size_t i = 0; i < b->nthoughts; i++) {
		struct thought *t = &b->thoughts[i];

		if (!t->done)
			t->done = process_step(t->p->going);
	}
}

/* True: one was begun. One that cannot be begun is passed over. */
static bool
begin_thought(struct bridge_run *b, const struct heard *h, const struct bot_talk *talk,
    const struct bot_line *l)
{
	struct thought *t = &b->thoughts[b->nthoughts];
	struct err bad;

	if (b->nthoughts == BRIDGE_THOUGHTS_MAX)
		return false;
	*t = (struct thought){.ctx = talloc_new(b)};
	t->conversation = talloc_strdup(t->ctx, h->conversation);
	if (bot_propose(t->ctx, b->d, bridge_bot(b), talk, l, &t->p, &bad) != RC_OK) {
		bridge_log(b, "%s", bad.text);
		talloc_free(t->ctx);
		return false;
	}
	b->nthoughts++;
	return true;
}

/* ---- lines ---- */

/* An earlier line of the same conversation still waits. */
static bool
stands_behind(const struct bridge_run *b, const struct heard *h)
{
	for (size_t i = 0; i < b->nheard; i++) {
		if (strcmp(b->heard[i].conversation, h->conversation) == 0)
			return true;
	}
	return false;
}

static enum rc
decide(struct bridge_run *b, void *ctx, const struct heard *h, struct bot_talk *talk,
    struct bot_turn *turn, bool *later, struct err *err)
{
	struct thought *t = thought_about(b, h->conversation);
	struct bot_line l = bot_line_of(ctx, b->d, h);
	const char *why = NULL;
	enum rc rc;

	*later = t != NULL && !t->done;
	if (*later)
		return RC_OK;
	if (t != NULL) {
		l.asked = true;
		l.proposal = bot_proposed(ctx, t->p, &why);
		if (why != NULL)
			bridge_log(b, "%s", why);
	}
	rc = bot_decide(ctx, b->d, bridge_bot(b), talk, h, &l, turn, err);
	if (rc == RC_OK && turn->propose) {
		*later = b->nheard < BRIDGE_WAITING_MAX && begin_thought(b, h, talk, &l);
		l.asked = true;
		if (!*later)
			rc = bot_decide(ctx, b->d, bridge_bot(b), talk, h, &l, turn, err);
	}
	json_decref(l.proposal);
	return rc;
}

/* What the desk refuses of a bot is no reason to end the bridge: the line is filed as if
 * there were no bot. */
static bool
is_refused(enum rc rc)
{
	return rc == RC_INVALID || rc == RC_USAGE || rc == RC_DENIED || rc == RC_CONFIG ||
	       rc == RC_NOTFOUND;
}

enum rc
bridge_bot_hears(struct bridge_run *b, void *ctx, const struct heard *h, struct filed *f,
    bool *later, struct err *err)
{
	struct bot_turn turn = {0};
	struct bot_talk *talk = NULL;
	enum rc rc;

	*later = stands_behind(b, h);
	if (*later)
		return RC_OK;
	rc = bot_listens(b->d, ctx, b->via, bridge_bot(b), h, &talk, err);
	if (rc == RC_OK)
		rc = decide(b, ctx, h, talk, &turn, later, err);
	if (rc != RC_OK || *later) {
		/* A person answers by now: what its program thinks is not waited for. */
		if (rc == RC_NONE)
			forget_thought_about(b, h->conversation);
		return rc;
	}
	rc = bot_file(b->talk, ctx, bridge_bot(b), h, talk, &turn, f, err);
	/* A store that others hold comes free again. */
	if (rc == RC_BUSY || rc == RC_IO) {
		bridge_log(b, "%s", err->text);
		*later = true;
		return RC_OK;
	}
	forget_thought_about(b, h->conversation);
	if (is_refused(rc)) {
		bridge_log(b, "bot %s: %s", bridge_bot(b)->name, err->text);
		return RC_NONE;
	}
	b->rung = true;
	return rc;
}
