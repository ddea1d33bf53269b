/* tkt-init: makes a desk, or brings an old one up to this version. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/text.h"
#include "change/change.h"
#include "desk/cmd.h"
#include "kb/kb.h"

extern const char conf_default[], conf_sample[];

static struct {
	bool sample, test, upgrade;
} o;

static const struct opt opts[] = {
    {"sample", 0, OPT_FLAG, NULL, "with three queues, agents, routes and tickets to try",
	&o.sample, NULL},
    {"test", 0, OPT_FLAG, NULL, "for tests: writers honour TKT_NOW", &o.test, NULL},
    {"upgrade", 0, OPT_FLAG, NULL, "bring an older desk's store up to this version",
	&o.upgrade, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static void
on_report(void *arg, bool warning, const char *text)
{
	cmd_note(arg, "%s%s", warning ? "warning: " : "", text);
}

static enum rc
write_conf(void *ctx, const char *dir, const char *text, struct err *err)
{
	char *path = talloc_asprintf(ctx, "%s/tkt.conf", dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum rc rc = RC_OK;

	if (fd < 0)
		return errno == EEXIST ? RC_OK : err_errno(err, "%s", path);
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fsync(fd) != 0)
		rc = err_errno(err, "%s", path);
	close(fd);
	return rc;
}

static const struct {
	const char *subject, *from, *body;
} samples[] = {
    {"Refund for invoice AC-20391", "Ann Lee <ann@example.com>",
	"Hello,\n\nI was charged twice for invoice AC-20391.\nCould you refund one of "
	"them?\n\nAnn"},
    {"Printer on the third floor prints blank pages", "Bea Ortiz <bea@example.org>",
	"The big one next to the kitchen. A paper jam yesterday, blank pages since.\n"},
    {"How do I change my password?", "Chidi Okafor <chidi@example.net>",
	"I cannot find the page any more.\n"},
};

static enum rc
sample_tickets(struct cmd_env *env, const char *dir, struct err *err)
{
	struct desk_want want = {.dir = dir, .write = true};
	struct change_tx *tx = NULL;
	struct change_result r;
	enum rc rc = desk_open(env->ctx, &want, &env->desk, err);

	if (rc == RC_OK)
		rc = change_begin(env->ctx, env->desk, 0, &tx, err);
	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; rc == RC_OK && i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct draft d = {.subject = samples[i].subject, .channel = "email"};

		d.message.body = samples[i].body;
		rc = address_parse(env->ctx, samples[i].from, &d.requester, err);
		if (rc == RC_OK)
			rc = change_new(tx, &actor_system, &d, &r, err);
	}
	if (rc == RC_OK)
		return change_commit(tx, err);
	change_abort(tx);
	return rc;
}

static const char *
branch_of(const json_t *desk)
{
	const char *branch =
	    json_string_value(json_object_get(json_object_get(desk, "kb"), "branch"));

	return branch ? branch : "main";
}

/* A desk of a version without a knowledge base gets one. */
static enum rc
upgrade_kb(struct store *s, const char *dir, struct err *err)
{
	json_t *desk = NULL;
	int64_t version = 0;
	enum rc rc = version_newest(s, &version, err);

	if (rc == RC_OK)
		rc = version_part(s, version, "desk", &desk, err);
	if (rc == RC_OK)
		rc = kb_create(dir, branch_of(desk), err);
	json_decref(desk);
	return rc;
}

static enum rc
upgrade(struct cmd_env *env, const char *dir, struct err *err)
{
	struct store *s = NULL;
	char *copy = talloc_asprintf(
		 env->ctx, "%s/store.db.before-%d", dir, store_schema_newest()),
	     *found;
	enum rc rc = desk_find(env->ctx, dir, &found, err);

	if (rc == RC_OK)
		rc = store_open(env->ctx, dir, STORE_UPGRADE, &s, err);
	if (rc != RC_OK)
		return rc;
	if (store_schema(s) == store_schema_newest()) {
		cmd_note(env, "%s has schema %d: nothing to do", dir, store_schema(s));
	} else {
		rc = store_upgrade(s, copy, err);
		if (rc == RC_OK)
			cmd_note(env, "%s has schema %d now; the store as it was: %s",
			    dir, store_schema(s), copy);
	}
	return rc == RC_OK ? upgrade_kb(s, found, err) : rc;
}

/* A test desk's log begins at TKT_NOW: instants in it never decrease. */
static int64_t
present(void)
{
	const char *fixed = getenv("TKT_NOW");
	int64_t now = now_ms();

	if (o.test && fixed != NULL)
		(void)instant_parse(fixed, &now);
	return now;
}

static enum rc
make(struct cmd_env *env, const char *dir, struct err *err)
{
	struct compiled compiled = {0};
	struct conf_want want = {.file = talloc_asprintf(env->ctx, "%s/tkt.conf", dir),
	    .now = present(),
	    .report = on_report,
	    .arg = env};
	struct store *s = NULL;
	int64_t version = 0;
	struct stat sb;
	char *store = talloc_asprintf(env->ctx, "%s/store.db", dir);
	enum rc rc;

	if (access(store, F_OK) == 0)
		return err_fail(err, RC_EXISTS, "%s is a desk already", dir);
	if (mkdir(dir, 0700) != 0 && (errno != EEXIST || stat(dir, &sb) != 0))
		return err_errno(err, "%s", dir);
	if (stat(dir, &sb) == 0 && !S_ISDIR(sb.st_mode))
		return err_fail(err, RC_EXISTS, "%s is not a directory", dir);
	/* A tkt.conf that is there already is the desk's: it must be right before
	 * anything else is made. */
	rc = write_conf(env->ctx, dir, o.sample ? conf_sample : conf_default, err);
	if (rc == RC_OK)
		rc = conf_compile(env->ctx, &want, &compiled, err);
	if (rc == RC_OK)
		rc = desk_make(env->ctx, dir, o.test, &s, err);
	if (rc == RC_OK)
		rc = conf_apply(
		    s, "system", want.now, &compiled, "config.applied", &version, err);
	if (rc == RC_OK)
		rc = kb_create(dir, branch_of(compiled.desk), err);
	if (rc == RC_OK)
		rc = desk_share(
		    dir, json_string_value(json_object_get(compiled.desk, "group")), err);
	talloc_free(s);
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	const char *dir = argc == 1 ? argv[0] : env->desk_dir;
	enum rc rc;

	if (argc > 1 || dir == NULL || *dir == '\0')
		return err_fail(err, RC_USAGE, "say which directory: tkt-init DIR");
	if (o.upgrade)
		return upgrade(env, dir, err);
	rc = make(env, dir, err);
	if (rc == RC_OK && o.sample)
		rc = sample_tickets(env, dir, err);
	if (rc != RC_OK)
		return rc;
	if (env->out->format == OUT_JSON)
		out_json(env->out, json_pack("{s:s,s:s}", "type", "desk", "dir", dir));
	else
		out_line(env->out, COLOR_NONE,
		    "made the desk %s\nEdit %s/tkt.conf, run tkt-config apply, then: "
		    "export TKT_DESK=%s",
		    dir, dir, dir);
	return RC_OK;
}

static const struct cmd cmd = {
    .name = "tkt-init",
    .summary = "make a desk",
    .args = "DIR",
    .opts = opts,
    .flags = CMD_NO_DESK,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
