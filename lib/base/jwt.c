/* JSON Web Tokens. */
#include "base/jwt.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* header.payload.signature, each base64url without padding. */
struct parts {
	const char *header, *payload, *signature;
	size_t nheader, npayload, nsignature;
};

static bool
split(const char *token, struct parts *p)
{
	const char *a = strchr(token, '.'), *b = a ? strchr(a + 1, '.') : NULL;

	if (strlen(token) > JWT_MAX || b == NULL || strchr(b + 1, '.') != NULL)
		return false;
	*p = (struct parts){
	    token, a + 1, b + 1, (size_t)(a - token), (size_t)(b - a - 1), strlen(b + 1)};
	return true;
}

static bool
decode(const char *s, size_t n, unsigned char out[JWT_MAX], size_t *len)
{
	return sodium_base642bin(out, JWT_MAX, s, n, NULL, len, NULL,
		   sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

static json_t *
object(const char *s, size_t n)
{
	unsigned char bytes[JWT_MAX];
	size_t len = 0;
	json_t *o;

	if (!decode(s, n, bytes, &len))
		return NULL;
	o = json_loadb((const char *)bytes, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(o))
		return o;
	json_decref(o);
	return NULL;
}

json_t *
jwt_peek(const char *token)
{
	struct parts p;

	return split(token, &p) ? object(p.payload, p.npayload) : NULL;
}

static bool
signed_by(const struct parts *p, const char *alg, const struct jwt_key *k)
{
	const unsigned char *what = (const unsigned char *)p->header;
	size_t nwhat = p->nheader + 1 + p->npayload, len = 0;
	unsigned char given[JWT_MAX], good[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state st;

	if (!decode(p->signature, p->nsignature, given, &len))
		return false;
	if (strcmp(alg, "EdDSA") == 0)
		return k->public_key != NULL && len == crypto_sign_BYTES &&
		       crypto_sign_verify_detached(given, what, nwhat, k->public_key) ==
			   0;
	/* The key says what it is for: a public key is no secret of HS256. */
	if (strcmp(alg, "HS256") != 0 || k->secret == NULL || len != sizeof(good))
		return false;
	crypto_auth_hmacsha256_init(&st, k->secret, k->n);
	crypto_auth_hmacsha256_update(&st, what, nwhat);
	crypto_auth_hmacsha256_final(&st, good);
	return sodium_memcmp(good, given, sizeof(good)) == 0;
}

/* Seconds of the epoch, perhaps with a fraction. */
static bool
instant(json_t *claims, const char *key, double *out)
{
	json_t *v = json_object_get(claims, key);

	*out = json_number_value(v);
	return json_is_number(v);
}

static enum rc
holds_now(json_t *claims, int64_t now, struct err *err)
{
	double at, s = (double)now / 1000;

	if (!instant(claims, "exp", &at))
		return err_fail(err, RC_DENIED, "the token has no exp");
	if (at + JWT_SKEW_S <= s)
		return err_fail(err, RC_DENIED, "the token has expired");
	if ((instant(claims, "nbf", &at) && at - JWT_SKEW_S > s) ||
	    (instant(claims, "iat", &at) && at - JWT_SKEW_S > s))
		return err_fail(err, RC_DENIED, "the token is of the future");
	return RC_OK;
}

enum rc
jwt_check(const char *token, const struct jwt_key *keys, size_t n, int64_t now,
    json_t **claims, struct err *err)
{
	struct parts p;
	json_t *header, *o = NULL;
	const char *alg;
	bool good = false;
	enum rc rc;

	if (!split(token, &p))
		return err_fail(err, RC_DENIED, "that is no token");
	header = object(p.header, p.nheader);
	alg = json_string_value(json_object_get(header, "alg"));
	/* crit: what we must understand, and do not (RFC 7515, 4.1.11). */
	if (alg != NULL && json_object_get(header, "crit") == NULL) {
		for (size_t i = 0; i < n; i++)
			good |= signed_by(&p, alg, &keys[i]);
	}
	json_decref(header);
	o = good ? object(p.payload, p.npayload) : NULL;
	if (o == NULL)
		return err_fail(
		    err, RC_DENIED, "the token is not signed by whom it names");
	rc = holds_now(o, now, err);
	if (rc == RC_OK)
		*claims = o;
	else
		json_decref(o);
	return rc;
}
