/* What channels say becomes tickets and messages. */
#include "chat/talk_priv.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "change/compose.h"
#include "chat/flood.h"

enum { AHEAD_MS = 300000 };

const char *const talk_outcomes[] = {
    "created", "appended", "duplicate", "refused", "kept", NULL};

enum rc
talk_new(void *ctx, struct desk *d, const char *via, const char *channel,
    const struct bridge *conf, struct talk **out, struct err *err)
{
	struct talk *t = talloc_zero(ctx, struct talk);
	const struct mailbox *box = config_mailbox_default(d->config);

	t->d = d;
	t->via = talloc_strdup(t, via);
	t->channel = channel;
	t->queue = conf && conf->queue ? conf->queue
		   : box	       ? box->queue
				       : d->config->queues[0].name;
	t->idle = conf ? conf->idle : BRIDGE_IDLE_MS;
	t->flood_max = conf ? conf->flood : BRIDGE_FLOOD;
	t->room_max = conf ? conf->room_flood : BRIDGE_ROOM_FLOOD;
	t->flood = flood_new(t);
	if (strlen(via) > NAME_MAX_BYTES * 2) {
		talloc_free(t);
		return err_fail(err, RC_USAGE, "bridge \"%s\": too long a name", via);
	}
	*out = t;
	return RC_OK;
}

/* ---- one thing that was heard, made ready before the writer's turn ---- */

struct line {
	void *ctx;
	struct talk *t;
	const struct heard *h;
	struct message message;
	struct person_address from;
	const char *subject;
	int64_t at;
	struct change_tx *tx;
	struct filed *f;
	const struct handed *over; /* what a bot adds, or NULL */
};

static char *
clean_line(void *ctx, const char *s, size_t max)
{
	return text_clean(ctx, s ? s : "", s ? strlen(s) : 0, TEXT_LINE, max);
}

const char *
talk_addressed(const char *text, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t n = names[i] ? strlen(names[i]) : 0;

		if (n > 0 && strncasecmp(text, names[i], n) == 0 && text[n] != '\0' &&
		    strchr(":, ", text[n]) != NULL)
			return text + n + strspn(text + n, ":, ");
	}
	return NULL;
}

struct person_address
talk_from(void *ctx, const struct heard *h)
{
	return (struct person_address){clean_line(ctx, h->name, TALK_NAME_MAX), h->kind,
	    text_lower(clean_line(ctx, h->address, PERSON_MAX))};
}

/* The first line of what was said, cut at a blank. */
static const char *
subject_of(void *ctx, const char *body, const char *name)
{
	char *s;
	size_t n;

	body += strspn(body, " \t\n");
	s = text_clean(ctx, body, strcspn(body, "\n"), TEXT_LINE, SUBJECT_MAX);
	n = text_prefix(s, TALK_SUBJECT_MAX);
	if (*s == '\0')
		return talloc_asprintf(ctx, "Conversation with %s", name);
	if (strlen(s) <= n)
		return s;
	while (n > TALK_SUBJECT_MAX / 2 && s[n] != ' ')
		n--;
	if (s[n] != ' ')
		n = text_prefix(s, TALK_SUBJECT_MAX);
	return talloc_asprintf(ctx, "%.*s…", (int)n, s);
}

static enum rc
add_files(
    void *ctx, struct talk *t, const struct heard *h, struct message *m, struct err *err)
{
	size_t n = h->nfiles < TALK_FILES_MAX ? h->nfiles : TALK_FILES_MAX;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct attachment a = {0};

		rc = attachment_put(t->d->store, ctx, h->files[i].name,
		    h->files[i].media_type, h->files[i].data, h->files[i].n, &a, err);
		m->attachments =
		    mem_grow(ctx, m->attachments, struct attachment, m->nattachments + 1);
		a.part = (int64_t)m->nattachments + 1;
		m->attachments[m->nattachments++] = a;
	}
	return rc;
}

static enum rc
prepare(void *ctx, struct line *l, struct err *err)
{
	const struct heard *h = l->h;
	const char *text = h->text ? h->text : "";
	size_t n = h->text ? h->ntext : 0;
	int64_t now = desk_now(l->t->d);
	enum rc rc;

	if (h->what == HEARD_EDIT) {
		text = talloc_asprintf(ctx, "(edited) %.*s", (int)n, text);
		n = strlen(text);
	}
	/* Clocks that run ahead, by more than what networks are late, are wrong. */
	l->at = h->at == INSTANT_NONE || h->at > now ? now : h->at;
	if (h->at > now + AHEAD_MS)
		l->message.flags |= MESSAGE_UNVERIFIED;
	l->from = talk_from(ctx, h);
	l->message.kind = "reply";
	l->message.direction = "in";
	l->message.channel = l->t->channel;
	l->message.class = "human";
	l->message.author_address = l->from.value;
	l->message.created_at = l->at;
	if (h->id != NULL)
		l->message.external_id = clean_line(ctx, h->id, CONVERSATION_KEY_MAX);
	if (!h->proven)
		l->message.flags |= MESSAGE_UNVERIFIED;
	rc = compose_body(l->t->d->store, ctx, &l->message, text, n, err);
	if (rc == RC_OK)
		rc = add_files(ctx, l->t, h, &l->message, err);
	l->subject = subject_of(
	    ctx, l->message.body, *l->from.name ? l->from.name : l->from.value);
	return rc;
}

