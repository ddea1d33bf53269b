/* Records and rows -> tickets to import. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "exchange/import.h"

enum rc
import_instant(const char *text, int64_t *ms, struct err *err)
{
	char buf[40];
	size_t n = text ? strlen(text) : 0;

	*ms = INSTANT_NONE;
	if (n == 0)
		return RC_OK;
	if (instant_parse_any(text, "UTC", ms))
		return RC_OK;
	/* As databases print it: a blank for the T, and no zone. */
	if (n >= 16 && n < sizeof(buf) - 5 && (text[10] == ' ' || text[10] == 'T')) {
		memcpy(buf, text, n + 1);
		buf[10] = 'T';
		if (n == 16)
			memcpy(buf + n, ":00Z", 5);
		else
			memcpy(buf + n, "Z", 2);
		if (instant_parse(buf, ms))
			return RC_OK;
	}
	return err_fail(err, RC_INVALID, "\"%s\" is no time", text);
}

void
import_change(struct import_ctx *c, struct import_ticket *t, const char *key,
    enum change_op op, const char *value)
{
	struct err no;

	if (value != NULL && *value != '\0' &&
	    changes_add(c->ctx, key, op, value, c->desk->config, &t->changes, &no) !=
		RC_OK)
		c->left_out++;
}

static const char *
status_of_phase(const struct lifecycle *l, const char *phase)
{
	int want = phase ? word_index(phase_names, phase) : -1;

	for (size_t i = 0; want >= 0 && i < l->nstatuses; i++) {
		if ((int)l->statuses[i].phase == want)
			return l->statuses[i].name;
	}
	return NULL;
}

enum rc
import_place(struct import_ctx *c, struct import_ticket *t, const char *queue,
    const char *status, const char *phase, struct err *err)
{
	const struct config *config = c->desk->config;
	const struct lifecycle *l;
	enum rc rc = RC_OK;

	if (c->queue != NULL)
		queue = c->queue;
	if (queue == NULL || *queue == '\0')
		queue = config->queues[0].name;
	rc = changes_add(c->ctx, "queue", CHANGE_SET, queue, config, &t->changes, err);
	l = queue_lifecycle(config, queue);
	if (status != NULL && lifecycle_status(l, status) == NULL)
		status = status_of_phase(l, phase) ? status_of_phase(l, phase) : status;
	if (rc == RC_OK && status != NULL && *status != '\0')
		rc = changes_add(
		    c->ctx, "status", CHANGE_SET, status, config, &t->changes, err);
	if (rc == RC_OK && phase != NULL &&
	    (strcmp(phase, "spam") == 0 || strcmp(phase, "deleted") == 0))
		rc = changes_add(
		    c->ctx, "phase", CHANGE_SET, phase, config, &t->changes, err);
	return rc == RC_USAGE ? (err->rc = RC_INVALID) : rc;
}

/* ---- parts of a record ---- */

static const char *
text_of(struct import_ctx *c, json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_integer(v))
		return talloc_asprintf(c->ctx, "%lld", (long long)json_integer_value(v));
	return NULL;
}

static enum rc
instant_of(struct import_ctx *c, json_t *o, const char *key, int64_t *ms, struct err *err)
{
	enum rc rc = import_instant(text_of(c, o, key), ms, err);

	return rc == RC_OK ? rc : err_wrap(err, "%s", key);
}

/* "ann@example.com", "Ann <ann@example.com>", {"name":..., "address":..., "kind":...} */
static enum rc
requester_of(struct import_ctx *c, json_t *o, struct person_address *a, struct err *err)
{
	json_t *who = json_object_get(o, "requester");
	const char *text = json_string_value(who),
		   *name = text_of(c, o, "requester_name"), *kind = NULL;
	enum rc rc;

	if (json_is_object(who)) {
		text = text_of(c, who, "address");
		name = text_of(c, who, "name");
		kind = text_of(c, who, "kind");
		if (text != NULL && kind != NULL && strcmp(kind, "email") != 0)
			text = talloc_asprintf(c->ctx, "%s:%s", kind, text);
	}
	/* Nobody to write to: RFC 6761 keeps this one free. */
	if (text == NULL || *text == '\0')
		text = "unknown@invalid";
	rc = address_parse(c->ctx, text, a, err);
	if (rc == RC_OK && name != NULL && *name != '\0')
		a->name = text_clean(c->ctx, name, strlen(name), TEXT_LINE, SUBJECT_MAX);
	return rc;
}

