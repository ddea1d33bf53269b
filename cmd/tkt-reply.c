/* tkt-reply: answers a customer, or leaves a note for colleagues. */
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/text.h"
#include "change/bulk.h"
#include "change/compose.h"
#include "change/unsent.h"
#include "desk/cmd.h"
#include "kb/feedback.h"
#include "policy/texts.h"
#include "query/show.h"
#include "ticket/source.h"

enum { CC_MAX = 64, ARTICLES_MAX = 10 };

static struct {
	const char *message, *status, *canned, *at;
	struct opt_list files, cc, articles;
	bool note, draft, send;
	struct bulk_opts bulk;
} o;

static const struct opt opts[] = {
    {"message", 'm', OPT_TEXT, "text", "the text, instead of stdin or $EDITOR",
	&o.message, NULL},
    {"canned", 0, OPT_TEXT, "name", "a canned reply, filled in for each ticket",
	&o.canned, "@canned"},
    {"article", 0, OPT_LIST, "id",
	"add an article: title, summary, link; may be repeated", &o.articles, NULL},
    {"at", 0, OPT_TEXT, "time", "send it then, unless the customer writes first", &o.at,
	NULL},
    {"note", 0, OPT_FLAG, NULL, "for colleagues only: nothing leaves the desk", &o.note,
	NULL},
    {"status", 0, OPT_TEXT, "status", "set this status, too", &o.status,
	"open pending hold solved closed"},
    {"attach", 'a', OPT_LIST, "file", "an attachment; may be repeated", &o.files,
	"@file"},
    {"cc", 0, OPT_LIST, "address", "a new participant; may be repeated", &o.cc, NULL},
    {"draft", 0, OPT_FLAG, NULL, "keep it for later; an empty text throws it away",
	&o.draft, NULL},
    {"send", 0, OPT_FLAG, NULL, "send what --draft kept", &o.send, NULL},
    BULK_OPTS(o.bulk),
    OPTS_COMMON,
    OPTS_END,
};

/* What is to be sent, the same to every ticket. */
struct reply {
	struct cmd_env *env;
	struct message text;
	struct changes changes;
	struct person_address *cc;
	bool note;
	int64_t send_at;     /* of --at, or INSTANT_NONE */
	struct texts *texts; /* of --canned */
	bool kept;    /* the text is, or began as, the writer's draft: it ends with the
			 sending */
	int64_t seen; /* last message that the writer saw; -1: unknown */
	struct kb_article *articles; /* of --article, in the requester's language */
};

/* ---- what comes of it ---- */

SQL(sql_recipients,
    "SELECT target FROM delivery WHERE event = ?1 AND kind = 'reply' ORDER BY n");

/* Who gets it, before it is queued; and whether the writer knows all that was said. */
static enum rc
say_who(const struct reply *y, const struct change_result *r, struct err *err)
{
	struct cmd_env *env = y->env;
	char *to = talloc_strdup(env->ctx, "");
	struct stmt *st;
	int64_t newer = 0;
	enum rc rc = store_prepare(env->desk->store, sql_recipients, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, r->message);
	while ((rc = stmt_step(st, err)) == RC_OK)
		to = talloc_asprintf_append(to, "%s%s", *to ? ", " : "", col_text(st, 0));
	stmt_done(st);
	if (rc != RC_NONE)
		return rc;
	if (!y->note)
		cmd_note(env,
		    *to ? "ticket %lld: to %s" : "ticket %lld: nobody to send it to%s",
		    (long long)r->ticket, to);
	if (y->note || y->seen < 0)
		return RC_OK;
	rc = thread_answered_since(
	    env->desk->store, r->ticket, y->seen, r->message, &newer, err);
	if (rc == RC_OK && newer != 0)
		cmd_note(env,
		    "ticket %lld: the customer wrote again meanwhile (message %lld)",
		    (long long)r->ticket, (long long)newer);
	return rc;
}

