/* Trees: building them in their normal form, comparing, printing, and what everybody's
 * query gets. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "query/query_priv.h"

/* ---- building normal trees ---- */

struct node *
node_new(void *ctx, enum node_kind kind)
{
	struct node *n = talloc_zero(ctx, struct node);

	n->kind = kind;
	return n;
}

static void
add_kid(struct node *n, struct node *kid)
{
	n->kids = mem_grow(n, n->kids, struct node *, n->nkids + 1);
	n->kids[n->nkids++] = kid;
}

static void
add_words(struct node *to, const struct node *from)
{
	to->values =
	    mem_grow(to, to->values, struct query_value, to->nvalues + from->nvalues);
	memcpy(to->values + to->nvalues, from->values,
	    from->nvalues * sizeof(*from->values));
	to->nvalues += from->nvalues;
}

/* In an AND, bare words belong together wherever they stand: one WORDS node. */
static void
and_kid(struct node *n, struct node *kid)
{
	for (size_t i = 0; kid->kind == NODE_WORDS && i < n->nkids; i++) {
		if (n->kids[i]->kind == NODE_WORDS) {
			struct node *sum = node_new(n, NODE_WORDS);

			*sum = *n->kids[i];
			sum->values = NULL;
			sum->nvalues = 0;
			add_words(sum, n->kids[i]);
			add_words(sum, kid);
			n->kids[i] = sum;
			return;
		}
	}
	add_kid(n, kid);
}

struct node *
node_and(void *ctx, struct node **kids, size_t count)
{
	struct node *n = node_new(ctx, NODE_AND);

	for (size_t i = 0; i < count; i++) {
		if (kids[i]->kind == NODE_ALL)
			continue;
		if (kids[i]->kind != NODE_AND) {
			and_kid(n, kids[i]);
			continue;
		}
		for (size_t j = 0; j < kids[i]->nkids; j++)
			and_kid(n, kids[i]->kids[j]);
	}
	if (n->nkids == 0)
		n->kind = NODE_ALL;
	return n->nkids == 1 ? n->kids[0] : n;
}

struct node *
node_or(void *ctx, struct node **kids, size_t count)
{
	struct node *n = node_new(ctx, NODE_OR);

	for (size_t i = 0; i < count; i++) {
		if (kids[i]->kind == NODE_ALL)
			return kids[i];
		if (kids[i]->kind != NODE_OR) {
			add_kid(n, kids[i]);
			continue;
		}
		for (size_t j = 0; j < kids[i]->nkids; j++)
			add_kid(n, kids[i]->kids[j]);
	}
	return n->nkids == 1 ? n->kids[0] : n;
}

struct node *
node_not(void *ctx, struct node *kid)
{
	struct node *n;

	if (kid->kind == NODE_NOT)
		return kid->kids[0];
	n = node_new(ctx, NODE_NOT);
	add_kid(n, kid);
	n->at = kid->at;
	n->len = kid->len;
	return n;
}

bool
node_equal(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind || a->nkids != b->nkids || a->nvalues != b->nvalues)
		return false;
	if (a->kind == NODE_TERM && (a->op != b->op || strcmp(a->key, b->key) != 0))
		return false;
	for (size_t i = 0; i < a->nvalues; i++) {
		const struct query_value *x = &a->values[i], *y = &b->values[i];

		if (strcmp(x->text, y->text) != 0 || x->regex != y->regex ||
		    x->prefix != y->prefix || x->phrase != y->phrase)
			return false;
	}
	for (size_t i = 0; i < a->nkids; i++) {
		if (!node_equal(a->kids[i], b->kids[i]))
			return false;
	}
	return true;
}

/* ---- printing ---- */

static bool
plain(const char *s)
{
	return *s != '\0' && *s != '/' && strpbrk(s, " \t\n()\"\\,") == NULL;
}

