/* Holidays from iCalendar files (RFC 5545): all-day and timed events, RRULE, RDATE,
 * EXDATE, single changed occurrences. Linked by tkt-config and tkt-init only (libical).
 */
#ifndef POLICY_HOLIDAYS_H
#define POLICY_HOLIDAYS_H

#include "policy/hours.h"

#define HOLIDAYS_MAX 20000 /* occurrences of one event */

/* Adds what the events of `text` close between the instants `from` and `to` to h->closed
 * (memory of ctx). Days and floating times are the calendar's own. `wrong` gets every
 * error with its line. False when there was one. */
bool holidays_read(void *ctx, const char *text, int64_t from, int64_t to, struct hours *h,
    void (*wrong)(void *arg, int line, const char *text), void *arg);

#endif
