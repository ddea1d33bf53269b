/* How mail and events leave the desk, and where mail is fetched: smtp, fetch, webhook,
 * undo, url; where the knowledge base is found. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/text.h"
#include "policy/conf_priv.h"

/* A file in secret/: its name alone, so that nothing else is ever read for one. */
static void
put_secret(struct conf *c, cfg_t *sec, json_t *o)
{
	const char *v = conf_get(sec, "secret");

	if (v != NULL && (*v == '.' || strchr(v, '/') != NULL))
		conf_wrong(c, sec, "secret",
		    "secret \"%s\": the name of a file in the desk's folder secret", v);
	conf_put(o, "secret", v);
}

/* One of these schemes and a host; nothing secret, nothing that a shell or URL would take
 * for something else. */
static void
check_server_url(struct conf *c, cfg_t *sec, const char *url, const char *const *schemes)
{
	const char *colon = strstr(url, "://"), *host = colon ? colon + 3 : "";
	size_t n = strcspn(host, "/");
	/* A feed may need a query. */
	const char *bad = strcmp(schemes[0], "https") == 0 ? " \t\"\\#;" : " \t\"\\?#;";
	char *scheme = colon ? talloc_strndup(c->ctx, url, (size_t)(colon - url)) : NULL;

	if (n == 0 || scheme == NULL || word_index(schemes, scheme) < 0 ||
	    strpbrk(url, bad) != NULL)
		conf_wrong(c, sec, "url",
		    "url \"%s\": use %s://HOST:PORT or %s://HOST:PORT", url, schemes[0],
		    schemes[1]);
	else if (memchr(host, '@', n) != NULL)
		conf_wrong(c, sec, "url",
		    "url: the name belongs into user, the password into a file of "
		    "secret");
}

void
conf_put_server(struct conf *c, cfg_t *sec, const char *const *schemes,
    const char *const *auth, json_t *o)
{
	static const char *const tls[] = {"required", "try", "none", NULL};
	const char *url = conf_get(sec, "url"), *v;

	if (url != NULL)
		check_server_url(c, sec, url, schemes);
	conf_put(o, "url", url);
	conf_put(o, "user", conf_get(sec, "user"));
	put_secret(c, sec, o);
	conf_check_word(c, sec, "auth", v = conf_get(sec, "auth"), auth);
	conf_put(o, "auth", v);
	conf_check_word(c, sec, "tls", v = conf_get(sec, "tls"), tls);
	conf_put(o, "tls", v);
	if (v != NULL && strcmp(v, "required") != 0 && conf_get(sec, "user") != NULL)
		conf_warn(c, sec, "tls",
		    "tls = %s: the password may cross the network in clear text", v);
	conf_put(o, "ca", conf_get(sec, "ca"));
	v = conf_get(sec, "pin");
	if (v != NULL && !text_starts(v, "sha256//"))
		conf_wrong(c, sec, "pin",
		    "pin \"%s\": sha256// and the SHA-256 of the server's public key in "
		    "base64",
		    v);
	conf_put(o, "pin", v);
	conf_put_duration(c, sec, o, "timeout", "5m");
}

/* Mail: smtp and fetch. */
static void
put_mail_server(struct conf *c, cfg_t *sec, const char *const *schemes, json_t *o)
{
	static const char *const auth[] = {"password", "xoauth2", NULL};

	conf_put_server(c, sec, schemes, auth, o);
	if ((conf_get(sec, "user") != NULL) != (conf_get(sec, "secret") != NULL))
		conf_wrong(c, sec, NULL, "user and secret go together");
}

static void
put_smtp(struct conf *c, cfg_t *cfg, json_t *desk)
{
	static const char *const schemes[] = {"smtp", "smtps", NULL};
	cfg_t *sec = cfg_size(cfg, "smtp") > 0 ? cfg_getsec(cfg, "smtp") : NULL;
	const char *sendmail;
	json_t *o;

	if (sec == NULL)
		return;
	o = json_object();
	put_mail_server(c, sec, schemes, o);
	sendmail = conf_get(sec, "sendmail");
	if (conf_get(sec, "url") != NULL && sendmail != NULL)
		conf_wrong(c, sec, "sendmail", "smtp: url or sendmail, not both");
	if (sendmail != NULL && *sendmail != '/')
		conf_wrong(c, sec, "sendmail",
		    "sendmail \"%s\": a program is named by its whole path", sendmail);
	conf_put(o, "sendmail", sendmail);
	json_object_set_new(desk, "smtp", o);
}

