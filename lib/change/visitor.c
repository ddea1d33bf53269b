/* Who visits, and from where. */
#include "change/visitor.h"

#include <sodium.h>
#include <string.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/jwt.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/change_priv.h"
#include "change/proof.h"

enum { SECRET_MAX = 4096, WORD_MAX_BYTES = 200, URL_MAX = 2000 };

/* ---- whose keys ---- */

static const struct web_site *
site_named(const struct config *c, const char *name)
{
	for (size_t i = 0; name != NULL && i < c->nsites; i++) {
		const struct web_site *s = &c->sites[i];

		if (strcmp(s->name, name) == 0 ||
		    (s->issuer != NULL && strcmp(s->issuer, name) == 0))
			return s;
	}
	return NULL;
}

struct keys {
	struct jwt_key *v;
	size_t n;
	char **secrets;
};

static void
forget(struct keys *k)
{
	for (size_t i = 0; i < k->n; i++) {
		if (k->secrets[i] != NULL)
			sodium_memzero(k->secrets[i], k->v[i].n);
	}
}

static enum rc
read_keys(void *ctx, const struct desk *d, const struct web_site *s, struct keys *k,
    struct err *err)
{
	size_t n = 0;
	enum rc rc = RC_OK;

	while (s->secrets[n] != NULL)
		n++;
	k->v = mem_array(ctx, struct jwt_key, n + 2);
	k->secrets = mem_array(ctx, char *, n + 2);
	k->n = 0;
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct jwt_key *key = &k->v[k->n];
		char **text = &k->secrets[k->n];

		rc = desk_read_secret(
		    d, ctx, s->secrets[i], SECRET_MAX, text, &key->n, err);
		if (rc != RC_OK)
			break;
		while (key->n > 0 && strchr("\r\n", (*text)[key->n - 1]) != NULL)
			key->n--;
		key->secret = *text;
		k->n++;
		if (key->n < JWT_SECRET_MIN)
			rc = err_fail(err, RC_CONFIG,
			    "secret \"%s\": shorter than %d bytes", s->secrets[i],
			    JWT_SECRET_MIN);
	}
	if (rc == RC_OK && s->public_key != NULL) {
		unsigned char *key = talloc_size(ctx, JWT_PUBLIC_KEY);
		size_t len = 0;

		if (sodium_base642bin(key, JWT_PUBLIC_KEY, s->public_key,
			strlen(s->public_key), NULL, &len, NULL,
			sodium_base64_VARIANT_ORIGINAL) == 0 &&
		    len == JWT_PUBLIC_KEY)
			k->v[k->n++].public_key = key;
	}
	return rc;
}

/* ---- a token ---- */

static const char *
claim(void *ctx, json_t *claims, const char *key)
{
	const char *s = json_string_value(json_object_get(claims, key));

	return s ? text_clean(ctx, s, strlen(s), TEXT_LINE, WORD_MAX_BYTES) : "";
}

/* For us, when it says for whom it is. */
static bool
for_us(const struct desk *d, json_t *claims)
{
	json_t *aud = json_object_get(claims, "aud"), *v;
	size_t i;

	if (aud == NULL)
		return true;
	if (json_is_string(aud))
		return strcmp(json_string_value(aud), d->id) == 0 ||
		       (d->config->url != NULL &&
			   strcmp(json_string_value(aud), d->config->url) == 0);
	json_array_foreach(aud, i, v)
	{
		if (json_is_string(v) &&
		    (strcmp(json_string_value(v), d->id) == 0 ||
			(d->config->url != NULL &&
			    strcmp(json_string_value(v), d->config->url) == 0)))
			return true;
	}
	return false;
}

static enum rc
take_claims(
    void *ctx, const struct desk *d, json_t *claims, struct visitor *v, struct err *err)
{
	const char *sub = claim(ctx, claims, "sub"), *email = claim(ctx, claims, "email");
	struct person_address a = {0};
	struct err bad;

	if (*sub == '\0' || *sub == '~')
		return err_fail(err, RC_DENIED, "the token says nobody's sub");
	if (!for_us(d, claims))
		return err_fail(err, RC_DENIED, "the token is for somebody else");
	v->who = (struct person_address){claim(ctx, claims, "name"), "web",
	    text_lower(talloc_asprintf(ctx, "%s/%s", v->site->name, sub))};
	v->proven = true;
	if (*email != '\0' && json_is_true(json_object_get(claims, "email_verified")) &&
	    address_parse(ctx, email, &a, &bad) == RC_OK && strcmp(a.kind, "email") == 0)
		v->email = a.value;
	return RC_OK;
}

static enum rc
by_token(void *ctx, const struct desk *d, const char *token, struct visitor *v,
    struct err *err)
{
	json_t *claims = jwt_peek(token);
	struct keys k = {0};
	enum rc rc;

	v->site =
	    site_named(d->config, json_string_value(json_object_get(claims, "iss")));
	json_decref(claims);
	if (v->site == NULL)
		return err_fail(err, RC_DENIED, "the token's iss is no site of tkt.conf");
	rc = read_keys(ctx, d, v->site, &k, err);
	if (rc == RC_OK)
		rc = jwt_check(token, k.v, k.n, now_ms(), &claims, err);
	forget(&k);
	if (rc != RC_OK)
		return rc;
	rc = take_claims(ctx, d, claims, v, err);
	json_decref(claims);
	return rc;
}

/* ---- an HMAC: for sites that make no tokens ---- */

