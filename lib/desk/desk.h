/* The desk: finding and owning one, its applied configuration, who acts and what they
 * may. */
#ifndef DESK_DESK_H
#define DESK_DESK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/store.h"

/* ---- words every part of the desk shares ---- */

enum phase {
	PHASE_OPEN,
	PHASE_WAITING,
	PHASE_RESOLVED,
	PHASE_CLOSED,
	PHASE_MERGED,
	PHASE_SPAM,
	PHASE_DELETED
};
/* NULL-terminated, in the order of their numbers. */
extern const char *const phase_names[];
extern const char *const priority_names[]; /* low normal high urgent */
extern const char *const status_names[];   /* of the default lifecycle: new open ... */
extern const char *const kind_names[];	   /* question incident problem task */
extern const char *const channel_names[];  /* email chat phone social web api cli */
/* The index of a word in such a list, or -1. */
int word_index(const char *const *words, const char *word);
/* The phase a status of the default lifecycle stands in. */
enum phase status_phase(const char *status);

/* ---- the applied configuration (tkt.conf(5)) ---- */

struct mailbox {
	const char *name, *address, *queue, *from_name;
	char delimiter; /* between local part and token, default '+' */
	bool is_default;
	const char *strangers;		 /* accept internal quarantine (M17) */
	const char *lists;		 /* open quarantine: new mail of lists (M14) */
	bool trust_agents;		 /* M18: an agent's From needs no proof */
	const char **trusted_forwarders; /* M13: addresses and domains */
	bool share_organization;	 /* M17: its people may answer for each other */
};
/* A key that another system writes into its mails (M15.4). */
struct foreign {
	const char *name, *from;  /* sender, * as wildcard */
	const char *header, *key; /* PCRE2 with one group */
};
/* One status of a lifecycle. */
struct status {
	const char *name;
	enum phase phase;
	const char **next; /* where a ticket may go from here; empty: anywhere */
};
/* What going from one of these statuses to one of those needs (empty: any). */
struct transition {
	const char *name;
	const char **from, **to;
	const char **require; /* field.NAME assignee reply children */
	const char **roles;   /* whose agents may; empty: everybody */
};
struct lifecycle {
	const char *name;
	const char *initial, *active; /* of a new ticket; of one that is worked on */
	struct status *statuses;
	struct transition *transitions;
	size_t nstatuses, ntransitions;
};
struct queue {
	const char *name, *description, *assign; /* none least-busy round-robin */
	const char **members;			 /* NULL-terminated, may be empty */
	int64_t reopen_window;			 /* ms */
	const char *after_reply;		 /* status a public reply sets, or NULL */
	const char **skills;			 /* its tickets need */
	const char *lifecycle;
};
struct role {
	const char *name;
	const char **allow;  /* rights, * as wildcard */
	const char **queues; /* empty: all */
};
struct agent {
	const char *name, *full_name, *email, *role, *unix_login, *timezone;
	int64_t capacity;    /* open tickets at most by assignment; 0: no limit */
	const char **skills; /* what this agent can do; of queues and tickets, too */
	/* Notices: several in one mail every so many ms (0: each at once); the local
	 * hours without any, in seconds after midnight (both 0: none); the queues whose
	 * notices are wanted (empty: all). */
	int64_t digest, quiet_from, quiet_to;
	const char **notice_queues;
	const char **chat; /* accounts, in small letters: irc:libera/alice xmpp:... */
};
/* A server of others: for mail out (smtp), or in (fetch). */
struct remote {
	const char *url; /* smtp://, imaps://, ...; smtp NULL: by sendmail */
	const char *sendmail;
	const char *user, *secret; /* a file in secret/ */
	const char *auth;	   /* password or xoauth2 */
	const char *tls;	   /* required try none */
	const char *ca;		   /* a file of certificates, or NULL */
	const char *pin;	   /* sha256//... of the server's key, or NULL */
	int64_t timeout;	   /* ms for one mail */
};
/* Where mail is fetched from. */
struct fetch {
	const char *name, *mailbox; /* mailbox NULL: as the mails say */
	struct remote from;
	bool keep; /* leave the mails there */
};
/* A channel other than mail (tkt-channel(7)). */
#define BRIDGE_EVERY_MS 60000
#define BRIDGE_IDLE_MS (30LL * 60 * 1000)
#define BRIDGE_FLOOD 30
#define BRIDGE_ROOM_FLOOD 300
struct bridge {
	const char *name, *type; /* irc xmpp matrix matterbridge exec */
	struct remote at;	 /* its server; url NULL: found by the user's address */
	const char **run;	 /* exec: program and arguments */
	const char *nick;	 /* how it is called there, or NULL: by its user's name */
	const char *prefix; /* what a line in a room begins with, or NULL: its nick */
	const char **rooms;
	const char *agents_room; /* where agents are told, and command; or NULL */
	const char **announce;	 /* what they are told: created breached */
	const char *queue;	 /* of its tickets, or NULL: the default mailbox's */
	int64_t idle;		 /* ms until a quiet conversation ends */
	int64_t flood;		 /* lines a minute that are taken of a sender */
	int64_t room_flood;	 /* and of all in a room, or of all direct talks */
	const char *bot;	 /* who answers first, or NULL */
	int64_t every;		 /* ms between looks, of those that must be asked */
};
#define BOT_ANSWER_MS 10000 /* a bot's program may take so long */
#define BOT_OFFER 3	    /* articles in one answer */
#define BOT_MISSES 2	    /* questions without an answer before a person comes */
/* What a bot asks for, in order. */
struct bot_ask {
	const char *name, *text;
	const char *match;    /* PCRE2 that all of an answer must match, or NULL */
	const char *again;    /* said when it does not */
	const char *field;    /* the ticket's field that gets it, or NULL */
	const char **choices; /* one of these; empty: any text */
	bool optional;	      /* may be skipped */
};
struct bot_form {
	const char *name;
	const char
	    *match;	 /* PCRE2 of questions it is for; NULL: before any person comes */
	const char *set; /* changes to the ticket, or NULL */
	struct bot_ask *asks;
	size_t nasks;
};
/* A robot that answers first (chat-bot(1)). Patterns are PCRE2, without case. */
struct bot {
	const char *name, *language; /* language: of its articles, or NULL */
	const char *greeting, *answer, *answers, *missed, *thanks, *handing, *skipped;
	const char *hello;    /* a line that is no question */
	const char *person;   /* somebody wants a person */
	const char *yes, *no; /* did that help? */
	const char *skip;     /* to a question that need not be answered */
	const char **run;     /* a program that proposes answers; empty: none */
	int64_t timeout;      /* ms it may take */
	int64_t offer;	      /* articles at a time */
	int64_t misses;	      /* without an answer before a person comes */
	struct bot_form *forms;
	size_t nforms;
};
/* Where events go by HTTP. */
struct webhook {
	const char *name, *url;
	const char *secret;   /* a file in secret/ */
	bool private_allowed; /* may its address be a private one? */
};
struct field {
	const char *name, *type; /* text number date choice boolean pattern */
	const char **values;	 /* of a choice */
	const char *pattern;	 /* of a pattern: PCRE2, the whole value must match */
	const char **queues;	 /* where it may be set; empty: everywhere */
};
#define KB_STALE_MS (365LL * 24 * 3600 * 1000)
/* The knowledge base (kb.git). */
struct kb_conf {
	const char *branch;   /* what is published */
	const char *language; /* of articles that do not say */
	const char *url;      /* where the site is served, or NULL */
	const char *site;     /* the folder it is written to, or NULL: www in the desk */
	const char *feedback; /* where its form posts votes, or NULL: no form */
	const char *search;   /* where its search form asks, or NULL: no form */
	const char *check; /* what a push with broken articles meets: reject warn off */
	int64_t stale;	   /* ms without a change or review until it is stale */
};
#define PHONE_MESSAGE_MS 120000
#define PHONE_EXTENSION 5
/* The telephone (phone-agi(1), phone-log(1), voicemail by mail). */
struct phone_conf {
	const char *country; /* digits, of numbers that do not say; or NULL */
	const char *trunk;   /* what national numbers begin with: "0" */
	const char *queue;   /* of its tickets, or NULL: the default mailbox's */
	const char *sounds;  /* what the names of prompts begin with: "tkt/" */
	const char
	    *recordings;      /* folder the switch records into, or NULL: no voicemail */
	const char *timezone; /* of call records, or NULL: the desk's */
	const char *status;   /* whose tickets are read out: any proven none */
	const char *missed;   /* calls nobody took become: ticket none */
	const char **voicemail; /* mail addresses that send what was recorded */
	int64_t message_ms;	/* how long a caller may speak */
	int64_t extension;	/* digits of a number inside, at most */
};
/* A web site or app whose visitors write to us, and what proves who they are
 * (tkt-web(7)). */
