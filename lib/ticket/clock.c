/* Clocks as rows of sla_clock and sla_ticket, and as records. */
#include "ticket/clock.h"

#include <stddef.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"

const char *const sla_target_names[] = {
    "first_response", "next_response", "update", "resolution", NULL};
const char *const clock_state_names[] = {
    "running", "paused", "met", "breached", "void", NULL};

/* ---- rows ---- */

static int64_t
col_seconds(struct stmt *st, int i)
{
	return col_int(st, i) / 1000; /* NULL is 0, which is none */
}

static void
bind_seconds(struct stmt *st, int i, int64_t s)
{
	bind_opt(st, i, s * 1000);
}

void
clock_read(void *ctx, struct stmt *st, int at, struct clock *c)
{
	int target = word_index(sla_target_names, col_text(st, at)),
	    state = word_index(clock_state_names, col_text(st, at + 5));

	*c = (struct clock){.target = target < 0 ? 0 : (enum sla_target)target,
	    .cycle = col_int(st, at + 1),
	    .policy = col_strdup(ctx, st, at + 2),
	    .version = col_int(st, at + 3),
	    .calendar = col_strdup(ctx, st, at + 4),
	    .state = state < 0 ? CLOCK_VOID : (enum clock_state)state,
	    .cause = col_strdup(ctx, st, at + 6),
	    .ended_by = col_strdup(ctx, st, at + 7),
	    .target_s = col_int(st, at + 8),
	    .goal_s = col_int(st, at + 9),
	    .started = col_seconds(st, at + 10),
	    .since = col_seconds(st, at + 11),
	    .elapsed = col_int(st, at + 12),
	    .due = col_seconds(st, at + 13),
	    .warn = col_seconds(st, at + 14),
	    .breached = col_seconds(st, at + 15),
	    .ended = col_seconds(st, at + 16),
	    .fire = col_seconds(st, at + 17),
	    .warned = col_strdup(ctx, st, at + 18),
	    .told = col_seconds(st, at + 19),
	    .reminded = col_seconds(st, at + 20)};
}

/* In the order of their targets, not of their names. */
SQL(sql_clocks_get,
    "SELECT " CLOCK_COLUMNS " FROM sla_clock c WHERE c.ticket = ?1 "
    "ORDER BY CASE c.target WHEN 'first_response' THEN 0 WHEN 'next_response' THEN 1 "
    "WHEN 'update' THEN 2 ELSE 3 END, c.cycle");
SQL(sql_clock_get, "SELECT " CLOCK_COLUMNS " FROM sla_clock c WHERE c.ticket = ?1 AND "
		   "c.target = ?2 ORDER BY c.cycle DESC LIMIT 1");
SQL(sql_sla_ticket_get, "SELECT version, policy, first_asked_at, asked_at, replied_at, "
			"update_from, last_at FROM sla_ticket WHERE ticket = ?1");

static enum rc
load_rows(struct store *s, struct clocks *c, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_clocks_get, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, c->ticket);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		c->v = mem_grow(c, c->v, struct clock, c->n + 1);
		clock_read(c, st, 0, &c->v[c->n++]);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
clocks_load(
    struct store *s, void *ctx, int64_t ticket, struct clocks **out, struct err *err)
{
	struct clocks *c;
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_sla_ticket_get, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	rc = stmt_step(st, err);
	if (rc != RC_OK) {
		stmt_done(st);
		return rc;
	}
	c = talloc_zero(ctx, struct clocks);
	*c = (struct clocks){.ticket = ticket,
	    .version = col_int(st, 0),
	    .policy = col_strdup(c, st, 1),
	    .first_asked = col_seconds(st, 2),
	    .asked = col_seconds(st, 3),
	    .replied = col_seconds(st, 4),
	    .update_from = col_seconds(st, 5),
	    .last = col_seconds(st, 6)};
	stmt_done(st);
	*out = c;
	return load_rows(s, c, err);
}

