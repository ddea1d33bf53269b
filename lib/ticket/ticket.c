/* Ticket rows: one table of columns drives reading, writing, diffing and folding. */
#include "ticket/ticket.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "ticket/ticket_priv.h"

enum column_kind {
	COL_TEXT,     /* never NULL */
	COL_OPT_TEXT, /* NULL for none */
	COL_INT,
	COL_OPT_INT, /* 0 is NULL */
	COL_INSTANT, /* INSTANT_NONE is NULL */
	COL_NEVER,   /* INSTANT_NEVER for none */
	COL_WORD     /* a number with a name */
};

struct ticket_column {
	const char *name;
	enum column_kind kind;
	size_t at; /* offset in struct ticket */
	const char *const *words;
	bool derived; /* follows from the event: not in its changes */
};

#define COLUMN(member, kind, words, derived)                                   \
	{                                                                      \
#member, kind, offsetof(struct ticket, member), words, derived \
	}

/* In the order of TICKET_COLUMNS. */
static const struct ticket_column columns[TICKET_NCOLUMNS] = {
    COLUMN(id, COL_INT, NULL, true),
    COLUMN(subject, COL_TEXT, NULL, false),
    COLUMN(queue, COL_TEXT, NULL, false),
    COLUMN(status, COL_TEXT, NULL, false),
    COLUMN(phase, COL_WORD, phase_names, false),
    COLUMN(priority, COL_WORD, priority_names, false),
    COLUMN(kind, COL_TEXT, NULL, false),
    COLUMN(channel, COL_TEXT, NULL, false),
    COLUMN(mailbox, COL_TEXT, NULL, false),
    COLUMN(token_gen, COL_INT, NULL, false),
    COLUMN(assignee, COL_TEXT, NULL, false),
    COLUMN(requester, COL_INT, NULL, false),
    COLUMN(organization, COL_OPT_INT, NULL, false),
    COLUMN(external_id, COL_OPT_TEXT, NULL, false),
    COLUMN(merged_into, COL_OPT_INT, NULL, false),
    COLUMN(created_at, COL_INSTANT, NULL, false),
    COLUMN(updated_at, COL_INSTANT, NULL, true),
    COLUMN(customer_at, COL_INSTANT, NULL, false),
    COLUMN(agent_at, COL_INSTANT, NULL, false),
    COLUMN(first_replied_at, COL_INSTANT, NULL, false),
    COLUMN(solved_at, COL_INSTANT, NULL, false),
    COLUMN(snoozed_until, COL_INSTANT, NULL, false),
    COLUMN(due_at, COL_NEVER, NULL, false),
    COLUMN(warn_at, COL_NEVER, NULL, false),
    COLUMN(due_target, COL_TEXT, NULL, false),
    COLUMN(last_event, COL_INT, NULL, true),
};

static bool
is_text(const struct ticket_column *c)
{
	return c->kind == COL_TEXT || c->kind == COL_OPT_TEXT;
}

static const char *
get_text(const struct ticket *t, const struct ticket_column *c)
{
	const char *v;

	memcpy(&v, (const char *)t + c->at, sizeof(v));
	return v;
}

static int64_t
get_int(const struct ticket *t, const struct ticket_column *c)
{
	int64_t v;

	memcpy(&v, (const char *)t + c->at, sizeof(v));
	return v;
}

static void
set_text(struct ticket *t, const struct ticket_column *c, const char *v)
{
	memcpy((char *)t + c->at, &v, sizeof(v));
}

static void
set_int(struct ticket *t, const struct ticket_column *c, int64_t v)
{
	memcpy((char *)t + c->at, &v, sizeof(v));
}

struct ticket *
ticket_new(void *ctx)
{
	struct ticket *t = talloc_zero(ctx, struct ticket);

	for (size_t i = 0; i < TICKET_NCOLUMNS; i++) {
		if (columns[i].kind == COL_TEXT)
			set_text(t, &columns[i], "");
		else if (columns[i].kind == COL_NEVER)
			set_int(t, &columns[i], INSTANT_NEVER);
	}
	t->tags = mem_array(t, const char *, 1);
	return t;
}

struct ticket *
ticket_read(void *ctx, struct stmt *st)
{
	struct ticket *t = ticket_new(ctx);

	for (int i = 0; i < TICKET_NCOLUMNS; i++) {
		if (is_text(&columns[i]))
			set_text(t, &columns[i], col_strdup(t, st, i));
		else
			set_int(t, &columns[i], col_int(st, i));
	}
	return t;
}

SQL(sql_ticket_get, "SELECT " TICKET_COLUMNS " FROM ticket t WHERE t.id = ?1");
SQL(sql_ticket_external, "SELECT id FROM ticket WHERE external_id = ?1");

