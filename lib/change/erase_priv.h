/* What erasing a person and purging a ticket share. */
#ifndef CHANGE_ERASE_PRIV_H
#define CHANGE_ERASE_PRIV_H

#include "change/change_priv.h"
#include "change/erase.h"

/* Empties a message: texts, sender, ids, raw mail, attachments, its words, what
 * mail-ingest knows of it. The row stays, with its number and instant. */
enum rc erase_message(
    struct change_tx *tx, int64_t message, struct erasure *r, struct err *err) CHECKED;
/* Takes an event's changes away, and adds its number to `list`. */
enum rc erase_event(struct change_tx *tx, int64_t event, json_t *list, struct erasure *r,
    struct err *err) CHECKED;
/* Numbers that a statement with one parameter selects. */
enum rc erase_select(struct change_tx *tx, const char *sql, int64_t id, const char *text,
    int64_t **ids, size_t *n, struct err *err) CHECKED;
/* Runs a statement of up to two parameters: a number, a text. */
enum rc erase_run(struct change_tx *tx, const char *sql, int64_t id, const char *text,
    struct err *err) CHECKED;

#endif
