/* An export as it lies in a file: a tar with its blobs, or records alone. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/archive.h"
#include "base/text.h"
#include "exchange/exchange_priv.h"
#include "exchange/import.h"

enum { BLOB_MAX = 1024 * 1024 * 1024 };

static enum rc
take_blob(struct cmd_env *env, const struct import_want *w, struct archive_in *a,
    const char *hex, struct err *err)
{
	unsigned char want[BLOB_HASH], have[BLOB_HASH] = {0};
	void *ctx = talloc_new(env->ctx);
	char *data = NULL;
	size_t n = 0;
	enum rc rc;

	if (!text_unhex(hex, want, BLOB_HASH))
		rc = err_fail(err, RC_INVALID, "blobs/%s: no hash", hex);
	else
		rc = archive_read_all(a, ctx, BLOB_MAX, &data, &n, err);
	if (rc == RC_OK && !w->dry_run)
		rc = blob_put(env->desk->store, data, n, have, err);
	if (rc == RC_OK && !w->dry_run && memcmp(want, have, BLOB_HASH) != 0)
		rc = err_fail(
		    err, RC_INVALID, "blobs/%s: its content has another hash", hex);
	talloc_free(ctx);
	return rc;
}

/* Blobs go into the store as they come; records into a file without a name. */
static enum rc
unpack(struct cmd_env *env, const struct import_want *w, const char *path, FILE **records,
    struct err *err)
{
	struct archive_in *a = NULL;
	struct archive_member m;
	unsigned char hash[BLOB_HASH];
	int64_t size;
	enum rc rc = archive_open(env->ctx, path, &a, err);

	*records = NULL;
	while (rc == RC_OK && (rc = archive_next(a, &m, err)) == RC_OK) {
		if (m.folder)
			continue;
		if (text_starts(m.name, "blobs/")) {
			rc = take_blob(env, w, a, m.name + strlen("blobs/"), err);
		} else if (strcmp(m.name, "records.jsonl") == 0 && *records == NULL) {
			*records = tmpfile();
			rc = *records
				 ? archive_read_to(a, fileno(*records), hash, &size, err)
				 : err_errno(err, "a temporary file");
		} else {
			rc = err_fail(err, RC_INVALID,
			    "%s: member \"%s\" is no part of an export", path, m.name);
		}
	}
	talloc_free(a);
	if (rc == RC_NONE && *records == NULL)
		rc = err_fail(err, RC_INVALID,
		    "%s has no records.jsonl: it was cut, or is no "
		    "export",
		    path);
	if (rc == RC_NONE)
		rc = RC_OK;
	if (rc == RC_OK && lseek(fileno(*records), 0, SEEK_SET) != 0)
		rc = err_errno(err, "a temporary file");
	if (rc == RC_OK)
		rc = blob_sync(env->desk->store, err);
	return rc;
}

static bool
is_archive(const char *path)
{
	static const char *const ends[] = {".tar", ".tar.zst", ".tar.gz", ".tgz"};
	size_t n = path ? strlen(path) : 0;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (n > strlen(ends[i]) &&
		    strcmp(path + n - strlen(ends[i]), ends[i]) == 0)
			return true;
	}
	return false;
}

enum rc
import_export(struct cmd_env *env, const struct import_want *w, const char *path,
    struct import_count *n, struct err *err)
{
	FILE *records = NULL;
	int fd = STDIN_FILENO;
	enum rc rc = RC_OK;

	if (is_archive(path))
		rc = unpack(env, w, path, &records, err);
	else if (path != NULL && strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (rc == RC_OK && fd < 0)
		rc = err_errno(err, "%s", path);
	if (rc == RC_OK)
		rc = import_records(env, records ? fileno(records) : fd, w, n, err);
	if (records != NULL)
		fclose(records);
	if (fd > STDIN_FILENO)
		close(fd);
	if (rc == RC_OK && n->verbatim && !w->dry_run)
		cmd_note(env, "the policy is that of the export now; tkt.conf itself was "
			      "not touched (tkt-config diff shows it)");
	return rc;
}
