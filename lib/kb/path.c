/* What the paths of kb.git mean. */
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "kb/article.h"

/* No SVG: opened by itself it may run scripts. */
static const char *const asset_endings[] = {".png", ".jpg", ".jpeg", ".gif", ".webp",
    ".avif", ".pdf", ".txt", ".csv", ".zip", NULL};

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool
ends_with(const char *s, const char *ending)
{
	size_t n = strlen(s), k = strlen(ending);

	return n > k && strcasecmp(s + n - k, ending) == 0;
}

/* README.md, CONTRIBUTING.md, CODE_OF_CONDUCT.md: for whoever reads the repository. */
static bool
shouts(const char *name)
{
	size_t n = strcspn(name, ".");

	return n > 0 && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == n;
}

enum path_kind
path_kind(const char *path)
{
	const char *name = base_name(path);

	if (*path == '.' || strstr(path, "/.") != NULL)
		return PATH_OTHER;
	if (text_starts(name, "_index.") && ends_with(name, ".md"))
		return PATH_SECTION;
	if (ends_with(name, ".md"))
		return *name == '_' || shouts(name) ? PATH_OTHER : PATH_ARTICLE;
	for (const char *const *e = asset_endings; *e != NULL; e++) {
		if (ends_with(name, *e))
			return PATH_ASSET;
	}
	return PATH_OTHER;
}

bool
path_split(void *ctx, const char *path, char **id, char **language)
{
	char *name = talloc_strdup(ctx, base_name(path)), *dot;

	if (ends_with(name, ".md"))
		name[strlen(name) - 3] = '\0';
	dot = strrchr(name, '.');
	*language = talloc_strdup(ctx, "");
	if (dot != NULL && text_is_language(dot + 1)) {
		*language = talloc_strdup(ctx, dot + 1);
		*dot = '\0';
	}
	*id = name;
	return text_is_name(name, ARTICLE_ID_MAX) && strcmp(name, "index") != 0;
}

char *
path_section(void *ctx, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? talloc_strndup(ctx, path, (size_t)(slash - path))
		     : talloc_strdup(ctx, "");
}

char *
path_resolve(void *ctx, const char *from, const char *to)
{
	char *out = *to == '/' ? talloc_strdup(ctx, "") : path_section(ctx, from);

	while (*to != '\0') {
		size_t n = strcspn(to, "/");

		if (n == 2 && strncmp(to, "..", 2) == 0) {
			char *slash = strrchr(out, '/');

			if (*out == '\0')
				return NULL;
			*(slash ? slash : out) = '\0';
		} else if (n > 0 && !(n == 1 && *to == '.')) {
			out = talloc_asprintf(
			    ctx, "%s%s%.*s", out, *out ? "/" : "", (int)n, to);
		}
		to += n + (to[n] == '/');
	}
	return out;
}

/* %41 as A: what people copy from a browser. Never a NUL. */
static char *
decoded(void *ctx, const char *s, size_t n)
{
	char *out = mem_array(ctx, char, n + 1);
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = 0;
		char hex[3] = {s[i], '\0', '\0'};

		if (s[i] == '%' && i + 2 < n) {
			hex[0] = s[i + 1];
			hex[1] = s[i + 2];
			if (text_unhex(hex, &c, 1) && c != 0) {
				out[k++] = (char)c;
				i += 2;
				continue;
			}
		}
		out[k++] = s[i];
	}
	return out;
}

void
link_target(void *ctx, const char *from, const char *dest, struct target *t)
{
	size_t n = strcspn(dest, "#?");
	const char *hash = strchr(dest, '#');
	char *path, *language;

	*t = (struct target){.kind = TARGET_BAD};
	if (hash != NULL && hash[1] != '\0')
		t->anchor = decoded(ctx, hash + 1, strlen(hash + 1));
	if (*dest == '#') {
		t->kind = TARGET_HERE;
		return;
	}
	if (markdown_scheme_ok(dest) || text_starts(dest, "//")) {
		t->kind = markdown_scheme_ok(dest) ? TARGET_OUTSIDE : TARGET_BAD;
		return;
	}
	if (text_starts(dest, "kb:")) {
		t->id = decoded(ctx, dest + 3, n - 3);
		t->kind =
		    text_is_name(t->id, ARTICLE_ID_MAX) ? TARGET_ARTICLE : TARGET_BAD;
		return;
	}
	if (memchr(dest, ':', n) != NULL || n == 0)
		return;
	path = path_resolve(ctx, from, decoded(ctx, dest, n));
	if (path == NULL)
		return;
	t->path = path;
	if (path_kind(path) == PATH_ASSET) {
		t->kind = TARGET_FILE;
	} else if (path_kind(path) == PATH_ARTICLE) {
		if (path_split(ctx, path, &path, &language))
			t->kind = TARGET_ARTICLE;
		t->id = path;
	}
}
