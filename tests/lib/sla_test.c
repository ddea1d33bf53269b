/* The clocks: the worked examples of tkt-sla(7) that need events, and the rules around
 * them, each by the step that programs use. */
#include <atf-c.h>
#include <sodium.h>
#include <stdio.h>
#include <talloc.h>

#include "base/mem.h"
#include "hours.h"
#include "policy/sla.h"

static const char *const nine_to_five[] = {"09:00-17:00", NULL};

#define IS(got, want)  \
	ATF_CHECK_MSG( \
	    (got) == (want), "%s: %s, not %s", #got, utc(w.ctx, got), utc(w.ctx, want))

/* One ticket under one policy. */
struct world {
	void *ctx;
	struct clocks *s;
	struct sla_rules rules;
	struct sla_policy policy;
	struct sla_event e;
	struct sla_history history;
	bool none; /* no policy matches */
};

static const struct calendar *
calendar(void *ctx, const char *name)
{
	struct hours h = {0};
	const char *why = "";

	if (strcmp(name, "24x7") == 0)
		return &calendar_always;
	test_week(ctx, &h, 31, nine_to_five);
	if (strcmp(name, "BER") == 0)
		ATF_REQUIRE(hours_exception(ctx, &h, "2026-12-24 09:00-12:00", &why) &&
			    hours_exception(ctx, &h, "2026-12-25 closed", &why));
	return test_compile(ctx, name, &h,
	    strcmp(name, "NYC") == 0 ? "America/New_York" : "Europe/Berlin");
}

static void
goal(struct world *w, enum sla_target t, int64_t seconds)
{
	for (int i = 0; i < 4; i++)
		w->policy.goal[t][i] = seconds;
}

static void
hours_of(struct world *w, const char *name)
{
	w->policy.hours = calendar(w->ctx, name);
	w->policy.calendar = w->policy.hours->name;
}

static struct world
begin(const char *hours)
{
	static const char *never[] = {NULL};
	struct world w = {.ctx = talloc_new(NULL)};

	w.s = talloc_zero(w.ctx, struct clocks);
	w.s->policy = "";
	w.policy = (struct sla_policy){.name = "p"};
	w.policy.pause_on[SLA_FIRST_RESPONSE] = w.policy.pause_on[SLA_NEXT_RESPONSE] =
	    never;
	w.rules = (struct sla_rules){.version = 1};
	w.e = (struct sla_event){.status = "new", .priority = 1};
	hours_of(&w, hours);
	return w;
}

/* An event, and what it leaves in w->e: status, phase and priority stay. */
static void
happens(struct world *w, const char *when, enum sla_said said)
{
	w->rules.v = &w->policy;
	w->rules.n = 1;
	w->e.at = at(when);
	w->e.id++;
	w->e.said = said;
	w->e.rules = &w->rules;
	w->e.policy = w->none ? NULL : &w->policy;
	w->history.v = mem_grow(w->ctx, w->history.v, struct sla_past, w->history.n + 1);
	w->history.v[w->history.n++] =
	    (struct sla_past){w->e.at, w->e.status, w->e.phase};
	ATF_REQUIRE(sla_step(w->s, &w->e, &w->history, NULL));
	w->e.asked_anew = w->e.opened_by_agent = false;
	w->e.asked_at = 0;
}

static void
becomes(struct world *w, const char *when, const char *status, int64_t phase)
{
	w->e.status = status;
	w->e.phase = phase;
	happens(w, when, SLA_SILENT);
}

static struct clock *
clock_of(struct world *w, enum sla_target t, int64_t cycle)
{
	for (size_t i = 0; i < w->s->n; i++) {
		if (w->s->v[i].target == t && w->s->v[i].cycle == cycle)
			return &w->s->v[i];
	}
	atf_tc_fail("no clock %s %d", sla_target_names[t], (int)cycle);
}

static int64_t
overrun(const struct clock *c)
{
	return c->elapsed > c->goal_s ? c->elapsed - c->goal_s : 0;
}

/* ---- the worked examples ---- */

ATF_TC_WITHOUT_HEAD(example_1__weekend_with_spring_change);
ATF_TC_BODY(example_1__weekend_with_spring_change, tc)
{
	struct world w = begin("BER");

	goal(&w, SLA_FIRST_RESPONSE, 4 * 3600);
	happens(&w, "2026-03-27T14:30:00Z", SLA_CUSTOMER);
	IS(clock_of(&w, SLA_FIRST_RESPONSE, 1)->due, at("2026-03-30T09:30:00Z"));
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(example_5__pause_while_waiting_S15_S24);
ATF_TC_BODY(example_5__pause_while_waiting_S15_S24, tc)
{
	struct world w = begin("BER");
	struct clock *c;

	goal(&w, SLA_RESOLUTION, 8 * 3600);
	happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
	c = clock_of(&w, SLA_RESOLUTION, 1);
	IS(c->due, at("2026-06-02T08:00:00Z"));
	becomes(&w, "2026-06-01T13:00:00Z", "pending", PHASE_WAITING);
	ATF_CHECK_EQ(CLOCK_PAUSED, c->state);
	ATF_CHECK_EQ(0, c->due);
	ATF_CHECK_EQ(5 * 3600, c->elapsed);
	w.e.status = "open";
	w.e.phase = PHASE_OPEN;
	happens(&w, "2026-06-03T07:30:00Z", SLA_CUSTOMER);
	IS(c->due, at("2026-06-03T10:30:00Z"));
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(example_7__priority_up_in_time_and_too_late_S25);
ATF_TC_BODY(example_7__priority_up_in_time_and_too_late_S25, tc)
{
	struct world w = begin("NYC");
	struct clock *c;

	goal(&w, SLA_FIRST_RESPONSE, 16 * 3600);
	w.policy.goal[SLA_FIRST_RESPONSE][3] = 4 * 3600;
	happens(&w, "2026-07-06T13:00:00Z", SLA_CUSTOMER);
	c = clock_of(&w, SLA_FIRST_RESPONSE, 1);
	IS(c->due, at("2026-07-07T21:00:00Z"));
	w.e.priority = 3;
	happens(&w, "2026-07-06T15:00:00Z", SLA_SILENT);
	IS(c->due, at("2026-07-06T17:00:00Z"));
	talloc_free(w.ctx);

	w = begin("NYC");
	goal(&w, SLA_FIRST_RESPONSE, 16 * 3600);
	w.policy.goal[SLA_FIRST_RESPONSE][3] = 4 * 3600;
	happens(&w, "2026-07-06T13:00:00Z", SLA_CUSTOMER);
	w.e.priority = 3;
	happens(&w, "2026-07-06T19:00:00Z", SLA_SILENT);
	c = clock_of(&w, SLA_FIRST_RESPONSE, 1);
	IS(c->breached, at("2026-07-06T19:00:00Z"));
	ATF_CHECK_STREQ("change", c->cause);
	/* S28: a longer target does not take it back. */
	w.e.priority = 0;
	happens(&w, "2026-07-06T19:30:00Z", SLA_SILENT);
	IS(c->breached, at("2026-07-06T19:00:00Z"));
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(example_8__another_calendar_in_mid_flight_S25);
ATF_TC_BODY(example_8__another_calendar_in_mid_flight_S25, tc)
{
	struct world w = begin("NYC");
	struct clock *c;

	goal(&w, SLA_FIRST_RESPONSE, 8 * 3600);
	happens(&w, "2026-07-10T20:00:00Z", SLA_CUSTOMER);
	c = clock_of(&w, SLA_FIRST_RESPONSE, 1);
	IS(c->due, at("2026-07-13T20:00:00Z"));
	goal(&w, SLA_FIRST_RESPONSE, 4 * 3600);
	hours_of(&w, "24x7");
	w.rules.version = 2;
	happens(&w, "2026-07-11T14:00:00Z", SLA_SILENT);
	IS(c->due, at("2026-07-11T17:00:00Z"));
	ATF_CHECK_EQ(3600, c->elapsed);
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(example_9__oldest_unanswered_and_the_boundary_S22_S23);
ATF_TC_BODY(example_9__oldest_unanswered_and_the_boundary_S22_S23, tc)
{
	static const char *const replies[] = {
	    "2026-06-10T08:00:00Z", "2026-06-10T08:00:01Z"};

	for (int late = 0; late < 2; late++) {
		struct world w = begin("BER");
		struct clock *c;

		goal(&w, SLA_NEXT_RESPONSE, 2 * 3600);
		happens(&w, "2026-06-08T08:00:00Z", SLA_CUSTOMER);
		happens(&w, "2026-06-08T09:00:00Z", SLA_AGENT);
		happens(&w, "2026-06-09T14:00:00Z", SLA_CUSTOMER);
		happens(&w, "2026-06-10T07:15:00Z", SLA_CUSTOMER);
		c = clock_of(&w, SLA_NEXT_RESPONSE, 1);
		IS(c->due, at("2026-06-10T08:00:00Z"));
		happens(&w, replies[late], SLA_AGENT);
		ATF_CHECK_EQ(late ? CLOCK_BREACHED : CLOCK_MET, c->state);
		ATF_CHECK_EQ(late, overrun(c));
		talloc_free(w.ctx);
	}
}

ATF_TC_WITHOUT_HEAD(example_10__reopened_S31);
ATF_TC_BODY(example_10__reopened_S31, tc)
{
	struct world w = begin("NYC");
	struct clock *c;

	goal(&w, SLA_RESOLUTION, 8 * 3600);
	happens(&w, "2026-08-03T13:00:00Z", SLA_CUSTOMER);
	becomes(&w, "2026-08-03T18:00:00Z", "solved", PHASE_RESOLVED);
	c = clock_of(&w, SLA_RESOLUTION, 1);
	ATF_CHECK_EQ(CLOCK_MET, c->state);
	w.e.status = "open";
	w.e.phase = PHASE_OPEN;
	happens(&w, "2026-08-06T14:00:00Z", SLA_CUSTOMER);
	IS(c->due, at("2026-08-06T17:00:00Z"));
	ATF_CHECK_EQ(CLOCK_RUNNING, c->state);
	becomes(&w, "2026-08-06T17:30:00Z", "solved", PHASE_RESOLVED);
	ATF_CHECK_EQ(CLOCK_BREACHED, c->state);
	IS(c->breached, at("2026-08-06T17:00:00Z"));
	ATF_CHECK_EQ(1800, overrun(c));
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(example_13__answered_in_closed_time_S22_S23);
ATF_TC_BODY(example_13__answered_in_closed_time_S22_S23, tc)
{
	struct world w = begin("BER");
	struct clock *c;

	goal(&w, SLA_FIRST_RESPONSE, 8 * 3600);
	happens(&w, "2026-06-17T07:00:00Z", SLA_CUSTOMER);
	c = clock_of(&w, SLA_FIRST_RESPONSE, 1);
	IS(c->due, at("2026-06-17T15:00:00Z"));
	happens(&w, "2026-06-17T18:00:00Z", SLA_AGENT);
	ATF_CHECK_EQ(CLOCK_BREACHED, c->state);
	IS(c->breached, at("2026-06-17T15:00:00Z"));
	ATF_CHECK_EQ(0, overrun(c));
	talloc_free(w.ctx);
}

/* ---- the rules around them ---- */

ATF_TC_WITHOUT_HEAD(response__solved_without_a_word_is_void_S18);
ATF_TC_BODY(response__solved_without_a_word_is_void_S18, tc)
{
	struct world w = begin("24x7");
	struct clock *c;

	goal(&w, SLA_FIRST_RESPONSE, 3600);
	goal(&w, SLA_NEXT_RESPONSE, 3600);
	happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
	becomes(&w, "2026-06-01T08:30:00Z", "solved", PHASE_RESOLVED);
	c = clock_of(&w, SLA_FIRST_RESPONSE, 1);
	ATF_CHECK_EQ(CLOCK_VOID, c->state);
	ATF_CHECK_STREQ("resolved_without_reply", c->ended_by);
	/* S32: who reopens waits for an answer. */
	w.e.status = "open";
	w.e.phase = PHASE_OPEN;
	happens(&w, "2026-06-01T09:00:00Z", SLA_CUSTOMER);
	IS(clock_of(&w, SLA_NEXT_RESPONSE, 1)->due, at("2026-06-01T10:00:00Z"));
	/* Breached already: that stays. */
	becomes(&w, "2026-06-01T11:00:00Z", "solved", PHASE_RESOLVED);
	ATF_CHECK_EQ(CLOCK_BREACHED, clock_of(&w, SLA_NEXT_RESPONSE, 1)->state);
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(response__does_not_pause_and_bots_do_not_answer_S15_S17);
ATF_TC_BODY(response__does_not_pause_and_bots_do_not_answer_S15_S17, tc)
{
	struct world w = begin("24x7");

	goal(&w, SLA_FIRST_RESPONSE, 3600);
	happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
	happens(&w, "2026-06-01T08:01:00Z", SLA_BOT);
	becomes(&w, "2026-06-01T08:30:00Z", "pending", PHASE_WAITING);
	IS(clock_of(&w, SLA_FIRST_RESPONSE, 1)->due, at("2026-06-01T09:00:00Z"));
	w.policy.count_bots = true;
	happens(&w, "2026-06-01T08:40:00Z", SLA_BOT);
	ATF_CHECK_EQ(CLOCK_MET, clock_of(&w, SLA_FIRST_RESPONSE, 1)->state);
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(update__cycles_from_each_word_of_an_agent);
ATF_TC_BODY(update__cycles_from_each_word_of_an_agent, tc)
{
	struct world w = begin("24x7");

	goal(&w, SLA_UPDATE, 3600);
	happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
	ATF_CHECK_EQ(0, w.s->n);
	happens(&w, "2026-06-01T08:10:00Z", SLA_AGENT);
	happens(&w, "2026-06-01T08:30:00Z", SLA_AGENT);
	ATF_CHECK_EQ(CLOCK_MET, clock_of(&w, SLA_UPDATE, 1)->state);
	IS(clock_of(&w, SLA_UPDATE, 2)->due, at("2026-06-01T09:30:00Z"));
	becomes(&w, "2026-06-01T09:00:00Z", "pending", PHASE_WAITING); /* S19 */
	ATF_CHECK_EQ(CLOCK_PAUSED, clock_of(&w, SLA_UPDATE, 2)->state);
	becomes(&w, "2026-06-01T12:00:00Z", "open", PHASE_OPEN);
	IS(clock_of(&w, SLA_UPDATE, 2)->due, at("2026-06-01T12:30:00Z"));
	becomes(&w, "2026-06-01T12:10:00Z", "solved", PHASE_RESOLVED);
	ATF_CHECK_EQ(CLOCK_VOID, clock_of(&w, SLA_UPDATE, 2)->state);
	ATF_CHECK_STREQ("resolved", clock_of(&w, SLA_UPDATE, 2)->ended_by);
	becomes(&w, "2026-06-01T13:00:00Z", "open", PHASE_OPEN);
	ATF_CHECK_EQ(2, w.s->n);
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(pause__at_the_due_second_and_nothing_left_S22_S23);
ATF_TC_BODY(pause__at_the_due_second_and_nothing_left_S22_S23, tc)
{
	struct world w = begin("24x7");
	struct clock *c;

	goal(&w, SLA_RESOLUTION, 3600);
	happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
	becomes(&w, "2026-06-01T09:00:00Z", "hold", PHASE_WAITING);
	c = clock_of(&w, SLA_RESOLUTION, 1);
	ATF_CHECK_EQ(CLOCK_PAUSED, c->state);
	becomes(&w, "2026-06-01T10:00:00Z", "open", PHASE_OPEN);
	IS(c->due, at("2026-06-01T10:00:00Z"));
	ATF_CHECK_EQ(CLOCK_RUNNING, c->state);
	sla_advance(w.s, at("2026-06-01T10:00:00Z"), NULL);
	ATF_CHECK_EQ(CLOCK_RUNNING, c->state);
	sla_advance(w.s, at("2026-06-01T10:00:01Z"), NULL);
	ATF_CHECK_EQ(CLOCK_BREACHED, c->state);
	IS(c->breached, at("2026-06-01T10:00:00Z"));
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(pause__in_chosen_statuses_S15);
ATF_TC_BODY(pause__in_chosen_statuses_S15, tc)
{
	static const char *pending[] = {"pending", NULL};
	struct world w = begin("24x7");

	goal(&w, SLA_RESOLUTION, 7200);
	w.policy.pause_on[SLA_RESOLUTION] = pending;
	happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
	becomes(&w, "2026-06-01T08:30:00Z", "hold", PHASE_WAITING);
	ATF_CHECK_EQ(CLOCK_RUNNING, clock_of(&w, SLA_RESOLUTION, 1)->state);
	becomes(&w, "2026-06-01T08:40:00Z", "pending", PHASE_WAITING);
	ATF_CHECK_EQ(CLOCK_PAUSED, clock_of(&w, SLA_RESOLUTION, 1)->state);
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(change__late_policy_counts_from_the_start_less_pauses_S26);
ATF_TC_BODY(change__late_policy_counts_from_the_start_less_pauses_S26, tc)
{
	struct world w = begin("24x7");
	struct clock *c;

	goal(&w, SLA_RESOLUTION, 4 * 3600);
	goal(&w, SLA_FIRST_RESPONSE, 3600);
	w.none = true;
	happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
	becomes(&w, "2026-06-01T09:00:00Z", "pending", PHASE_WAITING);
	becomes(&w, "2026-06-01T11:00:00Z", "open", PHASE_OPEN);
	ATF_CHECK_EQ(0, w.s->n);
	w.none = false;
	happens(&w, "2026-06-01T12:00:00Z", SLA_SILENT);
	c = clock_of(&w, SLA_RESOLUTION, 1);
	ATF_CHECK_EQ(2 * 3600, c->elapsed);
	IS(c->due, at("2026-06-01T14:00:00Z"));
	IS(c->started, at("2026-06-01T08:00:00Z"));
	c = clock_of(&w, SLA_FIRST_RESPONSE, 1);
	IS(c->breached, at("2026-06-01T12:00:00Z"));
	ATF_CHECK_STREQ("late_policy", c->cause);
	/* S28: it goes with its policy; what was breached stays. */
	w.none = true;
	happens(&w, "2026-06-01T12:30:00Z", SLA_SILENT);
	ATF_CHECK_EQ(CLOCK_BREACHED, c->state);
	c = clock_of(&w, SLA_RESOLUTION, 1);
	ATF_CHECK_EQ(CLOCK_VOID, c->state);
	ATF_CHECK_STREQ("policy", c->ended_by);
	/* And it comes back as if it had been there. */
	w.none = false;
	happens(&w, "2026-06-01T13:00:00Z", SLA_SILENT);
	ATF_CHECK_EQ(CLOCK_RUNNING, clock_of(&w, SLA_RESOLUTION, 1)->state);
	ATF_CHECK_EQ(3 * 3600, clock_of(&w, SLA_RESOLUTION, 1)->elapsed);
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(change__without_history_asks_for_it);
ATF_TC_BODY(change__without_history_asks_for_it, tc)
{
	struct world w = begin("24x7");

	goal(&w, SLA_FIRST_RESPONSE, 3600);
	w.none = true;
	happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
	w.e.policy = &w.policy;
	w.e.said = SLA_SILENT;
	ATF_CHECK(!sla_step(w.s, &w.e, NULL, NULL));
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(change__leaves_a_minimum_S27);
ATF_TC_BODY(change__leaves_a_minimum_S27, tc)
{
	struct world w = begin("24x7");
	struct clock *c;

	goal(&w, SLA_FIRST_RESPONSE, 16 * 3600);
	w.policy.goal[SLA_FIRST_RESPONSE][3] = 4 * 3600;
	w.policy.min_remaining = 1800;
	happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
	c = clock_of(&w, SLA_FIRST_RESPONSE, 1);
	w.e.priority = 3;
	happens(&w, "2026-06-01T14:00:00Z", SLA_SILENT);
	IS(c->due, at("2026-06-01T14:30:00Z"));
	/* Another event is no other change. */
	happens(&w, "2026-06-01T14:10:00Z", SLA_SILENT);
	IS(c->due, at("2026-06-01T14:30:00Z"));
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(reopen__new_cycle_and_ignore_S31);
ATF_TC_BODY(reopen__new_cycle_and_ignore_S31, tc)
{
	for (int how = REOPEN_NEW_CYCLE; how <= REOPEN_IGNORE; how++) {
		struct world w = begin("24x7");

		goal(&w, SLA_RESOLUTION, 3600);
		w.policy.reopen = (enum sla_reopen)how;
		happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
		becomes(&w, "2026-06-01T08:30:00Z", "solved", PHASE_RESOLVED);
		becomes(&w, "2026-06-02T08:00:00Z", "open", PHASE_OPEN);
		ATF_CHECK_EQ(CLOCK_MET, clock_of(&w, SLA_RESOLUTION, 1)->state);
		if (how == REOPEN_NEW_CYCLE)
			IS(clock_of(&w, SLA_RESOLUTION, 2)->due,
			    at("2026-06-02T09:00:00Z"));
		else
			ATF_CHECK_EQ(1, w.s->n);
		talloc_free(w.ctx);
	}
}

ATF_TC_WITHOUT_HEAD(spam__voids_and_unmarking_restores_S35);
ATF_TC_BODY(spam__voids_and_unmarking_restores_S35, tc)
{
	struct world w = begin("24x7");
	struct clock *c;

	goal(&w, SLA_FIRST_RESPONSE, 3600);
	happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
	becomes(&w, "2026-06-01T08:20:00Z", "new", PHASE_SPAM);
	c = clock_of(&w, SLA_FIRST_RESPONSE, 1);
	ATF_CHECK_EQ(CLOCK_VOID, c->state);
	ATF_CHECK_STREQ("spam", c->ended_by);
	becomes(&w, "2026-06-03T08:00:00Z", "new", PHASE_OPEN);
	ATF_CHECK_EQ(CLOCK_RUNNING, c->state);
	IS(c->due, at("2026-06-03T08:40:00Z"));
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(merge__the_more_urgent_question_goes_on_S33);
ATF_TC_BODY(merge__the_more_urgent_question_goes_on_S33, tc)
{
	struct world a = begin("24x7"), w = begin("24x7");
	struct clock *c;

	goal(&a, SLA_FIRST_RESPONSE, 7200);
	goal(&a, SLA_NEXT_RESPONSE, 7200);
	goal(&w, SLA_FIRST_RESPONSE, 7200);
	happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
	happens(&a, "2026-06-01T08:30:00Z", SLA_CUSTOMER);
	a.e.at = at("2026-06-01T09:00:00Z");
	sla_take_over(a.s, w.s, &a.e, NULL);
	happens(&a, "2026-06-01T09:00:00Z", SLA_SILENT);
	c = clock_of(&a, SLA_FIRST_RESPONSE, 1);
	IS(c->due, at("2026-06-01T10:00:00Z"));
	IS(c->started, at("2026-06-01T08:00:00Z"));
	/* Answered, and then another question comes in by a merge. */
	happens(&a, "2026-06-01T09:10:00Z", SLA_AGENT);
	a.e.at = at("2026-06-01T09:20:00Z");
	sla_take_over(a.s, w.s, &a.e, NULL);
	happens(&a, "2026-06-01T09:20:00Z", SLA_SILENT);
	c = clock_of(&a, SLA_NEXT_RESPONSE, 1);
	IS(c->due, at("2026-06-01T10:00:00Z"));
	/* The merged ticket's own clocks are void. */
	becomes(&w, "2026-06-01T09:20:00Z", "new", PHASE_MERGED);
	ATF_CHECK_EQ(CLOCK_VOID, clock_of(&w, SLA_FIRST_RESPONSE, 1)->state);
	ATF_CHECK_STREQ("merged", clock_of(&w, SLA_FIRST_RESPONSE, 1)->ended_by);
	talloc_free(w.ctx);
	talloc_free(a.ctx);
}

ATF_TC_WITHOUT_HEAD(split__starts_at_the_oldest_unanswered_S34);
ATF_TC_BODY(split__starts_at_the_oldest_unanswered_S34, tc)
{
	struct world w = begin("24x7");

	goal(&w, SLA_FIRST_RESPONSE, 3600);
	w.e.asked_at = at("2026-06-01T08:00:00Z");
	happens(&w, "2026-06-01T10:00:00Z", SLA_SILENT);
	ATF_CHECK_EQ(CLOCK_BREACHED, clock_of(&w, SLA_FIRST_RESPONSE, 1)->state);
	IS(clock_of(&w, SLA_FIRST_RESPONSE, 1)->breached, at("2026-06-01T09:00:00Z"));
	talloc_free(w.ctx);
	/* What it was split from, when nothing unanswered is left. */
	w = begin("24x7");
	goal(&w, SLA_FIRST_RESPONSE, 3600);
	happens(&w, "2026-06-01T10:00:00Z", SLA_CUSTOMER);
	w.e.asked_anew = true;
	happens(&w, "2026-06-01T10:10:00Z", SLA_SILENT);
	ATF_CHECK_STREQ("split", clock_of(&w, SLA_FIRST_RESPONSE, 1)->ended_by);
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(agent__opens_a_ticket_and_speaks_first);
ATF_TC_BODY(agent__opens_a_ticket_and_speaks_first, tc)
{
	struct world w = begin("24x7");

	for (int t = 0; t < SLA_TARGETS; t++)
		goal(&w, (enum sla_target)t, 3600);
	w.e.opened_by_agent = true;
	happens(&w, "2026-06-01T08:00:00Z", SLA_SILENT);
	ATF_CHECK_EQ(1, w.s->n);
	IS(clock_of(&w, SLA_RESOLUTION, 1)->due, at("2026-06-01T09:00:00Z"));
	happens(&w, "2026-06-01T08:05:00Z", SLA_AGENT);
	happens(&w, "2026-06-01T08:10:00Z", SLA_CUSTOMER);
	IS(clock_of(&w, SLA_NEXT_RESPONSE, 1)->due, at("2026-06-01T09:10:00Z"));
	ATF_CHECK_EQ(3, w.s->n);
	talloc_free(w.ctx);
}

/* ---- what the log is told ---- */

static void
told(struct world *w, const char *now, const char *what)
{
	char *said = talloc_strdup(w->ctx, "");
	struct sla_news n;

	w->rules.v = &w->policy;
	w->rules.n = 1;
	while (sla_next_news(w->s, &w->rules, at(now), &n))
		said = talloc_asprintf_append_buffer(said, "%s%s %s%s%s%.0lld",
		    *said ? "; " : "", sla_telling_actions[n.telling] + 4,
		    n.threshold ? n.threshold : "", n.threshold ? " " : "",
		    utc(w->ctx, n.at) + 11, (long long)n.missed);
	ATF_CHECK_MSG(strcmp(said, what) == 0, "told: %s", said);
}

ATF_TC_WITHOUT_HEAD(news__each_once_however_late_S36_S37);
ATF_TC_BODY(news__each_once_however_late_S36_S37, tc)
{
	for (int late = 0; late < 2; late++) {
		struct world w = begin("24x7");

		goal(&w, SLA_FIRST_RESPONSE, 3600);
		w.policy.warn[0] = (struct sla_warning){.text = "30m", .left = 1800};
		w.policy.warn[1] = (struct sla_warning){.text = "80%", .share = 80};
		w.policy.warn[2] = (struct sla_warning){.text = "2h", .left = 7200};
		w.policy.nwarn = 3;
		w.policy.remind = 600;
		happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
		told(&w, "2026-06-01T08:29:59Z", "");
		if (late) {
			told(&w, "2026-06-01T09:35:00Z",
			    "warned 30m 08:30:00Z; warned 80% 08:48:00Z; breached "
			    "09:00:00Z; reminded 09:30:00Z2");
		} else {
			told(&w, "2026-06-01T08:30:00Z", "warned 30m 08:30:00Z");
			told(&w, "2026-06-01T08:59:00Z", "warned 80% 08:48:00Z");
			told(&w, "2026-06-01T09:00:00Z", "");
			told(&w, "2026-06-01T09:00:01Z", "breached 09:00:00Z");
			told(&w, "2026-06-01T09:10:00Z", "reminded 09:10:00Z");
			told(&w, "2026-06-01T09:35:00Z", "reminded 09:30:00Z1");
		}
		told(&w, "2026-06-01T09:35:00Z", "");
		happens(&w, "2026-06-01T09:36:00Z", SLA_AGENT);
		told(&w, "2026-06-02T09:35:00Z", "");
		talloc_free(w.ctx);
	}
}

ATF_TC_WITHOUT_HEAD(news__after_a_change_only_what_is_new_S36);
ATF_TC_BODY(news__after_a_change_only_what_is_new_S36, tc)
{
	struct world w = begin("24x7");

	goal(&w, SLA_FIRST_RESPONSE, 10 * 3600);
	w.policy.goal[SLA_FIRST_RESPONSE][0] = 20 * 3600;
	w.policy.warn[0] = (struct sla_warning){.text = "50%", .share = 50};
	w.policy.warn[1] = (struct sla_warning){.text = "90%", .share = 90};
	w.policy.nwarn = 2;
	happens(&w, "2026-06-01T00:00:00Z", SLA_CUSTOMER);
	told(&w, "2026-06-01T06:00:00Z", "warned 50% 05:00:00Z");
	w.e.priority = 0;
	happens(&w, "2026-06-01T06:00:00Z", SLA_SILENT);
	told(&w, "2026-06-01T17:59:59Z", "");
	told(&w, "2026-06-01T18:00:00Z", "warned 90% 18:00:00Z");
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(news__a_late_answer_does_not_hide_a_breach);
ATF_TC_BODY(news__a_late_answer_does_not_hide_a_breach, tc)
{
	struct world w = begin("24x7");

	goal(&w, SLA_FIRST_RESPONSE, 3600);
	happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
	happens(&w, "2026-06-01T10:00:00Z", SLA_AGENT);
	told(&w, "2026-06-01T10:01:00Z", "breached 09:00:00Z");
	told(&w, "2026-06-01T10:01:00Z", "");
	talloc_free(w.ctx);
}

ATF_TC_WITHOUT_HEAD(news__as_an_event_and_heard_again);
ATF_TC_BODY(news__as_an_event_and_heard_again, tc)
{
	struct world w = begin("24x7");
	struct clocks *copy;
	struct sla_news n;
	json_t *o;

	goal(&w, SLA_FIRST_RESPONSE, 3600);
	w.policy.warn[0] = (struct sla_warning){.text = "30m", .left = 1800};
	w.policy.nwarn = 1;
	happens(&w, "2026-06-01T08:00:00Z", SLA_CUSTOMER);
	copy = clocks_copy(w.ctx, w.s);
	while (sla_next_news(w.s, &w.rules, at("2026-06-01T09:30:00Z"), &n)) {
		o = sla_news_json(&n);
		sla_heard(copy, &w.rules, sla_telling_actions[n.telling], o, NULL);
		json_decref(o);
	}
	ATF_CHECK(clocks_equal(w.s, copy));
	talloc_free(w.ctx);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_REQUIRE(sodium_init() >= 0);
	ATF_TP_ADD_TC(tp, example_1__weekend_with_spring_change);
	ATF_TP_ADD_TC(tp, example_5__pause_while_waiting_S15_S24);
	ATF_TP_ADD_TC(tp, example_7__priority_up_in_time_and_too_late_S25);
	ATF_TP_ADD_TC(tp, example_8__another_calendar_in_mid_flight_S25);
	ATF_TP_ADD_TC(tp, example_9__oldest_unanswered_and_the_boundary_S22_S23);
	ATF_TP_ADD_TC(tp, example_10__reopened_S31);
	ATF_TP_ADD_TC(tp, example_13__answered_in_closed_time_S22_S23);
	ATF_TP_ADD_TC(tp, response__solved_without_a_word_is_void_S18);
	ATF_TP_ADD_TC(tp, response__does_not_pause_and_bots_do_not_answer_S15_S17);
	ATF_TP_ADD_TC(tp, update__cycles_from_each_word_of_an_agent);
	ATF_TP_ADD_TC(tp, pause__at_the_due_second_and_nothing_left_S22_S23);
	ATF_TP_ADD_TC(tp, pause__in_chosen_statuses_S15);
	ATF_TP_ADD_TC(tp, change__late_policy_counts_from_the_start_less_pauses_S26);
	ATF_TP_ADD_TC(tp, change__without_history_asks_for_it);
	ATF_TP_ADD_TC(tp, change__leaves_a_minimum_S27);
	ATF_TP_ADD_TC(tp, reopen__new_cycle_and_ignore_S31);
	ATF_TP_ADD_TC(tp, spam__voids_and_unmarking_restores_S35);
	ATF_TP_ADD_TC(tp, merge__the_more_urgent_question_goes_on_S33);
	ATF_TP_ADD_TC(tp, split__starts_at_the_oldest_unanswered_S34);
	ATF_TP_ADD_TC(tp, agent__opens_a_ticket_and_speaks_first);
	ATF_TP_ADD_TC(tp, news__each_once_however_late_S36_S37);
	ATF_TP_ADD_TC(tp, news__after_a_change_only_what_is_new_S36);
	ATF_TP_ADD_TC(tp, news__a_late_answer_does_not_hide_a_breach);
	ATF_TP_ADD_TC(tp, news__as_an_event_and_heard_again);
	return atf_no_error();
}
