/* tkt-rule rehearse: the same past under two policies, and where they differ. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "trial/verbs.h"

static bool
differ(const struct replayed *a, const struct replayed *b)
{
	return strcmp(a->queue, b->queue) != 0 || strcmp(a->assignee, b->assignee) != 0 ||
	       strcmp(a->priority, b->priority) != 0 || !json_equal(a->tags, b->tags);
}

static json_t *
replayed_json(const struct replayed *x)
{
	json_t *v = json_pack(
	    "{s:s,s:s,s:O}", "queue", x->queue, "priority", x->priority, "tags", x->tags);

	record_set_text(v, "assignee", *x->assignee ? x->assignee : NULL);
	json_object_set_new(
	    v, "waited_s", x->waited_s < 0 ? json_null() : json_integer(x->waited_s));
	return v;
}

static void
print_difference(
    struct cmd_env *env, const struct replayed *was, const struct replayed *would)
{
	if (env->out->format == OUT_JSON)
		out_json(
		    env->out, json_pack("{s:s,s:I,s:o,s:o}", "type", "replay", "ticket",
				  (json_int_t)was->ticket, "was", replayed_json(was),
				  "would", replayed_json(would)));
	else if (env->out->format == OUT_IDS)
		out_id(env->out, was->ticket);
	else
		out_line(env->out, COLOR_NONE, "ticket %lld: %s, %s, %s → %s, %s, %s",
		    (long long)was->ticket, was->queue,
		    *was->assignee ? was->assignee : "nobody", was->priority,
		    would->queue, *would->assignee ? would->assignee : "nobody",
		    would->priority);
}

static json_t *
load_json(const struct replay *r)
{
	json_t *agents = json_object();

	for (size_t i = 0; i < r->nload; i++)
		json_object_set_new(agents, r->load[i].agent,
		    json_pack("{s:I,s:I}", "tickets", (json_int_t)r->load[i].tickets,
			"most_open", (json_int_t)r->load[i].most));
	return json_pack("{s:o,s:I,s:I,s:I}", "agents", agents, "waited",
	    (json_int_t)r->waiting, "waited_mean_s",
	    (json_int_t)(r->waiting ? r->waited_s / r->waiting : 0), "waited_most_s",
	    (json_int_t)r->waited_most_s);
}

static void
print_load(struct cmd_env *env, const char *when, const struct replay *r)
{
	for (size_t i = 0; i < r->nload; i++)
		out_line(env->out, COLOR_NONE, "%s: %s: %lld tickets, at most %lld open",
		    when, r->load[i].agent, (long long)r->load[i].tickets,
		    (long long)r->load[i].most);
	out_line(env->out, COLOR_NONE,
	    "%s: %lld tickets waited, %lld s on average, %lld s at most", when,
	    (long long)r->waiting, (long long)(r->waiting ? r->waited_s / r->waiting : 0),
	    (long long)r->waited_most_s);
}

static void
print_sum(struct cmd_env *env, const struct replay *was, const struct replay *would,
    int64_t differing)
{
	if (env->out->format == OUT_JSON) {
		out_json(env->out,
		    json_pack("{s:s,s:I,s:I,s:o,s:o}", "type", "replay_sum", "tickets",
			(json_int_t)was->n, "differ", (json_int_t)differing, "was",
			load_json(was), "would", load_json(would)));
	} else if (env->out->format == OUT_HUMAN) {
		print_load(env, "as it is", was);
		print_load(env, "as it would be", would);
		out_line(env->out, COLOR_BOLD, "%zu tickets: %lld would differ", was->n,
		    (long long)differing);
	}
}

static enum rc
replay_by(struct cmd_env *env, const char *conf, const struct node *tree, int64_t limit,
    struct replay *r, struct err *err)
{
	struct trial *t = NULL;
	int64_t oldest = INSTANT_NONE;
	enum rc rc = trial_oldest(env->desk, tree, limit, &oldest, err);

	if (rc == RC_OK)
		rc = trial_new(env->ctx, conf, env->desk, oldest, &t, err);
	if (rc == RC_OK)
		rc = trial_replay(t, env->ctx, env->desk, tree, limit, r, err);
	talloc_free(t);
	return rc;
}

enum rc
trial_do_rehearse(struct cmd_env *env, const char *conf, int64_t limit, int argc,
    char **argv, struct err *err)
{
	struct replay was = {0}, would = {0};
	struct node *tree = NULL;
	int64_t differing = 0;
	enum rc rc;

	if (conf == NULL)
		return err_fail(
		    err, RC_USAGE, "rehearse what? --conf names another tkt.conf");
	rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc == RC_OK)
		rc = query_user(env->desk, env->ctx, argc, argv, NULL, &tree, err);
	if (rc == RC_OK)
		rc = replay_by(env, NULL, tree, limit, &was, err);
	if (rc == RC_OK)
		rc = replay_by(env, conf, tree, limit, &would, err);
	for (size_t i = 0; rc == RC_OK && i < was.n && i < would.n; i++) {
		if (!differ(&was.v[i], &would.v[i]))
			continue;
		differing++;
		print_difference(env, &was.v[i], &would.v[i]);
	}
	if (rc == RC_OK)
		print_sum(env, &was, &would, differing);
	return rc;
}
