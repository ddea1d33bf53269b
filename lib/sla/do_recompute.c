/* tkt-sla recompute: clocks from the log anew, or by today's policies from the start. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include <unistd.h>

#include "sla/verbs.h"
#include "ticket/source.h"

/* ---- recompute ---- */

static enum rc
clocks_now(struct cmd_env *env, int64_t ticket, struct clocks **c, struct err *err)
{
	struct sla_book *b = NULL;
	enum rc rc = clocks_load(env->desk->store, env->ctx, ticket, c, err);

	if (rc == RC_NONE) {
		*c = talloc_zero(env->ctx, struct clocks);
		return RC_OK;
	}
	if (rc == RC_OK)
		rc = sla_book_open(env->ctx, env->desk, &b, err);
	return rc == RC_OK ? sla_book_bind(b, *c, err) : rc;
}

static void
recomputed_pair(struct cmd_env *env, int64_t ticket, const struct clock *was,
    const struct clock *is, int64_t now)
{
	const struct clock *c = is ? is : was;

	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:I,s:s,s:I,s:o,s:o}", "type", "recomputed", "ticket",
			(json_int_t)ticket, "target", sla_target_names[c->target],
			"cycle", (json_int_t)c->cycle, "was",
			sla_outcome(was, ticket, now), "is",
			sla_outcome(is, ticket, now)));
	else
		out_line(env->out, COLOR_NONE,
		    "ticket %lld %s %lld: %s, due %s -> %s, due %s", (long long)ticket,
		    sla_target_names[c->target], (long long)c->cycle,
		    was ? clock_state_names[was->state] : "none",
		    was ? sla_when(env, was->due) : "-",
		    is ? clock_state_names[is->state] : "none",
		    is ? sla_when(env, is->due) : "-");
}

static const struct clock *
same_clock(const struct clocks *c, const struct clock *like)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].target == like->target && c->v[i].cycle == like->cycle)
			return &c->v[i];
	}
	return NULL;
}

static void
recomputed(struct cmd_env *env, const struct clocks *was, const struct clocks *is,
    int64_t ticket)
{
	int64_t now = desk_now(env->desk) / 1000;

	for (size_t i = 0; i < was->n; i++) {
		const struct clock *a = &was->v[i], *b = same_clock(is, a);

		if (b == NULL || a->state != b->state || a->due != b->due ||
		    a->breached != b->breached || a->elapsed != b->elapsed)
			recomputed_pair(env, ticket, a, b, now);
	}
	for (size_t i = 0; i < is->n; i++) {
		if (same_clock(was, &is->v[i]) == NULL)
			recomputed_pair(env, ticket, NULL, &is->v[i], now);
	}
}

static enum rc
recompute_one(struct cmd_env *env, bool from_start, struct change_tx *tx,
    struct sla_book *b, int64_t ticket, struct err *err)
{
	struct clocks *was = NULL, *is = NULL;
	struct change_result r;
	enum rc rc = clocks_now(env, ticket, &was, err);

	if (rc == RC_OK && from_start)
		rc = change_recompute(tx, &env->desk->actor, ticket, &r, err);
	else if (rc == RC_OK)
		rc = clocks_refold(b, ticket, err);
	if (rc == RC_NONE)
		return err_fail(err, RC_INVALID, "%s", err->text);
	if (rc == RC_OK)
		rc = clocks_now(env, ticket, &is, err);
	if (rc == RC_OK)
		recomputed(env, was, is, ticket);
	return rc;
}

enum rc
sla_do_recompute(
    struct cmd_env *env, const struct sla_opts *o, int argc, char **argv, struct err *err)
{
	struct source *s = NULL;
	int64_t ticket = 0;
	struct sla_book *b = NULL;
	struct change_tx *tx = NULL;
	enum rc rc = actor_need(&env->desk->actor, "desk.config", err);

	if (rc == RC_OK)
		rc = source_open(env->ctx, argc, argv, STDIN_FILENO, &s, err);
	if (rc == RC_OK)
		rc = sla_book_open(env->ctx, env->desk, &b, err);
	if (rc == RC_OK)
		rc = change_begin(env->ctx, env->desk, 0, &tx, err);
	while (rc == RC_OK && (rc = source_next(s, &ticket, err)) == RC_OK)
		rc = recompute_one(env, o->from_start, tx, b, ticket, err);
	if (rc == RC_NONE)
		rc = RC_OK;
	if (tx != NULL && rc == RC_OK && !o->dry_run)
		return change_commit(tx, err);
	if (tx != NULL)
		change_abort(tx);
	return rc;
}
