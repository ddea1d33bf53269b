/* Mustache: text -> a tree of pieces -> text. */
#include "base/mustache.h"

#include <string.h>
#include <talloc.h>

#include "base/mem.h"

enum piece_kind { PIECE_TEXT, PIECE_VALUE, PIECE_RAW, PIECE_SECTION, PIECE_INVERTED };
struct piece {
	enum piece_kind kind;
	const char *s; /* the text, or the name */
	size_t n;
	int line;
	struct mustache *inner; /* of a section */
};
struct mustache {
	struct piece *v;
	size_t n;
};

enum { DELIMITER_MAX = 16 };

struct parser {
	const char *text, *at;
	char open[DELIMITER_MAX], close[DELIMITER_MAX];
	int depth;
};

static int
line_of(const struct parser *p, const char *at)
{
	int line = 1;

	for (const char *s = p->text; s < at; s++)
		line += *s == '\n';
	return line;
}

static void
add(struct mustache *m, const struct piece *piece)
{
	m->v = mem_grow(m, m->v, struct piece, m->n + 1);
	m->v[m->n++] = *piece;
}

static void
add_text(struct mustache *m, const char *s, size_t n)
{
	struct piece piece = {.kind = PIECE_TEXT, .n = n};

	if (n == 0)
		return;
	piece.s = talloc_strndup(m, s, n);
	add(m, &piece);
}

/* "=<% %>=" */
static bool
set_delimiters(struct parser *p, const char *s, size_t n)
{
	size_t a, gap, b;

	while (n > 0 && strchr(" \t\n", *s) != NULL)
		s++, n--;
	while (n > 0 && strchr(" \t\n", s[n - 1]) != NULL)
		n--;
	for (a = 0; a < n && strchr(" \t\n=", s[a]) == NULL; a++)
		;
	for (gap = a; gap < n && strchr(" \t\n", s[gap]) != NULL; gap++)
		;
	b = n - gap;
	if (a == 0 || gap == a || b == 0 || a >= DELIMITER_MAX || b >= DELIMITER_MAX ||
	    memchr(s + gap, ' ', b) != NULL || memchr(s + gap, '=', b) != NULL)
		return false;
	memcpy(p->open, s, a);
	p->open[a] = '\0';
	memcpy(p->close, s + gap, b);
	p->close[b] = '\0';
	return true;
}

/* A tag that stands alone on its line takes the line with it. */
static bool
alone(const struct parser *p, const char *from, const char *to, const char **line,
    const char **next)
{
	const char *a = from, *b = to + strspn(to, " \t");

	while (a > p->text && (a[-1] == ' ' || a[-1] == '\t'))
		a--;
	if (a > p->text && a[-1] != '\n')
		return false;
	if (*b == '\r' && b[1] == '\n')
		b++;
	if (*b != '\n' && *b != '\0')
		return false;
	*line = a;
	*next = b + (*b == '\n');
	return true;
}

struct tag {
	char kind; /* '\0' for a variable */
	const char *from, *name;
	size_t n;
	int line;
};

/* Finds the next tag and moves behind it; what stands before it goes to m. */
static enum rc
next_tag(struct parser *p, struct mustache *m, struct tag *t, struct err *err)
{
	const char *from = strstr(p->at, p->open), *s, *end, *line, *next;
	bool triple;

	if (from == NULL) {
		add_text(m, p->at, strlen(p->at));
		p->at += strlen(p->at);
		return RC_NONE;
	}
	s = from + strlen(p->open);
	triple = *s == '{';
	*t = (struct tag){.from = from, .line = line_of(p, from)};
	if (*s != '\0' && strchr("#^/!&{=>", *s) != NULL)
		t->kind = *s++;
	if (triple || t->kind == '=') {
		char closing[DELIMITER_MAX + 2] = {triple ? '}' : '=', '\0'};

		strncat(closing, p->close, DELIMITER_MAX);
		end = strstr(s, closing);
		next = end ? end + strlen(closing) : NULL;
	} else {
		end = strstr(s, p->close);
		next = end ? end + strlen(p->close) : NULL;
	}
	if (end == NULL)
		return err_fail(
		    err, RC_INVALID, "line %d: this tag is never closed", t->line);
	t->name = s + strspn(s, " \t\n");
	for (t->n = t->name < end ? (size_t)(end - t->name) : 0;
	     t->n > 0 && strchr(" \t\n", t->name[t->n - 1]) != NULL;)
		t->n--;
	if (t->kind != '\0' && strchr("#^/!=", t->kind) != NULL &&
	    alone(p, from, next, &line, &end)) {
		add_text(m, p->at, line > p->at ? (size_t)(line - p->at) : 0);
		p->at = end;
	} else {
		add_text(m, p->at, (size_t)(from - p->at));
		p->at = next;
	}
	return RC_OK;
}

