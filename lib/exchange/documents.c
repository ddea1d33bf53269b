/* Where one JSON object ends and the next begins, told by its braces. */
#include "exchange/documents.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"

struct documents {
	FILE *from;
	char *line; /* getline()'s, read ahead; NULL: none */
	size_t line_room;
	ssize_t line_n;
	int64_t at, next; /* where the last one began; the next line's number */
	char *text;
	size_t n, room;
	int depth;
	bool quoted, escaped;
};

static int
documents_free(struct documents *d)
{
	free(d->line);
	return 0;
}

struct documents *
documents_new(void *ctx, FILE *from)
{
	struct documents *d = talloc_zero(ctx, struct documents);

	d->from = from;
	d->line_n = -1;
	d->next = 1;
	talloc_set_destructor(d, documents_free);
	return d;
}

int64_t
documents_line(const struct documents *d)
{
	return d->at;
}

static enum rc
look(struct documents *d, struct err *err)
{
	if (d->line_n >= 0)
		return RC_OK;
	errno = 0;
	d->line_n = getline(&d->line, &d->line_room, d->from);
	if (d->line_n >= 0)
		return RC_OK;
	return errno != 0 ? err_errno(err, "reading records") : RC_NONE;
}

static void
take(struct documents *d)
{
	if (d->n + (size_t)d->line_n + 1 > d->room) {
		d->room = 2 * (d->n + (size_t)d->line_n + 1);
		d->text = mem_grow(d, d->text, char, d->room);
	}
	memcpy(d->text + d->n, d->line, (size_t)d->line_n);
	d->n += (size_t)d->line_n;
	for (ssize_t i = 0; i < d->line_n; i++) {
		char c = d->line[i];

		if (d->quoted) {
			if (!d->escaped && c == '"')
				d->quoted = false;
			d->escaped = !d->escaped && c == '\\';
		} else if (c == '"') {
			d->quoted = true;
		} else if (c == '{' || c == '[') {
			d->depth++;
		} else if (c == '}' || c == ']') {
			d->depth--;
		}
	}
	d->line_n = -1;
	d->next++;
}

static bool
blank(const char *s, ssize_t n)
{
	for (ssize_t i = 0; i < n; i++) {
		if (strchr(" \t\r\n", s[i]) == NULL)
			return false;
	}
	return true;
}

/* Does the line ahead begin another object, so that what was gathered never ends? It is
 * one by itself, and does not go on behind a comma, a colon or a bracket. */
static bool
begins_anew(const struct documents *d)
{
	size_t n = d->n;
	json_t *o;

	if (d->line[0] != '{')
		return false;
	while (n > 0 && strchr(" \t\r\n", d->text[n - 1]) != NULL)
		n--;
	if (n > 0 && strchr(",:[", d->text[n - 1]) != NULL)
		return false;
	o = json_loadb(d->line, (size_t)d->line_n, 0, NULL);
	json_decref(o);
	return o != NULL;
}

enum rc
documents_next(struct documents *d, json_t **out, struct err *err)
{
	json_error_t why;
	enum rc rc;

	d->n = 0;
	d->depth = 0;
	d->quoted = d->escaped = false;
	while ((rc = look(d, err)) == RC_OK && blank(d->line, d->line_n)) {
		d->line_n = -1;
		d->next++;
	}
	if (rc != RC_OK)
		return rc;
	d->at = d->next;
	do {
		take(d);
		if (d->n > DOCUMENT_MAX)
			return err_fail(
			    err, RC_INVALID, "larger than %zu bytes", DOCUMENT_MAX);
		rc = d->depth > 0 ? look(d, err) : RC_NONE;
	} while (rc == RC_OK && !begins_anew(d));
	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	*out = json_loadb(d->text, d->n, 0, &why);
	if (json_is_object(*out))
		return RC_OK;
	json_decref(*out);
	return err_fail(err, RC_INVALID, "not a JSON object: %s", why.text);
}
