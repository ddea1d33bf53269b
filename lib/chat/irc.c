/* IRC: a client of one server (RFC 2812; IRCv3 capability negotiation, SASL, account-tag,
 * server-time, message-ids). libcurl makes the connection, so that certificates, pins and
 * TLS are as everywhere else. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "channel/remote.h"
#include "chat/bridge.h"
#include "chat/irc_line.h"
#include "chat/lines.h"

enum {
	BURST = 5,	     /* lines at once, then */
	LINE_MS = 1000,	     /* one in so long: servers drop who is faster */
	QUIET_MS = 120000,   /* without a word: we ask */
	GONE_MS = 180000,    /* and then it is lost */
	LOGIN_MS = 60000,    /* to be let in */
	REGAIN_MS = 60000,   /* between tries to get our own nick */
	REJOIN_MS = 30000,   /* until we try again where we are not wanted */
	READ_MAX = 1 << 20,  /* bytes read in a turn */
	WAITING_MAX = 10000, /* lines that wait to be said */
	ROOM = 400 /* bytes of text in a line: the server puts our name before it */
};

struct outline {
	char *text; /* with CR LF */
	size_t done;
};
struct irc {
	struct bridge_run *b;
	const struct bridge *conf;
	CURL *curl;
	int fd;
	struct lines *lines;
	char *nick, *want; /* as we are called; as we want to be */
	bool in, more;	   /* registered; there is more to read */
	bool sasl;	   /* it can be done */
	char *caps;	   /* that we asked for */
	char *offered;	   /* by the server so far */
	int64_t opened, heard_at, asked_at, regain_at;
	int64_t rejoin_at;   /* a room refused us, or threw us out */
	struct outline *out; /* what waits to be said */
	size_t nout;
	double tokens;
	int64_t filled_at;
};

/* ---- saying ---- */

static enum rc say(struct irc *c, struct err *err, const char *fmt, ...) PRINTF(3, 4);

static enum rc
say(struct irc *c, struct err *err, const char *fmt, ...)
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

	c->tokens += (double)(now - c->filled_at) / LINE_MS;
	if (c->tokens > BURST)
		c->tokens = BURST;
	c->filled_at = now;
}

static enum rc
flush(struct irc *c, struct err *err)
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

/* ---- getting in ---- */

static enum rc
authenticate(struct irc *c, struct err *err)
{
	const char *user = c->conf->at.user;
	char *secret = NULL, *raw, *b64;
	size_t n = 0, u = strlen(user), room;
	enum rc rc = desk_read_secret(
	    bridge_desk(c->b), c, c->conf->at.secret, 1024, &secret, &n, err);

	if (rc != RC_OK)
		return rc;
	secret[strcspn(secret, "\r\n")] = '\0';
	n = strlen(secret);
	/* authzid NUL authcid NUL password (RFC 4616) */
	raw = mem_array(c, char, 2 * u + n + 2);
	memcpy(raw, user, u);
	raw[u] = '\0';
	memcpy(raw + u + 1, user, u);
	raw[2 * u + 1] = '\0';
	memcpy(raw + 2 * u + 2, secret, n);
	room = sodium_base64_ENCODED_LEN(2 * u + n + 2, sodium_base64_VARIANT_ORIGINAL);
	b64 = mem_array(c, char, room);
	sodium_bin2base64(b64, room, (unsigned char *)raw, 2 * u + n + 2,
	    sodium_base64_VARIANT_ORIGINAL);
	for (size_t i = 0; rc == RC_OK && i < strlen(b64); i += 400)
		rc = say(c, err, "AUTHENTICATE %.400s", b64 + i);
	if (rc == RC_OK && strlen(b64) % 400 == 0)
		rc = say(c, err, "AUTHENTICATE +");
	sodium_memzero(secret, n);
	sodium_memzero(raw, 2 * u + n + 2);
	sodium_memzero(b64, strlen(b64));
	talloc_free(secret);
	talloc_free(raw);
	talloc_free(b64);
	return rc;
}

static bool
has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = list; *s != '\0';) {
		if (strncmp(s, word, n) == 0 && (s[n] == '\0' || strchr(" =", s[n])))
			return true;
		s += strcspn(s, " ");
		s += strspn(s, " ");
	}
	return false;
}

static bool
wants_sasl(const struct irc *c)
{
	return c->conf->at.user != NULL && strcmp(c->conf->at.auth, "pass") != 0;
}

