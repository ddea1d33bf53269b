/* What the files of the pipeline share: one ticket on its way through it. */
#ifndef CHANGE_CHANGE_PRIV_H
#define CHANGE_CHANGE_PRIV_H

#include "change/change.h"
#include "policy/sla.h"
#include "ticket/conversation.h"

enum { EVENTS_MAX = 64 };

struct change_tx {
	void *ctx; /* the caller's: results live there */
	struct desk *d;
	struct chain chain;
	struct policy *policy; /* loaded when first needed */
	struct texts *texts;   /* the same */
	struct sla_book *book; /* the same */
	struct expect expect;  /* of the next ticket */
	int64_t now, batch;
	const char **freed; /* agents who can take a ticket more, now */
	size_t nfreed;
};

/* An event that waits for its ticket's number. */
struct pending {
	const char *actor, *action;
	json_t *changes;
	bool chained; /* caused by the one before it */
	/* act.c: the rule whose reply or note becomes a message of this event (made when
	 * the ticket has its number), and the one whose notices, hooks and programs hang
	 * on it. */
	const struct rule *says, *sends;
	const char *const *tells; /* whom else a notice goes to, or NULL */
	bool reply;
	bool own; /* a macro's reply is that of the agent who runs it */
	struct message *message;
	int64_t id, ndeliveries; /* once written */
};

/* One ticket on its way through the pipeline. */
struct work {
	struct change_tx *tx;
	void *ctx;
	const struct actor *actor;
	struct ticket *before; /* as stored; NULL: new */
	struct ticket *t;      /* as it becomes */
	struct ticket last;    /* as of the last event */
	bool logged;	       /* an event is pending already */
	struct message *message;
	const char *assign; /* strategy a rule asked for */
	struct pending events[EVENTS_MAX];
	size_t nevents;
	int64_t cause;	      /* of the first event, or 0 */
	bool *fired;	      /* rules, once a root event */
	const char *withheld; /* why the last rule's reply was not made, or NULL */
	bool explain;	      /* note what did not match, too */
	const char **told;    /* agents who got a notice of it */
	size_t ntold;
	struct change_result *r;
	const char *body;	/* of the first message, for conditions */
	const char *transcript; /* a mail address that gets what was said, or NULL */
	const struct conversation *talk; /* that a new ticket begins, or NULL */
	/* Clocks as stored (NULL: none) and as they become; refold: what happened is no
	 * plain step, or belongs before something that is there already; news: what is
	 * due is being told. */
	struct clocks *clocks_stored, *clocks;
	bool refold, news;
	json_t *taken;	 /* clocks of a ticket that is merged into it */
	int64_t said_at; /* when the change happened, in seconds; 0: now */
};

/* tx.c: reads the ticket that is to be changed, and checks that its actor has access,
 * that it is as expected and, with `live`, that it is not merged. */
enum rc work_load(struct work *w, int64_t ticket, bool live, struct err *err) CHECKED;
/* Another ticket that changes along with w's, caused by event `cause`. */
struct work work_beside(const struct work *w, struct change_result *r, int64_t cause);
/* Drops what an abandoned or finished work holds. */
void work_free(struct work *w);
/* Appends an event to the log; gives it the transaction's instant and batch. */
enum rc work_event(struct change_tx *tx, struct event *e, struct err *err) CHECKED;
/* Notes what differs from the last event as the next one. With `extra` (taken over) there
 * is an event even when nothing differs. */
enum rc work_log(struct work *w, const struct actor *actor, const char *action,
    json_t *extra, struct err *err) CHECKED;
/* Writes the ticket, its pending events, its message and deliveries; fills the result. */
enum rc work_write(struct work *w, struct err *err) CHECKED;
/* change.c: a new subject becomes part of w's message, or one of its own, to be logged.
 */
void work_subject(struct work *w);
/* tx.c: runs one change in a savepoint, so that a failing one leaves nothing behind. */
enum rc work_run(struct work *w, const void *what,
    enum rc (*run)(struct work *w, const void *what, struct err *err),
    struct err *err) CHECKED;

/* decide.c: the customer with this address, made with an event when there is none. */
enum rc work_person(struct work *w, const struct person_address *a, struct person *p,
    struct err *err) CHECKED;