/* ---- limits ---- */

static bool
refuse(struct filed *f, const char *why)
{
	f->outcome = TALK_REFUSED;
	f->why = why;
	return true;
}

static bool
is_wrong(struct line *l)
{
	const struct heard *h = l->h;

	if (*h->conversation == '\0' || strlen(h->conversation) > CONVERSATION_KEY_MAX ||
	    (h->id != NULL && strlen(h->id) > CONVERSATION_KEY_MAX))
		return refuse(l->f, "its conversation or id is empty or too long");
	if (*l->from.value == '\0' || strlen(h->address) > PERSON_MAX)
		return refuse(l->f, "who said it has no address, or too long a one");
	if (h->what == HEARD_MESSAGE && *l->message.body == '\0' &&
	    l->message.nattachments == 0)
		return refuse(l->f, "nothing was said");
	return false;
}

/* A room's lines share a limit; so do all direct talks. A conversation in a room is
 * called "ROOM PERSON". */
static bool
is_flood(struct line *l)
{
	const struct heard *h = l->h;
	const char *space = strchr(h->conversation, ' ');
	const char *place = space ? talloc_asprintf(l->ctx, "room %.*s",
					(int)(space - h->conversation), h->conversation)
				  : "direct";
	bool *tell = &l->f->tell;

	if (!flood_take(l->t->flood, l->from.value, l->at, l->t->flood_max, tell))
		return refuse(l->f, "too many lines a minute of one sender");
	if (!flood_take(l->t->flood, place, l->at, l->t->room_max, tell))
		return refuse(l->f, "too many lines a minute in one place");
	return false;
}

/* ---- where it goes ---- */

enum rc
talk_ticket(struct talk *k, void *ctx, int64_t id, struct ticket **t, struct err *err)
{
	struct store *s = k->d->store;
	enum rc rc = ticket_get(s, ctx, id, t, err);

	for (int i = 0; rc == RC_OK && (*t)->merged_into != 0 && i < 100; i++)
		rc = ticket_get(s, ctx, (*t)->merged_into, t, err);
	if (rc == RC_NOTFOUND || (rc == RC_OK && (*t)->phase >= PHASE_MERGED)) {
		*t = NULL;
		rc = RC_OK;
	}
	return rc;
}

/* The queue of the channel, unless somebody knows better. */
static enum rc
add_queue(struct line *l, struct changes *changes, struct err *err)
{
	return changes_value(changes, "queue") != NULL
		   ? RC_OK
		   : changes_add(l->ctx, "queue", CHANGE_SET, l->t->queue,
			 l->t->d->config, changes, err);
}

static enum rc
begin(struct line *l, int64_t follows, struct err *err)
{
	struct ticket_link link = {"follows", follows};
	struct conversation talk = {.via = l->t->via,
	    .key = l->h->conversation,
	    .kind = l->from.kind,
	    .address = l->from.value,
	    .heard_at = change_at(l->tx)};
	struct draft d = {.subject = l->subject,
	    .requester = l->from,
	    .channel = l->t->channel,
	    .created_at = l->at,
	    .message = l->message,
	    .links = &link,
	    .nlinks = follows != 0,
	    .talk = &talk};
	struct change_result r;
	enum rc rc;

	if (l->over != NULL) {
		d.changes = l->over->changes;
		d.note = l->over->note;
	}
	rc = add_queue(l, &d.changes, err);
	if (rc == RC_OK)
		rc = change_new(l->tx, &actor_system, &d, &r, err);
	if (rc != RC_OK)
		return rc;
	l->f->outcome = TALK_CREATED;
	l->f->ticket = r.ticket;
	l->f->message = r.message;
	return RC_OK;
}

