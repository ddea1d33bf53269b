/* Canned replies and mail templates: files of the desk that tkt-config compiled into the
 * applied version, filled with values. They are only text: what is done with them, the
 * rule or the agent says. */
#ifndef POLICY_TEXTS_H
#define POLICY_TEXTS_H

#include "ticket/ticket.h"

#define TEXT_FILE_MAX (64 * 1024) /* bytes of one canned reply or template */

/* One language of a text. */
struct canned {
	const char *name, *language; /* "" when the file names none */
	const char *title, *set;     /* or NULL; set: changes that go with a reply */
	const char *body;
};
struct texts;
/* Those of the applied version; templates that the desk does not have are ours. Belongs
 * to ctx. */
enum rc texts_load(void *ctx, struct desk *d, struct texts **t, struct err *err) CHECKED;
/* The one in this language (RFC 5646, "de-AT" falls back to "de"), else without one, else
 * any; language may be NULL. RC_NOTFOUND "no canned reply "x"". */
enum rc texts_canned(const struct texts *t, const char *name, const char *language,
    struct canned *c, struct err *err) CHECKED;
/* reply update notice digest. */
enum rc texts_template(const struct texts *t, const char *name, const char *language,
    struct canned *c, struct err *err) CHECKED;
/* Every canned reply, by name, then language. */
enum rc texts_each_canned(const struct texts *t,
    enum rc (*each)(void *arg, const struct canned *c, struct err *err), void *arg,
    struct err *err) CHECKED;

/* What {{...}} may name: "ticket.id", ...; also "ticket.fields.NAME" of a field that
 * tkt.conf has. */
bool texts_value_known(const struct config *c, const char *name);
/* The values for a ticket: ticket, requester, agent (NULL: none), mailbox, desk. A new
 * reference. */
enum rc texts_values(void *ctx, struct desk *d, const struct ticket *t,
    const struct agent *agent, json_t **values, struct err *err) CHECKED;
/* Filled in. With `markdown`, values lose what Markdown would take for marks, so that
 * nobody's name becomes a link. RC_INVALID "canned reply "x": {{agent.name}} has no value
 * here". */
enum rc texts_fill(void *ctx, const struct canned *c, json_t *values, bool markdown,
    char **text, struct err *err) CHECKED;
/* What a rule's `note` may hold: the same marks in one line of tkt.conf. */
enum rc texts_fill_line(void *ctx, const char *template, json_t *values, char **text,
    struct err *err) CHECKED;

#endif
