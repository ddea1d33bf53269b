/* Errors with context, and their exit statuses. */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static void
one_line(char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n' || *s == '\r')
			*s = ' ';
	}
}

static void PRINTF(3, 0) record(struct err *err, enum rc rc, const char *fmt, va_list ap)
{
	err->rc = rc;
	err->place[0] = '\0';
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	one_line(err->text);
}

enum rc
err_fail(struct err *err, enum rc rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	record(err, rc, fmt, ap);
	va_end(ap);
	return rc;
}

enum rc
err_wrap(struct err *err, const char *fmt, ...)
{
	char front[ERR_TEXT_MAX], whole[2 * ERR_TEXT_MAX + 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(front, sizeof(front), fmt, ap);
	va_end(ap);
	snprintf(whole, sizeof(whole), "%s: %s", front, err->text);
	one_line(whole);
	memcpy(err->text, whole, sizeof(err->text) - 1);
	err->text[sizeof(err->text) - 1] = '\0';
	return err->rc;
}

enum rc
err_errno(struct err *err, const char *fmt, ...)
{
	int e = errno;
	enum rc rc;
	va_list ap;
	size_t n;

	switch (e) {
	case ENOSPC:
	case EDQUOT:
	case EAGAIN:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		rc = RC_BUSY;
		break;
	case ENOENT:
	case ENOTDIR:
		rc = RC_NOTFOUND;
		break;
	case EACCES:
	case EPERM:
		rc = RC_DENIED;
		break;
	case EEXIST:
		rc = RC_EXISTS;
		break;
	default:
		rc = RC_IO;
	}
	va_start(ap, fmt);
	record(err, rc, fmt, ap);
	va_end(ap);
	n = strlen(err->text);
	snprintf(err->text + n, sizeof(err->text) - n, ": %s", strerror(e));
	return rc;
}

void
err_place(struct err *err, const char *line, size_t at)
{
	/* A long line is shown around the place only. */
	enum { AROUND = 60 };
	size_t len = strlen(line), from = at > AROUND ? at - AROUND : 0;
	size_t show = len - from > (size_t)2 * AROUND ? (size_t)2 * AROUND : len - from,
	       col = 0;

	while (from > 0 && ((unsigned char)line[from] & 0xc0) == 0x80) {
		from--;
		show++;
	}
	for (size_t i = from; i < at && i < len; i++) {
		if (((unsigned char)line[i] & 0xc0) != 0x80)
			col++;
	}
	snprintf(err->place, sizeof(err->place), "  %.*s\n  %*s^", (int)show, line + from,
	    (int)col, "");
}

int
err_status(enum rc rc)
{
	switch (rc) {
	case RC_OK:
		return EX_OK;
	case RC_NONE:
		return 1;
	case RC_WARN:
		return 2;
	case RC_USAGE:
		return EX_USAGE;
	case RC_INVALID:
		return EX_DATAERR;
	case RC_NOTFOUND:
		return EX_NOINPUT;
	case RC_EXISTS:
		return EX_CANTCREAT;
	case RC_DENIED:
		return EX_NOPERM;
	case RC_BUSY:
		return EX_TEMPFAIL;
	case RC_IO:
		return EX_IOERR;
	case RC_NET:
		return EX_UNAVAILABLE;
	case RC_CONFIG:
		return EX_CONFIG;
	case RC_BUG:
		break;
	}
	return EX_SOFTWARE;
}
