/* Doing what was decided about a mail: a ticket, a message, a note, an event. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "base/text.h"
#include "channel/ingest_priv.h"

/* People of To and Cc who are neither we nor the sender (M27). */
static size_t
others(struct filing *f, struct person_address *out, size_t max)
{
	const struct mail *m = f->job->m;
	size_t n = 0;

	for (size_t i = 0; i < m->npeople && n < max; i++) {
		const char *a = m->people[i].value;

		if (mailbox_of(f->ing->d->config, a) == NULL &&
		    (m->from.value == NULL || strcmp(a, m->from.value) != 0))
			out[n++] = m->people[i];
	}
	return n;
}

static enum rc
open_ticket(struct filing *f, const struct person_address *from, const char *subject,
    struct err *err)
{
	const struct config *c = f->ing->d->config;
	struct person_address cc[PEOPLE_MAX];
	struct ticket_link links[3];
	struct draft d = {.subject = subject,
	    .requester = *from,
	    .channel = f->message.channel,
	    .created_at = f->job->want.received_at,
	    .message = f->message,
	    .links = links};
	struct change_result r;
	size_t n = f->d.participants ? others(f, cc, PEOPLE_MAX) : 0;
	enum rc rc =
	    changes_add(f->ctx, "queue", CHANGE_SET, f->box->queue, c, &d.changes, err);

	if (f->d.follows != 0)
		links[d.nlinks++] = (struct ticket_link){"follows", f->d.follows};
	if (f->d.refers != 0)
		links[d.nlinks++] = (struct ticket_link){"refers", f->d.refers};
	if (f->d.same_mail != 0)
		links[d.nlinks++] = (struct ticket_link){"same-mail", f->d.same_mail};
	if (rc == RC_OK)
		rc = changes_add(
		    f->ctx, "mailbox", CHANGE_SET, f->box->name, c, &d.changes, err);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = changes_add(
		    f->ctx, "cc", CHANGE_ADD, cc[i].value, c, &d.changes, err);
	if (rc == RC_OK)
		rc = change_new(f->tx, &actor_system, &d, &r, err);
	if (rc != RC_OK)
		return rc;
	f->r->outcome = "created";
	f->r->ticket = r.ticket;
	f->r->message = r.message;
	return RC_OK;
}

static enum rc
by_customer(struct filing *f, struct err *err)
{
	struct person_address cc[PEOPLE_MAX];
	struct edit e = {.ticket = f->d.ticket,
	    .message = &f->message,
	    .from = &f->job->m->from,
	    .cc = cc,
	    .no_reopen = !f->d.reopen,
	    .confirm_cc = f->d.confirmed};
	struct change_result r;
	enum rc rc;

	if (f->d.action == ACTION_NOTE) {
		f->message.kind = "note";
	} else if (f->d.participants) {
		e.ncc = others(f, cc, PEOPLE_MAX);
	} else if (f->d.unverified && !f->d.confirmed) {
		cc[0] = f->job->m->from; /* M17: a stranger, unconfirmed */
		e.ncc = 1;
	}
	rc = change_edit(f->tx, &actor_system, &e, &r, err);
	if (rc != RC_OK)
		return rc;
	f->r->outcome = f->d.action == ACTION_NOTE ? "internal" : "appended";
	f->r->ticket = r.ticket;
	f->r->message = r.message;
	return RC_OK;
}

/* An agent: a note, or with @reply a public answer (M18a). */
static enum rc
by_agent(struct filing *f, int64_t ticket, struct err *err)
{
	const struct agent *agent = f->d.agent;
	struct actor a = {.kind = ACTOR_AGENT,
	    .name = agent->name,
	    .agent = agent,
	    .role = config_role(f->ing->d->config, agent->role)};
	struct edit e = {.ticket = ticket, .message = &f->message};
	struct change_result r;
	bool public = f->d.action == ACTION_REPLY;
	enum rc rc;

	f->message.kind = public ? "reply" : "note";
	f->message.direction = "out";
	f->message.author = actor_print(f->ctx, &a);
	f->message.author_address = agent->email;
	if (public)
		f->message.body = mail_after_command(f->job->m);
	rc = change_edit(f->tx, &a, &e, &r, err);
	if (rc != RC_OK)
		return rc;
	f->r->outcome = public ? "appended" : "internal";
	f->r->ticket = r.ticket;
	f->r->message = r.message;
	return RC_OK;
}