/* A list, or a text with commas, semicolons or blanks between. */
static void
tags_of(struct import_ctx *c, json_t *o, struct import_ticket *t)
{
	json_t *v = json_object_get(o, "tags"), *e;
	char *copy, *save = NULL;
	size_t i;

	json_array_foreach(v, i, e)
	    import_change(c, t, "tag", CHANGE_ADD, json_string_value(e));
	if (!json_is_string(v))
		return;
	copy = talloc_strdup(c->ctx, json_string_value(v));
	for (char *w = strtok_r(copy, ",; ", &save); w != NULL;
	     w = strtok_r(NULL, ",; ", &save))
		import_change(c, t, "tag", CHANGE_ADD, w);
}

static void
fields_of(struct import_ctx *c, json_t *o, struct import_ticket *t)
{
	json_t *fields = json_object_get(o, "fields"), *v;
	const char *name;

	json_object_foreach(fields, name, v)
	{
		const char *text = text_of(c, fields, name);

		if (json_is_boolean(v))
			text = json_is_true(v) ? "true" : "false";
		if (json_is_real(v))
			text = talloc_asprintf(c->ctx, "%.15g", json_real_value(v));
		import_change(
		    c, t, talloc_asprintf(c->ctx, "field.%s", name), CHANGE_SET, text);
	}
}

static void
people_of(struct import_ctx *c, json_t *o, struct import_ticket *t)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(o, "cc"), i, v)
	    import_change(c, t, "cc", CHANGE_ADD, json_string_value(v));
	json_array_foreach(json_object_get(o, "followers"), i, v)
	    import_change(c, t, "follower", CHANGE_ADD, json_string_value(v));
}

static enum rc
instants_of(struct import_ctx *c, json_t *o, struct import_ticket *t, struct err *err)
{
	enum rc rc = instant_of(c, o, "created_at", &t->created_at, err);

	if (rc == RC_OK)
		rc = instant_of(c, o, "updated_at", &t->updated_at, err);
	return rc == RC_OK ? instant_of(c, o, "solved_at", &t->solved_at, err) : rc;
}

enum rc
import_from_record(
    struct import_ctx *c, json_t *o, struct import_ticket *t, struct err *err)
{
	const char *subject = text_of(c, o, "subject"), *body = text_of(c, o, "body"),
		   *external = text_of(c, o, "external_id");
	enum rc rc;

	*t = (struct import_ticket){0};
	rc = requester_of(c, o, &t->requester, err);
	if (rc == RC_OK && subject == NULL && body == NULL)
		rc = err_fail(err, RC_INVALID, "neither subject nor body");
	if (rc == RC_OK)
		rc = instants_of(c, o, t, err);
	if (rc == RC_OK)
		rc = import_place(c, t, text_of(c, o, "queue"), text_of(c, o, "status"),
		    text_of(c, o, "phase"), err);
	if (rc != RC_OK)
		return rc;
	t->external_id = external;
	t->subject = text_clean(c->ctx, subject ? subject : "",
	    subject ? strlen(subject) : 0, TEXT_LINE, SUBJECT_MAX);
	t->channel = text_of(c, o, "channel");
	if (t->channel != NULL && word_index(channel_names, t->channel) < 0)
		t->channel = NULL;
	t->time_spent_s = json_integer_value(json_object_get(o, "time_spent_s"));
	import_change(c, t, "priority", CHANGE_SET, text_of(c, o, "priority"));
	import_change(c, t, "kind", CHANGE_SET, text_of(c, o, "kind"));
	import_change(c, t, "assignee", CHANGE_SET, text_of(c, o, "assignee"));
	import_change(c, t, "organization", CHANGE_SET, text_of(c, o, "organization"));
	tags_of(c, o, t);
	fields_of(c, o, t);
	people_of(c, o, t);
	if (body != NULL) {
		t->messages = mem_array(c->ctx, struct import_message, 1);
		t->nmessages = 1;
		t->messages[0].from = t->requester;
		t->messages[0].m.body =
		    text_clean(c->ctx, body, strlen(body), TEXT_BLOCK, BODY_MAX);
		t->messages[0].m.created_at = t->created_at;
		if (external != NULL)
			t->messages[0].m.external_id =
			    talloc_asprintf(c->ctx, "%s:body", external);
	}
	return RC_OK;
}
