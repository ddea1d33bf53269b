/* The change language: "status=open tag+=x" -> checked changes -> a changed ticket. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "query/query.h"

enum target {
	TO_STATUS,
	TO_PHASE,
	TO_PRIORITY,
	TO_KIND,
	TO_CHANNEL,
	TO_QUEUE,
	TO_MAILBOX,
	TO_ASSIGNEE,
	TO_SUBJECT,
	TO_REQUESTER,
	TO_ORGANIZATION,
	TO_TAG,
	TO_CC,
	TO_FOLLOWER,
	TO_TOKEN,
	TO_SNOOZE,
	TO_REF,
	TO_TIME,
	TO_SNOOZE_KEEP,
	TO_FIELD
};
static const struct key {
	const char *name;
	enum target target;
	bool many; /* takes += and -= */
} keys[] = {
    {"status", TO_STATUS, false},
    {"phase", TO_PHASE, false},
    {"priority", TO_PRIORITY, false},
    {"kind", TO_KIND, false},
    {"channel", TO_CHANNEL, false},
    {"queue", TO_QUEUE, false},
    {"mailbox", TO_MAILBOX, false},
    {"assignee", TO_ASSIGNEE, false},
    {"subject", TO_SUBJECT, false},
    {"requester", TO_REQUESTER, false},
    {"organization", TO_ORGANIZATION, false},
    {"tag", TO_TAG, true},
    {"cc", TO_CC, true},
    {"follower", TO_FOLLOWER, true},
    {"token", TO_TOKEN, false},
    {"snoozed_until", TO_SNOOZE, false},
    {"external_id", TO_REF, false},
    {"time", TO_TIME, true},
    {"snooze_keep", TO_SNOOZE_KEEP, false},
    {NULL, 0, false},
};
static const char *const key_names[] = {"status", "phase", "priority", "kind", "channel",
    "queue", "mailbox", "assignee", "subject", "requester", "organization", "tag", "cc",
    "follower", "token", "snoozed_until", "external_id", "time", "snooze_keep", NULL};
static const char *const truth[] = {"true", "false", NULL};
static const char *const phase_values[] = {"normal", "spam", "deleted", NULL};
static const struct key field_key = {"field", TO_FIELD, false};

static const struct key *
find_key(const char *name)
{
	if (text_starts(name, "field."))
		return &field_key;
	for (const struct key *k = keys; k->name != NULL; k++) {
		if (strcmp(k->name, name) == 0)
			return k;
	}
	return NULL;
}

/* ---- values of fields ---- */

static bool
whole_match(const char *pattern, const char *value)
{
	int number;
	size_t at;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &number, &at, NULL);
	pcre2_match_data *data;
	int n;

	if (code == NULL)
		return false;
	data = pcre2_match_data_create(1, NULL);
	n = pcre2_match(code, (PCRE2_SPTR)value, strlen(value), 0, 0, data, NULL);
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	return n >= 0;
}

enum rc
field_check(void *ctx, const struct field *f, const char *value, const char *zone,
    const char **normal, bool *has_num, double *num, struct err *err)
{
	int64_t ms;
	char *end;

	*has_num = false;
	*normal = text_clean(ctx, value, strlen(value), TEXT_LINE, VALUE_MAX);
	if (strcmp(f->type, "number") == 0) {
		*num = strtod(value, &end);
		if (end == value || *end != '\0' ||
		    strspn(value, "0123456789+-.eE") != strlen(value))
			return err_fail(err, RC_USAGE,
			    "field \"%s\": \"%s\" is not a number", f->name, value);
		*has_num = true;
		if (*num == (double)(int64_t)*num)
			*normal = talloc_asprintf(ctx, "%lld", (long long)*num);
	} else if (strcmp(f->type, "date") == 0) {
		if (!instant_parse_any(value, zone, &ms))
			return err_fail(err, RC_USAGE,
			    "field \"%s\": \"%s\" is no date: use 2026-11-01 or RFC 3339",
			    f->name, value);
		*has_num = true;
		*num = (double)ms;
	} else if (strcmp(f->type, "boolean") == 0) {
		if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
			return err_fail(err, RC_USAGE,
			    "field \"%s\": \"%s\" is not true or false", f->name, value);
	} else if (strcmp(f->type, "choice") == 0) {
		if (word_index(f->values, value) < 0)
			return err_fail(err, RC_USAGE,
			    "field \"%s\": \"%s\" is not one of its values%s", f->name,
			    value, text_hint(ctx, value, f->values));
	} else if (strcmp(f->type, "pattern") == 0) {
		if (!whole_match(f->pattern, value))
			return err_fail(err, RC_USAGE,
			    "field \"%s\": \"%s\" does not match %s", f->name, value,
			    f->pattern);
	}
	return RC_OK;
}

