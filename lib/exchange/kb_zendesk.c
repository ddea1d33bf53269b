/* Zendesk's help centre: articles, sections and categories of its API, as one object, one
 * a page, or one a line. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/html_markdown.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "exchange/kb_import_priv.h"

struct centre {
	struct kb_import *k;
	json_t *sections, *categories; /* number -> object */
	json_t *slugs; /* article's number -> id, the same in all languages */
};

static const char *
number_key(void *ctx, const json_t *v)
{
	return talloc_asprintf(ctx, "%lld", (long long)json_integer_value(v));
}

static void
remember(struct kb_import *k, json_t *map, json_t *list)
{
	json_t *e;
	size_t i;

	json_array_foreach(list, i, e)
	    json_object_set(map, number_key(k, json_object_get(e, "id")), e);
}

static const char *
name_of(const json_t *o)
{
	const char *s = json_string_value(json_object_get(o, "name"));

	return s ? s : "";
}

/* "billing/invoices": category and section. */
static char *
section_of(struct centre *c, const json_t *article)
{
	void *ctx = c->k;
	json_t *section = json_object_get(
		   c->sections, number_key(ctx, json_object_get(article, "section_id"))),
	       *category =
		   section ? json_object_get(c->categories,
				 number_key(ctx, json_object_get(section, "category_id")))
			   : NULL;
	char *a = import_slug(ctx, name_of(category)),
	     *b = import_slug(ctx, name_of(section));

	return talloc_asprintf(ctx, "%s%s%s", a, *a && *b ? "/" : "", b);
}

/* Links to /hc/en-us/articles/360001-Title become kb:360001, which is an alias. */
static char *
own_links(void *ctx, const char *text)
{
	struct buf b = {.ctx = ctx};

	while (*text != '\0') {
		const char *to = strstr(text, "]("), *end, *at;
		size_t n, digits;

		if (to == NULL)
			break;
		to += 2;
		n = strcspn(to, ")\n");
		end = to + n;
		at = memmem(to, n, "/articles/", strlen("/articles/"));
		buf_put(&b, text, (size_t)(to - text));
		digits = at ? strspn(at + strlen("/articles/"), "0123456789") : 0;
		if (digits > 0 && memmem(to, n, "/hc/", 4) != NULL)
			buf_printf(&b, "kb:%.*s", (int)digits, at + strlen("/articles/"));
		else
			buf_put(&b, to, n);
		text = end;
	}
	buf_add(&b, text);
	return b.s;
}

static json_t *
labels_of(struct centre *c, const json_t *article)
{
	json_t *tags = json_array(), *e;
	size_t i;

	json_array_foreach(json_object_get(article, "label_names"), i, e)
	{
		const char *s = json_string_value(e);
		char *slug = s ? import_slug(c->k, s) : talloc_strdup(c->k, "");

		if (*slug != '\0' && i < ARTICLE_LIST_MAX)
			json_array_append_new(tags, json_string(slug));
	}
	return tags;
}

/* "en-us" is "en" where that is the language of the house. */
static const char *
language_of(struct centre *c, const json_t *article)
{
	const char *locale = json_string_value(json_object_get(article, "locale")),
		   *own = c->k->d->config->kb.language;
	char *low = text_lower(talloc_strdup(c->k, locale ? locale : own));
	size_t n = strcspn(low, "-");

	return strlen(own) == n && strncmp(low, own, n) == 0 ? own : low;
}

static enum rc
take_article(struct centre *c, json_t *article, struct err *err)
{
	struct kb_import *k = c->k;
	const char *title = json_string_value(json_object_get(article, "title")),
		   *html = json_string_value(json_object_get(article, "body")),
		   *number = number_key(k, json_object_get(article, "id")), *id;
	json_t *segment = json_object_get(article, "user_segment_id"), *head;
	char *from = talloc_asprintf(k, "article %s", number), *body;

	if (title == NULL || html == NULL) {
		import_skip(k, from, "it has no title or no body", true);
		return RC_OK;
	}
	if (strlen(html) > ARTICLE_MAX) {
		import_skip(k, from, "larger than 1024 kB", true);
		return RC_OK;
	}
	id = json_string_value(json_object_get(c->slugs, number));
	if (id == NULL) {
		id = import_slug(k, title);
		id = *id ? id : talloc_asprintf(k, "article-%s", number);
		json_object_set_new(c->slugs, number, json_string(id));
	}
	head = record_own(k, json_object());
	json_object_set_new(head, "title",
	    json_string(
		text_clean(k, title, strlen(title), TEXT_LINE, ARTICLE_TITLE_MAX)));
	json_object_set_new(head, "tags", labels_of(c, article));
	json_object_set_new(head, "aliases", json_pack("[s]", number));
	if (segment != NULL && !json_is_null(segment))
		json_object_set_new(head, "audience", json_string("internal"));
	if (json_is_true(json_object_get(article, "draft")))
		json_object_set_new(head, "state", json_string("draft"));
	body = own_links(k, html_to_markdown(k, html, strlen(html)));
	return import_article(k, from, id, language_of(c, article),
	    section_of(c, article), head, body, err);
}

static enum rc
take_articles(struct centre *c, json_t *page, struct err *err)
{
	json_t *list = json_object_get(page, "articles"), *e;
	size_t i;
	enum rc rc = RC_OK;

	if (json_is_string(json_object_get(page, "body")) && list == NULL)
		return take_article(c, page, err);
	json_array_foreach(list, i, e)
	{
		if (rc == RC_OK)
			rc = take_article(c, e, err);
	}
	return rc;
}

enum rc
kb_import_zendesk(struct kb_import *k, const char *path, struct err *err)
{
	struct centre c = {.k = k,
	    .sections = record_own(k, json_object()),
	    .categories = record_own(k, json_object()),
	    .slugs = record_own(k, json_object())};
	json_t *pages = record_own(k, json_array()), *page;
	json_error_t e;
	FILE *f = fopen(path, "re");
	size_t i;
	enum rc rc = RC_OK;

	if (f == NULL)
		return err_errno(err, "%s", path);
	while ((page = json_loadf(f, JSON_DISABLE_EOF_CHECK, &e)) != NULL)
		json_array_append_new(pages, page);
	/* What is left at the end may be blank, and nothing else. */
	if (json_array_size(pages) == 0 || !feof(f))
		rc = err_fail(err, RC_INVALID, "%s:%d: %s", path, e.line, e.text);
	fclose(f);
	json_array_foreach(pages, i, page)
	{
		remember(k, c.sections, json_object_get(page, "sections"));
		remember(k, c.categories, json_object_get(page, "categories"));
	}
	json_array_foreach(pages, i, page)
	{
		if (rc == RC_OK)
			rc = take_articles(&c, page, err);
	}
	return rc;
}
