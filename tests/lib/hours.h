/* Calendars for C tests, from the words an administrator would write. */
#ifndef TESTS_LIB_HOURS_H
#define TESTS_LIB_HOURS_H

#include <atf-c.h>
#include <string.h>

#include "base/instant.h"
#include "policy/hours.h"

#define YEAR_2024 1704067200
#define YEAR_2032 1956528000

/* days: "mon-fri" as 'mask' of bits from Monday; spans as "09:00-17:00", NULL-terminated.
 */
static inline void
test_week(void *ctx, struct hours *h, int mask, const char *const *spans)
{
	for (int d = 0; d < 7; d++) {
		for (const char *const *s = spans; (mask >> d & 1) && *s != NULL; s++) {
			struct hours_span span;
			const char *why = "";

			ATF_REQUIRE_MSG(hours_span_parse(ctx, *s, &span, &why) &&
					    hours_add(ctx, &h->week[d], span, &why),
			    "%s", why);
		}
	}
}

static inline const struct calendar *
test_compile(void *ctx, const char *name, const struct hours *h, const char *zone)
{
	struct zone *z;
	struct err err = {0};
	struct calendar *c;

	ATF_REQUIRE_MSG(zone_load(ctx, zone, YEAR_2024 - 172800, YEAR_2032 + 172800, &z,
			    &err) == RC_OK,
	    "%s", err.text);
	c = hours_compile(ctx, name, h, z, YEAR_2024, YEAR_2032);
	c->id = name;
	return c;
}

static inline int64_t
at(const char *text)
{
	int64_t ms = 0;

	ATF_REQUIRE_MSG(instant_parse(text, &ms), "%s", text);
	return ms / 1000;
}

/* RFC 3339, for messages that can be read. */
static inline const char *
utc(void *ctx, int64_t s)
{
	return s ? instant_print(ctx, s * 1000) : "none";
}

#endif
