/* Fuzz: any text as a query; what parses must print and parse again to the same tree. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "query/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

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
	struct query_scope scope = {
	    .config = &config, .condition = n > 0 && data[0] == 'c'};
	void *ctx = talloc_new(NULL);
	char *text = talloc_strndup(ctx, (const char *)data, n);
	struct node *tree, *again;
	struct changes changes = {0};
	struct err err = {0};

	if (query_parse(ctx, text, &scope, &tree, &err) == RC_OK) {
		char *printed = query_print(ctx, tree);

		if (strlen(printed) <= QUERY_TEXT_MAX &&
		    (query_parse(ctx, printed, &scope, &again, &err) != RC_OK ||
			!node_equal(tree, again)))
			abort();
	}
	if (changes_parse(ctx, text, &config, &changes, &err) == RC_OK)
		(void)changes_print(ctx, &changes);
	talloc_free(ctx);
	return 0;
}
