/* Backups: a desk as one archive, made while others work, and a desk of one again.
 *
 * Members: store.db (a snapshot), the files of the desk (tkt.conf and what it includes,
 * canned replies, kb.git), secret/ when asked for, blobs/HASH for each blob the snapshot
 * names, and last manifest.json, which lists files with their SHA-256: an archive without
 * it was cut. */
#ifndef EXCHANGE_BACKUP_H
#define EXCHANGE_BACKUP_H

#include "base/archive.h"
#include "ticket/ticket.h"

#define BACKUP_FORMAT 1

struct backup {
	int64_t event, events, tickets, blobs, files,
	    bytes; /* of the head; what there is */
	bool keys;
	char *desk, *name, *hash; /* hash of the head, in hexadecimal digits */
	int64_t at;
	int64_t problems; /* of a restored desk; the first is in the error */
};
/* Writes the archive; archive_finish() is the caller's. Skipped files (links, sockets)
 * are said through `note`. */
enum rc backup_write(struct desk *d, struct archive_out *a, bool keys,
    void (*note)(void *arg, const char *text), void *arg, struct backup *b,
    struct err *err) CHECKED;
/* Unpacks into `dir`, which must not be there or be empty, checks every member, and the
 * desk as tkt-fsck does; only then is it there under its name. RC_INVALID for an archive
 * that is damaged, cut, or no backup; RC_EXISTS. */
enum rc backup_restore(void *ctx, const char *path, const char *dir, struct backup *b,
    struct err *err) CHECKED;
/* The same into a temporary directory (below $TMPDIR), which is removed again. */
enum rc backup_verify(
    void *ctx, const char *path, struct backup *b, struct err *err) CHECKED;

#endif
