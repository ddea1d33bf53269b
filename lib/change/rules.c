/* Step 3: rules in file order, each seeing what earlier ones left. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "change/change_priv.h"

enum { RULE_DEPTH = 10 };

static void
trace(struct work *w, const struct rule *r, bool matched, bool applied,
    const struct node *why)
{
	struct change_result *res = w->r;
	size_t at = 0;

	/* A rule has one line, the last: it may be asked more than once. */
	if (res->rules == NULL)
		res->rules = mem_array(w->ctx, struct rule_trace, w->tx->policy->n);
	while (at < res->nrules && res->rules[at].acts != r)
		at++;
	res->nrules += at == res->nrules;
	res->rules[at] = (struct rule_trace){.rule = r->name,
	    .block = r->block,
	    .matched = matched,
	    .applied = applied,
	    .set = r->set,
	    .acts = r,
	    .withheld = matched ? w->withheld : NULL,
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
	size_t had = w->nevents;
	struct err why;
	enum rc rc;

	if (r->on == ON_HAND && w->actor->kind == ACTOR_AGENT)
		actor.by = actor_print(w->ctx, w->actor);
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
	rc = work_log(w, &actor, "ticket.changed", NULL, err);
	return rc == RC_OK ? work_act(w, r, had, err) : rc;
}

/* What the rules' by:, message: and changed: speak of. */
static void
what_happened(const struct work *w, struct query_now *now)
{
	static const char *const who[] = {[ACTOR_SYSTEM] = "system",
	    [ACTOR_AGENT] = "agent",
	    [ACTOR_CUSTOMER] = "customer",
	    [ACTOR_RULE] = "rule"};
	const struct message *m = w->message;

	now->now = w->tx->now;
	now->body = w->body;
	now->before = w->before;
	now->by = who[w->actor->kind];
	/* A mail that opens a ticket is filed by the desk, but said by the customer. */
	if (m != NULL && strncmp(m->author, "customer:", 9) == 0)
		now->by = "customer";
	if (m != NULL && strcmp(m->kind, "system") != 0)
		now->message = m->kind;
}

/* One walk over the rules of a kind; *again when one of them changed something. */
static enum rc
walk_rules(struct work *w, enum rule_on on, bool *again, struct err *err)
{
	struct policy *p = w->tx->policy;
	struct query_now now = query_now_of(w->tx->d);
	enum rc rc = RC_OK;

	what_happened(w, &now);
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
			w->withheld = NULL;
			rc = fire(w, r, err);
		}
		if (rc != RC_OK)
			return rc;
		if (yes || on == ON_CREATED || w->explain)
			trace(w, r, yes, w->nevents > had, why);
		*again = *again || w->nevents > had;
		if (yes && r->stop)
			break;
	}
	return RC_OK;
}

/* Rules that change what others look at: each once a root event, so it ends; ten walks
 * deep nobody knows any more what it shall end in. */
static enum rc
walk_changed(struct work *w, bool again, struct err *err)
{
	int depth;
	enum rc rc = RC_OK;

	for (depth = 0; rc == RC_OK && again && depth < RULE_DEPTH; depth++)
		rc = walk_rules(w, ON_CHANGED, &again, err);
	if (rc == RC_OK && again && depth == RULE_DEPTH)
		rc = work_log(w, &actor_system, "rule.loop",
		    json_pack("{s:s}", "reason",
			"rules changed the ticket ten times in a row, one because of the "
			"other"),
		    err);
	return rc;
}

enum rc
work_changed(struct work *w, struct err *err)
{
	return w->tx->policy != NULL && w->fired != NULL ? walk_changed(w, true, err)
							 : RC_OK;
}

static enum rc
load_policy(struct work *w, struct err *err)
{
	enum rc rc = RC_OK;

	if (w->tx->policy == NULL)
		rc = policy_load(w->tx->ctx, w->tx->d, &w->tx->policy, err);
	if (rc == RC_OK && w->fired == NULL)
		w->fired = mem_array(w->ctx, bool, w->tx->policy->n + 1);
	return rc;
}

enum rc
work_rules(struct work *w, enum rule_on on, struct err *err)
{
	bool again = false;
	enum rc rc = load_policy(w, err);

	if (rc != RC_OK || w->tx->policy->n == 0)
		return rc;
	rc = walk_rules(w, on, &again, err);
	/* A message is a change of the ticket, too. */
	return rc == RC_OK ? walk_changed(w, again || on == ON_MESSAGE, err) : rc;
}

enum rc
work_rule(struct work *w, struct rule *r, struct err *err)
{
	size_t had = w->nevents;
	enum rc rc = load_policy(w, err);

	if (rc == RC_OK)
		rc = rule_parse(w->tx->policy, r, w->tx->d->config, err);
	if (rc != RC_OK)
		return rc;
	w->fired[r - w->tx->policy->rules] = true;
	w->withheld = NULL;
	rc = fire(w, r, err);
	if (rc != RC_OK)
		return rc;
	trace(w, r, true, w->nevents > had, NULL);
	return walk_changed(w, w->nevents > had, err);
}
