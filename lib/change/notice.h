/* Notices: telling agents by mail, when and whom. */
#ifndef CHANGE_NOTICE_H
#define CHANGE_NOTICE_H

#include "change/change_priv.h"

/* From this many new tickets of a sender in ten minutes on, machines keep still (M35). */
#define NOTICE_FLOOD 5
/* How many there are, this one too; counts no further than NOTICE_FLOOD. */
enum rc notice_recent_tickets(struct work *w, int64_t *n, struct err *err) CHECKED;
/* A notice of event p to whom the words name: assignee, queue (its members), followers,
 * an agent's name; each once a change, never who did it, and nobody of machines' mail
 * (M14) or in a flood. *requester: that word was among them. */
enum rc notice_to_agents(struct work *w, struct pending *p, const char *const *words,
    bool *requester, struct err *err) CHECKED;
/* When an agent is told of something that happens now: behind quiet hours, and with
 * others of the same digest. */
int64_t notice_due(const struct config *c, const struct agent *a, int64_t now);

/* Is what happened anybody's news (M14, M35)? Not the mail of answering machines, nor the
 * fifth ticket of a sender in ten minutes. */
enum rc notice_is_news(struct work *w, bool *yes, struct err *err) CHECKED;
/* announce.c: to the agents' rooms of bridges. */
enum rc notice_to_rooms(struct work *w, struct err *err) CHECKED;

#endif
