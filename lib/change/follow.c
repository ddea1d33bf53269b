/* Open tickets follow newly applied policies in bulk; and fsck's look at all clocks. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/text.h"
#include "change/clocks_priv.h"

enum { AT_ONCE = 500 }; /* tickets a transaction */

/* ---- following ---- */

/* Of the oldest first: a ticket that changes meanwhile has followed by itself. */
SQL(sql_followers,
    "SELECT t.id, t.updated_at FROM ticket t LEFT JOIN sla_ticket s ON s.ticket = t.id "
    "WHERE t.phase < 2 AND (t.updated_at, t.id) > (?1, ?2) "
    "AND (s.ticket IS NULL OR s.version < ?3) ORDER BY t.updated_at, t.id LIMIT ?4");

struct follow {
	struct desk *d;
	int64_t version;	/* to follow */
	int64_t updated_at, id; /* the last ticket that was looked at */
	int64_t ids[AT_ONCE];
	size_t n;
};

static enum rc
gather(struct follow *f, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(f->d->store, sql_followers, &st, err);

	f->n = 0;
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, f->updated_at);
	bind_int(st, 2, f->id);
	bind_int(st, 3, f->version);
	bind_int(st, 4, AT_ONCE);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		f->ids[f->n++] = f->id = col_int(st, 0);
		f->updated_at = col_int(st, 1);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
follow_one(struct change_tx *tx, int64_t ticket, int64_t *told, struct err *err)
{
	struct change_result r = {0};
	struct work w = {.tx = tx,
	    .ctx = talloc_new(tx->ctx),
	    .actor = &actor_system,
	    .r = &r,
	    .news = true};
	bool due = false;
	enum rc rc = work_load(&w, ticket, false, err);

	for (size_t i = 0; rc == RC_OK && w.clocks != NULL && i < w.clocks->n; i++)
		due = due ||
		      (w.clocks->v[i].fire != 0 && w.clocks->v[i].fire <= tx->now / 1000);
	if (rc == RC_OK && w.clocks == NULL)
		rc = clocks_refold(tx->book, ticket, err);
	else if (rc == RC_OK && due) /* tells by the old policies first, and follows */
		rc = change_tell(tx, ticket, told, err);
	else if (rc == RC_OK)
		rc = work_follow(&w, err);
	talloc_free(w.ctx);
	return rc;
}

static enum rc
follow_some(struct follow *f, struct clocks_done *done, struct err *err)
{
	void *ctx = talloc_new(f->d);
	struct change_tx *tx = NULL;
	struct sla_book *b = NULL;
	enum rc rc = change_begin(ctx, f->d, 0, &tx, err);

	if (rc == RC_OK)
		rc = clocks_book(tx, &b, err);
	for (size_t i = 0; rc == RC_OK && i < f->n; i++)
		rc = follow_one(tx, f->ids[i], &done->told, err);
	if (rc == RC_OK)
		done->followed += (int64_t)f->n;
	if (tx != NULL && rc == RC_OK)
		rc = change_commit(tx, err);
	else if (tx != NULL)
		change_abort(tx);
	talloc_free(ctx);
	return rc;
}

static enum rc
remember(struct desk *d, int64_t version, struct err *err)
{
	char *text = talloc_asprintf(d, "%lld", (long long)version);
	enum rc rc = store_write(d->store, err);

	if (rc != RC_OK)
		return rc;
	rc = store_meta_set(d->store, sla_followed_key, text, err);
	talloc_free(text);
	if (rc == RC_OK)
		return store_commit(d->store, err);
	store_rollback(d->store);
	return rc;
}

