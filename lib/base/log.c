/* Log lines. syslog(3) keeps its own state, which is all the state there is: with
 * LOG_PERROR it is the one that writes to stderr, too. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <talloc.h>

#include "base/text.h"

void
log_open(const char *name, bool to_syslog)
{
	if (to_syslog)
		openlog(name, LOG_PID, LOG_DAEMON);
	else
		openlog(name, LOG_PID | LOG_PERROR, LOG_DAEMON);
}

void
log_line(int priority, const char *fmt, ...)
{
	va_list ap;
	char *raw, *safe;

	va_start(ap, fmt);
	raw = talloc_vasprintf(NULL, fmt, ap);
	va_end(ap);
	safe = text_safe(NULL, raw, TEXT_LINE);
	syslog(priority, "%s", safe);
	talloc_free(raw);
	talloc_free(safe);
}
