/* Calls: records, whose they are, where they belong. */
#include "phone/call.h"

#include <talloc.h>

#include "base/record.h"

struct person_address
call_from(void *ctx, const char *number, const char *name)
{
	return (struct person_address){
	    *name || number ? talloc_strdup(ctx, name) : "Anonymous caller", "phone",
	    number ? number : "anonymous"};
}

json_t *
call_to_json(const struct call *c)
{
	json_t *o = json_object();

	record_set_text(o, "type", "call");
	record_set_text(o, "external_id", c->id);
	record_set_text(o, "from", c->number);
	record_set_text(o, "to", *c->to ? c->to : NULL);
	record_set_text(o, "name", *c->name ? c->name : NULL);
	record_set_text(o, "did", c->did);
	json_object_set_new(
	    o, "ticket", c->ticket ? json_integer(c->ticket) : json_null());
	json_object_set_new(o, "created", json_boolean(c->created));
	record_set_int(o, "seconds", c->seconds);
	return o;
}

const char *
call_queue(const struct config *c)
{
	const struct mailbox *box = config_mailbox_default(c);

	return c->phone.queue ? c->phone.queue : box ? box->queue : c->queues[0].name;
}

SQL(sql_call_ticket, "SELECT id FROM ticket WHERE requester = ?1 AND phase < 2 "
		     "AND created_at <= ?2 ORDER BY id DESC LIMIT 1");

enum rc
call_open_ticket(
    struct store *s, const char *number, int64_t at, int64_t *ticket, struct err *err)
{
	int64_t customer = 0;
	struct stmt *st;
	enum rc rc = customer_find(s, "phone", number, &customer, err);

	*ticket = 0;
	if (rc == RC_OK)
		rc = store_prepare(s, sql_call_ticket, &st, err);
	if (rc != RC_OK)
		return rc == RC_NONE ? RC_OK : rc;
	bind_int(st, 1, customer);
	bind_int(st, 2, at);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*ticket = col_int(st, 0);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}
