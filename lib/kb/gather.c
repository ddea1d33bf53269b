/* Publishing: which files changed, and what they say now. */
#include <string.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "kb/publish_priv.h"

/* ---- what is to be looked at ---- */

static enum rc
touch(void *arg, const char *path, struct err *err)
{
	struct publishing *p = arg;

	(void)err;
	json_object_set_new(p->touched, path, json_true());
	return RC_OK;
}

static enum rc
touch_file(void *arg, const struct repo_file *f, struct err *err)
{
	return touch(arg, f->path, err);
}

static enum rc
touch_track(void *arg, const struct track *t, struct err *err)
{
	return touch(arg, t->path, err);
}

static enum rc
touch_problem(void *arg, const struct finding *f, struct err *err)
{
	return touch(arg, f->path, err);
}

SQL(sql_paths, "SELECT path FROM article /* scan */");

static enum rc
touch_rows(struct publishing *p, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(p->s, sql_paths, &st, err);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK)
		(void)touch(p, col_text(st, 0), err);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
publish_touched(struct publishing *p, struct err *err)
{
	const char *old = p->all ? "" : p->old;
	enum rc rc = history_read(p->ctx, p->s, p->r, old, p->head, &p->history, err);

	p->touched = record_own(p->ctx, json_object());
	if (rc == RC_OK && p->all)
		rc = repo_each_file(p->r, p->head, touch_file, p, err);
	else if (rc == RC_OK)
		rc = repo_differs(p->r, old, p->head, touch, p, err);
	if (rc == RC_OK && p->all)
		rc = touch_rows(p, err);
	if (rc == RC_OK)
		rc = history_each(p->history, touch_track, p, err);
	/* What was broken may be right now that something else is gone. */
	if (rc == RC_OK)
		rc = problems_each(p->s, touch_problem, p, err);
	return rc;
}

/* ---- reading articles ---- */

static const char *
headings_of(void *ctx, const struct markdown *m)
{
	struct buf b = {.ctx = ctx};

	for (size_t i = 0; i < m->nheadings; i++) {
		buf_add(&b, m->headings[i].text);
		buf_char(&b, '\n');
	}
	return b.n ? b.s : "";
}

static const char **
links_of(void *ctx, const struct article *a)
{
	json_t *seen = json_object();
	const char **v = NULL;
	size_t n = 0;

	for (size_t i = 0; i < a->text->nlinks; i++) {
		struct target t;
		char *one;

		link_target(ctx, a->path, a->text->links[i].dest, &t);
		if (t.kind != TARGET_ARTICLE && t.kind != TARGET_FILE)
			continue;
		one = talloc_asprintf(ctx, "%s:%s",
		    t.kind == TARGET_FILE ? "file" : "article",
		    t.kind == TARGET_FILE ? t.path : t.id);
		if (json_object_get(seen, one) == NULL)
			text_push(ctx, &v, &n, one);
		json_object_set_new(seen, one, json_true());
	}
	json_decref(seen);
	return v ? v : mem_array(ctx, const char *, 1);
}

/* What the index holds of it. */
void
publish_words(struct publishing *p, struct row *r)
{
	/* A number of this run, for counting: new rows have none yet. */
	int64_t n = (int64_t)p->njobs + 1;
	struct buf tags = {.ctx = p->ctx};
	const char *texts[4] = {r->a.title, NULL, r->headings, r->a.body};

	for (size_t i = 0; r->a.tags[i] != NULL; i++)
		buf_printf(&tags, "%s ", r->a.tags[i]);
	texts[1] = buf_text(&tags);
	for (int i = 0; i < 4; i++) {
		struct buf stems = {.ctx = p->ctx};

		vocabulary_take(p->words, r->a.language, texts[i], n, 1, &stems);
		r->stems[i] = buf_text(&stems);
	}
	talloc_free(tags.s);
}

static char *const *
copy_list(void *ctx, const char *const *list)
{
	const char **v = NULL;
	size_t n = 0;

	for (; *list != NULL; list++)
		text_push(ctx, &v, &n, talloc_strdup(ctx, *list));
	return (char *const *)(v ? v : mem_array(ctx, const char *, 1));
}

