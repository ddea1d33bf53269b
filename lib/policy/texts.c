/* Canned replies and templates of the applied version, and their values. */
#include "policy/texts.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/mustache.h"
#include "base/record.h"
#include "base/text.h"

extern const char template_reply[], template_update[], template_transcript[],
    template_code[], template_notice[], template_digest[];

struct texts {
	json_t *canned, *templates;
};

/* ---- finding ---- */

static enum rc
part(struct texts *t, struct desk *d, const char *name, json_t **o, struct err *err)
{
	enum rc rc = version_held(d->store, d->config->version, name, o, err);

	/* Applied before there were any. */
	if (rc == RC_NONE || rc == RC_NOTFOUND) {
		*o = json_object();
		rc = RC_OK;
	}
	if (rc == RC_OK)
		record_own(t, *o);
	return rc;
}

enum rc
texts_load(void *ctx, struct desk *d, struct texts **out, struct err *err)
{
	struct texts *t = talloc_zero(ctx, struct texts);
	enum rc rc = part(t, d, "texts:canned", &t->canned, err);

	if (rc == RC_OK)
		rc = part(t, d, "texts:templates", &t->templates, err);
	if (rc == RC_OK)
		*out = t;
	else
		talloc_free(t);
	return rc;
}

static void
fill_canned(struct canned *c, const char *name, const char *language, json_t *o)
{
	*c = (struct canned){.name = name,
	    .language = language,
	    .title = json_string_value(json_object_get(o, "title")),
	    .set = json_string_value(json_object_get(o, "set")),
	    .body = json_string_value(json_object_get(o, "body"))};
	c->body = c->body ? c->body : "";
}

/* "de-at", then "de", then the one without a language, then whichever is first. */
static bool
in_language(json_t *languages, const char *name, const char *language, struct canned *c)
{
	char want[32] = "";
	const char *first;
	json_t *o;

	for (size_t i = 0; language != NULL && language[i] != '\0' && i < 31; i++)
		want[i] = language[i] == '_' ? '-' : language[i];
	text_lower(want);
	for (;;) {
		char *dash;

		o = json_object_get(languages, want);
		if (o != NULL) {
			fill_canned(c, name,
			    json_object_iter_key(json_object_iter_at(languages, want)),
			    o);
			return true;
		}
		if (*want == '\0')
			break;
		dash = strrchr(want, '-');
		*(dash ? dash : want) = '\0';
	}
	json_object_foreach(languages, first, o)
	{
		fill_canned(c, name, first, o);
		return true;
	}
	return false;
}

enum rc
texts_canned(const struct texts *t, const char *name, const char *language,
    struct canned *c, struct err *err)
{
	const char **names = NULL, *other;
	size_t n = 0;
	json_t *v;
	enum rc rc;

	if (in_language(json_object_get(t->canned, name), name, language, c))
		return RC_OK;
	json_object_foreach(t->canned, other, v) text_push(NULL, &names, &n, other);
	rc = err_fail(err, RC_NOTFOUND, "canned reply \"%s\": no such reply%s", name,
	    n > 0 ? text_hint(names, name, names) : "");
	talloc_free(names);
	return rc;
}

enum rc
texts_template(const struct texts *t, const char *name, const char *language,
    struct canned *c, struct err *err)
{
	static const struct {
		const char *name, *body;
	} ours[] = {{"reply", template_reply}, {"update", template_update},
	    {"transcript", template_transcript}, {"code", template_code},
	    {"notice", template_notice}, {"digest", template_digest}};

	if (in_language(json_object_get(t->templates, name), name, language, c))
		return RC_OK;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (strcmp(ours[i].name, name) == 0) {
			*c = (struct canned){
			    .name = name, .language = "", .body = ours[i].body};
			return RC_OK;
		}
	}
	return err_fail(err, RC_BUG, "template \"%s\"", name);
}

enum rc
texts_each_canned(const struct texts *t,
    enum rc (*each)(void *, const struct canned *, struct err *), void *arg,
    struct err *err)
{
	const char *name, *language;
	json_t *languages, *o;
	enum rc rc = RC_OK;

	json_object_foreach(t->canned, name, languages)
	{
		json_object_foreach(languages, language, o)
		{
			struct canned c;

			fill_canned(&c, name, language, o);
			if (rc == RC_OK)
				rc = each(arg, &c, err);
		}
	}
	return rc;
}

/* ---- values ---- */

