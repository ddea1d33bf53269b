/* tkt-import: brings tickets in: exports of ours, other systems' exports, mail archives.
 */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "channel/archived.h"
#include "desk/cmd.h"

static struct {
	bool csv, zendesk, mbox;
	struct opt_list maps;
	struct import_want want;
} o;

static const struct opt opts[] = {
    {"csv", 0, OPT_FLAG, NULL, "rows of CSV, a ticket each", &o.csv, NULL},
    {"map", 'm', OPT_LIST, "key=column", "this column is that key; may be repeated",
	&o.maps, NULL},
    {"zendesk", 0, OPT_FLAG, NULL, "tickets of Zendesk, with their comments", &o.zendesk,
	NULL},
    {"mbox", 0, OPT_FLAG, NULL, "mails of an mbox file, dated as they say", &o.mbox,
	NULL},
    {"maildir", 0, OPT_FLAG, NULL, "mails of a maildir, dated as they say",
	&o.want.maildir, NULL},
    {"mailbox", 0, OPT_TEXT, "name", "of ours, where these mails came to",
	&o.want.mailbox, "@mailbox"},
    {"queue", 'q', OPT_TEXT, "queue", "all tickets go to this one", &o.want.queue,
	"@queue"},
    {"new-numbers", 0, OPT_FLAG, NULL, "never verbatim, also into an empty desk",
	&o.want.new_numbers, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "read it all, and keep nothing", &o.want.dry_run,
	NULL},
    OPTS_COMMON,
    OPTS_END,
};

static void
print(struct cmd_env *env, const struct import_count *n)
{
	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:b,s:b,s:I,s:I,s:I,s:I,s:I}", "type", "import",
			"done", !o.want.dry_run, "verbatim", n->verbatim, "tickets",
			(json_int_t)n->tickets, "messages", (json_int_t)n->messages,
			"known", (json_int_t)n->known, "bad", (json_int_t)n->bad,
			"left_out", (json_int_t)n->left_out));
	else if (env->out->format == OUT_HUMAN)
		out_line(env->out, COLOR_NONE,
		    "%lld tickets%s, %lld messages, %lld known already, %lld not used%s",
		    (long long)n->tickets, n->verbatim ? " verbatim" : "",
		    (long long)n->messages, (long long)n->known, (long long)n->bad,
		    o.want.dry_run ? " (not done)" : "");
	if (n->left_out > 0)
		cmd_note(env,
		    "%lld values were left out: fields, agents or files that this desk "
		    "does "
		    "not have",
		    (long long)n->left_out);
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	const char *path = argc > 0 ? argv[0] : NULL;
	struct import_count n = {0};
	enum rc rc;

	if (argc > 1)
		return err_fail(err, RC_USAGE, "\"%s\": one file at a time", argv[1]);
	if (o.csv + o.zendesk + o.mbox + o.want.maildir > 1)
		return err_fail(
		    err, RC_USAGE, "--csv, --zendesk, --mbox or --maildir: one of them");
	if (o.want.queue != NULL && config_queue(env->desk->config, o.want.queue) == NULL)
		return err_fail(err, RC_USAGE, "queue \"%s\": no such queue%s",
		    o.want.queue,
		    text_hint(env->ctx, o.want.queue,
			config_names(env->ctx, env->desk->config, NAME_QUEUE)));
	if (path == NULL && isatty(STDIN_FILENO) == 1)
		return err_fail(
		    err, RC_USAGE, "say what to import: a file, or records on a pipe");
	if (path != NULL && env->desk->brokered)
		return err_fail(
		    err, RC_DENIED, "%s: files cannot be named through tkt-shell", path);
	rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc != RC_OK)
		return rc;
	o.want.maps = &o.maps;
	if (o.csv)
		rc = import_csv(env, &o.want, path, &n, err);
	else if (o.zendesk)
		rc = import_zendesk(env, &o.want, path, &n, err);
	else if (o.mbox || o.want.maildir)
		rc = import_mails(env, &o.want, path, &n, err);
	else
		rc = import_export(env, &o.want, path, &n, err);
	cmd_progress(env, "tickets", 0, true);
	if (rc == RC_OK)
		print(env, &n);
	if (rc == RC_OK && n.bad > 0)
		rc = err_fail(
		    err, RC_INVALID, "%lld records could not be used", (long long)n.bad);
	return rc;
}

static const struct cmd cmd = {
    .name = "tkt-import",
    .summary = "bring tickets in",
    .args = "[file]",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