/* IRCv3 capability negotiation. */
static enum rc
on_cap(struct irc *c, const struct irc_line *l, struct err *err)
{
	static const char *const ours[] = {
	    "account-tag", "server-time", "message-tags", NULL};
	const char *verb = irc_param(l, 1), *last = irc_param(l, l->nparams - 1);

	if (strcmp(verb, "LS") == 0) {
		c->offered = talloc_asprintf_append(c->offered, "%s ", last);
		if (strcmp(irc_param(l, 2), "*") == 0 && l->nparams > 3)
			return RC_OK; /* more of them follow */
		c->caps = talloc_strdup(c, "");
		for (const char *const *o = ours; *o != NULL; o++) {
			if (has_word(c->offered, *o))
				c->caps = talloc_asprintf_append(c->caps, "%s ", *o);
		}
		if (wants_sasl(c) && !has_word(c->offered, "sasl"))
			return err_fail(err, RC_NET,
			    "the server knows no SASL: auth = pass, or no user");
		if (wants_sasl(c))
			c->caps = talloc_asprintf_append(c->caps, "sasl ");
		return *c->caps ? say(c, err, "CAP REQ :%s", c->caps)
				: say(c, err, "CAP END");
	}
	if (strcmp(verb, "ACK") == 0 && has_word(last, "sasl"))
		return say(c, err, "AUTHENTICATE PLAIN");
	if (strcmp(verb, "NAK") == 0 && wants_sasl(c))
		return err_fail(err, RC_NET, "the server refuses SASL");
	return strcmp(verb, "ACK") == 0 || strcmp(verb, "NAK") == 0
		   ? say(c, err, "CAP END")
		   : RC_OK;
}

static enum rc
join_rooms(struct irc *c, struct err *err)
{
	enum rc rc = RC_OK;

	c->rejoin_at = INSTANT_NONE;
	for (const char **r = c->conf->rooms; rc == RC_OK && *r != NULL; r++)
		rc = say(c, err, "JOIN %s", *r);
	if (rc == RC_OK && c->conf->agents_room != NULL)
		rc = say(c, err, "JOIN %s", c->conf->agents_room);
	return rc;
}

static enum rc
welcome(struct irc *c, const struct irc_line *l, struct err *err)
{
	c->in = true;
	c->nick = talloc_strdup(c, irc_param(l, 0));
	c->regain_at = now_ms() + REGAIN_MS;
	bridge_up(c->b);
	return join_rooms(c, err);
}

static enum rc
nick_taken(struct irc *c, struct err *err)
{
	if (c->in) /* we tried to get ours back */
		return RC_OK;
	if (strlen(c->nick) > strlen(c->want) + 8)
		return err_fail(
		    err, RC_NET, "nick \"%s\" and those like it are taken", c->want);
	c->nick = talloc_asprintf(c, "%s_", c->nick);
	return say(c, err, "NICK %s", c->nick);
}

/* ---- hearing ---- */

/* Colours and the like (mIRC's codes) are no text. In place. */
static void
strip(char *s)
{
	char *o = s;

	while (*s != '\0') {
		if (*s == '\x03') {
			s++;
			for (int i = 0; i < 2 && *s >= '0' && *s <= '9'; i++)
				s++;
			if (*s == ',' && s[1] >= '0' && s[1] <= '9') {
				s += 2;
				s += *s >= '0' && *s <= '9';
			}
		} else if (strchr("\x02\x0f\x11\x16\x1d\x1e\x1f", *s) != NULL) {
			s++;
		} else {
			*o++ = *s++;
		}
	}
	*o = '\0';
}

/* Behind "acme: " or "acme, " in a room; NULL when it is not for us. */
static char *
addressed(const struct irc *c, char *text)
{
	const char *names[] = {c->conf->prefix, c->nick};

	for (size_t i = 0; i < 2; i++) {
		size_t n = names[i] ? strlen(names[i]) : 0;

		if (n > 0 && strncasecmp(text, names[i], n) == 0 &&
		    strchr(":, ", text[n]) != NULL && text[n] != '\0')
			return text + n + strspn(text + n, ":, ");
	}
	return NULL;
}

