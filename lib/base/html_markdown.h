/* HTML of other systems -> Markdown (libxml2's push parser, its callbacks only: nothing
 * grows with the depth of the nesting). What Markdown has no words for becomes its text;
 * scripts, styles, frames and forms go. */
#ifndef BASE_HTML_MARKDOWN_H
#define BASE_HTML_MARKDOWN_H

#include <stddef.h>

/* n bytes of HTML in UTF-8; the text in ctx. */
char *html_to_markdown(void *ctx, const char *html, size_t n);

#endif
