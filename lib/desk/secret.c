/* Secrets: files in the desk's folder secret, named by tkt.conf, read when needed and
 * kept in no log, version or backup. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/mem.h"
#include "desk/desk.h"

enum rc
desk_read_secret(const struct desk *d, void *ctx, const char *name, size_t max,
    char **text, size_t *n, struct err *err)
{
	char *path = talloc_asprintf(NULL, "%s/secret/%s", d->dir, name);
	struct stat st = {0};
	enum rc rc = RC_OK;
	ssize_t r;
	int fd = -1;

	if (*name == '.' || strchr(name, '/') != NULL)
		rc = err_fail(err, RC_CONFIG, "secret \"%s\" is no name", name);
	if (rc == RC_OK) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
		if (fd < 0 || fstat(fd, &st) != 0)
			rc = err_errno(err, "%s", path);
	}
	if (rc == RC_OK && (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0))
		rc = err_fail(err, RC_CONFIG, "%s: others can read it (chmod 600)", path);
	if (rc == RC_OK && (size_t)st.st_size > max)
		rc = err_fail(err, RC_CONFIG, "%s: larger than %zu bytes", path, max);
	if (rc == RC_OK) {
		*text = mem_array(ctx, char, (size_t)st.st_size + 1);
		r = read(fd, *text, (size_t)st.st_size);
		*n = r > 0 ? (size_t)r : 0;
		if (r < 0)
			rc = err_errno(err, "%s", path);
	}
	if (fd >= 0)
		close(fd);
	talloc_free(path);
	return rc;
}