static void
on_privmsg(struct irc *c, const struct irc_line *l)
{
	void *ctx = talloc_new(c);
	const char *target = irc_param(l, 0);
	char *text = talloc_strdup(ctx, irc_param(l, 1)), *nick, *account, *time;
	struct heard h = {.kind = "irc", .name = l->nick};
	size_t n = strlen(text);
	bool room = irc_is_channel(target);

	if (l->user == NULL || *l->nick == '\0' || irc_same(l->nick, c->nick))
		goto out;      /* a server, ourselves */
	if (*text == '\x01') { /* CTCP: what somebody does is said, the rest is not */
		if (strncmp(text,
			"\x01"
			"ACTION ",
			8) != 0)
			goto out;
		if (text[n - 1] == '\x01')
			text[n - 1] = '\0';
		memmove(text, text + 6, strlen(text + 6) + 1);
		*text = '*';
	}
	strip(text);
	if (room && !bridge_is_agents_room(c->b, target) &&
	    (text = addressed(c, text)) == NULL)
		goto out;
	nick = irc_fold(talloc_strdup(ctx, l->nick));
	h.conversation = room ? talloc_asprintf(ctx, "%s %s",
				    irc_fold(talloc_strdup(ctx, target)), nick)
			      : nick;
	account = irc_tag(ctx, l, "account");
	h.proven = account != NULL && *account != '\0';
	/* No account begins with ~: who has none is nobody else than this nick from this
	 * host. */
	h.address = h.proven ? talloc_asprintf(ctx, "%s/%s", c->conf->name, account)
			     : talloc_asprintf(ctx, "%s/~%s!%s@%s", c->conf->name, nick,
				   l->user, l->host ? l->host : "");
	h.id = irc_tag(ctx, l, "msgid");
	time = irc_tag(ctx, l, "time");
	if (time != NULL && !instant_parse(time, &h.at))
		h.at = INSTANT_NONE;
	h.text = text;
	h.ntext = strlen(text);
	bridge_heard(c->b, &h);
out:
	talloc_free(ctx);
}

/* The server answers in order: what we said before this was taken. */
static void
on_pong(struct irc *c, const struct irc_line *l)
{
	const char *token = irc_param(l, l->nparams - 1);

	if (text_starts(token, "tkt-"))
		bridge_delivered(c->b, token + 4);
}

/* A target that is not there: what is on its way to it has failed. */
static void
no_such_target(struct irc *c, const struct irc_line *l)
{
	char *target = irc_fold(talloc_strdup(c, irc_param(l, 1)));

	bridge_target_gone(c->b, target, irc_param(l, l->nparams - 1));
	talloc_free(target);
}

static enum rc
on_number(struct irc *c, int number, const struct irc_line *l, struct err *err)
{
	switch (number) {
	case 1: /* RPL_WELCOME */
		return welcome(c, l, err);
	case 401: /* ERR_NOSUCHNICK */
	case 403: /* ERR_NOSUCHCHANNEL */
	case 404: /* ERR_CANNOTSENDTOCHAN */
		no_such_target(c, l);
		return RC_OK;
	case 432: /* ERR_ERRONEUSNICKNAME */
		return c->in ? RC_OK
			     : err_fail(err, RC_NET, "the server takes no nick \"%s\"",
				   c->nick);
	case 433: /* ERR_NICKNAMEINUSE */
	case 436: /* ERR_NICKCOLLISION */
		return nick_taken(c, err);
	case 464: /* ERR_PASSWDMISMATCH */
	case 465: /* ERR_YOUREBANNEDCREEP */
	case 902:
	case 904:
	case 905:
	case 906: /* SASL failed */
		return err_fail(err, RC_NET, "the server does not let us in: %s",
		    irc_param(l, l->nparams - 1));
	case 471:
	case 473:
	case 474:
	case 475: /* a room that is full, by invitation, banned from, or has a key */
		bridge_log(c->b, "%s: %s", irc_param(l, 1), irc_param(l, l->nparams - 1));
		c->rejoin_at = now_ms() + REJOIN_MS;
		return RC_OK;
	case 903: /* RPL_SASLSUCCESS */
		return say(c, err, "CAP END");
	default:
		return RC_OK;
	}
}

