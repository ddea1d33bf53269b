/* What becomes of a mail. */
#include "channel/decide.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/mem.h"
#include "change/change.h"
#include "channel/match.h"

struct deciding {
	void *ctx;
	const struct mail *m;
	const struct decide_want *w;
	const struct world *world;
	struct decision *d;
	struct seen seen;
	struct match match;
	/* the sender */
	int64_t customer, organization;
	bool doubtful; /* From and Reply-To are two different people */
};

/* ---- verdicts ---- */

static bool PRINTF(4, 5)
    verdict(struct deciding *k, const char *rule, bool yes, const char *fmt, ...)
{
	va_list ap;

	if (!k->w->explain)
		return yes;
	k->d->verdicts =
	    mem_grow(k->ctx, k->d->verdicts, struct verdict, k->d->nverdicts + 1);
	va_start(ap, fmt);
	k->d->verdicts[k->d->nverdicts++] =
	    (struct verdict){rule, yes, talloc_vasprintf(k->ctx, fmt, ap)};
	va_end(ap);
	return yes;
}

static void
act(struct deciding *k, enum action action, const char *rule, const char *reason)
{
	static const char *const words[] = {[ACTION_NEW] = "a new ticket",
	    [ACTION_APPEND] = "a message on the ticket",
	    [ACTION_NOTE] = "a note on the ticket",
	    [ACTION_REPLY] = "a public answer on the ticket",
	    [ACTION_FORWARD] = "a ticket for whom it was forwarded",
	    [ACTION_EVENT] = "an event",
	    [ACTION_HOLD] = "quarantine",
	    [ACTION_DISCARD] = "discarded",
	    [ACTION_DUPLICATE] = "a duplicate"};

	k->d->action = action;
	k->d->rule = rule;
	k->d->reason = reason;
	(void)verdict(k, rule, true, "%s%s%s", words[action], reason ? ": " : "",
	    reason ? reason : "");
}

/* The rules of a list that were asked before `rule` said yes. */
static void
passed_over(struct deciding *k, const char *rule, const char *const rules[][2], size_t n)
{
	for (size_t i = 0; i < n && strcmp(rules[i][0], rule) != 0; i++)
		(void)verdict(k, rules[i][0], false, "%s", rules[i][1]);
}

/* Quarantine, unless an agent released it: then the caller goes on. */
static bool
hold(struct deciding *k, const char *rule, const char *reason)
{
	if (k->w->release) {
		(void)verdict(k, rule, false, "%s, but an agent released it", reason);
		return false;
	}
	act(k, ACTION_HOLD, rule, reason);
	return true;
}

const struct mailbox *
mailbox_of(const struct config *c, const char *address)
{
	for (size_t i = 0; i < c->nmailboxes; i++) {
		const struct mailbox *b = &c->mailboxes[i];
		const char *at = strrchr(b->address, '@'), *their = strrchr(address, '@');
		size_t local = (size_t)(at - b->address);

		if (their != NULL && strcasecmp(at, their) == 0 &&
		    strncasecmp(address, b->address, local) == 0 &&
		    (address + local == their || address[local] == b->delimiter))
			return b;
	}
	return NULL;
}

/* ---- M3, M4 ---- */

static enum rc
before(struct deciding *k, bool *done, struct err *err)
{
	enum rc rc = k->world->seen(
	    k->world->arg, k->m, k->w->mailbox->name, k->w->body, &k->seen, err);

	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	if (k->seen.same && !k->w->release) {
		k->d->ticket = k->seen.ticket;
		k->d->message = k->seen.message;
		act(k, ACTION_DUPLICATE, "M3",
		    strcmp(k->seen.outcome, "quarantined") == 0
			? "it is in the quarantine"
			: NULL);
		*done = true;
		return RC_OK;
	}
	k->d->id_reused = k->seen.reused;
	(void)verdict(k, "M3", false, "%s",
	    k->seen.reused ? "its Message-ID came before with other content"
			   : "not seen before in this mailbox");
	if (k->m->too_much != NULL)
		*done = hold(k, "M4", k->m->too_much);
	else if (k->m->from.value == NULL)
		*done = hold(k, "M4", "no sender");
	else
		(void)verdict(k, "M4", false, "within the limits");
	return RC_OK;
}

