/* Rows of what is published: reading them. */
#include "kb/rows.h"

#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"

static enum rc
list_of(struct store *s, void *ctx, const char *sql, int64_t n, const char ***list,
    struct err *err)
{
	struct stmt *st;
	size_t k = 0;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, n);
	*list = NULL;
	while ((rc = stmt_step(st, err)) == RC_OK)
		text_push(ctx, list, &k, col_strdup(ctx, st, 0));
	stmt_done(st);
	if (*list == NULL)
		*list = mem_array(ctx, const char *, 1);
	return rc == RC_NONE ? RC_OK : rc;
}

SQL(sql_row_was, "SELECT alias FROM article_alias WHERE n = ?1 AND renamed = 1");
SQL(sql_origin, "SELECT n, id, language, revision, blob, author, created_at, changed_at "
		"FROM article WHERE path = ?1");

enum rc
rows_by_path(
    struct store *s, void *ctx, const char *path, struct row_origin *o, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_origin, &st, err);

	*o = (struct row_origin){.was = mem_array(ctx, const char *, 1)};
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, path);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*o = (struct row_origin){.n = col_int(st, 0),
		    .id = col_strdup(ctx, st, 1),
		    .language = col_strdup(ctx, st, 2),
		    .revision = col_strdup(ctx, st, 3),
		    .blob = col_strdup(ctx, st, 4),
		    .author = col_strdup(ctx, st, 5),
		    .created_at = col_int(st, 6),
		    .changed_at = col_int(st, 7),
		    .was = o->was};
	stmt_done(st);
	if (rc != RC_OK)
		return rc == RC_NONE ? RC_OK : rc;
	return list_of(s, ctx, sql_row_was, o->n, &o->was, err);
}

SQL(sql_row,
    "SELECT id, language, path, section, title, summary, audience, state, "
    "revision, blob, author, created_at, changed_at, reviewed_at, body, headings "
    "FROM article a JOIN article_text t ON t.n = a.n WHERE a.n = ?1");
SQL(sql_row_tags, "SELECT tag FROM article_tag WHERE n = ?1 ORDER BY tag");
SQL(sql_row_aliases, "SELECT alias FROM article_alias WHERE n = ?1 AND renamed = 0");
SQL(sql_row_links, "SELECT kind || ':' || target FROM article_link WHERE n = ?1");

enum rc
rows_get(struct store *s, void *ctx, int64_t n, struct row *r, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_row, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, n);
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		r->a = (struct kb_article){.n = n,
		    .id = col_strdup(ctx, st, 0),
		    .language = col_strdup(ctx, st, 1),
		    .path = col_strdup(ctx, st, 2),
		    .section = col_strdup(ctx, st, 3),
		    .title = col_strdup(ctx, st, 4),
		    .summary = col_strdup(ctx, st, 5),
		    .audience = col_strdup(ctx, st, 6),
		    .state = col_strdup(ctx, st, 7),
		    .revision = col_strdup(ctx, st, 8),
		    .blob = col_strdup(ctx, st, 9),
		    .author = col_strdup(ctx, st, 10),
		    .created_at = col_int(st, 11),
		    .changed_at = col_int(st, 12),
		    .reviewed_at = col_int(st, 13),
		    .body = col_strdup(ctx, st, 14)};
		r->headings = col_strdup(ctx, st, 15);
	}
	stmt_done(st);
	if (rc != RC_OK)
		return rc == RC_NONE ? err_fail(err, RC_NOTFOUND, "no such article") : rc;
	rc = list_of(s, ctx, sql_row_tags, n, &r->a.tags, err);
	if (rc == RC_OK)
		rc = list_of(s, ctx, sql_row_was, n, &r->was, err);
	if (rc == RC_OK)
		rc = list_of(s, ctx, sql_row_aliases, n, &r->aliases, err);
	return rc == RC_OK ? list_of(s, ctx, sql_row_links, n, &r->links, err) : rc;
}
