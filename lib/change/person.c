/* Customers and organizations: what changes them. */
#include "change/person.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/change_priv.h"

/* ---- words ---- */

static const char *const customer_keys[] = {"name", "language", "timezone", "notes",
    "external_id", "organization", "address", NULL};
static const char *const organization_keys[] = {
    "name", "notes", "external_id", "domain", NULL};

static bool
many(const char *key)
{
	return strcmp(key, "address") == 0 || strcmp(key, "domain") == 0;
}

static enum rc
check_domain(void *ctx, const char **value, struct err *err)
{
	char *d = text_lower(talloc_strdup(ctx, **value == '@' ? *value + 1 : *value));

	if (*d == '\0' || strlen(d) > 253 || strchr(d, '.') == NULL || *d == '.' ||
	    strspn(d, "abcdefghijklmnopqrstuvwxyz0123456789.-") != strlen(d))
		return err_fail(err, RC_USAGE, "domain \"%s\" is no domain", *value);
	*value = d;
	return RC_OK;
}

static enum rc
check_value(void *ctx, const char *key, const char **value, struct err *err)
{
	struct person_address a;
	const char *v = *value;
	enum rc rc;

	if (strcmp(key, "address") == 0) {
		rc = address_parse(ctx, v, &a, err);
		if (rc != RC_OK)
			return err->rc = RC_USAGE;
		*value = talloc_asprintf(ctx, "%s:%s", a.kind, a.value);
		return RC_OK;
	}
	if (strcmp(key, "domain") == 0)
		return check_domain(ctx, value, err);
	if (strcmp(key, "timezone") == 0 && *v != '\0' && !instant_zone_known(v))
		return err_fail(
		    err, RC_USAGE, "timezone \"%s\" is not in the tz database", v);
	if (strcmp(key, "language") == 0 && *v != '\0' &&
	    (strlen(v) > 35 ||
		strspn(v, "abcdefghijklmnopqrstuvwxyz"
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != strlen(v)))
		return err_fail(
		    err, RC_USAGE, "language \"%s\" is no language tag (RFC 5646)", v);
	if (strcmp(key, "notes") == 0)
		*value = text_clean(ctx, v, strlen(v), TEXT_BLOCK, NOTES_MAX);
	else
		*value = text_clean(ctx, v, strlen(v), TEXT_LINE, VALUE_MAX);
	return RC_OK;
}

enum rc
person_changes_put(void *ctx, const char *key, enum change_op op, const char *value,
    bool organization, struct person_changes *out, struct err *err)
{
	const char *const *keys = organization ? organization_keys : customer_keys;
	bool field = text_starts(key, "field.");
	enum rc rc;

	if (field && !text_is_name(key + 6, NAME_MAX_BYTES))
		return err_fail(err, RC_USAGE,
		    "field \"%s\": a name has small letters, digits, - and _, at most %d",
		    key + 6, NAME_MAX_BYTES);
	if (!field && word_index(keys, key) < 0)
		return err_fail(err, RC_USAGE, "\"%s\" cannot be set%s", key,
		    text_hint(ctx, key, keys));
	if ((op == CHANGE_SET) == many(key))
		return err_fail(err, RC_USAGE,
		    many(key) ? "%s holds many values: use %s+=VALUE or %s-=VALUE"
			      : "%s holds one value: use %s=VALUE",
		    key, key, key);
	if (out->n >= CHANGES_MAX)
		return err_fail(err, RC_USAGE, "more than %d changes", CHANGES_MAX);
	value = talloc_strdup(ctx, value);
	rc = check_value(ctx, key, &value, err);
	if (rc != RC_OK)
		return rc;
	out->v = mem_grow(ctx, out->v, struct person_change, out->n + 1);
	out->v[out->n++] = (struct person_change){talloc_strdup(ctx, key), op, value};
	return RC_OK;
}

enum rc
person_changes_add(void *ctx, const char *word, bool organization,
    struct person_changes *out, struct err *err)
{
	const char *key, *value;
	enum change_op op;
	enum rc rc = change_word(ctx, word, &key, &op, &value, err);

	return rc == RC_OK
		   ? person_changes_put(ctx, key, op, value, organization, out, err)
		   : rc;
}

enum rc
person_find(struct store *s, void *ctx, const char *word, bool *organization, int64_t *id,
    struct err *err)
{
	struct person_address a = {0};
	struct customer *c = NULL;
	enum rc rc;

	*organization = text_starts(word, "org:");
	if (*organization) {
		rc = organization_find(s, word + 4, id, err);
		return rc == RC_NONE ? err_fail(err, RC_NOTFOUND,
					   "no organization \"%s\"", word + 4)
				     : rc;
	}
	if (text_number(*word == '#' ? word + 1 : word, id)) {
		do {
			rc = customer_load(s, ctx, *id, &c, err);
			if (rc == RC_OK && c->merged_into != 0)
				*id = c->merged_into;
		} while (rc == RC_OK && c->merged_into != 0);
		return rc;
	}
	rc = address_parse(ctx, word, &a, err);
	if (rc != RC_OK)
		return err_fail(err, RC_USAGE,
		    "\"%s\" is no customer: say a number, an address, or org:NAME", word);
	rc = customer_find(s, a.kind, a.value, id, err);
	return rc == RC_NONE
		   ? err_fail(err, RC_NOTFOUND, "nobody has the address %s", a.value)
		   : rc;
}

/* ---- events ---- */

enum rc
person_event(struct change_tx *tx, const struct actor *actor, int64_t customer,
    int64_t cause, const char *action, json_t *changes, int64_t *id, struct err *err)
{
	struct event e = {.customer = customer,
	    .cause = cause,
	    .actor = actor_print(tx->ctx, actor),
	    .action = action};
	enum rc rc;

	if (actor->by != NULL)
		json_object_set_new(changes, "by", json_string(actor->by));
	e.changes = event_changes(tx->ctx, changes);
	json_decref(changes);
	rc = work_event(tx, &e, err);
	*id = e.id;
	return rc;
}

/* ---- customers ---- */

static enum rc
set_organization(
    struct change_tx *tx, struct customer *c, const char *name, struct err *err)
{
	enum rc rc;

	c->organization = 0;
	if (*name == '\0' || strcmp(name, "none") == 0)
		return RC_OK;
	rc = organization_find(tx->d->store, name, &c->organization, err);
	return rc == RC_NONE ? err_fail(err, RC_USAGE,
				   "organization \"%s\": no such organization (cust-set "
				   "--create \"org:%s\" makes it)",
				   name, name)
			     : rc;
}

static enum rc
set_address(struct change_tx *tx, struct customer *c, const struct person_change *ch,
    struct err *err)
{
	const char *colon = strchr(ch->value, ':');
	char *kind = talloc_strndup(tx->ctx, ch->value, (size_t)(colon - ch->value));
	int64_t whose = 0;
	enum rc rc;

	if (ch->op == CHANGE_REMOVE) {
		if (!customer_remove_address(tx->ctx, c, kind, colon + 1))
			return err_fail(
			    err, RC_INVALID, "it has no address %s", colon + 1);
		return RC_OK;
	}
	rc = customer_find(tx->d->store, kind, colon + 1, &whose, err);
	if (rc == RC_OK && whose != c->id)
		return err_fail(err, RC_INVALID,
		    "%s is an address of customer %lld (cust-merge joins people)",
		    colon + 1, (long long)whose);
	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	if (!customer_add_address(tx->ctx, c, kind, colon + 1) &&
	    c->naddresses >= ADDRESSES_MAX)
		return err_fail(
		    err, RC_INVALID, "it has %d addresses already", ADDRESSES_MAX);
	return RC_OK;
}

static enum rc
set_named(
    void *ctx, struct named_list *l, const char *name, const char *value, struct err *err)
{
	if (!named_set(ctx, l, name, *value ? value : NULL) &&
	    l->n >= PERSON_FIELDS_MAX && named_get(l, name) == NULL)
		return err_fail(
		    err, RC_INVALID, "it has %d fields already", PERSON_FIELDS_MAX);
	return RC_OK;
}

static enum rc
external_is_free(
    enum rc found, int64_t whose, int64_t id, const char *what, struct err *err)
{
	if (found == RC_OK && whose != id)
		return err_fail(err, RC_INVALID, "%s %lld has this external_id already",
		    what, (long long)whose);
	return found == RC_NONE ? RC_OK : found;
}

static enum rc
apply(struct change_tx *tx, struct customer *c, const struct person_change *ch,
    struct err *err)
{
	const char *v = *ch->value ? ch->value : NULL;
	int64_t whose = 0;
	enum rc rc = RC_OK;

	if (text_starts(ch->key, "field."))
		return set_named(tx->ctx, &c->fields, ch->key + 6, ch->value, err);
	if (strcmp(ch->key, "address") == 0)
		return set_address(tx, c, ch, err);
	if (strcmp(ch->key, "organization") == 0)
		return set_organization(tx, c, ch->value, err);
	if (strcmp(ch->key, "name") == 0)
		c->name = ch->value;
	else if (strcmp(ch->key, "notes") == 0)
		c->notes = ch->value;
	else if (strcmp(ch->key, "language") == 0)
		c->language = v;
	else if (strcmp(ch->key, "timezone") == 0)
		c->timezone = v;
	else if (strcmp(ch->key, "external_id") == 0) {
		c->external_id = v;
		if (v != NULL) {
			rc = customer_find_external(tx->d->store, v, &whose, err);
			rc = external_is_free(rc, whose, c->id, "customer", err);
		}
	}
	return rc;
}

/* A new customer joins the organization of their domain, unless told otherwise. */
SQL(sql_domain_organization, "SELECT organization FROM org_domain WHERE domain = ?1");

static enum rc
join_by_domain(struct change_tx *tx, struct customer *c, struct err *err)
{
	const char *at;
	struct stmt *st;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && c->organization == 0 && i < c->naddresses;
	     i++) {
		at = strrchr(c->addresses[i].value, '@');
		if (at == NULL || strcmp(c->addresses[i].kind, "email") != 0)
			continue;
		rc = store_prepare(tx->d->store, sql_domain_organization, &st, err);
		if (rc != RC_OK)
			return rc;
		bind_text(st, 1, at + 1);
		rc = stmt_step(st, err);
		if (rc == RC_OK)
			c->organization = col_int(st, 0);
		stmt_done(st);
		rc = rc == RC_NONE ? RC_OK : rc;
	}
	return rc;
}