/* ---- class ---- */

static void
classify(struct deciding *k)
{
	int64_t ticket, message;
	struct class_want want = {.desk = k->w->desk,
	    .own_id = token_message_id(k->w->keys, k->m->msgid, &ticket, &message),
	    .trusted = (const char *const *)k->w->mailbox->trusted_forwarders};

	k->d->auth = mail_authenticated(k->ctx, k->m, k->w->config->authserv);
	want.aligned = k->d->auth.result == AUTH_PASS ? k->d->auth.domain : NULL;
	k->d->class = mail_classify(k->ctx, k->m, &want);
}

static void
tell_class(struct deciding *k)
{
	static const char *const rules[][2] = {
	    {"M5", "no loop header, no Message-ID of ours, few Received lines"},
	    {"M6", "no delivery report"}, {"M8", "no receipt, no complaint"},
	    {"M9", "no sign of an automatic answer"}, {"M10", "not made by a machine"},
	    {"M11", "not from a list"}};

	(void)verdict(k, "M18", k->d->auth.result == AUTH_PASS, "%s", k->d->auth.why);
	passed_over(k, k->d->class.rule, rules, sizeof(rules) / sizeof(rules[0]));
	(void)verdict(k, k->d->class.rule, true, "class %s: %s",
	    class_names[k->d->class.class], k->d->class.evidence);
}

/* M5. What is ours for certain is thrown away (its bytes are kept for a while); what only
 * looks like a loop waits for somebody to look. */
static bool
loop(struct deciding *k)
{
	if (k->d->class.class != CLASS_LOOP)
		return false;
	if (k->m->nreceived > RECEIVED_MAX)
		return hold(k, "M5", "it went round too often");
	if (k->w->release)
		return false;
	act(k, ACTION_DISCARD, "M5", k->d->class.evidence);
	return true;
}

/* ---- M6-M8: reports ---- */

/* M7: a notice that fails says nothing about the customer's ticket. */
static void
forget_notices(struct deciding *k, const char *target)
{
	const struct config *c = k->w->config;

	for (size_t i = 0; target != NULL && i < c->nagents; i++) {
		if (strcasecmp(c->agents[i].email, target) == 0)
			k->d->ticket = 0;
	}
}

/* The delivery that a bounce proves: by the address it came to, else by the Message-ID of
 * the mail it returns. */
static enum rc
proven_delivery(struct deciding *k, struct err *err)
{
	const struct report *r = k->m->report;
	const char *address = r->nrecipients > 0 ? r->recipients[0].address : NULL,
		   *target = NULL;
	struct token token;
	int64_t ticket = 0, message = 0;
	enum rc rc = RC_NONE;

	for (size_t i = 0; i <= k->m->nrecipients; i++) {
		const char *to = i == 0 ? k->w->recipient : k->m->recipients[i - 1];
		const struct mailbox *box = to ? mailbox_of(k->w->config, to) : NULL;

		if (box == NULL || !token_read(box, to, &token) ||
		    !token_of_delivery(k->w->keys, &token))
			continue;
		k->d->delivery_event = token.id;
		k->d->delivery_n = token.n;
		rc = k->world->delivery(k->world->arg, k->ctx, token.id,
		    &k->d->delivery_n, NULL, &k->d->ticket, &target, err);
		forget_notices(k, target);
		if (rc != RC_NONE)
			return rc;
	}
	for (size_t i = 0; i < r->nids; i++) {
		if (!token_message_id(k->w->keys, r->ids[i], &ticket, &message))
			continue;
		k->d->ticket = ticket;
		k->d->delivery_event = message;
		k->d->delivery_n = 0;
		if (message == 0)
			return RC_OK;
		rc = k->world->delivery(k->world->arg, k->ctx, message, &k->d->delivery_n,
		    address, &k->d->ticket, &target, err);
		forget_notices(k, target);
		return rc == RC_NONE ? RC_OK : rc;
	}
	return RC_NONE;
}

