/* kb.git: opening, names, content. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>

#include "base/mem.h"
#include "kb/repo_priv.h"

static int
close_repo(struct repo *r)
{
	git_repository_free(r->git);
	git_libgit2_shutdown();
	return 0;
}

enum rc
repo_fail(struct repo *r, struct err *err)
{
	const git_error *e = git_error_last();
	enum rc rc = RC_INVALID;

	if (e != NULL && e->klass == GIT_ERROR_OS)
		rc = errno == ENOSPC || errno == EDQUOT ? RC_BUSY : RC_IO;
	if (e != NULL && e->klass == GIT_ERROR_NOMEMORY)
		rc = RC_BUSY;
	return err_fail(err, rc, "%s: %s", r->dir, e ? e->message : "git fails");
}

/* The user's and the system's configuration could change what we do: they are not read,
 * and who may use a desk is desk_open()'s question. */
static void
start_git(void)
{
	static const int levels[] = {GIT_CONFIG_LEVEL_PROGRAMDATA,
	    GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL};

	git_libgit2_init();
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
}

/* A pre-receive hook sees the pushed objects only in the folder it is told of. */
static void
add_quarantine(struct repo *r)
{
	const char *dir = getenv("GIT_OBJECT_DIRECTORY");
	git_odb *odb = NULL;

	if (getenv("GIT_QUARANTINE_PATH") == NULL || dir == NULL)
		return;
	if (git_repository_odb(&odb, r->git) == 0)
		(void)git_odb_add_disk_alternate(odb, dir);
	git_odb_free(odb);
}

enum rc
repo_open(void *ctx, const char *dir, struct repo **out, struct err *err)
{
	struct repo *r = talloc_zero(ctx, struct repo);
	struct stat sb;
	enum rc rc;

	start_git();
	talloc_set_destructor(r, close_repo);
	r->dir = talloc_strdup(r, dir);
	if (stat(dir, &sb) != 0)
		rc = err_errno(err, "%s", dir);
	else if (git_repository_open_ext(
		     &r->git, dir, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL) != 0)
		rc = err_fail(err, RC_INVALID, "%s is not a git repository", dir);
	else
		rc = RC_OK;
	if (rc != RC_OK) {
		talloc_free(r);
		return rc;
	}
	add_quarantine(r);
	*out = r;
	return RC_OK;
}

