/* site blocks of tkt.conf: whose visitors write to us. */
#include <sodium.h>
#include <string.h>

#include "base/text.h"
#include "policy/conf_priv.h"

enum { KEY = 32 /* bytes, Ed25519 */ };

static void
put_secrets(struct conf *c, cfg_t *sec, json_t *o)
{
	for (unsigned i = 0; i < cfg_size(sec, "secret"); i++) {
		const char *v = cfg_getnstr(sec, "secret", i);

		if (*v == '\0' || *v == '.' || strchr(v, '/') != NULL)
			conf_wrong(c, sec, "secret",
			    "secret \"%s\": the name of a file in the desk's folder "
			    "secret",
			    v);
	}
	json_object_set_new(o, "secret", conf_list(sec, "secret"));
}

static void
put_key(struct conf *c, cfg_t *sec, json_t *o)
{
	const char *v = conf_get(sec, "public_key");
	unsigned char key[KEY];
	size_t n = 0;

	if (v != NULL && (sodium_base642bin(key, sizeof(key), v, strlen(v), NULL, &n,
			      NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
			     n != sizeof(key)))
		conf_wrong(c, sec, "public_key",
		    "public_key: an Ed25519 key, 32 bytes in base64");
	conf_put(o, "public_key", v);
}

/* A scheme, a host, perhaps a port: what a browser calls an origin (RFC 6454). */
static void
put_origins(struct conf *c, cfg_t *sec, json_t *o)
{
	for (unsigned i = 0; i < cfg_size(sec, "origins"); i++) {
		const char *v = cfg_getnstr(sec, "origins", i), *host = strstr(v, "://");

		if (!conf_url_ok(v) || strpbrk(host + 3, "/?#") != NULL)
			conf_wrong(c, sec, "origins",
			    "origin \"%s\": https://HOST, without a path", v);
	}
	json_object_set_new(o, "origins", conf_list(sec, "origins"));
}

static void
one_site(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	conf_put(o, "issuer", conf_get(sec, "issuer"));
	put_secrets(c, sec, o);
	put_key(c, sec, o);
	put_origins(c, sec, o);
	conf_check_ref(c, cfg, sec, "queue", conf_get(sec, "queue"), "queue");
	conf_put(o, "queue", conf_get(sec, "queue"));
	if (cfg_size(sec, "secret") == 0 && conf_get(sec, "public_key") == NULL)
		conf_warn(c, sec, NULL,
		    "site \"%s\" has no secret and no public_key: it can prove nobody",
		    cfg_title(sec));
}

void
conf_sites(struct conf *c, cfg_t *cfg, json_t *o)
{
	json_object_set_new(o, "sites", conf_each_block(c, cfg, "site", one_site));
}
