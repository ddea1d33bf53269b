/* Articles as they were. */
#include <string.h>
#include <talloc.h>

#include "kb/kb.h"

struct found {
	void *ctx;
	struct repo *r;
	const char *wanted; /* commit */
	struct repo_file f;
	const char *path;
	bool there;
};

static enum rc
on_commit(void *arg, const struct repo_commit *c, const char *path, struct err *err)
{
	struct found *x = arg;
	enum rc rc;

	(void)c;
	if (x->path != NULL && strcmp(x->path, path) == 0)
		return RC_OK;
	x->path = talloc_strdup(x->ctx, path);
	rc = repo_find(x->r, x->wanted, x->path, &x->f, err);
	x->there = rc == RC_OK;
	return rc == RC_OK ? RC_NONE : rc == RC_NONE ? RC_OK : rc;
}

/* Under the name it has now, else under one it had before. */
static enum rc
find_then(const struct desk *d, const struct kb_article *a, const char *rev,
    struct found *x, struct err *err)
{
	char *published = NULL;
	enum rc rc = repo_find(x->r, x->wanted, a->path, &x->f, err);

	if (rc != RC_NONE)
		return rc;
	rc = kb_published(d->store, x->ctx, &published, err);
	if (rc == RC_OK)
		rc = repo_log(x->r, published, a->path, on_commit, x, err);
	if (rc == RC_OK && !x->there)
		rc = err_fail(
		    err, RC_NOTFOUND, "article \"%s\" was not there in %s", a->id, rev);
	return rc;
}

enum rc
kb_version(void *ctx, const struct desk *d, const struct kb_article *a, const char *rev,
    struct kb_version *v, struct err *err)
{
	struct found x = {.ctx = ctx, .wanted = v->commit};
	const char *blob = a->blob;
	enum rc rc = kb_repo(ctx, d, &v->repo, err);

	v->path = a->path;
	memcpy(v->commit, a->revision, REPO_ID);
	x.r = v->repo;
	if (rc == RC_OK && rev != NULL) {
		rc = repo_resolve(v->repo, rev, v->commit, err);
		if (rc == RC_OK)
			rc = find_then(d, a, rev, &x, err);
		blob = x.f.blob;
		v->path = x.f.path;
	}
	return rc == RC_OK
		   ? repo_read(v->repo, ctx, blob, ARTICLE_MAX, &v->data, &v->n, err)
		   : rc;
}
