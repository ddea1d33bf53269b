/* Tickets, messages, people, events, attachments: rows <-> structs <-> records.
 *
 * Nothing here decides anything, and only lib/change calls what writes. Instants are UTC
 * ms, INSTANT_NONE for "not yet"; ids are 0 for "none". Structs and their strings belong
 * to the context they were read into. */
#ifndef TICKET_TICKET_H
#define TICKET_TICKET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "desk/desk.h"

/* ---- limits (tkt-store(7)) ---- */

#define SUBJECT_MAX 998	      /* bytes of a subject (a header line's length, RFC 5322) */
#define BODY_MAX (256 * 1024) /* bytes of a body kept and indexed as text */
#define NAME_MAX_BYTES 64     /* tags, fields, names in tkt.conf */
#define VALUE_MAX 4096	      /* bytes of a field's value */
#define PERSON_MAX 320	      /* bytes of an address (RFC 5321: 64 + 1 + 255) */
#define TAGS_MAX 100	      /* tags a ticket */
#define PEOPLE_MAX 200	      /* participants and followers a ticket */
#define LINKS_MAX 1000	      /* links that go out from a ticket */
#define ATTACHMENTS_MAX 1000  /* attachments a message */
#define ATTACHMENT_SIZE_MAX \
	(50 * 1024 * 1024) /* bytes of one attached by tkt-new, tkt-reply */
#define FILE_NAME_MAX 255  /* bytes of an attachment's name */

/* ---- tickets ---- */

struct ticket_field {
	const char *name, *value;
	bool has_num; /* numbers and dates order by this, too */
	double num;
};
struct ticket_person {
	const char *role, *who; /* cc: an address; follower: an agent */
	bool confirmed;
};
struct ticket_link {
	const char *rel;
	int64_t other;
};
struct ticket {
	int64_t id;
	const char *subject, *queue, *status;
	int64_t phase, priority; /* enum phase, index of priority_names */
	const char *kind, *channel, *mailbox;
	int64_t token_gen;
	const char *assignee; /* "" for nobody */
	int64_t requester, organization;
	const char *external_id; /* NULL for none */
	int64_t merged_into;
	int64_t created_at, updated_at, customer_at, agent_at, first_replied_at,
	    solved_at, snoozed_until;
	int64_t due_at, warn_at; /* INSTANT_NEVER for none */
	const char *due_target;
	int64_t last_event;
	int64_t time_spent_s; /* worked on it */
	int64_t reopened;     /* how often it left resolved or closed */
	int64_t snooze_keep;  /* 1: sleeps on when the customer writes */
	/* By ticket_details(). Arrays are never changed in place, so that a copy of the
	 * struct is a snapshot. Sorted; links are those that go out from this ticket. */
	const char **tags; /* NULL-terminated */
	struct ticket_field *fields;
	struct ticket_person *people;
	struct ticket_link *links;
	size_t ntags, nfields, npeople, nlinks;
	/* By ticket_at() alone: the messages the log puts here, in order of their
	 * numbers. */
	int64_t *messages;
	size_t nmessages;
};

/* The columns of SELECT, in the order ticket_read() expects; alias t. */
#define TICKET_COLUMNS                                                                 \
	"t.id, t.subject, t.queue, t.status, t.phase, t.priority, t.kind, t.channel, " \
	"t.mailbox, t.token_gen, t.assignee, t.requester, t.organization, "            \
	"t.external_id, "                                                              \
	"t.merged_into, t.created_at, t.updated_at, t.customer_at, t.agent_at, "       \
	"t.first_replied_at, t.solved_at, t.snoozed_until, t.due_at, t.warn_at, "      \
	"t.due_target, t.last_event, t.time_spent_s, t.reopened, t.snooze_keep"
#define TICKET_NCOLUMNS 29

/* A new ticket with every member set to its default. */
struct ticket *ticket_new(void *ctx);
/* Takes a row whose first columns are TICKET_COLUMNS. */
struct ticket *ticket_read(void *ctx, struct stmt *st);
/* RC_NOTFOUND "no ticket 42". With details. */
enum rc ticket_get(
    struct store *s, void *ctx, int64_t id, struct ticket **t, struct err *err) CHECKED;
enum rc ticket_details(
    struct store *s, void *ctx, struct ticket *t, struct err *err) CHECKED;
/* RC_NONE when no ticket has this external id. */
enum rc ticket_find_external(
    struct store *s, const char *external_id, int64_t *id, struct err *err) CHECKED;

/* What differs, as an event's changes: {"status":["new","open"],"tags":[[],["vip"]]}.
 * `before` NULL: a new ticket, everything that is not at its default. Columns that follow
 * from the event itself (updated_at, last_event) are left out. A new reference. */
