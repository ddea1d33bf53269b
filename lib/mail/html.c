/* HTML mail to text. Only SAX callbacks: the tree mode drops text past depth 256. */
#include <libxml/HTMLparser.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "mail/mail_priv.h"

enum { PIECE = 16384, QUOTES_MAX = 20, LISTS_MAX = 20 };

struct writer {
	void *ctx;
	char *out;
	size_t n, max;
	int hidden;		     /* inside script, style, head */
	int pre;		     /* inside pre: blanks count */
	int breaks;		     /* newlines wanted before the next text */
	bool blank;		     /* a blank wanted before the next text */
	bool started;		     /* this line has text */
	int quotes;		     /* blockquotes around us */
	int items[LISTS_MAX], lists; /* numbers of ordered lists; 0: bullets */
	char *href;
	size_t href_at; /* where the link's text starts */
	/* A client's own mark of what it quotes. */
	int depth;	  /* open elements */
	int mark_depth;	  /* of the element that is the mark; 0: none yet */
	bool mark_closed; /* it ended */
	int mark_quotes;  /* blockquotes around it */
	bool mark_quoted; /* a blockquote began in it */
	bool mixed;	  /* something was said after or between what is quoted */
	size_t quote;
};

static bool
in(const char *const *list, const char *name)
{
	for (; *list != NULL; list++) {
		if (strcasecmp(*list, name) == 0)
			return true;
	}
	return false;
}

static const char *
attribute(const xmlChar **attributes, const char *name)
{
	for (; attributes != NULL && *attributes != NULL; attributes += 2) {
		if (strcasecmp((const char *)attributes[0], name) == 0 && attributes[1])
			return (const char *)attributes[1];
	}
	return "";
}

/* ---- writing ---- */

static void
put(struct writer *w, const char *s, size_t n)
{
	if (n > w->max - w->n)
		n = w->max - w->n;
	memcpy(w->out + w->n, s, n);
	w->n += n;
}

static void
new_line(struct writer *w)
{
	put(w, "\n", 1);
	w->started = false;
}

/* Before text: the breaks, the quote's marks or a blank that are due. */
static void
settle(struct writer *w)
{
	int quotes = w->quotes < QUOTES_MAX ? w->quotes : QUOTES_MAX;

	for (; w->n > 0 && w->breaks > 0; w->breaks--) {
		/* An empty line within a quote is quoted, too. */
		for (int i = 0; !w->started && i < quotes; i++)
			put(w, ">", 1);
		new_line(w);
	}
	w->breaks = 0;
	if (!w->started) {
		for (int i = 0; i < quotes; i++)
			put(w, i + 1 < quotes ? ">" : "> ", i + 1 < quotes ? 1 : 2);
	} else if (w->blank) {
		put(w, " ", 1);
	}
	w->started = true;
	w->blank = false;
}

static void
want_breaks(struct writer *w, int n)
{
	w->breaks = w->breaks > n ? w->breaks : n;
	w->blank = false;
}

static void
note_mixed(struct writer *w)
{
	if (w->mark_depth > 0 &&
	    (w->mark_closed || (w->mark_quoted && w->quotes == w->mark_quotes)))
		w->mixed = true;
}

static void
on_text(void *arg, const xmlChar *text, int len)
{
	struct writer *w = arg;
	const char *s = (const char *)text, *end = s + len;

	if (w->hidden > 0)
		return;
	while (s < end && w->n < w->max) {
		size_t n = 0;

		while (s + n < end && strchr(" \t\r\n", s[n]) == NULL)
			n++;
		/* A hard blank alone is a way to keep a paragraph open. */
		if (n == 2 && memcmp(s, "\xc2\xa0", 2) == 0) {
			w->blank = w->started;
			s += n;
			continue;
		}
		if (n > 0) {
			note_mixed(w);
			settle(w);
			put(w, s, n);
			s += n;
			continue;
		}
		if (w->pre > 0 && *s == '\n') {
			settle(w);
			new_line(w);
		} else if (w->pre > 0 && *s != '\r') {
			settle(w);
			put(w, " ", 1);
		} else {
			w->blank = w->started;
		}
		s++;
	}
}

/* ---- elements ---- */

static const char *const paragraphs[] = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre",
    "blockquote", "ul", "ol", "dl", "table", "hr", NULL};
