/* Conversations end: quiet for too long, or left. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "chat/talk_priv.h"

enum { QUIET_AT_ONCE = 100 };

/* The lifecycle's first status that is over for good. */
static const char *
closed_status(const struct lifecycle *l)
{
	for (size_t i = 0; i < l->nstatuses; i++) {
		if (l->statuses[i].phase == PHASE_CLOSED)
			return l->statuses[i].name;
	}
	return NULL;
}

struct ending {
	struct talk *t;
	void *ctx;
	struct change_tx *tx;
	const struct conversation *c;
	struct ticket *ticket;
};

static enum rc
close_ticket(void *arg, struct err *err)
{
	struct ending *e = arg;
	const struct config *c = e->t->d->config;
	const char *to = closed_status(queue_lifecycle(c, e->ticket->queue));
	struct changes changes = {0};
	struct edit edit = {.ticket = e->ticket->id, .changes = &changes};
	struct change_result r;
	enum rc rc;

	if (to == NULL)
		return RC_OK;
	rc = changes_add(e->ctx, "status", CHANGE_SET, to, c, &changes, err);
	return rc == RC_OK ? change_edit(e->tx, &actor_system, &edit, &r, err) : rc;
}

static enum rc
end_ticket(struct ending *e, struct err *err)
{
	const struct ticket *t = e->ticket;
	struct person p = {0};
	struct change_result r;
	bool answered = t->agent_at != INSTANT_NONE && t->agent_at >= t->customer_at,
	     spoke = t->agent_at != INSTANT_NONE;
	enum rc rc = customer_get(e->t->d->store, e->ctx, t->requester, &p, err);

	if (rc == RC_OK)
		rc = change_talk_ended(e->tx, t->id, e->c,
		    spoke && p.kind != NULL && strcmp(p.kind, "email") == 0 ? p.address
									    : NULL,
		    &r, err);
	if (rc != RC_OK || !answered || t->phase >= PHASE_RESOLVED)
		return rc;
	rc = change_try(e->tx, close_ticket, e, err);
	/* A lifecycle that asks for more than an answer keeps it open. */
	return rc == RC_INVALID ? RC_OK : rc;
}

static enum rc
end_one(struct talk *t, void *ctx, struct change_tx *tx, const struct conversation *c,
    struct err *err)
{
	struct ending e = {t, ctx, tx, c, NULL};
	enum rc rc = conversation_close(t->d->store, c->via, c->key, change_at(tx), err);

	if (rc == RC_OK)
		rc = talk_ticket(t, ctx, c->ticket, &e.ticket, err);
	return rc == RC_OK && e.ticket != NULL ? end_ticket(&e, err) : rc;
}

enum rc
talk_end_quiet(struct talk *t,
    enum rc (*each)(void *, const struct conversation *, struct err *), void *arg,
    struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct conversation **v = NULL;
	struct change_tx *tx = NULL;
	int64_t before = desk_now(t->d) - t->idle;
	size_t n = 0;
	enum rc rc = conversation_quiet(
	    t->d->store, ctx, t->via, before, QUIET_AT_ONCE, &v, &n, err);

	if (rc == RC_OK && n > 0)
		rc = change_begin(ctx, t->d, 0, &tx, err);
	/* Somebody may have said something while we waited for our turn. */
	if (tx != NULL)
		rc = conversation_quiet(
		    t->d->store, ctx, t->via, before, QUIET_AT_ONCE, &v, &n, err);
	for (size_t i = 0; tx != NULL && rc == RC_OK && i < n; i++)
		rc = end_one(t, ctx, tx, v[i], err);
	if (tx != NULL && rc == RC_OK)
		rc = change_commit(tx, err);
	else if (tx != NULL)
		change_abort(tx);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = each(arg, v[i], err);
	talloc_free(ctx);
	return rc;
}

enum rc
talk_end(struct talk *t, const char *conversation, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct conversation *c = NULL;
	struct change_tx *tx = NULL;
	enum rc rc = conversation_find(t->d->store, ctx, t->via, conversation, &c, err);

	if (rc == RC_OK && c->closed_at == INSTANT_NONE)
		rc = change_begin(ctx, t->d, 0, &tx, err);
	if (tx != NULL)
		rc = end_one(t, ctx, tx, c, err);
	if (tx != NULL && rc == RC_OK)
		rc = change_commit(tx, err);
	else if (tx != NULL)
		change_abort(tx);
	talloc_free(ctx);
	return rc == RC_NONE ? RC_OK : rc;
}
