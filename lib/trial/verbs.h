/* What tkt-rule does in trials, from words to records. */
#ifndef TRIAL_VERBS_H
#define TRIAL_VERBS_H

#include "desk/cmd.h"
#include "trial/trial.h"

/* Runs the cases of these files ("-": standard input); conf NULL: by the applied version.
 * RC_NONE when one failed. */
enum rc trial_do_test(struct cmd_env *env, const char *conf, int argc, char **argv,
    struct err *err) CHECKED;
/* Tickets the words of a query select, at most `limit`, under the applied version and
 * under conf. */
enum rc trial_do_rehearse(struct cmd_env *env, const char *conf, int64_t limit, int argc,
    char **argv, struct err *err) CHECKED;

#endif
