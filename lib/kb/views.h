/* Views of the site's pages, from the log of whatever web server serves them. */
#ifndef KB_VIEWS_H
#define KB_VIEWS_H

#include <stdio.h>

#include "kb/kb.h"

#define LOG_LINE_MAX 8192

struct views_counted {
	int64_t lines, views, skipped; /* skipped: counted before, or no view */
};
/* Counts lines of the common or combined log format: successful GETs of LANG/ID.html by
 * no robot. Lines not newer than those of the last call are passed over, so that the same
 * log may come again. Needs kb.write. */
enum rc views_count(
    struct desk *d, FILE *log, struct views_counted *n, struct err *err) CHECKED;
/* Of an article, under its former names, too, since an instant. */
enum rc views_of(struct store *s, int64_t article, int64_t since, int64_t *views,
    struct err *err) CHECKED;

#endif
