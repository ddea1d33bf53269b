/* Lists: a tree, an order, a limit, a place to go on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "query/query_priv.h"

static const struct order {
	const char *name, *column;
	bool down;
} orders[] = {
    {"updated", "t.updated_at", true},
    {"created", "t.created_at", true},
    {"priority", "t.priority", true},
    {"due", "t.due_at", false},
    {"id", "t.id", true},
    {"relevance", NULL, true},
    {NULL, NULL, false},
};
static const char *const order_names[] = {
    "updated", "created", "priority", "due", "id", "relevance", NULL};

enum { RANKED = 10000 }; /* relevance ranks the newest matches only */

struct query_now
query_now_of(const struct desk *d)
{
	return (struct query_now){.config = d->config,
	    .store = d->store,
	    .zone = d->config->timezone,
	    .me = d->actor.kind == ACTOR_AGENT ? d->actor.name : NULL,
	    .now = desk_now(d)};
}

static const struct order *
find_order(const char *sort, bool *reversed)
{
	const struct order *o = orders;

	*reversed = sort != NULL && *sort == '-';
	if (sort == NULL)
		return o;
	for (; o->name != NULL; o++) {
		if (strcmp(o->name, sort + *reversed) == 0)
			return o;
	}
	return NULL;
}

static bool
read_cursor(const char *s, int64_t *key, int64_t *id)
{
	char *end;

	if (s == NULL || ((*s < '0' || *s > '9') && *s != '-'))
		return false;
	*key = strtoll(s, &end, 10);
	return *end == '.' && text_number(end + 1, id);
}

enum rc
query_check_list(const struct query_list *l, struct err *err)
{
	bool reversed;
	int64_t key, id;

	if (find_order(l->sort, &reversed) == NULL) {
		const char *near = text_nearest(l->sort + reversed, order_names);

		return err_fail(err, RC_USAGE,
		    "--sort \"%s\": no such order (did you mean \"%s\"?)", l->sort,
		    near ? near : order_names[0]);
	}
	if (l->after != NULL && !read_cursor(l->after, &key, &id))
		return err_fail(err, RC_USAGE,
		    "--after \"%s\" is no cursor of this program", l->after);
	return RC_OK;
}

static int64_t
order_key(const struct ticket *t, const struct order *o)
{
	switch (o->name[0]) {
	case 'u':
		return t->updated_at;
	case 'c':
		return t->created_at;
	case 'p':
		return t->priority;
	case 'd':
		return t->due_at;
	default:
		return t->id;
	}
}

char *
query_cursor(void *ctx, const struct ticket *t, const char *sort)
{
	bool reversed;
	const struct order *o = find_order(sort, &reversed);

	return talloc_asprintf(
	    ctx, "%lld.%lld", (long long)order_key(t, o), (long long)t->id);
}

void
query_bind(struct stmt *st, const struct query_sql *q)
{
	for (size_t i = 0; i < q->nparams; i++) {
		const struct query_param *p = &q->params[i];

		if (p->kind == PARAM_INT)
			bind_int(st, (int)i + 1, p->i);
		else if (p->kind == PARAM_REAL)
			bind_real(st, (int)i + 1, p->r);
		else
			bind_text(st, (int)i + 1, p->text);
	}
}

/* SELECT for a list ordered by a column of the ticket. */
static char *
column_select(void *ctx, const struct query_sql *q, const struct order *o, bool down,
    const struct query_list *l)
{
	int n = (int)q->nparams;
	char *sql = talloc_asprintf(
	    ctx, "SELECT " TICKET_COLUMNS " FROM ticket t WHERE %s", q->where);

	if (l->after != NULL && strcmp(o->name, "id") == 0)
		sql = talloc_asprintf_append_buffer(
		    sql, " AND t.id %s ?%d", down ? "<" : ">", n + 2);
	else if (l->after != NULL)
		sql = talloc_asprintf_append_buffer(sql, " AND (%s, t.id) %s (?%d, ?%d)",
		    o->column, down ? "<" : ">", n + 1, n + 2);
	if (strcmp(o->name, "id") != 0)
		sql = talloc_asprintf_append_buffer(sql, " ORDER BY %s %s, t.id %s",
		    o->column, down ? "DESC" : "ASC", down ? "DESC" : "ASC");
	else
		sql = talloc_asprintf_append_buffer(
		    sql, " ORDER BY t.id %s", down ? "DESC" : "ASC");
	return sql;
}

/* The same for words: the newest match first. */
static char *
words_select(void *ctx, const struct query_sql *q)
{
	return talloc_asprintf(ctx,
	    "SELECT " TICKET_COLUMNS " FROM %s CROSS JOIN ticket t ON t.id = m.ticket "
	    "WHERE %s ?%d AND %s ORDER BY %s",
	    store_index_from(), store_index_where(), (int)q->nparams + 1, q->where,
	    store_index_newest());
}

