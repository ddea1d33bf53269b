/* Customers: one person, several addresses. */
#include "ticket/customer.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "ticket/named.h"
#include "ticket/row.h"

#define COLUMN(member, kind) ROW_COLUMN(customer, member, kind, NULL, false)
static const struct row_column columns[] = {
    ROW_COLUMN(customer, id, COL_INT, NULL, true),
    COLUMN(name, COL_TEXT),
    COLUMN(language, COL_OPT_TEXT),
    COLUMN(timezone, COL_OPT_TEXT),
    COLUMN(notes, COL_TEXT),
    COLUMN(external_id, COL_OPT_TEXT),
    COLUMN(organization, COL_OPT_INT),
    COLUMN(merged_into, COL_OPT_INT),
    COLUMN(erased_at, COL_INSTANT),
};
static const struct row_table table = {
    "customer", columns, sizeof(columns) / sizeof(columns[0])};
static const struct named_table fields = {"customer_field", "customer"};

/* ---- reading ---- */

SQL(sql_customer_load,
    "SELECT id, name, language, timezone, notes, external_id, organization, merged_into, "
    "erased_at FROM customer WHERE id = ?1");
SQL(sql_customer_addresses,
    "SELECT kind, value, proven_at, suppressed_at FROM address WHERE customer = ?1 "
    "ORDER BY kind, value");
SQL(sql_customer_external, "SELECT id FROM customer WHERE external_id = ?1");

struct customer *
customer_new(void *ctx)
{
	struct customer *c = talloc_zero(ctx, struct customer);

	row_defaults(&table, c);
	return c;
}

static enum rc
load_addresses(struct store *s, struct customer *c, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_customer_addresses, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, c->id);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		c->addresses =
		    mem_grow(c, c->addresses, struct customer_address, c->naddresses + 1);
		c->addresses[c->naddresses++] =
		    (struct customer_address){col_strdup(c, st, 0), col_strdup(c, st, 1),
			col_int(st, 2), col_int(st, 3)};
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
customer_load(
    struct store *s, void *ctx, int64_t id, struct customer **out, struct err *err)
{
	struct customer *c = NULL;
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_customer_load, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	if (rc == RC_NONE)
		rc = err_fail(err, RC_NOTFOUND, "no customer %lld", (long long)id);
	if (rc == RC_OK) {
		c = customer_new(ctx);
		row_read(c, &table, c, st);
	}
	stmt_done(st);
	if (rc == RC_OK)
		rc = load_addresses(s, c, err);
	if (rc == RC_OK)
		rc = named_load(s, c, &fields, id, &c->fields, err);
	if (rc == RC_OK)
		*out = c;
	return rc;
}

enum rc
customer_find_external(
    struct store *s, const char *external_id, int64_t *id, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_customer_external, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, external_id);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*id = col_int(st, 0);
	stmt_done(st);
	return rc;
}

SQL(sql_customer_merged, "SELECT id FROM customer WHERE merged_into = ?1 ORDER BY id");

enum rc
customer_ids(
    struct store *s, void *ctx, int64_t id, int64_t **ids, size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_customer_merged, &st, err);

	if (rc != RC_OK)
		return rc;
	*ids = mem_array(ctx, int64_t, 1);
	(*ids)[0] = id;
	*n = 1;
	bind_int(st, 1, id);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		*ids = mem_grow(ctx, *ids, int64_t, *n + 1);
		(*ids)[(*n)++] = col_int(st, 0);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- addresses ---- */

static int
order(const struct customer_address *a, const char *kind, const char *value)
{
	int c = strcmp(a->kind, kind);

	return c ? c : strcmp(a->value, value);
}

static const struct customer_address *
find(const struct customer *c, const char *kind, const char *value)
{
	for (size_t i = 0; i < c->naddresses; i++) {
		if (order(&c->addresses[i], kind, value) == 0)
			return &c->addresses[i];
	}
	return NULL;
}

bool
customer_take_address(void *ctx, struct customer *c, const struct customer_address *a)
{
	struct customer_address *v;
	size_t i = 0;

	if (find(c, a->kind, a->value) != NULL || c->naddresses >= ADDRESSES_MAX)
		return false;
	v = mem_array(ctx, struct customer_address, c->naddresses + 1);
	while (i < c->naddresses && order(&c->addresses[i], a->kind, a->value) < 0)
		i++;
	for (size_t k = 0; k < c->naddresses; k++)
		v[k + (k >= i)] = c->addresses[k];
	v[i] = *a;
	v[i].kind = talloc_strdup(ctx, a->kind);
	v[i].value = talloc_strdup(ctx, a->value);
	c->addresses = v;
	c->naddresses++;
	return true;
}

