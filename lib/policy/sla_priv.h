/* What the files of the clocks share. */
#ifndef POLICY_SLA_PRIV_H
#define POLICY_SLA_PRIV_H

#include "policy/sla.h"

/* Counts up to an instant, and goes on from there. */
void sla_settle(struct clock *c, int64_t at);
/* cause: "", change, late_policy. */
void sla_breach(struct clock *c, int64_t at, const char *cause);
/* It runs from here on. */
void sla_run_from(struct clock *c, int64_t at);
/* Sets due, warn and fire of a clock as it stands; p may be NULL. */
void sla_schedule(struct clock *c, const struct sla_policy *p);
/* When so many seconds are counted, now that it runs. */
int64_t sla_reach(const struct clock *c, int64_t point);
/* From where the next reminder is measured; and the n-th from there. */
int64_t sla_reminded_from(const struct clock *c);
int64_t sla_reminder(const struct clock *c, const struct sla_policy *p, int64_t n);
/* Counted seconds at which a threshold is reached; <= 0: it makes no sense here. */
int64_t sla_warning_point(const struct clock *c, const struct sla_warning *w);
bool sla_was_warned(const struct clock *c, const char *threshold);
void sla_add_warned(struct clocks *s, struct clock *c, const char *threshold);

#endif