static const char *const blocks[] = {"div", "tr", "li", "dt", "dd", "section", "article",
    "header", "footer", "center", "address", "fieldset", "form", "main", "nav", NULL};
static const char *const hiding[] = {
    "script", "style", "head", "title", "template", NULL};
static const char *const empty[] = {"br", "hr", "img", "meta", "link", "input", "col",
    "base", "area", "wbr", "param", "source", "embed", NULL};

/* What clients put around the mail they quote: Gmail, Thunderbird and Apple, Outlook on
 * the web and mobile, Yahoo, Proton, Tutanota, Zoho, GMX, Hotmail. */
static bool
is_mark(const char *name, const xmlChar **attributes)
{
	static const char *const ids[] = {"divRplyFwdMsg", "appendonsend",
	    "OLK_SRC_BODY_SECTION", "mail-editor-reference-message-container",
	    "stopSpelling", "reply-intro", NULL};
	static const char *const classes[] = {"gmail_quote", "gmail_quote_container",
	    "gmail_extra", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote",
	    "tutanota_quote", "zmail_extra", "OutlookMessageHeader", "gmx_quote", NULL};
	const char *class = attribute(attributes, "class");
	char word[40];

	if (*class == '\0' && *attribute(attributes, "id") == '\0')
		return false;
	if (in(ids, attribute(attributes, "id")))
		return true;
	while (*class != '\0') {
		size_t n = strcspn(class, " ");

		if (n < sizeof(word)) {
			memcpy(word, class, n);
			word[n] = '\0';
			/* Gmail marks both the frame and the blockquote in it. */
			if (in(classes, word) && strcasecmp(name, "blockquote") != 0)
				return true;
		}
		class += n + (class[n] == ' ');
	}
	return false;
}

static void
start_mark(struct writer *w, const char *name, const xmlChar **attributes)
{
	if (w->mark_depth > 0 || w->hidden > 0 || !is_mark(name, attributes))
		return;
	w->mark_depth = w->depth;
	w->mark_quotes = w->quotes;
	w->quote = w->n;
	/* These stand before what they introduce, at its level: it goes on to the end. */
	if (strcasecmp(attribute(attributes, "id"), "divRplyFwdMsg") == 0 ||
	    strcasecmp(attribute(attributes, "id"), "appendonsend") == 0 ||
	    strcasecmp(attribute(attributes, "id"), "stopSpelling") == 0 ||
	    strcasecmp(attribute(attributes, "id"), "reply-intro") == 0 ||
	    strcasecmp(attribute(attributes, "class"), "moz-cite-prefix") == 0 ||
	    strcasecmp(attribute(attributes, "class"), "OutlookMessageHeader") == 0)
		w->mark_depth = 1;
	want_breaks(w, 1);
}

static void
start_item(struct writer *w)
{
	char number[16];
	int *item =
	    w->lists > 0 && w->lists <= LISTS_MAX ? &w->items[w->lists - 1] : NULL;
	int n;

	want_breaks(w, 1);
	settle(w);
	if (item != NULL && *item > 0) {
		n = snprintf(number, sizeof(number), "%d.", (*item)++ % 10000);
		put(w, number, (size_t)n);
	} else {
		put(w, "-", 1);
	}
	w->blank = true;
}

static void
start_list(struct writer *w, bool ordered)
{
	if (w->lists < LISTS_MAX)
		w->items[w->lists] = ordered;
	w->lists++;
}

static void
on_start(void *arg, const xmlChar *element, const xmlChar **attributes)
{
	struct writer *w = arg;
	const char *name = (const char *)element, *alt;

	if (!in(empty, name))
		w->depth++;
	start_mark(w, name, attributes);
	if (in(hiding, name))
		w->hidden++;
	if (in(paragraphs, name))
		want_breaks(w, strcasecmp(name, "table") == 0 || w->lists > 0 ? 1 : 2);
	else if (in(blocks, name))
		want_breaks(w, 1);
	if (strcasecmp(name, "blockquote") == 0) {
		w->quotes++;
		w->mark_quoted = w->mark_quoted || w->mark_depth > 0;
	} else if (strcasecmp(name, "br") == 0) {
		w->breaks += w->breaks < 2;
		w->blank = false;
	} else if (strcasecmp(name, "pre") == 0) {
		w->pre++;
	} else if (strcasecmp(name, "ul") == 0 || strcasecmp(name, "ol") == 0) {
		start_list(w, strcasecmp(name, "ol") == 0);
	} else if (strcasecmp(name, "li") == 0 && w->hidden == 0) {
		start_item(w);
	} else if (strcasecmp(name, "td") == 0 || strcasecmp(name, "th") == 0) {
		w->blank = w->started;
	} else if (strcasecmp(name, "img") == 0 && w->hidden == 0) {
		alt = attribute(attributes, "alt");
		on_text(w, (const xmlChar *)alt, (int)strnlen(alt, 1000));
	} else if (strcasecmp(name, "a") == 0) {
		talloc_free(w->href);
		w->href = talloc_strdup(w->ctx, attribute(attributes, "href"));
		w->href_at = w->n;
	}
}

