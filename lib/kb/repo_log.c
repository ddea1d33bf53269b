/* kb.git: what changed, when, by whom. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "kb/repo_priv.h"

/* Renames of more files than this in one commit are told apart by equal content only. */
enum { RENAMES_MAX = 1000 };

/* The difference to parent i (-1: to nothing), with renames. */
static enum rc
diff_to_parent(
    struct repo *r, git_commit *c, int i, bool renames, git_diff **d, struct err *err)
{
	git_diff_options how;
	git_diff_find_options find;
	git_commit *parent = NULL;
	git_tree *old = NULL, *new = NULL;
	int bad = git_commit_tree(&new, c);

	git_diff_options_init(&how, GIT_DIFF_OPTIONS_VERSION);
	git_diff_find_options_init(&find, GIT_DIFF_FIND_OPTIONS_VERSION);
	if (bad == 0 && i >= 0)
		bad = git_commit_parent(&parent, c, (unsigned)i);
	if (bad == 0 && i >= 0)
		bad = git_commit_tree(&old, parent);
	if (bad == 0)
		bad = git_diff_tree_to_tree(d, r->git, old, new, &how);
	if (bad == 0 && renames &&
	    git_diff_num_deltas_of_type(*d, GIT_DELTA_DELETED) > 0 &&
	    git_diff_num_deltas_of_type(*d, GIT_DELTA_ADDED) > 0) {
		find.flags = GIT_DIFF_FIND_RENAMES;
		find.rename_limit = RENAMES_MAX;
		bad = git_diff_find_similar(*d, &find);
	}
	git_tree_free(old);
	git_tree_free(new);
	git_commit_free(parent);
	return bad ? repo_fail(r, err) : RC_OK;
}

/* Is this path in a merge as it is in one of the other parents? Then the merge did
 * nothing to it. */
static bool
from_other_parent(git_commit *c, const git_diff_delta *delta)
{
	for (unsigned i = 1; i < git_commit_parentcount(c); i++) {
		git_commit *parent = NULL;
		git_tree *t = NULL;
		git_tree_entry *e = NULL;
		bool same = false;

		if (git_commit_parent(&parent, c, i) == 0 &&
		    git_commit_tree(&t, parent) == 0) {
			int bad = git_tree_entry_bypath(&e, t, delta->new_file.path);

			same = delta->status == GIT_DELTA_DELETED
				   ? bad == GIT_ENOTFOUND
				   : bad == 0 && git_oid_equal(git_tree_entry_id(e),
						     &delta->new_file.id);
		}
		git_tree_entry_free(e);
		git_tree_free(t);
		git_commit_free(parent);
		if (same)
			return true;
	}
	return false;
}

static char
status_of(git_delta_t status)
{
	switch (status) {
	case GIT_DELTA_ADDED:
		return 'A';
	case GIT_DELTA_DELETED:
		return 'D';
	case GIT_DELTA_RENAMED:
		return 'R';
	default:
		return 'M';
	}
}

typedef enum rc each_change(void *arg, const struct repo_change *c, struct err *err);

static enum rc
changes_of(struct repo *r, git_commit *c, each_change *each, void *arg, struct err *err)
{
	struct repo_commit who;
	git_diff *d = NULL;
	unsigned parents = git_commit_parentcount(c);
	enum rc rc = diff_to_parent(r, c, parents ? 0 : -1, parents < 2, &d, err);

	repo_describe(c, &who);
	for (size_t i = 0; rc == RC_OK && i < git_diff_num_deltas(d); i++) {
		const git_diff_delta *delta = git_diff_get_delta(d, i);
		struct repo_change one = {.status = status_of(delta->status),
		    .path = delta->new_file.path,
		    .commit = &who};

		if (one.status == 'R')
			one.old_path = delta->old_file.path;
		if (parents < 2 || !from_other_parent(c, delta))
			rc = each(arg, &one, err);
	}
	git_diff_free(d);
	return rc;
}

static enum rc
start_walk(struct repo *r, const char *old, const char *new, unsigned order,
    git_revwalk **w, struct err *err)
{
	git_oid a, b;
	int bad = git_oid_fromstr(&b, new);

	if (bad == 0)
		bad = git_revwalk_new(w, r->git);
	if (bad == 0)
		bad = git_revwalk_sorting(*w, order);
	if (bad == 0)
		bad = git_revwalk_push(*w, &b);
	if (bad == 0 && *old != '\0' && git_oid_fromstr(&a, old) == 0)
		bad = git_revwalk_hide(*w, &a);
	return bad ? repo_fail(r, err) : RC_OK;
}

enum rc
repo_changes(struct repo *r, const char *old, const char *new, each_change *each,
    void *arg, struct err *err)
{
	git_revwalk *w = NULL;
	git_oid oid;
	enum rc rc = start_walk(r, old, new,
	    GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME | GIT_SORT_REVERSE, &w, err);

	while (rc == RC_OK && git_revwalk_next(&oid, w) == 0) {
		git_commit *c = NULL;

		if (git_commit_lookup(&c, r->git, &oid) != 0)
			rc = repo_fail(r, err);
		else
			rc = changes_of(r, c, each, arg, err);
		git_commit_free(c);
	}
	git_revwalk_free(w);
	return rc;
}

