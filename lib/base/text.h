/* Text from people and the outside: UTF-8, cleaning, words, nearest names. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Decodes one UTF-8 character (RFC 3629: no surrogates, no overlong forms) of at most n
 * bytes; returns its length, or 0 when it is not valid. */
size_t text_decode(const char *s, size_t n, uint32_t *cp);

enum text_form {
	TEXT_BLOCK, /* keeps newlines and tabs; CR LF becomes LF */
	TEXT_LINE   /* one line: blanks are folded to one space, ends trimmed */
};
/* Makes n bytes fit for the store: always valid UTF-8 (a bad byte becomes U+FFFD), no
 * control characters (shown as U+2400.., DEL as U+2421), no bidi overrides (RFC 9839
 * calls all of these problematic), at most `max` bytes, cut between characters. */
char *text_clean(void *ctx, const char *s, size_t n, enum text_form form, size_t max);
/* The same cleaning for a terminal, without a limit; `block` keeps newlines and tabs. */
char *text_safe(void *ctx, const char *s, enum text_form form);

/* Columns a terminal needs for a clean text (glibc's wcwidth in a UTF-8 locale). */
int text_width(const char *s);
/* At most `columns` wide, with an ellipsis where something was cut. */
char *text_cut(void *ctx, const char *s, int columns);
/* The longest prefix of at most n bytes that ends between characters. */
size_t text_prefix(const char *s, size_t n);

/* ASCII lower case in place; returns its argument. */
char *text_lower(char *s);
bool text_starts(const char *s, const char *prefix);
/* s is a word of [a-z0-9_-] that starts with a letter or digit, of at most `max` bytes.
 */
bool text_is_name(const char *s, size_t max);
/* A language tag in small letters (RFC 5646): "en", "pt-br". */
bool text_is_language(const char *s);
/* Shell-style pattern with * only, as in rights: "ticket.*". */
bool text_glob(const char *pattern, const char *s);
/* A whole non-negative decimal number that fits; else false. */
bool text_number(const char *s, int64_t *n);

/* How many insertions, deletions, replacements and swaps of neighbours lie between two
 * words (optimal string alignment, by bytes); SIZE_MAX for very long ones. */
size_t text_distance(const char *a, const char *b);
/* The name nearest to `word` in a NULL-terminated list, or NULL when none is near
 * (Damerau-Levenshtein distance at most a third of the word, at least 1). */
const char *text_nearest(const char *word, const char *const *names);
/* " (did you mean \"X\"?)" for the nearest name, or "". */
const char *text_hint(void *ctx, const char *word, const char *const *names);

/* The next word of *p as a shell splits them (blanks, 'single' and "double" quotes,
 * backslashes, and nothing else of a shell); *p moves behind it. RC_NONE at the end,
 * RC_USAGE for a quote that is not closed. */
enum rc text_word(void *ctx, const char **p, char **word, struct err *err) CHECKED;

/* A value of a workflow command (::error file=...::text) of GitHub's CI: %, ends of lines
 * and the characters of `also` as %XX. */
char *text_workflow(void *ctx, const char *s, const char *also);

char *text_hex(void *ctx, const unsigned char *b, size_t n);
/* Hexadecimal digits, exactly 2 * n of them; false when they are not. */
bool text_unhex(const char *s, unsigned char *b, size_t n);

/* In the order of their bytes. */
void text_sort(const char **list, size_t n);
/* A growing NULL-terminated list of strings; *list may start as NULL, *n as 0. */
void text_push(void *ctx, const char ***list, size_t *n, const char *s);

#endif
