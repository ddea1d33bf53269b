/* Words of a text, as the search index knows them: split at what is neither letter nor
 * digit (Unicode), lower case, reduced to their stems by the language's Snowball
 * algorithm (libstemmer) where there is one. Scripts without blanks (Han, Kana) give
 * pairs of neighbouring characters. Marks on letters are dropped by the index itself. */
#ifndef KB_WORDS_H
#define KB_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define WORD_MAX 64 /* bytes; what is longer is cut */

struct words;
/* For a language tag; one without an algorithm keeps words as they are. Belongs to ctx.
 */
struct words *words_new(void *ctx, const char *language);

struct word {
	const char *at; /* within the text */
	size_t n;
	const char *word; /* lower case; until the next call */
	bool joined;	  /* a pair that belongs to the word before: a phrase */
};
/* The next word of the n bytes at *p, which moves behind it; false at the end. Bytes that
 * are no UTF-8 separate words. */
bool words_next(struct words *w, const char **p, const char *end, struct word *word);
/* Valid until the next call. */
const char *words_stem(struct words *w, const char *word);

#endif