static char *
add_quoted(char *to, const char *s)
{
	to = talloc_asprintf_append_buffer(to, "\"");
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			to = talloc_asprintf_append_buffer(to, "\\");
		to = talloc_asprintf_append_buffer(to, "%c", *s);
	}
	return talloc_asprintf_append_buffer(to, "\"");
}

static char *
add_value(char *to, const struct query_value *v, bool is_bare)
{
	if (v->regex) {
		to = talloc_asprintf_append_buffer(to, "/");
		for (const char *s = v->text; *s != '\0'; s++) {
			if (*s == '\\' && s[1] != '\0')
				to = talloc_asprintf_append_buffer(to, "%c", *s++);
			else if (*s == '/')
				to = talloc_asprintf_append_buffer(to, "\\");
			to = talloc_asprintf_append_buffer(to, "%c", *s);
		}
		return talloc_asprintf_append_buffer(to, "/");
	}
	if (is_bare ? v->phrase : !plain(v->text))
		return add_quoted(to, v->text);
	return talloc_asprintf_append_buffer(to, "%s%s", v->text, v->prefix ? "*" : "");
}

static char *
print(char *to, const struct node *n, enum node_kind above)
{
	static const char *const ops[] = {":", "<", "<=", ">", ">="};
	bool group =
	    (n->kind == NODE_OR && above != NODE_ALL) ||
	    (above == NODE_NOT && (n->kind == NODE_AND || n->kind == NODE_OR ||
				      (n->kind == NODE_WORDS && n->nvalues > 1)));

	if (group)
		to = talloc_asprintf_append_buffer(to, "(");
	if (n->kind == NODE_TERM)
		to = talloc_asprintf_append_buffer(to, "%s%s", n->key, ops[n->op]);
	if (n->kind == NODE_NOT)
		to = print(talloc_asprintf_append_buffer(to, "-"), n->kids[0], NODE_NOT);
	for (size_t i = 0; i < n->nvalues; i++) {
		if (i > 0)
			to = talloc_asprintf_append_buffer(
			    to, n->kind == NODE_TERM ? "," : " ");
		to = add_value(to, &n->values[i], n->kind == NODE_WORDS);
	}
	for (size_t i = 0; n->kind != NODE_NOT && i < n->nkids; i++) {
		if (i > 0)
			to = talloc_asprintf_append_buffer(
			    to, n->kind == NODE_OR ? " or " : " ");
		to = print(to, n->kids[i], n->kind);
	}
	return group ? talloc_asprintf_append_buffer(to, ")") : to;
}

char *
query_print(void *ctx, const struct node *tree)
{
	return print(talloc_strdup(ctx, ""), tree, NODE_ALL);
}

/* ---- what everybody's query gets ---- */

static bool
asks_hidden(const struct node *n)
{
	if (n->kind == NODE_TERM) {
		if (strcmp(n->key, "is") != 0 && strcmp(n->key, "phase") != 0 &&
		    strcmp(n->key, "id") != 0)
			return false;
		for (size_t i = 0; i < n->nvalues; i++) {
			const char *v = n->values[i].text;

			if (strcmp(v, "spam") == 0 || strcmp(v, "deleted") == 0 ||
			    strcmp(v, "merged") == 0 || strcmp(n->key, "id") == 0)
				return true;
		}
	}
	for (size_t i = 0; n->kind != NODE_NOT && i < n->nkids; i++) {
		if (asks_hidden(n->kids[i]))
			return true;
	}
	return false;
}

static struct node *
make_term(void *ctx, const char *key, enum term_op op)
{
	struct node *n = node_new(ctx, NODE_TERM);

	n->key = key;
	n->op = op;
	return n;
}

static void
term_value(struct node *n, const char *text)
{
	n->values = mem_grow(n, n->values, struct query_value, n->nvalues + 1);
	n->values[n->nvalues++] = (struct query_value){.text = text};
}

struct node *
query_visible(void *ctx, struct node *tree)
{
	struct node *both[2] = {tree, make_term(ctx, "phase", OP_LT)};

	if (asks_hidden(tree))
		return tree;
	term_value(both[1], phase_names[PHASE_MERGED]);
	return node_and(ctx, both, 2);
}

