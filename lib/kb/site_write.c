/* The site: what has to be written after a publication. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "kb/rows.h"
#include "kb/site_priv.h"

extern const char site_style[];

/* ---- files of kb.git that pages show ---- */

SQL(sql_shows, "SELECT 1 FROM article_link l JOIN article a ON a.n = l.n "
	       "WHERE l.target = ?1 AND l.kind = 'file' AND a.audience = 'public' "
	       "AND a.state <> 'draft' LIMIT 1");

/* Only what a public page shows is public. */
static enum rc
put_asset(struct site *s, const char *path, bool *there, struct err *err)
{
	void *ctx = talloc_new(NULL);
	char *to = talloc_asprintf(ctx, "files/%s", path), *data = NULL;
	struct repo_file f;
	struct stmt *st;
	size_t n = 0;
	enum rc rc = store_prepare(s->s, sql_shows, &st, err);

	*there = false;
	if (rc == RC_OK) {
		bind_text(st, 1, path);
		rc = stmt_step(st, err);
		stmt_done(st);
	}
	if (rc == RC_OK)
		rc = repo_find(s->r, s->revision, path, &f, err);
	if (rc == RC_OK && f.kind == REPO_FILE)
		rc = repo_read(s->r, ctx, f.blob, REPO_FILE_MAX, &data, &n, err);
	else if (rc == RC_OK)
		rc = RC_NONE;
	if (rc == RC_OK) {
		*there = true;
		rc = site_put(s, to, data, n, err);
	} else if (rc == RC_NONE || rc == RC_INVALID) {
		rc = site_remove(s, to, err);
	}
	talloc_free(ctx);
	return rc;
}

static enum rc
put_styles(struct site *s, struct err *err)
{
	struct repo_file f;
	char *data = NULL;
	size_t n = 0;
	enum rc rc = site_put(s, "style.css", site_style, strlen(site_style), err);

	if (rc != RC_OK)
		return rc;
	rc = s->custom ? repo_find(s->r, s->revision, CUSTOM_STYLE, &f, err) : RC_NONE;
	if (rc == RC_OK)
		rc = repo_read(s->r, s->ctx, f.blob, ARTICLE_MAX, &data, &n, err);
	return rc == RC_OK ? site_put(s, "custom.css", data, n, err)
			   : site_remove(s, "custom.css", err);
}

/* ---- everything ---- */

struct all {
	struct site *s;
	json_t *keep; /* paths that belong to the site */
	void (*progress)(void *arg, const char *what, int64_t n);
	void *arg;
	int64_t done;
};

static void
keep(struct all *all, const char *path)
{
	json_object_set_new(all->keep, path, json_true());
}

SQL(sql_names, "SELECT a.n, a.language || '/' || a.id || '.html' FROM article a "
	       "WHERE a.audience = 'public' AND a.state <> 'draft' "
	       "UNION ALL SELECT 0, a.language || '/' || l.alias || '.html' "
	       "FROM article_alias l JOIN article a ON a.n = l.n "
	       "WHERE a.audience = 'public' AND a.state <> 'draft' /* scan */");
SQL(sql_all_tags, "SELECT DISTINCT a.language, t.tag FROM article_tag t "
		  "JOIN article a ON a.n = t.n WHERE a.audience = 'public' "
		  "AND a.state = 'published' /* scan */");
SQL(sql_all_files, "SELECT DISTINCT target FROM article_link WHERE kind = 'file' "
		   "/* scan */");

/* The rows of a statement, so that it does not stay open while pages are written. */
static enum rc
rows_of(struct site *s, const char *sql, const char ***a, const char ***b, size_t *n,
    struct err *err)
{
	struct stmt *st;
	size_t nb = 0;
	enum rc rc = store_prepare(s->s, sql, &st, err);

