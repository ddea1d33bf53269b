/* Walking a folder. */
#include "base/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/text.h"

struct walk {
	tree_each *each;
	void *arg;
	int depth;
};

static enum rc folder(
    const struct walk *w, int at, const char *prefix, int depth, struct err *err) CHECKED;

static enum rc
entry(const struct walk *w, int at, const char *name, const char *path, int depth,
    struct err *err)
{
	struct stat sb;
	int down;

	if (fstatat(at, name, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		return err_errno(err, "%s", path);
	if (!S_ISDIR(sb.st_mode))
		return w->each(w->arg, at, name, path,
		    S_ISREG(sb.st_mode)	  ? TREE_FILE
		    : S_ISLNK(sb.st_mode) ? TREE_LINK
					  : TREE_OTHER,
		    err);
	down = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return down < 0 ? err_errno(err, "%s", path)
			: folder(w, down, path, depth + 1, err);
}

/* Takes the descriptor. */
static enum rc
folder(const struct walk *w, int at, const char *prefix, int depth, struct err *err)
{
	void *ctx = talloc_new(NULL);
	DIR *dir = fdopendir(at);
	struct dirent *e;
	const char **names = NULL;
	size_t n = 0;
	enum rc rc = RC_OK;

	if (dir == NULL) {
		rc = err_errno(err, "%s", prefix);
		close(at);
		talloc_free(ctx);
		return rc;
	}
	if (depth > w->depth)
		rc = err_fail(
		    err, RC_INVALID, "%s: more than %d folders deep", prefix, w->depth);
	while (rc == RC_OK && (e = readdir(dir)) != NULL) {
		if (*e->d_name != '.')
			text_push(ctx, &names, &n, talloc_strdup(ctx, e->d_name));
	}
	text_sort(names, n);
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		char *path =
		    talloc_asprintf(ctx, "%s%s%s", prefix, *prefix ? "/" : "", names[i]);

		rc = entry(w, dirfd(dir), names[i], path, depth, err);
	}
	closedir(dir);
	talloc_free(ctx);
	return rc;
}

enum rc
tree_walk(const char *dir, int depth, tree_each *each, void *arg, struct err *err)
{
	struct walk w = {each, arg, depth};
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_errno(err, "%s", dir) : folder(&w, fd, "", 0, err);
}
