/* Tree -> SQL: one condition over ticket t, every value a parameter.
 *
 * Partial indexes are used only when the statement repeats their condition literally, so
 * phases are literal numbers. Terms without an index (subject:, body:) become "maybe":
 * true in a positive place and false under a negation, so that SQL never selects too
 * little, and query_match() decides. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "query/query_priv.h"

struct build {
	void *ctx;
	struct query_sql *q;
	const struct query_now *now;
	struct err *err;
	bool negated;
};

static enum rc node_sql(struct build *b, const struct node *n);

/* Up to this many candidates an IN (subquery) drives the plan; above, rows stream in
 * order and are tested one by one. */
enum { FEW = 2000 };

static void PRINTF(2, 3) add(struct build *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	b->q->where = talloc_vasprintf_append_buffer(b->q->where, fmt, ap);
	va_end(ap);
}

static struct query_param *
param(struct build *b)
{
	struct query_sql *q = b->q;

	q->params = mem_grow(b->ctx, q->params, struct query_param, q->nparams + 1);
	return &q->params[q->nparams++];
}

static int
text_param(struct build *b, const char *text)
{
	*param(b) = (struct query_param){.kind = PARAM_TEXT, .text = text};
	return (int)b->q->nparams;
}

static int
int_param(struct build *b, int64_t i)
{
	*param(b) = (struct query_param){.kind = PARAM_INT, .i = i};
	return (int)b->q->nparams;
}

static int
real_param(struct build *b, double r)
{
	*param(b) = (struct query_param){.kind = PARAM_REAL, .r = r};
	return (int)b->q->nparams;
}

static const char *
op_sql(enum term_op op)
{
	static const char *const ops[] = {"=", "<", "<=", ">", ">="};

	return ops[op];
}

static void
column_in(struct build *b, const char *column, const struct node *n)
{
	if (n->nvalues == 1) {
		add(b, "t.%s = ?%d", column, text_param(b, n->values[0].text));
		return;
	}
	add(b, "t.%s IN (", column);
	for (size_t i = 0; i < n->nvalues; i++)
		add(b, "%s?%d", i ? ", " : "", text_param(b, n->values[i].text));
	add(b, ")");
}

/* status: of a ticket that is not hidden; says the phases too, for the indexes. */
static void
status_sql(struct build *b, const struct node *n)
{
	int low = PHASE_DELETED, high = 0;

	for (size_t i = 0; i < n->nvalues; i++)
		config_status_phases(b->now->config, n->values[i].text, &low, &high);
	if (high < PHASE_RESOLVED)
		add(b, "(t.phase < 2 AND ");
	else if (low == high)
		add(b, "(t.phase = %d AND ", low);
	else
		add(b, "(t.phase < 4 AND ");
	column_in(b, "status", n);
	add(b, ")");
}

static void
words_sql(struct build *b, const struct query_key *k, const struct node *n)
{
	bool phase = strcmp(k->name, "phase") == 0;
	bool live = phase && n->op == OP_IS, hidden = live;

	if (!phase && strcmp(k->name, "priority") != 0) {
		column_in(b, k->column, n);
		return;
	}
	if (n->op != OP_IS) {
		add(b, "t.%s %s %d", k->column, op_sql(n->op),
		    word_index(k->words, n->values[0].text));
		return;
	}
	for (size_t i = 0; i < n->nvalues; i++) {
		int w = word_index(k->words, n->values[i].text);

		live = live && w < PHASE_RESOLVED;
		hidden = hidden && w >= PHASE_SPAM;
	}
	add(b, live ? "(t.phase < 2 AND " : hidden ? "(t.phase >= 5 AND " : "(");
	add(b, n->nvalues == 1 ? "t.%s = " : "t.%s IN (", k->column);
	for (size_t i = 0; i < n->nvalues; i++)
		add(b, "%s%d", i ? ", " : "", word_index(k->words, n->values[i].text));
	add(b, n->nvalues == 1 ? ")" : "))");
}

static void
assignee_sql(struct build *b, const struct node *n)
{
	bool nobody = false;

	add(b, "(");
	for (size_t i = 0; i < n->nvalues; i++)
		nobody = nobody || strcmp(n->values[i].text, "none") == 0;
	if (!nobody)
		add(b, "t.assignee <> '' AND ");
	add(b, n->nvalues == 1 ? "t.assignee = " : "t.assignee IN (");
	for (size_t i = 0; i < n->nvalues; i++) {
		const char *v = n->values[i].text;

		if (strcmp(v, "none") == 0)
			v = "";
		else if (strcmp(v, "me") == 0)
			v = b->now->me ? b->now->me : "\001"; /* nobody is called that */
		add(b, "%s?%d", i ? ", " : "", text_param(b, v));
	}
	add(b, n->nvalues == 1 ? ")" : "))");
}

