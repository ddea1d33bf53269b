/* What clocks say: which are late, why a time is what it is, how good the last month was,
 * and what other policies would have made of it. Reads only; what moves clocks is
 * lib/policy/sla.h, what stores them lib/change/clocks.h. Instants are seconds, UTC. */
#ifndef SLA_SLA_H
#define SLA_SLA_H

#include "change/clocks.h"

#define DAY_SPANS_SHOWN 64 /* of one local day */

/* ---- check ---- */

struct sla_found {
	struct clock clock;	/* with its hours */
	struct ticket *ticket;	/* without details */
	enum clock_state state; /* at the present */
	bool warning;
};
/* The open clocks of the tickets a query selects that are breached or in warning at the
 * desk's present, the most overdue first; with `all` every open one. An index by due time
 * is read: the cost is that of what is found. */
enum rc sla_check(struct desk *d, const struct node *tree, bool all,
    enum rc (*each)(void *arg, const struct sla_found *f, struct err *err), void *arg,
    struct err *err) CHECKED;

/* ---- the life of clocks ---- */

/* What happened to a clock, as sla_trace tells it. */
struct sla_mark {
	enum sla_what what;
	struct clock clock; /* after it */
	int64_t at, event;
};
struct sla_life {
	struct clocks *clocks;	/* at the end */
	struct sla_mark *marks; /* in order */
	size_t n;
	struct sla_book *book;
};
/* Folds a ticket's log up to the desk's present and notes everything. Belongs to ctx.
 * RC_NONE when a part of the log was erased. */
enum rc sla_life(void *ctx, struct desk *d, struct sla_book *b, int64_t ticket,
    struct sla_life **life, struct err *err) CHECKED;
/* A mark as the record "sla_event". A new reference. */
json_t *sla_mark_to_json(int64_t ticket, const struct sla_mark *m);

/* ---- explain ---- */

/* A stretch of a clock's life in which it counted, or did not for one reason (S39). */
struct sla_segment {
	int64_t from, to;
	bool counted;
	const char *reason; /* "open", "closed", "paused: pending", "solved" ... */
	int64_t event;	    /* that began it, or 0 */
	int64_t sum;	    /* counted seconds at its end */
	int64_t version;
	const char *calendar, *zone;
};
/* The segments of one clock until `now` or its end. */
enum rc sla_segments(void *ctx, struct desk *d, const struct sla_life *l,
    const struct clock *c, int64_t now, struct sla_segment **v, size_t *n,
    struct err *err) CHECKED;
json_t *sla_segment_to_json(
    int64_t ticket, const struct clock *c, const struct sla_segment *s);

/* ---- calendars ---- */

struct sla_day {
	int64_t day;			    /* civil day */
	struct span spans[DAY_SPANS_SHOWN]; /* instants; before unused */
	size_t n;
	int64_t open_s;
	const char *label; /* or NULL */
};
/* Each local day of a calendar of the running version. RC_USAGE for no such calendar. */
enum rc sla_days(void *ctx, struct desk *d, const char *calendar, int64_t from_day,
    int64_t days, enum rc (*each)(void *arg, const struct sla_day *day, struct err *err),
    void *arg, struct err *err) CHECKED;

/* ---- report ---- */

enum sla_by { SLA_BY_POLICY, SLA_BY_QUEUE, SLA_BY_AGENT, SLA_BY_ORGANIZATION };
extern const char *const sla_by_names[];
struct sla_group {
	const char *name; /* "" for none */
	enum sla_target target;
	int64_t met, breached, void_unanswered, void_other;
	int64_t *elapsed; /* of the met and the ended breached, sorted */
	size_t n;
};
/* Outcomes between two instants (ms; 0 and INSTANT_NEVER for no limit), by the instant of
 * the outcome (S38). Groups are sorted by name and target; they belong to ctx. */
enum rc sla_report(void *ctx, struct desk *d, const struct node *tree, enum sla_by by,
    int64_t since, int64_t until, struct sla_group **v, size_t *n,
    struct err *err) CHECKED;
/* The elapsed time that `percent` of them did not exceed; 0 for none. */
int64_t sla_percentile(const struct sla_group *g, int percent);

/* ---- rehearse ---- */

struct sla_difference {
	int64_t ticket;
	const struct clock *was, *would; /* either may be NULL: no such clock */
	bool newly_breached, no_longer_breached;
};
struct sla_rehearsal {
	int64_t tickets, clocks, differ, newly_breached, no_longer_breached;
};
/* Replays the tickets of a query under the policies of `rules` as if they had always been
 * in force, and calls `each` for every clock with another outcome. */
enum rc sla_rehearse(struct desk *d, const struct node *tree, struct sla_rules *rules,
    struct sla_rehearsal *sum,
    enum rc (*each)(void *arg, const struct sla_difference *x, struct err *err),
    void *arg, struct err *err) CHECKED;
/* Policies and calendars of the parts that `tkt-config check --compiled` prints. */
enum rc sla_rules_of_parts(void *ctx, struct desk *d, json_t *parts, struct sla_rules **r,
    struct err *err) CHECKED;

#endif
