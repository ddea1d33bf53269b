/* Policy: tkt.conf -> a compiled version; rules and assignment: pure decisions. */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "query/query.h"

/* ---- compiling tkt.conf (libConfuse): linked by tkt-config and tkt-init only ---- */

struct compiled {
	json_t *desk;	   /* part "desk": what config_from_json() reads */
	json_t *rules;	   /* part "rules": see struct rule */
	json_t *sla;	   /* part "sla": see lib/policy/sla.h */
	json_t *calendars; /* parts "calendar:NAME": see lib/desk/calendar.h */
	json_t *days;	   /* parts "days:NAME": date -> why it is special, for people */
	json_t *texts;	   /* parts "texts:canned", "texts:templates": name -> language ->
			      {"title", "set", "body"} */
	json_t *source; /* part "source": path below the desk -> text, to show, roll back
			   and compile anew */
};
#define CONF_SIZE_MAX (1024 * 1024) /* bytes of one file */
#define CONF_FILES_MAX 500

struct conf_want {
	const char *file; /* the tkt.conf; what it names stays below its folder */
	int64_t now;	  /* calendars are compiled for the years around it */
	/* Gets each error and warning as "tkt.conf:12: ..." */
	void (*report)(void *arg, bool warning, const char *text);
	void *arg;
};
/* Reads a tkt.conf and the files it includes and names, checks everything. The parts
 * belong to ctx. RC_CONFIG when there was an error. */
enum rc conf_compile(void *ctx, const struct conf_want *want, struct compiled *out,
    struct err *err) CHECKED;
/* The same from an applied version's part "source": with today's years and zones. */
enum rc conf_recompile(void *ctx, json_t *source, const struct conf_want *want,
    struct compiled *out, struct err *err) CHECKED;
/* Writes a version's source into a folder, as the files it was. */
enum rc conf_unpack(void *ctx, const char *dir, json_t *source, struct err *err) CHECKED;
/* All of it as one object, part -> content. A new reference. */
json_t *conf_parts(const struct compiled *c);
/* Makes it the version that runs, with an event config.applied; *version 0 when it equals
 * the running one and nothing was done. */
enum rc conf_apply(struct store *s, const char *actor, int64_t now,
    const struct compiled *c, const char *action, int64_t *version,
    struct err *err) CHECKED;

/* ---- rules ---- */

enum rule_on {
	ON_CREATED,
	ON_CHANGED,
	ON_MESSAGE,
	ON_TIME,
	ON_HAND,
	ON_SLA_WARNED,
	ON_SLA_BREACHED
};
struct rule {
	const char *name, *block; /* block: route or rule */
	enum rule_on on;
	const char *when, *set;
	const char *assign; /* strategy, or NULL */
	bool stop;
	bool purge;	     /* on = time: remove the tickets for good */
	const char *reply;   /* a canned reply, or NULL */
	const char *note;    /* a text with {{values}}, or NULL */
	const char **notify; /* assignee queue followers requester, agents; or NULL */
	const char *hook;    /* a URL or the name of a webhook, or NULL */
	const char **run;    /* a program and its arguments, or NULL */
	/* Parsed when first asked: most tickets meet few rules. */
	struct node *tree;
	struct changes changes;
	bool parsed;
};
struct policy {
	struct rule *rules; /* in file order */
	size_t n;
};
/* Reads the rules of the applied version. Belongs to ctx. */
enum rc policy_load(
    void *ctx, const struct desk *d, struct policy **p, struct err *err) CHECKED;
/* Parses its query and its changes, once. */
enum rc rule_parse(
    struct policy *p, struct rule *r, const struct config *c, struct err *err) CHECKED;
/* Does the rule want this ticket? *why as in query_match(). */
enum rc rule_matches(struct policy *p, struct rule *r, const struct config *c,
    struct ticket *t, const struct query_now *now, bool *yes, const struct node **why,
    struct err *err) CHECKED;

/* ---- assignment ---- */

struct candidate {
	const char *agent;
	int64_t open;	  /* open tickets over all queues, counted up to capacity */
	int64_t capacity; /* 0: none */
	int64_t assigned; /* event of the last assignment, 0: never; instants could tie */
	bool present;	  /* not away or offline */
	const char *lacks;  /* a skill that the ticket needs, or NULL */
	const char *passed; /* by assign_choose(): why it was passed over, or NULL */
};
/* The members of a ticket's queue, with their load, presence at `now` and skills. */
enum rc assign_candidates(struct store *s, const struct config *c, void *ctx,
    const struct ticket *t, int64_t now, struct candidate **v, size_t *n,
    struct err *err) CHECKED;
/* Who served this requester last, in another ticket; NULL: nobody. */
enum rc assign_served(struct store *s, void *ctx, const struct ticket *t,
    const char **agent, struct err *err) CHECKED;
/* Who gets it: only members who are present, have the skills and are below capacity.
 * least-busy: fewest open; ties: longest without an assignment, then name. round-robin:
 * longest without an assignment, then name. sticky: `served`, else as least-busy. NULL:
 * nobody, why in *why. Texts belong to ctx. */
const char *assign_choose(void *ctx, const char *strategy, const char *served,
    struct candidate *v, size_t n, const char **why);
/* Remembers an assignment for round-robin. */
enum rc assign_note(
    struct store *s, const char *agent, int64_t event, struct err *err) CHECKED;
/* Could it take one more ticket? Without capacity always. */
enum rc assign_has_room(
    struct store *s, const struct agent *a, bool *yes, struct err *err) CHECKED;

#endif
