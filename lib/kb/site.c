/* The site: what its pages have in common. */
#include "kb/site.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "kb/site_priv.h"

extern const char site_page[], site_style[];

char *
site_dir(void *ctx, const struct desk *d)
{
	return d->config->kb.site ? talloc_strdup(ctx, d->config->kb.site)
				  : talloc_asprintf(ctx, "%s/www", d->dir);
}

/* ---- what the pages have in common ---- */

const struct site_language *
site_language(const struct site *s, const char *tag)
{
	for (size_t i = 0; i < s->nlanguages; i++) {
		if (strcmp(s->languages[i].tag, tag) == 0)
			return &s->languages[i];
	}
	return NULL;
}

const struct site_section *
site_section(const struct site_language *l, const char *path)
{
	for (size_t i = 0; i < l->nsections; i++) {
		if (strcmp(l->sections[i].path, path) == 0)
			return &l->sections[i];
	}
	return NULL;
}

/* "getting-started" as "Getting started", when no _index.md says better. */
static char *
plain_title(void *ctx, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *title = talloc_strdup(ctx, slash ? slash + 1 : path);

	for (char *p = title; *p != '\0'; p++)
		*p = *p == '-' || *p == '_' ? ' ' : *p;
	if (*title >= 'a' && *title <= 'z')
		*title = (char)(*title - 32);
	return title;
}

static struct site_language *
add_language(struct site *s, const char *tag)
{
	struct site_language *l = (struct site_language *)site_language(s, tag);

	if (l != NULL)
		return l;
	s->languages =
	    mem_grow(s->ctx, s->languages, struct site_language, s->nlanguages + 1);
	l = &s->languages[s->nlanguages++];
	*l = (struct site_language){.tag = talloc_strdup(s->ctx, tag)};
	return l;
}

static void
add_section(struct site *s, struct site_language *l, const char *path, int64_t articles)
{
	struct site_section *x = (struct site_section *)site_section(l, path);
	char *above;

	if (*path == '\0')
		return;
	if (x == NULL) {
		if (l->nsections % 32 == 0)
			l->sections = mem_grow(
			    s->ctx, l->sections, struct site_section, l->nsections + 32);
		x = &l->sections[l->nsections++];
		*x = (struct site_section){.path = talloc_strdup(s->ctx, path),
		    .title = plain_title(s->ctx, path),
		    .summary = ""};
	}
	x->articles += articles;
	above = path_section(s->ctx, path);
	add_section(s, l, above, articles);
}

SQL(sql_sections, "SELECT language, section, count(*) FROM article "
		  "WHERE audience = 'public' AND state = 'published' "
		  "GROUP BY language, section /* scan */");
SQL(sql_titles, "SELECT path, language, title, summary FROM article_section_title "
		"/* scan */");

static int
by_title(const void *a, const void *b)
{
	const struct site_section *x = a, *y = b;
	int c = strcmp(x->title, y->title);

	return c ? c : strcmp(x->path, y->path);
}

static enum rc
load_sections(struct site *s, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s->s, sql_sections, &st, err);

	add_language(s, s->d->config->kb.language);
	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct site_language *l = add_language(s, col_text(st, 0));

		l->articles += col_int(st, 2);
		add_section(s, l, col_text(st, 1), col_int(st, 2));
	}
	stmt_done(st);
	if (rc == RC_NONE)
		rc = store_prepare(s->s, sql_titles, &st, err);
	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK) {
		const struct site_language *l = site_language(s, col_text(st, 1));
		struct site_section *x =
		    l ? (struct site_section *)site_section(l, col_text(st, 0)) : NULL;

		if (x != NULL) {
			x->title = col_strdup(s->ctx, st, 2);
			x->summary = col_strdup(s->ctx, st, 3);
		}
	}
	stmt_done(st);
	for (size_t i = 0; i < s->nlanguages; i++) {
		if (s->languages[i].nsections > 1)
			qsort(s->languages[i].sections, s->languages[i].nsections,
			    sizeof(struct site_section), by_title);
	}
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
load_page(struct site *s, struct err *err)
{
	static const char mark[] = "{{{content}}}\n";
	const char *at = strstr(site_page, mark);
	enum rc rc = mustache_parse(s->ctx,
	    talloc_strndup(s->ctx, site_page, (size_t)(at - site_page)), &s->head, err);

	return rc == RC_OK ? mustache_parse(s->ctx, at + strlen(mark), &s->foot, err)
			   : rc;
}

