/* Archives, out and in. */
#include "base/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"

enum { STEP = 65536, RECORD = 10240 };

/* ---- out ---- */

struct archive_out {
	struct archive *a;
	char *path, *tmp; /* tmp NULL: standard output */
	int fd;
	int64_t size;
	unsigned char hash[crypto_hash_sha256_BYTES];
};

static enum rc
failed(struct archive *a, const char *what, struct err *err)
{
	int e = archive_errno(a);
	const char *why = archive_error_string(a);

	return err_fail(err, e == ENOSPC || e == EDQUOT ? RC_BUSY : RC_IO, "%s: %s", what,
	    why ? why : strerror(e));
}

static int
out_free(struct archive_out *a)
{
	if (a->a != NULL)
		archive_write_free(a->a);
	if (a->fd >= 0)
		close(a->fd);
	if (a->tmp != NULL)
		unlink(a->tmp);
	return 0;
}

static bool
ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n > m && strcmp(s + n - m, suffix) == 0;
}

static enum rc
choose_filter(struct archive_out *a, const char *path, struct err *err)
{
	int rc = ARCHIVE_OK;

	if (strcmp(path, "-") == 0 || ends(path, ".tar.zst"))
		rc = archive_write_add_filter_zstd(a->a);
	else if (ends(path, ".tar.gz") || ends(path, ".tgz"))
		rc = archive_write_add_filter_gzip(a->a);
	else if (!ends(path, ".tar"))
		return err_fail(err, RC_USAGE,
		    "%s: an archive is called .tar.zst, .tar.gz or .tar", path);
	if (rc != ARCHIVE_OK ||
	    archive_write_set_format_pax_restricted(a->a) != ARCHIVE_OK)
		return failed(a->a, path, err);
	return RC_OK;
}

enum rc
archive_create(void *ctx, const char *path, struct archive_out **out, struct err *err)
{
	struct archive_out *a = talloc_zero(ctx, struct archive_out);
	enum rc rc;

	a->fd = -1;
	a->a = archive_write_new();
	a->path = talloc_strdup(a, path);
	talloc_set_destructor(a, out_free);
	if (a->a == NULL)
		return err_fail(err, RC_BUSY, "out of memory");
	rc = choose_filter(a, path, err);
	if (rc == RC_OK && strcmp(path, "-") == 0) {
		if (isatty(STDOUT_FILENO) == 1)
			rc = err_fail(
			    err, RC_USAGE, "an archive is not written to a terminal");
		a->fd = dup(STDOUT_FILENO);
	} else if (rc == RC_OK) {
		a->tmp = talloc_asprintf(a, "%s.%ld.tmp", path, (long)getpid());
		a->fd = open(a->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (a->fd < 0) {
			rc = err_errno(err, "%s", path);
			a->tmp = NULL;
		}
	}
	/* No padding behind the last block: zstd(1) and gzip(1) call it garbage. */
	archive_write_set_bytes_in_last_block(a->a, 1);
	if (rc == RC_OK && archive_write_open_fd(a->a, a->fd) != ARCHIVE_OK)
		rc = failed(a->a, path, err);
	if (rc != RC_OK) {
		talloc_free(a);
		return rc;
	}
	*out = a;
	return RC_OK;
}

static enum rc
header(struct archive_out *a, const char *name, int64_t n, struct err *err)
{
	struct archive_entry *e = archive_entry_new();
	int rc;

	archive_entry_set_pathname_utf8(e, name);
	archive_entry_set_size(e, n);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0600);
	archive_entry_set_mtime(e, now_ms() / 1000, 0);
	rc = archive_write_header(a->a, e);
	archive_entry_free(e);
	a->size = n;
	return rc == ARCHIVE_OK ? RC_OK : failed(a->a, a->path, err);
}

static enum rc
write_data(struct archive_out *a, const void *data, size_t n, struct err *err)
{
	const char *p = data;

	while (n > 0) {
		la_ssize_t w = archive_write_data(a->a, p, n);

		if (w <= 0)
			return failed(a->a, a->path, err);
		p += w;
		n -= (size_t)w;
	}
	return RC_OK;
}

