/* Call detail records. */
#include "phone/log.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/phone.h"
#include "base/record.h"
#include "base/text.h"
#include "base/zone.h"
#include "change/compose.h"
#include "ticket/conversation.h"

/* ---- columns ---- */

const char *const call_columns[] = {"accountcode", "src", "dst", "dcontext", "clid",
    "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end", "duration",
    "billsec", "disposition", "amaflags", "uniqueid", "userfield", "peeraccount",
    "linkedid", "sequence"};
const size_t ncall_columns = sizeof(call_columns) / sizeof(call_columns[0]);

/* What other switches call them. */
static const struct {
	const char *name, *other[5];
} names[] = {{"src", {"src", "source", "caller", "from", NULL}},
    {"dst", {"dst", "destination", "callee", "to", NULL}},
    {"clid", {"clid", "cnam", "caller_name", "name", NULL}},
    {"start", {"start", "calldate", "start_time", "time", NULL}},
    {"end", {"end", "end_time", NULL}}, {"duration", {"duration", NULL}},
    {"billsec", {"billsec", "talk_time", "talked", NULL}},
    {"disposition", {"disposition", "status", "result", NULL}},
    {"uniqueid", {"uniqueid", "call_id", "callid", "id", NULL}}};

bool
call_is_header(const char *const *columns)
{
	for (; *columns != NULL; columns++) {
		for (size_t i = 0; i < 2; i++) {
			for (const char *const *o = names[i].other; *o != NULL; o++) {
				if (strcasecmp(*o, *columns) == 0)
					return true;
			}
		}
	}
	return false;
}

static const char *
cell(json_t *row, const char *name)
{
	const char *key;
	json_t *v;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, name) != 0)
			continue;
		for (const char *const *o = names[i].other; *o != NULL; o++) {
			json_object_foreach(row, key, v)
			{
				if (strcasecmp(key, *o) == 0)
					return json_string_value(v);
			}
		}
	}
	return "";
}

