/* kb.git of a desk: opening it, and making it with its hooks. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "kb/kb.h"

extern const char hook_pre_receive[], hook_post_receive[];

enum rc
kb_repo(void *ctx, const struct desk *d, struct repo **r, struct err *err)
{
	char *dir = talloc_asprintf(ctx, "%s/kb.git", d->dir);
	enum rc rc = repo_open(ctx, dir, r, err);

	if (rc == RC_NOTFOUND)
		rc = err_fail(err, RC_NOTFOUND,
		    "%s: this desk has no knowledge base yet (tkt-init --upgrade %s "
		    "makes "
		    "one)",
		    dir, d->dir);
	return rc;
}

/* The folder that our programs are in: hooks have whatever PATH the pusher has. */
static char *
programs_dir(void *ctx)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return talloc_strdup(ctx, "/usr/local/bin");
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	return talloc_strdup(ctx, self);
}

static enum rc
write_hook(const char *dir, const char *name, const char *text, struct err *err)
{
	char *path = talloc_asprintf(NULL, "%s/hooks/%s", dir, name),
	     *whole = talloc_asprintf(
		 path, "#!/bin/sh\nPATH=$PATH:'%s'\n%s", programs_dir(path), text);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	enum rc rc = RC_OK;

	if (fd < 0)
		rc = errno == EEXIST ? RC_OK : err_errno(err, "%s", path);
	else if (write(fd, whole, strlen(whole)) != (ssize_t)strlen(whole))
		rc = err_errno(err, "%s", path);
	if (fd >= 0)
		close(fd);
	talloc_free(path);
	return rc;
}

enum rc
kb_create(const char *desk, const char *branch, struct err *err)
{
	char *dir = talloc_asprintf(NULL, "%s/kb.git", desk);
	enum rc rc = repo_create(dir, branch, err);

	if (rc == RC_OK || rc == RC_EXISTS)
		rc = write_hook(dir, "pre-receive", hook_pre_receive, err);
	if (rc == RC_OK)
		rc = write_hook(dir, "post-receive", hook_post_receive, err);
	talloc_free(dir);
	return rc;
}
