/* Running a bridge: one loop that waits for the channel, the desk's bell and the clock.
 */
#include "chat/bridge.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "chat/agents.h"

enum {
	LOOK_MS = 1000,	       /* between looks at what nobody rings for */
	RETRY_MS = 1000,       /* after a loss; twice as long each time */
	RETRY_MAX_MS = 300000, /* at most */
	BUSY_US = 500000,
	NEWS_BURST = 5, /* announcements at once, then */
	NEWS_MS = 10000 /* one in so long */
};

struct sending {
	void *ctx;
	struct delivery *x;
	struct said s;
	int64_t since;
};
struct asked {
	struct heard h;
	const struct agent *agent; /* NULL: nobody we know */
	bool command;		   /* false: agents talk among themselves */
};
struct bridge_run {
	const struct bridge_want *want;
	struct cmd_env *env;
	struct desk *d;
	const struct bridge *conf;
	struct talk *talk;
	const char *via;
	struct bell *bell;
	bool rung; /* look into the outbox */
	int64_t looked, due;

	void *self, *self_ctx; /* the channel, while it is open */
	int64_t retry_at, retry_ms;
	char *last_log; /* the same line twice in a row is one line */

	void *heard_ctx;
	struct heard *heard;
	size_t nheard;
	char *place;
	struct asked *asked; /* what agents want done */
	size_t nasked;
	const char **left;
	size_t nleft;
	double news_left; /* how many announcements may be said now */
	int64_t news_at;
	int64_t unsaid; /* that were not */
	int64_t nsaid;	/* answers so far */

	struct sending sending[BRIDGE_SENDING_MAX];
	size_t nsending;
};

/* ---- what channels ask ---- */

struct desk *
bridge_desk(const struct bridge_run *b)
{
	return b->d;
}

const struct bridge *
bridge_conf(const struct bridge_run *b)
{
	return b->conf;
}

const char *
bridge_name(const struct bridge_run *b)
{
	return b->want->name;
}

const char *const *
bridge_program(const struct bridge_run *b)
{
	return b->want->run;
}

size_t
bridge_sending(const struct bridge_run *b)
{
	return b->nsending;
}

void
bridge_log(struct bridge_run *b, const char *fmt, ...)
{
	char *text, *clean;
	va_list ap;

	va_start(ap, fmt);
	text = talloc_vasprintf(b, fmt, ap);
	va_end(ap);
	clean = text_safe(b, text, TEXT_LINE);
	talloc_free(text);
	if (b->last_log == NULL || strcmp(b->last_log, clean) != 0)
		cmd_note(b->env, "%s: %s", b->want->name, clean);
	talloc_free(b->last_log);
	b->last_log = clean;
}

void
bridge_up(struct bridge_run *b)
{
	if (b->retry_ms > RETRY_MS)
		bridge_log(b, "it works again");
	b->retry_ms = RETRY_MS;
	b->rung = true;
}

/* ---- what channels say ---- */

static void
copy_heard(void *ctx, struct heard *to, const struct heard *h)
{
	struct heard_file *files = mem_array(ctx, struct heard_file, h->nfiles + 1);

	*to = *h;
	to->id = h->id ? talloc_strdup(ctx, h->id) : NULL;
	to->conversation = talloc_strdup(ctx, h->conversation);
	to->kind = talloc_strdup(ctx, h->kind);
	to->address = talloc_strdup(ctx, h->address);
	to->name = h->name ? talloc_strdup(ctx, h->name) : NULL;
	to->of = h->of ? talloc_strdup(ctx, h->of) : NULL;
	to->text = h->text ? talloc_memdup(ctx, h->text, h->ntext + 1) : NULL;
	to->files = files;
	for (size_t i = 0; i < h->nfiles; i++) {
		files[i] = h->files[i];
		files[i].name = talloc_strdup(ctx, h->files[i].name);
		files[i].media_type = h->files[i].media_type
					  ? talloc_strdup(ctx, h->files[i].media_type)
					  : NULL;
		files[i].data = talloc_memdup(ctx, h->files[i].data, h->files[i].n);
	}
}

bool
bridge_is_agents_room(const struct bridge_run *b, const char *name)
{
	return b->conf != NULL && b->conf->agents_room != NULL &&
	       strcasecmp(b->conf->agents_room, name) == 0;
}

