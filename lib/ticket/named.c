/* Names and texts: sorted lists, copied on write. */
#include "ticket/named.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"

enum { KEY_ROOM = NAME_MAX_BYTES + 16, SQL_ROOM = 256 };

const char *
named_get(const struct named_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].name, name) == 0)
			return l->v[i].value;
	}
	return NULL;
}

bool
named_set(void *ctx, struct named_list *l, const char *name, const char *value)
{
	const char *old = named_get(l, name);
	struct named *v;
	size_t n = 0, i = 0;

	if (old == NULL ? value == NULL : value != NULL && strcmp(old, value) == 0)
		return false;
	if (old == NULL && l->n >= PERSON_FIELDS_MAX)
		return false;
	v = mem_array(ctx, struct named, l->n + 1);
	for (; i < l->n && strcmp(l->v[i].name, name) < 0; i++)
		v[n++] = l->v[i];
	if (value != NULL)
		v[n++] =
		    (struct named){talloc_strdup(ctx, name), talloc_strdup(ctx, value)};
	for (; i < l->n; i++) {
		if (strcmp(l->v[i].name, name) != 0)
			v[n++] = l->v[i];
	}
	l->v = v;
	l->n = n;
	return true;
}

/* ---- the store: two tables of the same form ---- */

enum rc
named_load(struct store *s, void *ctx, const struct named_table *t, int64_t owner,
    struct named_list *l, struct err *err)
{
	char sql[SQL_ROOM];
	struct stmt *st;
	enum rc rc;

	snprintf(sql, sizeof(sql),
	    "SELECT name, value FROM %s WHERE %s = ?1 ORDER BY name", t->table, t->owner);
	rc = store_prepare_once(s, sql, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, owner);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		l->v = mem_grow(ctx, l->v, struct named, l->n + 1);
		l->v[l->n++] =
		    (struct named){col_strdup(ctx, st, 0), col_strdup(ctx, st, 1)};
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
put(struct store *s, const struct named_table *t, int64_t owner, const char *name,
    const char *value, struct err *err)
{
	char sql[SQL_ROOM];
	struct stmt *st;
	enum rc rc;

	if (value != NULL)
		snprintf(sql, sizeof(sql),
		    "INSERT INTO %s (%s, name, value) VALUES (?1, ?2, ?3) "
		    "ON CONFLICT (%s, name) DO UPDATE SET value = excluded.value",
		    t->table, t->owner, t->owner);
	else
		snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE %s = ?1 AND name = ?2",
		    t->table, t->owner);
	rc = store_prepare_once(s, sql, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, owner);
	bind_text(st, 2, name);
	if (value != NULL)
		bind_text(st, 3, value);
	return stmt_run(st, err);
}

enum rc
named_store(struct store *s, const struct named_table *t, int64_t owner,
    const struct named_list *before, const struct named_list *after, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < before->n; i++) {
		if (named_get(after, before->v[i].name) == NULL)
			rc = put(s, t, owner, before->v[i].name, NULL, err);
	}
	for (size_t i = 0; rc == RC_OK && i < after->n; i++) {
		const char *old = named_get(before, after->v[i].name);

		if (old == NULL || strcmp(old, after->v[i].value) != 0)
			rc = put(s, t, owner, after->v[i].name, after->v[i].value, err);
	}
	return rc;
}

/* ---- as JSON ---- */

void
named_set_pair(json_t *o, const char *key, json_t *before, json_t *after)
{
	if (!json_equal(before, after)) {
		json_object_set_new(o, key, json_pack("[o,o]", before, after));
		return;
	}
	json_decref(before);
	json_decref(after);
}

static json_t *
value_json(const char *value)
{
	return value ? json_string(value) : json_null();
}

void
named_diff(const struct named_list *before, const struct named_list *after, json_t *o)
{
	char key[KEY_ROOM];

	for (size_t i = 0; i < before->n; i++) {
		snprintf(key, sizeof(key), "field.%s", before->v[i].name);
		named_set_pair(o, key, value_json(before->v[i].value),
		    value_json(named_get(after, before->v[i].name)));
	}
	for (size_t i = 0; i < after->n; i++) {
		snprintf(key, sizeof(key), "field.%s", after->v[i].name);
		if (named_get(before, after->v[i].name) == NULL)
			named_set_pair(
			    o, key, json_null(), value_json(after->v[i].value));
	}
}

void
named_state(const struct named_list *l, json_t *o)
{
	char key[KEY_ROOM];

	for (size_t i = 0; i < l->n; i++) {
		snprintf(key, sizeof(key), "field.%s", l->v[i].name);
		json_object_set_new(o, key, json_pack("[n,s]", l->v[i].value));
	}
}

enum rc
named_fold(void *ctx, struct named_list *l, json_t *changes, struct err *err)
{
	const char *key;
	json_t *pair;

	json_object_foreach(changes, key, pair)
	{
		json_t *v = json_array_get(pair, 1);

		if (!text_starts(key, "field."))
			continue;
		if (!json_is_string(v) && !json_is_null(v))
			return err_fail(err, RC_INVALID, "%s cannot be read", key);
		named_set(ctx, l, key + 6, json_string_value(v));
	}
	return RC_OK;
}

json_t *
named_json(const struct named_list *l)
{
	json_t *o = json_object();

	for (size_t i = 0; i < l->n; i++)
		json_object_set_new(o, l->v[i].name, json_string(l->v[i].value));
	return o;
}
