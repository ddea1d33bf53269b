/* MACs over ticket numbers, in addresses and Message-IDs. */
#include "channel/token.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/text.h"

enum { MAC_BYTES = 10, MAC_TEXT = 16, WHAT_MAX = 512 };

/* ---- MACs ---- */

static void
mac_of(const unsigned char key[DESK_KEY], const char *what, char out[MAC_TEXT + 1])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
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

/* Case is ignored, and each key takes the same time. */
static bool
mac_right(const struct desk_keys *keys, const char *what, const char *given)
{
	char lower[MAC_TEXT + 1], good[MAC_TEXT + 1];
	bool right = false;

	if (strnlen(given, MAC_TEXT) != MAC_TEXT)
		return false;
	memcpy(lower, given, MAC_TEXT);
	lower[MAC_TEXT] = '\0';
	text_lower(lower);
	for (size_t i = 0; i < keys->n; i++) {
		mac_of(keys->v[i], what, good);
		right |= sodium_memcmp(good, lower, MAC_TEXT) == 0;
	}
	return right;
}

/* ---- what is signed ---- */

static void
ticket_words(char what[WHAT_MAX], const struct mailbox *m, const struct ticket *t,
    const char *agent)
{
	snprintf(what, WHAT_MAX, "%s\n%lld\n%s\n%lld%s%s", agent ? "agent" : "token",
	    (long long)t->id, m->name, (long long)t->token_gen, agent ? "\n" : "",
	    agent ? agent : "");
}

static void
delivery_words(char what[WHAT_MAX], int64_t event, int64_t n)
{
	snprintf(what, WHAT_MAX, "delivery\n%lld\n%lld", (long long)event, (long long)n);
}

/* ---- addresses ---- */

static char *
address(void *ctx, const struct desk_keys *keys, const struct mailbox *m,
    const char *number, const char *what)
{
	const char *at = strrchr(m->address, '@');
	char mac[MAC_TEXT + 1];

	mac_of(keys->v[0], what, mac);
	return talloc_asprintf(ctx, "%.*s%c%s.%s%s", (int)(at - m->address), m->address,
	    m->delimiter, number, mac, at);
}

char *
token_address(void *ctx, const struct desk_keys *keys, const struct mailbox *m,
    const struct ticket *t)
{
	char what[WHAT_MAX], number[32];

	ticket_words(what, m, t, NULL);
	snprintf(number, sizeof(number), "t%lld", (long long)t->id);
	return address(ctx, keys, m, number, what);
}

char *
token_agent_address(void *ctx, const struct desk_keys *keys, const struct mailbox *m,
    const struct ticket *t, const char *agent)
{
	char what[WHAT_MAX], number[32];

	ticket_words(what, m, t, agent);
	snprintf(number, sizeof(number), "a%lld", (long long)t->id);
	return address(ctx, keys, m, number, what);
}

char *
token_bounce_address(void *ctx, const struct desk_keys *keys, const struct mailbox *m,
    int64_t event, int64_t n)
{
	char what[WHAT_MAX], number[64];

	delivery_words(what, event, n);
	snprintf(number, sizeof(number), "d%lld.%lld", (long long)event, (long long)n);
	return address(ctx, keys, m, number, what);
}

/* Digits and a dot: the number, and what stands behind the dot; or NULL. */
static const char *
number_part(const char *s, int64_t *v)
{
	char number[24];
	size_t n = strspn(s, "0123456789");

	if (n == 0 || n >= sizeof(number) || s[n] != '.')
		return NULL;
	memcpy(number, s, n);
	number[n] = '\0';
	return text_number(number, v) ? s + n + 1 : NULL;
}

bool
token_read(const struct mailbox *m, const char *text, struct token *token)
{
	const char *at = strrchr(m->address, '@'), *their_at = strrchr(text, '@'), *rest;
	size_t local = (size_t)(at - m->address);

	if (their_at == NULL || strcasecmp(at, their_at) != 0 ||
	    strncasecmp(text, m->address, local) != 0 || text[local] != m->delimiter)
		return false;
	token->kind = (char)(text[local + 1] | 0x20);
	if (strchr("tad", token->kind) == NULL)
		return false;
	rest = number_part(text + local + 2, &token->id);
	token->n = 0;
	if (rest != NULL && token->kind == 'd')
		rest = number_part(rest, &token->n);
	token->mac = rest;
	return rest != NULL && their_at - rest == MAC_TEXT;
}

