/* Other programs of the family: they stand beside the one that runs. */
#ifndef BASE_SIBLING_H
#define BASE_SIBLING_H

#include <stddef.h>

#include "base/err.h"

/* Becomes a program of the family; PATH is asked only when it is not beside us. argv[0]
 * is replaced by its name. Comes back only with an error. */
enum rc sibling_exec(
    void *ctx, const char *program, char **argv, struct err *err) CHECKED;
/* Runs one without a shell and waits for it. Its standard output comes back in *out (of
 * ctx, with a NUL behind it) and is at most `max` bytes; NULL: it is thrown away. Its
 * standard error is ours. *status is how it exited (128 + a signal). */
enum rc sibling_run(void *ctx, const char *const *argv, size_t max, char **out,
    int *status, struct err *err) CHECKED;

#endif