json_t *ticket_diff(const struct ticket *before, const struct ticket *after);
/* All a ticket is, defaults too, as pairs [null, value]. A new reference. */
json_t *ticket_state(const struct ticket *t);
/* The opposite: sets what an event's changes say is new. RC_INVALID when they do not fit.
 */
enum rc ticket_fold(
    void *ctx, struct ticket *t, json_t *changes, struct err *err) CHECKED;
/* The inverse: gives every key of an event's changes its old value back; sets (tags,
 * people, links) lose what came and get what went. RC_NONE and the key in *key when a
 * value is no longer what the event made it. Numbers of fields are left to the caller. */
enum rc ticket_unfold(void *ctx, struct ticket *t, json_t *changes, const char **key,
    struct err *err) CHECKED;
/* Writes the row and what belongs to it: all when before is NULL (sets after->id), else
 * only what differs. */
enum rc ticket_store(struct store *s, const struct ticket *before, struct ticket *after,
    struct err *err) CHECKED;

/* A ticket that is new here, with the number it has. */
enum rc ticket_store_as(struct store *s, struct ticket *t, struct err *err) CHECKED;

/* Copy-on-write setters; false when nothing changed or a limit was reached. */
bool ticket_add_tag(void *ctx, struct ticket *t, const char *tag);
bool ticket_remove_tag(void *ctx, struct ticket *t, const char *tag);
bool ticket_has_tag(const struct ticket *t, const char *tag);
/* value NULL removes it. */
bool ticket_set_field(
    void *ctx, struct ticket *t, const char *name, const char *value, const double *num);
const struct ticket_field *ticket_field(const struct ticket *t, const char *name);
bool ticket_add_person(
    void *ctx, struct ticket *t, const char *role, const char *who, bool confirmed);
bool ticket_remove_person(void *ctx, struct ticket *t, const char *role, const char *who);
bool ticket_add_link(void *ctx, struct ticket *t, const char *rel, int64_t other);
bool ticket_remove_link(void *ctx, struct ticket *t, const char *rel, int64_t other);
bool ticket_has_link(const struct ticket *t, const char *rel, int64_t other);
/* Links that others have to this ticket: each one's `other` is who has it. */
enum rc ticket_linked_by(struct store *s, void *ctx, int64_t id, struct ticket_link **v,
    size_t *n, struct err *err) CHECKED;

/* The record of tkt-json(5). A new reference. */
enum rc ticket_to_json(
    struct desk *d, struct ticket *t, json_t **o, struct err *err) CHECKED;

/* ---- people ---- */

struct person {
	int64_t id;
	const char *name, *kind, *address, *language;
	int64_t organization;
	const char *organization_name;
};
/* Takes "Ann Lee <ann@example.com>", "ann@example.com", "phone:+491234", "irc:net/nick";
 * the address comes back in its normal form (e-mail in lower case). RC_INVALID else. */
struct person_address {
	const char *name, *kind, *value;
};
enum rc address_parse(
    void *ctx, const char *text, struct person_address *a, struct err *err) CHECKED;
/* Whose address is this? RC_NONE when nobody's. */
enum rc customer_find(struct store *s, const char *kind, const char *value, int64_t *id,
    struct err *err) CHECKED;
/* Somebody showed that it is theirs; the first time counts. Nobody's: nothing happens. */
enum rc address_prove(struct store *s, const char *kind, const char *value, int64_t at,
    struct err *err) CHECKED;
enum rc customer_get(
    struct store *s, void *ctx, int64_t id, struct person *p, struct err *err) CHECKED;
/* A new customer with this address; joins the organization of the address's domain. */
enum rc customer_add(struct store *s, const struct person_address *a, struct person *p,
    struct err *err) CHECKED;
/* By name; RC_NONE. */
enum rc organization_find(
    struct store *s, const char *name, int64_t *id, struct err *err) CHECKED;
enum rc organization_name(
    struct store *s, void *ctx, int64_t id, const char **name, struct err *err) CHECKED;

/* ---- messages ---- */

struct attachment {
	int64_t part;
	const char *name, *media_type, *content_id;
	int64_t size;
	unsigned char sha256[BLOB_HASH];
};
struct message {
	int64_t id, ticket;
	const char *kind, *direction, *channel, *class, *author, *author_address;
	int64_t created_at;
	const char *subject; /* of the first message, and where it changed; else NULL */
	const char *body, *quoted;
	bool has_raw;
	unsigned char raw[BLOB_HASH];
	const char *external_id;
	int64_t flags;
	struct attachment *attachments;
	size_t nattachments;
};
enum message_flags {
	MESSAGE_CUT = 1, /* the body was longer than BODY_MAX: the rest is in raw */
	MESSAGE_UNVERIFIED = 2,	 /* who wrote is not proven */
	MESSAGE_ID_REUSED = 4,	 /* its Message-ID came before with other content */
	MESSAGE_AUTH_FAILED = 8, /* DMARC failed: the sender is likely forged */
	MESSAGE_ERASED = 16,	 /* what it said was erased */
	MESSAGE_NO_ACK = 32	 /* it asks machines not to answer (M11, M12) */
};

