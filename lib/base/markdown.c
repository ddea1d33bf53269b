/* Markdown: md4c's callbacks -> HTML and plain text. */
#include "base/markdown.h"

#include <md4c.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>
#include <wctype.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

enum { LIST_DEPTH = 32 };

struct render {
	const struct markdown_how *how;
	struct markdown *out;
	struct buf html, text;
	const char *source;
	size_t nsource;
	size_t *line_at; /* offsets at which lines begin */
	size_t nlines;
	const char *last; /* where in the source we are, as far as md4c tells */
	int images;	  /* in so many: their text goes to alt="" */
	bool untagged;	  /* the outermost has no tag */
	bool tight_text;  /* the plain text is within a line */
	size_t open_html, open_text; /* of the heading that is open */
	size_t *tags; /* offsets of "<hN>" and "</hN>" digits, to move levels */
	size_t ntags;
	int lists[LIST_DEPTH]; /* next number of ordered ones, 0: bullets */
	int depth;
};

/* ---- places in the source ---- */

static void
find_lines(struct render *r)
{
	size_t n = 1;

	for (size_t i = 0; i < r->nsource; i++)
		n += r->source[i] == '\n';
	r->line_at = mem_array(r->out, size_t, n);
	for (size_t i = 0; i < r->nsource; i++) {
		if (r->source[i] == '\n')
			r->line_at[++r->nlines] = i + 1;
	}
	r->nlines++;
}

/* The line of a pointer into the source; of anything else, where we were last. */
static int
line_of(struct render *r, const char *p)
{
	size_t low = 0, high = r->nlines, at;

	if (p >= r->source && p <= r->source + r->nsource)
		r->last = p;
	at = (size_t)(r->last - r->source);
	while (high - low > 1) {
		size_t mid = (low + high) / 2;

		if (r->line_at[mid] <= at)
			low = mid;
		else
			high = mid;
	}
	return (int)low + 1;
}

/* ---- pieces ---- */

/* "&amp;" and its like as the character; what we do not know stays as it is written. */
static void
put_entity(struct buf *b, const char *s, size_t n)
{
	static const struct {
		const char *name, *text;
	} known[] = {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""},
	    {"&apos;", "'"}, {"&nbsp;", " "}, {"&copy;", "\xc2\xa9"},
	    {"&mdash;", "\xe2\x80\x94"}, {"&ndash;", "\xe2\x80\x93"},
	    {"&hellip;", "\xe2\x80\xa6"}, {"&auml;", "\xc3\xa4"}, {"&ouml;", "\xc3\xb6"},
	    {"&uuml;", "\xc3\xbc"}, {"&Auml;", "\xc3\x84"}, {"&Ouml;", "\xc3\x96"},
	    {"&Uuml;", "\xc3\x9c"}, {"&szlig;", "\xc3\x9f"}, {"&euro;", "\xe2\x82\xac"}};

	if (n > 3 && s[1] == '#') {
		bool hex = s[2] == 'x' || s[2] == 'X';
		unsigned long c = strtoul(s + (hex ? 3 : 2), NULL, hex ? 16 : 10);

		buf_utf8(b, c > 0x10ffff ? 0 : (unsigned)c);
		return;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].name) == n && strncmp(s, known[i].name, n) == 0) {
			buf_add(b, known[i].text);
			return;
		}
	}
	buf_put(b, s, n);
}

static char *
attribute(struct render *r, const MD_ATTRIBUTE *a)
{
	struct buf b = {.ctx = r->out};

	for (size_t i = 0; a->substr_offsets != NULL && a->substr_offsets[i] < a->size;
	     i++) {
		const char *s = a->text + a->substr_offsets[i];
		size_t n = a->substr_offsets[i + 1] - a->substr_offsets[i];

		if (a->substr_types[i] == MD_TEXT_ENTITY)
			put_entity(&b, s, n);
		else if (a->substr_types[i] == MD_TEXT_NULLCHAR)
			buf_utf8(&b, 0xfffd);
		else
			buf_put(&b, s, n);
	}
	buf_put(&b, "", 0);
	return b.s;
}

bool
markdown_scheme_ok(const char *dest)
{
	static const char *const schemes[] = {
	    "http://", "https://", "mailto:", "tel:", NULL};

	for (const char *const *s = schemes; *s != NULL; s++) {
		if (strncasecmp(dest, *s, strlen(*s)) == 0)
			return true;
	}
	return false;
}

