/* Numbers on the line, or records on stdin. */
#include "ticket/source.h"

#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/record.h"
#include "base/text.h"

struct source {
	int n, at;
	char **argv;
	struct reader *r; /* NULL: from argv */
};

enum rc
source_open(void *ctx, int n, char **argv, int fd, struct source **out, struct err *err)
{
	struct source *s = talloc_zero(ctx, struct source);

	s->n = n;
	s->argv = argv;
	if (n == 0 && isatty(fd) == 1)
		return err_fail(
		    err, RC_USAGE, "say which tickets: numbers, or records on a pipe");
	if (n == 0)
		s->r = reader_new(s, fd);
	*out = s;
	return RC_OK;
}

static enum rc
next_number(struct source *s, int64_t *ticket, struct err *err)
{
	const char *word;

	if (s->at == s->n)
		return RC_NONE;
	word = s->argv[s->at++];
	if (!text_number(*word == '#' ? word + 1 : word, ticket) || *ticket == 0)
		return err_fail(err, RC_USAGE, "\"%s\" is not a ticket number", word);
	return RC_OK;
}

enum rc
source_next(struct source *s, int64_t *ticket, struct err *err)
{
	json_t *o = NULL;
	enum rc rc;

	if (s->r == NULL)
		return next_number(s, ticket, err);
	for (;;) {
		const char *type = NULL;

		*ticket = 0;
		rc = reader_next(s->r, &o, err);
		if (rc != RC_OK)
			return rc;
		rc = record_text(o, "type", &type, err);
		if (rc == RC_OK && type != NULL &&
		    (strcmp(type, "error") == 0 || strcmp(type, "cursor") == 0)) {
			json_decref(o);
			continue;
		}
		if (rc == RC_OK)
			rc = record_int(o,
			    type && strcmp(type, "ticket") != 0 ? "ticket" : "id", ticket,
			    err);
		json_decref(o);
		if (rc == RC_OK && *ticket <= 0)
			rc = err_fail(err, RC_INVALID, "the record names no ticket");
		if (rc != RC_OK)
			return err_wrap(err, "line %lld", (long long)reader_line(s->r));
		return RC_OK;
	}
}

bool
source_many(const struct source *s)
{
	return s->r != NULL || s->n > 1;
}

bool
source_ready(const struct source *s)
{
	return s->r == NULL || reader_ready(s->r);
}
