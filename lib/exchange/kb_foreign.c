/* Front matter of Hugo and Jekyll. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>
#include <wctype.h>

#include "base/buf.h"
#include "base/front.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "exchange/kb_import_priv.h"

/* Letters with marks, as people write them without. */
static const char *
plain_letter(uint32_t c)
{
	static const struct {
		uint32_t from, to;
		const char *plain;
	} ranges[] = {{0xe4, 0xe4, "ae"}, {0xf6, 0xf6, "oe"}, {0xfc, 0xfc, "ue"},
	    {0xdf, 0xdf, "ss"}, {0xe0, 0xe5, "a"}, {0xe7, 0xe7, "c"}, {0xe8, 0xeb, "e"},
	    {0xec, 0xef, "i"}, {0xf1, 0xf1, "n"}, {0xf2, 0xf8, "o"}, {0xf9, 0xfb, "u"},
	    {0xfd, 0xff, "y"}};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (c >= ranges[i].from && c <= ranges[i].to)
			return ranges[i].plain;
	}
	return NULL;
}

char *
import_slug(void *ctx, const char *text)
{
	struct buf b = {.ctx = ctx};
	const char *end = text + strlen(text);
	uint32_t c = 0;

	for (size_t k; text < end && b.n < ARTICLE_ID_MAX - 4; text += k) {
		const char *plain;

		k = text_decode(text, (size_t)(end - text), &c);
		k = k ? k : 1;
		c = (uint32_t)towlower((wint_t)c);
		plain = plain_letter(c);
		if (plain != NULL)
			buf_add(&b, plain);
		else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')
			buf_char(&b, (char)c);
		else if (b.n > 0 && b.s[b.n - 1] != '-')
			buf_char(&b, '-');
	}
	while (b.n > 0 && (b.s[b.n - 1] == '-' || b.s[b.n - 1] == '_'))
		b.s[--b.n] = '\0';
	return talloc_strdup(ctx, buf_text(&b) + strspn(buf_text(&b), "_"));
}

/* ---- TOML, as front matter has it: key = "text", true, 2020-01-01, ["a", "b"] ---- */

static json_t *
toml_value(void *ctx, const char **p)
{
	const char *s = *p + strspn(*p, " \t");
	char quote = *s;
	size_t n;

	if (quote == '"' || quote == '\'') {
		struct buf b = {.ctx = ctx};

		for (s++; *s != '\0' && *s != quote && *s != '\n'; s++) {
			if (quote == '"' && *s == '\\' && s[1] != '\0')
				s++;
			buf_char(&b, *s);
		}
		*p = s + (*s == quote);
		return json_string(buf_text(&b));
	}
	n = strcspn(s, ",]#\n");
	*p = s + n;
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
		n--;
	return json_stringn(s, n);
}

static json_t *
toml_list(void *ctx, const char **p)
{
	json_t *list = json_array();

	while (**p != '\0' && **p != ']') {
		*p += strspn(*p, " \t\r\n,[");
		if (**p == ']' || **p == '\0')
			break;
		if (**p == '#')
			*p += strcspn(*p, "\n");
		else
			json_array_append_new(list, toml_value(ctx, p));
	}
	*p += **p == ']';
	return list;
}

/* Tables ([params]) are of the generator: what follows the first is passed over. */
static json_t *
toml_front(void *ctx, const char *text, const char *end)
{
	char *copy = talloc_strndup(ctx, text, (size_t)(end - text));
	json_t *head = json_object();

	for (const char *p = copy; *p != '\0';) {
		size_t n;
		char *key;

		p += strspn(p, " \t\r\n");
		if (*p == '[')
			break;
		n = strcspn(p, "=\n");
		key = text_clean(ctx, p, n, TEXT_LINE, 100);
		p += n;
		if (*p == '=' && *key != '#' && *key != '\0') {
			p++;
			p += strspn(p, " \t");
			json_object_set_new(head, key,
			    *p == '[' ? toml_list(ctx, &p) : toml_value(ctx, &p));
		}
		p += strcspn(p, "\n");
	}
	return head;
}

