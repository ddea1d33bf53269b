/* A channel program: JSON lines on its standard input and output (tkt-channel(7)). */
#ifndef CHAT_EXEC_H
#define CHAT_EXEC_H

#include <jansson.h>
#include <poll.h>
#include <sys/types.h>

#include "chat/talk.h"

#define EXEC_LINE_MAX (1 << 20)	   /* bytes of one line */
#define EXEC_WAITING_MAX (8 << 20) /* bytes it has not read yet */

/* A running program and the lines between us. */
struct program {
	pid_t pid;   /* 0: it has died, as `how` says */
	int how;     /* waitpid(2)'s */
	int in, out; /* our ends, or -1 */
	struct lines *lines;
	char *waiting;
	size_t nwaiting;
	bool ended; /* it closed its output */
};
/* Starts argv in folder `dir` (NULL: here), a process group of its own; ends with ctx.
 * argv[0] is found as a shell finds it. Its standard error is ours. */
enum rc program_start(void *ctx, const char *const *argv, const char *dir,
    const char *name, struct program **p, struct err *err) CHECKED;
/* Reads and writes what can be now. RC_NET: it has ended. */
enum rc program_step(struct program *p, struct err *err) CHECKED;
/* The next line as an object, a new reference; NULL: none yet. What is no object, or too
 * long a line, is RC_INVALID and says so. */
enum rc program_next(struct program *p, json_t **o, struct err *err) CHECKED;
/* Says a line; takes over o. RC_NET when it reads too slowly; one that has closed its
 * input hears no more. */
enum rc program_say(struct program *p, json_t *o, struct err *err) CHECKED;
size_t program_wait(const struct program *p, struct pollfd *v);

/* A message, edit or deletion as the bridge takes it; what is wrong is RC_INVALID.
 * Strings belong to o and ctx. `name` is the bridge's: part of the address. Files are
 * read from folder `dir`. */
enum rc exec_heard(void *ctx, json_t *o, const char *name, const char *dir,
    struct heard *h, struct err *err) CHECKED;

#endif
