/* Agents who work from a chat. */
#include "chat/agents.h"

#include <string.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/text.h"
#include "change/compose.h"
#include "query/query.h"

enum { SAID_MAX = 300, SHOWN_MAX = 3 };

struct command {
	struct desk *d;
	void *ctx;
	const char *via;
	const struct heard *h;
	const char *word, *rest; /* "reply", "42 text" */
	struct filed *f;
	struct buf out;
};

const struct agent *
agents_find(const struct config *c, const struct heard *h)
{
	char *name;

	if (!h->proven)
		return NULL;
	name = text_lower(talloc_asprintf(NULL, "%s:%s", h->kind, h->address));
	for (size_t i = 0; i < c->nagents; i++) {
		if (word_index(c->agents[i].chat, name) >= 0) {
			talloc_free(name);
			return &c->agents[i];
		}
	}
	talloc_free(name);
	return NULL;
}

bool
agents_is_command(const struct heard *h)
{
	return h->what == HEARD_MESSAGE && h->text != NULL && h->text[0] == '!' &&
	       h->text[1] >= 'a' && h->text[1] <= 'z';
}

/* ---- reading ---- */

static void
one_line(struct command *c, const struct ticket *t)
{
	buf_printf(&c->out, "#%lld %s %s %s %s: %s\n", (long long)t->id, t->status,
	    priority_names[t->priority], t->queue, *t->assignee ? t->assignee : "nobody",
	    t->subject);
}

static enum rc
list_one(void *arg, struct ticket *t, struct err *err)
{
	(void)err;
	one_line(arg, t);
	return RC_OK;
}

static enum rc
do_list(struct command *c, struct err *err)
{
	struct query_list l = {.limit = AGENTS_LIST_MAX};
	char *words =
	    talloc_strdup(c->ctx, *c->rest ? c->rest : "assignee:me phase:open");
	struct node *tree = NULL;
	enum rc rc = actor_need(&c->d->actor, "ticket.read", err);

	if (rc == RC_OK)
		rc = query_user(c->d, c->ctx, 1, &words, NULL, &tree, err);
	if (rc == RC_OK)
		rc = query_each(c->d, tree, &l, list_one, c, err);
	if (rc == RC_OK && c->out.n == 0)
		buf_add(&c->out, "no tickets");
	return rc;
}

/* The number at the beginning of the words; what follows it in *text. */
static enum rc
number(struct command *c, int64_t *id, const char **text, struct err *err)
{
	const char *s = c->rest + (*c->rest == '#');
	size_t n = strspn(s, "0123456789");

	*text = s + n + strspn(s + n, " ");
	if (n == 0 || !text_number(talloc_strndup(c->ctx, s, n), id))
		return err_fail(
		    err, RC_USAGE, "!%s which ticket? !%s 42", c->word, c->word);
	return RC_OK;
}

struct shown {
	struct command *c;
	const char *lines[SHOWN_MAX];
	size_t n;
};

/* The last ones that customers may read: not everybody in a room is an agent, and notes
 * never leave. */
static enum rc
show_one(void *arg, struct message *m, struct err *err)
{
	struct shown *s = arg;
	size_t n = text_prefix(m->body, SAID_MAX);
	char *body;

	(void)err;
	if (strcmp(m->kind, "reply") != 0)
		return RC_OK;
	body = text_clean(s->c->ctx, m->body, n, TEXT_LINE, SAID_MAX);
	s->lines[s->n++ % SHOWN_MAX] = talloc_asprintf(s->c->ctx, "%s %s%s",
	    strcmp(m->direction, "in") == 0 ? "<" : ">", body, m->body[n] ? "…" : "");
	return RC_OK;
}

