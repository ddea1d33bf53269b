/* Counting tickets by group. */
#include "query/stats.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"

const char *const stats_by_names[] = {
    "all", "queue", "agent", "organization", "channel", "tag", "day", NULL};

enum { GROUPS_STEP = 64, DAY_CHARS = 10 };

struct gathering {
	struct desk *d;
	void *ctx;
	enum stats_by by;
	int64_t since, until;
	const char *zone;
	struct stats *s;
	struct stats_group **table; /* hashed by name */
	size_t room;
};

/* ---- groups ---- */

static size_t
hash_of(const char *s)
{
	size_t h = 14695981039346656037U;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211U;
	return h;
}

static void grow(struct gathering *g);

static struct stats_group *
group(struct gathering *g, const char *name)
{
	size_t i;

	if (g->s->n * 2 >= g->room)
		grow(g);
	i = hash_of(name) & (g->room - 1);
	while (g->table[i] != NULL && strcmp(g->table[i]->name, name) != 0)
		i = (i + 1) & (g->room - 1);
	if (g->table[i] == NULL) {
		g->table[i] = talloc_zero(g->ctx, struct stats_group);
		g->table[i]->name = talloc_strdup(g->ctx, name);
		g->s->n++;
	}
	return g->table[i];
}

static void
grow(struct gathering *g)
{
	struct stats_group **old = g->table;
	size_t room = g->room;

	g->room = room ? 2 * room : GROUPS_STEP;
	g->table = mem_array(g->ctx, struct stats_group *, g->room);
	for (size_t k = 0; k < room; k++) {
		size_t i;

		if (old[k] == NULL)
			continue;
		i = hash_of(old[k]->name) & (g->room - 1);
		while (g->table[i] != NULL)
			i = (i + 1) & (g->room - 1);
		g->table[i] = old[k];
	}
	talloc_free(old);
}

static void
push(struct gathering *g, int64_t **v, size_t *n, int64_t ms)
{
	if ((*n & (*n - 1)) == 0)
		*v = mem_grow(g->ctx, *v, int64_t, *n ? 2 * *n : 1);
	(*v)[(*n)++] = ms / 1000;
}

/* ---- one ticket ---- */

static bool
within(const struct gathering *g, int64_t at)
{
	return at != INSTANT_NONE && at >= g->since && at < g->until;
}

static bool
open_at_end(const struct gathering *g, const struct ticket *t)
{
	return t->created_at < g->until && t->phase < PHASE_MERGED &&
	       (t->phase < PHASE_RESOLVED || t->solved_at >= g->until);
}

static void
count(struct gathering *g, struct stats_group *to, const struct ticket *t)
{
	bool created = within(g, t->created_at),
	     solved = t->phase >= PHASE_RESOLVED && within(g, t->solved_at);

	to->created += created;
	to->solved += solved;
	to->backlog += open_at_end(g, t);
	if (created || solved) {
		to->reopened += t->reopened;
		to->time_spent_s += t->time_spent_s;
	}
	if (within(g, t->first_replied_at))
		push(g, &to->replies, &to->nreplies, t->first_replied_at - t->created_at);
	if (solved)
		push(
		    g, &to->resolutions, &to->nresolutions, t->solved_at - t->created_at);
}

/* By day what happened belongs to the day it happened on. */
static void
count_days(struct gathering *g, const struct ticket *t)
{
	void *tmp = talloc_new(NULL);
	struct stats_group *to;
	char *day;

	if (within(g, t->created_at)) {
		day = instant_local(tmp, t->created_at, g->zone);
		day[DAY_CHARS] = '\0';
		to = group(g, day);
		to->created++;
		to->reopened += t->reopened;
		to->time_spent_s += t->time_spent_s;
	}
	if (within(g, t->first_replied_at)) {
		day = instant_local(tmp, t->first_replied_at, g->zone);
		day[DAY_CHARS] = '\0';
		to = group(g, day);
		push(g, &to->replies, &to->nreplies, t->first_replied_at - t->created_at);
	}
	if (t->phase >= PHASE_RESOLVED && within(g, t->solved_at)) {
		day = instant_local(tmp, t->solved_at, g->zone);
		day[DAY_CHARS] = '\0';
		to = group(g, day);
		to->solved++;
		push(
		    g, &to->resolutions, &to->nresolutions, t->solved_at - t->created_at);
	}
	talloc_free(tmp);
}

