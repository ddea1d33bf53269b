/* Unit tests of a policy: what a draft or a mail must become. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/sibling.h"
#include "ticket/delivery.h"
#include "trial/trial.h"

enum { SAID_MAX = 1024 * 1024 };

/* ---- making the ticket ---- */

static enum rc
make_draft(struct trial *t, void *ctx, json_t *o, int64_t *ticket, struct err *err)
{
	struct draft d;
	struct change_tx *tx = NULL;
	struct change_result r;
	enum rc rc = draft_from_json(ctx, t->d, o, &d, err);

	if (rc == RC_OK)
		rc = change_begin(ctx, t->d, 0, &tx, err);
	if (rc != RC_OK)
		return rc;
	rc = change_new(tx, &actor_system, &d, &r, err);
	if (rc != RC_OK) {
		change_abort(tx);
		return rc;
	}
	*ticket = r.ticket;
	return change_commit(tx, err);
}

/* By mail-ingest itself. */
static enum rc
make_mail(struct trial *t, void *ctx, const char *path, int64_t *ticket, struct err *err)
{
	const char *argv[] = {
	    "mail-ingest", "-D", t->dir, "-o", "json", "--", path, NULL};
	char *said = NULL;
	int status = 0;
	json_t *o;
	enum rc rc;

	trial_close(t);
	rc = sibling_run(ctx, argv, SAID_MAX, &said, &status, err);
	if (rc == RC_OK)
		rc = trial_open(t, err);
	if (rc != RC_OK)
		return rc;
	if (status != 0)
		return err_fail(
		    err, RC_NOTFOUND, "%s: mail-ingest failed: %d", path, status);
	o = json_loads(said, JSON_DISABLE_EOF_CHECK, NULL);
	*ticket = json_integer_value(json_object_get(o, "ticket"));
	if (*ticket == 0)
		rc = err_fail(err, RC_INVALID, "%s: %s, no ticket", path,
		    json_string_value(json_object_get(o, "outcome")));
	json_decref(o);
	return rc;
}

/* ---- what it became ---- */

SQL(sql_case_rules, "SELECT DISTINCT substr(actor, 6) FROM event WHERE ticket = ?1 "
		    "AND actor LIKE 'rule:%' ORDER BY id");
SQL(sql_case_deliveries, "SELECT d.via, d.kind, d.target FROM event e "
			 "JOIN delivery d ON d.event = e.id WHERE e.ticket = ?1 "
			 "ORDER BY d.event, d.n");

static enum rc
add_rows(struct store *s, const char *sql, int64_t ticket, json_t *list, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, ticket);
	while ((rc = stmt_step(st, err)) == RC_OK)
		json_array_append_new(
		    list, sql == sql_case_rules
			      ? json_string(col_text(st, 0))
			      : json_pack("{s:s,s:s,s:s}", "via", col_text(st, 0), "kind",
				    col_text(st, 1), "target", col_text(st, 2)));
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
outcome(struct trial *t, void *ctx, int64_t ticket, json_t **got, struct err *err)
{
	struct ticket *x = NULL;
	json_t *rules = json_array(), *deliveries = json_array();
	enum rc rc = ticket_get(t->d->store, ctx, ticket, &x, err);

	if (rc == RC_OK)
		rc = ticket_to_json(t->d, x, got, err);
	if (rc == RC_OK)
		rc = add_rows(t->d->store, sql_case_rules, ticket, rules, err);
	if (rc == RC_OK)
		rc = add_rows(t->d->store, sql_case_deliveries, ticket, deliveries, err);
	if (rc == RC_OK) {
		json_object_set(*got, "rules", rules);
		json_object_set(*got, "deliveries", deliveries);
	}
	json_decref(rules);
	json_decref(deliveries);
	return rc;
}

/* An object must have what is wanted, and may have more; a list has the same items in
 * some order. */
