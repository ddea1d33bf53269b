/* Talks with bots as rows, and turns as transactions. */
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/bot.h"
#include "chat/bot.h"
#include "chat/talk_priv.h"
#include "kb/search.h"

enum { QUIET_AT_ONCE = 50 };

/* ---- rows ---- */

SQL(sql_bot_get, "SELECT bot, state FROM bot_talk WHERE via = ?1 AND key = ?2 "
		 "AND kind = ?3 AND address = ?4");
SQL(sql_bot_put,
    "INSERT INTO bot_talk (via, key, kind, address, name, bot, state, waits, heard_at, "
    "last_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (via, key) DO "
    "UPDATE SET "
    "kind = excluded.kind, address = excluded.address, name = excluded.name, "
    "bot = excluded.bot, state = excluded.state, waits = excluded.waits, "
    "heard_at = excluded.heard_at, last_id = excluded.last_id");
SQL(sql_bot_drop, "DELETE FROM bot_talk WHERE via = ?1 AND key = ?2");
SQL(sql_bot_quiet, "SELECT key, kind, address, name, state FROM bot_talk "
		   "WHERE via = ?1 AND heard_at < ?2 ORDER BY heard_at LIMIT ?3");

static enum rc
read_talk(struct desk *d, void *ctx, const char *via, const char *key,
    const struct person_address *who, struct bot_talk **t, struct err *err)
{
	struct stmt *st;
	json_t *o = NULL;
	enum rc rc = store_prepare(d->store, sql_bot_get, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	bind_text(st, 2, key);
	bind_text(st, 3, who->kind);
	bind_text(st, 4, who->value);
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		o = json_loads(col_text(st, 1), 0, NULL);
		rc = bot_talk_from_json(ctx, o, t, err);
		json_decref(o);
	}
	stmt_done(st);
	return rc;
}

static enum rc
put_talk(struct store *s, const char *via, const char *key,
    const struct person_address *who, const char *bot, const struct bot_talk *t,
    const char *last_id, int64_t at, struct err *err)
{
	json_t *o = bot_talk_to_json(t);
	char *state = record_canonical(NULL, o);
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_bot_put, &st, err);

	json_decref(o);
	if (rc == RC_OK) {
		bind_text(st, 1, via);
		bind_text(st, 2, key);
		bind_text(st, 3, who->kind);
		bind_text(st, 4, who->value);
		bind_text(st, 5, who->name);
		bind_text(st, 6, bot);
		bind_text(st, 7, state);
		bind_int(st, 8, bot_talk_waits(t));
		bind_int(st, 9, at);
		bind_text(st, 10, last_id);
		rc = stmt_run(st, err);
	}
	talloc_free(state);
	return rc;
}

static enum rc
drop_talk(struct store *s, const char *via, const char *key, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_bot_drop, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, via);
	bind_text(st, 2, key);
	return stmt_run(st, err);
}

/* ---- is it for the bot? ---- */

enum rc
bot_listens(struct desk *d, void *ctx, const char *via, const struct bot *b,
    const struct heard *h, struct bot_talk **t, struct err *err)
{
	struct person_address who;
	struct conversation *c = NULL;
	struct ticket *k = NULL;
	bool open, same;
	enum rc rc;

	/* What was taken back is no question, nor is nothing. */
	if (b == NULL || h->what == HEARD_DELETE || h->text == NULL ||
	    (h->nfiles == 0 && strspn(h->text, " \t\r\n") == h->ntext))
		return RC_NONE;
	who = talk_from(ctx, h);
	rc = conversation_find(d->store, ctx, via, h->conversation, &c, err);
	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	open = rc == RC_OK && c->closed_at == INSTANT_NONE;
	same = rc == RC_OK && strcmp(c->kind, who.kind) == 0 &&
	       strcmp(c->address, who.value) == 0;
	if (open && same)
		return RC_NONE;
	/* One that waits for a person still goes on with that. */
	rc = same ? ticket_get(d->store, ctx, c->ticket, &k, err) : RC_NONE;
	if (rc == RC_OK && k->phase < PHASE_RESOLVED)
		return RC_NONE;
	if (rc != RC_OK && rc != RC_NONE && rc != RC_NOTFOUND)
		return rc;
	rc = read_talk(d, ctx, via, h->conversation, &who, t, err);
	if (rc != RC_NONE)
		return rc;
	*t = bot_talk_new(ctx);
	return RC_OK;
}