	*n = 0;
	*a = *b = NULL;
	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK) {
		const char *second = col_text(st, 1);

		text_push(s->ctx, a, n, col_strdup(s->ctx, st, 0));
		text_push(s->ctx, b, &nb, second ? talloc_strdup(s->ctx, second) : "");
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
all_articles(struct all *all, struct err *err)
{
	const char **n, **path;
	size_t count;
	enum rc rc = rows_of(all->s, sql_names, &n, &path, &count, err);

	for (size_t i = 0; rc == RC_OK && i < count; i++) {
		int64_t row = strtoll(n[i], NULL, 10);

		keep(all, path[i]);
		if (row != 0)
			rc = site_article(all->s, row, err);
		if (all->progress != NULL && ++all->done % 100 == 0)
			all->progress(all->arg, "pages", all->done);
	}
	return rc;
}

static enum rc
all_lists(struct all *all, struct err *err)
{
	struct site *s = all->s;
	const char **language, **tag;
	size_t n;
	enum rc rc = rows_of(s, sql_all_tags, &language, &tag, &n, err);

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		keep(all, talloc_asprintf(s->ctx, "%s/t/%s.html", language[i], tag[i]));
		rc = site_put_tag(s, site_language(s, language[i]), tag[i], err);
	}
	for (size_t i = 0; rc == RC_OK && i < s->nlanguages; i++) {
		const struct site_language *l = &s->languages[i];
		static const char *const fixed[] = {
		    "index.html", "all.html", "feed.xml", "search.json", NULL};

		for (const char *const *f = fixed; *f != NULL; f++)
			keep(all, talloc_asprintf(s->ctx, "%s/%s", l->tag, *f));
		for (size_t k = 0; rc == RC_OK && k < l->nsections; k++) {
			keep(all, talloc_asprintf(s->ctx, "%s/s/%s/index.html", l->tag,
				      l->sections[k].path));
			rc = site_put_section(s, l, l->sections[k].path, err);
		}
		if (rc == RC_OK)
			rc = site_put_lists(s, l, err);
	}
	return rc;
}

static enum rc
all_files(struct all *all, struct err *err)
{
	const char **path, **none;
	size_t n;
	bool there;
	enum rc rc = rows_of(all->s, sql_all_files, &path, &none, &n, err);

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		rc = put_asset(all->s, path[i], &there, err);
		if (there)
			keep(all, talloc_asprintf(all->s->ctx, "files/%s", path[i]));
	}
	return rc;
}

/* Folders that look like a language of ours, and files/. */
static enum rc
sweep_all(struct all *all, struct err *err)
{
	struct site *s = all->s;
	enum rc rc = site_sweep(s, "files", all->keep, err);
	const char **folders = NULL;
	size_t n = 0;

	if (rc == RC_OK)
		rc = site_folders(s, &folders, &n, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		if (text_is_language(folders[i]))
			rc = site_sweep(s, folders[i], all->keep, err);
	}
	return rc;
}

static enum rc
start_pages(struct site *s, struct err *err)
{
	enum rc rc = site_put_sitemap(s, err);

	for (size_t i = 0; rc == RC_OK && i < s->nlanguages; i++)
		rc = site_put_start(s, &s->languages[i], false, err);
	return rc == RC_OK ? site_put_start(s,
				 site_language(s, s->d->config->kb.language), true, err)
			   : rc;
}

static enum rc
write_all(struct site *s, void (*progress)(void *arg, const char *what, int64_t n),
    void *arg, struct err *err)
{
	struct all all = {.s = s,
	    .keep = record_own(s->ctx, json_object()),
	    .progress = progress,
	    .arg = arg};
	enum rc rc = put_styles(s, err);

	s->compare = true;
	if (rc == RC_OK)
		rc = all_files(&all, err);
	if (rc == RC_OK)
		rc = all_articles(&all, err);
	if (rc == RC_OK)
		rc = all_lists(&all, err);
	if (rc == RC_OK)
		rc = start_pages(s, err);
	return rc == RC_OK ? sweep_all(&all, err) : rc;
}

/* ---- what changed ---- */

SQL(sql_touched,
    "SELECT n FROM article WHERE id = ?1 "
    "UNION SELECT n FROM article_link WHERE target = ?1 AND kind = 'article' "
    "UNION SELECT n FROM article_alias WHERE alias = ?1");

SQL(sql_of_id, "SELECT n FROM article WHERE id = ?1");

