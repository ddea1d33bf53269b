/* tkt-can: what somebody may do, and which line of tkt.conf says so. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/text.h"
#include "change/person.h"
#include "desk/cmd.h"
#include "query/show.h"

static struct {
	bool list;
} o;

static const struct opt opts[] = {
    {"list", 'l', OPT_FLAG, NULL, "the tickets they may see, of those a query selects",
	&o.list, NULL},
    OPTS_COMMON,
    OPTS_END,
};

/* Who is asked about: an agent, or a customer, who has no role. */
struct somebody {
	struct actor actor;
	struct customer *customer;
	const char *who;
};

static enum rc
find(struct cmd_env *env, const char *word, struct somebody *s, struct err *err)
{
	const struct config *c = env->desk->config;
	const struct agent *a = config_agent(c, word);
	bool organization = false;
	int64_t id = 0, number;
	enum rc rc;

	if (a != NULL) {
		s->actor = (struct actor){.kind = ACTOR_AGENT,
		    .name = a->name,
		    .agent = a,
		    .role = config_role(c, a->role)};
		s->who = actor_print(env->ctx, &s->actor);
		return RC_OK;
	}
	if (strchr(word, '@') == NULL && strchr(word, ':') == NULL &&
	    !text_number(word, &number))
		return err_fail(err, RC_NOTFOUND, "\"%s\": no such agent%s", word,
		    text_hint(env->ctx, word, config_names(env->ctx, c, NAME_AGENT)));
	rc = person_find(env->desk->store, env->ctx, word, &organization, &id, err);
	if (rc == RC_OK && organization)
		rc = err_fail(err, RC_USAGE, "%s is no person", word);
	if (rc == RC_OK)
		rc = customer_load(env->desk->store, env->ctx, id, &s->customer, err);
	if (rc == RC_OK) {
		s->actor = actor_customer(env->ctx, id);
		s->who = actor_print(env->ctx, &s->actor);
	}
	return rc;
}

/* ---- why ---- */

static char *
queues_of(void *ctx, const struct role *r)
{
	char *s = talloc_strdup(ctx, "");

	for (const char **q = r->queues; *q != NULL; q++)
		s = talloc_asprintf_append(s, "%s%s", q == r->queues ? "" : ", ", *q);
	return *s ? talloc_asprintf(ctx, "queues %s", s)
		  : talloc_strdup(ctx, "all queues");
}

/* Which pattern of the role allows a right; NULL: none. */
static const char *
pattern_of(const struct role *r, const char *right)
{
	for (const char **p = r->allow; *p != NULL; p++) {
		if (text_glob(*p, right))
			return *p;
	}
	return NULL;
}

static const char *
customer_may(struct cmd_env *env, const struct somebody *s, const char *right,
    const struct ticket *t, bool *yes)
{
	bool reads = strcmp(right, "ticket.read") == 0,
	     writes = strcmp(right, "ticket.reply") == 0;

	*yes = strcmp(right, "ticket.create") == 0;
	if (*yes)
		return "a customer may ask";
	if (!reads && !writes)
		return "a customer has no role";
	if (t == NULL) {
		*yes = true;
		return "their own tickets, and those they take part in";
	}
	*yes = t->requester == s->customer->id;
	if (*yes)
		return "the requester";
	for (size_t i = 0; i < t->npeople; i++) {
		for (size_t k = 0; k < s->customer->naddresses; k++) {
			if (strcmp(t->people[i].who, s->customer->addresses[k].value) !=
			    0)
				continue;
			*yes = t->people[i].confirmed || writes;
			return t->people[i].confirmed
				   ? "a participant"
				   : "a participant that nobody confirmed";
		}
	}
	return talloc_strdup(env->ctx, "neither requester nor participant");
}

static const char *
agent_may(struct cmd_env *env, const struct somebody *s, const char *right,
    const struct ticket *t, bool *yes)
{
	const struct role *r = s->actor.role;
	const char *p = pattern_of(r, right);

	*yes = p != NULL;
	if (p == NULL)
		return talloc_asprintf(env->ctx, "role %s has no allow for it", r->name);
	if (t != NULL && !actor_may_queue(&s->actor, t->queue)) {
		*yes = false;
		return talloc_asprintf(env->ctx, "role %s sees %s, not %s", r->name,
		    queues_of(env->ctx, r), t->queue);
	}
	return talloc_asprintf(
	    env->ctx, "role %s: allow \"%s\", %s", r->name, p, queues_of(env->ctx, r));
}

