/* What a ticket has many of: tags, fields, people, links. Each is a sorted list that is
 * never changed in place, so a struct copy is a snapshot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "ticket/ticket_priv.h"

/* ---- reading ---- */

SQL(sql_tags, "SELECT tag FROM ticket_tag WHERE ticket = ?1 ORDER BY tag");
SQL(sql_fields,
    "SELECT name, value, num FROM ticket_field WHERE ticket = ?1 ORDER BY name");
SQL(sql_people, "SELECT role, who, confirmed FROM ticket_person WHERE ticket = ?1 ORDER "
		"BY role, who");
SQL(sql_links, "SELECT rel, b FROM ticket_link WHERE a = ?1 ORDER BY rel, b");

static enum rc
each_row(struct store *s, const char *sql, struct ticket *t, void *ctx,
    void (*row)(void *ctx, struct ticket *t, struct stmt *st), struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, t->id);
	while ((rc = stmt_step(st, err)) == RC_OK)
		row(ctx, t, st);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static void
row_tag(void *ctx, struct ticket *t, struct stmt *st)
{
	text_push(ctx, &t->tags, &t->ntags, col_strdup(ctx, st, 0));
}

static void
row_field(void *ctx, struct ticket *t, struct stmt *st)
{
	t->fields = mem_grow(ctx, t->fields, struct ticket_field, t->nfields + 1);
	t->fields[t->nfields++] = (struct ticket_field){col_strdup(ctx, st, 0),
	    col_strdup(ctx, st, 1), !col_null(st, 2), col_real(st, 2)};
}

static void
row_person(void *ctx, struct ticket *t, struct stmt *st)
{
	t->people = mem_grow(ctx, t->people, struct ticket_person, t->npeople + 1);
	t->people[t->npeople++] = (struct ticket_person){
	    col_strdup(ctx, st, 0), col_strdup(ctx, st, 1), col_int(st, 2) != 0};
}

static void
row_link(void *ctx, struct ticket *t, struct stmt *st)
{
	t->links = mem_grow(ctx, t->links, struct ticket_link, t->nlinks + 1);
	t->links[t->nlinks++] =
	    (struct ticket_link){col_strdup(ctx, st, 0), col_int(st, 1)};
}

enum rc
ticket_details(struct store *s, void *ctx, struct ticket *t, struct err *err)
{
	enum rc rc;

	t->ntags = t->nfields = t->npeople = t->nlinks = 0;
	t->tags = NULL;
	rc = each_row(s, sql_tags, t, ctx, row_tag, err);
	if (rc == RC_OK)
		rc = each_row(s, sql_fields, t, ctx, row_field, err);
	if (rc == RC_OK)
		rc = each_row(s, sql_people, t, ctx, row_person, err);
	if (rc == RC_OK)
		rc = each_row(s, sql_links, t, ctx, row_link, err);
	if (t->tags == NULL)
		t->tags = mem_array(ctx, const char *, 1);
	return rc;
}

/* ---- setting ---- */

bool
ticket_has_tag(const struct ticket *t, const char *tag)
{
	return word_index(t->tags, tag) >= 0;
}

bool
ticket_add_tag(void *ctx, struct ticket *t, const char *tag)
{
	const char **v;
	size_t i = 0;

	if (ticket_has_tag(t, tag) || t->ntags >= TAGS_MAX)
		return false;
	v = mem_array(ctx, const char *, t->ntags + 2);
	while (i < t->ntags && strcmp(t->tags[i], tag) < 0) {
		v[i] = t->tags[i];
		i++;
	}
	v[i] = talloc_strdup(ctx, tag);
	for (; i < t->ntags; i++)
		v[i + 1] = t->tags[i];
	t->tags = v;
	t->ntags++;
	return true;
}

bool
ticket_remove_tag(void *ctx, struct ticket *t, const char *tag)
{
	const char **v;
	size_t n = 0;

	if (!ticket_has_tag(t, tag))
		return false;
	v = mem_array(ctx, const char *, t->ntags);
	for (size_t i = 0; i < t->ntags; i++) {
		if (strcmp(t->tags[i], tag) != 0)
			v[n++] = t->tags[i];
	}
	t->tags = v;
	t->ntags = n;
	return true;
}

