/* tkt-config: checks tkt.conf, makes it the version that runs, shows and rolls back. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/diff.h"
#include "base/instant.h"
#include "base/record.h"
#include "base/text.h"
#include "change/clocks.h"
#include "desk/cmd.h"
#include "policy/policy.h"
#include "policy/texts.h"

static struct {
	const char *names, *conf;
	bool compiled;
} o;

static const struct opt opts[] = {
    {"names", 0, OPT_TEXT, "kind",
	"show: only the names of queue, agent, view, field, mailbox, role, canned",
	&o.names, "queue agent view field mailbox role"},
    {"compiled", 0, OPT_FLAG, NULL, "check, show: what the programs read, as JSON",
	&o.compiled, NULL},
    {"conf", 0, OPT_TEXT, "file", "check: this file instead of the desk's tkt.conf",
	&o.conf, NULL},
    OPTS_COMMON,
    OPTS_END,
};

enum { FOLLOW_MS = 1000 };

static void
on_report(void *arg, bool warning, const char *text)
{
	struct cmd_env *env = arg;

	if (warning && env->quiet)
		return;
	/* The path first, as compilers do it: editors and CI jump there. */
	fprintf(stderr, "%s%s\n", warning ? "warning: " : "",
	    text_safe(env->ctx, text, TEXT_BLOCK));
}

static struct conf_want
want_of(struct cmd_env *env, const char *dir, int64_t now)
{
	return (struct conf_want){.file = talloc_asprintf(env->ctx, "%s/tkt.conf", dir),
	    .now = now,
	    .report = on_report,
	    .arg = env};
}

static enum rc
open_desk(struct cmd_env *env, bool write, struct err *err)
{
	struct desk_want want = {env->desk_dir, env->as, write};
	enum rc rc = desk_open(env->ctx, &want, &env->desk, err);

	return rc == RC_OK && write ? actor_need(&env->desk->actor, "desk.config", err)
				    : rc;
}

static enum rc
do_check(struct cmd_env *env, struct err *err)
{
	struct compiled c = {0};
	struct conf_want want;
	char *dir = NULL;
	int64_t now = 0;
	enum rc rc = now_given(&now, err);

	if (rc == RC_OK && o.conf == NULL)
		rc = desk_find(env->ctx, env->desk_dir, &dir, err);
	if (rc != RC_OK)
		return rc;
	want = want_of(env, dir, now);
	if (o.conf != NULL)
		want.file = o.conf;
	rc = conf_compile(env->ctx, &want, &c, err);
	if (rc == RC_OK && o.compiled)
		out_json(env->out, conf_parts(&c));
	else if (rc == RC_OK && env->out->format == OUT_HUMAN)
		out_line(env->out, COLOR_GREEN, "tkt.conf is right");
	return rc;
}

static void
print_version(struct cmd_env *env, int64_t version)
{
	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:I}", "type", "version", "id", (json_int_t)version));
	else
		out_line(
		    env->out, COLOR_NONE, "version %lld runs now", (long long)version);
}

/* Clocks of open tickets follow at once where they are few; tkt-tick does the rest. */
static enum rc
follow(struct cmd_env *env, struct err *err)
{
	struct desk_want want = {env->desk->dir, env->as, true};
	struct clocks_done done = {0};
	struct desk *d = NULL; /* ours has the old version */
	enum rc rc = desk_open(env->ctx, &want, &d, err);

	if (rc != RC_OK)
		return rc;
	talloc_free(env->desk);
	env->desk = d;
	rc = clocks_follow(env->desk, FOLLOW_MS, &done, err);
	if (rc == RC_OK && !done.all)
		cmd_note(env, "clocks of %lld tickets follow, the others by tkt-tick",
		    (long long)done.followed);
	return rc;
}

static enum rc
do_apply(struct cmd_env *env, struct err *err)
{
	struct compiled c = {0};
	struct conf_want want;
	int64_t version = 0;
	enum rc rc = open_desk(env, true, err);

	if (rc != RC_OK)
		return rc;
	want = want_of(env, env->desk->dir, desk_now(env->desk));
	rc = conf_compile(env->ctx, &want, &c, err);
	if (rc == RC_OK)
		rc =
		    conf_apply(env->desk->store, actor_print(env->ctx, &env->desk->actor),
			desk_now(env->desk), &c, "config.applied", &version, err);
	if (rc == RC_OK)
		rc = desk_share(env->desk->dir,
		    json_string_value(json_object_get(c.desk, "group")), err);
	if (rc != RC_OK)
		return rc;
	if (version == 0)
		cmd_note(env, "nothing changed: version %lld runs",
		    (long long)env->desk->config->version);
	else
		print_version(env, version);
	return version ? follow(env, err) : RC_OK;
}