enum rc
ticket_get(struct store *s, void *ctx, int64_t id, struct ticket **t, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_ticket_get, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	rc = stmt_step(st, err);
	if (rc == RC_NONE)
		rc = err_fail(err, RC_NOTFOUND, "no ticket %lld", (long long)id);
	else if (rc == RC_OK)
		*t = ticket_read(ctx, st);
	stmt_done(st);
	return rc == RC_OK ? ticket_details(s, *t, *t, err) : rc;
}

static enum rc
one_id(struct store *s, const char *sql, const char *text, int64_t *id, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	if (text != NULL)
		bind_text(st, 1, text);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*id = col_int(st, 0);
	stmt_done(st);
	return rc;
}

enum rc
ticket_find_external(
    struct store *s, const char *external_id, int64_t *id, struct err *err)
{
	return one_id(s, sql_ticket_external, external_id, id, err);
}

/* ---- diff and fold ---- */

static json_t *
column_json(const struct ticket *t, const struct ticket_column *c)
{
	const char *text;
	int64_t v;

	if (is_text(c)) {
		text = get_text(t, c);
		return text ? json_string(text) : json_null();
	}
	v = get_int(t, c);
	switch (c->kind) {
	case COL_WORD:
		return json_string(c->words[v]);
	case COL_INSTANT:
	case COL_NEVER:
		return record_instant_value(v);
	case COL_OPT_INT:
		return v ? json_integer(v) : json_null();
	default:
		return json_integer(v);
	}
}

static bool
column_equal(
    const struct ticket *a, const struct ticket *b, const struct ticket_column *c)
{
	const char *x, *y;

	if (!is_text(c))
		return get_int(a, c) == get_int(b, c);
	x = get_text(a, c);
	y = get_text(b, c);
	return x == y || (x != NULL && y != NULL && strcmp(x, y) == 0);
}

json_t *
ticket_diff(const struct ticket *before, const struct ticket *after)
{
	struct ticket *blank = before ? NULL : ticket_new(NULL);
	const struct ticket *old = before ? before : blank;
	json_t *o = json_object();

	for (size_t i = 0; i < TICKET_NCOLUMNS; i++) {
		const struct ticket_column *c = &columns[i];

		if (c->derived || column_equal(old, after, c))
			continue;
		json_object_set_new(o, c->name,
		    json_pack("[o,o]", before ? column_json(old, c) : json_null(),
			column_json(after, c)));
	}
	ticket_diff_details(old, after, o);
	talloc_free(blank);
	return o;
}

static enum rc
fold_column(void *ctx, struct ticket *t, const struct ticket_column *c, json_t *v,
    struct err *err)
{
	const char *s = json_string_value(v);
	int64_t n = 0;
	bool ok = true;

	switch (c->kind) {
	case COL_TEXT:
	case COL_OPT_TEXT:
		ok = s != NULL || (json_is_null(v) && c->kind == COL_OPT_TEXT);
		if (ok)
			set_text(t, c, s ? talloc_strdup(ctx, s) : NULL);
		return ok ? RC_OK
			  : err_fail(err, RC_INVALID, "%s is not a text", c->name);
	case COL_WORD:
		n = s ? word_index(c->words, s) : -1;
		ok = n >= 0;
		break;
	case COL_INSTANT:
	case COL_NEVER:
		n = c->kind == COL_NEVER ? INSTANT_NEVER : INSTANT_NONE;
		ok = json_is_null(v) || (s != NULL && instant_parse(s, &n));
		break;
	case COL_INT:
	case COL_OPT_INT:
		ok = json_is_integer(v) || json_is_null(v);
		n = json_integer_value(v);
		break;
	}
	if (!ok)
		return err_fail(err, RC_INVALID, "%s cannot be read", c->name);
	set_int(t, c, n);
	return RC_OK;
}

enum rc
ticket_fold(void *ctx, struct ticket *t, json_t *changes, struct err *err)
{
	enum rc rc;

	for (size_t i = 0; i < TICKET_NCOLUMNS; i++) {
		json_t *pair = json_object_get(changes, columns[i].name);

		if (!json_is_array(pair) || json_array_size(pair) != 2)
			continue;
		rc = fold_column(ctx, t, &columns[i], json_array_get(pair, 1), err);
		if (rc != RC_OK)
			return rc;
	}
	return ticket_fold_details(ctx, t, changes, err);
}

/* ---- writing ---- */

