/* Words that say nothing about what somebody looks for. */
#ifndef KB_STOP_WORDS_H
#define KB_STOP_WORDS_H

#include <stdbool.h>

/* In lower case; English and German. */
bool is_stop_word(const char *word);

#endif
