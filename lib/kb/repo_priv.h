/* What the files about kb.git share. */
#ifndef KB_REPO_PRIV_H
#define KB_REPO_PRIV_H

#include <git2.h>

#include "kb/repo.h"

struct repo {
	git_repository *git;
	const char *dir;
};
/* RC_INVALID (or RC_IO, RC_BUSY) with libgit2's words. */
enum rc repo_fail(struct repo *r, struct err *err);
enum rc repo_get_commit(
    struct repo *r, const char *id, git_commit **c, struct err *err) CHECKED;
enum rc repo_get_tree(
    struct repo *r, const char *commit, git_tree **t, struct err *err) CHECKED;
/* Texts point into the commit. */
void repo_describe(git_commit *c, struct repo_commit *to);

#endif
