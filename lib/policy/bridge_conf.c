/* bridge blocks of tkt.conf: channels other than mail. */
#include <string.h>
#include <talloc.h>

#include "base/text.h"
#include "policy/conf_priv.h"

static const char *const irc_schemes[] = {"ircs", "irc", NULL},
			 *const xmpp_schemes[] = {"xmpps", "xmpp", NULL},
			 *const http_schemes[] = {"https", "http", NULL},
			 *const irc_auth[] = {"sasl", "pass", NULL},
			 *const no_auth[] = {NULL};

/* What each type needs of url, user and secret. */
static const struct kind {
	const char *type;
	const char *const *schemes; /* NULL: no server of its own */
	const char *const *auth;
	bool url, login;
} kinds[] = {{"irc", irc_schemes, irc_auth, true, false},
    {"xmpp", xmpp_schemes, no_auth, false, true},
    {"matrix", http_schemes, no_auth, true, true},
    {"matterbridge", http_schemes, no_auth, true, false},
    {"mastodon", http_schemes, no_auth, true, false},
    {"bluesky", http_schemes, no_auth, true, true},
    {"rss", http_schemes, no_auth, true, false}, {"exec", NULL, no_auth, false, false}};

static const struct kind *
kind_of(struct conf *c, cfg_t *sec, const char *type)
{
	const char **names = NULL;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (type != NULL && strcmp(kinds[i].type, type) == 0)
			return &kinds[i];
		text_push(c->ctx, &names, &n, kinds[i].type);
	}
	if (type == NULL)
		conf_wrong(c, sec, NULL, "bridge \"%s\" has no type", cfg_title(sec));
	else
		conf_wrong(c, sec, "type", "type \"%s\": unknown%s", type,
		    text_hint(c->ctx, type, names));
	return NULL;
}

static void
put_program(struct conf *c, cfg_t *sec, json_t *o)
{
	const char *program =
	    cfg_size(sec, "run") > 0 ? cfg_getnstr(sec, "run", 0) : NULL;

	if (program == NULL)
		conf_wrong(c, sec, NULL, "bridge \"%s\" has no run", cfg_title(sec));
	else if (*program != '/')
		conf_wrong(c, sec, "run",
		    "run \"%s\": a program is named by its whole path", program);
	json_object_set_new(o, "run", conf_list(sec, "run"));
}

/* Whoever wants to be read on the way must say so. */
static void
check_plain(struct conf *c, cfg_t *sec, const struct kind *k)
{
	const char *url = conf_get(sec, "url"), *host = strstr(url, "://") + 3,
		   *tls = conf_get(sec, "tls");
	size_t n = strcspn(host, ":/");

	if (strncmp(host, "127.", 4) == 0 || strncmp(host, "[::1]", 5) == 0 ||
	    (n == 9 && strncmp(host, "localhost", n) == 0) ||
	    (tls != NULL && strcmp(tls, "none") == 0))
		return;
	conf_wrong(c, sec, "url", "url \"%s\" is not encrypted: use %s://, or tls = none",
	    url, k->schemes[0]);
}

static void
put_outside(struct conf *c, cfg_t *sec, const struct kind *k, json_t *o)
{
	bool user = conf_get(sec, "user") != NULL,
	     secret = conf_get(sec, "secret") != NULL;

	if (k->schemes == NULL) {
		put_program(c, sec, o);
		return;
	}
	conf_put_server(c, sec, k->schemes, k->auth, o);
	if (k->schemes == xmpp_schemes && conf_get(sec, "pin") != NULL)
		conf_wrong(
		    c, sec, "pin", "pin: not for xmpp, name the certificate by ca");
	/* xmpp: begins in the open and goes on in secret (STARTTLS). */
	if (k->schemes != xmpp_schemes && conf_get(sec, "url") != NULL &&
	    text_starts(conf_get(sec, "url"), k->schemes[1]) &&
	    strncmp(conf_get(sec, "url") + strlen(k->schemes[1]), "://", 3) == 0)
		check_plain(c, sec, k);
	if (conf_get(sec, "url") != NULL && strchr(conf_get(sec, "url"), '?') != NULL &&
	    strcmp(k->type, "rss") != 0)
		conf_wrong(c, sec, "url", "url: a query is for feeds alone");
	if (k->url && conf_get(sec, "url") == NULL)
		conf_wrong(c, sec, NULL, "bridge \"%s\" has no url", cfg_title(sec));
	if (k->login && (!user || !secret))
		conf_wrong(
		    c, sec, NULL, "bridge \"%s\" needs user and secret", cfg_title(sec));
	else if (strcmp(k->type, "mastodon") == 0 && !secret)
		conf_wrong(c, sec, NULL, "bridge \"%s\" needs a secret", cfg_title(sec));
	else if (user && !secret)
		conf_wrong(c, sec, NULL, "user and secret go together");
}

