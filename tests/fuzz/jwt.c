/* Fuzz: any text as a token. None is ever taken: nobody guesses the key. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const unsigned char public_key[JWT_PUBLIC_KEY] = {7};
	static const struct jwt_key keys[] = {
	    {"a-secret-that-nobody-guesses", 28, NULL}, {NULL, 0, public_key}};
	char *token = talloc_strndup(NULL, (const char *)data, n);
	json_t *claims = NULL;
	struct err err;

	if (jwt_check(token, keys, 2, 1795939200000, &claims, &err) == RC_OK)
		abort();
	json_decref(jwt_peek(token));
	talloc_free(token);
	return 0;
}
