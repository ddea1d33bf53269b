/* Running a program that is not of the family: without a shell, with nothing of ours but
 * what it is given, and never for longer than it may. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

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
	size_t memory; /* bytes of address space at most; 0: no limit */
};
/* What it wrote to standard output and error, cleaned of nothing, of ctx; and how it
 * ended: its exit status, 128 + a signal, 124 when it was stopped because its time was
 * up. It is a process group of its own, all of which is killed then. RC_IO when it cannot
 * be started.
 */
enum rc process_run(void *ctx, const struct process *p, char **heard, int *status,
    struct err *err) CHECKED;
/* May it be run on our behalf? A regular file, of root or the caller, that neither group
 * nor others may write. RC_DENIED says what is wrong. */
enum rc process_trusted(const char *path, struct err *err) CHECKED;

#endif
