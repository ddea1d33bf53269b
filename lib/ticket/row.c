/* Rows by their columns: one table drives reading, writing, diffing, folding and undoing.
 */
#include "ticket/row.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "desk/desk.h"

enum { COLUMNS_MAX = 32, SQL_MAX = 1024 };

/* ---- members ---- */

static bool
is_text(const struct row_column *c)
{
	return c->kind == COL_TEXT || c->kind == COL_OPT_TEXT;
}

static const char *
get_text(const void *row, const struct row_column *c)
{
	const char *v;

	memcpy(&v, (const char *)row + c->at, sizeof(v));
	return v;
}

static int64_t
get_int(const void *row, const struct row_column *c)
{
	int64_t v;

	memcpy(&v, (const char *)row + c->at, sizeof(v));
	return v;
}

static void
set_text(void *row, const struct row_column *c, const char *v)
{
	memcpy((char *)row + c->at, &v, sizeof(v));
}

static void
set_int(void *row, const struct row_column *c, int64_t v)
{
	memcpy((char *)row + c->at, &v, sizeof(v));
}

void
row_defaults(const struct row_table *t, void *row)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->columns[i].kind == COL_TEXT)
			set_text(row, &t->columns[i], "");
		else if (t->columns[i].kind == COL_NEVER)
			set_int(row, &t->columns[i], INSTANT_NEVER);
	}
}

static bool
at_default(const void *row, const struct row_column *c)
{
	if (c->kind == COL_TEXT)
		return *get_text(row, c) == '\0';
	if (c->kind == COL_OPT_TEXT)
		return get_text(row, c) == NULL;
	return get_int(row, c) == (c->kind == COL_NEVER ? INSTANT_NEVER : 0);
}

static bool
equal(const void *a, const void *b, const struct row_column *c)
{
	const char *x, *y;

	if (!is_text(c))
		return get_int(a, c) == get_int(b, c);
	x = get_text(a, c);
	y = get_text(b, c);
	return x == y || (x != NULL && y != NULL && strcmp(x, y) == 0);
}

/* ---- statements ---- */

void
row_read(void *ctx, const struct row_table *t, void *row, struct stmt *st)
{
	for (size_t i = 0; i < t->n; i++) {
		if (is_text(&t->columns[i]))
			set_text(row, &t->columns[i], col_strdup(ctx, st, (int)i));
		else
			set_int(row, &t->columns[i], col_int(st, (int)i));
	}
}

static void
bind_column(struct stmt *st, int i, const void *row, const struct row_column *c)
{
	if (is_text(c))
		bind_text(st, i, get_text(row, c));
	else if (c->kind == COL_OPT_INT || c->kind == COL_INSTANT)
		bind_opt(st, i, get_int(row, c));
	else
		bind_int(st, i, get_int(row, c));
}

void
row_bind(const struct row_table *t, struct stmt *st, const void *row)
{
	for (size_t i = 1; i < t->n; i++)
		bind_column(st, (int)i, row, &t->columns[i]);
}

enum rc
row_update(struct store *s, const struct row_table *t, const void *before,
    const void *after, int64_t id, struct err *err)
{
	char sql[SQL_MAX];
	const struct row_column *changed[COLUMNS_MAX];
	int n = 0;
	size_t len = (size_t)snprintf(sql, sizeof(sql), "UPDATE %s SET ", t->name);
	struct stmt *st;
	enum rc rc;

	for (size_t i = 1; i < t->n && i < COLUMNS_MAX; i++) {
		if (equal(before, after, &t->columns[i]))
			continue;
		changed[n++] = &t->columns[i];
		len += (size_t)snprintf(sql + len, sizeof(sql) - len, "%s%s = ?%d",
		    n > 1 ? ", " : "", t->columns[i].name, n);
	}
	if (n == 0)
		return RC_OK;
	snprintf(sql + len, sizeof(sql) - len, " WHERE id = ?%d", n + 1);
	rc = store_prepare_once(s, sql, &st, err);
	if (rc != RC_OK)
		return rc;
	for (int i = 0; i < n; i++)
		bind_column(st, i + 1, after, changed[i]);
	bind_int(st, n + 1, id);
	return stmt_run(st, err);
}

/* ---- what events keep ---- */

static json_t *
column_json(const void *row, const struct row_column *c)
{
	const char *text;
	int64_t v;

	if (is_text(c)) {
		text = get_text(row, c);
		return text ? json_string(text) : json_null();
	}
	v = get_int(row, c);
	switch (c->kind) {
	case COL_WORD:
		return json_string(c->words[v]);
	case COL_INSTANT:
	case COL_NEVER:
		return record_instant_value(v);
	case COL_OPT_INT:
		return v ? json_integer(v) : json_null();
	default:
		return json_integer(v);
	}
}

void
row_diff(const struct row_table *t, const void *before, const void *after, json_t *o)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct row_column *c = &t->columns[i];

		if (c->derived ||
		    (before ? equal(before, after, c) : at_default(after, c)))
			continue;
		json_object_set_new(o, c->name,
		    json_pack("[o,o]", before ? column_json(before, c) : json_null(),
			column_json(after, c)));
	}
}

