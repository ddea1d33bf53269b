/* What the files of the query language share: the table of keys. */
#ifndef QUERY_QUERY_PRIV_H
#define QUERY_QUERY_PRIV_H

#include "query/query.h"

enum key_kind {
	KEY_STATUS,
	KEY_WORDS, /* one of a list, ordered when `ordered` */
	KEY_NAME,  /* a name of tkt.conf */
	KEY_ASSIGNEE,
	KEY_TIME,
	KEY_ID,
	KEY_REF,
	KEY_REQUESTER,
	KEY_CUSTOMER,
	KEY_ORGANIZATION,
	KEY_PARTICIPANT,
	KEY_TAG,
	KEY_FIELD,
	KEY_HAS,
	KEY_IS,
	KEY_LINK,
	KEY_SLA,
	KEY_ABSENT,  /* since when its assignee has been away */
	KEY_HAPPENS, /* what just happened to it, for rules: by: message: changed: */
	KEY_TEXT     /* subject, body: slow, checked by query_match alone */
};
struct query_key {
	const char *name;
	enum key_kind kind;
	const char *column;	  /* of ticket t */
	const char *const *words; /* KEY_WORDS, KEY_HAS, KEY_IS, KEY_SLA */
	enum name_kind names;	  /* KEY_NAME */
	bool ordered;		  /* takes < <= > >= */
	bool condition;		  /* allowed in conditions of rules */
};
extern const struct query_key query_keys[]; /* ends with name NULL */
/* An empty node of ctx (tree.c). */
struct node *node_new(void *ctx, enum node_kind kind);
/* The key of a term; field.NAME gives the entry "field". NULL when unknown. */
const struct query_key *query_key(const char *name);
const char *const *query_key_names(void);

/* Value of a time term as an instant: "-4d" (signed, from now), a date, RFC 3339. */
bool time_value(const char *s, const char *zone, int64_t now, int64_t *ms);
/* Compiles subject: and body: values once, when they are parsed; the pattern belongs to
 * ctx. A literal when not regex; case is folded. RC_USAGE. */
enum rc text_compile(void *ctx, struct query_value *v, struct err *err) CHECKED;
bool text_matches(const struct query_value *v, const char *text);
/* "40..50" or "42". */
bool id_range(const char *s, int64_t *from, int64_t *to);
/* Instant of a time key on a ticket; INSTANT_NONE or INSTANT_NEVER for none. */
int64_t ticket_instant(const struct ticket *t, const char *key);
/* ok warning breached paused none */
const char *ticket_sla_state(const struct ticket *t, int64_t now);
bool key_is_time(const struct query_key *k);

#endif
