/* Words and their stems. */
#include "kb/words.h"

#include <libstemmer.h>
#include <stdint.h>
#include <string.h>
#include <talloc.h>
#include <wctype.h>

#include "base/text.h"

struct words {
	struct sb_stemmer *stemmer; /* or NULL */
	char word[WORD_MAX + 8], stem[WORD_MAX + 8];
	bool pair_left; /* the last character gave a pair, and the next may, too */
};

static int
close_words(struct words *w)
{
	if (w->stemmer != NULL)
		sb_stemmer_delete(w->stemmer);
	return 0;
}

struct words *
words_new(void *ctx, const char *language)
{
	struct words *w = talloc_zero(ctx, struct words);
	char *base = talloc_strndup(w, language, strcspn(language, "-"));

	w->stemmer = sb_stemmer_new(base, "UTF_8");
	talloc_set_destructor(w, close_words);
	return w;
}

const char *
words_stem(struct words *w, const char *word)
{
	const sb_symbol *s;
	size_t n = strlen(word);

	if (w->stemmer == NULL)
		return word;
	s = sb_stemmer_stem(w->stemmer, (const sb_symbol *)word, (int)n);
	if (s == NULL)
		return word;
	n = (size_t)sb_stemmer_length(w->stemmer);
	memcpy(w->stem, s, n);
	w->stem[n] = '\0';
	return w->stem;
}

static bool
is_ideograph(uint32_t c)
{
	return (c >= 0x3040 && c <= 0x30ff) || (c >= 0x3400 && c <= 0x4dbf) ||
	       (c >= 0x4e00 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0x20000 && c <= 0x323af);
}

static bool
is_letter(uint32_t c)
{
	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		       (c >= '0' && c <= '9');
	/* Combining marks belong to the letter before them. */
	return iswalnum((wint_t)c) || (c >= 0x300 && c <= 0x36f);
}

static size_t
put_lower(char *to, const char *from, size_t n, uint32_t c)
{
	uint32_t low = c < 0x80 ? (c >= 'A' && c <= 'Z' ? c + 32 : c)
				: (uint32_t)towlower((wint_t)c);

	if (low < 0x80) {
		*to = (char)low;
		return 1;
	}
	if (low == c || low >= 0x10000) {
		memcpy(to, from, n);
		return n;
	}
	if (low < 0x800) {
		to[0] = (char)(0xc0 | low >> 6);
		to[1] = (char)(0x80 | (low & 0x3f));
		return 2;
	}
	to[0] = (char)(0xe0 | low >> 12);
	to[1] = (char)(0x80 | (low >> 6 & 0x3f));
	to[2] = (char)(0x80 | (low & 0x3f));
	return 3;
}

/* One character and its neighbour; the last of a run stands alone only when the run is
 * one character long. */
static bool
take_pair(struct words *w, const char **p, const char *end, size_t k, struct word *out)
{
	uint32_t next = 0;
	size_t more = text_decode(*p + k, (size_t)(end - *p) - k, &next);
	bool two = more > 0 && is_ideograph(next);

	*out = (struct word){.at = *p, .joined = w->pair_left};
	out->n = two ? k + more : k;
	if (!two && w->pair_left) {
		w->pair_left = false;
		*p += k;
		return false;
	}
	memcpy(w->word, *p, out->n);
	w->word[out->n] = '\0';
	out->word = w->word;
	w->pair_left = two;
	*p += k;
	return true;
}

bool
words_next(struct words *w, const char **p, const char *end, struct word *out)
{
	uint32_t c = 0;
	size_t k = 0, n = 0;

	for (; *p < end; *p += k) {
		k = text_decode(*p, (size_t)(end - *p), &c);
		if (k > 0 && is_ideograph(c)) {
			if (take_pair(w, p, end, k, out))
				return true;
			k = 0;
			continue;
		}
		w->pair_left = false;
		if (k > 0 && is_letter(c))
			break;
		k = k ? k : 1;
	}
	if (*p >= end) {
		w->pair_left = false;
		return false;
	}
	*out = (struct word){.at = *p};
	for (; *p < end; *p += k) {
		k = text_decode(*p, (size_t)(end - *p), &c);
		if (k == 0 || !is_letter(c) || is_ideograph(c))
			break;
		if (n + k <= WORD_MAX)
			n += put_lower(w->word + n, *p, k, c);
	}
	w->word[n] = '\0';
	out->n = (size_t)(*p - out->at);
	out->word = w->word;
	return true;
}
