/* Bulk changes. */
#include "change/bulk.h"

#include <stdlib.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "query/show.h"

enum { BATCH = 500 };

enum rc
bulk_expect(const struct desk *d, const struct bulk_opts *o, const struct source *s,
    const struct source_item *item, struct expect *e, struct err *err)
{
	enum rc rc;

	*e = (struct expect){0};
	rc = desk_instant(
	    d, "if-updated-before", o->if_updated_before, &e->updated_at, err);
	if (rc != RC_OK || !o->if_unchanged)
		return rc;
	if (!source_records(s))
		return err_fail(err, RC_USAGE,
		    "--if-unchanged wants records on stdin: they say how a ticket was");
	if (item->last_event == 0 && item->updated_at == INSTANT_NONE)
		return err_fail(err, RC_INVALID,
		    "ticket %lld: its record has no last_event and no updated_at",
		    (long long)item->id);
	e->event = item->last_event;
	if (e->event == 0)
		e->updated_at = item->updated_at;
	return RC_OK;
}

/* Reads what is there: the tickets of one transaction. The code is that of reading on. */
static enum rc
gather(const struct bulk *b, struct source_item *items, size_t *n, struct err *err)
{
	enum rc rc = RC_OK;

	for (*n = 0; *n < BATCH && (*n == 0 || source_ready(b->source)); (*n)++) {
		rc = source_next_item(b->source, &items[*n], err);
		if (rc != RC_OK)
			break;
	}
	return rc;
}

static enum rc
change_one(const struct bulk *b, struct change_tx *tx, const struct source_item *item,
    struct change_result *r, struct err *err)
{
	struct expect e;
	enum rc rc = bulk_expect(b->env->desk, b->opts, b->source, item, &e, err);

	if (rc != RC_OK)
		return rc;
	change_expect(tx, &e);
	return b->one(b->arg, tx, item->id, r, err);
}

static enum rc
report(const struct bulk *b, struct change_result *r, struct err *err)
{
	return b->done ? b->done(b->arg, r, err)
		       : bulk_print(b->env, r, b->opts->dry_run, err);
}

static enum rc
transaction(const struct bulk *b, void *ctx, const struct source_item *items, size_t n,
    int64_t *batch, struct err *err)
{
	struct change_result *r = mem_array(ctx, struct change_result, n);
	struct change_tx *tx = NULL;
	struct err bad;
	size_t made = 0;
	enum rc rc = change_begin(ctx, b->env->desk, *batch, &tx, err), first = RC_OK;

	if (rc != RC_OK)
		return rc;
	for (; made < n; made++) {
		first = change_one(b, tx, &items[made], &r[made], &bad);
		if (first != RC_OK)
			break;
	}
	*batch = change_batch(tx);
	for (size_t i = 0; rc == RC_OK && b->opts->dry_run && i < made; i++)
		rc = report(b, &r[i], err);
	if (b->opts->dry_run)
		change_abort(tx);
	else
		rc = change_commit(tx, err);
	for (size_t i = 0; i < made; i++) {
		if (rc == RC_OK && !b->opts->dry_run)
			rc = report(b, &r[i], err);
	}
	if (rc == RC_OK && first != RC_OK) {
		*err = bad;
		rc = first;
	}
	return rc;
}

enum rc
bulk_run(const struct bulk *b, struct err *err)
{
	struct source_item items[BATCH];
	struct err later = {0};
	int64_t batch = b->batch || source_many(b->source) ? -1 : 0, done = 0;
	enum rc rc = RC_OK, end = RC_OK;

	while (rc == RC_OK && end == RC_OK) {
		void *ctx = talloc_new(NULL);
		size_t n = 0;

		end = gather(b, items, &n, &later);
		if (n > 0)
			rc = transaction(b, ctx, items, n, &batch, err);
		done += (int64_t)n;
		cmd_progress(b->env, "tickets", done, false);
		talloc_free(ctx);
	}
	cmd_progress(b->env, "tickets", done, true);
	if (rc == RC_OK && end != RC_NONE) {
		*err = later;
		rc = end;
	}
	return rc;
}

enum rc
bulk_print(
    struct cmd_env *env, const struct change_result *r, bool dry_run, struct err *err)
{
	const char *key;
	json_t *v;

	if (env->out->format != OUT_HUMAN)
		return show_ticket(env->desk, env->out, r->after, err);
	if (!r->changed)
		out_line(env->out, COLOR_DIM, "ticket %lld: nothing to change",
		    (long long)r->ticket);
	json_object_foreach(r->changes, key, v)
	{
		char *from =
		    json_dumps(json_array_get(v, 0), JSON_ENCODE_ANY | JSON_COMPACT);
		char *to =
		    json_dumps(json_array_get(v, 1), JSON_ENCODE_ANY | JSON_COMPACT);

		out_line(env->out, COLOR_NONE, "ticket %lld: %s %s → %s%s",
		    (long long)r->ticket, key, from, to, dry_run ? " (not done)" : "");
		free(from);
		free(to);
	}
	return RC_OK;
}
