/* tkt-fsck: proves that the rows are what the log says, and that the log is whole. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/record.h"
#include "base/text.h"
#include "change/clocks.h"
#include "desk/cmd.h"
#include "ticket/ticket.h"

static struct {
	bool all, gc, reindex, checkpoint;
	const char *against;
} o;

static const struct opt opts[] = {
    {"all", 0, OPT_FLAG, NULL, "from the first event, not from the last one verified",
	&o.all, NULL},
    {"checkpoint", 0, OPT_FLAG, NULL,
	"print the end of the log, to be kept elsewhere, and check nothing",
	&o.checkpoint, NULL},
    {"verify-against", 0, OPT_TEXT, "head",
	"a checkpoint printed earlier: the log must go on from there", &o.against, NULL},
    {"gc", 0, OPT_FLAG, NULL,
	"remove blobs that no row names and that are older than a day", &o.gc, NULL},
    {"reindex", 0, OPT_FLAG, NULL, "build the search index anew first", &o.reindex, NULL},
    OPTS_COMMON,
    OPTS_END,
};

enum { DAY_MS = 86400000 };

static void
problem(void *arg, const char *text)
{
	struct cmd_env *env = arg;

	if (env->out->format == OUT_JSON)
		out_json(
		    env->out, json_pack("{s:s,s:s}", "type", "problem", "message", text));
	else
		out_line(env->out, COLOR_RED, "%s", text);
}

static enum rc
in_write(struct cmd_env *env, enum rc (*what)(struct cmd_env *env, struct err *err),
    struct err *err)
{
	enum rc rc = store_write(env->desk->store, err);

	if (rc != RC_OK)
		return rc;
	rc = what(env, err);
	if (rc == RC_OK)
		return store_commit(env->desk->store, err);
	store_rollback(env->desk->store);
	return rc;
}

static enum rc
reindex(struct cmd_env *env, struct err *err)
{
	/* What was erased leaves the file with the old index. */
	enum rc rc = store_secure(env->desk->store, err);

	return rc == RC_OK ? store_index_rebuild(env->desk->store, err) : rc;
}

/* The check writes nothing, but FTS5 wants a write transaction for it. */
static enum rc
check_index(struct cmd_env *env, struct err *err)
{
	return store_index_check(env->desk->store, err);
}

/* From where: "id:hash" of the last event verified, if it is still that event. */
static enum rc
start(struct cmd_env *env, int64_t *from, struct err *err)
{
	char *verified = NULL;
	enum rc rc = o.all ? RC_NONE
			   : store_meta_get(
				 env->desk->store, env->ctx, "verified", &verified, err);

	*from = 0;
	if (rc == RC_OK) {
		verified[strcspn(verified, ":")] = '\0';
		if (!text_number(verified, from))
			*from = 0;
	}
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
remember(struct cmd_env *env, const struct verify_report *r, struct err *err)
{
	char *value = talloc_asprintf(env->ctx, "%lld:%s", (long long)r->last,
	    text_hex(env->ctx, r->hash, BLOB_HASH));
	enum rc rc = store_write(env->desk->store, err);

	if (rc == RC_OK)
		rc = store_meta_set(env->desk->store, "verified", value, err);
	if (rc == RC_OK)
		return store_commit(env->desk->store, err);
	store_rollback(env->desk->store);
	return rc;
}

static enum rc
run_gc(struct cmd_env *env, struct err *err)
{
	int64_t removed = 0;
	enum rc rc = blob_gc(
	    env->desk->store, DAY_MS, verify_named, env->desk->store, &removed, err);

	if (rc == RC_OK)
		cmd_note(env, "%lld blobs removed", (long long)removed);
	return rc;
}

struct clock_problems {
	struct cmd_env *env;
	int64_t n;
};

static void
clock_problem(void *arg, const char *text)
{
	struct clock_problems *p = arg;

	p->n++;
	problem(p->env, text);
}

static void
summary(struct cmd_env *env, const struct verify_report *r)
{
	char *hash = text_hex(env->ctx, r->hash, BLOB_HASH);

	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:s}", "type", "fsck", "problems",
			(json_int_t)r->problems, "events", (json_int_t)r->events,
			"tickets", (json_int_t)r->tickets, "blobs", (json_int_t)r->blobs,
			"last", (json_int_t)r->last, "hash", hash));
	else
		out_line(env->out, r->problems ? COLOR_RED : COLOR_GREEN,
		    "%lld problems in %lld events, %lld tickets, %lld blobs; log ends at "
		    "%lld %.16s",
		    (long long)r->problems, (long long)r->events, (long long)r->tickets,
		    (long long)r->blobs, (long long)r->last, hash);
}

