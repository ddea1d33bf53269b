/* Publishing: from the commit that is published to the head of the branch. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <talloc.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "kb/history.h"
#include "kb/site.h"
#include "ticket/ticket.h"

#define META_PUBLISHED "kb.published" /* the commit */
#define META_BRANCH "kb.branch"	      /* and the branch it was of */
#define META_SITE "kb.site"	      /* the commit and look that www/ is of */

/* A file that the new commit has, and what becomes of its row. */
struct job {
	struct row row;
	struct row *before; /* its row as it was, when its id or language is another now */
	int line;	    /* of its aliases */
	bool kept;	    /* broken: the row stays as it is */
	bool is_section;
	struct section section;
};
struct publishing {
	void *ctx;
	struct desk *d;
	struct store *s;
	struct repo *r;
	const struct kb_publish_want *want;
	char *old, head[REPO_ID];
	bool all;
	struct history *history;
	struct vocabulary *words;
	json_t *touched; /* set of paths */
	struct job **jobs;
	size_t njobs;
	int64_t *remove; /* rows that go, or come again as a job */
	size_t nremove;
	struct findings f;
	struct site_change site;
	struct kb_published *result;
};

/* ---- one publisher at a time ---- */

enum { WAIT_MS = 30000, STEP_MS = 20 };

static int
close_lock(int *fd)
{
	close(*fd);
	return 0;
}

static enum rc
take_lock(struct publishing *p, struct err *err)
{
	char *path = talloc_asprintf(p->ctx, "%s/kb.lock", p->d->dir);
	int *fd = talloc(p->ctx, int);
	const struct timespec step = {0, STEP_MS * 1000000L};

	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (*fd < 0)
		return err_errno(err, "%s", path);
	talloc_set_destructor(fd, close_lock);
	for (int waited = 0; flock(*fd, LOCK_EX | LOCK_NB) != 0; waited += STEP_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_errno(err, "%s", path);
		if (waited >= WAIT_MS)
			return err_fail(err, RC_BUSY,
			    "somebody else has been publishing for %d s", WAIT_MS / 1000);
		nanosleep(&step, NULL);
	}
	return RC_OK;
}

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

static enum rc
find_touched(struct publishing *p, struct err *err)
{
	const char *old = p->all ? "" : p->old;
	enum rc rc = history_read(
	    p->ctx, p->s, p->r, old, p->head, &p->history, err);

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
static void
take_words(struct publishing *p, struct row *r)
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
	    .revision = t && *t->revision ? t->revision : o->revision ? o->revision : p->head,
	    .author = t && t->author ? t->author : o->author ? o->author : "",
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
keep_row(struct publishing *p, const char *path, const struct row_origin *o,
    struct err *err)
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
			take_words(p, &j->row);
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
		rc = article_parse(ctx, f->path, data, n, p->d->config->kb.language, &a,
		    &p->f, err);
	if (rc == RC_INVALID) {
		rc = keep_row(p, f->path, &o, err);
	} else if (rc == RC_OK) {
		j = new_job(p);
		fill_row(p, f, a, t, &o, &j->row);
		take_words(p, &j->row);
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
take_section(struct publishing *p, const char *path, const struct repo_file *f,
    struct err *err)
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
	enum rc rc = kind == PATH_OTHER ? RC_NONE
					: repo_find(p->r, p->head, path, &f, err);

	if (kind == PATH_OTHER || (rc != RC_OK && rc != RC_NONE))
		return kind == PATH_OTHER ? RC_OK : rc;
	if (kind == PATH_ASSET) {
		text_push(p->ctx, &p->site.files, &p->site.nfiles,
		    talloc_strdup(p->ctx, path));
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

static enum rc
take_all(struct publishing *p, struct err *err)
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

/* ---- what the site must show anew ---- */

/* What an article was or is known by, and the lists it is in. */
static void
note(struct publishing *p, const struct row *r)
{
	struct site_change *c = &p->site;

	text_push(p->ctx, &c->ids, &c->nids, r->a.id);
	for (size_t i = 0; r->was[i] != NULL; i++)
		text_push(p->ctx, &c->ids, &c->nids, r->was[i]);
	for (size_t i = 0; r->aliases[i] != NULL; i++)
		text_push(p->ctx, &c->ids, &c->nids, r->aliases[i]);
	for (size_t i = 0; r->links[i] != NULL; i++) {
		if (text_starts(r->links[i], "file:"))
			text_push(p->ctx, &c->files, &c->nfiles, r->links[i] + 5);
	}
	text_push(p->ctx, &c->sections, &c->nsections, r->a.section);
	for (size_t i = 0; r->a.tags[i] != NULL; i++)
		text_push(p->ctx, &c->tags, &c->ntags, r->a.tags[i]);
}

static enum rc
note_before(struct publishing *p, int64_t n, struct err *err)
{
	struct row *r = talloc_zero(p->ctx, struct row);
	enum rc rc = rows_get(p->s, r, n, r, err);

	if (rc == RC_OK)
		note(p, r);
	return rc;
}

/* ---- the transaction ---- */

static bool
is_kept(const struct publishing *p, int64_t n)
{
	for (size_t i = 0; i < p->njobs; i++) {
		if (p->jobs[i]->kept && p->jobs[i]->row.a.n == n)
			return true;
	}
	return false;
}

static enum rc
remove_rows(struct publishing *p, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && !p->site.all && !p->all && i < p->nremove; i++)
		rc = note_before(p, p->remove[i], err);
	if (rc == RC_OK && p->all)
		return rows_remove_all(p->s, err);
	for (size_t i = 0; rc == RC_OK && i < p->nremove; i++) {
		if (!is_kept(p, p->remove[i]))
			rc = rows_remove(p->s, p->words, p->remove[i], err);
	}
	return rc;
}

/* An id that is another file's: the article stays as it was published, if it was. */
static enum rc
add_taken(struct publishing *p, struct job *j, const char *owner, struct err *err)
{
	enum rc rc;

	finding_add(&p->f, false, j->row.a.path, 1, "id",
	    "id \"%s\" (%s) is that of %s", j->row.a.id, j->row.a.language, owner);
	if (j->before == NULL)
		return RC_OK;
	take_words(p, j->before);
	j->before->a.path = j->row.a.path;
	rc = rows_add(p->s, j->before, &p->f, j->line, err);
	return rc == RC_EXISTS ? RC_OK : rc;
}

static enum rc
add_one(struct publishing *p, struct job *j, struct err *err)
{
	bool new = j->row.a.n == 0;
	enum rc rc;

	if (j->is_section)
		return j->kept ? RC_OK
			       : rows_section(p->s, j->section.path, &j->section, err);
	if (j->kept && !p->all)
		return rows_move(p->s, j->row.a.n, j->row.a.path, err);
	rc = rows_add(p->s, &j->row, &p->f, j->line, err);
	if (rc == RC_EXISTS)
		return add_taken(p, j, err->text, err);
	if (rc != RC_OK)
		return rc;
	if (!j->kept) {
		p->result->added += new;
		p->result->changed += !new;
	}
	if (!p->site.all && !p->all)
		note(p, &j->row);
	return RC_OK;
}

/* Articles that keep their id come first: a newcomer with the same id is the one that is
 * refused. */
static enum rc
add_rows(struct publishing *p, struct err *err)
{
	enum rc rc = RC_OK;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; rc == RC_OK && i < p->njobs; i++) {
			struct job *j = p->jobs[i];
			bool first = j->is_section || j->kept ||
				     (j->row.a.n != 0 && j->before == NULL);

			if (first == (pass == 0))
				rc = add_one(p, j, err);
		}
	}
	return rc;
}