static enum rc
time_sql(struct build *b, const struct query_key *k, const struct node *n)
{
	int64_t ms;
	int p;

	if (!time_value(n->values[0].text, b->now->zone, b->now->now, &ms))
		return err_fail(
		    b->err, RC_USAGE, "query: \"%s\" is no time", n->values[0].text);
	p = int_param(b, ms);
	if (k->column == NULL)
		add(b,
		    "(t.customer_at IS NOT NULL AND (t.agent_at IS NULL OR t.agent_at < "
		    "t.customer_at) AND t.customer_at %s ?%d)",
		    op_sql(n->op), p);
	else if (strcmp(k->name, "due") == 0)
		add(b, "(t.phase < 2 AND t.due_at < %lld AND t.due_at %s ?%d)",
		    (long long)INSTANT_NEVER, op_sql(n->op), p);
	else if (strcmp(k->name, "created") == 0 || strcmp(k->name, "updated") == 0)
		add(b, "t.%s %s ?%d", k->column, op_sql(n->op), p);
	else
		add(b, "(t.%s IS NOT NULL AND t.%s %s ?%d)", k->column, k->column,
		    op_sql(n->op), p);
	return RC_OK;
}

static void
id_sql(struct build *b, const char *v)
{
	int64_t from = 0, to = 0;

	(void)id_range(v, &from, &to);
	if (from == to)
		add(b, "t.id = ?%d", int_param(b, from));
	else
		add(b, "t.id BETWEEN ?%d AND ?%d", int_param(b, from), int_param(b, to));
}

/* An address is looked up while building: the plan then sees one customer. */
static enum rc
requester_sql(struct build *b, const char *v, const char **who)
{
	struct person_address a = {0};
	int64_t id = 0;
	enum rc rc = address_parse(b->ctx, v, &a, b->err);

	if (rc == RC_OK)
		rc = customer_find(b->now->store, a.kind, a.value, &id, b->err);
	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	if (who != NULL)
		*who = a.value;
	add(b, "t.requester = ?%d", int_param(b, rc == RC_OK ? id : -1));
	return RC_OK;
}

static enum rc
organization_sql(struct build *b, const char *v)
{
	int64_t id = -1;
	enum rc rc = organization_find(b->now->store, v, &id, b->err);

	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	add(b, "(t.organization IS NOT NULL AND t.organization = ?%d)", int_param(b, id));
	return RC_OK;
}

SQL(sql_few_tag,
    "SELECT count(*) FROM (SELECT 1 FROM ticket_tag WHERE tag = ?1 LIMIT 2000)");
SQL(sql_few_field,
    "SELECT count(*) FROM (SELECT 1 FROM ticket_field WHERE name = ?1 AND value = ?2 "
    "LIMIT 2000)");

static enum rc
few(struct build *b, const char *sql, const char *v1, const char *v2, bool *yes)
{
	struct stmt *st;
	enum rc rc = store_prepare(b->now->store, sql, &st, b->err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, v1);
	if (v2 != NULL)
		bind_text(st, 2, v2);
	rc = stmt_step(st, b->err);
	if (rc == RC_OK)
		*yes = col_int(st, 0) < FEW;
	stmt_done(st);
	return rc;
}

static enum rc
tag_sql(struct build *b, const char *v)
{
	bool yes = true;
	enum rc rc = few(b, sql_few_tag, v, NULL, &yes);
	int p = text_param(b, v);

	if (yes)
		add(b, "t.id IN (SELECT g.ticket FROM ticket_tag g WHERE g.tag = ?%d)",
		    p);
	else
		add(b,
		    "EXISTS (SELECT 1 FROM ticket_tag g WHERE g.ticket = t.id AND g.tag "
		    "= ?%d)",
		    p);
	return rc;
}