void
row_state(const struct row_table *t, const void *row, json_t *o)
{
	for (size_t i = 0; i < t->n; i++) {
		if (!t->columns[i].derived)
			json_object_set_new(o, t->columns[i].name,
			    json_pack("[n,o]", column_json(row, &t->columns[i])));
	}
}

bool
row_has_key(const struct row_table *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->columns[i].name, name) == 0)
			return !t->columns[i].derived;
	}
	return false;
}

static enum rc
fold_column(void *ctx, void *row, const struct row_column *c, json_t *v, struct err *err)
{
	const char *s = json_string_value(v);
	int64_t n = 0;
	bool ok = true;

	switch (c->kind) {
	case COL_TEXT:
	case COL_OPT_TEXT:
		ok = s != NULL || json_is_null(v);
		if (ok)
			set_text(row, c,
			    s			  ? talloc_strdup(ctx, s)
			    : c->kind == COL_TEXT ? ""
						  : NULL);
		return ok ? RC_OK
			  : err_fail(err, RC_INVALID, "%s is not a text", c->name);
	case COL_WORD:
		n = s ? word_index(c->words, s) : -1;
		ok = n >= 0;
		break;
	case COL_INSTANT:
	case COL_NEVER:
		n = c->kind == COL_NEVER ? INSTANT_NEVER : INSTANT_NONE;
		ok = json_is_null(v) || (s != NULL && instant_parse(s, &n));
		break;
	case COL_INT:
	case COL_OPT_INT:
		ok = json_is_integer(v) || json_is_null(v);
		n = json_integer_value(v);
		break;
	}
	if (!ok)
		return err_fail(err, RC_INVALID, "%s cannot be read", c->name);
	set_int(row, c, n);
	return RC_OK;
}

enum rc
row_fold(
    void *ctx, const struct row_table *t, void *row, json_t *changes, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < t->n; i++) {
		json_t *pair = json_object_get(changes, t->columns[i].name);

		if (json_is_array(pair) && json_array_size(pair) == 2)
			rc = fold_column(
			    ctx, row, &t->columns[i], json_array_get(pair, 1), err);
	}
	return rc;
}

/* ---- going back ---- */

static bool
holds(json_t *list, json_t *value)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
	{
		if (json_equal(v, value))
			return true;
	}
	return false;
}

/* A set is as the event left it when all that came is there and all that went is not. */
static bool
set_stands(json_t *now, json_t *before, json_t *after)
{
	json_t *v;
	size_t i;

	json_array_foreach(after, i, v)
	{
		if (!holds(before, v) && !holds(now, v))
			return false;
	}
	json_array_foreach(before, i, v)
	{
		if (!holds(after, v) && holds(now, v))
			return false;
	}
	return true;
}

/* `now` without what came, with what went. A new reference. */
static json_t *
set_back(json_t *now, json_t *before, json_t *after)
{
	json_t *to = json_array(), *v;
	size_t i;

	json_array_foreach(now, i, v)
	{
		if (!holds(after, v) || holds(before, v))
			json_array_append(to, v);
	}
	json_array_foreach(before, i, v)
	{
		if (!holds(after, v))
			json_array_append(to, v);
	}
	return to;
}

/* What sums up: others may have added since, and that stays. */
static bool
is_counter(const char *key)
{
	return strcmp(key, "time_spent_s") == 0 || strcmp(key, "reopened") == 0;
}

/* The old value for one key, or NULL when it no longer has the new one. */
static json_t *
value_back(const char *key, json_t *now, json_t *before, json_t *after)
{
	json_int_t n;

	if (json_is_array(now))
		return set_stands(now, before, after) ? set_back(now, before, after)
						      : NULL;
	if (is_counter(key)) {
		n = json_integer_value(now) -
		    (json_integer_value(after) - json_integer_value(before));
		return json_integer(n > 0 ? n : 0);
	}
	return json_equal(now ? now : json_null(), after) ? json_incref(before) : NULL;
}

enum rc
row_unfold(void *ctx, json_t *state, json_t *changes, bool (*mine)(const char *key),
    json_t **out, const char **key, struct err *err)
{
	json_t *back = json_object(), *pair;
	const char *k;

	json_object_foreach(changes, k, pair)
	{
		json_t *now = json_array_get(json_object_get(state, k), 1), *value;

		if (!json_is_array(pair) || json_array_size(pair) != 2 || !mine(k))
			continue;
		value =
		    value_back(k, now, json_array_get(pair, 0), json_array_get(pair, 1));
		if (value == NULL) {
			*key = talloc_strdup(ctx, k);
			json_decref(back);
			return err_fail(err, RC_NONE, "%s was changed since", k);
		}
		json_object_set_new(back, k, json_pack("[n,o]", value));
	}
	*out = back;
	return RC_OK;
}
