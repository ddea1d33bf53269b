/* Records of an import, wherever they come from: JSON lines, or rows of CSV whose columns
 * are mapped to keys. What cannot be read is reported by its line, and the rest goes on.
 */
#ifndef CHANGE_ROWS_H
#define CHANGE_ROWS_H

#include <jansson.h>

#include "base/opt.h"
#include "desk/cmd.h"

struct rows;
/* A key of the record and the other names that a column may have for it, in small
 * letters;
 * "" ends the list of names. */
struct row_key {
	const char *key;
	const char *names[6];
};
/* csv: rows of CSV, else JSON lines; from `path`, or stdin when it is NULL or "-". `maps`
 * are "key=Column". A column that is neither mapped nor known becomes field.NAME when
 * `fields` says so, else it is passed over. RC_USAGE for a map of no column. */
struct rows_want {
	bool csv, fields;
	const char *path;
	const struct opt_list *maps;
	const struct row_key *keys; /* ends with key NULL */
};
enum rc rows_open(struct cmd_env *env, const struct rows_want *w, struct rows **r,
    struct err *err) CHECKED;
/* As reader_next(): RC_NONE at the end, RC_INVALID "line 3: ..." and it goes on. */
enum rc rows_next(struct rows *r, json_t **record, struct err *err) CHECKED;
/* As many records as are there, up to `max`, with their lines; what cannot be read is
 * said by rows_bad() and counted in *bad. RC_NONE at the end (there may be some still).
 */
enum rc rows_gather(struct cmd_env *env, struct rows *r, size_t max, json_t **records,
    int64_t *lines, size_t *n, int64_t *bad, struct err *err) CHECKED;
/* Says on stderr, and as an error record, that a line was not used. */
void rows_bad(struct cmd_env *env, int64_t line, const struct err *why);

#endif
