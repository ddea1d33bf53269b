/* The keys of the query language, and the small readers of their values. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/instant.h"
#include "base/text.h"
#include "query/query_priv.h"

static const char *const has_words[] = {"attachment", NULL};
static const char *const is_words[] = {
    "unassigned", "overdue", "snoozed", "merged", "spam", "deleted", NULL};
static const char *const sla_words[] = {
    "ok", "warning", "breached", "paused", "none", NULL};

static const char *const by_words[] = {"agent", "customer", "rule", "system", NULL};
static const char *const message_words[] = {"reply", "note", "none", NULL};
static const char *const changed_words[] = {"status", "phase", "queue", "assignee",
    "priority", "kind", "subject", "requester", "organization", "tags", "fields",
    "people", "links", NULL};

const struct query_key query_keys[] = {
    {"status", KEY_STATUS, "status", NULL, 0, false, true},
    {"phase", KEY_WORDS, "phase", phase_names, 0, true, true},
    {"priority", KEY_WORDS, "priority", priority_names, 0, true, true},
    {"kind", KEY_WORDS, "kind", kind_names, 0, false, true},
    {"channel", KEY_WORDS, "channel", channel_names, 0, false, true},
    {"queue", KEY_NAME, "queue", NULL, NAME_QUEUE, false, true},
    {"mailbox", KEY_NAME, "mailbox", NULL, NAME_MAILBOX, false, true},
    {"assignee", KEY_ASSIGNEE, "assignee", NULL, NAME_AGENT, false, true},
    {"created", KEY_TIME, "created_at", NULL, 0, true, false},
    {"updated", KEY_TIME, "updated_at", NULL, 0, true, false},
    {"due", KEY_TIME, "due_at", NULL, 0, true, false},
    {"solved", KEY_TIME, "solved_at", NULL, 0, true, false},
    {"replied", KEY_TIME, "agent_at", NULL, 0, true, false},
    {"waiting", KEY_TIME, NULL, NULL, 0, true, false},
    {"id", KEY_ID, "id", NULL, 0, false, false},
    {"ref", KEY_REF, "external_id", NULL, 0, false, true},
    {"requester", KEY_REQUESTER, NULL, NULL, 0, false, true},
    {"customer", KEY_CUSTOMER, "requester", NULL, 0, false, true},
    {"organization", KEY_ORGANIZATION, "organization", NULL, 0, false, true},
    {"participant", KEY_PARTICIPANT, NULL, NULL, 0, false, true},
    {"tag", KEY_TAG, NULL, NULL, 0, false, true},
    {"field", KEY_FIELD, NULL, NULL, NAME_FIELD, true, true},
    {"has", KEY_HAS, NULL, has_words, 0, false, false},
    {"is", KEY_IS, NULL, is_words, 0, false, false},
    {"link", KEY_LINK, NULL, NULL, 0, false, false},
    {"sla", KEY_SLA, NULL, sla_words, 0, false, false},
    {"absent", KEY_ABSENT, NULL, NULL, 0, true, false},
    {"by", KEY_HAPPENS, NULL, by_words, 0, false, true},
    {"message", KEY_HAPPENS, NULL, message_words, 0, false, true},
    {"changed", KEY_HAPPENS, NULL, changed_words, 0, false, true},
    {"subject", KEY_TEXT, NULL, NULL, 0, false, true},
    {"body", KEY_TEXT, NULL, NULL, 0, false, true},
    {NULL, 0, NULL, NULL, 0, false, false},
};

static const char *const key_names[] = {"status", "phase", "priority", "kind", "channel",
    "queue", "mailbox", "assignee", "created", "updated", "due", "solved", "replied",
    "waiting", "id", "ref", "requester", "customer", "organization", "participant", "tag",
    "has", "is", "link", "sla", "absent", "by", "message", "changed", "subject", "body",
    NULL};

const struct query_key *
query_key(const char *name)
{
	if (text_starts(name, "field."))
		name = "field";
	else if (strcmp(name, "field") == 0)
		return NULL;
	for (const struct query_key *k = query_keys; k->name != NULL; k++) {
		if (strcmp(k->name, name) == 0)
			return k;
	}
	return NULL;
}

const char *const *
query_key_names(void)
{
	return key_names;
}

bool
key_is_time(const struct query_key *k)
{
	return k->kind == KEY_TIME || k->kind == KEY_ABSENT;
}

bool
time_value(const char *s, const char *zone, int64_t now, int64_t *ms)
{
	int64_t d;

	if (*s == '-' || *s == '+') {
		if (!duration_parse(s + 1, &d))
			return false;
		*ms = *s == '-' ? now - d : now + d;
		return true;
	}
	return instant_parse_any(s, zone, ms);
}

bool
id_range(const char *s, int64_t *from, int64_t *to)
{
	const char *dots = strstr(s, "..");
	char first[24];

	if (dots == NULL)
		return text_number(s, from) && text_number(s, to);
	if ((size_t)(dots - s) >= sizeof(first))
		return false;
	memcpy(first, s, (size_t)(dots - s));
	first[dots - s] = '\0';
	return text_number(first, from) && text_number(dots + 2, to) && *from <= *to;
}

int64_t
ticket_instant(const struct ticket *t, const char *key)
{
	if (strcmp(key, "created") == 0)
		return t->created_at;
	if (strcmp(key, "updated") == 0)
		return t->updated_at;
	if (strcmp(key, "due") == 0)
		return t->due_at == INSTANT_NEVER ? INSTANT_NONE : t->due_at;
	if (strcmp(key, "solved") == 0)
		return t->solved_at;
	if (strcmp(key, "replied") == 0)
		return t->agent_at;
	/* waiting: since the customer's last word, while it is unanswered */
	return t->customer_at > t->agent_at ? t->customer_at : INSTANT_NONE;
}