bool
query_has_time(const struct node *tree)
{
	if (tree->kind == NODE_TERM)
		return key_is_time(query_key(tree->key));
	for (size_t i = 0; tree->kind == NODE_AND && i < tree->nkids; i++) {
		if (query_has_time(tree->kids[i]))
			return true;
	}
	return false;
}

/* ---- queries that no ticket can match ---- */

/* A ticket has one value of these keys. */
static bool
single_valued(const struct node *n)
{
	const struct query_key *k = query_key(n->key);

	return k->kind == KEY_STATUS || k->kind == KEY_WORDS || k->kind == KEY_NAME ||
	       k->kind == KEY_ASSIGNEE || k->kind == KEY_ORGANIZATION ||
	       k->kind == KEY_CUSTOMER;
}

/* Does the word, the i-th of its key, fulfil the term? */
static bool
word_fits(const struct node *n, const char *const *words, int i)
{
	int v = word_index(words, n->values[0].text);

	switch (n->op) {
	case OP_LT:
		return i < v;
	case OP_LE:
		return i <= v;
	case OP_GT:
		return i > v;
	case OP_GE:
		return i >= v;
	default:
		break;
	}
	for (size_t k = 0; k < n->nvalues; k++) {
		if (strcmp(n->values[k].text, words[i]) == 0)
			return true;
	}
	return false;
}

static bool
exclude(const struct node *a, const struct node *b)
{
	const struct query_key *k;

	if (a->kind == NODE_NOT || b->kind == NODE_NOT)
		return a->kind == NODE_NOT ? node_equal(a->kids[0], b)
					   : node_equal(b->kids[0], a);
	if (a->kind != NODE_TERM || b->kind != NODE_TERM || strcmp(a->key, b->key) != 0 ||
	    !single_valued(a))
		return false;
	k = query_key(a->key);
	for (int i = 0; k->words != NULL && k->words[i] != NULL; i++) {
		if (word_fits(a, k->words, i) && word_fits(b, k->words, i))
			return false;
	}
	if (k->words != NULL)
		return true;
	for (size_t i = 0; i < a->nvalues; i++) {
		for (size_t j = 0; j < b->nvalues; j++) {
			if (strcmp(a->values[i].text, b->values[j].text) == 0)
				return false;
		}
	}
	return true;
}

bool
query_never(const struct node *tree)
{
	for (size_t i = 0; tree->kind == NODE_AND && i < tree->nkids; i++) {
		if (query_never(tree->kids[i]))
			return true;
		for (size_t j = i + 1; j < tree->nkids; j++) {
			if (exclude(tree->kids[i], tree->kids[j]))
				return true;
		}
	}
	if (tree->kind != NODE_OR)
		return false;
	for (size_t i = 0; i < tree->nkids; i++) {
		if (!query_never(tree->kids[i]))
			return false;
	}
	return true;
}

bool
query_asks(const struct node *tree, const char *key, const char *value)
{
	for (size_t i = 0; tree->kind == NODE_AND && i < tree->nkids; i++) {
		if (query_asks(tree->kids[i], key, value))
			return true;
	}
	if (tree->kind != NODE_TERM || tree->op != OP_IS || strcmp(tree->key, key) != 0)
		return false;
	for (size_t i = 0; i < tree->nvalues; i++) {
		if (strcmp(tree->values[i].text, value) == 0)
			return true;
	}
	return false;
}

struct node *
query_permit(void *ctx, const struct actor *a, struct node *tree)
{
	struct node *both[2] = {tree, make_term(ctx, "queue", OP_IS)};

	if (a->role == NULL || a->role->queues[0] == NULL)
		return tree;
	for (const char **q = a->role->queues; *q != NULL; q++)
		term_value(both[1], *q);
	return node_and(ctx, both, 2);
}
