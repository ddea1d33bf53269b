/* Markdown (CommonMark, md4c) -> HTML that is safe to send and to show. */
#ifndef BASE_MARKDOWN_H
#define BASE_MARKDOWN_H

#include <stdbool.h>

/* A piece of HTML, in ctx. Raw HTML in the text is shown as text; links lead to http,
 * https and mailto or nowhere. With `breaks` a line's end stays one, as people write
 * mails. */
char *markdown_html(void *ctx, const char *text, bool breaks);

#endif
