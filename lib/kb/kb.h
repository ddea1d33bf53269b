/* The knowledge base: what of kb.git is published, and how it becomes so.
 *
 * kb.git is the truth (kb/repo.h, kb/article.h); the rows of table article say what is
 * published of it, the site (kb/site.h) shows it. One transaction changes the rows and
 * `published`, the commit they are of. */
#ifndef KB_KB_H
#define KB_KB_H

#include "desk/desk.h"
#include "kb/article.h"
#include "kb/repo.h"

/* Opens DESK/kb.git. RC_NOTFOUND says how to make one. */
enum rc kb_repo(
    void *ctx, const struct desk *d, struct repo **r, struct err *err) CHECKED;

/* Makes DESK/kb.git, bare, with the hooks that check a push and publish it; one that is
 * there keeps its own hooks. */
enum rc kb_create(const char *desk, const char *branch, struct err *err) CHECKED;

/* ---- what is published ---- */

struct kb_article {
	int64_t n; /* its row */
	const char *id, *language, *path, *section, *title, *summary, *audience, *state,
	    *revision, *blob, *author;
	int64_t created_at, changed_at, reviewed_at;
	const char *body;  /* plain text */
	const char **tags; /* NULL-terminated */
	bool outdated;	   /* a translation whose original changed later */
};
/* By id or an alias, in this language (NULL or unknown: the desk's, else any; "de-at"
 * falls back to "de"). RC_NOTFOUND with the nearest id. Texts into ctx. */
enum rc kb_find(const struct desk *d, void *ctx, const char *id, const char *language,
    struct kb_article *a, struct err *err) CHECKED;
enum rc kb_get(const struct desk *d, void *ctx, int64_t n, struct kb_article *a,
    struct err *err) CHECKED;
/* Every article, by language, section and title; internal ones and drafts, too. `each`
 * gets one at a time, freed after it. */
enum rc kb_each(const struct desk *d,
    enum rc (*each)(void *arg, struct kb_article *a, struct err *err), void *arg,
    struct err *err) CHECKED;
/* The record. A new reference. */
json_t *kb_to_json(const struct desk *d, const struct kb_article *a);
/* Where its page is on the site: "en/refund.html"; the whole URL when tkt.conf says where
 * that is served. NULL when it has none (internal, a draft). */
const char *kb_page(void *ctx, const struct kb_article *a);
const char *kb_url(void *ctx, const struct desk *d, const struct kb_article *a);
/* May this actor see it? Internal ones and drafts need kb.read; customers see the rest.
 */
enum rc kb_may_see(
    const struct desk *d, const struct kb_article *a, struct err *err) CHECKED;
/* The commit that is published, "" for none; in ctx. */
enum rc kb_published(
    struct store *s, void *ctx, char **revision, struct err *err) CHECKED;

/* ---- versions ---- */

/* A file of kb.git as it was. */
struct kb_version {
	struct repo *repo;
	char commit[REPO_ID];
	const char *path; /* its name then */
	char *data;
	size_t n;
};
/* An article at a revision, whatever git takes for one (NULL: as it is published), under
 * the name it had there. RC_NOTFOUND when it was not there. Into ctx. */
enum rc kb_version(void *ctx, const struct desk *d, const struct kb_article *a,
    const char *rev, struct kb_version *v, struct err *err) CHECKED;

/* ---- publishing ---- */

struct kb_publish_want {
	bool all;     /* everything anew, whatever is there */
	bool dry_run; /* only say what would be done */
	/* Gets what is wrong, in order of paths. */
	void (*report)(void *arg, const struct finding *f);
	/* Gets how far a long one is. */
	void (*progress)(void *arg, const char *what, int64_t done);
	void *arg;
};
struct kb_published {
	const char *before, *revision; /* commits; "" for none */
	int64_t added, changed, removed, pages;
	int64_t problems; /* that keep a file from being published as it is */
};
/* Brings rows and site up to the head of the branch. One at a time (a lock in the desk);
 * RC_INVALID, with everything else published, when there are problems. Needs the right
 * kb.write. */
enum rc kb_publish(void *ctx, struct desk *d, const struct kb_publish_want *want,
    struct kb_published *p, struct err *err) CHECKED;

#endif
