/* Getting into a server of IRC: capabilities, SASL, nick, rooms. */
#include <sodium.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "chat/irc_priv.h"

static bool
wants_sasl(const struct irc *c)
{
	return c->conf->at.user != NULL && strcmp(c->conf->at.auth, "pass") != 0;
}

enum rc
irc_on_authenticate(struct irc *c, struct err *err)
{
	const char *user = c->conf->at.user;
	char *secret = NULL, *raw, *b64;
	size_t n = 0, u = user ? strlen(user) : 0, room;
	enum rc rc;

	if (!wants_sasl(c) || c->in)
		return RC_OK;
	rc = desk_read_secret(
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
		rc = irc_say(c, err, "AUTHENTICATE %.400s", b64 + i);
	if (rc == RC_OK && strlen(b64) % 400 == 0)
		rc = irc_say(c, err, "AUTHENTICATE +");
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

/* IRCv3 capability negotiation. */
enum rc
irc_on_cap(struct irc *c, const struct irc_line *l, struct err *err)
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
		return *c->caps ? irc_say(c, err, "CAP REQ :%s", c->caps)
				: irc_say(c, err, "CAP END");
	}
	if (strcmp(verb, "ACK") == 0 && has_word(last, "sasl"))
		return irc_say(c, err, "AUTHENTICATE PLAIN");
	if (strcmp(verb, "NAK") == 0 && wants_sasl(c))
		return err_fail(err, RC_NET, "the server refuses SASL");
	return strcmp(verb, "ACK") == 0 || strcmp(verb, "NAK") == 0
		   ? irc_say(c, err, "CAP END")
		   : RC_OK;
}

enum rc
irc_join_rooms(struct irc *c, struct err *err)
{
	enum rc rc = RC_OK;

	c->rejoin_at = INSTANT_NONE;
	for (const char **r = c->conf->rooms; rc == RC_OK && *r != NULL; r++)
		rc = irc_say(c, err, "JOIN %s", *r);
	if (rc == RC_OK && c->conf->agents_room != NULL)
		rc = irc_say(c, err, "JOIN %s", c->conf->agents_room);
	return rc;
}

enum rc
irc_welcome(struct irc *c, const struct irc_line *l, struct err *err)
{
	/* A server without capabilities has let us in as nobody. */
	if (wants_sasl(c) && !c->sasl)
		return err_fail(
		    err, RC_NET, "the server knows no SASL: auth = pass, or no user");
	c->in = true;
	c->nick = talloc_strdup(c, irc_param(l, 0));
	c->regain_at = now_ms() + IRC_REGAIN_MS;
	bridge_up(c->b);
	return irc_join_rooms(c, err);
}

enum rc
irc_nick_taken(struct irc *c, struct err *err)
{
	if (c->in) /* we tried to get ours back */
		return RC_OK;
	if (strlen(c->nick) > strlen(c->want) + 8)
		return err_fail(
		    err, RC_NET, "nick \"%s\" and those like it are taken", c->want);
	c->nick = talloc_asprintf(c, "%s_", c->nick);
	return irc_say(c, err, "NICK %s", c->nick);
}

enum rc
irc_log_in(struct irc *c, struct err *err)
{
	const struct remote *at = &c->conf->at;
	char *secret = NULL;
	size_t n = 0;
	enum rc rc = irc_say(c, err, "CAP LS 302");

	if (rc == RC_OK && at->secret != NULL && !wants_sasl(c)) {
		rc = desk_read_secret(
		    bridge_desk(c->b), c, at->secret, 1024, &secret, &n, err);
		if (rc == RC_OK)
			rc = irc_say(c, err, "PASS :%s", secret);
		if (secret != NULL)
			sodium_memzero(secret, n);
		talloc_free(secret);
	}
	if (rc == RC_OK)
		rc = irc_say(c, err, "NICK %s", c->nick);
	return rc == RC_OK ? irc_say(c, err, "USER %s 0 * :%s", c->want,
				 bridge_desk(c->b)->config->name)
			   : rc;
}
