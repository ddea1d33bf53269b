/* Rows of what is published: writing them. */
#include "kb/rows.h"

#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"

/* ---- small statements ---- */

static enum rc
run_on(struct store *s, const char *sql, int64_t n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, n);
	return stmt_run(st, err);
}

static enum rc
run_texts(struct store *s, const char *sql, int64_t n, const char *a, const char *b,
    struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, n);
	bind_text(st, 2, a);
	if (b != NULL)
		bind_text(st, 3, b);
	return stmt_run(st, err);
}

/* ---- taking away ---- */

SQL(sql_text, "SELECT language, title, headings, body "
	      "FROM article a JOIN article_text t ON t.n = a.n WHERE a.n = ?1");
SQL(sql_drop_text, "DELETE FROM article_text WHERE n = ?1");
SQL(sql_tags, "SELECT tag FROM article_tag WHERE n = ?1");
SQL(sql_drop_tags, "DELETE FROM article_tag WHERE n = ?1");
SQL(sql_drop_links, "DELETE FROM article_link WHERE n = ?1");
SQL(sql_drop_aliases, "DELETE FROM article_alias WHERE n = ?1");
SQL(sql_drop, "DELETE FROM article WHERE n = ?1");

static enum rc
forget_words(struct store *s, struct vocabulary *v, int64_t n, struct err *err)
{
	char *language = NULL;
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_text, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, n);
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		language = col_strdup(NULL, st, 0);
		for (int i = 1; i < 4; i++)
			vocabulary_take(v, language, col_text(st, i), n, -1, NULL);
	}
	stmt_done(st);
	if (rc == RC_OK)
		rc = store_prepare(s, sql_tags, &st, err);
	if (rc == RC_OK) {
		bind_int(st, 1, n);
		while ((rc = stmt_step(st, err)) == RC_OK)
			vocabulary_take(v, language, col_text(st, 0), n, -1, NULL);
		stmt_done(st);
	}
	talloc_free(language);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
rows_remove(struct store *s, struct vocabulary *v, int64_t n, struct err *err)
{
	static const char *const drops[] = {
	    sql_drop_tags, sql_drop_links, sql_drop_aliases, sql_drop_text, sql_drop};
	enum rc rc = forget_words(s, v, n, err);

	for (size_t i = 0; rc == RC_OK && i < sizeof(drops) / sizeof(drops[0]); i++)
		rc = run_on(s, drops[i], n, err);
	return rc == RC_OK ? store_articles_remove(s, n, err) : rc;
}

SQL(sql_no_tags, "DELETE FROM article_tag /* scan */");
SQL(sql_no_links, "DELETE FROM article_link /* scan */");
SQL(sql_no_aliases, "DELETE FROM article_alias /* scan */");
SQL(sql_no_words, "DELETE FROM article_word /* scan */");
SQL(sql_no_sections, "DELETE FROM article_section_title /* scan */");
SQL(sql_no_problems, "DELETE FROM article_problem /* scan */");
SQL(sql_no_text, "DELETE FROM article_text /* scan */");
SQL(sql_no_articles, "DELETE FROM article /* scan */");

enum rc
rows_remove_all(struct store *s, struct err *err)
{
	static const char *const drops[] = {sql_no_tags, sql_no_links, sql_no_aliases,
	    sql_no_words, sql_no_sections, sql_no_problems, sql_no_text, sql_no_articles};
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < sizeof(drops) / sizeof(drops[0]); i++) {
		struct stmt *st;

		rc = store_prepare(s, drops[i], &st, err);
		if (rc == RC_OK)
			rc = stmt_run(st, err);
	}
	return rc == RC_OK ? store_articles_remove(s, 0, err) : rc;
}

SQL(sql_move, "UPDATE article SET path = ?2 WHERE n = ?1");

enum rc
rows_move(struct store *s, int64_t n, const char *path, struct err *err)
{
	return run_texts(s, sql_move, n, path, NULL, err);
}

/* ---- adding ---- */

SQL(sql_taken, "SELECT path FROM article WHERE id = ?1 AND language = ?2");
SQL(sql_add, "INSERT INTO article (n, id, language, path, section, title, summary, "
	     "audience, state, revision, blob, author, created_at, changed_at, "
	     "reviewed_at) "
	     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) "
	     "RETURNING n");
SQL(sql_add_text, "INSERT INTO article_text (n, headings, body) VALUES (?1, ?2, ?3)");
SQL(sql_add_tag, "INSERT INTO article_tag (n, tag) VALUES (?1, ?2)");
SQL(sql_add_link, "INSERT INTO article_link (n, kind, target) VALUES (?1, ?2, ?3)");

/* Whose path is in the way of this id? NULL: nobody's. */
static enum rc
owner_of_id(struct store *s, void *ctx, const char *id, const char *language,
    const char **path, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_taken, &st, err);

	*path = NULL;
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, id);
	bind_text(st, 2, language);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*path = col_strdup(ctx, st, 0);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
add_article(struct store *s, struct row *r, struct err *err)
{
	const struct kb_article *a = &r->a;
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_add, &st, err);
	int i = 0;

	if (rc != RC_OK)
		return rc;
	bind_opt(st, ++i, a->n);
	bind_text(st, ++i, a->id);
	bind_text(st, ++i, a->language);
	bind_text(st, ++i, a->path);
	bind_text(st, ++i, a->section);
	bind_text(st, ++i, a->title);
	bind_text(st, ++i, a->summary);
	bind_text(st, ++i, a->audience);
	bind_text(st, ++i, a->state);
	bind_text(st, ++i, a->revision);
	bind_text(st, ++i, a->blob);
	bind_text(st, ++i, a->author);
	bind_int(st, ++i, a->created_at);
	bind_int(st, ++i, a->changed_at);
	bind_opt(st, ++i, a->reviewed_at);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		r->a.n = col_int(st, 0);
	stmt_done(st);
	return rc == RC_OK ? run_texts(s, sql_add_text, r->a.n, r->headings, a->body, err)
			   : rc;
}

