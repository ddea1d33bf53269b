/* Walking a folder of somebody's: in the order of names, without following links, without
 * what begins with a dot. */
#ifndef BASE_TREE_H
#define BASE_TREE_H

#include "base/err.h"

enum tree_kind { TREE_FILE, TREE_LINK, TREE_OTHER };
/* Each entry that is no folder: `at` is open on its folder, `name` within that, `path`
 * below the top ("billing/refund.md"). */
typedef enum rc tree_each(void *arg, int at, const char *name, const char *path,
    enum tree_kind kind, struct err *err);
/* RC_INVALID for more than `depth` folders in folders; else RC_IO, RC_NOTFOUND,
 * RC_DENIED, or what `each` says, which ends it. */
enum rc tree_walk(
    const char *dir, int depth, tree_each *each, void *arg, struct err *err) CHECKED;

#endif
