/* Voicemail that a telephone switch sends as mail: Asterisk and FreePBX by their headers,
 * others by what they write. */
#include <string.h>
#include <talloc.h>

#include "base/pattern.h"
#include "base/phone.h"
#include "base/text.h"
#include "channel/ingest_priv.h"

/* As switches tell who called, in a few languages: a word, perhaps a name, the number. */
static const char caller[] =
    "(?:from|caller|by|von|anrufer|de la part de|de|da)\\b[^0-9+\\n]{0,80}"
    "(\\+?[0-9][0-9 ()/.-]{4,22}[0-9])";
static const char named[] =
    "(?:from|caller|by|von|anrufer|de|da)\\b[^\"\\n]{0,20}\"([^\"\\n]{1,100})\"";

static bool
is_switch(const struct mail *m, const struct config *c)
{
	return m->from.value != NULL && strcmp(m->from.kind, "email") == 0 &&
	       word_index(c->phone.voicemail, m->from.value) >= 0;
}

/* A header of Asterisk, else what the subject says, else the text. */
static const char *
find_number(void *ctx, const struct mail *m)
{
	static const char *const headers[] = {"X-Asterisk-VM-Caller-ID-Num",
	    "X-Asterisk-CallerID", "X-Asterisk-Caller-ID", "X-Caller-ID", NULL};
	const char *v;

	for (const char *const *h = headers; *h != NULL; h++) {
		v = mail_header(m, *h);
		if (v != NULL && *v != '\0')
			return v;
	}
	v = pattern_group(ctx, caller, m->subject, true);
	return v ? v : pattern_group(ctx, caller, m->body, true);
}

static const char *
find_name(void *ctx, const struct mail *m)
{
	static const char *const headers[] = {
	    "X-Asterisk-VM-Caller-ID-Name", "X-Asterisk-CallerIDName", NULL};
	const char *v = NULL;

	for (const char *const *h = headers; v == NULL && *h != NULL; h++)
		v = mail_header(m, *h);
	v = v ? v : pattern_group(ctx, named, m->subject, true);
	v = v ? v : pattern_group(ctx, named, m->body, true);
	return v ? mail_decode(ctx, v, SUBJECT_MAX) : "";
}

void
voicemail_read(void *ctx, struct mail *m, const struct config *c)
{
	const struct phone_conf *p = &c->phone;
	const char *said, *number, *name;

	if (!is_switch(m, c))
		return;
	said = find_number(ctx, m);
	number = said ? phone_e164(ctx, said, p->country, p->trunk) : NULL;
	name = find_name(ctx, m);
	m->voicemail = true;
	m->from = (struct person_address){*name || number ? name : "Anonymous caller",
	    "phone", number ? number : "anonymous"};
	m->reply_to = (struct person_address){0};
	m->npeople = 0;
	m->subject = talloc_asprintf(
	    ctx, "Voicemail from %s", number ? number : "an anonymous caller");
}
