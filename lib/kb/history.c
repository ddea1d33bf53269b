/* The history of articles since the last publication. */
#include "kb/history.h"

#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"

struct history {
	struct store *s;
	bool all;
	json_t *by_path; /* path -> index into v, -1: the path is nobody's now */
	struct track **v;
	size_t n;
	/* The commit whose changes come in, its texts kept once. */
	char commit[REPO_ID];
	const char *author;
};

static struct track *
new_track(struct history *h, const char *path)
{
	struct track *t = talloc_zero(h, struct track);

	if (h->n % 64 == 0)
		h->v = mem_grow(h, h->v, struct track *, h->n + 64);
	t->path = talloc_strdup(t, path);
	json_object_set_new(h->by_path, path, json_integer((json_int_t)h->n));
	h->v[h->n++] = t;
	return t;
}

const struct track *
history_of(const struct history *h, const char *path)
{
	json_t *i = json_object_get(h->by_path, path);

	return i != NULL && json_integer_value(i) >= 0 ? h->v[json_integer_value(i)]
						       : NULL;
}

/* Asks the rows for a path that no commit in our range has touched yet. */
static enum rc
find(struct history *h, const char *path, struct track **t, struct err *err)
{
	json_t *i = json_object_get(h->by_path, path);
	struct row_origin o;
	enum rc rc = RC_OK;

	*t = NULL;
	if (i != NULL) {
		*t = json_integer_value(i) < 0 ? NULL : h->v[json_integer_value(i)];
		return RC_OK;
	}
	if (h->all)
		return RC_OK;
	rc = rows_by_path(h->s, h, path, &o, err);
	if (rc != RC_OK || o.n == 0)
		return rc;
	*t = new_track(h, path);
	(*t)->origin = (*t)->path;
	(*t)->created_at = o.created_at;
	(*t)->was = o.was;
	while (o.was[(*t)->nwas] != NULL)
		(*t)->nwas++;
	return RC_OK;
}

static void
rename_track(struct history *h, struct track *t, const char *to)
{
	char *old_id, *new_id, *language;
	json_t *i = json_incref(json_object_get(h->by_path, t->path)),
	       *other = json_object_get(h->by_path, to);

	if (other != NULL && json_integer_value(other) >= 0)
		h->v[json_integer_value(other)]->gone = true;
	(void)path_split(t, t->path, &old_id, &language);
	(void)path_split(t, to, &new_id, &language);
	if (strcmp(old_id, new_id) != 0)
		text_push(t, &t->was, &t->nwas, old_id);
	json_object_set_new(h->by_path, t->path, json_integer(-1));
	json_object_set_new(h->by_path, to, i);
	t->path = talloc_strdup(t, to);
}

static void
remove_track(struct history *h, struct track *t)
{
	t->gone = true;
	json_object_set_new(h->by_path, t->path, json_integer(-1));
}

static enum rc
on_change(void *arg, const struct repo_change *c, struct err *err)
{
	struct history *h = arg;
	bool was = path_kind(c->old_path ? c->old_path : c->path) == PATH_ARTICLE,
	     is = path_kind(c->path) == PATH_ARTICLE;
	struct track *t = NULL;
	enum rc rc = RC_OK;

	if (!was && !is)
		return RC_OK;
	if (was && c->status != 'A')
		rc = find(h, c->old_path ? c->old_path : c->path, &t, err);
	if (rc != RC_OK)
		return rc;
	if (t != NULL && (c->status == 'D' || !is))
		remove_track(h, t);
	if (c->status == 'D' || !is)
		return RC_OK;
	if (t == NULL)
		t = new_track(h, c->path);
	else if (c->status == 'R')
		rename_track(h, t, c->path);
	if (strcmp(h->commit, c->commit->id) != 0) {
		memcpy(h->commit, c->commit->id, REPO_ID);
		h->author = talloc_strdup(h, c->commit->author);
	}
	memcpy(t->revision, h->commit, REPO_ID);
	t->author = h->author;
	t->changed_at = c->commit->at;
	if (t->created_at == 0)
		t->created_at = c->commit->at;
	return RC_OK;
}

enum rc
history_read(void *ctx, struct store *s, struct repo *r, const char *old, const char *new,
    struct history **out, struct err *err)
{
	struct history *h = talloc_zero(ctx, struct history);
	enum rc rc;

	h->s = s;
	h->all = *old == '\0';
	h->by_path = record_own(h, json_object());
	rc = repo_changes(r, old, new, on_change, h, err);
	if (rc == RC_OK)
		*out = h;
	return rc;
}

enum rc
history_each(const struct history *h,
    enum rc (*each)(void *arg, const struct track *t, struct err *err), void *arg,
    struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < h->n; i++)
		rc = each(arg, h->v[i], err);
	return rc;
}
