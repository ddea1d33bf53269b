/* What the files of this room share. */
#ifndef EXCHANGE_EXCHANGE_PRIV_H
#define EXCHANGE_EXCHANGE_PRIV_H

#include "ticket/ticket.h"

/* verbatim.c: a message of an export; its texts belong to the record, arrays to ctx. */
enum rc message_from_export(
    void *ctx, json_t *o, struct message *m, struct err *err) CHECKED;

/* restore.c: removes a folder with all it holds; links are not followed. */
void remove_tree(const char *dir);

#endif