/* M29, M30: a ticket for whom the agent forwarded, and what the agent wrote as a note. */
static enum rc
by_forwarder(struct filing *f, struct err *err)
{
	const struct forwarded *fwd = &f->d.forwarded;
	struct message note = {.channel = "email",
	    .created_at = f->job->want.received_at,
	    .class = f->message.class,
	    .quoted = ""};
	struct ingest first;
	const char *above = fwd->above + strspn(fwd->above, " \t\n");
	size_t n = strlen(above);
	enum rc rc;

	f->message.body = fwd->body;
	f->message.quoted = fwd->quoted;
	f->message.author_address = fwd->from.value;
	f->d.participants = false;
	rc = open_ticket(f, &fwd->from, fwd->subject, err);
	while (n > 0 && strchr(" \t\n", above[n - 1]) != NULL)
		n--;
	if (rc != RC_OK || n == 0)
		return rc;
	first = *f->r;
	note.body = text_clean(f->ctx, above, n, TEXT_BLOCK, BODY_MAX);
	f->message = note;
	rc = by_agent(f, first.ticket, err);
	if (rc == RC_DENIED) /* an agent who may not write there has still forwarded */
		rc = RC_OK;
	*f->r = first;
	return rc;
}

/* ---- reports ---- */

static json_t *
report_json(const struct filing *f)
{
	const struct report *r = f->job->m->report;
	json_t *o = json_object(), *list = json_array();
	char *hex = text_hex(NULL, f->job->raw, BLOB_HASH);

	record_set_text(o, "format", r->format);
	record_set_text(o, "raw", hex);
	talloc_free(hex);
	if (r->disposition != NULL)
		record_set_text(o, "disposition", r->disposition);
	if (f->d.delivery_n != 0)
		json_object_set_new(o, "delivery",
		    json_sprintf("%lld.%lld", (long long)f->d.delivery_event,
			(long long)f->d.delivery_n));
	for (size_t i = 0; i < r->nrecipients; i++) {
		json_t *e = json_object();

		record_set_text(e, "address", r->recipients[i].address);
		record_set_text(e, "action", r->recipients[i].action);
		record_set_text(e, "status", r->recipients[i].status);
		record_set_text(e, "diagnostic", r->recipients[i].diagnostic);
		json_array_append_new(list, e);
	}
	json_object_set_new(o, "recipients", list);
	return o;
}

/* The worst that a report says: failed, delayed, or something that is no trouble. */
static const char *
worst(const struct report *r)
{
	const char *action = r->nrecipients > 0 ? r->recipients[0].action : NULL;

	for (size_t i = 0; i < r->nrecipients; i++) {
		if (r->recipients[i].action != NULL &&
		    strcmp(r->recipients[i].action, "failed") == 0)
			return "failed";
	}
	return action ? action : "reported";
}

/* Each delivery of the message that failed for good. */
static enum rc
fail_deliveries(struct filing *f, struct err *err)
{
	const struct report *r = f->job->m->report;
	struct store *s = f->ing->d->store;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < r->nrecipients; i++) {
		const struct report_recipient *to = &r->recipients[i];
		const char *target, *why;
		int64_t ticket, n = r->nrecipients == 1 ? f->d.delivery_n : 0;

		if (to->action == NULL || strcmp(to->action, "failed") != 0)
			continue;
		rc = delivery_find(s, f->ctx, f->d.delivery_event, &n, to->address,
		    &ticket, &target, err);
		why = to->diagnostic ? to->diagnostic : f->job->m->subject;
		if (rc == RC_OK)
			rc = delivery_failed(s, f->d.delivery_event, n,
			    talloc_asprintf(f->ctx, "%s%s%s",
				to->status ? to->status : "", to->status ? " " : "", why),
			    err);
		if (rc == RC_OK)
			rc = delivery_bars(
			    s, target, to->status, desk_now(f->ing->d), err);
		rc = rc == RC_NONE ? RC_OK : rc;
	}
	return rc;
}

static enum rc
by_report(struct filing *f, struct err *err)
{
	const struct report *r = f->job->m->report;
	const char *action = worst(r), *name;
	static const char *const assignee[] = {"assignee", NULL};
	bool failed = r->kind == REPORT_DSN && strcmp(action, "failed") == 0;
	struct change_result result;
	enum rc rc = RC_OK;

	f->r->outcome = r->kind == REPORT_DSN ? "dsn" : "noted";
	if (failed && f->d.delivery_event != 0)
		rc = fail_deliveries(f, err);
	if (f->d.ticket == 0)
		return rc;
	name = r->kind == REPORT_MDN		? "message.read"
	       : r->kind == REPORT_ARF		? "message.complaint"
	       : failed				? "delivery.failed"
	       : strcmp(action, "delayed") == 0 ? "delivery.delayed"
						: "delivery.reported";
	if (rc == RC_OK)
		rc = change_event(f->tx, &actor_system, f->d.ticket, name,
		    json_pack("{s:o}", "report", report_json(f)),
		    failed ? assignee : NULL, &result, err);
	f->r->ticket = f->d.ticket;
	f->r->message = f->d.delivery_event;
	return rc;
}

