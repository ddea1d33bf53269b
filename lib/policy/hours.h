/* Business hours as people write them - a week, dates that differ, holidays - and their
 * compilation into the spans that clocks count by (S6-S11). Knows neither tkt.conf nor
 * iCalendar: calendars.c and holidays.c fill it. */
#ifndef POLICY_HOURS_H
#define POLICY_HOURS_H

#include "base/zone.h"
#include "desk/calendar.h"

#define DAY_SPANS_MAX 48 /* spans a day */

/* Of a local day, in seconds after its midnight; 86400 is its end. */
struct hours_span {
	int from, to;
};
struct hours_day {
	struct hours_span v[DAY_SPANS_MAX];
	size_t n;
};
/* A date with a list of its own, which may be empty. */
struct hours_date {
	int64_t day;
	struct hours_day hours;
	const char *label; /* "Christmas Eve", or NULL */
};
/* Closed from here to there, whatever the week says: a holiday. Local seconds when it is
 * of the calendar's own zone (a whole day, a floating time), else instants. */
struct hours_closed {
	int64_t from, to;
	bool local;
	const char *label;
};
struct hours {
	struct hours_day week[7]; /* from Monday */
	struct hours_date *dates; /* any order, no date twice */
	struct hours_closed *closed;
	size_t ndates, nclosed;
};

/* "09:00-12:30" of one day; false with *why a text for the administrator when it is none.
 */
bool hours_span_parse(
    void *ctx, const char *s, struct hours_span *span, const char **why);
/* Appends; false, and why, when it overlaps or comes before the last one. */
bool hours_add(
    void *ctx, struct hours_day *day, struct hours_span span, const char **why);
/* An exception "2026-12-24 09:00-12:00 [label]", "2026-12-31 closed [label]", also for
 * "2026-12-24..2026-12-31". False, and why. */
bool hours_exception(void *ctx, struct hours *h, const char *s, const char **why);

/* The years that are compiled: from two years back to five ahead of the year of `now`
 * (ms); whole years, so that applying again changes nothing. UTC seconds. */
void hours_horizon(int64_t now, int64_t *from, int64_t *to);
/* The spans from `from` to `to`. An exception is stronger than a holiday of its date. The
 * result belongs to ctx and has no id yet. */
struct calendar *hours_compile(void *ctx, const char *name, const struct hours *h,
    const struct zone *z, int64_t from, int64_t to);
/* Longest time without an open second after `since`, and where it begins (S11). */
int64_t hours_longest_gap(const struct calendar *c, int64_t since, int64_t *at);
/* What is special about days: {"2026-12-25": "First Christmas Day"}, for people. A new
 * reference. */
json_t *hours_labels(
    const struct hours *h, const struct zone *z, int64_t from, int64_t to);

#endif
