/* Who asks: the customer behind an address, and changes that need the store. */
#include "change/change_priv.h"

#include <string.h>
#include <talloc.h>

#include "base/record.h"

enum rc
work_person(
    struct work *w, const struct person_address *a, struct person *p, struct err *err)
{
	struct store *s = w->tx->d->store;
	int64_t id = 0;
	struct event e = {
	    .actor = actor_print(w->ctx, w->actor), .action = "customer.created"};
	json_t *changes;
	enum rc rc = customer_find(s, a->kind, a->value, &id, err);

	if (rc == RC_OK)
		return customer_get(s, w->ctx, id, p, err);
	if (rc != RC_NONE)
		return rc;
	rc = customer_add(s, a, p, err);
	if (rc != RC_OK)
		return rc;
	e.customer = p->id;
	changes = json_pack("{s:[n,s],s:[[],[o]],s:[n,o]}", "name", a->name, "addresses",
	    json_sprintf("%s:%s", a->kind, a->value), "organization",
	    p->organization ? json_integer(p->organization) : json_null());
	e.changes = event_changes(w->ctx, changes);
	json_decref(changes);
	return work_event(w->tx, &e, err);
}

/* Changes that need the store: who asks, which organization. */
enum rc
work_look_up(struct work *w, const struct changes *c, struct err *err)
{
	struct person_address a = {0};
	struct person p = {0};
	const char *v = c ? changes_value(c, "requester") : NULL;
	enum rc rc = RC_OK;

	if (v != NULL) {
		rc = address_parse(w->ctx, v, &a, err);
		if (rc == RC_OK)
			rc = work_person(w, &a, &p, err);
		if (rc == RC_OK)
			w->t->requester = p.id;
	}
	v = c ? changes_value(c, "organization") : NULL;
	if (rc == RC_OK && v != NULL) {
		w->t->organization = 0;
		if (*v != '\0' && strcmp(v, "none") != 0)
			rc = organization_find(
			    w->tx->d->store, v, &w->t->organization, err);
		if (rc == RC_NONE)
			rc = err_fail(err, RC_USAGE,
			    "organization \"%s\": no such organization", v);
	}
	return rc;
}
