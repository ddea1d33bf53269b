/* Parsing queries: words -> tree, with errors that point at the place. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "query/query_priv.h"

/* ---- the parser ---- */

struct parser {
	void *ctx;
	const char *text, *p;
	const struct query_scope *scope;
	int depth, terms;
	struct err *err;
};

static enum rc PRINTF(3, 4) wrong(struct parser *p, const char *at, const char *fmt, ...)
{
	char words[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	err_fail(p->err, RC_USAGE, "query: %s", words);
	err_place(p->err, p->text, (size_t)(at - p->text));
	return RC_USAGE;
}

static void
blanks(struct parser *p)
{
	while (*p->p == ' ' || *p->p == '\t' || *p->p == '\n')
		p->p++;
}

static bool
ends_word(char c)
{
	return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == '(' || c == ')';
}

/* "quoted text": a backslash keeps the next character. */
static enum rc
quoted(struct parser *p, const char **out)
{
	const char *start = p->p++;
	char *s = talloc_strdup(p->ctx, ""), *to;

	s = mem_grow(p->ctx, s, char, strlen(p->p) + 1);
	for (to = s; *p->p != '"'; p->p++) {
		if (*p->p == '\\' && p->p[1] != '\0')
			p->p++;
		if (*p->p == '\0')
			return wrong(p, start, "the quote is not closed");
		*to++ = *p->p;
	}
	*to = '\0';
	p->p++;
	*out = s;
	return RC_OK;
}

static enum rc
regex(struct parser *p, const char **out)
{
	const char *start = p->p++;
	char *s = mem_array(p->ctx, char, strlen(p->p) + 1), *to = s;

	for (; *p->p != '/'; p->p++) {
		if (*p->p == '\0')
			return wrong(p, start, "the regular expression is not closed");
		if (*p->p == '\\' && p->p[1] == '/')
			p->p++;
		else if (*p->p == '\\' && p->p[1] != '\0')
			*to++ = *p->p++;
		*to++ = *p->p;
	}
	p->p++;
	*out = s;
	return RC_OK;
}

static enum rc
value(struct parser *p, const struct query_key *k, struct query_value *v)
{
	const char *start = p->p;

	if (*p->p == '"')
		return quoted(p, &v->text);
	if (*p->p == '/' && k->kind == KEY_TEXT) {
		v->regex = true;
		return regex(p, &v->text);
	}
	while (!ends_word(*p->p) && *p->p != ',' && *p->p != '"')
		p->p++;
	if (p->p == start)
		return wrong(p, start, "a value is missing");
	v->text = talloc_strndup(p->ctx, start, (size_t)(p->p - start));
	return RC_OK;
}

static const char *const *
known_values(struct parser *p, const struct query_key *k)
{
	static const char *const assignee[] = {"me", "none"};
	const char **names;
	size_t n = 0;

	switch (k->kind) {
	case KEY_STATUS:
		return config_statuses(p->ctx, p->scope->config);
	case KEY_WORDS:
	case KEY_HAS:
	case KEY_IS:
	case KEY_SLA:
	case KEY_HAPPENS:
		return k->words;
	case KEY_NAME:
		return config_names(p->ctx, p->scope->config, k->names);
	case KEY_ASSIGNEE:
		names = config_names(p->ctx, p->scope->config, NAME_AGENT);
		while (names[n] != NULL)
			n++;
		for (size_t i = 0; i < 2; i++)
			text_push(p->ctx, &names, &n, assignee[i]);
		return names;
	default:
		return NULL;
	}
}

static enum rc
check_field(struct parser *p, const char *at, const char *key, struct query_value *v)
{
	const struct field *f = config_field(p->scope->config, key + 6);
	const char *normal;
	bool has_num;
	double num;
	struct err bad;

	if (f == NULL)
		return wrong(p, at, "no such field \"%s\"%s", key + 6,
		    text_hint(p->ctx, key + 6,
			config_names(p->ctx, p->scope->config, NAME_FIELD)));
	if (field_check(p->ctx, f, v->text, p->scope->zone, &normal, &has_num, &num,
		&bad) != RC_OK)
		return wrong(p, at, "%s", bad.text);
	v->text = normal;
	return RC_OK;
}

static enum rc
check_value(struct parser *p, const char *at, const struct query_key *k, const char *key,
    struct query_value *v)
{
	const char *const *known = known_values(p, k);
	struct person_address a;
	struct err bad;
	int64_t from, to;