struct web_site {
	const char *name,
	    *issuer;		/* issuer: what its tokens call it, or NULL: its name */
	const char **secrets;	/* files in secret/: HS256 and HMAC; all are tried */
	const char *public_key; /* base64, Ed25519, or NULL */
	const char *queue;	/* of its tickets, or NULL */
	const char **origins;	/* where the widget may stand: https://shop.example */
};
struct view {
	const char *name, *query, *sort;
};
struct config {
	int64_t version;
	const char *name, *timezone, *group, *authserv;
	int64_t mail_size_max, mail_parts_max, mail_depth_max, mail_header_max,
	    mail_people_max;
	int64_t mail_out_max; /* bytes of attachments in one mail of ours */
	int64_t undo;	      /* ms before a reply leaves */
	int64_t flood_limit;  /* new tickets of a sender in ten minutes (M35) */
	const char *url;      /* where customers find the desk, or NULL */
	struct kb_conf kb;
	struct phone_conf phone;
	struct remote smtp;
	struct fetch *fetches;
	struct webhook *webhooks;
	struct bridge *bridges;
	struct bot *bots;
	struct web_site *sites;
	struct mailbox *mailboxes;
	struct foreign *foreign;
	struct queue *queues;
	struct role *roles;
	struct agent *agents;
	struct field *fields;
	struct view *views;
	struct lifecycle *lifecycles; /* those of tkt.conf */
	size_t nmailboxes, nforeign, nqueues, nroles, nagents, nfields, nviews,
	    nlifecycles, nwebhooks, nfetches, nbridges, nbots, nsites;
};

