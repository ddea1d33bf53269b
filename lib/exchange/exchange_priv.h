/* What the files of this room share. */
#ifndef EXCHANGE_EXCHANGE_PRIV_H
#define EXCHANGE_EXCHANGE_PRIV_H

#include "exchange/import.h"
#include "ticket/ticket.h"

/* verbatim.c: a message of an export; its texts belong to the record, arrays to ctx. */
enum rc message_from_export(
    void *ctx, json_t *o, struct message *m, struct err *err) CHECKED;

/* ours.c: records.jsonl of an export whose blobs were put already. */
enum rc import_records(struct cmd_env *env, int records, const struct import_want *want,
    struct import_count *n, struct err *err) CHECKED;

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

/* restore.c: removes a folder with all it holds; links are not followed. */
void remove_tree(const char *dir);

/* talks.c: rows of one kind ("conversation", "bot_talk", ...), of a ticket or a customer,
 * or all (0). `put` takes over the record. */
enum rc talks_export(struct store *s, const char *type, int64_t of,
    enum rc (*put)(void *arg, json_t *record, struct err *err), void *arg,
    struct err *err) CHECKED;
/* Is it a record of theirs, that an import takes back? Then: takes it. */
bool talks_know(const char *type);
enum rc talks_import(
    struct store *s, const char *type, json_t *o, struct err *err) CHECKED;

#endif
