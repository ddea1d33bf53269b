/* Rules on = time: what tkt-tick lets them do. */
#ifndef CHANGE_TIMED_H
#define CHANGE_TIMED_H

#include "change/change.h"

#define TIMED_AT_ONCE 200 /* tickets a rule and transaction */

struct timed_done {
	int64_t fired;	/* tickets that a rule acted on */
	int64_t purged; /* tickets that retention removed */
	int64_t sent;	/* replies that waited for their time */
};
/* Each rule in file order, on each ticket its query selects and on which it did not act
 * since somebody else changed it. A rule that fails is reported to `wrong` and left out:
 * one bad rule stops no other. */
enum rc timed_rules(struct desk *d, struct timed_done *done,
    void (*wrong)(void *arg, const char *text), void *arg, struct err *err) CHECKED;
/* Sends the drafts that tkt-reply --at kept until now. */
enum rc timed_drafts(struct desk *d, struct timed_done *done,
    void (*wrong)(void *arg, const char *text), void *arg, struct err *err) CHECKED;

#endif