static bool
answer(struct cmd_env *env, const struct somebody *s, const char *right,
    const struct ticket *t)
{
	bool yes = false;
	const char *by = s->customer ? customer_may(env, s, right, t, &yes)
				     : agent_may(env, s, right, t, &yes);

	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:s,s:s,s:o,s:b,s:s}", "type", "can", "who", s->who,
			"right", right, "ticket", t ? json_integer(t->id) : json_null(),
			"allowed", yes, "by", by));
	else if (env->out->format != OUT_IDS)
		out_line(env->out, yes ? COLOR_GREEN : COLOR_DIM, "%s %-16s %s",
		    yes ? "yes" : "no ", right, by);
	return yes;
}

/* ---- what they may see ---- */

static enum rc
each(void *arg, struct ticket *t, struct err *err)
{
	struct cmd_env *env = arg;

	return show_ticket(env->desk, env->out, t, err);
}

static enum rc
list(
    struct cmd_env *env, const struct somebody *s, int argc, char **argv, struct err *err)
{
	struct query_list l = {0};
	struct query_scope scope = {.config = env->desk->config};
	struct node *both[2] = {NULL, NULL};
	char *text = talloc_asprintf(
	    env->ctx, "customer:%lld", (long long)(s->customer ? s->customer->id : 0));
	enum rc rc;

	rc = query_user(env->desk, env->ctx, argc, argv, NULL, &both[0], err);
	for (size_t i = 0; s->customer != NULL && i < s->customer->naddresses; i++) {
		if (strcmp(s->customer->addresses[i].kind, "email") == 0)
			text = talloc_asprintf_append(text, " or participant:\"%s\"",
			    s->customer->addresses[i].value);
	}
	if (rc == RC_OK && s->customer != NULL)
		rc = query_parse(env->ctx, text, &scope, &both[1], err);
	if (rc != RC_OK)
		return rc;
	if (s->customer != NULL)
		both[0] = node_and(env->ctx, both, 2);
	else if (!actor_may(&s->actor, "ticket.read"))
		return RC_OK;
	show_begin(env->out);
	return query_each(
	    env->desk, query_permit(env->ctx, &s->actor, both[0]), &l, each, env, err);
}

static enum rc
one_right(struct cmd_env *env, const struct somebody *s, const char *right,
    const char *ticket, struct err *err)
{
	struct ticket *t = NULL;
	int64_t id = 0;
	enum rc rc = RC_OK;

	if (word_index(right_names, right) < 0)
		return err_fail(err, RC_USAGE, "\"%s\": no such right%s", right,
		    text_hint(env->ctx, right, right_names));
	if (ticket != NULL && !text_number(ticket + (*ticket == '#'), &id))
		return err_fail(err, RC_USAGE, "\"%s\" is not a ticket number", ticket);
	if (ticket != NULL)
		rc = ticket_get(env->desk->store, env->ctx, id, &t, err);
	if (rc != RC_OK)
		return rc;
	return answer(env, s, right, t) ? RC_OK : RC_NONE;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct somebody s = {0};
	enum rc rc;

	if (argc < 1 || (!o.list && argc > 3))
		return err_fail(err, RC_USAGE,
		    "say who, and perhaps what: tkt-can bob ticket.reply 42, or tkt-can "
		    "bob "
		    "--list QUERY");
	rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc == RC_OK)
		rc = find(env, argv[0], &s, err);
	if (rc != RC_OK)
		return rc;
	if (o.list)
		return list(env, &s, argc - 1, argv + 1, err);
	if (argc > 1)
		return one_right(env, &s, argv[1], argc > 2 ? argv[2] : NULL, err);
	for (const char *const *r = right_names; *r != NULL; r++)
		(void)answer(env, &s, *r, NULL);
	return RC_OK;
}

static const struct cmd cmd = {
    .name = "tkt-can",
    .summary = "say what somebody may do, and why",
    .args = "person [right [id]]",
    .opts = opts,
    .flags = CMD_TERMS,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
