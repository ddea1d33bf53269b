/* Markdown by md4c. */
#include "base/markdown.h"

#include <md4c-html.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"

struct html {
	void *ctx;
	char *s;
	size_t n, room;
};

static void
put(const MD_CHAR *text, MD_SIZE size, void *arg)
{
	struct html *h = arg;

	if (h->n + size + 1 > h->room) {
		h->room = 2 * (h->n + size) + 256;
		h->s = mem_grow(h->ctx, h->s, char, h->room);
	}
	memcpy(h->s + h->n, text, size);
	h->n += size;
	h->s[h->n] = '\0';
}

/* Two blanks before a line's end make it a break (CommonMark 6.7). */
static char *
with_breaks(void *ctx, const char *text)
{
	char *out = mem_array(ctx, char, 3 * strlen(text) + 1);
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (*text == '\n')
			out[n++] = ' ', out[n++] = ' ';
		out[n++] = *text;
	}
	out[n] = '\0';
	return out;
}

static bool
leads_somewhere(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 ||
	       strncasecmp(url, "https://", 8) == 0 ||
	       strncasecmp(url, "mailto:", 7) == 0 || *url == '#';
}

/* md4c writes href and src itself, with quotes inside escaped: what begins otherwise
 * ("javascript:") leads nowhere. */
static char *
only_good_links(void *ctx, const char *html)
{
	char *out = mem_array(ctx, char, strlen(html) + 1);
	size_t n = 0;

	while (*html != '\0') {
		size_t k = text_starts(html, "<a href=\"")    ? 9
			   : text_starts(html, "<img src=\"") ? 10
							      : 0;

		if (k == 0) {
			out[n++] = *html++;
			continue;
		}
		memcpy(out + n, html, k);
		n += k;
		html += k;
		if (!leads_somewhere(html))
			html += strcspn(html, "\"");
	}
	out[n] = '\0';
	return out;
}

char *
markdown_html(void *ctx, const char *text, bool breaks)
{
	struct html h = {.ctx = ctx};
	char *source = breaks ? with_breaks(ctx, text) : talloc_strdup(ctx, text), *out;

	put("", 0, &h);
	(void)md_html(source, (MD_SIZE)strlen(source), put, &h,
	    MD_FLAG_NOHTML | MD_FLAG_PERMISSIVEAUTOLINKS | MD_FLAG_TABLES |
		MD_FLAG_STRIKETHROUGH,
	    0);
	out = only_good_links(ctx, h.s);
	talloc_free(source);
	talloc_free(h.s);
	return out;
}