/* Adds the rows that a statement gives for one id. */
static enum rc
add_rows(struct site *s, const char *sql, const char *id, json_t *rows, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s->s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, id);
	while ((rc = stmt_step(st, err)) == RC_OK)
		json_object_set_new(rows, col_text(st, 0), json_true());
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* The articles with one of the ids, and those that link to them. */
static enum rc
some_articles(struct site *s, const struct site_change *c, json_t *pages, struct err *err)
{
	json_t *rows = record_own(s->ctx, json_object()), *v;
	const char *key;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < c->nids; i++)
		rc = add_rows(s, sql_touched, c->ids[i], rows, err);
	/* Its translations say whether they are behind. */
	for (size_t i = 0; rc == RC_OK && i < c->nown; i++)
		rc = add_rows(s, sql_of_id, c->own[i], rows, err);
	json_object_foreach(rows, key, v)
	{
		struct kb_article a;
		int64_t n = strtoll(key, NULL, 10);

		if (rc == RC_OK)
			rc = kb_get(s->d, s->ctx, n, &a, err);
		if (rc == RC_OK && kb_page(s->ctx, &a) != NULL)
			json_object_set_new(pages, kb_page(s->ctx, &a), json_true());
		if (rc == RC_OK)
			rc = site_article(s, n, err);
	}
	return rc;
}

SQL(sql_is_alias, "SELECT 1 FROM article_alias l JOIN article a ON a.n = l.n "
		  "WHERE l.alias = ?1 AND l.language = ?2 AND a.audience = 'public' "
		  "AND a.state <> 'draft'");

/* Pages of names that lead nowhere any more. */
static enum rc
some_removals(
    struct site *s, const struct site_change *c, const json_t *pages, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < c->nnames; i++) {
		const char *slash = strchr(c->names[i], '/');
		char *page = talloc_asprintf(s->ctx, "%s.html", c->names[i]);
		struct stmt *st;

		if (json_object_get(pages, page) != NULL)
			continue;
		rc = store_prepare(s->s, sql_is_alias, &st, err);
		if (rc != RC_OK)
			break;
		bind_text(st, 1, slash + 1);
		bind_text(st, 2,
		    talloc_strndup(s->ctx, c->names[i], (size_t)(slash - c->names[i])));
		rc = stmt_step(st, err);
		stmt_done(st);
		if (rc == RC_NONE)
			rc = site_remove(s, page, err);
	}
	return rc;
}

static enum rc
each_name(struct site *s, const char *const *names, size_t n,
    enum rc (*put)(
	struct site *s, const struct site_language *l, const char *name, struct err *err),
    bool above, struct err *err)
{
	json_t *done = record_own(s->ctx, json_object());
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		char *name = talloc_strdup(s->ctx, names[i]);

		while (
		    rc == RC_OK && *name != '\0' && json_object_get(done, name) == NULL) {
			json_object_set_new(done, name, json_true());
			for (size_t k = 0; rc == RC_OK && k < s->nlanguages; k++)
				rc = put(s, &s->languages[k], name, err);
			if (!above)
				break;
			name = path_section(s->ctx, name);
		}
	}
	return rc;
}

static enum rc
write_some(struct site *s, const struct site_change *c, struct err *err)
{
	json_t *pages = record_own(s->ctx, json_object());
	bool there;
	enum rc rc = put_styles(s, err);

	for (size_t i = 0; rc == RC_OK && i < c->nfiles; i++)
		rc = put_asset(s, c->files[i], &there, err);
	if (rc == RC_OK)
		rc = some_articles(s, c, pages, err);
	if (rc == RC_OK)
		rc = each_name(s, c->sections, c->nsections, site_put_section, true, err);
	if (rc == RC_OK)
		rc = each_name(s, c->tags, c->ntags, site_put_tag, false, err);
	for (size_t i = 0; rc == RC_OK && c->nids + c->nown > 0 && i < s->nlanguages; i++)
		rc = site_put_lists(s, &s->languages[i], err);
	if (rc == RC_OK && c->nids + c->nown > 0)
		rc = start_pages(s, err);
	return rc == RC_OK ? some_removals(s, c, pages, err) : rc;
}

enum rc
site_write(void *ctx, struct desk *d, struct repo *r, const char *revision,
    const struct site_change *c, void (*progress)(void *arg, const char *what, int64_t n),
    void *arg, int64_t *pages, struct err *err)
{
	struct site *s = talloc_zero(ctx, struct site);
	enum rc rc;

	*s = (struct site){.ctx = s, .d = d, .s = d->store, .r = r, .revision = revision};
	rc = site_open(s, err);
	if (rc == RC_OK)
		rc = c->all ? write_all(s, progress, arg, err) : write_some(s, c, err);
	*pages = s->pages;
	talloc_free(s);
	return rc;
}