static enum rc
add_words(struct store *s, const struct row *r, struct err *err)
{
	enum rc rc = store_articles_add(s, r->a.n, r->stems, err);

	for (size_t i = 0; rc == RC_OK && r->a.tags[i] != NULL; i++)
		rc = run_texts(s, sql_add_tag, r->a.n, r->a.tags[i], NULL, err);
	for (size_t i = 0; rc == RC_OK && r->links[i] != NULL; i++) {
		const char *colon = strchr(r->links[i], ':');
		char *kind =
		    talloc_strndup(NULL, r->links[i], (size_t)(colon - r->links[i]));

		rc = run_texts(s, sql_add_link, r->a.n, kind, colon + 1, err);
		talloc_free(kind);
	}
	return rc;
}

/* ---- aliases ---- */

SQL(sql_add_alias, "INSERT INTO article_alias (alias, language, n, renamed) "
		   "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (alias, language) DO NOTHING "
		   "RETURNING n");
SQL(sql_drop_alias, "DELETE FROM article_alias WHERE alias = ?1 AND language = ?2");

static enum rc
add_alias(struct store *s, const struct row *r, const char *alias, bool renamed,
    struct findings *f, int line, struct err *err)
{
	const char *owner = NULL;
	struct stmt *st;
	enum rc rc = owner_of_id(s, f->ctx, alias, r->a.language, &owner, err);

	if (rc == RC_OK && owner != NULL && strcmp(owner, r->a.path) == 0)
		return RC_OK;
	if (rc == RC_OK && owner != NULL) {
		if (!renamed)
			finding_add(f, false, r->a.path, line, "alias",
			    "alias \"%s\" is the id of %s", alias, owner);
		return RC_OK;
	}
	if (rc == RC_OK)
		rc = store_prepare(s, sql_add_alias, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, alias);
	bind_text(st, 2, r->a.language);
	bind_int(st, 3, r->a.n);
	bind_int(st, 4, renamed);
	rc = stmt_step(st, err);
	stmt_done(st);
	if (rc == RC_NONE && !renamed)
		finding_add(f, false, r->a.path, line, "alias",
		    "alias \"%s\" belongs to another article", alias);
	return rc == RC_NONE ? RC_OK : rc;
}

/* An article's own id is nobody's alias any more. */
static enum rc
drop_alias(struct store *s, const struct row *r, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_drop_alias, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, r->a.id);
	bind_text(st, 2, r->a.language);
	return stmt_run(st, err);
}

enum rc
rows_add(struct store *s, struct row *r, struct findings *f, int line, struct err *err)
{
	const char *owner = NULL;
	enum rc rc = owner_of_id(s, f->ctx, r->a.id, r->a.language, &owner, err);

	if (rc == RC_OK && owner != NULL)
		return err_fail(err, RC_EXISTS, "%s", owner);
	if (rc == RC_OK)
		rc = add_article(s, r, err);
	if (rc == RC_OK)
		rc = add_words(s, r, err);
	if (rc == RC_OK)
		rc = drop_alias(s, r, err);
	for (size_t i = 0; rc == RC_OK && r->was[i] != NULL; i++)
		rc = add_alias(s, r, r->was[i], true, f, line, err);
	for (size_t i = 0; rc == RC_OK && r->aliases[i] != NULL; i++)
		rc = add_alias(s, r, r->aliases[i], false, f, line, err);
	return rc;
}

/* ---- sections, problems ---- */

SQL(sql_drop_section, "DELETE FROM article_section_title "
		      "WHERE path = ?1 AND language = ?2");
SQL(sql_add_section, "INSERT INTO article_section_title (path, language, title, summary) "
		     "VALUES (?1, ?2, ?3, ?4) ON CONFLICT (path, language) DO UPDATE "
		     "SET title = excluded.title, summary = excluded.summary");

enum rc
rows_section(struct store *s, const char *path, const struct section *x, struct err *err)
{
	struct stmt *st;
	enum rc rc =
	    store_prepare(s, x->title ? sql_add_section : sql_drop_section, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, path);
	bind_text(st, 2, x->language);
	if (x->title != NULL) {
		bind_text(st, 3, x->title);
		bind_text(st, 4, x->summary);
	}
	return stmt_run(st, err);
}

SQL(sql_drop_problems, "DELETE FROM article_problem WHERE path = ?1");
SQL(sql_add_problem, "INSERT INTO article_problem (path, line, message) "
		     "VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING");
SQL(sql_problems, "SELECT path, line, message FROM article_problem "
		  "ORDER BY path, line, message /* scan */");

enum rc
problems_drop(struct store *s, const char *path, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_drop_problems, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, path);
	return stmt_run(st, err);
}

enum rc
problems_add(struct store *s, const struct finding *f, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_add_problem, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, f->path);
	bind_int(st, 2, f->line);
	bind_text(st, 3, f->message);
	return stmt_run(st, err);
}

enum rc
problems_each(struct store *s,
    enum rc (*each)(void *arg, const struct finding *f, struct err *err), void *arg,
    struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_problems, &st, err);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct finding f = {.path = col_text(st, 0),
		    .line = (int)col_int(st, 1),
		    .rule = "published",
		    .message = col_text(st, 2)};

		rc = each(arg, &f, err);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}
