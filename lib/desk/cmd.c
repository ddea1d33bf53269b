/* The main of every command. */
#include "desk/cmd.h"

#include <locale.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <talloc.h>
#include <unistd.h>

#include "base/text.h"

static void
print_error(const struct cmd *cmd, const struct err *err)
{
	char *text = text_safe(NULL, err->text, TEXT_LINE);
	char *place = text_safe(NULL, err->place, TEXT_BLOCK);

	fprintf(stderr, "%s: %s\n", cmd->name, text);
	if (*place != '\0')
		fprintf(stderr, "%s\n", place);
	talloc_free(text);
	talloc_free(place);
}

void
cmd_note(const struct cmd_env *env, const char *fmt, ...)
{
	struct err e;
	va_list ap;

	if (env->quiet)
		return;
	e.place[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(e.text, sizeof(e.text), fmt, ap);
	va_end(ap);
	print_error(env->cmd, &e);
}

void
cmd_error(const struct cmd_env *env, const char *fmt, ...)
{
	struct err e;
	va_list ap;

	e.place[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(e.text, sizeof(e.text), fmt, ap);
	va_end(ap);
	print_error(env->cmd, &e);
}

void
cmd_progress(const struct cmd_env *env, const char *what, int64_t done, bool end)
{
	if (env->quiet || isatty(STDERR_FILENO) != 1)
		return;
	if (end)
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr, "\r%s: %lld", what, (long long)done);
	fflush(stderr);
}

static void
help(const struct cmd *cmd, const struct opt *opts)
{
	printf("usage: %s [options] %s\n%s\n\n", cmd->name, cmd->args, cmd->summary);
	opt_help(stdout, opts);
	printf("\nThe manual has more: man %s\n", cmd->name);
}

/* The common options' values, by the table's entry. */
struct common {
	const char *desk, *as, *output;
	bool quiet, help, version;
	char formats[128]; /* completed by the command's own */
};

static size_t
complete_table(const struct cmd *cmd, struct common *c, struct opt full[OPTS_MAX + 1])
{
	const struct {
		const char *name;
		void *to;
	} where[] = {{"desk", &c->desk}, {"as", &c->as}, {"output", &c->output},
	    {"quiet", &c->quiet}, {"help", &c->help}, {"version", &c->version}};
	size_t n = 0;

	snprintf(c->formats, sizeof(c->formats), "json human tsv ids");
	for (const char *const *f = cmd->formats; f != NULL && *f != NULL; f++)
		snprintf(c->formats + strlen(c->formats),
		    sizeof(c->formats) - strlen(c->formats), " %s", *f);
	for (; n < OPTS_MAX && cmd->opts[n].name != NULL; n++) {
		full[n] = cmd->opts[n];
		for (size_t i = 0;
		     full[n].to == NULL && i < sizeof(where) / sizeof(where[0]); i++) {
			if (strcmp(where[i].name, full[n].name) == 0)
				full[n].to = where[i].to;
		}
		if (full[n].to == &c->output) {
			full[n].words = c->formats;
			full[n].help = cmd->formats ? c->formats : full[n].help;
		}
	}
	full[n] = (struct opt)OPTS_END;
	return n;
}

static enum rc
run(struct cmd_env *env, const struct common *c, int argc, char **argv, struct err *err)
{
	struct desk_want want = {c->desk, c->as, (env->cmd->flags & CMD_WRITES) != 0};
	const char *output = c->output;
	enum rc rc;

	if (env->cmd->formats != NULL && output != NULL &&
	    word_index(env->cmd->formats, output) >= 0) {
		env->format = output;
		output = "json";
	}
	rc = out_open(env->ctx, output, env->cmd->formats, &env->out, err);

	if (rc == RC_OK && !(env->cmd->flags & CMD_NO_DESK))
		rc = desk_open(env->ctx, &want, &env->desk, err);
	if (rc == RC_OK && env->desk != NULL && isatty(STDERR_FILENO) == 1 &&
	    desk_draft_differs(env->desk))
		cmd_note(env,
		    "tkt.conf was edited and is not applied (tkt-config diff, apply)");
	if (rc == RC_OK)
		rc = env->cmd->run(env, argc, argv, err);
	return rc;
}

int
cmd_main(const struct cmd *cmd, int argc, char **argv)
{
	struct err err = {0}, closing = {0};
	struct common c = {0};
	struct opt full[OPTS_MAX + 1];
	struct cmd_env env = {
	    .ctx = talloc_named_const(NULL, 0, "cmd"), .cmd = cmd, .err = &err};
	char **args = NULL;
	int n = 0, status;
	enum rc rc;

	/* Whatever the user's locale, text is UTF-8; everything else stays "C". */
	setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0)
		return EX_SOFTWARE;
	complete_table(cmd, &c, full);
	if (argc == 2 && strcmp(argv[1], "--dump-options") == 0) {
		printf("%s\t%s\t%s\n", cmd->name, cmd->summary, cmd->args);
		opt_dump(stdout, full);
		talloc_free(env.ctx);
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	}
	rc = opt_parse(
	    env.ctx, full, (cmd->flags & CMD_TERMS) != 0, argc, argv, &args, &n, &err);
	if (rc == RC_OK && (c.help || c.version)) {
		if (c.help)
			help(cmd, full);
		else
			printf("%s %s\n", cmd->name, TKT_VERSION);
		talloc_free(env.ctx);
		return fflush(stdout) == 0 && !ferror(stdout) ? EX_OK : EX_IOERR;
	}
	env.quiet = c.quiet;
	env.desk_dir = c.desk;
	env.as = c.as;
	if (rc == RC_OK)
		rc = run(&env, &c, n, args, &err);
	if (rc != RC_OK && err.text[0] != '\0')
		print_error(cmd, &err);
	status = err_status(rc);
	if (env.out != NULL && out_close(env.out, &closing) != RC_OK) {
		print_error(cmd, &closing);
		status = status == EX_OK ? err_status(closing.rc) : status;
	}
	if ((cmd->flags & CMD_RETRY) && status != EX_OK && status != EX_USAGE)
		status = EX_TEMPFAIL;
	talloc_free(env.ctx);
	return status;
}