static enum rc
field_sql(struct build *b, const struct node *n, const char *v)
{
	const struct field *f = config_field(b->now->config, n->key + 6);
	const char *normal = v;
	bool has_num = false, yes = true;
	double num = 0;
	int name = text_param(b, n->key + 6), p;
	enum rc rc;

	if (f != NULL) {
		rc = field_check(
		    b->ctx, f, v, b->now->zone, &normal, &has_num, &num, b->err);
		if (rc != RC_OK)
			return rc;
	}
	if (n->op != OP_IS) {
		add(b,
		    "t.id IN (SELECT f.ticket FROM ticket_field f WHERE f.name = ?%d AND "
		    "f.num IS "
		    "NOT NULL AND f.num %s ?%d)",
		    name, op_sql(n->op), real_param(b, num));
		return RC_OK;
	}
	rc = few(b, sql_few_field, n->key + 6, normal, &yes);
	p = text_param(b, normal);
	if (yes)
		add(b,
		    "t.id IN (SELECT f.ticket FROM ticket_field f WHERE f.name = ?%d AND "
		    "f.value = "
		    "?%d)",
		    name, p);
	else
		add(b,
		    "EXISTS (SELECT 1 FROM ticket_field f WHERE f.ticket = t.id AND "
		    "f.name = ?%d AND "
		    "f.value = ?%d)",
		    name, p);
	return rc;
}

static void
is_sql(struct build *b, const char *v)
{
	if (strcmp(v, "unassigned") == 0)
		add(b, "t.assignee = ''");
	else if (strcmp(v, "overdue") == 0)
		add(b, "(t.phase < 2 AND t.due_at < ?%d)", int_param(b, b->now->now));
	else if (strcmp(v, "snoozed") == 0)
		add(b, "(t.snoozed_until IS NOT NULL AND t.snoozed_until > ?%d)",
		    int_param(b, b->now->now));
	else if (strcmp(v, "merged") == 0)
		add(b, "t.phase = 4");
	else
		add(b, "(t.phase >= 5 AND t.phase = %d)", word_index(phase_names, v));
}

static void
sla_sql(struct build *b, const char *v)
{
	if (strcmp(v, "none") == 0)
		add(b, "t.due_target = ''");
	else if (strcmp(v, "paused") == 0)
		add(b, "(t.due_target <> '' AND t.due_at = %lld)",
		    (long long)INSTANT_NEVER);
	else if (strcmp(v, "breached") == 0)
		add(b, "(t.due_target <> '' AND t.due_at < ?%d)",
		    int_param(b, b->now->now));
	else
		add(b,
		    "(t.due_target <> '' AND t.due_at >= ?%d AND t.due_at < %lld AND "
		    "t.warn_at %s "
		    "?%d)",
		    int_param(b, b->now->now), (long long)INSTANT_NEVER,
		    strcmp(v, "warning") == 0 ? "<=" : ">", int_param(b, b->now->now));
}

static enum rc
value_sql(struct build *b, const struct query_key *k, const struct node *n, const char *v)
{
	const char *who = NULL;
	int64_t id = 0;
	enum rc rc;
	int p;

	switch (k->kind) {
	case KEY_ID:
		id_sql(b, v);
		return RC_OK;
	case KEY_REF:
		add(b, "(t.external_id IS NOT NULL AND t.external_id = ?%d)",
		    text_param(b, v));
		return RC_OK;
	case KEY_REQUESTER:
		return requester_sql(b, v, NULL);
	case KEY_CUSTOMER:
		(void)id_range(v, &id, &id);
		add(b, "t.requester = ?%d", int_param(b, id));
		return RC_OK;
	case KEY_ORGANIZATION:
		return organization_sql(b, v);
	case KEY_PARTICIPANT:
		add(b, "(");
		rc = requester_sql(b, v, &who);
		add(b,
		    " OR t.id IN (SELECT p.ticket FROM ticket_person p WHERE p.who = "
		    "?%d))",
		    text_param(b, who ? who : v));
		return rc;
	case KEY_TAG:
		return tag_sql(b, v);
	case KEY_FIELD:
		return field_sql(b, n, v);
	case KEY_HAS:
		add(b, "EXISTS (SELECT 1 FROM message m JOIN attachment a ON a.message = "
		       "m.id WHERE "
		       "m.ticket = t.id)");
		return RC_OK;
	case KEY_IS:
		is_sql(b, v);
		return RC_OK;
	case KEY_LINK:
		(void)id_range(v, &id, &id);
		p = int_param(b, id);
		add(b,
		    "(t.id IN (SELECT l.b FROM ticket_link l WHERE l.a = ?%d) OR t.id IN "
		    "(SELECT l.a "
		    "FROM ticket_link l WHERE l.b = ?%d))",
		    p, p);
		return RC_OK;
	case KEY_SLA:
		sla_sql(b, v);
		return RC_OK;
	default:
		return err_fail(b->err, RC_BUG, "query key %s has no SQL", k->name);
	}
}