enum rc
repo_differs(struct repo *r, const char *old, const char *new,
    enum rc (*each)(void *arg, const char *path, struct err *err), void *arg,
    struct err *err)
{
	git_tree *a = NULL, *b = NULL;
	git_diff *d = NULL;
	enum rc rc = *old ? repo_get_tree(r, old, &a, err) : RC_OK;

	if (rc == RC_OK)
		rc = repo_get_tree(r, new, &b, err);
	if (rc == RC_OK && git_diff_tree_to_tree(&d, r->git, a, b, NULL) != 0)
		rc = repo_fail(r, err);
	for (size_t i = 0; rc == RC_OK && i < git_diff_num_deltas(d); i++)
		rc = each(arg, git_diff_get_delta(d, i)->new_file.path, err);
	git_diff_free(d);
	git_tree_free(a);
	git_tree_free(b);
	return rc;
}

/* ---- one file ---- */

struct follow {
	void *ctx;
	char *path;
	bool touched, born;
	char *before; /* its name in the parent */
};

static enum rc
look_for(void *arg, const struct repo_change *c, struct err *err)
{
	struct follow *f = arg;

	(void)err;
	if (strcmp(c->path, f->path) != 0)
		return RC_OK;
	f->touched = true;
	f->born = c->status == 'A';
	if (c->status == 'R')
		f->before = talloc_strdup(f->ctx, c->old_path);
	return RC_OK;
}

/* Did the commit leave the path as each parent has it? Two look-ups instead of a
 * difference of whole trees. */
static bool
untouched(git_commit *c, const char *path)
{
	git_tree *t = NULL, *pt = NULL;
	git_tree_entry *e = NULL, *pe = NULL;
	git_commit *parent = NULL;
	bool same = false;

	if (git_commit_parentcount(c) >= 1 && git_commit_tree(&t, c) == 0 &&
	    git_commit_parent(&parent, c, 0) == 0 && git_commit_tree(&pt, parent) == 0) {
		int a = git_tree_entry_bypath(&e, t, path),
		    b = git_tree_entry_bypath(&pe, pt, path);

		same = (a == GIT_ENOTFOUND && b == GIT_ENOTFOUND) ||
		       (a == 0 && b == 0 &&
			   git_oid_equal(git_tree_entry_id(e), git_tree_entry_id(pe)));
	}
	git_tree_entry_free(e);
	git_tree_entry_free(pe);
	git_tree_free(t);
	git_tree_free(pt);
	git_commit_free(parent);
	return same;
}

enum rc
repo_log(struct repo *r, const char *start, const char *path,
    enum rc (*each)(
	void *arg, const struct repo_commit *c, const char *path, struct err *err),
    void *arg, struct err *err)
{
	struct follow f = {.ctx = talloc_new(NULL)};
	git_revwalk *w = NULL;
	git_oid oid;
	enum rc rc =
	    start_walk(r, "", start, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME, &w, err);

	f.path = talloc_strdup(f.ctx, path);
	while (rc == RC_OK && !f.born && git_revwalk_next(&oid, w) == 0) {
		git_commit *c = NULL;
		struct repo_commit who;

		f.touched = false;
		f.before = NULL;
		if (git_commit_lookup(&c, r->git, &oid) != 0)
			rc = repo_fail(r, err);
		else if (!untouched(c, f.path))
			rc = changes_of(r, c, look_for, &f, err);
		if (rc == RC_OK && f.touched) {
			repo_describe(c, &who);
			rc = each(arg, &who, f.path, err);
		}
		if (f.before != NULL)
			f.path = f.before;
		git_commit_free(c);
	}
	git_revwalk_free(w);
	talloc_free(f.ctx);
	return rc == RC_NONE ? RC_OK : rc;
}

enum rc
repo_blame(struct repo *r, const char *commit, const char *path,
    enum rc (*each)(
	void *arg, const struct repo_commit *c, int first, int lines, struct err *err),
    void *arg, struct err *err)
{
	git_blame_options how;
	git_blame *b = NULL;
	enum rc rc = RC_OK;

	git_blame_options_init(&how, GIT_BLAME_OPTIONS_VERSION);
	if (git_oid_fromstr(&how.newest_commit, commit) != 0 ||
	    git_blame_file(&b, r->git, path, &how) != 0)
		return repo_fail(r, err);
	for (uint32_t i = 0; rc == RC_OK && i < git_blame_get_hunk_count(b); i++) {
		const git_blame_hunk *h = git_blame_get_hunk_byindex(b, i);
		git_commit *c = NULL;
		struct repo_commit who;

		if (git_commit_lookup(&c, r->git, &h->final_commit_id) != 0) {
			rc = repo_fail(r, err);
			break;
		}
		repo_describe(c, &who);
		rc = each(arg, &who, (int)h->final_start_line_number,
		    (int)h->lines_in_hunk, err);
		git_commit_free(c);
	}
	git_blame_free(b);
	return rc;
}
