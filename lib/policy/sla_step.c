/* The step: how one event moves the clocks of a ticket. Nothing else starts, pauses,
 * fulfils or ends one. The order within an event: time passes, somebody speaks, the
 * ticket's phase changes, policies apply, pauses begin and end. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "policy/sla_priv.h"

const char *const sla_what_names[] = {"started", "paused", "resumed", "changed",
    "breached", "met", "void", "ended", "reopened", "taken_over", NULL};

struct step {
	struct clocks *s;
	const struct sla_event *e;
	const struct sla_history *history;
	const struct sla_trace *trace;
	int64_t at;
	bool lost; /* the history is needed */
};

static void
mark(const struct sla_trace *t, enum sla_what what, const struct clock *c, int64_t at,
    int64_t event)
{
	if (t != NULL)
		t->mark(t->arg, what, c, at, event);
}

static void
note(const struct step *p, enum sla_what what, const struct clock *c)
{
	mark(p->trace, what, c, p->at, p->e->id);
}

static bool
is_hidden(int64_t phase)
{
	return phase == PHASE_SPAM || phase == PHASE_DELETED;
}

static bool
is_resolved(int64_t phase)
{
	return phase == PHASE_RESOLVED || phase == PHASE_CLOSED;
}

static bool
is_live(int64_t phase)
{
	return phase == PHASE_OPEN || phase == PHASE_WAITING;
}

/* ---- one clock ---- */

static bool
is_open(const struct clock *c)
{
	return c->ended == 0;
}

/* Voided by a mark that may be taken back. */
static bool
is_hidden_clock(const struct clock *c)
{
	return strcmp(c->ended_by, "spam") == 0 || strcmp(c->ended_by, "deleted") == 0;
}

static void
end(struct step *p, struct clock *c, const char *by, bool met)
{
	sla_settle(c, p->at);
	c->since = 0;
	c->ended = p->at;
	c->ended_by = by;
	c->warn = 0;
	if (c->breached != 0) {
		c->state = CLOCK_BREACHED;
		note(p, SLA_ENDED, c);
	} else {
		c->state = met ? CLOCK_MET : CLOCK_VOID;
		note(p, met ? SLA_MET : SLA_VOIDED, c);
	}
}

void
sla_advance(struct clocks *s, int64_t at, const struct sla_trace *trace)
{
	for (size_t i = 0; i < s->n; i++) {
		struct clock *c = &s->v[i];

		if (!is_open(c) || c->since == 0 || c->breached != 0 || c->due >= at)
			continue;
		sla_breach(c, c->due, "");
		mark(trace, SLA_BREACHED, c, c->due, 0);
	}
}

/* ---- finding and making ---- */

static struct clock *
open_clock(struct clocks *s, enum sla_target t)
{
	for (size_t i = s->n; i > 0; i--) {
		if (s->v[i - 1].target == t && is_open(&s->v[i - 1]))
			return &s->v[i - 1];
	}
	return NULL;
}

static struct clock *
open_response(struct clocks *s)
{
	struct clock *c = open_clock(s, SLA_FIRST_RESPONSE);

	return c ? c : open_clock(s, SLA_NEXT_RESPONSE);
}

/* The newest of a target, open or not. */
static struct clock *
last_clock(struct clocks *s, enum sla_target t)
{
	struct clock *last = NULL;

	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i].target == t)
			last = &s->v[i];
	}
	return last;
}

static int64_t
goal_of(const struct step *p, enum sla_target t)
{
	return p->e->policy ? p->e->policy->goal[t][p->e->priority] : 0;
}

static void
bind_policy(const struct step *p, struct clock *c)
{
	c->policy = p->e->policy->name;
	c->calendar = p->e->policy->calendar;
	c->hours = p->e->policy->hours;
	c->version = p->e->rules->version;
	c->target_s = goal_of(p, c->target);
}

/* A new one, in its place of the order; NULL when the policy has no such target. */
static struct clock *
add(struct step *p, enum sla_target t, int64_t started)
{
	struct clocks *s = p->s;
	const struct clock *last = last_clock(s, t);
	struct clock c = {.target = t,
	    .cycle = last ? last->cycle + 1 : 1,
	    .cause = "",
	    .ended_by = "",
	    .warned = "",
	    .started = started};
	size_t at = 0;

	if (goal_of(p, t) == 0)
		return NULL;
	bind_policy(p, &c);
	c.goal_s = c.target_s;
	while (at < s->n && s->v[at].target <= t)
		at++;
	s->v = mem_grow(s, s->v, struct clock, s->n + 1);
	memmove(&s->v[at + 1], &s->v[at], (s->n - at) * sizeof(c));
	s->v[at] = c;
	s->n++;
	return &s->v[at];
}

