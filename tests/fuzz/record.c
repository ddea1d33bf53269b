/* Fuzz: any bytes as lines of records. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd = memfd_create("records", MFD_CLOEXEC);
	void *ctx = talloc_new(NULL);
	struct reader *r = reader_new(ctx, fd);
	struct err err;
	json_t *o = NULL;
	enum rc rc;

	if (write(fd, data, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	while ((rc = reader_next(r, &o, &err)) != RC_NONE) {
		if (rc == RC_OK) {
			int64_t ms;

			if (record_instant(o, "at", &ms, &err) == RC_OK)
				(void)record_canonical(ctx, o);
			json_decref(o);
		} else if (rc != RC_INVALID) {
			abort();
		}
	}
	close(fd);
	talloc_free(ctx);
	return 0;
}
