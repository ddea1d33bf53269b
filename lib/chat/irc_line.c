/* Lines of IRC. */
#include "chat/irc_line.h"

#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"

/* Cuts s at the next blank; returns what is behind the blanks. */
static char *
cut(char *s)
{
	s += strcspn(s, " ");
	while (*s == ' ')
		*s++ = '\0';
	return s;
}

bool
irc_parse(char *s, struct irc_line *l)
{
	char *p;

	*l = (struct irc_line){0};
	s[strcspn(s, "\r\n")] = '\0';
	if (*s == '@') {
		l->tags = s + 1;
		s = cut(s);
	}
	if (*s == ':') {
		p = s + 1;
		s = cut(s);
		l->nick = p;
		if ((p = strchr(l->nick, '@')) != NULL) {
			*p = '\0';
			l->host = p + 1;
		}
		if ((p = strchr(l->nick, '!')) != NULL) {
			*p = '\0';
			l->user = p + 1;
		}
	}
	l->command = s;
	s = cut(s);
	while (*s != '\0' && l->nparams < IRC_PARAMS_MAX) {
		if (*s == ':' || l->nparams == IRC_PARAMS_MAX - 1) {
			l->params[l->nparams++] = s + (*s == ':');
			break;
		}
		l->params[l->nparams++] = s;
		s = cut(s);
	}
	return *l->command != '\0';
}

const char *
irc_param(const struct irc_line *l, size_t i)
{
	return i < l->nparams ? l->params[i] : "";
}

/* \: ; \s blank \\ \ \r \n; a lone backslash goes. */
static char *
unescape(void *ctx, const char *s, size_t n)
{
	static const char from[] = ":s\\rn", to[] = "; \\\r\n";
	char *out = mem_array(ctx, char, n + 1), *o = out;

	for (size_t i = 0; i < n; i++) {
		const char *at;

		if (s[i] != '\\') {
			*o++ = s[i];
			continue;
		}
		if (++i == n)
			break;
		at = strchr(from, s[i]);
		*o++ = at && *at ? to[at - from] : s[i];
	}
	*o = '\0';
	return out;
}

char *
irc_tag(void *ctx, const struct irc_line *l, const char *name)
{
	size_t k = strlen(name);

	for (const char *s = l->tags; s != NULL && *s != '\0';) {
		size_t n = strcspn(s, ";");

		if (strncmp(s, name, k) == 0 && s[k] == '=')
			return unescape(ctx, s + k + 1, n - k - 1);
		s += n + (s[n] == ';');
	}
	return NULL;
}

char *
irc_fold(char *s)
{
	for (char *p = s; *p != '\0'; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 'a' - 'A');
		else if (*p >= '[' && *p <= '^')
			*p = (char)(*p + '{' - '[');
	}
	return s;
}

bool
irc_same(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++) {
		char x[2] = {*a, '\0'}, y[2] = {*b, '\0'};

		if (*irc_fold(x) != *irc_fold(y))
			return false;
	}
	return *a == *b;
}

bool
irc_is_channel(const char *name)
{
	return *name != '\0' && strchr("#&+!", *name) != NULL;
}

size_t
irc_piece(const char *text, size_t room, size_t *skip)
{
	size_t line = strcspn(text, "\r\n"), n = line;

	*skip = 0;
	if (n > room) {
		n = text_prefix(text, room);
		n = n ? n : room; /* what is no UTF-8 goes on, too */
		for (size_t i = n; i > n / 2; i--) {
			if (text[i] == ' ') {
				n = i;
				break;
			}
		}
		*skip = strspn(text + n, " ");
		return n;
	}
	*skip = strspn(text + n, "\r\n");
	return n;
}
