/* Zendesk's ticket export: pages {"tickets": [...], "users": [...]} of the incremental
 * API, or a ticket a line as in its JSON export; comments stand in their tickets. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "exchange/import.h"

static void
remember(json_t *map, json_t *list)
{
	json_t *e;
	size_t i;
	char key[32];

	json_array_foreach(list, i, e)
	{
		snprintf(key, sizeof(key), "%lld",
		    (long long)json_integer_value(json_object_get(e, "id")));
		json_object_set(map, key, e);
	}
}

void
import_zendesk_people(struct import_ctx *c, json_t *page)
{
	remember(c->users, json_object_get(page, "users"));
	remember(c->organizations, json_object_get(page, "organizations"));
}

/* What stands in the ticket itself, or was sent along with it. */
static json_t *
who(struct import_ctx *c, json_t *o, const char *nested, const char *id)
{
	json_t *in = json_object_get(o, nested), *n = json_object_get(o, id);
	char key[32];

	if (json_is_object(in))
		return in;
	snprintf(key, sizeof(key), "%lld", (long long)json_integer_value(n));
	return json_object_get(c->users, key);
}

static const char *
string(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static bool
is_agent(json_t *user)
{
	const char *role = string(user, "role");

	return role != NULL && strcmp(role, "end-user") != 0;
}

static enum rc
address(struct import_ctx *c, json_t *user, struct person_address *a, struct err *err)
{
	const char *mail = string(user, "email"), *phone = string(user, "phone"),
		   *name = string(user, "name"), *text = "unknown@invalid";
	enum rc rc;

	if (mail != NULL && *mail != '\0')
		text = mail;
	else if (phone != NULL && *phone == '+')
		text = phone;
	rc = address_parse(c->ctx, text, a, err);
	if (rc == RC_OK && name != NULL)
		a->name = text_clean(c->ctx, name, strlen(name), TEXT_LINE, SUBJECT_MAX);
	return rc;
}

/* An agent of this desk by the address, else by what that address begins with. */
static const char *
agent_name(struct import_ctx *c, json_t *user)
{
	const struct config *config = c->desk->config;
	const char *mail = string(user, "email");
	char *name;

	for (size_t i = 0; mail != NULL && i < config->nagents; i++) {
		if (strcmp(config->agents[i].email, mail) == 0)
			return config->agents[i].name;
	}
	name = text_lower(talloc_strdup(c->ctx, mail ? mail : "unknown"));
	name[strcspn(name, "@")] = '\0';
	return text_is_name(name, NAME_MAX_BYTES) ? name : "unknown";
}

static const char *
channel(json_t *o)
{
	static const struct {
		const char *theirs, *ours;
	} names[] = {{"email", "email"}, {"mail", "email"}, {"web", "web"},
	    {"web_form", "web"}, {"api", "api"}, {"chat", "chat"}, {"messaging", "chat"},
	    {"native_messaging", "chat"}, {"voice", "phone"}, {"phone", "phone"},
	    {"twitter", "social"}, {"facebook", "social"}, {"whatsapp", "social"}};
	const char *v = string(json_object_get(o, "via"), "channel");

	for (size_t i = 0; v != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].theirs, v) == 0)
			return names[i].ours;
	}
	return "email";
}

/* Attachments are only named: their bytes are not in the export. */
static char *
comment_body(struct import_ctx *c, json_t *comment)
{
	const char *text = string(comment, "plain_body");
	json_t *a;
	char *s;
	size_t i;

	if (text == NULL)
		text = string(comment, "body");
	s = talloc_strdup(c->ctx, text ? text : "");
	json_array_foreach(json_object_get(comment, "attachments"), i, a) s =
	    talloc_asprintf_append_buffer(s, "\n[attachment: %s %s]",
		string(a, "file_name") ? string(a, "file_name") : "?",
		string(a, "content_url") ? string(a, "content_url") : "");
	return text_clean(c->ctx, s, strlen(s), TEXT_BLOCK, BODY_MAX);
}

static enum rc
one_comment(struct import_ctx *c, json_t *comment, const struct import_ticket *t,
    struct import_message *m, struct err *err)
{
	json_t *user = who(c, comment, "author", "author_id"),
	       *open = json_object_get(comment, "public");
	bool agent = is_agent(user);
	enum rc rc;

	*m = (struct import_message){.from = t->requester};
	m->m.kind = json_is_false(open) ? "note" : "reply";
	m->m.direction = agent ? "out" : "in";
	m->m.body = comment_body(c, comment);
	m->m.external_id = talloc_asprintf(c->ctx, "zendesk:comment:%lld",
	    (long long)json_integer_value(json_object_get(comment, "id")));
	rc = import_instant(string(comment, "created_at"), &m->m.created_at, err);
	if (rc == RC_OK && agent)
		m->agent = talloc_asprintf(c->ctx, "agent:%s", agent_name(c, user));
	else if (rc == RC_OK && user != NULL)
		rc = address(c, user, &m->from, err);
	return rc;
}

