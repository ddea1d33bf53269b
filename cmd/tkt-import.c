/* tkt-import: brings tickets in: exports of ours, other systems' exports, mail archives.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/archive.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "change/rows.h"
#include "channel/folder.h"
#include "channel/ingest.h"
#include "desk/cmd.h"
#include "exchange/documents.h"
#include "exchange/import.h"

enum { BATCH = 200, BLOB_MAX = 1024 * 1024 * 1024 };

static struct {
	bool csv, zendesk, mbox, maildir, new_numbers, dry_run;
	const char *queue, *mailbox;
	struct opt_list maps;
} o;

static const struct opt opts[] = {
    {"csv", 0, OPT_FLAG, NULL, "rows of CSV, a ticket each", &o.csv, NULL},
    {"map", 'm', OPT_LIST, "key=column", "this column is that key; may be repeated",
	&o.maps, NULL},
    {"zendesk", 0, OPT_FLAG, NULL, "tickets of Zendesk, with their comments", &o.zendesk,
	NULL},
    {"mbox", 0, OPT_FLAG, NULL, "mails of an mbox file, dated as they say", &o.mbox,
	NULL},
    {"maildir", 0, OPT_FLAG, NULL, "mails of a maildir, dated as they say", &o.maildir,
	NULL},
    {"mailbox", 0, OPT_TEXT, "name", "of ours, where these mails came to", &o.mailbox,
	"@mailbox"},
    {"queue", 'q', OPT_TEXT, "queue", "all tickets go to this one", &o.queue, "@queue"},
    {"new-numbers", 0, OPT_FLAG, NULL, "never verbatim, also into an empty desk",
	&o.new_numbers, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "read it all, and keep nothing", &o.dry_run, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static void
print(struct cmd_env *env, const struct import_count *n)
{
	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:b,s:b,s:I,s:I,s:I,s:I,s:I}", "type", "import",
			"done", !o.dry_run, "verbatim", n->verbatim, "tickets",
			(json_int_t)n->tickets, "messages", (json_int_t)n->messages,
			"known", (json_int_t)n->known, "bad", (json_int_t)n->bad,
			"left_out", (json_int_t)n->left_out));
	else if (env->out->format == OUT_HUMAN)
		out_line(env->out, COLOR_NONE,
		    "%lld tickets%s, %lld messages, %lld known already, %lld not used%s",
		    (long long)n->tickets, n->verbatim ? " verbatim" : "",
		    (long long)n->messages, (long long)n->known, (long long)n->bad,
		    o.dry_run ? " (not done)" : "");
	if (n->left_out > 0)
		cmd_note(env,
		    "%lld values were left out: fields, agents or files that this desk "
		    "does "
		    "not have",
		    (long long)n->left_out);
}

/* ---- our own exports ---- */

static enum rc
take_blob(struct cmd_env *env, struct archive_in *a, const char *hex, struct err *err)
{
	unsigned char want[BLOB_HASH], have[BLOB_HASH] = {0};
	void *ctx = talloc_new(env->ctx);
	char *data = NULL;
	size_t n = 0;
	enum rc rc;

	if (!text_unhex(hex, want, BLOB_HASH))
		rc = err_fail(err, RC_INVALID, "blobs/%s: no hash", hex);
	else
		rc = archive_read_all(a, ctx, BLOB_MAX, &data, &n, err);
	if (rc == RC_OK && !o.dry_run)
		rc = blob_put(env->desk->store, data, n, have, err);
	if (rc == RC_OK && !o.dry_run && memcmp(want, have, BLOB_HASH) != 0)
		rc = err_fail(
		    err, RC_INVALID, "blobs/%s: its content has another hash", hex);
	talloc_free(ctx);
	return rc;
}

/* Blobs go into the store as they come; records into a file without a name. */
static enum rc
unpack(struct cmd_env *env, const char *path, FILE **records, struct err *err)
{
	struct archive_in *a = NULL;
	struct archive_member m;
	unsigned char hash[BLOB_HASH];
	int64_t size;
	enum rc rc = archive_open(env->ctx, path, &a, err);

	*records = NULL;
	while (rc == RC_OK && (rc = archive_next(a, &m, err)) == RC_OK) {
		if (m.folder)
			continue;
		if (text_starts(m.name, "blobs/")) {
			rc = take_blob(env, a, m.name + strlen("blobs/"), err);
		} else if (strcmp(m.name, "records.jsonl") == 0 && *records == NULL) {
			*records = tmpfile();
			rc = *records
				 ? archive_read_to(a, fileno(*records), hash, &size, err)
				 : err_errno(err, "a temporary file");
		} else {
			rc = err_fail(err, RC_INVALID,
			    "%s: member \"%s\" is no part of an export", path, m.name);
		}
	}
	talloc_free(a);
	if (rc == RC_NONE && *records == NULL)
		rc = err_fail(err, RC_INVALID,
		    "%s has no records.jsonl: it was cut, or is no "
		    "export",
		    path);
	if (rc == RC_NONE)
		rc = RC_OK;
	if (rc == RC_OK && lseek(fileno(*records), 0, SEEK_SET) != 0)
		rc = err_errno(err, "a temporary file");
	if (rc == RC_OK)
		rc = blob_sync(env->desk->store, err);
	return rc;
}

