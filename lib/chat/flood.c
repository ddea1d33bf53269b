/* Counting lines: a table that never grows. */
#include "chat/flood.h"

#include <talloc.h>

#include "base/mem.h"

enum { SLOTS = 8192, NEAR = 16, MINUTE_MS = 60000 };

struct flood {
	struct {
		uint64_t who;
		int64_t minute, taken;
	} slots[SLOTS];
};

struct flood *
flood_new(void *ctx)
{
	return talloc_zero(ctx, struct flood);
}

/* FNV-1a: whoever finds two names that collide shares their own limit. */
static uint64_t
hash(const char *s)
{
	uint64_t h = 14695981039346656037U;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211U;
	return h;
}

/* Its own count, or one whose minute is over; where there is none of these nearby, that
 * of somebody else: it is shared then, never begun anew, so that nobody gets rid of a
 * count by talking as many. */
static size_t
slot(const struct flood *f, uint64_t h, int64_t minute)
{
	size_t home = (size_t)(h % SLOTS), free = SLOTS;

	for (size_t k = 0; k < NEAR; k++) {
		size_t i = (home + k) % SLOTS;

		if (f->slots[i].who == h && f->slots[i].minute == minute)
			return i;
		if (free == SLOTS && f->slots[i].minute < minute)
			free = i;
	}
	return free == SLOTS ? home : free;
}

bool
flood_take(struct flood *f, const char *who, int64_t at, int64_t max, bool *tell)
{
	uint64_t h = hash(who);
	int64_t minute = at / MINUTE_MS;
	size_t i = slot(f, h, minute);

	if (f->slots[i].minute < minute) {
		f->slots[i].who = h;
		f->slots[i].minute = minute;
		f->slots[i].taken = 0;
	}
	f->slots[i].taken++;
	*tell = f->slots[i].taken == max + 1;
	return f->slots[i].taken <= max;
}
