/* cust-set: changes customers and organizations, or makes them. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "change/people.h"

static struct {
	bool create, dry_run;
} o;

static const struct opt opts[] = {
    {"create", 'c', OPT_FLAG, NULL, "make who is not there yet", &o.create, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "say what would change, and change nothing",
	&o.dry_run, NULL},
    OPTS_COMMON,
    OPTS_END,
};

/* Who is named, and what became of them. */
struct subject {
	bool organization;
	int64_t id;	  /* 0: to be made */
	const char *word; /* as it was named; NULL: by a record */
	struct customer *before, *after;
	struct organization *old, *now;
};
struct set {
	struct cmd_env *env;
	struct change_tx *tx;
	struct subject *v;
	size_t n;
	char **words; /* key=value, checked when it is known whose they are */
	size_t nwords;
};

static struct subject *
add(struct set *s)
{
	s->v = mem_grow(s->env->ctx, s->v, struct subject, s->n + 1);
	s->v[s->n] = (struct subject){0};
	return &s->v[s->n++];
}

/* Read before the transaction: nobody waits for who writes to us. */
static enum rc
gather(void *arg, bool organization, int64_t id, struct err *err)
{
	struct subject *u = add(arg);

	(void)err;
	u->organization = organization;
	u->id = id;
	return RC_OK;
}

/* With --create whoever is not found is made: looked up within the transaction. */
static enum rc
find(struct set *s, struct subject *u, struct err *err)
{
	int64_t number;
	enum rc rc;

	if (u->word == NULL)
		return RC_OK;
	rc = person_find(
	    s->env->desk->store, s->env->ctx, u->word, &u->organization, &u->id, err);
	if (rc == RC_NOTFOUND && !text_number(u->word, &number)) {
		u->id = 0;
		rc = RC_OK;
	}
	return rc;
}

static enum rc
change_organization_of(
    struct set *s, struct subject *u, const struct person_changes *c, struct err *err)
{
	struct cmd_env *env = s->env;
	bool changed = false;
	enum rc rc = RC_OK;

	if (u->id != 0)
		rc = organization_load(env->desk->store, env->ctx, u->id, &u->old, err);
	return rc == RC_OK ? change_organization(s->tx, &env->desk->actor, u->id, c,
				 &u->now, &changed, err)
			   : rc;
}

static enum rc
change(struct set *s, struct subject *u, struct err *err)
{
	struct cmd_env *env = s->env;
	struct person_changes c = {0};
	bool changed = false;
	enum rc rc = find(s, u, err);

	if (rc == RC_OK && u->id == 0)
		rc = u->organization ? person_changes_put(env->ctx, "name", CHANGE_SET,
					   u->word + 4, true, &c, err)
				     : person_changes_put(env->ctx, "address", CHANGE_ADD,
					   u->word, false, &c, err);
	for (size_t i = 0; rc == RC_OK && i < s->nwords; i++)
		rc = person_changes_add(env->ctx, s->words[i], u->organization, &c, err);
	if (rc == RC_OK && u->organization)
		return change_organization_of(s, u, &c, err);
	if (rc == RC_OK && u->id != 0)
		rc = customer_load(env->desk->store, env->ctx, u->id, &u->before, err);
	return rc == RC_OK ? change_customer(s->tx, &env->desk->actor, u->id, &c,
				 &u->after, &changed, err)
			   : rc;
}

static enum rc
print(struct cmd_env *env, const struct subject *u, struct err *err)
{
	json_t *diff;

	if (env->out->format != OUT_HUMAN)
		return u->organization ? people_show_organization(env, u->now, err)
				       : people_show(env, u->after, err);
	diff = u->organization ? organization_diff(u->old, u->now)
			       : customer_diff(u->before, u->after);
	people_print_changes(env, u->organization ? "organization" : "customer",
	    u->organization ? u->now->id : u->after->id, diff, o.dry_run);
	json_decref(diff);
	return RC_OK;
}

static enum rc
set_all(struct set *s, struct err *err)
{
	enum rc rc = change_begin(s->env->ctx, s->env->desk, -1, &s->tx, err);

	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; rc == RC_OK && i < s->n; i++)
		rc = change(s, &s->v[i], err);
	for (size_t i = 0; rc == RC_OK && o.dry_run && i < s->n; i++)
		rc = print(s->env, &s->v[i], err);
	if (rc != RC_OK || o.dry_run) {
		change_abort(s->tx);
		return rc;
	}
	rc = change_commit(s->tx, err);
	for (size_t i = 0; rc == RC_OK && i < s->n; i++)
		rc = print(s->env, &s->v[i], err);
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct set s = {
	    .env = env, .words = mem_array(env->ctx, char *, (size_t)argc + 1)};
	char **who = mem_array(env->ctx, char *, (size_t)argc + 1);
	int nwho = 0;
	enum rc rc = RC_OK;

	for (int i = 0; i < argc; i++) {
		if (strchr(argv[i], '=') != NULL && !text_starts(argv[i], "org:"))
			s.words[s.nwords++] = argv[i];
		else
			who[nwho++] = argv[i];
	}
	if (s.nwords == 0 && !o.create)
		return err_fail(
		    err, RC_USAGE, "say what to change: cust-set 7 name='Ann Lee'");
	if (o.create && nwho == 0)
		return err_fail(err, RC_USAGE, "say who is to be made");
	if (o.create) {
		for (int i = 0; i < nwho; i++)
			add(&s)->word = who[i];
	} else {
		rc = people_each(env, nwho, who, gather, &s, err);
	}
	people_begin(env->out);
	return rc == RC_OK ? set_all(&s, err) : rc;
}

static const struct cmd cmd = {
    .name = "cust-set",
    .summary = "change customers and organizations",
    .args = "[person ...] field=value ...",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
