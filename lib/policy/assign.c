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
SQL(sql_agent_state, "SELECT assigned, status, until FROM agent_state WHERE agent = ?1");
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
	return rc;
}

/* Who never said anything is there. */
static enum rc
state_of(struct store *s, struct candidate *c, int64_t now, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_agent_state, &st, err);

	c->present = true;
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, c->agent);
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		c->assigned = col_int(st, 0);
		c->present = strcmp(col_text(st, 1), "online") == 0 ||
			     (!col_null(st, 2) && col_int(st, 2) <= now);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- skills: those of the queue, and of the ticket's field "skills" ---- */

static const char *
skill_missing(
    void *ctx, const struct agent *a, const struct queue *q, const struct ticket *t)
{
	const struct ticket_field *f = ticket_field(t, "skills");
	char *words, *save = NULL;

	for (const char **s = q->skills; *s != NULL; s++) {
		if (word_index(a->skills, *s) < 0)
			return *s;
	}
	if (f == NULL)
		return NULL;
	words = talloc_strdup(ctx, f->value);
	for (char *w = strtok_r(words, " ,;", &save); w != NULL;
	     w = strtok_r(NULL, " ,;", &save)) {
		if (word_index(a->skills, w) < 0)
			return w;
	}
	return NULL;
}

enum rc
assign_candidates(struct store *s, const struct config *c, void *ctx,
    const struct ticket *t, int64_t now, struct candidate **out, size_t *n,
    struct err *err)
{
	const struct queue *q = config_queue(c, t->queue);
	struct candidate *v = mem_array(ctx, struct candidate, 1);
	enum rc rc = RC_OK;

	*n = 0;
	for (const char **m = q ? q->members : NULL; rc == RC_OK && m && *m != NULL;
	     m++) {
		const struct agent *a = config_agent(c, *m);
		struct candidate *x;

		if (a == NULL)
			continue;
		v = mem_grow(ctx, v, struct candidate, *n + 1);
		x = &v[(*n)++];
		*x = (struct candidate){.agent = a->name,
		    .capacity = a->capacity,
		    .lacks = skill_missing(ctx, a, q, t)};
		rc = load_of(s, x, err);
		if (rc == RC_OK)
			rc = state_of(s, x, now, err);
	}
	*out = v;
	return rc;
}

SQL(sql_served, "SELECT assignee FROM ticket WHERE requester = ?1 AND assignee <> '' "
		"AND id <> ?2 ORDER BY id DESC LIMIT 1");

enum rc
assign_served(struct store *s, void *ctx, const struct ticket *t, const char **agent,
    struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_served, &st, err);

	*agent = NULL;
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, t->requester);
	bind_int(st, 2, t->id);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*agent = col_strdup(ctx, st, 0);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
assign_has_room(struct store *s, const struct agent *a, bool *yes, struct err *err)
{
	struct candidate c = {.agent = a->name, .capacity = a->capacity};
	enum rc rc = a->capacity > 0 ? load_of(s, &c, err) : RC_OK;

	*yes = a->capacity == 0 || c.open < a->capacity;
	return rc;
}

/* ---- choosing ---- */

static bool
better(const struct candidate *a, const struct candidate *b, bool by_load)
{
	if (by_load && a->open != b->open)
		return a->open < b->open;
	if (a->assigned != b->assigned)
		return a->assigned < b->assigned;
	return strcmp(a->agent, b->agent) < 0;
}

static const char *
not_eligible(void *ctx, const struct candidate *c)
{
	if (!c->present)
		return "away";
	if (c->lacks != NULL)
		return talloc_asprintf(ctx, "lacks the skill %s", c->lacks);
	if (c->capacity > 0 && c->open >= c->capacity)
		return talloc_asprintf(ctx, "at capacity: %lld of %lld",
		    (long long)c->open, (long long)c->capacity);
	return NULL;
}

static const char *
why_nobody(const struct candidate *v, size_t n)
{
	bool full = n > 0;

	if (n == 0)
		return "the queue has no members";
	for (size_t i = 0; i < n; i++)
		full = full && v[i].present && v[i].lacks == NULL;
	return full ? "every member is at capacity"
		    : "every member is away, lacks a skill or is at capacity";
}

const char *
assign_choose(void *ctx, const char *strategy, const char *served, struct candidate *v,
    size_t n, const char **why)
{
	bool by_load = strcmp(strategy, "round-robin") != 0;
	bool sticky = strcmp(strategy, "sticky") == 0;
	const struct candidate *best = NULL;

	*why = NULL;
	if (strcmp(strategy, "none") == 0) {
		*why = "the queue assigns nobody";
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		v[i].passed = not_eligible(ctx, &v[i]);
		if (v[i].passed != NULL)
			continue;
		if (sticky && served != NULL && strcmp(v[i].agent, served) == 0) {
			best = &v[i];
			break;
		}
		if (best == NULL || better(&v[i], best, by_load))
			best = &v[i];
	}
	for (size_t i = 0; i < n; i++) {
		if (best != NULL && &v[i] != best && v[i].passed == NULL)
			v[i].passed =
			    sticky && served != NULL && strcmp(best->agent, served) == 0
				? "another served this requester last"
			    : by_load && v[i].open != best->open ? "has more open tickets"
			    : v[i].assigned != best->assigned ? "was assigned one later"
							      : "its name comes later";
	}
	if (best == NULL)
		*why = why_nobody(v, n);
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