enum rc
archive_add(
    struct archive_out *a, const char *name, const void *data, size_t n, struct err *err)
{
	enum rc rc = header(a, name, (int64_t)n, err);

	crypto_hash_sha256(a->hash, data, n);
	return rc == RC_OK ? write_data(a, data, n, err) : rc;
}

enum rc
archive_add_fd(
    struct archive_out *a, const char *name, int fd, int64_t n, struct err *err)
{
	crypto_hash_sha256_state st;
	char *buf = talloc_size(a, STEP);
	int64_t left = n;
	enum rc rc = header(a, name, n, err);

	crypto_hash_sha256_init(&st);
	while (rc == RC_OK && left > 0) {
		ssize_t r = read(fd, buf, (size_t)(left < STEP ? left : STEP));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			rc = err_errno(err, "%s", name);
		else if (r == 0)
			rc = err_fail(err, RC_IO, "%s became shorter meanwhile", name);
		else {
			crypto_hash_sha256_update(
			    &st, (unsigned char *)buf, (unsigned long long)r);
			rc = write_data(a, buf, (size_t)r, err);
			left -= r;
		}
	}
	crypto_hash_sha256_final(&st, a->hash);
	talloc_free(buf);
	return rc;
}

const unsigned char *
archive_hash(const struct archive_out *a, int64_t *size)
{
	*size = a->size;
	return a->hash;
}

enum rc
archive_finish(struct archive_out *a, struct err *err)
{
	if (archive_write_close(a->a) != ARCHIVE_OK)
		return failed(a->a, a->path, err);
	if (a->tmp == NULL)
		return RC_OK;
	if (fsync(a->fd) != 0 || rename(a->tmp, a->path) != 0)
		return err_errno(err, "%s", a->path);
	a->tmp = NULL;
	return RC_OK;
}

/* ---- in ---- */

struct archive_in {
	struct archive *a;
	const char *path;
	char *name;
	int64_t members, bytes;
};

static int
in_free(struct archive_in *a)
{
	archive_read_free(a->a);
	return 0;
}

enum rc
archive_open(void *ctx, const char *path, struct archive_in **out, struct err *err)
{
	struct archive_in *a = talloc_zero(ctx, struct archive_in);
	bool from_stdin = strcmp(path, "-") == 0;
	int rc;

	a->path = talloc_strdup(a, from_stdin ? "standard input" : path);
	a->a = archive_read_new();
	talloc_set_destructor(a, in_free);
	archive_read_support_filter_zstd(a->a);
	archive_read_support_filter_gzip(a->a);
	archive_read_support_format_tar(a->a);
	if (from_stdin) {
		rc = archive_read_open_fd(a->a, STDIN_FILENO, RECORD);
	} else if (access(path, R_OK) != 0) {
		err_errno(err, "%s", path);
		talloc_free(a);
		return err->rc;
	} else {
		rc = archive_read_open_filename(a->a, path, RECORD);
	}
	if (rc != ARCHIVE_OK) {
		err_fail(err, RC_INVALID, "%s is no archive: %s", a->path,
		    archive_error_string(a->a));
		talloc_free(a);
		return RC_INVALID;
	}
	*out = a;
	return RC_OK;
}

static enum rc
damaged(struct archive_in *a, struct err *err)
{
	const char *why = archive_error_string(a->a);

	return err_fail(err, RC_INVALID, "%s is damaged: %s", a->path,
	    why ? why : "it ends too early");
}

/* Only what tar made of plain names below one folder: "a/b", never "/a", "../a", "a//b".
 */
static bool
good_name(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > ARCHIVE_NAME_MAX || *s == '/')
		return false;
	for (const char *p = s; p != NULL; p = strchr(p, '/')) {
		size_t len;

		p += p != s || *p == '/';
		len = strcspn(p, "/");
		if ((len == 0 && p[len] == '/') || (len == 1 && *p == '.') ||
		    (len == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		if (p[len] == '\0')
			break;
	}
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < ' ' || *s == '\\' || *s == 127)
			return false;
	}
	return true;
}

