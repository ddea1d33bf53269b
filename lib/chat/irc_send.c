/* Saying things on IRC: in turn, in pieces, and to whom they are for. */
#include <stdarg.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "chat/irc_priv.h"

enum {
	WAITING_MAX = 10000, /* lines that wait to be said */
	ROOM = 400 /* bytes of text in a line: the server puts our name before it */
};

/* ---- saying ---- */

enum rc
irc_say(struct irc *c, struct err *err, const char *fmt, ...)
{
	struct outline *o;
	char *line;
	va_list ap;

	va_start(ap, fmt);
	line = talloc_vasprintf(c, fmt, ap);
	va_end(ap);
	/* Nothing that is said can begin a second line. */
	line[strcspn(line, "\r\n")] = '\0';
	if (c->nout == WAITING_MAX)
		return err_fail(err, RC_NET, "the server takes nothing");
	c->out = mem_grow(c, c->out, struct outline, c->nout + 1);
	o = &c->out[c->nout++];
	*o = (struct outline){.text = talloc_asprintf(c, "%s\r\n", line)};
	talloc_free(line);
	return RC_OK;
}

static void
fill_tokens(struct irc *c)
{
	int64_t now = now_ms();

	c->tokens += (double)(now - c->filled_at) / IRC_LINE_MS;
	if (c->tokens > IRC_BURST)
		c->tokens = IRC_BURST;
	c->filled_at = now;
}

enum rc
irc_flush(struct irc *c, struct err *err)
{
	size_t said = 0;
	enum rc rc = RC_OK;

	fill_tokens(c);
	while (said < c->nout && (c->tokens >= 1 || c->out[said].done > 0 || !c->in)) {
		struct outline *o = &c->out[said];
		size_t n = strlen(o->text) - o->done, sent = 0;
		CURLcode code = curl_easy_send(c->curl, o->text + o->done, n, &sent);

		if (code == CURLE_AGAIN)
			break;
		if (code != CURLE_OK) {
			rc = err_fail(err, RC_NET, "%s", curl_easy_strerror(code));
			break;
		}
		o->done += sent;
		if (sent < n)
			break;
		talloc_free(o->text);
		c->tokens -= 1;
		said++;
	}
	c->nout -= said;
	memmove(c->out, c->out + said, c->nout * sizeof(*c->out));
	return rc;
}

/* Line by line, to the person or, in a room, with their name before it. */
static enum rc
say_text(struct irc *c, const char *id, const char *conversation, const char *text,
    struct err *err)
{
	const char *space = strchr(conversation, ' '), *p = text;
	char *target = talloc_strndup(c, conversation,
		 space ? (size_t)(space - conversation) : strlen(conversation)),
	     *to = space ? talloc_asprintf(c, "%s: ", space + 1) : talloc_strdup(c, "");
	enum rc rc = RC_OK;

	while (rc == RC_OK && *p != '\0') {
		size_t skip, n = irc_piece(p, ROOM - strlen(to) % ROOM, &skip);

		if (n > 0)
			rc = irc_say(c, err, "PRIVMSG %s :%s%.*s", target, to, (int)n, p);
		p += n + skip;
	}
	if (rc == RC_OK)
		rc = irc_say(c, err, "PING :tkt-%s", id);
	talloc_free(target);
	talloc_free(to);
	return rc == RC_OK ? irc_flush(c, err) : rc;
}

/* ---- who has the nick now ---- */

/* Is it still whom the answer is for: "libera/account", "libera/~nick!user@host"? */
static bool
is_them(const struct irc *c, const struct addressee *a)
{
	const char *who = a->address + strlen(c->conf->name) + 1;
	char *now;
	bool same;

	if (*who != '~')
		return a->account != NULL && strcasecmp(a->account, who) == 0;
	now = a->user ? text_lower(talloc_strdup(NULL, a->user)) : NULL;
	same = now != NULL && strcasecmp(now, who + 1) == 0;
	talloc_free(now);
	return same;
}

static void
forget(struct irc *c, struct addressee *a)
{
	talloc_free(a->id);
	*a = c->asked[--c->nasked];
}

static enum rc
answer_them(struct irc *c, struct addressee *a, struct err *err)
{
	enum rc rc = RC_OK;

	if (is_them(c, a))
		rc = say_text(c, a->id, a->conversation, a->text, err);
	else /* they may come back */
		bridge_not_delivered(c->b, a->id,
		    a->user ? "somebody else has this nick now" : "nobody has this nick",
		    false);
	return rc;
}

enum rc
irc_on_whois(struct irc *c, int number, const struct irc_line *l, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = c->nasked; rc == RC_OK && i > 0; i--) {
		struct addressee *a = &c->asked[i - 1];

		if (!irc_same(a->conversation, irc_param(l, 1)))
			continue;
		if (number == 311) {
			char *nick = irc_fold(talloc_strdup(a->id, irc_param(l, 1)));

			a->user = talloc_asprintf(
			    a->id, "%s!%s@%s", nick, irc_param(l, 2), irc_param(l, 3));
		}
		if (number == 330)
			a->account = talloc_strdup(a->id, irc_param(l, 2));
		if (number == 318) {
			rc = answer_them(c, a, err);
			forget(c, a);
		}
	}
	return rc;
}

/* In a room everybody reads it anyway; alone, it is for one. */
static enum rc
ask_first(struct irc *c, const struct said *s, const char *text, struct err *err)
{
	struct addressee *a;

	c->asked = mem_grow(c, c->asked, struct addressee, c->nasked + 1);
	a = &c->asked[c->nasked++];
	*a = (struct addressee){.id = talloc_strdup(c, s->id)};
	a->conversation = talloc_strdup(a->id, s->conversation);
	a->address = talloc_strdup(a->id, s->address);
	a->text = talloc_strdup(a->id, text);
	return irc_say(c, err, "WHOIS %s", s->conversation);
}

enum rc
irc_send(void *self, const struct said *s, struct err *err)
{
	struct irc *c = self;
	char *text = talloc_strdup(c, s->text);
	enum rc rc;

	for (size_t i = 0; i < s->message->nattachments; i++)
		text = talloc_asprintf_append(
		    text, "\n[%s]", s->message->attachments[i].name);
	if (s->address == NULL || strchr(s->conversation, ' ') != NULL ||
	    irc_is_channel(s->conversation))
		rc = say_text(c, s->id, s->conversation, text, err);
	else
		rc = ask_first(c, s, text, err);
	talloc_free(text);
	return rc == RC_OK ? irc_flush(c, err) : rc;
}

/* ---- what became of it ---- */

void
irc_on_pong(struct irc *c, const struct irc_line *l)
{
	const char *token = irc_param(l, l->nparams - 1);

	if (text_starts(token, "tkt-"))
		bridge_delivered(c->b, token + 4);
}

void
irc_no_such_target(struct irc *c, const struct irc_line *l)
{
	char *target = irc_fold(talloc_strdup(c, irc_param(l, 1)));

	for (size_t i = c->nasked; i > 0; i--) {
		if (irc_same(c->asked[i - 1].conversation, target))
			forget(c, &c->asked[i - 1]);
	}
	bridge_target_gone(c->b, target, irc_param(l, l->nparams - 1));
	talloc_free(target);
}
