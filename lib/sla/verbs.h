/* The verbs of tkt-sla: what each asks of sla.h, as records and tables. */
#ifndef SLA_VERBS_H
#define SLA_VERBS_H

#include "desk/cmd.h"
#include "sla/sla.h"

struct sla_opts {
	const char *by, *since, *until, *from, *to, *conf;
	bool all, dry_run, from_start;
};

#define SLA_VERB(name)                                                                 \
	enum rc sla_do_##name(struct cmd_env *env, const struct sla_opts *o, int argc, \
	    char **argv, struct err *err) CHECKED
SLA_VERB(check);    /* RC_NONE: a breach; RC_WARN: warnings only */
SLA_VERB(explain);  /* tickets, segment by segment */
SLA_VERB(export);   /* what happened to every clock */
SLA_VERB(calendar); /* its open spans, day by day */
SLA_VERB(report);
SLA_VERB(rehearse);  /* RC_NONE: something would newly breach */
SLA_VERB(recompute); /* folds anew; with from_start by today's policies */

/* For their cells: an instant of the desk in the reader's zone, "1:05:00", a number. TSV
 * gets RFC 3339 and seconds. */
const char *sla_when(struct cmd_env *env, int64_t s);
const char *sla_length(struct cmd_env *env, int64_t s);
const char *sla_number(struct cmd_env *env, int64_t n);
/* A clock's record, or null. */
json_t *sla_outcome(const struct clock *c, int64_t ticket, int64_t now);
/* The visible tickets that the operands select, for an actor who may read. */
enum rc sla_query(struct cmd_env *env, int argc, char **argv, struct node **tree,
    struct err *err) CHECKED;

#endif