static enum rc
comments(struct import_ctx *c, json_t *o, struct import_ticket *t, struct err *err)
{
	json_t *list = json_object_get(o, "comments"), *e;
	const char *text = string(o, "description");
	size_t i, n = json_array_size(list);
	enum rc rc = RC_OK;

	t->messages = mem_array(c->ctx, struct import_message, n + 1);
	json_array_foreach(list, i, e)
	{
		rc = one_comment(c, e, t, &t->messages[t->nmessages++], err);
		if (rc != RC_OK)
			return err_wrap(err, "comment %zu", i + 1);
	}
	if (n == 0 && text != NULL) {
		t->nmessages = 1;
		t->messages[0] = (struct import_message){.from = t->requester};
		t->messages[0].m.body =
		    text_clean(c->ctx, text, strlen(text), TEXT_BLOCK, BODY_MAX);
		t->messages[0].m.created_at = t->created_at;
		t->messages[0].m.external_id =
		    talloc_asprintf(c->ctx, "%s:description", t->external_id);
	}
	return rc;
}

static void
fields(struct import_ctx *c, json_t *o, struct import_ticket *t)
{
	json_t *list = json_object_get(o, "custom_fields"), *e, *v;
	size_t i;

	json_array_foreach(list, i, e)
	{
		char *key = talloc_asprintf(c->ctx, "field.zendesk-%lld",
		    (long long)json_integer_value(json_object_get(e, "id")));

		v = json_object_get(e, "value");
		if (json_is_string(v))
			import_change(c, t, key, CHANGE_SET, json_string_value(v));
		else if (json_is_boolean(v))
			import_change(
			    c, t, key, CHANGE_SET, json_is_true(v) ? "true" : "false");
		else if (json_is_integer(v))
			import_change(c, t, key, CHANGE_SET,
			    talloc_asprintf(
				c->ctx, "%lld", (long long)json_integer_value(v)));
	}
}

static void
organization(struct import_ctx *c, json_t *o, struct import_ticket *t)
{
	json_t *org = json_object_get(o, "organization");
	char key[32];

	if (!json_is_object(org)) {
		snprintf(key, sizeof(key), "%lld",
		    (long long)json_integer_value(json_object_get(o, "organization_id")));
		org = json_object_get(c->organizations, key);
	}
	import_change(c, t, "organization", CHANGE_SET, string(org, "name"));
}

static enum rc
places(struct import_ctx *c, json_t *o, struct import_ticket *t, struct err *err)
{
	/* Where a queue has other statuses, Zendesk's own say the phase. */
	const char *status = string(o, "status"), *phase = NULL;

	if (status != NULL && strcmp(status, "deleted") == 0) {
		status = NULL;
		phase = "deleted";
	} else if (status != NULL) {
		phase = phase_names[status_phase(status)];
	}
	return import_place(c, t, NULL, status, phase, err);
}

enum rc
import_from_zendesk(
    struct import_ctx *c, json_t *o, struct import_ticket *t, struct err *err)
{
	json_t *id = json_object_get(o, "id"), *tag;
	json_t *assignee = who(c, o, "assignee", "assignee_id");
	const char *subject = string(o, "raw_subject"), *type = string(o, "type");
	size_t i;
	enum rc rc;

	*t = (struct import_ticket){0};
	if (!json_is_integer(id))
		return err_fail(err, RC_INVALID, "a ticket without id");
	t->external_id =
	    talloc_asprintf(c->ctx, "zendesk:%lld", (long long)json_integer_value(id));
	if (subject == NULL)
		subject = string(o, "subject");
	t->subject = text_clean(c->ctx, subject ? subject : "",
	    subject ? strlen(subject) : 0, TEXT_LINE, SUBJECT_MAX);
	t->channel = channel(o);
	rc = address(c, who(c, o, "requester", "requester_id"), &t->requester, err);
	if (rc == RC_OK)
		rc = import_instant(string(o, "created_at"), &t->created_at, err);
	if (rc == RC_OK)
		rc = import_instant(string(o, "updated_at"), &t->updated_at, err);
	if (rc == RC_OK)
		rc = import_instant(string(json_object_get(o, "metric_set"), "solved_at"),
		    &t->solved_at, err);
	if (rc == RC_OK)
		rc = places(c, o, t, err);
	if (rc != RC_OK)
		return rc;
	import_change(c, t, "priority", CHANGE_SET, string(o, "priority"));
	import_change(c, t, "kind", CHANGE_SET, type);
	if (assignee != NULL)
		import_change(c, t, "assignee", CHANGE_SET, agent_name(c, assignee));
	json_array_foreach(json_object_get(o, "tags"), i, tag)
	    import_change(c, t, "tag", CHANGE_ADD, json_string_value(tag));
	organization(c, o, t);
	fields(c, o, t);
	return comments(c, o, t, err);
}