static enum rc
append(struct line *l, int64_t ticket, struct err *err)
{
	struct edit e = {.ticket = ticket, .message = &l->message, .from = &l->from};
	struct change_result r;
	enum rc rc = change_edit(l->tx, &actor_system, &e, &r, err);

	if (rc == RC_OK)
		rc = conversation_touch(
		    l->t->d->store, l->t->via, l->h->conversation, change_at(l->tx), err);
	if (rc != RC_OK)
		return rc;
	l->f->outcome = TALK_APPENDED;
	l->f->ticket = r.ticket;
	l->f->message = r.message;
	return RC_OK;
}

static enum rc
say(struct line *l, struct err *err)
{
	struct store *s = l->t->d->store;
	struct conversation *c = NULL;
	struct ticket *t = NULL;
	int64_t follows = 0;
	bool open, same;
	enum rc rc = conversation_find(s, l->ctx, l->t->via, l->h->conversation, &c, err);

	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	open = rc == RC_OK && c->closed_at == INSTANT_NONE;
	/* The same name, somebody else: nothing of the talk before is theirs. */
	same = rc == RC_OK && strcmp(c->kind, l->from.kind) == 0 &&
	       strcmp(c->address, l->from.value) == 0;
	rc = c != NULL ? talk_ticket(l->t, l->ctx, c->ticket, &t, err) : RC_OK;
	if (rc == RC_OK && open && same && t != NULL) {
		if (change_arrival(l->t->d->config, t, change_at(l->tx)) !=
		    ARRIVAL_FOLLOW_UP)
			return append(l, t->id, err);
		follows = t->id;
	}
	/* One that nobody answered before it went quiet is still waiting for us. */
	if (rc == RC_OK && !open && same && t != NULL && t->phase < PHASE_RESOLVED) {
		c->closed_at = INSTANT_NONE;
		c->heard_at = change_at(l->tx);
		rc = conversation_put(s, c, err);
		return rc == RC_OK ? append(l, t->id, err) : rc;
	}
	return rc == RC_OK ? begin(l, follows, err) : rc;
}

/* ---- said before, changed, taken back ---- */

/* What the desk notes of its own doings. */
static enum rc
note(struct line *l, int64_t ticket, const char *text, struct err *err)
{
	struct message m = {.kind = "note",
	    .direction = "out",
	    .channel = l->t->channel,
	    .class = "auto-generated",
	    .author = "system",
	    .author_address = "",
	    .created_at = l->at,
	    .quoted = "",
	    .body = text};
	struct edit e = {.ticket = ticket, .message = &m, .no_rules = true};
	struct change_result r;
	enum rc rc = change_edit(l->tx, &actor_system, &e, &r, err);

	if (rc != RC_OK)
		return rc;
	l->f->outcome = TALK_APPENDED;
	l->f->ticket = r.ticket;
	l->f->message = r.message;
	return RC_OK;
}

static enum rc
withdrawn(struct line *l, const struct heard_id *was, struct err *err)
{
	return note(l, was->ticket,
	    talloc_asprintf(l->ctx, "Who said it has taken message %lld back.",
		(long long)was->message),
	    err);
}

static enum rc
file_new(struct line *l, struct err *err)
{
	struct heard_id was = {0};
	struct ticket *t = NULL;
	enum rc rc = RC_NONE;

	if (l->h->what != HEARD_MESSAGE && l->h->of != NULL)
		rc = heard_find(l->t->d->store, l->t->via, l->h->of, &was, err);
	if (rc == RC_OK)
		rc = talk_ticket(l->t, l->ctx, was.ticket, &t, err);
	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	if (t != NULL && l->h->what == HEARD_DELETE) {
		was.ticket = t->id;
		return withdrawn(l, &was, err);
	}
	if (l->h->what == HEARD_DELETE) {
		refuse(l->f, "what was taken back is not here");
		return RC_OK;
	}
	return say(l, err);
}