static enum rc
report(struct deciding *k, bool *done, struct err *err)
{
	enum mail_class class = k->d->class.class;
	struct ticket *t = NULL;
	enum rc rc;

	if (class_effects[class].append != APPEND_EVENT || k->m->report == NULL)
		return RC_OK;
	rc = proven_delivery(k, err);
	if (rc == RC_OK && k->d->ticket != 0)
		rc = k->world->ticket(k->world->arg, k->ctx, k->d->ticket, &t, err);
	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	*done = true;
	if (rc == RC_OK)
		act(k, ACTION_EVENT, class == CLASS_DSN ? "M7" : "M8", NULL);
	else if (class == CLASS_MDN)
		act(k, ACTION_EVENT, "M8", "it is about no mail of ours");
	else
		*done = hold(
		    k, class == CLASS_DSN ? "M7" : "M8", "it proves no delivery of ours");
	if (rc != RC_OK)
		k->d->ticket = k->d->delivery_event = 0;
	return RC_OK;
}

/* ---- who writes ---- */

static const struct agent *
proven_agent(struct deciding *k)
{
	const struct config *c = k->w->config;

	if (k->match.agent != NULL) {
		(void)verdict(k, "M18", true, "agent %s by token", k->match.agent->name);
		return k->match.agent;
	}
	for (size_t i = 0; i < c->nagents; i++) {
		const struct agent *a = &c->agents[i];

		if (*a->email == '\0' || strcasecmp(a->email, k->m->from.value) != 0)
			continue;
		if (k->d->auth.result == AUTH_PASS || k->w->mailbox->trust_agents) {
			(void)verdict(k, "M18", true, "agent %s: %s", a->name,
			    k->d->auth.result == AUTH_PASS ? k->d->auth.why
							   : "agents_by_mail = trust");
			return a;
		}
		(void)verdict(k, "M18", false,
		    "the address of agent %s without proof: a stranger", a->name);
		k->doubtful = true;
	}
	return NULL;
}

/* What this agent may do here is checked again where it is done. */
static bool
has_access(const struct deciding *k, const struct agent *agent)
{
	struct actor a = {.kind = ACTOR_AGENT,
	    .name = agent->name,
	    .agent = agent,
	    .role = config_role(k->w->config, agent->role)};

	return actor_may(&a, "ticket.note") && actor_may_queue(&a, k->match.t->queue);
}

static enum rc
know_sender(struct deciding *k, struct err *err)
{
	int64_t other = 0, ignored = 0;
	enum rc rc = k->world->customer(
	    k->world->arg, k->m->from.value, &k->customer, &k->organization, err);

	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	if (k->m->reply_to.value == NULL ||
	    strcasecmp(k->m->reply_to.value, k->m->from.value) == 0)
		return RC_OK;
	rc = k->world->customer(
	    k->world->arg, k->m->reply_to.value, &other, &ignored, err);
	if (rc == RC_OK && k->customer != 0 && other != k->customer) {
		k->doubtful = true;
		(void)verdict(
		    k, "M18", false, "From and Reply-To are two people: a stranger");
	}
	return rc == RC_NONE ? RC_OK : rc;
}

/* M17: requester, confirmed participant, a mate where that is allowed. */
static bool
takes_part(struct deciding *k)
{
	const struct ticket *t = k->match.t;
	const char *as = NULL;

	if (k->doubtful)
		return verdict(k, "M17", false, "the sender is in doubt: a stranger");
	if (k->customer != 0 && t->requester == k->customer)
		as = "the requester";
	for (size_t i = 0; as == NULL && i < t->npeople; i++) {
		if (strcmp(t->people[i].role, "cc") == 0 && t->people[i].confirmed &&
		    strcasecmp(t->people[i].who, k->m->from.value) == 0)
			as = "a participant";
	}
	if (as == NULL && k->w->mailbox->share_organization && k->organization != 0 &&
	    k->organization == t->organization)
		as = "of the requester's organization";
	if (as == NULL && strcmp(k->match.rule, "M15.4") == 0)
		as = "a configured source";
	return verdict(k, "M17", as != NULL, "%s", as ? as : "a stranger to the ticket");
}

