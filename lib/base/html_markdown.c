/* HTML -> Markdown. */
#include "base/html_markdown.h"

#include <libxml/HTMLparser.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/mem.h"

enum { PREFIX_MAX = 64, DEPTH_MAX = 16 };

struct convert {
	void *ctx;
	struct buf out;
	int newlines; /* wanted before the next text: 1 a line, 2 a paragraph */
	bool blank;   /* and a blank, within a line */
	bool start;   /* nothing was written in this line yet */
	int skip;     /* in so many elements whose text goes */
	int pre;      /* in so many <pre> */
	int code;     /* in so many <code> */
	bool tight;   /* a mark was opened: no blank behind it */
	char prefix[PREFIX_MAX]; /* of each line: "> ", indents of items */
	struct {
		size_t prefix; /* its length outside */
		int number;    /* of the next item, 0: bullets */
	} lists[DEPTH_MAX];
	int nlists;
	char *href[DEPTH_MAX];
	int nhrefs;
	int cells; /* of the row that is open */
	int rows;  /* of the table that is open */
	bool in_row;
};

/* ---- writing ---- */

static void
want(struct convert *c, int newlines)
{
	if (c->in_row)
		c->blank = true; /* a cell is one line */
	else if (c->start && c->newlines == 0)
		return; /* an item or quote has just begun: its paragraph does, too */
	else if (c->newlines < newlines)
		c->newlines = newlines;
}

/* Ends what is due before the next text. */
static void
open_line(struct convert *c)
{
	if (c->newlines > 0 && c->out.n > 0) {
		for (int i = 0; i < c->newlines; i++) {
			size_t n = strlen(c->prefix);

			buf_char(&c->out, '\n');
			/* Blank lines keep a quote together, and end in nothing else. */
			while (i + 1 < c->newlines && n > 0 && c->prefix[n - 1] == ' ')
				n--;
			buf_put(&c->out, c->prefix, n);
		}
		c->start = true;
	} else if (c->out.n == 0) {
		buf_add(&c->out, c->prefix);
		c->start = true;
	} else if (c->blank && !c->start) {
		buf_char(&c->out, ' ');
	}
	c->newlines = 0;
	c->blank = false;
}

static void
put(struct convert *c, const char *s)
{
	open_line(c);
	buf_add(&c->out, s);
	c->start = false;
}

static void
put_char(struct convert *c, char ch)
{
	if (c->start && strchr("#+-=>", ch) != NULL)
		buf_char(&c->out, '\\');
	else if ((c->code == 0 && strchr("\\`*_[]<", ch) != NULL) ||
		 (ch == '|' && c->in_row))
		buf_char(&c->out, '\\');
	buf_char(&c->out, ch);
	c->start = c->tight = false;
}

static void
on_text(void *arg, const xmlChar *text, int n)
{
	struct convert *c = arg;
	const char *s = (const char *)text;

	if (c->skip > 0)
		return;
	for (int i = 0; i < n; i++) {
		if (c->pre > 0) {
			open_line(c);
			buf_char(&c->out, s[i]);
			if (s[i] == '\n')
				buf_add(&c->out, c->prefix);
		} else if (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
			c->blank = !c->tight;
		} else {
			open_line(c);
			put_char(c, s[i]);
		}
	}
}

/* ---- elements ---- */

static const char *
attribute(const xmlChar **atts, const char *name)
{
	for (; atts != NULL && atts[0] != NULL; atts += 2) {
		if (strcasecmp((const char *)atts[0], name) == 0 && atts[1] != NULL)
			return (const char *)atts[1];
	}
	return "";
}

static bool
is_one_of(const char *name, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strcasecmp(name, *list) == 0)
			return true;
	}
	return false;
}

static const char *const skipped[] = {"script", "style", "head", "iframe", "object",
    "form", "button", "select", "svg", "noscript", "template", NULL};
static const char *const blocks[] = {"p", "div", "section", "article", "table", "header",
    "footer", "figure", "figcaption", "dl", "dt", "dd", "main", "aside", "details",
    "summary", NULL};

static const char *
mark_of(const char *name)
{
	if (strcasecmp(name, "strong") == 0 || strcasecmp(name, "b") == 0)
		return "**";
	if (strcasecmp(name, "em") == 0 || strcasecmp(name, "i") == 0)
		return "*";
	if (strcasecmp(name, "del") == 0 || strcasecmp(name, "s") == 0)
		return "~~";
	return NULL;
}

