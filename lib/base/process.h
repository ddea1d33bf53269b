/* Running a program that is not of the family: without a shell, with nothing of ours but
 * what it is given, and never for longer than it may. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define PROCESS_HEARD_MAX 4000 /* bytes of its output that are kept */

struct process {
	const char *const *argv; /* argv[0]: the whole path */
	const char *const *envp; /* all of its environment */
	const char *input;	 /* its standard input */
	size_t ninput;
	int64_t timeout_ms;
	size_t memory;	   /* bytes of address space at most; 0: no limit */
	size_t heard_max;  /* bytes of its output that are kept; 0: PROCESS_HEARD_MAX */
	bool errors_apart; /* its standard error is ours, not part of what is heard */
};
/* What it wrote to standard output and error, cleaned of nothing, of ctx; and how it
 * ended: its exit status, 128 + a signal, 124 when it was stopped because its time was
 * up. It is a process group of its own, all of which is killed then. RC_IO when it cannot
 * be started.
 */
enum rc process_run(void *ctx, const struct process *p, char **heard, int *status,
    struct err *err) CHECKED;
/* The same beside other things. What p points to must stay until it is freed, which ends
 * the program if it runs still. The caller ignores SIGPIPE. */
struct going;
enum rc process_begin(
    void *ctx, const struct process *p, struct going **g, struct err *err) CHECKED;
/* What to wait for, and until when. */
size_t process_wait(const struct going *g, struct pollfd v[2], int64_t *until);
/* Reads and writes what can be now. True: it has ended, or its time is up. */
bool process_step(struct going *g);
const char *process_heard(const struct going *g); /* with a NUL behind it */
int process_status(const struct going *g);	  /* as process_run() says */

/* May it be run on our behalf? A regular file, of root or the caller, that neither group
 * nor others may write. RC_DENIED says what is wrong. */
enum rc process_trusted(const char *path, struct err *err) CHECKED;

#endif
