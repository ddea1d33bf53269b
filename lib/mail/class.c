/* What kind of sender wrote it: M5-M13, the first that matches, with its evidence. */
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/text.h"
#include "mail/mail_priv.h"

const char *const class_names[] = {"human", "loop", "dsn", "mdn", "feedback-report",
    "auto-reply", "auto-generated", "list", NULL};

/* The table of M14. */
const struct class_effect class_effects[] = {
    [CLASS_HUMAN] = {NEW_YES, APPEND_YES, true, true, SLA_YES, NOTIFY_YES},
    [CLASS_LOOP] = {NEW_NO, APPEND_NO, false, false, SLA_NO, NOTIFY_ADMIN},
    [CLASS_DSN] = {NEW_NO, APPEND_EVENT, false, false, SLA_NO, NOTIFY_FAILURE},
    [CLASS_MDN] = {NEW_NO, APPEND_EVENT, false, false, SLA_NO, NOTIFY_FAILURE},
    [CLASS_ARF] = {NEW_NO, APPEND_EVENT, false, false, SLA_NO, NOTIFY_FAILURE},
    [CLASS_AUTO_REPLY] = {NEW_HOLD, APPEND_NOTE, false, false, SLA_NO, NOTIFY_NO},
    [CLASS_AUTO_GENERATED] = {NEW_YES, APPEND_YES, false, false, SLA_MAILBOX, NOTIFY_YES},
    [CLASS_LIST] = {NEW_MAILBOX, APPEND_YES, false, false, SLA_NO, NOTIFY_YES},
};

struct classifying {
	void *ctx;
	const struct mail *m;
	const struct class_want *w;
	struct classified r;
};

static bool
is(struct classifying *k, enum mail_class class, const char *rule, const char *header,
    const char *value)
{
	k->r.class = class;
	k->r.rule = rule;
	k->r.evidence =
	    header ? talloc_asprintf(k->ctx, "%s: %s", header,
			 text_clean(k->ctx, value, strlen(value), TEXT_LINE, 200))
		   : value;
	return true;
}

/* The header is there (value NULL), or begins with this word. */
static const char *
has(struct classifying *k, const char *header, const char *word)
{
	const char *v = mail_header(k->m, header);
	size_t n = word ? strlen(word) : 0;

	if (v == NULL || (word != NULL && strncasecmp(v, word, n) != 0))
		return NULL;
	/* "auto-replied; owner-email=..." but not "auto-repliedness". */
	return n == 0 || strchr(" ;\t(", v[n]) != NULL ? v : NULL;
}

/* ---- M5 ---- */

static bool
loop(struct classifying *k)
{
	const char *v = mail_header(k->m, "X-Tkt-Loop");

	if (v != NULL && k->w->desk != NULL && text_starts(v, k->w->desk))
		return is(k, CLASS_LOOP, "M5", "X-Tkt-Loop", v);
	if (k->w->own_id)
		return is(k, CLASS_LOOP, "M5", "Message-ID", k->m->msgid);
	if (k->m->nreceived > RECEIVED_MAX)
		return is(k, CLASS_LOOP, "M5", NULL,
		    talloc_asprintf(k->ctx, "%zu Received lines", k->m->nreceived));
	return false;
}

/* ---- M6-M8 ---- */

static bool
report(struct classifying *k)
{
	const struct report *r = k->m->report;

	if (r == NULL)
		return false;
	return is(k,
	    r->kind == REPORT_DSN   ? CLASS_DSN
	    : r->kind == REPORT_MDN ? CLASS_MDN
				    : CLASS_ARF,
	    r->kind == REPORT_DSN ? "M6" : "M8", "report", r->format);
}

/* ---- M9 ---- */

/* Exchange calls its out-of-office answers auto-generated; the subject tells. */
static bool
away_subject(const char *subject)
{
	static const char *const words[] = {"Automatic reply", "Auto reply", "Auto-reply",
	    "AutoReply", "Autoreply", "Out of Office", "Out-of-Office",
	    "Automatische Antwort", "Abwesenheitsnotiz",
	    "Abwesenheit:", "Réponse automatique", "Absence du bureau",
	    "Respuesta automática", "Fuera de oficina", "Risposta automatica",
	    "Fuori sede", "Automatisch antwoord", "Afwezig", "Resposta automática",
	    "Automatyczna odpowiedź", "Autosvar", "Automatiskt svar", "Automatisk svar",
	    "Automaattinen vastaus", "Automatická odpověď", "Automatikus válasz",
	    "Răspuns automat", "Автоматический ответ", "Автовідповідь", "Otomatik yanıt",
	    "Αυτόματη απάντηση", "自動応答", "自动答复", "自動回覆", "자동 회신", NULL};

	subject += *subject == '[';
	for (const char *const *w = words; *w != NULL; w++) {
		if (strncasecmp(subject, *w, strlen(*w)) == 0)
			return true;
	}
	return false;
}