/* Is there a scheme at all ("a:b", but not "a/b:c")? What a browser skips within one
 * counts as part of it. */
static bool
has_scheme(const char *dest)
{
	return dest[strcspn(dest, ":/?#")] == ':';
}

static const char *
leads_to(struct render *r, const char *dest, bool image)
{
	if (r->how->link != NULL && !markdown_scheme_ok(dest)) {
		dest = r->how->link(r->how->arg, r->out, dest, image);
		if (dest == NULL || (has_scheme(dest) && !markdown_scheme_ok(dest)))
			return "";
		return dest;
	}
	return markdown_scheme_ok(dest) || *dest == '#' ? dest : "";
}

/* As the value of href or src: what a URL cannot hold is %XX (RFC 3986). */
static void
put_url(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '&')
			buf_add(b, "&amp;");
		else if (c == '\'')
			buf_add(b, "%27");
		else if (c <= ' ' || c >= 0x7f || strchr("\"<>\\^`{|}[]", c) != NULL)
			buf_printf(b, "%%%02X", c);
		else
			buf_char(b, *s);
	}
}

static void
note_link(struct render *r, const MD_ATTRIBUTE *a, const char *dest, bool image)
{
	struct markdown *m = r->out;

	if (m->nlinks % 16 == 0)
		m->links = mem_grow(m, m->links, struct markdown_link, m->nlinks + 16);
	m->links[m->nlinks++] = (struct markdown_link){dest, image, line_of(r, a->text)};
}

/* ---- plain text ---- */

static void
end_line(struct render *r)
{
	if (r->tight_text)
		buf_char(&r->text, '\n');
	r->tight_text = false;
}

static void
plain(struct render *r, const char *s, size_t n)
{
	buf_put(&r->text, s, n);
	r->tight_text = r->tight_text || n > 0;
}

static void
item(struct render *r, const MD_BLOCK_LI_DETAIL *li)
{
	int *next = &r->lists[r->depth > 0 && r->depth <= LIST_DEPTH ? r->depth - 1 : 0];

	end_line(r);
	for (int i = 1; i < r->depth && i < LIST_DEPTH; i++)
		plain(r, "  ", 2);
	if (*next > 0) {
		buf_printf(&r->text, "%d. ", (*next)++);
		r->tight_text = true;
	} else {
		plain(r, "- ", 2);
	}
	buf_add(&r->html, "<li>");
	if (li->is_task)
		buf_add(
		    &r->html, li->task_mark == ' ' ? "\xe2\x98\x90 " : "\xe2\x98\x91 ");
	if (li->is_task)
		plain(r, li->task_mark == ' ' ? "[ ] " : "[x] ", 4);
}

/* ---- headings ---- */

static void
tag_at(struct render *r, size_t at)
{
	if (r->ntags % 32 == 0)
		r->tags = mem_grow(r->out, r->tags, size_t, r->ntags + 32);
	r->tags[r->ntags++] = at;
}

static bool
is_taken(const struct markdown *m, const char *id)
{
	for (size_t i = 0; i < m->nheadings; i++) {
		if (strcmp(m->headings[i].id, id) == 0)
			return true;
	}
	return false;
}

static char *
anchor_of(struct render *r, const char *text)
{
	struct buf b = {.ctx = r->out};
	const char *end = text + strlen(text);
	char *id;
	uint32_t c = 0;

	for (size_t k; text < end && b.n < 100; text += k) {
		k = text_decode(text, (size_t)(end - text), &c);
		if (k == 0)
			k = 1;
		else if (c == ' ' || c == '-' || c == '_')
			buf_char(&b, c == '_' ? '_' : '-');
		else if (iswalnum((wint_t)c))
			buf_utf8(&b, (unsigned)towlower((wint_t)c));
	}
	id = talloc_strdup(r->out, b.n > 0 ? b.s : "section");
	talloc_free(b.s);
	/* A text of a thousand equal headings is not worth a search for each. */
	for (int i = 1; i < 1000 && is_taken(r->out, id); i++)
		id = i == 1 ? talloc_asprintf(r->out, "%s-1", id)
			    : talloc_asprintf(
				  r->out, "%.*s-%d", (int)(strrchr(id, '-') - id), id, i);
	return id;
}

enum { HEADINGS_MAX = 500 }; /* more get no ids: a search for each would be quadratic */