/* Each finds by name, or is NULL. */
const struct mailbox *config_mailbox(const struct config *c, const char *name);
const struct mailbox *config_mailbox_by_address(
    const struct config *c, const char *address);
const struct mailbox *config_mailbox_default(const struct config *c);
const struct queue *config_queue(const struct config *c, const char *name);
const struct role *config_role(const struct config *c, const char *name);
const struct agent *config_agent(const struct config *c, const char *name);
const struct field *config_field(const struct config *c, const char *name);
const struct view *config_view(const struct config *c, const char *name);
const struct webhook *config_webhook(const struct config *c, const char *name);
const struct bridge *config_bridge(const struct config *c, const char *name);
const struct bot *config_bot(const struct config *c, const char *name);

/* NULL-terminated names of one kind, for hints and completion. */
enum name_kind {
	NAME_MAILBOX,
	NAME_QUEUE,
	NAME_ROLE,
	NAME_AGENT,
	NAME_FIELD,
	NAME_VIEW,
	NAME_SITE
};
const char **config_names(void *ctx, const struct config *c, enum name_kind kind);

/* ---- lifecycles ---- */

extern const struct lifecycle lifecycle_default; /* the six statuses */
/* By name ("default" is always there), or NULL. */
const struct lifecycle *config_lifecycle(const struct config *c, const char *name);
/* The one a queue follows; never NULL. */
const struct lifecycle *queue_lifecycle(const struct config *c, const char *queue);
/* Or NULL when the lifecycle does not have it. */
const struct status *lifecycle_status(const struct lifecycle *l, const char *name);
/* What a status becomes when its ticket moves to a queue with another lifecycle: the same
 * when that has it, else the initial one for the initial one, else the first of its
 * phase. */