/* ---- what is done ---- */

static void
open_ticket(struct deciding *k, const char *rule)
{
	const struct class_effect *e = &class_effects[k->d->class.class];
	bool human = k->d->class.class == CLASS_HUMAN;

	if (e->new_ticket == NEW_HOLD || e->new_ticket == NEW_NO) {
		if (hold(k, "M14", "it answers nothing of ours, and no person wrote it"))
			return;
	} else if (e->new_ticket == NEW_MAILBOX &&
		   strcmp(k->w->mailbox->lists, "quarantine") == 0) {
		if (hold(k, "M14", "lists = quarantine"))
			return;
	}
	if (k->seen.elsewhere != 0) { /* M20 */
		if (strcmp(k->seen.elsewhere_queue, k->w->mailbox->queue) == 0) {
			k->d->ticket = k->seen.elsewhere;
			act(k, ACTION_DUPLICATE, "M20",
			    "it came to this queue by another mailbox");
			return;
		}
		k->d->same_mail = k->seen.elsewhere;
		(void)verdict(k, "M20", true, "ticket %lld of another queue has it, too",
		    (long long)k->seen.elsewhere);
	}
	/* What robots and lists write to is nobody who waits for our answers. */
	k->d->participants = human;
	k->d->confirmed = true;
	act(k, ACTION_NEW, rule, NULL);
}

static void
by_agent(struct deciding *k)
{
	const char *command = mail_command(k->m);

	k->d->ticket = k->match.t->id;
	if (command != NULL && strcmp(command, "reply") == 0 &&
	    k->d->class.class == CLASS_HUMAN)
		act(k, ACTION_REPLY, "M18a", NULL);
	else
		act(k, ACTION_NOTE, "M18a", NULL);
}

static void
by_stranger(struct deciding *k)
{
	const char *policy = k->w->mailbox->strangers;

	if (!k->match.proof) {
		k->d->refers = k->match.t->id;
		(void)verdict(k, "M17", true, "a stranger without proof: a new ticket");
		open_ticket(k, "M17");
		return;
	}
	if (strcmp(policy, "quarantine") == 0 && hold(k, "M17", "strangers = quarantine"))
		return;
	k->d->ticket = k->match.t->id;
	k->d->unverified = true;
	if (strcmp(policy, "internal") == 0) {
		act(k, ACTION_NOTE, "M17", "strangers = internal");
		return;
	}
	k->d->reopen = class_effects[k->d->class.class].reopen;
	/* Heard, and known as a participant who gets nothing yet. */
	act(k, ACTION_APPEND, k->match.rule, "a stranger: unconfirmed");
}

static void
answer(struct deciding *k)
{
	const struct class_effect *e = &class_effects[k->d->class.class];
	bool known = takes_part(k), weak;

	if (e->append == APPEND_NOTE && (known || k->match.proof)) {
		k->d->ticket = k->match.t->id;
		act(k, ACTION_NOTE, "M14", k->d->class.evidence);
		return;
	}
	/* M19. */
	if ((known || k->match.proof) &&
	    change_arrival(k->w->config, k->match.t, k->w->now) == ARRIVAL_FOLLOW_UP) {
		k->d->follows = k->match.t->id;
		(void)verdict(k, "M19", true, "ticket %lld is %s: a follow-up",
		    (long long)k->match.t->id, k->match.t->status);
		open_ticket(k, "M19");
		return;
	}
	if (!known) {
		by_stranger(k);
		return;
	}
	weak = strcmp(k->match.rule, "M15.5") == 0 && k->d->auth.result != AUTH_PASS;
	k->d->ticket = k->match.t->id;
	k->d->unverified = weak;
	k->d->reopen = e->reopen && !weak;
	k->d->participants = k->d->class.class == CLASS_HUMAN && !weak;
	k->d->confirmed = true;
	if (weak)
		(void)verdict(
		    k, "M17", true, "known, but only by the subject: unverified");
	act(k, ACTION_APPEND, k->match.rule, NULL);
}

