/* How much is taken of whom: lines a minute, of a sender and of a room. */
#ifndef CHAT_FLOOD_H
#define CHAT_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

struct flood;
struct flood *flood_new(void *ctx);
/* Counts a line that `who` said at an instant; false when that is more than `max` in a
 * minute of theirs, and *tell when it is the first such one. Minutes go by when things
 * were said: what waited while we were away comes at once and is no flood. Of many
 * thousands who talk at once some share a count. */
bool flood_take(struct flood *f, const char *who, int64_t at, int64_t max, bool *tell);

#endif
