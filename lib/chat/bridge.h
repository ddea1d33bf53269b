/* A bridge: one process between a channel and the desk (chat-bridge(1)).
 *
 * A channel is what speaks with a network: a program of its own (exec.c) or one of ours
 * (irc.c, ...). The bridge runs it, and again when it is lost; files what it hears, hands
 * it what is due, and keeps what became of that. Everything is said at least once; ids
 * make it once. */
#ifndef CHAT_BRIDGE_H
#define CHAT_BRIDGE_H

#include <poll.h>
#include <signal.h>

#include "channel/driver.h"
#include "chat/talk.h"
#include "desk/cmd.h"

#define BRIDGE_FDS_MAX 8
#define BRIDGE_SENDING_MAX 20	/* deliveries that wait for their answer */
#define BRIDGE_BATCH_MAX 100	/* things heard that go into one transaction */
#define BRIDGE_ANSWER_MS 120000 /* after this a channel that does not answer is lost */

/* What is to be sent. Strings belong to the bridge until it is answered. */
struct said {
	const char *id; /* "900.1": the same when it is sent again */
	const char *conversation, *text;
	const char *who;     /* the customer's name, or NULL */
	const char *address; /* and address, as in struct heard; or NULL: not known */
	const char *name;    /* of the agent who says it, or of the desk */
	const struct message *message; /* its attachments */
	int64_t at;	      /* when it was written: the same when it is sent again */
	const char *reply_to; /* the id of what was said last to us there, or NULL */
	bool again; /* it may have been sent before: nobody knows how that ended */
};

struct bridge_run;
/* What every channel does. All but open get what open gave in *self. */
struct channel {
	const char *type;
	/* Begins; need not be connected when it returns. RC_NET and RC_IO: not now. */
	enum rc (*open)(struct bridge_run *b, void *ctx, void **self, struct err *err);
	/* What to wait for; *until an instant of now_ms() at which step is wanted anyway.
	 */
	size_t (*wait)(void *self, struct pollfd v[BRIDGE_FDS_MAX], int64_t *until);
	/* Does what is there to do, and says what it hears by bridge_heard() and the
	 * like. Anything but RC_OK: it is lost, and why. */
	enum rc (*step)(void *self, struct err *err);
	/* May something be sent now? */
	bool (*ready)(void *self);
	/* Answered by bridge_delivered() or bridge_not_delivered(), at once or later. */
	enum rc (*send)(void *self, const struct said *s, struct err *err);
	/* What became of what was heard; it is durable. NULL: need not know. */
	enum rc (*filed)(
	    void *self, const struct heard *h, const struct filed *f, struct err *err);
	/* A conversation is over on our side. NULL: need not know. */
	enum rc (*over)(void *self, const char *conversation, struct err *err);
	/* Has it read all there was, for bridge_want.once? NULL: it never has. */
	bool (*done)(void *self);
};
extern const struct channel channel_exec, channel_irc, channel_matrix,
    channel_matterbridge, channel_xmpp;

struct bridge_want {
	struct cmd_env *env;
	const struct channel *channel;
	const char *name;	/* of the bridge */
	const char *const *run; /* exec: program and arguments, NULL-terminated */
	const char *medium;	/* the channel of its tickets; NULL: chat */
	int64_t
	    since; /* when it looks for the first time: what was said since; 0: a day */
	bool once; /* until all that was there is filed, and all that is due was sent */
	volatile sig_atomic_t *stop;
};
/* Until *stop. With `once`, a channel that is lost is an error (RC_NET, RC_IO). */
enum rc bridge_run(const struct bridge_want *w, struct err *err) CHECKED;

/* ---- what channels use ---- */

struct desk *bridge_desk(const struct bridge_run *b);
/* Its block of tkt.conf, or NULL. */
const struct bridge *bridge_conf(const struct bridge_run *b);
const char *bridge_name(const struct bridge_run *b);
/* A channel that looks for the first time files what was said since then. */
int64_t bridge_since(const struct bridge_run *b);
const char *const *bridge_program(const struct bridge_run *b);
/* A line for people who look after it: "libera: ..." on standard error. */
void bridge_log(struct bridge_run *b, const char *fmt, ...) PRINTF(2, 3);
/* It works: what went wrong before is over. */
void bridge_up(struct bridge_run *b);
/* Is it the room of our agents? All that is said there is told by bridge_heard(), too:
 * it knows what is a command. */
bool bridge_is_agents_room(const struct bridge_run *b, const char *name);
/* Copied; filed, or done if an agent asks for it, when step returns. */
void bridge_heard(struct bridge_run *b, const struct heard *h);
/* How far the channel has read with what it said so far: kept with it. */
void bridge_place(struct bridge_run *b, const char *place);
/* Where it had come when it last ran, in ctx; NULL: it never did. */
enum rc bridge_place_read(
    struct bridge_run *b, void *ctx, char **place, struct err *err) CHECKED;
/* They left: the conversation ends, after what was heard before. */
void bridge_left(struct bridge_run *b, const char *conversation);
void bridge_delivered(struct bridge_run *b, const char *id);
/* `never`: it would fail again. */
void bridge_not_delivered(
    struct bridge_run *b, const char *id, const char *why, bool never);
/* The server wants it later (a rate limit): it waits its turn again, no attempt is
 * counted. The channel is not ready until then. */
void bridge_try_later(struct bridge_run *b, const char *id);
/* Nobody is there any more by this name (of a person, or a room): what is on its way to
 * them has failed for good. */
void bridge_target_gone(struct bridge_run *b, const char *name, const char *why);
/* How many wait for their answer. */
size_t bridge_sending(const struct bridge_run *b);

#endif
