/* lib/channel/outbox: two who want the same delivery at once. */
#include "channel/outbox.h"
#include "desk.h"

SQL(sql_test_queue,
    "INSERT INTO delivery (event, n, via, kind, target, state, due_at) "
    "VALUES ((SELECT min(id) FROM event), ?1, 'mail', 'notice', 'alice', 0, 1)");

static void
queue(struct desk *d, int64_t n)
{
	struct err err = {0};
	struct stmt *st;

	OK(store_write(d->store, &err));
	OK(store_prepare(d->store, sql_test_queue, &st, &err));
	bind_int(st, 1, n);
	OK(stmt_run(st, &err));
	OK(store_commit(d->store, &err));
}

ATF_TC_WITHOUT_HEAD(cancel__of_what_is_on_its_way);
ATF_TC_BODY(cancel__of_what_is_on_its_way, tc)
{
	void *ctx = talloc_new(NULL);
	struct desk *d = test_desk(ctx);
	struct delivery **due = NULL, **leased = NULL, *now = NULL;
	struct err err = {0};
	size_t ndue = 0, nleased = 0;

	queue(d, 1);
	queue(d, 2);
	/* Somebody looked and saw both waiting; then one is taken. */
	OK(outbox_due(d, ctx, "mail", 10, &due, &ndue, &err));
	ATF_REQUIRE_EQ(ndue, 2);
	OK(outbox_lease(d, ctx, "mail", 1, &leased, &nleased, &err));
	ATF_REQUIRE_EQ(nleased, 1);
	ATF_REQUIRE_EQ(
	    outbox_do(d, due[0]->event, due[0]->n, OUTBOX_CANCEL, &err), RC_INVALID);
	ATF_CHECK_MSG(strstr(err.text, "is sending") != NULL, "%s", err.text);
	ATF_REQUIRE_EQ(
	    outbox_do(d, due[0]->event, due[0]->n, OUTBOX_RETRY, &err), RC_INVALID);
	OK(outbox_do(d, due[1]->event, due[1]->n, OUTBOX_CANCEL, &err));
	OK(delivery_get(d->store, ctx, due[1]->event, due[1]->n, &now, &err));
	ATF_CHECK_EQ(now->state, DELIVERY_CANCELLED);
	/* Who lost the lease says nothing any more. */
	OK(outbox_return(d, leased, 1, &err));
	OK(outbox_do(d, due[0]->event, due[0]->n, OUTBOX_CANCEL, &err));
	OK(outbox_sent(d, leased[0], &err));
	OK(delivery_get(d->store, ctx, due[0]->event, due[0]->n, &now, &err));
	ATF_CHECK_EQ(now->state, DELIVERY_CANCELLED);
	ATF_CHECK_EQ(outbox_do(d, 999999, 1, OUTBOX_HOLD, &err), RC_NOTFOUND);
	talloc_free(ctx);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, cancel__of_what_is_on_its_way);
	return atf_no_error();
}
