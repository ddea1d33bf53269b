/* Errors: a library returns a code and a text; the command speaks once. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

#define CHECKED __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

/* The code decides (retry, 404, bounce); the text explains. */
enum rc {
	RC_OK,
	RC_NONE,     /* a no: nothing found, a check failed, a take was lost */
	RC_WARN,     /* warnings, and nothing worse */
	RC_USAGE,    /* wrong words on the command line or in a query */
	RC_INVALID,  /* data that cannot be used */
	RC_NOTFOUND, /* no such ticket, article, file, desk */
	RC_EXISTS,   /* it is there already */
	RC_DENIED,   /* this actor may not */
	RC_BUSY,     /* locked, disk full: the same call may succeed later */
	RC_IO,	     /* reading or writing failed */
	RC_NET,	     /* a service is away */
	RC_CONFIG,   /* the configuration or the version of the store is wrong */
	RC_BUG	     /* our fault */
};

#define ERR_TEXT_MAX 1024
#define ERR_PLACE_MAX 1024

/* Lives on the caller's stack. `text` is one line; `place` is empty, or the line an
 * error is in with a caret below it. */
struct err {
	enum rc rc;
	char text[ERR_TEXT_MAX];
	char place[ERR_PLACE_MAX];
};

/* Each of these records and returns the code, so that `return err_fail(...)` reads well.
 */
enum rc err_fail(struct err *err, enum rc rc, const char *fmt, ...) PRINTF(3, 4);
/* Puts "CONTEXT: " in front of what err says; returns its code. */
enum rc err_wrap(struct err *err, const char *fmt, ...) PRINTF(2, 3);
/* As err_fail, with strerror(errno) behind; the code follows errno: a full disk or a
 * quota is RC_BUSY, a missing file RC_NOTFOUND, no permission RC_DENIED, else RC_IO. */
enum rc err_errno(struct err *err, const char *fmt, ...) PRINTF(2, 3);
/* Shows `line` with a caret under byte `at`, below the text. */
void err_place(struct err *err, const char *line, size_t at);

/* The only map from codes to sysexits(3). */
int err_status(enum rc rc);

#endif
