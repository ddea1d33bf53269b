/* kb.git: committing without a checkout. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "kb/repo_priv.h"

enum { TRIES = 10 }; /* against others who commit at the same time */

struct making {
	struct repo *r;
	const char *ref;
	const struct repo_edit *edits;
	size_t n;
	git_tree_update *updates;
	git_commit *head; /* NULL: the first commit */
};

/* Blobs of all edits; a removal of what is not there is left out. */
static enum rc
write_blobs(struct making *m, size_t *n, git_tree *base, struct err *err)
{
	*n = 0;
	for (size_t i = 0; i < m->n; i++) {
		git_tree_update *u = &m->updates[*n];
		git_tree_entry *e = NULL;
		bool there =
		    base && git_tree_entry_bypath(&e, base, m->edits[i].path) == 0;

		git_tree_entry_free(e);
		if (m->edits[i].data == NULL && !there)
			continue;
		*u = (git_tree_update){.path = m->edits[i].path,
		    .filemode = GIT_FILEMODE_BLOB,
		    .action = m->edits[i].data ? GIT_TREE_UPDATE_UPSERT
					       : GIT_TREE_UPDATE_REMOVE};
		if (m->edits[i].data != NULL &&
		    git_blob_create_from_buffer(
			&u->id, m->r->git, m->edits[i].data, m->edits[i].n) != 0)
			return repo_fail(m->r, err);
		++*n;
	}
	return RC_OK;
}

/* Did anybody change one of the edited files between two commits? */
static bool
clash(struct making *m, git_tree *before, git_tree *now)
{
	for (size_t i = 0; i < m->n; i++) {
		git_tree_entry *a = NULL, *b = NULL;
		bool in_a = before &&
			    git_tree_entry_bypath(&a, before, m->edits[i].path) == 0,
		     in_b = now && git_tree_entry_bypath(&b, now, m->edits[i].path) == 0,
		     same = in_a == in_b && (!in_a || git_oid_equal(git_tree_entry_id(a),
							  git_tree_entry_id(b)));

		git_tree_entry_free(a);
		git_tree_entry_free(b);
		if (!same)
			return true;
	}
	return false;
}

static enum rc
get_head(struct making *m, git_tree **tree, struct err *err)
{
	git_oid oid;
	int bad = git_reference_name_to_id(&oid, m->r->git, m->ref);

	git_commit_free(m->head);
	m->head = NULL;
	*tree = NULL;
	if (bad == GIT_ENOTFOUND)
		return RC_OK;
	if (bad != 0 || git_commit_lookup(&m->head, m->r->git, &oid) != 0 ||
	    git_commit_tree(tree, m->head) != 0)
		return repo_fail(m->r, err);
	return RC_OK;
}

/* The new tree on top of `base`: *same when it is the old one. */
static enum rc
make_tree(struct making *m, git_tree *base, git_tree **tree, bool *same, struct err *err)
{
	size_t n = 0;
	git_oid oid;
	enum rc rc = write_blobs(m, &n, base, err);

	if (rc == RC_OK &&
	    (git_tree_create_updated(&oid, m->r->git, base, n, m->updates) ||
		git_tree_lookup(tree, m->r->git, &oid)))
		rc = repo_fail(m->r, err);
	*same = rc == RC_OK && base != NULL && git_oid_equal(&oid, git_tree_id(base));
	return rc;
}

/* RC_NONE: somebody else was faster. */
static enum rc
put_commit(struct making *m, git_tree *tree, const git_signature *who,
    const char *message, git_oid *id, struct err *err)
{
	const git_commit *parents[] = {m->head};
	int bad = git_commit_create(id, m->r->git, m->ref, who, who, "UTF-8", message,
	    tree, m->head ? 1 : 0, parents);

	if (bad == GIT_EMODIFIED || bad == GIT_ELOCKED || bad == GIT_EEXISTS)
		return RC_NONE;
	return bad ? repo_fail(m->r, err) : RC_OK;
}

static enum rc
try_commit(struct making *m, const git_signature *who, const char *message, char *id,
    struct err *err)
{
	git_tree *first = NULL, *base = NULL, *tree = NULL;
	git_oid oid;
	bool same = false;
	enum rc rc = get_head(m, &first, err);

	for (int i = 0; rc == RC_OK; i++) {
		rc = i == 0 ? RC_OK : get_head(m, &base, err);
		if (rc == RC_OK && i > 0 && clash(m, first, base))
			rc = err_fail(err, RC_BUSY,
			    "%s: somebody changed the same file at the same time",
			    m->edits[0].path);
		if (rc == RC_OK)
			rc = make_tree(m, i == 0 ? first : base, &tree, &same, err);
		if (rc == RC_OK && same) {
			git_oid_tostr(id, REPO_ID, git_commit_id(m->head));
			rc = RC_NONE;
			break;
		}
		if (rc == RC_OK)
			rc = put_commit(m, tree, who, message, &oid, err);
		git_tree_free(tree);
		tree = NULL;
		git_tree_free(base);
		base = NULL;
		if (rc == RC_OK) {
			git_oid_tostr(id, REPO_ID, &oid);
			break;
		}
		if (rc == RC_NONE && i + 1 < TRIES)
			rc = RC_OK;
		else if (rc == RC_NONE)
			rc = err_fail(
			    err, RC_BUSY, "%s: others commit all the time", m->r->dir);
	}
	git_tree_free(first);
	git_tree_free(base);
	git_tree_free(tree);
	return rc;
}

/* Names in a commit are one line without angle brackets. */
static char *
signature_part(void *ctx, const char *s, const char *otherwise)
{
	char *out = text_clean(ctx, s, strlen(s), TEXT_LINE, 200);

	for (char *p = out; *p != '\0'; p++)
		*p = *p == '<' || *p == '>' ? ' ' : *p;
	return *out ? out : talloc_strdup(ctx, otherwise);
}

enum rc
repo_commit(struct repo *r, const char *branch, const struct repo_edit *edits, size_t n,
    const struct repo_who *who, const char *message, char id[REPO_ID], struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct making m = {.r = r,
	    .ref = talloc_asprintf(ctx, "refs/heads/%s", branch),
	    .edits = edits,
	    .n = n,
	    .updates = mem_array(ctx, git_tree_update, n + 1)};
	git_signature *sig = NULL;
	enum rc rc;

	if (git_signature_new(&sig, signature_part(ctx, who->name, "tkt"),
		signature_part(ctx, who->email, "tkt@localhost"), who->at / 1000, 0) != 0)
		rc = repo_fail(r, err);
	else
		rc = try_commit(&m, sig, message, id, err);
	git_signature_free(sig);
	git_commit_free(m.head);
	talloc_free(ctx);
	return rc;
}