static void
open_heading(struct render *r)
{
	end_line(r);
	buf_add(&r->html, "<h0");
	tag_at(r, r->html.n - 1);
	r->open_html = r->html.n;
	r->open_text = r->text.n;
	buf_char(&r->html, '>');
}

static void
close_heading(struct render *r, int level)
{
	struct markdown *m = r->out;
	char *text = talloc_strdup(m, buf_text(&r->text) + r->open_text), *rest;

	if (r->how->page && m->nheadings < HEADINGS_MAX) {
		char *id = anchor_of(r, text);

		if (m->nheadings % 16 == 0)
			m->headings = mem_grow(
			    m, m->headings, struct markdown_heading, m->nheadings + 16);
		m->headings[m->nheadings++] =
		    (struct markdown_heading){level, line_of(r, r->last), id, text};
		rest = talloc_strdup(m, r->html.s + r->open_html);
		r->html.n = r->open_html;
		buf_printf(&r->html, " id=\"%s\"%s", id, rest);
		talloc_free(rest);
	}
	buf_add(&r->html, "</h0>\n");
	tag_at(r, r->html.n - 3);
	end_line(r);
}

/* Levels as written; on a page the title is the only <h1>, so the highest becomes 2. */
static void
set_levels(struct render *r, const int *levels)
{
	int highest = 6;

	for (size_t i = 0; i < (r->ntags + 1) / 2; i++)
		highest = levels[i] < highest ? levels[i] : highest;
	for (size_t i = 0; i < r->ntags; i++) {
		int level = levels[i / 2] + (r->how->page ? 2 - highest : 0);

		r->html.s[r->tags[i]] = (char)('0' + (level > 6 ? 6 : level));
	}
}

/* ---- md4c's callbacks ---- */

struct walk {
	struct render r;
	int *levels;
	size_t nlevels;
};

static void
open_list(struct render *r, int start)
{
	end_line(r);
	if (r->depth < LIST_DEPTH)
		r->lists[r->depth] = start;
	r->depth++;
}

static void
open_code(struct render *r, const MD_BLOCK_CODE_DETAIL *code)
{
	char *lang = code->lang.size > 0 ? attribute(r, &code->lang) : NULL;

	end_line(r);
	buf_add(&r->html, r->how->page ? "<pre tabindex=\"0\"><code" : "<pre><code");
	if (lang != NULL) {
		buf_add(&r->html, " class=\"language-");
		buf_html(&r->html, lang, strlen(lang));
		buf_char(&r->html, '"');
	}
	buf_char(&r->html, '>');
}

static void
open_cell(struct render *r, const char *tag, const MD_BLOCK_TD_DETAIL *cell)
{
	static const char *const align[] = {"", " align=\"left\"", " align=\"center\"",
	    " align=\"right\""},
				 *const style[] = {"", " class=\"left\"",
				     " class=\"center\"", " class=\"right\""};

	if (r->tight_text)
		plain(r, "\t", 1);
	buf_printf(&r->html, "<%s%s%s>", tag,
	    r->how->page && tag[1] == 'h' ? " scope=\"col\"" : "",
	    r->how->page ? style[cell->align] : align[cell->align]);
}

/* Ends the parse. */
static int
is_full(const struct render *r)
{
	return r->html.n > MARKDOWN_HTML_MAX || r->text.n > MARKDOWN_HTML_MAX;
}

static int
enter_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	struct walk *w = arg;
	struct render *r = &w->r;
	const MD_BLOCK_OL_DETAIL *ol = detail;
	const char *s = NULL;

	switch (type) {
	case MD_BLOCK_DOC:
		break;
	case MD_BLOCK_QUOTE:
		end_line(r);
		s = "<blockquote>\n";
		break;
	case MD_BLOCK_UL:
		open_list(r, 0);
		s = "<ul>\n";
		break;
	case MD_BLOCK_OL:
		open_list(r, (int)(ol->start > 0 ? ol->start : 1));
		if (ol->start != 1)
			buf_printf(&r->html, "<ol start=\"%u\">\n", ol->start);
		else
			s = "<ol>\n";
		break;
	case MD_BLOCK_LI:
		item(r, detail);
		break;
	case MD_BLOCK_HR:
		end_line(r);
		s = "<hr>\n";
		break;
	case MD_BLOCK_H:
		if (w->nlevels % 32 == 0)
			w->levels = mem_grow(r->out, w->levels, int, w->nlevels + 32);
		w->levels[w->nlevels++] = (int)((MD_BLOCK_H_DETAIL *)detail)->level;
		open_heading(r);
		break;
	case MD_BLOCK_CODE:
		open_code(r, detail);
		break;
	case MD_BLOCK_HTML:
		end_line(r);
		break;
	case MD_BLOCK_P:
		s = "<p>";
		break;
	case MD_BLOCK_TABLE:
		end_line(r);
		s = r->how->page ? "<div class=\"scroll\" tabindex=\"0\"><table>\n"
				 : "<table>\n";
		break;
	case MD_BLOCK_THEAD:
		s = "<thead>\n";
		break;
	case MD_BLOCK_TBODY:
		s = "<tbody>\n";
		break;
	case MD_BLOCK_TR:
		end_line(r);
		s = "<tr>\n";
		break;
	case MD_BLOCK_TH:
		open_cell(r, "th", detail);
		break;
	case MD_BLOCK_TD:
		open_cell(r, "td", detail);
		break;
	}
	if (s != NULL)
		buf_add(&r->html, s);
	return is_full(r);
}