/* A folder of ours: empty or with our mark, so that a wrong line of tkt.conf does not
 * put pages among somebody's files. */
static enum rc
open_dir(struct site *s, struct err *err)
{
	char *mark = talloc_asprintf(s->ctx, "%s/.tkt-site", s->dir);
	int fd;

	if (mkdir(s->dir, 0755) != 0 && errno != EEXIST)
		return err_errno(err, "%s", s->dir);
	if (access(mark, F_OK) == 0)
		return RC_OK;
	if (rmdir(s->dir) != 0)
		return err_fail(
		    err, RC_CONFIG, "%s: not empty, and not a site of ours", s->dir);
	if (mkdir(s->dir, 0755) != 0)
		return err_errno(err, "%s", s->dir);
	fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_errno(err, "%s", mark);
	close(fd);
	return RC_OK;
}

bool
site_there(const struct desk *d)
{
	char *dir = site_dir(NULL, d), *mark = talloc_asprintf(dir, "%s/.tkt-site", dir);
	bool there = access(mark, F_OK) == 0;

	talloc_free(dir);
	return there;
}

enum rc
site_open(struct site *s, struct err *err)
{
	const char *base = s->d->config->kb.url ? s->d->config->kb.url
			   : s->d->config->url	? s->d->config->url
						: "http://localhost";
	size_t n = strlen(base);
	struct repo_file f;
	enum rc rc;

	s->targets = record_own(s->ctx, json_object());
	while (n > 0 && base[n - 1] == '/')
		n--;
	s->base = talloc_strndup(s->ctx, base, n);
	s->dir = site_dir(s->ctx, s->d);
	rc = repo_find(s->r, s->revision, CUSTOM_STYLE, &f, err);
	s->custom = rc == RC_OK;
	if (rc == RC_OK || rc == RC_NONE)
		rc = load_sections(s, err);
	if (rc == RC_OK)
		rc = load_page(s, err);
	return rc == RC_OK ? open_dir(s, err) : rc;
}

/* ---- fingerprint ---- */

char *
site_fingerprint(void *ctx, const struct desk *d)
{
	const struct kb_conf *k = &d->config->kb;
	struct site s = {.ctx = talloc_new(NULL), .d = (struct desk *)d, .s = d->store};
	struct buf b = {.ctx = s.ctx};
	unsigned char hash[crypto_hash_sha256_BYTES];
	struct err ignored;

	buf_printf(&b, "%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s%s", TKT_VERSION,
	    d->config->name, k->language, k->url ? k->url : "",
	    d->config->url ? d->config->url : "", k->feedback ? k->feedback : "",
	    k->search ? k->search : "", k->site ? k->site : "", site_page, site_style);
	/* Every page shows the languages and the folders at the top. */
	if (load_sections(&s, &ignored) == RC_OK) {
		for (size_t i = 0; i < s.nlanguages; i++) {
			buf_printf(&b, "\n%s", s.languages[i].tag);
			for (size_t k2 = 0; k2 < s.languages[i].nsections; k2++) {
				const struct site_section *x =
				    &s.languages[i].sections[k2];

				if (strchr(x->path, '/') == NULL)
					buf_printf(&b, " %s=%s", x->path, x->title);
			}
		}
	}
	crypto_hash_sha256(hash, (const unsigned char *)b.s, b.n);
	talloc_free(s.ctx);
	return text_hex(ctx, hash, 16);
}
