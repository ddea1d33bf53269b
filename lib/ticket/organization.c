/* Organizations: a name, domains whose new customers join, fields. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "ticket/named.h"
#include "ticket/row.h"

#define COLUMN(member, kind) ROW_COLUMN(organization, member, kind, NULL, false)
static const struct row_column columns[] = {
    ROW_COLUMN(organization, id, COL_INT, NULL, true),
    COLUMN(name, COL_TEXT),
    COLUMN(notes, COL_TEXT),
    COLUMN(external_id, COL_OPT_TEXT),
};
static const struct row_table table = {
    "organization", columns, sizeof(columns) / sizeof(columns[0])};
static const struct named_table fields = {"organization_field", "organization"};

SQL(sql_organization_load,
    "SELECT id, name, notes, external_id FROM organization WHERE id = ?1");
SQL(sql_organization_external, "SELECT id FROM organization WHERE external_id = ?1");
SQL(sql_organization_domains,
    "SELECT domain FROM org_domain WHERE organization = ?1 ORDER BY domain");
SQL(sql_organization_insert,
    "INSERT INTO organization (name, notes, external_id) VALUES (?1, ?2, ?3) "
    "RETURNING id");
SQL(sql_domain_add, "INSERT INTO org_domain (domain, organization) VALUES (?1, ?2)");
SQL(sql_domain_remove, "DELETE FROM org_domain WHERE domain = ?1 AND organization = ?2");
SQL(sql_organization_size, "SELECT count(*) FROM customer WHERE organization = ?1");

struct organization *
organization_new(void *ctx)
{
	struct organization *o = talloc_zero(ctx, struct organization);

	row_defaults(&table, o);
	o->domains = mem_array(o, const char *, 1);
	return o;
}

static enum rc
load_domains(struct store *s, struct organization *o, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_organization_domains, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, o->id);
	while ((rc = stmt_step(st, err)) == RC_OK)
		text_push(o, &o->domains, &o->ndomains, col_strdup(o, st, 0));
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
organization_load(
    struct store *s, void *ctx, int64_t id, struct organization **out, struct err *err)
{
	struct organization *o = NULL;
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_organization_load, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	if (rc == RC_NONE)
		rc = err_fail(err, RC_NOTFOUND, "no organization %lld", (long long)id);
	if (rc == RC_OK) {
		o = organization_new(ctx);
		row_read(o, &table, o, st);
	}
	stmt_done(st);
	if (rc == RC_OK)
		rc = load_domains(s, o, err);
	if (rc == RC_OK)
		rc = named_load(s, o, &fields, id, &o->fields, err);
	if (rc == RC_OK)
		*out = o;
	return rc;
}

enum rc
organization_find_external(
    struct store *s, const char *external_id, int64_t *id, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_organization_external, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, external_id);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*id = col_int(st, 0);
	stmt_done(st);
	return rc;
}

/* ---- domains ---- */

bool
organization_add_domain(void *ctx, struct organization *o, const char *domain)
{
	const char **v;
	size_t i = 0;

	if (word_index(o->domains, domain) >= 0 || o->ndomains >= ADDRESSES_MAX)
		return false;
	v = mem_array(ctx, const char *, o->ndomains + 2);
	while (i < o->ndomains && strcmp(o->domains[i], domain) < 0)
		i++;
	for (size_t k = 0; k < o->ndomains; k++)
		v[k + (k >= i)] = o->domains[k];
	v[i] = talloc_strdup(ctx, domain);
	o->domains = v;
	o->ndomains++;
	return true;
}

bool
organization_remove_domain(void *ctx, struct organization *o, const char *domain)
{
	const char **v = mem_array(ctx, const char *, o->ndomains + 1);
	size_t n = 0;

	for (size_t i = 0; i < o->ndomains; i++) {
		if (strcmp(o->domains[i], domain) != 0)
			v[n++] = o->domains[i];
	}
	if (n == o->ndomains)
		return false;
	o->domains = v;
	o->ndomains = n;
	return true;
}

/* ---- what events keep ---- */

static json_t *
domains_json(const struct organization *o)
{
	json_t *a = json_array();

	for (size_t i = 0; i < o->ndomains; i++)
		json_array_append_new(a, json_string(o->domains[i]));
	return a;
}

