/* tkt-backup: a desk as one archive, made while others work. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "desk/cmd.h"
#include "exchange/backup.h"

static struct {
	bool keys, verify;
} o;

static const struct opt opts[] = {
    {"keys", 0, OPT_FLAG, NULL,
	"with the secrets: whoever has this archive can be the desk", &o.keys, NULL},
    {"verify", 0, OPT_FLAG, NULL, "check an archive, member by member, and its desk",
	&o.verify, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static void
note(void *arg, const char *text)
{
	cmd_note(arg, "%s", text);
}

static void
print(struct cmd_env *env, const struct backup *b)
{
	json_t *record = json_pack("{s:s,s:s,s:o,s:I,s:s,s:b,s:I,s:I,s:I}", "type",
	    "backup", "desk", b->desk ? b->desk : env->desk->id, "at",
	    record_instant_value(b->at), "event", (json_int_t)b->event, "hash", b->hash,
	    "keys", b->keys, "files", (json_int_t)b->files, "blobs", (json_int_t)b->blobs,
	    "bytes", (json_int_t)b->bytes);

	if (env->out->format == OUT_JSON) {
		out_json(env->out, record);
		return;
	}
	json_decref(record);
	if (env->out->format == OUT_HUMAN)
		out_line(env->out, COLOR_NONE,
		    "%lld files, %lld blobs, %lld bytes; log ends at %lld %.16s",
		    (long long)b->files, (long long)b->blobs, (long long)b->bytes,
		    (long long)b->event, b->hash);
}

/* tkt-doctor asks how old the last one is. */
static enum rc
remember(struct cmd_env *env, const struct backup *b, struct err *err)
{
	struct store *s = env->desk->store;
	char *text =
	    talloc_asprintf(env->ctx, "%lld:%lld", (long long)b->at, (long long)b->event);
	enum rc rc = store_write(s, err);

	if (rc == RC_OK)
		rc = store_meta_set(s, "backup", text, err);
	if (rc == RC_OK)
		return store_commit(s, err);
	store_rollback(s);
	return rc;
}

static enum rc
save(struct cmd_env *env, const char *path, struct err *err)
{
	struct desk_want want = {env->desk_dir, env->as, true};
	struct archive_out *a = NULL;
	struct backup b;
	enum rc rc = desk_open(env->ctx, &want, &env->desk, err);

	if (rc == RC_OK)
		rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc == RC_OK && env->desk->brokered)
		rc = err_fail(err, RC_DENIED, "a backup is the owner's to make");
	if (rc == RC_OK)
		rc = archive_create(env->ctx, path, &a, err);
	if (rc == RC_OK)
		rc = backup_write(env->desk, a, o.keys, note, env, &b, err);
	if (rc == RC_OK)
		rc = archive_finish(a, err);
	talloc_free(a);
	if (rc == RC_OK)
		rc = remember(env, &b, err);
	if (rc == RC_OK && strcmp(path, "-") != 0)
		print(env, &b);
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct backup b;
	enum rc rc;

	if (argc != 1)
		return err_fail(
		    err, RC_USAGE, "say where to: tkt-backup FILE.tar.zst, or -");
	if (o.verify && o.keys)
		return err_fail(err, RC_USAGE, "--verify or --keys, not both");
	if (!o.verify)
		return save(env, argv[0], err);
	rc = backup_verify(env->ctx, argv[0], &b, err);
	if (rc == RC_OK)
		print(env, &b);
	return rc;
}

static const struct cmd cmd = {
    .name = "tkt-backup",
    .summary = "save a desk while others work, or check what was saved",
    .args = "file",
    .opts = opts,
    .flags = CMD_NO_DESK,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
