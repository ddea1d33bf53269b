/* Templates: front matter, mustache and Markdown of whatever bytes; the result is valid
 * and within its limits. */
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <talloc.h>

#include "base/err.h"
#include "base/front.h"
#include "base/markdown.h"
#include "base/mustache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
name_of(void *arg, const char *name, int line)
{
	(void)arg;
	assert(*name != '\0' && line > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	void *ctx = talloc_new(NULL);
	char *text = talloc_strndup(ctx, (const char *)data, n), *out = NULL;
	json_t *head = NULL,
	       *values = json_pack("{s:{s:s,s:i},s:[s,s],s:b}", "ticket", "subject",
		   "<a> *b* {{c}}", "id", 4, "list", "x", "y", "yes", 1);
	const char *body = "";
	int line = 0;
	struct mustache *m = NULL;
	struct mustache_how how = {.strict = n % 2 == 0};
	struct err err;

	if (front_read(text, &head, &body, &line, &err) == RC_OK) {
		assert(json_is_object(head) && body >= text && line > 0);
		if (mustache_parse(ctx, body, &m, &err) == RC_OK) {
			mustache_names(m, name_of, NULL);
			if (mustache_render(ctx, m, values, &how, &out, &err) == RC_OK)
				assert(strlen(out) <= MUSTACHE_OUT_MAX);
		}
		if (n < 4096) { /* md4c is quadratic in places */
			out = markdown_html(ctx, body, n % 3 == 0);
			assert(strcasestr(out, "href=\"javascript") == NULL);
		}
		json_decref(head);
	}
	json_decref(values);
	talloc_free(ctx);
	return 0;
}
