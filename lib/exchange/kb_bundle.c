/* Bundles: sources and site of a knowledge base in one archive. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/archive.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "base/tree.h"
#include "exchange/kb_import.h"
#include "kb/site.h"

struct bundle {
	struct desk *d;
	struct repo *r;
	struct archive_out *a;
	bool internal;
	int64_t articles;
};

SQL(sql_is_public, "SELECT 1 FROM article WHERE path = ?1 AND audience = 'public' "
		   "AND state <> 'draft'");
SQL(sql_is_shown, "SELECT 1 FROM article_link l JOIN article a ON a.n = l.n "
		  "WHERE l.target = ?1 AND l.kind = 'file' AND a.audience = 'public' "
		  "AND a.state <> 'draft' LIMIT 1");

static enum rc
is_public(struct bundle *b, const char *path, bool *yes, struct err *err)
{
	enum path_kind kind = path_kind(path);
	struct stmt *st;
	enum rc rc;

	*yes = b->internal ? kind != PATH_OTHER : kind == PATH_SECTION;
	if (b->internal || kind == PATH_SECTION || kind == PATH_OTHER)
		return RC_OK;
	rc = store_prepare(
	    b->d->store, kind == PATH_ARTICLE ? sql_is_public : sql_is_shown, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, path);
	rc = stmt_step(st, err);
	stmt_done(st);
	*yes = rc == RC_OK;
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
on_file(void *arg, const struct repo_file *f, struct err *err)
{
	struct bundle *b = arg;
	void *ctx = talloc_new(NULL);
	char *data = NULL;
	size_t n = 0;
	bool yes = false;
	enum rc rc = f->kind == REPO_FILE ? is_public(b, f->path, &yes, err) : RC_OK;

	if (rc == RC_OK && yes)
		rc = repo_read(b->r, ctx, f->blob, REPO_FILE_MAX, &data, &n, err);
	if (rc == RC_OK && yes) {
		rc = archive_add(
		    b->a, talloc_asprintf(ctx, "articles/%s", f->path), data, n, err);
		b->articles += path_kind(f->path) == PATH_ARTICLE;
	}
	talloc_free(ctx);
	return rc;
}

static enum rc
on_page(void *arg, int at, const char *name, const char *path, enum tree_kind kind,
    struct err *err)
{
	struct bundle *b = arg;
	char *member = talloc_asprintf(NULL, "www/%s", path);
	int fd =
	    kind == TREE_FILE ? openat(at, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
	struct stat sb;
	enum rc rc = RC_OK;

	if (fd >= 0 && fstat(fd, &sb) == 0)
		rc = archive_add_fd(b->a, member, fd, sb.st_size, err);
	if (fd >= 0)
		close(fd);
	talloc_free(member);
	return rc;
}

static enum rc
add_manifest(struct bundle *b, void *ctx, const char *revision, struct err *err)
{
	json_t *o =
	    record_own(ctx, json_pack("{s:s,s:i,s:s,s:s,s:o}", "type", "bundle", "format",
				1, "name", b->d->config->name, "revision", revision, "at",
				record_instant_value(desk_now(b->d))));
	char *text = record_canonical(ctx, o);

	return archive_add(b->a, "manifest.json", text, strlen(text), err);
}

enum rc
kb_bundle(void *ctx, struct desk *d, const char *file, bool internal, int64_t *articles,
    struct err *err)
{
	struct bundle b = {.d = d, .internal = internal};
	char *revision = NULL;
	enum rc rc = actor_need(&d->actor, "kb.read", err);

	if (rc == RC_OK)
		rc = kb_published(d->store, ctx, &revision, err);
	if (rc == RC_OK && *revision == '\0')
		rc = err_fail(err, RC_INVALID, "nothing is published yet");
	if (rc == RC_OK)
		rc = kb_repo(ctx, d, &b.r, err);
	if (rc == RC_OK)
		rc = archive_create(ctx, file, &b.a, err);
	if (rc == RC_OK)
		rc = add_manifest(&b, ctx, revision, err);
	if (rc == RC_OK)
		rc = repo_each_file(b.r, revision, on_file, &b, err);
	if (rc == RC_OK)
		rc = tree_walk(site_dir(ctx, d), REPO_DEPTH_MAX, on_page, &b, err);
	if (rc == RC_OK)
		rc = archive_finish(b.a, err);
	else
		talloc_free(b.a);
	*articles = b.articles;
	return rc;
}