static enum rc
print(const struct reply *y, const struct change_result *r, struct err *err)
{
	struct cmd_env *env = y->env;
	struct message *m = NULL;
	json_t *record = NULL;
	enum rc rc = message_get(env->desk->store, env->ctx, r->message, &m, err);

	if (rc == RC_OK && env->out->format == OUT_JSON)
		rc = message_to_json(env->desk, m, &record, err);
	if (rc != RC_OK)
		return rc;
	if (record != NULL)
		out_json(env->out, record);
	else if (env->out->format == OUT_IDS)
		out_id(env->out, r->message);
	else
		out_line(env->out, COLOR_NONE, "message %lld on ticket %lld, status %s%s",
		    (long long)r->message, (long long)r->ticket, r->after->status,
		    o.bulk.dry_run ? " (not done)" : "");
	return RC_OK;
}

/* ---- sending ---- */

static const char *
who(const struct cmd_env *env)
{
	return env->desk->actor.kind == ACTOR_AGENT ? env->desk->actor.name : "system";
}

static enum rc
send_in(struct change_tx *tx, const struct reply *y, int64_t id, struct message *m,
    struct change_result *r, struct err *err)
{
	struct edit e = {.ticket = id,
	    .changes = &y->changes,
	    .message = m,
	    .cc = y->cc,
	    .ncc = o.cc.n,
	    .confirm_cc = true};
	enum rc rc = change_edit(tx, &y->env->desk->actor, &e, r, err);

	for (size_t i = 0; rc == RC_OK && y->articles != NULL && i < o.articles.n; i++)
		rc = cite_add(
		    y->env->desk->store, r->message, &y->articles[i], change_at(tx), err);
	if (rc == RC_OK && y->kept)
		rc = unsent_drop(tx, id, who(y->env), err);
	return rc == RC_OK ? say_who(y, r, err) : rc;
}

static enum rc
reply(const struct reply *y, int64_t id, const struct expect *expect, struct err *err)
{
	struct cmd_env *env = y->env;
	struct message m = y->text;
	struct change_tx *tx = NULL;
	struct change_result r;
	const struct agent *a = env->desk->actor.agent;
	enum rc rc;

	m.kind = y->note ? "note" : "reply";
	m.direction = "out";
	m.channel = "cli";
	m.class = "human";
	m.author = actor_print(env->ctx, &env->desk->actor);
	m.author_address = a ? a->email : "";
	rc = change_begin(env->ctx, env->desk, 0, &tx, err);
	if (rc != RC_OK)
		return rc;
	change_expect(tx, expect);
	rc = send_in(tx, y, id, &m, &r, err);
	if (rc != RC_OK || o.bulk.dry_run) {
		if (rc == RC_OK)
			rc = print(y, &r, err);
		change_abort(tx);
		return rc;
	}
	rc = change_commit(tx, err);
	return rc == RC_OK ? print(y, &r, err) : rc;
}

/* ---- drafts ---- */

static enum rc
keep(struct reply *y, int64_t id, const char *body, struct err *err)
{
	struct cmd_env *env = y->env;
	const char *status = changes_value(&y->changes, "status");
	struct unsent u = {.agent = who(env),
	    .kind = y->note ? "note" : "reply",
	    .status = status ? status : "",
	    .body = body,
	    .at = desk_now(env->desk),
	    .send_at = y->send_at};
	struct ticket *t = NULL;
	enum rc rc = ticket_get(env->desk->store, env->ctx, id, &t, err);

	if (rc == RC_OK)
		rc = actor_need_queue(&env->desk->actor, t->queue, err);
	if (rc == RC_OK)
		rc = actor_need(
		    &env->desk->actor, y->note ? "ticket.note" : "ticket.reply", err);
	if (rc == RC_OK)
		rc = thread_end(env->desk->store, id, &u.seen, err);
	if (rc == RC_OK && !o.bulk.dry_run)
		rc = unsent_save(env->desk, id, &u, err);
	if (rc == RC_OK && y->send_at != INSTANT_NONE)
		cmd_note(env, "ticket %lld: kept until %s", (long long)id,
		    instant_local(env->ctx, y->send_at, desk_zone(env->desk)));
	else if (rc == RC_OK)
		cmd_note(env,
		    *body ? "ticket %lld: kept (tkt-reply --send %lld sends it)"
			  : "ticket %lld: thrown away",
		    (long long)id, (long long)id);
	return rc;
}

