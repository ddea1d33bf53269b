/* What mail clients write around the mails they quote and forward, in the languages they
 * speak. Matching ignores ASCII case only; the lists hold both cases where it matters. */
#ifndef MAIL_WORDS_H
#define MAIL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum label { LABEL_NONE, LABEL_FROM, LABEL_DATE, LABEL_TO, LABEL_CC, LABEL_SUBJECT };
/* The label a line begins with ("*Von:* Ann"): in *value what follows, in *languages a
 * bit for each language it belongs to. */
enum label words_label(const char *s, size_t n, size_t *value, unsigned *languages);

/* Does this line introduce a forwarded mail ("Begin forwarded message:")? */
bool words_forward_line(const char *s, size_t n);
/* "-----Original Message-----" and its translations. */
bool words_original_line(const char *s, size_t n);
/* Does this text say that somebody wrote ("wrote", "schrieb", ...)? */
bool words_wrote(const char *s, size_t n);
/* Does it begin as attributions with a date do ("On ", "Am ", ...)? */
bool words_begins(const char *s, size_t n);

#endif
