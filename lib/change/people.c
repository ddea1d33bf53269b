/* Words and records that name people; people on a screen. */
#include "change/people.h"

#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/record.h"

static enum rc
record_person(json_t *o, bool *organization, int64_t *id, struct err *err)
{
	const char *type = NULL;
	json_t *who = NULL;
	enum rc rc = record_text(o, "type", &type, err);

	*organization = type != NULL && strcmp(type, "organization") == 0;
	*id = 0;
	if (rc == RC_OK && type != NULL && strcmp(type, "ticket") == 0) {
		rc = record_object(o, "requester", &who, err);
		o = who;
	}
	if (rc == RC_OK && o != NULL)
		rc = record_int(o, "id", id, err);
	if (rc == RC_OK && *id <= 0)
		rc = err_fail(err, RC_INVALID, "the record names no customer");
	return rc;
}

static enum rc
from_records(struct cmd_env *env, enum rc (*each)(void *, bool, int64_t, struct err *),
    void *arg, struct err *err)
{
	struct reader *r = reader_new(env->ctx, STDIN_FILENO);
	json_t *o = NULL;
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		bool organization;
		int64_t id;

		rc = reader_next(r, &o, err);
		if (rc != RC_OK)
			return rc == RC_NONE ? RC_OK : rc;
		rc = record_person(o, &organization, &id, err);
		json_decref(o);
		if (rc != RC_OK)
			return err_wrap(err, "line %lld", (long long)reader_line(r));
		rc = each(arg, organization, id, err);
	}
	return rc;
}

enum rc
people_each(struct cmd_env *env, int argc, char **argv,
    enum rc (*each)(void *, bool, int64_t, struct err *), void *arg, struct err *err)
{
	enum rc rc = RC_OK;

	if (argc == 0 && isatty(STDIN_FILENO) == 1)
		return err_fail(err, RC_USAGE,
		    "say who: a number, an address, org:NAME, or records on a pipe");
	if (argc == 0)
		return from_records(env, each, arg, err);
	for (int i = 0; rc == RC_OK && i < argc; i++) {
		bool organization;
		int64_t id = 0;

		rc = person_find(
		    env->desk->store, env->ctx, argv[i], &organization, &id, err);
		if (rc == RC_OK)
			rc = each(arg, organization, id, err);
	}
	return rc;
}

/* ---- on a screen ---- */

static const struct column columns[] = {{"ID", true, false}, {"NAME", false, true},
    {"ADDRESSES", false, false}, {"ORGANIZATION", false, false},
    {"EXTERNAL_ID", false, false}};

void
people_begin(struct out *out)
{
	if (out->format == OUT_TSV)
		out_table(out, columns, sizeof(columns) / sizeof(columns[0]));
}

static char *
addresses(void *ctx, const struct customer *c)
{
	char *s = talloc_strdup(ctx, "");

	for (size_t i = 0; i < c->naddresses; i++) {
		const struct customer_address *a = &c->addresses[i];
		bool mail = strcmp(a->kind, "email") == 0;

		s = talloc_asprintf_append(s, "%s%s%s%s%s%s", i ? ", " : "",
		    mail ? "" : a->kind, mail ? "" : ":", a->value,
		    a->proven_at ? "" : " (unproven)",
		    a->suppressed_at ? " (mail fails)" : "");
	}
	return s;
}

static void
print_fields(struct out *out, const struct named_list *l, const char *notes)
{
	for (size_t i = 0; i < l->n; i++)
		out_line(out, COLOR_NONE, "%s: %s", l->v[i].name, l->v[i].value);
	if (*notes != '\0') {
		out_line(out, COLOR_DIM, "notes:");
		out_block(out, notes, 2);
	}
}

