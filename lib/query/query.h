/* The query language (tkt-query(7)): text -> tree -> SQL for sets, yes or no for one
 * ticket; and the change language: "status=open tag+=x" -> checked changes. */
#ifndef QUERY_QUERY_H
#define QUERY_QUERY_H

#include "ticket/ticket.h"

/* ---- trees ---- */

#define QUERY_TEXT_MAX 16384 /* bytes of a query */
#define QUERY_DEPTH_MAX 64   /* nested parentheses and negations */
#define QUERY_TERMS_MAX 1000

enum node_kind { NODE_ALL, NODE_AND, NODE_OR, NODE_NOT, NODE_TERM, NODE_WORDS };
enum term_op { OP_IS, OP_LT, OP_LE, OP_GT, OP_GE };

struct pattern;
struct query_value {
	const char *text;
	bool regex;		 /* subject:/.../ */
	bool prefix;		 /* a bare word with * behind */
	bool phrase;		 /* a bare "quoted phrase" */
	struct pattern *pattern; /* of subject: and body: */
};
struct node {
	enum node_kind kind;
	struct node **kids; /* AND, OR: two or more; NOT: one */
	size_t nkids;
	const char *key; /* TERM: the key; field.NAME keeps its name here */
	enum term_op op;
	struct query_value *values; /* TERM: any of these; WORDS: all of these */
	size_t nvalues;
	size_t at, len; /* where it stands in the text it was parsed from */
};

/* Builders that keep trees normal: AND and OR are flattened, the words of one AND are
 * gathered in its first WORDS node, double negation goes away. */
struct node *node_and(void *ctx, struct node **kids, size_t n);
struct node *node_or(void *ctx, struct node **kids, size_t n);
struct node *node_not(void *ctx, struct node *kid);
bool node_equal(const struct node *a, const struct node *b);

/* What a query may speak of. */
struct query_scope {
	const struct config *config;
	const char *zone; /* of dates; NULL: the desk's */
	bool condition; /* of a rule or SLA policy: only what is a function of the ticket
			 */
	bool happening; /* of a rule that looks at a change: by:, message:, changed: */
};
/* The tree of a text; "" is NODE_ALL. RC_USAGE with a caret and the nearest word. */
enum rc query_parse(void *ctx, const char *text, const struct query_scope *scope,
    struct node **tree, struct err *err) CHECKED;
/* Prints a text that parses to an equal tree. */
char *query_print(void *ctx, const struct node *tree);
/* Hides merged, spam and deleted tickets unless the tree asks for them. */
struct node *query_visible(void *ctx, struct node *tree);
/* ANDs the queues this actor's role may see: the one place where reading is limited. */
struct node *query_permit(void *ctx, const struct actor *a, struct node *tree);

/* Can no ticket match, whatever it is like? True only when terms of one AND exclude each
 * other: two queues, a priority above and below. */
bool query_never(const struct node *tree);
/* Is this value among those that a term asks for which every match must satisfy? */
bool query_asks(const struct node *tree, const char *key, const char *value);
/* Does every match hold at least one time term (solved<-4d)? */
bool query_has_time(const struct node *tree);

/* ---- the two back ends ---- */

struct query_now {
	const struct config *config;
	struct store
	    *store;	  /* for people, links, words; NULL: only what the struct holds */
	const char *zone; /* of dates, as in query_scope */
	const char *me;	  /* what "me" means, or NULL */
	int64_t now;
	const char *body; /* first body of a draft; NULL: read from the store */
	/* What just happened, for rules: the ticket as it was (NULL: new), who did it
	 * ("agent"), what was said with it ("reply", "note", or NULL). */
	const struct ticket *before;
	const char *by, *message;
};

