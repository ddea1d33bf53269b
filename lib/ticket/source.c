/* Numbers on the line, or records on stdin. */
#include "ticket/source.h"

#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/record.h"
#include "base/text.h"

struct source {
	const char *type;
	int n, at;
	char **argv;
	struct reader *r; /* NULL: from argv */
};

enum rc
source_open_type(void *ctx, const char *type, int n, char **argv, int fd,
    struct source **out, struct err *err)
{
	struct source *s = talloc_zero(ctx, struct source);

	s->type = type;
	s->n = n;
	s->argv = argv;
	if (n == 0 && isatty(fd) == 1)
		return err_fail(
		    err, RC_USAGE, "say which %ss: numbers, or records on a pipe", type);
	if (n == 0)
		s->r = reader_new(s, fd);
	*out = s;
	return RC_OK;
}

enum rc
source_open(void *ctx, int n, char **argv, int fd, struct source **out, struct err *err)
{
	return source_open_type(ctx, "ticket", n, argv, fd, out, err);
}

static enum rc
next_number(struct source *s, int64_t *id, struct err *err)
{
	const char *word;

	if (s->at == s->n)
		return RC_NONE;
	word = s->argv[s->at++];
	if (!text_number(*word == '#' ? word + 1 : word, id) || *id == 0)
		return err_fail(err, RC_USAGE, "\"%s\" is not %s %s number", word,
		    strcmp(s->type, "event") == 0 ? "an" : "a", s->type);
	return RC_OK;
}

/* Of a record of our type its id; a ticket is also what other records name. */
static enum rc
read_item(struct source *s, json_t *o, const char *type, struct source_item *item,
    struct err *err)
{
	bool ours = type == NULL || strcmp(type, s->type) == 0;
	enum rc rc = RC_OK;

	if (!ours && strcmp(s->type, "ticket") != 0)
		return err_fail(
		    err, RC_INVALID, "a record of type \"%s\" is no %s", type, s->type);
	rc = record_int(o, ours ? "id" : "ticket", &item->id, err);
	if (rc == RC_OK && ours)
		rc = record_int(o, "last_event", &item->last_event, err);
	if (rc == RC_OK && ours)
		rc = record_instant(o, "updated_at", &item->updated_at, err);
	if (rc == RC_OK && item->id <= 0)
		rc = err_fail(err, RC_INVALID, "the record names no %s", s->type);
	return rc;
}

enum rc
source_next_item(struct source *s, struct source_item *item, struct err *err)
{
	json_t *o = NULL;
	enum rc rc;

	*item = (struct source_item){0};
	if (s->r == NULL)
		return next_number(s, &item->id, err);
	for (;;) {
		const char *type = NULL;

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
			rc = read_item(s, o, type, item, err);
		json_decref(o);
		if (rc != RC_OK)
			return err_wrap(err, "line %lld", (long long)reader_line(s->r));
		return RC_OK;
	}
}

enum rc
source_next(struct source *s, int64_t *ticket, struct err *err)
{
	struct source_item item;
	enum rc rc = source_next_item(s, &item, err);

	if (rc == RC_OK)
		*ticket = item.id;
	return rc;
}

bool
source_many(const struct source *s)
{
	return s->r != NULL || s->n > 1;
}

bool
source_records(const struct source *s)
{
	return s->r != NULL;
}

bool
source_ready(const struct source *s)
{
	return s->r == NULL || reader_ready(s->r);
}
