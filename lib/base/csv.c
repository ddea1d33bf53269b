/* Rows of CSV. libcsv reads a row; where a row ends is ours to say, so that one with
 * broken quotes costs only its first line. */
#include "base/csv.h"

#include <csv.h> /* libcsv */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"

struct line {
	char *s;
	size_t n;
};
struct csv {
	FILE *from;
	struct line *ahead; /* lines read and not used yet */
	size_t nahead;
	int64_t line, next; /* of the row last read, and of the one behind it */
	const char **columns;
	size_t ncolumns;
	unsigned char separator;
	bool pending; /* the first row is yet to be given */
	/* the row being read */
	char **cells;
	size_t ncells;
	void *row;
};

static int
csv_close(struct csv *c)
{
	fclose(c->from);
	return 0;
}

/* ---- rows of lines ---- */

/* Makes sure that line i ahead is there. RC_NONE at the end. */
static enum rc
look(struct csv *c, size_t i, struct err *err)
{
	char *s = NULL;
	size_t room = 0;
	ssize_t n;

	if (i < c->nahead)
		return RC_OK;
	errno = 0;
	n = getline(&s, &room, c->from);
	if (n < 0) {
		free(s);
		return errno != 0 ? err_errno(err, "reading rows") : RC_NONE;
	}
	c->ahead = mem_grow(c, c->ahead, struct line, c->nahead + 1);
	c->ahead[c->nahead++] =
	    (struct line){talloc_memdup(c, s, (size_t)n + 1), (size_t)n};
	free(s);
	return RC_OK;
}

static void
drop(struct csv *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		talloc_free(c->ahead[i].s);
	memmove(c->ahead, c->ahead + n, (c->nahead - n) * sizeof(*c->ahead));
	c->nahead -= n;
	c->next += (int64_t)n;
}

static size_t
quotes(const struct line *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->s[i] == '"';
	return n;
}

/* How many lines the next row has: until its quotes are even. */
static enum rc
row_lines(struct csv *c, size_t *lines, struct err *err)
{
	size_t open = 0, bytes = 0;
	enum rc rc;

	for (*lines = 0;; ++*lines) {
		rc = look(c, *lines, err);
		if (rc == RC_NONE && *lines == 0)
			return RC_NONE;
		if (rc != RC_OK && rc != RC_NONE)
			return rc;
		if (rc == RC_NONE || bytes > CSV_ROW_MAX) {
			drop(c, 1);
			return err_fail(err, RC_INVALID,
			    "line %lld: a quote is not closed", (long long)c->line);
		}
		open += quotes(&c->ahead[*lines]);
		bytes += c->ahead[*lines].n;
		if (open % 2 == 0) {
			++*lines;
			break;
		}
	}
	if (bytes <= CSV_ROW_MAX)
		return RC_OK;
	drop(c, *lines);
	return err_fail(err, RC_INVALID, "line %lld: longer than %d bytes",
	    (long long)c->line, CSV_ROW_MAX);
}

/* ---- cells of a row ---- */

static void
take_cell(void *s, size_t n, void *arg)
{
	struct csv *c = arg;

	if (c->ncells == CSV_COLUMNS_MAX)
		return;
	c->cells = mem_grow(c, c->cells, char *, c->ncells + 1);
	c->cells[c->ncells++] =
	    text_clean(c->row, s ? s : "", s ? n : 0, TEXT_BLOCK, CSV_ROW_MAX);
}

static enum rc
read_cells(struct csv *c, size_t lines, struct err *err)
{
	struct csv_parser p;
	bool ok = csv_init(&p, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL) == 0;

	TALLOC_FREE(c->row);
	c->row = talloc_new(c);
	c->ncells = 0;
	if (!ok)
		return err_fail(err, RC_BUSY, "out of memory");
	csv_set_delim(&p, c->separator);
	for (size_t i = 0; ok && i < lines; i++)
		ok = csv_parse(&p, c->ahead[i].s, c->ahead[i].n, take_cell, NULL, c) ==
		     c->ahead[i].n;
	ok = ok && csv_fini(&p, take_cell, NULL, c) == 0;
	csv_free(&p);
	/* A stray quote may have joined lines that are rows of their own. */
	drop(c, ok ? lines : 1);
	return ok ? RC_OK
		  : err_fail(err, RC_INVALID,
			"line %lld: a quote stands where none can be",
			(long long)c->line);
}

