/* Fuzz: any bytes as a feed. */
#include <string.h>
#include <stdlib.h>

#include "social/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
each(void *arg, const struct feed_entry *e)
{
	(void)arg;
	if (*e->id == '\0' || strlen(e->author) > FEED_NAME_MAX ||
	    strlen(e->text) > FEED_TEXT_MAX)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < FEED_MAX)
		(void)feed_read((const char *)data, n, each, NULL);
	return 0;
}