/* Changes that need the store: requester, organization. */
enum rc work_look_up(struct work *w, const struct changes *c, struct err *err) CHECKED;
/* transition.c: may the ticket go from the status it had to the one it has now?
 * RC_INVALID or RC_DENIED say what is missing. */
enum rc work_transition(
    struct work *w, const struct ticket *was, struct err *err) CHECKED;
/* rules.c, step 3: rules of this kind, then those that look at changes. */
enum rc work_rules(struct work *w, enum rule_on on, struct err *err) CHECKED;
/* Once more those that look at changes, if rules were asked before. */
enum rc work_changed(struct work *w, struct err *err) CHECKED;
/* One rule, whether it matches or not, then those that look at changes. */
enum rc work_rule(struct work *w, struct rule *r, struct err *err) CHECKED;
/* one_rule.c: did a rule on = time act on the ticket (whose newest event this is)
 * already, and nobody else change it since? */
enum rc rule_fired(struct store *s, const char *rule, int64_t ticket, int64_t last_event,
    bool *yes, struct err *err) CHECKED;
/* assign.c, step 4: an assignee for a ticket that nobody has. */
enum rc work_assign(struct work *w, struct err *err) CHECKED;

/* An agent with a capacity has a ticket less: notes it; before the commit they get one of
 * those that wait. */
void work_freed(struct work *w);
enum rc work_drain_freed(struct change_tx *tx, struct err *err) CHECKED;

/* act.c: what a rule that fired does besides changing. Plans it: events for its messages,
 * and one on which the rest hangs; `had` events were there before it fired. */
enum rc work_act(
    struct work *w, const struct rule *r, size_t had, struct err *err) CHECKED;
/* Behind ticket_store(): gives planned messages their text. A template without its values
 * becomes the event rule.refused. */
enum rc work_say(struct work *w, struct err *err) CHECKED;
/* Behind the events: stores those messages and what leaves because of rules. */
enum rc work_act_deliver(struct work *w, struct err *err) CHECKED;

/* deliver.c, step 7: a row of the outbox. */
struct leaving {
	const char *via, *kind, *target, *text, *rule;
	int64_t due_at;
};
/* How the requester is reached: in the conversation the ticket came from, while it is
 * open; by mail; or (not here) in the one that is over. via NULL: not at all. */
struct way {
	const char *via, *target;
	bool here; /* false: the conversation is over */
};
enum rc work_way(struct work *w, struct way *way, struct err *err) CHECKED;
/* A public answer that hangs on this event, to the requester and the confirmed
 * participants. */
enum rc work_deliver_reply(struct work *w, struct pending *of, struct err *err) CHECKED;
enum rc work_leave(
    struct work *w, struct pending *of, const struct leaving *l, struct err *err) CHECKED;
/* Is this an address nobody may write to: ours, .invalid, suppressed? */
enum rc delivery_barred(
    struct work *w, const char *address, bool *yes, struct err *err) CHECKED;

/* person.c: an event of a customer (0: of an organization). Takes over `changes`. */
enum rc person_event(struct change_tx *tx, const struct actor *actor, int64_t customer,
    int64_t cause, const char *action, json_t *changes, int64_t *id,
    struct err *err) CHECKED;

/* clocks.c, step 5. Before the ticket is written: its clocks after one step, and what its
 * row says of them. */
enum rc work_clocks(struct work *w, struct err *err) CHECKED;
/* After its events and message are: stores the clocks, folded anew where a step was not
 * enough. */
enum rc work_clocks_store(struct work *w, struct err *err) CHECKED;
/* Loaded with the ticket. *due: something must be told first, so that the log has it
 * before the change that may hide it. */
enum rc work_clocks_load(
    struct work *w, int64_t ticket, bool *due, struct err *err) CHECKED;
/* tell.c: tells all that was due at `at` (seconds). */
enum rc work_tell(struct change_tx *tx, int64_t ticket, int64_t at, int64_t *told,
    struct err *err) CHECKED;

/* deliver.c, step 7: rows for everything that leaves because of the message. */
enum rc work_deliver(struct work *w, struct err *err) CHECKED;

#endif