/* RC_NONE at the end. Empty lines are no rows. */
static enum rc
next_row(struct csv *c, struct err *err)
{
	size_t lines = 0;
	enum rc rc;

	do {
		c->line = c->next;
		rc = row_lines(c, &lines, err);
		if (rc == RC_OK)
			rc = read_cells(c, lines, err);
	} while (rc == RC_OK && c->ncells == 0);
	return rc;
}

/* ---- the face ---- */

static unsigned char
guess_separator(const struct line *l)
{
	static const char separators[] = ",;\t";
	size_t best = 0, count[3] = {0};

	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < 3; k++)
			count[k] += l->s[i] == separators[k];
	}
	for (size_t k = 1; k < 3; k++) {
		if (count[k] > count[best])
			best = k;
	}
	return (unsigned char)separators[best];
}

enum rc
csv_open(void *ctx, int fd, struct csv **out, struct err *err)
{
	struct csv *c = talloc_zero(ctx, struct csv);
	int own = dup(fd);
	enum rc rc;

	c->from = own < 0 ? NULL : fdopen(own, "r");
	if (c->from == NULL) {
		talloc_free(c);
		return err_errno(err, "reading rows");
	}
	talloc_set_destructor(c, csv_close);
	c->next = 1;
	rc = look(c, 0, err);
	if (rc == RC_OK) {
		if (c->ahead[0].n >= 3 && memcmp(c->ahead[0].s, "\xef\xbb\xbf", 3) == 0) {
			c->ahead[0].n -= 3;
			memmove(c->ahead[0].s, c->ahead[0].s + 3, c->ahead[0].n);
		}
		c->separator = guess_separator(&c->ahead[0]);
		rc = next_row(c, err);
	}
	if (rc != RC_OK) {
		talloc_free(c);
		return rc == RC_NONE ? err_fail(err, RC_INVALID,
					   "line 1: no row that names the columns")
				     : rc;
	}
	c->columns = mem_array(c, const char *, c->ncells + 1);
	for (size_t i = 0; i < c->ncells; i++)
		c->columns[i] = text_clean(
		    c, c->cells[i], strlen(c->cells[i]), TEXT_LINE, CSV_ROW_MAX);
	c->ncolumns = c->ncells;
	*out = c;
	return RC_OK;
}

enum rc
csv_next(struct csv *c, json_t **out, struct err *err)
{
	enum rc rc = c->pending ? RC_OK : next_row(c, err);
	json_t *row;

	c->pending = false;
	if (rc != RC_OK)
		return rc;
	if (c->ncells > c->ncolumns)
		return err_fail(err, RC_INVALID,
		    "line %lld: more cells than the %zu columns", (long long)c->line,
		    c->ncolumns);
	row = json_object();
	for (size_t i = 0; i < c->ncells; i++) {
		if (*c->cells[i] != '\0' && *c->columns[i] != '\0')
			json_object_set_new(row, c->columns[i], json_string(c->cells[i]));
	}
	*out = row;
	return RC_OK;
}

void
csv_name_columns(struct csv *c, const char *const *names, size_t n)
{
	c->columns = mem_array(c, const char *, n + 1);
	memcpy(c->columns, names, n * sizeof(*names));
	c->ncolumns = n;
	c->pending = true;
}

int64_t
csv_line(const struct csv *c)
{
	return c->line;
}

const char *const *
csv_columns(const struct csv *c)
{
	return (const char *const *)c->columns;
}
