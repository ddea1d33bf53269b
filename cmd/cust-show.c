/* cust-show: a customer or an organization, alone or with what matters beside a ticket.
 */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "base/text.h"
#include "change/people.h"
#include "query/show.h"

enum { PAST_MAX = 20, OPEN_MAX = 50 };

static struct {
	bool context;
	const char *search;
	int64_t ticket, limit;
} o = {.limit = OPEN_MAX};

static const struct opt opts[] = {
    {"context", 'x', OPT_FLAG, NULL,
	"with tickets, organization, figures: what to know beside a ticket", &o.context,
	NULL},
    {"ticket", 0, OPT_NUM, "id", "the requester of this ticket", &o.ticket, NULL},
    {"search", 's', OPT_TEXT, "text", "whose name or address holds this", &o.search,
	NULL},
    {"limit", 'n', OPT_NUM, "count", "at most this many with --search", &o.limit, NULL},
    OPTS_COMMON,
    OPTS_END,
};

/* ---- context ---- */

SQL(sql_context,
    "SELECT count(*), sum(CASE WHEN t.phase < 2 THEN 1 ELSE 0 END), min(t.created_at), "
    "max(t.created_at), sum(t.time_spent_s) FROM ticket t "
    "WHERE t.requester = ?1 AND t.phase < 4");
/* How content they were, where tkt.conf has a number field of that name. */
SQL(sql_satisfaction,
    "SELECT count(f.num), avg(f.num) FROM ticket t JOIN ticket_field f ON "
    "f.ticket = t.id AND f.name = 'satisfaction' "
    "WHERE t.requester = ?1 AND t.phase < 4 AND f.num IS NOT NULL");

static enum rc
figures(struct cmd_env *env, int64_t id, struct err *err)
{
	json_t *record = json_object();
	struct stmt *st;
	int64_t open = 0, total = 0, rated = 0;
	double mean = 0;
	enum rc rc = store_prepare(env->desk->store, sql_context, &st, err);

	record_set_text(record, "type", "context");
	record_set_int(record, "customer", id);
	if (rc == RC_OK) {
		bind_int(st, 1, id);
		rc = stmt_step(st, err);
		total = col_int(st, 0);
		open = col_int(st, 1);
		record_set_int(record, "open", open);
		record_set_int(record, "tickets", total);
		record_set_instant(record, "first_at", col_int(st, 2));
		record_set_instant(record, "last_at", col_int(st, 3));
		record_set_int(record, "time_spent_s", col_int(st, 4));
		stmt_done(st);
	}
	if (rc == RC_OK)
		rc = store_prepare(env->desk->store, sql_satisfaction, &st, err);
	if (rc == RC_OK) {
		bind_int(st, 1, id);
		rc = stmt_step(st, err);
		rated = col_int(st, 0);
		mean = col_real(st, 1);
		stmt_done(st);
	}
	record_set_int(record, "rated", rated);
	json_object_set_new(
	    record, "satisfaction", rated > 0 ? json_real(mean) : json_null());
	if (rc == RC_OK && env->out->format == OUT_JSON) {
		out_json(env->out, record);
		return RC_OK;
	}
	if (rc == RC_OK)
		out_line(env->out, COLOR_NONE, "\n%lld ticket%s, %lld open%s",
		    (long long)total, total == 1 ? "" : "s", (long long)open,
		    rated > 0
			? talloc_asprintf(env->ctx, "; satisfaction %.1f in %lld ratings",
			      mean, (long long)rated)
			: "");
	json_decref(record);
	return rc;
}

static enum rc
each_ticket(void *arg, struct ticket *t, struct err *err)
{
	struct cmd_env *env = arg;

	return show_ticket(env->desk, env->out, t, err);
}

static enum rc
tickets(
    struct cmd_env *env, int64_t id, const char *which, int64_t limit, struct err *err)
{
	struct query_list l = {.limit = limit};
	struct node *tree = NULL;
	char *text = talloc_asprintf(env->ctx, "customer:%lld %s", (long long)id, which);
	enum rc rc = query_user(env->desk, env->ctx, 1, &text, NULL, &tree, err);

