/* Lines out of bytes that come in pieces. */
#ifndef CHAT_LINES_H
#define CHAT_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines;
/* Lines of at most `max` bytes; belongs to ctx. */
struct lines *lines_new(void *ctx, size_t max);
/* Adds what was read. */
void lines_add(struct lines *l, const char *s, size_t n);
/* The next whole line without its end (LF or CR LF), with a NUL behind it, valid until
 * the next call; false when there is none yet. One that is too long is passed over:
 * *cut is true, and the line is its beginning. */
bool lines_next(struct lines *l, char **line, size_t *n, bool *cut);

#endif