/* RFC 3339, or as the switch's own clock shows it: "2026-11-29 10:00:00". */
static bool
time_of(void *ctx, const char *s, const char *zone, int64_t *ms)
{
	int hour, minute, second = 0;
	int64_t day, local;
	struct zone *z = NULL;
	struct err bad;
	char *date;

	if (instant_parse(s, ms))
		return true;
	if (strlen(s) < 16 || (s[10] != ' ' && s[10] != 'T'))
		return false;
	date = talloc_strndup(ctx, s, 10);
	if (!civil_parse(date, &day) ||
	    sscanf(s + 11, "%2d:%2d:%2d", &hour, &minute, &second) < 2 || hour < 0 ||
	    hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	local = day * 86400 + hour * 3600 + minute * 60 + second;
	if (zone_load(ctx, zone, local - 3 * 86400, local + 3 * 86400, &z, &bad) != RC_OK)
		return false;
	*ms = zone_instant(z, local) * 1000;
	return true;
}

/* "Ann Lee" <0301234567> */
static const char *
name_of(void *ctx, const char *clid)
{
	const char *from = strchr(clid, '"'), *to = from ? strchr(from + 1, '"') : NULL;

	if (to == NULL)
		return strchr(clid, '<') || strpbrk(clid, "0123456789+")
			   ? ""
			   : text_clean(ctx, clid, strlen(clid), TEXT_LINE, 200);
	return text_clean(ctx, from + 1, (size_t)(to - from - 1), TEXT_LINE, 200);
}

static bool
seconds(const char *s, int64_t *out)
{
	*out = 0;
	return *s == '\0' || text_number(s, out);
}

/* One that the switch gave no id has that of its row. */
static const char *
id_of(void *ctx, json_t *row)
{
	const char *given = cell(row, "uniqueid");
	unsigned char h[crypto_generichash_BYTES_MIN];
	char hex[2 * sizeof(h) + 1], *whole;

	if (*given != '\0' && strlen(given) <= 200)
		return text_clean(ctx, given, strlen(given), TEXT_LINE, 200);
	whole = record_canonical(ctx, row);
	crypto_generichash(
	    h, sizeof(h), (const unsigned char *)whole, strlen(whole), NULL, 0);
	return talloc_asprintf(
	    ctx, "row-%s", sodium_bin2hex(hex, sizeof(hex), h, sizeof(h)));
}

enum rc
call_row_read(
    void *ctx, const struct config *c, json_t *row, struct call_row *r, struct err *err)
{
	const struct phone_conf *p = &c->phone;
	const char *zone = p->timezone ? p->timezone : c->timezone,
		   *start = cell(row, "start"), *end = cell(row, "end"),
		   *how = cell(row, "disposition");

	*r = (struct call_row){.src = talloc_strdup(ctx, cell(row, "src")),
	    .dst = talloc_strdup(ctx, cell(row, "dst"))};
	if (*r->dst == '\0')
		return err_fail(err, RC_INVALID, "no dst: whom did they call?");
	if (!time_of(ctx, start, zone, &r->start))
		return err_fail(err, RC_INVALID, "start \"%s\" is no time", start);
	if (!seconds(cell(row, "duration"), &r->duration) ||
	    !seconds(cell(row, "billsec"), &r->talked))
		return err_fail(err, RC_INVALID, "duration and billsec are seconds");
	if (!time_of(ctx, end, zone, &r->end))
		r->end = r->start + r->duration * 1000;
	r->answered = *how ? strcasecmp(how, "ANSWERED") == 0 ||
				 strcasecmp(how, "ANSWER") == 0 ||
				 strcasecmp(how, "completed") == 0
			   : r->talked > 0;
	r->call = (struct call){.id = id_of(ctx, row),
	    .number = phone_e164(ctx, r->src, p->country, p->trunk),
	    .to = r->dst,
	    .name = name_of(ctx, cell(row, "clid")),
	    .seconds = r->talked};
	return RC_OK;
}

/* ---- where it belongs ---- */

static bool
is_inside(const struct config *c, const char *s)
{
	size_t n = strlen(s);

	return n > 0 && (int64_t)n <= c->phone.extension &&
	       strspn(s, "0123456789*#") == n;
}

static char *
took(void *ctx, int64_t s)
{
	return s < 60 ? talloc_asprintf(ctx, "%lld s", (long long)s)
		      : talloc_asprintf(ctx, "%lld min %lld s", (long long)(s / 60),
			    (long long)(s % 60));
}

static enum rc
note(struct change_tx *tx, void *ctx, struct call_row *r, int64_t ticket, char *text,
    struct err *err)
{
	struct message m = {.kind = "note",
	    .direction = "out",
	    .channel = "phone",
	    .class = "auto-generated",
	    .author = "system",
	    .author_address = "",
	    .created_at = r->start,
	    .quoted = "",
	    .body = text};
	struct edit e = {.ticket = ticket, .message = &m, .no_rules = true};
	struct change_result res;
	enum rc rc = change_edit(tx, &actor_system, &e, &res, err);

	(void)ctx;
	if (rc == RC_OK) {
		r->call.ticket = res.ticket;
		r->call.did = "noted";
	}
	return rc;
}

static struct message
missed_message(void *ctx, const struct call_row *r)
{
	return (struct message){.kind = "reply",
	    .direction = "in",
	    .channel = "phone",
	    .class = "human",
	    .author_address = r->call.number ? r->call.number : "anonymous",
	    .created_at = r->start,
	    .quoted = "",
	    .flags = MESSAGE_UNVERIFIED,
	    .body = talloc_asprintf(
		ctx, "Missed call to %s, after %s.", r->dst, took(ctx, r->duration))};
}

/* Nobody took it: it waits for us, with what else waits of theirs. */
static enum rc
missed(struct change_tx *tx, void *ctx, struct desk *d, struct call_row *r,
    int64_t ticket, struct err *err)
{
	struct person_address from = call_from(ctx, r->call.number, r->call.name);
	struct message m = missed_message(ctx, r);
	struct edit e = {.ticket = ticket, .message = &m, .from = &from};
	struct draft t = {.subject = talloc_asprintf(ctx, "Missed call from %s",
			      r->call.number ? r->call.number : "an anonymous caller"),
	    .requester = from,
	    .channel = "phone",
	    .external_id = talloc_asprintf(ctx, "call:%s", r->call.id),
	    .created_at = r->start,
	    .message = m};
	struct change_result res = {0};
	enum rc rc;

	if (strcmp(d->config->phone.missed, "none") == 0) {
		r->call.did = "nothing";
		return RC_OK;
	}
	r->call.did = "missed";
	if (ticket != 0) {
		rc = change_edit(tx, &actor_system, &e, &res, err);
	} else {
		rc = changes_add(ctx, "queue", CHANGE_SET, call_queue(d->config),
		    d->config, &t.changes, err);
		if (rc == RC_OK)
			rc = changes_add(ctx, "tag", CHANGE_ADD, "missed-call", d->config,
			    &t.changes, err);
		if (rc == RC_OK)
			rc = change_new(tx, &actor_system, &t, &res, err);
		r->call.created = rc == RC_OK && res.created;
	}
	if (rc == RC_OK)
		r->call.ticket = res.ticket;
	return rc;
}

SQL(sql_call_external,
    "SELECT coalesce(merged_into, id) FROM ticket WHERE external_id = ?1 AND phase < 5");

/* That phone-agi has made of the same call; *id 0: none. */
static enum rc
own_ticket(struct store *s, void *ctx, const char *call, int64_t *id, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_call_external, &st, err);

	*id = 0;
	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, talloc_asprintf(ctx, "call:%s", call));
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*id = col_int(st, 0);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
incoming(
    struct change_tx *tx, void *ctx, struct desk *d, struct call_row *r, struct err *err)
{
	const char *who = r->call.number ? r->call.number : "an anonymous caller";
	int64_t own = 0, open = 0;
	enum rc rc = own_ticket(d->store, ctx, r->call.id, &own, err);

