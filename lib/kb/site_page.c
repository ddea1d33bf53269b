/* Pages of the site: header and footer around a content. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "kb/site_priv.h"

char *
site_way(void *ctx, const char *from, const char *to)
{
	char *way = talloc_strdup(ctx, "");
	size_t same = 0;

	for (size_t i = 0; from[i] != '\0' && from[i] == to[i]; i++)
		same = from[i] == '/' ? i + 1 : same;
	from += same;
	to += same;
	for (const char *p = from; (p = strchr(p, '/')) != NULL; p++)
		way = talloc_asprintf_append_buffer(way, "../");
	return talloc_asprintf_append_buffer(way, "%s", site_encode(ctx, to));
}

char *
site_encode(void *ctx, const char *path)
{
	struct buf b = {.ctx = ctx};

	for (; *path != '\0'; path++) {
		unsigned char c = (unsigned char)*path;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr("-_.~/", c) != NULL)
			buf_char(&b, *path);
		else
			buf_printf(&b, "%%%02X", c);
	}
	buf_put(&b, "", 0);
	return b.s;
}

static char *
html_of(void *ctx, const char *text)
{
	struct buf b = {.ctx = ctx};

	buf_html(&b, text, strlen(text));
	buf_put(&b, "", 0);
	return b.s;
}

static json_t *
words_of(const struct site_words *w)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "skip", w->skip, "search",
	    w->search, "languages", w->languages, "sections", w->sections, "all", w->all,
	    "feed", w->feed, "contact", w->contact);
}

/* A URL as a source of a Content-Security-Policy. */
static char *
source_of(void *ctx, const char *url)
{
	char *out = talloc_strndup(ctx, url, strcspn(url, "?#"));

	for (char *p = out; *p != '\0'; p++) {
		if (*p == ';' || *p == ',' || *p == '\'') {
			*p = '\0'; /* up to there it is a prefix, which says enough */
			break;
		}
	}
	return out;
}

static json_t *
sections_of(struct site *s, void *ctx, const struct site_page *p)
{
	const struct site_language *l = site_language(s, p->language);
	json_t *list = json_array();

	for (size_t i = 0; l != NULL && i < l->nsections; i++) {
		const struct site_section *x = &l->sections[i];
		char *to =
		    talloc_asprintf(ctx, "%s/s/%s/index.html", p->language, x->path);
		size_t n = strlen(x->path);
		bool here = p->section != NULL && strncmp(p->section, x->path, n) == 0 &&
			    (p->section[n] == '\0' || p->section[n] == '/');

		if (strchr(x->path, '/') == NULL)
			json_array_append_new(
			    list, json_pack("{s:s,s:s,s:b}", "title", x->title, "href",
				      site_way(ctx, p->path, to), "here", here));
	}
	return list;
}

/* Every language of the site; where the page has a twin the way leads there. */
static json_t *
languages_of(struct site *s, void *ctx, const struct site_page *p)
{
	json_t *list = json_array();

	for (size_t i = 0; s->nlanguages > 1 && i < s->nlanguages; i++) {
		const char *tag = s->languages[i].tag,
			   *to = talloc_asprintf(ctx, "%s/index.html", tag);

		for (size_t k = 0; p->others != NULL && p->others[k] != NULL; k += 2) {
			if (strcmp(p->others[k], tag) == 0)
				to = p->others[k + 1];
		}
		json_array_append_new(
		    list, json_pack("{s:s,s:s,s:s,s:b}", "lang", tag, "name",
			      site_language_name(tag), "href", site_way(ctx, p->path, to),
			      "here", strcmp(tag, p->language) == 0));
	}
	return list;
}

static json_t *
alternates_of(struct site *s, void *ctx, const struct site_page *p)
{
	json_t *list = json_array();

	for (size_t k = 0; p->others != NULL && p->others[k] != NULL; k += 2)
		json_array_append_new(list,
		    json_pack("{s:s,s:o}", "lang", p->others[k], "href",
			json_string(
			    talloc_asprintf(ctx, "%s/%s", s->base, p->others[k + 1]))));
	return list;
}

static void
set_text(json_t *o, const char *key, const char *v)
{
	if (v != NULL && *v != '\0')
		json_object_set_new(o, key, json_string(v));
}

