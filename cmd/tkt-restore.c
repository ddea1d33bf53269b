/* tkt-restore: a desk again, proven before it says ok. */
#include <string.h>
#include <talloc.h>

#include "base/record.h"
#include "desk/cmd.h"
#include "exchange/backup.h"

static const struct opt opts[] = {
    OPTS_COMMON,
    OPTS_END,
};

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct backup b;
	enum rc rc;

	if (argc != 2)
		return err_fail(err, RC_USAGE,
		    "say what, and where to: tkt-restore FILE.tar.zst DIR");
	rc = backup_restore(env->ctx, argv[0], argv[1], &b, err);
	if (rc != RC_OK)
		return rc;
	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:s,s:s,s:o,s:I,s:I,s:I,s:s,s:b}", "type", "restore",
			"dir", argv[1], "desk", b.desk, "at", record_instant_value(b.at),
			"tickets", (json_int_t)b.tickets, "events", (json_int_t)b.events,
			"blobs", (json_int_t)b.blobs, "hash", b.hash, "keys", b.keys));
	else
		out_line(env->out, COLOR_GREEN,
		    "%s: %lld tickets, %lld events, %lld blobs, no problems; log ends at "
		    "%lld %.16s",
		    argv[1], (long long)b.tickets, (long long)b.events,
		    (long long)b.blobs, (long long)b.event, b.hash);
	if (!b.keys)
		cmd_note(env,
		    "the keys were not saved: reply tokens in old mails are not "
		    "known to the new ones");
	return RC_OK;
}

static const struct cmd cmd = {
    .name = "tkt-restore",
    .summary = "make a desk of a backup",
    .args = "file dir",
    .opts = opts,
    .flags = CMD_NO_DESK,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
