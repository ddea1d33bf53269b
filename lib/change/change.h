/* The one pipeline: nobody else changes tickets.
 *
 * A transaction holds the writer's turn; in it every change runs through nine steps:
 * (1) may this actor, does the lifecycle allow it, (2) the rows, (3) rules in file order,
 * each seeing what earlier ones left, (4) assignment, (5) one step of each clock, (6) one
 * event a change, (7) deliveries; then (8) commit and (9) the bell. Parse, render, hash
 * and read files before change_begin(): others wait while we are in it. */
#ifndef CHANGE_CHANGE_H
#define CHANGE_CHANGE_H

#include "policy/policy.h"
#include "ticket/conversation.h"

struct change_tx;
struct visitor;

/* ---- what to do ---- */

/* A new ticket. */
struct draft {
	const char *subject;
	struct person_address requester; /* value NULL: whoever acts */
	struct changes changes;		 /* queue, priority, tags, ... */
	const char *channel;		 /* NULL: cli */
	const char *external_id;	 /* the same one again is the same ticket */
	int64_t created_at;		 /* INSTANT_NONE: now */
	struct message message; /* body, class, raw, attachments, external_id, ... */
	const struct ticket_link *links; /* to other tickets */
	size_t nlinks;
	/* The conversation it began in, or NULL: answers go there from now on. Its ticket
	 * is filled in. */
	const struct conversation *talk;
	const struct visitor *visitor; /* of a site (change/visitor.h), or NULL */
	const char
	    *note; /* for agents, beside the message: a message of its own; or NULL */
};
/* A change to a ticket: changes, a message, or both. */
struct edit {
	int64_t ticket;
	const struct changes *changes; /* or NULL */
	struct message *message;       /* or NULL; kind reply|note, direction in|out */
	const struct person_address
	    *from;		   /* a customer wrote it: becomes author and actor */
	struct person_address *cc; /* people the message names: become participants */
	size_t ncc;
	bool confirm_cc; /* they get answers at once */
	bool no_reopen;	 /* machine mail: append and leave the status */
	bool no_rules;	 /* what the desk notes of its own doings: else one mail that
			    fails could be the reason for the next */
};
/* What the writer read before: refuse (RC_NONE) a ticket that changed since. */
struct expect {
	int64_t event;	    /* its last_event then, or 0 */
	int64_t updated_at; /* not updated later than this, or INSTANT_NONE */
};

/* ---- what happened ---- */

struct rule_trace {
	const char *rule, *block;
	bool matched, applied;
	const char *set;	   /* what it would set, or NULL */
	const struct rule *acts;   /* what else it does */
	const char *withheld;	   /* why its reply was not made, or NULL */
	const struct node *failed; /* the term that failed, or NULL */
};
struct change_result {
	int64_t ticket, event, message; /* first event of this change; message or 0 */
	bool created, changed;		/* created false: the external id was known */
	struct ticket *after;		/* as it is now */
	json_t *changes; /* what differs, all steps together; the context's */
	struct rule_trace *rules;
	size_t nrules;
	const char *assigned, *not_assigned; /* agent by step 4, or why none */
	const char *strategy;	      /* by which, NULL: step 4 had nothing to do */
	struct candidate *candidates; /* and among whom, and why not the others */
	size_t ncandidates;
};

/* Starts: waits for the writer's turn. batch: 0 for none, -1 when the first event shall
 * begin a batch, or the batch's number. RC_BUSY when others hold the store too long. */
enum rc change_begin(void *ctx, struct desk *d, int64_t batch, struct change_tx **tx,
    struct err *err) CHECKED;
/* Each leaves nothing behind when it fails; the transaction goes on. `actor` is who does
 * it (the desk's actor, a customer by mail). */
enum rc change_new(struct change_tx *tx, const struct actor *actor, const struct draft *d,
    struct change_result *r, struct err *err) CHECKED;
enum rc change_edit(struct change_tx *tx, const struct actor *actor, const struct edit *e,
    struct change_result *r, struct err *err) CHECKED;
/* An event that leaves the ticket as it is, like a bounce of what was sent: `extra`
 * (taken over) becomes its changes. With `notify`, whom these words name (assignee,
 * queue, an agent) is told. */
enum rc change_event(struct change_tx *tx, const struct actor *actor, int64_t ticket,
    const char *action, json_t *extra, const char *const *notify, struct change_result *r,
    struct err *err) CHECKED;
/* A conversation of the ticket is over: the event conversation.ended, and what was said
 * goes by mail to `transcript`, if that is not NULL and may be written to. */
enum rc change_talk_ended(struct change_tx *tx, int64_t ticket,
    const struct conversation *c, const char *transcript, struct change_result *r,
    struct err *err) CHECKED;
/* Applies routes and assignment again, as if the ticket were new. */
enum rc change_route(struct change_tx *tx, const struct actor *actor, int64_t ticket,
    struct change_result *r, struct err *err) CHECKED;
/* Gives tickets that wait to whom they can go, most urgent first, then oldest; those of
 * the agent's queues, or (NULL) of all. At most `max`. */
#define DRAIN_TRIES 50 /* tickets that nobody can take, before it gives up */
enum rc change_drain(struct change_tx *tx, const char *agent, int64_t max,
    int64_t *assigned, struct err *err) CHECKED;