static enum rc
write_problems(struct publishing *p, struct err *err)
{
	const char *path;
	json_t *v;
	enum rc rc = RC_OK;

	json_object_foreach(p->touched, path, v)
	{
		if (rc == RC_OK)
			rc = problems_drop(p->s, path, err);
	}
	for (size_t i = 0; rc == RC_OK && i < p->f.n; i++) {
		if (!p->f.v[i].warning)
			rc = problems_add(p->s, &p->f.v[i], err);
	}
	return rc;
}

static enum rc
write_event(struct publishing *p, struct err *err)
{
	struct chain chain;
	char *actor = actor_print(p->ctx, &p->d->actor);
	struct event e = {.actor = actor, .action = "kb.published"};
	const struct kb_published *k = p->result;
	json_t *changes = record_own(p->ctx,
	    json_pack("{s:[o,s],s:I,s:I,s:I,s:I}", "revision",
		*p->old ? json_string(p->old) : json_null(), p->head, "added",
		(json_int_t)k->added, "changed", (json_int_t)k->changed, "removed",
		(json_int_t)k->removed, "problems", (json_int_t)k->problems));
	enum rc rc = chain_end(p->s, &chain, err);

	if (rc != RC_OK)
		return rc;
	e.at = desk_now(p->d);
	e.changes = event_changes(p->ctx, changes);
	return event_append(p->s, &chain, &e, err);
}

static int64_t
kept_rows(const struct publishing *p)
{
	int64_t n = 0;

	for (size_t i = 0; i < p->nremove; i++)
		n += is_kept(p, p->remove[i]);
	return n;
}

static enum rc
write_rows(struct publishing *p, struct err *err)
{
	enum rc rc = store_write(p->s, err);

	if (rc != RC_OK)
		return rc;
	rc = remove_rows(p, err);
	if (rc == RC_OK)
		rc = add_rows(p, err);
	if (rc == RC_OK)
		rc = vocabulary_write(p->words, p->s, err);
	if (rc == RC_OK)
		rc = write_problems(p, err);
	p->result->removed =
	    (int64_t)p->nremove - p->result->changed - kept_rows(p);
	p->result->problems = (int64_t)p->f.errors;
	if (rc == RC_OK)
		rc = write_event(p, err);
	if (rc == RC_OK)
		rc = store_meta_set(p->s, META_PUBLISHED, p->head, err);
	if (rc == RC_OK)
		rc = store_meta_set(p->s, META_BRANCH, p->d->config->kb.branch, err);
	if (rc == RC_OK && !p->want->dry_run)
		return store_commit(p->s, err);
	store_rollback(p->s);
	return rc;
}

