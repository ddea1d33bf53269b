/* HTML of others as readable text. */
#ifndef MAIL_HTML_H
#define MAIL_HTML_H

#include <stddef.h>

struct html_text {
	char *s;
	size_t n;
	size_t quote; /* where a client's known quote starts that goes to the end, or n */
};
/* n bytes of UTF-8: links kept, quotes as "> ", tables flattened, scripts and styles
 * dropped; at most max bytes, in ctx. libxml2's push parser, whose memory does not grow
 * with depth. */
struct html_text html_to_text(void *ctx, const char *html, size_t n, size_t max);
/* The charset a <meta> declares, or NULL. */
char *html_charset(void *ctx, const char *html, size_t n);

#endif