/* ---- parsing ---- */

static enum rc
check_word(void *ctx, const char *what, const char *value, const char *const *names,
    struct err *err)
{
	if (word_index(names, value) >= 0)
		return RC_OK;
	return err_fail(err, RC_USAGE, "%s \"%s\": no such %s%s", what, value, what,
	    text_hint(ctx, value, names));
}

static enum rc
check_tag(const char *value, struct err *err)
{
	if (*value == '\0' || strlen(value) > NAME_MAX_BYTES ||
	    strpbrk(value, " \t\n,\"") != NULL || *value == '-')
		return err_fail(err, RC_USAGE,
		    "tag \"%s\": at most %d bytes without blanks, commas or quotes",
		    value, NAME_MAX_BYTES);
	return RC_OK;
}

static enum rc
check_address(void *ctx, const char **value, struct err *err)
{
	struct person_address a;
	enum rc rc = address_parse(ctx, *value, &a, err);

	if (rc != RC_OK) {
		err->rc = RC_USAGE;
		return RC_USAGE;
	}
	if (strcmp(a.kind, "email") == 0)
		*value = a.value;
	return RC_OK;
}

static enum rc
check_field(void *ctx, const char *name, const struct config *c, const char **value,
    struct err *err)
{
	const struct field *f = config_field(c, name);
	bool has_num;
	double num;

	if (f == NULL)
		return err_fail(err, RC_USAGE, "field \"%s\": no such field%s", name,
		    text_hint(ctx, name, config_names(ctx, c, NAME_FIELD)));
	if (**value == '\0')
		return RC_OK;
	return field_check(ctx, f, *value, c->timezone, value, &has_num, &num, err);
}

static enum rc
check(void *ctx, const struct key *k, const char *key, const struct config *c,
    const char **value, struct err *err)
{
	int64_t ms;

	switch (k->target) {
	case TO_STATUS:
		return check_word(ctx, "status", *value, config_statuses(ctx, c), err);
	case TO_PHASE:
		return check_word(ctx, "phase", *value, phase_values, err);
	case TO_PRIORITY:
		return check_word(ctx, "priority", *value, priority_names, err);
	case TO_KIND:
		return check_word(ctx, "kind", *value, kind_names, err);
	case TO_CHANNEL:
		return check_word(ctx, "channel", *value, channel_names, err);
	case TO_QUEUE:
		return check_word(
		    ctx, "queue", *value, config_names(ctx, c, NAME_QUEUE), err);
	case TO_MAILBOX:
		return check_word(
		    ctx, "mailbox", *value, config_names(ctx, c, NAME_MAILBOX), err);
	case TO_ASSIGNEE:
		if (**value == '\0' || strcmp(*value, "none") == 0 ||
		    strcmp(*value, "me") == 0)
			return RC_OK;
		return check_word(
		    ctx, "agent", *value, config_names(ctx, c, NAME_AGENT), err);
	case TO_FOLLOWER:
		return check_word(
		    ctx, "agent", *value, config_names(ctx, c, NAME_AGENT), err);
	case TO_TAG:
		return check_tag(*value, err);
	case TO_CC:
	case TO_REQUESTER:
		return check_address(ctx, value, err);
	case TO_FIELD:
		return check_field(ctx, key + 6, c, value, err);
	case TO_SUBJECT:
		*value = text_clean(ctx, *value, strlen(*value), TEXT_LINE, SUBJECT_MAX);
		return **value ? RC_OK
			       : err_fail(err, RC_USAGE, "a subject cannot be empty");
	case TO_TOKEN:
		return strcmp(*value, "new") == 0
			   ? RC_OK
			   : err_fail(err, RC_USAGE,
				 "token \"%s\": only token=new is possible", *value);
	case TO_SNOOZE:
		if (**value == '\0' || instant_parse_any(*value, c->timezone, &ms))
			return RC_OK;
		return err_fail(err, RC_USAGE, "snoozed_until \"%s\" is no time", *value);
	case TO_TIME:
		if (duration_parse(*value, &ms) && ms >= 1000)
			return RC_OK;
		return err_fail(
		    err, RC_USAGE, "time \"%s\" is no duration: use 15m, 1h30m", *value);
	case TO_SNOOZE_KEEP:
		return check_word(ctx, "snooze_keep", *value, truth, err);
	case TO_ORGANIZATION:
	case TO_REF:
		*value = text_clean(ctx, *value, strlen(*value), TEXT_LINE, VALUE_MAX);
		return RC_OK;
	}
	return RC_OK;
}