static enum rc
was_said(struct line *l, struct err *err)
{
	struct store *s = l->t->d->store;
	struct heard_id id = {0};
	const char *name = l->message.external_id;
	enum rc rc = name ? heard_find(s, l->t->via, name, &id, err) : RC_NONE;

	if (rc == RC_NONE && name != NULL)
		rc = bot_heard_find(s, l->t->via, name, err);
	if (rc == RC_OK) {
		l->f->outcome = TALK_DUPLICATE;
		l->f->ticket = id.ticket;
		l->f->message = id.message;
	}
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
file_one(void *arg, struct err *err)
{
	struct line *l = arg;
	struct store *s = l->t->d->store;
	const char *name = l->message.external_id;
	struct heard_id id;
	enum rc rc = was_said(l, err);

	if (rc != RC_OK || l->f->outcome == TALK_DUPLICATE || is_flood(l))
		return rc;
	rc = file_new(l, err);
	if (rc != RC_OK || l->f->outcome == TALK_REFUSED)
		return rc;
	id = (struct heard_id){l->f->ticket, l->f->message};
	if (name != NULL)
		rc = heard_add(s, l->t->via, name, &id, change_at(l->tx), err);
	if (rc == RC_OK && l->h->proven)
		rc = address_prove(s, l->from.kind, l->from.value, l->at, err);
	return rc;
}

/* What the desk itself is in the way of comes again; what is wrong with one line is no
 * reason to lose those beside it. */
static enum rc
file_or_refuse(void *ctx, struct line *l, struct err *err)
{
	struct err bad;
	enum rc rc = change_try(l->tx, file_one, l, &bad);

	if (rc == RC_INVALID || rc == RC_USAGE || rc == RC_DENIED || rc == RC_CONFIG ||
	    rc == RC_NOTFOUND) {
		refuse(l->f, talloc_strdup(ctx, bad.text));
		l->f->tell = true;
		return RC_OK;
	}
	if (rc != RC_OK)
		*err = bad;
	return rc;
}

enum rc
talk_file(struct talk *t, void *ctx, const struct heard *v, size_t n, const char *place,
    struct filed *out, struct err *err)
{
	void *work = talloc_new(ctx);
	struct line *lines = mem_array(work, struct line, n + 1);
	struct change_tx *tx = NULL;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		lines[i] = (struct line){work, t, &v[i], .f = &out[i]};
		out[i] = (struct filed){0};
		rc = prepare(work, &lines[i], err);
	}
	if (rc == RC_OK)
		rc = change_begin(work, t->d, 0, &tx, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		lines[i].tx = tx;
		if (!is_wrong(&lines[i]))
			rc = file_or_refuse(ctx, &lines[i], err);
	}
	if (rc == RC_OK && place != NULL)
		rc = channel_place_set(t->d->store, t->via, place, err);
	if (tx != NULL && rc == RC_OK)
		rc = change_commit(tx, err);
	else if (tx != NULL)
		change_abort(tx);
	talloc_free(work);
	return rc;
}

/* ---- for bots ---- */

const char *
talk_via(const struct talk *t)
{
	return t->via;
}

struct desk *
talk_desk(const struct talk *t)
{
	return t->d;
}

enum rc
talk_line(
    struct talk *t, void *ctx, const struct heard *h, struct line **out, struct err *err)
{
	struct line *l = talloc_zero(ctx, struct line);

	l->ctx = l;
	l->t = t;
	l->h = h;
	*out = l;
	return prepare(l, l, err);
}

enum rc
talk_new_to_us(
    struct talk *t, void *ctx, const struct heard *h, struct filed *f, struct err *err)
{
	struct line l = {.ctx = ctx, .t = t, .h = h, .f = f, .from = talk_from(ctx, h)};
	int64_t now = desk_now(t->d);
	enum rc rc;

	l.at = h->at == INSTANT_NONE || h->at > now ? now : h->at;
	l.message.body = h->text;
	l.message.nattachments = h->nfiles;
	if (h->id != NULL)
		l.message.external_id = clean_line(ctx, h->id, CONVERSATION_KEY_MAX);
	f->outcome = TALK_APPENDED;
	if (is_wrong(&l))
		return RC_OK;
	rc = was_said(&l, err);
	if (rc == RC_OK && f->outcome != TALK_DUPLICATE)
		is_flood(&l);
	return rc;
}

static enum rc
hand(void *arg, struct err *err)
{
	return begin(arg, 0, err);
}

enum rc
talk_hand(struct line *l, struct change_tx *tx, const struct handed *over,
    struct filed *f, struct err *err)
{
	struct handed note_only = {.note = over->note};
	struct err bad;
	enum rc rc;

	l->tx = tx;
	l->f = f;
	l->over = over;
	rc = change_try(tx, hand, l, &bad);
	/* What a bot found out may not fit any more: who asks is not lost for that. */
	if (rc == RC_INVALID || rc == RC_USAGE || rc == RC_DENIED) {
		l->over = &note_only;
		rc = change_try(tx, hand, l, &bad);
	}
	l->over = NULL;
	if (rc != RC_OK)
		*err = bad;
	return rc == RC_OK && l->h->proven ? address_prove(l->t->d->store, l->from.kind,
						 l->from.value, l->at, err)
					   : rc;
}

enum rc
talk_spoke(struct talk *t, const char *conversation, struct err *err)
{
	struct store *s = t->d->store;
	enum rc rc = store_write(s, err);

	if (rc != RC_OK)
		return rc;
	rc = conversation_touch(s, t->via, conversation, desk_now(t->d), err);
	if (rc == RC_OK)
		return store_commit(s, err);
	store_rollback(s);
	return rc;
}
