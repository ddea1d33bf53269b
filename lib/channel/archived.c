/* Mail archives: by the rules of mail-ingest, at the time they were sent. */
#include "channel/archived.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/sandbox.h"
#include "channel/folder.h"
#include "channel/ingest.h"

enum { BATCH = 200 }; /* mails a transaction */

struct mails {
	struct cmd_env *env;
	const struct import_want *want;
	struct import_count *n;
	struct ingester *ing;
};

static void
each_outcome(void *arg, size_t mail, const struct ingest *r)
{
	struct mails *k = arg;

	(void)mail;
	if (strcmp(r->outcome, "created") == 0)
		k->n->tickets++;
	if (strcmp(r->outcome, "duplicate") == 0)
		k->n->known++;
	else if (r->message != 0)
		k->n->messages++;
	else
		k->n->left_out++;
}

static enum rc
file_some(struct mails *k, bool all, struct err *err)
{
	size_t bytes, n = ingester_count(k->ing, &bytes);

	if (n == 0 || (!all && n < BATCH && bytes < 32 * 1024 * 1024))
		return RC_OK;
	cmd_progress(k->env, "mails", k->n->messages + k->n->known, false);
	return ingester_file(k->ing, each_outcome, k, err);
}

static enum rc
add_mail(struct mails *k, const char *raw, size_t n, size_t size, int64_t at,
    bool null_sender, struct err *err)
{
	struct ingest_want want = {
	    .mailbox = k->want->mailbox, .received_at = at, .null_sender = null_sender};
	enum rc rc = ingester_add(k->ing, &want, raw, n, size, err);

	return rc == RC_OK ? file_some(k, false, err) : rc;
}

static enum rc
from_mbox(struct mails *k, const char *path, size_t max, struct err *err)
{
	struct mbox *m = NULL;
	enum rc rc = mbox_open(k->env->ctx, path, &m, err);

	while (rc == RC_OK) {
		bool null_sender = false;
		int64_t at = INSTANT_NONE;
		char *raw = NULL;
		size_t n = 0, size = 0;

		rc = mbox_next(m, k->ing, max, &raw, &n, &size, &at, &null_sender, err);
		if (rc == RC_OK && n > 0)
			rc = add_mail(k, raw, n, size,
			    at <= desk_now(k->env->desk) ? at : INSTANT_NONE, null_sender,
			    err);
		talloc_free(raw);
	}
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
from_maildir(struct mails *k, const char *dir, size_t max, struct err *err)
{
	char **names = NULL;
	size_t count = 0;
	enum rc rc = maildir_list(k->env->ctx, dir, true, &names, &count, err);

	for (size_t i = 0; rc == RC_OK && i < count; i++) {
		char *path = talloc_asprintf(k->env->ctx, "%s/%s", dir, names[i]), *raw;
		size_t n = 0, size = 0;
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0) { /* one that cannot be read does not stop the others */
			err_errno(err, "%s", path);
			cmd_error(k->env, "%s", err->text);
			k->n->bad++;
			talloc_free(path);
			continue;
		}
		rc = mail_slurp(path, fd, max, &raw, &n, &size, err);
		close(fd);
		if (rc == RC_OK)
			rc = add_mail(k, raw, n, size,
			    maildir_time(names[i], desk_now(k->env->desk)), false, err);
		talloc_free(path);
	}
	return rc;
}

enum rc
import_mails(struct cmd_env *env, const struct import_want *w, const char *path,
    struct import_count *n, struct err *err)
{
	struct mails k = {.env = env, .want = w, .n = n};
	const char *writable[3] = {
	    env->desk->dir, talloc_asprintf(env->ctx, "%s/blobs", env->desk->dir), NULL};
	size_t max = (size_t)env->desk->config->mail_size_max;
	enum rc rc;

	if (path == NULL)
		return err_fail(err, RC_USAGE, "say which file or maildir");
	if (w->dry_run)
		return err_fail(
		    err, RC_USAGE, "--dry-run: mail-ingest --explain says it for mails");
	rc = ingester_new(env->ctx, env->desk, &k.ing, err);
	if (rc != RC_OK)
		return rc;
	/* Whoever wrote these mails writes to our parser. */
	(void)sandbox_enter(writable);
	max = max < MAIL_KEPT ? MAIL_KEPT : max;
	rc =
	    w->maildir ? from_maildir(&k, path, max, err) : from_mbox(&k, path, max, err);
	return rc == RC_OK ? file_some(&k, true, err) : rc;
}