static bool
name_ok(const struct tag *t)
{
	if (t->n == 0)
		return false;
	for (size_t i = 0; i < t->n; i++) {
		if (strchr(" \t\n{}", t->name[i]) != NULL)
			return false;
	}
	return true;
}

static enum rc parse(struct parser *p, void *ctx, const struct tag *section,
    struct mustache **m, struct err *err) CHECKED;

static enum rc
take_tag(struct parser *p, struct mustache *m, const struct tag *t, struct err *err)
{
	struct piece piece = {.line = t->line, .n = t->n};
	enum rc rc = RC_OK;

	if (t->kind == '!')
		return RC_OK;
	if (t->kind == '=')
		return set_delimiters(p, t->name, t->n)
			   ? RC_OK
			   : err_fail(err, RC_INVALID,
				 "line %d: delimiters are two words, as {{=<%% %%>=}}",
				 t->line);
	if (t->kind == '>')
		return err_fail(err, RC_INVALID,
		    "line %d: \"%.*s\": no template holds another one", t->line,
		    (int)t->n, t->name);
	if (!name_ok(t))
		return err_fail(err, RC_INVALID, "line %d: \"%.*s\" is no name", t->line,
		    (int)(t->n < 40 ? t->n : 40), t->name);
	piece.s = talloc_strndup(m, t->name, t->n);
	piece.kind = t->kind == '#'			? PIECE_SECTION
		     : t->kind == '^'			? PIECE_INVERTED
		     : t->kind == '&' || t->kind == '{' ? PIECE_RAW
							: PIECE_VALUE;
	if (t->kind == '#' || t->kind == '^') {
		if (++p->depth > MUSTACHE_DEPTH_MAX)
			return err_fail(err, RC_INVALID,
			    "line %d: more than %d sections in each other", t->line,
			    MUSTACHE_DEPTH_MAX);
		rc = parse(p, m, t, &piece.inner, err);
		p->depth--;
	}
	if (rc == RC_OK)
		add(m, &piece);
	return rc;
}

/* Up to the end, or of the section. */
static enum rc
parse(struct parser *p, void *ctx, const struct tag *section, struct mustache **out,
    struct err *err)
{
	struct mustache *m = talloc_zero(ctx, struct mustache);
	struct tag t;
	enum rc rc;

	*out = m;
	while ((rc = next_tag(p, m, &t, err)) == RC_OK) {
		if (t.kind == '/') {
			if (section != NULL && t.n == section->n &&
			    memcmp(t.name, section->name, t.n) == 0)
				return RC_OK;
			return err_fail(err, RC_INVALID,
			    "line %d: \"/%.*s\" closes no section", t.line,
			    (int)(t.n < 40 ? t.n : 40), t.name);
		}
		rc = take_tag(p, m, &t, err);
		if (rc != RC_OK)
			return rc;
	}
	if (rc == RC_NONE && section != NULL)
		return err_fail(err, RC_INVALID,
		    "line %d: section \"%.*s\" is never closed", section->line,
		    (int)section->n, section->name);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
mustache_parse(void *ctx, const char *text, struct mustache **m, struct err *err)
{
	struct parser p = {.text = text, .at = text, .open = "{{", .close = "}}"};
	struct mustache *made = NULL;
	enum rc rc = parse(&p, ctx, NULL, &made, err);

	if (rc == RC_OK)
		*m = made;
	else
		talloc_free(made);
	return rc;
}

void
mustache_names(const struct mustache *m,
    void (*each)(void *arg, const char *name, int line), void *arg)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].kind != PIECE_TEXT)
			each(arg, m->v[i].s, m->v[i].line);
		if (m->v[i].inner != NULL)
			mustache_names(m->v[i].inner, each, arg);
	}
}

/* ---- rendering ---- */

struct render {
	void *ctx;
	const struct mustache_how *how;
	json_t *stack[MUSTACHE_DEPTH_MAX + 1]; /* innermost last */
	size_t depth;
	char *out;
	size_t n, room;
};

