/* Blobs: raw mails and attachments as files named by their hash. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include "base/mem.h"
#include <unistd.h>

#include "base/instant.h"
#include "base/text.h"
#include "store/store_priv.h"

enum { PATH_ROOM = 128, READ_STEP = 65536, FDS_HELD = 16 };

static void
blob_path(const unsigned char hash[BLOB_HASH], char path[PATH_ROOM])
{
	char *hex = text_hex(NULL, hash, BLOB_HASH);

	snprintf(path, PATH_ROOM, "blobs/%.2s/%.2s/%s", hex, hex + 2, hex);
	talloc_free(hex);
}

static enum rc
make_dirs(struct store *s, const char *path, struct err *err)
{
	char dir[PATH_ROOM];
	static const size_t ends[] = {5, 8, 11}; /* blobs, blobs/ab, blobs/ab/cd */

	for (size_t i = 0; i < 3; i++) {
		snprintf(dir, sizeof(dir), "%.*s", (int)ends[i], path);
		if (mkdirat(s->dirfd, dir, 0770) != 0 && errno != EEXIST)
			return err_errno(err, "%s/%s", s->dir, dir);
	}
	return RC_OK;
}

static enum rc
write_all(int fd, const char *data, size_t n, struct err *err)
{
	/* Not synced here: many are cheaper together. */
	while (n > 0) {
		ssize_t w = write(fd, data, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return err_errno(err, "writing a blob");
		data += w;
		n -= (size_t)w;
	}
	return RC_OK;
}

/* Remembers which directory got a new name: blob_sync makes them durable, each once. */
static void
remember_dir(struct store *s, const char *path)
{
	char *dir = talloc_strndup(s, path, 11);

	for (size_t i = 0; i < s->nfresh; i++) {
		if (strcmp(s->fresh[i], dir) == 0) {
			talloc_free(dir);
			return;
		}
	}
	s->fresh = mem_grow(s, s->fresh, char *, s->nfresh + 1);
	s->fresh[s->nfresh++] = dir;
}

enum rc
blob_put(struct store *s, const void *data, size_t n, unsigned char hash[BLOB_HASH],
    struct err *err)
{
	char path[PATH_ROOM], tmp[PATH_ROOM];
	enum rc rc;
	int fd;

	crypto_hash_sha256(hash, data, n);
	blob_path(hash, path);
	/* Touched, so that --gc does not take it before our row names it. */
	if (utimensat(s->dirfd, path, NULL, 0) == 0) {
		remember_dir(s, path); /* its writer may not have synced the name yet */
		return RC_OK;
	}
	snprintf(
	    tmp, sizeof(tmp), "blobs/tmp.%ld.%08x", (long)getpid(), randombytes_random());
	fd = openat(s->dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0440);
	if (fd < 0)
		return err_errno(err, "%s/%s", s->dir, tmp);
	rc = write_all(fd, data, n, err);
	if (rc == RC_OK && s->nnew_blobs >= FDS_HELD) {
		if (close(fd) != 0)
			rc = err_errno(err, "%s/%s", s->dir, tmp);
		fd = -1;
	}
	if (rc != RC_OK) {
		if (fd >= 0)
			close(fd);
		unlinkat(s->dirfd, tmp, 0);
		return rc;
	}
	s->new_blobs = mem_grow(s, s->new_blobs, struct new_blob, s->nnew_blobs + 1);
	s->new_blobs[s->nnew_blobs++] =
	    (struct new_blob){talloc_strdup(s, tmp), talloc_strdup(s, path), fd};
	return RC_OK;
}

/* Its folder is most often there already. */
static enum rc
take_name(struct store *s, const struct new_blob *b, struct err *err)
{
	enum rc rc = RC_OK;

	if (renameat(s->dirfd, b->tmp, s->dirfd, b->path) == 0)
		return RC_OK;
	if (errno == ENOENT)
		rc = make_dirs(s, b->path, err);
	if (rc == RC_OK && renameat(s->dirfd, b->tmp, s->dirfd, b->path) != 0)
		rc = err_errno(err, "%s/%s", s->dir, b->path);
	return rc;
}

/* Bytes first, names then: a blob that has its name is whole, whatever happens. A few are
 * synced one by one, many by one sync of the file system. */
static enum rc
sync_content(struct store *s, struct err *err)
{
	bool many = s->nnew_blobs > FDS_HELD;
	enum rc rc = RC_OK;

	if (many && syncfs(s->dirfd) != 0)
		rc = err_errno(err, "syncing %s", s->dir);
	for (size_t i = 0; i < s->nnew_blobs; i++) {
		struct new_blob *b = &s->new_blobs[i];

		if (rc == RC_OK && !many && fsync(b->fd) != 0)
			rc = err_errno(err, "syncing a blob");
		if (b->fd >= 0 && close(b->fd) != 0 && rc == RC_OK)
			rc = err_errno(err, "%s/%s", s->dir, b->tmp);
		if (rc == RC_OK)
			rc = take_name(s, b, err);
		if (rc != RC_OK)
			unlinkat(s->dirfd, b->tmp, 0);
		else if (!many)
			remember_dir(s, b->path);
		talloc_free(b->tmp);
		talloc_free(b->path);
	}
	TALLOC_FREE(s->new_blobs);
	s->nnew_blobs = 0;
	if (rc == RC_OK && many && syncfs(s->dirfd) != 0)
		rc = err_errno(err, "syncing %s", s->dir);
	return rc;
}

/* A full disk is not filled further by those who try again. */
void
blob_forget(struct store *s)
{
	for (size_t i = 0; i < s->nnew_blobs; i++) {
		if (s->new_blobs[i].fd >= 0)
			close(s->new_blobs[i].fd);
		unlinkat(s->dirfd, s->new_blobs[i].tmp, 0);
	}
	s->nnew_blobs = 0;
}

static enum rc
sync_dir(struct store *s, const char *dir, struct err *err)
{
	int fd = openat(s->dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return err_errno(err, "%s/%s", s->dir, dir);
	rc = fsync(fd);
	close(fd);
	return rc == 0 ? RC_OK : err_errno(err, "%s/%s", s->dir, dir);
}

enum rc
blob_sync(struct store *s, struct err *err)
{
	enum rc rc = s->nnew_blobs > 0 ? sync_content(s, err) : RC_OK;

	for (size_t i = 0; rc == RC_OK && i < s->nfresh; i++) {
		char *dir = s->fresh[i];

		rc = sync_dir(s, dir, err);
		dir[8] = '\0';
		if (rc == RC_OK)
			rc = sync_dir(s, dir, err);
	}
	if (rc == RC_OK && s->nfresh > 0)
		rc = sync_dir(s, "blobs", err);
	TALLOC_FREE(s->fresh);
	s->nfresh = 0;
	return rc;
}

enum rc
blob_get(struct store *s, void *ctx, const unsigned char hash[BLOB_HASH], void **data,
    size_t *n, struct err *err)
{
	char path[PATH_ROOM], *buf;
	struct stat sb;
	size_t got = 0;
	ssize_t r = 0;
	int fd;

	blob_path(hash, path);
	fd = openat(s->dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_errno(err, "%s/%s", s->dir, path);
	if (fstat(fd, &sb) != 0 || sb.st_size < 0) {
		close(fd);
		return err_errno(err, "%s/%s", s->dir, path);
	}
	buf = mem_array(ctx, char, (size_t)sb.st_size + 1);
	while (got < (size_t)sb.st_size &&
	       (r = read(fd, buf + got, (size_t)sb.st_size - got)) > 0)
		got += (size_t)r;
	close(fd);
	if (r < 0)
		return err_errno(err, "%s/%s", s->dir, path);
	buf[got] = '\0';
	*data = buf;
	*n = got;
	return RC_OK;
}

enum rc
blob_verify(struct store *s, const unsigned char hash[BLOB_HASH], struct err *err)
{
	char path[PATH_ROOM], *buf = mem_array(s, char, READ_STEP);
	unsigned char real[BLOB_HASH];
	crypto_hash_sha256_state st;
	ssize_t r = 0;
	int fd;

	blob_path(hash, path);
	fd = openat(s->dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		talloc_free(buf);
		return err_errno(err, "%s", path);
	}
	crypto_hash_sha256_init(&st);
	while ((r = read(fd, buf, READ_STEP)) > 0)
		crypto_hash_sha256_update(
		    &st, (unsigned char *)buf, (unsigned long long)r);
	crypto_hash_sha256_final(&st, real);
	close(fd);
	talloc_free(buf);
	if (r < 0)
		return err_errno(err, "%s", path);
	if (memcmp(real, hash, BLOB_HASH) != 0)
		return err_fail(
		    err, RC_INVALID, "%s: its content has another hash", path);
	return RC_OK;
}

struct gc {
	struct store *s;
	int64_t before, *removed;
	enum rc (*named)(void *, const unsigned char *, bool *, struct err *);
	void *arg;
};

static enum rc
gc_file(const struct gc *g, const char *path, const char *name, struct err *err)
{
	unsigned char hash[BLOB_HASH];
	struct stat sb;
	bool yes = false;
	enum rc rc;

	if (fstatat(g->s->dirfd, path, &sb, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(sb.st_mode) || (int64_t)sb.st_mtim.tv_sec * 1000 >= g->before)
		return RC_OK;
	if (text_unhex(name, hash, BLOB_HASH)) {
		rc = g->named(g->arg, hash, &yes, err);
		if (rc != RC_OK || yes)
			return rc;
	} else if (!text_starts(name, "tmp.")) {
		return RC_OK; /* not ours */
	}
	if (unlinkat(g->s->dirfd, path, 0) != 0)
		return err_errno(err, "%s", path);
	(*g->removed)++;
	return RC_OK;
}

static enum rc
gc_dir(const struct gc *g, const char *dir, int depth, struct err *err)
{
	int fd =
	    openat(g->s->dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	enum rc rc = RC_OK;
	struct dirent *e;
	char path[4 * PATH_ROOM];

	if (d == NULL)
		return err_errno(err, "%s/%s", g->s->dir, dir);
	while (rc == RC_OK && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (depth > 0 && strlen(e->d_name) == 2)
			rc = gc_dir(g, path, depth - 1, err);
		else
			rc = gc_file(g, path, e->d_name, err);
	}
	closedir(d);
	return rc;
}

enum rc
blob_gc(struct store *s, int64_t min_age_ms,
    enum rc (*named)(void *, const unsigned char *, bool *, struct err *), void *arg,
    int64_t *removed, struct err *err)
{
	struct gc g = {s, now_ms() - min_age_ms, removed, named, arg};

	*removed = 0;
	return gc_dir(&g, "blobs", 2, err);
}

enum rc
blob_drop(struct store *s, const unsigned char hash[BLOB_HASH], int64_t min_age_ms,
    enum rc (*named)(void *, const unsigned char *, bool *, struct err *), void *arg,
    bool *removed, struct err *err)
{
	int64_t n = 0;
	struct gc g = {s, now_ms() - min_age_ms, &n, named, arg};
	char path[PATH_ROOM];
	enum rc rc;

	blob_path(hash, path);
	rc = gc_file(&g, path, strrchr(path, '/') + 1, err);
	*removed = n > 0;
	return rc;
}

enum rc
blob_open(struct store *s, const unsigned char hash[BLOB_HASH], int *fd, int64_t *size,
    struct err *err)
{
	char path[PATH_ROOM];
	struct stat sb;

	blob_path(hash, path);
	*fd = openat(s->dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (*fd < 0 || fstat(*fd, &sb) != 0) {
		err_errno(err, "%s/%s", s->dir, path);
		if (*fd >= 0)
			close(*fd);
		return err->rc;
	}
	*size = sb.st_size;
	return RC_OK;
}

bool
blob_there(struct store *s, const unsigned char hash[BLOB_HASH])
{
	char path[PATH_ROOM];

	blob_path(hash, path);
	return faccessat(s->dirfd, path, R_OK, 0) == 0;
}