static void
fill_row(struct publishing *p, const struct repo_file *f, const struct article *a,
    const struct track *t, const struct row_origin *o, struct row *r)
{
	void *ctx = p->ctx;

	r->a = (struct kb_article){.n = o->n,
	    .id = talloc_strdup(ctx, a->id),
	    .language = talloc_strdup(ctx, a->language),
	    .path = talloc_strdup(ctx, a->path),
	    .section = talloc_strdup(ctx, a->section),
	    .title = talloc_strdup(ctx, a->title),
	    .summary = talloc_strdup(ctx, a->summary),
	    .audience = a->audience,
	    .state = a->state,
	    .blob = talloc_strdup(ctx, f->blob),
	    .revision = t && *t->revision ? t->revision
			: o->revision	  ? o->revision
					  : p->head,
	    .author = t && t->author ? t->author
		      : o->author    ? o->author
				     : "",
	    .created_at = t && t->created_at ? t->created_at : o->created_at,
	    .changed_at = t && t->changed_at ? t->changed_at : o->changed_at,
	    .reviewed_at = a->reviewed_at,
	    .body = talloc_strdup(ctx, a->text->text),
	    .tags = (const char **)copy_list(ctx, a->tags)};
	r->a.audience = audience_names[word_index(audience_names, a->audience)];
	r->a.state = state_names[word_index(state_names, a->state)];
	r->headings = headings_of(ctx, a->text);
	r->aliases = (const char **)copy_list(ctx, a->aliases);
	r->was = t && t->was ? t->was : o->was;
	r->links = links_of(ctx, a);
}

static struct job *
new_job(struct publishing *p)
{
	struct job *j = talloc_zero(p->ctx, struct job);

	if (p->njobs % 64 == 0)
		p->jobs = mem_grow(p->ctx, p->jobs, struct job *, p->njobs + 64);
	p->jobs[p->njobs++] = j;
	return j;
}

/* The row that this file was, if any. */
static enum rc
origin_of(struct publishing *p, const char *path, const struct track *t,
    struct row_origin *o, struct err *err)
{
	const char *from = path;

	/* A file that came anew has no row of its own, even when one of this name was
	 * there before. */
	if (t != NULL && !p->all && t->origin == NULL)
		from = NULL;
	else if (t != NULL && t->origin != NULL)
		from = t->origin;
	if (from != NULL)
		return rows_by_path(p->s, p->ctx, from, o, err);
	*o = (struct row_origin){.was = mem_array(p->ctx, const char *, 1)};
	return RC_OK;
}

/* The row as it is: for one whose file is broken. */
static enum rc
keep_row(
    struct publishing *p, const char *path, const struct row_origin *o, struct err *err)
{
	struct job *j;
	enum rc rc = RC_OK;

	if (o->n == 0)
		return RC_OK;
	j = new_job(p);
	j->kept = true;
	j->row.a.n = o->n;
	j->row.a.path = talloc_strdup(p->ctx, path);
	if (p->all) {
		rc = rows_get(p->s, p->ctx, o->n, &j->row, err);
		if (rc == RC_OK)
			publish_words(p, &j->row);
	}
	j->row.a.path = talloc_strdup(p->ctx, path);
	return rc;
}

/* Reads a file's content; RC_INVALID when something is wrong with it, which `f` knows. */
static enum rc
read_file(struct publishing *p, const struct repo_file *f, void *ctx, char **data,
    size_t *n, struct err *err)
{
	enum rc rc;

	if (f->kind != REPO_FILE) {
		finding_add(&p->f, false, f->path, 1, "link", "a %s is not followed",
		    f->kind == REPO_LINK ? "symbolic link" : "submodule");
		return RC_INVALID;
	}
	rc = repo_read(p->r, ctx, f->blob, ARTICLE_MAX, data, n, err);
	if (rc == RC_INVALID)
		finding_add(&p->f, false, f->path, 1, "size", "%s", err->text);
	return rc;
}

