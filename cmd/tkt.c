/* tkt: the front door. `tkt new` runs tkt-new; `tkt help` lists every program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/sibling.h"
#include "base/text.h"
#include "desk/cmd.h"
#include "programs.h"

static const struct opt opts[] = {OPTS_COMMON, OPTS_END};

static enum rc
help(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	if (argc > 0) {
		char *words[4] = {NULL, NULL, NULL, NULL};
		char *name = talloc_asprintf(env->ctx, "tkt-%s", argv[0]);

		for (size_t i = 0; programs[i].name != NULL; i++) {
			if (strcmp(programs[i].name, argv[0]) == 0 ||
			    strcmp(programs[i].name, name) == 0) {
				words[1] = talloc_strdup(env->ctx, programs[i].name);
				return sibling_exec(env->ctx, "man", words, err);
			}
		}
		return err_fail(err, RC_USAGE, "\"%s\": no such program", argv[0]);
	}
	for (size_t i = 0; programs[i].name != NULL; i++)
		out_line(env->out, COLOR_NONE, "%-14s %s", programs[i].name,
		    programs[i].summary);
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	if (argc > 0 && strcmp(argv[0], "help") != 0)
		return err_fail(
		    err, RC_USAGE, "say the program first: tkt %s ...", argv[0]);
	return help(env, argc > 0 ? argc - 1 : 0, argv + 1, err);
}

static const struct cmd cmd = {
    .name = "tkt",
    .summary = "run a program of the family: tkt new is tkt-new",
    .args = "PROGRAM [argument ...] | help [PROGRAM]",
    .opts = opts,
    .flags = CMD_NO_DESK,
    .run = run,
};

/* Becomes the program whose name was said; comes back only with an error. */
static enum rc
dispatch(void *ctx, char **argv, struct err *err)
{
	const char *names[64] = {NULL}, *said = argv[0];
	char *name = talloc_asprintf(ctx, "tkt-%s", said);

	for (size_t i = 0; i < 63 && programs[i].name != NULL; i++) {
		const char *p = programs[i].name;

		names[i] = text_starts(p, "tkt-") ? p + 4 : p;
		if (strcmp(p, name) == 0 ||
		    (strcmp(p, said) == 0 && strcmp(p, "tkt") != 0))
			return sibling_exec(ctx, p, argv, err);
	}
	return err_fail(err, RC_USAGE, "\"%s\": no such program%s", said,
	    text_hint(ctx, said, names));
}

int
main(int argc, char **argv)
{
	struct err err = {0};
	void *ctx;

	if (argc < 2 || argv[1][0] == '-' || strcmp(argv[1], "help") == 0)
		return cmd_main(&cmd, argc, argv);
	ctx = talloc_new(NULL);
	(void)!dispatch(ctx, argv + 1, &err);
	fprintf(stderr, "tkt: %s\n", text_safe(ctx, err.text, TEXT_LINE));
	talloc_free(ctx);
	return err_status(err.rc);
}
