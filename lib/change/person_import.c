/* Records of people -> changes. */
#include "change/person_import.h"

#include <string.h>
#include <talloc.h>

#include "base/record.h"
#include "change/change_priv.h"

struct job {
	struct change_tx *tx;
	const struct actor *actor;
	json_t *record;
	struct person_import *r;
};

static const char *const plain_keys[] = {
    "name", "language", "timezone", "notes", "external_id", NULL};

/* A name, a flag, a number: what other systems send as fields. */
static char *
scalar(void *ctx, json_t *v)
{
	if (json_is_string(v))
		return talloc_strdup(ctx, json_string_value(v));
	if (json_is_integer(v))
		return talloc_asprintf(ctx, "%lld", (long long)json_integer_value(v));
	if (json_is_real(v))
		return talloc_asprintf(ctx, "%.15g", json_real_value(v));
	if (json_is_boolean(v))
		return talloc_strdup(ctx, json_is_true(v) ? "true" : "false");
	return NULL;
}

static enum rc
put(struct job *j, const char *key, enum change_op op, const char *value,
    struct person_changes *c, struct err *err)
{
	enum rc rc =
	    person_changes_put(j->tx->ctx, key, op, value, j->r->is_organization, c, err);

	return rc == RC_USAGE ? (err->rc = RC_INVALID) : rc;
}

static enum rc
put_plain(struct job *j, struct person_changes *c, struct err *err)
{
	json_t *v;
	enum rc rc = RC_OK;

	for (const char *const *k = plain_keys; rc == RC_OK && *k != NULL; k++) {
		char *text;

		v = json_object_get(j->record, *k);
		if (v == NULL || json_is_null(v))
			continue;
		text = scalar(j->tx->ctx, v);
		if (text == NULL)
			return err_fail(err, RC_INVALID, "\"%s\" is not a text", *k);
		if (j->r->is_organization &&
		    (strcmp(*k, "language") == 0 || strcmp(*k, "timezone") == 0))
			continue;
		rc = put(j, *k, CHANGE_SET, text, c, err);
	}
	return rc;
}