/* What an event keeps of a message: kind, direction, and the SHA-256 of everything it is
 * made of, attachments too. A new reference. */
json_t *message_digest(const struct message *m);
/* Inserts the row, its attachments and its words; m->id must be the event's. */
enum rc message_store(struct store *s, const struct message *m, struct err *err) CHECKED;
enum rc message_get(
    struct store *s, void *ctx, int64_t id, struct message **m, struct err *err) CHECKED;
/* The thread, oldest first; each with its attachments. */
enum rc message_each(struct store *s, int64_t ticket,
    enum rc (*each)(void *arg, struct message *m, struct err *err), void *arg,
    struct err *err) CHECKED;
/* Puts a message into another ticket (merging, splitting), with its mail's thread. */
enum rc message_move(
    struct store *s, int64_t message, int64_t ticket, struct err *err) CHECKED;
/* Numbers of a ticket's messages, oldest first. */
enum rc message_ids(struct store *s, void *ctx, int64_t ticket, int64_t **ids, size_t *n,
    struct err *err) CHECKED;
/* Sets customer_at, agent_at and first_replied_at of t as the ticket's messages say. */
enum rc message_instants(
    struct store *s, int64_t ticket, struct ticket *t, struct err *err) CHECKED;
/* Body of the ticket's first message, "" when it has none. */
enum rc message_first_body(struct store *s, void *ctx, int64_t ticket, const char **body,
    struct err *err) CHECKED;
/* The ticket of the mail with this Message-ID, if it came to this mailbox or its ticket
 * is in this queue. RC_NONE. */
enum rc message_find_external(struct store *s, const char *external_id,
    const char *mailbox, const char *queue, int64_t *ticket, struct err *err) CHECKED;
/* The record; `author_name` NULL to leave it out. A new reference. */
enum rc message_to_json(
    const struct desk *d, const struct message *m, json_t **o, struct err *err) CHECKED;

/* ---- events: one chain over the whole log ---- */

struct event {
	int64_t id, ticket, customer, at;
	const char *actor;
	int64_t cause, batch;
	const char *action;
	const char *changes; /* canonical JSON, or NULL once erased */
	unsigned char digest[BLOB_HASH], hash[BLOB_HASH];
};
/* The end of the log, where the next event goes. */
struct chain {
	int64_t id, at;
	unsigned char hash[BLOB_HASH];
};
enum rc chain_end(struct store *s, struct chain *c, struct err *err) CHECKED;
/* Gives e its id, an instant that never decreases, digest and hash; inserts it. A batch
 * of -1 means "this event is the first of its batch". */
enum rc event_append(
    struct store *s, struct chain *c, struct event *e, struct err *err) CHECKED;
/* Adds the random "n" and returns the canonical text. */
char *event_changes(void *ctx, json_t *changes);
/* Does e follow `before`, digest and hash right? false, and what is wrong in err. */
enum rc event_verify(const struct event *e, const unsigned char before[BLOB_HASH],
    struct err *err) CHECKED;
/* The hash of an event, zeros for 0; RC_NONE when there is none. */
enum rc event_hash(
    struct store *s, int64_t id, unsigned char hash[BLOB_HASH], struct err *err) CHECKED;
/* Columns for event_read(); alias e. */
#define EVENT_COLUMNS                                                             \
	"e.id, e.ticket, e.customer, e.at, e.actor, e.cause, e.batch, e.action, " \
	"e.changes, "                                                             \
	"e.digest, e.hash"
struct event *event_read(void *ctx, struct stmt *st);
/* The record: changes without "n". A new reference. */
json_t *event_to_json(const struct event *e);

/* The ticket as it was after its last event not later than `at`, from the log alone.
 * RC_NOTFOUND when it did not exist then. */
enum rc ticket_at(struct store *s, void *ctx, int64_t id, int64_t at, struct ticket **t,
    struct err *err) CHECKED;

/* ---- verifying (tkt-fsck) ---- */

struct verify_report {
	int64_t events, tickets, blobs, problems;
	int64_t last; /* verified up to this event */
	unsigned char hash[BLOB_HASH];
};
/* Verifies chain, fold, messages and (with `blobs`) their bytes from event `from` on (0:
 * everything); calls `problem` for each thing found. */
enum rc verify_all(struct store *s, int64_t from, bool blobs,
    void (*problem)(void *arg, const char *text), void *arg, struct verify_report *r,
    struct err *err) CHECKED;
/* For blob_gc(): does any row name it? `arg` is the store. */
enum rc verify_named(
    void *arg, const unsigned char hash[BLOB_HASH], bool *yes, struct err *err) CHECKED;

#endif
