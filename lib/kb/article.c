/* Articles: front matter and body -> struct article, and what is wrong with it. */
#include "kb/article.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/front.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "desk/desk.h"

/* ---- findings ---- */

void
finding_add(struct findings *f, bool warning, const char *path, int line,
    const char *rule, const char *fmt, ...)
{
	va_list ap;
	struct finding *one;

	if (f->n % 16 == 0)
		f->v = mem_grow(f->ctx, f->v, struct finding, f->n + 16);
	one = &f->v[f->n++];
	*one = (struct finding){.path = talloc_strdup(f->ctx, path),
	    .line = line > 0 ? line : 1,
	    .warning = warning,
	    .rule = rule};
	va_start(ap, fmt);
	one->message = talloc_vasprintf(f->ctx, fmt, ap);
	va_end(ap);
	f->errors += !warning;
}

static int
by_place(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int c = strcmp(x->path, y->path);

	if (c == 0)
		c = (x->line > y->line) - (x->line < y->line);
	return c != 0 ? c : strcmp(x->message, y->message);
}

void
findings_sort(struct findings *f)
{
	if (f->n > 1)
		qsort(f->v, f->n, sizeof(*f->v), by_place);
}

json_t *
finding_to_json(const struct finding *f)
{
	return json_pack("{s:s,s:s,s:i,s:s,s:s,s:s}", "type", "finding", "path", f->path,
	    "line", f->line, "level", f->warning ? "warning" : "error", "rule", f->rule,
	    "message", f->message);
}

/* ---- reading ---- */

struct reading {
	void *ctx;
	const char *path, *text;
	json_t *head;
	struct findings *f;
};

/* The line of a key of the front matter. */
static int
key_line(const char *text, const char *key)
{
	size_t k = strlen(key);
	int line = 1;

	for (const char *s = text; *s != '\0'; line++) {
		size_t n = strcspn(s, "\n");

		if (line > 1 && strncmp(s, "---", 3) == 0)
			break;
		if (strncmp(s, key, k) == 0 && s[k + strspn(s + k, " \t")] == ':')
			return line;
		s += n + (s[n] == '\n');
	}
	return 1;
}

#define WRONG(r, key, rule, ...) \
	finding_add((r)->f, false, (r)->path, key_line((r)->text, key), rule, __VA_ARGS__)

/* A text of the front matter, on one line, or NULL. */
static const char *
head_text(struct reading *r, const char *key, size_t max)
{
	json_t *v = json_object_get(r->head, key);
	const char *s = json_string_value(v);

	if (v == NULL || (s != NULL && *s == '\0'))
		return NULL;
	if (s == NULL) {
		WRONG(r, key, key, "%s is a text", key);
		return NULL;
	}
	if (strlen(s) > max) {
		WRONG(r, key, key, "%s is longer than %zu bytes", key, max);
		return NULL;
	}
	return text_clean(r->ctx, s, strlen(s), TEXT_LINE, max);
}

static const char *
head_word(struct reading *r, const char *key, const char *const *words)
{
	const char *s = head_text(r, key, ARTICLE_ID_MAX);

	if (s == NULL || word_index(words, s) >= 0)
		return s ? s : words[0];
	WRONG(r, key, key, "%s \"%s\": no such word%s", key, s,
	    text_hint(r->ctx, s, words));
	return words[0];
}

/* Names, sorted, each once: a list, or one text with commas. */
static const char **
head_list(struct reading *r, const char *key)
{
	json_t *v = json_object_get(r->head, key), *e;
	const char **list = mem_array(r->ctx, const char *, ARTICLE_LIST_MAX + 1);
	json_t *all = json_array();
	size_t i, n = 0, kept = 0;

	if (json_is_string(v)) {
		for (const char *s = json_string_value(v); *s != '\0';) {
			size_t k = strcspn(s, ",");
			char *one =
			    text_clean(r->ctx, s, k, TEXT_LINE, ARTICLE_ID_MAX + 1);

			if (*one != '\0')
				json_array_append_new(all, json_string(one));
			s += k + (s[k] == ',');
		}
	} else if (json_is_array(v)) {
		json_array_extend(all, v);
	} else if (v != NULL) {
		WRONG(r, key, key, "%s is a list", key);
	}
	if (json_array_size(all) > ARTICLE_LIST_MAX)
		WRONG(r, key, key, "%s: more than %d", key, ARTICLE_LIST_MAX);
	json_array_foreach(all, i, e)
	{
		const char *s = json_string_value(e);

		if (n == ARTICLE_LIST_MAX)
			break;
		if (s == NULL || !text_is_name(s, ARTICLE_ID_MAX))
			WRONG(r, key, key, "%s \"%s\": small letters, digits, - and _",
			    key, s ? s : "?");
		else
			list[n++] = talloc_strdup(r->ctx, s);
	}
	json_decref(all);
	text_sort(list, n);
	for (i = 0; i < n; i++) {
		if (i == 0 || strcmp(list[i], list[i - 1]) != 0)
			list[kept++] = list[i];
	}
	list[kept] = NULL;
	return list;
}

