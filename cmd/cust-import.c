/* cust-import: brings customers and organizations from other systems, again and again. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "change/people.h"
#include "change/person_import.h"
#include "change/rows.h"

enum { BATCH = 500 };

static struct {
	bool csv, dry_run;
	struct opt_list maps;
} o;

static const struct opt opts[] = {
    {"csv", 0, OPT_FLAG, NULL, "rows of CSV; the first names the columns", &o.csv, NULL},
    {"map", 'm', OPT_LIST, "key=column", "this column is that key; may be repeated",
	&o.maps, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "say what would change, and change nothing",
	&o.dry_run, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static const struct row_key keys[] = {
    {"external_id", {"id", "customer_id", "customer_number", "external"}},
    {"name", {"full_name", "customer", "customer_name", "contact"}},
    {"address", {"email", "e-mail", "mail", "email_address"}},
    {"organization", {"company", "account", "organisation"}},
    {"language", {"lang", "locale"}},
    {"timezone", {"time_zone", "tz"}},
    {"notes", {"note", "comment", "comments"}},
    {NULL, {NULL}},
};

struct import {
	struct cmd_env *env;
	struct rows *rows;
	int64_t created, changed, same, bad;
};

static enum rc
print(struct import *m, const struct person_import *r, struct err *err)
{
	if (r->created)
		m->created++;
	else if (r->changed)
		m->changed++;
	else
		m->same++;
	if (m->env->out->format == OUT_HUMAN)
		return RC_OK;
	return r->is_organization ? people_show_organization(m->env, r->organization, err)
				  : people_show(m->env, r->customer, err);
}

static enum rc
import_batch(struct import *m, struct change_tx *tx, struct person_import *done,
    size_t *made, json_t **records, const int64_t *lines, size_t n, struct err *err)
{
	struct err bad;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		rc = person_import(
		    tx, &m->env->desk->actor, records[i], &done[*made], &bad);
		if (rc == RC_OK) {
			++*made;
		} else if (rc == RC_INVALID) {
			rows_bad(m->env, lines[i], &bad);
			m->bad++;
			rc = RC_OK;
		} else {
			*err = bad;
		}
	}
	return rc;
}

static enum rc
transaction(
    struct import *m, json_t **records, const int64_t *lines, size_t n, struct err *err)
{
	void *ctx = talloc_new(NULL);
	struct person_import *done = mem_array(ctx, struct person_import, n);
	struct change_tx *tx = NULL;
	size_t made = 0;
	enum rc rc = change_begin(ctx, m->env->desk, -1, &tx, err);

	if (rc == RC_OK) {
		rc = import_batch(m, tx, done, &made, records, lines, n, err);
		for (size_t i = 0; rc == RC_OK && o.dry_run && i < made; i++)
			rc = print(m, &done[i], err);
		if (rc != RC_OK || o.dry_run)
			change_abort(tx);
		else
			rc = change_commit(tx, err);
		for (size_t i = 0; rc == RC_OK && !o.dry_run && i < made; i++)
			rc = print(m, &done[i], err);
	}
	talloc_free(ctx);
	return rc;
}

static enum rc
import_all(struct import *m, struct err *err)
{
	json_t *records[BATCH];
	int64_t lines[BATCH];
	enum rc rc = RC_OK, end = RC_OK;

	while (rc == RC_OK && end == RC_OK) {
		struct err later = {0};
		size_t n = 0;

		end = rows_gather(
		    m->env, m->rows, BATCH, records, lines, &n, &m->bad, &later);
		if (n > 0)
			rc = transaction(m, records, lines, n, err);
		for (size_t i = 0; i < n; i++)
			json_decref(records[i]);
		if (rc == RC_OK && end != RC_OK && end != RC_NONE) {
			*err = later;
			rc = end;
		}
		cmd_progress(m->env, "people", m->created + m->changed + m->same, false);
	}
	cmd_progress(m->env, "people", 0, true);
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct rows_want want = {o.csv, true, argc > 0 ? argv[0] : NULL, &o.maps, keys};
	struct import m = {.env = env};
	enum rc rc;

	if (argc > 1)
		return err_fail(err, RC_USAGE, "\"%s\": one file at a time", argv[1]);
	rc = actor_need(&env->desk->actor, "customer.change", err);
	if (rc == RC_OK)
		rc = rows_open(env, &want, &m.rows, err);
	if (rc != RC_OK)
		return rc;
	people_begin(env->out);
	rc = import_all(&m, err);
	if (rc == RC_OK && env->out->format == OUT_HUMAN)
		out_line(env->out, COLOR_NONE, "%lld new, %lld changed, %lld as before%s",
		    (long long)m.created, (long long)m.changed, (long long)m.same,
		    o.dry_run ? " (not done)" : "");
	if (rc == RC_OK && m.bad > 0)
		rc = err_fail(
		    err, RC_INVALID, "%lld lines could not be used", (long long)m.bad);
	return rc;
}

static const struct cmd cmd = {
    .name = "cust-import",
    .summary = "bring customers from other systems",
    .args = "[file]",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
