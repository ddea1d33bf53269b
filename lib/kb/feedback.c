/* Votes, citations, numbers. */
#include "kb/feedback.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "kb/views.h"

/* ---- votes ---- */

SQL(sql_vote, "INSERT INTO article_vote (article, language, revision, helpful, comment, "
	      "ticket, actor, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");

enum rc
vote_put(struct desk *d, const struct vote *v, struct err *err)
{
	char *actor = actor_print(NULL, &d->actor);
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_vote, &st, err);

	if (rc == RC_OK) {
		bind_text(st, 1, v->article);
		bind_text(st, 2, v->language);
		bind_text(st, 3, v->revision);
		bind_int(st, 4, v->helpful);
		bind_text(st, 5, v->comment);
		bind_opt(st, 6, v->ticket);
		bind_text(st, 7, actor);
		bind_int(st, 8, desk_now(d));
		rc = stmt_run(st, err);
	}
	talloc_free(actor);
	return rc;
}

enum rc
vote_add(struct desk *d, const struct vote *v, struct err *err)
{
	enum rc rc = store_write(d->store, err);

	if (rc != RC_OK)
		return rc;
	rc = vote_put(d, v, err);
	if (rc == RC_OK)
		return store_commit(d->store, err);
	store_rollback(d->store);
	return rc;
}

SQL(sql_votes, "SELECT revision, sum(helpful), sum(1 - helpful) FROM article_vote "
	       "WHERE article = ?1 AND language = ?2 GROUP BY revision");

enum rc
votes_by_revision(struct store *s, void *ctx, const char *article, const char *language,
    struct votes **v, size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_votes, &st, err);

	*n = 0;
	*v = NULL;
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, article);
	bind_text(st, 2, language);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct votes *one;

		*v = mem_grow(ctx, *v, struct votes, *n + 1);
		one = &(*v)[(*n)++];
		*one = (struct votes){.yes = col_int(st, 1), .no = col_int(st, 2)};
		memcpy(one->revision, col_text(st, 0),
		    text_prefix(col_text(st, 0), REPO_ID - 1));
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- numbers ---- */

/* An article was renamed since: what was said of its old ids is said of it. */
#define NAMES                                                                   \
	"(SELECT a.id UNION SELECT alias FROM article_alias WHERE n = a.n AND " \
	"renamed = 1)"

SQL(sql_vote_numbers,
    "SELECT sum(v.helpful), sum(1 - v.helpful), "
    "sum(CASE WHEN v.revision = a.revision THEN v.helpful ELSE 0 END), "
    "sum(CASE WHEN v.revision = a.revision THEN 1 - v.helpful ELSE 0 END) "
    "FROM article a JOIN article_vote v ON v.article IN " NAMES
    " AND v.language = a.language WHERE a.n = ?1 AND v.at >= ?2");
/* A ticket counts as solved by it when it is resolved or closed and the requester has not
 * written since; as reopened, when they have and it was. */
SQL(sql_cite_numbers,
    "SELECT count(*), "
    "count(DISTINCT CASE WHEN t.phase IN (2, 3) AND coalesce(t.customer_at, 0) <= c.at "
    "THEN m.ticket END), "
    "count(DISTINCT CASE WHEN coalesce(t.customer_at, 0) > c.at AND t.reopened > 0 "
    "THEN m.ticket END) "
    "FROM article a JOIN article_cite c ON c.article IN " NAMES
    " AND c.language = a.language JOIN message m ON m.id = c.message "
    "JOIN ticket t ON t.id = m.ticket "
    "WHERE a.n = ?1 AND c.at >= ?2");

static enum rc
numbers_of(struct store *s, int64_t since, struct kb_numbers *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_vote_numbers, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, n->n);
	bind_int(st, 2, since);
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		n->yes = col_int(st, 0);
		n->no = col_int(st, 1);
		n->last_yes = col_int(st, 2);
		n->last_no = col_int(st, 3);
	}
	stmt_done(st);
	if (rc == RC_OK)
		rc = store_prepare(s, sql_cite_numbers, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, n->n);
	bind_int(st, 2, since);
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		n->cited = col_int(st, 0);
		n->solved = col_int(st, 1);
		n->reopened = col_int(st, 2);
	}
	stmt_done(st);
	return rc;
}

enum { VOTES_TELL = 5 }; /* fewer do not make an article bad */

/* The most pressing of the reasons to look at an article again. */
static const char *
why_stale(const struct desk *d, const struct kb_article *a, const struct kb_numbers *n)
{
	int64_t touched = a->reviewed_at > a->changed_at ? a->reviewed_at : a->changed_at;

	if (strcmp(a->state, "published") != 0)
		return NULL;
	if (n->reopened > 0)
		return "tickets it was sent to were opened again";
	if (n->last_yes + n->last_no >= VOTES_TELL && n->last_no > n->last_yes)
		return "readers of this version find it not helpful";
	if (a->outdated)
		return "the original changed after this translation";
	if (desk_now(d) - touched > d->config->kb.stale)
		return "not touched for long";
	return NULL;
}

struct counting {
	struct desk *d;
	int64_t since;
	enum rc (*each)(void *arg, const struct kb_article *a, const struct kb_numbers *n,
	    struct err *err);
	void *arg;
};

static enum rc
count(void *arg, struct kb_article *a, struct err *err)
{
	struct counting *c = arg;
	struct kb_numbers n = {.n = a->n};
	enum rc rc = numbers_of(c->d->store, c->since, &n, err);

	if (rc != RC_OK)
		return rc;
	rc = views_of(c->d->store, a->n, c->since, &n.views, err);
	if (rc != RC_OK)
		return rc;
	n.stale = why_stale(c->d, a, &n);
	return c->each(c->arg, a, &n, err);
}

enum rc
kb_numbers_each(struct desk *d, int64_t since,
    enum rc (*each)(void *arg, const struct kb_article *a, const struct kb_numbers *n,
	struct err *err),
    void *arg, struct err *err)
{
	struct counting c = {d, since, each, arg};
	enum rc rc = actor_need(&d->actor, "kb.read", err);

	return rc == RC_OK ? kb_each(d, count, &c, err) : rc;
}

SQL(sql_misses, "SELECT words, times, last_at FROM article_miss WHERE last_at >= ?1 "
		"ORDER BY times DESC, last_at DESC, words LIMIT ?2 /* scan */");

enum rc
kb_misses_each(struct store *s, int64_t since, int64_t limit,
    enum rc (*each)(
	void *arg, const char *words, int64_t times, int64_t last_at, struct err *err),
    void *arg, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_misses, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, since);
	bind_int(st, 2, limit);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		rc = each(arg, col_text(st, 0), col_int(st, 1), col_int(st, 2), err);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}
