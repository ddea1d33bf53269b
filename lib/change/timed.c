/* Rules on = time, and replies that wait for their time. */
#include "change/timed.h"

#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "change/change_priv.h"
#include "change/erase.h"
#include "change/unsent.h"

struct timed {
	struct desk *d;
	void *ctx;
	struct rule *rule;
	int64_t ids[TIMED_AT_ONCE];
	size_t n;
};

/* ---- which tickets ---- */

static enum rc
take(void *arg, struct ticket *t, struct err *err)
{
	struct timed *x = arg;
	bool fired = false;
	enum rc rc = RC_OK;

	if (!x->rule->purge)
		rc = rule_fired(
		    x->d->store, x->rule->name, t->id, t->last_event, &fired, err);
	if (rc != RC_OK || fired)
		return rc;
	x->ids[x->n++] = t->id;
	return x->n == TIMED_AT_ONCE ? RC_NONE : RC_OK;
}

static enum rc
select_tickets(struct timed *x, struct policy *p, struct err *err)
{
	struct query_list l = {.sort = "-id"};
	enum rc rc = rule_parse(p, x->rule, x->d->config, err);

	x->n = 0;
	return rc == RC_OK ? query_each(x->d, query_visible(x->ctx, x->rule->tree), &l,
				 take, x, err)
			   : rc;
}

/* ---- what is done with them ---- */

static enum rc
act(struct timed *x, struct timed_done *done, struct err *err)
{
	struct actor actor = actor_rule(x->rule->name);
	struct change_tx *tx = NULL;
	enum rc rc = change_begin(x->ctx, x->d, 0, &tx, err);

	for (size_t i = 0; rc == RC_OK && i < x->n; i++) {
		struct change_result r;

		rc = change_rule(tx, &actor, x->rule->name, x->ids[i], &r, err);
		if (rc == RC_OK)
			done->fired++;
		/* Changed, merged or purged since it was selected. */
		if (rc == RC_NONE || rc == RC_NOTFOUND || rc == RC_INVALID)
			rc = RC_OK;
	}
	if (tx != NULL && rc == RC_OK)
		return change_commit(tx, err);
	if (tx != NULL)
		change_abort(tx);
	return rc;
}

/* Retention: what it selects is removed; the next tick goes on. */
static enum rc
purge(struct timed *x, struct timed_done *done, struct err *err)
{
	struct actor actor = actor_rule(x->rule->name);
	struct erasure *gone = talloc_zero_array(x->ctx, struct erasure, TIMED_AT_ONCE);
	struct change_tx *tx = NULL;
	int64_t removed = 0;
	enum rc rc = change_begin(x->ctx, x->d, 0, &tx, err);

	for (size_t i = 0; rc == RC_OK && i < x->n; i++) {
		rc = change_purge(tx, &actor, x->ids[i], &gone[i], err);
		if (rc == RC_NOTFOUND) /* went along with one it was merged into */
			rc = RC_OK;
		done->purged += gone[i].tickets;
	}
	if (tx != NULL && rc == RC_OK)
		rc = change_commit(tx, err);
	else if (tx != NULL)
		change_abort(tx);
	for (size_t i = 0; rc == RC_OK && i < x->n; i++)
		rc = erase_blobs(x->d->store, &gone[i], &removed, err);
	return rc;
}

static enum rc
one_rule(struct desk *d, struct policy *p, struct rule *r, struct timed_done *done,
    struct err *err)
{
	struct timed *x = talloc_zero(p, struct timed);
	int64_t before;
	enum rc rc;

	x->d = d;
	x->ctx = x;
	x->rule = r;
	do {
		before = done->fired;
		rc = select_tickets(x, p, err);
		if (rc == RC_OK && x->n > 0)
			rc = r->purge ? purge(x, done, err) : act(x, done, err);
		/* Where nothing moves, the next tick looks again. */
	} while (rc == RC_OK && x->n == TIMED_AT_ONCE && done->fired > before);
	talloc_free(x);
	return rc;
}

