/* Changing kb.git without a checkout: what kb-new and kb-publish do before they publish.
 */
#ifndef KB_WRITE_H
#define KB_WRITE_H

#include "kb/kb.h"

/* Where an article of this id and language belongs: the path it has, else beside its
 * versions in other languages, else in `section` (NULL: none). *there: it exists. */
enum rc kb_place(void *ctx, const struct desk *d, const char *id, const char *language,
    const char *section, char **path, bool *there, struct err *err) CHECKED;
/* Checks an article before it is committed; RC_INVALID "path:line: ...", with more of it
 * in `f`. */
enum rc kb_check(void *ctx, const struct desk *d, const char *path, const char *data,
    size_t n, struct article **a, struct findings *f, struct err *err) CHECKED;
/* One commit on the published branch, whose author is who acts. RC_NONE when it changes
 * nothing. Needs kb.write. */
enum rc kb_commit(void *ctx, struct desk *d, const struct repo_edit *edits, size_t n,
    const char *message, char id[REPO_ID], struct err *err) CHECKED;

/* A draft of an article from what agents answered in a ticket, without what says who the
 * customer is: names become [name], addresses [address], tokens with five or more digits
 * [number]. Title and body, in ctx. RC_INVALID when nobody has answered. */
enum rc kb_from_ticket(void *ctx, const struct desk *d, int64_t ticket, char **title,
    char **body, struct err *err) CHECKED;

#endif