static bool
says(const struct person_changes *c, const char *key)
{
	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->v[i].key, key) == 0)
			return true;
	}
	return false;
}

enum rc
change_customer(struct change_tx *tx, const struct actor *actor, int64_t id,
    const struct person_changes *c, struct customer **after, bool *changed,
    struct err *err)
{
	struct store *s = tx->d->store;
	struct customer *before = NULL, *now;
	json_t *diff;
	int64_t event;
	enum rc rc = actor_need(actor, "customer.change", err);

	if (rc == RC_OK && id != 0)
		rc = customer_load(s, tx->ctx, id, &before, err);
	if (rc == RC_OK && before != NULL && before->erased_at != 0)
		rc = err_fail(err, RC_INVALID, "customer %lld was erased", (long long)id);
	if (rc != RC_OK)
		return rc;
	now = customer_new(tx->ctx);
	if (before != NULL)
		*now = *before;
	for (size_t i = 0; rc == RC_OK && i < c->n; i++)
		rc = apply(tx, now, &c->v[i], err);
	if (rc == RC_OK && before == NULL && !says(c, "organization"))
		rc = join_by_domain(tx, now, err);
	if (rc != RC_OK)
		return id != 0 ? err_wrap(err, "customer %lld", (long long)id) : rc;
	diff = customer_diff(before, now);
	*changed = before == NULL || json_object_size(diff) > 0;
	if (!*changed) {
		json_decref(diff);
		*after = now;
		return RC_OK;
	}
	rc = customer_store(s, before, now, err);
	if (rc != RC_OK) {
		json_decref(diff);
		return rc;
	}
	*after = now;
	return person_event(tx, actor, now->id, 0,
	    before ? "customer.changed" : "customer.created", diff, &event, err);
}