/* Ticket numbers already given out: several messages of one ticket may match. */
struct seen {
	int64_t *slot;
	size_t room, n;
};

static bool
seen_before(void *ctx, struct seen *s, int64_t id)
{
	size_t i;

	if (2 * s->n >= s->room) {
		struct seen bigger = {
		    mem_array(ctx, int64_t, s->room ? 2 * s->room : 256),
		    s->room ? 2 * s->room : 256, 0};

		for (i = 0; i < s->room; i++) {
			if (s->slot[i] != 0)
				(void)seen_before(ctx, &bigger, s->slot[i]);
		}
		talloc_free(s->slot);
		*s = bigger;
	}
	i = (size_t)id * 2654435761U & (s->room - 1);
	while (s->slot[i] != 0 && s->slot[i] != id)
		i = (i + 1) & (s->room - 1);
	if (s->slot[i] == id)
		return true;
	s->slot[i] = id;
	s->n++;
	return false;
}

struct walk {
	struct desk *d;
	const struct node *tree;
	const struct query_now *now;
	struct query_sql q;
	const struct query_list *l;
	struct seen seen;
	void *ctx;
	int64_t skip_to; /* words: pass over everything up to this ticket */
};

static enum rc
walk_row(struct walk *w, struct stmt *st, int64_t *count,
    enum rc (*each)(void *, struct ticket *, struct err *), void *arg, struct err *err)
{
	struct ticket *t;
	bool yes = true;
	enum rc rc = RC_OK;

	if (w->q.words != NULL && seen_before(w->ctx, &w->seen, col_int(st, 0)))
		return RC_OK;
	if (w->skip_to != 0) {
		if (col_int(st, 0) == w->skip_to)
			w->skip_to = 0;
		return RC_OK;
	}
	t = ticket_read(w->ctx, st);
	if (w->q.inexact) {
		rc = ticket_details(w->d->store, t, t, err);
		if (rc == RC_OK)
			rc = query_match(w->tree, t, w->now, &yes, NULL, err);
	}
	if (rc == RC_OK && yes) {
		rc = each(arg, t, err);
		if (++*count == w->l->limit && rc == RC_OK)
			rc = RC_NONE;
	}
	talloc_free(t);
	return rc;
}

/* Rows of one prepared statement. */
static enum rc
walk_rows(struct walk *w, struct stmt *st, int64_t *count,
    enum rc (*each)(void *, struct ticket *, struct err *), void *arg, struct err *err)
{
	enum rc rc;

	while ((rc = stmt_step(st, err)) == RC_OK) {
		rc = walk_row(w, st, count, each, arg, err);
		if (rc != RC_OK)
			break;
	}
	return rc;
}

/* The newest matches by relevance: only numbers are sorted; tickets are read one by one
 * until there are enough. */
static enum rc
walk_ranked(struct walk *w, enum rc (*each)(void *, struct ticket *, struct err *),
    void *arg, struct err *err)
{
	char *sql = talloc_asprintf(w->ctx,
	    "SELECT id FROM (SELECT search.rowid AS id, %s AS score FROM search WHERE %s "
	    "?1 "
	    "ORDER BY %s LIMIT %d) ranked ORDER BY score, id DESC",
	    store_index_rank(), store_index_where(), store_index_newest(), RANKED);
	char *one = talloc_asprintf(w->ctx,
	    "SELECT " TICKET_COLUMNS " FROM message m JOIN ticket t ON t.id = m.ticket "
	    "WHERE m.id = ?%d AND %s",
	    (int)w->q.nparams + 1, w->q.where);
	struct stmt *ranked = NULL, *st = NULL;
	int64_t count = 0;
	enum rc rc = store_prepare_once(w->d->store, sql, &ranked, err);

	if (rc == RC_OK)
		rc = store_prepare_once(w->d->store, one, &st, err);
	if (rc == RC_OK) {
		bind_text(ranked, 1, w->q.words);
		query_bind(st, &w->q);
	}
	while (rc == RC_OK && (rc = stmt_step(ranked, err)) == RC_OK) {
		bind_int(st, (int)w->q.nparams + 1, col_int(ranked, 0));
		rc = walk_rows(w, st, &count, each, arg, err);
		if (rc == RC_NONE && count != w->l->limit)
			rc = RC_OK;
		stmt_again(st);
	}
	stmt_done(ranked);
	stmt_done(st);
	return rc;
}

