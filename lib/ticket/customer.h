/* Customers and organizations as whole things: rows <-> structs <-> records, with what
 * they have many of. As with tickets, nothing here decides, only lib/change calls what
 * writes, and an event says what differed. */
#ifndef TICKET_CUSTOMER_H
#define TICKET_CUSTOMER_H

#include "ticket/ticket.h"

#define NOTES_MAX 65536	      /* bytes of notes about a person */
#define ADDRESSES_MAX 100     /* addresses a customer, domains an organization */
#define PERSON_FIELDS_MAX 200 /* fields a customer or organization */

struct named {
	const char *name, *value;
};
/* Sorted, copy on write. */
struct named_list {
	struct named *v;
	size_t n;
};
struct customer_address {
	const char *kind, *value;
	int64_t proven_at, suppressed_at; /* not in events: rows of addresses have none */
};
struct customer {
	int64_t id;
	const char *name, *language, *timezone, *notes, *external_id;
	int64_t organization, merged_into, erased_at;
	struct customer_address *addresses; /* sorted by kind and value */
	size_t naddresses;
	struct named_list fields;
};
struct organization {
	int64_t id;
	const char *name, *notes, *external_id;
	const char **domains; /* sorted, NULL-terminated */
	size_t ndomains;
	struct named_list fields;
};

/* value NULL removes; false when nothing changed or there are too many. */
bool named_set(void *ctx, struct named_list *l, const char *name, const char *value);
const char *named_get(const struct named_list *l, const char *name);

/* ---- customers ---- */

struct customer *customer_new(void *ctx);
/* Whole, with addresses and fields; RC_NOTFOUND "no customer 7". Merged ones, too. */
enum rc customer_load(
    struct store *s, void *ctx, int64_t id, struct customer **c, struct err *err) CHECKED;
bool customer_add_address(
    void *ctx, struct customer *c, const char *kind, const char *value);
/* With what is known of it. */
bool customer_take_address(
    void *ctx, struct customer *c, const struct customer_address *a);
bool customer_remove_address(
    void *ctx, struct customer *c, const char *kind, const char *value);
/* As ticket_diff(), ticket_fold(), ticket_unfold(), ticket_store(). Addresses are
 * "kind:value". An address that another customer has moves only when that one lost it
 * before: the caller sees to it. */
json_t *customer_diff(const struct customer *before, const struct customer *after);
enum rc customer_fold(
    void *ctx, struct customer *c, json_t *changes, struct err *err) CHECKED;
enum rc customer_unfold(void *ctx, struct customer *c, json_t *changes, const char **key,
    struct err *err) CHECKED;
enum rc customer_store(struct store *s, const struct customer *before,
    struct customer *after, struct err *err) CHECKED;
/* By the id another system gave; RC_NONE. */
enum rc customer_find_external(
    struct store *s, const char *external_id, int64_t *id, struct err *err) CHECKED;
/* A customer and who was merged into them: at least the one. */
enum rc customer_ids(struct store *s, void *ctx, int64_t id, int64_t **ids, size_t *n,
    struct err *err) CHECKED;
/* The record of tkt-json(5). A new reference. */
enum rc customer_to_json(
    struct store *s, const struct customer *c, json_t **o, struct err *err) CHECKED;
/* From the log alone; RC_NOTFOUND when it has no such customer. *whole is false when the
 * log does not say all of it (made before events had organizations). */
enum rc customer_folded(struct store *s, void *ctx, int64_t id, struct customer **c,
    bool *whole, struct err *err) CHECKED;

/* ---- organizations ---- */

struct organization *organization_new(void *ctx);
enum rc organization_load(struct store *s, void *ctx, int64_t id, struct organization **o,
    struct err *err) CHECKED;
enum rc organization_find_external(
    struct store *s, const char *external_id, int64_t *id, struct err *err) CHECKED;
bool organization_add_domain(void *ctx, struct organization *o, const char *domain);
bool organization_remove_domain(void *ctx, struct organization *o, const char *domain);
json_t *organization_diff(
    const struct organization *before, const struct organization *after);
enum rc organization_fold(
    void *ctx, struct organization *o, json_t *changes, struct err *err) CHECKED;
enum rc organization_unfold(void *ctx, struct organization *o, json_t *changes,
    const char **key, struct err *err) CHECKED;
enum rc organization_store(struct store *s, const struct organization *before,
    struct organization *after, struct err *err) CHECKED;
enum rc organization_to_json(
    struct store *s, const struct organization *org, json_t **o, struct err *err) CHECKED;

#endif
