/* Searching what is published. */
#ifndef KB_SEARCH_H
#define KB_SEARCH_H

#include "kb/kb.h"

#define SEARCH_TERMS_MAX 64 /* words of one search that count */

struct kb_search {
	/* Words; all must occur. "in quotes": next to each other. word*: the beginning of
	 * one. -word: must not. */
	const char *words;
	const char *more; /* of a ticket: less telling than `words`; any may occur */
	bool any;	  /* any word is enough: what has the most comes first */
	const char *audience, *language, *section, *tag; /* NULL: all */
	const char *state;				 /* NULL: published */
	int64_t limit;					 /* at most 1000 */
	bool shares;					 /* say each hit's share */
};
struct kb_hit {
	struct kb_article a;
	double score; /* the greater the better */
	double share; /* with `shares`: of the words that say something, those it has */
	const char
	    *snippet; /* plain text on one line, **words** that were found marked */
};
struct kb_searched {
	const char *corrected; /* words that were searched instead: nothing has yours */
	bool any;	       /* no article has all of them: these have some */
	bool found;	       /* anything at all */
};
/* Best first: title before tags before headings before body, and between equals the one
 * that readers found helpful. When nothing has all words, unknown ones are replaced by
 * the nearest that are known, then any word is enough; *said says so. Needs kb.read; a
 * customer finds public articles only. */
enum rc kb_search(const struct desk *d, const struct kb_search *want,
    enum rc (*each)(void *arg, struct kb_hit *h, struct err *err), void *arg, void *ctx,
    struct kb_searched *said, struct err *err) CHECKED;
/* Counts a search that found nothing, for kb-stats. */
enum rc kb_search_missed(struct desk *d, const char *words, struct err *err) CHECKED;
/* The same within a transaction. */
enum rc kb_miss_put(struct desk *d, const char *words, struct err *err) CHECKED;

#endif
