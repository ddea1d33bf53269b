/* People from other systems: records of customers and organizations, keyed by the ids
 * those systems give them, so that the same ones may come again and again. */
#ifndef CHANGE_PERSON_IMPORT_H
#define CHANGE_PERSON_IMPORT_H

#include "change/person.h"

struct person_import {
	bool is_organization;
	bool created, changed;
	struct customer *customer;	   /* or */
	struct organization *organization; /* as it is now */
};
/* Takes a record of tkt-json(5) of type customer (the default) or organization; address
 * may also be one text, and an organization is named, and made when it is new. Keys that
 * are absent or null are left as they are, "" takes away. Found by external_id, else by
 * address; an address of somebody else is RC_INVALID: importing never merges people. All
 * of the record or nothing. */
enum rc person_import(struct change_tx *tx, const struct actor *actor, json_t *record,
    struct person_import *r, struct err *err) CHECKED;

#endif
