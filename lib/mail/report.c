/* Reports: delivery status (RFC 3464), read receipts (RFC 8098), complaints (RFC 5965),
 * and bounces from before there was a standard. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "mail/mail_priv.h"

enum { RECIPIENTS_MAX = 100, IDS_MAX = 20, FIELD_MAX = 500 };

/* ---- fields ---- */

/* The value behind "Name:" at the start of a line in [s, end), unfolded; or NULL. A field
 * of an address ("rfc822; ann@x") loses its type when `typed`. */
static char *
field(void *ctx, const char *s, const char *end, const char *name, bool typed)
{
	size_t len = strlen(name);
	const char *value, *stop;
	char *semicolon;

	for (;; s++) {
		if ((size_t)(end - s) <= len)
			return NULL;
		if (strncasecmp(s, name, len) == 0 && s[len] == ':')
			break;
		s = memchr(s, '\n', (size_t)(end - s));
		if (s == NULL)
			return NULL;
	}
	value = stop = s + len + 1;
	do {
		stop = memchr(stop, '\n', (size_t)(end - stop));
		stop = stop ? stop + 1 : end;
	} while (stop < end && (*stop == ' ' || *stop == '\t'));
	semicolon = typed ? memchr(value, ';', (size_t)(stop - value)) : NULL;
	if (semicolon != NULL)
		value = semicolon + 1;
	return text_clean(ctx, value, (size_t)(stop - value), TEXT_LINE, FIELD_MAX);
}

/* The next group of fields: groups end at an empty line. Returns its end. */
static const char *
group_end(const char *s, const char *end)
{
	while (s < end) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));

		if (nl == NULL)
			return end;
		if (nl == s || (nl == s + 1 && *s == '\r'))
			return s;
		s = nl + 1;
	}
	return end;
}

static void
add_id(struct report *r, const char *s, size_t n)
{
	const char *open = memchr(s, '<', n), *close;

	close = open ? memchr(open, '>', n - (size_t)(open - s)) : NULL;
	if (close == NULL || r->nids >= IDS_MAX)
		return;
	text_push(r, &r->ids, &r->nids,
	    text_clean(r, open, (size_t)(close + 1 - open), TEXT_LINE, 900));
}

/* Every "Message-ID: <...>" of a text: a returned mail, or what a robot says of it. */
static void
find_ids(struct report *r, const char *s, size_t n)
{
	const char *end = s + (n < 200000 ? n : 200000);

	while (s < end && r->nids < IDS_MAX) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		size_t len = (size_t)((nl ? nl : end) - s), skip = 0;

		while (skip < len && strchr(" \t>|", s[skip]) != NULL && s[skip] != '\0')
			skip++;
		if (len > skip + 11 && strncasecmp(s + skip, "message-id:", 11) == 0) {
			const char *next =
			    nl ? memchr(nl + 1, '\n', (size_t)(end - nl - 1)) : NULL;

			/* The id may be folded to the next line. */
			add_id(r, s + skip + 11,
			    (size_t)((next && memchr(s, '<', len) == NULL ? next
					 : nl				  ? nl
									  : end) -
				     (s + skip + 11)));
		}
		if (nl == NULL)
			return;
		s = nl + 1;
	}
}

/* ---- the standard forms ---- */

static const struct mail_part *
part_of_type(const struct mail *m, const char *type)
{
	for (size_t i = 0; i < m->nparts; i++) {
		if (strcmp(m->parts[i].media_type, type) == 0)
			return &m->parts[i];
	}
	return NULL;
}

static void
read_dsn(struct report *r, const struct mail_part *p)
{
	const char *s = p->data, *end = s + p->n, *stop;

	for (; s < end && r->nrecipients < RECIPIENTS_MAX; s = stop) {
		struct report_recipient *to;
		char *action, *address;

		while (s < end && (*s == '\n' || *s == '\r'))
			s++;
		stop = group_end(s, end);
		address = field(r, s, stop, "Final-Recipient", true);
		if (address == NULL)
			address = field(r, s, stop, "Original-Recipient", true);
		action = field(r, s, stop, "Action", false);
		if (address == NULL && action == NULL)
			continue;
		r->recipients = mem_grow(
		    r, r->recipients, struct report_recipient, r->nrecipients + 1);
		to = &r->recipients[r->nrecipients++];
		*to = (struct report_recipient){
		    .address = address ? text_lower(address) : "",
		    .action = action ? text_lower(action) : NULL,
		    .status = field(r, s, stop, "Status", false),
		    .diagnostic = field(r, s, stop, "Diagnostic-Code", true)};
		if (to->action == NULL && to->status != NULL)
			to->action = *to->status == '5'	  ? "failed"
				     : *to->status == '4' ? "delayed"
							  : "delivered";
	}
}

