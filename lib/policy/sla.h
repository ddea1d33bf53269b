/* SLA policies and the one implementation of their clocks (tkt-sla(7), rules S1-S40).
 *
 * A ticket's clocks are a pure function of its events, the applied policies and calendars
 * and the present. sla_step() moves them by one event; the state after the last event is
 * stored; whoever needs them from the beginning (sla_fold() of lib/change) calls the same
 * step for each event. Instants are seconds, UTC. */
#ifndef POLICY_SLA_H
#define POLICY_SLA_H

#include "query/query.h"
#include "ticket/clock.h"

#define SLA_WARNINGS_MAX 10 /* thresholds a policy */

/* ---- policies of a version ---- */

struct sla_warning {
	const char *text; /* as written: "80%", "30m" */
	int64_t share;	  /* percent of the goal, or 0 */
	int64_t left;	  /* business seconds that remain, or 0 */
};
enum sla_reopen { REOPEN_RESUME, REOPEN_NEW_CYCLE, REOPEN_IGNORE };
struct sla_policy {
	const char *name, *when;
	struct node *tree; /* of `when`; parsed when first asked */
	const char *calendar;
	const struct calendar *hours; /* loaded when it matches first */
	int64_t goal[SLA_TARGETS][4]; /* by priority; 0: no clock */
	/* Statuses that pause it; NULL: every status in phase waiting (S15). */
	const char **pause_on[SLA_TARGETS];
	struct sla_warning warn[SLA_WARNINGS_MAX];
	size_t nwarn;
	int64_t remind;	       /* business seconds between reminders; 0: none */
	int64_t min_remaining; /* S27 */
	enum sla_reopen reopen;
	bool count_bots;
};
struct sla_rules {
	int64_t version;
	struct sla_policy *v; /* in the order of the file: the first match decides */
	size_t n;
	const struct config *config; /* of that version: its queries speak of it */
	const char **quiet;	     /* mailboxes whose machines start no clocks (M14) */
	struct desk *d;		     /* that has the calendars of this version */
};
/* From a version's part "sla", as sla_conf.c made it. Belongs to ctx. */
enum rc sla_rules_from_json(void *ctx, struct desk *d, json_t *sla, int64_t version,
    const struct config *config, struct sla_rules **r, struct err *err) CHECKED;
/* The first policy that takes the ticket (S13), or NULL. With `skipped`, it is called for
 * each policy above it with the term that failed. */
enum rc sla_match(struct sla_rules *r, struct ticket *t, const struct query_now *now,
    const struct sla_policy **p,
    void (*skipped)(void *arg, const struct sla_policy *p, const struct node *why),
    void *arg, struct err *err) CHECKED;
const struct sla_policy *sla_policy(const struct sla_rules *r, const char *name);

/* The versions whose SLA policies or calendars differ from those before, oldest first;
 * their rules are loaded when asked for. Clocks name these versions alone, so that an
 * apply that leaves the policies as they were touches no clock. */
struct sla_epoch {
	int64_t version; /* of the configuration; 0: before any policy */
	int64_t at;	 /* its activation, in seconds */
	int64_t event;	 /* that applied it: its place among the events of a second */
	struct sla_rules *rules; /* NULL until asked for */
};
struct sla_book {
	struct desk *d;
	struct sla_epoch *v;
	size_t n;
	bool any; /* does one of them have a policy? */
};
/* In meta: the version whose policies all open tickets follow. */
extern const char sla_followed_key[];

/* Belongs to ctx. */
enum rc sla_book_open(
    void *ctx, struct desk *d, struct sla_book **b, struct err *err) CHECKED;
/* Rules of the i-th epoch. */
enum rc sla_book_rules(
    struct sla_book *b, size_t i, struct sla_rules **r, struct err *err) CHECKED;
/* The epoch a version of the configuration is of; that in force before a moment. Epoch 0
 * is there before everything and has no policies. */
