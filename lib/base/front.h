/* Front matter: YAML between two lines of "---" above a text (libyaml). Linked by what
 * reads articles, canned replies and templates. */
#ifndef BASE_FRONT_H
#define BASE_FRONT_H

#include <jansson.h>

#include "base/err.h"

#define FRONT_DEPTH_MAX 8    /* lists in lists */
#define FRONT_ITEMS_MAX 1000 /* values in all */

/* *head: the values, all of them text, lists or objects, a new reference (empty when the
 * text begins without "---"); *body: what stands below, within `text`, and *line its
 * first line's number. RC_INVALID "line 3: ...". Aliases, tags and second documents are
 * refused: they are for other programs than ours. */
enum rc front_read(const char *text, json_t **head, const char **body, int *line,
    struct err *err) CHECKED;

#endif