enum rc
clock_get(struct store *s, void *ctx, int64_t ticket, const char *target, struct clock *c,
    struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_clock_get, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	bind_text(st, 2, target);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		clock_read(ctx, st, 0, c);
	stmt_done(st);
	return rc;
}

/* ---- writing ---- */

SQL(sql_clock_put,
    "INSERT INTO sla_clock (target, cycle, policy, version, calendar, state, cause, "
    "ended_by, target_s, goal_s, started_at, since, elapsed_s, due_at, warn_at, "
    "breached_at, ended_at, fire_at, warned, told_at, reminded_at, ticket) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
    "?17, ?18, ?19, ?20, ?21, ?22) ON CONFLICT (ticket, target, cycle) DO UPDATE SET "
    "policy = excluded.policy, version = excluded.version, "
    "calendar = excluded.calendar, state = excluded.state, cause = excluded.cause, "
    "ended_by = excluded.ended_by, target_s = excluded.target_s, "
    "goal_s = excluded.goal_s, started_at = excluded.started_at, "
    "since = excluded.since, elapsed_s = excluded.elapsed_s, due_at = excluded.due_at, "
    "warn_at = excluded.warn_at, breached_at = excluded.breached_at, "
    "ended_at = excluded.ended_at, fire_at = excluded.fire_at, "
    "warned = excluded.warned, told_at = excluded.told_at, "
    "reminded_at = excluded.reminded_at");
SQL(sql_clock_remove,
    "DELETE FROM sla_clock WHERE ticket = ?1 AND target = ?2 AND cycle = ?3");
SQL(sql_clocks_remove, "DELETE FROM sla_clock WHERE ticket = ?1");
SQL(sql_sla_ticket_remove, "DELETE FROM sla_ticket WHERE ticket = ?1");
SQL(sql_sla_ticket_put,
    "INSERT INTO sla_ticket (version, policy, first_asked_at, asked_at, replied_at, "
    "update_from, last_at, ticket) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
    "ON CONFLICT (ticket) DO UPDATE SET version = excluded.version, "
    "policy = excluded.policy, first_asked_at = excluded.first_asked_at, "
    "asked_at = excluded.asked_at, replied_at = excluded.replied_at, "
    "update_from = excluded.update_from, last_at = excluded.last_at");

static bool
clock_equal(const struct clock *a, const struct clock *b)
{
	return a->target == b->target && a->cycle == b->cycle &&
	       strcmp(a->policy, b->policy) == 0 && a->version == b->version &&
	       strcmp(a->calendar, b->calendar) == 0 && a->state == b->state &&
	       strcmp(a->cause, b->cause) == 0 && strcmp(a->ended_by, b->ended_by) == 0 &&
	       a->target_s == b->target_s && a->goal_s == b->goal_s &&
	       a->started == b->started && a->since == b->since &&
	       a->elapsed == b->elapsed && a->due == b->due && a->warn == b->warn &&
	       a->breached == b->breached && a->ended == b->ended && a->fire == b->fire &&
	       strcmp(a->warned, b->warned) == 0 && a->told == b->told &&
	       a->reminded == b->reminded;
}

static bool
facts_equal(const struct clocks *a, const struct clocks *b)
{
	return a->version == b->version && strcmp(a->policy, b->policy) == 0 &&
	       a->first_asked == b->first_asked && a->asked == b->asked &&
	       a->replied == b->replied && a->update_from == b->update_from &&
	       a->last == b->last;
}

bool
clocks_equal(const struct clocks *a, const struct clocks *b)
{
	if (!facts_equal(a, b) || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (!clock_equal(&a->v[i], &b->v[i]))
			return false;
	}
	return true;
}

