/* Log lines, to stderr or syslog. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <talloc.h>

#include "base/text.h"

struct log {
	const char *name;
	bool to_syslog;
};

struct log *
log_new(void *ctx, const char *name, bool to_syslog)
{
	struct log *l = talloc_zero(ctx, struct log);

	l->name = talloc_strdup(l, name);
	l->to_syslog = to_syslog;
	if (to_syslog)
		openlog(l->name, LOG_PID, LOG_MAIL);
	return l;
}

void
log_line(struct log *l, int priority, const char *fmt, ...)
{
	va_list ap;
	char *raw, *safe;

	va_start(ap, fmt);
	raw = talloc_vasprintf(l, fmt, ap);
	va_end(ap);
	safe = text_safe(l, raw, TEXT_LINE);
	if (l->to_syslog)
		syslog(priority, "%s", safe);
	else
		fprintf(stderr, "%s: %s\n", l->name, safe);
	talloc_free(raw);
	talloc_free(safe);
}
