/* Fuzz: any bytes as a file of holidays; what it closes becomes a calendar. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "policy/holidays.h"

enum { FROM = 1704067200, TO = 1893456000 }; /* 2024 to 2030 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
wrong(void *arg, int line, const char *text)
{
	(void)arg;
	if (line < 1 || *text == '\0')
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	void *ctx = talloc_new(NULL);
	char *text = talloc_strndup(ctx, (const char *)data, n);
	struct hours h = {.week[0] = {.v[0] = {0, 86400}, .n = 1}};
	struct zone *z = NULL;
	struct err err;

	if (sodium_init() < 0 ||
	    zone_load(ctx, "Europe/Berlin", FROM, TO, &z, &err) != RC_OK)
		abort();
	if (holidays_read(ctx, text, FROM, TO, &h, wrong, NULL)) {
		struct calendar *c = hours_compile(ctx, "c", &h, z, FROM, TO);

		for (size_t i = 1; i < c->n; i++) {
			if (c->spans[i].open < c->spans[i - 1].close)
				abort();
		}
		json_decref(hours_labels(&h, z, FROM, TO));
	}
	talloc_free(ctx);
	return 0;
}