enum rc
archive_next(struct archive_in *a, struct archive_member *m, struct err *err)
{
	struct archive_entry *e;
	int rc = archive_read_next_header(a->a, &e);
	const char *name;
	mode_t type;

	if (rc == ARCHIVE_EOF)
		return RC_NONE;
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		return damaged(a, err);
	name = archive_entry_pathname_utf8(e);
	type = archive_entry_filetype(e);
	if (name == NULL || !good_name(name))
		return err_fail(err, RC_INVALID, "%s: member \"%s\": its name leads out",
		    a->path, name ? name : "?");
	if (archive_entry_hardlink(e) != NULL || archive_entry_symlink(e) != NULL ||
	    (type != AE_IFREG && type != AE_IFDIR))
		return err_fail(err, RC_INVALID,
		    "%s: member \"%s\" is neither file nor folder", a->path, name);
	if (++a->members > ARCHIVE_MEMBERS_MAX)
		return err_fail(err, RC_INVALID, "%s has more than %d members", a->path,
		    ARCHIVE_MEMBERS_MAX);
	talloc_free(a->name);
	a->name = talloc_strdup(a, name);
	*m = (struct archive_member){.name = a->name,
	    .size = archive_entry_size_is_set(e) ? archive_entry_size(e) : -1,
	    .folder = type == AE_IFDIR};
	return RC_OK;
}

enum rc
archive_read_some(struct archive_in *a, const void **data, size_t *n, struct err *err)
{
	la_int64_t offset;
	int rc = archive_read_data_block(a->a, data, n, &offset);

	if (rc == ARCHIVE_EOF)
		return RC_NONE;
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		return damaged(a, err);
	a->bytes += (int64_t)*n;
	if (a->bytes >
	    ARCHIVE_FREE + ARCHIVE_RATIO_MAX * (int64_t)archive_filter_bytes(a->a, -1))
		return err_fail(err, RC_INVALID,
		    "%s unpacks to more than %d times its size: that is refused", a->path,
		    ARCHIVE_RATIO_MAX);
	return RC_OK;
}

enum rc
archive_read_all(
    struct archive_in *a, void *ctx, size_t max, char **out, size_t *n, struct err *err)
{
	const void *data;
	size_t some, room = 0;
	enum rc rc;

	*out = NULL;
	*n = 0;
	while ((rc = archive_read_some(a, &data, &some, err)) == RC_OK) {
		if (*n + some > max)
			return err_fail(err, RC_INVALID,
			    "%s: member \"%s\" is larger than %zu bytes", a->path,
			    a->name, max);
		if (*n + some + 1 > room) {
			room = 2 * (*n + some + 1);
			*out = mem_grow(ctx, *out, char, room);
		}
		memcpy(*out + *n, data, some);
		*n += some;
	}
	if (rc != RC_NONE)
		return rc;
	if (*out == NULL)
		*out = mem_array(ctx, char, 1);
	(*out)[*n] = '\0';
	return RC_OK;
}

enum rc
archive_read_to(
    struct archive_in *a, int fd, unsigned char hash[32], int64_t *size, struct err *err)
{
	crypto_hash_sha256_state st;
	const void *data;
	size_t n;
	enum rc rc;

	crypto_hash_sha256_init(&st);
	*size = 0;
	while ((rc = archive_read_some(a, &data, &n, err)) == RC_OK) {
		const char *p = data;
		size_t left = fd >= 0 ? n : 0;

		crypto_hash_sha256_update(&st, data, n);
		*size += (int64_t)n;
		while (left > 0) {
			ssize_t w = write(fd, p, left);

			if (w < 0 && errno == EINTR)
				continue;
			if (w < 0)
				return err_errno(err, "%s", a->name);
			p += w;
			left -= (size_t)w;
		}
	}
	crypto_hash_sha256_final(&st, hash);
	return rc == RC_NONE ? RC_OK : rc;
}