static void
start(struct step *p, enum sla_target t)
{
	struct clock *c = add(p, t, p->at);

	if (c == NULL)
		return;
	sla_run_from(c, p->at);
	sla_schedule(c, p->e->policy);
	note(p, SLA_STARTED, c);
	if (is_hidden(p->e->phase)) /* taken back with the mark (S35) */
		end(p, c, phase_names[p->e->phase], false);
}

/* Fulfils the open clocks of a target, and those a spam mark holds. */
static void
fulfil(struct step *p, enum sla_target t, const char *by)
{
	for (size_t i = 0; i < p->s->n; i++) {
		struct clock *c = &p->s->v[i];

		if (c->target == t && (is_open(c) || is_hidden_clock(c)))
			end(p, c, by, true);
	}
}

static void
void_clock(struct step *p, enum sla_target t, const char *reason)
{
	struct clock *c = open_clock(p->s, t);

	if (c != NULL)
		end(p, c, reason, false);
}

/* ---- somebody speaks ---- */

/* Is the question that waits the first one of the ticket? */
static enum sla_target
response(const struct clocks *s)
{
	return s->asked == s->first_asked && s->replied == 0 ? SLA_FIRST_RESPONSE
							     : SLA_NEXT_RESPONSE;
}

static void
customer_speaks(struct step *p)
{
	struct clocks *s = p->s;
	bool first = s->first_asked == 0;

	if (first)
		s->first_asked = p->at;
	/* What comes to a solved ticket and leaves it solved asks nothing; a ticket that
	 * is solved as it opens was asked. */
	if (s->asked == 0 && (first || !is_resolved(p->e->phase))) {
		s->asked = p->at;
		start(p, response(s));
	}
	if (first && last_clock(s, SLA_RESOLUTION) == NULL)
		start(p, SLA_RESOLUTION);
}

static void
agent_speaks(struct step *p)
{
	struct clocks *s = p->s;

	fulfil(p, SLA_FIRST_RESPONSE, "reply");
	fulfil(p, SLA_NEXT_RESPONSE, "reply");
	fulfil(p, SLA_UPDATE, "reply");
	s->asked = 0;
	s->replied = s->update_from = p->at;
	if (!is_resolved(p->e->phase))
		start(p, SLA_UPDATE);
	else
		s->update_from = 0;
}

/* ---- the ticket's phase ---- */

static void
resolve(struct step *p)
{
	void_clock(p, SLA_FIRST_RESPONSE, "resolved_without_reply"); /* S18 */
	void_clock(p, SLA_NEXT_RESPONSE, "resolved_without_reply");
	void_clock(p, SLA_UPDATE, "resolved");
	fulfil(p, SLA_RESOLUTION, "resolved");
	p->s->asked = p->s->update_from = 0;
}

/* S31 */
static void
reopen(struct step *p)
{
	struct clock *c = last_clock(p->s, SLA_RESOLUTION);

	if (c == NULL || p->e->policy == NULL || strcmp(c->ended_by, "resolved") != 0 ||
	    p->e->policy->reopen == REOPEN_IGNORE)
		return;
	if (p->e->policy->reopen == REOPEN_NEW_CYCLE) {
		start(p, SLA_RESOLUTION);
		return;
	}
	c->ended = 0;
	c->ended_by = "";
	sla_run_from(c, p->at);
	note(p, SLA_REOPENED, c);
}

/* S35 */
static void
hide(struct step *p, const char *by)
{
	for (size_t i = 0; i < p->s->n; i++) {
		if (is_open(&p->s->v[i]))
			end(p, &p->s->v[i], by, false);
	}
}

static void
unhide(struct step *p)
{
	for (size_t i = 0; i < p->s->n; i++) {
		struct clock *c = &p->s->v[i];

		if (!is_hidden_clock(c))
			continue;
		c->ended = 0;
		c->ended_by = "";
		sla_run_from(c, p->at);
		note(p, SLA_REOPENED, c);
	}
}

static void
change_phase(struct step *p)
{
	int64_t was = p->s->phase, now = p->e->phase;

	if (now == PHASE_MERGED || is_hidden(now)) {
		if (now != was)
			hide(p, phase_names[now]);
		return;
	}
	if (is_hidden(was))
		unhide(p);
	if (is_resolved(now) && !is_resolved(was))
		resolve(p);
	if (is_live(now) && !is_live(was))
		reopen(p);
}

/* ---- policies ---- */