static bool
is_archive(const char *path)
{
	static const char *const ends[] = {".tar", ".tar.zst", ".tar.gz", ".tgz"};
	size_t n = path ? strlen(path) : 0;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (n > strlen(ends[i]) &&
		    strcmp(path + n - strlen(ends[i]), ends[i]) == 0)
			return true;
	}
	return false;
}

static enum rc
from_export(
    struct cmd_env *env, const char *path, struct import_count *n, struct err *err)
{
	FILE *records = NULL;
	int fd = STDIN_FILENO;
	enum rc rc = RC_OK;

	if (is_archive(path))
		rc = unpack(env, path, &records, err);
	else if (path != NULL && strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (rc == RC_OK && fd < 0)
		rc = err_errno(err, "%s", path);
	if (rc == RC_OK)
		rc = import_export(env, records ? fileno(records) : fd, o.new_numbers,
		    o.dry_run, o.queue, n, err);
	if (records != NULL)
		fclose(records);
	if (fd > STDIN_FILENO)
		close(fd);
	if (rc == RC_OK && n->verbatim && !o.dry_run)
		cmd_note(env, "the policy is that of the export now; tkt.conf itself was "
			      "not touched (tkt-config diff shows it)");
	return rc;
}

/* ---- records, one a ticket ---- */

struct job {
	struct cmd_env *env;
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
	if (rc != RC_OK || o.dry_run)
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

static enum rc
from_csv(struct job *j, const char *path, struct err *err)
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
	struct rows_want want = {true, true, path, &o.maps, keys};
	struct rows *rows = NULL;
	json_t *records[BATCH];
	int64_t lines[BATCH];
	enum rc rc = rows_open(j->env, &want, &rows, err), end = RC_OK;

