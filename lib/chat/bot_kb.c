/* What a bot finds in the knowledge base. It searches as a customer: what is internal, or
 * a draft, does not exist for it. */
#include <string.h>
#include <talloc.h>

#include "base/text.h"
#include "chat/bot.h"
#include "kb/search.h"

/* An article that has fewer of the words that say something answers something else. */
#define SHARE_MIN 0.5
enum { LOOKED_AT = 10, SUMMARY_MAX = 240 };

static struct bot_article
article_of(void *ctx, const struct desk *d, const struct kb_article *a)
{
	size_t n = text_prefix(a->body, SUMMARY_MAX);

	return (struct bot_article){.id = talloc_strdup(ctx, a->id),
	    .language = talloc_strdup(ctx, a->language),
	    .revision = talloc_strdup(ctx, a->revision),
	    .title = talloc_strdup(ctx, a->title),
	    .summary = *a->summary
			   ? talloc_strdup(ctx, a->summary)
			   : talloc_asprintf(ctx, "%s%s",
				 text_clean(ctx, a->body, n, TEXT_LINE, SUMMARY_MAX),
				 a->body[n] ? "…" : ""),
	    .url = d->config->kb.url ? kb_url(ctx, d, a) : ""};
}

struct looking {
	void *ctx;
	const struct desk *d;
	const char *const *tried;
	size_t ntried;
	struct bot_article *out;
	size_t n, max;
};

static enum rc
look_at(void *arg, struct kb_hit *h, struct err *err)
{
	struct looking *l = arg;

	(void)err;
	if (l->n == l->max || h->share < SHARE_MIN || kb_page(l->ctx, &h->a) == NULL)
		return RC_OK;
	for (size_t i = 0; i < l->ntried; i++) {
		if (strcmp(l->tried[i], h->a.id) == 0)
			return RC_OK;
	}
	l->out[l->n++] = article_of(l->ctx, l->d, &h->a);
	return RC_OK;
}

/* Words and nothing else: a question is no query. */
static char *
words_of(void *ctx, const char *question)
{
	char *s = talloc_strdup(ctx, question);

	for (char *p = s; *p != '\0'; p++) {
		if (strchr("\"*-", *p) != NULL)
			*p = ' ';
	}
	return s;
}

static struct actor
become_customer(struct desk *d)
{
	struct actor was = d->actor;

	d->actor = (struct actor){.kind = ACTOR_CUSTOMER, .name = "0"};
	return was;
}

enum rc
bot_search(void *ctx, struct desk *d, const struct bot *b, const char *question,
    const char *const *tried, size_t ntried, struct bot_article out[BOT_OFFERS_MAX],
    size_t *n, struct err *err)
{
	struct kb_search want = {.words = words_of(ctx, question),
	    .language = b->language,
	    .any = true,
	    .shares = true,
	    .limit = LOOKED_AT};
	struct looking l = {ctx, d, tried, ntried, out, 0,
	    b->offer < BOT_OFFERS_MAX ? (size_t)b->offer : BOT_OFFERS_MAX};
	struct actor was = become_customer(d);
	struct kb_searched said;
	enum rc rc = kb_search(d, &want, look_at, &l, ctx, &said, err);

	d->actor = was;
	*n = l.n;
	return rc;
}

enum rc
bot_article(void *ctx, struct desk *d, const struct bot *b, const char *id,
    struct bot_article *out, struct err *err)
{
	struct actor was = become_customer(d);
	struct kb_article a;
	enum rc rc = kb_find(d, ctx, id, b->language, &a, err);

	if (rc == RC_OK)
		rc = kb_may_see(d, &a, err);
	d->actor = was;
	if (rc == RC_NOTFOUND || rc == RC_DENIED ||
	    (rc == RC_OK && kb_page(ctx, &a) == NULL))
		return RC_NONE;
	if (rc == RC_OK)
		*out = article_of(ctx, d, &a);
	return rc;
}