bool
customer_add_address(void *ctx, struct customer *c, const char *kind, const char *value)
{
	struct customer_address a = {.kind = kind, .value = value};

	return customer_take_address(ctx, c, &a);
}

bool
customer_remove_address(
    void *ctx, struct customer *c, const char *kind, const char *value)
{
	struct customer_address *v =
	    mem_array(ctx, struct customer_address, c->naddresses + 1);
	size_t n = 0;

	for (size_t i = 0; i < c->naddresses; i++) {
		if (order(&c->addresses[i], kind, value) != 0)
			v[n++] = c->addresses[i];
	}
	if (n == c->naddresses)
		return false;
	c->addresses = v;
	c->naddresses = n;
	return true;
}

/* ---- what events keep ---- */

static json_t *
addresses_json(const struct customer *c)
{
	json_t *a = json_array();

	for (size_t i = 0; i < c->naddresses; i++)
		json_array_append_new(a,
		    json_sprintf("%s:%s", c->addresses[i].kind, c->addresses[i].value));
	return a;
}

json_t *
customer_diff(const struct customer *before, const struct customer *after)
{
	struct customer *blank = before ? NULL : customer_new(NULL);
	const struct customer *old = before ? before : blank;
	json_t *o = json_object();

	row_diff(&table, before, after, o);
	named_set_pair(o, "addresses", addresses_json(old), addresses_json(after));
	named_diff(&old->fields, &after->fields, o);
	talloc_free(blank);
	return o;
}

/* The first events of customers have "address": [null, "email:ann@example.com"]. */
static enum rc
fold_address(void *ctx, struct customer *c, const char *text, struct err *err)
{
	const char *colon = text ? strchr(text, ':') : NULL;

	if (colon == NULL)
		return err_fail(err, RC_INVALID, "an address cannot be read");
	customer_add_address(
	    ctx, c, talloc_strndup(ctx, text, (size_t)(colon - text)), colon + 1);
	return RC_OK;
}

enum rc
customer_fold(void *ctx, struct customer *c, json_t *changes, struct err *err)
{
	json_t *first = json_array_get(json_object_get(changes, "address"), 1),
	       *list = json_array_get(json_object_get(changes, "addresses"), 1), *v;
	size_t i;
	enum rc rc = row_fold(ctx, &table, c, changes, err);

	if (rc == RC_OK && first != NULL)
		rc = fold_address(ctx, c, json_string_value(first), err);
	if (rc == RC_OK && list != NULL) {
		struct customer was = *c;

		c->naddresses = 0;
		json_array_foreach(list, i, v)
		{
			rc = fold_address(ctx, c, json_string_value(v), err);
			if (rc != RC_OK)
				return rc;
		}
		/* What is known of an address goes along with it. */
		for (i = 0; i < c->naddresses; i++) {
			const struct customer_address *old =
			    find(&was, c->addresses[i].kind, c->addresses[i].value);

			if (old != NULL)
				c->addresses[i] = *old;
		}
	}
	return rc == RC_OK ? named_fold(ctx, &c->fields, changes, err) : rc;
}

static bool
is_key(const char *key)
{
	return row_has_key(&table, key) || strcmp(key, "addresses") == 0 ||
	       text_starts(key, "field.");
}

enum rc
customer_unfold(
    void *ctx, struct customer *c, json_t *changes, const char **key, struct err *err)
{
	json_t *state = json_object(), *back = NULL;
	enum rc rc;

	row_state(&table, c, state);
	json_object_set_new(state, "addresses", json_pack("[n,o]", addresses_json(c)));
	named_state(&c->fields, state);
	rc = row_unfold(ctx, state, changes, is_key, &back, key, err);
	if (rc == RC_OK)
		rc = customer_fold(ctx, c, back, err);
	json_decref(state);
	json_decref(back);
	return rc;
}

SQL(sql_customer_events,
    "SELECT " EVENT_COLUMNS " FROM event e WHERE e.customer = ?1 ORDER BY e.id");

