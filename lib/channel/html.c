/* HTML mail to text. Only SAX callbacks: the tree mode drops text past depth 256. */
#include <libxml/HTMLparser.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "channel/mail.h"

enum { PIECE = 16384 };

struct writer {
	char *out;
	size_t n, max;
	int hidden; /* inside script, style, head */
	int breaks; /* newlines wanted before the next text */
	bool blank; /* a blank wanted before the next text */
	const char *href;
	void *ctx;
};

static const char *const blocks[] = {"p", "div", "tr", "table", "ul", "ol", "li", "h1",
    "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr", "section", "article", NULL};
static const char *const hiding[] = {"script", "style", "head", "title", NULL};

static bool
in(const char *const *list, const char *name)
{
	for (; *list != NULL; list++) {
		if (strcasecmp(*list, name) == 0)
			return true;
	}
	return false;
}

static void
put(struct writer *w, const char *s, size_t n)
{
	if (n > w->max - w->n)
		n = w->max - w->n;
	memcpy(w->out + w->n, s, n);
	w->n += n;
}

static void
on_text(void *arg, const xmlChar *text, int len)
{
	struct writer *w = arg;
	const char *s = (const char *)text;

	if (w->hidden > 0)
		return;
	for (int i = 0; i < len;) {
		size_t n = 0;

		while (i + (int)n < len && strchr(" \t\r\n", s[i + (int)n]) == NULL)
			n++;
		if (n > 0) {
			if (w->n > 0 && w->breaks > 0)
				put(w, "\n\n", w->breaks > 1 ? 2 : 1);
			else if (w->n > 0 && w->blank)
				put(w, " ", 1);
			w->breaks = 0;
			w->blank = false;
			put(w, s + i, n);
			i += (int)n;
		} else {
			w->blank = true;
			i++;
		}
	}
}

static void
on_start(void *arg, const xmlChar *element, const xmlChar **attributes)
{
	struct writer *w = arg;
	const char *name = (const char *)element;

	if (in(hiding, name))
		w->hidden++;
	if (in(blocks, name))
		w->breaks = strcasecmp(name, "p") == 0 ? 2 : w->breaks ? w->breaks : 1;
	if (strcasecmp(name, "br") == 0)
		w->breaks = w->breaks ? 2 : 1;
	if (strcasecmp(name, "td") == 0 || strcasecmp(name, "th") == 0)
		w->blank = true;
	for (; strcasecmp(name, "a") == 0 && attributes != NULL && *attributes != NULL;
	     attributes += 2) {
		if (strcasecmp((const char *)attributes[0], "href") == 0 &&
		    attributes[1] != NULL)
			w->href = talloc_strdup(w->ctx, (const char *)attributes[1]);
	}
}

static void
on_end(void *arg, const xmlChar *element)
{
	struct writer *w = arg;
	const char *name = (const char *)element;

	if (in(hiding, name) && w->hidden > 0)
		w->hidden--;
	if (strcasecmp(name, "a") == 0 && w->href != NULL) {
		size_t n = strlen(w->href);

		/* A link whose text is its address is said once. */
		if (w->hidden == 0 && strncmp(w->href, "http", 4) == 0 &&
		    (w->n < n || memcmp(w->out + w->n - n, w->href, n) != 0)) {
			put(w, " <", 2);
			put(w, w->href, n);
			put(w, ">", 1);
		}
		w->href = NULL;
	}
	if (in(blocks, name))
		w->breaks = strcasecmp(name, "p") == 0 ? 2 : w->breaks ? w->breaks : 1;
}

static void
silent(void *arg, const char *fmt, ...)
{
	(void)arg;
	(void)fmt;
}

char *
html_to_text(void *ctx, const char *html, size_t n, size_t max)
{
	struct writer w = {.out = mem_array(ctx, char, max + 1), .max = max, .ctx = ctx};
	htmlSAXHandler sax = {.startElement = on_start,
	    .endElement = on_end,
	    .characters = on_text,
	    .cdataBlock = on_text,
	    .error = silent,
	    .warning = silent};
	htmlParserCtxtPtr p =
	    htmlCreatePushParserCtxt(&sax, &w, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);

	if (p == NULL)
		return talloc_strdup(ctx, "");
	htmlCtxtUseOptions(p, HTML_PARSE_NONET | HTML_PARSE_RECOVER | HTML_PARSE_NOERROR);
	for (size_t i = 0; i < n && w.n < w.max; i += PIECE)
		(void)htmlParseChunk(
		    p, html + i, (int)(n - i < PIECE ? n - i : PIECE), 0);
	(void)htmlParseChunk(p, NULL, 0, 1);
	htmlFreeParserCtxt(p);
	w.out[w.n] = '\0';
	return w.out;
}
