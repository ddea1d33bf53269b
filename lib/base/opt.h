/* Declarative options: one table feeds parsing, --help, --dump-options, completions and
 * the check of the manual. */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

enum opt_kind {
	OPT_FLAG, /* bool: set to true */
	OPT_TEXT, /* const char *: the last one counts */
	OPT_NUM,  /* int64_t: a number that is not negative */
	OPT_LIST  /* struct opt_list: may be repeated */
};

struct opt_list {
	const char **v; /* NULL-terminated once it holds something, else NULL */
	size_t n;
};

struct opt {
	const char *name; /* long name, without dashes */
	char letter;	  /* or '\0' */
	enum opt_kind kind;
	const char *arg;   /* what the value is, for help; NULL for a flag */
	const char *help;  /* a few words */
	void *to;	   /* where the value goes */
	const char *words; /* blank-separated values for completion, or @queue, @agent,
			      ...: names that `tkt-config show --names` prints */
};
#define OPTS_END  \
	{         \
		0 \
	}

enum { OPTS_MAX = 48 };

/* Sets what argv says (POSIX short and GNU long options, "--" ends them, options may
 * follow operands) and leaves the operands in args[0..*n), which belong to ctx. With
 * `terms` a word like -tag:spam is an operand: the negated term of a query.
 * Errors: RC_USAGE with the nearest option. */
enum rc opt_parse(void *ctx, const struct opt *opts, bool terms, int argc, char **argv,
    char ***args, int *n, struct err *err) CHECKED;

/* The table as people see it, and as other programs read it (tab-separated:
 * letter, name, arg, words, help). */
void opt_help(FILE *to, const struct opt *opts);
void opt_dump(FILE *to, const struct opt *opts);

#endif