enum rc
customer_folded(struct store *s, void *ctx, int64_t id, struct customer **out,
    bool *whole, struct err *err)
{
	struct customer *c = customer_new(ctx);
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_customer_events, &st, err);

	*whole = false;
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct event *e = event_read(c, st);
		json_t *changes = e->changes ? json_loads(e->changes, 0, NULL) : NULL;

		if (json_is_true(json_object_get(changes, "snapshot"))) {
			struct customer *blank = customer_new(c);

			*c = *blank;
			*whole = true;
		}
		if (json_object_get(changes, "addresses") != NULL && c->id == 0)
			*whole = true;
		c->id = id;
		if (changes != NULL)
			rc = customer_fold(c, c, changes, err);
		json_decref(changes);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	if (rc == RC_NONE && c->id == 0)
		rc = err_fail(
		    err, RC_NOTFOUND, "customer %lld is not in the log", (long long)id);
	if (rc != RC_NONE)
		return rc;
	*out = c;
	return RC_OK;
}

/* ---- writing ---- */

SQL(sql_customer_insert,
    "INSERT INTO customer (name, language, timezone, notes, external_id, organization, "
    "merged_into, erased_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING id");
SQL(sql_address_set,
    "INSERT INTO address (kind, value, customer, proven_at, suppressed_at) "
    "VALUES (?1, ?2, ?3, ?4, ?5)");
SQL(sql_address_remove,
    "DELETE FROM address WHERE kind = ?1 AND value = ?2 AND customer = ?3");

static enum rc
put_address(struct store *s, const char *sql, const struct customer_address *a,
    int64_t customer, bool all, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, a->kind);
	bind_text(st, 2, a->value);
	bind_int(st, 3, customer);
	if (all) {
		bind_opt(st, 4, a->proven_at);
		bind_opt(st, 5, a->suppressed_at);
	}
	return stmt_run(st, err);
}

static enum rc
insert(struct store *s, struct customer *c, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_customer_insert, &st, err);

	if (rc != RC_OK)
		return rc;
	row_bind(&table, st, c);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		c->id = col_int(st, 0);
	stmt_done(st);
	return rc;
}

enum rc
customer_store(struct store *s, const struct customer *before, struct customer *after,
    struct err *err)
{
	struct customer *blank = before ? NULL : customer_new(NULL);
	const struct customer *old = before ? before : blank;
	enum rc rc = before ? row_update(s, &table, before, after, after->id, err)
			    : insert(s, after, err);

	for (size_t i = 0; rc == RC_OK && i < old->naddresses; i++) {
		const struct customer_address *a = &old->addresses[i];

		if (find(after, a->kind, a->value) == NULL)
			rc = put_address(s, sql_address_remove, a, after->id, false, err);
	}
	for (size_t i = 0; rc == RC_OK && i < after->naddresses; i++) {
		const struct customer_address *a = &after->addresses[i];

		if (find(old, a->kind, a->value) == NULL)
			rc = put_address(s, sql_address_set, a, after->id, true, err);
	}
	if (rc == RC_OK)
		rc =
		    named_store(s, &fields, after->id, &old->fields, &after->fields, err);
	talloc_free(blank);
	return rc;
}

/* ---- the record ---- */

enum rc
customer_to_json(struct store *s, const struct customer *c, json_t **out, struct err *err)
{
	void *tmp = talloc_new(NULL);
	const char *organization = NULL;
	json_t *o, *list;
	enum rc rc = RC_OK;

	if (c->organization != 0)
		rc = organization_name(s, tmp, c->organization, &organization, err);
	if (rc != RC_OK) {
		talloc_free(tmp);
		return rc;
	}
	o = json_object();
	record_set_text(o, "type", "customer");
	record_set_int(o, "id", c->id);
	record_set_text(o, "name", c->name);
	list = json_array();
	for (size_t i = 0; i < c->naddresses; i++) {
		const struct customer_address *a = &c->addresses[i];
		json_t *e = json_object();

		record_set_text(e, "kind", a->kind);
		record_set_text(e, "value", a->value);
		record_set_instant(e, "proven_at", a->proven_at);
		record_set_instant(e, "suppressed_at", a->suppressed_at);
		json_array_append_new(list, e);
	}
	json_object_set_new(o, "addresses", list);
	record_set_text(o, "organization", organization);
	record_set_text(o, "language", c->language);
	record_set_text(o, "timezone", c->timezone);
	record_set_text(o, "notes", c->notes);
	json_object_set_new(o, "fields", named_json(&c->fields));
	record_set_text(o, "external_id", c->external_id);
	json_object_set_new(o, "merged_into",
	    c->merged_into ? json_integer(c->merged_into) : json_null());
	record_set_instant(o, "erased_at", c->erased_at);
	talloc_free(tmp);
	*out = o;
	return RC_OK;
}
