/* Articles in answers. */
#include <string.h>
#include <talloc.h>

#include "kb/feedback.h"

SQL(sql_cite, "INSERT INTO article_cite (message, article, language, revision, at) "
	      "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING");

enum rc
cite_add(struct store *s, int64_t message, const struct kb_article *a, int64_t at,
    struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_cite, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, message);
	bind_text(st, 2, a->id);
	bind_text(st, 3, a->language);
	bind_text(st, 4, a->revision);
	bind_int(st, 5, at);
	return stmt_run(st, err);
}

enum rc
cite_text(void *ctx, const struct desk *d, const char *id, const char *language,
    bool note, struct kb_article *a, char **text, struct err *err)
{
	const char *url;
	enum rc rc = kb_find(d, ctx, id, language, a, err);

	if (rc == RC_OK)
		rc = kb_may_see(d, a, err);
	if (rc != RC_OK)
		return rc;
	if (!note && kb_page(ctx, a) == NULL)
		return err_fail(err, RC_DENIED, "article \"%s\" is %s: not for customers",
		    a->id, strcmp(a->state, "draft") == 0 ? "a draft" : "internal");
	/* Without a place on the web there is nothing to link to. */
	url = d->config->kb.url ? kb_url(ctx, d, a) : NULL;
	*text = talloc_asprintf(ctx, "%s%s%s%s%s", a->title, *a->summary ? "\n" : "",
	    a->summary, url ? "\n" : "", url ? url : "");
	return RC_OK;
}
