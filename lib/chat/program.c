/* Running a channel program. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "chat/exec.h"
#include "chat/lines.h"

enum { END_MS = 3000, STEP = 65536 };

static void
drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The end of its input says that it shall end; who does not is ended. */
static int
end(struct program *p)
{
	int64_t until = now_ms() + END_MS;
	pid_t done = 0;
	int how;

	drop(&p->in);
	drop(&p->out);
	if (p->pid <= 0)
		return 0;
	while ((done = waitpid(p->pid, &how, WNOHANG)) == 0 && now_ms() < until)
		usleep(10000);
	kill(-p->pid, SIGKILL);
	if (done == 0)
		(void)waitpid(p->pid, &how, 0);
	return 0;
}

static void
become(const char *const *argv, const char *dir, const char *name, int in, int out)
{
	union {
		const char *const *from;
		char **to;
	} v = {argv};

	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
	    setenv("TKT_BRIDGE", name, 1) == 0 && (dir == NULL || chdir(dir) == 0))
		execvp(v.to[0], v.to);
	_exit(127);
}

enum rc
program_start(void *ctx, const char *const *argv, const char *dir, const char *name,
    struct program **out, struct err *err)
{
	struct program *p = talloc_zero(ctx, struct program);
	char *path = strchr(argv[0], '/') ? realpath(argv[0], NULL) : NULL;
	int in[2] = {-1, -1}, back[2] = {-1, -1};

	p->in = p->out = -1;
	talloc_set_destructor(p, end);
	if (strchr(argv[0], '/') != NULL && (path == NULL || access(path, X_OK) != 0)) {
		free(path);
		return err_fail(err, RC_NOTFOUND, "%s: %s", argv[0], strerror(errno));
	}
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0) {
		free(path);
		close(in[0]);
		close(in[1]);
		return err_errno(err, "%s", argv[0]);
	}
	p->pid = fork();
	if (p->pid == 0) {
		/* By its whole path, since it starts in another folder. */
		const char **whole = mem_array(NULL, const char *, 1);
		size_t n = 0;

		whole = NULL;
		for (const char *const *a = argv; *a != NULL; a++)
			text_push(
			    NULL, &whole, &n, a == argv && path != NULL ? path : *a);
		become(whole, dir, name, in[0], back[1]);
	}
	free(path);
	close(in[0]);
	close(back[1]);
	p->in = in[1];
	p->out = back[0];
	fcntl(p->in, F_SETFL, O_NONBLOCK);
	fcntl(p->out, F_SETFL, O_NONBLOCK);
	if (p->pid < 0)
		return err_errno(err, "starting %s", argv[0]);
	setpgid(p->pid, p->pid); /* whichever of the two is first */
	p->lines = lines_new(p, EXEC_LINE_MAX);
	*out = p;
	return RC_OK;
}

size_t
program_wait(const struct program *p, struct pollfd *v)
{
	v[0] = (struct pollfd){.fd = p->out, .events = POLLIN};
	v[1] = (struct pollfd){.fd = p->nwaiting > 0 ? p->in : -1, .events = POLLOUT};
	return 2;
}

/* What it began and left behind may hold its output open for ever: its own end counts,
 * and they end with it. */
static bool
has_died(struct program *p)
{
	if (p->pid > 0 && waitpid(p->pid, &p->how, WNOHANG) == p->pid) {
		kill(-p->pid, SIGKILL);
		p->pid = 0;
	}
	return p->pid == 0;
}

static enum rc
ended(struct program *p, struct err *err)
{
	int how = p->how;

	for (int i = 0; i < 100 && p->pid > 0; i++) {
		if (has_died(p))
			how = p->how;
		else
			usleep(1000);
	}
	if (p->pid == 0 && WIFEXITED(how) && WEXITSTATUS(how) == 127)
		return err_fail(err, RC_NET, "it cannot be started");
	if (p->pid == 0 && WIFEXITED(how))
		return err_fail(err, RC_NET, "it ended with %d", WEXITSTATUS(how));
	if (p->pid == 0)
		return err_fail(err, RC_NET, "it ended by signal %d", WTERMSIG(how));
	return err_fail(err, RC_NET, "it closed its output");
}

/* One that does not listen any more may still speak: its end is that of its output, or
 * that it answers no ping. */
static void
give(struct program *p)
{
	ssize_t n;

	if (p->nwaiting == 0 || p->in < 0)
		return;
	n = write(p->in, p->waiting, p->nwaiting);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		close(p->in);
		p->in = -1;
		n = (ssize_t)p->nwaiting;
	}
	p->nwaiting -= (size_t)n;
	memmove(p->waiting, p->waiting + n, p->nwaiting);
}

enum rc
program_step(struct program *p, struct err *err)
{
	char block[STEP];
	ssize_t n = 0;
	bool died = has_died(p);

	/* Not more than a block a turn: what it says is filed before more is read. */
	if (!p->ended)
		n = read(p->out, block, sizeof(block));
	if (n > 0)
		lines_add(p->lines, block, (size_t)n);
	else if (n == 0 || died || (errno != EAGAIN && errno != EINTR))
		p->ended = true;
	if (p->ended)
		return ended(p, err);
	give(p);
	return RC_OK;
}

enum rc
program_next(struct program *p, json_t **o, struct err *err)
{
	json_error_t wrong;
	char *line;
	size_t n;
	bool cut;

	*o = NULL;
	do {
		if (!lines_next(p->lines, &line, &n, &cut))
			return RC_OK;
		if (cut)
			return err_fail(err, RC_INVALID,
			    "a line of more than %d bytes is passed over", EXEC_LINE_MAX);
	} while (n == 0);
	*o = json_loadb(line, n, JSON_REJECT_DUPLICATES, &wrong);
	if (*o == NULL)
		return err_fail(
		    err, RC_INVALID, "a line that is no JSON: %s", wrong.text);
	if (!json_is_object(*o)) {
		json_decref(*o);
		*o = NULL;
		return err_fail(err, RC_INVALID, "a line that is no JSON object");
	}
	return RC_OK;
}

enum rc
program_say(struct program *p, json_t *o, struct err *err)
{
	char *s = json_dumps(o, JSON_COMPACT);
	size_t n = strlen(s);

	json_decref(o);
	if (p->in < 0) {
		free(s);
		return RC_OK;
	}
	if (p->nwaiting + n > EXEC_WAITING_MAX) {
		free(s);
		return err_fail(err, RC_NET, "it does not read");
	}
	p->waiting = mem_grow(p, p->waiting, char, p->nwaiting + n + 1);
	memcpy(p->waiting + p->nwaiting, s, n);
	p->waiting[p->nwaiting + n] = '\n';
	p->nwaiting += n + 1;
	free(s);
	give(p);
	return RC_OK;
}
