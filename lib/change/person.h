/* Changing people: customers and organizations, as cust-set, cust-merge and cust-import
 * do. Within a transaction of change.h; each change is an event, and tkt-undo takes it
 * back. */
#ifndef CHANGE_PERSON_H
#define CHANGE_PERSON_H

#include "change/change.h"
#include "ticket/customer.h"

/* One change: of a customer name language timezone notes external_id organization,
 * address
 * (+= -=), field.NAME; of an organization name notes external_id, domain (+= -=),
 * field.NAME. A value of "" takes away. */
struct person_change {
	const char *key;
	enum change_op op;
	const char *value;
};
struct person_changes {
	struct person_change *v;
	size_t n;
};
/* Takes "name=Ann Lee", "address+=ann@example.org": checks key, form and value. RC_USAGE.
 */
enum rc person_changes_add(void *ctx, const char *word, bool organization,
    struct person_changes *out, struct err *err) CHECKED;
/* The same in parts, of a record. RC_USAGE. */
enum rc person_changes_put(void *ctx, const char *key, enum change_op op,
    const char *value, bool organization, struct person_changes *out,
    struct err *err) CHECKED;

/* Changes customer `id`, or makes a new one (id 0). An address that somebody else has is
 * RC_INVALID and says whose it is: people are merged by cust-merge alone. *changed: was
 * anything different? `after` belongs to the transaction's context. */
enum rc change_customer(struct change_tx *tx, const struct actor *actor, int64_t id,
    const struct person_changes *c, struct customer **after, bool *changed,
    struct err *err) CHECKED;
enum rc change_organization(struct change_tx *tx, const struct actor *actor, int64_t id,
    const struct person_changes *c, struct organization **after, bool *changed,
    struct err *err) CHECKED;
/* `from` becomes a pointer to `into`, which gets its addresses, what it lacks, and its
 * tickets: each of those gets an event. *event is the one to undo. */
enum rc change_customer_merge(struct change_tx *tx, const struct actor *actor,
    int64_t from, int64_t into, struct customer **after, int64_t *event, int64_t *tickets,
    struct err *err) CHECKED;

/* What people call a customer: a number, an address, or "org:NAME" for an organization
 * (then *organization is true). Merged ones are followed. RC_NOTFOUND, RC_USAGE. */
enum rc person_find(struct store *s, void *ctx, const char *word, bool *organization,
    int64_t *id, struct err *err) CHECKED;

#endif
