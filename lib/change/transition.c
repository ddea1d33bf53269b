/* Step 1, the lifecycle's part: may this status follow that one, and is what the
 * transition needs there? */
#include <string.h>
#include <talloc.h>

#include "base/text.h"
#include "change/change_priv.h"

SQL(sql_open_child, "SELECT t.id FROM ticket_link l JOIN ticket t ON t.id = l.a "
		    "WHERE l.b = ?1 AND l.rel = 'parent' AND t.phase < 2 "
		    "ORDER BY t.id LIMIT 1");

static enum rc
need_children(struct work *w, struct err *err)
{
	struct stmt *st;
	int64_t child = 0;
	enum rc rc = store_prepare(w->tx->d->store, sql_open_child, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, w->t->id);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		child = col_int(st, 0);
	stmt_done(st);
	return rc == RC_OK ? err_fail(err, RC_INVALID, "its child, ticket %lld, is open",
				 (long long)child)
	       : rc == RC_NONE ? RC_OK
			       : rc;
}

static enum rc
need(struct work *w, const char *what, struct err *err)
{
	const struct ticket *t = w->t;

	if (text_starts(what, "field.") && ticket_field(t, what + 6) == NULL)
		return err_fail(err, RC_INVALID, "%s is not set", what);
	if (strcmp(what, "assignee") == 0 && *t->assignee == '\0')
		return err_fail(err, RC_INVALID, "nobody is assigned");
	if (strcmp(what, "reply") == 0 && t->agent_at == 0)
		return err_fail(err, RC_INVALID, "the customer had no reply");
	return strcmp(what, "children") == 0 ? need_children(w, err) : RC_OK;
}

/* Rules and the desk itself have no role: what a role guards is free to them. */
static enum rc
may(const struct work *w, const struct transition *t, struct err *err)
{
	const struct role *role = w->actor->role;

	if (role == NULL || t->roles[0] == NULL || word_index(t->roles, role->name) >= 0)
		return RC_OK;
	return err_fail(err, RC_DENIED, "agent \"%s\" (role \"%s\") may not",
	    w->actor->name, role->name);
}

enum rc
work_transition(struct work *w, const struct ticket *was, struct err *err)
{
	const struct config *c = w->tx->d->config;
	const struct lifecycle *l = queue_lifecycle(c, w->t->queue);
	const char *to = w->t->status, *from;
	enum rc rc;

	from = lifecycle_fit(queue_lifecycle(c, was->queue), l, was->status);
	if (strcmp(from, to) == 0)
		return RC_OK;
	rc = lifecycle_may(l, from, to, err);
	for (size_t i = 0; rc == RC_OK && i < l->ntransitions; i++) {
		const struct transition *t = &l->transitions[i];

		if (!transition_applies(t, from, to))
			continue;
		rc = may(w, t, err);
		for (const char **p = t->require; rc == RC_OK && *p != NULL; p++)
			rc = need(w, *p, err);
		if (rc != RC_OK)
			return err_wrap(
			    err, "%s to %s (transition \"%s\")", from, to, t->name);
	}
	return rc;
}
