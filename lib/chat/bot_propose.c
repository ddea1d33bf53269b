/* A program (a model, a script) that proposes what a bot answers. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "chat/bot.h"

enum { SAID_MAX = 40 };
#define MEMORY_MAX ((size_t)2 << 30) /* bytes of address space */

static json_t *
said(const struct bot_talk *t)
{
	json_t *list = json_array();
	size_t from = t->nsaid > SAID_MAX ? t->nsaid - SAID_MAX : 0;

	for (size_t i = from; i < t->nsaid; i++) {
		json_t *o = json_object();

		record_set_text(o, "by", t->said[i].ours ? "bot" : "customer");
		record_set_text(o, "text", t->said[i].text);
		record_set_instant(o, "at", t->said[i].at);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
article(const struct bot_article *a)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s}", "id", a->id, "language", a->language,
	    "title", a->title, "summary", a->summary, "url", a->url);
}

/* The question with all that a program could want: what was said, and what we would
 * answer. */
static enum rc
payload(void *ctx, struct desk *d, const struct bot *b, const struct bot_talk *t,
    const struct bot_line *l, char **text, struct err *err)
{
	struct bot_article v[BOT_OFFERS_MAX];
	json_t *o = json_object(), *list = json_array();
	size_t n = 0;
	enum rc rc = bot_search(ctx, d, b, l->text, t->tried, t->ntried, v, &n, err);

	record_set_text(o, "type", "question");
	record_set_text(o, "bot", b->name);
	record_set_text(o, "name", l->name);
	record_set_text(o, "text", l->text);
	record_set_int(o, "misses", t->misses);
	json_object_set_new(o, "said", said(t));
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, article(&v[i]));
	json_object_set_new(o, "articles", list);
	*text = record_canonical(ctx, o);
	json_decref(o);
	return rc;
}

enum rc
bot_propose(void *ctx, struct desk *d, const struct bot *b, const struct bot_talk *t,
    const struct bot_line *l, struct proposing **out, struct err *err)
{
	struct proposing *p = talloc_zero(ctx, struct proposing);
	const char **envp = talloc_array(p, const char *, 4);
	char *text = NULL;
	enum rc rc = process_trusted(b->run[0], err);

	envp[0] = "PATH=/usr/bin:/bin";
	envp[1] = "LC_ALL=C.UTF-8";
	envp[2] = talloc_asprintf(p, "TKT_DESK=%s", d->dir);
	envp[3] = NULL;
	if (rc == RC_OK)
		rc = payload(p, d, b, t, l, &text, err);
	if (rc == RC_OK) {
		p->p = (struct process){.argv = b->run,
		    .envp = envp,
		    .input = text,
		    .ninput = strlen(text),
		    .timeout_ms = b->timeout,
		    .memory = MEMORY_MAX,
		    .heard_max = BOT_PROPOSAL_MAX,
		    .errors_apart = true};
		rc = process_begin(p, &p->p, &p->going, err);
	}
	if (rc == RC_OK)
		*out = p;
	else
		talloc_free(p);
	return rc;
}

json_t *
bot_proposed(void *ctx, const struct proposing *p, const char **why)
{
	int status = process_status(p->going);
	json_error_t at;
	json_t *o;

	if (status != 0) {
		*why =
		    status == 124
			? talloc_asprintf(ctx, "%s: took too long", p->p.argv[0])
			: talloc_asprintf(ctx, "%s: ended with %d", p->p.argv[0], status);
		return NULL;
	}
	o = json_loads(process_heard(p->going), JSON_REJECT_DUPLICATES, &at);
	if (json_is_object(o))
		return o;
	json_decref(o);
	*why = talloc_asprintf(ctx, "%s: proposes no JSON object", p->p.argv[0]);
	return NULL;
}
