/* Programs of others. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/mem.h"

struct running {
	const struct process *p;
	pid_t pid;
	int in, out; /* our ends of its pipes, or -1 */
	size_t given;
	char *heard;
	size_t nheard;
	int64_t deadline;
};

static void
become(const struct process *p, int in, int out)
{
	const struct rlimit memory = {p->memory, p->memory};
	union {
		const char *const *from;
		char **to;
	} argv = {p->argv}, envp = {p->envp};

	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	if (p->memory > 0)
		setrlimit(RLIMIT_AS, &memory);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
	    dup2(out, STDERR_FILENO) >= 0 && chdir("/") == 0)
		execve(argv.to[0], argv.to, envp.to);
	_exit(127);
}

static enum rc
start(struct running *r, struct err *err)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1};

	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
		close(in[0]);
		close(in[1]);
		return err_errno(err, "%s", r->p->argv[0]);
	}
	r->pid = fork();
	if (r->pid == 0)
		become(r->p, in[0], out[1]);
	if (r->pid > 0)
		setpgid(r->pid, r->pid); /* whichever of the two is first */
	close(in[0]);
	close(out[1]);
	r->in = in[1];
	r->out = out[0];
	fcntl(r->in, F_SETFL, O_NONBLOCK);
	fcntl(r->out, F_SETFL, O_NONBLOCK);
	return r->pid < 0 ? err_errno(err, "starting %s", r->p->argv[0]) : RC_OK;
}

static void
drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
give(struct running *r)
{
	ssize_t n = write(r->in, r->p->input + r->given, r->p->ninput - r->given);

	if (n > 0)
		r->given += (size_t)n;
	if ((n < 0 && errno != EAGAIN && errno != EINTR) || r->given == r->p->ninput)
		drop(&r->in);
}

static void
hear(struct running *r)
{
	char block[4096];
	ssize_t n = read(r->out, block, sizeof(block));

	for (ssize_t i = 0; i < n && r->nheard < PROCESS_HEARD_MAX; i++)
		r->heard[r->nheard++] = block[i];
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		drop(&r->out);
}

/* True when its time is up. It may close what it writes to and go on, or leave children
 * behind that do not: the end of the program itself is what counts. */
static bool
talk(struct running *r, int *how)
{
	for (;;) {
		struct pollfd v[2] = {{r->out, POLLIN, 0}, {r->in, POLLOUT, 0}};
		int64_t left = r->deadline - now_ms();

		if (waitpid(r->pid, how, WNOHANG) == r->pid) {
			while (r->out >= 0 && r->nheard < PROCESS_HEARD_MAX &&
			       poll(v, 1, 0) > 0)
				hear(r);
			return false;
		}
		if (left <= 0)
			return true;
		if (poll(v, 2, left < 50 ? (int)left : 50) <= 0)
			continue;
		if (v[0].revents != 0)
			hear(r);
		if (r->in >= 0 && v[1].revents != 0)
			give(r);
	}
}

enum rc
process_run(
    void *ctx, const struct process *p, char **heard, int *status, struct err *err)
{
	struct running r = {.p = p,
	    .in = -1,
	    .out = -1,
	    .heard = mem_array(ctx, char, PROCESS_HEARD_MAX + 1),
	    .deadline = now_ms() + p->timeout_ms};
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	int how = 0;
	bool late;
	enum rc rc = start(&r, err);

	if (rc == RC_OK) {
		late = talk(&r, &how);
		/* What it left behind goes, too. */
		kill(-r.pid, SIGKILL);
		while (late && waitpid(r.pid, &how, 0) < 0 && errno == EINTR)
			;
		*status = late		   ? 124
			  : WIFEXITED(how) ? WEXITSTATUS(how)
					   : 128 + WTERMSIG(how);
		*heard = r.heard;
	}
	drop(&r.in);
	drop(&r.out);
	signal(SIGPIPE, old);
	return rc;
}

enum rc
process_trusted(const char *path, struct err *err)
{
	struct stat st;

	if (*path != '/')
		return err_fail(err, RC_DENIED, "%s: not a whole path", path);
	if (stat(path, &st) != 0)
		return err_errno(err, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_fail(err, RC_DENIED, "%s: not a program", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_fail(
		    err, RC_DENIED, "%s: belongs neither to root nor to us", path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_fail(err, RC_DENIED, "%s: others may write to it", path);
	return RC_OK;
}