const struct ticket_field *
ticket_field(const struct ticket *t, const char *name)
{
	for (size_t i = 0; i < t->nfields; i++) {
		if (strcmp(t->fields[i].name, name) == 0)
			return &t->fields[i];
	}
	return NULL;
}

bool
ticket_set_field(
    void *ctx, struct ticket *t, const char *name, const char *value, const double *num)
{
	const struct ticket_field *old = ticket_field(t, name);
	struct ticket_field *v;
	size_t n = 0, i = 0;

	if (old == NULL ? value == NULL : value != NULL && strcmp(old->value, value) == 0)
		return false;
	v = mem_array(ctx, struct ticket_field, t->nfields + 1);
	for (; i < t->nfields && strcmp(t->fields[i].name, name) < 0; i++)
		v[n++] = t->fields[i];
	if (value != NULL)
		v[n++] = (struct ticket_field){talloc_strdup(ctx, name),
		    talloc_strdup(ctx, value), num != NULL, num ? *num : 0};
	for (; i < t->nfields; i++) {
		if (strcmp(t->fields[i].name, name) != 0)
			v[n++] = t->fields[i];
	}
	t->fields = v;
	t->nfields = n;
	return true;
}

static int
person_order(const struct ticket_person *p, const char *role, const char *who)
{
	int c = strcmp(p->role, role);

	return c ? c : strcmp(p->who, who);
}

bool
ticket_add_person(
    void *ctx, struct ticket *t, const char *role, const char *who, bool confirmed)
{
	struct ticket_person *v;
	size_t i = 0;

	while (i < t->npeople && person_order(&t->people[i], role, who) < 0)
		i++;
	if (i < t->npeople && person_order(&t->people[i], role, who) == 0) {
		if (t->people[i].confirmed || !confirmed)
			return false;
		v = talloc_memdup(ctx, t->people, t->npeople * sizeof(*v));
		v[i].confirmed = true;
		t->people = v;
		return true;
	}
	if (t->npeople >= PEOPLE_MAX)
		return false;
	v = mem_array(ctx, struct ticket_person, t->npeople + 1);
	for (size_t j = 0; j < t->npeople; j++)
		v[j + (j >= i)] = t->people[j];
	v[i] = (struct ticket_person){
	    talloc_strdup(ctx, role), talloc_strdup(ctx, who), confirmed};
	t->people = v;
	t->npeople++;
	return true;
}

bool
ticket_remove_person(void *ctx, struct ticket *t, const char *role, const char *who)
{
	struct ticket_person *v = mem_array(ctx, struct ticket_person, t->npeople + 1);
	size_t n = 0;

	for (size_t i = 0; i < t->npeople; i++) {
		if (person_order(&t->people[i], role, who) != 0)
			v[n++] = t->people[i];
	}
	if (n == t->npeople)
		return false;
	t->people = v;
	t->npeople = n;
	return true;
}

bool
ticket_add_link(void *ctx, struct ticket *t, const char *rel, int64_t other)
{
	struct ticket_link *v;
	size_t i = 0;

	for (; i < t->nlinks; i++) {
		int c = strcmp(t->links[i].rel, rel);

		if (c == 0 && t->links[i].other == other)
			return false;
		if (c > 0 || (c == 0 && t->links[i].other > other))
			break;
	}
	v = mem_array(ctx, struct ticket_link, t->nlinks + 1);
	for (size_t j = 0; j < t->nlinks; j++)
		v[j + (j >= i)] = t->links[j];
	v[i] = (struct ticket_link){talloc_strdup(ctx, rel), other};
	t->links = v;
	t->nlinks++;
	return true;
}

bool
ticket_has_link(const struct ticket *t, const char *rel, int64_t other)
{
	for (size_t i = 0; i < t->nlinks; i++) {
		if (t->links[i].other == other && strcmp(t->links[i].rel, rel) == 0)
			return true;
	}
	return false;
}

