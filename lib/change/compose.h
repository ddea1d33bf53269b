/* Texts and files for a message: what tkt-new and tkt-reply share. */
#ifndef CHANGE_COMPOSE_H
#define CHANGE_COMPOSE_H

#include "base/opt.h"
#include "change/change.h"

#define COMPOSE_MAX (16 * 1024 * 1024) /* bytes of a text from stdin or an editor */

/* The text: `given` (-m); else all of stdin when it is no terminal and `use_stdin`; else
 * what $VISUAL or $EDITOR makes of `start`. RC_USAGE when nothing was written. */
enum rc compose_text(const struct desk *d, void *ctx, const char *given, bool use_stdin,
    const char *start, char **text, size_t *n, struct err *err) CHECKED;
/* Puts n bytes into the message's body. What is beyond BODY_MAX is kept, too: the whole
 * text then is an attachment. */
enum rc compose_body(struct store *s, void *ctx, struct message *m, const char *text,
    size_t n, struct err *err) CHECKED;
/* Adds files as attachments. */
enum rc compose_files(const struct desk *d, void *ctx, struct message *m,
    const struct opt_list *files, struct err *err) CHECKED;

#endif
