/* The words of many articles, each with its stem: a word is stemmed once, however often
 * it occurs, and what changed in the store's list of words is written once. */
#ifndef KB_VOCABULARY_H
#define KB_VOCABULARY_H

#include <stdint.h>

#include "base/buf.h"
#include "store/store.h"

struct vocabulary;
/* Belongs to ctx. */
struct vocabulary *vocabulary_new(void *ctx);
/* Adds the stems of a text's words to `stems`, and counts each word once for article n:
 * `by` is 1 when the article comes and -1 when it goes. */
void vocabulary_take(struct vocabulary *v, const char *language, const char *text,
    int64_t n, int by, struct buf *stems);
/* Writes the counts to article_word; in a write transaction. */
enum rc vocabulary_write(struct vocabulary *v, struct store *s, struct err *err) CHECKED;

#endif
