/* Reading a backup: into a desk that is proven before it gets its name. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/record.h"
#include "base/text.h"
#include "exchange/backup.h"
#include "exchange/exchange_priv.h"

enum { MANIFEST_MAX = 256 * 1024 * 1024, FDS = 16 };

static int
remove_one(const char *path, const struct stat *sb, int flag, struct FTW *f)
{
	(void)sb;
	(void)f;
	return flag == FTW_DP ? rmdir(path) : unlink(path);
}

void
remove_tree(const char *dir)
{
	(void)nftw(dir, remove_one, FDS, FTW_DEPTH | FTW_PHYS);
}

struct reading {
	void *ctx;
	struct archive_in *a;
	const char *dir;
	struct backup *b;
	json_t *seen; /* name -> sha256 of files, as they were unpacked */
	json_t *manifest;
};

/* ---- members ---- */

/* Makes the folders of "a/b/c" below dir. Names were checked: they stay below. */
static enum rc
make_folders(const struct reading *r, const char *name, struct err *err)
{
	for (const char *p = strchr(name, '/'); p != NULL; p = strchr(p + 1, '/')) {
		char *path =
		    talloc_asprintf(r->ctx, "%s/%.*s", r->dir, (int)(p - name), name);
		int bad = mkdir(path, 0700);

		if (bad != 0 && errno != EEXIST)
			return err_errno(err, "%s", path);
		talloc_free(path);
	}
	return RC_OK;
}

static enum rc
unpack_to(struct reading *r, const char *name, mode_t mode, unsigned char hash[32],
    struct err *err)
{
	char *path = talloc_asprintf(r->ctx, "%s/%s", r->dir, name);
	int64_t size = 0;
	int fd;
	enum rc rc = make_folders(r, name, err);

	if (rc != RC_OK)
		return rc;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return errno == EEXIST ? err_fail(err, RC_INVALID,
					     "member \"%s\" is there twice", name)
				       : err_errno(err, "%s", path);
	rc = archive_read_to(r->a, fd, hash, &size, err);
	if (rc == RC_OK && fsync(fd) != 0)
		rc = err_errno(err, "%s", path);
	if (close(fd) != 0 && rc == RC_OK)
		rc = err_errno(err, "%s", path);
	talloc_free(path);
	r->b->bytes += size;
	return rc;
}

static enum rc
unpack_blob(struct reading *r, const char *hex, struct err *err)
{
	unsigned char want[32], have[32];
	char *name;
	enum rc rc;

	if (!text_unhex(hex, want, sizeof(want)))
		return err_fail(err, RC_INVALID, "member \"blobs/%s\" is no blob", hex);
	name = talloc_asprintf(r->ctx, "blobs/%.2s/%.2s/%s", hex, hex + 2, hex);
	rc = unpack_to(r, name, 0440, have, err);
	talloc_free(name);
	if (rc == RC_OK && memcmp(want, have, sizeof(want)) != 0)
		rc = err_fail(
		    err, RC_INVALID, "blob %s: its content has another hash", hex);
	r->b->blobs++;
	return rc;
}

static enum rc
unpack_file(struct reading *r, const char *name, struct err *err)
{
	unsigned char hash[32];
	char *hex;
	/* Hooks of a repository must run. */
	bool hook = strstr(name, "/hooks/") != NULL;
	enum rc rc = unpack_to(r, name, hook ? 0700 : 0600, hash, err);

	if (rc != RC_OK)
		return rc;
	hex = text_hex(NULL, hash, sizeof(hash));
	json_object_set_new(r->seen, name, json_string(hex));
	talloc_free(hex);
	r->b->files++;
	return RC_OK;
}

static enum rc
read_manifest(struct reading *r, struct err *err)
{
	char *text = NULL;
	size_t n = 0;
	enum rc rc = archive_read_all(r->a, r->ctx, MANIFEST_MAX, &text, &n, err);

	if (rc == RC_OK && r->manifest != NULL)
		rc = err_fail(err, RC_INVALID, "two manifests");
	if (rc != RC_OK)
		return rc;
	r->manifest = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	talloc_free(text);
	return json_is_object(r->manifest)
		   ? RC_OK
		   : err_fail(err, RC_INVALID, "manifest.json is not JSON");
}

