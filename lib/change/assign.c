/* Step 4: an assignee for a ticket that nobody has. */
#include <string.h>
#include <talloc.h>

#include "change/change_priv.h"

enum rc
work_assign(struct work *w, struct err *err)
{
	struct desk *d = w->tx->d;
	const struct queue *q = config_queue(d->config, w->t->queue);
	const char *strategy = w->assign ? w->assign : q ? q->assign : "none";
	struct candidate *v = NULL;
	size_t n = 0;
	const char *who;
	enum rc rc;

	if (*w->t->assignee != '\0' || w->t->phase != PHASE_OPEN || q == NULL ||
	    strcmp(strategy, "none") == 0)
		return RC_OK;
	rc = assign_candidates(d->store, d->config, w->ctx, q, &v, &n, err);
	if (rc != RC_OK)
		return rc;
	who = assign_choose(strategy, v, n, &w->r->not_assigned);
	if (who == NULL)
		return RC_OK;
	w->t->assignee = who;
	w->r->assigned = who;
	rc = work_log(w, &actor_system, "ticket.changed",
	    json_pack("{s:s}", "assigned_by", strategy), err);
	return rc == RC_OK ? work_changed(w, err) : rc;
}