static void
push_prefix(struct convert *c, const char *more)
{
	size_t n = strlen(c->prefix);

	if (n + strlen(more) < sizeof(c->prefix))
		memcpy(c->prefix + n, more, strlen(more) + 1);
}

static void
open_item(struct convert *c)
{
	int i = c->nlists < DEPTH_MAX ? c->nlists - 1 : DEPTH_MAX - 1;
	char number[16];

	if (i < 0)
		return;
	c->prefix[c->lists[i].prefix] = '\0';
	want(c, 1);
	if (c->lists[i].number > 0)
		snprintf(number, sizeof(number), "%d. ", c->lists[i].number++);
	else
		snprintf(number, sizeof(number), "- ");
	put(c, number);
	c->start = true; /* the text of an item begins a line of its own */
	push_prefix(c, c->lists[i].number > 0 ? "   " : "  ");
}

static void
open_list(struct convert *c, bool ordered)
{
	want(c, c->nlists > 0 ? 1 : 2);
	if (c->nlists < DEPTH_MAX) {
		c->lists[c->nlists].prefix = strlen(c->prefix);
		c->lists[c->nlists].number = ordered;
	}
	c->nlists++;
}

static void
close_list(struct convert *c)
{
	if (c->nlists == 0)
		return;
	c->nlists--;
	if (c->nlists < DEPTH_MAX)
		c->prefix[c->lists[c->nlists].prefix] = '\0';
	want(c, c->nlists > 0 ? 1 : 2);
}

/* Between brackets and parentheses: nothing that would end them. */
static void
put_url(struct convert *c, const char *url)
{
	for (; *url != '\0'; url++) {
		if (strchr("()<> \t\r\n\\", *url) != NULL)
			buf_printf(&c->out, "%%%02X", (unsigned)(unsigned char)*url);
		else
			buf_char(&c->out, *url);
	}
}

static void
put_image(struct convert *c, const xmlChar **atts)
{
	put(c, "![");
	for (const char *s = attribute(atts, "alt"); *s != '\0'; s++)
		put_char(c, *s == '\n' ? ' ' : *s);
	buf_add(&c->out, "](");
	put_url(c, attribute(atts, "src"));
	buf_char(&c->out, ')');
}

static void
open_row(struct convert *c)
{
	want(c, c->rows == 0 ? 2 : 1);
	open_line(c);
	buf_char(&c->out, '|');
	c->in_row = true;
	c->cells = 0;
}

static void
close_row(struct convert *c)
{
	if (!c->in_row)
		return;
	c->in_row = false;
	c->blank = false;
	/* Markdown's tables have a heading: the first row. */
	if (c->rows++ == 0) {
		c->newlines = 1;
		open_line(c);
		buf_char(&c->out, '|');
		for (int i = 0; i < c->cells; i++)
			buf_add(&c->out, "---|");
	}
	c->newlines = 1;
}

static void
open_other(struct convert *c, const char *name, const xmlChar **atts)
{
	if (strcasecmp(name, "br") == 0) {
		if (!c->in_row && !c->start && c->out.n > 0)
			buf_char(&c->out, '\\');
		want(c, 1);
	} else if (strcasecmp(name, "hr") == 0) {
		want(c, 2);
		put(c, "---");
		want(c, 2);
	} else if (strcasecmp(name, "img") == 0) {
		put_image(c, atts);
	} else if (strcasecmp(name, "a") == 0) {
		if (c->nhrefs < DEPTH_MAX)
			c->href[c->nhrefs] =
			    talloc_strdup(c->ctx, attribute(atts, "href"));
		c->nhrefs++;
		put(c, "[");
	} else if (strcasecmp(name, "blockquote") == 0) {
		want(c, 2);
		open_line(c);
		push_prefix(c, "> ");
		buf_add(&c->out, "> ");
		c->start = true;
	} else if (strcasecmp(name, "tr") == 0) {
		open_row(c);
	} else if (strcasecmp(name, "td") == 0 || strcasecmp(name, "th") == 0) {
		c->cells++;
		buf_char(&c->out, ' ');
		c->start = true;
		c->blank = false;
	} else if (strcasecmp(name, "table") == 0) {
		c->rows = 0;
	}
}

