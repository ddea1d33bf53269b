/* Rows of what is published: written by kb_publish() alone. */
#ifndef KB_ROWS_H
#define KB_ROWS_H

#include "kb/kb.h"
#include "kb/vocabulary.h"

/* An article that is to be published. */
struct row {
	struct kb_article a;  /* n 0: a new one */
	const char *headings; /* plain text, a line each */
	const char *stems[4]; /* title, tags, headings, body */
	const char **aliases; /* of the front matter */
	const char **was;     /* ids it had before it was renamed */
	const char **links;   /* "article:ID", "file:PATH", each once */
};

/* The row of a path: its number (0: none), what of git it is, and its former ids. */
struct row_origin {
	int64_t n, created_at, changed_at;
	const char *id, *language, *revision, *blob, *author;
	const char **was;
};
enum rc rows_by_path(struct store *s, void *ctx, const char *path, struct row_origin *o,
    struct err *err) CHECKED;
/* All of a row as it would be added, but for its stems. */
enum rc rows_get(
    struct store *s, void *ctx, int64_t n, struct row *r, struct err *err) CHECKED;
/* Takes an article away, and its words out of the vocabulary. */
enum rc rows_remove(
    struct store *s, struct vocabulary *v, int64_t n, struct err *err) CHECKED;
/* Everything at once. */
enum rc rows_remove_all(struct store *s, struct err *err) CHECKED;
/* RC_EXISTS, with the path of the other, when its id and language are taken. An alias
 * that is taken goes to `f` and is left out. */
enum rc rows_add(struct store *s, struct row *r, struct findings *f, int line,
    struct err *err) CHECKED;
/* The file has moved, but is broken where it is now. */
enum rc rows_move(struct store *s, int64_t n, const char *path, struct err *err) CHECKED;
enum rc rows_section(
    struct store *s, const char *path, const struct section *x, struct err *err) CHECKED;

/* Problems that were found, by path. */
enum rc problems_drop(struct store *s, const char *path, struct err *err) CHECKED;
enum rc problems_add(struct store *s, const struct finding *f, struct err *err) CHECKED;
enum rc problems_each(struct store *s,
    enum rc (*each)(void *arg, const struct finding *f, struct err *err), void *arg,
    struct err *err) CHECKED;

#endif
