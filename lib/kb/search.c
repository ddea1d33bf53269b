/* Searching: rows by the index, in order of what readers need. */
#include "kb/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "kb/search_priv.h"

enum {
	CANDIDATES = 60, /* ranked by us, at least; the index has ordered them by words */
	HITS_MAX = 1000,
	WEIGHED = 800 /* by the index, of those that have the words */
};

/* ---- the languages articles are in ---- */

SQL(sql_languages, "WITH RECURSIVE l(x) AS (SELECT min(language) FROM article "
		   "UNION ALL SELECT (SELECT min(language) FROM article "
		   "WHERE language > l.x) FROM l WHERE l.x IS NOT NULL) "
		   "SELECT x FROM l WHERE x IS NOT NULL /* scan */");

static enum rc
load_tongues(struct asked *a, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(a->s, sql_languages, &st, err);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK) {
		a->tongues = mem_grow(a->ctx, a->tongues, struct tongue, a->ntongues + 1);
		a->tongues[a->ntongues].language = col_strdup(a->ctx, st, 0);
		a->tongues[a->ntongues].words = words_new(a->ctx, col_text(st, 0));
		a->ntongues++;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- candidates ---- */

struct candidate {
	int64_t n;
	double rank;	/* of the index: the smaller the better */
	double helpful; /* share of yes among the votes, one of each added */
};

static int64_t
room_for(const struct kb_search *want)
{
	return want->limit < CANDIDATES ? CANDIDATES
	       : want->limit > HITS_MAX ? HITS_MAX
					: want->limit;
}

/* Of a word that is in most articles not all are weighed: what has it in the title, a tag
 * or a heading, and of the rest the newest so many. The best of those, then, are looked
 * at: their rows say whether they are wanted. */
static char *
statement(void *ctx)
{
	return talloc_asprintf(ctx,
	    "SELECT a.n, f.score, "
	    "(SELECT (sum(v.helpful) + 1.0) / (count(*) + 2.0) FROM article_vote v "
	    "WHERE v.article = a.id AND v.language = a.language) FROM ("
	    "SELECT n, min(score) AS score FROM ("
	    "SELECT * FROM (SELECT %s AS n, %s AS score FROM %s WHERE %s ?1 ORDER BY "
	    "rowid DESC LIMIT ?8) "
	    "UNION ALL "
	    "SELECT * FROM (SELECT %s AS n, %s AS score FROM %s WHERE %s ?9 ORDER BY "
	    "rowid DESC LIMIT ?8)) "
	    "GROUP BY n ORDER BY 2 LIMIT ?7) f "
	    "CROSS JOIN article a ON a.n = f.n WHERE a.state = ?2 "
	    "AND (?3 IS NULL OR a.audience = ?3) AND (?4 IS NULL OR a.language = ?4) "
	    "AND (?5 IS NULL OR a.section = ?5 OR substr(a.section, 1, length(?5) + 1) = "
	    "?5 || '/') "
	    "AND (?6 IS NULL OR EXISTS (SELECT 1 FROM article_tag t "
	    "WHERE t.n = a.n AND t.tag = ?6)) ORDER BY f.score LIMIT ?10",
	    store_articles_id(), store_articles_rank(), store_articles_from(),
	    store_articles_where(), store_articles_id(), store_articles_rank(),
	    store_articles_from(), store_articles_where());
}

/* Up to one more than are weighed: without ranks that costs little. */
static enum rc
how_many(const struct asked *a, bool any, int64_t *n, struct err *err)
{
	char *sql = talloc_asprintf(a->ctx,
	    "SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s ?1 LIMIT ?2)",
	    store_articles_from(), store_articles_where());
	struct stmt *st;
	enum rc rc = store_prepare_once(a->s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, terms_match(a, any, false));
	bind_int(st, 2, WEIGHED + 1);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*n = col_int(st, 0);
	stmt_done(st);
	return rc;
}

static enum rc
ask(const struct asked *a, const struct kb_search *want, bool any, bool titles,
    int64_t looked_at, struct candidate *v, size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare_once(a->s, statement(a->ctx), &st, err);

	*n = 0;
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, terms_match(a, any, false));
	bind_text(st, 2, want->state ? want->state : "published");
	bind_text(st, 3, want->audience);
	bind_text(st, 4, want->language);
	bind_text(st, 5, want->section);
	bind_text(st, 6, want->tag);
	bind_int(st, 7, looked_at);
	bind_int(st, 8, WEIGHED);
	bind_text(st, 9, titles ? terms_match(a, any, true) : "\"\"");
	bind_int(st, 10, room_for(want));
	while ((rc = stmt_step(st, err)) == RC_OK)
		v[(*n)++] = (struct candidate){col_int(st, 0), col_real(st, 1),
		    col_null(st, 2) ? 0.5 : col_real(st, 2)};
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
candidates(const struct asked *a, const struct kb_search *want, bool any,
    struct candidate *v, size_t *n, struct err *err)
{
	int64_t found = 0;
	bool titles;
	enum rc rc = how_many(a, any, &found, err);

	titles = found > WEIGHED;
	if (rc == RC_OK)
		rc = ask(a, want, any, titles, 2 * room_for(want), v, n, err);
	/* Too few of them are wanted: then all. */
	if (rc == RC_OK && (int64_t)*n < want->limit && found > 2 * room_for(want))
		rc = ask(a, want, any, titles, 2 * WEIGHED, v, n, err);
	return rc;
}

/* Ranks within about 5 % of each other are a tie. */
static long
tier(double rank)
{
	return lround(log(rank < -1e-9 ? -rank : 1e-9) * 20);
}

static int
by_rank(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	long tx = tier(x->rank), ty = tier(y->rank);

	if (tx != ty)
		return tx > ty ? -1 : 1;
	if (fabs(x->helpful - y->helpful) > 1e-9)
		return x->helpful > y->helpful ? -1 : 1;
	return (x->rank > y->rank) - (x->rank < y->rank);
}

/* ---- searching ---- */

static enum rc
try_match(const struct asked *a, const struct kb_search *want, bool any,
    struct candidate *v, size_t *n, struct err *err)
{
	*n = 0;
	return terms_match(a, any, false) ? candidates(a, want, any, v, n, err) : RC_OK;
}

/* All words, else all words as they were meant, else any. */
static enum rc
look(struct asked *a, const struct kb_search *want, struct candidate *v, size_t *n,
    void *ctx, struct kb_searched *said, struct err *err)
{
	bool changed = false;
	enum rc rc = want->any ? RC_OK : try_match(a, want, false, v, n, err);

	if (rc == RC_OK && !want->any && *n == 0) {
		rc = terms_correct(a, &changed, err);
		if (rc == RC_OK && changed)
			rc = try_match(a, want, false, v, n, err);
	}
	if (rc == RC_OK && *n == 0) {
		rc = try_match(a, want, true, v, n, err);
		said->any = !want->any && *n > 0;
	}
	if (changed && *n > 0)
		said->corrected = terms_print(ctx, a);
	return rc;
}

static enum rc
has_term(const struct asked *a, int64_t n, size_t i, bool *yes, struct err *err)
{
	const char *match = term_match(a, i);
	struct stmt *st;
	enum rc rc;

	*yes = false;
	if (match == NULL)
		return RC_OK;
	rc = store_prepare_once(a->s,
	    talloc_asprintf(a->ctx, "SELECT 1 FROM %s WHERE %s ?1 AND %s = ?2",
		store_articles_from(), store_articles_where(), store_articles_id()),
	    &st, err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, match);
	bind_int(st, 2, n);
	rc = stmt_step(st, err);
	*yes = rc == RC_OK;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* Of the words that say something, how many it has. One that nothing has counts, too. */
static enum rc
share_of(const struct asked *a, int64_t n, double *share, struct err *err)
{
	size_t all = 0, has = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < a->nterms; i++) {
		bool yes = false;

		if (a->terms[i].stop || a->terms[i].without)
			continue;
		rc = has_term(a, n, i, &yes, err);
		all++;
		has += yes;
	}
	*share = all > 0 ? (double)has / (double)all : 0;
	return rc;
}

static enum rc
hit(const struct desk *d, const struct asked *a, bool shares, const struct candidate *c,
    enum rc (*each)(void *arg, struct kb_hit *h, struct err *err), void *arg,
    struct err *err)
{
	void *ctx = talloc_new(a->ctx);
	struct kb_hit h = {.score = -c->rank};
	enum rc rc = kb_get(d, ctx, c->n, &h.a, err);

	if (rc == RC_OK && shares)
		rc = share_of(a, c->n, &h.share, err);
	if (rc == RC_OK) {
		h.snippet = snippet_of(ctx, a, h.a.language, h.a.body);
		rc = each(arg, &h, err);
	}
	talloc_free(ctx);
	return rc;
}

enum rc
kb_search(const struct desk *d, const struct kb_search *want,
    enum rc (*each)(void *arg, struct kb_hit *h, struct err *err), void *arg, void *ctx,
    struct kb_searched *said, struct err *err)
{
	struct asked a = {.ctx = talloc_new(NULL), .s = d->store};
	struct kb_search w = *want;
	struct candidate *v = mem_array(a.ctx, struct candidate, HITS_MAX);
	size_t n = 0;
	enum rc rc = RC_OK;

	*said = (struct kb_searched){0};
	if (d->actor.kind == ACTOR_CUSTOMER)
		w.audience = "public", w.state = NULL;
	else
		rc = actor_need(&d->actor, "kb.read", err);
	if (rc == RC_OK)
		rc = load_tongues(&a, err);
	if (rc == RC_OK)
		rc = terms_read(&a, w.words, err);
	if (rc == RC_OK && w.more != NULL)
		rc = terms_read(&a, w.more, err);
	if (rc == RC_OK)
		rc = look(&a, &w, v, &n, ctx, said, err);
	if (n > 1)
		qsort(v, n, sizeof(*v), by_rank);
	said->found = n > 0;
	for (size_t i = 0; rc == RC_OK && i < n && (int64_t)i < w.limit; i++)
		rc = hit(d, &a, w.shares, &v[i], each, arg, err);
	talloc_free(a.ctx);
	return rc;
}

SQL(sql_miss, "INSERT INTO article_miss (words, times, last_at) VALUES (?1, 1, ?2) "
	      "ON CONFLICT (words) DO UPDATE SET times = article_miss.times + 1, "
	      "last_at = excluded.last_at");

enum rc
kb_miss_put(struct desk *d, const char *words, struct err *err)
{
	char *clean = text_clean(NULL, words, strlen(words), TEXT_LINE, 200);
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_miss, &st, err);

	if (rc == RC_OK) {
		bind_text(st, 1, clean);
		bind_int(st, 2, desk_now(d));
		rc = stmt_run(st, err);
	}
	talloc_free(clean);
	return rc;
}

enum rc
kb_search_missed(struct desk *d, const char *words, struct err *err)
{
	enum rc rc = store_write(d->store, err);

	if (rc != RC_OK)
		return rc;
	rc = kb_miss_put(d, words, err);
	if (rc == RC_OK)
		return store_commit(d->store, err);
	store_rollback(d->store);
	return rc;
}
