/* One rule on one ticket: by hand, by time, or only to say what it would do. */
#include <string.h>
#include <talloc.h>

#include "base/text.h"
#include "change/change_priv.h"

static enum rc
find(struct work *w, const char *name, struct rule **r, struct err *err)
{
	const char **names = NULL;
	size_t n = 0;
	enum rc rc = RC_OK;

	if (w->tx->policy == NULL)
		rc = policy_load(w->tx->ctx, w->tx->d, &w->tx->policy, err);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < w->tx->policy->n; i++) {
		*r = &w->tx->policy->rules[i];
		if (strcmp((*r)->name, name) == 0 &&
		    ((*r)->on == ON_HAND || (*r)->on == ON_TIME))
			return RC_OK;
		if ((*r)->on == ON_HAND)
			text_push(w->ctx, &names, &n, (*r)->name);
	}
	return err_fail(err, RC_NOTFOUND, "rule \"%s\": no such rule on = hand or time%s",
	    name, n > 0 ? text_hint(w->ctx, name, names) : "");
}

/* ---- fired: once, until somebody else changes the ticket ---- */

SQL(sql_fired_get, "SELECT last_event FROM fired WHERE rule = ?1 AND ticket = ?2");
/* What rules, clocks and the outbox do is nobody's. */
SQL(sql_fired_since,
    "SELECT 1 FROM event WHERE ticket = ?1 AND id > ?2 AND actor NOT LIKE 'rule:%' "
    "AND NOT (actor = 'system' AND (action LIKE 'sla.%' OR action LIKE 'delivery.%' "
    "OR action LIKE 'rule.%' OR cause IS NOT NULL)) LIMIT 1");
SQL(sql_fired_set, "INSERT INTO fired (rule, ticket, last_event) VALUES (?1, ?2, ?3) "
		   "ON CONFLICT (rule, ticket) DO UPDATE SET "
		   "last_event = excluded.last_event");

enum rc
rule_fired(struct store *s, const char *rule, int64_t ticket, int64_t last_event,
    bool *yes, struct err *err)
{
	struct stmt *st;
	int64_t then;
	enum rc rc = store_prepare(s, sql_fired_get, &st, err);

	*yes = false;
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, rule);
	bind_int(st, 2, ticket);
	rc = stmt_step(st, err);
	then = rc == RC_OK ? col_int(st, 0) : 0;
	stmt_done(st);
	if (rc != RC_OK)
		return rc == RC_NONE ? RC_OK : rc;
	*yes = true;
	if (then == last_event)
		return RC_OK;
	rc = store_prepare(s, sql_fired_since, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	bind_int(st, 2, then);
	rc = stmt_step(st, err);
	*yes = rc == RC_NONE;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
remember(struct work *w, const struct rule *r, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(w->tx->d->store, sql_fired_set, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, r->name);
	bind_int(st, 2, w->t->id);
	/* A rule that did nothing has fired, too: it waits for a change like the others.
	 */
	bind_int(st, 3, w->t->last_event);
	return stmt_run(st, err);
}

/* ---- acting ---- */

static enum rc
wants(struct work *w, struct rule *r, struct err *err)
{
	struct query_now now = query_now_of(w->tx->d);
	const struct node *why = NULL;
	bool yes = false, fired = false;
	enum rc rc;

	now.now = w->tx->now;
	now.before = w->before;
	now.by = w->actor->kind == ACTOR_AGENT ? "agent" : "system";
	rc =
	    rule_matches(w->tx->policy, r, w->tx->d->config, w->t, &now, &yes, &why, err);
	if (rc == RC_OK && !yes)
		return err_fail(err, RC_NONE, "rule \"%s\" is not for it: %s", r->name,
		    why ? query_print(w->ctx, why) : "it matches nothing");
	if (rc == RC_OK && r->on == ON_TIME)
		rc = rule_fired(
		    w->tx->d->store, r->name, w->t->id, w->t->last_event, &fired, err);
	if (rc == RC_OK && fired)
		return err_fail(err, RC_NONE,
		    "rule \"%s\" acted already, and nobody changed it since", r->name);
	return rc;
}

struct ask {
	const char *name;
	int64_t ticket;
	enum rule_on on;
};

static enum rc
run_rule(struct work *w, const void *what, struct err *err)
{
	const struct ask *a = what;
	struct rule *r = NULL;
	enum rc rc = work_load(w, a->ticket, true, err);

	if (rc == RC_OK)
		rc = actor_need(w->actor, "ticket.change", err);
	if (rc == RC_OK)
		rc = find(w, a->name, &r, err);
	if (rc == RC_OK && r->reply != NULL && r->on == ON_HAND)
		rc = actor_need(w->actor, "ticket.reply", err);
	if (rc == RC_OK)
		rc = wants(w, r, err);
	if (rc == RC_OK)
		rc = work_rule(w, r, err);
	if (rc == RC_OK && w->assign != NULL)
		rc = work_assign(w, err);
	if (rc == RC_OK)
		rc = work_write(w, err);
	return rc == RC_OK && r->on == ON_TIME ? remember(w, r, err) : rc;
}

enum rc
change_rule(struct change_tx *tx, const struct actor *actor, const char *rule,
    int64_t ticket, struct change_result *r, struct err *err)
{
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = actor, .r = r};
	struct ask a = {.name = rule, .ticket = ticket};
	enum rc rc = work_run(&w, &a, run_rule, err);

	return rc == RC_OK || rc == RC_NOTFOUND
		   ? rc
		   : err_wrap(err, "ticket %lld", (long long)ticket);
}

/* ---- explaining ---- */

/* What the rules would be asked about: the customer's last word. */
static enum rc
last_said(void *arg, struct message *m, struct err *err)
{
	struct work *w = arg;

	(void)err;
	if (strcmp(m->direction, "in") != 0 || strcmp(m->kind, "reply") != 0)
		return RC_OK;
	w->message = talloc_zero(w->ctx, struct message);
	*w->message = (struct message){.kind = "reply",
	    .direction = "in",
	    .class = talloc_strdup(w->ctx, m->class),
	    .author = talloc_strdup(w->ctx, m->author),
	    .body = talloc_strdup(w->ctx, m->body),
	    .flags = m->flags};
	return RC_OK;
}

static enum rc
run_explain(struct work *w, const void *what, struct err *err)
{
	const struct ask *a = what;
	enum rc rc = work_load(w, a->ticket, true, err);

	if (rc == RC_OK)
		rc = actor_need(w->actor, "ticket.read", err);
	if (rc == RC_OK && (a->on == ON_CREATED || a->on == ON_MESSAGE))
		rc = message_each(w->tx->d->store, a->ticket, last_said, w, err);
	w->explain = true;
	if (rc == RC_OK)
		rc = work_rules(w, a->on, err);
	w->r->after = w->t;
	w->r->ticket = a->ticket;
	return rc;
}

enum rc
change_explain(struct change_tx *tx, const struct actor *actor, enum rule_on on,
    int64_t ticket, struct change_result *r, struct err *err)
{
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = actor, .r = r};
	struct ask a = {.ticket = ticket, .on = on};

	return work_run(&w, &a, run_explain, err);
}