/* What was kept takes the place of a text. */
static enum rc
fetch_draft(struct reply *y, int64_t id, struct err *err)
{
	struct cmd_env *env = y->env;
	struct unsent u = {0};
	enum rc rc = unsent_get(env->desk->store, env->ctx, id, who(env), &u, err);

	if (rc == RC_NONE)
		return err_fail(err, RC_NOTFOUND, "ticket %lld: %s has no draft there",
		    (long long)id, who(env));
	if (rc != RC_OK)
		return rc;
	y->note = strcmp(u.kind, "note") == 0;
	y->kept = true;
	y->seen = u.seen;
	if (*u.status != '\0' && o.status == NULL)
		rc = changes_add(env->ctx, "status", CHANGE_SET, u.status,
		    env->desk->config, &y->changes, err);
	return rc == RC_OK ? compose_body(env->desk->store, env->ctx, &y->text, u.body,
				 strlen(u.body), err)
			   : rc;
}

/* ---- the text ---- */

/* What an editor starts with: the last message, quoted. */
static enum rc
quote(void *arg, struct message *m, struct err *err)
{
	char **text = arg;

	(void)err;
	if (strcmp(m->kind, "reply") != 0)
		return RC_OK;
	*text[0] = '\0';
	*text = talloc_strdup(talloc_parent(*text), "\n\n");
	for (const char *s = m->body; *s != '\0';) {
		size_t n = strcspn(s, "\n");

		*text = talloc_asprintf_append(*text, "> %.*s\n", (int)n, s);
		s += n + (s[n] == '\n');
	}
	return RC_OK;
}

/* A draft, or the last message, quoted; and how much of the thread the writer sees. */
static enum rc
starting_text(struct reply *y, int64_t id, char **start, struct err *err)
{
	struct store *s = y->env->desk->store;
	struct unsent u = {0};
	enum rc rc = unsent_get(s, y->env->ctx, id, who(y->env), &u, err);

	/* What was written for colleagues must not become an answer to a customer. */
	if (rc == RC_OK && y->note == (strcmp(u.kind, "note") == 0)) {
		*start = talloc_asprintf(y->env->ctx, "%s\n", u.body);
		y->kept = true;
		y->seen = u.seen;
		return RC_OK;
	}
	if (rc == RC_OK || rc == RC_NONE)
		rc = thread_end(s, id, &y->seen, err);
	return rc == RC_OK && !y->note ? message_each(s, id, quote, start, err) : rc;
}

static enum rc
take_text(struct reply *y, int argc, char **argv, char **body, struct err *err)
{
	struct cmd_env *env = y->env;
	char *given = NULL, *start = talloc_strdup(env->ctx, "");
	size_t n = 0;
	int64_t id;
	bool editor = o.message == NULL && argc == 1 && isatty(STDIN_FILENO) == 1;
	enum rc rc = RC_OK;

	if (editor && text_number(argv[0], &id))
		rc = starting_text(y, id, &start, err);
	if (rc == RC_OK)
		rc = compose_text(
		    env->desk, env->ctx, o.message, argc > 0, start, &given, &n, err);
	if (rc == RC_OK)
		rc = compose_body(env->desk->store, env->ctx, &y->text, given, n, err);
	*body = rc == RC_OK ? talloc_strdup(env->ctx, y->text.body) : NULL;
	if (rc == RC_OK && **body == '\0' && o.files.n == 0 && o.articles.n == 0 &&
	    !o.draft)
		rc = err_fail(err, RC_USAGE, "the text is empty: nothing was done");
	return rc == RC_OK ? compose_files(env->desk, env->ctx, &y->text, &o.files, err)
			   : rc;
}

