/* What stands in a feed. */
#include "social/feed.h"

#include <curl/curl.h>
#include <libxml/parser.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/text.h"
#include "mail/html.h"
#include "ticket/ticket.h"

static bool
is(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0;
}

static const char *
content(void *ctx, xmlNode *n)
{
	xmlChar *s = xmlNodeGetContent(n);
	const char *out = text_clean(ctx, s ? (const char *)s : "",
	    s ? strlen((const char *)s) : 0, TEXT_BLOCK, FEED_TEXT_MAX);

	xmlFree(s);
	out += strspn(out, " \t\n");
	return out;
}

/* The first of these children, or NULL. */
static xmlNode *
child(xmlNode *of, const char *const *names)
{
	for (; *names != NULL; names++) {
		for (xmlNode *n = of->children; n != NULL; n = n->next) {
			if (is(n, *names))
				return n;
		}
	}
	return NULL;
}

static const char *
text_of(void *ctx, xmlNode *entry, const char *const *names)
{
	xmlNode *n = child(entry, names);

	return n ? content(ctx, n) : "";
}

/* Atom's is an attribute, and there may be several. */
static const char *
link_of(void *ctx, xmlNode *entry)
{
	for (xmlNode *n = entry->children; n != NULL; n = n->next) {
		xmlChar *href, *rel;
		const char *out = NULL;

		if (!is(n, "link"))
			continue;
		href = xmlGetProp(n, (const xmlChar *)"href");
		rel = xmlGetProp(n, (const xmlChar *)"rel");
		if (href == NULL)
			out = content(ctx, n);
		else if (rel == NULL || strcmp((const char *)rel, "alternate") == 0)
			out = text_clean(ctx, (const char *)href,
			    strlen((const char *)href), TEXT_LINE, SUBJECT_MAX);
		xmlFree(href);
		xmlFree(rel);
		if (out != NULL)
			return out;
	}
	return "";
}

static const char *
author_of(void *ctx, xmlNode *entry)
{
	static const char *const authors[] = {"author", "creator", NULL},
				 *const names[] = {"name", NULL};
	xmlNode *n = child(entry, authors);
	const char *name = n ? text_of(ctx, n, names) : "";
	const char *s = n && *name == '\0' ? content(ctx, n) : name;

	return text_clean(ctx, s, strlen(s), TEXT_LINE, FEED_NAME_MAX);
}

static int64_t
time_of(void *ctx, xmlNode *entry)
{
	static const char *const names[] = {
	    "published", "pubDate", "updated", "date", NULL};
	const char *s = text_of(ctx, entry, names);
	int64_t at;
	time_t t;

	if (instant_parse(s, &at))
		return at;
	t = *s ? curl_getdate(s, NULL) : -1;
	return t >= 0 ? (int64_t)t * 1000 : INSTANT_NONE;
}

static struct feed_entry
read_entry(void *ctx, xmlNode *n)
{
	static const char *const ids[] = {"guid", "id", NULL},
				 *const titles[] = {"title", NULL},
				 *const texts[] = {"encoded", "content", "description",
				     "summary", NULL};
	const char *title = text_of(ctx, n, titles), *html = text_of(ctx, n, texts);
	struct feed_entry e = {.id = text_of(ctx, n, ids),
	    .link = link_of(ctx, n),
	    .author = author_of(ctx, n),
	    .at = time_of(ctx, n)};

	e.id = *e.id ? e.id : e.link;
	title = html_to_text(ctx, title, strlen(title), SUBJECT_MAX).s;
	e.title = text_clean(ctx, title, strlen(title), TEXT_LINE, SUBJECT_MAX);
	e.text = html_to_text(ctx, html, strlen(html), FEED_TEXT_MAX).s;
	return e;
}

/* The newest stand first: the last is given first. */
static size_t
each_entry(
    xmlNode *list, size_t max, void (*each)(void *, const struct feed_entry *), void *arg)
{
	size_t count = 0;

	for (xmlNode *n = list->last; n != NULL && count < max; n = n->prev) {
		void *ctx = talloc_new(NULL);
		struct feed_entry e;

		if (is(n, "channel"))
			count += each_entry(n, max - count, each, arg);
		if (is(n, "item") || is(n, "entry")) {
			e = read_entry(ctx, n);
			if (*e.id != '\0')
				each(arg, &e);
			count++;
		}
		talloc_free(ctx);
	}
	return count;
}

bool
feed_read(const char *bytes, size_t n, void (*each)(void *, const struct feed_entry *),
    void *arg)
{
	/* No network, no entities, no great depth: libxml2's own limits hold. */
	xmlDoc *doc = xmlReadMemory(bytes, (int)n, "feed", NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
		XML_PARSE_RECOVER);
	xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	bool good =
	    root != NULL && (is(root, "rss") || is(root, "RDF") || is(root, "feed"));

	if (good)
		each_entry(root, FEED_ENTRIES_MAX, each, arg);
	xmlFreeDoc(doc);
	return good;
}
