/* Writing a backup. */
#include "exchange/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/record.h"
#include "base/text.h"
#include "exchange/exchange_priv.h"

enum { DEPTH_MAX = 20 };

struct writing {
	struct desk *d;
	struct archive_out *a;
	bool keys;
	struct backup *b;
	json_t *files;
	void *ctx;
	void (*note)(void *arg, const char *text);
	void *arg;
};

static enum rc
listed(struct writing *w, const char *name, struct err *err)
{
	int64_t size;
	const unsigned char *hash = archive_hash(w->a, &size);
	char *hex = text_hex(NULL, hash, BLOB_HASH);

	(void)err;
	json_array_append_new(w->files, json_pack("{s:s,s:I,s:s}", "name", name, "size",
					    (json_int_t)size, "sha256", hex));
	talloc_free(hex);
	w->b->files++;
	w->b->bytes += size;
	return RC_OK;
}

static enum rc
add_file(
    struct writing *w, int dirfd, const char *entry, const char *name, struct err *err)
{
	struct stat sb;
	int fd = openat(dirfd, entry, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	enum rc rc;

	if (fd < 0 && errno == ENOENT) /* gone meanwhile: an object that git packed */
		return RC_OK;
	if (fd < 0 || fstat(fd, &sb) != 0) {
		err_errno(err, "%s", name);
		if (fd >= 0)
			close(fd);
		return err->rc;
	}
	rc = archive_add_fd(w->a, name, fd, sb.st_size, err);
	close(fd);
	return rc == RC_OK ? listed(w, name, err) : rc;
}

/* ---- the files of the desk ---- */

/* The store has its snapshot and its blobs; locks and bells are of the moment, and the
 * site is made anew from kb.git. */
static bool
is_ours(const char *name)
{
	static const char *const skipped[] = {
	    "store.lock", "bell", "blobs", "store.db", "kb.lock", "www", NULL};

	return word_index(skipped, name) >= 0 || text_starts(name, "store.db-") ||
	       text_starts(name, ".backup.");
}

static enum rc add_folder(struct writing *w, int parent, const char *entry,
    const char *name, int depth, struct err *err);

static enum rc
add_entry(struct writing *w, int dirfd, const char *entry, const char *name, int depth,
    struct err *err)
{
	struct stat sb;

