/* Files of elsewhere into kb.git. */
#include "exchange/kb_import.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/archive.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "base/tree.h"
#include "exchange/kb_import_priv.h"

struct kb_import *
kb_import_new(void *ctx, struct desk *d,
    void (*each)(void *arg, const struct kb_imported *i), void *arg)
{
	struct kb_import *k = talloc_zero(ctx, struct kb_import);

	k->d = d;
	k->each = each;
	k->arg = arg;
	k->ids = record_own(k, json_object());
	return k;
}

void
import_skip(struct kb_import *k, const char *from, const char *why, bool wrong)
{
	struct kb_imported i = {.from = from, .why = why};

	k->wrong += wrong;
	k->each(k->arg, &i);
}

static void
add(struct kb_import *k, const char *from, const char *id, const char *path,
    const char *data, size_t n)
{
	struct kb_imported i = {.from = from, .path = path, .id = id};

	if (k->n % 64 == 0)
		k->v = mem_grow(k, k->v, struct repo_edit, k->n + 64);
	k->v[k->n++] = (struct repo_edit){path, data, n};
	k->each(k->arg, &i);
}

static enum rc
count_bytes(struct kb_import *k, size_t n, struct err *err)
{
	k->bytes += (int64_t)n;
	if (k->bytes > KB_IMPORT_MAX || k->n >= REPO_FILES_MAX)
		return err_fail(err, RC_INVALID, "more than %lld MB or %d files",
		    KB_IMPORT_MAX / 1024 / 1024, REPO_FILES_MAX);
	return RC_OK;
}

/* ---- articles ---- */

