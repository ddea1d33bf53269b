/* Authentication-Results (RFC 8601): does our own mail server vouch for the sender? */
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/text.h"
#include "mail/mail.h"

/* Comments in parentheses become blanks. */
static void
drop_comments(char *s)
{
	int depth = 0;
	bool quoted = false;

	for (; *s != '\0'; s++) {
		if (*s == '"' && depth == 0)
			quoted = !quoted;
		if (!quoted && *s == '(')
			depth++;
		if (depth > 0) {
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

struct authenticated
mail_authenticated(void *ctx, const struct mail *m, const char *servers)
{
	struct authenticated r = {AUTH_NONE, NULL, "no Authentication-Results of ours"};
	const char *from = m->from.value ? strrchr(m->from.value, '@') : NULL;
	char *s = NULL, *result, *domain;

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
	drop_comments(s);
	(void)strsep(&s, ";"); /* the server's name */
	while ((result = strsep(&s, ";")) != NULL) {
		result += strspn(result, " \t");
		domain = NULL;
		if (strncasecmp(result, "dmarc", 5) == 0) {
			char *verdict = property(ctx, result, "dmarc");

			domain = property(ctx, result, "header.from");
			if (verdict != NULL && strcmp(verdict, "fail") == 0) {
				r = (struct authenticated){
				    AUTH_FAIL, NULL, "DMARC failed"};
				return r;
			}
			if (verdict == NULL || strcmp(verdict, "pass") != 0)
				continue;
			domain = domain ? domain : talloc_strdup(ctx, from);
		} else if (strncasecmp(result, "dkim", 4) == 0) {
			char *verdict = property(ctx, result, "dkim");

			if (verdict == NULL || strcmp(verdict, "pass") != 0)
				continue;
			domain = property(ctx, result, "header.d");
			if (domain == NULL)
				domain = property(ctx, result, "header.i");
		} else if (strncasecmp(result, "spf", 3) == 0) {
			char *verdict = property(ctx, result, "spf");

			if (verdict == NULL || strcmp(verdict, "pass") != 0)
				continue;
			domain = property(ctx, result, "smtp.mailfrom");
		}
		if (is_aligned(domain, from) && r.result == AUTH_NONE)
			r = (struct authenticated){AUTH_PASS, talloc_strdup(ctx, from),
			    talloc_asprintf(ctx, "%.*s passed for %s",
				(int)strcspn(result, " =\t"), result, from)};
	}
	return r;
}
