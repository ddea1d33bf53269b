/* The part of a text that says most about what was searched. */
#include <string.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "kb/search_priv.h"

enum { WORDS = 28, LEAD = 6, FOUND_MAX = 4000, SCAN_MAX = 200000 };

struct found {
	size_t at, n, word; /* bytes; and the number of the word */
	size_t term;
};

/* Stemming every word of a text costs more than finding it did: a word whose first letter
 * no stem has is none. Letters with marks may lose them. */
static void
first_letters(const struct asked *a, bool may[256])
{
	for (size_t i = 0; i < a->nterms; i++) {
		for (size_t k = 0; k < a->terms[i].nstems; k++) {
			const char *s = a->terms[i].stems[k];

			may[(unsigned char)*s] = true;
			while ((s = strchr(s, ' ')) != NULL)
				may[(unsigned char)*++s] = true;
		}
	}
	for (int c = 128; c < 256; c++)
		may[c] = true;
}

/* Which term is this stem of, alone or as part of a phrase? */
static bool
term_of(const struct asked *a, const char *stem, size_t *term)
{
	size_t n = strlen(stem);

	for (size_t i = 0; i < a->nterms; i++) {
		const struct term *t = &a->terms[i];

		for (size_t k = 0; !t->without && !t->stop && k < t->nstems; k++) {
			const char *s = t->stems[k], *p = strstr(s, stem);

			while (p != NULL &&
			       ((p > s && p[-1] != ' ') || (p[n] != '\0' && p[n] != ' ')))
				p = strstr(p + 1, stem);
			if (p != NULL) {
				*term = i;
				return true;
			}
		}
	}
	return false;
}

/* The first word of the window with the most different terms, then the most words. */
static size_t
best_window(const struct found *f, size_t n)
{
	size_t best = 0, best_score = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t seen = 0;
		size_t score = 0;

		for (size_t k = i; k < n && f[k].word < f[i].word + WORDS - LEAD; k++) {
			uint64_t bit = 1ULL << (f[k].term % 64);

			score += seen & bit ? 1 : 100;
			seen |= bit;
		}
		if (score > best_score) {
			best_score = score;
			best = i;
		}
	}
	return n > 0 && f[best].word > LEAD ? f[best].word - LEAD : 0;
}

/* On one line. */
static void
put_piece(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool blank = s[i] == '\n' || s[i] == '\t' || s[i] == ' ';

		if (!blank)
			buf_char(b, s[i]);
		else if (b->n > 0 && b->s[b->n - 1] != ' ')
			buf_char(b, ' ');
	}
}

char *
snippet_of(void *ctx, const struct asked *a, const char *language, const char *text)
{
	struct words *words = words_new(ctx, language);
	struct found *f = mem_array(ctx, struct found, FOUND_MAX);
	const char *end = text + text_prefix(text, SCAN_MAX), *p = text;
	size_t n = 0, count = 0, first, at = 0, last = 0;
	struct buf b = {.ctx = ctx};
	struct word w;
	bool may[256] = {false};

	first_letters(a, may);
	for (; n < FOUND_MAX && words_next(words, &p, end, &w); count++) {
		if (may[(unsigned char)*w.word] &&
		    term_of(a, words_stem(words, w.word), &f[n].term)) {
			f[n].at = (size_t)(w.at - text);
			f[n].n = w.n;
			f[n++].word = count;
		}
	}
	first = best_window(f, n);
	p = text;
	for (count = 0; words_next(words, &p, end, &w); count++) {
		if (count == first)
			at = (size_t)(w.at - text);
		if (count < first + WORDS)
			last = (size_t)(w.at - text) + w.n;
	}
	if (count <= first + WORDS) /* all the rest: with its full stop */
		last = text_prefix(text, SCAN_MAX);
	while (last > at && (text[last - 1] == '\n' || text[last - 1] == ' '))
		last--;
	if (at > 0)
		buf_add(&b, "\xe2\x80\xa6 ");
	for (size_t i = 0; i < n; i++) {
		if (f[i].at < at || f[i].at + f[i].n > last)
			continue;
		put_piece(&b, text + at, f[i].at - at);
		buf_add(&b, "**");
		put_piece(&b, text + f[i].at, f[i].n);
		buf_add(&b, "**");
		at = f[i].at + f[i].n;
	}
	if (last > at)
		put_piece(&b, text + at, last - at);
	if (text[last + strspn(text + last, " \n")] != '\0')
		buf_add(&b, " \xe2\x80\xa6");
	return b.n ? b.s : talloc_strdup(ctx, "");
}
