/* Figures over tickets: what came in, what was solved, how fast (tkt-stats). */
#ifndef QUERY_STATS_H
#define QUERY_STATS_H

#include "query/query.h"

enum stats_by {
	STATS_ALL,
	STATS_QUEUE,
	STATS_AGENT,
	STATS_ORGANIZATION,
	STATS_CHANNEL,
	STATS_TAG,
	STATS_DAY
};
extern const char *const stats_by_names[]; /* all queue agent organization ... */

/* Durations in seconds, by nearest rank. */
struct spread {
	int64_t count, median, p90, p95;
};
struct stats_group {
	const char *name;
	int64_t created, solved; /* in the time asked for */
	int64_t backlog;      /* not solved at its end; by day: at the end of the day */
	int64_t reopened;     /* how often tickets of the group were */
	int64_t time_spent_s; /* on tickets created or solved in that time */
	struct spread first_reply; /* of first public answers given in that time */
	struct spread resolution;  /* of tickets solved in that time */
	/* while it is counted */
	int64_t *replies, *resolutions;
	size_t nreplies, nresolutions;
};
struct stats {
	struct stats_group *groups; /* sorted by name; with STATS_ALL one, "" */
	size_t n;
};
/* Over the tickets a tree selects. since INSTANT_NONE: from the first; until
 * INSTANT_NONE: now. Days are those of `zone`. A ticket with several tags counts in each.
 */
enum rc stats_gather(struct desk *d, void *ctx, const struct node *tree, enum stats_by by,
    int64_t since, int64_t until, const char *zone, struct stats *s,
    struct err *err) CHECKED;

#endif