/* ---- one rule (tkt-rule run, rules on = time) ---- */

/* Lets a rule of the applied version act on a ticket that its `when` takes; RC_NONE when
 * it does not, with the term that fails, and for a rule on = time also when nobody else
 * changed the ticket since it did. An agent who lets a macro act answers as themselves.
 */
enum rc change_rule(struct change_tx *tx, const struct actor *actor, const char *rule,
    int64_t ticket, struct change_result *r, struct err *err) CHECKED;
/* What every rule of a kind says of a ticket, as if that happened to it now: r->rules has
 * each. For a transaction that is aborted. */
enum rc change_explain(struct change_tx *tx, const struct actor *actor, enum rule_on on,
    int64_t ticket, struct change_result *r, struct err *err) CHECKED;

/* The next ticket that is changed must be as expected; once. */
void change_expect(struct change_tx *tx, const struct expect *e);

/* Runs `what` so that it leaves nothing behind when it fails; the transaction goes on. */
enum rc change_try(struct change_tx *tx, enum rc (*what)(void *arg, struct err *err),
    void *arg, struct err *err) CHECKED;

/* ---- tickets and each other (tkt-link, tkt-merge, tkt-split) ---- */

/* duplicates blocks parent follows refers: what people may set. "A parent B": B is the
 * parent of A. The desk itself sets same-mail and merged. */
extern const char *const link_names[];
/* RC_INVALID for a second parent, a link to itself, and one that would close a circle of
 * parents, blocks or duplicates. */
enum rc change_link(struct change_tx *tx, const struct actor *actor, int64_t a,
    const char *rel, int64_t b, bool remove, struct change_result *r,
    struct err *err) CHECKED;
/* `from` becomes a pointer to `into`, which gets its messages, people, links and time;
 * mail to it follows. r is of `into`; r->event is the event to undo. */
enum rc change_merge(struct change_tx *tx, const struct actor *actor, int64_t from,
    int64_t into, struct change_result *r, struct err *err) CHECKED;
/* These messages of one ticket become a ticket of their own, with `changes`. */
struct split {
	const int64_t *messages;
	size_t nmessages;
	const char *subject; /* or NULL: the first message's, else the ticket's */
	const struct changes *changes;
};
enum rc change_split(struct change_tx *tx, const struct actor *actor,
    const struct split *s, struct change_result *r, struct err *err) CHECKED;

/* ---- undo ---- */

/* Undoes an event, what it caused, and when it began a batch the whole batch (unless
 * `single`): each ticket and customer gets an event with the inverse. RC_INVALID when it
 * cannot be undone; RC_NONE when something later depends on it, and what. `each` is
 * called for each ticket (r->ticket) that changed. */
enum rc change_undo(struct change_tx *tx, const struct actor *actor, int64_t event,
    bool single, enum rc (*each)(void *arg, struct change_result *r, struct err *err),
    void *arg, struct err *err) CHECKED;

/* All of it is on disk when this returns RC_OK; the transaction is freed either way. */
enum rc change_commit(struct change_tx *tx, struct err *err) CHECKED;
/* None of it. How a dry run ends. */
void change_abort(struct change_tx *tx);
int64_t change_batch(const struct change_tx *tx);
/* The instant all events of this transaction carry. */
int64_t change_at(const struct change_tx *tx);

/* ---- deliveries: what left or shall leave the desk ---- */

/* Who delivery event.*n was for, and about which ticket. With *n = 0 it is found by
 * `address`, and *n set. RC_NONE. */
enum rc delivery_find(struct store *s, void *ctx, int64_t event, int64_t *n,
    const char *address, int64_t *ticket, const char **target, struct err *err) CHECKED;
/* Mail to this address has failed with this status (RFC 3463; NULL: unknown): one that
 * says the address is wrong (5.1.x) or gone (5.2.1) bars it from now on. */
enum rc delivery_bars(struct store *s, const char *address, const char *status,
    int64_t at, struct err *err) CHECKED;
/* Its owner wrote: it is not barred any more. */
enum rc delivery_unbars(struct store *s, const char *address, struct err *err) CHECKED;
/* It failed for good: kept with the reason. */
enum rc delivery_failed(
    struct store *s, int64_t event, int64_t n, const char *why, struct err *err) CHECKED;

/* ---- helpers for those who prepare changes ---- */

/* A file's content as a blob and an attachment; blob_sync() before the commit is
 * change_begin()'s, which syncs what was put before. */
enum rc attachment_put(struct store *s, void *ctx, const char *name,
    const char *media_type, const void *data, size_t n, struct attachment *a,
    struct err *err) CHECKED;
/* A name without folders, control characters and leading dots. */
char *attachment_name(void *ctx, const char *name);
/* What the name's ending and the first bytes say: "image/png". */
const char *media_type_of(const char *name, const void *data, size_t n);

/* What a customer's message does to this ticket (M19). */
enum arrival { ARRIVAL_APPEND, ARRIVAL_REOPEN, ARRIVAL_FOLLOW_UP };
enum arrival change_arrival(const struct config *c, const struct ticket *t, int64_t now);

/* Draft from a record (a ticket record's fields plus body, requester); RC_INVALID names
 * the key. Strings into ctx. */
enum rc draft_from_json(void *ctx, const struct desk *desk, json_t *o, struct draft *d,
    struct err *err) CHECKED;

#endif