static const char *const value_names[] = {"ticket", "ticket.id", "ticket.subject",
    "ticket.status", "ticket.priority", "ticket.queue", "ticket.kind", "ticket.assignee",
    "ticket.created_at", "ticket.fields", "requester", "requester.name",
    "requester.address", "requester.organization", "agent", "agent.name", "agent.email",
    "mailbox", "mailbox.name", "mailbox.address", "desk", "desk.name", "message",
    "message.text", "message.author", "notice", "notice.why", "notice.count", "notices",
    "article", "article.title", "article.summary", "article.url", "code", "code.digits",
    "code.handle", ".", NULL};

bool
texts_value_known(const struct config *c, const char *name)
{
	static const char fields[] = "ticket.fields.";

	if (text_starts(name, fields))
		return config_field(c, name + strlen(fields)) != NULL;
	return word_index(value_names, name) >= 0;
}

static void
set(json_t *o, const char *key, const char *value)
{
	if (value != NULL && *value != '\0')
		json_object_set_new(o, key, json_string(value));
}

static json_t *
ticket_values(void *ctx, const struct desk *d, const struct ticket *t)
{
	json_t *o = json_pack("{s:I,s:s,s:s,s:s,s:s,s:s}", "id", (json_int_t)t->id,
		   "subject", t->subject, "status", t->status, "priority",
		   priority_names[t->priority], "queue", t->queue, "kind", t->kind),
	       *fields = json_object();
	const struct agent *a = config_agent(d->config, t->assignee);

	set(o, "assignee", a ? a->full_name : t->assignee);
	set(o, "created_at", instant_local(ctx, t->created_at, d->config->timezone));
	for (size_t i = 0; i < t->nfields; i++)
		set(fields, t->fields[i].name, t->fields[i].value);
	json_object_set_new(o, "fields", fields);
	return o;
}

enum rc
texts_values(void *ctx, struct desk *d, const struct ticket *t, const struct agent *agent,
    json_t **values, struct err *err)
{
	const struct mailbox *m = config_mailbox(d->config, t->mailbox);
	struct person p = {0};
	json_t *o, *who = json_object(), *requester = json_object(), *box = json_object();
	enum rc rc = customer_get(d->store, ctx, t->requester, &p, err);

	if (rc == RC_OK) {
		set(requester, "name", p.name && *p.name ? p.name : p.address);
		set(requester, "address", p.address);
		set(requester, "organization", p.organization_name);
	}
	if (agent != NULL) {
		set(who, "name", agent->full_name);
		set(who, "email", agent->email);
	}
	m = m ? m : config_mailbox_default(d->config);
	set(box, "name", m && *m->from_name ? m->from_name : d->config->name);
	if (m != NULL)
		set(box, "address", m->address);
	o = json_pack("{s:o,s:o,s:o,s:o,s:{s:s}}", "ticket", ticket_values(ctx, d, t),
	    "requester", requester, "agent", who, "mailbox", box, "desk", "name",
	    d->config->name);
	if (rc == RC_OK)
		*values = o;
	else
		json_decref(o);
	return rc;
}

/* ---- filling in ---- */

/* Backslashes before what Markdown reads as marks (CommonMark 2.4). */
static char *
escape_markdown(void *ctx, const char *s)
{
	char *out = mem_array(ctx, char, 2 * strlen(s) + 1);
	size_t n = 0;

	for (; *s != '\0'; s++) {
		if (strchr("\\`*_{}[]<>()#+-.!|~&\"':@/", *s) != NULL)
			out[n++] = '\\';
		out[n++] = *s == '\n' ? ' ' : *s;
	}
	out[n] = '\0';
	return out;
}

static enum rc
fill(void *ctx, const char *body, json_t *values, bool markdown, char **text,
    struct err *err)
{
	struct mustache_how how = {
	    .escape = markdown ? escape_markdown : NULL, .strict = true};
	struct mustache *m = NULL;
	enum rc rc = mustache_parse(ctx, body, &m, err);

	if (rc == RC_OK)
		rc = mustache_render(ctx, m, values, &how, text, err);
	talloc_free(m);
	return rc;
}

enum rc
texts_fill(void *ctx, const struct canned *c, json_t *values, bool markdown, char **text,
    struct err *err)
{
	enum rc rc = fill(ctx, c->body, values, markdown, text, err);

	return rc == RC_OK ? rc : err_wrap(err, "text \"%s\"", c->name);
}

enum rc
texts_fill_line(
    void *ctx, const char *template, json_t *values, char **text, struct err *err)
{
	return fill(ctx, template, values, false, text, err);
}
