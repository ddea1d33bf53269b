/* Markdown (CommonMark with tables, task lists, strikethrough and bare links; md4c) ->
 * HTML that is safe to send and to show, plain text, and what it holds: headings, links.
 *
 * Raw HTML in the text is shown as text. A link leads to http, https, mailto or tel, to a
 * place in the same text, or where `link` says; everything else leads nowhere. */
#ifndef BASE_MARKDOWN_H
#define BASE_MARKDOWN_H

#include <stdbool.h>
#include <stddef.h>

/* A megabyte of a table's rows can be gigabytes of cells: no more than this is made. */
#define MARKDOWN_HTML_MAX (16 * 1024 * 1024)

struct markdown_how {
	bool breaks; /* a line's end stays one, as people write mails */
	/* A part of a page: headings begin at <h2> and get ids to be linked to; wide
	 * tables and code scroll by themselves. */
	bool page;
	/* The URL to write for a destination, NULL: nowhere. What it returns passes the
	 * same check of its scheme, unless it has none. */
	const char *(*link)(void *arg, void *ctx, const char *dest, bool image);
	void *arg;
};
struct markdown_heading {
	int level, line; /* as written, from 1 */
	const char *id,
	    *text; /* GitHub's way: "Two words" is two-words, again two-words-1 */
};
struct markdown_link {
	const char *dest; /* as written, entities decoded */
	bool image;
	int line;
};
struct markdown {
	const char *html;
	const char *text; /* without marks; blocks end with a newline */
	struct markdown_heading *headings;
	struct markdown_link *links;
	size_t nheadings, nlinks;
	bool too_large; /* it was broken off at MARKDOWN_HTML_MAX */
};
/* Belongs to ctx. `text` is UTF-8. */
struct markdown *markdown_render(
    void *ctx, const char *text, const struct markdown_how *how);
/* A piece of HTML alone, in ctx; of what is too large the text as it is. */
char *markdown_html(void *ctx, const char *text, bool breaks);
/* Does a destination start with one of the allowed schemes? */
bool markdown_scheme_ok(const char *dest);

#endif