/* Was it said in the agents' room? A conversation there is called "ROOM PERSON". */
static bool
among_agents(const struct bridge_run *b, const struct heard *h)
{
	const char *space = strchr(h->conversation, ' ');
	char *room = space ? talloc_strndup(
				 NULL, h->conversation, (size_t)(space - h->conversation))
			   : NULL;
	bool yes = room != NULL && bridge_is_agents_room(b, room);

	talloc_free(room);
	return yes;
}

void
bridge_heard(struct bridge_run *b, const struct heard *h)
{
	bool room = among_agents(b, h), command = agents_is_command(h);
	const struct agent *a = command ? agents_find(b->d->config, h) : NULL;

	if (a != NULL || room) {
		b->asked = mem_grow(b->heard_ctx, b->asked, struct asked, b->nasked + 1);
		b->asked[b->nasked] = (struct asked){.agent = a, .command = command};
		copy_heard(b->heard_ctx, &b->asked[b->nasked++].h, h);
		return;
	}
	b->heard = mem_grow(b->heard_ctx, b->heard, struct heard, b->nheard + 1);
	copy_heard(b->heard_ctx, &b->heard[b->nheard++], h);
}

void
bridge_place(struct bridge_run *b, const char *place)
{
	talloc_free(b->place);
	b->place = talloc_strdup(b, place);
}

enum rc
bridge_place_read(struct bridge_run *b, void *ctx, char **place, struct err *err)
{
	enum rc rc = channel_place_get(b->d->store, ctx, b->via, place, err);

	if (rc == RC_NONE)
		*place = NULL;
	return rc == RC_NONE ? RC_OK : rc;
}

void
bridge_left(struct bridge_run *b, const char *conversation)
{
	text_push(
	    b->heard_ctx, &b->left, &b->nleft, talloc_strdup(b->heard_ctx, conversation));
}

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
static void
take_back(struct bridge_run *b)
{
	struct err err;

	while (b->nsending > 0) {
		struct sending *s = &b->sending[0];

		if (outbox_again(b->d, s->x, &err) != RC_OK)
			bridge_log(b, "delivery %s: %s", s->s.id, err.text);
		forget_sending(b, s);
	}
}

/* ---- the channel: opened, lost, opened again ---- */

static void
lost(struct bridge_run *b, const struct err *why)
{
	TALLOC_FREE(b->self_ctx);
	b->self = NULL;
	take_back(b);
	bridge_log(b, "%s; again in %lld s", why->text, (long long)(b->retry_ms / 1000));
	b->retry_at = now_ms() + b->retry_ms;
	b->retry_ms = 2 * b->retry_ms < RETRY_MAX_MS ? 2 * b->retry_ms : RETRY_MAX_MS;
}

static enum rc
open_channel(struct bridge_run *b, struct err *err)
{
	struct err bad;
	enum rc rc;

	if (b->self != NULL || now_ms() < b->retry_at)
		return RC_OK;
	b->self_ctx = talloc_new(b);
	rc = b->want->channel->open(b, b->self_ctx, &b->self, &bad);
	if (rc == RC_OK)
		return RC_OK;
	b->self = NULL;
	if (rc == RC_CONFIG || rc == RC_USAGE || rc == RC_DENIED || rc == RC_NOTFOUND) {
		*err = bad; /* waiting does not make it better */
		return rc;
	}
	lost(b, &bad);
	return RC_OK;
}

/* ---- filing ---- */

static void
print_filed(struct bridge_run *b, const struct heard *h, const struct filed *f)
{
	struct out *out = b->env->out;
	json_t *o;

	if (out->format == OUT_IDS || out->format == OUT_TSV) {
		if (f->ticket != 0)
			out_id(out, f->ticket);
		return;
	}
	if (out->format != OUT_JSON) {
		out_line(out, f->outcome == TALK_REFUSED ? COLOR_YELLOW : COLOR_NONE,
		    "%s: %s%s%s", h->conversation, talk_outcomes[f->outcome],
		    f->why ? ": " : "",
		    f->why ? f->why
			   : talloc_asprintf(
				 b->heard_ctx, " ticket %lld", (long long)f->ticket));
		return;
	}
	o = json_object();
	record_set_text(o, "type", "heard");
	record_set_text(o, "via", b->via);
	record_set_text(o, "conversation",
	    text_clean(b->heard_ctx, h->conversation, strlen(h->conversation), TEXT_LINE,
		CONVERSATION_KEY_MAX));
	record_set_text(o, "outcome", talk_outcomes[f->outcome]);
	record_set_int(o, "ticket", f->ticket);
	record_set_int(o, "message", f->message);
	record_set_text(o, "external_id",
	    h->id ? text_clean(b->heard_ctx, h->id, strlen(h->id), TEXT_LINE,
			CONVERSATION_KEY_MAX)
		  : NULL);
	record_set_text(o, "reason", f->why);
	out_json(out, o);
}

