/* Running the family's own programs. */
#include "base/sibling.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "base/mem.h"

/* Beside this program, or NULL when that cannot be known. */
static char *
beside(void *ctx, const char *program)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	slash = strrchr(self, '/');
	return talloc_asprintf(ctx, "%.*s/%s", (int)(slash - self), self, program);
}

enum rc
sibling_exec(void *ctx, const char *program, char **argv, struct err *err)
{
	char *path = beside(ctx, program);

	argv[0] = talloc_strdup(ctx, program);
	if (path != NULL)
		execv(path, argv);
	execvp(program, argv);
	return err_errno(err, "%s", program);
}

static void
become(void *ctx, const char *const *argv, int to)
{
	char *words[64] = {NULL};
	struct err err;

	for (size_t i = 0; i < 63 && argv[i] != NULL; i++)
		words[i] = talloc_strdup(ctx, argv[i]);
	if (dup2(to, STDOUT_FILENO) >= 0)
		(void)!sibling_exec(ctx, argv[0], words, &err);
	_exit(127);
}

/* RC_INVALID when it says more than we want to hear. */
static enum rc
listen_to(void *ctx, int fd, size_t max, char **out, struct err *err)
{
	size_t n = 0, room = 65536;
	char *text = mem_array(ctx, char, room + 1);
	ssize_t r;

	while ((r = read(fd, text + n, room - n)) != 0) {
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_errno(err, "reading what it says");
		n += (size_t)r;
		if (n > max)
			return err_fail(
			    err, RC_INVALID, "it says more than %zu bytes", max);
		if (n == room) {
			room *= 2;
			text = mem_grow(ctx, text, char, room + 1);
		}
	}
	text[n] = '\0';
	*out = text;
	return RC_OK;
}

enum rc
sibling_run(void *ctx, const char *const *argv, size_t max, char **out, int *status,
    struct err *err)
{
	int fds[2] = {-1, -1}, how = 0, null = -1;
	enum rc rc = RC_OK;
	pid_t pid;

	if (out != NULL && pipe2(fds, O_CLOEXEC) != 0)
		return err_errno(err, "%s", argv[0]);
	if (out == NULL)
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pid = fork();
	if (pid == 0)
		become(ctx, argv, out ? fds[1] : null);
	if (null >= 0)
		close(null);
	if (out != NULL)
		close(fds[1]);
	if (pid < 0)
		rc = err_errno(err, "starting %s", argv[0]);
	else if (out != NULL)
		rc = listen_to(ctx, fds[0], max, out, err);
	if (out != NULL)
		close(fds[0]);
	if (rc != RC_OK)
		rc = err_wrap(err, "%s", argv[0]);
	while (pid > 0 && waitpid(pid, &how, 0) < 0 && errno == EINTR)
		;
	*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
	return rc;
}