/* The version whose policies are the newest, and whether all follow them. */
static enum rc
newest(struct desk *d, int64_t *version, bool *behind, struct err *err)
{
	struct sla_book *b = NULL;
	int64_t followed = 0;
	char *text = NULL;
	enum rc rc = sla_book_open(d, d, &b, err);

	if (rc == RC_OK)
		rc = store_meta_get(d->store, d, sla_followed_key, &text, err);
	if (rc == RC_OK)
		(void)text_number(text, &followed);
	if (rc == RC_OK || rc == RC_NONE) {
		*version = b->v[b->n - 1].version;
		*behind = b->any && followed < *version;
	}
	talloc_free(b);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
clocks_behind(struct desk *d, bool *yes, struct err *err)
{
	int64_t version;

	return newest(d, &version, yes, err);
}

enum rc
clocks_follow(struct desk *d, int64_t budget, struct clocks_done *done, struct err *err)
{
	struct follow f = {.d = d};
	int64_t start = now_ms();
	bool behind = false;
	enum rc rc = newest(d, &f.version, &behind, err);

	done->all = !behind;
	while (rc == RC_OK && !done->all) {
		if (budget != 0 && now_ms() - start > budget)
			return RC_OK;
		rc = gather(&f, err);
		if (rc == RC_OK && f.n > 0)
			rc = follow_some(&f, done, err);
		done->all = rc == RC_OK && f.n == 0;
	}
	return rc == RC_OK && behind ? remember(d, f.version, err) : rc;
}

/* ---- verifying ---- */

SQL(sql_clocked_all, "SELECT ticket FROM sla_ticket WHERE ?1 = 0 /* scan */");
SQL(sql_clocked, "SELECT DISTINCT e.ticket FROM event e JOIN sla_ticket s "
		 "ON s.ticket = e.ticket WHERE e.id > ?1");

struct verify {
	struct desk *d;
	struct sla_book *b;
	void (*problem)(void *arg, const char *text);
	void *arg;
};

static const char *
when(void *ctx, int64_t s)
{
	return s ? instant_print(ctx, s * 1000) : "never";
}

static const char *
describe(void *ctx, const struct clocks *c, size_t i)
{
	const struct clock *k;

	if (i >= c->n)
		return talloc_asprintf(ctx,
		    "%zu clocks, policy \"%s\" of version %lld, asked %s (first %s), "
		    "replied %s (unsolved %s), last step %s",
		    c->n, c->policy, (long long)c->version, when(ctx, c->asked),
		    when(ctx, c->first_asked), when(ctx, c->replied),
		    when(ctx, c->update_from), when(ctx, c->last));
	k = &c->v[i];
	return talloc_asprintf(ctx,
	    "%s %lld %s%s%s, due %s, %llds of %llds counted, since %s; told: warned %s, "
	    "breached %s, reminded %s, next %s",
	    sla_target_names[k->target], (long long)k->cycle, clock_state_names[k->state],
	    *k->ended_by ? " by " : "", k->ended_by, when(ctx, k->due),
	    (long long)k->elapsed, (long long)k->goal_s, when(ctx, k->since),
	    *k->warned ? k->warned : "never", when(ctx, k->told), when(ctx, k->reminded),
	    when(ctx, k->fire));
}

static void
report(
    const struct verify *v, void *ctx, const struct clocks *row, const struct clocks *log)
{
	size_t i = 0;
	struct clocks a = *row, b = *log;

	a.n = b.n = 1;
	for (; i < row->n && i < log->n; i++) {
		a = *row;
		b = *row;
		a.v = &row->v[i];
		b.v = &log->v[i];
		a.n = b.n = 1;
		if (!clocks_equal(&a, &b))
			break;
	}
	v->problem(v->arg,
	    talloc_asprintf(ctx,
		"ticket %lld: its clocks are not what the log says: %s; by the log: %s",
		(long long)row->ticket, describe(ctx, row, i), describe(ctx, log, i)));
}

static enum rc
check_row(const struct verify *v, const struct clocks *log, struct err *err)
{
	struct ticket *row = NULL, want;
	enum rc rc = ticket_get(v->d->store, (void *)log, log->ticket, &row, err);

	if (rc == RC_NOTFOUND) /* that was said */
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	want = *row;
	clocks_to_ticket(log, &want);
	if (want.due_at != row->due_at || want.warn_at != row->warn_at ||
	    strcmp(want.due_target, row->due_target) != 0)
		v->problem(
		    v->arg, talloc_asprintf(row,
				"ticket %lld: when it is due is not what its clocks say",
				(long long)log->ticket));
	return RC_OK;
}

static enum rc
check_one(const struct verify *v, int64_t ticket, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct clocks *row = NULL, *log = NULL;
	enum rc rc = clocks_load(v->d->store, ctx, ticket, &row, err);

	if (rc == RC_OK)
		rc = sla_fold(ctx, v->b, ticket, row->version, NULL, &log, err);
	if (rc == RC_OK && !clocks_equal(row, log))
		report(v, ctx, row, log);
	if (rc == RC_OK)
		rc = check_row(v, log, err);
	talloc_free(ctx);
	/* Erased: nothing to compare with. Missing: that was said. */
	return rc == RC_NONE || rc == RC_NOTFOUND || rc == RC_INVALID ? RC_OK : rc;
}

enum rc
clocks_verify(struct desk *d, int64_t from, void (*problem)(void *, const char *),
    void *arg, struct err *err)
{
	struct verify v = {.d = d, .problem = problem, .arg = arg};
	struct stmt *st;
	enum rc rc = sla_book_open(d, d, &v.b, err);

	if (rc != RC_OK || !v.b->any)
		return rc;
	rc = store_prepare(d->store, from ? sql_clocked : sql_clocked_all, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, from);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		rc = check_one(&v, col_int(st, 0), err);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}
