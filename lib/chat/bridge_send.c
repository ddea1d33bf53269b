/* Handing deliveries to a channel, and what became of them. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/text.h"
#include "chat/agents.h"
#include "chat/bridge_priv.h"

/* ---- what was sent ---- */

static struct sending *
find_sending(struct bridge_run *b, const char *id)
{
	for (size_t i = 0; i < b->nsending; i++) {
		if (strcmp(b->sending[i].s.id, id) == 0)
			return &b->sending[i];
	}
	return NULL;
}

static void
forget_sending(struct bridge_run *b, struct sending *s)
{
	talloc_free(s->ctx);
	*s = b->sending[--b->nsending];
}

/* Kept at once; what cannot be kept now (a store that is busy) is sent again later, with
 * the same id. */
static void
settled(struct bridge_run *b, struct sending *s, enum rc rc, struct err *err)
{
	if (rc == RC_OK)
		rc = driver_print(b->env, s->x, err);
	if (rc != RC_OK)
		bridge_log(b, "delivery %s: %s", s->s.id, err->text);
	fflush(b->env->out->to);
	forget_sending(b, s);
	b->rung = true;
}

void
bridge_delivered(struct bridge_run *b, const char *id)
{
	struct sending *s = find_sending(b, id);
	struct err err;
	enum rc rc;

	if (s == NULL)
		return;
	rc = outbox_sent(b->d, s->x, &err);
	if (rc == RC_OK)
		rc = talk_spoke(b->talk, s->x->target, &err);
	settled(b, s, rc, &err);
}

void
bridge_not_delivered(struct bridge_run *b, const char *id, const char *why, bool never)
{
	struct sending *s = find_sending(b, id);
	struct err err;
	bool failed;
	char *clean;

	if (s == NULL)
		return;
	clean = text_clean(s->ctx, why, strlen(why), TEXT_LINE, 500);
	settled(b, s,
	    never ? outbox_failed(b->d, s->x, NULL, clean, &err)
		  : outbox_later(b->d, s->x, clean, &failed, &err),
	    &err);
}

void
bridge_try_later(struct bridge_run *b, const char *id)
{
	struct sending *s = find_sending(b, id);
	struct err err;

	if (s == NULL)
		return;
	if (outbox_return(b->d, &s->x, 1, &err) != RC_OK)
		bridge_log(b, "delivery %s: %s", s->s.id, err.text);
	forget_sending(b, s);
	b->rung = true;
}

void
bridge_target_gone(struct bridge_run *b, const char *name, const char *why)
{
	size_t n = strlen(name);

	for (size_t i = b->nsending; i > 0; i--) {
		const struct said *s = &b->sending[i - 1].s;

		if (strncmp(s->conversation, name, n) == 0 &&
		    (s->conversation[n] == '\0' || s->conversation[n] == ' '))
			bridge_not_delivered(b, s->id, why, true);
	}
}

/* The channel is gone: what it had not answered is due again. */
void
bridge_take_back(struct bridge_run *b)
{
	struct err err;

	while (b->nsending > 0) {
		struct sending *s = &b->sending[0];

		if (outbox_again(b->d, s->x, &err) != RC_OK)
			bridge_log(b, "delivery %s: %s", s->s.id, err.text);
		forget_sending(b, s);
	}
}

/* ---- sending ---- */

/* The name of whom a conversation is with, NULL when it is not known. */
static enum rc
name_of(struct bridge_run *b, struct sending *s, const char **name, struct err *err)
{
	struct store *store = b->d->store;
	struct conversation *c = NULL;
	struct person p = {0};
	int64_t id = 0;
	enum rc rc = conversation_find(store, s->ctx, b->via, s->x->target, &c, err);

	*name = NULL;
	if (rc == RC_OK)
		s->s.address = c->address;
	if (rc == RC_OK)
		rc = customer_find(store, c->kind, c->address, &id, err);
	if (rc == RC_OK)
		rc = customer_get(store, s->ctx, id, &p, err);
	if (rc == RC_OK && p.name != NULL && *p.name != '\0')
		*name = p.name;
	return rc == RC_NONE || rc == RC_NOTFOUND ? RC_OK : rc;
}

/* What was said last to us in a conversation, by the channel's id: in its ticket, or to a
 * bot. What tells of something else (an edit) has an id with a blank. */
SQL(sql_reply_to,
    "SELECT m.external_id, c.address FROM conversation c CROSS JOIN ticket t ON t.id = "
    "c.ticket "
    "CROSS JOIN message m ON m.ticket = coalesce(t.merged_into, t.id) "
    "WHERE c.via = ?1 AND c.key = ?2 AND m.direction = 'in' "
    "AND instr(coalesce(m.external_id, ' '), ' ') = 0 "
    "AND EXISTS (SELECT 1 FROM heard h WHERE h.via = ?1 AND h.id = m.external_id "
    "UNION ALL SELECT 1 FROM bot_heard b WHERE b.via = ?1 AND b.id = m.external_id) "
    "ORDER BY m.id DESC LIMIT 1");
SQL(sql_reply_to_bot,
    "SELECT last_id, address FROM bot_talk WHERE via = ?1 AND key = ?2");