static void
diff_line(void *arg, const char *text)
{
	static const char marks[] = " @-+";
	static const enum out_color colors[] = {
	    COLOR_NONE, COLOR_DIM, COLOR_RED, COLOR_GREEN};
	const char *m = strchr(marks, *text);

	out_line(arg, m ? colors[m - marks] : COLOR_NONE, "%s", text);
}

/* The draft as it stands on disk, right or wrong, against the version that runs. */
static enum rc
do_diff(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct compiled c = {0};
	struct conf_want want;
	struct err ignored;
	json_t *old = NULL, *v;
	const char *file;
	int64_t id;
	bool differs = false;
	enum rc rc = open_desk(env, false, err);

	if (rc != RC_OK)
		return rc;
	id = env->desk->config->version;
	if (argc > 0 && !text_number(argv[0], &id))
		return err_fail(err, RC_USAGE, "\"%s\" is not a version", argv[0]);
	rc = version_part(env->desk->store, id, "source", &old, err);
	if (rc != RC_OK)
		return rc;
	env->quiet = true;
	want = want_of(env, env->desk->dir, desk_now(env->desk));
	if (conf_compile(env->ctx, &want, &c, &ignored) == RC_NOTFOUND)
		return err_fail(err, RC_NOTFOUND, "%s", ignored.text);
	json_object_foreach(old, file, v)
	{
		const char *now = json_string_value(json_object_get(c.source, file));

		if (now != NULL && strcmp(now, json_string_value(v)) == 0)
			continue;
		out_line(env->out, COLOR_BOLD, "--- %s, version %lld\n+++ %s", file,
		    (long long)id, file);
		differs = diff_lines(json_string_value(v), now ? now : "", diff_line,
			      env->out) ||
			  differs;
	}
	json_object_foreach(c.source, file, v)
	{
		if (json_object_get(old, file) != NULL)
			continue;
		out_line(env->out, COLOR_BOLD, "--- /dev/null\n+++ %s", file);
		differs =
		    diff_lines("", json_string_value(v), diff_line, env->out) || differs;
	}
	json_decref(old);
	return differs ? RC_NONE : RC_OK;
}

/* Its languages are one name. */
static enum rc
one_canned(void *arg, const struct canned *c, struct err *err)
{
	static const char *last;
	struct cmd_env *env = arg;

	(void)err;
	if (last == NULL || strcmp(last, c->name) != 0)
		out_line(env->out, COLOR_NONE, "%s", c->name);
	last = c->name;
	return RC_OK;
}

static enum rc
show_names(struct cmd_env *env, struct err *err)
{
	static const char *const kinds[] = {
	    "mailbox", "queue", "role", "agent", "field", "view", NULL};
	int k = word_index(kinds, o.names);
	struct texts *t = NULL;
	enum rc rc;

	if (strcmp(o.names, "canned") == 0) {
		rc = texts_load(env->ctx, env->desk, &t, err);
		return rc == RC_OK ? texts_each_canned(t, one_canned, env, err) : rc;
	}

	if (k < 0)
		return err_fail(err, RC_USAGE, "--names \"%s\": no such kind%s", o.names,
		    text_hint(env->ctx, o.names, kinds));
	for (const char **v =
		 config_names(env->ctx, env->desk->config, (enum name_kind)k);
	     *v != NULL; v++)
		out_line(env->out, COLOR_NONE, "%s", *v);
	return RC_OK;
}

static enum rc
do_show(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	json_t *part = NULL, *v;
	const char *file;
	int64_t id;
	enum rc rc = open_desk(env, false, err);

	if (rc != RC_OK || o.names != NULL)
		return rc == RC_OK ? show_names(env, err) : rc;
	id = env->desk->config->version;
	if (argc > 0 && !text_number(argv[0], &id))
		return err_fail(err, RC_USAGE, "\"%s\" is not a version", argv[0]);
	rc = version_part(
	    env->desk->store, id, o.compiled ? "desk" : "source", &part, err);
	if (rc != RC_OK)
		return rc;
	if (o.compiled) {
		json_t *rules = NULL, *sla = NULL;

		rc = version_part(env->desk->store, id, "rules", &rules, err);
		if (rc == RC_OK)
			rc = version_held(env->desk->store, id, "sla", &sla, err);
		if (rc == RC_NONE) /* of a version from before clocks */
			rc = RC_OK;
		json_object_set_new(part, "rules", rules);
		json_object_set_new(part, "sla", sla);
		json_object_set_new(part, "version", json_integer(id));
		out_json(env->out, part);
		return rc;
	}
	json_object_foreach(part, file, v)
	{
		if (json_object_size(part) > 1)
			out_line(env->out, COLOR_DIM, "# ---- %s", file);
		out_block(env->out, json_string_value(v), 0);
	}
	json_decref(part);
	return RC_OK;
}

