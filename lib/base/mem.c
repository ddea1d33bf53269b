/* Arrays on talloc. */
#include "base/mem.h"

#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static void __attribute__((noreturn)) out_of_memory(void)
{
	static const char text[] = "tkt: out of memory\n";
	ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);

	_exit(n < 0 ? EX_OSERR : EX_TEMPFAIL);
}

void *
mem_alloc(const void *ctx, size_t n, size_t size, const char *name)
{
	void *p = n < (size_t)-1 / size ? talloc_named_const(ctx, n * size, name) : NULL;

	if (p == NULL)
		out_of_memory();
	return memset(p, 0, n * size);
}

void *
mem_realloc(const void *ctx, void *p, size_t n, size_t size, const char *name)
{
	void *q = n < (size_t)-1 / size ? talloc_realloc_size(ctx, p, n * size) : NULL;

	if (q == NULL)
		out_of_memory();
	talloc_set_name_const(q, name);
	return q;
}
