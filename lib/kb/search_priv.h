/* What the files about searching share. */
#ifndef KB_SEARCH_PRIV_H
#define KB_SEARCH_PRIV_H

#include "kb/search.h"
#include "kb/words.h"

/* A language that articles are in. */
struct tongue {
	const char *language;
	struct words *words;
};
struct asked {
	void *ctx;
	struct store *s;
	struct tongue *tongues;
	size_t ntongues;
	struct term *terms;
	size_t nterms;
};
struct term {
	const char *text; /* as given, lower case */
	bool phrase, prefix;
	bool without; /* must not occur */
	bool stop;    /* says nothing; counts only among others that do not either */
	const char **stems; /* what the index may call it, in any language */
	size_t nstems;
};
/* Splits words into terms. */
enum rc terms_read(struct asked *a, const char *words, struct err *err) CHECKED;
/* The index's expression; NULL: nothing to look for. `but_body`: found elsewhere than in
 * the text. */
char *terms_match(const struct asked *a, bool any, bool but_body);
/* The same of one term; NULL: none that could be found, or it says nothing. */
char *term_match(const struct asked *a, size_t i);
/* Replaces words nobody uses by the nearest that somebody does; false: none was. */
enum rc terms_correct(struct asked *a, bool *changed, struct err *err) CHECKED;
/* As people write it. */
char *terms_print(void *ctx, const struct asked *a);
/* The part of a text that says most about the terms, marked. */
char *snippet_of(
    void *ctx, const struct asked *a, const char *language, const char *text);

#endif