SQL(sql_ticket_insert,
    "INSERT INTO ticket (subject, queue, status, phase, priority, kind, channel, "
    "mailbox, "
    "token_gen, assignee, requester, organization, external_id, merged_into, created_at, "
    "updated_at, customer_at, agent_at, first_replied_at, solved_at, snoozed_until, "
    "due_at, "
    "warn_at, due_target, last_event) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
    "?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25) "
    "RETURNING id");

static void
bind_column(struct stmt *st, int i, const struct ticket *t, const struct ticket_column *c)
{
	if (is_text(c))
		bind_text(st, i, get_text(t, c));
	else if (c->kind == COL_OPT_INT || c->kind == COL_INSTANT)
		bind_opt(st, i, get_int(t, c));
	else
		bind_int(st, i, get_int(t, c));
}

static enum rc
insert(struct store *s, struct ticket *t, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_ticket_insert, &st, err);

	if (rc != RC_OK)
		return rc;
	for (int i = 1; i < TICKET_NCOLUMNS; i++)
		bind_column(st, i, t, &columns[i]);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		t->id = col_int(st, 0);
	stmt_done(st);
	return rc;
}

/* Only changed columns are named: an index whose columns are not costs nothing. */
static enum rc
update(
    struct store *s, const struct ticket *before, const struct ticket *t, struct err *err)
{
	char sql[1024] = "UPDATE ticket SET ";
	int changed[TICKET_NCOLUMNS], n = 0;
	size_t len = strlen(sql);
	struct stmt *st;
	enum rc rc;

	for (int i = 1; i < TICKET_NCOLUMNS; i++) {
		if (column_equal(before, t, &columns[i]))
			continue;
		changed[n++] = i;
		len += (size_t)snprintf(sql + len, sizeof(sql) - len, "%s%s = ?%d",
		    n > 1 ? ", " : "", columns[i].name, n);
	}
	if (n == 0)
		return RC_OK;
	snprintf(sql + len, sizeof(sql) - len, " WHERE id = ?%d", n + 1);
	rc = store_prepare_once(s, sql, &st, err);
	if (rc != RC_OK)
		return rc;
	for (int i = 0; i < n; i++)
		bind_column(st, i + 1, t, &columns[changed[i]]);
	bind_int(st, n + 1, t->id);
	return stmt_run(st, err);
}

enum rc
ticket_store(
    struct store *s, const struct ticket *before, struct ticket *after, struct err *err)
{
	struct ticket *blank = NULL;
	enum rc rc;

	if (before == NULL) {
		blank = ticket_new(NULL);
		rc = insert(s, after, err);
	} else {
		rc = update(s, before, after, err);
	}
	if (rc == RC_OK)
		rc = ticket_store_details(s, before ? before : blank, after, err);
	talloc_free(blank);
	return rc;
}

/* ---- the record ---- */

enum rc
ticket_to_json(const struct desk *d, struct ticket *t, json_t **out, struct err *err)
{
	struct person p = {0};
	const char *organization = NULL;
	json_t *o, *who;
	enum rc rc = customer_get(d->store, t, t->requester, &p, err);

	if (rc == RC_OK && t->organization != 0)
		rc = organization_name(d->store, t, t->organization, &organization, err);
	if (rc != RC_OK)
		return rc;
	o = json_object();
	record_set_text(o, "type", "ticket");
	record_set_int(o, "id", t->id);
	record_set_text(o, "subject", t->subject);
	record_set_text(o, "status", t->status);
	record_set_text(o, "phase", phase_names[t->phase]);
	record_set_text(o, "priority", priority_names[t->priority]);
	record_set_text(o, "kind", t->kind);
	record_set_text(o, "queue", t->queue);
	record_set_text(o, "mailbox", *t->mailbox ? t->mailbox : NULL);
	record_set_text(o, "assignee", *t->assignee ? t->assignee : NULL);
	who = json_object();
	record_set_int(who, "id", p.id);
	record_set_text(who, "name", p.name);
	record_set_text(who, "address", p.address);
	json_object_set_new(o, "requester", who);
	record_set_text(o, "organization", organization);
	record_set_text(o, "channel", t->channel);
	record_set_text(o, "language", p.language);
	ticket_details_json(d->config, t, o);
	record_set_instant(o, "created_at", t->created_at);
	record_set_instant(o, "updated_at", t->updated_at);
	record_set_instant(o, "first_replied_at", t->first_replied_at);
	record_set_instant(o, "solved_at", t->solved_at);
	record_set_instant(o, "snoozed_until", t->snoozed_until);
	if (t->merged_into != 0)
		record_set_int(o, "merged_into", t->merged_into);
	else
		json_object_set_new(o, "merged_into", json_null());
	record_set_text(o, "external_id", t->external_id);
	json_object_set_new(o, "sla", json_null()); /* until a clock runs */
	*out = o;
	return RC_OK;
}
