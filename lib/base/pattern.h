/* Regular expressions (PCRE2) that people wrote into tkt.conf, over texts of others: in
 * UTF-8, without case, and with limits, so that no text costs more than a millisecond or
 * so. */
#ifndef BASE_PATTERN_H
#define BASE_PATTERN_H

#include <stdbool.h>

/* Does it match: all of the text, or some part of it? A pattern that is wrong, and a text
 * that would take too long, match nothing. */
bool pattern_whole(const char *pattern, const char *text);
bool pattern_within(const char *pattern, const char *text);
/* What its first group matched, in ctx; NULL for nothing. With case, unless any_case. */
char *pattern_group(void *ctx, const char *pattern, const char *text, bool any_case);

#endif