const char *lifecycle_fit(
    const struct lifecycle *from, const struct lifecycle *to, const char *status);
/* May a ticket go from one status to the other? RC_INVALID says where it may go. */
enum rc lifecycle_may(
    const struct lifecycle *l, const char *from, const char *to, struct err *err) CHECKED;
bool transition_applies(const struct transition *t, const char *from, const char *to);
/* NULL-terminated: the statuses of one, and of all lifecycles. */
const char **lifecycle_names(void *ctx, const struct lifecycle *l);
const char **config_statuses(void *ctx, const struct config *c);
/* Widens *low..*high by the phases in which a status stands in any lifecycle. */
void config_status_phases(
    const struct config *c, const char *status, int *low, int *high);

/* Reads the compiled form that lib/policy writes (version part "desk"). */
enum rc config_from_json(
    void *ctx, json_t *o, int64_t version, struct config **c, struct err *err) CHECKED;

/* ---- versions ---- */

/* The newest applied version, or 0. */
enum rc version_newest(struct store *s, int64_t *id, struct err *err) CHECKED;
/* One part of a version ("desk", "rules", "source") as JSON; a new reference. */
enum rc version_part(
    struct store *s, int64_t id, const char *part, json_t **o, struct err *err) CHECKED;
/* Named parts ("calendar:office") are stored where they changed: what a version has is
 * the newest up to it. Its id is the SHA-256 of the content in hexadecimal digits; into
 * ctx. RC_NONE. */
enum rc version_find(void *ctx, struct store *s, int64_t version, const char *part,
    const char **id, struct err *err) CHECKED;
enum rc version_held(struct store *s, int64_t version, const char *part, json_t **o,
    struct err *err) CHECKED;
char *version_part_id(void *ctx, const json_t *o);
/* Adds one part; in a write transaction. `event` is the number of the event that applies
 * it. Its SHA-256 is added to `hashes`, by its name. */
enum rc version_add(struct store *s, int64_t id, const char *part, json_t *o, int64_t at,
    int64_t event, json_t *hashes, struct err *err) CHECKED;
/* The hours of a version's calendar ("24x7" is always there); kept by the desk, so that a
 * list asks once for each. RC_CONFIG when there is none. */
struct calendar;
struct desk;
enum rc desk_calendar(struct desk *d, int64_t version, const char *name,
    const struct calendar **c, struct err *err) CHECKED;

/* ---- who acts ---- */

enum actor_kind { ACTOR_SYSTEM, ACTOR_AGENT, ACTOR_CUSTOMER, ACTOR_RULE };
struct actor {
	enum actor_kind kind;
	const char *name;	   /* agent, rule; customer: its number */
	const struct agent *agent; /* of an agent */
	const struct role *role;   /* NULL: everything (the owner as system) */
	const char *by; /* who really was at the keyboard, with --as; else NULL */
};
/* "agent:alice", "customer:7", "rule:billing", "system". */
char *actor_print(void *ctx, const struct actor *a);
struct actor actor_customer(void *ctx, int64_t customer);
struct actor actor_rule(const char *rule);
extern const struct actor actor_system;

/* All rights, NULL-terminated; they are checked here and nowhere else. */
extern const char *const right_names[];
bool actor_may(const struct actor *a, const char *right);
bool actor_may_queue(const struct actor *a, const char *queue);
/* As above, as RC_DENIED: `agent "bob" may not ticket.reply`. */
enum rc actor_need(const struct actor *a, const char *right, struct err *err) CHECKED;
enum rc actor_need_queue(
    const struct actor *a, const char *queue, struct err *err) CHECKED;

/* ---- the desk ---- */

