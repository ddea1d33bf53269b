/* What others decide about a change: who asks, rules in file order, assignment. */
#include "change/change_priv.h"

#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"

enum { RULE_DEPTH = 10 };

/* ---- people ---- */

enum rc
work_person(
    struct work *w, const struct person_address *a, struct person *p, struct err *err)
{
	struct store *s = w->tx->d->store;
	int64_t id = 0;
	struct event e = {
	    .actor = actor_print(w->ctx, w->actor), .action = "customer.created"};
	json_t *changes;
	enum rc rc = customer_find(s, a->kind, a->value, &id, err);

	if (rc == RC_OK)
		return customer_get(s, w->ctx, id, p, err);
	if (rc != RC_NONE)
		return rc;
	rc = customer_add(s, a, p, err);
	if (rc != RC_OK)
		return rc;
	e.customer = p->id;
	changes = json_pack("{s:[n,s],s:[[],[o]],s:[n,o]}", "name", a->name, "addresses",
	    json_sprintf("%s:%s", a->kind, a->value), "organization",
	    p->organization ? json_integer(p->organization) : json_null());
	e.changes = event_changes(w->ctx, changes);
	json_decref(changes);
	return work_event(w->tx, &e, err);
}

/* Changes that need the store: who asks, which organization. */
enum rc
work_look_up(struct work *w, const struct changes *c, struct err *err)
{
	struct person_address a = {0};
	struct person p = {0};
	const char *v = c ? changes_value(c, "requester") : NULL;
	enum rc rc = RC_OK;

	if (v != NULL) {
		rc = address_parse(w->ctx, v, &a, err);
		if (rc == RC_OK)
			rc = work_person(w, &a, &p, err);
		if (rc == RC_OK)
			w->t->requester = p.id;
	}
	v = c ? changes_value(c, "organization") : NULL;
	if (rc == RC_OK && v != NULL) {
		w->t->organization = 0;
		if (*v != '\0' && strcmp(v, "none") != 0)
			rc = organization_find(
			    w->tx->d->store, v, &w->t->organization, err);
		if (rc == RC_NONE)
			rc = err_fail(err, RC_USAGE,
			    "organization \"%s\": no such organization", v);
	}
	return rc;
}

/* ---- step 3: rules ---- */

static void
trace(struct work *w, const struct rule *r, bool matched, bool applied,
    const struct node *why)
{
	struct change_result *res = w->r;

	if (res->rules == NULL)
		res->rules = mem_array(w->ctx, struct rule_trace, w->tx->policy->n);
	res->rules[res->nrules++] = (struct rule_trace){.rule = r->name,
	    .block = r->block,
	    .matched = matched,
	    .applied = applied,
	    .set = r->set,
	    .failed = why};
}

/* What a rule asks for and the ticket cannot take (a status its lifecycle does not lead
 * to, a field of another queue) is left undone and logged: no rule stops a mail. */
static enum rc
refuse(struct work *w, const struct rule *r, const struct ticket *was,
    const struct err *why, struct err *err)
{
	struct actor actor = actor_rule(r->name);

	*w->t = *was;
	return work_log(w, &actor, "rule.refused",
	    json_pack("{s:s,s:s}", "rule", r->name, "reason", why->text), err);
}

static enum rc
fire(struct work *w, const struct rule *r, struct err *err)
{
	struct actor actor = actor_rule(r->name);
	struct ticket was = *w->t;
	struct err why;
	enum rc rc;

	rc = changes_apply(
	    w->ctx, &r->changes, w->tx->d->config, NULL, w->tx->now, w->t, &why);
	if (rc == RC_OK && changes_value(&r->changes, "status") != NULL)
		rc = work_transition(w, &was, &why);
	if (rc == RC_USAGE || rc == RC_INVALID || rc == RC_DENIED || rc == RC_NONE)
		return refuse(w, r, &was, &why, err);
	if (rc != RC_OK)
		*err = why;
	if (rc == RC_OK)
		rc = work_look_up(w, &r->changes, err);
	if (rc != RC_OK)
		return err_wrap(err, "%s \"%s\"", r->block, r->name);
	if (r->assign != NULL)
		w->assign = r->assign;
	return work_log(w, &actor, "ticket.changed", NULL, err);
}

/* One walk over the rules of a kind; *again when one of them changed something. */
static enum rc
walk_rules(struct work *w, enum rule_on on, bool *again, struct err *err)
{
	struct policy *p = w->tx->policy;
	struct query_now now = query_now_of(w->tx->d);
	enum rc rc = RC_OK;

	now.now = w->tx->now;
	now.body = w->body;
	*again = false;
	for (size_t i = 0; i < p->n; i++) {
		struct rule *r = &p->rules[i];
		const struct node *why = NULL;
		size_t had = w->nevents;
		bool yes = false;

		if (r->on != on || w->fired[i])
			continue;
		rc = rule_matches(p, r, w->tx->d->config, w->t, &now, &yes, &why, err);
		if (rc == RC_OK && yes) {
			w->fired[i] = true;
			rc = fire(w, r, err);
		}
		if (rc != RC_OK)
			return rc;
		if (yes || on == ON_CREATED)
			trace(w, r, yes, w->nevents > had, why);
		*again = *again || w->nevents > had;
		if (yes && r->stop)
			break;
	}
	return RC_OK;
}

enum rc
work_rules(struct work *w, enum rule_on on, struct err *err)
{
	bool again = false;
	enum rc rc = RC_OK;

	if (w->tx->policy == NULL)
		rc = policy_load(w->tx->ctx, w->tx->d, &w->tx->policy, err);
	if (rc != RC_OK || w->tx->policy->n == 0)
		return rc;
	w->fired = mem_array(w->ctx, bool, w->tx->policy->n);
	rc = walk_rules(w, on, &again, err);
	if (rc == RC_OK && on == ON_MESSAGE)
		again = true; /* a message is a change of the ticket, too */
	for (int depth = 0; rc == RC_OK && again && depth < RULE_DEPTH; depth++)
		rc = walk_rules(w, ON_CHANGED, &again, err);
	return rc;
}

/* ---- step 4: assignment ---- */

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
	return work_log(w, &actor_system, "ticket.changed",
	    json_pack("{s:s}", "assigned_by", strategy), err);
}
