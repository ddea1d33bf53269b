/* An applied version's source as files again. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "policy/policy.h"

/* Source names are "tkt.conf", "calendars/de.ics": never absolute, never upwards. */
static enum rc
unpack_file(
    void *ctx, const char *dir, const char *name, const char *text, struct err *err)
{
	char *path = talloc_asprintf(ctx, "%s/%s", dir, name);
	size_t n = strlen(text);
	int fd;

	if (*name == '/' || strstr(name, "..") != NULL)
		return err_fail(err, RC_CONFIG, "source \"%s\" is outside", name);
	for (char *slash = strchr(path + strlen(dir) + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return err_errno(err, "%s", path);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, "%s", path);
	if (write(fd, text, n) != (ssize_t)n) {
		close(fd);
		return err_errno(err, "%s", path);
	}
	close(fd);
	return RC_OK;
}

enum rc
conf_unpack(void *ctx, const char *dir, json_t *source, struct err *err)
{
	const char *name;
	json_t *v;
	enum rc rc = RC_OK;

	json_object_foreach(source, name, v)
	{
		if (rc == RC_OK)
			rc = unpack_file(ctx, dir, name, json_string_value(v), err);
	}
	return rc;
}
