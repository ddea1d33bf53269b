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

/* ---- our exports ---- */

struct import_count {
	int64_t tickets, messages, known, bad, left_out;
	bool verbatim;
};
/* Reads an export: `records` is records.jsonl, its blobs were put already. Into an empty
 * desk (no ticket, no customer) a full export goes in verbatim, in one transaction, and
 * is verified before it is committed; else tickets get new numbers, their old ones in
 * external_id ("DESK:42"), and their old log as an attachment. `bad` is told of records
 * that cannot be used (line 0: of the whole). RC_INVALID for an export that was cut, or
 * whose chain does not hold. */
enum rc import_export(struct cmd_env *env, int records, bool new_numbers, bool dry_run,
    const char *queue, struct import_count *n, struct err *err) CHECKED;

/* verbatim.c: one record as rows; rows and log are compared at the end. */
struct verbatim;
enum rc verbatim_begin(
    void *ctx, struct desk *d, struct verbatim **v, struct err *err) CHECKED;
enum rc verbatim_record(struct verbatim *v, json_t *o, struct err *err) CHECKED;
/* Makes tickets of their logs, verifies all of it against the export's head, commits. */
enum rc verbatim_end(
    struct verbatim *v, json_t *header, bool dry_run, struct err *err) CHECKED;
void verbatim_abort(struct verbatim *v);
enum rc desk_is_empty(struct store *s, bool *yes, struct err *err) CHECKED;

#endif