SQL(sql_stats_tags, "SELECT tag FROM ticket_tag WHERE ticket = ?1");

static enum rc
count_tags(struct gathering *g, const struct ticket *t, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(g->d->store, sql_stats_tags, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, t->id);
	while ((rc = stmt_step(st, err)) == RC_OK)
		count(g, group(g, col_text(st, 0)), t);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
count_organization(struct gathering *g, const struct ticket *t, struct err *err)
{
	void *tmp = talloc_new(NULL);
	const char *name = "";
	enum rc rc = RC_OK;

	if (t->organization != 0)
		rc = organization_name(g->d->store, tmp, t->organization, &name, err);
	if (rc == RC_OK)
		count(g, group(g, name), t);
	talloc_free(tmp);
	return rc;
}

static enum rc
each(void *arg, struct ticket *t, struct err *err)
{
	struct gathering *g = arg;

	switch (g->by) {
	case STATS_ALL:
		count(g, group(g, ""), t);
		break;
	case STATS_QUEUE:
		count(g, group(g, t->queue), t);
		break;
	case STATS_AGENT:
		count(g, group(g, t->assignee), t);
		break;
	case STATS_CHANNEL:
		count(g, group(g, t->channel), t);
		break;
	case STATS_ORGANIZATION:
		return count_organization(g, t, err);
	case STATS_TAG:
		return count_tags(g, t, err);
	case STATS_DAY:
		/* What was open before is what the days go on from. */
		if (t->created_at < g->since && t->phase < PHASE_MERGED &&
		    (t->phase < PHASE_RESOLVED || t->solved_at >= g->since))
			group(g, "")->backlog++;
		count_days(g, t);
		break;
	}
	return RC_OK;
}

/* ---- the end ---- */

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static struct spread
spread_of(int64_t *v, size_t n)
{
	struct spread s = {.count = (int64_t)n};

	if (n == 0)
		return s;
	qsort(v, n, sizeof(*v), by_number);
	s.median = v[(n + 1) / 2 - 1];
	s.p90 = v[(n * 90 + 99) / 100 - 1];
	s.p95 = v[(n * 95 + 99) / 100 - 1];
	return s;
}

static int
by_name(const void *a, const void *b)
{
	const struct stats_group *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
finish(struct gathering *g)
{
	struct stats *s = g->s;
	size_t n = 0;
	int64_t backlog = 0;

	s->groups = mem_array(g->ctx, struct stats_group, s->n + 1);
	for (size_t i = 0; i < g->room; i++) {
		if (g->table[i] != NULL)
			s->groups[n++] = *g->table[i];
	}
	qsort(s->groups, n, sizeof(*s->groups), by_name);
	for (size_t i = 0; i < n; i++) {
		struct stats_group *k = &s->groups[i];

		k->first_reply = spread_of(k->replies, k->nreplies);
		k->resolution = spread_of(k->resolutions, k->nresolutions);
		if (g->by == STATS_DAY) {
			backlog += k->backlog + k->created - k->solved;
			k->backlog = backlog;
		}
	}
	/* What went before the first day is no day. */
	if (g->by == STATS_DAY && n > 0 && *s->groups[0].name == '\0') {
		s->groups++;
		s->n--;
	}
}

enum rc
stats_gather(struct desk *d, void *ctx, const struct node *tree, enum stats_by by,
    int64_t since, int64_t until, const char *zone, struct stats *s, struct err *err)
{
	struct query_list l = {.sort = "-id"};
	struct gathering g = {.d = d,
	    .ctx = ctx,
	    .by = by,
	    .since = since,
	    .until = until != INSTANT_NONE ? until : desk_now(d) + 1,
	    .zone = zone,
	    .s = s};
	enum rc rc;

	*s = (struct stats){0};
	if (by == STATS_ALL)
		(void)group(&g, "");
	rc = query_each(d, tree, &l, each, &g, err);
	if (rc == RC_OK)
		finish(&g);
	return rc;
}