static bool
fits(json_t *wanted, json_t *got)
{
	const char *key;
	json_t *v;
	size_t i, k;

	if (json_is_object(wanted) && json_is_object(got)) {
		json_object_foreach(wanted, key, v)
		{
			if (!fits(v, json_object_get(got, key)))
				return false;
		}
		return true;
	}
	if (!json_is_array(wanted) || !json_is_array(got))
		return json_equal(wanted, got ? got : json_null());
	if (json_array_size(wanted) != json_array_size(got))
		return false;
	json_array_foreach(wanted, i, v)
	{
		for (k = 0; k < json_array_size(got); k++) {
			if (fits(v, json_array_get(got, k)))
				break;
		}
		if (k == json_array_size(got))
			return false;
	}
	return true;
}

static void
compare(void *ctx, json_t *expect, json_t *got, struct case_result *r)
{
	const char *key;
	json_t *wanted;

	json_object_foreach(expect, key, wanted)
	{
		json_t *have = json_object_get(got, key);

		if (fits(wanted, have))
			continue;
		r->v = mem_grow(ctx, r->v, struct case_difference, r->n + 1);
		r->v[r->n++] = (struct case_difference){talloc_strdup(ctx, key),
		    record_own(ctx, json_incref(wanted)),
		    record_own(ctx, have ? json_incref(have) : json_null())};
	}
}

/* ---- one case ---- */

/* A mail stands beside the file of cases that names it. */
static const char *
beside(void *ctx, const char *file, const char *name)
{
	const char *slash = strrchr(file, '/');

	if (*name == '/' || slash == NULL)
		return name;
	return talloc_asprintf(ctx, "%.*s/%s", (int)(slash - file), file, name);
}

static enum rc
check(json_t *c, struct err *err)
{
	static const char *const keys[] = {"name", "draft", "mail", "expect", NULL};
	const char *key;
	json_t *v;

	json_object_foreach(c, key, v)
	{
		if (word_index(keys, key) < 0)
			return err_fail(err, RC_INVALID, "a case has no key \"%s\"", key);
	}
	if (!json_is_object(json_object_get(c, "expect")))
		return err_fail(err, RC_INVALID, "\"expect\" is missing, or no object");
	if ((json_object_get(c, "draft") == NULL) == (json_object_get(c, "mail") == NULL))
		return err_fail(err, RC_INVALID, "a case has a \"draft\" or a \"mail\"");
	return RC_OK;
}

enum rc
trial_case(struct trial *t, void *ctx, const char *file, json_t *c, struct case_result *r,
    struct err *err)
{
	const char *name = NULL, *mail = NULL;
	json_t *draft = NULL, *got = NULL;
	int64_t ticket = 0;
	enum rc rc = check(c, err);

	*r = (struct case_result){0};
	if (rc == RC_OK)
		rc = record_text(c, "name", &name, err);
	if (rc == RC_OK)
		rc = record_text(c, "mail", &mail, err);
	if (rc == RC_OK)
		rc = record_object(c, "draft", &draft, err);
	if (rc == RC_OK)
		rc = trial_reset(t, err);
	if (rc != RC_OK)
		return rc;
	r->name = talloc_strdup(ctx, name ? name : mail ? mail : "a case");
	rc = mail ? make_mail(t, ctx, beside(ctx, file, mail), &ticket, err)
		  : make_draft(t, ctx, draft, &ticket, err);
	if (rc == RC_OK)
		rc = outcome(t, ctx, ticket, &got, err);
	if (rc == RC_OK)
		compare(ctx, json_object_get(c, "expect"), got, r);
	json_decref(got);
	/* One that cannot be run has failed; the others go on. */
	if (rc == RC_INVALID || rc == RC_NOTFOUND || rc == RC_USAGE || rc == RC_CONFIG) {
		r->error = talloc_strdup(ctx, err->text);
		*err = (struct err){0};
		rc = RC_OK;
	}
	return rc;
}