struct query_param {
	enum { PARAM_INT, PARAM_TEXT, PARAM_REAL } kind;
	int64_t i;
	double r;
	const char *text;
};
struct query_sql {
	char *where;		    /* condition over ticket t, "1" for everything */
	struct query_param *params; /* for ?1, ?2, ... */
	size_t nparams;
	bool inexact; /* selects too much: check each row with query_match() */
	const char
	    *words; /* engine's match expression when the top of the tree has words */
};
/* `words_apart`: leave top-level words to the caller, who joins the index itself. */
enum rc query_sql(void *ctx, const struct node *tree, const struct query_now *now,
    bool words_apart, struct query_sql *q, struct err *err) CHECKED;
/* Binds its parameters, ?1 and following. */
void query_bind(struct stmt *st, const struct query_sql *q);
/* Decides for one ticket with details; *why (may be NULL) is the first failing term. */
enum rc query_match(const struct node *tree, struct ticket *t,
    const struct query_now *now, bool *yes, const struct node **why,
    struct err *err) CHECKED;

/* ---- lists ---- */

struct query_list {
	const char *sort; /* updated created priority due id relevance, with - reversed */
	int64_t limit;	  /* 0: all */
	const char *after; /* cursor, or NULL */
};
/* RC_USAGE for an unknown order or a broken cursor. */
enum rc query_check_list(const struct query_list *l, struct err *err) CHECKED;
/* Calls `each` for the tickets the tree selects (no details), in order; RC_NONE from it
 * ends the walk. */
enum rc query_each(struct desk *d, const struct node *tree, const struct query_list *l,
    enum rc (*each)(void *arg, struct ticket *t, struct err *err), void *arg,
    struct err *err) CHECKED;
/* Where the list goes on behind t. */
char *query_cursor(void *ctx, const struct ticket *t, const char *sort);
#define COUNT_MAX 10000
/* How many; stops at COUNT_MAX + 1 unless exact. */
enum rc query_count(struct desk *d, const struct node *tree, bool exact, int64_t *n,
    struct err *err) CHECKED;
/* A desk's query_now. */
struct query_now query_now_of(const struct desk *d);
/* parse + visible + permit, for what a user typed: words of argv joined by blanks, or
 * the query of a view, ANDed. */
enum rc query_user(struct desk *d, void *ctx, int argc, char **argv, const char *view,
    struct node **tree, struct err *err) CHECKED;

/* ---- the change language ---- */

enum change_op { CHANGE_SET, CHANGE_ADD, CHANGE_REMOVE };
struct change {
	const char *key;
	enum change_op op;
	const char *value; /* "" removes a field, an assignee */
};
struct changes {
	struct change *v;
	size_t n;
};
#define CHANGES_MAX 200
/* Splits a text as a shell would and checks every word against the configuration: keys,
 * names and values with hints. RC_USAGE. */
enum rc changes_parse(void *ctx, const char *text, const struct config *c,
    struct changes *out, struct err *err) CHECKED;
/* "key=value", "key+=value", "key-=value" into its parts, in ctx. RC_USAGE. */
enum rc change_word(void *ctx, const char *word, const char **key, enum change_op *op,
    const char **value, struct err *err) CHECKED;
/* One such word, checked and added. */
enum rc changes_add_word(void *ctx, const char *word, const struct config *c,
    struct changes *out, struct err *err) CHECKED;
enum rc changes_add(void *ctx, const char *key, enum change_op op, const char *value,
    const struct config *c, struct changes *out, struct err *err) CHECKED;
char *changes_print(void *ctx, const struct changes *c);
/* Applies them to a ticket struct (strings into ctx). What needs the store (requester,
 * organization) is left to lib/change. `me` is who acts, at the present `now`. */
enum rc changes_apply(void *ctx, const struct changes *c, const struct config *config,
    const char *me, int64_t now, struct ticket *t, struct err *err) CHECKED;
/* The value of a change to this key, or NULL. */
const char *changes_value(const struct changes *c, const char *key);

/* A field's value in its normal form, and its number if it has one. RC_USAGE. */
enum rc field_check(void *ctx, const struct field *f, const char *value, const char *zone,
    const char **normal, bool *has_num, double *num, struct err *err) CHECKED;

#endif
