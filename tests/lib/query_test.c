/* lib/query: the grammar, and the two back ends that must agree. */
#include <stdio.h>

#include "base/instant.h"
#include "desk.h"
#include "query/query_priv.h"

static struct desk *d;
static struct query_scope scope;

static void
good(const char *text, const char *printed)
{
	void *ctx = talloc_new(NULL);
	struct err err = {0};
	struct node *tree, *again;
	char *s;

	ATF_REQUIRE_MSG(query_parse(ctx, text, &scope, &tree, &err) == RC_OK, "%s: %s",
	    text, err.text);
	s = query_print(ctx, tree);
	ATF_CHECK_MSG(
	    strcmp(s, printed) == 0, "%s prints as %s, not %s", text, s, printed);
	ATF_REQUIRE_MSG(
	    query_parse(ctx, s, &scope, &again, &err) == RC_OK, "%s: %s", s, err.text);
	ATF_CHECK_MSG(node_equal(tree, again), "%s is not what it was", s);
	talloc_free(ctx);
}

static void
bad(const char *text, const char *says)
{
	struct err err = {0};
	struct node *tree;

	ATF_REQUIRE_MSG(
	    query_parse(d, text, &scope, &tree, &err) == RC_USAGE, "%s", text);
	ATF_CHECK_MSG(strstr(err.text, says) != NULL, "%s: %s", text, err.text);
	ATF_CHECK_MSG(strchr(err.place, '^') != NULL, "%s: no caret", text);
}

static void
setup(void)
{
	d = test_desk(NULL);
	scope.config = d->config;
}

ATF_TC_WITHOUT_HEAD(parse__the_grammar);
ATF_TC_BODY(parse__the_grammar, tc)
{
	setup();
	good("", "");
	good("status:open queue:billing", "status:open queue:billing");
	good("status:new,open  -tag:spam not tag:x", "status:new,open -tag:spam -tag:x");
	good("(priority:high or tag:vip) assignee:none",
	    "(priority:high or tag:vip) assignee:none");
	good("a:b"[0] == 'a' ? "tag:a and tag:b" : "", "tag:a tag:b");
	good("tag:a tag:b or tag:c", "tag:a tag:b or tag:c");
	good("tag:a (tag:b tag:c)", "tag:a tag:b tag:c");
	good("not not tag:a", "tag:a");
	good("-(tag:a tag:b)", "-(tag:a tag:b)");
	good("priority>=high updated<-4d created>=2026-11-01",
	    "priority>=high updated<-4d created>=2026-11-01");
	good("subject:/invoice|refund/ body:/a\\/b/",
	    "subject:/invoice|refund/ body:/a\\/b/");
	good("subject:\"exact words\"", "subject:\"exact words\"");
	good("printer status:open jam \"paper jam\" print*",
	    "printer jam \"paper jam\" print* status:open");
	good("id:42 id:40..50 ref:ZD-17", "id:42 id:40..50 ref:ZD-17");
	good("field.floor:3.0 field.cause:user", "field.floor:3 field.cause:user");
	good("requester:ann@example.com customer:7 participant:bob@x.org",
	    "requester:ann@example.com customer:7 participant:bob@x.org");
	good("is:unassigned has:attachment link:42 sla:breached,none",
	    "is:unassigned has:attachment link:42 sla:breached,none");
	good("a not\"b c\" or\"d\"", "a -\"b c\" or \"d\"");
	good("tag:\"or\" tag:\"a b\"", "tag:or tag:\"a b\"");
}

ATF_TC_WITHOUT_HEAD(parse__errors_point_at_the_place);
ATF_TC_BODY(parse__errors_point_at_the_place, tc)
{
	struct err err;
	struct node *tree;

	setup();
	bad("statsu:open", "unknown key \"statsu\" (did you mean \"status\"?)");
	bad("status:opne", "did you mean \"open\"?");
	bad("queue:biling", "did you mean \"billing\"?");
	bad("assignee:bobb", "did you mean \"bob\"?");
	bad("updated<4d", "needs a sign");
	bad("updated:4d", "compare it with");
	bad("updated<x", "is no time");
	bad("status>open", "has no order");
	bad("subject:\"x", "not closed");
	bad("subject:/x", "not closed");
	bad("subject:/(/", "regular expression");
	bad("(tag:a", "not closed");
	bad("tag:a)", "no parenthesis is open");
	bad("tag:a or", "missing after");
	bad("or tag:a", "missing before");
	bad("()", "missing");
	bad("tag:", "value is missing");
	bad("tag:a,", "value is missing");
	bad("-", "nothing to negate");
	bad("--or", "needs quotes");
	bad("or\"x\"", "missing before");
	bad("not and", "needs quotes");
	bad("id:x", "no ticket number");
	bad("field.flor:3", "no such field");
	bad("field.floor:x", "is not a number");
	bad("requester:nobody", "is not an address");
	bad("&", "no word");
	scope.condition = true;
	bad("printer", "bare words");
	bad("updated<-4d", "cannot be part of a condition");
	bad("assignee:me", "means nobody");
	bad("is:overdue", "cannot be part");
	scope.condition = false;
	ATF_REQUIRE(
	    query_parse(d, "status:open quue:x", &scope, &tree, &err) == RC_USAGE);
	ATF_CHECK_STREQ("  status:open quue:x\n              ^", err.place);
}