/* ---- merging ---- */

SQL(sql_customer_tickets, "SELECT id FROM ticket WHERE requester = ?1 ORDER BY id");

static enum rc
move_tickets(struct change_tx *tx, const struct actor *actor, int64_t from, int64_t into,
    int64_t cause, int64_t *count, struct err *err)
{
	int64_t *ids = NULL;
	size_t n = 0;
	struct stmt *st;
	enum rc rc = store_prepare(tx->d->store, sql_customer_tickets, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, from);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		ids = mem_grow(tx->ctx, ids, int64_t, n + 1);
		ids[n++] = col_int(st, 0);
	}
	stmt_done(st);
	rc = rc == RC_NONE ? RC_OK : rc;
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct change_result r = {0};
		/* Whoever may merge people does so with tickets they cannot see, too. */
		struct work w = {.tx = tx,
		    .ctx = tx->ctx,
		    .actor = &actor_system,
		    .r = &r,
		    .cause = cause};

		rc = work_load(&w, ids[i], false, err);
		if (rc == RC_OK) {
			w.t->requester = into;
			rc = work_log(&w, actor, "ticket.changed", NULL, err);
		}
		if (rc == RC_OK)
			rc = work_write(&w, err);
		work_free(&w);
	}
	*count = (int64_t)n;
	return rc;
}

