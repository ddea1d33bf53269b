/* Words of a search: what the index calls them in each language, and what was meant. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "kb/search_priv.h"
#include "kb/stop_words.h"

enum { PREFIX_WORDS = 200, NEAR_WORDS = 20000 };

static void
add_stem(struct asked *a, struct term *t, const char *stem)
{
	for (size_t i = 0; i < t->nstems; i++) {
		if (strcmp(t->stems[i], stem) == 0)
			return;
	}
	text_push(a->ctx, &t->stems, &t->nstems, talloc_strdup(a->ctx, stem));
}

/* German without its keys: "ue" for an umlaut. */
static char *
with_umlauts(void *ctx, const char *word)
{
	static const char *const pairs[][2] = {
	    {"ae", "\xc3\xa4"}, {"oe", "\xc3\xb6"}, {"ue", "\xc3\xbc"}};
	struct buf b = {.ctx = ctx};
	bool any = false;

	while (*word != '\0') {
		size_t i;

		for (i = 0; i < 3 && !text_starts(word, pairs[i][0]); i++)
			continue;
		if (i < 3)
			buf_add(&b, pairs[i][1]);
		else
			buf_char(&b, *word);
		any = any || i < 3;
		word += i < 3 ? 2 : 1;
	}
	return any ? b.s : NULL;
}

/* All stems of a word's text (one word, or several that make a phrase). */
static void
add_stems(struct asked *a, struct term *t, const char *text)
{
	for (size_t i = 0; i < a->ntongues; i++) {
		const char *p = text, *end = text + strlen(text);
		struct buf b = {.ctx = a->ctx};
		struct word w;
		char *other;

		while (words_next(a->tongues[i].words, &p, end, &w)) {
			buf_add(&b, b.n ? " " : "");
			buf_add(&b, words_stem(a->tongues[i].words, w.word));
		}
		if (b.n > 0)
			add_stem(a, t, b.s);
		other = text_starts(a->tongues[i].language, "de") && !t->phrase
			    ? with_umlauts(a->ctx, text)
			    : NULL;
		if (other != NULL)
			add_stem(a, t, words_stem(a->tongues[i].words, other));
	}
}

SQL(sql_prefix, "SELECT DISTINCT stem FROM article_word "
		"WHERE word >= ?1 AND word < ?2 LIMIT ?3");

