/* What the files of the IRC channel share. */
#ifndef CHAT_IRC_PRIV_H
#define CHAT_IRC_PRIV_H

#include "channel/remote.h"
#include "chat/bridge.h"
#include "chat/irc_line.h"
#include "chat/lines.h"

enum {
	IRC_BURST = 5,	       /* lines at once, then */
	IRC_LINE_MS = 1000,    /* one in so long: servers drop who is faster */
	IRC_REGAIN_MS = 60000, /* between tries to get our own nick */
	IRC_REJOIN_MS = 30000  /* until we try again where we are not wanted */
};

struct outline {
	char *text; /* with CR LF */
	size_t done;
};
/* An answer that waits until the server says who has the nick now. */
struct addressee {
	char *id, *conversation, *address, *text;
	char *user, *account; /* as WHOIS says so far: "nick!user@host"; or NULL */
};
struct irc {
	struct bridge_run *b;
	const struct bridge *conf;
	CURL *curl;
	int fd;
	struct lines *lines;
	char *nick, *want; /* as we are called; as we want to be */
	bool in, more;	   /* registered; there is more to read */
	bool sasl;	   /* it was done */
	char *caps;	   /* that we asked for */
	char *offered;	   /* by the server so far */
	int64_t opened, heard_at, asked_at, regain_at;
	int64_t rejoin_at;	 /* a room refused us, or threw us out */
	struct addressee *asked; /* who they are is not known yet */
	size_t nasked;
	struct outline *out; /* what waits to be said */
	size_t nout;
	double tokens;
	int64_t filled_at;
};

/* irc_send.c: says a line, when it is its turn. */
enum rc irc_say(struct irc *c, struct err *err, const char *fmt, ...) PRINTF(3, 4);
enum rc irc_flush(struct irc *c, struct err *err) CHECKED;
enum rc irc_send(void *self, const struct said *s, struct err *err) CHECKED;
void irc_on_pong(struct irc *c, const struct irc_line *l);
/* A target that is not there: what is on its way to it has failed. */
void irc_no_such_target(struct irc *c, const struct irc_line *l);
/* What WHOIS answers: 311 who it is, 330 their account, 318 that is all. */
enum rc irc_on_whois(
    struct irc *c, int number, const struct irc_line *l, struct err *err) CHECKED;

/* irc_login.c: from the first word to the rooms. */
enum rc irc_log_in(struct irc *c, struct err *err) CHECKED;
enum rc irc_on_cap(struct irc *c, const struct irc_line *l, struct err *err) CHECKED;
enum rc irc_on_authenticate(struct irc *c, struct err *err) CHECKED;
enum rc irc_welcome(struct irc *c, const struct irc_line *l, struct err *err) CHECKED;
enum rc irc_nick_taken(struct irc *c, struct err *err) CHECKED;
enum rc irc_join_rooms(struct irc *c, struct err *err) CHECKED;

#endif
