/* Drafts and attachments: what is made ready before the writer's turn. */
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include <pwd.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/compose.h"
#include "change/visitor.h"

/* ---- attachments ---- */

char *
attachment_name(void *ctx, const char *name)
{
	const char *slash = strrchr(name, '/'), *back;
	char *s;

	if (slash != NULL && slash[1] != '\0')
		name = slash + 1;
	back = strrchr(name, '\\');
	if (back != NULL && back[1] != '\0')
		name = back + 1;
	while (*name == '.')
		name++;
	s = text_clean(ctx, name, strlen(name), TEXT_LINE, FILE_NAME_MAX);
	return *s ? s : talloc_strdup(ctx, "attachment");
}

const char *
media_type_of(const char *name, const void *data, size_t n)
{
	static const struct {
		const char *ending, *type;
	} endings[] = {{".txt", "text/plain"}, {".log", "text/plain"},
	    {".md", "text/markdown"}, {".html", "text/html"}, {".csv", "text/csv"},
	    {".json", "application/json"}, {".xml", "application/xml"},
	    {".eml", "message/rfc822"}, {".ics", "text/calendar"},
	    {".svg", "image/svg+xml"},
	    {".docx", "application/"
		      "vnd.openxmlformats-officedocument.wordprocessingml.document"},
	    {".xlsx",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}};
	static const struct {
		const char *bytes;
		size_t n;
		const char *type;
	} magic[] = {{"\x89PNG\r\n", 6, "image/png"}, {"\xff\xd8\xff", 3, "image/jpeg"},
	    {"GIF8", 4, "image/gif"}, {"%PDF-", 5, "application/pdf"},
	    {"\x1f\x8b", 2, "application/gzip"},
	    {"\x28\xb5\x2f\xfd", 4, "application/zstd"}};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++) {
		if (n >= magic[i].n && memcmp(data, magic[i].bytes, magic[i].n) == 0)
			return magic[i].type;
	}
	for (size_t i = 0; dot != NULL && i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (strcasecmp(dot, endings[i].ending) == 0)
			return endings[i].type;
	}
	if (n >= 4 && memcmp(data, "PK\3\4", 4) == 0)
		return "application/zip";
	return "application/octet-stream";
}

enum rc
attachment_put(struct store *s, void *ctx, const char *name, const char *media_type,
    const void *data, size_t n, struct attachment *a, struct err *err)
{
	a->name = attachment_name(ctx, name);
	a->media_type = media_type ? media_type : media_type_of(a->name, data, n);
	a->size = (int64_t)n;
	return blob_put(s, data, n, a->sha256, err);
}

/* ---- drafts from records ---- */

/* Record keys that are changes of the same name. */
static const char *const plain_keys[] = {
    "queue", "mailbox", "status", "priority", "kind", "assignee", "organization", NULL};

static enum rc
plain_changes(
    void *ctx, const struct config *c, json_t *o, struct draft *d, struct err *err)
{
	enum rc rc = RC_OK;

	for (const char *const *k = plain_keys; rc == RC_OK && *k != NULL; k++) {
		const char *v = NULL;

		rc = record_text(o, *k, &v, err);
		if (rc == RC_OK && v != NULL)
			rc = changes_add(ctx, *k, CHANGE_SET, v, c, &d->changes, err);
	}
	return rc;
}