/* HMAC-SHA-256 over "SITE\nID\nEMAIL", in hexadecimal; it does not expire. */
static bool
hmac_right(const struct keys *k, const char *what, const char *hex)
{
	unsigned char given[crypto_auth_hmacsha256_BYTES], good[sizeof(given)];
	crypto_auth_hmacsha256_state st;
	size_t len = 0;
	bool right = false;

	if (sodium_hex2bin(given, sizeof(given), hex, strlen(hex), NULL, &len, NULL) !=
		0 ||
	    len != sizeof(given))
		return false;
	for (size_t i = 0; i < k->n; i++) {
		if (k->v[i].secret == NULL)
			continue;
		crypto_auth_hmacsha256_init(&st, k->v[i].secret, k->v[i].n);
		crypto_auth_hmacsha256_update(
		    &st, (const unsigned char *)what, strlen(what));
		crypto_auth_hmacsha256_final(&st, good);
		right |= sodium_memcmp(good, given, sizeof(good)) == 0;
	}
	return right;
}

static enum rc
by_hmac(void *ctx, const struct desk *d, const char *id, const char *email,
    const char *hmac, struct visitor *v, struct err *err)
{
	struct person_address a = {0};
	struct keys k = {0};
	struct err bad;
	bool right = false;
	enum rc rc;

	if (v->site == NULL)
		return err_fail(err, RC_DENIED, "the visitor's site is none of tkt.conf");
	if (*id == '\0' || *id == '~')
		return err_fail(err, RC_INVALID, "a visitor needs an id");
	rc = read_keys(ctx, d, v->site, &k, err);
	if (rc == RC_OK)
		right = hmac_right(&k,
		    talloc_asprintf(ctx, "%s\n%s\n%s", v->site->name, id, email), hmac);
	forget(&k);
	if (rc == RC_OK && !right)
		return err_fail(err, RC_DENIED, "the visitor's hmac is wrong");
	v->proven = rc == RC_OK;
	if (v->proven && *email != '\0' && address_parse(ctx, email, &a, &bad) == RC_OK &&
	    strcmp(a.kind, "email") == 0)
		v->email = a.value;
	return rc;
}

/* ---- of a record ---- */

enum rc
visitor_read(void *ctx, const struct desk *d, json_t *record, struct visitor **out,
    struct err *err)
{
	json_t *o = json_object_get(record, "visitor");
	const char *token = NULL, *hmac = NULL;
	struct visitor *v;
	const char *id, *site;
	enum rc rc;

	*out = NULL;
	if (o == NULL || json_is_null(o))
		return RC_OK;
	if (!json_is_object(o))
		return err_fail(err, RC_INVALID, "\"visitor\" must be an object");
	v = talloc_zero(ctx, struct visitor);
	rc = record_text(o, "token", &token, err);
	if (rc == RC_OK)
		rc = record_text(o, "hmac", &hmac, err);
	if (rc != RC_OK)
		return rc;
	*out = v;
	if (token != NULL)
		return by_token(ctx, d, token, v, err);
	id = claim(ctx, o, "id");
	site = claim(ctx, o, "site");
	v->site = site_named(d->config, *site ? site : NULL);
	if (*site != '\0' && v->site == NULL)
		return err_fail(err, RC_INVALID, "site \"%s\": no such site%s", site,
		    text_hint(ctx, site, config_names(ctx, d->config, NAME_SITE)));
	if (hmac != NULL)
		rc = by_hmac(ctx, d, id, claim(ctx, o, "email"), hmac, v, err);
	else if (*id == '\0')
		rc = err_fail(err, RC_INVALID, "a visitor needs a token or an id");
	v->who = (struct person_address){claim(ctx, o, "name"), "web",
	    text_lower(talloc_asprintf(ctx, "%s/%s%s", v->site ? v->site->name : "web",
		v->proven ? "" : "~", id))};
	return rc;
}

/* ---- where they were ---- */

static enum rc
add_words(struct buf *b, void *ctx, json_t *record, const char *key, const char *title,
    const char *const *names, struct err *err)
{
	json_t *o = NULL, *v;
	enum rc rc = record_object(record, key, &o, err);
	bool first = true;

	for (; rc == RC_OK && o != NULL && *names != NULL; names++) {
		const char *s = NULL;

		v = json_object_get(o, *names);
		if (v == NULL || json_is_null(v))
			continue;
		rc = record_text(o, *names, &s, err);
		if (rc != RC_OK || *s == '\0')
			continue;
		buf_printf(b, "%s  %s: %s\n", first ? title : "", *names,
		    text_clean(ctx, s, strlen(s), TEXT_LINE, URL_MAX));
		first = false;
	}
	return rc;
}

enum rc
visitor_context(
    void *ctx, json_t *record, const struct visitor *v, char **note, struct err *err)
{
	static const char *const page[] = {"url", "title", "referrer", NULL},
				 *const app[] = {"name", "version", "platform",
				     "user_agent", "language", "screen", NULL};
	struct buf b = {.ctx = ctx};
	json_t *claims = json_object_get(record, "visitor");
	const char *email = claim(ctx, claims, "email");
	enum rc rc = add_words(&b, ctx, record, "page", "Page\n", page, err);

	if (rc == RC_OK)
		rc = add_words(&b, ctx, record, "app", "App\n", app, err);
	if (v != NULL && v->email == NULL && *email != '\0')
		buf_printf(
		    &b, "Visitor\n  says to have the address %s (not proven)\n", email);
	*note =
	    b.n > 0 ? text_clean(ctx, buf_text(&b), b.n, TEXT_BLOCK, CONTEXT_MAX) : NULL;
	return rc;
}

enum rc
visitor_join(struct change_tx *tx, const struct visitor *v, struct err *err)
{
	int64_t customer = 0;

	if (!v->proven)
		return RC_OK;
	return proof_vouched(tx, &v->who, v->email, &customer, err);
}