/* ---- keeping a turn ---- */

struct keeping {
	struct talk *talk;
	void *ctx;
	struct change_tx *tx;
	const struct bot *b; /* NULL: there is none any more */
	const struct heard *h;
	const struct bot_talk *t;
	const struct bot_turn *turn;
	struct filed *f;
	struct heard asked; /* what becomes the ticket, when it is handed over */
	struct line *line;
};

static enum rc
said(struct keeping *k, struct err *err)
{
	struct bot_words w = {.bot = k->b ? k->b->name : "",
	    .did = k->turn->did,
	    .via = talk_via(k->talk),
	    .key = k->h->conversation,
	    .who = talk_from(k->ctx, k->h),
	    .article = k->turn->voted		   ? k->turn->vote.article
		       : k->t->phase == BOT_OFFERS ? k->t->offers[0].id
						   : NULL,
	    .says = k->turn->says,
	    .nsays = k->turn->nsays};

	return change_bot(k->tx, &w, err);
}

/* What they asked, or when they asked nothing all that they said. */
static char *
words_of(void *ctx, const struct bot_talk *t)
{
	struct buf b = {.ctx = ctx};

	for (size_t i = 0; i < t->nquestions; i++)
		buf_printf(&b, "%s%s", i ? "\n" : "", t->questions[i]);
	for (size_t i = 0; t->nquestions == 0 && i < t->nsaid; i++) {
		if (!t->said[i].ours)
			buf_printf(&b, "%s%s", b.n ? "\n" : "", t->said[i].text);
	}
	buf_char(&b, '\0');
	return b.s;
}

/* Before the transaction: that becomes the first message of the ticket. */
static enum rc
prepare(struct keeping *k, struct err *err)
{
	k->asked = *k->h;
	k->asked.what = HEARD_MESSAGE;
	k->asked.text = words_of(k->ctx, k->t);
	k->asked.ntext = strlen(k->asked.text);
	return talk_line(k->talk, k->ctx, &k->asked, &k->line, err);
}

/* How the talk went is a note. */
static enum rc
hand_over(struct keeping *k, struct err *err)
{
	struct desk *d = talk_desk(k->talk);
	struct handed over = {0};
	const char *name = k->h->name && *k->h->name ? k->h->name : k->h->address;
	enum rc rc = bot_changes(k->ctx, d->config, k->b, k->t, &over.changes, err);

	over.note = bot_transcript(k->ctx, d->config, k->t, name);
	if (rc == RC_OK)
		rc = talk_hand(k->line, k->tx, &over, k->f, err);
	return rc == RC_OK
		   ? drop_talk(d->store, talk_via(k->talk), k->h->conversation, err)
		   : rc;
}

static enum rc
keep(struct keeping *k, struct err *err)
{
	struct desk *d = talk_desk(k->talk);
	struct person_address who = talk_from(k->ctx, k->h);
	enum rc rc = RC_OK;

	if (k->turn->hand)
		rc = hand_over(k, err);
	else
		rc = put_talk(d->store, talk_via(k->talk), k->h->conversation, &who,
		    k->b->name, k->t, k->h->id, change_at(k->tx), err);
	if (rc == RC_OK)
		rc = said(k, err);
	if (rc == RC_OK && k->turn->voted)
		rc = vote_put(d, &k->turn->vote, err);
	if (rc == RC_OK && k->turn->missed != NULL)
		rc = kb_miss_put(d, k->turn->missed, err);
	return rc;
}

static enum rc
keep_once(void *arg, struct err *err)
{
	struct keeping *k = arg;
	struct store *s = talk_desk(k->talk)->store;
	enum rc rc = talk_new_to_us(k->talk, k->ctx, k->h, k->f, err);

	if (rc != RC_OK || k->f->outcome == TALK_DUPLICATE ||
	    k->f->outcome == TALK_REFUSED)
		return rc;
	k->f->outcome = TALK_KEPT;
	rc = keep(k, err);
	if (rc == RC_OK && k->h->id != NULL)
		rc = bot_heard_add(s, talk_via(k->talk), k->h->id, change_at(k->tx), err);
	return rc;
}

enum rc
bot_file(struct talk *talk, void *ctx, const struct bot *b, const struct heard *h,
    const struct bot_talk *t, const struct bot_turn *turn, struct filed *out,
    struct err *err)
{
	struct keeping k = {
	    .talk = talk, .ctx = ctx, .b = b, .h = h, .t = t, .turn = turn, .f = out};
	struct change_tx *tx = NULL;
	enum rc rc = turn->hand ? prepare(&k, err) : RC_OK;

