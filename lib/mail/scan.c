/* One pass over a mail before GMime sees it.
 *
 * GMime builds an object for each part (1.3 kB) and calls itself for each level of nested
 * address groups, so bytes alone can take hundreds of megabytes, or the whole stack. The
 * limits of tkt.conf are therefore kept here, line by line in constant memory, and GMime
 * reads only as far as they hold. */
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "mail/mail_priv.h"

enum { GROUPS_MAX = 200 }; /* colons in one address header */

struct level {
	const char *boundary; /* into the mail */
	size_t n;
	bool digest;
	int64_t depth;
};
struct scanner {
	const struct config *c;
	struct level *stack;
	size_t nstack;
	int64_t depth, parts;
	bool in_header, digest; /* digest: parts without a type are mails */
	/* the header line being read, with its continuations */
	const char *name, *type;
	size_t type_n;
	int colons; /* -1: not an address header */
	struct scan out;
};

static bool
is_address_header(const char *s, size_t n)
{
	static const char *const names[] = {
	    "from:", "to:", "cc:", "bcc:", "sender:", "reply-to:", "resent-", NULL};

	for (const char *const *h = names; *h != NULL; h++) {
		if (n >= strlen(*h) && strncasecmp(s, *h, strlen(*h)) == 0)
			return true;
	}
	return false;
}

static const char *
find(const char *s, size_t n, const char *word)
{
	size_t len = strlen(word);

	for (; n >= len; s++, n--) {
		if (strncasecmp(s, word, len) == 0)
			return s;
	}
	return NULL;
}

/* Content-Type of the part whose header just ended: opens a level. */
static void
end_header(struct scanner *k)
{
	const char *type = k->type, *b = NULL, *end = type ? type + k->type_n : NULL;
	struct level l = {.depth = k->depth};

	k->in_header = false;
	k->type = NULL;
	if (type != NULL && find(type, k->type_n, "multipart/") != NULL) {
		b = find(type, k->type_n, "boundary");
		b = b ? memchr(b, '=', (size_t)(end - b)) : NULL;
	} else if (type ? find(type, k->type_n, "message/") != NULL &&
			      find(type, k->type_n, "message/delivery") == NULL &&
			      find(type, k->type_n, "message/disposition") == NULL &&
			      find(type, k->type_n, "message/feedback") == NULL &&
			      find(type, k->type_n, "message/external") == NULL
			: k->digest) {
		k->depth++;
		k->parts++;
		k->in_header = true;
		k->digest = false;
	}
	if (b == NULL)
		return;
	for (b++; b < end && strchr(" \t\r\n\"", *b) != NULL && *b != '\0'; b++)
		;
	l.boundary = b;
	while (b < end && strchr(" \t\r\n\";", *b) == NULL && *b != '\0')
		b++;
	l.n = (size_t)(b - l.boundary);
	l.digest = find(type, k->type_n, "digest") != NULL;
	l.depth = ++k->depth;
	if (l.n > 0 && k->depth <= k->c->mail_depth_max) {
		k->stack = mem_grow(NULL, k->stack, struct level, k->nstack + 1);
		k->stack[k->nstack++] = l;
	}
}

static void
header_line(struct scanner *k, const char *s, size_t n)
{
	bool more = n > 0 && (*s == ' ' || *s == '\t');

	if (!more && n > 13 && strncasecmp(s, "content-type:", 13) == 0) {
		k->type = s;
		k->type_n = n;
		k->name = s;
	} else if (!more) {
		k->name = NULL;
	} else if (k->name != NULL && k->type != NULL) {
		k->type_n = (size_t)(s + n - k->type);
	}
	if (!more)
		k->colons = is_address_header(s, n) ? 0 : -1;
	for (size_t i = 0; k->colons >= 0 && i < n; i++)
		k->colons += s[i] == ':';
}

/* A delimiter of a multipart that is open: ends whatever is inside. */
static bool
boundary_line(struct scanner *k, const char *s, size_t n)
{
	if (n < 2 || s[0] != '-' || s[1] != '-')
		return false;
	for (size_t i = k->nstack; i > 0; i--) {
		const struct level *l = &k->stack[i - 1];

		if (n - 2 < l->n || memcmp(s + 2, l->boundary, l->n) != 0)
			continue;
		k->nstack = i;
		k->depth = l->depth;
		k->digest = l->digest;
		k->type = NULL;
		k->colons = -1;
		k->in_header = !(n - 2 >= l->n + 2 && memcmp(s + 2 + l->n, "--", 2) == 0);
		k->parts += k->in_header;
		return true;
	}
	return false;
}

static const char *
passed(const struct scanner *k, size_t at)
{
	if (k->out.body == 0 && at > (size_t)k->c->mail_header_max)
		return "headers too large";
	if (k->depth > k->c->mail_depth_max)
		return "nested too deeply";
	if (k->parts > k->c->mail_parts_max)
		return "too many parts";
	if (k->colons > GROUPS_MAX)
		return "addresses nested too deeply";
	return NULL;
}

struct scan
mail_scan(const struct config *c, const char *raw, size_t n)
{
	struct scanner k = {.c = c, .in_header = true, .colons = -1, .parts = 1};
	size_t at = 0, next, len;

	k.out.header_end = n;
	for (; at < n && k.out.too_much == NULL; at = next) {
		const char *nl = memchr(raw + at, '\n', n - at);

		next = nl ? (size_t)(nl - raw) + 1 : n;
		len = (nl ? (size_t)(nl - raw) : n) - at;
		len -= len > 0 && raw[at + len - 1] == '\r';
		if (boundary_line(&k, raw + at, len)) {
			;
		} else if (k.in_header && len == 0) {
			if (k.out.body == 0) {
				k.out.header_end = at;
				k.out.body = next;
			}
			end_header(&k);
		} else if (k.in_header) {
			header_line(&k, raw + at, len);
		}
		k.out.too_much = passed(&k, next);
		if (k.out.too_much != NULL)
			break;
	}
	k.out.end = k.out.too_much ? at : n;
	if (k.out.body == 0) { /* no empty line at all, or not within the limit */
		k.out.body = k.out.end;
		k.out.header_end = k.out.end;
	}
	talloc_free(k.stack);
	return k.out;
}
