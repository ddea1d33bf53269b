/* Lists of the site: start pages, sections, tags, all articles; feeds, sitemap, index. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "kb/site_priv.h"

enum { NEWEST = 10, FEED = 30 };

static void
put_item(struct buf *b, const struct site_page *p, const char *page, const char *title,
    const char *summary)
{
	char *href = site_way(b->ctx, p->path, page);

	buf_printf(b, "<li><a href=\"%s\">", href);
	buf_html(b, title, strlen(title));
	buf_add(b, "</a>");
	if (summary != NULL && *summary != '\0') {
		buf_add(b, "<p>");
		buf_html(b, summary, strlen(summary));
		buf_add(b, "</p>");
	}
	buf_add(b, "</li>\n");
	talloc_free(href);
}

/* The articles of a statement with columns id, title, summary. */
static enum rc
put_articles(struct site *s, struct buf *b, const struct site_page *p, struct stmt *st,
    int64_t *count, struct err *err)
{
	enum rc rc;

	(void)s;
	*count = 0;
	while ((rc = stmt_step(st, err)) == RC_OK) {
		char *page =
		    talloc_asprintf(b->ctx, "%s/%s.html", p->language, col_text(st, 0));

		if ((*count)++ == 0)
			buf_add(b, "<ul class=\"articles plain\">\n");
		put_item(b, p, page, col_text(st, 1), col_text(st, 2));
		talloc_free(page);
	}
	stmt_done(st);
	if (*count > 0)
		buf_add(b, "</ul>\n");
	return rc == RC_NONE ? RC_OK : rc;
}

/* The folders right below one ("" for the top), as cards. */
static void
put_folders(struct buf *b, const struct site_page *p, const struct site_language *l,
    const char *below)
{
	size_t n = strlen(below), shown = 0;

	for (size_t i = 0; i < l->nsections; i++) {
		const struct site_section *x = &l->sections[i];
		const char *rest = x->path + n + (n > 0);

		if (strlen(x->path) <= n ||
		    (n > 0 && (strncmp(x->path, below, n) != 0 || x->path[n] != '/')) ||
		    strchr(rest, '/') != NULL)
			continue;
		if (shown++ == 0)
			buf_add(b, "<ul class=\"folders plain\">\n");
		put_item(b, p,
		    talloc_asprintf(b->ctx, "%s/s/%s/index.html", l->tag, x->path),
		    x->title, x->summary);
	}
	if (shown > 0)
		buf_add(b, "</ul>\n");
}

/* ---- sections and tags ---- */

SQL(sql_section, "SELECT id, title, summary FROM article "
		 "WHERE audience = 'public' AND state = 'published' "
		 "AND language = ?1 AND section = ?2 ORDER BY title, id");
SQL(sql_tag, "SELECT a.id, a.title, a.summary FROM article_tag t "
	     "JOIN article a ON a.n = t.n "
	     "WHERE t.tag = ?2 AND a.audience = 'public' AND a.state = 'published' "
	     "AND a.language = ?1 ORDER BY a.title, a.id");

/* The list of a language's articles by one more value. */
static enum rc
list_by(struct site *s, const char *sql, const struct site_page *p, const char *value,
    struct buf *b, int64_t *count, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s->s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, p->language);
	bind_text(st, 2, value);
	return put_articles(s, b, p, st, count, err);
}

enum rc
site_put_section(
    struct site *s, const struct site_language *l, const char *section, struct err *err)
{
	void *ctx = talloc_new(NULL);
	const struct site_section *x = site_section(l, section);
	struct site_page p = {
	    .path = talloc_asprintf(ctx, "%s/s/%s/index.html", l->tag, section),
	    .language = l->tag,
	    .section = section};
	struct buf b = {.ctx = ctx};
	int64_t count;
	enum rc rc;

	if (x == NULL) {
		rc = site_remove(s, p.path, err);
		talloc_free(ctx);
		return rc;
	}
	p.title = x->title;
	p.description = x->summary;
	site_crumbs(s, &b, &p, section, NULL);
	buf_add(&b, "<h1>");
	buf_html(&b, x->title, strlen(x->title));
	buf_add(&b, "</h1>\n");
	if (*x->summary != '\0') {
		buf_add(&b, "<p class=\"lead\">");
		buf_html(&b, x->summary, strlen(x->summary));
		buf_add(&b, "</p>\n");
	}
	put_folders(&b, &p, l, section);
	rc = list_by(s, sql_section, &p, section, &b, &count, err);
	if (rc == RC_OK)
		rc = site_put_page(s, &p, &b, err);
	talloc_free(ctx);
	return rc;
}

enum rc
site_put_tag(
    struct site *s, const struct site_language *l, const char *tag, struct err *err)
{
	void *ctx = talloc_new(NULL);
	const struct site_words *w = site_words(l->tag);
	struct site_page p = {.path = talloc_asprintf(ctx, "%s/t/%s.html", l->tag, tag),
	    .language = l->tag,
	    .title = talloc_asprintf(ctx, "%s %s", w->tagged, tag)};
	struct buf b = {.ctx = ctx};
	int64_t count;
	enum rc rc;

