/* Tickets in: exports of ours, verbatim into an empty desk or with new numbers into a
 * used one; and what other systems export. */
#ifndef EXCHANGE_IMPORT_H
#define EXCHANGE_IMPORT_H

#include "change/import.h"
#include "desk/cmd.h"

/* ---- one record -> one ticket ---- */

/* What an importer knows beside the record. */
struct import_ctx {
	void *ctx;
	struct desk *desk;
	const char *queue;  /* all tickets go here; NULL: where the record says */
	const char *source; /* desk id of an export; before a colon in external ids */
	json_t *users, *organizations; /* of Zendesk, by id */
	int64_t left_out; /* values that this desk has no place for: fields, agents */
};
/* A row of CSV or a record of tkt-json(5): subject, requester, body, status, ... The
 * texts belong to c->ctx. RC_INVALID. */
enum rc import_from_record(
    struct import_ctx *c, json_t *o, struct import_ticket *t, struct err *err) CHECKED;
/* A ticket of a Zendesk export, with its comments. */
enum rc import_from_zendesk(
    struct import_ctx *c, json_t *o, struct import_ticket *t, struct err *err) CHECKED;
/* Remembers users and organizations of a page. */
void import_zendesk_people(struct import_ctx *c, json_t *page);
/* "2026-11-01T10:00:00Z", "2026-11-01 10:00:00" (UTC), "2026-11-01"; INSTANT_NONE for "".
 */
enum rc import_instant(const char *text, int64_t *ms, struct err *err) CHECKED;

/* Adds a change if this desk has a place for it, else counts it. */
void import_change(struct import_ctx *c, struct import_ticket *t, const char *key,
    enum change_op op, const char *value);
/* The same for what must fit: queue, status (by its phase when the queue has no such
 * status), priority, kind. RC_INVALID. */
enum rc import_place(struct import_ctx *c, struct import_ticket *t, const char *queue,
    const char *status, const char *phase, struct err *err) CHECKED;

/* ---- whole files -> the desk ---- */

struct import_want {
	const char *queue;	     /* all go here; NULL: where each says */
	const char *mailbox;	     /* of ours, where archived mails came to; NULL */
	const struct opt_list *maps; /* key=column of CSV */
	bool dry_run;		     /* all is read and checked, nothing is kept */
	bool new_numbers;	     /* never verbatim */
	bool maildir;		     /* the archive is a maildir, not an mbox */
};
struct import_count {
	int64_t tickets, messages, known, bad, left_out;
	bool verbatim;
};
/* Each reads `path` (NULL or "-": standard input) and counts into n. Records that cannot
 * be used are told on stderr with their line, counted as bad, and do not stop the others.
 */

/* An export of ours: its records, or a tar of them and their blobs (each blob's hash is
 * checked). Into an empty desk (no ticket, no customer) a full export goes in verbatim,
 * in one transaction, and is verified before it is committed; else tickets get new
 * numbers, their old ones in external_id ("DESK:42"), and their old log as an attachment.
 * RC_INVALID for an export that was cut, or whose chain does not hold. */
enum rc import_export(struct cmd_env *env, const struct import_want *w, const char *path,
    struct import_count *n, struct err *err) CHECKED;
enum rc import_csv(struct cmd_env *env, const struct import_want *w, const char *path,
    struct import_count *n, struct err *err) CHECKED;
enum rc import_zendesk(struct cmd_env *env, const struct import_want *w, const char *path,
    struct import_count *n, struct err *err) CHECKED;

#endif
