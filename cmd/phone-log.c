/* phone-log: files calls as a switch has written them down. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/csv.h"
#include "desk/cmd.h"
#include "phone/log.h"
#include "ticket/conversation.h"

static struct {
	bool dry_run;
	const char *since;
	int64_t from, bad;
} o;

static const struct opt opts[] = {
    {"dry-run", 'N', OPT_FLAG, NULL, "say what would be filed, and file nothing",
	&o.dry_run, NULL},
    {"since", 0, OPT_TEXT, "time", "calls from then on, instead of the last 60 days",
	&o.since, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static void
print_call(struct cmd_env *env, const struct call *c)
{
	struct out *out = env->out;

	if (out->format == OUT_JSON)
		out_json(out, call_to_json(c));
	else if (out->format != OUT_HUMAN && c->ticket != 0)
		out_id(out, c->ticket);
	else if (out->format == OUT_HUMAN)
		out_line(out, strcmp(c->did, "missed") == 0 ? COLOR_YELLOW : COLOR_NONE,
		    "%s %s -> %s: %s%s", c->id, c->number ? c->number : "anonymous",
		    c->to, c->did,
		    c->ticket
			? talloc_asprintf(env->ctx, ", ticket %lld", (long long)c->ticket)
			: "");
}

/* Each in a transaction of its own: one that cannot be filed is no reason to lose the
 * others. */
static enum rc
file_row(struct cmd_env *env, json_t *row, struct err *err)
{
	void *ctx = talloc_new(env->ctx);
	struct change_tx *tx = NULL;
	struct call_row r;
	enum rc rc = call_row_read(ctx, env->desk->config, row, &r, err);

	if (rc == RC_OK)
		rc = change_begin(ctx, env->desk, 0, &tx, err);
	if (rc == RC_OK)
		rc = call_row_file(tx, ctx, env->desk, &r, o.from, err);
	if (tx != NULL && rc == RC_OK && !o.dry_run)
		rc = change_commit(tx, err);
	else if (tx != NULL)
		change_abort(tx);
	if (rc == RC_OK)
		print_call(env, &r.call);
	talloc_free(ctx);
	return rc;
}

static enum rc
file_rows(struct cmd_env *env, int fd, const char *name, struct err *err)
{
	struct csv *c = NULL;
	json_t *row = NULL;
	enum rc rc = csv_open(env->ctx, fd, &c, err);

	if (rc == RC_INVALID) /* an empty file: a quiet day */
		return RC_OK;
	if (rc == RC_OK && !call_is_header(csv_columns(c)))
		csv_name_columns(c, call_columns, ncall_columns);
	while (rc == RC_OK && (rc = csv_next(c, &row, err)) != RC_NONE) {
		if (rc == RC_OK) {
			rc = file_row(env, row, err);
			json_decref(row);
			if (rc == RC_INVALID || rc == RC_USAGE)
				rc = err_fail(err, RC_INVALID, "line %lld: %s",
				    (long long)csv_line(c),
				    talloc_strdup(env->ctx, err->text));
		}
		if (rc == RC_INVALID) {
			cmd_error(env, "%s: %s", name, err->text);
			o.bad++;
			rc = RC_OK;
		}
	}
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	enum rc rc = actor_need(&env->desk->actor, "desk.config", err);

	/* So long it is known what was filed. */
	o.from = desk_now(env->desk) - HEARD_KEPT_MS;
	if (rc == RC_OK && o.since != NULL)
		rc = desk_instant(env->desk, "since", o.since, &o.from, err);
	if (rc == RC_OK && argc == 0 && isatty(STDIN_FILENO))
		return err_fail(
		    err, RC_USAGE, "which calls? a file of CSV, or rows on stdin");
	if (rc == RC_OK && argc == 0)
		rc = file_rows(env, STDIN_FILENO, "standard input", err);
	for (int i = 0; rc == RC_OK && i < argc; i++) {
		int fd = open(argv[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			return err_errno(err, "%s", argv[i]);
		rc = file_rows(env, fd, argv[i], err);
		close(fd);
	}
	if (rc == RC_OK && o.bad > 0)
		return err_fail(err, RC_INVALID, "%lld row%s could not be filed",
		    (long long)o.bad, o.bad == 1 ? "" : "s");
	return rc;
}

static const struct cmd cmd = {
    .name = "phone-log",
    .summary = "file calls from the call records of a telephone switch",
    .args = "[file ...]",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
