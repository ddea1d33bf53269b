/* Lines of IRC: bytes <-> words (RFC 1459, RFC 2812, IRCv3 message tags). */
#ifndef CHAT_IRC_LINE_H
#define CHAT_IRC_LINE_H

#include <stdbool.h>
#include <stddef.h>

#define IRC_LINE_MAX 512  /* bytes of one with CR LF, without tags */
#define IRC_TAGS_MAX 8191 /* bytes of its tags (IRCv3) */
#define IRC_PARAMS_MAX 15

struct irc_line {
	char *tags; /* as they came, or NULL */
	const char *nick, *user,
	    *host; /* who; NULL for none, nick may be a server's name */
	const char *command;
	const char *params[IRC_PARAMS_MAX];
	size_t nparams;
};
/* Takes a line apart, in place; false when it has no command. */
bool irc_parse(char *s, struct irc_line *l);
/* The value of a tag, unescaped, in ctx; NULL when it is not there. */
char *irc_tag(void *ctx, const struct irc_line *l, const char *name);
/* Parameter i, "" for none. */
const char *irc_param(const struct irc_line *l, size_t i);
/* The same name to IRC's eyes: case is folded as RFC 1459 says ({|}^ are []\~'s small
 * letters). In place; returns its argument. */
char *irc_fold(char *s);
bool irc_same(const char *a, const char *b);
bool irc_is_channel(const char *name);
/* How much of a text goes into one line of at most `room` bytes: up to its newline, else
 * to a blank, else between characters. *skip: bytes after that that are left out. */
size_t irc_piece(const char *text, size_t room, size_t *skip);

#endif
