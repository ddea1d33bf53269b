/* Writing an export: header, people, each ticket with its messages and events, then what
 * belongs to no ticket, and a line that says that this is all. */
#include "exchange/export.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "exchange/exchange_priv.h"
#include "ticket/customer.h"

struct export
{
	struct desk *d;
	const struct export_want *w;
	struct export_count *n;
	FILE *to;
	unsigned char(*blobs)[BLOB_HASH];
	size_t nblobs, room;
	int64_t *people; /* customers that tickets name, when not all are exported */
	size_t npeople;
	void (*progress)(void *arg, int64_t tickets);
	void *arg;
	void *ctx;
};

/* ---- records ---- */

static enum rc
put(struct export *x, json_t *record, struct err *err)
{
	int bad = json_dumpf(record, x->to, JSON_COMPACT | JSON_PRESERVE_ORDER);

	json_decref(record);
	if (bad != 0 || putc('\n', x->to) == EOF)
		return err_errno(err, "writing records");
	return RC_OK;
}

static void
want_blob(struct export *x, const unsigned char hash[BLOB_HASH])
{
	if (x->w->archive == NULL)
		return;
	if (x->nblobs == x->room) {
		x->room = x->room ? 2 * x->room : 64;
		x->blobs =
		    talloc_realloc_size(x->ctx, x->blobs, x->room * sizeof(*x->blobs));
	}
	memcpy(x->blobs[x->nblobs++], hash, BLOB_HASH);
}

static void
want_person(struct export *x, int64_t id)
{
	if ((x->npeople & (x->npeople - 1)) == 0)
		x->people =
		    mem_grow(x->ctx, x->people, int64_t, x->npeople ? 2 * x->npeople : 1);
	x->people[x->npeople++] = id;
}

static enum rc
put_header(struct export *x, struct err *err)
{
	struct chain end;
	json_t *o = json_object();
	char *hex;
	enum rc rc = chain_end(x->d->store, &end, err);

	if (rc != RC_OK)
		return rc;
	hex = text_hex(x->ctx, end.hash, BLOB_HASH);
	record_set_text(o, "type", "export");
	record_set_int(o, "format", EXPORT_FORMAT);
	record_set_text(o, "desk", x->d->id);
	record_set_text(o, "name", x->d->config->name);
	record_set_instant(o, "at", desk_now(x->d));
	json_object_set_new(o, "full", json_boolean(x->w->full));
	record_set_int(o, "event", end.id);
	record_set_text(o, "hash", hex);
	return put(x, o, err);
}

static enum rc
put_customer(struct export *x, int64_t id, struct err *err)
{
	struct customer *c = NULL;
	json_t *o = NULL;
	enum rc rc = customer_load(x->d->store, x->ctx, id, &c, err);

	if (rc == RC_OK)
		rc = customer_to_json(x->d->store, c, &o, err);
	talloc_free(c);
	x->n->customers++;
	return rc == RC_OK ? put(x, o, err) : rc;
}

/* An event as the chain has it: with the random "n" and its digest. */
static enum rc
put_event(struct export *x, const struct event *e, struct err *err)
{
	json_t *o = event_to_json(e);
	char *hex = text_hex(NULL, e->digest, BLOB_HASH);

	if (e->changes != NULL)
		json_object_set_new(o, "changes", json_loads(e->changes, 0, NULL));
	record_set_text(o, "digest", hex);
	talloc_free(hex);
	x->n->events++;
	return put(x, o, err);
}

