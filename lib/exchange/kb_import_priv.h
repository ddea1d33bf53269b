/* What the readers of foreign articles share. */
#ifndef EXCHANGE_KB_IMPORT_PRIV_H
#define EXCHANGE_KB_IMPORT_PRIV_H

#include "exchange/kb_import.h"

struct kb_import {
	struct desk *d;
	void (*each)(void *arg, const struct kb_imported *i);
	void *arg;
	struct repo_edit *v;
	size_t n, wrong;
	int64_t bytes;
	json_t *ids; /* "en refund" -> true: taken in this import */
	bool as_is;  /* a bundle: files are ours already */
};

/* A file of somebody's, by its path there: converted, put where it belongs. */
enum rc import_file(struct kb_import *k, const char *from, const char *data, size_t n,
    struct err *err) CHECKED;
/* An article that is ours in form: head and body of `id`. */
enum rc import_article(struct kb_import *k, const char *from, const char *id,
    const char *language, const char *section, json_t *head, const char *body,
    struct err *err) CHECKED;
void import_skip(struct kb_import *k, const char *from, const char *why, bool wrong);

/* "Über uns (2)" as "uber-uns-2"; "" when nothing is left. In ctx. */
char *import_slug(void *ctx, const char *text);
/* Front matter in YAML, TOML or JSON, as an object of texts, lists and booleans; what
 * follows it in *body. RC_INVALID. A new reference. */
enum rc foreign_front(void *ctx, const char *text, json_t **head, const char **body,
    struct err *err) CHECKED;
/* What of it we have words for. A new reference. */
json_t *foreign_head(void *ctx, const json_t *head, const char *name);

#endif
