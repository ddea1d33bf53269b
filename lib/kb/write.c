/* Changing kb.git without a checkout. */
#include "kb/write.h"

#include <string.h>
#include <talloc.h>

#include "base/text.h"

SQL(sql_versions, "SELECT path, language FROM article WHERE id = ?1 ORDER BY language");

enum rc
kb_place(void *ctx, const struct desk *d, const char *id, const char *language,
    const char *section, char **path, bool *there, struct err *err)
{
	bool own = strcmp(language, d->config->kb.language) == 0;
	char *beside = NULL;
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_versions, &st, err);

	*there = false;
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, id);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		if (strcmp(col_text(st, 1), language) == 0) {
			*there = true;
			*path = col_strdup(ctx, st, 0);
		} else if (beside == NULL) {
			beside = path_section(ctx, col_text(st, 0));
		}
	}
	stmt_done(st);
	if (rc != RC_NONE)
		return rc;
	if (*there)
		return RC_OK;
	if (section == NULL)
		section = beside ? beside : "";
	*path = talloc_asprintf(ctx, "%s%s%s%s%s.md", section, *section ? "/" : "", id,
	    own ? "" : ".", own ? "" : language);
	return RC_OK;
}

enum rc
kb_check(void *ctx, const struct desk *d, const char *path, const char *data, size_t n,
    struct article **a, struct findings *f, struct err *err)
{
	return article_parse(ctx, path, data, n, d->config->kb.language, a, f, err);
}

enum rc
kb_commit(void *ctx, struct desk *d, const struct repo_edit *edits, size_t n,
    const char *message, char id[REPO_ID], struct err *err)
{
	const struct agent *a = d->actor.agent;
	const struct mailbox *m = config_mailbox_default(d->config);
	struct repo_who who = {.name = a && a->full_name ? a->full_name
				       : a		 ? a->name
							 : d->config->name,
	    .email = a && a->email ? a->email
		     : m	   ? m->address
				   : "tkt@localhost",
	    .at = desk_now(d)};
	char *text = text_clean(ctx, message, strlen(message), TEXT_BLOCK, 10000);
	struct repo *r = NULL;
	enum rc rc = actor_need(&d->actor, "kb.write", err);

	if (rc == RC_OK)
		rc = kb_repo(ctx, d, &r, err);
	if (rc == RC_OK)
		rc = repo_commit(r, d->config->kb.branch, edits, n, &who, text, id, err);
	talloc_free(r);
	return rc;
}