static void
take_what_lacks(void *ctx, struct customer *into, const struct customer *from)
{
	if (*into->name == '\0')
		into->name = from->name;
	if (into->language == NULL)
		into->language = from->language;
	if (into->timezone == NULL)
		into->timezone = from->timezone;
	if (into->organization == 0)
		into->organization = from->organization;
	if (*into->notes == '\0')
		into->notes = from->notes;
	for (size_t i = 0; i < from->fields.n; i++) {
		if (named_get(&into->fields, from->fields.v[i].name) == NULL)
			named_set(ctx, &into->fields, from->fields.v[i].name,
			    from->fields.v[i].value);
	}
}

static enum rc
may_merge(const struct customer *from, const struct customer *into, struct err *err)
{
	if (from->id == into->id)
		return err_fail(err, RC_INVALID,
		    "customer %lld is not merged into itself", (long long)from->id);
	if (from->merged_into != 0 || into->merged_into != 0)
		return err_fail(err, RC_INVALID, "customer %lld is merged into %lld",
		    (long long)(from->merged_into ? from->id : into->id),
		    (long long)(from->merged_into ? from->merged_into
						  : into->merged_into));
	if (from->erased_at != 0 || into->erased_at != 0)
		return err_fail(err, RC_INVALID, "customer %lld was erased",
		    (long long)(from->erased_at ? from->id : into->id));
	if (from->naddresses + into->naddresses > ADDRESSES_MAX)
		return err_fail(
		    err, RC_INVALID, "both have more than %d addresses", ADDRESSES_MAX);
	return RC_OK;
}

/* Writes one side of a merge with its event. */
static enum rc
store_side(struct change_tx *tx, const struct actor *actor, const struct customer *before,
    struct customer *after, const char *action, int64_t cause, int64_t *event,
    struct err *err)
{
	enum rc rc = customer_store(tx->d->store, before, after, err);

	return rc == RC_OK ? person_event(tx, actor, after->id, cause, action,
				 customer_diff(before, after), event, err)
			   : rc;
}

enum rc
change_customer_merge(struct change_tx *tx, const struct actor *actor, int64_t from,
    int64_t into, struct customer **after, int64_t *event, int64_t *tickets,
    struct err *err)
{
	struct store *s = tx->d->store;
	struct customer *a = NULL, *b = NULL, *gone, *joined;
	int64_t second;
	enum rc rc = actor_need(actor, "customer.change", err);