SQL(sql_versions,
    "SELECT v.id, v.at FROM version v WHERE v.part = 'desk' ORDER BY v.id DESC");

static enum rc
do_versions(struct cmd_env *env, struct err *err)
{
	static const struct column columns[] = {
	    {"VERSION", true, false}, {"APPLIED", false, false}, {"", false, false}};
	struct stmt *st;
	enum rc rc = open_desk(env, false, err);

	if (rc == RC_OK)
		rc = store_prepare(env->desk->store, sql_versions, &st, err);
	if (rc != RC_OK)
		return rc;
	out_table(env->out, columns, 3);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		int64_t id = col_int(st, 0), at = col_int(st, 1);
		bool runs = id == env->desk->config->version;

		if (env->out->format == OUT_JSON) {
			json_t *r = json_pack("{s:s,s:I,s:b}", "type", "version", "id",
			    (json_int_t)id, "runs", runs);

			record_set_instant(r, "applied_at", at);
			out_json(env->out, r);
		} else if (env->out->format == OUT_IDS) {
			out_id(env->out, id);
		} else {
			char *n = talloc_asprintf(env->ctx, "%lld", (long long)id);
			const char *cells[] = {n,
			    instant_local(env->ctx, at, desk_zone(env->desk)),
			    runs ? "runs" : ""};

			out_row(env->out, COLOR_NONE, cells);
		}
	}
	stmt_done(st);
	out_table_end(env->out);
	return rc == RC_NONE ? RC_OK : rc;
}

/* Compiles what version `id` was made of, as of today, and makes it the one that runs. */
static enum rc
again(struct cmd_env *env, int64_t id, const char *action, int64_t *version,
    struct err *err)
{
	struct conf_want want = want_of(env, env->desk->dir, desk_now(env->desk));
	struct compiled c = {0};
	json_t *source = NULL;
	enum rc rc = version_part(env->desk->store, id, "source", &source, err);

	if (rc == RC_OK)
		rc = conf_recompile(
		    env->ctx, record_own(env->ctx, source), &want, &c, err);
	if (rc == RC_OK)
		rc =
		    conf_apply(env->desk->store, actor_print(env->ctx, &env->desk->actor),
			desk_now(env->desk), &c, action, version, err);
	return rc;
}

static enum rc
do_rollback(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	int64_t id = 0, version = 0;
	enum rc rc;

	if (argc != 1 || !text_number(argv[0], &id))
		return err_fail(
		    err, RC_USAGE, "say which version: tkt-config rollback N");
	rc = open_desk(env, true, err);
	if (rc == RC_OK)
		rc = again(env, id, "config.rolledback", &version, err);
	if (rc != RC_OK)
		return rc;
	if (version == 0) {
		cmd_note(env, "nothing changed: that is what runs");
		return RC_OK;
	}
	print_version(env, version);
	cmd_note(env, "tkt.conf itself was not touched (tkt-config diff shows it)");
	return follow(env, err);
}

/* The years that calendars are compiled for move on, and zones change their rules: the
 * same tkt.conf may mean other hours (S30). tkt-tick calls this. */
static enum rc
do_refresh(struct cmd_env *env, struct err *err)
{
	int64_t version = 0;
	enum rc rc = open_desk(env, true, err);

	if (rc == RC_OK)
		rc = again(
		    env, env->desk->config->version, "config.refreshed", &version, err);
	if (rc == RC_OK && version != 0)
		print_version(env, version);
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	static const char *const verbs[] = {
	    "check", "apply", "diff", "show", "versions", "rollback", "refresh", NULL};
	const char *verb = argc > 0 ? argv[0] : "";

	switch (word_index(verbs, verb)) {
	case 0:
		return do_check(env, err);
	case 1:
		return do_apply(env, err);
	case 2:
		return do_diff(env, argc - 1, argv + 1, err);
	case 3:
		return do_show(env, argc - 1, argv + 1, err);
	case 4:
		return do_versions(env, err);
	case 5:
		return do_rollback(env, argc - 1, argv + 1, err);
	case 6:
		return do_refresh(env, err);
	default:
		return err_fail(err, RC_USAGE,
		    "\"%s\": use check, apply, diff, show, versions, rollback or "
		    "refresh%s",
		    verb, text_hint(env->ctx, verb, verbs));
	}
}

static const struct cmd cmd = {
    .name = "tkt-config",
    .summary = "check and apply tkt.conf",
    .args = "check | apply | diff [N] | show [N] | versions | rollback N | refresh",
    .opts = opts,
    .flags = CMD_NO_DESK,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
