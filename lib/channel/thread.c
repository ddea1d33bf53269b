/* In-Reply-To and References of what we send (M31): the ids that every client threads by,
 * ours among them, so that a reply finds its ticket even when a relay on the way gave our
 * mail another Message-ID. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "channel/letter_priv.h"

/* Public messages alone: the ids of internal mail are nobody's business. */
SQL(sql_thread_ids,
    "SELECT m.id, m.direction, m.external_id, e.ticket FROM message m "
    "JOIN event e ON e.id = m.id WHERE m.ticket = ?1 AND m.kind = 'reply' AND m.id < ?2 "
    "ORDER BY m.id");

struct ids {
	const char **v;
	size_t n;
	const char *answered; /* the last that came in */
};

static const char *
id_of(struct draft_letter *l, struct stmt *st)
{
	const char *direction = col_text(st, 1), *external = col_text(st, 2);

	if (strcmp(direction, "out") == 0)
		return token_message_own_id(
		    l->ctx, &l->w->keys, l->box, col_int(st, 3), col_int(st, 0), NULL);
	/* One that the mail did not have is known to nobody else. */
	if (external == NULL || *external != '<' ||
	    strstr(external, "@generated.invalid>") != NULL ||
	    strpbrk(external, " \t\r\n") != NULL)
		return NULL;
	return talloc_strdup(l->ctx, external);
}

static enum rc
gather(struct draft_letter *l, int64_t of, struct ids *ids, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(l->w->d->store, sql_thread_ids, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, l->t->id);
	bind_int(st, 2, of);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		const char *id = id_of(l, st);

		if (id == NULL)
			continue;
		text_push(l->ctx, &ids->v, &ids->n, id);
		if (strcmp(col_text(st, 1), "in") == 0)
			ids->answered = id;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* The root, the first, and as many of the last as there is room for. */
static const char **
choose(struct draft_letter *l, const struct ids *ids)
{
	const char *root = token_root_id(l->ctx, &l->w->keys, l->box, l->t->id),
		   **out = mem_array(l->ctx, const char *, LETTER_IDS + 1);
	size_t bytes = strlen(root), n = 0, from = ids->n;

	if (ids->n > 0)
		bytes += 1 + strlen(ids->v[0]);
	while (from > 1 && ids->n - from + 2 < LETTER_IDS &&
	       bytes + 1 + strlen(ids->v[from - 1]) <= LETTER_IDS_BYTES)
		bytes += 1 + strlen(ids->v[--from]);
	out[n++] = root;
	if (ids->n > 0)
		out[n++] = ids->v[0];
	for (size_t i = from; i < ids->n; i++)
		out[n++] = ids->v[i];
	return out;
}

enum rc
letter_thread(struct draft_letter *l, int64_t of, struct err *err)
{
	struct ids ids = {0};
	enum rc rc = gather(l, of, &ids, err);

	if (rc != RC_OK)
		return rc;
	l->o.in_reply_to = ids.answered;
	l->o.references = choose(l, &ids);
	return RC_OK;
}
