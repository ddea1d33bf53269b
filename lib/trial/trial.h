/* A trial: a desk that is made to try a policy, and thrown away. Nothing of it touches
 * the real one, which need not even be there: policy is tested where tkt.conf is. */
#ifndef TRIAL_TRIAL_H
#define TRIAL_TRIAL_H

#include "change/change.h"

struct trial {
	char *dir; /* of the desk, in a temporary folder */
	struct desk
	    *d; /* open for writing; NULL between trial_close() and trial_reset() */
};
/* Makes a desk whose policy is that of a tkt.conf (with what it includes and names), or,
 * when `conf` is NULL, the applied one of `real`. The folder goes when the trial is
 * freed. RC_CONFIG when the policy has errors (tkt-config says which). Belongs to ctx. */
enum rc trial_new(void *ctx, const char *conf, struct desk *real, int64_t at,
    struct trial **t, struct err *err) CHECKED;
/* Empty again, as it was new; opens it. */
enum rc trial_reset(struct trial *t, struct err *err) CHECKED;
/* Closes it, so that another program may work there. */
void trial_close(struct trial *t);
enum rc trial_open(struct trial *t, struct err *err) CHECKED;

/* ---- cases (tkt-rule test) ---- */

/* What a case wants and got, where they differ. */
struct case_difference {
	const char *key;
	json_t *wanted, *got;
};
struct case_result {
	const char *name;
	const char *error; /* it could not be run, or NULL */
	struct case_difference *v;
	size_t n;
};
/* Runs one case {"name", "draft" or "mail", "expect"}: the draft is made as tkt-new makes
 * it, the mail (a path) filed as mail-ingest files it; then the ticket's keys, "rules"
 * (that acted or changed it) and "deliveries" must be what `expect` says. A mail's path
 * goes from the folder of `file`, where the case stands. Into ctx. */
enum rc trial_case(struct trial *t, void *ctx, const char *file, json_t *c,
    struct case_result *r, struct err *err) CHECKED;

/* ---- history under another policy (tkt-rule rehearse) ---- */

/* What a policy made of one ticket of the past. */
struct replayed {
	int64_t ticket, created_at;
	const char *queue, *assignee, *priority; /* of the moment it was made */
	json_t *tags;
	int64_t waited_s; /* until somebody had it; -1: nobody in its life */
};
struct load {
	const char *agent;
	int64_t tickets, most; /* in all; open at once */
};
struct replay {
	struct replayed *v;
	size_t n;
	struct load *load;
	size_t nload;
	int64_t waiting, waited_s, waited_most_s; /* tickets that waited; seconds */
};
/* When the oldest of the newest `limit` tickets the tree selects was made; INSTANT_NONE
 * for none. */
enum rc trial_oldest(struct desk *real, const struct node *tree, int64_t limit,
    int64_t *at, struct err *err) CHECKED;
/* Opens the tickets the tree selects anew in the trial, in the order of their creation,
 * and solves each when it was solved: routes and assignment do what they would have done
 * then, with everybody present. The first message is what they were. Into ctx. */
enum rc trial_replay(struct trial *t, void *ctx, struct desk *real,
    const struct node *tree, int64_t limit, struct replay *r, struct err *err) CHECKED;

#endif