	site_crumbs(s, &b, &p, "", NULL);
	buf_printf(&b, "<h1>%s</h1>\n", p.title);
	rc = list_by(s, sql_tag, &p, tag, &b, &count, err);
	if (rc == RC_OK)
		rc = count > 0 ? site_put_page(s, &p, &b, err)
			       : site_remove(s, p.path, err);
	talloc_free(ctx);
	return rc;
}

/* ---- all articles of a language ---- */

SQL(sql_all, "SELECT a.id, a.title, a.summary, a.section, a.changed_at, a.revision, "
	     "(SELECT group_concat(tag, ' ') FROM "
	     "(SELECT t.tag FROM article_tag t WHERE t.n = a.n ORDER BY t.tag)) "
	     "FROM article a WHERE a.audience = 'public' AND a.state = 'published' "
	     "AND a.language = ?1 ORDER BY a.section, a.title, a.id");

/* The list for people, and the index for programs, from one reading. */
struct everything {
	struct site *s;
	struct site_page page;
	struct buf html, index;
	char *section;
	int64_t count;
};

static void
add_to_html(struct everything *e, const struct site_language *l, struct stmt *st)
{
	const char *section = col_text(st, 3);

	if (e->section == NULL || strcmp(e->section, section) != 0) {
		const struct site_section *x = site_section(l, section);

		if (e->section != NULL)
			buf_add(&e->html, "</ul>\n");
		e->section = talloc_strdup(e->html.ctx, section);
		if (x != NULL) {
			buf_add(&e->html, "<h2>");
			buf_html(&e->html, x->title, strlen(x->title));
			buf_add(&e->html, "</h2>\n");
		}
		buf_add(&e->html, "<ul class=\"plain\">\n");
	}
	buf_printf(&e->html, "<li><a href=\"%s.html\">", col_text(st, 0));
	buf_html(&e->html, col_text(st, 1), strlen(col_text(st, 1)));
	buf_add(&e->html, "</a></li>\n");
}

static void
add_to_index(struct everything *e, struct stmt *st)
{
	json_t *o = json_pack("{s:s,s:o,s:s,s:s,s:s,s:s}", "id", col_text(st, 0), "url",
	    json_sprintf("%s.html", col_text(st, 0)), "title", col_text(st, 1), "summary",
	    col_text(st, 2), "section", col_text(st, 3), "tags",
	    col_text(st, 6) ? col_text(st, 6) : "");
	char *text = json_dumps(o, JSON_COMPACT);

	buf_add(&e->index, e->count ? ",\n" : "[\n");
	buf_add(&e->index, text);
	free(text);
	json_decref(o);
}

enum rc
site_put_lists(struct site *s, const struct site_language *l, struct err *err)
{
	void *ctx = talloc_new(NULL);
	const struct site_words *w = site_words(l->tag);
	struct everything e = {.s = s,
	    .page = {.path = talloc_asprintf(ctx, "%s/all.html", l->tag),
		.language = l->tag,
		.title = w->all},
	    .html = {.ctx = ctx},
	    .index = {.ctx = ctx}};
	struct stmt *st;
	enum rc rc = store_prepare(s->s, sql_all, &st, err);

	if (rc == RC_OK) {
		bind_text(st, 1, l->tag);
		site_crumbs(s, &e.html, &e.page, "", NULL);
		buf_printf(&e.html, "<h1>%s</h1>\n", w->all);
		while ((rc = stmt_step(st, err)) == RC_OK) {
			add_to_html(&e, l, st);
			add_to_index(&e, st);
			e.count++;
		}
		stmt_done(st);
		rc = rc == RC_NONE ? RC_OK : rc;
		buf_add(&e.html, e.count ? "</ul>\n" : "");
		buf_add(&e.index, e.count ? "\n]\n" : "[]\n");
	}
	if (rc == RC_OK)
		rc = site_put_page(s, &e.page, &e.html, err);
	if (rc == RC_OK)
		rc = site_put(s, talloc_asprintf(ctx, "%s/search.json", l->tag),
		    e.index.s, e.index.n, err);
	talloc_free(ctx);
	return rc;
}

/* ---- what changed lately ---- */

SQL(sql_newest, "SELECT id, title, summary, changed_at, author FROM article "
		"WHERE audience = 'public' AND state = 'published' AND language = ?1 "
		"ORDER BY changed_at DESC, id LIMIT ?2 /* scan */");

static void
put_entry(struct site *s, struct buf *b, const char *language, struct stmt *st)
{
	char *at = instant_print(b->ctx, col_int(st, 3));

	buf_add(b, "<entry>\n<title>");
	buf_html(b, col_text(st, 1), strlen(col_text(st, 1)));
	buf_add(b, "</title>\n<id>");
	buf_html(b, s->base, strlen(s->base));
	buf_printf(b, "/%s/%s.html</id>\n<link href=\"", language, col_text(st, 0));
	buf_html(b, s->base, strlen(s->base));
	buf_printf(b, "/%s/%s.html\"/>\n<updated>%s</updated>\n<author><name>", language,
	    col_text(st, 0), at);
	buf_html(b, s->d->config->name, strlen(s->d->config->name));
	buf_add(b, "</name></author>\n<summary>");
	buf_html(b, col_text(st, 2), strlen(col_text(st, 2)));
	buf_add(b, "</summary>\n</entry>\n");
}