static enum rc
list_changes(void *ctx, const struct config *c, json_t *o, const char *key,
    const char *to, struct draft *d, struct err *err)
{
	json_t *list = NULL, *v;
	size_t i;
	enum rc rc = record_array(o, key, &list, err);

	if (rc != RC_OK)
		return rc;
	json_array_foreach(list, i, v)
	{
		if (!json_is_string(v))
			return err_fail(err, RC_INVALID, "\"%s\" must hold strings", key);
		rc = changes_add(
		    ctx, to, CHANGE_ADD, json_string_value(v), c, &d->changes, err);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc
field_changes(
    void *ctx, const struct config *c, json_t *o, struct draft *d, struct err *err)
{
	json_t *fields = NULL, *v;
	const char *key;
	enum rc rc = record_object(o, "fields", &fields, err);

	if (rc != RC_OK)
		return rc;
	json_object_foreach(fields, key, v)
	{
		char *text;

		if (json_is_null(v))
			continue;
		if (json_is_string(v))
			text = talloc_strdup(ctx, json_string_value(v));
		else if (json_is_object(v) || json_is_array(v))
			return err_fail(
			    err, RC_INVALID, "field \"%s\" must be one value", key);
		else if (json_is_boolean(v))
			text = talloc_strdup(ctx, json_is_true(v) ? "true" : "false");
		else if (json_is_integer(v))
			text = talloc_asprintf(
			    ctx, "%lld", (long long)json_integer_value(v));
		else
			text = talloc_asprintf(ctx, "%.17g", json_real_value(v));
		rc = changes_add(ctx, talloc_asprintf(ctx, "field.%s", key), CHANGE_SET,
		    text, c, &d->changes, err);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc
requester(void *ctx, const struct desk *desk, json_t *o, struct draft *d, struct err *err)
{
	json_t *r = json_object_get(o, "requester");
	const char *name = NULL, *address = NULL;
	struct passwd *pw;
	enum rc rc = RC_OK;

	if (json_is_string(r)) {
		address = json_string_value(r);
	} else if (json_is_object(r)) {
		rc = record_text(r, "name", &name, err);
		if (rc == RC_OK)
			rc = record_text(r, "address", &address, err);
	} else if (r != NULL && !json_is_null(r)) {
		return err_fail(
		    err, RC_INVALID, "\"requester\" must be an address or an object");
	}
	if (rc != RC_OK)
		return rc;
	if (address == NULL && desk->actor.agent != NULL &&
	    *desk->actor.agent->email != '\0') {
		address = desk->actor.agent->email;
		name = desk->actor.agent->full_name;
	}
	if (address != NULL) {
		rc = address_parse(ctx, address, &d->requester, err);
	} else {
		pw = getpwuid(getuid());
		d->requester = (struct person_address){
		    "", "unix", talloc_strdup(ctx, pw ? pw->pw_name : "nobody")};
	}
	if (rc == RC_OK && name != NULL)
		d->requester.name =
		    text_clean(ctx, name, strlen(name), TEXT_LINE, SUBJECT_MAX);
	return rc;
}

static enum rc
texts(void *ctx, const struct desk *desk, json_t *o, struct draft *d, struct err *err)
{
	const char *subject = NULL, *body = NULL, *external = NULL, *quoted = NULL;
	enum rc rc = record_text(o, "subject", &subject, err);

	if (rc == RC_OK)
		rc = record_text(o, "body", &body, err);
	if (rc == RC_OK)
		rc = record_text(o, "quoted", &quoted, err);
	if (rc == RC_OK)
		rc = record_text(o, "external_id", &external, err);
	if (rc == RC_OK)
		rc = record_instant(o, "created_at", &d->created_at, err);
	if (rc != RC_OK)
		return rc;
	body = body ? body : "";
	quoted = quoted ? quoted : "";
	rc = compose_body(desk->store, ctx, &d->message, body, strlen(body), err);
	if (rc != RC_OK)
		return rc;
	d->message.quoted = text_clean(ctx, quoted, strlen(quoted), TEXT_BLOCK, BODY_MAX);
	if (subject != NULL)
		d->subject =
		    text_clean(ctx, subject, strlen(subject), TEXT_LINE, SUBJECT_MAX);
	if (subject == NULL || *d->subject == '\0')
		return err_fail(err, RC_INVALID, "\"subject\" is missing");
	if (external != NULL)
		d->external_id =
		    text_clean(ctx, external, strlen(external), TEXT_LINE, VALUE_MAX);
	return RC_OK;
}

/* Whom a site vouches for, is who asks; where they were is a note. */
static enum rc
visitor(void *ctx, const struct desk *desk, json_t *o, struct draft *d, struct err *err)
{
	struct visitor *v = NULL;
	char *note = NULL;
	enum rc rc = visitor_read(ctx, desk, o, &v, err);

	if (rc == RC_OK)
		rc = visitor_context(ctx, o, v, &note, err);
	d->note = note;
	if (rc != RC_OK || v == NULL)
		return rc;
	if (json_object_get(o, "requester") != NULL)
		return err_fail(err, RC_INVALID,
		    "the visitor is who asks: no \"requester\" beside \"visitor\"");
	if (d->channel == NULL)
		d->channel = "web";
	d->requester = v->who;
	if (!v->proven)
		d->message.flags |= MESSAGE_UNVERIFIED;
	d->visitor = v;
	if (v->site != NULL && v->site->queue != NULL &&
	    json_object_get(o, "queue") == NULL)
		rc = changes_add(ctx, "queue", CHANGE_SET, v->site->queue, desk->config,
		    &d->changes, err);
	return rc;
}

enum rc
draft_from_json(
    void *ctx, const struct desk *desk, json_t *o, struct draft *d, struct err *err)
{
	const struct config *c = desk->config;
	const char *channel = NULL;
	enum rc rc;

	*d = (struct draft){0};
	rc = texts(ctx, desk, o, d, err);
	if (rc == RC_OK)
		rc = record_text(o, "channel", &channel, err);
	if (rc == RC_OK && channel != NULL && word_index(channel_names, channel) < 0)
		rc = err_fail(err, RC_INVALID, "channel \"%s\": no such channel%s",
		    channel, text_hint(ctx, channel, channel_names));
	if (rc == RC_OK && channel != NULL)
		d->channel = talloc_strdup(ctx, channel);
	if (rc == RC_OK)
		rc = requester(ctx, desk, o, d, err);
	if (rc == RC_OK)
		rc = visitor(ctx, desk, o, d, err);
	if (rc == RC_OK)
		rc = plain_changes(ctx, c, o, d, err);
	if (rc == RC_OK)
		rc = list_changes(ctx, c, o, "tags", "tag", d, err);
	if (rc == RC_OK)
		rc = list_changes(ctx, c, o, "cc", "cc", d, err);
	if (rc == RC_OK)
		rc = field_changes(ctx, c, o, d, err);
	if (rc == RC_USAGE) /* in a record it is bad data */
		err->rc = rc = RC_INVALID;
	return rc;
}
