/* Ticket rows: one table of columns drives reading, writing, diffing and folding. */
#include "ticket/ticket.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "ticket/clock.h"
#include "ticket/ticket_priv.h"

#define COLUMN(member, kind, words, derived) \
	ROW_COLUMN(ticket, member, kind, words, derived)

/* In the order of TICKET_COLUMNS. */
static const struct row_column columns[TICKET_NCOLUMNS] = {
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
    COLUMN(due_at, COL_NEVER, NULL, true),
    COLUMN(warn_at, COL_NEVER, NULL, true),
    COLUMN(due_target, COL_TEXT, NULL, true),
    COLUMN(last_event, COL_INT, NULL, true),
    COLUMN(time_spent_s, COL_INT, NULL, false),
    COLUMN(reopened, COL_INT, NULL, false),
    COLUMN(snooze_keep, COL_INT, NULL, false),
};

static const struct row_table table = {"ticket", columns, TICKET_NCOLUMNS};

struct ticket *
ticket_new(void *ctx)
{
	struct ticket *t = talloc_zero(ctx, struct ticket);

	row_defaults(&table, t);
	t->tags = mem_array(t, const char *, 1);
	return t;
}

struct ticket *
ticket_read(void *ctx, struct stmt *st)
{
	struct ticket *t = ticket_new(ctx);

	row_read(t, &table, t, st);
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

json_t *
ticket_diff(const struct ticket *before, const struct ticket *after)
{
	struct ticket *blank = before ? NULL : ticket_new(NULL);
	json_t *o = json_object();

	row_diff(&table, before, after, o);
	ticket_diff_details(before ? before : blank, after, o);
	talloc_free(blank);
	return o;
}

json_t *
ticket_state(const struct ticket *t)
{
	json_t *o = json_object();

	row_state(&table, t, o);
	ticket_state_details(t, o);
	return o;
}

enum rc
ticket_fold(void *ctx, struct ticket *t, json_t *changes, struct err *err)
{
	enum rc rc = row_fold(ctx, &table, t, changes, err);

	return rc == RC_OK ? ticket_fold_details(ctx, t, changes, err) : rc;
}

static bool
is_key(const char *key)
{
	return row_has_key(&table, key) || text_starts(key, "field.") ||
	       strcmp(key, "tags") == 0 || strcmp(key, "people") == 0 ||
	       strcmp(key, "links") == 0;
}

enum rc
ticket_unfold(
    void *ctx, struct ticket *t, json_t *changes, const char **key, struct err *err)
{
	json_t *state = ticket_state(t), *back = NULL;
	enum rc rc = row_unfold(ctx, state, changes, is_key, &back, key, err);

	if (rc == RC_OK)
		rc = ticket_fold(ctx, t, back, err);
	json_decref(state);
	json_decref(back);
	return rc;
}

/* ---- writing ---- */

#define TICKET_INSERT                                                                  \
	"subject, queue, status, phase, priority, kind, channel, mailbox, token_gen, " \
	"assignee, requester, organization, external_id, merged_into, created_at, "    \
	"updated_at, customer_at, agent_at, first_replied_at, solved_at, "             \
	"snoozed_until, due_at, warn_at, due_target, last_event, time_spent_s, "       \
	"reopened, snooze_keep"
#define TICKET_VALUES                                                                  \
	"?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, " \
	"?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28"
SQL(sql_ticket_insert,
    "INSERT INTO ticket (" TICKET_INSERT ") VALUES (" TICKET_VALUES ") RETURNING id");
SQL(sql_ticket_insert_as,
    "INSERT INTO ticket (" TICKET_INSERT ", id) VALUES (" TICKET_VALUES ", ?29)");

static enum rc
insert(struct store *s, struct ticket *t, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_ticket_insert, &st, err);

	if (rc != RC_OK)
		return rc;
	row_bind(&table, st, t);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		t->id = col_int(st, 0);
	stmt_done(st);
	return rc;
}

enum rc
ticket_store_as(struct store *s, struct ticket *t, struct err *err)
{
	struct ticket *blank = ticket_new(NULL);
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_ticket_insert_as, &st, err);

	if (rc == RC_OK) {
		row_bind(&table, st, t);
		bind_int(st, TICKET_NCOLUMNS, t->id);
		rc = stmt_run(st, err);
	}
	if (rc == RC_OK)
		rc = ticket_store_details(s, blank, t, err);
	talloc_free(blank);
	return rc;
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
		rc = row_update(s, &table, before, after, after->id, err);
	}
	if (rc == RC_OK)
		rc = ticket_store_details(s, before ? before : blank, after, err);
	talloc_free(blank);
	return rc;
}

/* ---- the record ---- */

/* Its open clock that is due first. */
static enum rc
set_sla(struct desk *d, struct ticket *t, json_t *o, struct err *err)
{
	struct clock c = {0};
	enum rc rc = RC_NONE;

	if (*t->due_target != '\0')
		rc = clock_get(d->store, t, t->id, t->due_target, &c, err);
	if (rc == RC_OK)
		rc = desk_calendar(d, c.version, c.calendar, &c.hours, err);
	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	json_object_set_new(
	    o, "sla", rc == RC_OK ? clock_brief(&c, desk_now(d) / 1000) : json_null());
	return RC_OK;
}

enum rc
ticket_to_json(struct desk *d, struct ticket *t, json_t **out, struct err *err)
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
	record_set_int(o, "time_spent_s", t->time_spent_s);
	record_set_int(o, "reopened", t->reopened);
	record_set_int(o, "last_event", t->last_event);
	rc = set_sla(d, t, o, err);
	if (rc != RC_OK) {
		json_decref(o);
		return rc;
	}
	*out = o;
	return RC_OK;
}
