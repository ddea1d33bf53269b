/* Notices and digests as mail to agents. They carry the agent's own token: an answer is a
 * note (M18a), and the customer's token never leaves with them. */
#include <string.h>
#include <talloc.h>

#include "base/record.h"
#include "base/text.h"
#include "channel/letter_priv.h"

enum { CAUSES_MAX = 20 };

/* ---- why ---- */

SQL(sql_notice_event, "SELECT " EVENT_COLUMNS " FROM event e WHERE e.id = ?1");

static enum rc
read_event(struct draft_letter *l, int64_t id, struct event **e, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(l->w->d->store, sql_notice_event, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*e = event_read(l->ctx, st);
	stmt_done(st);
	return rc;
}

/* What happened: the event that began it. */
static enum rc
root_of(struct draft_letter *l, int64_t id, struct event **e, struct err *err)
{
	enum rc rc = read_event(l, id, e, err);

	for (int i = 0; rc == RC_OK && (*e)->cause != 0 && i < CAUSES_MAX; i++)
		rc = read_event(l, (*e)->cause, e, err);
	return rc == RC_NONE ? RC_NOTFOUND : rc;
}

static char *
why(void *ctx, const struct event *root, const char *rule)
{
	static const struct {
		const char *action, *words;
	} known[] = {{"ticket.created", "a new ticket"},
	    {"message.added", "a new message"}, {"ticket.changed", "it changed"},
	    {"sla.warned", "a deadline comes near"},
	    {"sla.breached", "a deadline has passed"}, {"ticket.merged", "it was merged"},
	    {"delivery.failed", "a mail did not arrive"}};
	json_t *changes = root->changes ? json_loads(root->changes, 0, NULL) : NULL;
	const char *words = root->action,
		   *target = json_string_value(
		       json_object_get(json_object_get(changes, "sla"), "target")),
		   *reason = json_string_value(json_object_get(changes, "reason"));
	char *out;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].action, root->action) == 0)
			words = known[i].words;
	}
	out = talloc_asprintf(ctx, "%s%s%s%s%s%s%s%s", words, target ? " (" : "",
	    target ? target : "", target ? ")" : "", reason ? ": " : "",
	    reason ? reason : "", *rule ? ", rule " : "", rule);
	json_decref(changes);
	return out;
}

/* ---- what was said ---- */

static char *
author(void *ctx, struct draft_letter *l, const struct message *m)
{
	const struct agent *a = text_starts(m->author, "agent:")
				    ? config_agent(l->w->d->config, m->author + 6)
				    : NULL;

	if (a != NULL)
		return talloc_strdup(ctx, a->full_name);
	return talloc_strdup(ctx, *m->author_address ? m->author_address : m->author);
}

static enum rc
add_message(struct draft_letter *l, int64_t event, json_t *values, struct err *err)
{
	struct message *m = NULL;
	enum rc rc = message_get(l->w->d->store, l->ctx, event, &m, err);

	if (rc == RC_NOTFOUND)
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	json_object_set_new(values, "message",
	    json_pack("{s:s,s:s}", "text", m->body, "author", author(l->ctx, l, m)));
	return RC_OK;
}

/* ---- values ---- */

static enum rc
values_of(struct draft_letter *l, const struct delivery *x, const struct agent *a,
    bool whole, json_t **values, struct err *err)
{
	struct ticket *t = NULL;
	struct event *root = NULL;
	enum rc rc = ticket_get(l->w->d->store, l->ctx, x->ticket, &t, err);

	if (rc == RC_OK)
		rc = root_of(l, x->event, &root, err);
	if (rc == RC_OK)
		rc = texts_values(l->ctx, l->w->d, t, a, values, err);
	if (rc != RC_OK)
		return rc;
	json_object_set_new(
	    *values, "notice", json_pack("{s:s}", "why", why(l->ctx, root, x->rule)));
	if (whole)
		rc = add_message(l, root->id, *values, err);
	if (rc != RC_OK) {
		json_decref(*values);
		*values = NULL;
	}
	return rc;
}

static enum rc
one(struct draft_letter *l, const struct agent *a, json_t **values, struct err *err)
{
	enum rc rc = values_of(l, l->of, a, true, values, err);

	if (rc != RC_OK)
		return rc;
	l->o.subject = letter_subject(l, false);
	l->o.reply_to = token_agent_address(l->ctx, &l->w->keys, l->box, l->t, a->name);
	return letter_thread(l, l->of->event, err);
}

static enum rc
many(struct draft_letter *l, const struct agent *a, struct delivery *const *v, size_t n,
    json_t **values, struct err *err)
{
	json_t *list = json_array();
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		json_t *o = NULL;

		rc = values_of(l, v[i], a, false, &o, err);
		/* A ticket that was purged meanwhile is no news. */
		if (rc == RC_NOTFOUND)
			rc = RC_OK;
		if (o != NULL)
			json_array_append_new(list, o);
	}
	*values = json_pack("{s:{s:I},s:{s:s},s:o}", "notice", "count",
	    (json_int_t)json_array_size(list), "agent", "name", a->full_name, "notices",
	    list);
	l->o.subject = talloc_asprintf(
	    l->ctx, "[%s] %zu notices", l->w->d->config->name, json_array_size(list));
	return rc;
}

/* ---- the letter ---- */

static void
list_headers(struct draft_letter *l, const struct agent *a)
{
	const char *domain = strrchr(l->box->address, '@') + 1;

	letter_header(l, "Auto-Submitted", "auto-generated");
	letter_header(l, "X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply");
	letter_header(
	    l, "List-Id", talloc_asprintf(l->ctx, "<%s.%s>", l->t->queue, domain));
	letter_header(l, "List-Unsubscribe",
	    talloc_asprintf(l->ctx, "<mailto:%s?subject=unsubscribe%%20%s>",
		l->box->address, a->name));
}

enum rc
letter_notice(struct draft_letter *l, struct delivery *const *v, size_t n,
    const char **to, struct err *err)
{
	const struct agent *a = config_agent(l->w->d->config, l->of->target);
	struct person_address *who = talloc_zero(l->ctx, struct person_address);
	struct canned c;
	json_t *values = NULL;
	char *text = NULL;
	enum rc rc;

	if (a == NULL || *a->email == '\0')
		return err_fail(
		    err, RC_INVALID, "agent \"%s\" has no mail address", l->of->target);
	rc = n == 1 ? one(l, a, &values, err) : many(l, a, v, n, &values, err);
	if (rc == RC_OK)
		rc = texts_template(
		    l->w->texts, n == 1 ? "notice" : "digest", NULL, &c, err);
	if (rc == RC_OK)
		rc = texts_fill(l->ctx, &c, values, false, &text, err);
	json_decref(values);
	if (rc != RC_OK)
		return rc;
	*who = (struct person_address){a->full_name, "email", a->email};
	l->o.to = who;
	l->o.nto = 1;
	l->o.text = text;
	l->o.date = desk_now(l->w->d);
	list_headers(l, a);
	*to = a->email;
	return RC_OK;
}
