/* Words of many articles: a hash table by language and word. */
#include "kb/vocabulary.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "kb/words.h"

struct entry {
	const char *word, *stem;
	uint32_t hash;
	int language;	 /* index into languages */
	int by;		 /* to be added to the count */
	int64_t last[2]; /* article that counted last: when going, when coming */
};
struct vocabulary {
	struct entry *v;
	size_t n, room; /* room: a power of two, or 0 */
	struct {
		char *name;
		struct words *words;
	} * languages;
	int nlanguages;
};

struct vocabulary *
vocabulary_new(void *ctx)
{
	return talloc_zero(ctx, struct vocabulary);
}

static int
language_of(struct vocabulary *v, const char *name)
{
	int i;

	for (i = 0; i < v->nlanguages; i++) {
		if (strcmp(v->languages[i].name, name) == 0)
			return i;
	}
	v->languages = mem_realloc(
	    v, v->languages, (size_t)i + 1, sizeof(*v->languages), "languages");
	v->languages[i].name = talloc_strdup(v, name);
	v->languages[i].words = words_new(v, name);
	return v->nlanguages++;
}

static uint32_t
hash_of(int language, const char *s)
{
	uint32_t h = 2166136261U + (uint32_t)language;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619U;
	return h;
}

static void
grow(struct vocabulary *v)
{
	struct entry *old = v->v;
	size_t room = v->room;

	v->room = room ? 2 * room : 4096;
	v->v = mem_array(v, struct entry, v->room);
	for (size_t i = 0; i < room; i++) {
		size_t at = old[i].hash & (v->room - 1);

		if (old[i].word == NULL)
			continue;
		while (v->v[at].word != NULL)
			at = (at + 1) & (v->room - 1);
		v->v[at] = old[i];
	}
	talloc_free(old);
}

static struct entry *
entry_of(struct vocabulary *v, int language, const char *word)
{
	uint32_t hash = hash_of(language, word);
	size_t at;

	if (2 * v->n >= v->room)
		grow(v);
	at = hash & (v->room - 1);
	while (v->v[at].word != NULL) {
		struct entry *e = &v->v[at];

		if (e->hash == hash && e->language == language &&
		    strcmp(e->word, word) == 0)
			return e;
		at = (at + 1) & (v->room - 1);
	}
	v->n++;
	v->v[at] = (struct entry){.word = talloc_strdup(v, word),
	    .stem = talloc_strdup(v, words_stem(v->languages[language].words, word)),
	    .hash = hash,
	    .language = language};
	return &v->v[at];
}

void
vocabulary_take(struct vocabulary *v, const char *language, const char *text, int64_t n,
    int by, struct buf *stems)
{
	int l = language_of(v, language);
	const char *end = text + strlen(text);
	struct word word;

	while (words_next(v->languages[l].words, &text, end, &word)) {
		struct entry *e = entry_of(v, l, word.word);

		if (e->last[by > 0] != n) {
			e->last[by > 0] = n;
			e->by += by;
		}
		if (stems != NULL) {
			buf_add(stems, e->stem);
			buf_char(stems, ' ');
		}
	}
}

SQL(sql_count, "INSERT INTO article_word (word, language, stem, articles) "
	       "VALUES (?1, ?2, ?3, ?4) "
	       "ON CONFLICT (word, language) DO UPDATE SET "
	       "articles = article_word.articles + excluded.articles, "
	       "stem = excluded.stem");
SQL(sql_gone, "DELETE FROM article_word "
	      "WHERE word = ?1 AND language = ?2 AND articles <= 0");

static enum rc
write_entry(struct vocabulary *v, struct store *s, const struct entry *e, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_count, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, e->word);
	bind_text(st, 2, v->languages[e->language].name);
	bind_text(st, 3, e->stem);
	bind_int(st, 4, e->by);
	rc = stmt_run(st, err);
	if (rc != RC_OK || e->by > 0)
		return rc;
	rc = store_prepare(s, sql_gone, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, e->word);
	bind_text(st, 2, v->languages[e->language].name);
	return stmt_run(st, err);
}

/* In the order of the key, so that the b-tree grows at one end at a time. */
static int
by_word(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a,
			   *y = *(const struct entry *const *)b;

	return strcmp(x->word, y->word);
}

enum rc
vocabulary_write(struct vocabulary *v, struct store *s, struct err *err)
{
	const struct entry **sorted = mem_array(NULL, const struct entry *, v->n + 1);
	size_t n = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < v->room; i++) {
		if (v->v[i].word != NULL && v->v[i].by != 0)
			sorted[n++] = &v->v[i];
	}
	if (n > 1)
		qsort(sorted, n, sizeof(*sorted), by_word);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = write_entry(v, s, sorted[i], err);
	talloc_free(sorted);
	return rc;
}
