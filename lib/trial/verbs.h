/* What tkt-rule does in trials, from words to records. */
#ifndef TRIAL_VERBS_H
#define TRIAL_VERBS_H

#include "desk/cmd.h"
#include "trial/trial.h"

/* Runs the cases of these files ("-": standard input); conf NULL: by the applied version.
 * RC_NONE when one failed. */
enum rc trial_do_test(struct cmd_env *env, const char *conf, int argc, char **argv,
    struct err *err) CHECKED;
/* One case as a line, a record or TAP; and what they were together: RC_NONE when one
 * failed. For whoever else tests a policy. */
struct testing {
	struct cmd_env *env;
	int64_t run, failed;
};
void trial_print_case(struct testing *x, const struct case_result *r);
enum rc trial_print_sum(
    const struct testing *x, const char *file, struct err *err) CHECKED;
/* Tickets the words of a query select, at most `limit`, under the applied version and
 * under conf. */
enum rc trial_do_rehearse(struct cmd_env *env, const char *conf, int64_t limit, int argc,
    char **argv, struct err *err) CHECKED;

#endif