static enum rc
put_clock(struct store *s, int64_t ticket, const struct clock *c, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_clock_put, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, sla_target_names[c->target]);
	bind_int(st, 2, c->cycle);
	bind_text(st, 3, c->policy);
	bind_int(st, 4, c->version);
	bind_text(st, 5, c->calendar);
	bind_text(st, 6, clock_state_names[c->state]);
	bind_text(st, 7, c->cause);
	bind_text(st, 8, c->ended_by);
	bind_int(st, 9, c->target_s);
	bind_int(st, 10, c->goal_s);
	bind_int(st, 11, c->started * 1000);
	bind_seconds(st, 12, c->since);
	bind_int(st, 13, c->elapsed);
	bind_seconds(st, 14, c->due);
	bind_seconds(st, 15, c->warn);
	bind_seconds(st, 16, c->breached);
	bind_seconds(st, 17, c->ended);
	bind_seconds(st, 18, c->fire);
	bind_text(st, 19, c->warned);
	bind_seconds(st, 20, c->told);
	bind_seconds(st, 21, c->reminded);
	bind_int(st, 22, ticket);
	return stmt_run(st, err);
}

static enum rc
put_facts(struct store *s, const struct clocks *c, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_sla_ticket_put, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, c->version);
	bind_text(st, 2, c->policy);
	bind_seconds(st, 3, c->first_asked);
	bind_seconds(st, 4, c->asked);
	bind_seconds(st, 5, c->replied);
	bind_seconds(st, 6, c->update_from);
	bind_int(st, 7, c->last * 1000);
	bind_int(st, 8, c->ticket);
	return stmt_run(st, err);
}

static const struct clock *
find(const struct clocks *c, const struct clock *like)
{
	for (size_t i = 0; c != NULL && i < c->n; i++) {
		if (c->v[i].target == like->target && c->v[i].cycle == like->cycle)
			return &c->v[i];
	}
	return NULL;
}

static enum rc
remove_clock(struct store *s, int64_t ticket, const struct clock *c, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_clock_remove, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	bind_text(st, 2, sla_target_names[c->target]);
	bind_int(st, 3, c->cycle);
	return stmt_run(st, err);
}

enum rc
clocks_store(struct store *s, const struct clocks *before, const struct clocks *after,
    struct err *err)
{
	enum rc rc = RC_OK;

	if (before == NULL || !facts_equal(before, after))
		rc = put_facts(s, after, err);
	for (size_t i = 0; rc == RC_OK && i < after->n; i++) {
		const struct clock *was = find(before, &after->v[i]);

		if (was == NULL || !clock_equal(was, &after->v[i]))
			rc = put_clock(s, after->ticket, &after->v[i], err);
	}
	for (size_t i = 0; rc == RC_OK && before != NULL && i < before->n; i++) {
		if (find(after, &before->v[i]) == NULL)
			rc = remove_clock(s, after->ticket, &before->v[i], err);
	}
	return rc;
}

static enum rc
remove_by_ticket(struct store *s, const char *sql, int64_t ticket, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	return stmt_run(st, err);
}

enum rc
clocks_remove(struct store *s, int64_t ticket, struct err *err)
{
	enum rc rc = remove_by_ticket(s, sql_clocks_remove, ticket, err);

	return rc == RC_OK ? remove_by_ticket(s, sql_sla_ticket_remove, ticket, err) : rc;
}

struct clocks *
clocks_copy(void *ctx, const struct clocks *c)
{
	struct clocks *copy = talloc_memdup(ctx, c, sizeof(*c));

	copy->v = mem_array(copy, struct clock, c->n + 1);
	if (c->n > 0)
		memcpy(copy->v, c->v, c->n * sizeof(*c->v));
	return copy;
}

/* ---- for the ticket's row ---- */

const struct clock *
clocks_first(const struct clocks *c)
{
	const struct clock *first = NULL;

	for (size_t i = 0; i < c->n; i++) {
		const struct clock *o = &c->v[i];

		if (o->ended != 0)
			continue;
		if (first == NULL ||
		    (o->due != 0 && (first->due == 0 || o->due < first->due)))
			first = o;
	}
	return first;
}