static int
leave_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	struct walk *w = arg;
	struct render *r = &w->r;
	const char *s = NULL;

	switch (type) {
	case MD_BLOCK_DOC:
	case MD_BLOCK_HR:
	case MD_BLOCK_HTML:
		break;
	case MD_BLOCK_QUOTE:
		s = "</blockquote>\n";
		break;
	case MD_BLOCK_UL:
	case MD_BLOCK_OL:
		r->depth--;
		s = type == MD_BLOCK_UL ? "</ul>\n" : "</ol>\n";
		break;
	case MD_BLOCK_LI:
		s = "</li>\n";
		break;
	case MD_BLOCK_H:
		close_heading(r, (int)((MD_BLOCK_H_DETAIL *)detail)->level);
		break;
	case MD_BLOCK_CODE:
		s = "</code></pre>\n";
		break;
	case MD_BLOCK_P:
		s = "</p>\n";
		break;
	case MD_BLOCK_TABLE:
		s = r->how->page ? "</table></div>\n" : "</table>\n";
		break;
	case MD_BLOCK_THEAD:
		s = "</thead>\n";
		break;
	case MD_BLOCK_TBODY:
		s = "</tbody>\n";
		break;
	case MD_BLOCK_TR:
		s = "</tr>\n";
		break;
	case MD_BLOCK_TH:
		s = "</th>\n";
		break;
	case MD_BLOCK_TD:
		s = "</td>\n";
		break;
	}
	if (s != NULL)
		buf_add(&r->html, s);
	if (type != MD_BLOCK_TH && type != MD_BLOCK_TD)
		end_line(r);
	return is_full(r);
}

static void
open_link(struct render *r, const MD_SPAN_A_DETAIL *a)
{
	char *dest = attribute(r, &a->href);
	const char *url;

	note_link(r, &a->href, dest, false);
	url = leads_to(r, dest, false);
	buf_add(&r->html, "<a");
	if (*url != '\0') {
		buf_add(&r->html, " href=\"");
		put_url(&r->html, url);
		buf_char(&r->html, '"');
	}
	if (a->title.size > 0) {
		char *title = attribute(r, &a->title);

		buf_add(&r->html, " title=\"");
		buf_html(&r->html, title, strlen(title));
		buf_char(&r->html, '"');
	}
	buf_char(&r->html, '>');
}

static void
open_image(struct render *r, const MD_SPAN_IMG_DETAIL *img)
{
	char *dest = attribute(r, &img->src);

	const char *url;

	note_link(r, &img->src, dest, true);
	url = leads_to(r, dest, true);
	/* One that leads nowhere is its alternative text. */
	r->untagged = *url == '\0';
	if (r->untagged)
		return;
	buf_add(&r->html, "<img src=\"");
	put_url(&r->html, url);
	buf_add(&r->html, "\" alt=\"");
}

/* Between the two only text is written: the alternative text of an image. */
static void
close_image(struct render *r, const MD_SPAN_IMG_DETAIL *img)
{
	if (r->untagged)
		return;
	if (img->title.size > 0) {
		char *title = attribute(r, &img->title);

		buf_add(&r->html, "\" title=\"");
		buf_html(&r->html, title, strlen(title));
	}
	buf_add(&r->html, "\">");
}