/* A word that is said to a server: nothing that would end it. */
static void
put_word(struct conf *c, cfg_t *sec, const char *key, json_t *o)
{
	const char *v = conf_get(sec, key);

	for (const char *s = v ? v : ""; *s != '\0'; s++) {
		if ((unsigned char)*s <= ' ' || *s == 0x7f || *s == ',') {
			conf_wrong(
			    c, sec, key, "%s \"%s\": one word, without commas", key, v);
			break;
		}
	}
	conf_put(o, key, v);
}

/* Both, when nothing is said. */
static void
put_announce(struct conf *c, cfg_t *sec, json_t *o)
{
	static const char *const words[] = {"created", "breached", "none", NULL};
	json_t *list = conf_list(sec, "announce");

	for (unsigned i = 0; i < cfg_size(sec, "announce"); i++)
		conf_check_word(
		    c, sec, "announce", cfg_getnstr(sec, "announce", i), words);
	if (json_array_size(list) == 0) {
		json_array_append_new(list, json_string("created"));
		json_array_append_new(list, json_string("breached"));
	}
	json_object_set_new(o, "announce", list);
}

/* Who writes to us there may look for the answer tomorrow. */
static bool
is_slow(const char *type)
{
	static const char *const types[] = {"mastodon", "bluesky", "rss", NULL};

	return type != NULL && word_index(types, type) >= 0;
}

static void
one_bridge(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *type = conf_get(sec, "type");
	const struct kind *k = kind_of(c, sec, type);

	conf_put(o, "type", type);
	if (k != NULL)
		put_outside(c, sec, k, o);
	put_word(c, sec, "nick", o);
	put_word(c, sec, "prefix", o);
	for (unsigned i = 0; i < cfg_size(sec, "rooms"); i++) {
		const char *room = cfg_getnstr(sec, "rooms", i);

		if (*room == '\0' || strpbrk(room, " ,\r\n\t\a") != NULL)
			conf_wrong(c, sec, "rooms",
			    "room \"%s\": one word, without commas", room);
	}
	json_object_set_new(o, "rooms", conf_list(sec, "rooms"));
	put_word(c, sec, "agents_room", o);
	put_announce(c, sec, o);
	conf_check_ref(c, cfg, sec, "queue", conf_get(sec, "queue"), "queue");
	conf_put(o, "queue", conf_get(sec, "queue"));
	conf_check_ref(c, cfg, sec, "bot", conf_get(sec, "bot"), "bot");
	conf_put(o, "bot", conf_get(sec, "bot"));
	conf_put_duration(c, sec, o, "idle", is_slow(type) ? "7d" : "30m");
	conf_put_duration(c, sec, o, "every", "1m");
	conf_put_size(c, sec, o, "flood", "flood", BRIDGE_FLOOD);
	conf_put_size(c, sec, o, "room_flood", "room_flood", BRIDGE_ROOM_FLOOD);
}

void
conf_bridges(struct conf *c, cfg_t *cfg, json_t *o)
{
	json_object_set_new(o, "bridges", conf_each_block(c, cfg, "bridge", one_bridge));
}