static enum rc
find_reply_to(struct bridge_run *b, struct sending *s, const char *sql, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(b->d->store, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, b->via);
	bind_text(st, 2, s->x->target);
	rc = stmt_step(st, err);
	if (rc == RC_OK && !col_null(st, 0))
		s->s.reply_to = col_strdup(s->ctx, st, 0);
	if (rc == RC_OK && !col_null(st, 1))
		s->s.address = col_strdup(s->ctx, st, 1);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

SQL(sql_event_at, "SELECT at FROM event WHERE id = ?1");

static enum rc
event_at(struct store *store, int64_t event, int64_t *at, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(store, sql_event_at, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, event);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*at = col_int(st, 0);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
compose(struct bridge_run *b, struct sending *s, struct err *err)
{
	static const struct message nothing = {0};
	struct message *m = NULL;
	const struct agent *a;
	char *news = NULL;
	enum rc rc;

	s->s.id = talloc_asprintf(
	    s->ctx, "%lld.%lld", (long long)s->x->event, (long long)s->x->n);
	if (strcmp(s->x->kind, "announce") == 0) {
		rc = agents_news(b->d, s->ctx, s->x, &news, err);
		s->s = (struct said){.id = s->s.id,
		    .conversation = s->x->target,
		    .text = news,
		    .name = b->d->config->name,
		    .message = &nothing};
		return rc;
	}
	if (strcmp(s->x->kind, "bot") == 0) {
		s->s = (struct said){.id = s->s.id,
		    .conversation = s->x->target,
		    .text = s->x->text ? s->x->text : "",
		    .name = b->d->config->name,
		    .message = &nothing,
		    .again = s->x->attempts > 0};
		rc = event_at(b->d->store, s->x->event, &s->s.at, err);
		if (rc == RC_OK)
			rc = find_reply_to(b, s, sql_reply_to_bot, err);
		return rc == RC_OK && s->s.reply_to == NULL
			   ? find_reply_to(b, s, sql_reply_to, err)
			   : rc;
	}
	rc = message_get(b->d->store, s->ctx, s->x->event, &m, err);
	if (rc != RC_OK)
		return rc;
	/* Whatever else goes wrong: an internal note never leaves. */
	if (strcmp(m->kind, "reply") != 0)
		return err_fail(
		    err, RC_INVALID, "message %lld is internal", (long long)m->id);
	a = text_starts(m->author, "agent:")
		? config_agent(b->d->config, m->author + strlen("agent:"))
		: NULL;
	s->s = (struct said){.id = s->s.id,
	    .conversation = s->x->target,
	    .text = m->body,
	    .at = m->created_at,
	    .name = a && *a->full_name ? a->full_name : b->d->config->name,
	    .message = m,
	    .again = s->x->attempts > 0};
	rc = find_reply_to(b, s, sql_reply_to, err);
	return rc == RC_OK ? name_of(b, s, &s->s.who, err) : rc;
}

static enum rc
send_one(struct bridge_run *b, struct delivery *x, struct err *err)
{
	struct sending *s = &b->sending[b->nsending];
	struct err bad;
	enum rc rc;

	*s = (struct sending){.ctx = talloc_new(b), .since = now_ms()};
	s->x = talloc_reparent(talloc_parent(x), s->ctx, x);
	rc = compose(b, s, &bad);
	if (rc == RC_INVALID || rc == RC_NOTFOUND) {
		rc = outbox_failed(b->d, x, NULL, bad.text, err);
		talloc_free(s->ctx);
		return rc;
	}
	if (rc != RC_OK) {
		talloc_free(s->ctx);
		*err = bad;
		return rc;
	}
	b->nsending++;
	if (strcmp(x->kind, "announce") == 0 && !bridge_may_announce(b)) {
		b->unsaid++;
		bridge_delivered(b, s->s.id);
		return RC_OK;
	}
	rc = b->want->channel->send(b->self, &s->s, &bad);
	if (rc != RC_OK)
		bridge_lost(b, &bad);
	return RC_OK;
}

enum rc
bridge_send_due(struct bridge_run *b, struct err *err)
{
	size_t max = BRIDGE_SENDING_MAX - b->nsending, n = 0;
	struct delivery **v = NULL;
	void *ctx = talloc_new(b);
	struct err bad;
	enum rc rc = outbox_lease(b->d, ctx, b->via, max, &v, &n, err);

	size_t i = 0;

	b->rung = rc == RC_OK && n == max;
	while (rc == RC_OK && i < n && b->self != NULL)
		rc = send_one(b, v[i++], err);
	/* What was not begun, others may have, or we next time. */
	if (i < n && outbox_return(b->d, v + i, n - i, &bad) != RC_OK && rc == RC_OK) {
		*err = bad;
		rc = bad.rc;
	}
	talloc_free(ctx);
	return rc;
}

void
bridge_late_answers(struct bridge_run *b)
{
	int64_t now = now_ms();
	struct err err;

	for (size_t i = 0; i < b->nsending; i++) {
		if (now - b->sending[i].since <= BRIDGE_ANSWER_MS)
			continue;
		err_fail(&err, RC_NET, "no answer to delivery %s", b->sending[i].s.id);
		bridge_lost(b, &err);
		return;
	}
}