const char *
ticket_sla_state(const struct ticket *t, int64_t now)
{
	if (*t->due_target == '\0')
		return "none";
	if (t->due_at == INSTANT_NEVER)
		return "paused";
	if (t->due_at < now)
		return "breached";
	return t->warn_at <= now ? "warning" : "ok";
}

/* ---- text: PCRE2, case folded, with limits so that no pattern can hang us ---- */

enum { MATCH_LIMIT = 200000, DEPTH_LIMIT = 5000 };

struct pattern {
	pcre2_code *code;
};

static int
pattern_free(struct pattern *p)
{
	pcre2_code_free(p->code);
	return 0;
}

enum rc
text_compile(void *ctx, struct query_value *v, struct err *err)
{
	uint32_t flags = PCRE2_CASELESS | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
	unsigned char words[120];
	pcre2_code *code;
	size_t at;
	int number;

	flags |= v->regex ? PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C
			  : PCRE2_LITERAL;
	code = pcre2_compile(
	    (PCRE2_SPTR)v->text, strlen(v->text), flags, &number, &at, NULL);
	if (code == NULL) {
		pcre2_get_error_message(number, words, sizeof(words));
		return err_fail(err, RC_USAGE, "regular expression /%s/: %s at byte %zu",
		    v->text, (char *)words, at);
	}
	v->pattern = talloc_zero(ctx, struct pattern);
	v->pattern->code = code;
	talloc_set_destructor(v->pattern, pattern_free);
	return RC_OK;
}

/* A pattern that gives up has not matched: better than a command that hangs. */
bool
text_matches(const struct query_value *v, const char *text)
{
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	int n;

	pcre2_set_match_limit(limits, MATCH_LIMIT);
	pcre2_set_depth_limit(limits, DEPTH_LIMIT);
	n = pcre2_match(
	    v->pattern->code, (PCRE2_SPTR)text, strlen(text), 0, 0, data, limits);
	pcre2_match_data_free(data);
	pcre2_match_context_free(limits);
	return n >= 0;
}