static const char *
tag_of(MD_SPANTYPE type)
{
	switch (type) {
	case MD_SPAN_EM:
		return "em";
	case MD_SPAN_STRONG:
		return "strong";
	case MD_SPAN_CODE:
		return "code";
	case MD_SPAN_DEL:
		return "del";
	default:
		return NULL;
	}
}

static int
enter_span(MD_SPANTYPE type, void *detail, void *arg)
{
	struct render *r = &((struct walk *)arg)->r;

	if (type == MD_SPAN_IMG && r->images++ == 0)
		open_image(r, detail);
	if (r->images > 0)
		return 0;
	if (type == MD_SPAN_A)
		open_link(r, detail);
	else if (tag_of(type) != NULL)
		buf_printf(&r->html, "<%s>", tag_of(type));
	return 0;
}

static int
leave_span(MD_SPANTYPE type, void *detail, void *arg)
{
	struct render *r = &((struct walk *)arg)->r;

	if (type == MD_SPAN_IMG) {
		if (--r->images == 0)
			close_image(r, detail);
		return 0;
	}
	if (r->images > 0)
		return 0;
	if (type == MD_SPAN_A)
		buf_add(&r->html, "</a>");
	else if (tag_of(type) != NULL)
		buf_printf(&r->html, "</%s>", tag_of(type));
	return 0;
}

static int
on_text(MD_TEXTTYPE type, const MD_CHAR *s, MD_SIZE n, void *arg)
{
	struct render *r = &((struct walk *)arg)->r;

	if (s >= r->source && s <= r->source + r->nsource)
		r->last = s;
	switch (type) {
	case MD_TEXT_NULLCHAR:
		s = "\xef\xbf\xbd";
		n = 3;
		break;
	case MD_TEXT_BR:
	case MD_TEXT_SOFTBR:
		if (r->images > 0)
			buf_char(&r->html, ' ');
		else
			buf_add(&r->html, type == MD_TEXT_BR ? "<br>\n" : "\n");
		plain(r, type == MD_TEXT_BR ? "\n" : " ", 1);
		return 0;
	case MD_TEXT_ENTITY: {
		size_t before = r->text.n;

		put_entity(&r->text, s, n);
		r->tight_text = true;
		buf_html(&r->html, r->text.s + before, r->text.n - before);
		return 0;
	}
	default:
		break;
	}
	buf_html(&r->html, s, n);
	plain(r, s, n);
	if (n > 0 && s[n - 1] == '\n')
		r->tight_text = false;
	return is_full(r);
}

/* Two blanks before a line's end make it a break (CommonMark 6.7). */
static char *
with_breaks(void *ctx, const char *text)
{
	struct buf b = {.ctx = ctx};

	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buf_add(&b, "  ");
		buf_char(&b, *text);
	}
	buf_put(&b, "", 0);
	return b.s;
}

struct markdown *
markdown_render(void *ctx, const char *text, const struct markdown_how *how)
{
	static const MD_PARSER parser = {
	    .flags = MD_FLAG_NOHTML | MD_FLAG_PERMISSIVEAUTOLINKS | MD_FLAG_TABLES |
		     MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS,
	    .enter_block = enter_block,
	    .leave_block = leave_block,
	    .enter_span = enter_span,
	    .leave_span = leave_span,
	    .text = on_text};
	struct markdown *m = talloc_zero(ctx, struct markdown);
	struct walk w = {.r = {.how = how, .out = m}};

	w.r.source = how->breaks ? with_breaks(m, text) : text;
	w.r.nsource = strlen(w.r.source);
	w.r.last = w.r.source;
	w.r.html.ctx = w.r.text.ctx = m;
	find_lines(&w.r);
	m->too_large =
	    md_parse(w.r.source, (MD_SIZE)w.r.nsource, &parser, &w) != 0 || is_full(&w.r);
	set_levels(&w.r, w.levels);
	m->html = buf_text(&w.r.html);
	m->text = buf_text(&w.r.text);
	return m;
}

char *
markdown_html(void *ctx, const char *text, bool breaks)
{
	struct markdown_how how = {.breaks = breaks};
	struct markdown *m = markdown_render(ctx, text, &how);
	struct buf b = {.ctx = ctx};

	if (m->too_large) {
		buf_add(&b, "<pre>");
		buf_html(&b, text, strlen(text));
		buf_add(&b, "</pre>\n");
	} else {
		buf_add(&b, m->html);
	}
	buf_put(&b, "", 0);
	talloc_free(m);
	return b.s;
}