static enum rc
file_some(struct bridge_run *b, const struct heard *v, size_t n, const char *place,
    struct err *err)
{
	struct filed *f = mem_array(b->heard_ctx, struct filed, n + 1);
	enum rc rc;

	/* A store that others hold comes free again, a full disk is emptied: nothing is
	 * lost by waiting, since who speaks to us waits, too. */
	while (((rc = talk_file(b->talk, b->heard_ctx, v, n, place, f, err)) == RC_BUSY ||
		   rc == RC_IO) &&
	       !*b->want->stop) {
		bridge_log(b, "%s", err->text);
		usleep(BUSY_US);
	}
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		if (f[i].tell)
			bridge_log(
			    b, "%s in %s: %s", v[i].address, v[i].conversation, f[i].why);
		print_filed(b, &v[i], &f[i]);
		if (b->self != NULL && b->want->channel->filed != NULL)
			rc = b->want->channel->filed(b->self, &v[i], &f[i], err);
	}
	fflush(b->env->out->to);
	return rc;
}

static enum rc
file_heard(struct bridge_run *b, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0, n; rc == RC_OK && i < b->nheard; i += n) {
		n = b->nheard - i < BRIDGE_BATCH_MAX ? b->nheard - i : BRIDGE_BATCH_MAX;
		rc = file_some(
		    b, b->heard + i, n, i + n == b->nheard ? b->place : NULL, err);
	}
	if (rc == RC_OK && b->nheard == 0 && b->place != NULL)
		rc = talk_file(b->talk, b->heard_ctx, NULL, 0, b->place, NULL, err);
	for (size_t i = 0; rc == RC_OK && i < b->nleft; i++)
		rc = talk_end(b->talk, b->left[i], err);
	talloc_free(b->heard_ctx);
	b->heard_ctx = talloc_new(b);
	b->heard = NULL;
	b->left = NULL;
	b->nheard = b->nleft = 0;
	TALLOC_FREE(b->place);
	return rc;
}

/* ---- agents ---- */

/* Said at once, and not again: an answer, not a message of a ticket. */
static enum rc
say(struct bridge_run *b, const char *conversation, const char *text, struct err *err)
{
	static const struct message nothing = {0};
	struct said s = {.id = talloc_asprintf(b->heard_ctx, "answer-%lld-%lld",
			     (long long)now_ms(), (long long)b->nsaid++),
	    .conversation = conversation,
	    .text = text,
	    .name = b->d->config->name,
	    .message = &nothing};

	return b->want->channel->send(b->self, &s, err);
}

static enum rc
do_asked(struct bridge_run *b, const struct asked *q, struct err *err)
{
	struct filed f = {.outcome = TALK_APPENDED};
	char *answer = NULL;
	enum rc rc = RC_OK;

	if (q->agent != NULL) {
		while (((rc = agents_do(b->d, b->heard_ctx, b->via, q->agent, &q->h, &f,
			     &answer, err)) == RC_BUSY ||
			   rc == RC_IO) &&
		       !*b->want->stop) {
			bridge_log(b, "%s", err->text);
			usleep(BUSY_US);
		}
	} else if (q->command) {
		answer = talloc_strdup(
		    b->heard_ctx, "I do not know this account: nothing was done.");
	}
	if (rc == RC_OK && b->self != NULL && q->h.id != NULL &&
	    b->want->channel->filed != NULL)
		rc = b->want->channel->filed(b->self, &q->h, &f, err);
	return rc == RC_OK && b->self != NULL && answer != NULL
		   ? say(b, q->h.conversation, answer, err)
		   : rc;
}

/* Before what was heard is filed: how far the channel has read is kept with that. What is
 * done is durable, and known by its id if it comes again. */