static enum rc
on_line(struct irc *c, char *s, struct err *err)
{
	struct irc_line l;
	int64_t number;

	if (!irc_parse(s, &l))
		return RC_OK;
	if (strlen(l.command) == 3 && text_number(l.command, &number))
		return on_number(c, (int)number, &l, err);
	if (strcmp(l.command, "PING") == 0)
		return say(c, err, "PONG :%s", irc_param(&l, 0));
	if (strcmp(l.command, "ERROR") == 0)
		return err_fail(err, RC_NET, "the server says: %s", irc_param(&l, 0));
	if (strcmp(l.command, "CAP") == 0)
		return on_cap(c, &l, err);
	if (strcmp(l.command, "AUTHENTICATE") == 0 && wants_sasl(c) && !c->in)
		return authenticate(c, err);
	if (!c->in)
		return RC_OK;
	if (strcmp(l.command, "PRIVMSG") == 0)
		on_privmsg(c, &l);
	else if (strcmp(l.command, "PONG") == 0)
		on_pong(c, &l);
	else if (strcmp(l.command, "NICK") == 0 && l.nick && irc_same(l.nick, c->nick))
		c->nick = talloc_strdup(c, irc_param(&l, 0));
	else if (strcmp(l.command, "KICK") == 0 && irc_same(irc_param(&l, 1), c->nick))
		c->rejoin_at = now_ms() + REJOIN_MS;
	return RC_OK;
}

static enum rc
hear(struct irc *c, struct err *err)
{
	char block[16384], *line;
	size_t n, total = 0;
	bool cut;
	enum rc rc = RC_OK;

	c->more = false;
	while (rc == RC_OK) {
		CURLcode code = curl_easy_recv(c->curl, block, sizeof(block), &n);

		if (code == CURLE_AGAIN)
			break;
		if (code != CURLE_OK || n == 0)
			return err_fail(err, RC_NET, "%s",
			    code != CURLE_OK ? curl_easy_strerror(code)
					     : "the server closed the connection");
		c->heard_at = now_ms();
		c->asked_at = INSTANT_NONE;
		lines_add(c->lines, block, n);
		while (rc == RC_OK && lines_next(c->lines, &line, &n, &cut)) {
			if (cut)
				bridge_log(c->b,
				    "a line of more than %d bytes is passed over",
				    IRC_LINE_MAX + IRC_TAGS_MAX);
			else if (strlen(line) == n) /* a NUL: no line of IRC */
				rc = on_line(c, line, err);
		}
		total += n;
		if (total > READ_MAX) {
			c->more = true;
			break;
		}
	}
	return rc;
}

/* ---- the channel ---- */

/* Tests of ours call a server on this machine; libcurl only connects (and asks for no
 * HTTP). */
static enum rc
connect_to(struct irc *c, void *ctx, struct err *err)
{
	const char *url = c->conf->at.url;
	bool tls = text_starts(url, "ircs:");
	char *where = talloc_asprintf(c, "http%s%s", tls ? "s" : "", strchr(url, ':'));
	const char *host = strstr(url, "://") + 3;
	const char *close = *host == '[' ? strchr(host, ']') : host;
	curl_socket_t fd = CURL_SOCKET_BAD;
	CURLcode code;
	enum rc rc = remote_open(
	    ctx, bridge_desk(c->b), &c->conf->at, "http,https", &c->curl, err);

	if (rc != RC_OK)
		return rc;
	curl_easy_setopt(c->curl, CURLOPT_URL, where);
	if (close == NULL || strchr(close, ':') == NULL)
		curl_easy_setopt(c->curl, CURLOPT_PORT, tls ? 6697L : 6667L);
	curl_easy_setopt(c->curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(c->curl, CURLOPT_SSL_ENABLE_ALPN, 0L);
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, 0L);
	code = curl_easy_perform(c->curl);
	if (code == CURLE_OK)
		code = curl_easy_getinfo(c->curl, CURLINFO_ACTIVESOCKET, &fd);
	if (code != CURLE_OK || fd == CURL_SOCKET_BAD)
		return err_fail(err, RC_NET, "%s: %s", url, curl_easy_strerror(code));
	c->fd = fd;
	return RC_OK;
}

static enum rc
log_in(struct irc *c, struct err *err)
{
	const struct remote *at = &c->conf->at;
	char *secret = NULL;
	size_t n = 0;
	enum rc rc = say(c, err, "CAP LS 302");

	if (rc == RC_OK && at->secret != NULL && !wants_sasl(c)) {
		rc = desk_read_secret(
		    bridge_desk(c->b), c, at->secret, 1024, &secret, &n, err);
		if (rc == RC_OK)
			rc = say(c, err, "PASS :%s", secret);
		if (secret != NULL)
			sodium_memzero(secret, n);
		talloc_free(secret);
	}
	if (rc == RC_OK)
		rc = say(c, err, "NICK %s", c->nick);
	return rc == RC_OK ? say(c, err, "USER %s 0 * :%s", c->want,
				 bridge_desk(c->b)->config->name)
			   : rc;
}

