/* What rules and assignment said of a ticket, for people and programs. */
#ifndef CHANGE_EXPLAIN_H
#define CHANGE_EXPLAIN_H

#include "change/change.h"
#include "desk/cmd.h"

/* One rule: matched, or the term that failed; what it does. `done`: it was really done.
 */
void explain_rule(struct cmd_env *env, const struct change_result *r,
    const struct rule_trace *t, bool done);
/* Who could have got it, who did, and why not the others. */
void explain_assignment(struct cmd_env *env, const struct change_result *r);

#endif