enum rc
changes_add(void *ctx, const char *key, enum change_op op, const char *value,
    const struct config *c, struct changes *out, struct err *err)
{
	const struct key *k = find_key(key);
	enum rc rc;

	if (k == NULL)
		return err_fail(err, RC_USAGE, "\"%s\" cannot be set%s", key,
		    text_hint(ctx, key, key_names));
	if (op != CHANGE_SET && !k->many)
		return err_fail(
		    err, RC_USAGE, "%s holds one value: use %s=VALUE", key, key);
	if (op == CHANGE_SET && k->many)
		return err_fail(err, RC_USAGE,
		    "%s holds many values: use %s+=VALUE or %s-=VALUE", key, key, key);
	if (out->n >= CHANGES_MAX)
		return err_fail(err, RC_USAGE, "more than %d changes", CHANGES_MAX);
	value = talloc_strdup(ctx, value);
	rc = check(ctx, k, key, c, &value, err);
	if (rc != RC_OK)
		return rc;
	out->v = mem_grow(ctx, out->v, struct change, out->n + 1);
	out->v[out->n++] = (struct change){talloc_strdup(ctx, key), op, value};
	return RC_OK;
}

enum rc
change_word(void *ctx, const char *word, const char **key, enum change_op *op,
    const char **value, struct err *err)
{
	size_t n = strcspn(word, "=");

	*op = CHANGE_SET;
	if (word[n] == '\0' || n == 0)
		return err_fail(
		    err, RC_USAGE, "\"%s\" is not of the form field=value", word);
	*value = word + n + 1;
	if (word[n - 1] == '+' || word[n - 1] == '-') {
		n--;
		*op = word[n] == '+' ? CHANGE_ADD : CHANGE_REMOVE;
	}
	*key = talloc_strndup(ctx, word, n);
	return RC_OK;
}

enum rc
changes_add_word(void *ctx, const char *word, const struct config *c, struct changes *out,
    struct err *err)
{
	const char *key, *value;
	enum change_op op;
	enum rc rc = change_word(ctx, word, &key, &op, &value, err);

	return rc == RC_OK ? changes_add(ctx, key, op, value, c, out, err) : rc;
}

enum rc
changes_parse(void *ctx, const char *text, const struct config *c, struct changes *out,
    struct err *err)
{
	char *word = NULL;
	enum rc rc;

	while ((rc = text_word(ctx, &text, &word, err)) == RC_OK) {
		rc = changes_add_word(ctx, word, c, out, err);
		if (rc != RC_OK)
			return rc;
	}
	return rc == RC_NONE ? RC_OK : rc;
}

