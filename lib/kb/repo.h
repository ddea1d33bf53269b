/* kb.git by libgit2: the only place that knows git. No git binary is needed, and whatever
 * the git binary does to the repository is understood.
 *
 * Commits and blobs are named by 40 hexadecimal digits. Nothing of the user's or the
 * system's git configuration is read. */
#ifndef KB_REPO_H
#define KB_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define REPO_ID 41	       /* of a commit or blob, with its NUL */
#define REPO_PATH_MAX 4096     /* bytes of a path within it */
#define REPO_DEPTH_MAX 200     /* folders in folders */
#define REPO_FILES_MAX 1000000 /* files in one commit */

#define REPO_FILE_MAX (64 * 1024 * 1024) /* bytes of a picture or other file */

struct repo;
/* Opens the bare repository DIR, or a checkout's. RC_NOTFOUND; RC_INVALID when it is
 * none. Belongs to ctx. Objects that a push has brought but not yet handed over
 * (gitrepository-layout(5), "quarantine") are seen by its hooks. */
enum rc repo_open(void *ctx, const char *dir, struct repo **r, struct err *err) CHECKED;
/* Makes a bare one whose HEAD is `branch`. RC_EXISTS. Pushed objects are checked, and a
 * push is at most REPO_PUSH_MAX bytes. */
#define REPO_PUSH_MAX "268435456"
enum rc repo_create(const char *dir, const char *branch, struct err *err) CHECKED;

/* The branch's commit. RC_NONE when nothing was committed yet, RC_INVALID when it names
 * what is not there. */
enum rc repo_head(
    struct repo *r, const char *branch, char id[REPO_ID], struct err *err) CHECKED;
/* A commit as people name them: "a1b2c3d", "HEAD~2", a branch, a tag. RC_NOTFOUND. */
enum rc repo_resolve(
    struct repo *r, const char *rev, char id[REPO_ID], struct err *err) CHECKED;
/* Is `old` the same or an ancestor of `new`? False for what is not there. */
bool repo_is_ancestor(struct repo *r, const char *old, const char *new);

/* ---- content ---- */

enum repo_kind { REPO_FILE, REPO_LINK, REPO_MODULE };
struct repo_file {
	const char *path;
	enum repo_kind kind;
	char blob[REPO_ID];
};
/* Every file of a commit, by path. */
enum rc repo_each_file(struct repo *r, const char *commit,
    enum rc (*each)(void *arg, const struct repo_file *f, struct err *err), void *arg,
    struct err *err) CHECKED;
/* One, or RC_NONE. */
enum rc repo_find(struct repo *r, const char *commit, const char *path,
    struct repo_file *f, struct err *err) CHECKED;
/* The content, NUL-terminated, in ctx. RC_INVALID for more than `max` bytes, which are
 * not read then. */
enum rc repo_read(struct repo *r, void *ctx, const char *blob, size_t max, char **data,
    size_t *n, struct err *err) CHECKED;

/* ---- what changed ---- */

struct repo_commit {
	char id[REPO_ID];
	int64_t at; /* of the author, ms */
	const char *author, *email, *summary;
};
struct repo_change {
	char status;		     /* A added, M modified, D deleted, R renamed */
	const char *path, *old_path; /* old_path: R only */
	const struct repo_commit *commit;
};
/* What each commit in old..new (old "": all) did to files, oldest first; a merge only
 * what is none of its parents' doing. Renames are found by likeness of content. */
enum rc repo_changes(struct repo *r, const char *old, const char *new,
    enum rc (*each)(void *arg, const struct repo_change *c, struct err *err), void *arg,
    struct err *err) CHECKED;
/* Paths whose content differs between two commits (old "": all). */
enum rc repo_differs(struct repo *r, const char *old, const char *new,
    enum rc (*each)(void *arg, const char *path, struct err *err), void *arg,
    struct err *err) CHECKED;
/* The history of one file, newest first, over its renames; `path` is its name then.
 * Stops early, without an error, when `each` returns RC_NONE. */
enum rc repo_log(struct repo *r, const char *start, const char *path,
    enum rc (*each)(
	void *arg, const struct repo_commit *c, const char *path, struct err *err),
    void *arg, struct err *err) CHECKED;
/* Who wrote each run of lines, in order: its first line and how many. */
enum rc repo_blame(struct repo *r, const char *commit, const char *path,
    enum rc (*each)(
	void *arg, const struct repo_commit *c, int first, int lines, struct err *err),
    void *arg, struct err *err) CHECKED;
enum rc repo_commit_get(struct repo *r, void *ctx, const char *id, struct repo_commit *c,
    struct err *err) CHECKED;

/* ---- committing ---- */

struct repo_edit {
	const char *path;
	const char *data; /* NULL: the file goes away */
	size_t n;
};
struct repo_who {
	const char *name, *email;
	int64_t at; /* ms */
};
/* One commit on top of the branch, or its first. When somebody else was faster it is made
 * again on theirs, unless they changed one of the same files (RC_BUSY). RC_NONE when the
 * edits change nothing; `id` is the branch's head then. */
enum rc repo_commit(struct repo *r, const char *branch, const struct repo_edit *edits,
    size_t n, const struct repo_who *who, const char *message, char id[REPO_ID],
    struct err *err) CHECKED;

#endif
