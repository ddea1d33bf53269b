/* A check's findings in the words of CI: TAP 13, JUnit's XML, GitHub's annotations. */
#ifndef SLA_CI_H
#define SLA_CI_H

#include "base/out.h"
#include "sla/sla.h"

enum ci_format { CI_TAP, CI_JUNIT, CI_GITHUB };
extern const char *const ci_format_names[]; /* tap junit github */

/* Findings are gathered, since their number comes first. */
struct ci;
struct ci *ci_new(void *ctx, enum ci_format format, int64_t now);
void ci_add(struct ci *ci, const struct sla_found *f);
/* Prints them; a check that found nothing passes. */
void ci_print(struct ci *ci, struct out *out);

#endif