static enum rc
do_show(struct command *c, struct err *err)
{
	struct shown s = {.c = c};
	struct ticket *t = NULL;
	const char *rest;
	int64_t id = 0;
	enum rc rc = actor_need(&c->d->actor, "ticket.read", err);

	if (rc == RC_OK)
		rc = number(c, &id, &rest, err);
	if (rc == RC_OK)
		rc = ticket_get(c->d->store, c->ctx, id, &t, err);
	if (rc == RC_OK)
		rc = actor_need_queue(&c->d->actor, t->queue, err);
	if (rc == RC_OK)
		rc = message_each(c->d->store, id, show_one, &s, err);
	if (rc != RC_OK)
		return rc;
	one_line(c, t);
	for (size_t i = s.n > SHOWN_MAX ? s.n - SHOWN_MAX : 0; i < s.n; i++)
		buf_printf(&c->out, "%s\n", s.lines[i % SHOWN_MAX]);
	return RC_OK;
}

/* ---- changing ---- */

static enum rc
edit(struct command *c, struct change_tx *tx, struct edit *e, struct err *err)
{
	struct change_result r;
	struct heard_id id;
	enum rc rc = change_edit(tx, &c->d->actor, e, &r, err);

	if (rc != RC_OK)
		return rc;
	id = (struct heard_id){r.ticket, r.message ? r.message : r.event};
	c->f->ticket = r.ticket;
	c->f->message = r.message;
	if (c->h->id != NULL)
		rc = heard_add(c->d->store, c->via, c->h->id, &id, change_at(tx), err);
	one_line(c, r.after);
	return rc;
}

static enum rc
change(struct command *c, struct edit *e, struct err *err)
{
	struct change_tx *tx = NULL;
	enum rc rc = change_begin(c->ctx, c->d, 0, &tx, err);

	if (rc == RC_OK)
		rc = edit(c, tx, e, err);
	if (tx != NULL && rc == RC_OK)
		return change_commit(tx, err);
	if (tx != NULL)
		change_abort(tx);
	return rc;
}

static enum rc
do_set(struct command *c, struct err *err)
{
	struct changes changes = {0};
	struct edit e = {.changes = &changes};
	const char *words;
	enum rc rc = number(c, &e.ticket, &words, err);

	if (rc == RC_OK && strcmp(c->word, "take") == 0)
		words = "assignee=me";
	if (rc == RC_OK)
		rc = changes_parse(c->ctx, words, c->d->config, &changes, err);
	if (rc == RC_OK && changes.n == 0)
		rc = err_fail(err, RC_USAGE, "!set 42 what? !set 42 priority=high");
	return rc == RC_OK ? change(c, &e, err) : rc;
}

/* Nobody takes a ticket from somebody else by this. */
static enum rc
do_take(struct command *c, struct err *err)
{
	struct ticket *t = NULL;
	const char *rest;
	int64_t id = 0;
	enum rc rc = number(c, &id, &rest, err);

	if (rc == RC_OK)
		rc = ticket_get(c->d->store, c->ctx, id, &t, err);
	if (rc == RC_OK && *t->assignee != '\0' &&
	    strcmp(t->assignee, c->d->actor.name) != 0)
		rc = err_fail(err, RC_INVALID, "ticket %lld: %s has it", (long long)id,
		    t->assignee);
	return rc == RC_OK ? do_set(c, err) : rc;
}

static enum rc
do_say(struct command *c, struct err *err)
{
	bool reply = strcmp(c->word, "reply") == 0;
	const struct agent *a = c->d->actor.agent;
	struct message m = {.kind = reply ? "reply" : "note",
	    .direction = "out",
	    .channel = "chat",
	    .class = "human",
	    .author = actor_print(c->ctx, &c->d->actor),
	    .author_address = a->email,
	    .created_at = desk_now(c->d)};
	struct edit e = {.message = &m};
	const char *text;
	enum rc rc = number(c, &e.ticket, &text, err);

	if (rc == RC_OK && *text == '\0')
		rc = err_fail(err, RC_USAGE, "!%s 42 what?", c->word);
	if (rc == RC_OK)
		rc = compose_body(c->d->store, c->ctx, &m, text, strlen(text), err);
	return rc == RC_OK ? change(c, &e, err) : rc;
}