/* S25, S27: what is measured stays, the rest runs under the new rule. */
static void
change_clock(struct step *p, struct clock *c)
{
	const struct sla_policy *policy = p->e->policy;
	int64_t goal = goal_of(p, c->target);
	bool same = strcmp(c->policy, policy->name) == 0 && c->target_s == goal &&
		    strcmp(c->hours->id, policy->hours->id) == 0;

	if (same) {
		bind_policy(p, c);
		return;
	}
	sla_settle(c, p->at);
	bind_policy(p, c);
	if (c->breached == 0) { /* a breach stays what it was (S28) */
		c->goal_s = goal;
		if (policy->min_remaining > 0 &&
		    c->elapsed + policy->min_remaining > goal)
			c->goal_s = c->elapsed + policy->min_remaining;
	}
	note(p, SLA_CHANGED, c);
	if (c->breached == 0 && c->since != 0 && c->elapsed > c->goal_s) {
		sla_breach(c, p->at, "change");
		note(p, SLA_BREACHED, c);
	}
}

static bool
pauses(const struct sla_policy *p, enum sla_target t, const char *status, int64_t phase)
{
	if (p == NULL)
		return false;
	return p->pause_on[t] == NULL ? phase == PHASE_WAITING
				      : word_index(p->pause_on[t], status) >= 0;
}

/* Where a target's clock would have started, had there always been a policy; 0: it would
 * not run now. */
static int64_t
normal_start(const struct step *p, enum sla_target t)
{
	struct clocks *s = p->s;
	const struct clock *last = last_clock(s, t);

	switch (t) {
	case SLA_FIRST_RESPONSE:
	case SLA_NEXT_RESPONSE:
		return s->asked != 0 && response(s) == t && open_response(s) == NULL
			   ? s->asked
			   : 0;
	case SLA_UPDATE:
		return s->update_from;
	default:
		/* Solved once, and the policy of then leaves it at that. */
		if (last != NULL && strcmp(last->ended_by, "policy") != 0)
			return 0;
		if (s->first_asked != 0 || p->history == NULL)
			return s->first_asked ? s->first_asked : -1;
		return p->history->opened;
	}
}

/* S26: measured with the new calendar from its normal start. */
static int64_t
counted_before(const struct step *p, enum sla_target t, int64_t started)
{
	const struct sla_history *h = p->history;
	int64_t sum = 0;

	for (size_t i = 0; i < h->n; i++) {
		int64_t from = h->v[i].at > started ? h->v[i].at : started,
			to = i + 1 < h->n ? h->v[i + 1].at : p->at;

		if (is_live(h->v[i].phase) &&
		    !pauses(p->e->policy, t, h->v[i].status, h->v[i].phase))
			sum += calendar_between(
			    p->e->policy->hours, from, to < p->at ? to : p->at);
	}
	return sum;
}

static void
start_late(struct step *p, enum sla_target t)
{
	int64_t started = normal_start(p, t);
	struct clock *c, *last = last_clock(p->s, t);

	if (started == 0 || goal_of(p, t) == 0 || open_clock(p->s, t) != NULL)
		return;
	if (p->history == NULL) {
		p->lost = true;
		return;
	}
	if (started < 0)
		return;
	/* One that a policy without this target ended goes on. */
	if (last != NULL && last->started == started &&
	    strcmp(last->ended_by, "policy") == 0) {
		c = last;
		c->ended = 0;
		c->ended_by = "";
		bind_policy(p, c);
		c->goal_s = c->breached ? c->goal_s : c->target_s;
	} else {
		c = add(p, t, started);
	}
	c->elapsed = counted_before(p, t, started);
	if (c->breached == 0 && p->e->policy->min_remaining > 0 &&
	    c->elapsed + p->e->policy->min_remaining > c->goal_s)
		c->goal_s = c->elapsed + p->e->policy->min_remaining;
	sla_run_from(c, p->at);
	note(p, SLA_STARTED, c);
	if (c->breached == 0 && c->elapsed > c->goal_s) {
		sla_breach(c, p->at, "late_policy");
		note(p, SLA_BREACHED, c);
	}
}

static void
apply_policy(struct step *p)
{
	struct clocks *s = p->s;

	for (size_t i = 0; i < s->n; i++) {
		struct clock *c = &s->v[i];

		if (!is_open(c))
			continue;
		if (goal_of(p, c->target) == 0)
			end(p, c, "policy", false); /* S28 */
		else
			change_clock(p, c);
	}
	s->policy = p->e->policy ? p->e->policy->name : "";
	s->version = p->e->rules->version;
	for (int t = 0; p->e->policy != NULL && is_live(p->e->phase) && t < SLA_TARGETS;
	     t++)
		start_late(p, (enum sla_target)t);
}

