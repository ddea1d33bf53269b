/* cust-export: everything the desk knows about a person, as an archive for them. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "change/person.h"
#include "desk/cmd.h"
#include "exchange/export.h"

static const struct opt opts[] = {
    OPTS_COMMON,
    OPTS_END,
};

enum { WRITTEN_MAX = 900 };

SQL(sql_written_in,
    "SELECT DISTINCT ticket FROM message WHERE author = ?1 ORDER BY ticket /* scan */");

/* Tickets somebody wrote in, as a term of a query. */
static enum rc
written_in(struct cmd_env *env, int64_t customer, char **query, struct err *err)
{
	char author[40];
	struct stmt *st;
	int n = 0;
	enum rc rc = store_prepare(env->desk->store, sql_written_in, &st, err);

	if (rc != RC_OK)
		return rc;
	snprintf(author, sizeof(author), "customer:%lld", (long long)customer);
	bind_text(st, 1, author);
	while ((rc = stmt_step(st, err)) == RC_OK && n < WRITTEN_MAX)
		*query = talloc_asprintf_append(*query,
		    n++ == 0 ? " or id:%lld" : ",%lld", (long long)col_int(st, 0));
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* Theirs, those they take part in, those they wrote in; hidden ones, too. */
static enum rc
select_tickets(
    struct cmd_env *env, const struct export_want *w, struct node **tree, struct err *err)
{
	struct query_scope scope = {.config = env->desk->config};
	char *query = talloc_strdup(env->ctx, "");
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < w->ncustomers; i++) {
		struct customer *c = NULL;

		query = talloc_asprintf_append(query, "%scustomer:%lld", i ? " or " : "",
		    (long long)w->customers[i]);
		rc = customer_load(env->desk->store, env->ctx, w->customers[i], &c, err);
		for (size_t k = 0; rc == RC_OK && k < c->naddresses; k++) {
			if (strcmp(c->addresses[k].kind, "email") == 0)
				query = talloc_asprintf_append(query,
				    " or participant:\"%s\"", c->addresses[k].value);
		}
		if (rc == RC_OK)
			rc = written_in(env, w->customers[i], &query, err);
	}
	if (rc == RC_OK)
		rc = query_parse(env->ctx, query, &scope, tree, err);
	if (rc == RC_OK)
		*tree = query_permit(env->ctx, &env->desk->actor, *tree);
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct export_want w = {0};
	struct export_count n;
	struct node *tree = NULL;
	int64_t *ids = NULL, id = 0;
	bool organization = false;
	const char *file = argc > 1 ? argv[1] : "-";
	enum rc rc = actor_need(&env->desk->actor, "customer.read", err);

	if (rc == RC_OK && (argc < 1 || argc > 2))
		rc = err_fail(err, RC_USAGE,
		    "say who, and where to: cust-export ann@example.com ann.tar.zst");
	if (rc == RC_OK)
		rc = actor_need(&env->desk->actor, "ticket.read", err);
	if (rc == RC_OK)
		rc = person_find(
		    env->desk->store, env->ctx, argv[0], &organization, &id, err);
	if (rc == RC_OK && organization)
		rc = err_fail(err, RC_USAGE, "%s is no person", argv[0]);
	if (rc == RC_OK)
		rc = customer_ids(
		    env->desk->store, env->ctx, id, &ids, &w.ncustomers, err);
	w.customers = ids;
	if (rc == RC_OK)
		rc = select_tickets(env, &w, &tree, err);
	w.tree = tree;
	if (rc == RC_OK && env->desk->brokered && strcmp(file, "-") != 0)
		rc = err_fail(
		    err, RC_DENIED, "%s: files cannot be named through tkt-shell", file);
	if (rc == RC_OK)
		rc = archive_create(env->ctx, file, &w.archive, err);
	if (rc == RC_OK)
		rc = export_run(env->desk, &w, &n, NULL, NULL, err);
	if (rc == RC_OK)
		rc = archive_finish(w.archive, err);
	if (rc == RC_OK)
		cmd_note(env, "%lld tickets, %lld messages, %lld blobs",
		    (long long)n.tickets, (long long)n.messages, (long long)n.blobs);
	return rc;
}

static const struct cmd cmd = {
    .name = "cust-export",
    .summary = "write out everything about a person",
    .args = "person [file]",
    .opts = opts,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