char *
changes_print(void *ctx, const struct changes *c)
{
	static const char *const ops[] = {"=", "+=", "-="};
	char *s = talloc_strdup(ctx, "");

	for (size_t i = 0; i < c->n; i++) {
		const char *v = c->v[i].value;
		bool quote = strpbrk(v, " \t\"'\\") != NULL;

		s = talloc_asprintf_append_buffer(s, "%s%s%s%s", i ? " " : "",
		    c->v[i].key, ops[c->v[i].op], quote ? "\"" : "");
		for (; *v != '\0'; v++)
			s = talloc_asprintf_append_buffer(s, "%s%c",
			    quote && (*v == '"' || *v == '\\') ? "\\" : "", *v);
		if (quote)
			s = talloc_asprintf_append_buffer(s, "\"");
	}
	return s;
}

const char *
changes_value(const struct changes *c, const char *key)
{
	for (size_t i = c->n; i > 0; i--) {
		if (strcmp(c->v[i - 1].key, key) == 0)
			return c->v[i - 1].value;
	}
	return NULL;
}

/* ---- applying ---- */

static enum phase
phase_of(const struct config *c, const struct ticket *t)
{
	const struct status *s =
	    lifecycle_status(queue_lifecycle(c, t->queue), t->status);

	return s ? s->phase : status_phase(t->status);
}

static void
enter_status(const struct config *c, struct ticket *t, const char *status, enum phase was,
    int64_t now)
{
	enum phase is;

	t->status = status;
	is = phase_of(c, t);
	if (t->phase < PHASE_MERGED)
		t->phase = is;
	if (is >= PHASE_RESOLVED &&
	    (was < PHASE_RESOLVED || t->solved_at == INSTANT_NONE)) {
		t->solved_at = now;
	} else if (is < PHASE_RESOLVED) {
		t->reopened += was >= PHASE_RESOLVED;
		t->solved_at = INSTANT_NONE;
	}
}

static enum rc
set_status(void *ctx, const struct config *c, struct ticket *t, const char *status,
    int64_t now, struct err *err)
{
	const struct lifecycle *l = queue_lifecycle(c, t->queue);

	if (lifecycle_status(l, status) == NULL)
		return err_fail(err, RC_USAGE,
		    "status \"%s\": queue \"%s\" does not have it%s", status, t->queue,
		    text_hint(ctx, status, lifecycle_names(ctx, l)));
	enter_status(c, t, status, phase_of(c, t), now);
	return RC_OK;
}

/* Another queue may have another lifecycle: the status becomes its nearest there. */
static void
set_queue(const struct config *c, struct ticket *t, const char *queue, int64_t now)
{
	const struct lifecycle *from = queue_lifecycle(c, t->queue),
			       *to = queue_lifecycle(c, queue);
	enum phase was = phase_of(c, t);

	t->queue = queue;
	if (from != to)
		enter_status(c, t, lifecycle_fit(from, to, t->status), was, now);
}

static enum rc
set_phase(const struct config *c, struct ticket *t, const char *phase, struct err *err)
{
	if (t->phase == PHASE_MERGED)
		return err_fail(err, RC_USAGE, "it is merged into ticket %lld",
		    (long long)t->merged_into);
	if (strcmp(phase, "normal") == 0)
		t->phase = phase_of(c, t);
	else
		t->phase = word_index(phase_names, phase);
	return RC_OK;
}

static enum rc
set_field(void *ctx, const struct config *config, const char *name, const char *value,
    struct ticket *t, struct err *err)
{
	const struct field *f = config_field(config, name);
	const char *normal;
	bool has_num;
	double num;
	enum rc rc;

	if (*value == '\0') {
		ticket_set_field(ctx, t, name, NULL, NULL);
		return RC_OK;
	}
	if (f == NULL)
		return err_fail(err, RC_USAGE, "field \"%s\": no such field", name);
	if (f->queues[0] != NULL && word_index(f->queues, t->queue) < 0)
		return err_fail(err, RC_USAGE, "field \"%s\" is not for queue \"%s\"",
		    name, t->queue);
	rc = field_check(ctx, f, value, config->timezone, &normal, &has_num, &num, err);
	if (rc == RC_OK)
		ticket_set_field(ctx, t, name, normal, has_num ? &num : NULL);
	return rc;
}

static enum rc
set_many(void *ctx, const struct key *k, const struct change *c, struct ticket *t,
    struct err *err)
{
	const char *role = k->target == TO_CC ? "cc" : "follower";