/* A link whose text is its address is said once. */
static void
end_link(struct writer *w)
{
	size_t n = w->href ? strlen(w->href) : 0, skip = 0, shown;

	if (n > 0 && w->hidden == 0 &&
	    (strncasecmp(w->href, "http", 4) == 0 ||
		strncasecmp(w->href, "mailto:", 7) == 0)) {
		skip = strncasecmp(w->href, "mailto:", 7) == 0 ? 7 : 0;
		shown = n - skip;
		shown -= w->href[n - 1] == '/';
		if (n - skip < 2000 && memmem(w->out + w->href_at, w->n - w->href_at,
					   w->href + skip, shown) == NULL) {
			settle(w);
			put(w, " <", 2);
			put(w, w->href + skip, n - skip);
			put(w, ">", 1);
		}
	}
	TALLOC_FREE(w->href);
}

static void
on_end(void *arg, const xmlChar *element)
{
	struct writer *w = arg;
	const char *name = (const char *)element;

	if (in(hiding, name) && w->hidden > 0)
		w->hidden--;
	if (strcasecmp(name, "a") == 0)
		end_link(w);
	if (in(paragraphs, name))
		want_breaks(w, strcasecmp(name, "table") == 0 || w->lists > 1 ? 1 : 2);
	else if (in(blocks, name))
		want_breaks(w, 1);
	if (strcasecmp(name, "blockquote") == 0 && w->quotes > 0)
		w->quotes--;
	else if (strcasecmp(name, "pre") == 0 && w->pre > 0)
		w->pre--;
	else if ((strcasecmp(name, "ul") == 0 || strcasecmp(name, "ol") == 0) &&
		 w->lists > 0)
		w->lists--;
	if (in(empty, name))
		return;
	if (w->depth == w->mark_depth && w->mark_depth > 1)
		w->mark_closed = true;
	w->depth--;
}

static void
silent(void *arg, const char *fmt, ...)
{
	(void)arg;
	(void)fmt;
}

struct html_text
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
	struct html_text t = {.s = w.out};

	if (p == NULL)
		return t;
	htmlCtxtUseOptions(p, HTML_PARSE_NONET | HTML_PARSE_RECOVER | HTML_PARSE_NOERROR |
				  HTML_PARSE_IGNORE_ENC);
	for (size_t i = 0; i < n && w.n < w.max; i += PIECE)
		(void)htmlParseChunk(
		    p, html + i, (int)(n - i < PIECE ? n - i : PIECE), 0);
	(void)htmlParseChunk(p, NULL, 0, 1);
	htmlFreeParserCtxt(p);
	w.out[w.n] = '\0';
	t.n = w.n;
	t.quote = w.mark_depth > 0 && !w.mixed ? w.quote : w.n;
	return t;
}

/* ---- <meta charset=x>, <meta http-equiv content="text/html; charset=x"> ---- */

char *
html_charset(void *ctx, const char *html, size_t n)
{
	const char *p = html, *end = html + (n < 4096 ? n : 4096);
	size_t len;

	while ((p = memmem(p, (size_t)(end - p), "harset=", 7)) != NULL) {
		p += 7;
		p += p < end && (*p == '"' || *p == '\'');
		for (len = 0; p + len < end && len < 40 && p[len] != '\0' &&
			      strchr("\"' ;/>\r\n", p[len]) == NULL;
		     len++)
			;
		if (len > 0)
			return talloc_strndup(ctx, p, len);
	}
	return NULL;
}