/* "instal*" is every word that begins so: stems do not. */
static enum rc
add_prefix(struct asked *a, struct term *t, struct err *err)
{
	char *to = talloc_asprintf(a->ctx, "%s\xf4\x8f\xbf\xbf", t->text);
	struct stmt *st;
	enum rc rc = store_prepare(a->s, sql_prefix, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, t->text);
	bind_text(st, 2, to);
	bind_int(st, 3, PREFIX_WORDS);
	while ((rc = stmt_step(st, err)) == RC_OK)
		add_stem(a, t, col_text(st, 0));
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static char *
lower_case(void *ctx, const char *s, size_t n)
{
	struct words *w = words_new(ctx, "");
	const char *p = s;
	struct buf b = {.ctx = ctx};
	struct word word;

	while (words_next(w, &p, s + n, &word)) {
		if (word.joined)
			continue;
		buf_add(&b, b.n ? " " : "");
		/* A run of characters without blanks is one word here. */
		if (word.n <= WORD_MAX)
			buf_add(&b, word.word);
	}
	return b.n ? b.s : NULL;
}

static enum rc
add_term(struct asked *a, const char *s, size_t n, bool phrase, bool without, bool prefix,
    struct err *err)
{
	struct term *t;
	char *low = lower_case(a->ctx, s, n);

	/* Of a long mail the words that say something. */
	if (low == NULL || a->nterms == SEARCH_TERMS_MAX ||
	    (a->nterms > SEARCH_TERMS_MAX / 2 && is_stop_word(low)))
		return RC_OK;
	t = &a->terms[a->nterms++];
	*t = (struct term){.text = low, .prefix = prefix, .without = without};
	/* "E-17" and "C++11" are several words for the index, and so a phrase. */
	t->phrase = phrase || strchr(low, ' ') != NULL;
	t->stop = !t->phrase && !prefix && is_stop_word(low);
	if (prefix && !t->phrase)
		return add_prefix(a, t, err);
	add_stems(a, t, talloc_strndup(a->ctx, s, n));
	return RC_OK;
}

enum rc
terms_read(struct asked *a, const char *s, struct err *err)
{
	enum rc rc = RC_OK;

	if (a->terms == NULL)
		a->terms = mem_array(a->ctx, struct term, SEARCH_TERMS_MAX);
	while (rc == RC_OK && *(s += strspn(s, " \t\r\n")) != '\0') {
		bool without =
		    *s == '-' && s[1] != '\0' && strchr(" \t\n-", s[1]) == NULL;
		size_t n;

		s += without;
		if (*s == '"' && strchr(s + 1, '"') != NULL) {
			n = strcspn(s + 1, "\"");
			rc = add_term(a, s + 1, n, true, without, false, err);
			s += n + 2;
			continue;
		}
		n = strcspn(s, " \t\r\n\"");
		n = n ? n : 1;
		rc = add_term(a, s, n, false, without, n > 2 && s[n - 1] == '*', err);
		s += n;
	}
	return rc;
}

static void
put_term(struct buf *b, void *ctx, const struct term *t)
{
	buf_char(b, '(');
	for (size_t i = 0; i < t->nstems; i++) {
		buf_add(b, i ? " OR " : "");
		buf_add(b, store_index_term(ctx, t->stems[i], false));
	}
	buf_char(b, ')');
}

char *
term_match(const struct asked *a, size_t i)
{
	const struct term *t = &a->terms[i];
	struct buf b = {.ctx = a->ctx};

	if (t->without || t->stop || t->nstems == 0)
		return NULL;
	put_term(&b, a->ctx, t);
	return b.s;
}

char *
terms_match(const struct asked *a, bool any, bool but_body)
{
	struct buf b = {.ctx = a->ctx};
	bool all_known = true, telling = false;

	for (size_t i = 0; i < a->nterms; i++)
		telling = telling || (!a->terms[i].stop && !a->terms[i].without);

	for (size_t i = 0; i < a->nterms; i++) {
		const struct term *t = &a->terms[i];

		if (t->without || (telling && t->stop))
			continue;
		all_known = all_known && t->nstems > 0;
		if (t->nstems == 0)
			continue;
		buf_add(&b, b.n ? (any ? " OR " : " AND ") : "(");
		put_term(&b, a->ctx, t);
	}
	if (b.n == 0 || (!any && !all_known))
		return NULL;
	buf_char(&b, ')');
	if (but_body)
		b = (struct buf){
		    .ctx = a->ctx, .s = store_articles_but_body(a->ctx, b.s)};
	b.n = strlen(b.s);
	b.room = b.n + 1;
	for (size_t i = 0; i < a->nterms; i++) {
		if (!a->terms[i].without || a->terms[i].nstems == 0)
			continue;
		buf_add(&b, " NOT ");
		put_term(&b, a->ctx, &a->terms[i]);
	}
	return b.s;
}

/* ---- what was meant ---- */

SQL(sql_known, "SELECT 1 FROM article_word WHERE word = ?1 LIMIT 1");
/* By the index when the first letter is right, which it mostly is. */
SQL(sql_near,
    "SELECT word, articles FROM article_word "
    "WHERE word >= ?1 AND word < ?2 AND length(word) BETWEEN ?3 AND ?4 LIMIT ?5");
SQL(sql_near_all, "SELECT word, articles FROM article_word "
		  "WHERE length(word) BETWEEN ?1 AND ?2 LIMIT ?3 /* scan */");

static enum rc
is_known(struct asked *a, const char *word, bool *yes, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(a->s, sql_known, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, word);
	rc = stmt_step(st, err);
	stmt_done(st);
	*yes = rc == RC_OK;
	return rc == RC_NONE ? RC_OK : rc;
}

/* The nearest of a statement's words; of two that are as near the more frequent. */
static enum rc
nearest(struct asked *a, struct stmt *st, const char *word, const char **best,
    struct err *err)
{
	size_t limit = strlen(word) < 4 ? 1 : strlen(word) < 8 ? 2 : 3;
	int64_t articles = 0;
	enum rc rc;

	while ((rc = stmt_step(st, err)) == RC_OK) {
		size_t d = text_distance(word, col_text(st, 0));

		if (d > limit ||
		    (d == limit && *best != NULL && col_int(st, 1) <= articles))
			continue;
		limit = d;
		articles = col_int(st, 1);
		*best = col_strdup(a->ctx, st, 0);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
find_near(struct asked *a, const char *word, const char **best, struct err *err)
{
	int64_t n = (int64_t)strlen(word);
	char *from = talloc_strndup(a->ctx, word, 1);
	struct stmt *st;
	enum rc rc = store_prepare(a->s, sql_near, &st, err);

	*best = NULL;
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, from);
	bind_text(st, 2, talloc_asprintf(a->ctx, "%s\xf4\x8f\xbf\xbf", from));
	bind_int(st, 3, n - 2);
	bind_int(st, 4, n + 2);
	bind_int(st, 5, NEAR_WORDS);
	rc = nearest(a, st, word, best, err);
	if (rc != RC_OK || *best != NULL)
		return rc;
	rc = store_prepare(a->s, sql_near_all, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, n - 1);
	bind_int(st, 2, n + 1);
	bind_int(st, 3, NEAR_WORDS);
	return nearest(a, st, word, best, err);
}

enum rc
terms_correct(struct asked *a, bool *changed, struct err *err)
{
	enum rc rc = RC_OK;

	*changed = false;
	for (size_t i = 0; rc == RC_OK && i < a->nterms; i++) {
		struct term *t = &a->terms[i];
		const char *best = NULL;
		bool known = false;

		if (t->without || t->stop || t->phrase || strlen(t->text) < 3)
			continue;
		rc = is_known(a, t->text, &known, err);
		if (rc == RC_OK && !known)
			rc = find_near(a, t->text, &best, err);
		if (best == NULL || strcmp(best, t->text) == 0)
			continue;
		t->text = best;
		t->stems = NULL;
		t->nstems = 0;
		t->prefix = false;
		add_stems(a, t, best);
		*changed = true;
	}
	return rc;
}

char *
terms_print(void *ctx, const struct asked *a)
{
	char *s = talloc_strdup(ctx, "");

	for (size_t i = 0; i < a->nterms; i++) {
		const struct term *t = &a->terms[i];
		const char *q = t->phrase ? "\"" : "";

		s = talloc_asprintf_append_buffer(s, "%s%s%s%s%s%s", *s ? " " : "",
		    t->without ? "-" : "", q, t->text, q, t->prefix ? "*" : "");
	}
	return s;
}
