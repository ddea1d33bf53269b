/* A command's main: options in, desk, one call, records out, one line when it fails. */
#ifndef DESK_CMD_H
#define DESK_CMD_H

#include "base/opt.h"
#include "base/out.h"
#include "desk/desk.h"

enum cmd_flags {
	CMD_WRITES = 1,	 /* opens the desk for writing */
	CMD_NO_DESK = 2, /* opens none: run() does, if it needs one */
	CMD_TERMS = 4,	 /* operands are a query: -tag:spam is no option */
	CMD_RETRY = 8	 /* a mail server calls it: whatever fails but the words is 75 */
};

/* What run() gets. Everything belongs to ctx and is freed after it. */
struct cmd_env {
	void *ctx;
	const struct cmd *cmd;
	struct desk *desk; /* NULL with CMD_NO_DESK */
	struct out *out;
	struct err *err;
	bool quiet;	      /* --quiet: no words for people on stderr */
	const char *desk_dir; /* -D */
	const char *as;	      /* --as */
	const char *format;   /* --output, when it is one of the command's own */
};

struct cmd {
	const char *name, *summary, *args;
	const struct opt *opts; /* ends with OPTS_END; the common ones are added */
	int flags;
	/* More output formats than everybody's, NULL-terminated; or NULL. */
	const char *const *formats;
	enum rc (*run)(struct cmd_env *env, int argc, char **argv, struct err *err);
};

/* The common options; `OPTS_COMMON, OPTS_END` close a table. Their values are in cmd_env.
 */
#define OPTS_COMMON                                                                     \
	{"desk", 'D', OPT_TEXT, "dir", "the desk's directory", NULL, "@dir"},           \
	    {"as", 0, OPT_TEXT, "agent", "act as this agent (the owner only)", NULL,    \
		"@agent"},                                                              \
	    {"output", 'o', OPT_TEXT, "format", "json, human, tsv or ids", NULL,        \
		"json human tsv ids"},                                                  \
	    {"quiet", 0, OPT_FLAG, NULL, "no words on standard error but errors", NULL, \
		NULL},                                                                  \
	    {"help", 'h', OPT_FLAG, NULL, "this text", NULL, NULL},                     \
	{                                                                               \
		"version", 'V', OPT_FLAG, NULL, "the version", NULL, NULL               \
	}

/* Runs it and returns the exit status. */
int cmd_main(const struct cmd *cmd, int argc, char **argv);

/* A line for people on stderr, "name: text"; nothing with --quiet. */
void cmd_note(const struct cmd_env *env, const char *fmt, ...) PRINTF(2, 3);
/* The same, also with --quiet: an error that does not end the command. */
void cmd_error(const struct cmd_env *env, const char *fmt, ...) PRINTF(2, 3);
/* Progress on a terminal's stderr; `end` wipes it. */
void cmd_progress(const struct cmd_env *env, const char *what, int64_t done, bool end);

#endif
