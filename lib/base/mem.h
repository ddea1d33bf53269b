/* Memory: talloc, with arrays whose lengths are size_t.
 *
 * The one place where a library ends the program: no memory is exit 75, at once. Nothing
 * is half done then, because an open transaction is rolled back by whoever opens next. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <talloc.h>

#define mem_array(ctx, type, n) ((type *)mem_alloc(ctx, n, sizeof(type), #type))
#define mem_grow(ctx, p, type, n) ((type *)mem_realloc(ctx, p, n, sizeof(type), #type))

/* Zeroed; never NULL. */
void *mem_alloc(const void *ctx, size_t n, size_t size, const char *name);
void *mem_realloc(const void *ctx, void *p, size_t n, size_t size, const char *name);

#endif
