/* Unified differences of two texts, by lines. */
#ifndef BASE_DIFF_H
#define BASE_DIFF_H

#include <stdbool.h>

/* Calls `line` for each line of the difference (first byte ' ', '-', '+', or '@' for a
 * heading), three lines of context around; false when there is none. */
bool diff_lines(
    const char *a, const char *b, void (*line)(void *arg, const char *text), void *arg);

/* The same by words: `piece` gets every word and every run of blanks of both texts, in
 * order, marked ' ', '-' or '+'. False when there is no difference. */
bool diff_words(const char *a, const char *b,
    void (*piece)(void *arg, char mark, const char *text), void *arg);

#endif