static bool
auto_reply(struct classifying *k)
{
	static const char *const headers[] = {"X-Autoreply", "X-Autorespond",
	    "X-Autoresponder", "X-Mail-Autoreply", "X-Auto-Reply", NULL};
	const char *v = has(k, "Auto-Submitted", "auto-replied");

	if (v != NULL)
		return is(k, CLASS_AUTO_REPLY, "M9", "Auto-Submitted", v);
	for (const char *const *h = headers; *h != NULL; h++) {
		v = mail_header(k->m, *h);
		if (v != NULL && strcasecmp(v, "no") != 0)
			return is(k, CLASS_AUTO_REPLY, "M9", *h, v);
	}
	for (size_t i = 0; i < k->m->nheaders; i++) {
		const struct mail_header *h = &k->m->headers[i];

		if (strcasecmp(h->name, "Delivered-To") == 0 &&
		    strncasecmp(h->value, "Autoresponder", 13) == 0)
			return is(k, CLASS_AUTO_REPLY, "M9", h->name, h->value);
	}
	if ((v = has(k, "Precedence", "auto_reply")) != NULL)
		return is(k, CLASS_AUTO_REPLY, "M9", "Precedence", v);
	v = mail_header(k->m, "X-MS-Exchange-Inbox-Rules-Loop");
	if (v != NULL && mail_header(k->m, "X-Auto-Response-Suppress") != NULL)
		return is(k, CLASS_AUTO_REPLY, "M9", "X-MS-Exchange-Inbox-Rules-Loop", v);
	/* A subject proves nothing; with a machine's mark beside it, it tells which. */
	if (away_subject(k->m->subject) &&
	    (k->m->null_sender || mail_header(k->m, "Auto-Submitted") != NULL ||
		mail_header(k->m, "X-Auto-Response-Suppress") != NULL ||
		has(k, "Precedence", "bulk") || has(k, "Precedence", "junk")))
		return is(k, CLASS_AUTO_REPLY, "M9", "Subject", k->m->subject);
	return false;
}

/* ---- M10, M13 ---- */

/* Microsoft marks what people forward as automatic: whom the mailbox trusts with that. */
static bool
trusted(struct classifying *k)
{
	const char *from = k->m->from.value, *at = from ? strrchr(from, '@') : NULL;

	for (const char *const *t = k->w->trusted; at && t && *t != NULL; t++) {
		if (strcasecmp(*t, from) == 0 ||
		    (k->w->aligned != NULL && strcasecmp(*t, at + 1) == 0))
			return true;
	}
	return false;
}

static bool
auto_generated(struct classifying *k)
{
	const char *v = mail_header(k->m, "Auto-Submitted"), *from = k->m->from.value;

	if (trusted(k))
		return false;
	if (v != NULL && *v != '\0' && has(k, "Auto-Submitted", "no") == NULL)
		return is(k, CLASS_AUTO_GENERATED, "M10", "Auto-Submitted", v);
	if (k->m->null_sender)
		return is(k, CLASS_AUTO_GENERATED, "M10", "Return-Path", "<>");
	if (from != NULL &&
	    (text_starts(from, "mailer-daemon@") || text_starts(from, "postmaster@")))
		return is(k, CLASS_AUTO_GENERATED, "M10", "From", from);
	if ((v = has(k, "Precedence", "bulk")) || (v = has(k, "Precedence", "junk")))
		return is(k, CLASS_AUTO_GENERATED, "M10", "Precedence", v);
	return false;
}

/* ---- M11 ---- */

static bool
list(struct classifying *k)
{
	const char *v;

	if ((v = mail_header(k->m, "List-Id")) != NULL)
		return is(k, CLASS_LIST, "M11", "List-Id", v);
	if ((v = mail_header(k->m, "List-Post")) != NULL)
		return is(k, CLASS_LIST, "M11", "List-Post", v);
	if ((v = has(k, "Precedence", "list")) != NULL)
		return is(k, CLASS_LIST, "M11", "Precedence", v);
	return false;
}

struct classified
mail_classify(void *ctx, const struct mail *m, const struct class_want *w)
{
	struct classifying k = {
	    ctx, m, w, {CLASS_HUMAN, "M14", "no sign of a robot", false}};

	if (!loop(&k) && !report(&k) && !m->voicemail && !auto_reply(&k) &&
	    !auto_generated(&k))
		(void)list(&k);
	k.r.no_acknowledgement = !class_effects[k.r.class].acknowledge ||
				 mail_header(m, "List-Unsubscribe") != NULL ||
				 mail_header(m, "X-Auto-Response-Suppress") != NULL;
	return k.r;
}
