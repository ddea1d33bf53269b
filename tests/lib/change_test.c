/* lib/change and lib/policy: the pipeline, and assignment as a pure decision. */
#include "base/instant.h"
#include "desk.h"

static struct desk *d;
static struct err err;

static struct change_result
make(const char *subject, const char *changes)
{
	struct draft draft = {.subject = subject, .channel = "email"};
	struct change_tx *tx;
	struct change_result r;

	draft.requester = (struct person_address){"Ann", "email", "ann@example.com"};
	draft.message.body = "text";
	OK(changes_parse(d, changes, d->config, &draft.changes, &err));
	OK(change_begin(d, d, 0, &tx, &err));
	OK(change_new(tx, &actor_system, &draft, &r, &err));
	OK(change_commit(tx, &err));
	return r;
}

ATF_TC_WITHOUT_HEAD(new__routes_assigns_and_logs_in_one_transaction);
ATF_TC_BODY(new__routes_assigns_and_logs_in_one_transaction, tc)
{
	struct change_result r;
	struct ticket *t, *folded;

	d = test_desk(NULL);
	r = make("urgent invoice", "");
	OK(ticket_get(d->store, d, r.ticket, &t, &err));
	ATF_CHECK_STREQ("billing", t->queue);
	ATF_CHECK_STREQ("billing", r.after->queue);
	ATF_CHECK_EQ(2, t->priority);
	ATF_CHECK(ticket_has_tag(t, "money"));
	ATF_CHECK(*t->assignee != '\0');
	/* created, two routes, assignment */
	ATF_CHECK_EQ(r.event + 3, t->last_event);
	OK(ticket_at(d->store, d, r.ticket, INSTANT_NEVER, &folded, &err));
	ATF_CHECK_EQ(0, json_object_size(ticket_diff(folded, t)));
}

ATF_TC_WITHOUT_HEAD(edit__fails_alone);
ATF_TC_BODY(edit__fails_alone, tc)
{
	struct change_tx *tx;
	struct change_result r, r2;
	struct changes good = {0}, bad = {0};
	struct edit e = {.changes = &good};
	struct chain before, after;
	struct verify_report report;
	struct ticket *t;

	d = test_desk(NULL);
	r = make("one", "");
	OK(changes_parse(d, "priority=high", d->config, &good, &err));
	OK(changes_parse(d, "tag+=half assignee=me", d->config, &bad, &err));
	OK(chain_end(d->store, &before, &err));
	OK(change_begin(d, d, -1, &tx, &err));
	e.ticket = r.ticket;
	OK(change_edit(tx, &actor_system, &e, &r2, &err));
	e.changes = &bad;
	ATF_CHECK_EQ(RC_USAGE, change_edit(tx, &actor_system, &e, &r2, &err));
	e.ticket = 999;
	ATF_CHECK_EQ(RC_NOTFOUND, change_edit(tx, &actor_system, &e, &r2, &err));
	e.ticket = r.ticket;
	e.changes = &good;
	change_expect(tx, &(struct expect){.event = before.id});
	ATF_CHECK_EQ(RC_NONE, change_edit(tx, &actor_system, &e, &r2, &err));
	ATF_CHECK_EQ(before.id + 1, change_batch(tx));
	OK(change_commit(tx, &err));
	OK(chain_end(d->store, &after, &err));
	ATF_CHECK_EQ(before.id + 1, after.id);
	OK(ticket_get(d->store, d, r.ticket, &t, &err));
	ATF_CHECK(!ticket_has_tag(t, "half"));
	OK(verify_all(d->store, 0, true, test_problem, NULL, &report, &err));
	ATF_CHECK_EQ(0, report.problems);
}

ATF_TC_WITHOUT_HEAD(abort__leaves_nothing);
ATF_TC_BODY(abort__leaves_nothing, tc)
{
	struct draft draft = {.subject = "x"};
	struct change_tx *tx;
	struct change_result r;
	struct chain before, after;

	d = test_desk(NULL);
	draft.requester = (struct person_address){"", "email", "new@example.com"};
	OK(chain_end(d->store, &before, &err));
	OK(change_begin(d, d, 0, &tx, &err));
	OK(change_new(tx, &actor_system, &draft, &r, &err));
	ATF_CHECK(r.created && r.ticket == 1);
	change_abort(tx);
	OK(chain_end(d->store, &after, &err));
	ATF_CHECK_EQ(before.id, after.id);
	ATF_CHECK_EQ(RC_NONE,
	    customer_find(d->store, "email", "new@example.com", &r.ticket, &err));
}