	j->convert = import_from_record;
	while (rc == RC_OK && end == RC_OK) {
		struct err later = {0};
		size_t n = 0;

		end = rows_gather(
		    j->env, rows, BATCH, records, lines, &n, &j->n->bad, &later);
		if (n > 0)
			rc = convert_batch(j, records, lines, n, err);
		for (size_t i = 0; i < n; i++)
			json_decref(records[i]);
		if (rc == RC_OK && end != RC_OK && end != RC_NONE) {
			*err = later;
			rc = end;
		}
	}
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

static enum rc
from_zendesk(struct job *j, const char *path, struct err *err)
{
	FILE *f = path && strcmp(path, "-") != 0 ? fopen(path, "re") : stdin;
	struct documents *d;
	enum rc rc = RC_OK;

	if (f == NULL)
		return err_errno(err, "%s", path);
	d = documents_new(j->env->ctx, f);
	j->convert = import_from_zendesk;
	j->c.users = json_object();
	j->c.organizations = json_object();
	while (rc == RC_OK) {
		json_t *page = NULL;
		struct err why;

		rc = documents_next(d, &page, &why);
		if (rc == RC_INVALID) {
			rows_bad(j->env, documents_line(d), &why);
			j->n->bad++;
			rc = RC_OK;
		} else if (rc == RC_OK) {
			rc = zendesk_page(j, page, documents_line(d), err);
			json_decref(page);
		} else if (rc != RC_NONE) {
			*err = why;
		}
	}
	json_decref(j->c.users);
	json_decref(j->c.organizations);
	if (f != stdin)
		fclose(f);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- mail archives: by the rules of mail-ingest, at the time they were sent ---- */

struct mails {
	struct cmd_env *env;
	struct import_count *n;
	struct ingester *ing;
};

static void
each_outcome(void *arg, size_t mail, const struct ingest *r)
{
	struct mails *k = arg;

	(void)mail;
	if (strcmp(r->outcome, "created") == 0)
		k->n->tickets++;
	if (strcmp(r->outcome, "duplicate") == 0)
		k->n->known++;
	else if (r->message != 0)
		k->n->messages++;
	else
		k->n->left_out++;
}

static enum rc
file_some(struct mails *k, bool all, struct err *err)
{
	size_t bytes, n = ingester_count(k->ing, &bytes);

	if (n == 0 || (!all && n < BATCH && bytes < 32 * 1024 * 1024))
		return RC_OK;
	cmd_progress(k->env, "mails", k->n->messages + k->n->known, false);
	return ingester_file(k->ing, each_outcome, k, err);
}

static enum rc
add_mail(struct mails *k, const char *raw, size_t n, size_t size, int64_t at,
    bool null_sender, struct err *err)
{
	struct ingest_want want = {
	    .mailbox = o.mailbox, .received_at = at, .null_sender = null_sender};
	enum rc rc = ingester_add(k->ing, &want, raw, n, size, err);

	return rc == RC_OK ? file_some(k, false, err) : rc;
}

static enum rc
from_mbox(struct mails *k, const char *path, size_t max, struct err *err)
{
	struct mbox *m = NULL;
	enum rc rc = mbox_open(k->env->ctx, path, &m, err);

	while (rc == RC_OK) {
		bool null_sender = false;
		int64_t at = INSTANT_NONE;
		char *raw = NULL;
		size_t n = 0, size = 0;

		rc = mbox_next(m, k->ing, max, &raw, &n, &size, &at, &null_sender, err);
		if (rc == RC_OK && n > 0)
			rc = add_mail(k, raw, n, size,
			    at <= desk_now(k->env->desk) ? at : INSTANT_NONE, null_sender,
			    err);
		talloc_free(raw);
	}
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
from_maildir(struct mails *k, const char *dir, size_t max, struct err *err)
{
	char **names = NULL;
	size_t count = 0;
	enum rc rc = maildir_list(k->env->ctx, dir, true, &names, &count, err);

	for (size_t i = 0; rc == RC_OK && i < count; i++) {
		char *path = talloc_asprintf(k->env->ctx, "%s/%s", dir, names[i]), *raw;
		size_t n = 0, size = 0;
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0) { /* one that cannot be read does not stop the others */
			err_errno(err, "%s", path);
			cmd_error(k->env, "%s", err->text);
			k->n->bad++;
			talloc_free(path);
			continue;
		}
		rc = mail_slurp(path, fd, max, &raw, &n, &size, err);
		close(fd);
		if (rc == RC_OK)
			rc = add_mail(k, raw, n, size,
			    maildir_time(names[i], desk_now(k->env->desk)), false, err);
		talloc_free(path);
	}
	return rc;
}

static enum rc
from_mails(struct cmd_env *env, const char *path, struct import_count *n, struct err *err)
{
	struct mails k = {.env = env, .n = n};
	const char *writable[3] = {
	    env->desk->dir, talloc_asprintf(env->ctx, "%s/blobs", env->desk->dir), NULL};
	size_t max = (size_t)env->desk->config->mail_size_max;
	enum rc rc;

	if (path == NULL)
		return err_fail(err, RC_USAGE, "say which file or maildir");
	if (o.dry_run)
		return err_fail(
		    err, RC_USAGE, "--dry-run: mail-ingest --explain says it for mails");
	rc = ingester_new(env->ctx, env->desk, &k.ing, err);
	if (rc != RC_OK)
		return rc;
	/* Whoever wrote these mails writes to our parser. */
	(void)sandbox_enter(writable);
	max = max < MAIL_KEPT ? MAIL_KEPT : max;
	rc = o.mbox ? from_mbox(&k, path, max, err) : from_maildir(&k, path, max, err);
	return rc == RC_OK ? file_some(&k, true, err) : rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	const char *path = argc > 0 ? argv[0] : NULL;
	struct import_count n = {0};
	struct job j = {.env = env, .n = &n, .c = {.desk = env->desk, .queue = o.queue}};
	enum rc rc;

	if (argc > 1)
		return err_fail(err, RC_USAGE, "\"%s\": one file at a time", argv[1]);
	if (o.csv + o.zendesk + o.mbox + o.maildir > 1)
		return err_fail(
		    err, RC_USAGE, "--csv, --zendesk, --mbox or --maildir: one of them");
	if (o.queue != NULL && config_queue(env->desk->config, o.queue) == NULL)
		return err_fail(err, RC_USAGE, "queue \"%s\": no such queue%s", o.queue,
		    text_hint(env->ctx, o.queue,
			config_names(env->ctx, env->desk->config, NAME_QUEUE)));
	if (path == NULL && isatty(STDIN_FILENO) == 1)
		return err_fail(
		    err, RC_USAGE, "say what to import: a file, or records on a pipe");
	if (path != NULL && env->desk->brokered)
		return err_fail(
		    err, RC_DENIED, "%s: files cannot be named through tkt-shell", path);
	rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc != RC_OK)
		return rc;
	if (o.csv)
		rc = from_csv(&j, path, err);
	else if (o.zendesk)
		rc = from_zendesk(&j, path, err);
	else if (o.mbox || o.maildir)
		rc = from_mails(env, path, &n, err);
	else
		rc = from_export(env, path, &n, err);
	cmd_progress(env, "tickets", 0, true);
	n.left_out += j.c.left_out;
	if (rc == RC_OK)
		print(env, &n);
	if (rc == RC_OK && n.bad > 0)
		rc = err_fail(
		    err, RC_INVALID, "%lld records could not be used", (long long)n.bad);
	return rc;
}

static const struct cmd cmd = {
    .name = "tkt-import",
    .summary = "bring tickets in",
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
