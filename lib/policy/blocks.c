/* The blocks of tkt.conf that describe the desk: mailboxes, queues, people, fields. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/record.h"
#include "base/text.h"
#include "policy/conf_priv.h"
#include "policy/hours.h"
#include "ticket/ticket.h"

#define REOPEN_DEFAULT "7d"

const char *const conf_strategies[] = {
    "none", "least-busy", "round-robin", "sticky", NULL};

/* ---- blocks of the desk ---- */

static bool
address_ok(struct conf *c, cfg_t *sec, const char *key, json_t *o)
{
	const char *v = conf_get(sec, key);
	struct person_address a;
	struct err bad;

	if (v == NULL)
		return false;
	if (address_parse(c->ctx, v, &a, &bad) != RC_OK || strcmp(a.kind, "email") != 0)
		conf_wrong(c, sec, key, "%s \"%s\" is not an e-mail address", key, v);
	else
		conf_put(o, key, a.value);
	return true;
}

/* What becomes of mail that is not from a customer of the ticket, or not from a person.
 */
static void
mailbox_policy(struct conf *c, cfg_t *sec, json_t *o)
{
	static const char *const strangers[] = {"accept", "internal", "quarantine", NULL},
				 *const lists[] = {"open", "quarantine", NULL},
				 *const agents[] = {"proven", "trust", NULL};
	const char *v;

	conf_check_word(c, sec, "strangers", v = conf_get(sec, "strangers"), strangers);
	conf_put(o, "strangers", v ? v : "accept");
	conf_check_word(c, sec, "lists", v = conf_get(sec, "lists"), lists);
	conf_put(o, "lists", v ? v : "open");
	conf_check_word(
	    c, sec, "agents_by_mail", v = conf_get(sec, "agents_by_mail"), agents);
	conf_put(o, "agents_by_mail", v ? v : "proven");
	if (v != NULL && strcmp(v, "trust") == 0)
		conf_warn(c, sec, "agents_by_mail",
		    "agents_by_mail = trust: whoever writes an agent's address into From "
		    "acts as that agent");
	json_object_set_new(
	    o, "trusted_forwarders", conf_list(sec, "trusted_forwarders"));
	conf_put_bool(c, sec, o, "share_organization");
}

static void
one_mailbox(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *queue = conf_get(sec, "queue"),
		   *delimiter = conf_get(sec, "delimiter");

	if (!address_ok(c, sec, "address", o))
		conf_wrong(c, sec, NULL, "mailbox \"%s\" has no address", cfg_title(sec));
	if (queue == NULL && cfg_size(cfg, "queue") > 0)
		queue = cfg_title(cfg_getnsec(cfg, "queue", 0));
	conf_check_ref(c, cfg, sec, "queue", queue, "queue");
	conf_put(o, "queue", queue);
	conf_put(o, "from_name", conf_get(sec, "from_name"));
	if (delimiter != NULL &&
	    (strlen(delimiter) != 1 || strchr("+-=_", *delimiter) == NULL))
		conf_wrong(
		    c, sec, "delimiter", "delimiter \"%s\": one of + - = _", delimiter);
	conf_put(o, "delimiter", delimiter ? delimiter : "+");
	conf_put_bool(c, sec, o, "default");
	mailbox_policy(c, sec, o);
}

/* A key that other systems write into their mails (M15.4). */
static void
one_foreign(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *from = conf_get(sec, "from"), *key = conf_get(sec, "key"),
		   *header = conf_get(sec, "header");
	uint32_t groups = 0;
	pcre2_code *code;

	(void)cfg;
	if (from == NULL || key == NULL)
		conf_wrong(
		    c, sec, NULL, "foreign \"%s\" needs from and key", cfg_title(sec));
	conf_put(o, "from", from ? text_lower(talloc_strdup(c->ctx, from)) : "");
	conf_put(o, "header", header ? header : "Subject");
	code = key ? conf_check_pattern(c, sec, "key", key) : NULL;
	if (code != NULL)
		pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	if (code != NULL && groups != 1)
		conf_wrong(c, sec, "key",
		    "key \"%s\": one group in parentheses says what identifies the case",
		    key);
	pcre2_code_free(code);
	conf_put(o, "key", key);
}

/* What somebody can do, or a ticket needs somebody to. */
static void
put_skills(struct conf *c, cfg_t *sec, json_t *o)
{
	for (unsigned i = 0; i < cfg_size(sec, "skills"); i++) {
		const char *v = cfg_getnstr(sec, "skills", i);

		if (!text_is_name(v, NAME_MAX_BYTES))
			conf_wrong(c, sec, "skills",
			    "skills \"%s\": small letters, digits, - and _", v);
	}
	json_object_set_new(o, "skills", conf_list(sec, "skills"));
}