json_t *
organization_diff(const struct organization *before, const struct organization *after)
{
	struct organization *blank = before ? NULL : organization_new(NULL);
	const struct organization *old = before ? before : blank;
	json_t *o = json_object();

	row_diff(&table, before, after, o);
	named_set_pair(o, "domains", domains_json(old), domains_json(after));
	named_diff(&old->fields, &after->fields, o);
	talloc_free(blank);
	return o;
}

enum rc
organization_fold(void *ctx, struct organization *o, json_t *changes, struct err *err)
{
	json_t *list = json_array_get(json_object_get(changes, "domains"), 1), *v;
	size_t i;
	enum rc rc = row_fold(ctx, &table, o, changes, err);

	if (rc == RC_OK && list != NULL) {
		o->ndomains = 0;
		o->domains = mem_array(ctx, const char *, 1);
		json_array_foreach(list, i, v)
		{
			if (!json_is_string(v))
				return err_fail(
				    err, RC_INVALID, "a domain cannot be read");
			organization_add_domain(ctx, o, json_string_value(v));
		}
	}
	return rc == RC_OK ? named_fold(ctx, &o->fields, changes, err) : rc;
}

static bool
is_key(const char *key)
{
	return row_has_key(&table, key) || strcmp(key, "domains") == 0 ||
	       text_starts(key, "field.");
}

enum rc
organization_unfold(
    void *ctx, struct organization *o, json_t *changes, const char **key, struct err *err)
{
	json_t *state = json_object(), *back = NULL;
	enum rc rc;

	row_state(&table, o, state);
	json_object_set_new(state, "domains", json_pack("[n,o]", domains_json(o)));
	named_state(&o->fields, state);
	rc = row_unfold(ctx, state, changes, is_key, &back, key, err);
	if (rc == RC_OK)
		rc = organization_fold(ctx, o, back, err);
	json_decref(state);
	json_decref(back);
	return rc;
}

/* ---- writing ---- */

static enum rc
put_domain(
    struct store *s, const char *sql, const char *domain, int64_t id, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, domain);
	bind_int(st, 2, id);
	return stmt_run(st, err);
}

static enum rc
insert(struct store *s, struct organization *o, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_organization_insert, &st, err);

	if (rc != RC_OK)
		return rc;
	row_bind(&table, st, o);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		o->id = col_int(st, 0);
	stmt_done(st);
	return rc;
}

enum rc
organization_store(struct store *s, const struct organization *before,
    struct organization *after, struct err *err)
{
	struct organization *blank = before ? NULL : organization_new(NULL);
	const struct organization *old = before ? before : blank;
	enum rc rc = before ? row_update(s, &table, before, after, after->id, err)
			    : insert(s, after, err);

	for (size_t i = 0; rc == RC_OK && i < old->ndomains; i++) {
		if (word_index(after->domains, old->domains[i]) < 0)
			rc = put_domain(
			    s, sql_domain_remove, old->domains[i], after->id, err);
	}
	for (size_t i = 0; rc == RC_OK && i < after->ndomains; i++) {
		if (word_index(old->domains, after->domains[i]) < 0)
			rc = put_domain(
			    s, sql_domain_add, after->domains[i], after->id, err);
	}
	if (rc == RC_OK)
		rc =
		    named_store(s, &fields, after->id, &old->fields, &after->fields, err);
	talloc_free(blank);
	return rc;
}

/* ---- the record ---- */

enum rc
organization_to_json(
    struct store *s, const struct organization *org, json_t **out, struct err *err)
{
	struct stmt *st;
	json_t *o;
	enum rc rc = store_prepare(s, sql_organization_size, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, org->id);
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		o = json_object();
		record_set_text(o, "type", "organization");
		record_set_int(o, "id", org->id);
		record_set_text(o, "name", org->name);
		json_object_set_new(o, "domains", domains_json(org));
		record_set_text(o, "notes", org->notes);
		json_object_set_new(o, "fields", named_json(&org->fields));
		record_set_text(o, "external_id", org->external_id);
		record_set_int(o, "customers", col_int(st, 0));
		*out = o;
	}
	stmt_done(st);
	return rc;
}
