/* Checking a knowledge base. */
#include "kb/lint.h"

#include <fcntl.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "base/tree.h"

struct lint {
	void *ctx;
	const char *language;
	struct findings *f;
	json_t *files;	 /* path -> true: pictures and what else there is */
	json_t *ids;	 /* "en refund" -> path */
	json_t *any_id;	 /* "refund" -> true, in whatever language; aliases, too */
	json_t *anchors; /* path -> its headings' ids */
	json_t *by_id;	 /* "en refund" -> anchors */
	struct article **v;
	size_t n;
	/* Of the source. */
	struct repo *r;
};

static struct lint *
new_lint(void *ctx, const char *language, struct findings *f)
{
	struct lint *l = talloc_zero(ctx, struct lint);

	l->ctx = l;
	l->language = language;
	l->f = f;
	l->files = record_own(l, json_object());
	l->ids = record_own(l, json_object());
	l->any_id = record_own(l, json_object());
	l->anchors = record_own(l, json_object());
	l->by_id = record_own(l, json_object());
	return l;
}

/* ---- one file ---- */

static void
take_article(struct lint *l, const char *path, const char *data, size_t n)
{
	struct article *a = NULL;
	struct err ignored; /* what is wrong is a finding */
	json_t *anchors, *owner;
	char *key;

	if (article_parse(l->ctx, path, data, n, l->language, &a, l->f, &ignored) !=
	    RC_OK)
		return;
	if (l->n % 64 == 0)
		l->v = mem_grow(l->ctx, l->v, struct article *, l->n + 64);
	l->v[l->n++] = a;
	key = talloc_asprintf(a, "%s %s", a->language, a->id);
	owner = json_object_get(l->ids, key);
	if (owner != NULL)
		finding_add(l->f, false, path, 1, "id", "id \"%s\" (%s) is that of %s",
		    a->id, a->language, json_string_value(owner));
	else
		json_object_set_new(l->ids, key, json_string(path));
	anchors = json_object();
	for (size_t i = 0; i < a->text->nheadings; i++)
		json_object_set_new(anchors, a->text->headings[i].id, json_true());
	json_object_set(l->by_id, key, anchors);
	json_object_set_new(l->anchors, path, anchors);
	json_object_set_new(l->any_id, a->id, json_true());
	for (const char **alias = a->aliases; *alias != NULL; alias++)
		json_object_set_new(l->any_id, *alias, json_true());
}

static void
take_file(struct lint *l, const char *path, const char *data, size_t n)
{
	struct section s;
	struct err ignored;

	if (path_kind(path) == PATH_ARTICLE)
		take_article(l, path, data, n);
	else if (section_parse(l->ctx, path, data, n, l->language, &s, l->f, &ignored) !=
		 RC_OK)
		return;
}

static bool
is_read(const char *path)
{
	return path_kind(path) == PATH_ARTICLE || path_kind(path) == PATH_SECTION;
}

static void
not_followed(struct lint *l, const char *path, const char *what)
{
	if (path_kind(path) != PATH_OTHER || strcmp(what, "submodule") == 0)
		finding_add(l->f, false, path, 1, "link", "a %s is not followed", what);
}

/* ---- a commit ---- */

static enum rc
on_file(void *arg, const struct repo_file *file, struct err *err)
{
	struct lint *l = arg;
	void *ctx = talloc_new(NULL);
	char *data = NULL;
	size_t n = 0;
	enum rc rc = RC_OK;

	json_object_set_new(l->files, file->path, json_true());
	if (file->kind != REPO_FILE) {
		not_followed(l, file->path,
		    file->kind == REPO_LINK ? "symbolic link" : "submodule");
	} else if (is_read(file->path)) {
		rc = repo_read(l->r, ctx, file->blob, ARTICLE_MAX, &data, &n, err);
		if (rc == RC_INVALID) {
			finding_add(l->f, false, file->path, 1, "size", "%s", err->text);
			rc = RC_OK;
		} else if (rc == RC_OK) {
			take_file(l, file->path, data, n);
		}
	}
	talloc_free(ctx);
	return rc;
}

/* ---- a folder ---- */

static enum rc
read_file(struct lint *l, int at, const char *name, const char *path, struct err *err)
{
	int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *data = mem_array(NULL, char, ARTICLE_MAX + 2);
	size_t n = 0;
	ssize_t k = -1;
	enum rc rc = RC_OK;

	if (fd >= 0) {
		while ((k = read(fd, data + n, ARTICLE_MAX + 1 - n)) > 0)
			n += (size_t)k;
		close(fd);
	}
	if (k < 0)
		rc = err_errno(err, "%s", path);
	else
		take_file(l, path, data, n);
	talloc_free(data);
	return rc;
}

static enum rc
on_entry(void *arg, int at, const char *name, const char *path, enum tree_kind kind,
    struct err *err)
{
	struct lint *l = arg;

	json_object_set_new(l->files, path, json_true());
	if (kind == TREE_LINK)
		not_followed(l, path, "symbolic link");
	return kind == TREE_FILE && is_read(path) ? read_file(l, at, name, path, err)
						  : RC_OK;
}

/* ---- what files say of each other ---- */

static void
check_aliases(struct lint *l, const struct article *a, json_t *aliases)
{
	for (const char **alias = a->aliases; *alias != NULL; alias++) {
		char *key = talloc_asprintf(l->ctx, "%s %s", a->language, *alias);
		const char *owner = json_string_value(json_object_get(l->ids, key)),
			   *other = json_string_value(json_object_get(aliases, key));

		if (owner != NULL && strcmp(owner, a->path) != 0)
			finding_add(l->f, false, a->path, a->alias_line, "alias",
			    "alias \"%s\" is the id of %s", *alias, owner);
		else if (other != NULL)
			finding_add(l->f, false, a->path, a->alias_line, "alias",
			    "alias \"%s\" belongs to %s", *alias, other);
		else
			json_object_set_new(aliases, key, json_string(a->path));
	}
}