/* What the canned reply says to this ticket, and the changes that go with it. */
static enum rc
fill_canned(struct reply *y, int64_t id, const char **body, struct err *err)
{
	struct cmd_env *env = y->env;
	struct ticket *t = NULL;
	struct person who = {0};
	struct canned c = {0};
	json_t *values = NULL;
	char *text = NULL;
	enum rc rc = ticket_get(env->desk->store, env->ctx, id, &t, err);

	if (rc == RC_OK)
		rc = customer_get(env->desk->store, env->ctx, t->requester, &who, err);
	if (rc == RC_OK)
		rc = texts_canned(y->texts, o.canned, who.language, &c, err);
	if (rc == RC_OK)
		rc = texts_values(
		    env->ctx, env->desk, t, env->desk->actor.agent, &values, err);
	if (rc == RC_OK)
		rc = texts_fill(env->ctx, &c, values, false, &text, err);
	json_decref(values);
	y->changes = (struct changes){0};
	if (rc == RC_OK && c.set != NULL)
		rc = changes_parse(env->ctx, c.set, env->desk->config, &y->changes, err);
	if (rc == RC_OK && o.status != NULL)
		rc = changes_add(env->ctx, "status", CHANGE_SET, o.status,
		    env->desk->config, &y->changes, err);
	if (rc == RC_OK)
		rc = compose_body(
		    env->desk->store, env->ctx, &y->text, text, strlen(text), err);
	*body = y->text.body;
	if (rc == RC_OK && o.bulk.dry_run && env->out->format == OUT_HUMAN)
		out_block(env->out, y->text.body, 2);
	return rc == RC_OK ? rc : err_wrap(err, "ticket %lld", (long long)id);
}

/* Below the text, each in the requester's language if there is such a version. */
static enum rc
add_articles(struct reply *y, int64_t id, struct err *err)
{
	struct cmd_env *env = y->env;
	struct ticket *t = NULL;
	struct person who = {0};
	char *body = talloc_strdup(env->ctx, y->text.body ? y->text.body : ""), *one;
	enum rc rc = ticket_get(env->desk->store, env->ctx, id, &t, err);

	if (rc == RC_OK)
		rc = customer_get(env->desk->store, env->ctx, t->requester, &who, err);
	y->articles = talloc_zero_array(env->ctx, struct kb_article, ARTICLES_MAX);
	for (size_t i = 0; rc == RC_OK && i < o.articles.n; i++) {
		rc = cite_text(env->ctx, env->desk, o.articles.v[i], who.language,
		    y->note, &y->articles[i], &one, err);
		if (rc == RC_OK)
			body = talloc_asprintf_append(
			    body, "%s%s\n", *body ? "\n\n" : "", one);
	}
	return rc == RC_OK ? compose_body(env->desk->store, env->ctx, &y->text, body,
				 strlen(body), err)
			   : rc;
}

/* Texts that come by themselves, and times. */
static enum rc
check_canned(struct reply *y, struct err *err)
{
	struct cmd_env *env = y->env;
	enum rc rc;

	if (o.canned != NULL && (o.message != NULL || o.send))
		return err_fail(
		    err, RC_USAGE, "--canned is the text: -m and --send are too much");
	rc = desk_instant(env->desk, "at", o.at, &y->send_at, err);
	if (rc == RC_OK && o.at != NULL && y->send_at <= desk_now(env->desk))
		rc = err_fail(err, RC_USAGE, "--at \"%s\" has passed", o.at);
	if (rc == RC_OK && o.at != NULL &&
	    (o.note || o.send || o.files.n > 0 || o.cc.n > 0))
		rc = err_fail(err, RC_USAGE,
		    "--at keeps a reply and its status: no --note, --send, -a or --cc");
	o.draft = o.draft || o.at != NULL;
	if (rc == RC_OK && o.canned != NULL)
		rc = texts_load(env->ctx, env->desk, &y->texts, err);
	return rc;
}