static enum rc
put_events(struct export *x, const char *sql, int64_t id, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(x->d->store, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, id);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		struct event *e = event_read(NULL, st);

		rc = put_event(x, e, err);
		talloc_free(e);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- tickets ---- */

SQL(sql_export_events,
    "SELECT " EVENT_COLUMNS " FROM event e WHERE e.ticket = ?1 ORDER BY e.id");
SQL(sql_export_people,
    "SELECT " EVENT_COLUMNS " FROM event e WHERE e.customer = ?1 ORDER BY e.id");
SQL(sql_export_others, "SELECT " EVENT_COLUMNS " FROM event e "
		       "WHERE e.ticket IS NULL AND e.id > ?1 ORDER BY e.id /* scan */");
/* Tickets that are gone have events still. */
SQL(sql_export_gone,
    "SELECT " EVENT_COLUMNS " FROM event e WHERE e.ticket IS NOT NULL AND e.id > ?1 AND "
    "NOT EXISTS (SELECT 1 FROM ticket t WHERE t.id = e.ticket) ORDER BY e.id /* scan */");

static bool
one_of(const struct export *x, int64_t customer)
{
	for (size_t i = 0; i < x->w->ncustomers; i++) {
		if (x->w->customers[i] == customer)
			return true;
	}
	return false;
}

/* Of a person alone: all of their tickets, and what they wrote in others'. */
static bool
about(const struct export *x, const struct ticket *t, const struct message *m)
{
	int64_t author = 0;

	return x->w->ncustomers == 0 || one_of(x, t->requester) ||
	       (text_starts(m->author, "customer:") &&
		   text_number(m->author + 9, &author) && one_of(x, author));
}

struct thread {
	struct export *x;
	struct ticket *t;
};

static enum rc
each_message(void *arg, struct message *m, struct err *err)
{
	struct thread *th = arg;
	struct export *x = th->x;
	json_t *o = NULL;
	char *hex;
	int64_t author;
	enum rc rc;

	if (!about(x, th->t, m))
		return RC_OK;
	rc = message_to_json(x->d, m, &o, err);
	if (rc != RC_OK)
		return rc;
	if (m->has_raw) {
		hex = text_hex(m, m->raw, BLOB_HASH);
		record_set_text(o, "raw", hex);
		want_blob(x, m->raw);
	}
	for (size_t i = 0; i < m->nattachments; i++) {
		json_t *a = json_array_get(json_object_get(o, "attachments"), i);

		record_set_text(a, "content_id", m->attachments[i].content_id);
		want_blob(x, m->attachments[i].sha256);
	}
	record_set_int(o, "flag_bits", m->flags);
	record_set_text(o, "by", m->author);
	if (!x->w->full && text_starts(m->author, "customer:") &&
	    text_number(m->author + 9, &author) && author != th->t->requester &&
	    x->w->ncustomers == 0)
		want_person(x, author);
	x->n->messages++;
	return put(x, o, err);
}

static json_t *
people_whole(const struct ticket *t)
{
	json_t *a = json_array();

	for (size_t i = 0; i < t->npeople; i++)
		json_array_append_new(
		    a, json_pack("{s:s,s:s,s:b}", "role", t->people[i].role, "who",
			   t->people[i].who, "confirmed", t->people[i].confirmed));
	return a;
}

static enum rc
put_talk(void *arg, json_t *record, struct err *err)
{
	return put(arg, record, err);
}

static enum rc
each_ticket(void *arg, struct ticket *t, struct err *err)
{
	struct thread th = {arg, t};
	struct export *x = arg;
	struct person p = {0};
	json_t *o = NULL;
	enum rc rc = ticket_details(x->d->store, t, t, err);

	if (rc == RC_OK)
		rc = ticket_to_json(x->d, t, &o, err);
	if (rc != RC_OK)
		return rc;
	json_object_set_new(o, "people", people_whole(t));
	rc = customer_get(x->d->store, t, t->requester, &p, err);
	if (rc != RC_OK) {
		json_decref(o);
		return rc;
	}
	record_set_text(json_object_get(o, "requester"), "kind", p.kind);
	if (x->w->ncustomers == 0 && !x->w->full)
		want_person(x, t->requester);
	rc = put(x, o, err);
	if (rc == RC_OK)
		rc = message_each(x->d->store, t->id, each_message, &th, err);
	/* Events name agents and what they did among themselves: not a person's to take.
	 */
	if (rc == RC_OK && (x->w->ncustomers == 0 || one_of(x, t->requester)))
		rc = put_events(x, sql_export_events, t->id, err);
	/* Of the whole desk they come at its end. */
	if (rc == RC_OK && !x->w->full &&
	    (x->w->ncustomers == 0 || one_of(x, t->requester)))
		rc = talks_export(x->d->store, "conversation", t->id, put_talk, x, err);
	x->n->tickets++;
	if (x->progress != NULL && x->n->tickets % 100 == 0)
		x->progress(x->arg, x->n->tickets);
	return rc;
}

/* ---- what mail-ingest knows: a reply to an old mail finds its ticket again ---- */

SQL(sql_export_mail,
    "SELECT msgid, mailbox, body_sha, message, ticket, outcome, at, raw, reason, class, "
    "rule, evidence FROM mail_id WHERE message IS NOT NULL /* scan */");

static void
set_hex(json_t *o, const char *key, struct stmt *st, int i)
{
	size_t n;
	const void *b = col_blob(st, i, &n);
	char *hex = text_hex(NULL, b, n);

	record_set_text(o, key, hex);
	talloc_free(hex);
}

static enum rc
put_mails(struct export *x, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(x->d->store, sql_export_mail, &st, err);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK) {
		json_t *o = json_object();

		record_set_text(o, "type", "mail");
		record_set_text(o, "msgid", col_text(st, 0));
		record_set_text(o, "mailbox", col_text(st, 1));
		set_hex(o, "body_sha", st, 2);
		record_set_int(o, "message", col_int(st, 3));
		record_set_int(o, "ticket", col_int(st, 4));
		record_set_text(o, "outcome", col_text(st, 5));
		record_set_instant(o, "at", col_int(st, 6));
		set_hex(o, "raw", st, 7);
		record_set_text(o, "reason", col_text(st, 8));
		record_set_text(o, "class", col_text(st, 9));
		record_set_text(o, "rule", col_text(st, 10));
		record_set_text(o, "evidence", col_text(st, 11));
		rc = put(x, o, err);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- policy, as it was applied ---- */

SQL(sql_export_versions, "SELECT id, part, at, event FROM version ORDER BY id, part");

static enum rc
put_versions(struct export *x, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(x->d->store, sql_export_versions, &st, err);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK) {
		json_t *o = json_object(), *content = NULL;

		record_set_text(o, "type", "version");
		record_set_int(o, "id", col_int(st, 0));
		record_set_text(o, "part", col_text(st, 1));
		record_set_instant(o, "at", col_int(st, 2));
		if (col_int(st, 3) != 0)
			record_set_int(o, "event", col_int(st, 3));
		rc = version_part(
		    x->d->store, col_int(st, 0), col_text(st, 1), &content, err);
		json_object_set_new(o, "content", content);
		if (rc == RC_OK)
			rc = put(x, o, err);
		else
			json_decref(o);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- talks on other channels ---- */

static enum rc
put_talks(struct export *x, int64_t of, const char *const *types, struct err *err)
{
	enum rc rc = RC_OK;

	for (; rc == RC_OK && *types != NULL; types++)
		rc = talks_export(x->d->store, *types, of, put_talk, x, err);
	return rc;
}

/* ---- all of it ---- */

SQL(sql_export_customers, "SELECT id FROM customer WHERE id > ?1 ORDER BY id");
SQL(sql_export_organizations, "SELECT id FROM organization WHERE id > ?1 ORDER BY id");

static enum rc
put_organization(struct export *x, int64_t id, struct err *err)
{
	struct organization *org = NULL;
	json_t *o = NULL;
	enum rc rc = organization_load(x->d->store, x->ctx, id, &org, err);

	if (rc == RC_OK)
		rc = organization_to_json(x->d->store, org, &o, err);
	return rc == RC_OK ? put(x, o, err) : rc;
}

static enum rc
put_all(struct export *x, const char *sql,
    enum rc (*one)(struct export *x, int64_t id, struct err *err), struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(x->d->store, sql, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, 0);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		rc = one(x, col_int(st, 0), err);
		if (rc != RC_OK)
			break;
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* After the tickets it is known who is named in them. */
static enum rc
put_people_named(struct export *x, struct err *err)
{
	enum rc rc = RC_OK;

	if (x->npeople > 1)
		qsort(x->people, x->npeople, sizeof(*x->people), by_number);
	for (size_t i = 0; rc == RC_OK && i < x->npeople; i++) {
		if (i == 0 || x->people[i] != x->people[i - 1])
			rc = put_customer(x, x->people[i], err);
	}
	return rc;
}

static enum rc
put_everything(struct export *x, struct err *err)
{
	static const char *const all[] = {"conversation", "bot_talk", "heard",
	    "bot_heard", "channel_place", NULL},
				 *const theirs[] = {"bot_talk", "bot_words", NULL};
	struct query_list l = {.sort = "-id"};
	enum rc rc = put_header(x, err);

	if (rc == RC_OK && x->w->full)
		rc = put_versions(x, err);
	if (rc == RC_OK && x->w->full)
		rc = put_all(x, sql_export_organizations, put_organization, err);
	if (rc == RC_OK && x->w->full)
		rc = put_all(x, sql_export_customers, put_customer, err);
	for (size_t i = 0; rc == RC_OK && i < x->w->ncustomers; i++)
		rc = put_customer(x, x->w->customers[i], err);
	if (rc == RC_OK)
		rc = query_each(x->d, x->w->tree, &l, each_ticket, x, err);
	if (rc == RC_OK)
		rc = put_people_named(x, err);
	for (size_t i = 0; rc == RC_OK && i < x->w->ncustomers; i++)
		rc = put_events(x, sql_export_people, x->w->customers[i], err);
	if (rc == RC_OK && x->w->full)
		rc = put_events(x, sql_export_others, 0, err);
	if (rc == RC_OK && x->w->full)
		rc = put_events(x, sql_export_gone, 0, err);
	if (rc == RC_OK && x->w->full)
		rc = put_mails(x, err);
	if (rc == RC_OK && x->w->full)
		rc = put_talks(x, 0, all, err);
	for (size_t i = 0; rc == RC_OK && i < x->w->ncustomers; i++)
		rc = put_talks(x, x->w->customers[i], theirs, err);
	if (rc == RC_OK)
		rc = put(x,
		    json_pack("{s:s,s:I,s:I,s:I,s:I}", "type", "end", "tickets",
			(json_int_t)x->n->tickets, "messages", (json_int_t)x->n->messages,
			"events", (json_int_t)x->n->events, "customers",
			(json_int_t)x->n->customers),
		    err);
	return rc;
}

/* ---- the archive ---- */

static int
by_hash(const void *a, const void *b)
{
	return memcmp(a, b, BLOB_HASH);
}

static enum rc
add_blobs(struct export *x, struct err *err)
{
	enum rc rc = RC_OK;

	if (x->nblobs > 1)
		qsort(x->blobs, x->nblobs, BLOB_HASH, by_hash);
	for (size_t i = 0; rc == RC_OK && i < x->nblobs; i++) {
		char *hex, *name;
		int64_t size;
		int fd;

		if (i > 0 && memcmp(x->blobs[i], x->blobs[i - 1], BLOB_HASH) == 0)
			continue;
		rc = blob_open(x->d->store, x->blobs[i], &fd, &size, err);
		if (rc != RC_OK)
			return rc;
		hex = text_hex(x->ctx, x->blobs[i], BLOB_HASH);
		name = talloc_asprintf(hex, "blobs/%s", hex);
		rc = archive_add_fd(x->w->archive, name, fd, size, err);
		close(fd);
		talloc_free(hex);
		x->n->blobs++;
	}
	return rc;
}

/* Records are written to a file without a name first: a tar says the size before. */
static enum rc
into_archive(struct export *x, struct err *err)
{
	int64_t size;
	enum rc rc;

	x->to = tmpfile();
	if (x->to == NULL)
		return err_errno(err, "a temporary file");
	rc = put_everything(x, err);
	if (rc == RC_OK)
		rc = add_blobs(x, err);
	if (rc == RC_OK && fflush(x->to) != 0)
		rc = err_errno(err, "a temporary file");
	if (rc == RC_OK) {
		size = ftello(x->to);
		rewind(x->to);
		rc = archive_add_fd(
		    x->w->archive, "records.jsonl", fileno(x->to), size, err);
	}
	fclose(x->to);
	return rc;
}

enum rc
export_run(struct desk *d, const struct export_want *w, struct export_count *n,
    void (*progress)(void *, int64_t), void *arg, struct err *err)
{
	struct export x = {.d = d,
	    .w = w,
	    .n = n,
	    .to = w->to,
	    .progress = progress,
	    .arg = arg,
	    .ctx = talloc_new(NULL)};
	enum rc rc = store_read(d->store, err);

	*n = (struct export_count){0};
	if (rc == RC_OK)
		rc = w->archive ? into_archive(&x, err) : put_everything(&x, err);
	store_read_end(d->store);
	talloc_free(x.ctx);
	return rc;
}
