/* Which ticket does a mail belong to? (M15, M16) */
#ifndef CHANNEL_MATCH_H
#define CHANNEL_MATCH_H

#include "channel/decide.h"

struct match {
	struct ticket *t; /* with details, merges followed; NULL: none */
	const char *rule; /* "M15.1" ... "M15.5" */
	const char *why;
	bool proof;		       /* a token or Message-ID of ours */
	const struct agent *agent;     /* proved by an agent's token */
	const struct foreign *foreign; /* a configured source sent it, and its key */
	const char *foreign_key;
};
enum rc mail_match(void *ctx, const struct mail *m, const struct decide_want *w,
    const struct world *world, struct match *match, struct err *err) CHECKED;

#endif