size_t sla_book_epoch(const struct sla_book *b, int64_t version);
size_t sla_book_at(const struct sla_book *b, int64_t at, int64_t event);
/* Gives loaded clocks their calendars. */
enum rc sla_book_bind(struct sla_book *b, struct clocks *c, struct err *err) CHECKED;
/* Other policies in place of all (tkt-sla rehearse): as if they had been there always. */
struct sla_book *sla_book_of(void *ctx, struct desk *d, struct sla_rules *r);

/* ---- the step ---- */

/* A machine is a customer's: class auto-generated; a bot is ours. */
enum sla_said { SLA_SILENT, SLA_CUSTOMER, SLA_MACHINE, SLA_AGENT, SLA_BOT };
/* What an event means to the clocks: the ticket as it is after it, and who spoke. */
struct sla_event {
	int64_t id; /* of the event, for those who look */
	int64_t at; /* when it happened (S3, S4) */
	const struct sla_rules *rules;
	const struct sla_policy *policy; /* that takes the ticket now, or NULL */
	const char *status, *mailbox;
	int64_t phase, priority;
	enum sla_said said;
	bool opened_by_agent; /* the ticket begins with it, and no customer asked */
	/* Splits (S34): the response clock starts here, whoever spoke; and for the ticket
	 * that was split, the oldest message still unanswered. */
	int64_t asked_at;
	bool asked_anew;
};

/* What happens to clocks, for explain and export. */
enum sla_what {
	SLA_STARTED,
	SLA_PAUSED,
	SLA_RESUMED,
	SLA_CHANGED, /* goal, calendar or policy */
	SLA_BREACHED,
	SLA_MET,
	SLA_VOIDED,
	SLA_ENDED, /* one that was breached before */
	SLA_REOPENED,
	SLA_TAKEN_OVER /* from a merged ticket */
};
extern const char *const sla_what_names[];
struct sla_trace {
	void (*mark)(void *arg, enum sla_what what, const struct clock *c, int64_t at,
	    int64_t event);
	void *arg;
};
/* Statuses a ticket had, for clocks that start late (S26). */
struct sla_past {
	int64_t at;
	const char *status;
	int64_t phase;
};
struct sla_history {
	struct sla_past *v;
	size_t n;
	int64_t opened; /* when an agent opened the ticket, else 0 */
};

/* Moves the clocks by one event. False when it needs the history and has none: nothing
 * was changed that matters then, fold the ticket's log anew. New clocks belong to s. */
bool sla_step(struct clocks *s, const struct sla_event *e,
    const struct sla_history *history, const struct sla_trace *trace) CHECKED;
/* Lets time pass without an event: breaches that are due before `at` are there (S22). */
void sla_advance(struct clocks *s, int64_t at, const struct sla_trace *trace);
/* S33: `into` takes over the open response clock of `from`, which is about to be merged
 * into it, if it is the more urgent one. */
void sla_take_over(struct clocks *into, const struct clocks *from,
    const struct sla_event *e, const struct sla_trace *trace);

/* ---- what the log is told (S36, S37) ---- */

enum sla_telling { SLA_TELL_WARNED, SLA_TELL_BREACHED, SLA_TELL_REMINDED };
extern const char *const sla_telling_actions[]; /* sla.warned sla.breached ... */
struct sla_news {
	enum sla_telling telling;
	const struct clock *clock;
	const char *threshold; /* of a warning */
	int64_t at;	       /* when it was due, not when it was seen */
	int64_t missed;	       /* reminders before this one that nobody saw */
	int64_t version;       /* of the policies by which it is told */
};
/* The next thing to be told up to `now`, oldest first; marked as told. False: no more. */
bool sla_next_news(
    struct clocks *s, const struct sla_rules *r, int64_t now, struct sla_news *news);
/* Marks what an event of the log says was told: its changes {"target", "cycle", ...}. */
void sla_heard(struct clocks *s, const struct sla_rules *r, const char *action,
    json_t *changes, const struct sla_trace *trace);
/* An event's changes for a piece of news. A new reference. */
json_t *sla_news_json(const struct sla_news *n);
/* All that was due up to `now` counts as told: imported history is nobody's news. */
void sla_hush(struct clocks *s, const struct sla_rules *r, int64_t now);

#endif