	if (k->target == TO_TAG && c->op == CHANGE_ADD) {
		if (!ticket_add_tag(ctx, t, c->value) && !ticket_has_tag(t, c->value))
			return err_fail(
			    err, RC_USAGE, "it has %d tags already", TAGS_MAX);
	} else if (k->target == TO_TAG) {
		ticket_remove_tag(ctx, t, c->value);
	} else if (c->op == CHANGE_ADD) {
		ticket_add_person(ctx, t, role, c->value, true);
	} else {
		ticket_remove_person(ctx, t, role, c->value);
	}
	return RC_OK;
}

static enum rc
set_assignee(struct ticket *t, const char *value, const char *me, struct err *err)
{
	if (strcmp(value, "none") == 0)
		value = "";
	if (strcmp(value, "me") == 0) {
		if (me == NULL)
			return err_fail(
			    err, RC_USAGE, "\"me\" is nobody here: say --as AGENT");
		/* Two agents cannot take one ticket: the second is told who was first. */
		if (*t->assignee != '\0' && strcmp(t->assignee, me) != 0)
			return err_fail(err, RC_NONE, "%s has it", t->assignee);
		value = me;
	}
	t->assignee = value;
	return RC_OK;
}

/* Whole seconds of work. */
static enum rc
add_time(struct ticket *t, const struct change *c, struct err *err)
{
	int64_t ms = 0;

	(void)duration_parse(c->value, &ms);
	ms = c->op == CHANGE_ADD ? ms / 1000 : -(ms / 1000);
	if (t->time_spent_s + ms < 0)
		return err_fail(err, RC_USAGE, "only %lld minutes were spent on it",
		    (long long)(t->time_spent_s / 60));
	t->time_spent_s += ms;
	return RC_OK;
}

enum rc
changes_apply(void *ctx, const struct changes *c, const struct config *config,
    const char *me, int64_t now, struct ticket *t, struct err *err)
{
	const char *queue = changes_value(c, "queue");
	enum rc rc = RC_OK;

	/* First, whatever the order: it says which statuses and fields there are. */
	if (queue != NULL)
		set_queue(config, t, queue, now);
	for (size_t i = 0; rc == RC_OK && i < c->n; i++) {
		const struct key *k = find_key(c->v[i].key);
		const char *v = c->v[i].value;

		switch (k->target) {
		case TO_STATUS:
			rc = set_status(ctx, config, t, v, now, err);
			break;
		case TO_PHASE:
			rc = set_phase(config, t, v, err);
			break;
		case TO_PRIORITY:
			t->priority = word_index(priority_names, v);
			break;
		case TO_KIND:
			t->kind = v;
			break;
		case TO_CHANNEL:
			t->channel = v;
			break;
		case TO_QUEUE:
			break; /* done */
		case TO_MAILBOX:
			t->mailbox = v;
			break;
		case TO_ASSIGNEE:
			rc = set_assignee(t, v, me, err);
			break;
		case TO_SUBJECT:
			t->subject = v;
			break;
		case TO_TOKEN:
			t->token_gen++;
			break;
		case TO_SNOOZE:
			t->snoozed_until = INSTANT_NONE;
			if (*v == '\0')
				t->snooze_keep = 0;
			else
				(void)instant_parse_any(
				    v, config->timezone, &t->snoozed_until);
			break;
		case TO_SNOOZE_KEEP:
			t->snooze_keep = strcmp(v, "true") == 0;
			break;
		case TO_TIME:
			rc = add_time(t, &c->v[i], err);
			break;
		case TO_REF:
			t->external_id = *v ? v : NULL;
			break;
		case TO_FIELD:
			rc = set_field(ctx, config, c->v[i].key + 6, v, t, err);
			break;
		case TO_TAG:
		case TO_CC:
		case TO_FOLLOWER:
			rc = set_many(ctx, k, &c->v[i], t, err);
			break;
		case TO_REQUESTER:
		case TO_ORGANIZATION:
			break; /* lib/change looks these up */
		}
	}
	return rc;
}
