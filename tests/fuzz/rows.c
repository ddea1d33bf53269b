/* Fuzz: any bytes as what another system exports: rows of CSV, or pages of Zendesk; what
 * they say becomes tickets, but none is kept. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <talloc.h>
#include <unistd.h>

#include "base/csv.h"
#include "exchange/documents.h"
#include "exchange/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
convert(struct import_ctx *c, json_t *o,
    enum rc (*with)(
	struct import_ctx *c, json_t *o, struct import_ticket *t, struct err *err))
{
	struct import_ticket t;
	struct err err;
	enum rc rc;

	c->ctx = talloc_new(NULL);
	rc = with(c, o, &t, &err);
	if (rc != RC_OK && rc != RC_INVALID && rc != RC_USAGE)
		abort();
	talloc_free(c->ctx);
}

static void
rows(struct import_ctx *c, int fd)
{
	void *ctx = talloc_new(NULL);
	struct csv *csv = NULL;
	struct err err;
	json_t *row = NULL;
	enum rc rc = csv_open(ctx, fd, &csv, &err);

	while (rc == RC_OK || (rc == RC_INVALID && csv != NULL)) {
		rc = csv_next(csv, &row, &err);
		if (rc == RC_OK) {
			convert(c, row, import_from_record);
			json_decref(row);
		}
	}
	if (rc != RC_NONE && rc != RC_INVALID)
		abort();
	talloc_free(ctx);
}

static void
pages(struct import_ctx *c, int fd)
{
	void *ctx = talloc_new(NULL);
	FILE *f = fdopen(dup(fd), "r");
	struct documents *d = documents_new(ctx, f);
	struct err err;
	json_t *page = NULL, *e;
	enum rc rc;
	size_t i;

	c->users = json_object();
	c->organizations = json_object();
	while ((rc = documents_next(d, &page, &err)) != RC_NONE) {
		if (rc == RC_INVALID)
			continue;
		if (rc != RC_OK)
			abort();
		import_zendesk_people(c, page);
		convert(c, page, import_from_zendesk);
		json_array_foreach(json_object_get(page, "tickets"), i, e)
		{
			convert(c, e, import_from_zendesk);
		}
		json_decref(page);
	}
	json_decref(c->users);
	json_decref(c->organizations);
	fclose(f);
	talloc_free(ctx);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct field field = {.name = "floor", .type = "number"};
	static struct queue queue = {.name = "inbox", .lifecycle = "default"};
	static struct config config = {.timezone = "UTC",
	    .fields = &field,
	    .nfields = 1,
	    .queues = &queue,
	    .nqueues = 1};
	static struct desk desk = {.config = &config};
	struct import_ctx c = {.desk = &desk, .source = "fuzz"};
	int fd = memfd_create("rows", MFD_CLOEXEC);

	if (n == 0)
		return 0;
	if (sodium_init() < 0 || fd < 0 ||
	    write(fd, data + 1, n - 1) != (ssize_t)(n - 1) || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	if (data[0] == 'z')
		pages(&c, fd);
	else
		rows(&c, fd);
	close(fd);
	return 0;
}