static enum rc
check_options(struct reply *y, int argc, struct err *err)
{
	struct cmd_env *env = y->env;
	enum rc rc = check_canned(y, err);

	if (rc != RC_OK)
		return rc;
	if (o.draft && o.send)
		return err_fail(err, RC_USAGE, "--draft or --send, not both");
	if (o.draft && (o.files.n > 0 || o.cc.n > 0))
		return err_fail(
		    err, RC_USAGE, "--draft keeps a text: -a and --cc go with --send");
	if (o.draft && o.articles.n > 0)
		return err_fail(
		    err, RC_USAGE, "--draft keeps a text: --article goes with --send");
	if (o.articles.n > ARTICLES_MAX)
		return err_fail(err, RC_USAGE, "more than %d --article", ARTICLES_MAX);
	if (o.send && o.message != NULL)
		return err_fail(err, RC_USAGE, "--send sends the draft: -m is too much");
	if ((o.draft || o.send) && argc == 0)
		return err_fail(err, RC_USAGE, "say which tickets: numbers");
	if (o.status != NULL && o.canned == NULL)
		rc = changes_add(env->ctx, "status", CHANGE_SET, o.status,
		    env->desk->config, &y->changes, err);
	if (rc == RC_OK && o.cc.n > CC_MAX)
		rc = err_fail(err, RC_USAGE, "more than %d --cc", CC_MAX);
	for (size_t i = 0; rc == RC_OK && i < o.cc.n; i++) {
		rc = address_parse(env->ctx, o.cc.v[i], &y->cc[i], err);
		if (rc == RC_INVALID)
			err->rc = rc = RC_USAGE;
	}
	return rc;
}

/* One ticket: keep, fetch and send, or send. */
static enum rc
one(struct reply *y, const struct source *s, const struct source_item *item,
    const char *body, struct err *err)
{
	struct reply this = *y;
	struct expect expect;
	enum rc rc = bulk_expect(y->env->desk, &o.bulk, s, item, &expect, err);

	if (rc == RC_OK && o.canned != NULL)
		rc = fill_canned(&this, item->id, &body, err);
	if (rc == RC_OK && o.draft)
		return keep(&this, item->id, body, err);
	if (rc == RC_OK && o.send)
		rc = fetch_draft(&this, item->id, err);
	if (rc == RC_OK && o.articles.n > 0)
		rc = add_articles(&this, item->id, err);
	return rc == RC_OK ? reply(&this, item->id, &expect, err) : rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct reply y = {.env = env,
	    .cc = talloc_zero_array(env->ctx, struct person_address, CC_MAX),
	    .note = o.note,
	    .seen = -1};
	struct source *s = NULL;
	struct source_item item;
	char *body = NULL;
	enum rc rc = source_open(env->ctx, argc, argv, STDIN_FILENO, &s, err);

	if (rc == RC_OK)
		rc = check_options(&y, argc, err);
	if (rc == RC_OK && (o.send || o.canned != NULL))
		rc = compose_files(env->desk, env->ctx, &y.text, &o.files, err);
	else if (rc == RC_OK)
		rc = take_text(&y, argc, argv, &body, err);
	while (rc == RC_OK) {
		enum rc more = source_next_item(s, &item, err);

		if (more != RC_OK)
			return more == RC_NONE ? RC_OK : more;
		rc = one(&y, s, &item, body, err);
	}
	return rc;
}

static const struct cmd cmd = {
    .name = "tkt-reply",
    .summary = "reply to tickets, or add a note",
    .args = "[id ...]",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
