/* Tree -> yes or no for one ticket: stored, drafted or folded from the log. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "query/query_priv.h"

struct match {
	struct ticket *t;
	const struct query_now *now;
	const char *body; /* read once */
	void *ctx;
	struct err *err;
};

static bool
compare(enum term_op op, double a, double b)
{
	switch (op) {
	case OP_IS:
		return a == b;
	case OP_LT:
		return a < b;
	case OP_LE:
		return a <= b;
	case OP_GT:
		return a > b;
	case OP_GE:
		return a >= b;
	}
	return false;
}

static bool
compare_int(enum term_op op, int64_t a, int64_t b)
{
	return compare(op, a < b ? -1 : a > b, 0);
}

static bool
match_time(const struct match *m, const struct node *n)
{
	int64_t at = ticket_instant(m->t, n->key), ms;

	if (at == INSTANT_NONE ||
	    !time_value(n->values[0].text, m->now->zone, m->now->now, &ms))
		return false;
	if (strcmp(n->key, "due") == 0 && m->t->phase >= PHASE_RESOLVED)
		return false;
	return compare_int(n->op, at, ms);
}

static enum rc
customer_of(const struct match *m, const char *v, struct person_address *a, int64_t *id)
{
	enum rc rc = address_parse(m->ctx, v, a, m->err);

	*id = -1;
	if (rc == RC_OK)
		rc = customer_find(m->now->store, a->kind, a->value, id, m->err);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
match_people(const struct match *m, const struct query_key *k, const char *v, bool *yes)
{
	struct person_address a = {0};
	int64_t id = 0;
	enum rc rc;

	if (k->kind == KEY_ORGANIZATION) {
		rc = organization_find(m->now->store, v, &id, m->err);
		*yes = rc == RC_OK && m->t->organization == id;
		return rc == RC_NONE ? RC_OK : rc;
	}
	rc = customer_of(m, v, &a, &id);
	if (rc != RC_OK)
		return rc;
	*yes = m->t->requester == id;
	for (size_t i = 0; k->kind == KEY_PARTICIPANT && i < m->t->npeople; i++)
		*yes = *yes || strcmp(m->t->people[i].who, a.value) == 0;
	return RC_OK;
}

static enum rc
match_field(const struct match *m, const struct node *n, const char *v, bool *yes)
{
	const struct ticket_field *have = ticket_field(m->t, n->key + 6);
	const struct field *f = config_field(m->now->config, n->key + 6);
	const char *normal = v;
	bool has_num = false;
	double num = 0;
	enum rc rc;

	*yes = false;
	if (have == NULL)
		return RC_OK;
	if (f != NULL) {
		rc = field_check(
		    m->ctx, f, v, m->now->zone, &normal, &has_num, &num, m->err);
		if (rc != RC_OK)
			return rc;
	}
	if (n->op == OP_IS)
		*yes = strcmp(have->value, normal) == 0;
	else
		*yes = have->has_num && has_num && compare(n->op, have->num, num);
	return RC_OK;
}

SQL(sql_has_attachment, "SELECT 1 FROM message m JOIN attachment a ON a.message = m.id "
			"WHERE m.ticket = ?1 LIMIT 1");
SQL(sql_is_linked,
    "SELECT 1 FROM ticket_link WHERE (a = ?1 AND b = ?2) OR (a = ?2 AND b = ?1) LIMIT 1");

static enum rc
any_row(struct stmt *st, bool *yes, struct err *err)
{
	enum rc rc = stmt_step(st, err);

	*yes = rc == RC_OK;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
match_rows(const struct match *m, const char *sql, int64_t other, bool *yes)
{
	struct stmt *st;
	enum rc rc = store_prepare(m->now->store, sql, &st, m->err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, m->t->id);
	if (other >= 0)
		bind_int(st, 2, other);
	return any_row(st, yes, m->err);
}

static enum rc
match_words(const struct match *m, const struct node *n, bool *yes)
{
	char *sql = talloc_asprintf(m->ctx,
	    "SELECT 1 FROM %s WHERE m.ticket = ?1 AND %s ?2 LIMIT 1", store_index_has(),
	    store_index_where());
	char *expression = talloc_strdup(m->ctx, "");
	struct stmt *st;
	enum rc rc;

	for (size_t i = 0; i < n->nvalues; i++)
		expression =
		    talloc_asprintf_append_buffer(expression, "%s%s", i ? " " : "",
			store_index_term(m->ctx, n->values[i].text, n->values[i].prefix));
	rc = store_prepare_once(m->now->store, sql, &st, m->err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, m->t->id);
	bind_text(st, 2, expression);
	return any_row(st, yes, m->err);
}

static bool
match_is(const struct match *m, const char *v)
{
	const struct ticket *t = m->t;

	if (strcmp(v, "unassigned") == 0)
		return *t->assignee == '\0';
	if (strcmp(v, "overdue") == 0)
		return t->phase < PHASE_RESOLVED && t->due_at < m->now->now;
	if (strcmp(v, "snoozed") == 0)
		return t->snoozed_until > m->now->now;
	return t->phase == word_index(phase_names, v);
}

static enum rc
match_text(struct match *m, const struct node *n, const struct query_value *v, bool *yes)
{
	enum rc rc;

	if (strcmp(n->key, "subject") == 0) {
		*yes = text_matches(v, m->t->subject);
		return RC_OK;
	}
	if (m->body == NULL) {
		rc =
		    message_first_body(m->now->store, m->ctx, m->t->id, &m->body, m->err);
		if (rc != RC_OK)
			return rc;
	}
	*yes = text_matches(v, m->body);
	return RC_OK;
}

static bool
match_assignee(const struct match *m, const char *v)
{
	if (strcmp(v, "none") == 0)
		return *m->t->assignee == '\0';
	if (strcmp(v, "me") == 0)
		return m->now->me != NULL && strcmp(m->t->assignee, m->now->me) == 0;
	return strcmp(m->t->assignee, v) == 0;
}

SQL(sql_absent_since,
    "SELECT since FROM agent_state WHERE agent = ?1 AND status <> 'online' "
    "AND (until IS NULL OR until > ?2)");

static enum rc
match_absent(const struct match *m, const struct node *n, bool *yes)
{
	struct stmt *st;
	int64_t ms;
	enum rc rc;

	*yes = false;
	if (*m->t->assignee == '\0' ||
	    !time_value(n->values[0].text, m->now->zone, m->now->now, &ms))
		return RC_OK;
	rc = store_prepare(m->now->store, sql_absent_since, &st, m->err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, m->t->assignee);
	bind_int(st, 2, m->now->now);
	rc = stmt_step(st, m->err);
	*yes = rc == RC_OK && compare_int(n->op, col_int(st, 0), ms);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* Does an event's diff name it? "fields" stands for any of them. */
static bool
differs(const struct match *m, const char *what)
{
	json_t *changes = ticket_diff(m->now->before, m->t), *v;
	const char *key;
	bool yes = false;

	json_object_foreach(changes, key, v) yes =
	    yes || strcmp(key, what) == 0 ||
	    (strcmp(what, "fields") == 0 && strncmp(key, "field.", 6) == 0);
	json_decref(changes);
	return yes;
}

static bool
match_happening(const struct match *m, const char *key, const char *v)
{
	const char *message = m->now->message ? m->now->message : "none";

	if (strcmp(key, "by") == 0)
		return m->now->by != NULL && strcmp(m->now->by, v) == 0;
	if (strcmp(key, "message") == 0)
		return strcmp(message, v) == 0;
	return differs(m, v);
}

static const char *
column_text(const struct ticket *t, const char *key)
{
	if (strcmp(key, "queue") == 0)
		return t->queue;
	if (strcmp(key, "mailbox") == 0)
		return t->mailbox;
	return strcmp(key, "kind") == 0 ? t->kind : t->channel;
}

static enum rc
match_value(
    struct match *m, const struct query_key *k, const struct node *n, size_t i, bool *yes)
{
	const char *v = n->values[i].text;
	const struct ticket *t = m->t;
	int64_t from = 0, to = 0, have;

	switch (k->kind) {
	case KEY_STATUS:
		*yes = t->phase < PHASE_MERGED && strcmp(t->status, v) == 0;
		break;
	case KEY_WORDS:
		if (k->words == phase_names || k->words == priority_names) {
			have = k->words == phase_names ? t->phase : t->priority;
			*yes = compare_int(n->op, have, word_index(k->words, v));
		} else {
			*yes = strcmp(column_text(t, k->name), v) == 0;
		}
		break;
	case KEY_NAME:
		*yes = strcmp(column_text(t, k->name), v) == 0;
		break;
	case KEY_ASSIGNEE:
		*yes = match_assignee(m, v);
		break;
	case KEY_TIME:
		*yes = match_time(m, n);
		break;
	case KEY_ID:
		*yes = id_range(v, &from, &to) && t->id >= from && t->id <= to;
		break;
	case KEY_REF:
		*yes = t->external_id != NULL && strcmp(t->external_id, v) == 0;
		break;
	case KEY_CUSTOMER:
		*yes = id_range(v, &from, &to) && t->requester == from;
		break;
	case KEY_REQUESTER:
	case KEY_ORGANIZATION:
	case KEY_PARTICIPANT:
		return match_people(m, k, v, yes);
	case KEY_TAG:
		*yes = ticket_has_tag(t, v);
		break;
	case KEY_FIELD:
		return match_field(m, n, v, yes);
	case KEY_HAS:
		return match_rows(m, sql_has_attachment, -1, yes);
	case KEY_IS:
		*yes = match_is(m, v);
		break;
	case KEY_LINK:
		(void)id_range(v, &from, &to);
		return match_rows(m, sql_is_linked, from, yes);
	case KEY_SLA:
		*yes = strcmp(ticket_sla_state(t, m->now->now), v) == 0;
		break;
	case KEY_ABSENT:
		return match_absent(m, n, yes);
	case KEY_HAPPENS:
		*yes = match_happening(m, k->name, v);
		break;
	case KEY_TEXT:
		return match_text(m, n, &n->values[i], yes);
	}
	return RC_OK;
}

static enum rc
match_node(struct match *m, const struct node *n, bool *yes, const struct node **why)
{
	const struct query_key *k;
	enum rc rc = RC_OK;

	*yes = n->kind != NODE_OR && n->kind != NODE_TERM;
	switch (n->kind) {
	case NODE_ALL:
		break;
	case NODE_AND:
		for (size_t i = 0; rc == RC_OK && *yes && i < n->nkids; i++)
			rc = match_node(m, n->kids[i], yes, why);
		return rc;
	case NODE_OR:
		for (size_t i = 0; rc == RC_OK && !*yes && i < n->nkids; i++)
			rc = match_node(m, n->kids[i], yes, why);
		break;
	case NODE_NOT:
		rc = match_node(m, n->kids[0], yes, why);
		*yes = !*yes;
		break;
	case NODE_WORDS:
		rc = match_words(m, n, yes);
		break;
	case NODE_TERM:
		k = query_key(n->key);
		for (size_t i = 0; rc == RC_OK && !*yes && i < n->nvalues; i++)
			rc = match_value(m, k, n, i, yes);
		break;
	}
	if (!*yes)
		*why = n;
	return rc;
}

enum rc
query_match(const struct node *tree, struct ticket *t, const struct query_now *now,
    bool *yes, const struct node **why, struct err *err)
{
	struct match m = {.t = t, .now = now, .body = now->body, .err = err};
	const struct node *failing = NULL;
	enum rc rc;

	m.ctx = talloc_new(NULL);
	rc = match_node(&m, tree, yes, &failing);
	if (why != NULL)
		*why = *yes ? NULL : failing;
	talloc_free(m.ctx);
	return rc;
}
