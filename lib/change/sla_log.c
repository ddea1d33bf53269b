/* A ticket's log as its clocks read it: who spoke and when, what was undone, and where an
 * erasure makes it begin. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/clocks_priv.h"

SQL(sql_fold_events,
    "SELECT " EVENT_COLUMNS ", m.kind, m.direction, m.class, m.author, m.created_at "
    "FROM event e LEFT JOIN message m ON m.id = e.id "
    "WHERE e.ticket = ?1 ORDER BY e.id");
enum { EVENT_NCOLUMNS = 11 };

enum sla_said
clocks_said(const struct message *m)
{
	bool human = strcmp(m->class, "human") == 0, in = strcmp(m->direction, "in") == 0;

	if (strcmp(m->kind, "reply") != 0)
		return SLA_SILENT;
	if (!in)
		return human ? SLA_AGENT : SLA_BOT;
	/* S16: machines that tell something start clocks, answering machines do not. */
	if (!text_starts(m->author, "customer:"))
		return SLA_SILENT;
	return human					 ? SLA_CUSTOMER
	       : strcmp(m->class, "auto-generated") == 0 ? SLA_MACHINE
							 : SLA_SILENT;
}

int64_t
clocks_instant(const struct message *m, int64_t at)
{
	int64_t said = m != NULL && m->created_at != INSTANT_NONE ? m->created_at : at;

	return (said < at ? said : at) / 1000;
}

static void
take(struct sla_log *l, struct stmt *st)
{
	struct sla_entry *x;

	if ((l->n & (l->n - 1)) == 0)
		l->v = mem_grow(l, l->v, struct sla_entry, l->n ? 2 * l->n : 1);
	x = &l->v[l->n++];
	*x = (struct sla_entry){.e = event_read(l, st)};
	x->changes = x->e->changes ? json_loads(x->e->changes, 0, NULL) : NULL;
	if (x->changes != NULL)
		record_own(l, x->changes);
	x->at = x->e->at / 1000;
	if (col_text(st, EVENT_NCOLUMNS) != NULL) {
		struct message m = {.kind = col_text(st, EVENT_NCOLUMNS),
		    .direction = col_text(st, EVENT_NCOLUMNS + 1),
		    .class = col_text(st, EVENT_NCOLUMNS + 2),
		    .author = col_text(st, EVENT_NCOLUMNS + 3),
		    .created_at = col_int(st, EVENT_NCOLUMNS + 4)};

		x->has_message = true;
		x->said = clocks_said(&m);
		x->at = clocks_instant(&m, x->e->at);
		x->by_agent =
		    text_starts(m.author, "agent:") && strcmp(m.direction, "in") == 0;
	}
}

/* An erasure says what the ticket and its clocks were: they go on from there. RC_NONE
 * when it does not, or something behind it was erased, too. */
static enum rc
begin_behind_erasure(struct sla_log *l, struct err *err)
{
	json_t *clocks = NULL;
	size_t at = l->n;

	while (at > 0 && clocks == NULL)
		clocks = json_object_get(l->v[--at].changes, "clocks");
	for (size_t i = at; i < l->n && clocks != NULL; i++) {
		if (l->v[i].changes == NULL)
			clocks = NULL;
	}
	if (clocks == NULL)
		return err_fail(err, RC_NONE, "ticket %lld: a part of its log was erased",
		    (long long)l->ticket);
	l->v += at;
	l->n -= at;
	l->kept = clocks;
	return RC_OK;
}

/* RC_NONE when a part of it was erased. */
static enum rc
read_log(struct sla_log *l, struct store *s, struct err *err)
{
	struct stmt *st;
	bool erased = false;
	enum rc rc = store_prepare(s, sql_fold_events, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, l->ticket);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		take(l, st);
		erased = erased || l->v[l->n - 1].changes == NULL;
	}
	stmt_done(st);
	if (rc != RC_NONE)
		return rc;
	if (l->n == 0)
		return err_fail(err, RC_NOTFOUND, "no ticket %lld", (long long)l->ticket);
	return erased ? begin_behind_erasure(l, err) : RC_OK;
}

static bool
hides(const struct sla_entry *x)
{
	json_t *pair = json_object_get(x->changes, "phase"), *v;
	size_t i;
	bool yes = false;

	json_array_foreach(pair, i, v) yes =
	    yes ||
	    (json_is_string(v) && (strcmp(json_string_value(v), "spam") == 0 ||
				      strcmp(json_string_value(v), "deleted") == 0));
	return yes;
}

/* What was undone had never been, nor had its undoing; an undoing that was undone itself
 * neither. But a spam mark was there, and its time does not count (S35); and what an
 * erasure keeps holds what came before it: undoing that is a change like others. */
static void
mark_undone(struct sla_log *l)
{
	for (size_t i = l->n; i > 0; i--) {
		struct sla_entry *u = &l->v[i - 1];
		json_t *list = json_object_get(u->changes, "undone"), *v;
		size_t k;

		if (u->undone || list == NULL || hides(u))
			continue;
		json_array_foreach(list, k, v)
		{
			for (size_t j = 0; j < i; j++) {
				if (l->v[j].e->id != json_integer_value(v))
					continue;
				l->v[j].undone = true;
				u->undone = true;
			}
		}
	}
}

enum rc
sla_log_read(
    void *ctx, struct store *s, int64_t ticket, struct sla_log **out, struct err *err)
{
	struct sla_log *l = talloc_zero(ctx, struct sla_log);
	enum rc rc;

	l->ticket = ticket;
	rc = read_log(l, s, err);
	if (rc != RC_OK)
		return rc;
	mark_undone(l);
	*out = l;
	return RC_OK;
}