	if (rc == RC_OK && r->call.number != NULL)
		rc = call_open_ticket(d->store, r->call.number, r->end, &open, err);
	if (rc != RC_OK)
		return rc;
	if (own != 0 || (r->answered && open != 0))
		return note(tx, ctx, r, own ? own : open,
		    talloc_asprintf(ctx, "%s called %s: %s, %s.", who, r->dst,
			r->answered ? "answered" : "not answered",
			took(ctx, r->answered ? r->talked : r->duration)),
		    err);
	if (!r->answered)
		return missed(tx, ctx, d, r, open, err);
	r->call.did = "nothing";
	return RC_OK;
}

static enum rc
outgoing(struct change_tx *tx, void *ctx, struct desk *d, struct call_row *r,
    const char *number, struct err *err)
{
	int64_t open = 0;
	enum rc rc = call_open_ticket(d->store, number, r->end, &open, err);

	r->call.did = "nothing";
	if (rc != RC_OK || open == 0)
		return rc;
	return note(tx, ctx, r, open,
	    talloc_asprintf(ctx, "%s called %s: %s, %s.", r->src, number,
		r->answered ? "answered" : "not answered",
		took(ctx, r->answered ? r->talked : r->duration)),
	    err);
}

/* What was filed once is known by its id; what came to nothing, too, so that a ticket of
 * tomorrow gets no call of today. */
static enum rc
was_filed(struct store *s, struct call_row *r, struct err *err)
{
	struct heard_id was = {0};
	enum rc rc = heard_find(s, PHONE_LOG_VIA, r->call.id, &was, err);

	if (rc == RC_NONE)
		rc = bot_heard_find(s, PHONE_LOG_VIA, r->call.id, err);
	if (rc == RC_OK) {
		r->call.did = "duplicate";
		r->call.ticket = was.ticket;
	}
	return rc;
}

enum rc
call_row_file(struct change_tx *tx, void *ctx, struct desk *d, struct call_row *r,
    int64_t since, struct err *err)
{
	const struct phone_conf *p = &d->config->phone;
	const char *to = phone_e164(ctx, r->dst, p->country, p->trunk);
	struct heard_id id;
	enum rc rc;

	if (r->start < since) {
		r->call.did = "old";
		return RC_OK;
	}
	rc = was_filed(d->store, r, err);
	if (rc != RC_NONE)
		return rc;
	if (is_inside(d->config, r->src) && to == NULL) {
		r->call.did = "internal";
		return RC_OK;
	}
	rc = is_inside(d->config, r->src) ? outgoing(tx, ctx, d, r, to, err)
					  : incoming(tx, ctx, d, r, err);
	if (rc != RC_OK)
		return rc;
	id = (struct heard_id){r->call.ticket, 0};
	return r->call.ticket != 0 ? heard_add(d->store, PHONE_LOG_VIA, r->call.id, &id,
					 change_at(tx), err)
				   : bot_heard_add(d->store, PHONE_LOG_VIA, r->call.id,
					 change_at(tx), err);
}
