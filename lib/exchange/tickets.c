/* Records of other systems, a ticket each: rows of CSV, pages of Zendesk. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "change/rows.h"
#include "exchange/documents.h"
#include "exchange/import.h"

enum { BATCH = 200 }; /* tickets a transaction */

struct job {
	struct cmd_env *env;
	const struct import_want *want;
	struct import_count *n;
	struct import_ctx c;
	enum rc (*convert)(struct import_ctx *c, json_t *record, struct import_ticket *t,
	    struct err *err);
};

static enum rc
import_batch(struct job *j, struct import_ticket *v, const int64_t *lines, size_t n,
    struct err *err)
{
	struct change_tx *tx = NULL;
	struct import_count before = *j->n;
	enum rc rc = change_begin(j->c.ctx, j->env->desk, 0, &tx, err);

	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct imported r = {0};
		struct err why;

		rc = change_import(tx, &j->env->desk->actor, &v[i], &r, &why);
		if (rc == RC_INVALID || rc == RC_USAGE) {
			rows_bad(j->env, lines[i], &why);
			j->n->bad++;
			rc = RC_OK;
		} else if (rc == RC_OK) {
			j->n->tickets += r.created;
			j->n->known += !r.created;
			j->n->messages += (int64_t)r.messages;
		} else {
			*err = why;
		}
	}
	if (rc != RC_OK || j->want->dry_run)
		change_abort(tx);
	else
		rc = change_commit(tx, err);
	if (rc != RC_OK)
		*j->n = before;
	return rc;
}

/* Converts what can be, imports that. */
static enum rc
convert_batch(
    struct job *j, json_t **records, const int64_t *lines, size_t n, struct err *err)
{
	struct import_ticket *v;
	int64_t *at;
	size_t good = 0;
	enum rc rc = RC_OK;

	j->c.ctx = talloc_new(NULL);
	v = mem_array(j->c.ctx, struct import_ticket, n + 1);
	at = mem_array(j->c.ctx, int64_t, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct err why;

		if (j->convert(&j->c, records[i], &v[good], &why) == RC_OK) {
			at[good++] = lines[i];
		} else {
			rows_bad(j->env, lines[i], &why);
			j->n->bad++;
		}
	}
	if (good > 0)
		rc = import_batch(j, v, at, good, err);
	talloc_free(j->c.ctx);
	cmd_progress(j->env, "tickets", j->n->tickets + j->n->known, false);
	return rc;
}

enum rc
import_csv(struct cmd_env *env, const struct import_want *w, const char *path,
    struct import_count *n, struct err *err)
{
	static const struct row_key keys[] = {
	    {"external_id", {"id", "ticket_id", "number", "ticket"}},
	    {"subject", {"title", "summary"}},
	    {"requester", {"email", "from", "requester_email", "customer_email"}},
	    {"requester_name", {"name", "customer", "customer_name"}},
	    {"body", {"description", "text", "message", "content"}},
	    {"status", {"state"}},
	    {"priority", {NULL}},
	    {"kind", {"type"}},
	    {"queue", {"group", "department"}},
	    {"channel", {NULL}},
	    {"tags", {"labels"}},
	    {"assignee", {"owner", "agent"}},
	    {"organization", {"company", "account"}},
	    {"created_at", {"created", "opened", "opened_at"}},
	    {"updated_at", {"updated", "modified"}},
	    {"solved_at", {"solved", "resolved", "closed", "resolved_at", "closed_at"}},
	    {NULL, {NULL}},
	};
	struct rows_want want = {true, true, path, w->maps, keys};
	struct job j = {.env = env,
	    .want = w,
	    .n = n,
	    .c = {.desk = env->desk, .queue = w->queue},
	    .convert = import_from_record};
	struct rows *rows = NULL;
	json_t *records[BATCH];
	int64_t lines[BATCH];
	enum rc rc = rows_open(env, &want, &rows, err), end = RC_OK;

	while (rc == RC_OK && end == RC_OK) {
		struct err later = {0};
		size_t count = 0;

		end = rows_gather(
		    env, rows, BATCH, records, lines, &count, &n->bad, &later);
		if (count > 0)
			rc = convert_batch(&j, records, lines, count, err);
		for (size_t i = 0; i < count; i++)
			json_decref(records[i]);
		if (rc == RC_OK && end != RC_OK && end != RC_NONE) {
			*err = later;
			rc = end;
		}
	}
	n->left_out += j.c.left_out;
	return rc;
}

/* ---- Zendesk: a ticket a line, or pages ---- */

static enum rc
zendesk_page(struct job *j, json_t *page, int64_t line, struct err *err)
{
	json_t *list = json_object_get(page, "tickets"), *e;
	json_t *records[BATCH];
	int64_t lines[BATCH];
	size_t i, n = 0;
	enum rc rc = RC_OK;

	import_zendesk_people(&j->c, page);
	if (!json_is_array(list)) {
		if (json_object_get(page, "subject") == NULL &&
		    json_object_get(page, "comments") == NULL)
			return RC_OK; /* people alone */
		return convert_batch(j, &page, &line, 1, err);
	}
	json_array_foreach(list, i, e)
	{
		records[n] = e;
		lines[n++] = line;
		if (rc == RC_OK && n == BATCH) {
			rc = convert_batch(j, records, lines, n, err);
			n = 0;
		}
	}
	return rc == RC_OK && n > 0 ? convert_batch(j, records, lines, n, err) : rc;
}

enum rc
import_zendesk(struct cmd_env *env, const struct import_want *w, const char *path,
    struct import_count *n, struct err *err)
{
	FILE *f = path && strcmp(path, "-") != 0 ? fopen(path, "re") : stdin;
	struct job j = {.env = env,
	    .want = w,
	    .n = n,
	    .c = {.desk = env->desk, .queue = w->queue},
	    .convert = import_from_zendesk};
	struct documents *d;
	enum rc rc = RC_OK;

	if (f == NULL)
		return err_errno(err, "%s", path);
	d = documents_new(env->ctx, f);
	j.c.users = json_object();
	j.c.organizations = json_object();
	while (rc == RC_OK) {
		json_t *page = NULL;
		struct err why;

		rc = documents_next(d, &page, &why);
		if (rc == RC_INVALID) {
			rows_bad(env, documents_line(d), &why);
			n->bad++;
			rc = RC_OK;
		} else if (rc == RC_OK) {
			rc = zendesk_page(&j, page, documents_line(d), err);
			json_decref(page);
		} else if (rc != RC_NONE) {
			*err = why;
		}
	}
	n->left_out += j.c.left_out;
	json_decref(j.c.users);
	json_decref(j.c.organizations);
	if (f != stdin)
		fclose(f);
	return rc == RC_NONE ? RC_OK : rc;
}
