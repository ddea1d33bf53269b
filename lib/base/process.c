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

struct going {
	const struct process *p;
	pid_t pid;   /* 0: it has ended, and how */
	int in, out; /* our ends of its pipes, or -1 */
	size_t given;
	char *heard;
	size_t nheard, max;
	int64_t deadline;
	int status;
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
	    (p->errors_apart || dup2(out, STDERR_FILENO) >= 0) && chdir("/") == 0)
		execve(argv.to[0], argv.to, envp.to);
	_exit(127);
}

static void
drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* What it left behind goes, too. */
static void
finish(struct going *g, bool late)
{
	int how = 0;

	kill(-g->pid, SIGKILL);
	while (waitpid(g->pid, &how, 0) < 0 && errno == EINTR)
		;
	g->status = late ? 124 : WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
	g->pid = 0;
	drop(&g->in);
	drop(&g->out);
}

static int
end(struct going *g)
{
	if (g->pid > 0)
		finish(g, true);
	drop(&g->in);
	drop(&g->out);
	return 0;
}

enum rc
process_begin(void *ctx, const struct process *p, struct going **out, struct err *err)
{
	struct going *g = talloc_zero(ctx, struct going);
	int in[2] = {-1, -1}, back[2] = {-1, -1};
	enum rc rc;

	*g = (struct going){.p = p,
	    .in = -1,
	    .out = -1,
	    .max = p->heard_max ? p->heard_max : PROCESS_HEARD_MAX,
	    .deadline = now_ms() + p->timeout_ms};
	g->heard = mem_array(g, char, g->max + 1);
	talloc_set_destructor(g, end);
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0) {
		rc = err_errno(err, "%s", p->argv[0]);
		close(in[0]);
		close(in[1]);
		talloc_free(g);
		return rc;
	}
	g->pid = fork();
	if (g->pid == 0)
		become(p, in[0], back[1]);
	if (g->pid > 0)
		setpgid(g->pid, g->pid); /* whichever of the two is first */
	close(in[0]);
	close(back[1]);
	g->in = in[1];
	g->out = back[0];
	fcntl(g->in, F_SETFL, O_NONBLOCK);
	fcntl(g->out, F_SETFL, O_NONBLOCK);
	if (g->pid < 0) {
		rc = err_errno(err, "starting %s", p->argv[0]);
		talloc_free(g);
		return rc;
	}
	*out = g;
	return RC_OK;
}

static void
give(struct going *g)
{
	ssize_t n = write(g->in, g->p->input + g->given, g->p->ninput - g->given);

	if (n > 0)
		g->given += (size_t)n;
	if ((n < 0 && errno != EAGAIN && errno != EINTR) || g->given == g->p->ninput)
		drop(&g->in);
}

static void
hear(struct going *g)
{
	char block[4096];
	ssize_t n = read(g->out, block, sizeof(block));

	for (ssize_t i = 0; i < n && g->nheard < g->max; i++)
		g->heard[g->nheard++] = block[i];
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		drop(&g->out);
}

size_t
process_wait(const struct going *g, struct pollfd v[2], int64_t *until)
{
	/* It may close what it writes to and go on, or leave children behind that do not:
	 * its own end is what counts, and that must be looked for. */
	int64_t look = now_ms() + 50;

	look = look < g->deadline ? look : g->deadline;
	*until = *until < look ? *until : look;
	v[0] = (struct pollfd){g->out, POLLIN, 0};
	v[1] = (struct pollfd){g->in, POLLOUT, 0};
	return 2;
}

bool
process_step(struct going *g)
{
	struct pollfd v[2] = {{g->out, POLLIN, 0}, {g->in, POLLOUT, 0}};
	siginfo_t ended = {0};

	if (g->pid == 0)
		return true;
	if (waitid(P_PID, (id_t)g->pid, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    ended.si_pid == g->pid) {
		while (g->out >= 0 && g->nheard < g->max && poll(v, 1, 0) > 0)
			hear(g);
		finish(g, false);
		return true;
	}
	if (now_ms() >= g->deadline) {
		finish(g, true);
		return true;
	}
	if (poll(v, 2, 0) <= 0)
		return false;
	if (v[0].revents != 0)
		hear(g);
	if (g->in >= 0 && v[1].revents != 0)
		give(g);
	return false;
}

const char *
process_heard(const struct going *g)
{
	return g->heard;
}

int
process_status(const struct going *g)
{
	return g->status;
}

enum rc
process_run(
    void *ctx, const struct process *p, char **heard, int *status, struct err *err)
{
	struct going *g = NULL;
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	enum rc rc = process_begin(ctx, p, &g, err);

	while (rc == RC_OK && !process_step(g)) {
		struct pollfd v[2];
		int64_t now = now_ms(), until = INT64_MAX;

		process_wait(g, v, &until);
		poll(v, 2, until > now ? (int)(until - now) : 0);
	}
	signal(SIGPIPE, old);
	if (rc != RC_OK)
		return rc;
	*status = g->status;
	*heard = talloc_reparent(g, ctx, g->heard);
	talloc_free(g);
	return RC_OK;
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