static void
on_open(void *arg, const xmlChar *element, const xmlChar **atts)
{
	struct convert *c = arg;
	const char *name = (const char *)element;

	if (is_one_of(name, skipped))
		c->skip++;
	if (c->skip > 0)
		return;
	if (is_one_of(name, blocks))
		want(c, 2);
	if (mark_of(name) != NULL && c->pre == 0) {
		put(c, mark_of(name));
		c->tight = true;
	} else if (strcasecmp(name, "code") == 0 && c->pre == 0) {
		put(c, "`");
		c->code++;
	} else if (strcasecmp(name, "pre") == 0) {
		want(c, 2);
		put(c, "```");
		c->pre++;
		c->newlines = 1;
	} else if (strcasecmp(name, "ul") == 0 || strcasecmp(name, "ol") == 0) {
		open_list(c, strcasecmp(name, "ol") == 0);
	} else if (strcasecmp(name, "li") == 0) {
		open_item(c);
	} else if (strlen(name) == 2 && (*name == 'h' || *name == 'H') &&
		   name[1] >= '1' && name[1] <= '6') {
		want(c, 2);
		for (char level = '1'; level <= name[1]; level++)
			put(c, "#");
		buf_char(&c->out, ' ');
	} else {
		open_other(c, name, atts);
	}
}

static void
close_other(struct convert *c, const char *name)
{
	if (strcasecmp(name, "a") == 0 && c->nhrefs > 0) {
		c->nhrefs--;
		buf_add(&c->out, "](");
		put_url(c, c->nhrefs < DEPTH_MAX ? c->href[c->nhrefs] : "");
		buf_char(&c->out, ')');
	} else if (strcasecmp(name, "blockquote") == 0) {
		size_t n = strlen(c->prefix);

		if (n >= 2)
			c->prefix[n - 2] = '\0';
		want(c, 2);
	} else if (strcasecmp(name, "tr") == 0) {
		close_row(c);
	} else if (strcasecmp(name, "td") == 0 || strcasecmp(name, "th") == 0) {
		buf_add(&c->out, " |");
		c->blank = false;
	} else if (strlen(name) == 2 && (*name == 'h' || *name == 'H')) {
		want(c, 2);
	}
}

static void
on_close(void *arg, const xmlChar *element)
{
	struct convert *c = arg;
	const char *name = (const char *)element;

	if (c->skip > 0) {
		c->skip -= is_one_of(name, skipped);
		return;
	}
	if (mark_of(name) != NULL && c->pre == 0) {
		buf_add(&c->out, mark_of(name));
	} else if (strcasecmp(name, "code") == 0 && c->pre == 0) {
		buf_char(&c->out, '`');
		c->code -= c->code > 0;
	} else if (strcasecmp(name, "pre") == 0 && c->pre > 0) {
		c->pre--;
		if (c->out.n > 0 && c->out.s[c->out.n - 1] != '\n')
			c->newlines = 1;
		put(c, "```");
		want(c, 2);
	} else if (strcasecmp(name, "ul") == 0 || strcasecmp(name, "ol") == 0) {
		close_list(c);
	} else {
		close_other(c, name);
	}
	if (is_one_of(name, blocks))
		want(c, 2);
}

char *
html_to_markdown(void *ctx, const char *html, size_t n)
{
	struct convert c = {.ctx = talloc_new(ctx), .start = true};
	xmlSAXHandler sax = {.startElement = on_open,
	    .endElement = on_close,
	    .characters = on_text,
	    .cdataBlock = NULL};
	htmlParserCtxtPtr p;
	char *out;

	c.out.ctx = c.ctx;
	p = htmlCreatePushParserCtxt(&sax, &c, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
	if (p != NULL) {
		htmlCtxtUseOptions(p, HTML_PARSE_NONET | HTML_PARSE_NOERROR |
					  HTML_PARSE_NOWARNING | HTML_PARSE_RECOVER);
		htmlParseChunk(p, html, (int)n, 1);
		htmlFreeParserCtxt(p);
	}
	out = talloc_asprintf(ctx, "%s\n", buf_text(&c.out));
	talloc_free(c.ctx);
	return out;
}
