/* What the files of a bridge share. */
#ifndef CHAT_BRIDGE_PRIV_H
#define CHAT_BRIDGE_PRIV_H

#include "chat/bot.h"
#include "chat/bridge.h"

enum {
	BRIDGE_BUSY_US = 500000, /* while others hold the store */
	BRIDGE_NEWS_BURST = 5,
	BRIDGE_THOUGHTS_MAX = 8, /* programs of a bot that think at the same time */
	BRIDGE_WAITING_MAX = 500 /* lines that wait for them */
};

struct sending {
	void *ctx;
	struct delivery *x;
	struct said s;
	int64_t since;
};
struct asked {
	struct heard h;
	const struct agent *agent; /* NULL: nobody we know */
	bool command;		   /* false: agents talk among themselves */
	bool proof;		   /* a customer's, about who they are */
};
/* What a bot's program thinks about: the first line of the conversation that waits. */
struct thought {
	void *ctx;
	const char *conversation;
	struct proposing *p;
	bool done;
};
struct bridge_run {
	const struct bridge_want *want;
	struct bridge_want wanted; /* what it points to */
	struct cmd_env *env;
	struct desk *d;
	const struct bridge *conf;
	struct talk *talk;
	const char *via;
	struct bell *bell;
	bool rung; /* look into the outbox */
	int64_t looked;

	void *self, *self_ctx; /* the channel, while it is open */
	int64_t retry_at, retry_ms;
	int lock;	  /* held while it runs */
	struct err ended; /* once: why it is lost */
	int64_t up_at;	  /* since when it works, or INSTANT_NONE */
	bool was_lost;
	char *last_log; /* the same line twice in a row is one line */

	void *heard_ctx;
	struct heard *heard;
	size_t nheard;
	char *place;
	struct asked *asked; /* what agents want done */
	size_t nasked;
	const char **left;
	size_t nleft;
	double news_left; /* how many announcements may be said now */
	int64_t news_at;
	int64_t unsaid; /* that were not */
	int64_t nsaid;	/* answers so far */

	struct thought thoughts[BRIDGE_THOUGHTS_MAX];
	size_t nthoughts;

	struct sending sending[BRIDGE_SENDING_MAX];
	size_t nsending;
};

/* bridge.c: the channel is lost; what it had not answered is due again. */
void bridge_lost(struct bridge_run *b, const struct err *why);

/* bridge_heard.c: files what was heard, and ends the conversations that were left. */
enum rc bridge_file_heard(struct bridge_run *b, struct err *err) CHECKED;

/* bridge_bot.c: who answers first, or NULL. */
const struct bot *bridge_bot(const struct bridge_run *b);
/* A line for it, and what became of that. RC_NONE: it is for a person. *later: the bot
 * thinks about it, or about one before it; it is to be asked again. */
enum rc bridge_bot_hears(struct bridge_run *b, void *ctx, const struct heard *h,
    struct filed *f, bool *later, struct err *err) CHECKED;
size_t bridge_bot_wait(const struct bridge_run *b, struct pollfd *v, int64_t *until);
void bridge_bot_step(struct bridge_run *b);
/* What is thought about is begun again, under another policy. */
void bridge_bot_forget(struct bridge_run *b);

/* bridge_send.c: hands what is due to the channel. */
enum rc bridge_send_due(struct bridge_run *b, struct err *err) CHECKED;
/* The channel is gone: what it had not answered is due again. */
void bridge_take_back(struct bridge_run *b);
/* One that has not answered for too long: the channel is lost. */
void bridge_late_answers(struct bridge_run *b);

/* bridge_agents.c: does what agents asked for. */
enum rc bridge_answer_agents(struct bridge_run *b, struct err *err) CHECKED;
/* May their room be told something now? */
bool bridge_may_announce(struct bridge_run *b);
/* How many announcements were left out. */
void bridge_say_unsaid(struct bridge_run *b);

#endif
