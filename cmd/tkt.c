/* tkt: the front door. `tkt new` runs tkt-new; `tkt help` lists every program. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/text.h"
#include "desk/cmd.h"
#include "programs.h"

static const struct opt opts[] = {OPTS_COMMON, OPTS_END};

/* The family stands beside us; only when it does not, PATH is asked. */
static enum rc
execute(void *ctx, const char *program, char **argv, struct err *err)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash, *path;

	argv[0] = talloc_strdup(ctx, program);
	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		path =
		    talloc_asprintf(ctx, "%.*s/%s", (int)(slash - self), self, program);
		execv(path, argv);
	}
	execvp(program, argv);
	return err_errno(err, "%s", program);
}

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
				return execute(env->ctx, "man", words, err);
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

int
main(int argc, char **argv)
{
	const char *names[64] = {NULL};
	struct err err = {0};
	void *ctx;
	char *name;
	size_t n = 0;

	if (argc < 2 || argv[1][0] == '-' || strcmp(argv[1], "help") == 0)
		return cmd_main(&cmd, argc, argv);
	ctx = talloc_new(NULL);
	name = talloc_asprintf(ctx, "tkt-%s", argv[1]);
	for (size_t i = 0; programs[i].name != NULL && n < 63; i++) {
		const char *p = programs[i].name;

		names[n++] = text_starts(p, "tkt-") ? p + 4 : p;
		if (strcmp(p, name) == 0 ||
		    (strcmp(p, argv[1]) == 0 && strcmp(p, "tkt") != 0)) {
			(void)execute(ctx, p, argv + 1, &err);
			fprintf(stderr, "tkt: %s\n", err.text);
			return err_status(err.rc);
		}
	}
	fprintf(stderr, "tkt: \"%s\": no such program%s\n",
	    text_safe(ctx, argv[1], TEXT_LINE), text_hint(ctx, argv[1], names));
	return err_status(RC_USAGE);
}