	if (fstatat(dirfd, entry, &sb, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? RC_OK : err_errno(err, "%s", name);
	if (S_ISDIR(sb.st_mode))
		return add_folder(w, dirfd, entry, name, depth + 1, err);
	if (S_ISREG(sb.st_mode))
		return add_file(w, dirfd, entry, name, err);
	w->note(w->arg, talloc_asprintf(w->ctx, "%s is no file and was left out", name));
	return RC_OK;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A repository's objects last: whatever its branches name is there by then. */
static int
objects_last(const char *name)
{
	return strcmp(name, "objects") == 0;
}

static enum rc
add_folder(struct writing *w, int parent, const char *entry, const char *name, int depth,
    struct err *err)
{
	int fd = openat(parent, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const char **names = NULL;
	size_t n = 0;
	struct dirent *e;
	enum rc rc = RC_OK;

	if (dir == NULL)
		return err_errno(err, "%s", *name ? name : w->d->dir);
	if (depth > DEPTH_MAX)
		rc = err_fail(
		    err, RC_INVALID, "%s: deeper than %d folders", name, DEPTH_MAX);
	while (rc == RC_OK && (e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			text_push(w->ctx, &names, &n, talloc_strdup(w->ctx, e->d_name));
	}
	if (n > 1)
		qsort(names, n, sizeof(*names), by_name);
	for (int last = 0; last < 2; last++) {
		for (size_t i = 0; rc == RC_OK && i < n; i++) {
			char *path = talloc_asprintf(
			    w->ctx, "%s%s%s", name, *name ? "/" : "", names[i]);

			if (objects_last(names[i]) != last ||
			    (depth == 0 &&
				(is_ours(names[i]) ||
				    (!w->keys && strcmp(names[i], "secret") == 0))))
				continue;
			rc = add_entry(w, fd, names[i], path, depth, err);
		}
	}
	closedir(dir);
	return rc;
}

/* ---- blobs: those the snapshot names ---- */

SQL(sql_backup_blobs, "SELECT raw FROM message WHERE raw IS NOT NULL UNION "
		      "SELECT sha256 FROM attachment UNION "
		      "SELECT raw FROM mail_id WHERE outcome <> 'discarded' /* scan */");

static enum rc
add_blobs(struct writing *w, struct store *copy, struct err *err)
{
	unsigned char hash[BLOB_HASH];
	struct stmt *st;
	enum rc rc = store_prepare(copy, sql_backup_blobs, &st, err);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK) {
		char *hex;
		int64_t size = 0;
		size_t n;
		const void *b = col_blob(st, 0, &n);
		int fd;

		if (n != BLOB_HASH)
			continue; /* tkt-fsck's to say */
		memcpy(hash, b, n);
		rc = blob_open(w->d->store, hash, &fd, &size, err);
		if (rc != RC_OK)
			break;
		hex = text_hex(w->ctx, hash, BLOB_HASH);
		rc = archive_add_fd(
		    w->a, talloc_asprintf(hex, "blobs/%s", hex), fd, size, err);
		close(fd);
		talloc_free(hex);
		if (rc != RC_OK)
			break;
		w->b->blobs++;
		w->b->bytes += size;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- the snapshot ---- */

static enum rc
add_store(struct writing *w, const char *dir, struct err *err)
{
	char *path = talloc_asprintf(w->ctx, "%s/store.db", dir);
	int fd;
	enum rc rc = store_copy(w->d->store, path, err);

	if (rc != RC_OK)
		return rc;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, "%s", dir);
	rc = add_file(w, fd, "store.db", "store.db", err);
	close(fd);
	return rc;
}

static enum rc
read_head(struct writing *w, struct store *copy, struct err *err)
{
	struct chain end;
	enum rc rc = chain_end(copy, &end, err);

	if (rc == RC_OK) {
		w->b->event = end.id;
		w->b->hash = text_hex(w->ctx, end.hash, BLOB_HASH);
	}
	return rc;
}

static enum rc
add_manifest(struct writing *w, struct err *err)
{
	struct backup *b = w->b;
	json_t *o = json_pack("{s:s,s:i,s:s,s:s,s:o,s:i,s:I,s:s,s:b,s:I,s:I,s:O}", "type",
	    "backup", "format", BACKUP_FORMAT, "desk", w->d->id, "name",
	    w->d->config->name, "at", record_instant_value(b->at), "schema",
	    store_schema(w->d->store), "event", (json_int_t)b->event, "hash", b->hash,
	    "keys", b->keys, "blobs", (json_int_t)b->blobs, "bytes", (json_int_t)b->bytes,
	    "files", w->files);
	char *text = record_canonical(w->ctx, o);
	enum rc rc = archive_add(w->a, "manifest.json", text, strlen(text), err);

	json_decref(o);
	return rc;
}

static enum rc
write_parts(struct writing *w, const char *dir, struct err *err)
{
	struct store *copy = NULL;
	int fd = open(w->d->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum rc rc = fd < 0 ? err_errno(err, "%s", w->d->dir) : add_store(w, dir, err);

	if (rc == RC_OK)
		rc = store_open(w->ctx, dir, STORE_READ, &copy, err);
	if (rc == RC_OK)
		rc = read_head(w, copy, err);
	if (rc == RC_OK)
		rc = add_folder(w, fd, ".", "", 0, err);
	if (rc == RC_OK)
		rc = add_blobs(w, copy, err);
	if (rc == RC_OK)
		rc = add_manifest(w, err);
	talloc_free(copy);
	if (fd >= 0)
		close(fd);
	return rc;
}

enum rc
backup_write(struct desk *d, struct archive_out *a, bool keys,
    void (*note)(void *, const char *), void *arg, struct backup *b, struct err *err)
{
	struct writing w = {.d = d,
	    .a = a,
	    .keys = keys,
	    .b = b,
	    .files = json_array(),
	    .ctx = talloc_new(d),
	    .note = note,
	    .arg = arg};
	char *dir = talloc_asprintf(w.ctx, "%s/.backup.XXXXXX", d->dir);
	enum rc rc = RC_OK;

	*b = (struct backup){.at = desk_now(d), .keys = keys};
	if (mkdtemp(dir) == NULL)
		rc = err_errno(err, "%s", d->dir);
	if (rc == RC_OK) {
		rc = write_parts(&w, dir, err);
		remove_tree(dir);
	}
	json_decref(w.files);
	return rc;
}
