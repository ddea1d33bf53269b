/* Full text of articles in SQLite: FTS5 over the words that lib/kb has reduced to stems.
 */
#include <talloc.h>

#include "store/store_priv.h"

SQL(sql_add, "INSERT INTO article_search (rowid, title, tags, headings, body) "
	     "VALUES (?1, ?2, ?3, ?4, ?5)");
SQL(sql_remove, "DELETE FROM article_search WHERE rowid = ?1");
SQL(sql_remove_all, "DELETE FROM article_search /* scan */");

enum rc
store_articles_add(
    struct store *s, int64_t n, const char *const fields[4], struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_add, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, n);
	for (int i = 0; i < 4; i++)
		bind_text(st, 2 + i, fields[i]);
	return stmt_run(st, err);
}

enum rc
store_articles_remove(struct store *s, int64_t n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, n ? sql_remove : sql_remove_all, &st, err);

	if (rc != RC_OK)
		return rc;
	if (n != 0)
		bind_int(st, 1, n);
	return stmt_run(st, err);
}

const char *
store_articles_from(void)
{
	return "article_search";
}

const char *
store_articles_where(void)
{
	return "article_search MATCH";
}

const char *
store_articles_rank(void)
{
	return "bm25(article_search, 10.0, 5.0, 3.0, 1.0)";
}

const char *
store_articles_id(void)
{
	return "rowid";
}

char *
store_articles_but_body(void *ctx, const char *match)
{
	return talloc_asprintf(ctx, "{title tags headings} : (%s)", match);
}
