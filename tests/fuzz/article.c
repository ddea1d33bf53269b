/* Articles of whatever bytes: front matter, Markdown for pages, links, words; HTML of
 * other systems. What comes out is within its limits and leads nowhere it may not. */
#include <assert.h>
#include <locale.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/html_markdown.h"
#include "base/text.h"
#include "kb/article.h"
#include "kb/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Every href and src has one of the schemes, or none. */
static void
check_urls(const char *html)
{
	for (const char *p = html; (p = strstr(p, "=\"")) != NULL; p += 2) {
		bool url = (p - html >= 5 && strncmp(p - 5, " href", 5) == 0) ||
			   (p - html >= 4 && strncmp(p - 4, " src", 4) == 0);
		size_t k = strcspn(p + 2, ":/?#\"");

		assert(!url || p[2 + k] != ':' || markdown_scheme_ok(p + 2));
	}
	assert(strcasestr(html, "<script") == NULL);
}

static void
check_words(void *ctx, const char *text, size_t n)
{
	struct words *w = words_new(ctx, n % 2 ? "de" : "ja");
	const char *p = text, *end = text + n;
	struct word word;

	while (words_next(w, &p, end, &word)) {
		assert(word.at >= text && word.at + word.n <= end && word.n > 0);
		assert(strlen(words_stem(w, word.word)) <= WORD_MAX + 8);
	}
	assert(p >= end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	void *ctx = talloc_new(NULL);
	struct findings f = {.ctx = ctx};
	struct article *a = NULL;
	struct target t;
	struct err err;
	char *text = talloc_strndup(ctx, (const char *)data, n), *md;

	setlocale(LC_CTYPE, "C.UTF-8");
	if (n > 4096) { /* md4c is quadratic in places */
		talloc_free(ctx);
		return 0;
	}
	if (article_parse(ctx, "a/b.md", (const char *)data, n, "en", &a, &f, &err) ==
	    RC_OK) {
		assert(f.errors == 0 && *a->title != '\0');
		check_urls(a->text->html);
		check_words(ctx, a->text->text, strlen(a->text->text));
		for (size_t i = 0; i < a->text->nlinks; i++) {
			assert(a->text->links[i].line >= 1);
			link_target(ctx, a->path, a->text->links[i].dest, &t);
			assert(t.path == NULL || strstr(t.path, "..") == NULL ||
			       path_resolve(ctx, "", t.path) != NULL);
		}
	} else {
		assert(f.errors > 0 && f.v[0].line >= 1);
	}
	check_words(ctx, text, strlen(text));
	md = html_to_markdown(ctx, (const char *)data, n);
	assert(strlen(md) <= 20 * n + 1000);
	talloc_free(ctx);
	return 0;
}
