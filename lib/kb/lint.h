/* Checking a whole knowledge base: a checkout, or a commit of kb.git. What keeps an
 * article from being published is an error, the rest are warnings. */
#ifndef KB_LINT_H
#define KB_LINT_H

#include "kb/article.h"
#include "kb/repo.h"

/* Everything below a folder, but what begins with a dot; links are not followed. RC_IO,
 * RC_NOTFOUND when it cannot be read. Findings are sorted. */
enum rc lint_dir(void *ctx, const char *dir, const char *language, struct findings *f,
    struct err *err) CHECKED;
enum rc lint_commit(void *ctx, struct repo *r, const char *commit, const char *language,
    struct findings *f, struct err *err) CHECKED;
/* Takes out of `f` what `before` has, too: the same message about the same file. */
void findings_minus(struct findings *f, const struct findings *before);

/* Every http(s) link of the articles looked at is asked for, too: calls `each` with where
 * it stands. For the check of links to the outside. */
enum rc lint_links(void *ctx, const char *dir, const char *language,
    enum rc (*each)(
	void *arg, const char *url, const char *path, int line, struct err *err),
    void *arg, struct err *err) CHECKED;

#endif
