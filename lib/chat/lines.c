/* Lines out of bytes that come in pieces. */
#include "chat/lines.h"

#include <string.h>
#include <talloc.h>

#include "base/mem.h"

struct lines {
	char *s;
	size_t from, to, room, max;
	size_t looked; /* no end of a line before this */
	bool skipping; /* the rest of one that was too long */
};

struct lines *
lines_new(void *ctx, size_t max)
{
	struct lines *l = talloc_zero(ctx, struct lines);

	l->max = max;
	return l;
}

void
lines_add(struct lines *l, const char *s, size_t n)
{
	if (l->from > 0) {
		memmove(l->s, l->s + l->from, l->to - l->from);
		l->to -= l->from;
		l->looked -= l->from;
		l->from = 0;
	}
	if (l->to + n + 1 > l->room) {
		l->room = 2 * l->room > l->to + n + 1 ? 2 * l->room : l->to + n + 1;
		l->s = mem_grow(l, l->s, char, l->room);
	}
	memcpy(l->s + l->to, s, n);
	l->to += n;
}

/* Without an end so far, and longer than any may be: its beginning is told once, the rest
 * is dropped as it comes. */
static bool
too_long(struct lines *l, char **line, size_t *n, bool *cut)
{
	bool first = !l->skipping;

	if (first) {
		*line = l->s + l->from;
		*n = l->max;
		(*line)[*n] = '\0';
		*cut = true;
	}
	l->skipping = true;
	l->from = l->looked = l->to;
	return first;
}

bool
lines_next(struct lines *l, char **line, size_t *n, bool *cut)
{
	char *end;

	for (*cut = false; l->to > l->looked;) {
		end = memchr(l->s + l->looked, '\n', l->to - l->looked);
		if (end == NULL) {
			l->looked = l->to;
			return (l->skipping || l->to - l->from > l->max) &&
			       too_long(l, line, n, cut);
		}
		*line = l->s + l->from;
		*n = (size_t)(end - *line);
		l->from = l->looked = (size_t)(end - l->s) + 1;
		if (l->skipping) {
			l->skipping = false;
			continue;
		}
		if (*n > 0 && (*line)[*n - 1] == '\r')
			--*n;
		if (*n > l->max) {
			*n = l->max;
			*cut = true;
		}
		(*line)[*n] = '\0';
		return true;
	}
	return false;
}
