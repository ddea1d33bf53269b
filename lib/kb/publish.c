/* Publishing: from the commit that is published to the head of the branch. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <talloc.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "kb/publish_priv.h"
#include "ticket/ticket.h"

#define META_PUBLISHED "kb.published" /* the commit */
#define META_BRANCH "kb.branch"	      /* and the branch it was of */
#define META_SITE "kb.site"	      /* the commit and look that www/ is of */

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

/* ---- what the site must show anew ---- */

static void
note_name(struct publishing *p, const struct row *r, const char *id)
{
	struct site_change *c = &p->site;

	text_push(p->ctx, &c->ids, &c->nids, id);
	text_push(p->ctx, &c->names, &c->nnames,
	    talloc_asprintf(p->ctx, "%s/%s", r->a.language, id));
}

/* What an article was or is known by. */
static void
note_names(struct publishing *p, const struct row *r)
{
	note_name(p, r, r->a.id);
	for (size_t i = 0; r->was[i] != NULL; i++)
		note_name(p, r, r->was[i]);
	for (size_t i = 0; r->aliases[i] != NULL; i++)
		note_name(p, r, r->aliases[i]);
}

/* The lists it is in, and the files it shows. */
static void
note_lists(struct publishing *p, const struct row *r)
{
	struct site_change *c = &p->site;

	for (size_t i = 0; r->links[i] != NULL; i++) {
		if (text_starts(r->links[i], "file:"))
			text_push(p->ctx, &c->files, &c->nfiles, r->links[i] + 5);
	}
	text_push(p->ctx, &c->sections, &c->nsections, r->a.section);
	for (size_t i = 0; r->a.tags[i] != NULL; i++)
		text_push(p->ctx, &c->tags, &c->ntags, r->a.tags[i]);
}

static enum rc
note_before(struct publishing *p, size_t i, struct err *err)
{
	struct row *r = talloc_zero(p->ctx, struct row);
	enum rc rc = rows_get(p->s, r, p->remove[i], r, err);

	if (rc != RC_OK)
		return rc;
	p->were[i] = r;
	note_lists(p, r);
	return RC_OK;
}

static bool
same_list(const char *const *a, const char *const *b)
{
	while (*a != NULL && *b != NULL && strcmp(*a, *b) == 0)
		a++, b++;
	return *a == NULL && *b == NULL;
}

/* Would a link lead to the same place? Then pages that have one stay as they are. */
static bool
same_address(const struct row *a, const struct row *b)
{
	return strcmp(a->a.id, b->a.id) == 0 &&
	       strcmp(a->a.language, b->a.language) == 0 &&
	       strcmp(a->a.audience, b->a.audience) == 0 &&
	       strcmp(a->a.state, b->a.state) == 0 && same_list(a->was, b->was) &&
	       same_list(a->aliases, b->aliases);
}

static void
note_after(struct publishing *p, const struct row *r)
{
	struct site_change *c = &p->site;

	note_lists(p, r);
	for (size_t i = 0; i < p->nremove; i++) {
		if (p->remove[i] == r->a.n && same_address(p->were[i], r)) {
			text_push(p->ctx, &c->own, &c->nown, r->a.id);
			p->were[i] = NULL;
			return;
		}
	}
	note_names(p, r);
}

/* Those that went, or have another address now. */
static void
note_gone(struct publishing *p)
{
	for (size_t i = 0; i < p->nremove; i++) {
		if (p->were[i] != NULL)
			note_names(p, p->were[i]);
	}
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

	p->were = mem_array(p->ctx, struct row *, p->nremove + 1);
	for (size_t i = 0; rc == RC_OK && !p->site.all && !p->all && i < p->nremove; i++)
		rc = note_before(p, i, err);
	if (rc == RC_OK && p->all)
		return rows_remove_all(p->s, err);
	for (size_t i = 0; rc == RC_OK && i < p->nremove; i++) {
		if (!is_kept(p, p->remove[i]))
			rc = rows_remove(p->s, p->words, p->remove[i], err);
		else /* out of the way of another that moves to where it was */
			rc = rows_move(p->s, p->remove[i],
			    talloc_asprintf(p->ctx, "\001%lld", (long long)p->remove[i]),
			    err);
	}
	return rc;
}

/* An id that is another file's: the article stays as it was published, if it was. */
static enum rc
add_taken(struct publishing *p, struct job *j, const char *owner, struct err *err)
{
	enum rc rc;

	finding_add(&p->f, false, j->row.a.path, 1, "id", "id \"%s\" (%s) is that of %s",
	    j->row.a.id, j->row.a.language, owner);
	if (j->before == NULL)
		return RC_OK;
	publish_words(p, j->before);
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
		note_after(p, &j->row);
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
	note_gone(p);
	if (rc == RC_OK)
		rc = vocabulary_write(p->words, p->s, err);
	if (rc == RC_OK)
		rc = write_problems(p, err);
	p->result->removed = (int64_t)p->nremove - p->result->changed - kept_rows(p);
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
		rc = publish_touched(p, err);
	if (rc == RC_OK)
		rc = publish_gather(p, err);
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

	bool there = site_there(p->d);

	if (rc != RC_OK || (strcmp(is, becomes) == 0 && there && !p->want->all))
		return rc;
	if (p->all || !there || strcmp(is, was) != 0 || strcmp(p->old, p->head) == 0)
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