bool
ticket_remove_link(void *ctx, struct ticket *t, const char *rel, int64_t other)
{
	struct ticket_link *v;
	size_t n = 0;

	if (!ticket_has_link(t, rel, other))
		return false;
	v = mem_array(ctx, struct ticket_link, t->nlinks);
	for (size_t i = 0; i < t->nlinks; i++) {
		if (t->links[i].other != other || strcmp(t->links[i].rel, rel) != 0)
			v[n++] = t->links[i];
	}
	t->links = v;
	t->nlinks = n;
	return true;
}

SQL(sql_linked_by, "SELECT rel, a FROM ticket_link WHERE b = ?1 ORDER BY rel, a");

enum rc
ticket_linked_by(struct store *s, void *ctx, int64_t id, struct ticket_link **v,
    size_t *n, struct err *err)
{
	struct ticket by = {.id = id};
	enum rc rc = each_row(s, sql_linked_by, &by, ctx, row_link, err);

	*v = by.links;
	*n = by.nlinks;
	return rc;
}

/* ---- as JSON: what events keep and records show ---- */

static json_t *
tags_json(const struct ticket *t)
{
	json_t *a = json_array();

	for (size_t i = 0; i < t->ntags; i++)
		json_array_append_new(a, json_string(t->tags[i]));
	return a;
}

static json_t *
people_json(const struct ticket *t)
{
	json_t *a = json_array();

	for (size_t i = 0; i < t->npeople; i++)
		json_array_append_new(
		    a, json_pack("{s:s,s:s,s:b}", "role", t->people[i].role, "who",
			   t->people[i].who, "confirmed", t->people[i].confirmed));
	return a;
}

static json_t *
links_json(const struct ticket *t)
{
	json_t *a = json_array();

	for (size_t i = 0; i < t->nlinks; i++)
		json_array_append_new(a, json_pack("{s:s,s:I}", "rel", t->links[i].rel,
					     "ticket", (json_int_t)t->links[i].other));
	return a;
}

/* Both references are taken over. */
static void
set_pair(json_t *o, const char *key, json_t *before, json_t *after)
{
	if (json_equal(before, after)) {
		json_decref(before);
		json_decref(after);
		return;
	}
	json_object_set_new(o, key, json_pack("[o,o]", before, after));
}

static json_t *
field_json(const struct ticket_field *f)
{
	return f ? json_string(f->value) : json_null();
}

void
ticket_diff_details(const struct ticket *before, const struct ticket *after, json_t *o)
{
	char key[NAME_MAX_BYTES + 16];

	set_pair(o, "tags", tags_json(before), tags_json(after));
	set_pair(o, "people", people_json(before), people_json(after));
	set_pair(o, "links", links_json(before), links_json(after));
	for (size_t i = 0; i < before->nfields; i++) {
		snprintf(key, sizeof(key), "field.%s", before->fields[i].name);
		set_pair(o, key, field_json(&before->fields[i]),
		    field_json(ticket_field(after, before->fields[i].name)));
	}
	for (size_t i = 0; i < after->nfields; i++) {
		snprintf(key, sizeof(key), "field.%s", after->fields[i].name);
		set_pair(o, key, field_json(ticket_field(before, after->fields[i].name)),
		    field_json(&after->fields[i]));
	}
}

void
ticket_state_details(const struct ticket *t, json_t *o)
{
	char key[NAME_MAX_BYTES + 16];

	json_object_set_new(o, "tags", json_pack("[n,o]", tags_json(t)));
	json_object_set_new(o, "people", json_pack("[n,o]", people_json(t)));
	json_object_set_new(o, "links", json_pack("[n,o]", links_json(t)));
	for (size_t i = 0; i < t->nfields; i++) {
		snprintf(key, sizeof(key), "field.%s", t->fields[i].name);
		json_object_set_new(
		    o, key, json_pack("[n,o]", field_json(&t->fields[i])));
	}
}

static void
fold_field(void *ctx, struct ticket *t, const char *name, json_t *value)
{
	const char *s = json_string_value(value);

	ticket_set_field(ctx, t, name, s, NULL);
}