	if (rc == RC_OK)
		rc = customer_load(s, tx->ctx, from, &a, err);
	if (rc == RC_OK)
		rc = customer_load(s, tx->ctx, into, &b, err);
	if (rc == RC_OK)
		rc = may_merge(a, b, err);
	if (rc != RC_OK)
		return rc;
	gone = talloc_memdup(tx->ctx, a, sizeof(*a));
	joined = talloc_memdup(tx->ctx, b, sizeof(*b));
	gone->merged_into = into;
	gone->naddresses = 0;
	for (size_t i = 0; i < a->naddresses; i++)
		customer_take_address(tx->ctx, joined, &a->addresses[i]);
	take_what_lacks(tx->ctx, joined, a);
	rc = store_side(tx, actor, a, gone, "customer.merged", 0, event, err);
	if (rc == RC_OK)
		rc = store_side(
		    tx, actor, b, joined, "customer.joined", *event, &second, err);
	if (rc == RC_OK)
		rc = move_tickets(tx, actor, from, into, *event, tickets, err);
	*after = joined;
	return rc;
}

/* ---- organizations: events of the desk itself, that say which by "organization" ---- */

static enum rc
apply_organization(struct change_tx *tx, struct organization *o,
    const struct person_change *ch, struct err *err)
{
	struct store *s = tx->d->store;
	int64_t whose = 0;
	struct stmt *st;
	enum rc rc = RC_OK;

	if (text_starts(ch->key, "field."))
		return set_named(tx->ctx, &o->fields, ch->key + 6, ch->value, err);
	if (strcmp(ch->key, "notes") == 0)
		o->notes = ch->value;
	if (strcmp(ch->key, "name") == 0) {
		if (*ch->value == '\0')
			return err_fail(err, RC_INVALID, "a name cannot be empty");
		rc = organization_find(s, ch->value, &whose, err);
		if (rc == RC_OK && whose != o->id)
			return err_fail(err, RC_INVALID,
			    "there is an organization \"%s\" already", ch->value);
		o->name = ch->value;
	}
	if (strcmp(ch->key, "external_id") == 0) {
		o->external_id = *ch->value ? ch->value : NULL;
		if (o->external_id != NULL) {
			rc = organization_find_external(s, ch->value, &whose, err);
			return external_is_free(rc, whose, o->id, "organization", err);
		}
	}
	if (strcmp(ch->key, "domain") == 0 && ch->op == CHANGE_REMOVE) {
		if (!organization_remove_domain(tx->ctx, o, ch->value))
			return err_fail(
			    err, RC_INVALID, "it has no domain %s", ch->value);
	} else if (strcmp(ch->key, "domain") == 0) {
		rc = store_prepare(s, sql_domain_organization, &st, err);
		if (rc != RC_OK)
			return rc;
		bind_text(st, 1, ch->value);
		rc = stmt_step(st, err);
		if (rc == RC_OK && col_int(st, 0) != o->id)
			rc = err_fail(err, RC_INVALID,
			    "%s is a domain of another organization", ch->value);
		stmt_done(st);
		organization_add_domain(tx->ctx, o, ch->value);
	}
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
change_organization(struct change_tx *tx, const struct actor *actor, int64_t id,
    const struct person_changes *c, struct organization **after, bool *changed,
    struct err *err)
{
	struct store *s = tx->d->store;
	struct organization *before = NULL, *now;
	json_t *diff;
	int64_t event;
	enum rc rc = actor_need(actor, "customer.change", err);

	if (rc == RC_OK && id != 0)
		rc = organization_load(s, tx->ctx, id, &before, err);
	if (rc != RC_OK)
		return rc;
	now = organization_new(tx->ctx);
	if (before != NULL)
		*now = *before;
	for (size_t i = 0; rc == RC_OK && i < c->n; i++)
		rc = apply_organization(tx, now, &c->v[i], err);
	if (rc == RC_OK && *now->name == '\0')
		rc = err_fail(err, RC_INVALID, "an organization needs a name");
	if (rc != RC_OK)
		return id != 0 ? err_wrap(err, "organization \"%s\"", before->name) : rc;
	diff = organization_diff(before, now);
	*after = now;
	*changed = before == NULL || json_object_size(diff) > 0;
	if (!*changed) {
		json_decref(diff);
		return RC_OK;
	}
	rc = organization_store(s, before, now, err);
	if (rc != RC_OK) {
		json_decref(diff);
		return rc;
	}
	json_object_set_new(diff, "organization", json_integer(now->id));
	return person_event(tx, actor, 0, 0,
	    before ? "organization.changed" : "organization.created", diff, &event, err);
}
