/* Authentication-Results (RFC 8601): does our own mail server vouch for the sender? */
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/text.h"
#include "mail/mail.h"

/* Comments in parentheses become blanks, and what stands in quotes becomes one word: an
 * envelope sender like "x; dmarc=pass header.from=acme.example"@evil.org is a name. */
static void
defuse(char *s)
{
	int depth = 0;
	bool quoted = false;

	for (; *s != '\0'; s++) {
		bool escaped = *s == '\\' && s[1] != '\0' && (quoted || depth > 0);

		if (escaped) {
			*s++ = quoted ? '_' : ' ';
			*s = quoted ? '_' : ' ';
		} else if (depth == 0 && *s == '"') {
			quoted = !quoted;
		} else if (quoted) {
			*s = strchr("; =\t(", *s) ? '_' : *s;
		} else if (*s == '(') {
			depth++;
			*s = ' ';
		} else if (depth > 0) {
			depth -= *s == ')';
			*s = ' ';
		}
	}
}

static bool
listed(const char *servers, const char *s, size_t n)
{
	while (servers != NULL && *servers != '\0') {
		size_t len = strcspn(servers, " ");

		if (len == n && strncasecmp(servers, s, n) == 0)
			return true;
		servers += len + strspn(servers + len, " ");
	}
	return false;
}

/* The value behind "key=" in one result; NUL-terminated copy, or NULL. */
static char *
property(void *ctx, const char *result, const char *key)
{
	size_t len = strlen(key);
	const char *value;

	for (const char *p = result; *p != '\0'; p++) {
		if ((p > result && strchr(" \t", p[-1]) == NULL) ||
		    strncasecmp(p, key, len) != 0)
			continue;
		value = p + len + strspn(p + len, " \t");
		if (*value++ != '=')
			continue;
		value += strspn(value, " \t\"");
		return text_lower(talloc_strndup(ctx, value, strcspn(value, " \t\";")));
	}
	return NULL;
}

/* RFC 7489, 3.1: the same domain, or one below the other (relaxed alignment). Without a
 * list of public suffixes neither may be a bare one, like "com". */
static bool
is_aligned(const char *domain, const char *from)
{
	size_t a, b;

	if (domain == NULL)
		return false;
	if (strrchr(domain, '@') != NULL)
		domain = strrchr(domain, '@') + 1;
	a = strlen(domain);
	b = strlen(from);
	if (a == b)
		return strcasecmp(domain, from) == 0;
	if (strchr(domain, '.') == NULL || strchr(from, '.') == NULL)
		return false;
	return a < b ? from[b - a - 1] == '.' && strcasecmp(from + b - a, domain) == 0
		     : domain[a - b - 1] == '.' && strcasecmp(domain + a - b, from) == 0;
}

/* Methods that prove a domain, and where their results name it. */
static const struct method {
	const char *name, *domain, *otherwise;
} methods[] = {{"dmarc", "header.from", NULL}, {"dkim", "header.d", "header.i"},
    {"spf", "smtp.mailfrom", NULL}};

static const struct method *
method_of(const char *result)
{
	size_t n;

	result += strspn(result, " \t");
	n = strcspn(result, " \t=/");
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strlen(methods[i].name) == n &&
		    strncasecmp(methods[i].name, result, n) == 0)
			return &methods[i];
	}
	return NULL;
}

struct authenticated
mail_authenticated(void *ctx, const struct mail *m, const char *servers)
{
	struct authenticated r = {AUTH_NONE, NULL, "no Authentication-Results of ours"};
	const char *from = m->from.value ? strrchr(m->from.value, '@') : NULL;
	char *s = NULL, *result;

	for (size_t i = 0; s == NULL && i < m->nheaders; i++) {
		const struct mail_header *h = &m->headers[i];

		/* The topmost with our server's name; whoever forges one stands below. */
		if (strcasecmp(h->name, "Authentication-Results") == 0 &&
		    listed(servers, h->value, strcspn(h->value, " ;\t(")))
			s = talloc_strdup(ctx, h->value);
	}
	if (s == NULL || from == NULL)
		return r;
	from++;
	r.why = "it proves nothing about this sender";
	defuse(s);
	(void)strsep(&s, ";"); /* the server's name */
	while ((result = strsep(&s, ";")) != NULL) {
		const struct method *how = method_of(result);
		char *verdict, *domain;

		if (how == NULL)
			continue;
		verdict = property(ctx, result, how->name);
		if (verdict == NULL)
			continue;
		if (strcmp(how->name, "dmarc") == 0 && strcmp(verdict, "fail") == 0)
			return (struct authenticated){AUTH_FAIL, NULL, "DMARC failed"};
		domain = property(ctx, result, how->domain);
		if (domain == NULL && how->otherwise != NULL)
			domain = property(ctx, result, how->otherwise);
		if (domain == NULL && strcmp(how->name, "dmarc") == 0)
			domain =
			    talloc_strdup(ctx, from); /* that is what DMARC is about */
		if (strcmp(verdict, "pass") == 0 && is_aligned(domain, from) &&
		    r.result == AUTH_NONE)
			r = (struct authenticated){AUTH_PASS, talloc_strdup(ctx, from),
			    talloc_asprintf(ctx, "%s passed for %s", how->name, from)};
	}
	return r;
}