static void
one_fetch(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	static const char *const schemes[] = {"imaps", "pop3s", "imap", "pop3", NULL};
	const char *url = conf_get(sec, "url");

	if (url == NULL)
		conf_wrong(c, sec, NULL, "fetch \"%s\" has no url", cfg_title(sec));
	if (conf_get(sec, "user") == NULL)
		conf_wrong(
		    c, sec, NULL, "fetch \"%s\" needs user and secret", cfg_title(sec));
	put_mail_server(c, sec, schemes, o);
	conf_check_ref(c, cfg, sec, "mailbox", conf_get(sec, "mailbox"), "mailbox");
	conf_put(o, "mailbox", conf_get(sec, "mailbox"));
	if (conf_put_bool(c, sec, o, "keep") && url != NULL && text_starts(url, "pop3"))
		conf_wrong(c, sec, "keep",
		    "keep: POP3 does not say which mails are new; they are removed");
}

static void
one_webhook(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *url = conf_get(sec, "url");

	(void)cfg;
	if (url == NULL)
		conf_wrong(c, sec, NULL, "webhook \"%s\" has no url", cfg_title(sec));
	else if (!conf_url_ok(url))
		conf_wrong(c, sec, "url", "url \"%s\": use https://HOST/PATH", url);
	conf_put(o, "url", url);
	put_secret(c, sec, o);
	conf_put_bool(c, sec, o, "private_allowed");
}

/* The knowledge base: only the names of its parts, so that nothing here can lead a page
 * or a push elsewhere. */
static void
put_kb(struct conf *c, cfg_t *cfg, json_t *desk)
{
	static const char *const check[] = {"reject", "warn", "off", NULL},
				 *const urls[] = {"url", "feedback", "search", NULL};
	cfg_t *sec = cfg_size(cfg, "kb") > 0 ? cfg_getsec(cfg, "kb") : NULL;
	const char *v;
	json_t *o;

	if (sec == NULL)
		return;
	o = json_object();
	v = conf_get(sec, "branch");
	if (v != NULL && (strpbrk(v, " ~^:?*[\\") != NULL || strstr(v, "..") != NULL ||
			     *v == '/' || *v == '-' || *v == '.'))
		conf_wrong(c, sec, "branch", "branch \"%s\": git has no such names", v);
	conf_put(o, "branch", v);
	v = conf_get(sec, "language");
	if (v != NULL && !text_is_language(v))
		conf_wrong(c, sec, "language",
		    "language \"%s\": a tag as \"en\" or \"pt-br\"", v);
	conf_put(o, "language", v);
	for (const char *const *u = urls; *u != NULL; u++) {
		v = conf_get(sec, *u);
		if (v != NULL && !conf_url_ok(v))
			conf_wrong(c, sec, *u, "%s \"%s\": use https://HOST/PATH", *u, v);
		conf_put(o, *u, v);
	}
	v = conf_get(sec, "site");
	if (v != NULL && (*v != '/' || strstr(v, "/..") != NULL))
		conf_wrong(c, sec, "site", "site \"%s\": a folder by its whole path", v);
	conf_put(o, "site", v);
	conf_check_word(c, sec, "check", v = conf_get(sec, "check"), check);
	conf_put(o, "check", v);
	conf_put_duration(c, sec, o, "stale", "365d");
	json_object_set_new(desk, "kb", o);
}

void
conf_outside(struct conf *c, cfg_t *cfg, json_t *o)
{
	const char *url = conf_get(cfg, "url");

	if (url != NULL && !conf_url_ok(url))
		conf_wrong(c, cfg, "url", "url \"%s\": use https://HOST/PATH", url);
	conf_put(o, "url", url);
	conf_put_duration(c, cfg, o, "undo", "0s");
	put_smtp(c, cfg, o);
	put_kb(c, cfg, o);
	conf_phone(c, cfg, o);
	json_object_set_new(o, "fetches", conf_each_block(c, cfg, "fetch", one_fetch));
	json_object_set_new(
	    o, "webhooks", conf_each_block(c, cfg, "webhook", one_webhook));
	conf_bridges(c, cfg, o);
	conf_bots(c, cfg, o);
	conf_sites(c, cfg, o);
}