static json_t *
values_of(struct site *s, void *ctx, const struct site_page *p)
{
	const struct config *c = s->d->config;
	const char *forms = "'none'";
	json_t *o = record_own(ctx, json_object()), *list;
	bool start = strcmp(p->title, c->name) == 0;

	if (c->kb.feedback != NULL || c->kb.search != NULL)
		forms = talloc_asprintf(ctx, "%s %s",
		    c->kb.feedback ? source_of(ctx, c->kb.feedback) : "",
		    c->kb.search ? source_of(ctx, c->kb.search) : "");
	set_text(o, "forms", forms);
	set_text(o, "lang", p->language);
	json_object_set_new(o, "rtl", json_boolean(site_right_to_left(p->language)));
	set_text(o, "title", p->title);
	set_text(o, "subtitle", start ? NULL : c->name);
	set_text(o, "desk", c->name);
	set_text(o, "description", p->description);
	json_object_set_new(o, "noindex", json_boolean(p->noindex));
	if (!p->noindex)
		set_text(o, "canonical",
		    talloc_asprintf(ctx, "%s/%s", s->base, site_encode(ctx, p->path)));
	set_text(o, "root", site_way(ctx, p->path, ""));
	set_text(
	    o, "home", site_way(ctx, p->path, talloc_asprintf(ctx, "%s/", p->language)));
	json_object_set_new(o, "custom", json_boolean(s->custom));
	set_text(o, "search", c->kb.search);
	set_text(o, "portal", c->url);
	json_object_set_new(o, "alternates", alternates_of(s, ctx, p));
	json_object_set_new(o, "languages", list = languages_of(s, ctx, p));
	json_object_set_new(o, "has_languages", json_boolean(json_array_size(list) > 0));
	json_object_set_new(o, "sections", list = sections_of(s, ctx, p));
	json_object_set_new(o, "has_sections", json_boolean(json_array_size(list) > 0));
	json_object_set_new(o, "w", words_of(site_words(p->language)));
	return o;
}

enum rc
site_put_page(
    struct site *s, const struct site_page *p, const struct buf *content, struct err *err)
{
	static const struct mustache_how how = {.escape = html_of};
	void *ctx = talloc_new(NULL);
	struct buf b = {.ctx = ctx};
	json_t *values = values_of(s, ctx, p);
	char *head = NULL, *foot = NULL;
	enum rc rc = mustache_render(ctx, s->head, values, &how, &head, err);

	if (rc == RC_OK)
		rc = mustache_render(ctx, s->foot, values, &how, &foot, err);
	if (rc == RC_OK) {
		buf_add(&b, head);
		buf_put(&b, buf_text(content), content->n);
		buf_add(&b, foot);
		rc = site_put(s, p->path, b.s, b.n, err);
	}
	talloc_free(ctx);
	return rc;
}

static void
put_link(struct buf *b, const char *href, const char *text)
{
	buf_add(b, "<a href=\"");
	buf_html(b, href, strlen(href));
	buf_add(b, "\">");
	buf_html(b, text, strlen(text));
	buf_add(b, "</a>");
}

void
site_crumbs(struct site *s, struct buf *b, const struct site_page *p, const char *section,
    const char *last)
{
	const struct site_words *w = site_words(p->language);
	const struct site_language *l = site_language(s, p->language);
	void *ctx = talloc_new(NULL);

	buf_printf(b, "<nav class=\"crumbs\" aria-label=\"%s\"><ol>\n<li>", w->here);
	put_link(b,
	    site_way(ctx, p->path, talloc_asprintf(ctx, "%s/index.html", p->language)),
	    w->home);
	buf_add(b, "</li>\n");
	for (size_t n = 0; l != NULL && section[n] != '\0';) {
		const struct site_section *x;

		n += strcspn(section + n, "/");
		x = site_section(l, talloc_strndup(ctx, section, n));
		if (x != NULL && (last != NULL || section[n] != '\0')) {
			buf_add(b, "<li>");
			put_link(b,
			    site_way(ctx, p->path,
				talloc_asprintf(
				    ctx, "%s/s/%s/index.html", p->language, x->path)),
			    x->title);
			buf_add(b, "</li>\n");
		}
		n += section[n] == '/';
	}
	buf_add(b, "</ol></nav>\n");
	talloc_free(ctx);
}

/* ---- articles ---- */

struct shown {
	struct site *s;
	void *ctx;
	const struct kb_article *a;
	struct site_page page;
	const char **twins; /* language, path, language, path, ... */
	size_t ntwins;
	enum rc rc;
	struct err *err;
};

SQL(sql_twins, "SELECT language FROM article WHERE id = ?1 AND audience = 'public' "
	       "AND state <> 'draft' ORDER BY language");