	if (known != NULL && word_index(known, v->text) < 0)
		return wrong(p, at, "%s \"%s\": no such %s%s", key, v->text,
		    k->kind == KEY_ASSIGNEE ? "agent" : "value",
		    text_hint(p->ctx, v->text, known));
	if (k->kind == KEY_ASSIGNEE && p->scope->condition && strcmp(v->text, "me") == 0)
		return wrong(p, at, "\"me\" means nobody in a condition");
	if (key_is_time(k)) {
		int64_t d;

		if (duration_parse(v->text, &d))
			return wrong(p, at,
			    "\"%s\" needs a sign: -%s is that long ago, +%s from now",
			    v->text, v->text, v->text);
		if (!time_value(v->text, p->scope->zone, 0, &d))
			return wrong(p, at,
			    "\"%s\" is no time: use -4d, +2h, 2026-11-01 or "
			    "2026-11-01T10:00:00Z",
			    v->text);
	}
	if (k->kind == KEY_ID && !id_range(v->text, &from, &to))
		return wrong(p, at, "\"%s\" is no ticket number, nor a range like 40..50",
		    v->text);
	if ((k->kind == KEY_CUSTOMER || k->kind == KEY_LINK) &&
	    !text_number(v->text, &from))
		return wrong(p, at, "%s \"%s\": must be a number", key, v->text);
	if (k->kind == KEY_REQUESTER || k->kind == KEY_PARTICIPANT) {
		if (address_parse(p->ctx, v->text, &a, &bad) != RC_OK)
			return wrong(p, at, "%s", bad.text);
	}
	if (k->kind == KEY_FIELD)
		return check_field(p, at, key, v);
	if (k->kind == KEY_TEXT && text_compile(p->ctx, v, &bad) != RC_OK)
		return wrong(p, at, "%s", bad.text);
	return RC_OK;
}

static enum rc
operator(struct parser *p, const struct query_key *k, enum term_op *op) {
	const char *at = p->p;

	if (*p->p == ':'){p->p++; *op = OP_IS; if (key_is_time(k)) return wrong(
	    p, at, "%s is a time: compare it with < <= > >=", k->name);
			  return RC_OK;}
*op = *p->p == '<' ? OP_LT : OP_GT;
if (*++p->p == '=') {
	p->p++;
	*op = *op == OP_LT ? OP_LE : OP_GE;
}
if (!k->ordered)
	return wrong(p, at, "%s has no order: use %s:VALUE", k->name, k->name);
return RC_OK;
}

static enum rc
term(struct parser *p, const char *start, size_t keylen, struct node **out)
{
	struct node *n = node_new(p->ctx, NODE_TERM);
	const struct query_key *k;
	const char *at;
	enum rc rc;

	n->key = talloc_strndup(n, start, keylen);
	n->at = (size_t)(start - p->text);
	k = query_key(n->key);
	if (k == NULL)
		return wrong(p, start, "unknown key \"%s\"%s", n->key,
		    text_hint(p->ctx, n->key, query_key_names()));
	if (p->scope->condition && !k->condition)
		return wrong(p, start,
		    "\"%s\" cannot be part of a condition: it is not a function of the "
		    "ticket alone",
		    n->key);
	if (k->kind == KEY_HAPPENS && !p->scope->happening)
		return wrong(p, start,
		    "\"%s\" asks what just happened: only rules can, but not those on = "
		    "time",
		    n->key);
	p->p = start + keylen;
	rc = operator(p, k, &n->op);
	do {
		if (rc != RC_OK)
			return rc;
		if (*p->p == ',')
			p->p++;
		n->values = mem_grow(n, n->values, struct query_value, n->nvalues + 1);
		n->values[n->nvalues] = (struct query_value){0};
		at = p->p;
		rc = value(p, k, &n->values[n->nvalues]);
		if (rc == RC_OK)
			rc = check_value(p, at, k, n->key, &n->values[n->nvalues]);
		n->nvalues++;
	} while (rc != RC_OK || *p->p == ',');
	if (n->op != OP_IS && n->nvalues > 1)
		return wrong(p, start, "%s: only one value can be compared with", n->key);
	if (!ends_word(*p->p))
		return wrong(p, p->p, "a blank is missing");
	n->len = (size_t)(p->p - start);
	*out = n;
	return RC_OK;
}

/* What the index takes for a word: anything with a letter, digit or other character
 * beyond ASCII; the rest ("-", "&") would select nothing or everything. */
static bool
has_letters(const char *s)
{
	for (; *s != '\0'; s++) {
		if ((*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'z') ||
		    (*s >= 'A' && *s <= 'Z') || (unsigned char)*s >= 0x80)
			return true;
	}
	return false;
}

static enum rc
bare(struct parser *p, struct node **out)
{
	struct node *n = node_new(p->ctx, NODE_WORDS);
	const char *start = p->p;
	struct query_value v = {0};
	char *s;
	enum rc rc;

	if (p->scope->condition)
		return wrong(p, start,
		    "bare words cannot be part of a condition: say subject:WORD or "
		    "body:WORD");
	if (*p->p == '"') {
		v.phrase = true;
		rc = quoted(p, &v.text);
		if (rc != RC_OK)
			return rc;
	} else {
		while (!ends_word(*p->p) && *p->p != '"')
			p->p++;
		s = talloc_strndup(n, start, (size_t)(p->p - start));
		if (s[strlen(s) - 1] == '*') {
			v.prefix = true;
			s[strlen(s) - 1] = '\0';
		}
		v.text = s;
	}
	if (!has_letters(v.text))
		return wrong(p, start, "\"%s\" has no word to search for", v.text);
	n->values = mem_array(n, struct query_value, 1);
	n->values[0] = v;
	n->nvalues = 1;
	n->at = (size_t)(start - p->text);
	n->len = (size_t)(p->p - start);
	*out = n;
	return RC_OK;
}

static enum rc any_of(struct parser *p, struct node **out);

static bool
keyword(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	return strncmp(p->p, word, n) == 0 && (ends_word(p->p[n]) || p->p[n] == '"');
}

static enum rc
factor(struct parser *p, struct node **out)
{
	const char *start = p->p;
	struct node *kid = NULL;
	size_t keylen;
	enum rc rc;

	if (++p->depth > QUERY_DEPTH_MAX)
		return wrong(p, start, "nested deeper than %d", QUERY_DEPTH_MAX);
	if (++p->terms > QUERY_TERMS_MAX)
		return wrong(p, start, "more than %d terms", QUERY_TERMS_MAX);
	if (keyword(p, "or") || keyword(p, "and"))
		return wrong(p, start,
		    "\"or\" and \"and\" stand between terms: a word like that needs "
		    "quotes");
	if (*p->p == '-' || keyword(p, "not")) {
		p->p += *p->p == '-' ? 1 : 3;
		blanks(p);
		if (ends_word(*p->p) && *p->p != '(')
			return wrong(p, start, "nothing to negate");
		rc = factor(p, &kid);
		if (rc == RC_OK)
			*out = node_not(p->ctx, kid);
	} else if (*p->p == '(') {
		p->p++;
		rc = any_of(p, out);
		if (rc == RC_OK && *p->p != ')')
			rc = wrong(p, start, "the parenthesis is not closed");
		p->p++;
	} else {
		keylen = strspn(start,
		    "abcdefghijklmnopqrstuvwxyz_.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-");
		if (keylen > 0 && strchr(":<>", start[keylen]) != NULL &&
		    start[keylen] != '\0')
			rc = term(p, start, keylen, out);
		else
			rc = bare(p, out);
	}
	p->depth--;
	return rc;
}

static enum rc
all_of(struct parser *p, struct node **out)
{
	struct node **kids = NULL;
	size_t n = 0;
	enum rc rc;

	for (;;) {
		blanks(p);
		if (*p->p == '\0' || *p->p == ')' || keyword(p, "or"))
			break;
		if (keyword(p, "and")) {
			p->p += 3;
			continue;
		}
		kids = mem_grow(p->ctx, kids, struct node *, n + 1);
		rc = factor(p, &kids[n]);
		if (rc != RC_OK)
			return rc;
		n++;
	}
	if (n == 0 && keyword(p, "or"))
		return wrong(p, p->p, "a term is missing before \"or\"");
	if (n == 0 && (*p->p != '\0' || p->depth > 0))
		return wrong(p, p->p, "a term is missing");
	*out = node_and(p->ctx, kids, n);
	return RC_OK;
}

static enum rc
any_of(struct parser *p, struct node **out)
{
	struct node **kids = NULL;
	size_t n = 0;
	enum rc rc;

	for (;;) {
		kids = mem_grow(p->ctx, kids, struct node *, n + 1);
		rc = all_of(p, &kids[n]);
		if (rc != RC_OK)
			return rc;
		n++;
		if (!keyword(p, "or"))
			break;
		p->p += 2;
		blanks(p);
		if (*p->p == '\0' || *p->p == ')')
			return wrong(p, p->p, "a term is missing after \"or\"");
	}
	*out = node_or(p->ctx, kids, n);
	return RC_OK;
}

enum rc
query_parse(void *ctx, const char *text, const struct query_scope *scope,
    struct node **tree, struct err *err)
{
	struct query_scope own = *scope;
	struct parser p = {
	    .ctx = ctx, .text = text, .p = text, .scope = &own, .err = err};
	enum rc rc;

	if (own.zone == NULL)
		own.zone = own.config->timezone;
	if (strlen(text) > QUERY_TEXT_MAX)
		return err_fail(
		    err, RC_USAGE, "query: longer than %d bytes", QUERY_TEXT_MAX);
	rc = any_of(&p, tree);
	if (rc == RC_OK && *p.p == ')')
		rc = wrong(&p, p.p, "no parenthesis is open");
	return rc;
}
