/* How good were we: outcomes of clocks by group, with the times they took. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "sla/sla.h"

const char *const sla_by_names[] = {"policy", "queue", "agent", "organization", NULL};

/* What is grouped by, in the order of enum sla_by. */
static const char *const group_columns[] = {"c.policy", "t.queue", "t.assignee",
    "coalesce((SELECT o.name FROM organization o WHERE o.id = t.organization), '')"};

/* Ended in the period, or breached in it and ended since or never: both by index. */
static char *
select_sql(void *ctx, enum sla_by by, const struct query_sql *q, int64_t since)
{
	return talloc_asprintf(ctx,
	    "SELECT %s, t.id, " CLOCK_COLUMNS " FROM sla_clock c JOIN ticket t "
	    "ON t.id = c.ticket WHERE c.ended_at IS NOT NULL AND c.ended_at >= %lld "
	    "AND (%s) "
	    "UNION ALL SELECT %s, t.id, " CLOCK_COLUMNS " FROM sla_clock c JOIN ticket t "
	    "ON t.id = c.ticket WHERE c.ended_at IS NULL AND c.due_at IS NOT NULL "
	    "AND (%s)",
	    group_columns[by], (long long)since, q->where, group_columns[by], q->where);
}

struct report {
	void *ctx;
	struct desk *d;
	const struct node *tree;
	const struct query_now *now;
	const struct query_sql *q;
	int64_t since, until;
	struct sla_group *v;
	size_t n;
};

static struct sla_group *
group(struct report *r, const char *name, enum sla_target target)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].target == target && strcmp(r->v[i].name, name) == 0)
			return &r->v[i];
	}
	r->v = mem_grow(r->ctx, r->v, struct sla_group, r->n + 1);
	r->v[r->n] =
	    (struct sla_group){.name = talloc_strdup(r->ctx, name), .target = target};
	return &r->v[r->n++];
}

static void
took(struct report *r, struct sla_group *g, int64_t elapsed)
{
	if ((g->n & (g->n - 1)) == 0)
		g->elapsed = mem_grow(r->ctx, g->elapsed, int64_t, g->n ? 2 * g->n : 1);
	g->elapsed[g->n++] = elapsed;
}

/* When its outcome was decided (S38): a breach when it was due, whenever it ended. */
static int64_t
outcome_at(const struct clock *c, enum clock_state state)
{
	if (state == CLOCK_BREACHED)
		return c->breached ? c->breached : c->due;
	return c->ended;
}

static void
count(struct report *r, const char *name, const struct clock *c)
{
	enum clock_state state = clock_state_at(c, r->now->now / 1000);
	int64_t at = outcome_at(c, state) * 1000;
	struct sla_group *g;

	if (at == 0 || at < r->since || at >= r->until)
		return;
	g = group(r, name, c->target);
	if (state == CLOCK_MET)
		g->met++;
	else if (state == CLOCK_BREACHED)
		g->breached++;
	else if (strcmp(c->ended_by, "resolved_without_reply") == 0)
		g->void_unanswered++;
	else
		g->void_other++;
	if (c->ended != 0 && state != CLOCK_VOID)
		took(r, g, c->elapsed);
}

static enum rc
one_row(struct report *r, struct stmt *st, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct ticket *t = NULL;
	struct clock c;
	bool yes = true;
	enum rc rc = RC_OK;

	clock_read(ctx, st, 2, &c);
	if (r->q->inexact) {
		rc = ticket_get(r->d->store, ctx, col_int(st, 1), &t, err);
		if (rc == RC_OK)
			rc = query_match(r->tree, t, r->now, &yes, NULL, err);
	}
	if (rc == RC_OK && yes)
		count(r, col_text(st, 0), &c);
	talloc_free(ctx);
	return rc;
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int
by_name(const void *a, const void *b)
{
	const struct sla_group *x = a, *y = b;
	int n = strcmp(x->name, y->name);

	return n ? n : (int)x->target - (int)y->target;
}

enum rc
sla_report(void *ctx, struct desk *d, const struct node *tree, enum sla_by by,
    int64_t since, int64_t until, struct sla_group **v, size_t *n, struct err *err)
{
	struct query_now now = query_now_of(d);
	struct query_sql q = {0};
	struct report r = {ctx, d, tree, &now, &q, since, until, NULL, 0};
	struct stmt *st = NULL;
	enum rc rc = query_sql(ctx, tree, &now, false, &q, err);

	if (rc == RC_OK)
		rc = store_prepare_once(
		    d->store, select_sql(ctx, by, &q, since), &st, err);
	if (rc != RC_OK)
		return rc;
	query_bind(st, &q);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		rc = one_row(&r, st, err);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	if (rc != RC_NONE)
		return rc;
	for (size_t i = 0; i < r.n; i++) {
		if (r.v[i].n > 1)
			qsort(r.v[i].elapsed, r.v[i].n, sizeof(int64_t), by_size);
	}
	if (r.n > 1)
		qsort(r.v, r.n, sizeof(*r.v), by_name);
	*v = r.v;
	*n = r.n;
	return RC_OK;
}

int64_t
sla_percentile(const struct sla_group *g, int percent)
{
	size_t rank = (g->n * (size_t)percent + 99) / 100; /* nearest rank */

	return g->n ? g->elapsed[rank ? rank - 1 : 0] : 0;
}
