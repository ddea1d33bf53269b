/* Differences by lines and words: common head and tail aside, the longest common
 * subsequence. */
#include "base/diff.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"

enum {
	CONTEXT = 3,
	TABLE_MAX = 4000000
}; /* larger middles are shown as replaced whole */

struct lines {
	const char **v;
	size_t n;
};

static struct lines
split(void *ctx, const char *s)
{
	struct lines l = {mem_array(ctx, const char *, 1), 0};

	while (*s != '\0') {
		size_t n = strcspn(s, "\n");

		l.v = mem_grow(ctx, l.v, const char *, l.n + 1);
		l.v[l.n++] = talloc_strndup(ctx, s, n);
		s += n + (s[n] == '\n');
	}
	return l;
}

/* keep[i][j]: length of the longest common subsequence of a[i..] and b[j..]. */
static uint16_t *
table(void *ctx, const char **a, size_t n, const char **b, size_t m)
{
	uint16_t *t = mem_array(ctx, uint16_t, (n + 1) * (m + 1));

	for (size_t i = n; i-- > 0;) {
		for (size_t j = m; j-- > 0;) {
			uint16_t down = t[(i + 1) * (m + 1) + j],
				 right = t[i * (m + 1) + j + 1];

			if (strcmp(a[i], b[j]) == 0)
				t[i * (m + 1) + j] =
				    (uint16_t)(t[(i + 1) * (m + 1) + j + 1] + 1);
			else
				t[i * (m + 1) + j] = down > right ? down : right;
		}
	}
	return t;
}

static void
emit(void *ctx, char mark, const char *s, void (*line)(void *, const char *), void *arg)
{
	char *text = talloc_asprintf(ctx, "%c%s", mark, s);

	line(arg, text);
	talloc_free(text);
}

bool
diff_lines(const char *as, const char *bs, void (*line)(void *, const char *), void *arg)
{
	void *ctx = talloc_new(NULL);
	struct lines a = split(ctx, as), b = split(ctx, bs);
	size_t head = 0, tail = 0, n, m, i = 0, j = 0;
	const char **x, **y;
	uint16_t *t = NULL;
	char at[64];

	while (head < a.n && head < b.n && strcmp(a.v[head], b.v[head]) == 0)
		head++;
	while (tail < a.n - head && tail < b.n - head &&
	       strcmp(a.v[a.n - 1 - tail], b.v[b.n - 1 - tail]) == 0)
		tail++;
	n = a.n - head - tail;
	m = b.n - head - tail;
	if (n == 0 && m == 0) {
		talloc_free(ctx);
		return false;
	}
	x = a.v + head;
	y = b.v + head;
	if (n > 0 && m > 0 && n < UINT16_MAX && m < UINT16_MAX &&
	    (n + 1) * (m + 1) < TABLE_MAX)
		t = table(ctx, x, n, y, m);
	snprintf(at, sizeof(at), "@ line %zu @@", head + 1);
	emit(ctx, '@', at, line, arg);
	for (size_t k = head > CONTEXT ? head - CONTEXT : 0; k < head; k++)
		emit(ctx, ' ', a.v[k], line, arg);
	while (i < n || j < m) {
		if (t != NULL && i < n && j < m && strcmp(x[i], y[j]) == 0) {
			emit(ctx, ' ', x[i], line, arg);
			i++, j++;
		} else if (i < n &&
			   (t == NULL || j == m ||
			       t[(i + 1) * (m + 1) + j] >= t[i * (m + 1) + j + 1])) {
			emit(ctx, '-', x[i++], line, arg);
		} else {
			emit(ctx, '+', y[j++], line, arg);
		}
	}
	for (size_t k = 0; k < tail && k < CONTEXT; k++)
		emit(ctx, ' ', a.v[a.n - tail + k], line, arg);
	talloc_free(ctx);
	return true;
}

/* Words, and the blanks between them; each newline by itself. */
static struct lines
split_words(void *ctx, const char *s)
{
	struct lines l = {mem_array(ctx, const char *, strlen(s) + 1), 0};

	while (*s != '\0') {
		size_t n = strcspn(s, " \t\n");

		if (n == 0)
			n = *s == '\n' ? 1 : strspn(s, " \t");
		l.v[l.n++] = talloc_strndup(ctx, s, n);
		s += n;
	}
	return l;
}

bool
diff_words(const char *as, const char *bs,
    void (*piece)(void *arg, char mark, const char *text), void *arg)
{
	void *ctx = talloc_new(NULL);
	struct lines a = split_words(ctx, as), b = split_words(ctx, bs);
	bool same = strcmp(as, bs) == 0;
	uint16_t *t = NULL;
	size_t i = 0, j = 0;

	if (!same && a.n < UINT16_MAX && b.n < UINT16_MAX &&
	    (a.n + 1) * (b.n + 1) < TABLE_MAX)
		t = table(ctx, a.v, a.n, b.v, b.n);
	while (!same && (i < a.n || j < b.n)) {
		if (t != NULL && i < a.n && j < b.n && strcmp(a.v[i], b.v[j]) == 0) {
			piece(arg, ' ', a.v[i]);
			i++, j++;
		} else if (i < a.n &&
			   (t == NULL || j == b.n ||
			       t[(i + 1) * (b.n + 1) + j] >= t[i * (b.n + 1) + j + 1])) {
			piece(arg, '-', a.v[i++]);
		} else {
			piece(arg, '+', b.v[j++]);
		}
	}
	talloc_free(ctx);
	return !same;
}
