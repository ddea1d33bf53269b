/* SLA clocks: rows <-> structs <-> records. What moves them is lib/policy's sla.h. All
 * instants and lengths of the structs are whole seconds (S1), 0 for none; the store's
 * columns are milliseconds as everywhere. */
#ifndef TICKET_CLOCK_H
#define TICKET_CLOCK_H

#include "desk/calendar.h"
#include "ticket/ticket.h"

enum sla_target {
	SLA_FIRST_RESPONSE,
	SLA_NEXT_RESPONSE,
	SLA_UPDATE,
	SLA_RESOLUTION,
	SLA_TARGETS
};
extern const char *const sla_target_names[]; /* NULL-terminated */
enum clock_state {
	CLOCK_RUNNING,
	CLOCK_PAUSED,
	CLOCK_MET,
	CLOCK_BREACHED, /* open or ended */
	CLOCK_VOID
};
extern const char *const clock_state_names[];

struct clock {
	enum sla_target target;
	int64_t cycle; /* from 1 */
	const char *policy;
	int64_t version; /* of the configuration, which says what the calendar is */
	const char *calendar;
	const struct calendar *hours; /* not stored: set by whoever loads the policies */
	enum clock_state state;
	const char *cause;    /* of a breach: "" in time, change, late_policy */
	const char *ended_by; /* reply resolved policy merged split spam deleted, "" */
	int64_t target_s;     /* what the policy says */
	int64_t goal_s;	      /* what counts: target_s, stretched by min_remaining */
	int64_t started;
	int64_t since;	 /* counts from here; 0: paused or ended */
	int64_t elapsed; /* counted before `since` */
	int64_t due;	 /* of a breached one the instant of the breach */
	int64_t warn;	 /* the first warning's point */
	int64_t breached, ended;
	int64_t fire;	    /* next warning, breach or reminder to be logged */
	const char *warned; /* thresholds that were logged: "80%,30m" */
	int64_t told;	    /* the breach that was logged */
	int64_t reminded;   /* the last reminder that was logged */
};
/* What the clocks of one ticket go by. */
struct clocks {
	int64_t ticket;
	int64_t version;     /* policies were evaluated up to this one; 0: never */
	const char *policy;  /* that matches, "" for none */
	int64_t phase;	     /* enum phase before the next step */
	int64_t first_asked; /* first public message of a customer */
	int64_t asked;	     /* oldest one that is unanswered */
	int64_t replied;     /* last public message of an agent */
	int64_t update_from; /* the same, unless the ticket was resolved since */
	int64_t last;	     /* instant of the last step */
	struct clock *v;     /* by target and cycle */
	size_t n;
};

/* RC_NONE when the ticket has none. Belongs to ctx; hours and phase are the caller's. */
enum rc clocks_load(struct store *s, void *ctx, int64_t ticket, struct clocks **c,
    struct err *err) CHECKED;
/* Writes what differs from `before` (NULL: all). */
enum rc clocks_store(struct store *s, const struct clocks *before,
    const struct clocks *after, struct err *err) CHECKED;
enum rc clocks_remove(struct store *s, int64_t ticket, struct err *err) CHECKED;
/* A copy whose clocks can be changed. */
struct clocks *clocks_copy(void *ctx, const struct clocks *c);
bool clocks_equal(const struct clocks *a, const struct clocks *b);

/* All of it, as an erasure keeps it in its event: what happened before cannot be folded
 * any more. A new reference; and back, into ctx, RC_INVALID when it is damaged. */
json_t *clocks_to_json(const struct clocks *c);
enum rc clocks_from_json(
    void *ctx, json_t *o, struct clocks **c, struct err *err) CHECKED;

#define CLOCK_COLUMNS                                                            \
	"c.target, c.cycle, c.policy, c.version, c.calendar, c.state, c.cause, " \
	"c.ended_by, c.target_s, c.goal_s, c.started_at, c.since, c.elapsed_s, " \
	"c.due_at, c.warn_at, c.breached_at, c.ended_at, c.fire_at, c.warned, "  \
	"c.told_at, "                                                            \
	"c.reminded_at"
#define CLOCK_NCOLUMNS 21
/* A row whose columns from `at` on are CLOCK_COLUMNS; strings into ctx. */
void clock_read(void *ctx, struct stmt *st, int at, struct clock *c);
/* Of a ticket's clock; RC_NONE. */
enum rc clock_get(struct store *s, void *ctx, int64_t ticket, const char *target,
    struct clock *c, struct err *err) CHECKED;

/* The open clock that is due first, as the ticket's row keeps it; NULL for none. A paused
 * one is due last. */
const struct clock *clocks_first(const struct clocks *c);
/* Copies it to the ticket: due_at, warn_at, due_target. */
void clocks_to_ticket(const struct clocks *c, struct ticket *t);

/* Counted until `now`, in seconds. */
int64_t clock_elapsed(const struct clock *c, int64_t now);
/* Its state at `now`, though nothing was written since it fell due; and whether it is
 * past its first warning then. */
enum clock_state clock_state_at(const struct clock *c, int64_t now);
bool clock_warns(const struct clock *c, int64_t now);
/* The record "sla" of tkt-json(5), as it is at `now`; c->hours must be there. A new
 * reference. */
json_t *clock_to_json(int64_t ticket, const struct clock *c, int64_t now);
/* What a ticket's record says of it. */
json_t *clock_brief(const struct clock *c, int64_t now);

#endif