static void
returned_ids(const struct mail *m, struct report *r)
{
	for (size_t i = 0; i < m->nparts; i++) {
		const struct mail_part *p = &m->parts[i];
		char *id;

		if (p->raw || strcmp(p->media_type, "text/rfc822-headers") == 0 ||
		    strncmp(p->media_type, "message/", 8) == 0) {
			id = field(r, p->data, (const char *)p->data + p->n,
			    "Original-Message-ID", false);
			if (id != NULL)
				add_id(r, id, strlen(id));
			find_ids(r, p->data, p->n);
		}
	}
	find_ids(r, m->body, strlen(m->body));
	find_ids(r, m->quoted, strlen(m->quoted));
}

static bool
says(const char *text, const char *what)
{
	return text != NULL && strcasestr(text, what) != NULL;
}

/* Is it a machine that speaks for a mail system? */
static bool
from_daemon(const struct mail *m)
{
	static const char *const addresses[] = {"mailer-daemon@", "postmaster@",
	    "mail-daemon@", "maildaemon@", "mdaemon@", "mailerdaemon@", "mailsystem@",
	    "mail-delivery-subsystem@", "mail.delivery.system@", "maildelivery@", "ndr@",
	    "mail-system@", "bounce@", "bounces@", "microsoftexchange", NULL},
				 *const names[] = {"Mail Delivery", "Mailer-Daemon",
				     "Mailer Daemon", "Postmaster",
				     "System Administrator", "Systemadministrator",
				     "Administrateur système", NULL};

	if (m->null_sender)
		return true;
	for (const char *const *n = addresses; *n && m->from.value != NULL; n++) {
		if (text_starts(m->from.value, *n))
			return true;
	}
	for (const char *const *n = names; *n && m->from.value != NULL; n++) {
		if (strncasecmp(m->from.name, *n, strlen(*n)) == 0)
			return true;
	}
	return false;
}

static struct report *
standard(struct mail *m)
{
	const char *type = mail_header(m, "Content-Type");
	struct report *r = talloc_zero(m, struct report);
	const struct mail_part *p = NULL;

	if (!says(type, "multipart/report") && !from_daemon(m)) {
		talloc_free(r);
		return NULL;
	}
	if ((p = part_of_type(m, "message/delivery-status")) != NULL ||
	    (p = part_of_type(m, "message/global-delivery-status")) != NULL) {
		r->kind = REPORT_DSN;
		r->format = "RFC 3464";
		read_dsn(r, p);
	} else if ((p = part_of_type(m, "message/disposition-notification")) != NULL) {
		r->kind = REPORT_MDN;
		r->format = "RFC 8098";
		r->disposition =
		    field(r, p->data, (const char *)p->data + p->n, "Disposition", false);
	} else if ((p = part_of_type(m, "message/feedback-report")) != NULL) {
		r->kind = REPORT_ARF;
		r->format = "RFC 5965";
		r->disposition = field(
		    r, p->data, (const char *)p->data + p->n, "Feedback-Type", false);
	}
	if (p == NULL && says(type, "report-type=delivery-status"))
		r->kind = REPORT_DSN, r->format = "RFC 3464, without a status";
	if (r->kind == REPORT_NONE) {
		talloc_free(r);
		return NULL;
	}
	return r;
}

/* ---- bounces from before, and from those who never cared ---- */

static const struct {
	const char *text, *format;
} phrases[] = {{"This is the qmail-send program", "qmail"},
    {"This is the Postfix program at host", "Postfix before 2.3"},
    {"This is the mail system at host", "Postfix"},
    {"This message was created automatically by mail delivery software", "Exim"},
    {"----- The following addresses had permanent fatal errors -----", "Sendmail"},
    {"----- The following addresses had delivery problems -----", "Sendmail"},
    {"----- Transcript of session follows -----", "Sendmail"},
    {"did not reach some or all of the intended recipients", "Exchange"},
    {"did not reach the following recipient", "Exchange"},
    {"Your message couldn't be delivered", "Exchange"},
    {"Your message wasn't delivered", "Exchange"},
    {"Delivery has failed to these recipients", "Exchange"},
    {"konnte nicht allen oder einigen der vorgesehenen Empf", "Exchange"},
    {"Fehler bei der Nachrichtenzustellung an folgende", "Exchange"},
    {"chec de la remise pour ces destinataires", "Exchange"},
    {"No se pudo entregar el mensaje a estos destinatarios", "Exchange"},
    {"The following message to <", "IronPort"},
    {"Delivery to the following recipient failed", "Gmail"},
    {"Address not found", "Gmail"}, {"wasn't delivered to", "Gmail"},
    {"Sorry, we were unable to deliver your message", "Yahoo"},
    {"could not be delivered", "plain"}, {"couldn't be delivered", "plain"},
    {"was not delivered to", "Domino"}, {"Delivery Failure Report", "Domino"},
    {"undeliverable", "plain"}, {"returned to sender", "plain"},
    {"Delivery attempts will continue", "plain"},
    {"delivery temporarily suspended", "plain"}, {"konnte nicht zugestellt", "plain"},
    {"could not send message for past", "Sendmail"}, {"cannot be delivered", "plain"},
    {"unable to deliver", "Yahoo"}, {"wasn't able to deliver", "Yahoo"},
    {"not delivered to the following", "plain"}, {"has not yet been delivered", "plain"},
    {"has been returned because", "plain"}, {"no valid recipients were found", "plain"},
    {"error was detected while processing the enclosed message", "Smail"},
    {"is wrong or no longer valid", "plain"}, {"Message log follows", "plain"},
    {NULL, NULL}};