/* A handful of agents are away; each one's tickets have an index. */
static enum rc
absent_sql(struct build *b, const struct node *n)
{
	int64_t ms;

	if (!time_value(n->values[0].text, b->now->zone, b->now->now, &ms))
		return err_fail(b->err, RC_BUG, "absent: \"%s\"", n->values[0].text);
	add(b,
	    "t.assignee IN (SELECT a.agent FROM agent_state a WHERE a.status <> 'online' "
	    "AND (a.until IS NULL OR a.until > ?%d) AND a.since %s ?%d)",
	    int_param(b, b->now->now), op_sql(n->op), int_param(b, ms));
	return RC_OK;
}

static enum rc
term_sql(struct build *b, const struct node *n)
{
	const struct query_key *k = query_key(n->key);
	enum rc rc = RC_OK;

	switch (k->kind) {
	case KEY_STATUS:
		status_sql(b, n);
		return RC_OK;
	case KEY_WORDS:
		words_sql(b, k, n);
		return RC_OK;
	case KEY_NAME:
		column_in(b, k->column, n);
		return RC_OK;
	case KEY_ASSIGNEE:
		assignee_sql(b, n);
		return RC_OK;
	case KEY_TIME:
		return time_sql(b, k, n);
	case KEY_ABSENT:
		return absent_sql(b, n);
	case KEY_TEXT:
		add(b, b->negated ? "0" : "1");
		b->q->inexact = true;
		return RC_OK;
	default:
		break;
	}
	if (n->nvalues > 1)
		add(b, "(");
	for (size_t i = 0; rc == RC_OK && i < n->nvalues; i++) {
		if (i > 0)
			add(b, " OR ");
		rc = value_sql(b, k, n, n->values[i].text);
	}
	if (n->nvalues > 1)
		add(b, ")");
	return rc;
}

static const char *
words_expression(void *ctx, const struct node *n)
{
	char *s = talloc_strdup(ctx, "");

	for (size_t i = 0; i < n->nvalues; i++)
		s = talloc_asprintf_append_buffer(s, "%s%s", i ? " " : "",
		    store_index_term(ctx, n->values[i].text, n->values[i].prefix));
	return s;
}

static enum rc
node_sql(struct build *b, const struct node *n)
{
	enum rc rc = RC_OK;

	switch (n->kind) {
	case NODE_ALL:
		add(b, "1");
		break;
	case NODE_TERM:
		return term_sql(b, n);
	case NODE_NOT:
		add(b, "NOT (");
		b->negated = !b->negated;
		rc = node_sql(b, n->kids[0]);
		b->negated = !b->negated;
		add(b, ")");
		break;
	case NODE_WORDS:
		add(b, "t.id IN (SELECT m.ticket FROM %s WHERE %s ?%d)",
		    store_index_from(), store_index_where(),
		    text_param(b, words_expression(b->ctx, n)));
		break;
	case NODE_AND:
	case NODE_OR:
		add(b, "(");
		for (size_t i = 0; rc == RC_OK && i < n->nkids; i++) {
			if (i > 0)
				add(b, n->kind == NODE_AND ? " AND " : " OR ");
			rc = node_sql(b, n->kids[i]);
		}
		add(b, ")");
		break;
	}
	return rc;
}

enum rc
query_sql(void *ctx, const struct node *tree, const struct query_now *now,
    bool words_apart, struct query_sql *q, struct err *err)
{
	struct build b = {.ctx = ctx, .q = q, .now = now, .err = err};
	const struct node *words = NULL;
	bool first = true;
	enum rc rc = RC_OK;

	*q = (struct query_sql){.where = talloc_strdup(ctx, "")};
	if (words_apart && tree->kind == NODE_WORDS) {
		q->words = words_expression(ctx, tree);
		add(&b, "1");
		return RC_OK;
	}
	for (size_t i = 0; words_apart && tree->kind == NODE_AND && i < tree->nkids;
	     i++) {
		if (tree->kids[i]->kind == NODE_WORDS)
			words = tree->kids[i];
	}
	if (tree->kind != NODE_AND)
		return node_sql(&b, tree);
	/* The top AND stays without parentheses, so that its terms reach the planner. */
	for (size_t i = 0; rc == RC_OK && i < tree->nkids; i++) {
		if (tree->kids[i] == words)
			continue;
		if (!first)
			add(&b, " AND ");
		first = false;
		rc = node_sql(&b, tree->kids[i]);
	}
	if (words != NULL)
		q->words = words_expression(ctx, words);
	return rc;
}