static enum rc
unpack_all(struct reading *r, struct err *err)
{
	struct archive_member m;
	enum rc rc;

	while ((rc = archive_next(r->a, &m, err)) == RC_OK) {
		if (m.folder)
			continue;
		if (r->manifest != NULL)
			return err_fail(err, RC_INVALID,
			    "member \"%s\" stands behind the manifest", m.name);
		if (text_starts(m.name, "blobs/"))
			rc = unpack_blob(r, m.name + strlen("blobs/"), err);
		else if (strcmp(m.name, "manifest.json") == 0)
			rc = read_manifest(r, err);
		else
			rc = unpack_file(r, m.name, err);
		if (rc != RC_OK)
			return rc;
	}
	if (rc == RC_NONE && r->manifest == NULL)
		return err_fail(err, RC_INVALID,
		    "no manifest at its end: it was cut, or is no backup");
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- the manifest ---- */

static const char *
text_of(const struct reading *r, const char *key)
{
	const char *s = json_string_value(json_object_get(r->manifest, key));

	return s ? s : "";
}

static enum rc
check_manifest(struct reading *r, struct err *err)
{
	json_t *files = json_object_get(r->manifest, "files"), *f;
	struct backup *b = r->b;
	size_t i;
	int64_t format = json_integer_value(json_object_get(r->manifest, "format"));

	if (strcmp(text_of(r, "type"), "backup") != 0)
		return err_fail(err, RC_INVALID, "the manifest is not that of a backup");
	if (format != BACKUP_FORMAT)
		return err_fail(err, RC_CONFIG,
		    "the backup has format %lld, this program knows %d",
		    (long long)format, BACKUP_FORMAT);
	json_array_foreach(files, i, f)
	{
		const char *name = json_string_value(json_object_get(f, "name")),
			   *want = json_string_value(json_object_get(f, "sha256")),
			   *have = name
				       ? json_string_value(json_object_get(r->seen, name))
				       : NULL;

		if (have == NULL || want == NULL || strcmp(have, want) != 0)
			return err_fail(err, RC_INVALID, "%s is not what was saved",
			    name ? name : "a file");
	}
	if (json_array_size(files) != json_object_size(r->seen) ||
	    json_integer_value(json_object_get(r->manifest, "blobs")) != b->blobs)
		return err_fail(
		    err, RC_INVALID, "there are more or fewer members than were saved");
	b->desk = talloc_strdup(r->ctx, text_of(r, "desk"));
	b->name = talloc_strdup(r->ctx, text_of(r, "name"));
	b->hash = talloc_strdup(r->ctx, text_of(r, "hash"));
	b->event = json_integer_value(json_object_get(r->manifest, "event"));
	b->keys = json_is_true(json_object_get(r->manifest, "keys"));
	return record_instant(r->manifest, "at", &b->at, err);
}

/* ---- the proof ---- */

static void
keep_first(void *arg, const char *text)
{
	struct err *first = arg;

	if (first->text[0] == '\0')
		err_fail(first, RC_INVALID, "%s", text);
}

static enum rc
check_store(struct reading *r, struct err *err)
{
	struct verify_report report;
	struct err first = {0};
	struct store *s = NULL;
	char *hex;
	enum rc rc = store_open(r->ctx, r->dir, STORE_WRITE, &s, err);

	if (rc == RC_OK)
		rc = store_check(s, err);
	if (rc == RC_OK)
		rc = store_write(s, err);
	if (rc == RC_OK) {
		rc = store_index_check(s, err);
		if (rc == RC_OK)
			rc = verify_all(s, 0, true, keep_first, &first, &report, err);
		store_rollback(s);
	}
	talloc_free(s);
	if (rc != RC_OK)
		return rc == RC_IO ? (err->rc = RC_INVALID) : rc;
	r->b->problems = report.problems;
	r->b->events = report.events;
	r->b->tickets = report.tickets;
	hex = text_hex(r->ctx, report.hash, BLOB_HASH);
	if (report.problems > 0)
		return err_fail(err, RC_INVALID, "%lld problems in its desk: %s",
		    (long long)report.problems, first.text);
	if (report.last != r->b->event || strcmp(hex, r->b->hash) != 0)
		return err_fail(err, RC_INVALID, "its log is not that of its manifest");
	return RC_OK;
}

/* What a desk has beside what was saved. */
static enum rc
complete(struct reading *r, struct err *err)
{
	static const char *const folders[] = {"blobs", "canned", "secret"};
	char *key = talloc_asprintf(r->ctx, "%s/secret/desk.key", r->dir);

	/* A repository without branches has empty folders, which no archive keeps. */
	static const char *const git[] = {
	    "kb.git/objects", "kb.git/refs", "kb.git/refs/heads", NULL};
	char *head = talloc_asprintf(r->ctx, "%s/kb.git/HEAD", r->dir);

	for (const char *const *g = git; access(head, F_OK) == 0 && *g != NULL; g++) {
		char *path = talloc_asprintf(r->ctx, "%s/%s", r->dir, *g);

		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return err_errno(err, "%s", path);
	}
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char *path = talloc_asprintf(r->ctx, "%s/%s", r->dir, folders[i]);

		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return err_errno(err, "%s", path);
	}
	return access(key, F_OK) == 0 ? RC_OK : desk_new_key(r->dir, err);
}

/* Into r->dir, which is there and empty. */
static enum rc
restore_into(
    void *ctx, const char *path, const char *dir, struct backup *b, struct err *err)
{
	struct reading r = {
	    .ctx = ctx, .dir = dir, .b = b, .seen = record_own(ctx, json_object())};
	enum rc rc;

	*b = (struct backup){0};
	rc = archive_open(ctx, path, &r.a, err);
	if (rc != RC_OK)
		return rc;
	rc = unpack_all(&r, err);
	if (rc == RC_OK)
		rc = check_manifest(&r, err);
	if (rc == RC_OK)
		rc = complete(&r, err);
	if (rc == RC_OK)
		rc = check_store(&r, err);
	talloc_free(r.a);
	json_decref(r.manifest);
	return rc == RC_OK ? rc : err_wrap(err, "%s", path);
}

enum rc
backup_restore(
    void *ctx, const char *path, const char *dir, struct backup *b, struct err *err)
{
	char *part = talloc_asprintf(ctx, "%s.%ld.part", dir, (long)getpid());
	struct stat sb;
	enum rc rc;

	if (stat(dir, &sb) == 0 && rmdir(dir) != 0)
		return err_fail(err, RC_EXISTS,
		    "%s is there already: a backup is restored into a new folder", dir);
	if (mkdir(part, 0700) != 0)
		return err_errno(err, "%s", dir);
	rc = restore_into(ctx, path, part, b, err);
	if (rc == RC_OK && rename(part, dir) != 0)
		rc = err_errno(err, "%s", dir);
	if (rc != RC_OK)
		remove_tree(part);
	return rc;
}

enum rc
backup_verify(void *ctx, const char *path, struct backup *b, struct err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *dir =
	    talloc_asprintf(ctx, "%s/tkt-verify.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	enum rc rc;

	if (mkdtemp(dir) == NULL)
		return err_errno(err, "%s", dir);
	rc = restore_into(ctx, path, dir, b, err);
	remove_tree(dir);
	return rc;
}
