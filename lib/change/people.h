/* People a command works on: words on its line, or records on stdin. */
#ifndef CHANGE_PEOPLE_H
#define CHANGE_PEOPLE_H

#include "change/person.h"
#include "desk/cmd.h"

/* Calls `each` for every person or organization: numbers, addresses and org:NAME on the
 * line; else records on stdin, where a ticket stands for its requester. RC_USAGE when
 * there are none and stdin is a terminal. Stops at the first error. */
enum rc people_each(struct cmd_env *env, int argc, char **argv,
    enum rc (*each)(void *arg, bool organization, int64_t id, struct err *err), void *arg,
    struct err *err) CHECKED;

/* ---- how they are shown ---- */

/* One in the format of the output; begins a table for tsv. */
void people_begin(struct out *out);
enum rc people_show(
    struct cmd_env *env, const struct customer *c, struct err *err) CHECKED;
enum rc people_show_organization(
    struct cmd_env *env, const struct organization *o, struct err *err) CHECKED;
/* What differs, for a person: "customer 7: name "Ann" -> "Anna"". */
void people_print_changes(
    struct cmd_env *env, const char *what, int64_t id, json_t *changes, bool dry_run);

#endif
