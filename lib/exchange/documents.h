/* JSON objects one behind the other: each on a line of its own, or spread over many. */
#ifndef EXCHANGE_DOCUMENTS_H
#define EXCHANGE_DOCUMENTS_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define DOCUMENT_MAX ((size_t)256 * 1024 * 1024) /* bytes of one */

struct documents;
/* Reads from a stream that stays the caller's. Belongs to ctx. */
struct documents *documents_new(void *ctx, FILE *from);
/* The next object, a new reference; RC_NONE at the end. RC_INVALID for what is none: it
 * is passed over, as far as a line that begins a new object. */
enum rc documents_next(struct documents *d, json_t **o, struct err *err) CHECKED;
/* The line it began on, from 1. */
int64_t documents_line(const struct documents *d);

#endif