static enum rc
find_twins(struct shown *x, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(x->s->s, sql_twins, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, x->a->id);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		const char *language = col_strdup(x->ctx, st, 0);

		text_push(x->ctx, &x->twins, &x->ntwins, language);
		text_push(x->ctx, &x->twins, &x->ntwins,
		    talloc_asprintf(x->ctx, "%s/%s.html", language, x->a->id));
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* The page of an id for a reader of this language. Popular ones are asked for a thousand
 * times in one run. */
static const char *
page_of(struct site *s, const char *id, const char *language)
{
	char *key = talloc_asprintf(NULL, "%s %s", language, id);
	json_t *known = json_object_get(s->targets, key);

	if (known == NULL) {
		void *ctx = talloc_new(NULL);
		struct kb_article to;
		struct err e;
		const char *page = kb_find(s->d, ctx, id, language, &to, &e) == RC_OK
				       ? kb_page(ctx, &to)
				       : NULL;

		known = page ? json_string(page) : json_null();
		json_object_set_new(s->targets, key, known);
		talloc_free(ctx);
	}
	talloc_free(key);
	return json_string_value(known);
}

/* Where a link of an article leads on the site. What is not shown leads nowhere. */
static const char *
on_link(void *arg, void *ctx, const char *dest, bool image)
{
	struct shown *x = arg;
	struct target t;
	const char *page;

	link_target(ctx, x->a->path, dest, &t);
	if (t.kind == TARGET_HERE)
		return dest;
	if (t.kind == TARGET_FILE)
		return site_way(
		    ctx, x->page.path, talloc_asprintf(ctx, "files/%s", t.path));
	if (t.kind != TARGET_ARTICLE || image)
		return NULL;
	page = page_of(x->s, t.id, x->a->language);
	if (page == NULL)
		return NULL;
	page = site_way(ctx, x->page.path, page);
	return t.anchor ? talloc_asprintf(ctx, "%s#%s", page, t.anchor) : page;
}

static void
put_contents(struct buf *b, const struct site_words *w, const struct markdown *m)
{
	int highest = 6;

	if (m->nheadings < 3)
		return;
	for (size_t i = 0; i < m->nheadings; i++)
		highest = m->headings[i].level < highest ? m->headings[i].level : highest;
	buf_printf(b,
	    "<nav class=\"toc\" aria-label=\"%s\">\n<p>%s</p>\n<ul class=\"plain\">\n",
	    w->contents, w->contents);
	for (size_t i = 0; i < m->nheadings; i++) {
		int deep = m->headings[i].level - highest;

		if (deep > 1)
			continue;
		buf_add(b, deep ? "<li class=\"deeper\">" : "<li>");
		put_link(b, talloc_asprintf(b->ctx, "#%s", m->headings[i].id),
		    m->headings[i].text);
		buf_add(b, "</li>\n");
	}
	buf_add(b, "</ul>\n</nav>\n");
}

static void
put_notes(struct shown *x, struct buf *b, const struct site_words *w)
{
	const char *own = x->s->d->config->kb.language;

	if (strcmp(x->a->state, "archived") == 0)
		buf_printf(b, "<p class=\"note\">%s</p>\n", w->archived);
	if (!x->a->outdated)
		return;
	buf_printf(b, "<p class=\"note\">%s ", w->outdated);
	for (size_t i = 0; i < x->ntwins; i += 2) {
		if (strcmp(x->twins[i], own) == 0)
			put_link(b, site_way(x->ctx, x->page.path, x->twins[i + 1]),
			    site_language_name(own));
	}
	buf_add(b, "</p>\n");
}

/* The form posts to the portal, or whatever tkt.conf names: fields article, language,
 * revision, helpful (yes, no), comment. */
static void
put_feedback(struct shown *x, struct buf *b, const struct site_words *w)
{
	const char *url = x->s->d->config->kb.feedback;
	const struct kb_article *a = x->a;

	if (url == NULL)
		return;
	buf_add(b, "<form class=\"feedback\" method=\"post\" action=\"");
	buf_html(b, url, strlen(url));
	buf_printf(b,
	    "\">\n<fieldset>\n<legend>%s</legend>\n"
	    "<input type=\"hidden\" name=\"article\" value=\"%s\">\n"
	    "<input type=\"hidden\" name=\"language\" value=\"%s\">\n"
	    "<input type=\"hidden\" name=\"revision\" value=\"%s\">\n"
	    "<label>%s <textarea name=\"comment\" rows=\"2\" "
	    "maxlength=\"2000\"></textarea>"
	    "</label>\n"
	    "<button type=\"submit\" name=\"helpful\" value=\"yes\">%s</button>\n"
	    "<button type=\"submit\" name=\"helpful\" "
	    "value=\"no\">%s</button>\n</fieldset>\n</form>\n",
	    w->helpful, a->id, a->language, a->revision, w->comment, w->yes, w->no);
}

static void
put_meta(struct shown *x, struct buf *b, const struct site_words *w)
{
	char *day = talloc_strndup(x->ctx, instant_print(x->ctx, x->a->changed_at), 10);

	buf_printf(b, "<p class=\"meta\">%s <time datetime=\"%s\">%s</time></p>\n",
	    w->changed, day, day);
	if (x->a->tags[0] == NULL)
		return;
	buf_printf(b, "<nav class=\"meta\" aria-label=\"%s\"><ul class=\"tags plain\">\n",
	    w->tags);
	for (const char **t = x->a->tags; *t != NULL; t++)
		buf_printf(b, "<li><a href=\"t/%s.html\">%s</a></li>\n", *t, *t);
	buf_add(b, "</ul></nav>\n");
}

static enum rc
put_article(struct shown *x, struct err *err)
{
	const struct kb_article *a = x->a;
	const struct site_words *w = site_words(a->language);
	struct markdown_how how = {.page = true, .link = on_link, .arg = x};
	struct findings f = {.ctx = x->ctx};
	struct article *parsed = NULL;
	struct markdown *m;
	struct buf b = {.ctx = x->ctx};
	char *data = NULL;
	size_t n = 0;
	enum rc rc = repo_read(x->s->r, x->ctx, a->blob, ARTICLE_MAX, &data, &n, err);

	if (rc == RC_OK)
		rc = article_parse(x->ctx, a->path, data, n, x->s->d->config->kb.language,
		    &parsed, &f, err);
	if (rc != RC_OK)
		return rc;
	m = markdown_render(x->ctx, parsed->body, &how);
	site_crumbs(x->s, &b, &x->page, a->section, a->title);
	buf_add(&b, "<article>\n<h1>");
	buf_html(&b, a->title, strlen(a->title));
	buf_add(&b, "</h1>\n");
	if (*a->summary != '\0') {
		buf_add(&b, "<p class=\"lead\">");
		buf_html(&b, a->summary, strlen(a->summary));
		buf_add(&b, "</p>\n");
	}
	put_notes(x, &b, w);
	put_contents(&b, w, m);
	buf_add(&b, m->html);
	buf_add(&b, "</article>\n");
	put_meta(x, &b, w);
	put_feedback(x, &b, w);
	return site_put_page(x->s, &x->page, &b, err);
}

/* ---- other names ---- */

SQL(sql_aliases, "SELECT alias FROM article_alias WHERE n = ?1");

static enum rc
put_moved(struct shown *x, const char *alias, struct err *err)
{
	struct buf b = {.ctx = x->ctx};
	char *path = talloc_asprintf(x->ctx, "%s/%s.html", x->a->language, alias);
	const struct site_words *w = site_words(x->a->language);

	buf_printf(&b,
	    "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"refresh\" content=\"0; url=%s.html\">\n"
	    "<link rel=\"canonical\" href=\"",
	    x->a->language, x->a->id);
	buf_html(&b, x->s->base, strlen(x->s->base));
	buf_printf(&b, "/%s\">\n<link rel=\"stylesheet\" href=\"../style.css\">\n<title>",
	    x->page.path);
	buf_html(&b, x->a->title, strlen(x->a->title));
	buf_printf(&b,
	    "</title>\n</head>\n<body>\n<main class=\"page\">\n<h1>%s</h1>\n<p>",
	    w->moved);
	put_link(&b, talloc_asprintf(x->ctx, "%s.html", x->a->id), x->a->title);
	buf_add(&b, "</p>\n</main>\n</body>\n</html>\n");
	return site_put(x->s, path, b.s, b.n, err);
}

static enum rc
put_aliases(struct shown *x, struct err *err)
{
	const char **all = NULL;
	size_t n = 0;
	struct stmt *st;
	enum rc rc = store_prepare(x->s->s, sql_aliases, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, x->a->n);
	while ((rc = stmt_step(st, err)) == RC_OK)
		text_push(x->ctx, &all, &n, col_strdup(x->ctx, st, 0));
	stmt_done(st);
	rc = rc == RC_NONE ? RC_OK : rc;
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = put_moved(x, all[i], err);
	return rc;
}

enum rc
site_article(struct site *s, int64_t n, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct kb_article a;
	struct shown x = {.s = s, .ctx = ctx, .a = &a};
	enum rc rc = kb_get(s->d, ctx, n, &a, err);

	if (rc == RC_OK) {
		x.page = (struct site_page){.path = kb_page(ctx, &a),
		    .language = a.language,
		    .title = a.title,
		    .description = a.summary,
		    .section = a.section,
		    .noindex = strcmp(a.state, "archived") == 0};
		if (x.page.path != NULL) {
			rc = find_twins(&x, err);
			x.page.others = x.ntwins > 2 ? x.twins : NULL;
			if (rc == RC_OK)
				rc = put_article(&x, err);
			if (rc == RC_OK)
				rc = put_aliases(&x, err);
		}
	}
	talloc_free(ctx);
	return rc;
}