static void
one_queue(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *assign = conf_get(sec, "assign");

	conf_put(o, "description", conf_get(sec, "description"));
	conf_check_refs(c, cfg, sec, "members", "agent");
	json_object_set_new(o, "members", conf_list(sec, "members"));
	conf_check_word(c, sec, "assign", assign, conf_strategies);
	conf_put(o, "assign", assign ? assign : "none");
	put_skills(c, sec, o);
	conf_put_duration(c, sec, o, "reopen_window", REOPEN_DEFAULT);
	conf_check_queue_lifecycle(c, cfg, sec, o);
}

static void
one_role(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	for (unsigned i = 0; i < cfg_size(sec, "allow"); i++) {
		const char *v = cfg_getnstr(sec, "allow", i);
		bool any = false;

		for (const char *const *r = right_names; *r != NULL; r++)
			any = any || text_glob(v, *r);
		if (!any)
			conf_wrong(c, sec, "allow", "allow \"%s\": no such right%s", v,
			    text_hint(c->ctx, v, right_names));
	}
	json_object_set_new(o, "allow", conf_list(sec, "allow"));
	conf_check_refs(c, cfg, sec, "queues", "queue");
	json_object_set_new(o, "queues", conf_list(sec, "queues"));
}

/* Hours of the night are one span here, past midnight: "20:00-07:00". */
static bool
quiet_hours(void *ctx, const char *text, struct hours_span *s)
{
	const char *dash = strchr(text, '-'), *why;
	struct hours_span first, last;

	if (hours_span_parse(ctx, text, s, &why))
		return true;
	if (dash == NULL || strcmp(dash + 1, "00:00") == 0 ||
	    !hours_span_parse(ctx,
		talloc_asprintf(ctx, "%.*s-24:00", (int)(dash - text), text), &first,
		&why) ||
	    !hours_span_parse(
		ctx, talloc_asprintf(ctx, "00:00-%s", dash + 1), &last, &why))
		return false;
	*s = (struct hours_span){first.from, last.to};
	return first.from > last.to;
}

/* When and of what an agent is told by mail. */
static void
put_notices(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *quiet = conf_get(sec, "quiet");
	struct hours_span s = {0, 0};

	conf_put_duration(c, sec, o, "digest", "0s");
	if (quiet != NULL && !quiet_hours(c->ctx, quiet, &s))
		conf_wrong(c, sec, "quiet",
		    "quiet \"%s\" is no span: write it as \"20:00-07:00\"", quiet);
	json_object_set_new(o, "quiet_from", json_integer(s.from));
	json_object_set_new(o, "quiet_to", json_integer(s.to % 86400));
	conf_check_refs(c, cfg, sec, "notice_queues", "queue");
	json_object_set_new(o, "notice_queues", conf_list(sec, "notice_queues"));
}

/* Accounts by which they are known in chats: KIND:ADDRESS, an account of nobody else. */
static void
put_accounts(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < cfg_size(sec, "chat"); i++) {
		const char *text = cfg_getnstr(sec, "chat", i);
		struct person_address a = {0};
		struct err bad;

		if (address_parse(c->ctx, text, &a, &bad) != RC_OK)
			conf_wrong(c, sec, "chat", "chat: %s", bad.text);
		else if (strcmp(a.kind, "email") == 0)
			conf_wrong(c, sec, "chat",
			    "chat \"%s\": use irc:BRIDGE/ACCOUNT, xmpp:NAME@DOMAIN or "
			    "matrix:@NAME:DOMAIN",
			    text);
		else if (strstr(a.value, "/~") != NULL)
			conf_wrong(c, sec, "chat",
			    "chat \"%s\": a name is no account, anybody can take it",
			    text);
		else
			json_array_append_new(
			    list, json_sprintf("%s:%s", a.kind, a.value));
	}
	for (unsigned k = 0; k < cfg_size(cfg, "agent"); k++) {
		cfg_t *other = cfg_getnsec(cfg, "agent", k);

		for (unsigned i = 0; other != sec && i < cfg_size(other, "chat"); i++) {
			for (unsigned j = 0; j < cfg_size(sec, "chat"); j++) {
				if (strcasecmp(cfg_getnstr(other, "chat", i),
					cfg_getnstr(sec, "chat", j)) == 0)
					conf_wrong(c, sec, "chat",
					    "chat \"%s\": it is agent \"%s\"'s, too",
					    cfg_getnstr(sec, "chat", j),
					    cfg_title(other));
			}
		}
	}
	json_object_set_new(o, "chat", list);
}

