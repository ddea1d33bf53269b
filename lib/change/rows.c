/* JSON lines and mapped CSV as records. */
#include "change/rows.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/csv.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "ticket/ticket.h"

struct rows {
	struct reader *json;
	struct csv *csv;
	const struct rows_want *want;
	const char **keys; /* of each column, NULL: passed over */
	int fd;
};

static int
rows_close(struct rows *r)
{
	if (r->fd > STDIN_FILENO)
		close(r->fd);
	return 0;
}

/* ---- columns ---- */

/* "Contract Level" -> "contract_level"; NULL when nothing is left. */
static char *
field_name(void *ctx, const char *column)
{
	char *s = text_lower(talloc_strdup(ctx, column)), *to = s;

	for (const char *p = s; *p != '\0'; p++) {
		bool good =
		    (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-';

		if (good)
			*to++ = *p;
		else if (to > s && to[-1] != '_')
			*to++ = '_';
	}
	while (to > s && to[-1] == '_')
		to--;
	*to = '\0';
	return text_is_name(s, NAME_MAX_BYTES) ? s : NULL;
}

static const char *
known_key(void *ctx, const struct rows_want *w, const char *column)
{
	const char *name = field_name(ctx, column);

	if (name == NULL)
		return NULL;
	for (const struct row_key *k = w->keys; k->key != NULL; k++) {
		for (size_t i = 0; i < 6 && k->names[i] != NULL; i++) {
			if (strcmp(k->names[i], name) == 0)
				return k->key;
		}
		if (strcmp(k->key, name) == 0)
			return k->key;
	}
	return w->fields ? talloc_asprintf(ctx, "field.%s", name) : NULL;
}

static bool
is_key(const struct rows_want *w, const char *key)
{
	for (const struct row_key *k = w->keys; k->key != NULL; k++) {
		if (strcmp(k->key, key) == 0)
			return true;
	}
	return text_starts(key, "field.") &&
	       text_is_name(key + strlen("field."), NAME_MAX_BYTES);
}

/* --map key=Column */
static enum rc
map(struct rows *r, const char *word, struct err *err)
{
	const char *const *columns = csv_columns(r->csv), *eq = strchr(word, '=');
	char *key;
	int i;

	if (eq == NULL || eq == word)
		return err_fail(
		    err, RC_USAGE, "--map \"%s\" is not of the form key=Column", word);
	key = talloc_strndup(r, word, (size_t)(eq - word));
	if (!is_key(r->want, key)) {
		const char **keys = NULL;
		size_t n = 0;

		for (const struct row_key *k = r->want->keys; k->key != NULL; k++)
			text_push(r, &keys, &n, k->key);
		return err_fail(err, RC_USAGE, "--map %s: no such key%s", word,
		    text_hint(r, key, keys));
	}
	for (i = 0; columns[i] != NULL && strcmp(columns[i], eq + 1) != 0; i++)
		;
	if (columns[i] == NULL)
		return err_fail(err, RC_USAGE, "--map %s: no such column%s", word,
		    text_hint(r, eq + 1, columns));
	r->keys[i] = key;
	return RC_OK;
}

static enum rc
map_columns(struct rows *r, struct err *err)
{
	const char *const *columns = csv_columns(r->csv);
	size_t n = 0;
	enum rc rc = RC_OK;

	while (columns[n] != NULL)
		n++;
	r->keys = mem_array(r, const char *, n + 1);
	for (size_t i = 0; i < n; i++)
		r->keys[i] = known_key(r, r->want, columns[i]);
	for (size_t i = 0; rc == RC_OK && i < r->want->maps->n; i++)
		rc = map(r, r->want->maps->v[i], err);
	return rc;
}

/* ---- the face ---- */

enum rc
rows_open(
    struct cmd_env *env, const struct rows_want *w, struct rows **out, struct err *err)
{
	struct rows *r = talloc_zero(env->ctx, struct rows);
	bool from_stdin = w->path == NULL || strcmp(w->path, "-") == 0;
	enum rc rc = RC_OK;

	r->want = w;
	talloc_set_destructor(r, rows_close);
	if (from_stdin && isatty(STDIN_FILENO) == 1)
		return err_fail(
		    err, RC_USAGE, "say what to import: a file, or records on a pipe");
	if (!from_stdin && env->desk->brokered)
		return err_fail(err, RC_DENIED,
		    "%s: files cannot be named through tkt-shell", w->path);
	if (!w->csv && w->maps->n > 0)
		return err_fail(err, RC_USAGE, "--map is for --csv");
	if (!from_stdin) {
		r->fd = open(w->path, O_RDONLY | O_CLOEXEC);
		if (r->fd < 0)
			return err_errno(err, "%s", w->path);
	}
	if (!w->csv) {
		r->json = reader_new(r, r->fd);
	} else {
		rc = csv_open(r, r->fd, &r->csv, err);
		if (rc == RC_OK)
			rc = map_columns(r, err);
	}
	*out = r;
	return rc;
}

/* {"Full Name": "Ann"} -> {"name": "Ann", "fields": {...}} */
static json_t *
mapped(const struct rows *r, json_t *row)
{
	const char *const *columns = csv_columns(r->csv);
	json_t *record = json_object(), *fields = json_object();

	for (size_t i = 0; columns[i] != NULL; i++) {
		json_t *v = json_object_get(row, columns[i]);

		if (v == NULL || r->keys[i] == NULL)
			continue;
		if (text_starts(r->keys[i], "field."))
			json_object_set(fields, r->keys[i] + strlen("field."), v);
		else
			json_object_set(record, r->keys[i], v);
	}
	json_object_set_new(record, "fields", fields);
	return record;
}

enum rc
rows_next(struct rows *r, json_t **record, struct err *err)
{
	json_t *row = NULL;
	enum rc rc;

	if (r->json != NULL)
		return reader_next(r->json, record, err);
	rc = csv_next(r->csv, &row, err);
	if (rc != RC_OK)
		return rc;
	*record = mapped(r, row);
	json_decref(row);
	return RC_OK;
}

static int64_t
line_of(const struct rows *r)
{
	return r->json ? reader_line(r->json) : csv_line(r->csv);
}

enum rc
rows_gather(struct cmd_env *env, struct rows *r, size_t max, json_t **records,
    int64_t *lines, size_t *n, int64_t *bad, struct err *err)
{
	*n = 0;
	while (*n < max && (*n == 0 || r->json == NULL || reader_ready(r->json))) {
		enum rc rc = rows_next(r, &records[*n], err);

		if (rc == RC_INVALID) {
			rows_bad(env, line_of(r), err);
			++*bad;
			continue;
		}
		if (rc != RC_OK)
			return rc;
		lines[(*n)++] = line_of(r);
	}
	return RC_OK;
}

void
rows_bad(struct cmd_env *env, int64_t line, const struct err *why)
{
	char number[32];
	const char *text = why->text;

	/* Readers name the line themselves; what uses a record does not. */
	snprintf(number, sizeof(number), "line %lld: ", (long long)line);
	if (text_starts(text, number))
		text += strlen(number);
	cmd_error(env, "%s%s", number, text);
	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:I,s:i,s:s}", "type", "error", "line",
			(json_int_t)line, "code", err_status(why->rc), "message", text));
}