static enum rc
take_article(struct publishing *p, const struct repo_file *f, struct err *err)
{
	void *ctx = talloc_new(p->ctx);
	const struct track *t = history_of(p->history, f->path);
	struct row_origin o;
	struct article *a = NULL;
	struct job *j;
	char *data = NULL;
	size_t n = 0;
	enum rc rc = origin_of(p, f->path, t, &o, err);

	if (rc == RC_OK)
		rc = read_file(p, f, ctx, &data, &n, err);
	if (rc == RC_OK)
		rc = article_parse(
		    ctx, f->path, data, n, p->d->config->kb.language, &a, &p->f, err);
	if (rc == RC_INVALID) {
		rc = keep_row(p, f->path, &o, err);
	} else if (rc == RC_OK) {
		j = new_job(p);
		fill_row(p, f, a, t, &o, &j->row);
		publish_words(p, &j->row);
		j->line = a->alias_line;
		if (o.n != 0 && (strcmp(o.id, j->row.a.id) != 0 ||
				    strcmp(o.language, j->row.a.language) != 0)) {
			j->before = talloc_zero(p->ctx, struct row);
			rc = rows_get(p->s, p->ctx, o.n, j->before, err);
		}
	}
	talloc_free(ctx);
	return rc;
}

static enum rc
take_section(
    struct publishing *p, const char *path, const struct repo_file *f, struct err *err)
{
	struct job *j = new_job(p);
	char *data = NULL, *id, *language;
	size_t n = 0;
	enum rc rc = RC_OK;

	j->is_section = true;
	if (f != NULL) {
		rc = read_file(p, f, p->ctx, &data, &n, err);
		if (rc == RC_OK)
			rc = section_parse(p->ctx, path, data, n,
			    p->d->config->kb.language, &j->section, &p->f, err);
		j->kept = rc == RC_INVALID;
	} else {
		(void)path_split(p->ctx, path, &id, &language);
		j->section.language = *language ? language : p->d->config->kb.language;
	}
	j->section.path = path_section(p->ctx, path);
	p->site.all = true; /* its title is on every page below */
	return rc == RC_INVALID ? RC_OK : rc;
}

static void
remember(struct publishing *p, int64_t n)
{
	if (p->nremove % 64 == 0)
		p->remove = mem_grow(p->ctx, p->remove, int64_t, p->nremove + 64);
	p->remove[p->nremove++] = n;
}

static enum rc
take_path(struct publishing *p, const char *path, struct err *err)
{
	enum path_kind kind = path_kind(path);
	struct repo_file f;
	struct row_origin o;
	enum rc rc =
	    kind == PATH_OTHER ? RC_NONE : repo_find(p->r, p->head, path, &f, err);

	if (kind == PATH_OTHER || (rc != RC_OK && rc != RC_NONE))
		return kind == PATH_OTHER ? RC_OK : rc;
	if (kind == PATH_ASSET) {
		text_push(
		    p->ctx, &p->site.files, &p->site.nfiles, talloc_strdup(p->ctx, path));
		return RC_OK;
	}
	if (kind == PATH_SECTION)
		return take_section(p, path, rc == RC_OK ? &f : NULL, err);
	if (rc == RC_OK)
		rc = take_article(p, &f, err);
	else
		rc = RC_OK;
	if (rc == RC_OK)
		rc = rows_by_path(p->s, p->ctx, path, &o, err);
	if (rc == RC_OK && o.n != 0)
		remember(p, o.n);
	return rc;
}

enum rc
publish_gather(struct publishing *p, struct err *err)
{
	const char **paths = NULL, *path;
	size_t n = 0;
	json_t *v;
	enum rc rc = RC_OK;

	json_object_foreach(p->touched, path, v) text_push(p->ctx, &paths, &n, path);
	text_sort(paths, n);
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		rc = take_path(p, paths[i], err);
		if (p->want->progress != NULL && i % 100 == 99)
			p->want->progress(p->want->arg, "articles", (int64_t)i + 1);
	}
	return rc;
}