void
clocks_to_ticket(const struct clocks *c, struct ticket *t)
{
	const struct clock *first = clocks_first(c);

	t->due_target = first ? sla_target_names[first->target] : "";
	t->due_at = first && first->due ? first->due * 1000 : INSTANT_NEVER;
	t->warn_at = first && first->warn ? first->warn * 1000 : INSTANT_NEVER;
}

/* ---- records ---- */

int64_t
clock_elapsed(const struct clock *c, int64_t now)
{
	return c->elapsed + (c->since ? calendar_between(c->hours, c->since, now) : 0);
}

static int64_t
remaining(const struct clock *c, int64_t now)
{
	int64_t left = c->goal_s - clock_elapsed(c, now);

	return left > 0 ? left : 0;
}

enum clock_state
clock_state_at(const struct clock *c, int64_t now)
{
	if (c->state == CLOCK_RUNNING && c->due != 0 && c->due < now)
		return CLOCK_BREACHED;
	return c->state;
}

bool
clock_warns(const struct clock *c, int64_t now)
{
	return clock_state_at(c, now) == CLOCK_RUNNING && c->warn != 0 && c->warn <= now;
}

json_t *
clock_to_json(int64_t ticket, const struct clock *c, int64_t now)
{
	enum clock_state state = clock_state_at(c, now);
	int64_t elapsed = clock_elapsed(c, c->ended ? c->ended : now);
	json_t *o = json_object();

	record_set_text(o, "type", "sla");
	record_set_int(o, "ticket", ticket);
	record_set_text(o, "policy", c->policy);
	record_set_text(o, "target", sla_target_names[c->target]);
	record_set_int(o, "cycle", c->cycle);
	record_set_text(o, "state", clock_state_names[state]);
	record_set_text(o, "reason", state == CLOCK_VOID ? c->ended_by : NULL);
	record_set_text(o, "cause", *c->cause ? c->cause : NULL);
	json_object_set_new(o, "warning", json_boolean(clock_warns(c, now)));
	json_object_set_new(o, "paused", json_boolean(c->ended == 0 && c->since == 0));
	record_set_instant(o, "started_at", c->started * 1000);
	record_set_instant(o, "due_at", c->due * 1000);
	record_set_instant(o, "breached_at",
	    (c->breached				   ? c->breached
		: state == CLOCK_BREACHED && c->ended == 0 ? c->due
							   : 0) *
		1000);
	record_set_instant(o, "ended_at", c->ended * 1000);
	record_set_int(o, "target_s", c->goal_s);
	record_set_int(o, "elapsed_s", elapsed);
	record_set_int(o, "overdue_s",
	    state == CLOCK_BREACHED && elapsed > c->goal_s ? elapsed - c->goal_s : 0);
	record_set_int(o, "remaining_s", c->ended ? 0 : remaining(c, now));
	return o;
}

json_t *
clock_brief(const struct clock *c, int64_t now)
{
	enum clock_state state = clock_state_at(c, now);
	json_t *o = json_object();

	record_set_text(o, "policy", c->policy);
	record_set_text(o, "target", sla_target_names[c->target]);
	record_set_text(o, "state",
	    state == CLOCK_BREACHED ? "breached"
	    : state == CLOCK_PAUSED ? "paused"
	    : clock_warns(c, now)   ? "warning"
				    : "ok");
	record_set_instant(o, "due_at", c->due * 1000);
	record_set_int(o, "remaining_s", remaining(c, now));
	return o;
}

/* ---- as a whole, in an event ---- */