ATF_TC_WITHOUT_HEAD(arrival__follows_the_queue);
ATF_TC_BODY(arrival__follows_the_queue, tc)
{
	struct ticket t = {.queue = "inbox", .solved_at = 1000};

	d = test_desk(NULL);
	ATF_CHECK_EQ(ARRIVAL_APPEND, change_arrival(d->config, &t, 2000));
	t.phase = PHASE_WAITING;
	ATF_CHECK_EQ(ARRIVAL_REOPEN, change_arrival(d->config, &t, 2000));
	t.phase = PHASE_RESOLVED;
	ATF_CHECK_EQ(
	    ARRIVAL_REOPEN, change_arrival(d->config, &t, 1000 + 7 * 86400000LL));
	ATF_CHECK_EQ(
	    ARRIVAL_FOLLOW_UP, change_arrival(d->config, &t, 1001 + 7 * 86400000LL));
	t.phase = PHASE_CLOSED;
	ATF_CHECK_EQ(ARRIVAL_FOLLOW_UP, change_arrival(d->config, &t, 2000));
}

ATF_TC_WITHOUT_HEAD(assign__chooses_as_written);
ATF_TC_BODY(assign__chooses_as_written, tc)
{
	struct candidate v[] = {{"alice", 3, 0, 10, true, NULL, NULL},
	    {"bob", 2, 2, 5, true, NULL, NULL}, {"carol", 3, 5, 7, true, NULL, NULL}};
	const char *why;

	ATF_CHECK_STREQ("carol",
	    assign_choose(NULL, "least-busy", NULL, v, 3, &why)); /* bob is full */
	ATF_CHECK_STREQ("carol", assign_choose(NULL, "round-robin", NULL, v, 3, &why));
	v[1].capacity = 0;
	ATF_CHECK_STREQ("bob", assign_choose(NULL, "least-busy", NULL, v, 3, &why));
	ATF_CHECK_STREQ("bob", assign_choose(NULL, "round-robin", NULL, v, 3, &why));
	v[2].open = 2;
	v[2].assigned = 5;
	ATF_CHECK_STREQ(
	    "bob", assign_choose(NULL, "least-busy", NULL, v, 3, &why)); /* by name */
	/* sticky: whoever served them last, if they can; else as least-busy. */
	ATF_CHECK_STREQ("alice", assign_choose(NULL, "sticky", "alice", v, 3, &why));
	ATF_CHECK_STREQ("another served this requester last", v[1].passed);
	v[0].present = false;
	ATF_CHECK_STREQ("bob", assign_choose(NULL, "sticky", "alice", v, 3, &why));
	ATF_CHECK_STREQ("away", v[0].passed);
	ATF_CHECK_STREQ("its name comes later", v[2].passed);
	v[1].lacks = "german";
	ATF_CHECK_STREQ("carol", assign_choose(NULL, "least-busy", NULL, v, 3, &why));
	ATF_CHECK_STREQ("lacks the skill german", v[1].passed);
	v[2].open = 5;
	ATF_CHECK(assign_choose(NULL, "least-busy", NULL, v, 3, &why) == NULL);
	ATF_CHECK_STREQ("at capacity: 5 of 5", v[2].passed);
	ATF_CHECK_STREQ("every member is away, lacks a skill or is at capacity", why);
	ATF_CHECK(assign_choose(NULL, "none", NULL, v, 3, &why) == NULL);
	ATF_CHECK(assign_choose(NULL, "least-busy", NULL, v, 0, &why) == NULL);
	ATF_CHECK_STREQ("the queue has no members", why);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, new__routes_assigns_and_logs_in_one_transaction);
	ATF_TP_ADD_TC(tp, edit__fails_alone);
	ATF_TP_ADD_TC(tp, abort__leaves_nothing);
	ATF_TP_ADD_TC(tp, arrival__follows_the_queue);
	ATF_TP_ADD_TC(tp, assign__chooses_as_written);
	return atf_no_error();
}
