/* Reading a mail: bytes -> struct mail. No store, no decision: the same bytes are always
 * the same mail. Never fails because of what the bytes hold. Rule numbers (M1...) are
 * those of tkt-mail(7). */
#ifndef MAIL_MAIL_H
#define MAIL_MAIL_H

#include "ticket/ticket.h"

/* ---- what a mail says ---- */

struct mail_header {
	const char *name, *value; /* unfolded, not decoded; any bytes but NUL */
};
struct mail_part {
	const char *name, *media_type, *content_id; /* content_id NULL for none */
	const void *data;
	size_t n;
	bool raw; /* the bytes as they stood in the mail: a nested mail */
};

/* What a report is about (M6-M8). */
enum report_kind { REPORT_NONE, REPORT_DSN, REPORT_MDN, REPORT_ARF };
struct report_recipient {
	const char *address;			  /* Final-Recipient, else Original- */
	const char *action, *status, *diagnostic; /* "failed", "5.1.1"; NULL if unsaid */
};
struct report {
	enum report_kind kind;
	const char *format;	 /* "RFC 3464", "qmail", ... */
	const char *disposition; /* of an MDN; Feedback-Type of an ARF */
	struct report_recipient *recipients;
	size_t nrecipients;
	const char **ids; /* Message-IDs of the mail it is about, and in its text */
	size_t nids;
};

/* Every text is valid UTF-8 within the limits of ticket.h. Belongs to its context. */
struct mail {
	struct mail_header *headers; /* of the mail itself, in order */
	size_t nheaders;
	const char *msgid; /* with <>; made from the hash when there is none (M3) */
	bool made_id;
	const char *subject;
	/* The text: body, what was written now; quoted, the rest of it. body followed by
	 * quoted is the whole text. */
	const char *body, *quoted;
	bool body_cut;			/* the text was longer than BODY_MAX */
	struct person_address from;	/* value NULL: no sender */
	struct person_address reply_to; /* value NULL: none */
	struct person_address *people;	/* To and Cc */
	size_t npeople;
	bool null_sender;	 /* Return-Path: <> */
	const char **recipients; /* Delivered-To, X-Original-To, To, Cc: addresses */
	size_t nrecipients, ndelivered; /* the first so many: all but To and Cc */
	const char **references; /* In-Reply-To first, then References from the last */
	size_t nreferences;
	size_t nreceived;
	struct mail_part *parts;
	size_t nparts;
	struct report *report; /* or NULL */
	const char *too_much;  /* a limit that was passed, or NULL (M4) */
	bool voicemail; /* a machine sent it, a person spoke: `from` is their number */
};

/* `hash`: the SHA-256 of these bytes where the caller has it, or NULL. */
struct mail *mail_parse(void *ctx, const struct config *c, const void *raw, size_t n,
    const unsigned char *hash);
/* The first header of this name, in any case, or NULL. */
const char *mail_header(const struct mail *m, const char *name);
/* A header's value decoded (RFC 2047, broken in the usual ways): one clean line. */
char *mail_decode(void *ctx, const char *value, size_t max);
/* SHA-256 of everything after the first empty line: headers change on the way. */
void mail_body_hash(const char *raw, size_t n, unsigned char out[BLOB_HASH]);

/* ---- class: what kind of sender wrote it (M5-M13) ---- */

#define RECEIVED_MAX 30 /* Received lines; more are a loop (M5) */
enum mail_class {
	CLASS_HUMAN,
	CLASS_LOOP,
	CLASS_DSN,
	CLASS_MDN,
	CLASS_ARF,
	CLASS_AUTO_REPLY,
	CLASS_AUTO_GENERATED,
	CLASS_LIST
};
extern const char *const class_names[];
/* What a class may do (the table of M14). */
struct class_effect {
	enum effect_new { NEW_YES, NEW_HOLD, NEW_MAILBOX, NEW_NO } new_ticket;
	enum effect_append { APPEND_YES, APPEND_NOTE, APPEND_EVENT, APPEND_NO } append;
	bool reopen, acknowledge;
	enum effect_sla { SLA_YES, SLA_MAILBOX, SLA_NO } sla;
	enum effect_notify { NOTIFY_YES, NOTIFY_NO, NOTIFY_FAILURE, NOTIFY_ADMIN } notify;
};
extern const struct class_effect class_effects[];

struct class_want {
	const char *desk;	    /* this desk's id, in its loop headers */
	bool own_id;		    /* the Message-ID is one of ours, MAC and all */
	const char *const *trusted; /* trusted_forwarders: addresses, domains */
	const char *aligned;	    /* domain that passed DMARC, or NULL */
};
struct classified {
	enum mail_class class;
	const char *rule, *evidence; /* "M9", "Auto-Submitted: auto-replied" */
	bool no_acknowledgement;     /* M11, M12: only a wish about our answers */
};
struct classified mail_classify(
    void *ctx, const struct mail *m, const struct class_want *w);

/* ---- who vouches for the sender (M18; RFC 8601) ---- */

struct authenticated {
	enum { AUTH_NONE, AUTH_PASS, AUTH_FAIL } result; /* FAIL: DMARC failed */
	const char *domain; /* that passed, aligned with From */
	const char *why;
};
/* Reads the topmost Authentication-Results of one of `servers` (blank-separated
 * authserv-ids; NULL: none is believed). */
struct authenticated mail_authenticated(
    void *ctx, const struct mail *m, const char *servers);

/* ---- forwards by agents (M29) ---- */

struct forwarded {
	struct person_address from;		     /* of the original mail */
	const char *subject, *body, *quoted, *msgid; /* msgid NULL: unknown */
	unsigned char hash[BLOB_HASH];		     /* of its body, with msgid */
	const char *above; /* what the agent wrote, without the command */
};
/* The first line of the text as a command: "reply" for @reply, "fwd" for @fwd, or NULL.
 */
const char *mail_command(const struct mail *m);
/* The text without its first line. */
const char *mail_after_command(const struct mail *m);
/* The mail that was forwarded: the one that is attached, else what a header block behind
 * a forward marker says. False when there is none, or more than one. */
bool mail_forwarded(
    void *ctx, const struct config *c, const struct mail *m, struct forwarded *f);

/* ---- words of mail clients (words.c) ---- */

/* Does the subject say that this forwards a mail ("Fwd:", "WG:", ...)? Behind the prefix,
 * or NULL. */
const char *subject_forwarded(const char *subject);

#endif