enum rc
timed_rules(struct desk *d, struct timed_done *done, void (*wrong)(void *, const char *),
    void *arg, struct err *err)
{
	void *ctx = talloc_new(d);
	struct policy *p = NULL;
	enum rc rc = policy_load(ctx, d, &p, err);

	for (size_t i = 0; rc == RC_OK && i < p->n; i++) {
		if (p->rules[i].on != ON_TIME)
			continue;
		rc = one_rule(d, p, &p->rules[i], done, err);
		if (rc == RC_CONFIG || rc == RC_INVALID || rc == RC_USAGE) {
			wrong(arg, err->text);
			rc = RC_OK;
		}
	}
	talloc_free(ctx);
	return rc;
}

/* ---- replies at their time ---- */

SQL(sql_drafts_due, "SELECT ticket, agent FROM draft WHERE send_at IS NOT NULL "
		    "AND send_at <= ?1 ORDER BY send_at LIMIT 100");

struct due_draft {
	int64_t ticket;
	const char *agent;
};

static enum rc
drafts_due(struct desk *d, void *ctx, struct due_draft **v, size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_drafts_due, &st, err);

	*v = NULL;
	*n = 0;
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, desk_now(d));
	while ((rc = stmt_step(st, err)) == RC_OK) {
		*v = mem_grow(ctx, *v, struct due_draft, *n + 1);
		(*v)[(*n)++] = (struct due_draft){col_int(st, 0), col_strdup(ctx, st, 1)};
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* As its agent, with the rights they have now. */
static enum rc
send_draft(struct change_tx *tx, const struct due_draft *x, struct err *err)
{
	const struct config *c = tx->d->config;
	const struct agent *a = config_agent(c, x->agent);
	struct actor actor = actor_system;
	struct message m = {
	    .direction = "out", .channel = "cli", .class = "human", .quoted = ""};
	struct changes changes = {0};
	struct edit e = {.ticket = x->ticket, .changes = &changes, .message = &m};
	struct change_result r;
	struct unsent u = {0};
	enum rc rc = unsent_get(tx->d->store, tx->ctx, x->ticket, x->agent, &u, err);

	if (a != NULL)
		actor = (struct actor){.kind = ACTOR_AGENT,
		    .name = a->name,
		    .agent = a,
		    .role = config_role(c, a->role)};
	if (rc == RC_OK && *u.status != '\0')
		rc = changes_add(
		    tx->ctx, "status", CHANGE_SET, u.status, c, &changes, err);
	if (rc != RC_OK)
		return rc;
	m.kind = u.kind;
	m.body = u.body;
	m.author = actor_print(tx->ctx, &actor);
	m.author_address = a ? a->email : "";
	rc = change_edit(tx, &actor, &e, &r, err);
	return rc == RC_OK ? unsent_drop(tx, x->ticket, x->agent, err) : rc;
}

enum rc
timed_drafts(struct desk *d, struct timed_done *done, void (*wrong)(void *, const char *),
    void *arg, struct err *err)
{
	void *ctx = talloc_new(d);
	struct due_draft *v = NULL;
	struct change_tx *tx = NULL;
	size_t n = 0;
	enum rc rc = drafts_due(d, ctx, &v, &n, err);

	if (rc == RC_OK && n > 0)
		rc = change_begin(ctx, d, 0, &tx, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		rc = send_draft(tx, &v[i], err);
		done->sent += rc == RC_OK;
		if (rc == RC_OK || rc == RC_BUSY || rc == RC_IO || rc == RC_BUG)
			continue;
		/* It stays a draft, for its writer to look at. */
		wrong(arg, err->text);
		rc = unsent_keep(tx, v[i].ticket, v[i].agent, err);
	}
	if (tx != NULL && rc == RC_OK)
		rc = change_commit(tx, err);
	else if (tx != NULL)
		change_abort(tx);
	talloc_free(ctx);
	return rc;
}
