/* A zone of the system's tz database over some years, as a table of its offsets: local
 * times become instants by one rule, also in the gaps and repeats of clock changes, where
 * mktime(3) leaves the choice to the C library. Everything here is in seconds. */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct zone_part {
	int64_t from;	/* first second, UTC; of the first part INT64_MIN */
	int64_t offset; /* seconds east of UTC */
};
struct zone {
	const char *name;
	struct zone_part *parts;
	size_t n;
};

/* What the zone does from `from` to `to`; before and after, its first and last offset go
 * on. Belongs to ctx. RC_CONFIG for a name that is no zone. */
enum rc zone_load(void *ctx, const char *name, int64_t from, int64_t to, struct zone **z,
    struct err *err) CHECKED;
int64_t zone_offset(const struct zone *z, int64_t instant);
/* Local times are seconds since 1970-01-01T00:00 on the zone's own clock. The earliest
 * instant whose local time is not before `local` (S7): in a gap its end, in a repeat the
 * first of the two. */
int64_t zone_instant(const struct zone *z, int64_t local);

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back. */
int64_t civil_day(int year, int month, int day);
void civil_date(int64_t day, int *year, int *month, int *mday);
/* 0 is Monday. */
int civil_weekday(int64_t day);
/* "2026-12-24"; the date must exist. */
bool civil_parse(const char *s, int64_t *day);

#endif