bool
token_of_ticket(const struct desk_keys *keys, const struct mailbox *m,
    const struct ticket *t, const struct token *token)
{
	char what[WHAT_MAX];

	ticket_words(what, m, t, NULL);
	return token->kind == 't' && mac_right(keys, what, token->mac);
}

bool
token_of_agent(const struct desk_keys *keys, const struct mailbox *m,
    const struct ticket *t, const char *agent, const struct token *token)
{
	char what[WHAT_MAX];

	ticket_words(what, m, t, agent);
	return token->kind == 'a' && mac_right(keys, what, token->mac);
}

bool
token_of_delivery(const struct desk_keys *keys, const struct token *token)
{
	char what[WHAT_MAX];

	delivery_words(what, token->id, token->n);
	return token->kind == 'd' && mac_right(keys, what, token->mac);
}

/* ---- Message-IDs: the last component of the local part is the MAC over the others ----
 */

static char *
message_id(
    void *ctx, const struct desk_keys *keys, const struct mailbox *m, const char *local)
{
	char mac[MAC_TEXT + 1], what[WHAT_MAX];

	snprintf(what, sizeof(what), "id\n%s", local);
	mac_of(keys->v[0], what, mac);
	return talloc_asprintf(ctx, "<%s.%s%s>", local, mac, strrchr(m->address, '@'));
}

char *
token_root_id(
    void *ctx, const struct desk_keys *keys, const struct mailbox *m, int64_t ticket)
{
	char local[32];

	snprintf(local, sizeof(local), "t%lld", (long long)ticket);
	return message_id(ctx, keys, m, local);
}

char *
token_sent_id(void *ctx, const struct desk_keys *keys, const struct mailbox *m,
    int64_t ticket, int64_t message, const char *random)
{
	char local[128];

	snprintf(local, sizeof(local), "t%lld.%lld.%s", (long long)ticket,
	    (long long)message, random);
	return message_id(ctx, keys, m, local);
}

char *
token_message_own_id(void *ctx, const struct desk_keys *keys, const struct mailbox *m,
    int64_t ticket, int64_t message, const char *agent)
{
	char mac[MAC_TEXT + 1], what[WHAT_MAX];

	snprintf(what, sizeof(what), "word\n%lld%s%s", (long long)message,
	    agent ? "\n" : "", agent ? agent : "");
	mac_of(keys->v[0], what, mac);
	mac[8] = '\0';
	return token_sent_id(ctx, keys, m, ticket, message, mac);
}

char *
token_attachment_link(void *ctx, const struct desk_keys *keys, const char *url,
    int64_t message, int64_t part)
{
	char mac[MAC_TEXT + 1], what[WHAT_MAX];

	snprintf(what, sizeof(what), "attachment\n%lld\n%lld", (long long)message,
	    (long long)part);
	mac_of(keys->v[0], what, mac);
	return talloc_asprintf(ctx, "%s%sattachment/%lld.%lld.%s", url,
	    url[strlen(url) - 1] == '/' ? "" : "/", (long long)message, (long long)part,
	    mac);
}

bool
token_message_id(
    const struct desk_keys *keys, const char *id, int64_t *ticket, int64_t *message)
{
	char local[256], what[WHAT_MAX], *dot;
	const char *rest;
	size_t n;

	id += *id == '<';
	n = strcspn(id, "@");
	if (id[n] != '@' || n >= sizeof(local))
		return false;
	memcpy(local, id, n);
	local[n] = '\0';
	text_lower(local);
	rest = *local == 't' ? number_part(local + 1, ticket) : NULL;
	dot = strrchr(local, '.');
	if (rest == NULL || dot == NULL)
		return false;
	if (number_part(rest, message) == NULL)
		*message = 0;
	*dot = '\0';
	snprintf(what, sizeof(what), "id\n%s", local);
	return strlen(dot + 1) == MAC_TEXT && mac_right(keys, what, dot + 1);
}
