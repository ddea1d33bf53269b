/* cust-merge: two customers are one person. */
#include <string.h>
#include <talloc.h>

#include "change/people.h"

static struct {
	bool dry_run;
} o;

static const struct opt opts[] = {
    {"dry-run", 'N', OPT_FLAG, NULL, "say what would change, and change nothing",
	&o.dry_run, NULL},
    OPTS_COMMON,
    OPTS_END,
};

struct merging {
	struct cmd_env *env;
	struct change_tx *tx;
	int64_t into, event, tickets;
	struct customer *after;
};

static enum rc
not_an_organization(bool organization, struct err *err)
{
	return organization ? err_fail(err, RC_USAGE, "organizations are not merged")
			    : RC_OK;
}

/* An address that nobody proved may be anybody's: the agent decides, and is told. */
static enum rc
warn_unproven(struct cmd_env *env, int64_t id, struct err *err)
{
	struct customer *c = NULL;
	enum rc rc = customer_load(env->desk->store, env->ctx, id, &c, err);

	for (size_t i = 0; rc == RC_OK && i < c->naddresses; i++) {
		if (c->addresses[i].proven_at == 0)
			cmd_note(env, "customer %lld: nobody proved that %s is theirs",
			    (long long)id, c->addresses[i].value);
	}
	return rc;
}

static enum rc
one(void *arg, bool organization, int64_t id, struct err *err)
{
	struct merging *m = arg;
	int64_t event = 0, tickets = 0;
	enum rc rc = not_an_organization(organization, err);

	if (rc == RC_OK)
		rc = warn_unproven(m->env, id, err);
	if (rc == RC_OK)
		rc = change_customer_merge(m->tx, &m->env->desk->actor, id, m->into,
		    &m->after, &event, &tickets, err);
	m->event = m->event ? m->event : event;
	m->tickets += tickets;
	return rc;
}

static enum rc
print(const struct merging *m, struct err *err)
{
	if (m->env->out->format != OUT_HUMAN)
		return people_show(m->env, m->after, err);
	out_line(m->env->out, COLOR_NONE,
	    "merged into customer %lld, with %lld tickets, event %lld%s",
	    (long long)m->into, (long long)m->tickets, (long long)m->event,
	    o.dry_run ? " (not done)" : "");
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct merging m = {.env = env};
	bool organization = false;
	enum rc rc;

	if (argc < 2)
		return err_fail(err, RC_USAGE,
		    "say who is whom: cust-merge ann@old.example ann@new.example");
	people_begin(env->out);
	rc = change_begin(env->ctx, env->desk, -1, &m.tx, err);
	if (rc != RC_OK)
		return rc;
	rc = person_find(
	    env->desk->store, env->ctx, argv[argc - 1], &organization, &m.into, err);
	if (rc == RC_OK)
		rc = not_an_organization(organization, err);
	if (rc == RC_OK)
		rc = people_each(env, argc - 1, argv, one, &m, err);
	if (rc != RC_OK || o.dry_run) {
		if (rc == RC_OK)
			rc = print(&m, err);
		change_abort(m.tx);
		return rc;
	}
	rc = change_commit(m.tx, err);
	return rc == RC_OK ? print(&m, err) : rc;
}

static const struct cmd cmd = {
    .name = "cust-merge",
    .summary = "make one customer of several",
    .args = "person ... person",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
