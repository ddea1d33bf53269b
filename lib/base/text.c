/* Text: UTF-8, cleaning, nearest names. */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include "base/mem.h"
#include <wchar.h>

size_t
text_decode(const char *s, size_t n, uint32_t *cp)
{
	const unsigned char *u = (const unsigned char *)s;
	uint32_t c, least;
	size_t len;

	if (n == 0)
		return 0;
	if (u[0] < 0x80) {
		*cp = u[0];
		return 1;
	}
	if (u[0] >= 0xc2 && u[0] < 0xe0) {
		len = 2, c = u[0] & 0x1fU, least = 0x80;
	} else if (u[0] >= 0xe0 && u[0] < 0xf0) {
		len = 3, c = u[0] & 0x0fU, least = 0x800;
	} else if (u[0] >= 0xf0 && u[0] < 0xf5) {
		len = 4, c = u[0] & 0x07U, least = 0x10000;
	} else {
		return 0;
	}
	if (n < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3fU);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*cp = c;
	return len;
}

static bool
is_override(uint32_t c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static size_t
put(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	to[0] = (char)(0xe0 | c >> 12);
	to[1] = (char)(0x80 | (c >> 6 & 0x3f));
	to[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

/* What a character becomes: itself, or a visible stand-in from the first plane. */
static uint32_t
harmless(uint32_t c)
{
	if (c < 0x20)
		return 0x2400 + c;
	if (c == 0x7f)
		return 0x2421;
	if ((c >= 0x80 && c < 0xa0) || is_override(c))
		return 0xfffd;
	return c;
}

/* Cleans into a buffer of 3 * n + 1 bytes at most; stops before `max`. */
static char *
clean(void *ctx, const char *s, size_t n, enum text_form form, size_t max)
{
	size_t room = n < max / 3 ? 3 * n : max, o = 0, len;
	char *out = mem_array(ctx, char, room + 4);
	bool blank = false;

	for (size_t i = 0; i < n; i += len) {
		uint32_t c = 0, h;
		size_t plain = 0;

		/* Most of most texts: nothing to think about. */
		while (!blank && i + plain < n && o + plain < max &&
		       s[i + plain] > 0x20 && s[i + plain] < 0x7f)
			plain++;
		if (plain > 0) {
			memcpy(out + o, s + i, plain);
			o += plain;
			len = plain;
			continue;
		}

		len = text_decode(s + i, n - i, &c);
		if (len == 0) {
			len = 1;
			h = 0xfffd;
		} else if (c == '\r' && i + 1 < n && s[i + 1] == '\n') {
			continue;
		} else if (form == TEXT_LINE && (c == ' ' || (c >= '\t' && c <= '\r'))) {
			blank = true;
			continue;
		} else if (form == TEXT_BLOCK && (c == '\n' || c == '\t')) {
			h = c;
		} else {
			h = harmless(c);
		}
		if (o + (blank && o > 0) + (h == c ? len : 3) > max)
			break;
		if (blank && o > 0)
			out[o++] = ' ';
		blank = false;
		if (h == c && len > 0) {
			memcpy(out + o, s + i, len);
			o += len;
		} else {
			o += put(out + o, h);
		}
	}
	out[o] = '\0';
	return mem_grow(ctx, out, char, o + 1);
}

char *
text_clean(void *ctx, const char *s, size_t n, enum text_form form, size_t max)
{
	return clean(ctx, s, n, form, max);
}

char *
text_safe(void *ctx, const char *s, enum text_form form)
{
	size_t n = strlen(s);

	return clean(ctx, s, n, form, 3 * n + 3);
}

static int
char_width(const char *s, size_t *len)
{
	uint32_t c = 0;
	int w;

	*len = text_decode(s, strlen(s) > 4 ? 4 : strlen(s), &c);
	if (*len == 0) {
		*len = 1;
		return 1;
	}
	w = wcwidth((wchar_t)c);
	return w < 0 ? 1 : w;
}

int
text_width(const char *s)
{
	int w = 0;
	size_t len;

	for (; *s != '\0'; s += len)
		w += char_width(s, &len);
	return w;
}

char *
text_cut(void *ctx, const char *s, int columns)
{
	size_t end = 0, len;
	int w = 0;

	if (text_width(s) <= columns)
		return talloc_strdup(ctx, s);
	while (s[end] != '\0') {
		int cw = char_width(s + end, &len);

		if (w + cw > columns - 1)
			break;
		w += cw;
		end += len;
	}
	return talloc_asprintf(ctx, "%.*s…", (int)end, s);
}

size_t
text_prefix(const char *s, size_t n)
{
	size_t len = strnlen(s, n + 1);

	if (len <= n)
		return len;
	while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

char *
text_lower(char *s)
{
	for (char *p = s; *p != '\0'; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + ('a' - 'A'));
	}
	return s;
}

bool
text_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
text_is_name(const char *s, size_t max)
{
	size_t n = strlen(s);

	return n > 0 && n <= max && s[0] != '-' && s[0] != '_' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

bool
text_is_language(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz");

	if (n < 2 || n > 3 || strlen(s) > 35)
		return false;
	for (s += n; *s == '-'; s += n + 1) {
		n = strspn(s + 1, "abcdefghijklmnopqrstuvwxyz0123456789");
		if (n < 1 || n > 8)
			return false;
	}
	return *s == '\0';
}

bool
text_glob(const char *pattern, const char *s)
{
	for (; *pattern != '\0'; pattern++, s++) {
		if (*pattern == '*') {
			do {
				if (text_glob(pattern + 1, s))
					return true;
			} while (*s++ != '\0');
			return false;
		}
		if (*pattern != *s)
			return false;
	}
	return *s == '\0';
}

bool
text_number(const char *s, int64_t *n)
{
	int64_t v = 0;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || v > (INT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (*s - '0');
	}
	*n = v;
	return true;
}

enum { NEAR_MAX = 40 };

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t
text_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b), row[3][NEAR_MAX + 1];
	size_t *before = row[0], *last = row[1], *now = row[2], *t;

	if (la > NEAR_MAX || lb > NEAR_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		last[j] = j;
	for (size_t i = 1; i <= la; i++) {
		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			now[j] = least(least(last[j] + 1, now[j - 1] + 1),
			    last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
		t = before, before = last, last = now, now = t;
	}
	return last[lb];
}

const char *
text_nearest(const char *word, const char *const *names)
{
	const char *best = NULL;
	size_t limit = strlen(word) / 3, d;

	limit = limit < 1 ? 1 : limit;
	for (; names != NULL && *names != NULL; names++) {
		d = text_distance(word, *names);
		if (d <= limit) {
			best = *names;
			limit = d;
			if (d == 0)
				break;
			limit--;
		}
	}
	return best;
}

const char *
text_hint(void *ctx, const char *word, const char *const *names)
{
	const char *near = text_nearest(word, names);

	return near ? talloc_asprintf(ctx, " (did you mean \"%s\"?)", near) : "";
}

enum rc
text_word(void *ctx, const char **p, char **word, struct err *err)
{
	const char *s = *p + strspn(*p, " \t\n");
	char *w, *to, quote = '\0';

	if (*s == '\0')
		return RC_NONE;
	w = to = mem_array(ctx, char, strlen(s) + 1);
	for (; *s != '\0' && (quote || strchr(" \t\n", *s) == NULL); s++) {
		if (quote && *s == quote)
			quote = '\0';
		else if (!quote && (*s == '"' || *s == '\''))
			quote = *s;
		else if (*s == '\\' && quote != '\'' && s[1] != '\0')
			*to++ = *++s;
		else
			*to++ = *s;
	}
	if (quote)
		return err_fail(err, RC_USAGE, "a quote is not closed in: %s", *p);
	*p = s;
	*word = w;
	return RC_OK;
}

char *
text_hex(void *ctx, const unsigned char *b, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char *s = mem_array(ctx, char, 2 * n + 1);

	for (size_t i = 0; i < n; i++) {
		s[2 * i] = digits[b[i] >> 4];
		s[2 * i + 1] = digits[b[i] & 15];
	}
	s[2 * n] = '\0';
	return s;
}

bool
text_unhex(const char *s, unsigned char *b, size_t n)
{
	if (strlen(s) != 2 * n || strspn(s, "0123456789abcdef") != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned hi = (unsigned char)s[2 * i], lo = (unsigned char)s[2 * i + 1];

		hi = hi > '9' ? hi - 'a' + 10 : hi - '0';
		lo = lo > '9' ? lo - 'a' + 10 : lo - '0';
		b[i] = (unsigned char)(hi << 4 | lo);
	}
	return true;
}

void
text_push(void *ctx, const char ***list, size_t *n, const char *s)
{
	/* Grows by doubling: a full list has a power of two plus its NULL. */
	if ((*n & (*n + 1)) == 0)
		*list = mem_grow(ctx, *list, const char *, 2 * (*n + 1) + 1);
	(*list)[(*n)++] = s;
	(*list)[*n] = NULL;
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void
text_sort(const char **list, size_t n)
{
	if (n > 1)
		qsort(list, n, sizeof(*list), by_bytes);
}

char *
text_workflow(void *ctx, const char *s, const char *also)
{
	char *to = talloc_strdup(ctx, "");

	for (; *s != '\0'; s++) {
		if (*s == '%' || *s == '\r' || *s == '\n' || strchr(also, *s) != NULL)
			to = talloc_asprintf_append_buffer(
			    to, "%%%02X", (unsigned)(unsigned char)*s);
		else
			to = talloc_strndup_append_buffer(to, s, 1);
	}
	return to;
}
