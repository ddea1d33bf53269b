/* Bulk changes. */
#include "change/bulk.h"

#include <talloc.h>

#include "base/mem.h"

enum { BATCH = 500 };

struct bulk {
	struct desk *d;
	struct source *s;
	bool dry_run;
	enum rc (*one)(
	    void *, struct change_tx *, int64_t, struct change_result *, struct err *);
	enum rc (*done)(void *, struct change_result *, struct err *);
	void *arg;
	int64_t batch;
};

/* Reads what is there: the numbers of one transaction. The code is that of reading on. */
static enum rc
gather(struct bulk *b, int64_t *ids, size_t *n, struct err *err)
{
	enum rc rc = RC_OK;

	for (*n = 0; *n < BATCH && (*n == 0 || source_ready(b->s)); (*n)++) {
		rc = source_next(b->s, &ids[*n], err);
		if (rc != RC_OK)
			break;
	}
	return rc;
}

static enum rc
transaction(struct bulk *b, void *ctx, const int64_t *ids, size_t n, struct err *err)
{
	struct change_result *r = mem_array(ctx, struct change_result, n);
	struct change_tx *tx = NULL;
	struct err bad;
	size_t made = 0;
	enum rc rc = change_begin(ctx, b->d, b->batch, &tx, err), first = RC_OK;

	if (rc != RC_OK)
		return rc;
	for (; made < n; made++) {
		first = b->one(b->arg, tx, ids[made], &r[made], &bad);
		if (first != RC_OK)
			break;
	}
	b->batch = change_batch(tx);
	for (size_t i = 0; rc == RC_OK && b->dry_run && i < made; i++)
		rc = b->done(b->arg, &r[i], err);
	if (b->dry_run)
		change_abort(tx);
	else
		rc = change_commit(tx, err);
	for (size_t i = 0; i < made; i++) {
		if (rc == RC_OK && !b->dry_run)
			rc = b->done(b->arg, &r[i], err);
	}
	if (rc == RC_OK && first != RC_OK) {
		*err = bad;
		rc = first;
	}
	return rc;
}

enum rc
bulk_run(struct desk *d, struct source *s, bool dry_run,
    enum rc (*one)(
	void *, struct change_tx *, int64_t, struct change_result *, struct err *),
    enum rc (*done)(void *, struct change_result *, struct err *), void *arg,
    struct err *err)
{
	struct bulk b = {d, s, dry_run, one, done, arg, source_many(s) ? -1 : 0};
	int64_t ids[BATCH];
	struct err later = {0};
	enum rc rc = RC_OK, end = RC_OK;

	while (rc == RC_OK && end == RC_OK) {
		void *ctx = talloc_new(NULL);
		size_t n = 0;

		end = gather(&b, ids, &n, &later);
		if (n > 0)
			rc = transaction(&b, ctx, ids, n, err);
		talloc_free(ctx);
	}
	if (rc == RC_OK && end != RC_NONE) {
		*err = later;
		rc = end;
	}
	return rc;
}