/* Ordered by a column of the ticket, or the newest match of words first. */
static enum rc
walk_ordered(struct walk *w, const struct order *o, bool down,
    enum rc (*each)(void *, struct ticket *, struct err *), void *arg, struct err *err)
{
	bool words = w->q.words != NULL;
	int n = (int)w->q.nparams;
	char *sql = words ? words_select(w->ctx, &w->q)
			  : column_select(w->ctx, &w->q, o, down, w->l);
	int64_t key = 0, id = 0, count = 0;
	struct stmt *st = NULL;
	enum rc rc = store_prepare_once(w->d->store, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	(void)read_cursor(w->l->after, &key, &id);
	query_bind(st, &w->q);
	if (words) {
		bind_text(st, n + 1, w->q.words);
		w->skip_to = id;
	} else if (w->l->after != NULL) {
		if (strcmp(o->name, "id") != 0)
			bind_int(st, n + 1, key);
		bind_int(st, n + 2, id);
	}
	rc = walk_rows(w, st, &count, each, arg, err);
	stmt_done(st);
	return rc;
}

enum rc
query_each(struct desk *d, const struct node *tree, const struct query_list *l,
    enum rc (*each)(void *, struct ticket *, struct err *), void *arg, struct err *err)
{
	struct query_now now = query_now_of(d);
	struct walk w = {.d = d, .tree = tree, .now = &now, .l = l};
	bool reversed, by_rank;
	const struct order *o;
	enum rc rc = query_check_list(l, err);

	if (rc != RC_OK)
		return rc;
	o = find_order(l->sort, &reversed);
	by_rank = o->column == NULL;
	w.ctx = talloc_new(NULL);
	rc = query_sql(w.ctx, tree, &now, l->sort == NULL || by_rank, &w.q, err);
	if (rc == RC_OK && by_rank && w.q.words == NULL)
		rc = err_fail(
		    err, RC_USAGE, "--sort relevance needs a word to search for");
	if (rc == RC_OK && by_rank && l->after != NULL)
		rc = err_fail(
		    err, RC_USAGE, "--sort relevance has no pages: narrow the query");
	if (rc == RC_OK && by_rank)
		rc = walk_ranked(&w, each, arg, err);
	else if (rc == RC_OK)
		rc = walk_ordered(&w, o, o->down != reversed, each, arg, err);
	talloc_free(w.ctx);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
count_one(void *arg, struct ticket *t, struct err *err)
{
	(void)t;
	(void)err;
	++*(int64_t *)arg;
	return RC_OK;
}

enum rc
query_count(
    struct desk *d, const struct node *tree, bool exact, int64_t *n, struct err *err)
{
	struct query_now now = query_now_of(d);
	struct query_list l = {.limit = exact ? 0 : COUNT_MAX + 1};
	struct query_sql q;
	struct stmt *st;
	void *ctx = talloc_new(NULL);
	char *sql;
	enum rc rc = query_sql(ctx, tree, &now, false, &q, err);

	*n = 0;
	if (rc == RC_OK && q.inexact) {
		rc = query_each(d, tree, &l, count_one, n, err);
	} else if (rc == RC_OK) {
		sql = talloc_asprintf(ctx,
		    "SELECT count(*) FROM (SELECT 1 FROM ticket t WHERE %s", q.where);
		if (!exact)
			sql = talloc_asprintf_append(sql, " LIMIT %d", COUNT_MAX + 1);
		sql = talloc_asprintf_append(sql, ") counted");
		rc = store_prepare_once(d->store, sql, &st, err);
		if (rc == RC_OK) {
			query_bind(st, &q);
			rc = stmt_step(st, err);
			*n = rc == RC_OK ? col_int(st, 0) : 0;
			stmt_done(st);
		}
	}
	talloc_free(ctx);
	return rc;
}

enum rc
query_user(struct desk *d, void *ctx, int argc, char **argv, const char *view,
    struct node **tree, struct err *err)
{
	struct query_scope scope = {.config = d->config};
	struct node *both[2] = {NULL, NULL};
	char *text = talloc_strdup(ctx, "");
	const struct view *v;
	size_t n = 0;
	enum rc rc;

	for (int i = 0; i < argc; i++)
		text = talloc_asprintf_append_buffer(text, "%s%s", i ? " " : "", argv[i]);
	rc = query_parse(ctx, text, &scope, &both[n++], err);
	if (rc == RC_OK && view != NULL) {
		v = config_view(d->config, view);
		if (v == NULL)
			return err_fail(err, RC_USAGE, "view \"%s\": no such view%s",
			    view,
			    text_hint(
				ctx, view, config_names(ctx, d->config, NAME_VIEW)));
		rc = query_parse(ctx, v->query, &scope, &both[n++], err);
	}
	if (rc == RC_OK)
		*tree = query_permit(
		    ctx, &d->actor, query_visible(ctx, node_and(ctx, both, n)));
	return rc;
}