static enum rc
answer_agents(struct bridge_run *b, struct err *err)
{
	struct err bad;
	enum rc rc = RC_OK;

	(void)err;
	for (size_t i = 0; rc == RC_OK && i < b->nasked; i++) {
		rc = do_asked(b, &b->asked[i], &bad);
		if (rc == RC_NET) {
			lost(b, &bad);
			rc = RC_OK;
		}
	}
	if (rc != RC_OK)
		*err = bad;
	b->asked = NULL;
	b->nasked = 0;
	return rc;
}

/* Some at once, then one in so long: the others are counted. */
static bool
may_announce(struct bridge_run *b)
{
	int64_t now = now_ms();

	b->news_left += (double)(now - b->news_at) / NEWS_MS;
	b->news_left = b->news_left > NEWS_BURST ? NEWS_BURST : b->news_left;
	b->news_at = now;
	if (b->news_left < 1)
		return false;
	b->news_left -= 1;
	return true;
}

static enum rc
say_unsaid(struct bridge_run *b, struct err *err)
{
	struct err bad;

	(void)err;
	if (b->unsaid == 0 || b->self == NULL || b->conf == NULL ||
	    b->conf->agents_room == NULL || !b->want->channel->ready(b->self) ||
	    !may_announce(b))
		return RC_OK;
	if (say(b, b->conf->agents_room,
		talloc_asprintf(b->heard_ctx, "and %lld more: !list phase:open",
		    (long long)b->unsaid),
		&bad) != RC_OK)
		lost(b, &bad);
	b->unsaid = 0;
	return RC_OK;
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
		rc = customer_find(store, c->kind, c->address, &id, err);
	if (rc == RC_OK)
		rc = customer_get(store, s->ctx, id, &p, err);
	if (rc == RC_OK && p.name != NULL && *p.name != '\0')
		*name = p.name;
	return rc == RC_NONE || rc == RC_NOTFOUND ? RC_OK : rc;
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
	    .name = a && *a->full_name ? a->full_name : b->d->config->name,
	    .message = m,
	    .again = s->x->attempts > 0};
	return name_of(b, s, &s->s.who, err);
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
	if (strcmp(x->kind, "announce") == 0 && !may_announce(b)) {
		b->unsaid++;
		bridge_delivered(b, s->s.id);
		return RC_OK;
	}
	rc = b->want->channel->send(b->self, &s->s, &bad);
	if (rc != RC_OK)
		lost(b, &bad);
	return RC_OK;
}

static enum rc
send_due(struct bridge_run *b, struct err *err)
{
	size_t max = BRIDGE_SENDING_MAX - b->nsending, n = 0;
	struct delivery **v = NULL;
	void *ctx = talloc_new(b);
	enum rc rc = outbox_lease(b->d, ctx, b->via, max, &v, &n, err);

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		if (b->self != NULL)
			rc = send_one(b, v[i], err);
		else
			rc = outbox_return(b->d, &v[i], 1, err);
	}
	b->rung = rc == RC_OK && n == max;
	talloc_free(ctx);
	return rc == RC_OK ? outbox_next(b->d, b->via, &b->due, err) : rc;
}

static enum rc
late_answers(struct bridge_run *b, struct err *err)
{
	int64_t now = now_ms();

	for (size_t i = 0; i < b->nsending; i++) {
		if (now - b->sending[i].since > BRIDGE_ANSWER_MS) {
			err_fail(
			    err, RC_NET, "no answer to delivery %s", b->sending[i].s.id);
			lost(b, err);
			break;
		}
	}
	return RC_OK;
}

/* ---- looking after things ---- */

static enum rc
ended(void *arg, const struct conversation *c, struct err *err)
{
	struct bridge_run *b = arg;

	return b->self != NULL && b->want->channel->over != NULL
		   ? b->want->channel->over(b->self, c->key, err)
		   : RC_OK;
}

static enum rc
follow_config(struct bridge_run *b, struct err *err)
{
	const struct bridge *conf;

	conf = config_bridge(b->d->config, b->want->name);
	if (conf != NULL && strcmp(conf->type, b->want->channel->type) != 0)
		return err_fail(err, RC_CONFIG, "bridge \"%s\" is of type %s",
		    b->want->name, conf->type);
	if (conf == NULL && strcmp(b->want->channel->type, "exec") != 0)
		return err_fail(
		    err, RC_CONFIG, "bridge \"%s\": tkt.conf has none", b->want->name);
	b->conf = conf;
	TALLOC_FREE(b->talk);
	return talk_new(b, b->d, b->via, "chat", conf, &b->talk, err);
}