/* M29. */
static bool
forward(struct deciding *k)
{
	const char *command = mail_command(k->m);

	if (command == NULL || strcmp(command, "fwd") != 0)
		return false;
	if (!mail_forwarded(k->ctx, k->w->config, k->m, &k->d->forwarded)) {
		(void)verdict(
		    k, "M29", false, "@fwd, but no one forwarded mail is found");
		return false;
	}
	k->d->confirmed = true;
	act(k, ACTION_FORWARD, "M29", NULL);
	return true;
}

enum { TEN_MINUTES_MS = 600000 };

/* M35: a sender who opens ticket after ticket. */
static enum rc
in_flood(struct deciding *k, bool *yes, struct err *err)
{
	int64_t most = k->w->config->flood_limit, n = 0;
	enum rc rc;

	*yes = false;
	if (most == 0 || k->customer == 0 || k->w->release)
		return RC_OK;
	rc = k->world->opened(
	    k->world->arg, k->customer, k->w->now - TEN_MINUTES_MS, most, &n, err);
	if (rc != RC_OK)
		return rc;
	k->d->flood = n == most - 1;
	if (n >= most)
		*yes =
		    hold(k, "M35", "too many new tickets of this sender in ten minutes");
	return RC_OK;
}

static enum rc
file(struct deciding *k, struct err *err)
{
	static const char *const rules[][2] = {{"M15.1", "no token in an address"},
	    {"M15.2", "no Message-ID of ours in In-Reply-To or References"},
	    {"M15.3", "none of these came to this mailbox or queue before"},
	    {"M15.4", "no key of a configured source"},
	    {"M15.5", "no ticket number in the subject"}};
	enum rc rc = mail_match(k->ctx, k->m, k->w, k->world, &k->match, err);
	bool flood = false;

	if (rc == RC_OK)
		rc = know_sender(k, err);
	if (rc != RC_OK)
		return rc;
	passed_over(k, k->match.rule, rules, sizeof(rules) / sizeof(rules[0]));
	if (k->match.t != NULL)
		(void)verdict(k, k->match.rule, true, "%s", k->match.why);
	k->d->foreign = k->match.foreign;
	k->d->foreign_key = k->match.foreign_key;
	k->d->agent = proven_agent(k);
	if (k->d->agent != NULL && k->d->class.class == CLASS_HUMAN && forward(k))
		return RC_OK;
	if (k->match.t == NULL) {
		rc = in_flood(k, &flood, err);
		if (rc != RC_OK)
			return rc;
		if (!flood)
			open_ticket(k, "M14");
	} else if (k->seen.elsewhere != 0 && k->seen.elsewhere == k->match.t->id) {
		k->d->ticket = k->match.t->id;
		act(k, ACTION_DUPLICATE, "M20",
		    "another mailbox brought it to this ticket");
	} else if (k->d->agent != NULL && has_access(k, k->d->agent)) {
		by_agent(k);
	} else {
		k->d->agent = NULL;
		answer(k);
	}
	return RC_OK;
}

enum rc
mail_decide(void *ctx, const struct mail *m, const struct decide_want *w,
    const struct world *world, struct decision *d, struct err *err)
{
	struct deciding k = {.ctx = ctx, .m = m, .w = w, .world = world, .d = d};
	bool done = false;
	enum rc rc;

	*d = (struct decision){0};
	classify(&k);
	rc = before(&k, &done, err);
	if (rc != RC_OK || done)
		return rc;
	tell_class(&k);
	if (loop(&k))
		return RC_OK;
	rc = report(&k, &done, err);
	if (rc != RC_OK || done)
		return rc;
	if (m->from.value == NULL) { /* released: somebody will find out who it was */
		open_ticket(&k, "M4");
		return RC_OK;
	}
	return file(&k, err);
}