/* Numbers of a clock in the order of their names. */
static const struct {
	const char *name;
	size_t at;
} clock_numbers[] = {{"cycle", offsetof(struct clock, cycle)},
    {"version", offsetof(struct clock, version)},
    {"target_s", offsetof(struct clock, target_s)},
    {"goal_s", offsetof(struct clock, goal_s)},
    {"started", offsetof(struct clock, started)},
    {"since", offsetof(struct clock, since)},
    {"elapsed", offsetof(struct clock, elapsed)}, {"due", offsetof(struct clock, due)},
    {"warn", offsetof(struct clock, warn)},
    {"breached", offsetof(struct clock, breached)},
    {"ended", offsetof(struct clock, ended)}, {"fire", offsetof(struct clock, fire)},
    {"told", offsetof(struct clock, told)},
    {"reminded", offsetof(struct clock, reminded)}},
  clock_facts[] = {{"version", offsetof(struct clocks, version)},
      {"first_asked", offsetof(struct clocks, first_asked)},
      {"asked", offsetof(struct clocks, asked)},
      {"replied", offsetof(struct clocks, replied)},
      {"update_from", offsetof(struct clocks, update_from)},
      {"last", offsetof(struct clocks, last)}};

static int64_t *
number_at(void *row, size_t at)
{
	return (int64_t *)(void *)((char *)row + at);
}

static json_t *
one_to_json(struct clock *c)
{
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "target",
	    sla_target_names[c->target], "policy", c->policy, "calendar", c->calendar,
	    "state", clock_state_names[c->state], "cause", c->cause, "ended_by",
	    c->ended_by, "warned", c->warned);

	for (size_t i = 0; i < sizeof(clock_numbers) / sizeof(*clock_numbers); i++)
		json_object_set_new(o, clock_numbers[i].name,
		    json_integer(*number_at(c, clock_numbers[i].at)));
	return o;
}

json_t *
clocks_to_json(const struct clocks *c)
{
	struct clocks copy = *c;
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < sizeof(clock_facts) / sizeof(*clock_facts); i++)
		json_object_set_new(o, clock_facts[i].name,
		    json_integer(*number_at(&copy, clock_facts[i].at)));
	for (size_t i = 0; i < c->n; i++)
		json_array_append_new(list, one_to_json(&c->v[i]));
	record_set_text(o, "policy", c->policy);
	json_object_set_new(o, "clocks", list);
	return o;
}

static bool
one_from_json(struct clocks *all, json_t *o, struct clock *c)
{
	const char *target, *policy, *calendar, *state, *cause, *ended_by, *warned;
	int t, s;

	if (json_unpack(o, "{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "target", &target, "policy",
		&policy, "calendar", &calendar, "state", &state, "cause", &cause,
		"ended_by", &ended_by, "warned", &warned) != 0)
		return false;
	t = word_index(sla_target_names, target);
	s = word_index(clock_state_names, state);
	if (t < 0 || s < 0)
		return false;
	*c = (struct clock){.target = (enum sla_target)t,
	    .state = (enum clock_state)s,
	    .policy = talloc_strdup(all, policy),
	    .calendar = talloc_strdup(all, calendar),
	    .cause = talloc_strdup(all, cause),
	    .ended_by = talloc_strdup(all, ended_by),
	    .warned = talloc_strdup(all, warned)};
	for (size_t i = 0; i < sizeof(clock_numbers) / sizeof(*clock_numbers); i++)
		*number_at(c, clock_numbers[i].at) =
		    json_integer_value(json_object_get(o, clock_numbers[i].name));
	return true;
}

enum rc
clocks_from_json(void *ctx, json_t *o, struct clocks **out, struct err *err)
{
	struct clocks *c = talloc_zero(ctx, struct clocks);
	json_t *list = json_object_get(o, "clocks"), *v;
	const char *policy = json_string_value(json_object_get(o, "policy"));
	size_t i;

	for (i = 0; i < sizeof(clock_facts) / sizeof(*clock_facts); i++)
		*number_at(c, clock_facts[i].at) =
		    json_integer_value(json_object_get(o, clock_facts[i].name));
	c->policy = talloc_strdup(c, policy ? policy : "");
	c->v = mem_array(c, struct clock, json_array_size(list) + 1);
	json_array_foreach(list, i, v)
	{
		if (!one_from_json(c, v, &c->v[c->n++]))
			return err_fail(err, RC_INVALID,
			    "the clocks of an erasure cannot "
			    "be read");
	}
	*out = c;
	return RC_OK;
}