static enum rc
put_fields(struct job *j, struct person_changes *c, struct err *err)
{
	json_t *fields = NULL, *v;
	const char *name;
	enum rc rc = record_object(j->record, "fields", &fields, err);

	if (rc != RC_OK)
		return rc;
	json_object_foreach(fields, name, v)
	{
		char *text = scalar(j->tx->ctx, v);

		if (text == NULL && !json_is_null(v))
			return err_fail(
			    err, RC_INVALID, "field \"%s\" is not a text", name);
		if (text != NULL)
			rc = put(j, talloc_asprintf(j->tx->ctx, "field.%s", name),
			    CHANGE_SET, text, c, err);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

/* ---- customers ---- */

/* "ann@example.com", {"kind":"email","value":"ann@example.com"} */
static enum rc
put_address(struct job *j, json_t *v, struct person_changes *c, struct err *err)
{
	const char *text = json_string_value(v), *kind = "email", *value = NULL;
	enum rc rc = RC_OK;

	if (json_is_object(v)) {
		rc = record_text(v, "kind", &kind, err);
		if (rc == RC_OK)
			rc = record_text(v, "value", &value, err);
		if (rc == RC_OK && value != NULL)
			text = strcmp(kind, "email") == 0
				   ? value
				   : talloc_asprintf(j->tx->ctx, "%s:%s", kind, value);
	}
	if (rc == RC_OK && text == NULL)
		rc = err_fail(err, RC_INVALID, "an address is neither text nor object");
	return rc == RC_OK && *text != '\0' ? put(j, "address", CHANGE_ADD, text, c, err)
					    : rc;
}

static enum rc
put_addresses(struct job *j, struct person_changes *c, struct err *err)
{
	json_t *one = json_object_get(j->record, "address"), *list = NULL, *v;
	size_t i;
	enum rc rc = record_array(j->record, "addresses", &list, err);

	if (rc == RC_OK && one != NULL && !json_is_null(one))
		rc = put_address(j, one, c, err);
	json_array_foreach(list, i, v)
	{
		if (rc == RC_OK)
			rc = put_address(j, v, c, err);
	}
	return rc;
}

/* By external id, else by an address; 0 for nobody. */
static enum rc
find_customer(struct job *j, const struct person_changes *c, int64_t *id, struct err *err)
{
	struct store *s = j->tx->d->store;
	enum rc rc = RC_NONE;

	*id = 0;
	for (size_t i = 0; rc == RC_NONE && i < c->n; i++) {
		if (strcmp(c->v[i].key, "external_id") == 0 && *c->v[i].value != '\0')
			rc = customer_find_external(s, c->v[i].value, id, err);
	}
	for (size_t i = 0; rc == RC_NONE && i < c->n; i++) {
		const char *colon = strchr(c->v[i].value, ':');

		if (strcmp(c->v[i].key, "address") == 0)
			rc = customer_find(s,
			    talloc_strndup(j->tx->ctx, c->v[i].value,
				(size_t)(colon - c->v[i].value)),
			    colon + 1, id, err);
	}
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
put_organization(struct job *j, struct person_changes *c, struct err *err)
{
	struct person_changes name = {0};
	struct organization *made;
	const char *text = NULL;
	int64_t id = 0;
	bool changed;
	enum rc rc = record_text(j->record, "organization", &text, err);

	if (rc != RC_OK || text == NULL)
		return rc;
	rc = put(j, "organization", CHANGE_SET, text, c, err);
	if (rc != RC_OK || *text == '\0')
		return rc;
	rc = organization_find(j->tx->d->store, c->v[c->n - 1].value, &id, err);
	if (rc != RC_NONE)
		return rc;
	rc = person_changes_put(j->tx->ctx, "name", CHANGE_SET, text, true, &name, err);
	return rc == RC_OK
		   ? change_organization(j->tx, j->actor, 0, &name, &made, &changed, err)
		   : rc;
}

static enum rc
import_customer(struct job *j, struct err *err)
{
	struct person_changes c = {0};
	int64_t id = 0;
	enum rc rc = put_plain(j, &c, err);

	if (rc == RC_OK)
		rc = put_addresses(j, &c, err);
	if (rc == RC_OK)
		rc = put_organization(j, &c, err);
	if (rc == RC_OK)
		rc = put_fields(j, &c, err);
	if (rc == RC_OK)
		rc = find_customer(j, &c, &id, err);
	if (rc == RC_OK && id == 0 && json_object_get(j->record, "external_id") == NULL &&
	    json_object_get(j->record, "address") == NULL &&
	    json_array_size(json_object_get(j->record, "addresses")) == 0)
		rc = err_fail(err, RC_INVALID,
		    "neither external_id nor address: nobody could tell who it is");
	if (rc != RC_OK)
		return rc;
	j->r->created = id == 0;
	rc = change_customer(
	    j->tx, j->actor, id, &c, &j->r->customer, &j->r->changed, err);
	return rc == RC_USAGE ? (err->rc = RC_INVALID) : rc;
}

/* ---- organizations ---- */

static enum rc
import_organization(struct job *j, struct err *err)
{
	struct person_changes c = {0};
	const char *name = NULL, *external = NULL;
	json_t *domains = NULL, *v;
	int64_t id = 0;
	size_t i;
	enum rc rc = put_plain(j, &c, err);

	if (rc == RC_OK)
		rc = record_text(j->record, "name", &name, err);
	if (rc == RC_OK)
		rc = record_text(j->record, "external_id", &external, err);
	if (rc == RC_OK)
		rc = record_array(j->record, "domains", &domains, err);
	json_array_foreach(domains, i, v)
	{
		if (rc == RC_OK)
			rc = put(j, "domain", CHANGE_ADD,
			    json_string_value(v) ? json_string_value(v) : "", &c, err);
	}
	if (rc == RC_OK)
		rc = put_fields(j, &c, err);
	if (rc == RC_OK) {
		rc = external
			 ? organization_find_external(j->tx->d->store, external, &id, err)
			 : RC_NONE;
		if (rc == RC_NONE && name != NULL)
			rc = organization_find(j->tx->d->store, name, &id, err);
		rc = rc == RC_NONE ? RC_OK : rc;
	}
	if (rc != RC_OK)
		return rc;
	j->r->created = id == 0;
	rc = change_organization(
	    j->tx, j->actor, id, &c, &j->r->organization, &j->r->changed, err);
	return rc == RC_USAGE ? (err->rc = RC_INVALID) : rc;
}

static enum rc
run(void *arg, struct err *err)
{
	struct job *j = arg;

	return j->r->is_organization ? import_organization(j, err)
				     : import_customer(j, err);
}

enum rc
person_import(struct change_tx *tx, const struct actor *actor, json_t *record,
    struct person_import *r, struct err *err)
{
	struct job j = {tx, actor, record, r};
	const char *type = NULL;
	enum rc rc = record_text(record, "type", &type, err);

	*r = (struct person_import){0};
	if (rc != RC_OK)
		return rc;
	r->is_organization = type != NULL && strcmp(type, "organization") == 0;
	if (type != NULL && !r->is_organization && strcmp(type, "customer") != 0)
		return err_fail(err, RC_INVALID,
		    "a record of type \"%s\" is no customer or organization", type);
	return change_try(tx, run, &j, err);
}
