/* MACs over ticket numbers, in addresses and Message-IDs. */
#include "channel/token.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/text.h"

enum { MAC_BYTES = 10, MAC_TEXT = 16 };

static void
mac_of(const unsigned char key[DESK_KEY], const char *what, char out[MAC_TEXT + 1])
{
	static const char digits[] =
	    "abcdefghijklmnopqrstuvwxyz234567"; /* RFC 4648, lower case */
	unsigned char h[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state st;
	unsigned bits = 0, have = 0;
	size_t o = 0;

	crypto_auth_hmacsha256_init(&st, key, DESK_KEY);
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)what, strlen(what));
	crypto_auth_hmacsha256_final(&st, h);
	for (size_t i = 0; i < MAC_BYTES; i++) {
		bits = bits << 8 | h[i];
		for (have += 8; have >= 5; have -= 5)
			out[o++] = digits[bits >> (have - 5) & 31];
	}
	out[o] = '\0';
}

/* Case is ignored, time is constant. */
static bool
mac_equal(const char *good, const char *given)
{
	char lower[MAC_TEXT + 1];

	if (strlen(given) != MAC_TEXT)
		return false;
	memcpy(lower, given, sizeof(lower));
	return sodium_memcmp(good, text_lower(lower), MAC_TEXT) == 0;
}

static void
token_mac(const unsigned char key[DESK_KEY], const struct mailbox *m,
    const struct ticket *t, char out[MAC_TEXT + 1])
{
	char *what = talloc_asprintf(NULL, "token\n%lld\n%s\n%lld", (long long)t->id,
	    m->name, (long long)t->token_gen);

	mac_of(key, what, out);
	talloc_free(what);
}

char *
token_address(void *ctx, const unsigned char key[DESK_KEY], const struct mailbox *m,
    const struct ticket *t)
{
	const char *at = strrchr(m->address, '@');
	char mac[MAC_TEXT + 1];

	token_mac(key, m, t, mac);
	return talloc_asprintf(ctx, "%.*s%ct%lld.%s%s", (int)(at - m->address),
	    m->address, m->delimiter, (long long)t->id, mac, at);
}

char *
token_root_id(
    void *ctx, const unsigned char key[DESK_KEY], const struct mailbox *m, int64_t ticket)
{
	char mac[MAC_TEXT + 1], what[64];

	snprintf(what, sizeof(what), "id\nt%lld", (long long)ticket);
	mac_of(key, what, mac);
	return talloc_asprintf(
	    ctx, "<t%lld.%s%s>", (long long)ticket, mac, strrchr(m->address, '@'));
}

/* "t42." at s: the number, and what stands behind the dot. */
static const char *
ticket_part(const char *s, int64_t *ticket)
{
	char number[24];
	size_t n;

	if (*s != 't' && *s != 'T')
		return NULL;
	n = strspn(++s, "0123456789");
	if (n == 0 || n >= sizeof(number) || s[n] != '.')
		return NULL;
	memcpy(number, s, n);
	number[n] = '\0';
	return text_number(number, ticket) ? s + n + 1 : NULL;
}

bool
token_read(
    const struct mailbox *m, const char *address, int64_t *ticket, const char **mac)
{
	const char *at = strrchr(m->address, '@'), *their_at = strrchr(address, '@'),
		   *rest;
	size_t local = (size_t)(at - m->address);

	if (their_at == NULL || strcasecmp(at, their_at) != 0 ||
	    strncasecmp(address, m->address, local) != 0 ||
	    address[local] != m->delimiter)
		return false;
	rest = ticket_part(address + local + 1, ticket);
	*mac = rest;
	return rest != NULL && their_at - rest == MAC_TEXT;
}

bool
token_valid(const unsigned char key[DESK_KEY], const struct mailbox *m,
    const struct ticket *t, const char *mac)
{
	char good[MAC_TEXT + 1], given[MAC_TEXT + 1];

	token_mac(key, m, t, good);
	snprintf(given, sizeof(given), "%.*s", MAC_TEXT, mac);
	return mac_equal(good, given);
}

/* The last component of the local part is the MAC over everything before it. */
bool
token_message_id(const unsigned char key[DESK_KEY], const char *id, int64_t *ticket)
{
	char local[256], what[300], good[MAC_TEXT + 1], *dot;
	size_t n;

	id += *id == '<';
	n = strcspn(id, "@");
	if (id[n] != '@' || n >= sizeof(local))
		return false;
	memcpy(local, id, n);
	local[n] = '\0';
	dot = strrchr(local, '.');
	if (dot == NULL || ticket_part(local, ticket) == NULL)
		return false;
	*dot = '\0';
	snprintf(what, sizeof(what), "id\n%s", text_lower(local));
	mac_of(key, what, good);
	return mac_equal(good, dot + 1);
}