static enum rc
look(struct bridge_run *b, struct err *err)
{
	struct err gone;
	bool newer = false;
	enum rc rc = RC_OK;

	if (now_ms() - b->looked < LOOK_MS)
		return RC_OK;
	b->looked = now_ms();
	b->rung = true;
	rc = desk_outdated(b->d, &newer, err);
	if (rc == RC_OK && newer) {
		TALLOC_FREE(b->bell);
		TALLOC_FREE(b->talk);
		TALLOC_FREE(b->self_ctx);
		b->self = NULL;
		b->retry_at = 0;
		take_back(b);
		rc = desk_renew(b->env->ctx, &b->env->desk, b->env->as, &newer, err);
		b->d = b->env->desk;
		if (rc == RC_OK)
			rc = follow_config(b, err);
		if (rc == RC_OK)
			rc = bell_open(b, b->d->store, &b->bell, err);
	}
	if (rc == RC_OK)
		rc = talk_end_quiet(b->talk, ended, b, err);
	if (rc == RC_OK)
		rc = say_unsaid(b, err);
	if (rc == RC_OK)
		rc = late_answers(b, &gone);
	return rc;
}

/* ---- the loop ---- */

static void
wait_for_something(struct bridge_run *b)
{
	struct pollfd v[BRIDGE_FDS_MAX + 1];
	int64_t now = now_ms(), until = b->looked + LOOK_MS;
	size_t n = 0;

	if (b->self != NULL)
		n = b->want->channel->wait(b->self, v, &until);
	else if (b->retry_at < until)
		until = b->retry_at;
	v[n++] = (struct pollfd){.fd = bell_fd(b->bell), .events = POLLIN};
	if (b->rung && b->self != NULL && b->nsending < BRIDGE_SENDING_MAX &&
	    b->want->channel->ready(b->self))
		until = now;
	if (poll(v, (nfds_t)n, until > now ? (int)(until - now) : 0) < 0)
		return; /* a signal: the loop looks at it */
	if (v[n - 1].revents != 0)
		b->rung = true;
}

static enum rc
turn(struct bridge_run *b, struct err *err)
{
	struct err bad;
	enum rc rc = open_channel(b, err);

	if (rc != RC_OK)
		return rc;
	wait_for_something(b);
	rc = bell_wait(b->bell, 0, err);
	b->rung = b->rung || rc == RC_OK;
	rc = rc == RC_NONE ? RC_OK : rc;
	if (rc == RC_OK && b->self != NULL &&
	    b->want->channel->step(b->self, &bad) != RC_OK)
		lost(b, &bad); /* what it said before is filed all the same */
	if (rc == RC_OK)
		rc = answer_agents(b, err);
	if (rc == RC_OK)
		rc = file_heard(b, err);
	if (rc == RC_OK)
		rc = look(b, err);
	if (rc == RC_OK && b->rung && b->self != NULL &&
	    b->nsending < BRIDGE_SENDING_MAX && b->want->channel->ready(b->self))
		rc = send_due(b, err);
	if (rc == RC_BUSY) { /* somebody holds the store: it is tried again */
		bridge_log(b, "%s", err->text);
		rc = RC_OK;
	}
	return rc;
}

enum rc
bridge_run(const struct bridge_want *w, struct err *err)
{
	struct bridge_run *b = talloc_zero(w->env->ctx, struct bridge_run);
	enum rc rc;

	b->want = w;
	b->env = w->env;
	b->d = w->env->desk;
	b->via = talloc_asprintf(b, "%s:%s", w->channel->type, w->name);
	b->retry_ms = RETRY_MS;
	b->rung = true;
	b->news_left = NEWS_BURST;
	b->news_at = now_ms();
	b->heard_ctx = talloc_new(b);
	signal(SIGPIPE, SIG_IGN);
	rc = follow_config(b, err);
	if (rc == RC_OK)
		rc = bell_open(b, b->d->store, &b->bell, err);
	while (rc == RC_OK && !*w->stop)
		rc = turn(b, err);
	TALLOC_FREE(b->self_ctx);
	take_back(b);
	talloc_free(b);
	return rc;
}