static void
print_customer(struct cmd_env *env, const struct customer *c, const char *organization)
{
	struct out *out = env->out;

	out_line(out, COLOR_BOLD, "customer %lld  %s", (long long)c->id,
	    *c->name ? c->name : "(no name)");
	if (c->erased_at != INSTANT_NONE)
		out_line(out, COLOR_RED, "erased %s",
		    instant_local(env->ctx, c->erased_at, desk_zone(env->desk)));
	if (c->merged_into != 0)
		out_line(out, COLOR_DIM, "merged into customer %lld",
		    (long long)c->merged_into);
	if (c->naddresses > 0)
		out_line(out, COLOR_NONE, "%s", addresses(env->ctx, c));
	if (organization != NULL)
		out_line(out, COLOR_NONE, "organization: %s", organization);
	if (c->language != NULL || c->timezone != NULL)
		out_line(out, COLOR_NONE, "%s%s%s", c->language ? c->language : "",
		    c->language && c->timezone ? ", " : "",
		    c->timezone ? c->timezone : "");
	if (c->external_id != NULL)
		out_line(out, COLOR_NONE, "external id: %s", c->external_id);
	print_fields(out, &c->fields, c->notes);
}

enum rc
people_show(struct cmd_env *env, const struct customer *c, struct err *err)
{
	const char *organization = NULL;
	json_t *record = NULL;
	enum rc rc = RC_OK;

	if (env->out->format == OUT_IDS) {
		out_id(env->out, c->id);
		return RC_OK;
	}
	if (env->out->format == OUT_JSON) {
		rc = customer_to_json(env->desk->store, c, &record, err);
		if (rc == RC_OK)
			out_json(env->out, record);
		return rc;
	}
	if (c->organization != 0)
		rc = organization_name(
		    env->desk->store, env->ctx, c->organization, &organization, err);
	if (rc == RC_OK && env->out->format == OUT_TSV) {
		const char *cells[] = {
		    talloc_asprintf(env->ctx, "%lld", (long long)c->id), c->name,
		    addresses(env->ctx, c), organization ? organization : "",
		    c->external_id ? c->external_id : ""};

		out_row(env->out, COLOR_NONE, cells);
	} else if (rc == RC_OK) {
		print_customer(env, c, organization);
	}
	return rc;
}

enum rc
people_show_organization(
    struct cmd_env *env, const struct organization *o, struct err *err)
{
	json_t *record = NULL;
	char *domains = talloc_strdup(env->ctx, "");
	enum rc rc = organization_to_json(env->desk->store, o, &record, err);

	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < o->ndomains; i++)
		domains =
		    talloc_asprintf_append(domains, "%s%s", i ? ", " : "", o->domains[i]);
	if (env->out->format == OUT_JSON) {
		out_json(env->out, record);
		return RC_OK;
	}
	if (env->out->format == OUT_IDS) {
		out_id(env->out, o->id);
	} else if (env->out->format == OUT_TSV) {
		const char *cells[] = {
		    talloc_asprintf(env->ctx, "%lld", (long long)o->id), o->name, domains,
		    o->name, o->external_id ? o->external_id : ""};

		out_row(env->out, COLOR_NONE, cells);
	} else {
		out_line(env->out, COLOR_BOLD, "organization \"%s\", %lld customers",
		    o->name,
		    (long long)json_integer_value(json_object_get(record, "customers")));
		if (*domains != '\0')
			out_line(env->out, COLOR_NONE, "domains: %s", domains);
		print_fields(env->out, &o->fields, o->notes);
	}
	json_decref(record);
	return RC_OK;
}

void
people_print_changes(
    struct cmd_env *env, const char *what, int64_t id, json_t *changes, bool dry_run)
{
	const char *key;
	json_t *v;

	if (json_object_size(changes) == 0)
		out_line(env->out, COLOR_DIM, "%s %lld: nothing to change", what,
		    (long long)id);
	json_object_foreach(changes, key, v)
	{
		char *from =
		    json_dumps(json_array_get(v, 0), JSON_ENCODE_ANY | JSON_COMPACT);
		char *to =
		    json_dumps(json_array_get(v, 1), JSON_ENCODE_ANY | JSON_COMPACT);

		out_line(env->out, COLOR_NONE, "%s %lld: %s %s → %s%s", what,
		    (long long)id, key, from, to, dry_run ? " (not done)" : "");
		free(from);
		free(to);
	}
}