struct desk {
	char *dir;
	struct store *store;
	struct config *config;
	struct actor actor;
	const char *id; /* random, of this desk: in loop headers and tokens */
	bool test;	/* made by tkt-init --test */
	bool brokered;	/* called by tkt-shell for somebody else: no files, no editor */
	int64_t now;	/* fixed by TKT_NOW; 0: the clock runs */
	struct desk_hours *hours; /* calendars that were asked for */
};

struct desk_want {
	const char *dir; /* -D, or NULL to look for one */
	const char *as;	 /* --as, or NULL */
	bool write;
};

/* For those who stay: was a newer version applied? */
enum rc desk_outdated(const struct desk *d, bool *yes, struct err *err) CHECKED;
/* When it was, *d is opened anew (the old one is
 * freed with all that belongs to it) and *changed is true. `as` as it was opened. */
enum rc desk_renew(
    void *ctx, struct desk **d, const char *as, bool *changed, struct err *err) CHECKED;
/* Finds and opens a desk: -D, $TKT_DESK, the nearest parent folder with a tkt.conf,
 * /var/lib/tkt. Errors: RC_NOTFOUND (no desk here), RC_DENIED (another owner, or a found
 * desk planted by somebody else), RC_CONFIG (network file system, newer store, nothing
 * applied), RC_USAGE (no such agent). Belongs to ctx. */
enum rc desk_open(
    void *ctx, const struct desk_want *want, struct desk **d, struct err *err) CHECKED;
/* Where desk_open would look, and the checks of place and owner alone. */
enum rc desk_find(void *ctx, const char *dir, char **found, struct err *err) CHECKED;
/* Makes the directory of a new desk (0700), its folders, key and store. RC_EXISTS when
 * there is one. */
enum rc desk_make(
    void *ctx, const char *dir, bool test, struct store **s, struct err *err) CHECKED;
/* A new key in DIR/secret. RC_EXISTS when there is one. */
enum rc desk_new_key(const char *dir, struct err *err) CHECKED;
/* Follows `group = NAME` of the configuration: 2770 and that group, else 0700. */
enum rc desk_share(const char *dir, const char *group, struct err *err) CHECKED;

/* The present of a program that only reads and opens no desk: TKT_NOW, else the clock.
 * RC_USAGE. */
enum rc now_given(int64_t *now, struct err *err) CHECKED;
/* The present, as this desk sees it. */
int64_t desk_now(const struct desk *d);
/* The time that a user gave with --option: "-2h" before now, "+2h" after it, a date
 * (midnight in the desk's zone), RFC 3339. NULL: *ms stays as it is. RC_USAGE "--since
 * "x" is no time". */
enum rc desk_instant(const struct desk *d, const char *option, const char *text,
    int64_t *ms, struct err *err) CHECKED;
/* Zone for a person: $TZ, else the agent's, else the desk's. */
const char *desk_zone(const struct desk *d);
/* The desk's keys, 32 bytes each: a line of hexadecimal digits each in secret/desk.key.
 * The first signs; what older ones signed is still read. */
#define DESK_KEY 32
#define DESK_KEYS_MAX 8
struct desk_keys {
	unsigned char v[DESK_KEYS_MAX][DESK_KEY];
	size_t n; /* at least 1 */
};
enum rc desk_read_keys(
    const struct desk *d, struct desk_keys *keys, struct err *err) CHECKED;
/* What stands in secret/NAME, at most max bytes, with a NUL behind it. RC_CONFIG when
 * others than the owner can read it, or a name that leaves the folder. */
enum rc desk_read_secret(const struct desk *d, void *ctx, const char *name, size_t max,
    char **text, size_t *n, struct err *err) CHECKED;
/* Is the tkt.conf on disk another one than the version that runs? */
bool desk_draft_differs(const struct desk *d);
/* Reads a file a user named, at most max bytes; refused in a brokered session. */
enum rc desk_read_file(const struct desk *d, void *ctx, const char *path, size_t max,
    char **data, size_t *n, struct err *err) CHECKED;

#endif
