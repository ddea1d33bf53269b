/* Speaking with Asterisk. */
#include "phone/agi.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"

struct variable {
	const char *name, *value;
};
struct agi {
	int in, out;
	char buf[AGI_LINE_MAX];
	size_t n;		 /* bytes in it */
	char line[AGI_LINE_MAX]; /* the last one */
	char digits[64], extra[AGI_LINE_MAX];
	bool ended, hung_up;
	struct variable *variables;
	size_t nvariables;
};

/* The next line in a->line, without its end. RC_NONE: there is none any more, or not in
 * time. One that is too long is cut. */
static enum rc
read_line(struct agi *a, int64_t deadline, struct err *err)
{
	for (;;) {
		char *end = memchr(a->buf, '\n', a->n);
		struct pollfd p = {a->in, POLLIN, 0};
		int64_t left = deadline - now_ms();
		size_t n;
		ssize_t got;

		if (end != NULL || a->n == sizeof(a->buf) || (a->ended && a->n > 0)) {
			n = end ? (size_t)(end - a->buf) : a->n;
			memcpy(a->line, a->buf, n < sizeof(a->line) ? n : n - 1);
			a->line[n < sizeof(a->line) ? n : n - 1] = '\0';
			n += end != NULL;
			memmove(a->buf, a->buf + n, a->n - n);
			a->n -= n;
			a->line[strcspn(a->line, "\r")] = '\0';
			return RC_OK;
		}
		if (a->ended || left <= 0)
			return RC_NONE;
		if (poll(&p, 1, (int)(left < 3600000 ? left : 3600000)) < 0 &&
		    errno != EINTR)
			return err_errno(err, "reading from the switch");
		if (p.revents == 0)
			continue;
		got = read(a->in, a->buf + a->n, sizeof(a->buf) - a->n);
		if (got > 0)
			a->n += (size_t)got;
		else if (got == 0 || (errno != EINTR && errno != EAGAIN))
			a->ended = true;
	}
}

/* ---- the variables ---- */

enum rc
agi_open(void *ctx, int in, int out, struct agi **result, struct err *err)
{
	struct agi *a = talloc_zero(ctx, struct agi);
	int64_t deadline = now_ms() + AGI_BEGIN_MS;
	enum rc rc;

	a->in = in;
	a->out = out;
	while ((rc = read_line(a, deadline, err)) == RC_OK && *a->line != '\0') {
		char *colon = strchr(a->line, ':');

		if (!text_starts(a->line, "agi_") || colon == NULL ||
		    a->nvariables == AGI_VARIABLES_MAX) {
			talloc_free(a);
			return err_fail(err, RC_INVALID, "what it says is no AGI");
		}
		a->variables =
		    mem_grow(a, a->variables, struct variable, a->nvariables + 1);
		a->variables[a->nvariables++] = (struct variable){
		    talloc_strndup(a, a->line + 4, (size_t)(colon - a->line - 4)),
		    text_clean(a, colon + 1 + strspn(colon + 1, " "),
			strlen(colon + 1 + strspn(colon + 1, " ")), TEXT_LINE, 500)};
	}
	if (rc == RC_NONE || (rc == RC_OK && a->nvariables == 0)) {
		talloc_free(a);
		return err_fail(err, RC_INVALID, "what it says is no AGI");
	}
	*result = a;
	return rc;
}

const char *
agi_variable(const struct agi *a, const char *name)
{
	for (size_t i = 0; i < a->nvariables; i++) {
		if (strcmp(a->variables[i].name, name) == 0)
			return a->variables[i].value;
	}
	return "";
}

bool
agi_hung_up(const struct agi *a)
{
	return a->hung_up || a->ended;
}

/* ---- commands ---- */

static enum rc
write_all(struct agi *a, const char *s, size_t n, struct err *err)
{
	while (n > 0) {
		ssize_t w = write(a->out, s, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) { /* nobody listens any more */
			a->ended = true;
			return RC_NONE;
		}
		s += w;
		n -= (size_t)w;
	}
	(void)err;
	return RC_OK;
}

/* "200 result=49 (dtmf) endpos=1600" */
static void
read_answer(struct agi *a, struct agi_answer *r)
{
	const char *result = strstr(a->line, "result="), *open, *close, *pos;
	size_t n;

	*r = (struct agi_answer){.result = -1, .digits = "", .extra = ""};
	if (result == NULL)
		return;
	result += strlen("result=");
	n = strcspn(result, " ");
	snprintf(a->digits, sizeof(a->digits), "%.*s", (int)n, result);
	r->digits = a->digits;
	r->result = n > 0 ? strtoll(a->digits, NULL, 10) : 0;
	open = strchr(result, '(');
	close = open ? strrchr(open, ')') : NULL;
	if (close != NULL) {
		snprintf(a->extra, sizeof(a->extra), "%.*s", (int)(close - open - 1),
		    open + 1);
		r->extra = a->extra;
	}
	pos = strstr(result, "endpos=");
	r->endpos = pos ? strtoll(pos + strlen("endpos="), NULL, 10) : 0;
}

/* 520 comes in several lines: "520-Invalid command syntax. ...", ..., "520 End of ...".
 */
static enum rc
skip_usage(struct agi *a, int64_t deadline, struct err *err)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK && !text_starts(a->line, "520 "))
		rc = read_line(a, deadline, err);
	return rc == RC_OK ? err_fail(err, RC_INVALID, "the switch knows no such command")
			   : rc;
}

enum rc
agi_say(struct agi *a, int64_t ms, struct agi_answer *r, struct err *err, const char *fmt,
    ...)
{
	int64_t deadline = now_ms() + ms;
	char *command;
	va_list ap;
	enum rc rc;

	va_start(ap, fmt);
	command = talloc_vasprintf(NULL, fmt, ap);
	va_end(ap);
	command = talloc_asprintf_append(command, "\n");
	rc = a->ended ? RC_NONE : write_all(a, command, strlen(command), err);
	talloc_free(command);
	for (int garbage = 0; rc == RC_OK; garbage++) {
		rc = read_line(a, deadline, err);
		if (rc != RC_OK)
			break;
		if (strcmp(a->line, "HANGUP") == 0) {
			a->hung_up = true;
			continue;
		}
		if (text_starts(a->line, "200 ")) {
			read_answer(a, r);
			if (strcmp(r->extra, "hangup") == 0)
				a->hung_up = true;
			return RC_OK;
		}
		if (text_starts(a->line, "511")) { /* the line is dead */
			a->hung_up = true;
			return RC_NONE;
		}
		if (text_starts(a->line, "520-"))
			return skip_usage(a, deadline, err);
		if (text_starts(a->line, "510") || text_starts(a->line, "520"))
			return err_fail(
			    err, RC_INVALID, "the switch knows no such command");
		/* 100 Trying..., and whatever else somebody writes. */
		if (garbage > 1000)
			return err_fail(err, RC_NET, "the switch talks nonsense");
	}
	return rc;
}
