/* An article: a Markdown file SECTION/.../SLUG[.LANG].md with front matter, and what is
 * wrong with one. */
#ifndef KB_ARTICLE_H
#define KB_ARTICLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/markdown.h"

#define ARTICLE_MAX (1024 * 1024) /* bytes of a file */
#define ARTICLE_ID_MAX 100	  /* bytes of an id, tag, alias */
#define ARTICLE_PATH_MAX 512	  /* bytes: its page lies deeper than it does */
#define ARTICLE_TITLE_MAX 200
#define ARTICLE_SUMMARY_MAX 1000
#define ARTICLE_LIST_MAX 100 /* tags, aliases */

extern const char *const audience_names[]; /* public internal */
extern const char *const state_names[];	   /* published draft archived */

/* What is wrong with a file. An error keeps it from being published, a warning does not.
 */
struct finding {
	const char *path;
	int line;
	bool warning;
	const char *rule; /* a word for it: front-matter title id language ... */
	const char *message;
};
struct findings {
	void *ctx; /* owns v and the texts */
	struct finding *v;
	size_t n, errors;
};
void finding_add(struct findings *f, bool warning, const char *path, int line,
    const char *rule, const char *fmt, ...) PRINTF(6, 7);
/* By path, then line. */
void findings_sort(struct findings *f);
json_t *finding_to_json(const struct finding *f);

struct article {
	const char *id, *language, *path,
	    *section; /* section: the folders, "" for none */
	const char *title, *summary;
	const char *audience, *state;
	const char **tags, **aliases; /* NULL-terminated, sorted, each once */
	int64_t reviewed_at;	      /* INSTANT_NONE: the front matter does not say */
	const char *body;	      /* below the front matter */
	int line;		      /* of the body's first line in the file */
	int alias_line;
	const struct markdown
	    *text; /* rendered without links; lines count from the body */
};

enum path_kind {
	PATH_ARTICLE,
	PATH_SECTION, /* SECTION/_index[.LANG].md: a folder's title and summary */
	PATH_ASSET,   /* a picture or file that articles may show */
	PATH_OTHER    /* README.md, .gitignore, a Makefile: not ours */
};
enum path_kind path_kind(const char *path);
/* Id and language ("" when it does not say) of an article's path; false when its name is
 * none. */
bool path_split(void *ctx, const char *path, char **id, char **language);
/* "billing/refund.md", "../x.md" and "/x.md" as seen from the file `from`; NULL when that
 * leads out of the repository. */
char *path_resolve(void *ctx, const char *from, const char *to);
/* "billing/cards" of "billing/cards/refund.md". */
char *path_section(void *ctx, const char *path);

/* Reads an article. What is wrong goes to `f`; RC_INVALID when there was an error among
 * it. `language` is the knowledge base's own. Belongs to ctx. */
enum rc article_parse(void *ctx, const char *path, const char *data, size_t n,
    const char *language, struct article **a, struct findings *f,
    struct err *err) CHECKED;
/* Title and summary of a section. */
struct section {
	const char *path, *language, *title, *summary;
};
enum rc section_parse(void *ctx, const char *path, const char *data, size_t n,
    const char *language, struct section *s, struct findings *f, struct err *err) CHECKED;

/* Where a link of an article leads. */
enum target_kind { TARGET_ARTICLE, TARGET_FILE, TARGET_HERE, TARGET_OUTSIDE, TARGET_BAD };
struct target {
	enum target_kind kind;
	const char *id;	    /* article: its id or an alias */
	const char *path;   /* article: the path as written, or NULL (kb:ID); file */
	const char *anchor; /* behind "#", or NULL */
};
void link_target(void *ctx, const char *from, const char *dest, struct target *t);

/* The front matter and body of a file made anew: for kb-new and kb-import. Values are
 * quoted as YAML wants it. `head` holds text or lists of text. In ctx. */
char *article_print(void *ctx, json_t *head, const char *body);

#endif