enum rc
ticket_fold_details(void *ctx, struct ticket *t, json_t *changes, struct err *err)
{
	json_t *v = json_array_get(json_object_get(changes, "tags"), 1), *e, *pair;
	const char *key;
	size_t i;

	if (v != NULL) {
		t->ntags = 0;
		t->tags = mem_array(ctx, const char *, 1);
		json_array_foreach(v, i, e) ticket_add_tag(
		    ctx, t, json_string_value(e) ? json_string_value(e) : "");
	}
	v = json_array_get(json_object_get(changes, "people"), 1);
	if (v != NULL)
		t->npeople = 0;
	json_array_foreach(v, i, e)
	{
		const char *role = NULL, *who = NULL;
		int confirmed = 0;

		if (json_unpack(e, "{s:s,s:s,s:b}", "role", &role, "who", &who,
			"confirmed", &confirmed) != 0)
			return err_fail(err, RC_INVALID, "people cannot be read");
		ticket_add_person(ctx, t, role, who, confirmed);
	}
	v = json_array_get(json_object_get(changes, "links"), 1);
	if (v != NULL)
		t->nlinks = 0;
	json_array_foreach(v, i, e)
	{
		const char *rel = NULL;
		json_int_t other = 0;

		if (json_unpack(e, "{s:s,s:I}", "rel", &rel, "ticket", &other) != 0)
			return err_fail(err, RC_INVALID, "links cannot be read");
		ticket_add_link(ctx, t, rel, other);
	}
	json_object_foreach(changes, key, pair)
	{
		if (text_starts(key, "field."))
			fold_field(ctx, t, key + 6, json_array_get(pair, 1));
	}
	return RC_OK;
}

static json_t *
field_value_json(const struct config *c, const struct ticket_field *f)
{
	const struct field *def = config_field(c, f->name);

	if (def != NULL && strcmp(def->type, "number") == 0) {
		double num = strtod(f->value, NULL);

		if (num == (double)(int64_t)num)
			return json_integer((json_int_t)num);
		return json_real(num);
	}
	if (def != NULL && strcmp(def->type, "boolean") == 0)
		return json_boolean(strcmp(f->value, "true") == 0);
	return json_string(f->value);
}

void
ticket_details_json(const struct config *c, const struct ticket *t, json_t *o)
{
	json_t *fields = json_object(), *cc = json_array(), *followers = json_array();

	json_object_set_new(o, "tags", tags_json(t));
	for (size_t i = 0; i < t->nfields; i++)
		json_object_set_new(
		    fields, t->fields[i].name, field_value_json(c, &t->fields[i]));
	json_object_set_new(o, "fields", fields);
	for (size_t i = 0; i < t->npeople; i++)
		json_array_append_new(
		    strcmp(t->people[i].role, "cc") == 0 ? cc : followers,
		    json_string(t->people[i].who));
	json_object_set_new(o, "cc", cc);
	json_object_set_new(o, "followers", followers);
	json_object_set_new(o, "links", links_json(t));
}

/* ---- writing what differs ---- */

SQL(sql_tag_add, "INSERT INTO ticket_tag (ticket, tag) VALUES (?1, ?2)");
SQL(sql_tag_remove, "DELETE FROM ticket_tag WHERE ticket = ?1 AND tag = ?2");
SQL(sql_field_set,
    "INSERT INTO ticket_field (ticket, name, value, num) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (ticket, name) DO UPDATE SET value = excluded.value, num = "
    "excluded.num");
SQL(sql_field_remove, "DELETE FROM ticket_field WHERE ticket = ?1 AND name = ?2");
SQL(sql_person_set,
    "INSERT INTO ticket_person (ticket, role, who, confirmed) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT (ticket, role, who) DO UPDATE SET confirmed = excluded.confirmed");
SQL(sql_person_remove,
    "DELETE FROM ticket_person WHERE ticket = ?1 AND role = ?2 AND who = ?3");
SQL(sql_link_add, "INSERT INTO ticket_link (a, rel, b) VALUES (?1, ?2, ?3)");
SQL(sql_link_remove, "DELETE FROM ticket_link WHERE a = ?1 AND rel = ?2 AND b = ?3");

