/* Mails from places: maildirs (maildir(5)) and mbox files (RFC 4155). */
#ifndef CHANNEL_FOLDER_H
#define CHANNEL_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Reads all of a mail, but keeps no more than `max` bytes and one; *size is how large it
 * was. Ten times the limit is read at most, then the writer is left alone. */
enum rc mail_slurp(void *ctx, int fd, size_t max, char **raw, size_t *n, size_t *size,
    struct err *err) CHECKED;

/* ---- maildir ---- */

/* Names below `dir` ("new/..." and with `cur` also "cur/..."), oldest delivery first;
 * NULL-terminated, in ctx. RC_NOTFOUND when it is no maildir. */
enum rc maildir_list(void *ctx, const char *dir, bool cur, char ***names, size_t *n,
    struct err *err) CHECKED;
/* When a mail was delivered there: the seconds its name begins with, or INSTANT_NONE. */
int64_t maildir_time(const char *name, int64_t now);
/* Moves new/NAME to cur/NAME:2, as a reader that has seen it. */
enum rc maildir_seen(const char *dir, const char *name, struct err *err) CHECKED;

/* ---- mbox ---- */

struct mbox;
/* Opens FILE; mails are split at lines "From " that follow an empty line (or begin the
 * file) and hold a date; ">From " is unquoted once (mboxrd). */
enum rc mbox_open(void *ctx, const char *file, struct mbox **m, struct err *err) CHECKED;
/* The next mail, valid until the next call: at most `max` + 1 bytes of it. RC_NONE at the
 * end. *at: when its From line says it came, or INSTANT_NONE; *null_sender: that line
 * names MAILER-DAEMON. */
enum rc mbox_next(struct mbox *m, void *ctx, size_t max, char **raw, size_t *n,
    size_t *size, int64_t *at, bool *null_sender, struct err *err) CHECKED;

#endif