/* ---- the whole ---- */

static enum rc
meta(struct publishing *p, const char *key, char **value, struct err *err)
{
	enum rc rc = store_meta_get(p->s, p->ctx, key, value, err);

	if (rc == RC_NONE || (rc == RC_OK && *value == NULL))
		*value = talloc_strdup(p->ctx, "");
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
repeat(void *arg, const struct finding *f, struct err *err)
{
	struct publishing *p = arg;

	(void)err;
	p->result->problems++;
	if (p->want->report != NULL)
		p->want->report(p->want->arg, f);
	return RC_OK;
}

/* Rows to the head; nothing when they are. */
static enum rc
bring_rows(struct publishing *p, struct err *err)
{
	char *branch = NULL;
	enum rc rc = meta(p, META_BRANCH, &branch, err);

	if (rc == RC_OK && !p->want->all && strcmp(p->old, p->head) == 0)
		return problems_each(p->s, repeat, p, err);
	p->all = p->want->all || *p->old == '\0' ||
		 strcmp(branch, p->d->config->kb.branch) != 0 ||
		 !repo_is_ancestor(p->r, p->old, p->head);
	p->words = vocabulary_new(p->ctx);
	if (rc == RC_OK)
		rc = find_touched(p, err);
	if (rc == RC_OK)
		rc = take_all(p, err);
	if (rc == RC_OK)
		rc = write_rows(p, err);
	findings_sort(&p->f);
	for (size_t i = 0; rc == RC_OK && i < p->f.n; i++) {
		if (p->want->report != NULL && !p->f.v[i].warning)
			p->want->report(p->want->arg, &p->f.v[i]);
	}
	return rc;
}

/* The site to the rows. What it is of is written last, so that a run that was broken off
 * is made good by the next. */
static enum rc
bring_site(struct publishing *p, struct err *err)
{
	char *is = NULL, *look = site_fingerprint(p->ctx, p->d),
	     *was = talloc_asprintf(p->ctx, "%s %s", p->old, look),
	     *becomes = talloc_asprintf(p->ctx, "%s %s", p->head, look);
	enum rc rc = meta(p, META_SITE, &is, err);

	if (rc != RC_OK || (strcmp(is, becomes) == 0 && !p->want->all))
		return rc;
	if (p->all || strcmp(is, was) != 0 || strcmp(p->old, p->head) == 0)
		p->site.all = true;
	rc = site_write(p->ctx, p->d, p->r, p->head, &p->site, p->want->progress,
	    p->want->arg, &p->result->pages, err);
	if (rc == RC_OK)
		rc = store_relax(p->s, true, err);
	if (rc == RC_OK)
		rc = store_write(p->s, err);
	if (rc != RC_OK)
		return rc;
	rc = store_meta_set(p->s, META_SITE, becomes, err);
	if (rc == RC_OK)
		return store_commit(p->s, err);
	store_rollback(p->s);
	return rc;
}

enum rc
kb_publish(void *ctx, struct desk *d, const struct kb_publish_want *want,
    struct kb_published *result, struct err *err)
{
	struct publishing *p = talloc_zero(ctx, struct publishing);
	enum rc rc = actor_need(&d->actor, "kb.write", err);

	*p = (struct publishing){.ctx = p,
	    .d = d,
	    .s = d->store,
	    .want = want,
	    .f = {.ctx = p},
	    .result = result};
	*result = (struct kb_published){.before = "", .revision = ""};
	if (rc == RC_OK)
		rc = take_lock(p, err);
	if (rc == RC_OK)
		rc = kb_repo(p, d, &p->r, err);
	if (rc == RC_OK)
		rc = meta(p, META_PUBLISHED, &p->old, err);
	if (rc == RC_OK)
		rc = repo_head(p->r, d->config->kb.branch, p->head, err);
	if (rc == RC_NONE) {
		rc = *p->old ? err_fail(err, RC_INVALID,
				   "kb.git: branch \"%s\" is gone; what was published "
				   "stays",
				   d->config->kb.branch)
			     : RC_OK;
		talloc_free(p);
		return rc;
	}
	if (rc == RC_OK)
		rc = bring_rows(p, err);
	if (rc == RC_OK && !want->dry_run)
		rc = bring_site(p, err);
	if (rc == RC_OK) {
		result->before = talloc_strdup(ctx, p->old);
		result->revision = talloc_strdup(ctx, p->head);
		if (result->problems > 0)
			rc = err_fail(err, RC_INVALID,
			    "%lld problem%s: what they are in stays as it was",
			    (long long)result->problems,
			    result->problems == 1 ? "" : "s");
	}
	talloc_free(p);
	return rc;
}
