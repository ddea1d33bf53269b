/* Comma-separated values in (RFC 4180; UTF-8, an optional byte order mark), by libcsv:
 * each row becomes an object of the columns that the first row names. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

#define CSV_ROW_MAX (1024 * 1024) /* bytes of one row */
#define CSV_COLUMNS_MAX 1000

struct csv;
/* Reads from a descriptor that stays the caller's; the first row is read at once. The
 * separator is a comma, or a semicolon or tab where the first row has more of those.
 * RC_INVALID when it has no header. Belongs to ctx. */
enum rc csv_open(void *ctx, int fd, struct csv **c, struct err *err) CHECKED;
/* The next row that is not empty: {"Name": "Ann", ...}; cells that are empty are left
 * out. RC_NONE at the end; RC_INVALID "line 3: ..." for a row that cannot be read (a
 * quote that is not closed, more cells than columns): the next call goes on behind its
 * first line. A new reference. */
enum rc csv_next(struct csv *c, json_t **row, struct err *err) CHECKED;
/* Right after csv_open(): the first row was no header but a row, which comes next; these
 * are the names, as many as a row can have cells. They must stay. */
void csv_name_columns(struct csv *c, const char *const *names, size_t n);
/* Line of the row last read, from 1. */
int64_t csv_line(const struct csv *c);
/* Names of the columns, NULL-terminated. */
const char *const *csv_columns(const struct csv *c);

#endif
