/* Business hours: sorted spans of UTC with running sums, as tkt-config apply compiled
 * them; zones, clock changes and holidays are in them already (tkt-sla(7), S5-S11).
 * Everything is in seconds since 1970, UTC. Nothing here fails, allocates or reads the
 * clock but for loading. */
#ifndef DESK_CALENDAR_H
#define DESK_CALENDAR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Open from `open` to just before `close`; `before`: open seconds ahead of it. */
struct span {
	int64_t open, close, before;
};
struct calendar {
	const char *name; /* as in tkt.conf, "24x7" */
	const char *zone; /* NULL for 24x7 */
	const char *id;	  /* of its content: equal ids, equal hours */
	/* Compiled from here to there; outside of it, it counts as closed. */
	int64_t from, to;
	struct span *spans;
	size_t n;
	bool always; /* 24x7: no spans, every second counts */
};
extern const struct calendar calendar_always;

/* B(a, b): open seconds in [a, b); 0 when b <= a. */
int64_t calendar_between(const struct calendar *c, int64_t a, int64_t b);
/* D(a, n): the first instant t >= a with B(a, t) = n. c->to when the compiled years end
 * before that, which tkt-tick and tkt-config see to that they do not. */
int64_t calendar_after(const struct calendar *c, int64_t a, int64_t n);
/* The span that holds t or, when closed then, the next one; NULL behind the last. */
const struct span *calendar_span(const struct calendar *c, int64_t t);

/* The compiled form, a version's part "calendar:NAME": {"zone", "from", "to", "spans"},
 * spans being base64 of little-endian 32 bit pairs: seconds closed before it, seconds
 * open. A new reference. */
json_t *calendar_to_json(const struct calendar *c);
/* Belongs to ctx. RC_CONFIG when it is damaged. */
enum rc calendar_from_json(void *ctx, const char *name, const char *id, json_t *o,
    struct calendar **c, struct err *err) CHECKED;

#endif
