/* What readers say of articles, and what the numbers say. */
#ifndef KB_FEEDBACK_H
#define KB_FEEDBACK_H

#include "kb/kb.h"

#define COMMENT_MAX 2000 /* bytes */

struct vote {
	const char *article, *language;
	const char *revision; /* what the reader saw */
	bool helpful;
	const char *comment; /* or "" */
	int64_t ticket;	     /* or 0 */
};
/* Keeps it, under the actor's name and the present. */
enum rc vote_add(struct desk *d, const struct vote *v, struct err *err) CHECKED;
/* The same within a transaction. */
enum rc vote_put(struct desk *d, const struct vote *v, struct err *err) CHECKED;
/* Votes by revision. */
struct votes {
	char revision[REPO_ID];
	int64_t yes, no;
};
enum rc votes_by_revision(struct store *s, void *ctx, const char *article,
    const char *language, struct votes **v, size_t *n, struct err *err) CHECKED;

/* What an answer says of an article: title, summary, and the URL of its page when
 * tkt.conf says where that is. RC_DENIED for one that customers may not see, unless it is
 * a note. Into ctx. */
enum rc cite_text(void *ctx, const struct desk *d, const char *id, const char *language,
    bool note, struct kb_article *a, char **text, struct err *err) CHECKED;
/* An article sent in an answer (tkt-reply --article). */
enum rc cite_add(struct store *s, int64_t message, const struct kb_article *a, int64_t at,
    struct err *err) CHECKED;

/* Numbers of one article. */
struct kb_numbers {
	int64_t n;     /* its row, for kb_get() */
	int64_t views; /* of its page */
	int64_t yes, no;
	int64_t last_yes, last_no; /* of its present revision */
	int64_t cited;		   /* answers it was sent with */
	int64_t solved;	   /* tickets that were solved with it and stayed so: deflected */
	int64_t reopened;  /* tickets that were opened again after it was sent */
	const char *stale; /* why somebody should look at it, or NULL */
};
/* Each, in the order of kb_each(). Votes and citations since an instant. */
enum rc kb_numbers_each(struct desk *d, int64_t since,
    enum rc (*each)(void *arg, const struct kb_article *a, const struct kb_numbers *n,
	struct err *err),
    void *arg, struct err *err) CHECKED;
/* Searches that found nothing, most frequent first. */
enum rc kb_misses_each(struct store *s, int64_t since, int64_t limit,
    enum rc (*each)(
	void *arg, const char *words, int64_t times, int64_t last_at, struct err *err),
    void *arg, struct err *err) CHECKED;

#endif