enum rc
foreign_front(
    void *ctx, const char *text, json_t **head, const char **body, struct err *err)
{
	const char *end;
	json_error_t e;
	int line;

	if (text_starts(text, "+++") && (end = strstr(text + 3, "\n+++")) != NULL) {
		*head = toml_front(ctx, text + 3 + strcspn(text + 3, "\n"), end);
		end += 4;
		*body = end + strcspn(end, "\n");
		return RC_OK;
	}
	if (*text == '{') {
		*head =
		    json_loads(text, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &e);
		if (!json_is_object(*head)) {
			json_decref(*head);
			return err_fail(err, RC_INVALID, "line %d: %s", e.line, e.text);
		}
		*body = text + e.position;
		return RC_OK;
	}
	return front_read(text, head, body, &line, err);
}

/* ---- keys ---- */

static const char *
first_text(const json_t *head, const char *const *keys)
{
	for (; *keys != NULL; keys++) {
		json_t *v = json_object_get(head, *keys);

		if (json_is_string(v) && json_string_length(v) > 0)
			return json_string_value(v);
	}
	return NULL;
}

static bool
is_true(const json_t *head, const char *key)
{
	json_t *v = json_object_get(head, key);
	const char *s = json_string_value(v);

	return json_is_true(v) || (s != NULL && strcasecmp(s, "true") == 0);
}

static bool
is_false(const json_t *head, const char *key)
{
	json_t *v = json_object_get(head, key);
	const char *s = json_string_value(v);

	return json_is_false(v) || (s != NULL && strcasecmp(s, "false") == 0);
}

/* Names of a list, or of a text with blanks or commas, as slugs. */
static void
add_names(void *ctx, json_t *list, json_t *v, const char *separators)
{
	json_t *e;
	size_t i;

	json_array_foreach(v, i, e)
	{
		const char *s = json_string_value(e);
		const char *slash = s ? strrchr(s, '/') : NULL;
		size_t n = s ? strlen(s) : 0;
		char *slug;

		/* An alias may be an address: /old/place/ */
		if (slash != NULL && slash[1] == '\0' && slash > s) {
			n = (size_t)(slash - s);
			slash = memrchr(s, '/', n);
		}
		if (s == NULL)
			continue;
		slug = talloc_strndup(ctx, s, n);
		if (slash != NULL)
			slug += slash + 1 - s;
		slug = import_slug(ctx, slug);
		if (*slug != '\0' && json_array_size(list) < ARTICLE_LIST_MAX)
			json_array_append_new(list, json_string(slug));
	}
	for (const char *s = json_string_value(v); s != NULL && *s != '\0';) {
		size_t n = strcspn(s, separators);
		char *slug = import_slug(ctx, talloc_strndup(ctx, s, n));

		if (*slug != '\0' && json_array_size(list) < ARTICLE_LIST_MAX)
			json_array_append_new(list, json_string(slug));
		s += n + (s[n] != '\0');
	}
}

json_t *
foreign_head(void *ctx, const json_t *head, const char *name)
{
	static const char *const titles[] = {"title", "linktitle", "linkTitle", NULL},
				 *const summaries[] = {"summary", "description",
				     "excerpt", "subtitle", NULL};
	const char *title = first_text(head, titles),
		   *summary = first_text(head, summaries);
	json_t *o = json_object(), *tags = json_array(), *aliases = json_array();

	json_object_set_new(o, "title", json_string(title ? title : name));
	if (summary != NULL)
		json_object_set_new(o, "summary",
		    json_string(text_clean(
			ctx, summary, strlen(summary), TEXT_LINE, ARTICLE_SUMMARY_MAX)));
	add_names(ctx, tags, json_object_get(head, "tags"), " ,");
	add_names(ctx, tags, json_object_get(head, "categories"), " ,");
	add_names(ctx, tags, json_object_get(head, "keywords"), ",");
	add_names(ctx, aliases, json_object_get(head, "aliases"), " ,");
	add_names(ctx, aliases, json_object_get(head, "redirect_from"), " ,");
	json_object_set_new(o, "tags", tags);
	json_object_set_new(o, "aliases", aliases);
	if (is_true(head, "draft") || is_false(head, "published"))
		json_object_set_new(o, "state", json_string("draft"));
	return o;
}