/* Atom (RFC 4287). */
static enum rc
put_feed(struct site *s, const struct site_language *l, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct buf b = {.ctx = ctx}, entries = {.ctx = ctx};
	const char *name = s->d->config->name, *newest = NULL;
	struct stmt *st;
	enum rc rc = store_prepare(s->s, sql_newest, &st, err);

	if (rc == RC_OK) {
		bind_text(st, 1, l->tag);
		bind_int(st, 2, FEED);
		while ((rc = stmt_step(st, err)) == RC_OK) {
			if (newest == NULL)
				newest = instant_print(ctx, col_int(st, 3));
			put_entry(s, &entries, l->tag, st);
		}
		stmt_done(st);
		rc = rc == RC_NONE ? RC_OK : rc;
	}
	buf_printf(&b,
	    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
	    "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"%s\">\n<title>",
	    l->tag);
	buf_html(&b, name, strlen(name));
	buf_add(&b, "</title>\n<id>");
	buf_html(&b, s->base, strlen(s->base));
	buf_printf(&b, "/%s/</id>\n<link rel=\"self\" href=\"", l->tag);
	buf_html(&b, s->base, strlen(s->base));
	buf_printf(&b, "/%s/feed.xml\"/>\n<updated>%s</updated>\n", l->tag,
	    newest ? newest : "1970-01-01T00:00:00Z");
	buf_put(&b, buf_text(&entries), entries.n);
	buf_add(&b, "</feed>\n");
	if (rc == RC_OK)
		rc = site_put(
		    s, talloc_asprintf(ctx, "%s/feed.xml", l->tag), b.s, b.n, err);
	talloc_free(ctx);
	return rc;
}

enum rc
site_put_start(struct site *s, const struct site_language *l, bool root, struct err *err)
{
	void *ctx = talloc_new(NULL);
	const struct site_words *w = site_words(l->tag);
	const char *name = s->d->config->name;
	struct site_page p = {
	    .path = root ? "index.html" : talloc_asprintf(ctx, "%s/index.html", l->tag),
	    .language = l->tag,
	    .title = name};
	struct buf b = {.ctx = ctx};
	struct stmt *st;
	int64_t count = 0;
	enum rc rc = store_prepare(s->s, sql_newest, &st, err);

	if (rc == RC_OK) {
		bind_text(st, 1, l->tag);
		bind_int(st, 2, NEWEST);
		buf_add(&b, "<h1>");
		buf_html(&b, name, strlen(name));
		buf_add(&b, "</h1>\n");
		put_folders(&b, &p, l, "");
		if (l->articles > 0)
			buf_printf(&b, "<h2>%s</h2>\n", w->newest);
		rc = put_articles(s, &b, &p, st, &count, err);
	}
	if (rc == RC_OK && count == 0)
		buf_printf(&b, "<p>%s</p>\n", w->empty);
	if (rc == RC_OK && !root)
		rc = put_feed(s, l, err);
	if (rc == RC_OK)
		rc = site_put_page(s, &p, &b, err);
	talloc_free(ctx);
	return rc;
}

/* ---- sitemap (sitemaps.org) ---- */

enum { SITEMAP_MAX = 50000 }; /* what the protocol allows in one file */

SQL(sql_sitemap, "SELECT language, id, changed_at FROM article "
		 "WHERE audience = 'public' AND state = 'published' "
		 "ORDER BY language, section, title, id LIMIT ?1 /* scan */");

enum rc
site_put_sitemap(struct site *s, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct buf b = {.ctx = ctx}, base = {.ctx = ctx};
	struct stmt *st;
	enum rc rc = store_prepare(s->s, sql_sitemap, &st, err);

	buf_html(&base, s->base, strlen(s->base));
	buf_add(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		    "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
	for (size_t i = 0; i < s->nlanguages; i++)
		buf_printf(&b, "<url><loc>%s/%s/index.html</loc></url>\n",
		    buf_text(&base), s->languages[i].tag);
	if (rc == RC_OK) {
		bind_int(st, 1, SITEMAP_MAX - (int64_t)s->nlanguages);
		while ((rc = stmt_step(st, err)) == RC_OK) {
			char *at = instant_print(NULL, col_int(st, 2));

			buf_printf(&b,
			    "<url><loc>%s/%s/%s.html</loc><lastmod>%s</lastmod></url>\n",
			    buf_text(&base), col_text(st, 0), col_text(st, 1), at);
			talloc_free(at);
		}
		stmt_done(st);
		rc = rc == RC_NONE ? RC_OK : rc;
	}
	buf_add(&b, "</urlset>\n");
	if (rc == RC_OK)
		rc = site_put(s, "sitemap.xml", b.s, b.n, err);
	talloc_free(ctx);
	return rc;
}
