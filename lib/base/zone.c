/* Zones as tables: glibc is asked for the offset (it reads the tz database right), and
 * the moments of change are found by bisection. */
#include "base/zone.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"

enum {
	DAY_S = 86400,
	LOOK_S = 3 * 3600, /* no zone ever changed twice within three hours */
	OFFSET_MAX_S = 26 * 3600
};

/* ---- dates ---- */

int64_t
civil_day(int year, int month, int day)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};

	return (int64_t)timegm(&tm) / DAY_S;
}

void
civil_date(int64_t day, int *year, int *month, int *mday)
{
	time_t t = (time_t)(day * DAY_S);
	struct tm tm;

	gmtime_r(&t, &tm);
	*year = tm.tm_year + 1900;
	*month = tm.tm_mon + 1;
	*mday = tm.tm_mday;
}

int
civil_weekday(int64_t day)
{
	return (int)(((day + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

bool
civil_parse(const char *s, int64_t *day)
{
	int64_t ms;

	if (strlen(s) != 10 || !instant_parse_date(s, "UTC", &ms))
		return false;
	*day = ms / 1000 / DAY_S;
	return true;
}

/* ---- zones ---- */

static int64_t
offset_now(int64_t instant)
{
	time_t t = (time_t)instant;
	struct tm tm;

	localtime_r(&t, &tm);
	return tm.tm_gmtoff;
}

static void
add_part(struct zone *z, int64_t from, int64_t offset)
{
	z->parts = mem_grow(z, z->parts, struct zone_part, z->n + 1);
	z->parts[z->n++] = (struct zone_part){from, offset};
}

static void
find_parts(struct zone *z, int64_t from, int64_t to)
{
	int64_t before = offset_now(from), t = from;

	add_part(z, INT64_MIN, before);
	while (t < to) {
		int64_t low = t, high = t + LOOK_S, offset = offset_now(high);

		t = high;
		if (offset == before)
			continue;
		while (high - low > 1) {
			int64_t mid = low + (high - low) / 2;

			if (offset_now(mid) == before)
				low = mid;
			else
				high = mid;
		}
		add_part(z, high, offset);
		before = offset;
	}
}

enum rc
zone_load(void *ctx, const char *name, int64_t from, int64_t to, struct zone **out,
    struct err *err)
{
	struct zone *z;
	char *old;

	if (!instant_zone_known(name))
		return err_fail(err, RC_CONFIG, "timezone \"%s\": no such zone", name);
	z = talloc_zero(ctx, struct zone);
	z->name = talloc_strdup(z, name);
	zone_enter(z, name, &old);
	find_parts(z, from, to);
	zone_leave(old);
	*out = z;
	return RC_OK;
}

/* The last part that began by then. */
static size_t
part_at(const struct zone *z, int64_t instant)
{
	size_t low = 0, high = z->n;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (z->parts[mid].from <= instant)
			low = mid;
		else
			high = mid;
	}
	return low;
}

int64_t
zone_offset(const struct zone *z, int64_t instant)
{
	return z->parts[part_at(z, instant)].offset;
}

int64_t
zone_instant(const struct zone *z, int64_t local)
{
	size_t i = part_at(z, local - OFFSET_MAX_S);

	for (;; i++) {
		int64_t t = local - z->parts[i].offset;

		if (t < z->parts[i].from)
			t = z->parts[i].from; /* a gap: where it ends */
		if (i + 1 == z->n || t < z->parts[i + 1].from)
			return t;
	}
}