static enum rc
put(struct render *r, const char *s, size_t n, struct err *err)
{
	if (r->n + n > MUSTACHE_OUT_MAX)
		return err_fail(err, RC_INVALID, "the text becomes longer than %d bytes",
		    MUSTACHE_OUT_MAX);
	if (r->n + n + 1 > r->room) {
		r->room = 2 * (r->n + n) + 256;
		r->out = mem_grow(r->ctx, r->out, char, r->room);
	}
	memcpy(r->out + r->n, s, n);
	r->n += n;
	r->out[r->n] = '\0';
	return RC_OK;
}

/* The first part of a dotted name is looked for outwards, the others in what it is. */
static json_t *
look_up(const struct render *r, const char *name)
{
	size_t n = strcspn(name, ".");
	json_t *v = NULL;

	if (strcmp(name, ".") == 0)
		return r->stack[r->depth];
	for (size_t i = r->depth + 1; v == NULL && i-- > 0;)
		v = json_object_getn(r->stack[i], name, n);
	for (name += n; v != NULL && *name == '.'; name += n) {
		name++;
		n = strcspn(name, ".");
		v = json_object_getn(v, name, n);
	}
	return v;
}

static char *
as_text(void *ctx, const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		return talloc_strndup(ctx, json_string_value(v), json_string_length(v));
	case JSON_INTEGER:
		return talloc_asprintf(ctx, "%lld", (long long)json_integer_value(v));
	case JSON_REAL:
		return talloc_asprintf(ctx, "%.12g", json_real_value(v));
	case JSON_TRUE:
		return talloc_strdup(ctx, "true");
	case JSON_FALSE:
		return talloc_strdup(ctx, "false");
	default:
		return NULL;
	}
}

static enum rc
put_value(struct render *r, const struct piece *piece, struct err *err)
{
	json_t *v = look_up(r, piece->s);
	char *s = v ? as_text(r->ctx, v) : NULL;
	enum rc rc;

	if (s == NULL && r->how->strict)
		return err_fail(err, RC_INVALID, "{{%s}} has no value here", piece->s);
	if (s == NULL)
		return RC_OK;
	if (piece->kind == PIECE_VALUE && r->how->escape != NULL)
		s = r->how->escape(r->ctx, s);
	rc = put(r, s, strlen(s), err);
	talloc_free(s);
	return rc;
}

static bool
is_true(const json_t *v)
{
	return v != NULL && !json_is_null(v) && !json_is_false(v) &&
	       !(json_is_array(v) && json_array_size(v) == 0) &&
	       !(json_is_string(v) && json_string_length(v) == 0);
}

static enum rc render(
    struct render *r, const struct mustache *m, struct err *err) CHECKED;

static enum rc
inside(struct render *r, const struct mustache *m, json_t *v, struct err *err)
{
	enum rc rc;

	r->stack[++r->depth] = v;
	rc = render(r, m, err);
	r->depth--;
	return rc;
}

static enum rc
put_section(struct render *r, const struct piece *piece, struct err *err)
{
	json_t *v = look_up(r, piece->s);
	enum rc rc = RC_OK;

	if (piece->kind == PIECE_INVERTED)
		return is_true(v) ? RC_OK : inside(r, piece->inner, v, err);
	if (!is_true(v))
		return RC_OK;
	if (!json_is_array(v))
		return inside(r, piece->inner, v, err);
	for (size_t i = 0; rc == RC_OK && i < json_array_size(v); i++)
		rc = inside(r, piece->inner, json_array_get(v, i), err);
	return rc;
}

static enum rc
render(struct render *r, const struct mustache *m, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < m->n; i++) {
		const struct piece *piece = &m->v[i];

		if (piece->kind == PIECE_TEXT)
			rc = put(r, piece->s, piece->n, err);
		else if (piece->inner != NULL)
			rc = put_section(r, piece, err);
		else
			rc = put_value(r, piece, err);
	}
	return rc;
}

enum rc
mustache_render(void *ctx, const struct mustache *m, json_t *values,
    const struct mustache_how *how, char **text, struct err *err)
{
	struct render r = {.ctx = ctx, .how = how, .stack = {values}};
	enum rc rc = put(&r, "", 0, err);

	if (rc == RC_OK)
		rc = render(&r, m, err);
	if (rc == RC_OK)
		*text = r.out;
	return rc;
}
