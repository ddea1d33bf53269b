/* Mustache templates (mustache.github.io/mustache.5.html) over JSON values: variables,
 * sections, inverted sections, comments, other delimiters; no partials, no lambdas. */
#ifndef BASE_MUSTACHE_H
#define BASE_MUSTACHE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define MUSTACHE_DEPTH_MAX 16	       /* sections in sections */
#define MUSTACHE_OUT_MAX (1024 * 1024) /* bytes of a rendered text */

struct mustache;
/* Parses; the text is copied. RC_INVALID "line 3: section "x" is never closed". Belongs
 * to ctx. */
enum rc mustache_parse(
    void *ctx, const char *text, struct mustache **m, struct err *err) CHECKED;
/* Calls `each` for every name that a tag mentions, with its line. */
void mustache_names(const struct mustache *m,
    void (*each)(void *arg, const char *name, int line), void *arg);

struct mustache_how {
	/* {{x}} goes through it, {{{x}}} and {{&x}} do not; NULL: nothing does. The
	 * result belongs to ctx. */
	char *(*escape)(void *ctx, const char *text);
	bool strict; /* a variable without a value is RC_INVALID, not "" */
};
/* The text with its values, in ctx. A name with dots reaches into objects; "." is the
 * item of a list. */
enum rc mustache_render(void *ctx, const struct mustache *m, json_t *values,
    const struct mustache_how *how, char **text, struct err *err) CHECKED;

#endif