static enum rc
do_help(struct command *c, struct err *err)
{
	(void)err;
	buf_add(&c->out,
	    "!list [query], !show 42, !take 42, !reply 42 text, !note 42 text, "
	    "!set 42 priority=high");
	return RC_OK;
}

/* ---- which ---- */

static const struct {
	const char *word;
	enum rc (*run)(struct command *c, struct err *err);
} commands[] = {{"list", do_list}, {"show", do_show}, {"take", do_take},
    {"reply", do_say}, {"note", do_say}, {"set", do_set}, {"help", do_help}};

static enum rc
dispatch(struct command *c, struct err *err)
{
	const char **names = NULL;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].word, c->word) == 0)
			return commands[i].run(c, err);
		text_push(c->ctx, &names, &n, commands[i].word);
	}
	return err_fail(err, RC_USAGE, "!%s: no such command%s", c->word,
	    text_hint(c->ctx, c->word, names));
}

/* A mark below the place in a query is no use in a chat: its first line is. */
static const char *
first_line(void *ctx, const struct err *err)
{
	return talloc_strndup(ctx, err->text, strcspn(err->text, "\n"));
}

static bool
is_theirs(enum rc rc)
{
	return rc != RC_BUSY && rc != RC_IO && rc != RC_BUG;
}

enum rc
agents_do(struct desk *d, void *ctx, const char *via, const struct agent *a,
    const struct heard *h, struct filed *f, char **answer, struct err *err)
{
	struct actor was = d->actor;
	struct command c = {
	    .d = d, .ctx = ctx, .via = via, .h = h, .f = f, .out = {.ctx = ctx}};
	char *line = text_clean(ctx, h->text, h->ntext, TEXT_BLOCK, BODY_MAX);
	size_t n = strcspn(line + 1, " ");
	struct heard_id id = {0};
	struct err bad;
	enum rc rc = h->id ? heard_find(d->store, via, h->id, &id, err) : RC_NONE;

	*f = (struct filed){.outcome = TALK_APPENDED};
	*answer = NULL;
	if (rc == RC_OK) {
		*f = (struct filed){TALK_DUPLICATE, id.ticket, id.message, .why = NULL};
		return RC_OK;
	}
	if (rc != RC_NONE)
		return rc;
	c.word = talloc_strndup(ctx, line + 1, n);
	c.rest = line + 1 + n + strspn(line + 1 + n, " ");
	d->actor = (struct actor){.kind = ACTOR_AGENT,
	    .name = a->name,
	    .agent = a,
	    .role = config_role(d->config, a->role)};
	rc = dispatch(&c, &bad);
	d->actor = was;
	if (rc != RC_OK && !is_theirs(rc)) {
		*err = bad;
		return rc;
	}
	*answer = rc == RC_OK ? text_clean(ctx, buf_text(&c.out), c.out.n, TEXT_BLOCK,
				    AGENTS_ANSWER_MAX)
			      : talloc_strdup(ctx, first_line(ctx, &bad));
	return RC_OK;
}

/* ---- news ---- */

SQL(sql_agents_action, "SELECT action, changes FROM event WHERE id = ?1");

enum rc
agents_news(
    struct desk *d, void *ctx, const struct delivery *x, char **text, struct err *err)
{
	struct command c = {.d = d, .ctx = ctx, .out = {.ctx = ctx}};
	struct ticket *t = NULL;
	struct stmt *st;
	char *action = NULL;
	enum rc rc = ticket_get(d->store, ctx, x->ticket, &t, err);

	if (rc == RC_OK)
		rc = store_prepare(d->store, sql_agents_action, &st, err);
	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, x->event);
	rc = stmt_step(st, err);
	action = rc == RC_OK ? col_strdup(ctx, st, 0) : NULL;
	stmt_done(st);
	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	buf_add(&c.out,
	    action && strcmp(action, "sla.breached") == 0 ? "breached: " : "new: ");
	one_line(&c, t);
	*text =
	    text_clean(ctx, buf_text(&c.out), c.out.n - 1, TEXT_BLOCK, AGENTS_ANSWER_MAX);
	return RC_OK;
}
