/* A text that grows: for renderers, whose output is made of a thousand small pieces. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

#include "base/err.h"

struct buf {
	void *ctx; /* owns s */
	char *s;   /* NUL-terminated once something was put, else NULL */
	size_t n, room;
};

void buf_put(struct buf *b, const char *s, size_t n);
void buf_add(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
/* n bytes as the content of an HTML (or XML) element or quoted attribute. */
void buf_html(struct buf *b, const char *s, size_t n);
/* A Unicode character as UTF-8; U+FFFD for what is none. */
void buf_utf8(struct buf *b, unsigned cp);
/* The text so far, "" for none. */
const char *buf_text(const struct buf *b);
/* Forgets the text and keeps the room. */
void buf_clear(struct buf *b);

#endif
