/* JSON Web Tokens (RFC 7519), signed and compact (RFC 7515): checked, never made. HS256
 * with a shared secret, EdDSA (RFC 8037) with a public key; nothing else, and never
 * "none". */
#ifndef BASE_JWT_H
#define BASE_JWT_H

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

#define JWT_MAX 8192	  /* bytes of a token */
#define JWT_SKEW_S 60	  /* seconds that two clocks may differ */
#define JWT_SECRET_MIN 16 /* bytes: a shorter secret can be guessed */
#define JWT_PUBLIC_KEY 32 /* bytes, Ed25519 */

struct jwt_key {
	const void *secret; /* HS256; NULL: a public key */
	size_t n;	    /* bytes of it */
	const unsigned char *public_key;
};
/* The claims, when one of the keys signed them and they hold now (ms): exp is needed, nbf
 * and iat count when they are there. RC_DENIED says why not. A new reference. */
enum rc jwt_check(const char *token, const struct jwt_key *keys, size_t n, int64_t now,
    json_t **claims, struct err *err) CHECKED;
/* What it claims, whoever signed it: to know whose keys to try. NULL: it is no token. */
json_t *jwt_peek(const char *token);

#endif
