/* Fields of people and organizations: names and texts that other systems brought. */
#ifndef TICKET_NAMED_H
#define TICKET_NAMED_H

#include "ticket/customer.h"

/* Where they are kept: a table and the column that says whose they are. */
struct named_table {
	const char *table, *owner;
};
enum rc named_load(struct store *s, void *ctx, const struct named_table *t, int64_t owner,
    struct named_list *l, struct err *err) CHECKED;
enum rc named_store(struct store *s, const struct named_table *t, int64_t owner,
    const struct named_list *before, const struct named_list *after,
    struct err *err) CHECKED;
/* As pairs "field.NAME" of an event's changes, and back. */
void named_diff(
    const struct named_list *before, const struct named_list *after, json_t *o);
void named_state(const struct named_list *l, json_t *o);
enum rc named_fold(
    void *ctx, struct named_list *l, json_t *changes, struct err *err) CHECKED;
/* As a record's "fields". */
json_t *named_json(const struct named_list *l);
/* Adds [before, after] when they differ; both references are taken over. */
void named_set_pair(json_t *o, const char *key, json_t *before, json_t *after);

#endif
