/* Files of the site: each appears whole or not at all. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "kb/site_priv.h"

/* Is the file there with this content? */
static bool
is_same(const char *path, const char *data, size_t n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat sb;
	bool same = false;

	if (fd < 0)
		return false;
	if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) && (size_t)sb.st_size == n) {
		char piece[65536];
		size_t at = 0;
		ssize_t k;

		while ((k = read(fd, piece, sizeof(piece))) > 0 && at + (size_t)k <= n &&
		       memcmp(piece, data + at, (size_t)k) == 0)
			at += (size_t)k;
		same = k == 0 && at == n;
	}
	close(fd);
	return same;
}

/* The folders above a path of the site. */
static enum rc
make_folders(const struct site *s, char *path, struct err *err)
{
	size_t top = strlen(s->dir);

	for (char *p = path + top + 1; (p = strchr(p, '/')) != NULL; p++) {
		int bad;

		*p = '\0';
		bad = mkdir(path, 0755);
		if (bad != 0 && errno != EEXIST) {
			enum rc rc = err_errno(err, "%s", path);

			*p = '/';
			return rc;
		}
		*p = '/';
	}
	return RC_OK;
}

static enum rc
write_beside(
    const char *path, const char *tmp, const char *data, size_t n, struct err *err)
{
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	enum rc rc = RC_OK;

	if (fd < 0)
		return err_errno(err, "%s", tmp);
	/* Readable for the web server, whatever the umask of whoever pushes. */
	if (fchmod(fd, 0644) != 0)
		rc = err_errno(err, "%s", tmp);
	for (size_t at = 0; rc == RC_OK && at < n;) {
		ssize_t k = write(fd, data + at, n - at);

		if (k < 0 && errno != EINTR)
			rc = err_errno(err, "%s", path);
		at += k > 0 ? (size_t)k : 0;
	}
	if (close(fd) != 0 && rc == RC_OK)
		rc = err_errno(err, "%s", path);
	if (rc == RC_OK && rename(tmp, path) != 0)
		rc = err_errno(err, "%s", path);
	if (rc != RC_OK)
		unlink(tmp);
	return rc;
}

enum rc
site_put(struct site *s, const char *path, const char *data, size_t n, struct err *err)
{
	char *whole = talloc_asprintf(NULL, "%s/%s", s->dir, path),
	     *tmp = talloc_asprintf(whole, "%s.new", whole);
	enum rc rc = RC_OK;

	if (!s->compare || !is_same(whole, data, n)) {
		rc = write_beside(whole, tmp, data, n, err);
		if (rc == RC_NOTFOUND) {
			rc = make_folders(s, whole, err);
			if (rc == RC_OK)
				rc = write_beside(whole, tmp, data, n, err);
		}
		s->pages++;
	}
	talloc_free(whole);
	return rc;
}

enum rc
site_remove(struct site *s, const char *path, struct err *err)
{
	char *whole = talloc_asprintf(NULL, "%s/%s", s->dir, path);
	enum rc rc = RC_OK;

	if (unlink(whole) == 0)
		s->pages++;
	else if (errno != ENOENT && errno != ENOTDIR)
		rc = err_errno(err, "%s", whole);
	talloc_free(whole);
	return rc;
}

enum rc
site_sweep(struct site *s, const char *folder, const json_t *keep, struct err *err)
{
	char *whole = talloc_asprintf(NULL, "%s/%s", s->dir, folder);
	DIR *dir = opendir(whole);
	struct dirent *e;
	enum rc rc = RC_OK;

	while (dir != NULL && rc == RC_OK && (e = readdir(dir)) != NULL) {
		char *path = talloc_asprintf(whole, "%s/%s", folder, e->d_name);
		struct stat sb;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(dir), e->d_name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(sb.st_mode)) {
			rc = site_sweep(s, path, keep, err);
			(void)unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR);
		} else if (json_object_get(keep, path) == NULL) {
			rc = site_remove(s, path, err);
		}
		talloc_free(path);
	}
	if (dir != NULL)
		closedir(dir);
	talloc_free(whole);
	return rc;
}

enum rc
site_folders(struct site *s, const char ***list, size_t *n, struct err *err)
{
	DIR *dir = opendir(s->dir);
	struct dirent *e;
	struct stat sb;

	if (dir == NULL)
		return err_errno(err, "%s", s->dir);
	while ((e = readdir(dir)) != NULL) {
		if (*e->d_name != '.' &&
		    fstatat(dirfd(dir), e->d_name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(sb.st_mode))
			text_push(s->ctx, list, n, talloc_strdup(s->ctx, e->d_name));
	}
	closedir(dir);
	return RC_OK;
}