/* Runs sql for a ticket and one or two texts, then an optional last parameter. */
static enum rc
put(struct store *s, const char *sql, int64_t ticket, const char *a, const char *b,
    const int64_t *n, struct err *err)
{
	struct stmt *st;
	int i = 2;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	bind_text(st, i++, a);
	if (b != NULL)
		bind_text(st, i++, b);
	if (n != NULL)
		bind_int(st, i, *n);
	return stmt_run(st, err);
}

static enum rc
store_tags(
    struct store *s, const struct ticket *a, const struct ticket *b, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < a->ntags; i++) {
		if (!ticket_has_tag(b, a->tags[i]))
			rc = put(s, sql_tag_remove, b->id, a->tags[i], NULL, NULL, err);
	}
	for (size_t i = 0; rc == RC_OK && i < b->ntags; i++) {
		if (!ticket_has_tag(a, b->tags[i]))
			rc = put(s, sql_tag_add, b->id, b->tags[i], NULL, NULL, err);
	}
	return rc;
}

static enum rc
field_put(struct store *s, int64_t ticket, const struct ticket_field *f, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_field_set, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	bind_text(st, 2, f->name);
	bind_text(st, 3, f->value);
	if (f->has_num)
		bind_real(st, 4, f->num);
	else
		bind_null(st, 4);
	return stmt_run(st, err);
}

static enum rc
store_fields(
    struct store *s, const struct ticket *a, const struct ticket *b, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < a->nfields; i++) {
		if (ticket_field(b, a->fields[i].name) == NULL)
			rc = put(s, sql_field_remove, b->id, a->fields[i].name, NULL,
			    NULL, err);
	}
	for (size_t i = 0; rc == RC_OK && i < b->nfields; i++) {
		const struct ticket_field *old = ticket_field(a, b->fields[i].name);

		if (old == NULL || strcmp(old->value, b->fields[i].value) != 0)
			rc = field_put(s, b->id, &b->fields[i], err);
	}
	return rc;
}

static const struct ticket_person *
find_person(const struct ticket *t, const struct ticket_person *p)
{
	for (size_t i = 0; i < t->npeople; i++) {
		if (person_order(&t->people[i], p->role, p->who) == 0)
			return &t->people[i];
	}
	return NULL;
}

static enum rc
store_people(
    struct store *s, const struct ticket *a, const struct ticket *b, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < a->npeople; i++) {
		const struct ticket_person *p = &a->people[i];

		if (find_person(b, p) == NULL)
			rc = put(s, sql_person_remove, b->id, p->role, p->who, NULL, err);
	}
	for (size_t i = 0; rc == RC_OK && i < b->npeople; i++) {
		const struct ticket_person *p = &b->people[i], *old = find_person(a, p);
		int64_t confirmed = p->confirmed;

		if (old == NULL || old->confirmed != p->confirmed)
			rc = put(
			    s, sql_person_set, b->id, p->role, p->who, &confirmed, err);
	}
	return rc;
}

static enum rc
store_links(
    struct store *s, const struct ticket *a, const struct ticket *b, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < a->nlinks; i++) {
		if (!ticket_has_link(b, a->links[i].rel, a->links[i].other))
			rc = put(s, sql_link_remove, b->id, a->links[i].rel, NULL,
			    &a->links[i].other, err);
	}
	for (size_t i = 0; rc == RC_OK && i < b->nlinks; i++) {
		if (!ticket_has_link(a, b->links[i].rel, b->links[i].other))
			rc = put(s, sql_link_add, b->id, b->links[i].rel, NULL,
			    &b->links[i].other, err);
	}
	return rc;
}

enum rc
ticket_store_details(struct store *s, const struct ticket *before,
    const struct ticket *after, struct err *err)
{
	enum rc rc = store_tags(s, before, after, err);

	if (rc == RC_OK)
		rc = store_fields(s, before, after, err);
	if (rc == RC_OK)
		rc = store_people(s, before, after, err);
	return rc == RC_OK ? store_links(s, before, after, err) : rc;
}
