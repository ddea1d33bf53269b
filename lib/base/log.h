/* Log lines of programs that run unattended: stderr, or syslog when nobody watches. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/err.h"

/* Where log_line goes: stderr, or syslog facility mail/daemon under `name`. */
void log_open(const char *name, bool syslog);
/* One line of syslog(3) priority, control characters made visible. */
void log_line(int priority, const char *fmt, ...) PRINTF(2, 3);

#endif
