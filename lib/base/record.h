/* Records in: JSON lines with numbers, and helpers to unpack them strictly. */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define RECORD_LINE_MAX (16 * 1024 * 1024) /* bytes of one line of input */
#define RECORD_DEPTH_MAX 64		   /* nested arrays and objects */

struct reader;
/* Reads from a descriptor that stays the caller's; the reader belongs to ctx. */
struct reader *reader_new(void *ctx, int fd);
/* The next object; blank lines are skipped. RC_NONE at the end, RC_INVALID with "line N:"
 * for a line that is not one JSON object (the next call goes on behind it), RC_IO. A new
 * reference in *out. */
enum rc reader_next(struct reader *r, json_t **out, struct err *err) CHECKED;
/* The number of the line last read, from 1. */
int64_t reader_line(const struct reader *r);
/* Would reader_next answer without waiting for whoever writes to us? */
bool reader_ready(const struct reader *r);

/* Typed members of an object. A missing or null member leaves *to as it was; another type
 * is RC_INVALID and names the key. Strings belong to the object. */
enum rc record_text(json_t *o, const char *key, const char **to, struct err *err) CHECKED;
enum rc record_int(json_t *o, const char *key, int64_t *to, struct err *err) CHECKED;
enum rc record_instant(json_t *o, const char *key, int64_t *to, struct err *err) CHECKED;
enum rc record_array(json_t *o, const char *key, json_t **to, struct err *err) CHECKED;
enum rc record_object(json_t *o, const char *key, json_t **to, struct err *err) CHECKED;

/* Setters that keep records short to write: NULL text and INSTANT_NONE become null. */
void record_set_text(json_t *o, const char *key, const char *value);
void record_set_int(json_t *o, const char *key, int64_t value);
json_t *record_instant_value(int64_t ms);
void record_set_instant(json_t *o, const char *key, int64_t ms);
/* Gives a reference to a context: it is dropped when the context is freed. Returns o. */
json_t *record_own(void *ctx, json_t *o);
/* Canonical form: keys sorted, no blanks. The caller frees it with talloc. */
char *record_canonical(void *ctx, const json_t *o);

#endif