/* The first byte that is no UTF-8, as a line; 0 when all is well. */
static int
bad_line(const char *data, size_t n)
{
	uint32_t c;
	int line = 1;

	for (size_t i = 0, k; i < n; i += k) {
		k = text_decode(data + i, n - i, &c);
		if (k == 0 || c == 0)
			return line;
		line += data[i] == '\n';
	}
	return 0;
}

/* "line 3: why" of the YAML parser, as a finding. */
static void
front_wrong(struct reading *r, const struct err *e)
{
	const char *text = e->text;
	int line = 1;

	if (text_starts(text, "line ")) {
		line = (int)strtol(text + 5, NULL, 10);
		text = strchr(text, ':') ? strchr(text, ':') + 2 : text;
	}
	finding_add(r->f, false, r->path, line, "front-matter", "front matter: %s", text);
}

/* The file as text with Unix line ends, its front matter in r->head. */
static bool
read_front(struct reading *r, const char *data, size_t n, const char **body, int *line)
{
	struct err e;
	int bad;

	if (strlen(r->path) > ARTICLE_PATH_MAX) {
		finding_add(r->f, false, r->path, 1, "path",
		    "its path is longer than %d bytes", ARTICLE_PATH_MAX);
		return false;
	}
	if (n >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		data += 3, n -= 3;
	bad = n > ARTICLE_MAX ? 0 : bad_line(data, n);
	if (n > ARTICLE_MAX)
		finding_add(r->f, false, r->path, 1, "size", "larger than %d kB",
		    ARTICLE_MAX / 1024);
	else if (bad)
		finding_add(r->f, false, r->path, bad, "utf-8", "it is not UTF-8");
	if (bad || n > ARTICLE_MAX)
		return false;
	r->text = text_clean(r->ctx, data, n, TEXT_BLOCK, n * 3);
	if (front_read(r->text, &r->head, body, line, &e) != RC_OK) {
		front_wrong(r, &e);
		return false;
	}
	record_own(r->ctx, r->head);
	if (*body == r->text) {
		finding_add(r->f, false, r->path, 1, "front-matter",
		    "no front matter: it begins with \"---\", \"title: ...\", \"---\"");
		return false;
	}
	return true;
}

static void
check_keys(struct reading *r, const char *const *known)
{
	const char *key;
	json_t *v;

	json_object_foreach(r->head, key, v)
	{
		if (word_index(known, key) < 0)
			finding_add(r->f, true, r->path, key_line(r->text, key),
			    "unknown-key", "%s: no such key%s", key,
			    text_hint(r->ctx, key, known));
	}
}

static const char *
read_language(struct reading *r, const char *of_name, const char *otherwise)
{
	const char *s = head_text(r, "language", 35);
	char *low;

	if (s == NULL)
		return *of_name ? of_name : otherwise;
	low = text_lower(talloc_strdup(r->ctx, s));
	if (!text_is_language(low))
		WRONG(r, "language", "language",
		    "language \"%s\": a tag as \"en\" or \"pt-br\"", s);
	else if (*of_name && strcmp(of_name, low) != 0)
		WRONG(r, "language", "language",
		    "language %s, but the file's name says %s", low, of_name);
	return low;
}

static const char *
read_title(struct reading *r)
{
	const char *s = head_text(r, "title", ARTICLE_TITLE_MAX);

	if (s == NULL && json_object_get(r->head, "title") == NULL)
		finding_add(r->f, false, r->path, 1, "title", "it has no title");
	else if (s == NULL && json_is_string(json_object_get(r->head, "title")) &&
		 json_string_length(json_object_get(r->head, "title")) == 0)
		WRONG(r, "title", "title", "the title is empty");
	return s;
}

static int64_t
read_reviewed(struct reading *r)
{
	const char *s = head_text(r, "reviewed", 40);
	int64_t at = INSTANT_NONE;

	if (s != NULL && !instant_parse_any(s, "UTC", &at))
		WRONG(r, "reviewed", "reviewed", "reviewed \"%s\" is no date", s);
	return at;
}

enum rc
article_parse(void *ctx, const char *path, const char *data, size_t n,
    const char *language, struct article **out, struct findings *f, struct err *err)
{
	static const char *const known[] = {"title", "summary", "tags", "audience",
	    "state", "language", "aliases", "reviewed", NULL};
	static const struct markdown_how how = {.page = true};
	struct article *a = talloc_zero(ctx, struct article);
	struct reading r = {.ctx = a, .path = path, .f = f};
	size_t before = f->errors;
	char *id, *of_name;

	if (!path_split(a, path, &id, &of_name))
		finding_add(f, false, path, 1, "id",
		    "\"%s\" is no id: small letters, digits, - and _", id);
	if (read_front(&r, data, n, &a->body, &a->line)) {
		check_keys(&r, known);
		a->id = id;
		a->path = talloc_strdup(a, path);
		a->section = path_section(a, path);
		a->language = read_language(&r, of_name, language);
		a->title = read_title(&r);
		a->summary = head_text(&r, "summary", ARTICLE_SUMMARY_MAX);
		a->summary = a->summary ? a->summary : "";
		a->audience = head_word(&r, "audience", audience_names);
		a->state = head_word(&r, "state", state_names);
		a->tags = head_list(&r, "tags");
		a->aliases = head_list(&r, "aliases");
		a->alias_line = key_line(r.text, "aliases");
		a->reviewed_at = read_reviewed(&r);
	}
	if (f->errors == before) {
		a->text = markdown_render(a, a->body, &how);
		if (a->text->too_large)
			finding_add(f, false, path, a->line, "size",
			    "its HTML would be larger than %d MB (a table?)",
			    MARKDOWN_HTML_MAX / 1024 / 1024);
	}
	if (f->errors > before) {
		talloc_free(a);
		return err_fail(err, RC_INVALID, "%s:%d: %s", f->v[f->n - 1].path,
		    f->v[f->n - 1].line, f->v[f->n - 1].message);
	}
	*out = a;
	return RC_OK;
}

enum rc
section_parse(void *ctx, const char *path, const char *data, size_t n,
    const char *language, struct section *s, struct findings *f, struct err *err)
{
	static const char *const known[] = {"title", "summary", "language", NULL};
	struct reading r = {.ctx = ctx, .path = path, .f = f};
	size_t before = f->errors;
	const char *body;
	char *id, *of_name;
	int line;

	(void)path_split(ctx, path, &id, &of_name);
	if (read_front(&r, data, n, &body, &line)) {
		check_keys(&r, known);
		s->path = path_section(ctx, path);
		s->language = read_language(&r, of_name, language);
		s->title = read_title(&r);
		s->summary = head_text(&r, "summary", ARTICLE_SUMMARY_MAX);
		s->summary = s->summary ? s->summary : "";
	}
	return f->errors > before ? err_fail(err, RC_INVALID, "%s is no section", path)
				  : RC_OK;
}

/* ---- writing ---- */

/* A text that YAML would take for something else is quoted; so is every one that is not
 * plain words. */
static void
put_scalar(struct buf *b, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789 _-./";
	static const char *const words[] = {
	    "true", "false", "yes", "no", "null", "on", "off", NULL};
	char *low = text_lower(talloc_strdup(NULL, s));
	bool simple = *s != '\0' && s[strspn(s, plain)] == '\0' && *s != '-' &&
		      *s != ' ' && *s != '.' && s[strlen(s) - 1] != ' ' &&
		      word_index(words, low) < 0;

	talloc_free(low);
	if (simple) {
		buf_add(b, s);
		return;
	}
	buf_char(b, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_char(b, '\\');
		if ((unsigned char)*s < ' ')
			buf_char(b, ' ');
		else
			buf_char(b, *s);
	}
	buf_char(b, '"');
}

char *
article_print(void *ctx, json_t *head, const char *body)
{
	struct buf b = {.ctx = ctx};
	const char *key;
	json_t *v, *e;
	size_t i;

	buf_add(&b, "---\n");
	json_object_foreach(head, key, v)
	{
		if (json_is_array(v) && json_array_size(v) == 0)
			continue;
		buf_printf(&b, "%s: ", key);
		if (json_is_array(v)) {
			buf_char(&b, '[');
			json_array_foreach(v, i, e)
			{
				buf_add(&b, i ? ", " : "");
				put_scalar(&b, json_string_value(e));
			}
			buf_char(&b, ']');
		} else {
			put_scalar(&b, json_string_value(v));
		}
		buf_char(&b, '\n');
	}
	buf_add(&b, "---\n\n");
	while (*body == '\n')
		body++;
	buf_add(&b, body);
	if (b.s[b.n - 1] != '\n')
		buf_char(&b, '\n');
	return b.s;
}