/* S24: a pause begins with its instant, and so does what follows it. */
static void
pause_or_resume(struct step *p, struct clock *c)
{
	bool rest = pauses(p->e->policy, c->target, p->e->status, p->e->phase);

	if (rest && c->since != 0) {
		sla_settle(c, p->at);
		c->since = 0;
		if (c->breached == 0)
			c->state = CLOCK_PAUSED;
		note(p, SLA_PAUSED, c);
	} else if (!rest && c->since == 0) {
		sla_run_from(c, p->at);
		note(p, SLA_RESUMED, c);
		/* A shorter target came while it rested: no breach could be then (S23).
		 */
		if (c->breached == 0 && c->elapsed > c->goal_s) {
			sla_breach(c, p->at, "change");
			note(p, SLA_BREACHED, c);
		}
	}
}

/* ---- the step ---- */

/* S34: what a split leaves, and what it makes. */
static void
split(struct step *p)
{
	struct clocks *s = p->s;

	if (p->e->asked_anew && p->e->asked_at == 0 && s->asked != 0) {
		void_clock(p, SLA_FIRST_RESPONSE, "split");
		void_clock(p, SLA_NEXT_RESPONSE, "split");
		s->asked = 0;
	} else if (p->e->asked_anew && s->asked != 0) {
		s->asked = p->e->asked_at;
	} else if (!p->e->asked_anew && p->e->asked_at != 0) {
		int64_t now = p->at;

		s->first_asked = s->asked = p->e->asked_at;
		p->at = p->e->asked_at;
		start(p, SLA_FIRST_RESPONSE);
		start(p, SLA_RESOLUTION);
		p->at = now;
		sla_advance(s, now, p->trace);
	}
}

static bool
machine_counts(const struct sla_event *e)
{
	return e->rules->quiet == NULL || e->mailbox == NULL ||
	       word_index(e->rules->quiet, e->mailbox) < 0;
}

bool
sla_step(struct clocks *s, const struct sla_event *e, const struct sla_history *history,
    const struct sla_trace *trace)
{
	struct step p = {.s = s, .e = e, .history = history, .trace = trace, .at = e->at};
	bool bot_counts = e->policy != NULL && e->policy->count_bots;

	sla_advance(s, e->at, trace);
	split(&p);
	if (e->opened_by_agent)
		start(&p, SLA_RESOLUTION);
	if (e->said == SLA_CUSTOMER || (e->said == SLA_MACHINE && machine_counts(e)))
		customer_speaks(&p);
	else if (e->said == SLA_AGENT || (e->said == SLA_BOT && bot_counts))
		agent_speaks(&p);
	change_phase(&p);
	apply_policy(&p);
	for (size_t i = 0; i < s->n; i++) {
		if (is_open(&s->v[i]))
			pause_or_resume(&p, &s->v[i]);
		sla_schedule(&s->v[i], is_open(&s->v[i]) ? e->policy : NULL);
	}
	s->phase = e->phase;
	if (e->at > s->last)
		s->last = e->at;
	return !p.lost;
}

/* ---- merging ---- */

void
sla_take_over(struct clocks *into, const struct clocks *from, const struct sla_event *e,
    const struct sla_trace *trace)
{
	struct step p = {.s = into, .e = e, .trace = trace, .at = e->at};
	struct clocks *copy = clocks_copy(into, from);
	struct clock *theirs, *ours;
	enum sla_target t;

	sla_advance(into, e->at, trace);
	sla_advance(copy, e->at, NULL);
	theirs = open_response(copy);
	ours = open_response(into);
	if (theirs == NULL)
		return;
	if (ours != NULL && ours->goal_s - clock_elapsed(ours, e->at) <=
				theirs->goal_s - clock_elapsed(theirs, e->at))
		return;
	if (into->first_asked == 0 || into->first_asked == into->asked)
		into->first_asked = from->asked; /* it is the first question now */
	into->asked = from->asked;
	t = ours ? ours->target : response(into);
	if (ours == NULL)
		ours = add(&p, t, theirs->started);
	if (ours == NULL) /* no such target in the policy of this ticket */
		return;
	sla_settle(theirs, e->at);
	ours->started = theirs->started;
	ours->elapsed = theirs->elapsed;
	ours->warned = talloc_strdup(into, theirs->warned);
	sla_run_from(ours, e->at);
	note(&p, SLA_TAKEN_OVER, ours);
	if (theirs->breached != 0 && ours->breached == 0) {
		sla_breach(ours, theirs->breached, talloc_strdup(into, theirs->cause));
		ours->told = theirs->told;
	} else if (ours->breached == 0 && ours->elapsed > ours->goal_s) {
		sla_breach(ours, e->at, "change");
		note(&p, SLA_BREACHED, ours);
	}
}
