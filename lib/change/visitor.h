/* Visitors of a web site or an app: who they are as the host site vouches, and where they
 * were when they wrote (tkt-web(7)). */
#ifndef CHANGE_VISITOR_H
#define CHANGE_VISITOR_H

#include "change/change.h"

#define CONTEXT_MAX 4000 /* bytes of what page and app say */

struct visitor {
	const struct web_site *site; /* NULL: none that tkt.conf knows */
	struct person_address who; /* kind web; a "~" before a name nobody vouches for */
	bool proven;
	const char *email; /* the site vouches that it is theirs, or NULL */
};
/* Of a record's "visitor"; *v NULL when there is none. RC_DENIED: a token that does not
 * hold, and why. Into ctx. */
enum rc visitor_read(void *ctx, const struct desk *d, json_t *record, struct visitor **v,
    struct err *err) CHECKED;
/* Page, app and what a visitor claims without proof, as a note for agents; NULL: nothing
 * is said. */
enum rc visitor_context(void *ctx, json_t *record, const struct visitor *v, char **note,
    struct err *err) CHECKED;
/* Within a transaction: a mail address that the site vouches for joins them with who has
 * it. */
enum rc visitor_join(
    struct change_tx *tx, const struct visitor *v, struct err *err) CHECKED;

#endif
