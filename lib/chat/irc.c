/* IRC: a client of one server (RFC 2812; IRCv3 capability negotiation, SASL, account-tag,
 * server-time, message-ids). libcurl makes the connection, so that certificates, pins and
 * TLS are as everywhere else. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "chat/irc_priv.h"

enum {
	QUIET_MS = 120000, /* without a word: we ask */
	GONE_MS = 180000,  /* and then it is lost */
	LOGIN_MS = 60000,  /* to be let in */
	READ_MAX = 1 << 20 /* bytes read in a turn */
};

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

/* Behind our name in a room; NULL when it is not for us. */
static char *
addressed(const struct irc *c, char *text)
{
	const char *const names[] = {c->conf->prefix, c->nick, NULL};
	const char *rest = talk_addressed(text, names, 2);

	return rest ? text + (rest - text) : NULL;
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
static enum rc
on_number(struct irc *c, int number, const struct irc_line *l, struct err *err)
{
	switch (number) {
	case 1: /* RPL_WELCOME */
		return irc_welcome(c, l, err);
	case 401: /* ERR_NOSUCHNICK */
	case 403: /* ERR_NOSUCHCHANNEL */
	case 404: /* ERR_CANNOTSENDTOCHAN */
		irc_no_such_target(c, l);
		return RC_OK;
	case 432: /* ERR_ERRONEUSNICKNAME */
		return c->in ? RC_OK
			     : err_fail(err, RC_NET, "the server takes no nick \"%s\"",
				   c->nick);
	case 433: /* ERR_NICKNAMEINUSE */
	case 436: /* ERR_NICKCOLLISION */
		return irc_nick_taken(c, err);
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
		c->rejoin_at = now_ms() + IRC_REJOIN_MS;
		return RC_OK;
	case 311: /* RPL_WHOISUSER */
	case 318: /* RPL_ENDOFWHOIS */
	case 330: /* RPL_WHOISACCOUNT */
		return irc_on_whois(c, number, l, err);
	case 903: /* RPL_SASLSUCCESS */
		c->sasl = true;
		return irc_say(c, err, "CAP END");
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
		return irc_say(c, err, "PONG :%s", irc_param(&l, 0));
	if (strcmp(l.command, "ERROR") == 0)
		return err_fail(err, RC_NET, "the server says: %s", irc_param(&l, 0));
	if (strcmp(l.command, "CAP") == 0)
		return irc_on_cap(c, &l, err);
	if (strcmp(l.command, "AUTHENTICATE") == 0)
		return irc_on_authenticate(c, err);
	if (!c->in)
		return RC_OK;
	if (strcmp(l.command, "PRIVMSG") == 0)
		on_privmsg(c, &l);
	else if (strcmp(l.command, "PONG") == 0)
		irc_on_pong(c, &l);
	else if (strcmp(l.command, "NICK") == 0 && l.nick && irc_same(l.nick, c->nick))
		c->nick = talloc_strdup(c, irc_param(&l, 0));
	else if (strcmp(l.command, "KICK") == 0 && irc_same(irc_param(&l, 1), c->nick))
		c->rejoin_at = now_ms() + IRC_REJOIN_MS;
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
	c->tokens = IRC_BURST;
	rc = connect_to(c, c, err);
	*self = c;
	return rc == RC_OK ? irc_log_in(c, err) : rc;
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
		int64_t at = c->filled_at + (int64_t)((1 - c->tokens) * IRC_LINE_MS) + 1;

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
		rc = irc_say(c, err, "PING :alive");
	}
	if (rc == RC_OK && c->in && now > c->regain_at && !irc_same(c->nick, c->want)) {
		c->regain_at = now + IRC_REGAIN_MS;
		rc = irc_say(c, err, "NICK %s", c->want);
	}
	if (rc == RC_OK && c->rejoin_at != INSTANT_NONE && now > c->rejoin_at)
		rc = irc_join_rooms(c, err);
	return rc == RC_OK ? irc_flush(c, err) : rc;
}

static bool
ready_irc(void *self)
{
	struct irc *c = self;

	return c->in && c->nout < IRC_BURST * 10;
}

const struct channel channel_irc = {.type = "irc",
    .open = open_irc,
    .wait = wait_irc,
    .step = step_irc,
    .ready = ready_irc,
    .send = irc_send};
