/* Presence. */
#include "change/presence.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "change/change_priv.h"

const char *const presence_names[] = {"online", "away", "offline", NULL};

SQL(sql_presence, "SELECT status, since, until FROM agent_state WHERE agent = ?1");
/* An absence goes on from where it began when only its kind or its end changes. */
SQL(sql_presence_set,
    "INSERT INTO agent_state (agent, assigned, status, since, until) "
    "VALUES (?1, 0, ?2, ?3, ?4) ON CONFLICT (agent) DO UPDATE SET "
    "since = CASE WHEN agent_state.status = 'online' OR excluded.status = 'online' "
    "OR (agent_state.until IS NOT NULL AND agent_state.until <= ?3) "
    "THEN excluded.since ELSE agent_state.since END, "
    "status = excluded.status, until = excluded.until");

enum rc
presence_get(
    struct desk *d, void *ctx, const char *agent, struct presence *p, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_presence, &st, err);

	*p = (struct presence){.status = presence_names[0]};
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, agent);
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		*p = (struct presence){
		    col_strdup(ctx, st, 0), col_int(st, 1), col_int(st, 2)};
		if (p->until != INSTANT_NONE && p->until <= desk_now(d))
			*p = (struct presence){presence_names[0], p->until, INSTANT_NONE};
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
presence_set(struct change_tx *tx, const char *agent, const char *status, int64_t until,
    struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(tx->d->store, sql_presence_set, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, agent);
	bind_text(st, 2, status);
	bind_int(st, 3, tx->now);
	bind_opt(st, 4, until);
	return stmt_run(st, err);
}

SQL(sql_presence_open, "SELECT id FROM ticket WHERE assignee = ?1 AND phase < 2 "
		       "AND phase = 0 ORDER BY id");

static enum rc
open_of(
    struct change_tx *tx, const char *agent, int64_t **ids, size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(tx->d->store, sql_presence_open, &st, err);

	*ids = NULL;
	*n = 0;
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, agent);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		*ids = mem_grow(tx->ctx, *ids, int64_t, *n + 1);
		(*ids)[(*n)++] = col_int(st, 0);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
presence_release(struct change_tx *tx, const struct actor *actor, const char *agent,
    int64_t *released, struct err *err)
{
	/* Tickets of queues they do not see go back, too. */
	struct actor free_handed = *actor;
	struct changes nobody = {0};
	int64_t *ids = NULL;
	size_t n = 0;
	enum rc rc =
	    changes_add(tx->ctx, "assignee", CHANGE_SET, "", tx->d->config, &nobody, err);

	free_handed.role = NULL;
	if (rc == RC_OK)
		rc = open_of(tx, agent, &ids, &n, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct edit e = {.ticket = ids[i], .changes = &nobody};
		struct change_result r;

		rc = change_edit(tx, &free_handed, &e, &r, err);
	}
	*released = (int64_t)n;
	return rc;
}
