/* phone-agi: a telephone menu for Asterisk, as an AGI program or a FastAGI server. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "base/text.h"
#include "desk/cmd.h"
#include "phone/ivr.h"

enum { CALLS_MAX = 100, WAIT_MS = 1000, BACKLOG = 32 };

static struct {
	const char *listen;
} o;

static const struct opt opts[] = {
    {"listen", 0, OPT_TEXT, "address", "serve FastAGI there: [HOST:]PORT", &o.listen,
	NULL},
    OPTS_COMMON,
    OPTS_END,
};

static volatile sig_atomic_t stopped;

static void
on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

/* ---- one call ---- */

static enum rc
serve(struct cmd_env *env, int in, int out, struct call *call, struct err *err)
{
	struct agi *a = NULL;
	enum rc rc = agi_open(env->ctx, in, out, &a, err);

	if (rc == RC_OK)
		rc = ivr_run(env->ctx, env->desk, a, call, err);
	if (rc == RC_OK)
		cmd_note(env, "call %s from %s: %s%s", call->id,
		    call->number ? call->number : "nobody we know",
		    call->did ? call->did : "nothing",
		    call->ticket ? talloc_asprintf(
				       env->ctx, ", ticket %lld", (long long)call->ticket)
				 : "");
	return rc;
}

/* Asterisk's own pipes: nothing else may be written there. It sends SIGHUP when the
 * caller hangs up; what they said is filed then. */
static enum rc
as_program(struct cmd_env *env, struct err *err)
{
	struct call call = {0};

	if (isatty(STDIN_FILENO))
		return err_fail(
		    err, RC_USAGE, "Asterisk runs it (AGI), or --listen serves FastAGI");
	signal(SIGHUP, SIG_IGN);
	return serve(env, STDIN_FILENO, STDOUT_FILENO, &call, err);
}

/* ---- a server: a process a call, so that none waits for another ---- */

/* "4573", "127.0.0.1:4573", "[::1]:4573"; without a host, this machine alone. */
static enum rc
open_server(void *ctx, const char *where, int *fd, struct err *err)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
			    .ai_socktype = SOCK_STREAM,
			    .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV},
			*found = NULL;
	const char *colon = strrchr(where, ':');
	char *host = colon ? talloc_strndup(ctx, where, (size_t)(colon - where))
			   : talloc_strdup(ctx, "127.0.0.1");
	int one = 1;

	if (*host == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		host++;
	}
	if (getaddrinfo(host, colon ? colon + 1 : where, &hints, &found) != 0)
		return err_fail(err, RC_USAGE,
		    "--listen \"%s\": use ADDRESS:PORT, in numbers", where);
	*fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd >= 0)
		setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (*fd < 0 || bind(*fd, found->ai_addr, found->ai_addrlen) != 0 ||
	    listen(*fd, BACKLOG) != 0) {
		freeaddrinfo(found);
		return err_errno(err, "--listen %s", where);
	}
	freeaddrinfo(found);
	return RC_OK;
}

/* The child: a desk of its own, opened under the policy of the moment. */
static int
one_call(struct cmd_env *env, int fd)
{
	struct desk_want want = {.dir = env->desk->dir, .as = env->as, .write = true};
	struct call call = {0};
	struct err err;
	enum rc rc;

	signal(SIGTERM, SIG_IGN); /* who is speaking may end */
	signal(SIGINT, SIG_IGN);
	rc = desk_open(env->ctx, &want, &env->desk, &err);
	if (rc == RC_OK)
		rc = serve(env, fd, fd, &call, &err);
	if (rc == RC_OK && env->out->format == OUT_JSON)
		out_json(env->out, call_to_json(&call));
	else if (rc == RC_OK && call.ticket != 0)
		out_id(env->out, call.ticket);
	if (rc != RC_OK)
		cmd_error(env, "%s", err.text);
	fflush(env->out->to);
	close(fd);
	return rc == RC_OK ? 0 : 1;
}

static enum rc
as_server(struct cmd_env *env, struct err *err)
{
	struct sigaction act = {.sa_handler = on_signal};
	int server = -1, calls = 0;
	enum rc rc = open_server(env->ctx, o.listen, &server, err);

	if (rc != RC_OK)
		return rc;
	sigemptyset(&act.sa_mask);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	fflush(env->out->to);
	while (!stopped) {
		struct pollfd p = {server, POLLIN, 0};
		pid_t pid;
		int fd;

		while (calls > 0 && waitpid(-1, NULL, WNOHANG) > 0)
			calls--;
		if (calls >= CALLS_MAX) {
			poll(NULL, 0, WAIT_MS / 10);
			continue;
		}
		if (poll(&p, 1, WAIT_MS) <= 0)
			continue;
		fd = accept4(server, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		pid = fork();
		if (pid == 0) {
			close(server);
			_exit(one_call(env, fd));
		}
		calls += pid > 0;
		if (pid < 0)
			cmd_error(env, "a call is lost: %s", strerror(errno));
		close(fd);
	}
	close(server);
	while (calls > 0 && waitpid(-1, NULL, 0) > 0)
		calls--;
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct desk_want want = {.dir = env->desk_dir, .as = env->as, .write = true};
	enum rc rc;

	if (argc > 0)
		return err_fail(err, RC_USAGE, "\"%s\": it takes no words", argv[0]);
	rc = desk_open(env->ctx, &want, &env->desk, err);
	if (rc == RC_OK)
		rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc != RC_OK)
		return rc;
	return o.listen != NULL ? as_server(env, err) : as_program(env, err);
}

static const struct cmd cmd = {
    .name = "phone-agi",
    .summary = "a telephone menu for Asterisk: status, voicemail, callbacks",
    .args = "",
    .opts = opts,
    .flags = CMD_NO_DESK,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