enum rc
repo_create(const char *dir, const char *branch, struct err *err)
{
	struct repo r = {.dir = dir};
	git_repository_init_options how;
	git_config *config = NULL;
	struct stat sb;
	int bad;

	if (stat(dir, &sb) == 0)
		return err_fail(err, RC_EXISTS, "%s is there already", dir);
	start_git();
	git_repository_init_options_init(&how, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	how.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR |
		    GIT_REPOSITORY_INIT_NO_REINIT;
	how.initial_head = branch;
	how.description = "Knowledge base of a tkt desk\n";
	bad = git_repository_init_ext(&r.git, dir, &how);
	if (bad == 0)
		bad = git_repository_config(&config, r.git);
	if (bad == 0)
		bad = git_config_set_bool(config, "receive.fsckObjects", 1);
	if (bad == 0)
		bad =
		    git_config_set_string(config, "receive.maxInputSize", REPO_PUSH_MAX);
	bad = bad ? (int)repo_fail(&r, err) : 0;
	git_config_free(config);
	git_repository_free(r.git);
	git_libgit2_shutdown();
	return (enum rc)bad;
}

/* ---- names ---- */

enum rc
repo_head(struct repo *r, const char *branch, char id[REPO_ID], struct err *err)
{
	char *name = talloc_asprintf(NULL, "refs/heads/%s", branch);
	git_object *commit = NULL;
	git_oid oid;
	int bad = git_reference_name_to_id(&oid, r->git, name);
	enum rc rc = RC_OK;

	talloc_free(name);
	if (bad == GIT_ENOTFOUND)
		return RC_NONE;
	if (bad != 0)
		return repo_fail(r, err);
	if (git_object_lookup(&commit, r->git, &oid, GIT_OBJECT_COMMIT) != 0)
		rc = err_fail(err, RC_INVALID,
		    "%s: branch %s names a commit that is gone", r->dir, branch);
	else
		git_oid_tostr(id, REPO_ID, &oid);
	git_object_free(commit);
	return rc;
}

enum rc
repo_resolve(struct repo *r, const char *rev, char id[REPO_ID], struct err *err)
{
	git_object *any = NULL, *commit = NULL;
	enum rc rc = RC_OK;

	if (git_revparse_single(&any, r->git, rev) != 0 ||
	    git_object_peel(&commit, any, GIT_OBJECT_COMMIT) != 0)
		rc = err_fail(err, RC_NOTFOUND, "\"%s\": no such revision", rev);
	else
		git_oid_tostr(id, REPO_ID, git_object_id(commit));
	git_object_free(any);
	git_object_free(commit);
	return rc;
}

bool
repo_is_ancestor(struct repo *r, const char *old, const char *new)
{
	git_oid a, b;

	if (git_oid_fromstr(&a, old) != 0 || git_oid_fromstr(&b, new) != 0)
		return false;
	return git_oid_equal(&a, &b) || git_graph_descendant_of(r->git, &b, &a) == 1;
}

enum rc
repo_get_commit(struct repo *r, const char *id, git_commit **c, struct err *err)
{
	git_oid oid;

	if (git_oid_fromstr(&oid, id) != 0 || git_commit_lookup(c, r->git, &oid) != 0)
		return repo_fail(r, err);
	return RC_OK;
}

enum rc
repo_get_tree(struct repo *r, const char *commit, git_tree **t, struct err *err)
{
	git_commit *c = NULL;
	enum rc rc = repo_get_commit(r, commit, &c, err);

	if (rc == RC_OK && git_commit_tree(t, c) != 0)
		rc = repo_fail(r, err);
	git_commit_free(c);
	return rc;
}

void
repo_describe(git_commit *c, struct repo_commit *to)
{
	const git_signature *who = git_commit_author(c);
	const char *summary = git_commit_summary(c);

	git_oid_tostr(to->id, REPO_ID, git_commit_id(c));
	to->at = (int64_t)who->when.time * 1000;
	to->author = who->name;
	to->email = who->email;
	to->summary = summary ? summary : "";
}

enum rc
repo_commit_get(
    struct repo *r, void *ctx, const char *id, struct repo_commit *out, struct err *err)
{
	git_commit *c = NULL;
	enum rc rc = repo_get_commit(r, id, &c, err);

	if (rc == RC_OK) {
		repo_describe(c, out);
		out->author = talloc_strdup(ctx, out->author);
		out->email = talloc_strdup(ctx, out->email);
		out->summary = talloc_strdup(ctx, out->summary);
	}
	git_commit_free(c);
	return rc;
}

/* ---- content ---- */

struct walk {
	struct repo *r;
	enum rc (*each)(void *arg, const struct repo_file *f, struct err *err);
	void *arg;
	struct err *err;
	int64_t files;
	char path[REPO_PATH_MAX];
};

static void
describe_entry(const git_tree_entry *e, struct repo_file *f)
{
	git_filemode_t mode = git_tree_entry_filemode(e);

	f->kind = mode == GIT_FILEMODE_LINK	? REPO_LINK
		  : mode == GIT_FILEMODE_COMMIT ? REPO_MODULE
						: REPO_FILE;
	git_oid_tostr(f->blob, REPO_ID, git_tree_entry_id(e));
}

static enum rc
walk_tree(struct walk *w, const git_oid *id, size_t at, int depth)
{
	git_tree *t = NULL;
	enum rc rc = RC_OK;

	if (depth > REPO_DEPTH_MAX)
		return err_fail(w->err, RC_INVALID, "%.*s:1: more than %d folders deep",
		    (int)at, w->path, REPO_DEPTH_MAX);
	if (git_tree_lookup(&t, w->r->git, id) != 0)
		return repo_fail(w->r, w->err);
	for (size_t i = 0; rc == RC_OK && i < git_tree_entrycount(t); i++) {
		const git_tree_entry *e = git_tree_entry_byindex(t, i);
		const char *name = git_tree_entry_name(e);
		size_t n = strlen(name);
		struct repo_file f = {.path = w->path};

		if (at + n + 2 > sizeof(w->path)) {
			rc = err_fail(w->err, RC_INVALID,
			    "%.*s%.40s...:1: the path is longer than %d bytes", (int)at,
			    w->path, name, REPO_PATH_MAX);
			break;
		}
		memcpy(w->path + at, name, n + 1);
		if (git_tree_entry_type(e) == GIT_OBJECT_TREE) {
			w->path[at + n] = '/';
			w->path[at + n + 1] = '\0';
			rc = walk_tree(w, git_tree_entry_id(e), at + n + 1, depth + 1);
			continue;
		}
		describe_entry(e, &f);
		if (++w->files > REPO_FILES_MAX)
			rc = err_fail(
			    w->err, RC_INVALID, "more than %d files", REPO_FILES_MAX);
		else
			rc = w->each(w->arg, &f, w->err);
	}
	git_tree_free(t);
	return rc;
}

enum rc
repo_each_file(struct repo *r, const char *commit,
    enum rc (*each)(void *arg, const struct repo_file *f, struct err *err), void *arg,
    struct err *err)
{
	struct walk w = {.r = r, .each = each, .arg = arg, .err = err};
	git_tree *t = NULL;
	enum rc rc = repo_get_tree(r, commit, &t, err);

	if (rc == RC_OK)
		rc = walk_tree(&w, git_tree_id(t), 0, 0);
	git_tree_free(t);
	return rc;
}

enum rc
repo_find(struct repo *r, const char *commit, const char *path, struct repo_file *f,
    struct err *err)
{
	git_tree *t = NULL;
	git_tree_entry *e = NULL;
	enum rc rc = repo_get_tree(r, commit, &t, err);
	int bad = 0;

	if (rc == RC_OK)
		bad = git_tree_entry_bypath(&e, t, path);
	if (bad == GIT_ENOTFOUND ||
	    (e != NULL && git_tree_entry_type(e) == GIT_OBJECT_TREE)) {
		rc = RC_NONE;
	} else if (bad != 0) {
		rc = repo_fail(r, err);
	} else if (rc == RC_OK) {
		f->path = path;
		describe_entry(e, f);
	}
	git_tree_entry_free(e);
	git_tree_free(t);
	return rc;
}

enum rc
repo_read(struct repo *r, void *ctx, const char *blob, size_t max, char **data, size_t *n,
    struct err *err)
{
	git_oid oid;
	git_odb *odb = NULL;
	git_blob *b = NULL;
	git_object_t type = GIT_OBJECT_INVALID;
	size_t size = 0;
	enum rc rc = RC_OK;

	if (git_oid_fromstr(&oid, blob) != 0 || git_repository_odb(&odb, r->git) != 0 ||
	    git_odb_read_header(&size, &type, odb, &oid) != 0 || type != GIT_OBJECT_BLOB)
		rc = repo_fail(r, err);
	else if (size > max)
		rc = err_fail(err, RC_INVALID, "larger than %zu kB", max / 1024);
	else if (git_blob_lookup(&b, r->git, &oid) != 0)
		rc = repo_fail(r, err);
	if (rc == RC_OK) {
		*n = (size_t)git_blob_rawsize(b);
		*data = mem_array(ctx, char, *n + 1);
		if (*n > 0)
			memcpy(*data, git_blob_rawcontent(b), *n);
	}
	git_blob_free(b);
	git_odb_free(odb);
	return rc;
}