static void
check_anchor(struct lint *l, const struct article *a, const struct target *t, int line)
{
	const json_t *anchors;
	char *key;

	if (t->anchor == NULL)
		return;
	if (t->kind == TARGET_HERE) {
		anchors = json_object_get(l->anchors, a->path);
	} else if (t->path != NULL) {
		anchors = json_object_get(l->anchors, t->path);
	} else {
		key = talloc_asprintf(l->ctx, "%s %s", a->language, t->id);
		anchors = json_object_get(l->by_id, key);
	}
	if (anchors != NULL && json_object_get(anchors, t->anchor) == NULL)
		finding_add(l->f, true, a->path, line, "anchor",
		    "\"#%s\": no such heading%s%s", t->anchor, t->id ? " in " : "",
		    t->id ? t->id : "");
}

static void
check_link(struct lint *l, const struct article *a, const struct markdown_link *link)
{
	int line = a->line + link->line - 1;
	struct target t;

	link_target(l->ctx, a->path, link->dest, &t);
	switch (t.kind) {
	case TARGET_OUTSIDE:
		break;
	case TARGET_BAD:
		finding_add(l->f, true, a->path, line, link->image ? "image" : "link",
		    "\"%.80s\" leads nowhere", link->dest);
		break;
	case TARGET_FILE:
		if (json_object_get(l->files, t.path) == NULL)
			finding_add(l->f, true, a->path, line,
			    link->image ? "image" : "link", "no such file: %s", t.path);
		break;
	case TARGET_ARTICLE:
		if (t.path ? json_object_get(l->files, t.path) == NULL
			   : json_object_get(l->any_id, t.id) == NULL)
			finding_add(l->f, true, a->path, line, "link",
			    "no such article: %s", t.path ? t.path : t.id);
		else
			check_anchor(l, a, &t, line);
		break;
	case TARGET_HERE:
		check_anchor(l, a, &t, line);
		break;
	}
}

/* A reader with a screen reader goes from heading to heading. */
static void
check_headings(struct lint *l, const struct article *a)
{
	int last = 0;

	for (size_t i = 0; i < a->text->nheadings; i++) {
		const struct markdown_heading *h = &a->text->headings[i];

		if (last > 0 && h->level > last + 1)
			finding_add(l->f, true, a->path, a->line + h->line - 1, "heading",
			    "the heading \"%.60s\" skips a level (%d after %d)", h->text,
			    h->level, last);
		last = h->level;
	}
}

static void
check_all(struct lint *l)
{
	json_t *aliases = record_own(l, json_object());

	for (size_t i = 0; i < l->n; i++) {
		const struct article *a = l->v[i];

		check_aliases(l, a, aliases);
		check_headings(l, a);
		for (size_t k = 0; k < a->text->nlinks; k++)
			check_link(l, a, &a->text->links[k]);
	}
	findings_sort(l->f);
}

enum rc
lint_dir(
    void *ctx, const char *dir, const char *language, struct findings *f, struct err *err)
{
	struct lint *l = new_lint(ctx, language, f);
	enum rc rc = tree_walk(dir, REPO_DEPTH_MAX, on_entry, l, err);

	if (rc == RC_OK)
		check_all(l);
	talloc_free(l);
	return rc;
}

enum rc
lint_commit(void *ctx, struct repo *r, const char *commit, const char *language,
    struct findings *f, struct err *err)
{
	struct lint *l = new_lint(ctx, language, f);
	enum rc rc;

	l->r = r;
	rc = repo_each_file(r, commit, on_file, l, err);
	if (rc == RC_OK)
		check_all(l);
	talloc_free(l);
	return rc;
}

enum rc
lint_links(void *ctx, const char *dir, const char *language,
    enum rc (*each)(
	void *arg, const char *url, const char *path, int line, struct err *err),
    void *arg, struct err *err)
{
	struct findings f = {.ctx = ctx};
	struct lint *l = new_lint(ctx, language, &f);
	enum rc rc = tree_walk(dir, REPO_DEPTH_MAX, on_entry, l, err);

	for (size_t i = 0; rc == RC_OK && i < l->n; i++) {
		const struct article *a = l->v[i];

		for (size_t k = 0; rc == RC_OK && k < a->text->nlinks; k++) {
			const struct markdown_link *link = &a->text->links[k];

			if (strncmp(link->dest, "http", 4) == 0)
				rc = each(arg, link->dest, a->path,
				    a->line + link->line - 1, err);
		}
	}
	talloc_free(l);
	return rc;
}

void
findings_minus(struct findings *f, const struct findings *before)
{
	json_t *known = json_object();
	size_t n = 0;

	for (size_t i = 0; i < before->n; i++) {
		char *key = talloc_asprintf(
		    NULL, "%s\n%s", before->v[i].path, before->v[i].message);

		json_object_set_new(known, key, json_true());
		talloc_free(key);
	}
	for (size_t i = 0; i < f->n; i++) {
		char *key =
		    talloc_asprintf(NULL, "%s\n%s", f->v[i].path, f->v[i].message);

		if (json_object_get(known, key) == NULL)
			f->v[n++] = f->v[i];
		else
			f->errors -= !f->v[i].warning;
		talloc_free(key);
	}
	f->n = n;
	json_decref(known);
}