static void
one_agent(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	static const char *const reserved[] = {"me", "none", "system", NULL};
	const char *role = conf_get(sec, "role"), *capacity = conf_get(sec, "capacity");
	const char *name = conf_get(sec, "name");
	int64_t n = 0;

	if (word_index(reserved, cfg_title(sec)) >= 0)
		conf_wrong(c, sec, NULL,
		    "agent \"%s\": that word has a meaning of its own", cfg_title(sec));
	conf_put(o, "full_name", name ? name : cfg_title(sec));
	address_ok(c, sec, "email", o);
	if (role == NULL)
		role = "agent";
	conf_check_ref(c, cfg, sec, "role", role, "role");
	conf_put(o, "role", role);
	conf_put(o, "unix", conf_get(sec, "unix"));
	conf_check_zone(c, sec, conf_get(sec, "timezone"));
	conf_put(o, "timezone", conf_get(sec, "timezone"));
	if (capacity != NULL && !text_number(capacity, &n))
		conf_wrong(
		    c, sec, "capacity", "capacity \"%s\" is not a number", capacity);
	json_object_set_new(o, "capacity", json_integer(n));
	put_skills(c, sec, o);
	put_notices(c, cfg, sec, o);
	put_accounts(c, cfg, sec, o);
}

static void
one_field(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	static const char *const types[] = {
	    "text", "number", "date", "choice", "boolean", "pattern", NULL};
	const char *type = conf_get(sec, "type"), *pattern = conf_get(sec, "pattern");

	type = type ? type : "text";
	conf_check_word(c, sec, "type", type, types);
	conf_put(o, "type", type);
	if (strcmp(type, "choice") == 0 && cfg_size(sec, "values") == 0)
		conf_wrong(
		    c, sec, NULL, "field \"%s\": a choice needs values", cfg_title(sec));
	json_object_set_new(o, "values", conf_list(sec, "values"));
	if (strcmp(type, "pattern") == 0 && pattern == NULL)
		conf_wrong(
		    c, sec, NULL, "field \"%s\": a pattern is missing", cfg_title(sec));
	if (pattern != NULL)
		pcre2_code_free(conf_check_pattern(c, sec, "pattern", pattern));
	conf_put(o, "pattern", pattern);
	conf_check_refs(c, cfg, sec, "queues", "queue");
	json_object_set_new(o, "queues", conf_list(sec, "queues"));
}

static void
one_view(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *sort = conf_get(sec, "sort");
	struct query_list l = {.sort = sort};
	struct err bad;

	(void)cfg;
	if (query_check_list(&l, &bad) != RC_OK)
		conf_wrong(c, sec, "sort", "%s", bad.text);
	conf_put(o, "sort", sort);
	conf_put(o, "query", conf_get(sec, "query") ? conf_get(sec, "query") : "");
}

json_t *
conf_desk(struct conf *c, cfg_t *cfg)
{
	json_t *o = json_object();
	cfg_t *limits = cfg_size(cfg, "limits") > 0 ? cfg_getsec(cfg, "limits") : NULL;
	const char *zone = conf_get(cfg, "timezone");

	conf_put(o, "name", conf_get(cfg, "name") ? conf_get(cfg, "name") : "Support");
	conf_check_zone(c, cfg, zone);
	conf_put(o, "timezone", zone ? zone : "UTC");
	conf_put(o, "group", conf_get(cfg, "group"));
	conf_put(o, "authserv", conf_get(cfg, "authserv"));
	conf_put_size(c, limits, o, "mail_size", "mail_size_max", 50000000);
	conf_put_size(c, limits, o, "mail_parts", "mail_parts_max", 1000);
	conf_put_size(c, limits, o, "mail_depth", "mail_depth_max", 100);
	conf_put_size(c, limits, o, "mail_header", "mail_header_max", 256000);
	conf_put_size(c, limits, o, "mail_people", "mail_people_max", 200);
	conf_put_size(c, limits, o, "mail_out", "mail_out_max", 20000000);
	conf_put_size(c, limits, o, "flood", "flood_limit", 50);
	conf_outside(c, cfg, o);
	if (cfg_size(cfg, "queue") == 0)
		conf_wrong(
		    c, cfg, NULL, "a desk needs at least one queue: queue inbox { }");
	json_object_set_new(o, "lifecycles", conf_lifecycles(c, cfg));
	json_object_set_new(
	    o, "mailboxes", conf_each_block(c, cfg, "mailbox", one_mailbox));
	json_object_set_new(
	    o, "foreign", conf_each_block(c, cfg, "foreign", one_foreign));
	json_object_set_new(o, "queues", conf_each_block(c, cfg, "queue", one_queue));
	json_object_set_new(o, "roles", conf_each_block(c, cfg, "role", one_role));
	json_object_set_new(o, "agents", conf_each_block(c, cfg, "agent", one_agent));
	json_object_set_new(o, "fields", conf_each_block(c, cfg, "field", one_field));
	json_object_set_new(o, "views", conf_each_block(c, cfg, "view", one_view));
	return o;
}
