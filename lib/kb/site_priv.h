/* What the files that write the site share. */
#ifndef KB_SITE_PRIV_H
#define KB_SITE_PRIV_H

#include "base/buf.h"
#include "base/mustache.h"
#include "kb/site.h"

/* Words of the pages in one language. */
struct site_words {
	const char *language, *name; /* "de", "Deutsch" */
	const char *skip, *search, *languages, *sections, *all, *feed, *contact, *home,
	    *contents, *changed, *tags, *tagged, *outdated, *archived, *helpful, *yes,
	    *no, *comment, *empty, *newest, *moved, *here, *missing;
};
/* English for a language we have no words in. */
const struct site_words *site_words(const char *language);
/* How a language calls itself, else its tag. */
const char *site_language_name(const char *language);
bool site_right_to_left(const char *language);

struct site_section {
	const char *path, *title, *summary; /* top level first, in order of titles */
	int64_t articles;		    /* in it and below */
};
struct site_language {
	const char *tag;
	struct site_section *sections; /* every folder, with those above it */
	size_t nsections;
	int64_t articles;
};
struct site {
	void *ctx;
	struct desk *d;
	struct store *s;
	struct repo *r;
	const char *revision, *dir;
	const char *base; /* of whole URLs, without "/" at its end */
	bool custom;	  /* _site/style.css is there */
	bool compare;	  /* leave files that are the same */
	struct mustache *head, *foot;
	json_t *targets; /* "en refund" -> the page a link leads to, or null */
	struct site_language *languages;
	size_t nlanguages;
	int64_t pages;
};
#define CUSTOM_STYLE "_site/style.css" /* of kb.git: loaded after ours */

/* Fills what follows from the desk and the revision; makes the folder. */
enum rc site_open(struct site *s, struct err *err) CHECKED;
const struct site_language *site_language(const struct site *s, const char *tag);
const struct site_section *site_section(const struct site_language *l, const char *path);

/* ---- files ---- */

/* Puts one in place by rename(2), its folders with it. */
enum rc site_put(struct site *s, const char *path, const char *data, size_t n,
    struct err *err) CHECKED;
enum rc site_remove(struct site *s, const char *path, struct err *err) CHECKED;
/* Removes below `folder` what `keep` does not have, as paths within the site. */
enum rc site_sweep(
    struct site *s, const char *folder, const json_t *keep, struct err *err) CHECKED;

/* Names of the folders at its top. */
enum rc site_folders(
    struct site *s, const char ***list, size_t *n, struct err *err) CHECKED;

/* ---- pages ---- */

struct site_page {
	const char *path; /* "en/refund.html" */
	const char *language, *title, *description;
	const char *section; /* which is current, or NULL */
	bool noindex;
	/* The same in other languages: pairs of a tag and a path, NULL-terminated. */
	const char **others;
};
/* A path as a part of a URL (RFC 3986): folders may be called anything. In ctx. */
char *site_encode(void *ctx, const char *path);
/* What leads from a page to a path of the site, encoded: "../style.css". In ctx. */
char *site_way(void *ctx, const char *from, const char *to);
/* The content between header and footer; puts the page in place. */
enum rc site_put_page(struct site *s, const struct site_page *p,
    const struct buf *content, struct err *err) CHECKED;
/* "<nav>" from the start to a section, and its title at the end when `last`. */
void site_crumbs(struct site *s, struct buf *b, const struct site_page *p,
    const char *section, const char *last);

/* The page of an article, and those that lead to it by its other names. */
enum rc site_article(struct site *s, int64_t n, struct err *err) CHECKED;
/* Lists of a language. */
enum rc site_put_section(struct site *s, const struct site_language *l,
    const char *section, struct err *err) CHECKED;
enum rc site_put_tag(struct site *s, const struct site_language *l, const char *tag,
    struct err *err) CHECKED;
enum rc site_put_lists(
    struct site *s, const struct site_language *l, struct err *err) CHECKED;
enum rc site_put_start(
    struct site *s, const struct site_language *l, bool root, struct err *err) CHECKED;
enum rc site_put_sitemap(struct site *s, struct err *err) CHECKED;

#endif
