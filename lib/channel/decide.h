/* What becomes of a mail: class, ticket, standing of the sender, and what is done (M3-M20
 * of tkt-mail(7)). A decision writes nothing; what it must know of the store it asks
 * through a few functions, so that --explain, tests and fuzzers decide as filing does. */
#ifndef CHANNEL_DECIDE_H
#define CHANNEL_DECIDE_H

#include "channel/token.h"
#include "mail/mail.h"

/* ---- what must be known ---- */

struct seen {
	bool same;   /* this mailbox had this mail before (M3) */
	bool reused; /* ... or another one with its Message-ID */
	const char *outcome;
	int64_t ticket, message;
	int64_t elsewhere; /* ticket that another mailbox of ours made of it (M20) */
	const char *elsewhere_queue;
};
/* Each answers RC_NONE when there is no such thing. */
struct world {
	void *arg;
	enum rc (*seen)(void *arg, const struct mail *m, const char *mailbox,
	    const unsigned char body[BLOB_HASH], struct seen *s, struct err *err);
	enum rc (*ticket)(
	    void *arg, void *ctx, int64_t id, struct ticket **t, struct err *err);
	/* The ticket of a mail that came to this mailbox, or is in this queue. */
	enum rc (*thread)(void *arg, const char *msgid, const char *mailbox,
	    const char *queue, int64_t *ticket, struct err *err);
	enum rc (*foreign)(void *arg, const char *source, const char *key,
	    int64_t *ticket, struct err *err);
	enum rc (*customer)(void *arg, const char *address, int64_t *customer,
	    int64_t *organization, struct err *err);
	/* Who delivery event.n went to, and about which ticket; n 0: by address. */
	enum rc (*delivery)(void *arg, void *ctx, int64_t event, int64_t *n,
	    const char *address, int64_t *ticket, const char **target, struct err *err);
	/* How many tickets this customer opened since then; counts no further than max.
	 */
	enum rc (*opened)(void *arg, int64_t customer, int64_t since, int64_t max,
	    int64_t *n, struct err *err);
};

struct decide_want {
	const struct config *config;
	const char *desk; /* its id */
	const struct desk_keys *keys;
	const struct mailbox *mailbox;
	const char *recipient;	   /* of the envelope, or NULL */
	const unsigned char *body; /* SHA-256, BLOB_HASH bytes */
	int64_t now;
	bool release; /* an agent said that it is to be filed */
	bool explain; /* gather verdicts */
};

/* ---- the decision ---- */

enum action {
	ACTION_NEW,
	ACTION_APPEND,	/* a customer's message */
	ACTION_NOTE,	/* an internal note */
	ACTION_REPLY,	/* an agent's public answer (@reply) */
	ACTION_FORWARD, /* a ticket for whom an agent forwarded (@fwd) */
	ACTION_EVENT,	/* a report: an event on the ticket */
	ACTION_HOLD,	/* quarantine */
	ACTION_DISCARD,
	ACTION_DUPLICATE
};
struct verdict {
	const char *rule;
	bool yes;
	const char *why;
};
struct decision {
	enum action action;
	const char *rule, *reason; /* reason NULL: the rule says all */
	struct classified class;
	struct authenticated auth;
	const struct agent *agent; /* who proved to be one, or NULL */
	int64_t ticket, message;   /* what it belongs to; message: of a duplicate */
	int64_t follows, refers, same_mail; /* links of a new ticket, or 0 */
	const struct foreign *foreign;	    /* whose key the mail carries, or NULL */
	const char *foreign_key;
	bool reopen, participants, confirmed, unverified, id_reused;
	bool flood; /* the last new ticket before further ones are held (M35) */
	int64_t delivery_event, delivery_n; /* a report's delivery, or 0 */
	struct forwarded forwarded;
	struct verdict *verdicts;
	size_t nverdicts;
};
/* Decides. Errors are the world's alone. The decision's texts belong to ctx. */
enum rc mail_decide(void *ctx, const struct mail *m, const struct decide_want *w,
    const struct world *world, struct decision *d, struct err *err) CHECKED;

/* "support+anything@acme.example" is the mailbox support@acme.example, too; or NULL. */
const struct mailbox *mailbox_of(const struct config *c, const char *address);

#endif
