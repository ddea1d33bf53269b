/* Mails that wait for somebody to look at them: rows of mail_id. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/text.h"
#include "change/change.h"
#include "channel/ingest.h"

#define HELD_COLUMNS "msgid, mailbox, body_sha, raw, reason, at, class, rule"

SQL(sql_held, "SELECT " HELD_COLUMNS " FROM mail_id WHERE outcome = 'quarantined' "
	      "ORDER BY at");
SQL(sql_held_discard, "UPDATE mail_id SET outcome = 'discarded' "
		      "WHERE msgid = ?1 AND mailbox = ?2 AND body_sha = ?3");

static void
read_hash(struct stmt *st, int i, unsigned char hash[BLOB_HASH])
{
	size_t n = 0;
	const void *b = col_blob(st, i, &n);

	if (n == BLOB_HASH)
		memcpy(hash, b, n);
}

static struct held
read_held(void *ctx, struct stmt *st)
{
	struct held h = {.msgid = col_strdup(ctx, st, 0),
	    .mailbox = col_strdup(ctx, st, 1),
	    .reason = col_strdup(ctx, st, 4),
	    .at = col_int(st, 5),
	    .class = col_strdup(ctx, st, 6),
	    .rule = col_strdup(ctx, st, 7)};

	read_hash(st, 2, h.body);
	read_hash(st, 3, h.raw);
	return h;
}

enum rc
held_each(struct store *s,
    enum rc (*each)(void *arg, const struct held *h, struct err *err), void *arg,
    struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_held, &st, err);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK) {
		void *row = talloc_new(NULL);
		struct held h = read_held(row, st);

		rc = each(arg, &h, err);
		talloc_free(row);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- one of them ---- */

struct finding {
	void *ctx;
	const char *prefix;
	struct held *h;
	size_t found;
	bool several;
};

static enum rc
compare(void *arg, const struct held *h, struct err *err)
{
	struct finding *f = arg;
	char *hex = text_hex(NULL, h->raw, BLOB_HASH);
	bool is = text_starts(hex, f->prefix);

	(void)err;
	talloc_free(hex);
	/* The same mail may wait in two mailboxes: the older one comes first. */
	f->several = f->several ||
		     (is && f->found > 0 && memcmp(f->h->raw, h->raw, BLOB_HASH) != 0);
	if (is && f->found++ == 0) {
		*f->h = *h;
		f->h->msgid = talloc_strdup(f->ctx, h->msgid);
		f->h->mailbox = talloc_strdup(f->ctx, h->mailbox);
		f->h->reason = talloc_strdup(f->ctx, h->reason);
		f->h->class = talloc_strdup(f->ctx, h->class);
		f->h->rule = talloc_strdup(f->ctx, h->rule);
	}
	return RC_OK;
}

enum rc
held_find(struct store *s, void *ctx, const char *prefix, struct held *h, struct err *err)
{
	struct finding f = {ctx, prefix, h, 0, false};
	size_t n = strlen(prefix);
	enum rc rc;

	if (n < 4 || strspn(prefix, "0123456789abcdef") != n)
		return err_fail(err, RC_USAGE,
		    "\"%s\" is no id: at least four digits of what list prints", prefix);
	rc = held_each(s, compare, &f, err);
	if (rc != RC_OK)
		return rc;
	if (f.found == 0)
		return err_fail(err, RC_NOTFOUND, "no quarantined mail \"%s\"", prefix);
	return f.several ? err_fail(err, RC_USAGE,
			       "several quarantined mails begin with \"%s\"", prefix)
			 : RC_OK;
}

enum rc
held_release(struct desk *d, struct ingester *ing, const struct held *h,
    void (*each)(void *arg, size_t mail, const struct ingest *i), void *arg,
    struct err *err)
{
	struct ingest_want want = {
	    .mailbox = h->mailbox, .received_at = h->at, .release = h};
	void *raw = NULL;
	size_t n = 0;
	enum rc rc = blob_get(d->store, ing, h->raw, &raw, &n, err);

	if (rc == RC_OK)
		rc = ingester_add(ing, &want, raw, n, n, err);
	if (rc == RC_OK)
		rc = ingester_file(ing, each, arg, err);
	talloc_free(raw);
	return rc;
}

enum rc
held_discard(struct desk *d, const struct held *h, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_write(d->store, err);

	if (rc != RC_OK)
		return rc;
	rc = store_prepare(d->store, sql_held_discard, &st, err);
	if (rc == RC_OK) {
		bind_text(st, 1, h->msgid);
		bind_text(st, 2, h->mailbox);
		bind_blob(st, 3, h->body, BLOB_HASH);
		rc = stmt_run(st, err);
	}
	if (rc == RC_OK)
		return store_commit(d->store, err);
	store_rollback(d->store);
	return rc;
}