	if (rc == RC_OK)
		rc = query_each(env->desk, tree, &l, each_ticket, env, err);
	return rc;
}

static enum rc
context(struct cmd_env *env, const struct customer *c, struct err *err)
{
	struct organization *org = NULL;
	enum rc rc = RC_OK;

	if (c->organization != 0) {
		rc = organization_load(
		    env->desk->store, env->ctx, c->organization, &org, err);
		if (rc == RC_OK && env->out->format == OUT_HUMAN)
			out_line(env->out, COLOR_NONE, "%s", "");
		if (rc == RC_OK)
			rc = people_show_organization(env, org, err);
	}
	if (rc == RC_OK)
		rc = figures(env, c->id, err);
	if (rc != RC_OK || !actor_may(&env->desk->actor, "ticket.read"))
		return rc;
	show_begin(env->out);
	rc = tickets(env, c->id, "phase:open,waiting", OPEN_MAX, err);
	if (rc == RC_OK)
		rc = tickets(env, c->id, "phase:resolved,closed", PAST_MAX, err);
	out_table_end(env->out);
	return rc;
}

/* ---- who ---- */

static enum rc
one(void *arg, bool organization, int64_t id, struct err *err)
{
	struct cmd_env *env = arg;
	struct organization *org = NULL;
	struct customer *c = NULL;
	enum rc rc;

	if (organization) {
		rc = organization_load(env->desk->store, env->ctx, id, &org, err);
		return rc == RC_OK ? people_show_organization(env, org, err) : rc;
	}
	rc = customer_load(env->desk->store, env->ctx, id, &c, err);
	if (rc == RC_OK)
		rc = people_show(env, c, err);
	return rc == RC_OK && o.context ? context(env, c, err) : rc;
}

SQL(sql_search,
    "SELECT c.id FROM customer c WHERE c.merged_into IS NULL AND c.erased_at IS NULL AND "
    "(c.name LIKE ?1 ESCAPE '\\' OR EXISTS (SELECT 1 FROM address a WHERE "
    "a.customer = c.id AND a.value LIKE ?1 ESCAPE '\\')) ORDER BY c.id LIMIT ?2");

/* The text as it is, between wildcards. */
static char *
like(void *ctx, const char *text)
{
	char *s = talloc_strdup(ctx, "%");

	for (; *text != '\0'; text++)
		s = talloc_asprintf_append_buffer(
		    s, strchr("%_\\", *text) ? "\\%c" : "%c", *text);
	return talloc_strdup_append_buffer(s, "%");
}

static enum rc
search(struct cmd_env *env, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(env->desk->store, sql_search, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, like(env->ctx, o.search));
	bind_int(st, 2, o.limit ? o.limit : -1);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		rc = one(env, false, col_int(st, 0), err);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
requester(struct cmd_env *env, struct err *err)
{
	struct ticket *t = NULL;
	enum rc rc = ticket_get(env->desk->store, env->ctx, o.ticket, &t, err);

	if (rc == RC_OK && !actor_may_queue(&env->desk->actor, t->queue))
		rc = err_fail(err, RC_NOTFOUND, "no ticket %lld", (long long)o.ticket);
	return rc == RC_OK ? one(env, false, t->requester, err) : rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	enum rc rc = actor_need(&env->desk->actor, "customer.read", err);

	if (rc == RC_OK && (o.search != NULL || o.ticket != 0) && argc > 0)
		rc = err_fail(err, RC_USAGE,
		    "\"%s\": --search, --ticket, or people: one "
		    "of them",
		    argv[0]);
	if (rc != RC_OK)
		return rc;
	out_page(env->out);
	people_begin(env->out);
	if (o.search != NULL)
		return search(env, err);
	if (o.ticket != 0)
		return requester(env, err);
	return people_each(env, argc, argv, one, env, err);
}

static const struct cmd cmd = {
    .name = "cust-show",
    .summary = "show customers and organizations",
    .args = "[person ...]",
    .opts = opts,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
