/* JSON lines in; strict members. */
#include "base/record.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include "base/mem.h"
#include <unistd.h>

#include "base/instant.h"

struct reader {
	int fd;
	int64_t line;
	char *buf;
	size_t room, from, to; /* buf[from..to) is read and not yet used */
	bool eof;
};

enum { READ_STEP = 65536 };

struct reader *
reader_new(void *ctx, int fd)
{
	struct reader *r = talloc_zero(ctx, struct reader);

	r->fd = fd;
	return r;
}

int64_t
reader_line(const struct reader *r)
{
	return r->line;
}

bool
reader_ready(const struct reader *r)
{
	struct pollfd p = {.fd = r->fd, .events = POLLIN};

	if (r->eof ||
	    (r->to > r->from && memchr(r->buf + r->from, '\n', r->to - r->from)))
		return true;
	return poll(&p, 1, 0) > 0;
}

static enum rc
more(struct reader *r, struct err *err)
{
	ssize_t n;

	if (r->from > 0) {
		memmove(r->buf, r->buf + r->from, r->to - r->from);
		r->to -= r->from;
		r->from = 0;
	}
	if (r->room - r->to < READ_STEP) {
		r->room =
		    r->to + READ_STEP > 2 * r->room ? r->to + READ_STEP : 2 * r->room;
		r->buf = mem_grow(r, r->buf, char, r->room);
	}
	do
		n = read(r->fd, r->buf + r->to, READ_STEP);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_errno(err, "reading records");
	r->eof = n == 0;
	r->to += (size_t)n;
	return RC_OK;
}

/* The next line in *s, *n, valid until the next call; one longer than the limit is passed
 * over to its end and reported. RC_NONE at the end. */
static enum rc
line_next(struct reader *r, const char **s, size_t *n, struct err *err)
{
	size_t seen = 0;
	bool cut = false;
	char *end = NULL;
	enum rc rc;

	r->line++;
	for (;;) {
		if (r->to > r->from + seen)
			end =
			    memchr(r->buf + r->from + seen, '\n', r->to - r->from - seen);
		if (end != NULL || r->eof)
			break;
		seen = r->to - r->from;
		if (seen > RECORD_LINE_MAX) {
			cut = true;
			r->from = r->to;
			seen = 0;
		}
		rc = more(r, err);
		if (rc != RC_OK)
			return rc;
	}
	*s = r->buf + r->from;
	*n = (end ? (size_t)(end - r->buf) : r->to) - r->from;
	if (end == NULL && *n == 0 && !cut)
		return RC_NONE;
	r->from += *n + (end != NULL);
	if (cut || *n > RECORD_LINE_MAX)
		return err_fail(err, RC_INVALID, "line %lld: longer than %d bytes",
		    (long long)r->line, RECORD_LINE_MAX);
	return RC_OK;
}

static bool
too_deep(const char *s, size_t n)
{
	int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < n; i++) {
		if (quoted) {
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				quoted = false;
		} else if (s[i] == '"') {
			quoted = true;
		} else if (s[i] == '{' || s[i] == '[') {
			if (++depth > RECORD_DEPTH_MAX)
				return true;
		} else if (s[i] == '}' || s[i] == ']') {
			depth--;
		}
	}
	return false;
}

enum rc
reader_next(struct reader *r, json_t **out, struct err *err)
{
	json_error_t je;
	json_t *o;
	const char *s = NULL;
	size_t n = 0;
	enum rc rc;

	do {
		rc = line_next(r, &s, &n, err);
		if (rc != RC_OK)
			return rc;
		while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\r'))
			n--;
	} while (n == 0);
	if (too_deep(s, n))
		return err_fail(err, RC_INVALID, "line %lld: nested deeper than %d",
		    (long long)r->line, RECORD_DEPTH_MAX);
	o = json_loadb(s, n, JSON_REJECT_DUPLICATES, &je);
	if (o == NULL)
		return err_fail(err, RC_INVALID,
		    "line %lld: not valid JSON, column %d: %s", (long long)r->line,
		    je.column, je.text);
	if (!json_is_object(o)) {
		json_decref(o);
		return err_fail(
		    err, RC_INVALID, "line %lld: not a JSON object", (long long)r->line);
	}
	*out = o;
	return RC_OK;
}

static bool
absent(json_t *o, const char *key, json_t **v)
{
	*v = json_object_get(o, key);
	return *v == NULL || json_is_null(*v);
}

enum rc
record_text(json_t *o, const char *key, const char **to, struct err *err)
{
	json_t *v;

	if (absent(o, key, &v))
		return RC_OK;
	if (!json_is_string(v))
		return err_fail(err, RC_INVALID, "\"%s\" must be a string", key);
	*to = json_string_value(v);
	return RC_OK;
}

enum rc
record_int(json_t *o, const char *key, int64_t *to, struct err *err)
{
	json_t *v;

	if (absent(o, key, &v))
		return RC_OK;
	if (!json_is_integer(v))
		return err_fail(err, RC_INVALID, "\"%s\" must be a whole number", key);
	*to = json_integer_value(v);
	return RC_OK;
}

enum rc
record_instant(json_t *o, const char *key, int64_t *to, struct err *err)
{
	const char *s = NULL;
	enum rc rc = record_text(o, key, &s, err);

	if (rc != RC_OK || s == NULL)
		return rc;
	if (!instant_parse(s, to))
		return err_fail(
		    err, RC_INVALID, "\"%s\": \"%s\" is not an RFC 3339 instant", key, s);
	return RC_OK;
}

enum rc
record_array(json_t *o, const char *key, json_t **to, struct err *err)
{
	json_t *v;

	if (absent(o, key, &v))
		return RC_OK;
	if (!json_is_array(v))
		return err_fail(err, RC_INVALID, "\"%s\" must be an array", key);
	*to = v;
	return RC_OK;
}

enum rc
record_object(json_t *o, const char *key, json_t **to, struct err *err)
{
	json_t *v;

	if (absent(o, key, &v))
		return RC_OK;
	if (!json_is_object(v))
		return err_fail(err, RC_INVALID, "\"%s\" must be an object", key);
	*to = v;
	return RC_OK;
}

void
record_set_text(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, value ? json_string(value) : json_null());
}

void
record_set_int(json_t *o, const char *key, int64_t value)
{
	json_object_set_new(o, key, json_integer(value));
}

json_t *
record_instant_value(int64_t ms)
{
	json_t *o;
	char *s;

	if (ms == INSTANT_NONE || ms == INSTANT_NEVER)
		return json_null();
	s = instant_print(NULL, ms);
	o = json_string(s);
	talloc_free(s);
	return o;
}

void
record_set_instant(json_t *o, const char *key, int64_t ms)
{
	json_object_set_new(o, key, record_instant_value(ms));
}

struct owned {
	json_t *o;
};

static int
owned_drop(struct owned *owned)
{
	json_decref(owned->o);
	return 0;
}

json_t *
record_own(void *ctx, json_t *o)
{
	struct owned *owned = talloc(ctx, struct owned);

	owned->o = o;
	talloc_set_destructor(owned, owned_drop);
	return o;
}

char *
record_canonical(void *ctx, const json_t *o)
{
	char *dump = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS), *s;

	s = talloc_strdup(ctx, dump ? dump : "null");
	free(dump);
	return s;
}