static enum rc
open_irc(struct bridge_run *b, void *ctx, void **self, struct err *err)
{
	struct irc *c = talloc_zero(ctx, struct irc);
	enum rc rc;

	c->b = b;
	c->conf = bridge_conf(b);
	c->want = talloc_strdup(c, c->conf->nick      ? c->conf->nick
				   : c->conf->at.user ? c->conf->at.user
						      : c->conf->name);
	c->nick = talloc_strdup(c, c->want);
	c->offered = talloc_strdup(c, "");
	c->lines = lines_new(c, IRC_LINE_MAX + IRC_TAGS_MAX);
	c->opened = c->heard_at = c->filled_at = now_ms();
	c->tokens = BURST;
	rc = connect_to(c, c, err);
	*self = c;
	return rc == RC_OK ? log_in(c, err) : rc;
}

static size_t
wait_irc(void *self, struct pollfd v[BRIDGE_FDS_MAX], int64_t *until)
{
	struct irc *c = self;
	bool says = c->nout > 0 && (c->tokens >= 1 || !c->in || c->out[0].done > 0);

	v[0] = (struct pollfd){
	    .fd = c->fd, .events = (short)(POLLIN | (says ? POLLOUT : 0))};
	if (c->more)
		*until = now_ms();
	else if (c->nout > 0 && !says) {
		int64_t at = c->filled_at + (int64_t)((1 - c->tokens) * LINE_MS) + 1;

		*until = at < *until ? at : *until;
	}
	return 1;
}

static enum rc
step_irc(void *self, struct err *err)
{
	struct irc *c = self;
	int64_t now = now_ms();
	enum rc rc = hear(c, err);

	if (rc == RC_OK && !c->in && now - c->opened > LOGIN_MS)
		return err_fail(err, RC_NET, "the server does not let us in");
	if (rc == RC_OK && now - c->heard_at > GONE_MS)
		return err_fail(err, RC_NET, "the server does not answer");
	if (rc == RC_OK && c->in && c->asked_at == INSTANT_NONE &&
	    now - c->heard_at > QUIET_MS) {
		c->asked_at = now;
		rc = say(c, err, "PING :alive");
	}
	if (rc == RC_OK && c->in && now > c->regain_at && !irc_same(c->nick, c->want)) {
		c->regain_at = now + REGAIN_MS;
		rc = say(c, err, "NICK %s", c->want);
	}
	if (rc == RC_OK && c->rejoin_at != INSTANT_NONE && now > c->rejoin_at)
		rc = join_rooms(c, err);
	return rc == RC_OK ? flush(c, err) : rc;
}

static bool
ready_irc(void *self)
{
	struct irc *c = self;

	return c->in && c->nout < BURST * 10;
}

/* Line by line, to the person or, in a room, with their name before it. */
static enum rc
send_irc(void *self, const struct said *s, struct err *err)
{
	struct irc *c = self;
	const char *space = strchr(s->conversation, ' '), *p = s->text;
	char *target = talloc_strndup(c, s->conversation,
		 space ? (size_t)(space - s->conversation) : strlen(s->conversation)),
	     *to = space ? talloc_asprintf(c, "%s: ", space + 1) : talloc_strdup(c, "");
	enum rc rc = RC_OK;

	while (rc == RC_OK && *p != '\0') {
		size_t skip, n = irc_piece(p, ROOM - strlen(to) % ROOM, &skip);

		if (n > 0)
			rc = say(c, err, "PRIVMSG %s :%s%.*s", target, to, (int)n, p);
		p += n + skip;
	}
	for (size_t i = 0; rc == RC_OK && i < s->message->nattachments; i++)
		rc = say(c, err, "PRIVMSG %s :%s[%s]", target, to,
		    s->message->attachments[i].name);
	if (rc == RC_OK)
		rc = say(c, err, "PING :tkt-%s", s->id);
	talloc_free(target);
	talloc_free(to);
	return rc == RC_OK ? flush(c, err) : rc;
}

const struct channel channel_irc = {.type = "irc",
    .open = open_irc,
    .wait = wait_irc,
    .step = step_irc,
    .ready = ready_irc,
    .send = send_irc};