/* ---- random stores, random trees ---- */

static unsigned state = 42;

static unsigned
rnd(unsigned n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

static const char *const tags[] = {"a", "b", "c"};
static const char *const words[] = {"printer", "jam", "Größe", "invoice", "paper"};
static const char *const people[] = {"ann@example.com", "bob@x.org", "cid@y.net"};
static const char *const queues[] = {"inbox", "billing", "hardware"};
static const char *const agents[] = {"alice", "bob", "carol"};
static const char *const times[] = {
    "-1h", "-5d", "+2h", "2026-11-20", "2026-11-22T09:00:00Z"};

static void
change(struct change_tx *tx, void *ctx, int64_t id, const char *text, struct message *m)
{
	struct err err = {0};
	struct changes c = {0};
	struct edit e = {.ticket = id, .changes = &c, .message = m};
	struct change_result r;

	OK(changes_parse(ctx, text, d->config, &c, &err));
	OK(change_edit(tx, &actor_system, &e, &r, &err));
}

static void
random_ticket(struct change_tx *tx, void *ctx)
{
	struct err err = {0};
	struct draft draft = {.channel = channel_names[rnd(7)]};
	struct change_result r;

	draft.subject = talloc_asprintf(ctx, "%s %s", words[rnd(5)], words[rnd(5)]);
	draft.message.body = talloc_asprintf(
	    ctx, "%s, %s %s", words[rnd(5)], words[rnd(5)], words[rnd(5)]);
	draft.requester = (struct person_address){"", "email", people[rnd(3)]};
	draft.created_at = d->now - (int64_t)rnd(10) * 86400000;
	draft.external_id = rnd(3) ? NULL : talloc_asprintf(ctx, "X%u", rnd(1000000));
	OK(changes_parse(ctx,
	    talloc_asprintf(ctx, "queue=%s priority=%s kind=%s assignee=%s status=%s %s",
		queues[rnd(3)], priority_names[rnd(4)], kind_names[rnd(4)],
		rnd(3) ? agents[rnd(3)] : "none", status_names[rnd(6)],
		rnd(2)	 ? "tag+=a tag+=b"
		: rnd(2) ? "tag+=c cc+=bob@x.org"
			 : ""),
	    d->config, &draft.changes, &err));
	if (rnd(4) == 0) {
		struct attachment *a = talloc_zero(ctx, struct attachment);

		OK(attachment_put(d->store, ctx, "x.txt", NULL, "x", 1, a, &err));
		a->part = 1;
		draft.message.attachments = a;
		draft.message.nattachments = 1;
	}
	OK(change_new(tx, &actor_system, &draft, &r, &err));
	if (rnd(6) == 0)
		change(tx, ctx, r.ticket, rnd(2) ? "phase=spam" : "phase=deleted", NULL);
	if (rnd(5) == 0)
		change(tx, ctx, r.ticket, "snoozed_until=2026-11-25", NULL);
	if (strcmp(r.after->queue, "billing") != 0 && rnd(2))
		change(tx, ctx, r.ticket,
		    rnd(2) ? "field.floor=3 field.cause=user" : "field.floor=12", NULL);
	if (rnd(2)) {
		struct message m = {.kind = "reply",
		    .direction = rnd(2) ? "in" : "out",
		    .channel = "email",
		    .class = "human",
		    .author = "system",
		    .author_address = "",
		    .body = words[rnd(5)],
		    .quoted = ""};

		if (r.after->phase < PHASE_MERGED)
			change(tx, ctx, r.ticket, "", &m);
	}
}

static char *
random_term(void *ctx)
{
	const char *op[] = {"<", "<=", ">", ">="};

	switch (rnd(26)) {
	case 0:
		return talloc_asprintf(
		    ctx, "status:%s,%s", status_names[rnd(6)], status_names[rnd(6)]);
	case 1:
		return talloc_asprintf(ctx, "status:%s", status_names[rnd(6)]);
	case 2:
		return talloc_asprintf(ctx, "phase:%s", phase_names[rnd(7)]);
	case 3:
		return talloc_asprintf(ctx, "phase%s%s", op[rnd(4)], phase_names[rnd(7)]);
	case 4:
		return talloc_asprintf(
		    ctx, "priority%s%s", op[rnd(4)], priority_names[rnd(4)]);
	case 5:
		return talloc_asprintf(ctx, "priority:%s", priority_names[rnd(4)]);
	case 6:
		return talloc_asprintf(
		    ctx, "queue:%s,%s", queues[rnd(3)], queues[rnd(3)]);
	case 7:
		return talloc_asprintf(
		    ctx, "assignee:%s", rnd(3) ? agents[rnd(3)] : "none");
	case 8:
		return talloc_asprintf(ctx, "created%s%s", op[rnd(4)], times[rnd(5)]);
	case 9:
		return talloc_asprintf(ctx, "updated%s%s", op[rnd(4)], times[rnd(5)]);
	case 10:
		return talloc_asprintf(ctx, "due%s%s", op[rnd(4)], times[rnd(5)]);
	case 11:
		return talloc_asprintf(ctx, "solved%s%s", op[rnd(4)], times[rnd(5)]);
	case 12:
		return talloc_asprintf(ctx, "replied%s%s", op[rnd(4)], times[rnd(5)]);
	case 13:
		return talloc_asprintf(ctx, "waiting%s%s", op[rnd(4)], times[rnd(5)]);
	case 14:
		return talloc_asprintf(ctx, "id:%u..%u", rnd(20), 20 + rnd(20));
	case 15:
		return talloc_asprintf(ctx, "requester:%s", people[rnd(3)]);
	case 16:
		return talloc_asprintf(ctx, "participant:%s", people[rnd(3)]);
	case 17:
		return talloc_asprintf(ctx, "tag:%s,%s", tags[rnd(3)], tags[rnd(3)]);
	case 18:
		return talloc_asprintf(
		    ctx, "field.floor%s%u", rnd(2) ? ":" : op[rnd(4)], rnd(2) ? 3 : 12);
	case 19:
		return talloc_strdup(ctx, rnd(2) ? "has:attachment" : "field.cause:user");
	case 20:
		return talloc_asprintf(ctx, "is:%s",
		    ((const char *[]){"unassigned", "overdue", "snoozed", "merged",
			"spam", "deleted"})[rnd(6)]);
	case 21:
		return talloc_asprintf(
		    ctx, "subject:/%s|%s/", words[rnd(5)], words[rnd(5)]);
	case 22:
		return talloc_asprintf(ctx, "body:\"%s\"", words[rnd(5)]);
	case 23:
		return talloc_asprintf(
		    ctx, "%s %s", words[rnd(5)], rnd(2) ? "pap*" : words[rnd(5)]);
	case 24:
		return talloc_asprintf(ctx, "\"%s %s\"", words[rnd(5)], words[rnd(5)]);
	default:
		return talloc_asprintf(ctx,
		    "channel:%s kind:%s customer:%u sla:none,ok link:%u",
		    channel_names[rnd(7)], kind_names[rnd(4)], 1 + rnd(3), 1 + rnd(9));
	}
}

static char *
random_query(void *ctx, int depth)
{
	char *s;

	if (depth == 0 || rnd(3) == 0)
		return random_term(ctx);
	switch (rnd(3)) {
	case 0:
		return talloc_asprintf(ctx, "not (%s)", random_query(ctx, depth - 1));
	case 1:
		return talloc_asprintf(ctx, "(%s or %s)", random_query(ctx, depth - 1),
		    random_query(ctx, depth - 1));
	default:
		s = random_query(ctx, depth - 1);
		return talloc_asprintf(ctx, "%s (%s)", s, random_query(ctx, depth - 1));
	}
}

static enum rc
mark(void *arg, struct ticket *t, struct err *err)
{
	bool *selected = arg;

	(void)err;
	selected[t->id] = true;
	return RC_OK;
}

enum { TICKETS = 40 };

static int
compare_once(struct ticket **all, void *ctx)
{
	struct err err = {0};
	struct query_list list = {.sort = rnd(2) ? "id" : NULL};
	bool selected[TICKETS + 1] = {false};
	struct query_now now = query_now_of(d);
	struct node *tree, *again;
	char *text = random_query(ctx, 3), *printed;

	if (query_parse(ctx, text, &scope, &tree, &err) != RC_OK)
		atf_tc_fail("%s: %s", text, err.text);
	printed = query_print(ctx, tree);
	if (query_parse(ctx, printed, &scope, &again, &err) != RC_OK)
		atf_tc_fail("%s printed as %s: %s", text, printed, err.text);
	ATF_REQUIRE_MSG(node_equal(tree, again), "%s printed as %s", text, printed);
	OK(query_each(d, tree, &list, mark, selected, &err));
	for (int i = 1; i <= TICKETS; i++) {
		bool yes = false;

		OK(query_match(tree, all[i], &now, &yes, NULL, &err));
		ATF_REQUIRE_MSG(yes == selected[i],
		    "ticket %d: %s: SQL says %d, match says %d", i, text, selected[i],
		    yes);
	}
	return TICKETS;
}

ATF_TC(sql_and_match__select_the_same);
ATF_TC_HEAD(sql_and_match__select_the_same, tc)
{
	atf_tc_set_md_var(tc, "timeout", "600");
}
ATF_TC_BODY(sql_and_match__select_the_same, tc)
{
	struct err err = {0};
	const char *longer = getenv("TKT_LONG");
	long pairs = 0, want = longer && *longer ? 1000000 : 40000;
	struct ticket *all[TICKETS + 1];
	struct change_tx *tx;
	void *ctx = talloc_new(NULL);

	setup();
	/* The stores change, too: each round changes half of the tickets. */
	OK(change_begin(ctx, d, 0, &tx, &err));
	for (int i = 0; i < TICKETS; i++)
		random_ticket(tx, ctx);
	OK(change_commit(tx, &err));
	while (pairs < want) {
		void *turn = talloc_new(ctx);

		for (int i = 1; i <= TICKETS; i++)
			OK(ticket_get(d->store, turn, i, &all[i], &err));
		for (int k = 0; k < 100 && pairs < want; k++) {
			void *one = talloc_new(turn);

			pairs += compare_once(all, one);
			talloc_free(one);
		}
		OK(change_begin(turn, d, 0, &tx, &err));
		for (int i = 1; i <= TICKETS; i += 2)
			change(tx, turn, i,
			    talloc_asprintf(turn,
				"priority=%s assignee=%s tag%s=%s phase=%s status=%s",
				priority_names[rnd(4)], agents[rnd(3)],
				rnd(2) ? "+" : "-", tags[rnd(3)],
				rnd(5) ? "normal" : "spam", status_names[rnd(6)]),
			    NULL);
		OK(change_commit(tx, &err));
		talloc_free(turn);
	}
	printf("figure: query_sql and query_match agree on %ld pairs\n", pairs);
	talloc_free(ctx);
	talloc_free(d);
}

/* ---- plans of compiled queries ---- */

ATF_TC_WITHOUT_HEAD(sql__uses_the_indexes);
ATF_TC_BODY(sql__uses_the_indexes, tc)
{
	static const struct {
		const char *query, *plan;
	} cases[] = {
	    {"queue:billing phase:open,waiting", "ticket_queue "},
	    {"queue:billing status:open", "ticket_queue "},
	    {"queue:billing", "ticket_queue_all "},
	    {"assignee:bob phase:open", "ticket_assignee "},
	    {"assignee:bob", "ticket_assignee_all "},
	    {"status:new", "ticket_live"},
	    {"phase:open", "ticket_live"},
	    {"is:spam", "ticket_hidden"},
	    {"is:overdue", "ticket_due "},
	    {"status:solved solved<-4d", "ticket_solved "},
	    {"requester:ann@example.com", "ticket_customer "},
	    {"tag:vip", "ticket_tag_tag "},
	    {"field.floor:3", "ticket_field_value "},
	    {"field.floor>=3", "ticket_field_num "},
	    {"participant:ann@example.com", "ticket_person_who "},
	    {"ref:ZD-17", "external_id="},
	    {"id:42", "rowid="},
	    {"", "ticket_updated"},
	};
	struct err err = {0};

	setup();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct query_now now = query_now_of(d);
		struct query_sql q;
		struct node *tree;
		char *sql, *plan;

		OK(query_parse(d, cases[i].query, &scope, &tree, &err));
		OK(query_sql(d, query_visible(d, tree), &now, false, &q, &err));
		sql = talloc_asprintf(d, "SELECT t.id FROM ticket t WHERE %s", q.where);
		if (strstr(cases[i].query, "overdue") == NULL &&
		    strstr(cases[i].query, "solved<") == NULL)
			sql = talloc_asprintf_append(
			    sql, " ORDER BY t.updated_at DESC, t.id DESC LIMIT 50");
		OK(store_plan(d->store, d, sql, &plan, &err));
		ATF_CHECK_MSG(strstr(plan, cases[i].plan) != NULL, "%s: %s: %s",
		    cases[i].query, sql, plan);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, parse__the_grammar);
	ATF_TP_ADD_TC(tp, parse__errors_point_at_the_place);
	ATF_TP_ADD_TC(tp, sql_and_match__select_the_same);
	ATF_TP_ADD_TC(tp, sql__uses_the_indexes);
	return atf_no_error();
}
