/* Assignment: who gets a ticket that nobody has. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "policy/policy.h"

/* Counted by LIMIT: an agent with a thousand open tickets costs no more than a full one.
 * phase < 2 is there for the index. */
SQL(sql_open_of,
    "SELECT count(*) FROM (SELECT 1 FROM ticket WHERE assignee = ?1 AND phase < 2 "
    "AND phase = 0 LIMIT ?2)");
SQL(sql_assigned, "SELECT assigned FROM agent_state WHERE agent = ?1");
SQL(sql_assigned_note, "INSERT INTO agent_state (agent, assigned) VALUES (?1, ?2) "
		       "ON CONFLICT (agent) DO UPDATE SET assigned = excluded.assigned");

enum { COUNTED_AT_MOST = 1000 };

static enum rc
load_of(struct store *s, struct candidate *c, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_open_of, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, c->agent);
	bind_int(st, 2, c->capacity ? c->capacity : COUNTED_AT_MOST);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		c->open = col_int(st, 0);
	stmt_done(st);
	if (rc == RC_OK)
		rc = store_prepare(s, sql_assigned, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, c->agent);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		c->assigned = col_int(st, 0);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
assign_candidates(struct store *s, const struct config *c, void *ctx,
    const struct queue *q, struct candidate **out, size_t *n, struct err *err)
{
	struct candidate *v = mem_array(ctx, struct candidate, 1);
	enum rc rc = RC_OK;

	*n = 0;
	for (const char **m = q->members; rc == RC_OK && *m != NULL; m++) {
		const struct agent *a = config_agent(c, *m);

		if (a == NULL)
			continue;
		v = mem_grow(ctx, v, struct candidate, *n + 1);
		v[*n] = (struct candidate){.agent = a->name, .capacity = a->capacity};
		rc = load_of(s, &v[(*n)++], err);
	}
	*out = v;
	return rc;
}

static bool
better(const struct candidate *a, const struct candidate *b, bool by_load)
{
	if (by_load && a->open != b->open)
		return a->open < b->open;
	if (a->assigned != b->assigned)
		return a->assigned < b->assigned;
	return strcmp(a->agent, b->agent) < 0;
}

const char *
assign_choose(const char *strategy, const struct candidate *v, size_t n, const char **why)
{
	bool by_load = strcmp(strategy, "least-busy") == 0;
	const struct candidate *best = NULL;

	*why = NULL;
	if (strcmp(strategy, "none") == 0) {
		*why = "the queue assigns nobody";
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		if (v[i].capacity > 0 && v[i].open >= v[i].capacity)
			continue;
		if (best == NULL || better(&v[i], best, by_load))
			best = &v[i];
	}
	if (best == NULL)
		*why =
		    n == 0 ? "the queue has no members" : "every member is at capacity";
	return best ? best->agent : NULL;
}

enum rc
assign_note(struct store *s, const char *agent, int64_t event, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_assigned_note, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, agent);
	bind_int(st, 2, event);
	return stmt_run(st, err);
}
