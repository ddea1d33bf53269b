/* cust-erase: forgets a person, and keeps the proof that nothing else changed. */
#include <string.h>
#include <talloc.h>

#include "change/erase.h"
#include "change/person.h"
#include "desk/cmd.h"

static struct {
	bool dry_run;
} o;

static const struct opt opts[] = {
    {"dry-run", 'N', OPT_FLAG, NULL, "say what would be erased, and erase nothing",
	&o.dry_run, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static void
print(struct cmd_env *env, int64_t id, const struct erasure *r, int64_t blobs)
{
	if (env->out->format == OUT_IDS)
		out_id(env->out, id);
	else if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:I,s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:o}", "type",
			"erasure", "customer", (json_int_t)id, "done", !o.dry_run,
			"addresses", (json_int_t)r->addresses, "tickets",
			(json_int_t)r->tickets, "messages", (json_int_t)r->messages,
			"attachments", (json_int_t)r->attachments, "events",
			(json_int_t)r->events, "blobs", (json_int_t)blobs, "receipt",
			o.dry_run ? json_null() : json_integer(r->event)));
	else
		out_line(env->out, COLOR_NONE,
		    "customer %lld: %lld addresses, %lld tickets, %lld messages, %lld "
		    "attachments, the changes of %lld events%s",
		    (long long)id, (long long)r->addresses, (long long)r->tickets,
		    (long long)r->messages, (long long)r->attachments,
		    (long long)r->events,
		    o.dry_run ? " would be erased"
			      : talloc_asprintf(env->ctx, " erased; receipt: event %lld",
				    (long long)r->event));
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct change_tx *tx = NULL;
	struct erasure r;
	bool organization = false;
	int64_t id = 0, blobs = 0;
	enum rc rc;

	if (argc != 1)
		return err_fail(
		    err, RC_USAGE, "say who, one person: cust-erase -N ann@example.com");
	rc = change_begin(env->ctx, env->desk, 0, &tx, err);
	if (rc != RC_OK)
		return rc;
	rc = person_find(env->desk->store, env->ctx, argv[0], &organization, &id, err);
	if (rc == RC_OK && organization)
		rc = err_fail(err, RC_USAGE, "%s is no person", argv[0]);
	if (rc == RC_OK)
		rc = change_erase(tx, &env->desk->actor, id, &r, err);
	if (rc != RC_OK || o.dry_run) {
		change_abort(tx);
		if (rc == RC_OK)
			print(env, id, &r, 0);
		return rc;
	}
	rc = change_commit(tx, err);
	if (rc == RC_OK)
		rc = erase_blobs(env->desk->store, &r, &blobs, err);
	if (rc == RC_OK)
		print(env, id, &r, blobs);
	return rc;
}

static const struct cmd cmd = {
    .name = "cust-erase",
    .summary = "forget a person",
    .args = "person",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
