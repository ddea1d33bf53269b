/* Mail archives in, beside what lib/exchange brings: here are the rules of mail. */
#ifndef CHANNEL_ARCHIVED_H
#define CHANNEL_ARCHIVED_H

#include "exchange/import.h"

/* Mails of an mbox file or a maildir, as mail-ingest files them, at the time they were
 * sent; counts into n. Enters the sandbox. */
enum rc import_mails(struct cmd_env *env, const struct import_want *w, const char *path,
    struct import_count *n, struct err *err) CHECKED;

#endif
