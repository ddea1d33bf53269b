/* A text that grows. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static void
reserve(struct buf *b, size_t n)
{
	if (b->n + n + 1 <= b->room)
		return;
	b->room = 2 * (b->n + n) + 256;
	b->s = mem_grow(b->ctx, b->s, char, b->room);
}

void
buf_put(struct buf *b, const char *s, size_t n)
{
	reserve(b, n);
	if (n > 0)
		memcpy(b->s + b->n, s, n);
	b->n += n;
	b->s[b->n] = '\0';
}

void
buf_add(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_char(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0) {
		reserve(b, (size_t)n);
		vsnprintf(b->s + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void
buf_html(struct buf *b, const char *s, size_t n)
{
	while (n > 0) {
		size_t plain = 0;

		while (plain < n && strchr("&<>\"'", s[plain]) == NULL)
			plain++;
		buf_put(b, s, plain);
		s += plain;
		n -= plain;
		if (n == 0)
			break;
		buf_add(b, *s == '&'	? "&amp;"
			   : *s == '<'	? "&lt;"
			   : *s == '>'	? "&gt;"
			   : *s == '"'	? "&quot;"
			   : *s != '\0' ? "&#39;"
					: "\xef\xbf\xbd");
		s++;
		n--;
	}
}

void
buf_utf8(struct buf *b, unsigned c)
{
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		buf_char(b, (char)c);
	} else if (c < 0x800) {
		buf_char(b, (char)(0xc0 | c >> 6));
		buf_char(b, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_char(b, (char)(0xe0 | c >> 12));
		buf_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_char(b, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_char(b, (char)(0xf0 | c >> 18));
		buf_char(b, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_char(b, (char)(0x80 | (c & 0x3f)));
	}
}

const char *
buf_text(const struct buf *b)
{
	return b->n > 0 ? b->s : "";
}

void
buf_clear(struct buf *b)
{
	b->n = 0;
	if (b->s != NULL)
		*b->s = '\0';
}