/* ---- who keeps the desk ---- */

enum { HOUR_MS = 3600000 };

static const char *const administrators[] = {"administrators", NULL};

/* The ticket that our own loop header names; 0: none of ours. */
static enum rc
loop_ticket(struct filing *f, int64_t *ticket, struct err *err)
{
	const char *v = mail_header(f->job->m, "X-Tkt-Loop"), *space;
	struct ticket *t = NULL;
	enum rc rc;

	space = v ? strchr(v, ' ') : NULL;
	*ticket = 0;
	if (space == NULL || !text_number(space + 1, ticket))
		return RC_OK;
	rc = ticket_get(f->ing->d->store, f->ctx, *ticket, &t, err);
	if (rc == RC_NOTFOUND)
		*ticket = 0;
	return rc == RC_NOTFOUND ? RC_OK : rc;
}

static enum rc
tell_loop(struct filing *f, struct err *err)
{
	struct store *s = f->ing->d->store;
	int64_t now = change_at(f->tx), last = 0, ticket = 0;
	struct change_result r;
	char *text = NULL;
	enum rc rc = store_meta_get(s, f->ctx, "loop_told", &text, err);

	if (rc == RC_OK && text_number(text, &last) && now - last < HOUR_MS)
		return RC_OK;
	if (rc == RC_OK || rc == RC_NONE)
		rc = loop_ticket(f, &ticket, err);
	if (rc != RC_OK || ticket == 0)
		return rc;
	rc = change_event(f->tx, &actor_system, ticket, "mail.loop",
	    json_pack("{s:s}", "reason", f->d.class.evidence), administrators, &r, err);
	if (rc == RC_OK)
		rc = store_meta_set(
		    s, "loop_told", talloc_asprintf(f->ctx, "%lld", (long long)now), err);
	return rc;
}

enum rc
tell_administrators(struct filing *f, struct err *err)
{
	const char *from = f->job->m->from.value;
	struct change_result r;

	if (f->d.class.class == CLASS_LOOP)
		return tell_loop(f, err);
	if (!f->d.flood || f->d.action != ACTION_NEW || f->r->ticket == 0)
		return RC_OK;
	return change_event(f->tx, &actor_system, f->r->ticket, "mail.flood",
	    json_pack("{s:o}", "reason",
		json_sprintf("%s opens ticket after ticket: further ones wait in the "
			     "quarantine",
		    from ? from : "somebody")),
	    administrators, &r, err);
}

/* ---- the sender ---- */

enum rc
prove_sender(struct filing *f, struct err *err)
{
	const struct person_address *from = &f->job->m->from;
	int64_t at = f->job->want.received_at;
	bool token = f->d.action == ACTION_APPEND && strcmp(f->d.rule, "M15.1") == 0 &&
		     !f->d.unverified && f->d.auth.result != AUTH_FAIL;
	enum rc rc;

	if (from->value == NULL || f->job->m->voicemail)
		return RC_OK;
	/* Who writes can be written to, whatever bounced once. */
	if (f->d.class.class == CLASS_HUMAN &&
	    (f->d.action == ACTION_NEW || f->d.action == ACTION_APPEND)) {
		rc = delivery_unbars(f->ing->d->store, from->value, err);
		if (rc != RC_OK)
			return rc;
	}
	if (f->d.auth.result != AUTH_PASS && !token)
		return RC_OK;
	return address_prove(f->ing->d->store, from->kind, from->value,
	    at == INSTANT_NONE ? desk_now(f->ing->d) : at, err);
}

/* ---- which of them ---- */

enum rc
file_decided(struct filing *f, struct err *err)
{
	static const struct person_address nobody = {"", "email", "unknown@invalid"};
	const struct mail *m = f->job->m;

	switch (f->d.action) {
	case ACTION_NEW:
		return open_ticket(
		    f, m->from.value ? &m->from : &nobody, m->subject, err);
	case ACTION_APPEND:
		return by_customer(f, err);
	case ACTION_NOTE:
		return f->d.agent ? by_agent(f, f->d.ticket, err) : by_customer(f, err);
	case ACTION_REPLY:
		return by_agent(f, f->d.ticket, err);
	case ACTION_FORWARD:
		return by_forwarder(f, err);
	case ACTION_EVENT:
		return by_report(f, err);
	case ACTION_HOLD:
	case ACTION_DISCARD:
	case ACTION_DUPLICATE:
		break;
	}
	return RC_OK;
}
