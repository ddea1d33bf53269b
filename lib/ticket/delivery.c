/* Deliveries. */
#include "ticket/delivery.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"

const char *const delivery_states[] = {
    "queued", "sending", "held", "sent", "failed", "cancelled", NULL};

struct delivery *
delivery_read(void *ctx, struct stmt *st)
{
	struct delivery *d = talloc_zero(ctx, struct delivery);

	d->event = col_int(st, 0);
	d->n = col_int(st, 1);
	d->ticket = col_int(st, 2);
	d->via = col_strdup(d, st, 3);
	d->kind = col_strdup(d, st, 4);
	d->target = col_strdup(d, st, 5);
	d->text = col_strdup(d, st, 6);
	d->rule = col_strdup(d, st, 7);
	d->state = col_int(st, 8);
	d->due_at = col_int(st, 9);
	d->attempts = col_int(st, 10);
	d->sent_at = col_int(st, 11);
	d->lease_by = col_strdup(d, st, 12);
	d->last_error = col_strdup(d, st, 13);
	return d;
}

SQL(sql_delivery_get,
    "SELECT " DELIVERY_COLUMNS " FROM delivery d WHERE d.event = ?1 AND d.n = ?2");
SQL(sql_delivery_of,
    "SELECT " DELIVERY_COLUMNS " FROM delivery d WHERE d.event = ?1 ORDER BY d.n");

enum rc
delivery_get(struct store *s, void *ctx, int64_t event, int64_t n, struct delivery **d,
    struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_delivery_get, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, event);
	bind_int(st, 2, n);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*d = delivery_read(ctx, st);
	stmt_done(st);
	return rc == RC_NONE ? err_fail(err, RC_NOTFOUND, "no delivery %lld.%lld",
				   (long long)event, (long long)n)
			     : rc;
}

enum rc
delivery_of_event(struct store *s, void *ctx, int64_t event, struct delivery ***v,
    size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_delivery_of, &st, err);

	*v = NULL;
	*n = 0;
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, event);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		*v = mem_grow(ctx, *v, struct delivery *, *n + 1);
		(*v)[(*n)++] = delivery_read(ctx, st);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
deliveries_to_json(struct store *s, int64_t message, json_t **list, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct delivery **v = NULL;
	size_t n = 0;
	enum rc rc = delivery_of_event(s, ctx, message, &v, &n, err);

	if (rc == RC_OK)
		*list = json_array();
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		if (!delivery_to_customer(v[i]))
			continue;
		json_array_append_new(*list,
		    json_pack("{s:s,s:s,s:s?}", "target", v[i]->target, "state",
			delivery_states[v[i]->state], "last_error", v[i]->last_error));
	}
	talloc_free(ctx);
	return rc;
}

bool
delivery_to_customer(const struct delivery *d)
{
	static const char *const ours[] = {"notice", "announce", "hook", "run", NULL};

	return word_index(ours, d->kind) < 0;
}

bool
delivery_id_parse(const char *text, int64_t *event, int64_t *n)
{
	size_t k = strcspn(text, ".");
	char first[24];

	*n = 0;
	if (text[k] == '\0')
		return text_number(text, event);
	if (k >= sizeof(first))
		return false;
	memcpy(first, text, k);
	first[k] = '\0';
	return text_number(first, event) && text_number(text + k + 1, n) && *n > 0;
}

json_t *
delivery_to_json(const struct delivery *d)
{
	json_t *o = json_object();

	record_set_text(o, "type", "delivery");
	json_object_set_new(
	    o, "id", json_sprintf("%lld.%lld", (long long)d->event, (long long)d->n));
	record_set_int(o, "event", d->event);
	json_object_set_new(
	    o, "ticket", d->ticket ? json_integer(d->ticket) : json_null());
	record_set_text(o, "via", d->via);
	record_set_text(o, "kind", d->kind);
	record_set_text(o, "target", d->target);
	record_set_text(o, "state", delivery_states[d->state]);
	record_set_instant(
	    o, "due_at", d->state < DELIVERY_SENT ? d->due_at : INSTANT_NONE);
	record_set_instant(o, "sent_at", d->sent_at);
	record_set_int(o, "attempts", d->attempts);
	record_set_text(o, "last_error", d->last_error);
	record_set_text(o, "rule", *d->rule ? d->rule : NULL);
	return o;
}
