/* Log lines of programs that run unattended. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

struct log;
/* Lines go to stderr ("name: text"), or to syslog(3) under `name`, facility mail.
 * Belongs to ctx. */
struct log *log_new(void *ctx, const char *name, bool to_syslog);
/* One line of a syslog priority, control characters made visible. */
void log_line(struct log *l, int priority, const char *fmt, ...) PRINTF(3, 4);

#endif