static const char *const subjects[] = {"returned to sender", "mail delivery failed",
    "failure notice", "returned mail", "undeliverable", "undelivered mail",
    "delivery status notification", "delivery notification", "delivery failure",
    "failure delivery", "delivery failed", "non-delivery", "nondelivery",
    "mail system error", "could not be delivered", "mail failed", "user unknown",
    "unzustellbar", "nicht zugestellt", "non remis", "non-remis", "no se puede entregar",
    "no entregado", "onbestelbaar", "non recapitabile", "mancato recapito",
    "could not send message", "delayed mail", "delivery delayed", "mail delivery warning",
    "not yet been delivered", "processing error", NULL};

static const char *const delays[] = {"delayed", "could not send message for past",
    "will continue", "still being attempted", "THIS IS A WARNING MESSAGE ONLY",
    "not yet been delivered", "verzögert", NULL};

static bool
any_of(const char *const *words, const char *s)
{
	for (; *words != NULL; words++) {
		if (says(s, *words))
			return true;
	}
	return false;
}

static void
add_recipient(struct report *r, const char *s, size_t n, const char *action)
{
	struct person_address a;
	struct err bad;
	char *one = text_clean(r, s, n, TEXT_LINE, PERSON_MAX);

	if (r->nrecipients >= RECIPIENTS_MAX ||
	    address_parse(r, one, &a, &bad) != RC_OK || strcmp(a.kind, "email") != 0)
		return;
	r->recipients =
	    mem_grow(r, r->recipients, struct report_recipient, r->nrecipients + 1);
	r->recipients[r->nrecipients++] =
	    (struct report_recipient){.address = a.value, .action = action};
}

/* qmail and Postfix name a recipient at the start of a line: "<ann@x.org>:". */
static void
find_recipients(struct report *r, const char *s, const char *action)
{
	for (const char *next; s != NULL && *s != '\0'; s = next) {
		size_t len = strcspn(s, "\n");
		const char *close = memchr(s, '>', len);

		next = s[len] ? s + len + 1 : NULL;
		if (*s == '<' && close != NULL && close[1] == ':')
			add_recipient(r, s + 1, (size_t)(close - s - 1), action);
	}
}

static struct report *
historic(struct mail *m)
{
	const char *failed = mail_header(m, "X-Failed-Recipients"),
		   *precedence = mail_header(m, "Precedence"), *format = NULL, *action;
	bool daemon = failed != NULL || from_daemon(m), subject;
	struct report *r;

	if (!daemon && !says(precedence, "bulk") && !says(precedence, "junk"))
		return NULL;
	subject = any_of(subjects, m->subject);
	if (failed != NULL)
		format = "Exim";
	for (size_t i = 0; format == NULL && phrases[i].text != NULL; i++) {
		if (says(m->body, phrases[i].text) || says(m->quoted, phrases[i].text))
			format = phrases[i].format;
	}
	/* A daemon's subject is enough; a robot that nobody knows must say it twice. */
	if (format == NULL && daemon && subject)
		format = "its subject alone";
	if (format == NULL || (!daemon && !subject))
		return NULL;
	r = talloc_zero(m, struct report);
	r->kind = REPORT_DSN;
	r->format = format;
	action =
	    any_of(delays, m->subject) || any_of(delays, m->body) ? "delayed" : "failed";
	while (failed != NULL && *failed != '\0') {
		size_t len = strcspn(failed, ", ");

		if (len > 0)
			add_recipient(r, failed, len, action);
		failed += len + (failed[len] != '\0');
	}
	find_recipients(r, m->body, action);
	if (r->nrecipients == 0) {
		r->recipients = mem_grow(r, r->recipients, struct report_recipient, 1);
		r->recipients[r->nrecipients++] =
		    (struct report_recipient){.address = "", .action = action};
	}
	return r;
}

struct report *
mail_report(struct mail *m)
{
	struct report *r = standard(m);

	if (r == NULL)
		r = historic(m);
	if (r != NULL)
		returned_ids(m, r);
	return r;
}
