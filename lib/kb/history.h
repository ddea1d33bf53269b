/* What the commits since the last publication say of each article: which row it was,
 * which commit changed it last, what it was called before. */
#ifndef KB_HISTORY_H
#define KB_HISTORY_H

#include "kb/rows.h"

struct track {
	const char *path;   /* now */
	const char *origin; /* the path of its row, or NULL: it has none */
	char revision[REPO_ID];
	const char *author;
	int64_t created_at, changed_at;
	const char **was; /* its former ids, NULL-terminated */
	size_t nwas;
	bool gone;
};
struct history;
/* Walks old..new (old "": everything, and rows only give what no commit says). Belongs to
 * ctx. */
enum rc history_read(void *ctx, struct store *s, struct repo *r, const char *old,
    const char *new, struct history **h, struct err *err) CHECKED;
/* Of an article's path, or NULL. */
const struct track *history_of(const struct history *h, const char *path);
/* All paths that commits touched. */
enum rc history_each(const struct history *h,
    enum rc (*each)(void *arg, const struct track *t, struct err *err), void *arg,
    struct err *err) CHECKED;

#endif
