/* Instants (UTC milliseconds since 1970) and durations, in and out. */
#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#define INSTANT_NONE 0		     /* "has not happened": a nullable column's NULL */
#define INSTANT_NEVER INT64_MAX	     /* the sentinel of sorted columns */
#define INSTANT_MAX 32000000000000LL /* late in the year 2983: later is a mistake */

/* The machine's clock. Everything that asks for the time asks here or desk_now(). */
int64_t now_ms(void);

/* RFC 3339 date-time with offset or Z; fractions past milliseconds are cut off. */
bool instant_parse(const char *s, int64_t *ms);
/* "2026-11-22T10:00:00Z", with ".123" only when it is not a whole second. */
char *instant_print(void *ctx, int64_t ms);

/* A calendar date "2026-11-01", as the instant its first second starts in zone. */
bool instant_parse_date(const char *s, const char *zone, int64_t *ms);
/* A date, or RFC 3339. */
bool instant_parse_any(const char *s, const char *zone, int64_t *ms);
/* For people: "2026-11-22 11:00" in zone. */
char *instant_local(void *ctx, int64_t ms, const char *zone);
/* For people: "3m", "5h", "2d" since or until an instant. */
char *instant_age(void *ctx, int64_t ms, int64_t now);
/* Is this the name of a zone of the system's tz database? */
bool instant_zone_known(const char *zone);

/* Between the two, the C library's local time is this zone's (NULL: what TZ says).
 * Programs are single-threaded, so setting TZ is safe. *old belongs to ctx and goes to
 * zone_leave(). */
void zone_enter(void *ctx, const char *zone, char **old);
void zone_leave(char *old);

/* "90s 30m 4h 2d 1w", also joined as in "1h30m"; in milliseconds, never negative. */
bool duration_parse(const char *s, int64_t *ms);

#endif