/* ---- checkpoints: "number:hash" of the last event ---- */

static enum rc
checkpoint(struct cmd_env *env, struct err *err)
{
	struct chain end;
	char *hex, *head;
	enum rc rc = chain_end(env->desk->store, &end, err);

	if (rc != RC_OK)
		return rc;
	hex = text_hex(env->ctx, end.hash, BLOB_HASH);
	head = talloc_asprintf(env->ctx, "%lld:%s", (long long)end.id, hex);
	if (env->out->format == OUT_JSON)
		out_json(
		    env->out, json_pack("{s:s,s:s,s:I,s:o,s:s}", "type", "checkpoint",
				  "head", head, "event", (json_int_t)end.id, "at",
				  record_instant_value(end.at), "hash", hex));
	else
		out_line(env->out, COLOR_NONE, "%s", head);
	return RC_OK;
}

/* A log that was cut, forged or written anew has another event there, or none. */
static enum rc
verify_against(struct cmd_env *env, int64_t *problems, struct err *err)
{
	size_t n = strcspn(o.against, ":");
	char *number = talloc_strndup(env->ctx, o.against, n);
	unsigned char want[BLOB_HASH], have[BLOB_HASH];
	int64_t id = 0;
	enum rc rc;

	if (o.against[n] != ':' || !text_number(number, &id) || id == 0 ||
	    !text_unhex(o.against + n + 1, want, BLOB_HASH))
		return err_fail(err, RC_USAGE,
		    "--verify-against \"%s\" is no checkpoint: NUMBER:HASH, as "
		    "--checkpoint "
		    "prints it",
		    o.against);
	rc = event_hash(env->desk->store, id, have, err);
	if (rc == RC_NONE) {
		problem(
		    env, talloc_asprintf(env->ctx,
			     "event %lld of the checkpoint is missing: the log was cut",
			     (long long)id));
		++*problems;
		return RC_OK;
	}
	if (rc == RC_OK && memcmp(want, have, BLOB_HASH) != 0) {
		problem(
		    env, talloc_asprintf(env->ctx,
			     "event %lld is not that of the checkpoint: the log up to "
			     "there was written anew",
			     (long long)id));
		++*problems;
	}
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct verify_report r = {0};
	struct err bad = {0};
	struct clock_problems clocks = {.env = env};
	int64_t from = 0, extra = 0;
	enum rc rc;

	if (argc > 0)
		return err_fail(
		    err, RC_USAGE, "\"%s\": tkt-fsck takes options only", argv[0]);
	rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc == RC_OK && o.checkpoint)
		return checkpoint(env, err);
	if (rc == RC_OK && o.against != NULL) {
		o.all = true;
		rc = verify_against(env, &extra, err);
	}
	if (rc == RC_OK && o.reindex)
		rc = in_write(env, reindex, err);
	if (rc == RC_OK)
		rc = start(env, &from, err);
	if (rc != RC_OK)
		return rc;
	/* The engine's own view first: nothing else can be trusted when its file is
	 * broken. */
	if (store_check(env->desk->store, &bad) != RC_OK) {
		problem(env, bad.text);
		extra++;
	}
	if (in_write(env, check_index, &bad) != RC_OK) {
		if (bad.rc == RC_BUSY)
			return err_fail(err, RC_BUSY, "%s", bad.text);
		problem(env, "the search index is not what the messages say (--reindex "
			     "builds it anew)");
		extra++;
	}
	rc = store_read(env->desk->store, err);
	if (rc == RC_OK)
		rc = verify_all(env->desk->store, from, true, problem, env, &r, err);
	if (rc == RC_OK)
		rc = clocks_verify(env->desk, from, clock_problem, &clocks, err);
	store_read_end(env->desk->store);
	r.problems += extra + clocks.n;
	if (rc == RC_OK && r.problems == 0)
		rc = remember(env, &r, err);
	if (rc == RC_OK && o.gc)
		rc = run_gc(env, err);
	if (rc != RC_OK)
		return rc;
	summary(env, &r);
	return r.problems ? RC_NONE : RC_OK;
}

static const struct cmd cmd = {
    .name = "tkt-fsck",
    .summary = "verify a desk's store",
    .args = "",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
