/* Articles that are published: finding, records, addresses. */
#include "kb/kb.h"

#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "kb/rows.h"

const char *const audience_names[] = {"public", "internal", NULL};
const char *const state_names[] = {"published", "draft", "archived", NULL};

enum rc
kb_published(struct store *s, void *ctx, char **revision, struct err *err)
{
	enum rc rc = store_meta_get(s, ctx, "kb.published", revision, err);

	if (rc == RC_NONE || (rc == RC_OK && *revision == NULL)) {
		*revision = talloc_strdup(ctx, "");
		return RC_OK;
	}
	return rc;
}

/* ---- finding ---- */

SQL(sql_original, "SELECT changed_at FROM article WHERE id = ?1 AND language = ?2");

/* A translation is behind when its original changed after it. */
static enum rc
see_outdated(const struct desk *d, struct kb_article *a, struct err *err)
{
	struct stmt *st;
	enum rc rc;

	if (strcmp(a->language, d->config->kb.language) == 0)
		return RC_OK;
	rc = store_prepare(d->store, sql_original, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, a->id);
	bind_text(st, 2, d->config->kb.language);
	rc = stmt_step(st, err);
	a->outdated = rc == RC_OK && col_int(st, 0) > a->changed_at;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
kb_get(const struct desk *d, void *ctx, int64_t n, struct kb_article *a, struct err *err)
{
	struct row r = {0};
	enum rc rc = rows_get(d->store, ctx, n, &r, err);

	if (rc != RC_OK)
		return rc;
	*a = r.a;
	return see_outdated(d, a, err);
}

SQL(sql_by_id, "SELECT n, language FROM article WHERE id = ?1 "
	       "UNION ALL SELECT n, language FROM article_alias WHERE alias = ?1");
SQL(sql_near, "SELECT id FROM article WHERE id BETWEEN ?1 AND ?2 "
	      "UNION SELECT id FROM (SELECT id FROM article ORDER BY id LIMIT 2000) "
	      "/* scan */");

/* How well a language serves who asked for one: the smaller the better. */
static int
language_rank(const char *is, const char *wanted, const char *own)
{
	size_t base = wanted ? strcspn(wanted, "-") : 0;

	if (wanted != NULL && strcmp(is, wanted) == 0)
		return 0;
	if (wanted != NULL && strlen(is) == base && strncmp(is, wanted, base) == 0)
		return 1;
	return strcmp(is, own) == 0 ? 2 : 3;
}

static enum rc
no_such(const struct desk *d, const char *id, struct err *err)
{
	void *ctx = talloc_new(NULL);
	char *from = talloc_strndup(ctx, id, 1),
	     *to = talloc_asprintf(ctx, "%s\x7f", from);
	const char **ids = NULL;
	struct stmt *st;
	struct err ignored;
	size_t n = 0;
	enum rc rc;

	if (store_prepare(d->store, sql_near, &st, &ignored) == RC_OK) {
		bind_text(st, 1, from);
		bind_text(st, 2, to);
		while (stmt_step(st, &ignored) == RC_OK)
			text_push(ctx, &ids, &n, col_strdup(ctx, st, 0));
		stmt_done(st);
	}
	if (ids == NULL)
		ids = mem_array(ctx, const char *, 1);
	rc = err_fail(err, RC_NOTFOUND, "article \"%s\": no such article%s", id,
	    text_hint(ctx, id, ids));
	talloc_free(ctx);
	return rc;
}

enum rc
kb_find(const struct desk *d, void *ctx, const char *id, const char *language,
    struct kb_article *a, struct err *err)
{
	int64_t best = 0;
	int best_rank = 9;
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_by_id, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, id);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		int rank =
		    language_rank(col_text(st, 1), language, d->config->kb.language);

		if (rank < best_rank) {
			best_rank = rank;
			best = col_int(st, 0);
		}
	}
	stmt_done(st);
	if (rc != RC_NONE)
		return rc;
	return best ? kb_get(d, ctx, best, a, err) : no_such(d, id, err);
}

SQL(sql_each, "SELECT n FROM article ORDER BY language, section, title, id /* scan */");

enum rc
kb_each(const struct desk *d,
    enum rc (*each)(void *arg, struct kb_article *a, struct err *err), void *arg,
    struct err *err)
{
	int64_t *all = NULL;
	size_t n = 0;
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_each, &st, err);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK) {
		if (n % 256 == 0)
			all = mem_grow(NULL, all, int64_t, n + 256);
		all[n++] = col_int(st, 0);
	}
	stmt_done(st);
	rc = rc == RC_NONE ? RC_OK : rc;
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		void *ctx = talloc_new(NULL);
		struct kb_article a;

		rc = kb_get(d, ctx, all[i], &a, err);
		if (rc == RC_OK)
			rc = each(arg, &a, err);
		talloc_free(ctx);
	}
	talloc_free(all);
	return rc;
}

enum rc
kb_may_see(const struct desk *d, const struct kb_article *a, struct err *err)
{
	if (d->actor.kind == ACTOR_CUSTOMER && strcmp(a->audience, "public") == 0 &&
	    strcmp(a->state, "draft") != 0)
		return RC_OK;
	return actor_need(&d->actor, "kb.read", err);
}

/* ---- records and addresses ---- */

const char *
kb_page(void *ctx, const struct kb_article *a)
{
	if (strcmp(a->audience, "public") != 0 || strcmp(a->state, "draft") == 0)
		return NULL;
	return talloc_asprintf(ctx, "%s/%s.html", a->language, a->id);
}

const char *
kb_url(void *ctx, const struct desk *d, const struct kb_article *a)
{
	const char *page = kb_page(ctx, a), *base = d->config->kb.url;
	size_t n = base ? strlen(base) : 0;

	if (page == NULL || base == NULL)
		return page;
	while (n > 0 && base[n - 1] == '/')
		n--;
	return talloc_asprintf(ctx, "%.*s/%s", (int)n, base, page);
}

json_t *
kb_to_json(const struct desk *d, const struct kb_article *a)
{
	void *ctx = talloc_new(NULL);
	json_t *tags = json_array(), *o;

	for (size_t i = 0; a->tags != NULL && a->tags[i] != NULL; i++)
		json_array_append_new(tags, json_string(a->tags[i]));
	o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:s,s:s}", "type",
	    "article", "id", a->id, "language", a->language, "title", a->title, "summary",
	    a->summary, "section", a->section, "path", a->path, "audience", a->audience,
	    "state", a->state, "tags", tags, "revision", a->revision, "author",
	    a->author);
	record_set_instant(o, "created_at", a->created_at);
	record_set_instant(o, "changed_at", a->changed_at);
	record_set_instant(o, "reviewed_at", a->reviewed_at);
	json_object_set_new(o, "outdated", json_boolean(a->outdated));
	record_set_text(o, "url", kb_url(ctx, d, a));
	talloc_free(ctx);
	return o;
}