/* Checked as a whole, and put where its id is, or where it was. */
static enum rc
add_article(struct kb_import *k, const char *from, const char *path, const char *text,
    size_t n, struct err *err)
{
	struct findings f = {.ctx = k};
	struct article *a = NULL;
	char *key, *place = NULL;
	bool there = false;
	enum rc rc = kb_check(k, k->d, path, text, n, &a, &f, err);

	if (rc == RC_INVALID) {
		import_skip(k, from, err->text, true);
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	key = talloc_asprintf(k, "%s %s", a->language, a->id);
	if (json_object_get(k->ids, key) != NULL) {
		import_skip(k, from,
		    talloc_asprintf(k, "id \"%s\" (%s) came already", a->id, a->language),
		    true);
		return RC_OK;
	}
	json_object_set_new(k->ids, key, json_true());
	rc = kb_place(k, k->d, a->id, a->language, a->section, &place, &there, err);
	if (rc == RC_OK)
		add(k, from, talloc_strdup(k, a->id), there ? place : path, text, n);
	talloc_free(a);
	return rc;
}

enum rc
import_article(struct kb_import *k, const char *from, const char *id,
    const char *language, const char *section, json_t *head, const char *body,
    struct err *err)
{
	const char *own = k->d->config->kb.language;
	bool suffix = *language != '\0' && strcmp(language, own) != 0;
	char *key = talloc_asprintf(k, "%s %s", *language ? language : own, id), *path,
	     *text;

	/* The same name in two folders is two articles. */
	if (json_object_get(k->ids, key) != NULL && *section != '\0') {
		const char *slash = strrchr(section, '/');

		id = talloc_asprintf(k, "%s-%s", slash ? slash + 1 : section, id);
	}
	path = talloc_asprintf(k, "%s%s%s%s%s.md", section, *section ? "/" : "", id,
	    suffix ? "." : "", suffix ? language : "");
	text = article_print(k, head, body);
	return add_article(k, from, path, text, strlen(text), err);
}

/* ---- paths ---- */

/* Folders that only say where a generator keeps things. */
static const char *
without_roots(const char *path)
{
	static const char *const roots[] = {
	    "content/", "static/", "_posts/", "_docs/", NULL};

	for (const char *const *r = roots; *r != NULL; r++) {
		if (text_starts(path, *r))
			path += strlen(*r);
	}
	return path;
}

static char *
slug_folders(void *ctx, const char *path)
{
	char *out = talloc_strdup(ctx, "");

	while (*path != '\0') {
		size_t n = strcspn(path, "/");
		char *one = import_slug(ctx, talloc_strndup(ctx, path, n));

		if (*one != '\0')
			out = talloc_asprintf_append(out, "%s%s", *out ? "/" : "", one);
		path += n + (path[n] == '/');
	}
	return out;
}

static bool
has_date(const char *name)
{
	static const char form[] = "dddd-dd-dd-";

	for (size_t i = 0; form[i] != '\0'; i++) {
		if (form[i] == 'd' ? !isdigit((unsigned char)name[i])
				   : name[i] != form[i])
			return false;
	}
	return true;
}

struct place {
	char *id, *language, *section;
	bool is_section;
};

/* "content/Guides/2020-01-02-First Steps.de.md" is first-steps (de) in guides. */
static struct place
place_of(struct kb_import *k, const char *from)
{
	const char *path = without_roots(from), *slash = strrchr(path, '/');
	char *name = talloc_strdup(k, slash ? slash + 1 : path), *dot;
	struct place p = {.language = talloc_strdup(k, "")};

	*strrchr(name, '.') = '\0';
	p.section = slug_folders(k, path_section(k, path));
	dot = strrchr(name, '.');
	if (dot != NULL && text_is_language(text_lower(dot + 1))) {
		p.language = talloc_strdup(k, dot + 1);
		*dot = '\0';
	}
	if (has_date(name))
		name += strlen("dddd-dd-dd-");
	p.is_section = strcmp(name, "_index") == 0;
	if (strcmp(name, "index") == 0) { /* a page and its pictures in a folder */
		slash = strrchr(p.section, '/');
		name = talloc_strdup(k, slash ? slash + 1 : p.section);
		p.section = path_section(k, p.section);
	}
	p.id = import_slug(k, name);
	return p;
}

/* ---- files ---- */

static enum rc
import_markdown(
    struct kb_import *k, const char *from, const char *data, size_t n, struct err *err)
{
	char *text = text_clean(k, data, n, TEXT_BLOCK, 3 * n + 1), *path;
	struct place p = place_of(k, from);
	const char *body = NULL, *language;
	json_t *head = NULL, *ours, *slug;
	enum rc rc = foreign_front(k, text, &head, &body, err);

	if (rc == RC_INVALID) {
		import_skip(k, from, err->text, true);
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	record_own(k, head);
	slug = json_object_get(head, "slug");
	if (json_is_string(slug) && !p.is_section)
		p.id = import_slug(k, json_string_value(slug));
	language = json_string_value(json_object_get(head, "language"));
	if (language == NULL)
		language = json_string_value(json_object_get(head, "lang"));
	if (language != NULL && *p.language == '\0')
		p.language = text_lower(talloc_strdup(k, language));
	ours = record_own(k, foreign_head(k, head, p.id));
	if (p.is_section) {
		json_object_del(ours, "tags");
		json_object_del(ours, "aliases");
		json_object_del(ours, "state");
		path = talloc_asprintf(k, "%s%s_index%s%s.md", p.section,
		    *p.section ? "/" : "", *p.language ? "." : "", p.language);
		text = article_print(k, ours, "");
		add(k, from, NULL, path, text, strlen(text));
		return RC_OK;
	}
	if (*p.id == '\0') {
		import_skip(k, from, "its name gives no id", true);
		return RC_OK;
	}
	return import_article(k, from, p.id, p.language, p.section, ours, body, err);
}

static bool
is_markdown(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL &&
	       (strcasecmp(dot, ".md") == 0 || strcasecmp(dot, ".markdown") == 0);
}

enum rc
import_file(
    struct kb_import *k, const char *from, const char *data, size_t n, struct err *err)
{
	enum path_kind kind = path_kind(from);
	const char *path = from;
	enum rc rc = count_bytes(k, n, err);

	if (rc != RC_OK)
		return rc;
	from = talloc_strdup(k, from);
	if (is_markdown(from) && n > ARTICLE_MAX) {
		import_skip(k, from, "larger than 1024 kB", true);
		return RC_OK;
	}
	if (k->as_is && kind == PATH_ARTICLE)
		return add_article(k, from, from, talloc_memdup(k, data, n + 1), n, err);
	if (k->as_is ? kind == PATH_SECTION || kind == PATH_ASSET : kind == PATH_ASSET) {
		path = k->as_is ? path : without_roots(path);
		add(k, from, NULL, talloc_strdup(k, path), talloc_memdup(k, data, n), n);
		return RC_OK;
	}
	if (!k->as_is && is_markdown(from) &&
	    (kind != PATH_OTHER || strstr(from, "_posts/")))
		return import_markdown(k, from, data, n, err);
	import_skip(k, from, "neither an article nor a picture", false);
	return RC_OK;
}

/* ---- a folder ---- */

static enum rc
read_one(struct kb_import *k, int at, const char *name, const char *path, struct err *err)
{
	int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat sb;
	char *data;
	size_t n = 0;
	ssize_t got = -1;
	enum rc rc;

	if (fd < 0 || fstat(fd, &sb) != 0 || sb.st_size > REPO_FILE_MAX) {
		if (fd >= 0)
			close(fd);
		import_skip(k, path, fd < 0 ? strerror(errno) : "too large", true);
		return RC_OK;
	}
	data = mem_array(NULL, char, (size_t)sb.st_size + 1);
	while (n < (size_t)sb.st_size &&
	       (got = read(fd, data + n, (size_t)sb.st_size - n)) > 0)
		n += (size_t)got;
	rc = got < 0 && sb.st_size > 0 ? err_errno(err, "%s", path)
				       : import_file(k, path, data, n, err);
	close(fd);
	talloc_free(data);
	return rc;
}

static enum rc
on_entry(void *arg, int at, const char *name, const char *path, enum tree_kind kind,
    struct err *err)
{
	struct kb_import *k = arg;

	if (kind == TREE_FILE)
		return read_one(k, at, name, path, err);
	import_skip(k, path, "links are not followed", true);
	return RC_OK;
}

enum rc
kb_import_dir(struct kb_import *k, const char *dir, struct err *err)
{
	return tree_walk(dir, REPO_DEPTH_MAX, on_entry, k, err);
}

/* ---- an archive ---- */

enum { MANIFEST_MAX = 65536 };

static enum rc
read_manifest(struct kb_import *k, struct archive_in *a, struct err *err)
{
	char *text = NULL;
	size_t n = 0;
	json_t *o;
	enum rc rc = archive_read_all(a, k, MANIFEST_MAX, &text, &n, err);

	if (rc != RC_OK)
		return rc;
	o = json_loadb(text, n, 0, NULL);
	k->as_is = o != NULL && json_is_string(json_object_get(o, "type")) &&
		   strcmp(json_string_value(json_object_get(o, "type")), "bundle") == 0;
	if (k->as_is && json_integer_value(json_object_get(o, "format")) != 1)
		rc = err_fail(err, RC_CONFIG, "a bundle of a newer tkt");
	json_decref(o);
	return rc;
}

static enum rc
take_member(struct kb_import *k, struct archive_in *a, const struct archive_member *m,
    bool first, struct err *err)
{
	static const char articles[] = "articles/";
	const char *name = m->name;
	char *data = NULL;
	size_t n = 0;
	enum rc rc;

	if (m->folder)
		return RC_OK;
	if (first && strcmp(name, "manifest.json") == 0)
		return read_manifest(k, a, err);
	if (k->as_is && !text_starts(name, articles))
		return RC_OK; /* its site is made anew */
	rc = archive_read_all(a, NULL, REPO_FILE_MAX, &data, &n, err);
	if (rc == RC_OK)
		rc = import_file(
		    k, k->as_is ? name + strlen(articles) : name, data, n, err);
	talloc_free(data);
	return rc;
}

enum rc
kb_import_archive(struct kb_import *k, const char *path, struct err *err)
{
	struct archive_in *a = NULL;
	struct archive_member m;
	bool first = true;
	enum rc rc = archive_open(k, path, &a, err);

	if (rc != RC_OK)
		return rc;
	while ((rc = archive_next(a, &m, err)) == RC_OK) {
		rc = take_member(k, a, &m, first, err);
		first = false;
		if (rc != RC_OK)
			break;
	}
	talloc_free(a);
	return rc == RC_NONE ? RC_OK : rc;
}

size_t
kb_import_count(const struct kb_import *k, size_t *wrong)
{
	*wrong = k->wrong;
	return k->n;
}

enum rc
kb_import_commit(struct kb_import *k, const char *message, struct err *err)
{
	char id[REPO_ID];

	return kb_commit(k, k->d, k->v, k->n, message, id, err);
}