	*out = (struct filed){0};
	if (rc == RC_OK)
		rc = change_begin(ctx, talk_desk(talk), 0, &tx, err);
	k.tx = tx;
	if (rc == RC_OK)
		rc = keep_once(&k, err);
	if (tx != NULL && rc == RC_OK)
		rc = change_commit(tx, err);
	else if (tx != NULL)
		change_abort(tx);
	return rc;
}

/* ---- a line, from beginning to end ---- */

static json_t *
propose_now(void *ctx, struct desk *d, const struct bot *b, const struct bot_talk *t,
    const struct bot_line *l)
{
	struct proposing *p = NULL;
	const char *why = NULL;
	struct err bad;

	if (bot_propose(ctx, d, b, t, l, &p, &bad) != RC_OK)
		return NULL;
	while (!process_step(p->going)) {
		struct pollfd v[2];
		int64_t now = now_ms(), until = INT64_MAX;

		process_wait(p->going, v, &until);
		poll(v, 2, until > now ? (int)(until - now) : 0);
	}
	return bot_proposed(ctx, p, &why);
}

enum rc
bot_hear(struct talk *talk, void *ctx, struct desk *kb, const struct bot *b,
    const struct heard *h, struct filed *out, struct err *err)
{
	struct desk *d = talk_desk(talk);
	struct bot_talk *t = NULL;
	struct bot_line l = bot_line_of(ctx, d, h);
	struct bot_turn turn = {0};
	enum rc rc = bot_listens(d, ctx, talk_via(talk), b, h, &t, err);

	l.kb = kb;
	if (rc == RC_OK)
		rc = bot_decide(ctx, d, b, t, h, &l, &turn, err);
	if (rc == RC_OK && turn.propose) {
		l.asked = true;
		l.proposal = propose_now(ctx, kb, b, t, &l);
		rc = bot_decide(ctx, d, b, t, h, &l, &turn, err);
	}
	if (rc == RC_OK)
		rc = bot_file(talk, ctx, b, h, t, &turn, out, err);
	json_decref(l.proposal);
	return rc;
}

/* ---- the end ---- */

struct quiet {
	struct heard h;
	struct bot_talk *t;
};

static enum rc
read_quiet(struct desk *d, void *ctx, const char *via, int64_t before, struct quiet **v,
    size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(d->store, sql_bot_quiet, &st, err);

	if (rc != RC_OK)
		return rc;
	*v = mem_array(ctx, struct quiet, QUIET_AT_ONCE);
	bind_text(st, 1, via);
	bind_int(st, 2, before);
	bind_int(st, 3, QUIET_AT_ONCE);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct quiet *q = &(*v)[*n];
		json_t *o = json_loads(col_text(st, 4), 0, NULL);

		q->h = (struct heard){.conversation = col_strdup(ctx, st, 0),
		    .kind = col_strdup(ctx, st, 1),
		    .address = col_strdup(ctx, st, 2),
		    .name = col_strdup(ctx, st, 3),
		    .text = " ",
		    .ntext = 1,
		    .at = INSTANT_NONE};
		rc = bot_talk_from_json(ctx, o, &q->t, err);
		json_decref(o);
		if (rc != RC_OK)
			break;
		(*n)++;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
end_one(
    struct talk *talk, void *ctx, const struct bot *b, struct quiet *q, struct err *err)
{
	struct bot_turn turn = {.did = "handed", .hand = true};
	struct filed f = {0};
	struct store *s = talk_desk(talk)->store;
	enum rc rc;

	if (bot_talk_waits(q->t))
		return bot_file(talk, ctx, b, &q->h, q->t, &turn, &f, err);
	rc = store_write(s, err);
	if (rc == RC_OK)
		rc = drop_talk(s, talk_via(talk), q->h.conversation, err);
	if (rc == RC_OK)
		return store_commit(s, err);
	store_rollback(s);
	return rc;
}

enum rc
bot_end_quiet(struct talk *talk, struct desk *d, const char *via, const struct bot *b,
    int64_t before, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct quiet *v = NULL;
	size_t n = 0;
	enum rc rc = read_quiet(d, ctx, via, b ? before : desk_now(d) + 1, &v, &n, err);

	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = end_one(talk, ctx, b, &v[i], err);
	talloc_free(ctx);
	return rc;
}
