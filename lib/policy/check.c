/* What tkt.conf means: every name, query and change is checked, then compiled to JSON. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "policy/conf_priv.h"

#define REOPEN_DEFAULT "7d"

static const char *const strategies[] = {"none", "least-busy", "round-robin", NULL};

/* ---- reading one value ---- */

static const char *
get(cfg_t *sec, const char *key)
{
	const char *v = cfg_getstr(sec, key);

	return v && *v ? v : NULL;
}

static json_t *
get_list(cfg_t *sec, const char *key)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < cfg_size(sec, key); i++)
		json_array_append_new(a, json_string(cfg_getnstr(sec, key, i)));
	return a;
}

static void
put(json_t *o, const char *key, const char *value)
{
	if (value != NULL)
		json_object_set_new(o, key, json_string(value));
}

static void
put_duration(
    struct conf *c, cfg_t *sec, json_t *o, const char *key, const char *otherwise)
{
	const char *v = get(sec, key);
	int64_t ms = 0;

	if (!duration_parse(v ? v : otherwise, &ms))
		conf_wrong(
		    c, sec, key, "%s \"%s\" is no duration: use 30m, 4h, 7d", key, v);
	json_object_set_new(o, key, json_integer(ms));
}

/* "50MB", "1000", "256kB" */
static bool
size_parse(const char *s, int64_t *n)
{
	static const struct {
		const char *unit;
		int64_t times;
	} units[] = {{"", 1}, {"kB", 1000}, {"MB", 1000000}, {"GB", 1000000000}};
	char *end;

	*n = strtoll(s, &end, 10);
	if (end == s || *n < 0 || *n > 1000000000)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit) == 0) {
			*n *= units[i].times;
			return true;
		}
	}
	return false;
}

static void
put_size(struct conf *c, cfg_t *sec, json_t *o, const char *key, const char *name,
    int64_t otherwise)
{
	const char *v = sec ? get(sec, key) : NULL;
	int64_t n = otherwise;

	if (v != NULL && !size_parse(v, &n))
		conf_wrong(
		    c, sec, key, "%s \"%s\" is no size: use 1000, 256kB, 50MB", key, v);
	json_object_set_new(o, name, json_integer(n));
}

static bool
put_bool(struct conf *c, cfg_t *sec, json_t *o, const char *key)
{
	const char *v = get(sec, key);

	if (v == NULL)
		return false;
	if (strcmp(v, "true") != 0 && strcmp(v, "false") != 0)
		conf_wrong(c, sec, key, "%s \"%s\" is not true or false", key, v);
	json_object_set_new(o, key, json_boolean(strcmp(v, "true") == 0));
	return strcmp(v, "true") == 0;
}

static void
check_word(
    struct conf *c, cfg_t *sec, const char *key, const char *v, const char *const *words)
{
	if (v != NULL && word_index(words, v) < 0)
		conf_wrong(c, sec, key, "%s \"%s\": unknown%s", key, v,
		    text_hint(c->ctx, v, words));
}

static void
check_zone(struct conf *c, cfg_t *sec, const char *v)
{
	if (v != NULL && !instant_zone_known(v))
		conf_wrong(
		    c, sec, "timezone", "timezone \"%s\" is not in the tz database", v);
}

/* A regular expression, or NULL and an error. */
static pcre2_code *
check_pattern(struct conf *c, cfg_t *sec, const char *key, const char *pattern)
{
	int number;
	size_t at;
	pcre2_code *code = pcre2_compile(
	    (PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &number, &at, NULL);

	if (code == NULL)
		conf_wrong(
		    c, sec, key, "%s \"%s\" is wrong at byte %zu", key, pattern, at);
	return code;
}

/* ---- titles: what is named where ---- */

static const char **
titles(struct conf *c, cfg_t *cfg, const char *block)
{
	const char **v = NULL;
	size_t n = 0;

	for (unsigned i = 0; i < cfg_size(cfg, block); i++)
		text_push(c->ctx, &v, &n, cfg_title(cfg_getnsec(cfg, block, i)));
	return v ? v : mem_array(c->ctx, const char *, 1);
}

static void
check_ref(struct conf *c, cfg_t *cfg, cfg_t *sec, const char *key, const char *v,
    const char *block)
{
	const char **names = titles(c, cfg, block);

	if (v != NULL && word_index(names, v) < 0)
		conf_wrong(c, sec, key, "%s \"%s\": no such %s%s", key, v, block,
		    text_hint(c->ctx, v, names));
}

static void
check_refs(struct conf *c, cfg_t *cfg, cfg_t *sec, const char *key, const char *block)
{
	for (unsigned i = 0; i < cfg_size(sec, key); i++)
		check_ref(c, cfg, sec, key, cfg_getnstr(sec, key, i), block);
}

/* Calls each block of a kind with a new object that has its name. */
static json_t *
each_block(struct conf *c, cfg_t *cfg, const char *block,
    void (*one)(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o))
{
	json_t *a = json_array();

	for (unsigned i = 0; i < cfg_size(cfg, block); i++) {
		cfg_t *sec = cfg_getnsec(cfg, block, i);
		json_t *o = json_object();

		if (!text_is_name(cfg_title(sec), NAME_MAX_BYTES))
			conf_wrong(c, sec, NULL,
			    "%s \"%s\": a name has small letters, digits, - and _, at "
			    "most %d",
			    block, cfg_title(sec), NAME_MAX_BYTES);
		put(o, "name", cfg_title(sec));
		one(c, cfg, sec, o);
		json_array_append_new(a, o);
	}
	return a;
}

/* ---- blocks of the desk ---- */

static bool
address_ok(struct conf *c, cfg_t *sec, const char *key, json_t *o)
{
	const char *v = get(sec, key);
	struct person_address a;
	struct err bad;

	if (v == NULL)
		return false;
	if (address_parse(c->ctx, v, &a, &bad) != RC_OK || strcmp(a.kind, "email") != 0)
		conf_wrong(c, sec, key, "%s \"%s\" is not an e-mail address", key, v);
	else
		put(o, key, a.value);
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

	check_word(c, sec, "strangers", v = get(sec, "strangers"), strangers);
	put(o, "strangers", v ? v : "accept");
	check_word(c, sec, "lists", v = get(sec, "lists"), lists);
	put(o, "lists", v ? v : "open");
	check_word(c, sec, "agents_by_mail", v = get(sec, "agents_by_mail"), agents);
	put(o, "agents_by_mail", v ? v : "proven");
	if (v != NULL && strcmp(v, "trust") == 0)
		conf_warn(c, sec, "agents_by_mail",
		    "agents_by_mail = trust: whoever writes an agent's address into From "
		    "acts as that agent");
	json_object_set_new(o, "trusted_forwarders", get_list(sec, "trusted_forwarders"));
	put_bool(c, sec, o, "share_organization");
}

static void
one_mailbox(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *queue = get(sec, "queue"), *delimiter = get(sec, "delimiter");

	if (!address_ok(c, sec, "address", o))
		conf_wrong(c, sec, NULL, "mailbox \"%s\" has no address", cfg_title(sec));
	if (queue == NULL && cfg_size(cfg, "queue") > 0)
		queue = cfg_title(cfg_getnsec(cfg, "queue", 0));
	check_ref(c, cfg, sec, "queue", queue, "queue");
	put(o, "queue", queue);
	put(o, "from_name", get(sec, "from_name"));
	if (delimiter != NULL &&
	    (strlen(delimiter) != 1 || strchr("+-=_", *delimiter) == NULL))
		conf_wrong(
		    c, sec, "delimiter", "delimiter \"%s\": one of + - = _", delimiter);
	put(o, "delimiter", delimiter ? delimiter : "+");
	put_bool(c, sec, o, "default");
	mailbox_policy(c, sec, o);
}

/* A key that other systems write into their mails (M15.4). */
static void
one_foreign(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *from = get(sec, "from"), *key = get(sec, "key"),
		   *header = get(sec, "header");
	uint32_t groups = 0;
	pcre2_code *code;

	(void)cfg;
	if (from == NULL || key == NULL)
		conf_wrong(
		    c, sec, NULL, "foreign \"%s\" needs from and key", cfg_title(sec));
	put(o, "from", from ? text_lower(talloc_strdup(c->ctx, from)) : "");
	put(o, "header", header ? header : "Subject");
	code = key ? check_pattern(c, sec, "key", key) : NULL;
	if (code != NULL)
		pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	if (code != NULL && groups != 1)
		conf_wrong(c, sec, "key",
		    "key \"%s\": one group in parentheses says what identifies the case",
		    key);
	pcre2_code_free(code);
	put(o, "key", key);
}

static void
one_queue(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *assign = get(sec, "assign"), *after = get(sec, "after_reply");

	put(o, "description", get(sec, "description"));
	check_refs(c, cfg, sec, "members", "agent");
	json_object_set_new(o, "members", get_list(sec, "members"));
	check_word(c, sec, "assign", assign, strategies);
	put(o, "assign", assign ? assign : "none");
	put_duration(c, sec, o, "reopen_window", REOPEN_DEFAULT);
	check_word(c, sec, "after_reply", after, status_names);
	put(o, "after_reply", after);
}

static void
one_role(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	static const char *const rights[] = {"ticket.read", "ticket.create",
	    "ticket.change", "ticket.reply", "ticket.note", "customer.read",
	    "customer.change", "kb.read", "kb.write", "log.read", "desk.config", NULL};

	for (unsigned i = 0; i < cfg_size(sec, "allow"); i++) {
		const char *v = cfg_getnstr(sec, "allow", i);
		bool any = false;

		for (const char *const *r = rights; *r != NULL; r++)
			any = any || text_glob(v, *r);
		if (!any)
			conf_wrong(c, sec, "allow", "allow \"%s\": no such right%s", v,
			    text_hint(c->ctx, v, rights));
	}
	json_object_set_new(o, "allow", get_list(sec, "allow"));
	check_refs(c, cfg, sec, "queues", "queue");
	json_object_set_new(o, "queues", get_list(sec, "queues"));
}

static void
one_agent(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	static const char *const reserved[] = {"me", "none", "system", NULL};
	const char *role = get(sec, "role"), *capacity = get(sec, "capacity");
	const char *name = get(sec, "name");
	int64_t n = 0;

	if (word_index(reserved, cfg_title(sec)) >= 0)
		conf_wrong(c, sec, NULL,
		    "agent \"%s\": that word has a meaning of its own", cfg_title(sec));
	put(o, "full_name", name ? name : cfg_title(sec));
	address_ok(c, sec, "email", o);
	if (role == NULL)
		role = "agent";
	check_ref(c, cfg, sec, "role", role, "role");
	put(o, "role", role);
	put(o, "unix", get(sec, "unix"));
	check_zone(c, sec, get(sec, "timezone"));
	put(o, "timezone", get(sec, "timezone"));
	if (capacity != NULL && !text_number(capacity, &n))
		conf_wrong(
		    c, sec, "capacity", "capacity \"%s\" is not a number", capacity);
	json_object_set_new(o, "capacity", json_integer(n));
}

static void
one_field(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	static const char *const types[] = {
	    "text", "number", "date", "choice", "boolean", "pattern", NULL};
	const char *type = get(sec, "type"), *pattern = get(sec, "pattern");

	type = type ? type : "text";
	check_word(c, sec, "type", type, types);
	put(o, "type", type);
	if (strcmp(type, "choice") == 0 && cfg_size(sec, "values") == 0)
		conf_wrong(
		    c, sec, NULL, "field \"%s\": a choice needs values", cfg_title(sec));
	json_object_set_new(o, "values", get_list(sec, "values"));
	if (strcmp(type, "pattern") == 0 && pattern == NULL)
		conf_wrong(
		    c, sec, NULL, "field \"%s\": a pattern is missing", cfg_title(sec));
	if (pattern != NULL)
		pcre2_code_free(check_pattern(c, sec, "pattern", pattern));
	put(o, "pattern", pattern);
	check_refs(c, cfg, sec, "queues", "queue");
	json_object_set_new(o, "queues", get_list(sec, "queues"));
}

static void
one_view(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *sort = get(sec, "sort");
	struct query_list l = {.sort = sort};
	struct err bad;

	(void)cfg;
	if (query_check_list(&l, &bad) != RC_OK)
		conf_wrong(c, sec, "sort", "%s", bad.text);
	put(o, "sort", sort);
	put(o, "query", get(sec, "query") ? get(sec, "query") : "");
}

/* ---- queries and changes: checked against the compiled desk ---- */

static void
check_query(struct conf *c, cfg_t *sec, const char *key, const struct config *desk,
    bool condition, json_t *o, const char *as)
{
	struct query_scope scope = {.config = desk, .condition = condition};
	const char *text = get(sec, key);
	struct node *tree = NULL;
	struct err bad = {0};

	if (query_parse(c->ctx, text ? text : "", &scope, &tree, &bad) != RC_OK)
		conf_wrong(
		    c, sec, key, "%s%s%s", bad.text, *bad.place ? "\n" : "", bad.place);
	else
		put(o, as, query_print(c->ctx, tree));
}

static void
check_changes(struct conf *c, cfg_t *sec, const struct config *desk, json_t *o)
{
	const char *text = get(sec, "set");
	struct changes changes = {0};
	struct err bad;

	if (text == NULL)
		return;
	if (changes_parse(c->ctx, text, desk, &changes, &bad) != RC_OK) {
		conf_wrong(c, sec, "set", "set: %s", bad.text);
		return;
	}
	for (size_t i = 0; i < changes.n; i++) {
		if (strcmp(changes.v[i].value, "me") == 0 &&
		    strcmp(changes.v[i].key, "assignee") == 0)
			conf_wrong(c, sec, "set", "set: \"me\" is nobody in a rule");
	}
	put(o, "set", changes_print(c->ctx, &changes));
}

static void
one_rule(struct conf *c, cfg_t *sec, const char *block, const struct config *desk,
    json_t *list)
{
	static const char *const ons[] = {"created", "changed", "message", "sla.warned",
	    "sla.breached", "time", "hand", NULL};
	static const char *const later[] = {
	    "reply", "note", "notify", "hook", "run", "purge", NULL};
	const char *on = get(sec, "on"), *assign = get(sec, "assign");
	const char *implied = strcmp(block, "trigger") == 0 ? "changed"
			      : strcmp(block, "macro") == 0 ? "hand"
							    : "created";
	json_t *o = json_object();

	if (!text_is_name(cfg_title(sec), NAME_MAX_BYTES))
		conf_wrong(
		    c, sec, NULL, "%s \"%s\" is not a name", block, cfg_title(sec));
	if (on != NULL && strcmp(block, "rule") != 0)
		conf_wrong(c, sec, "on", "a %s is a rule with on = %s", block, implied);
	on = on ? on : implied;
	check_word(c, sec, "on", on, ons);
	check_word(c, sec, "assign", assign, strategies);
	put(o, "name", cfg_title(sec));
	put(o, "block", block);
	put(o, "on", on);
	check_query(c, sec, "when", desk, strcmp(on, "time") != 0, o, "when");
	check_changes(c, sec, desk, o);
	put(o, "assign", assign);
	put_bool(c, sec, o, "stop");
	if (strcmp(on, "time") == 0) {
		struct query_scope scope = {.config = desk};
		struct node *tree = NULL;
		struct err bad;

		if (query_parse(c->ctx, get(sec, "when") ? get(sec, "when") : "", &scope,
			&tree, &bad) == RC_OK &&
		    !query_has_time(tree))
			conf_wrong(c, sec, "when",
			    "a rule on = time needs a time term, like solved<-4d");
	}
	for (const char *const *l = later; *l != NULL; l++) {
		if (cfg_size(sec, *l) > 0)
			conf_warn(c, sec, *l,
			    "%s: kept, but this version of tkt does not act on it yet",
			    *l);
	}
	if (text_starts(on, "sla.") || strcmp(on, "time") == 0)
		conf_warn(c, sec, "on",
		    "on = %s: kept, but this version of tkt does not run it yet", on);
	json_array_append_new(list, o);
}

/* File order over all four kinds of block: by the place of their first line. */
struct ordered {
	cfg_t *sec;
	const char *block;
	size_t at;
};

static int
by_place(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

static json_t *
rules_json(struct conf *c, cfg_t *cfg, const struct config *desk)
{
	static const char *const blocks[] = {"route", "rule", "trigger", "macro", NULL};
	struct ordered *v = mem_array(c->ctx, struct ordered, 1);
	json_t *list = json_array();
	size_t n = 0;

	for (const char *const *b = blocks; *b != NULL; b++) {
		for (unsigned i = 0; i < cfg_size(cfg, *b); i++) {
			size_t at = 0;

			v = mem_grow(c->ctx, v, struct ordered, n + 1);
			v[n].sec = cfg_getnsec(cfg, *b, i);
			v[n].block = *b;
			while (at < c->nplaces && c->places[at].section != v[n].sec)
				at++;
			v[n++].at = at;
		}
	}
	qsort(v, n, sizeof(*v), by_place);
	for (size_t i = 0; i < n; i++)
		one_rule(c, v[i].sec, v[i].block, desk, list);
	return list;
}

/* ---- calendars and SLA policies: their form is checked, their clocks come later ---- */

static bool
span_ok(const char *s)
{
	int h1, m1, h2, m2, n = 0;

	return sscanf(s, "%2d:%2d-%2d:%2d%n", &h1, &m1, &h2, &m2, &n) == 4 &&
	       s[n] == '\0' && h1 < 24 && m1 < 60 && m2 < 60 &&
	       (h2 < 24 || (h2 == 24 && m2 == 0)) && h1 * 60 + m1 < h2 * 60 + m2;
}

static void
check_calendar(struct conf *c, cfg_t *sec)
{
	check_zone(c, sec, get(sec, "timezone"));
	for (int a = 0; a < 7; a++) {
		for (int b = a; b < 7; b++) {
			char key[16];

			snprintf(key, sizeof(key), a == b ? "%s" : "%s-%s", conf_days[a],
			    conf_days[b]);
			for (unsigned i = 0; i < cfg_size(sec, key); i++) {
				const char *v = cfg_getnstr(sec, key, i);

				if (!span_ok(v))
					conf_wrong(c, sec, key,
					    "\"%s\" is no span of one day: write "
					    "22:00-06:00 as \"22:00-24:00\" and "
					    "\"00:00-06:00\" of the next",
					    v);
			}
		}
	}
}

static void
check_sla(struct conf *c, cfg_t *cfg, cfg_t *sec, const struct config *desk)
{
	static const char *const targets[] = {
	    "first_response", "next_response", "update", "resolution", NULL};
	const char *calendar = get(sec, "calendar");
	json_t *o = json_object();
	int64_t ms;

	if (calendar == NULL || strcmp(calendar, "24x7") != 0)
		check_ref(c, cfg, sec, "calendar", calendar, "calendar");
	check_query(c, sec, "when", desk, true, o, "when");
	json_decref(o);
	for (const char *const *t = targets; *t != NULL; t++) {
		cfg_t *target = cfg_size(sec, *t) > 0 ? cfg_getnsec(sec, *t, 0) : NULL;

		for (const char *const *p = priority_names; target && *p != NULL; p++) {
			const char *v = get(target, *p);

			if (v != NULL && !duration_parse(v, &ms))
				conf_wrong(
				    c, target, *p, "%s \"%s\" is no duration", *p, v);
		}
	}
	conf_warn(c, sec, NULL,
	    "sla \"%s\": kept, but this version of tkt runs no clocks yet",
	    cfg_title(sec));
}

/* ---- all of it ---- */

static json_t *
desk_json(struct conf *c, cfg_t *cfg)
{
	json_t *o = json_object();
	cfg_t *limits = cfg_size(cfg, "limits") > 0 ? cfg_getsec(cfg, "limits") : NULL;
	const char *zone = get(cfg, "timezone");

	put(o, "name", get(cfg, "name") ? get(cfg, "name") : "Support");
	check_zone(c, cfg, zone);
	put(o, "timezone", zone ? zone : "UTC");
	put(o, "group", get(cfg, "group"));
	put(o, "authserv", get(cfg, "authserv"));
	put_size(c, limits, o, "mail_size", "mail_size_max", 50000000);
	put_size(c, limits, o, "mail_parts", "mail_parts_max", 1000);
	put_size(c, limits, o, "mail_depth", "mail_depth_max", 100);
	put_size(c, limits, o, "mail_header", "mail_header_max", 256000);
	put_size(c, limits, o, "mail_people", "mail_people_max", 200);
	if (cfg_size(cfg, "queue") == 0)
		conf_wrong(
		    c, cfg, NULL, "a desk needs at least one queue: queue inbox { }");
	json_object_set_new(o, "mailboxes", each_block(c, cfg, "mailbox", one_mailbox));
	json_object_set_new(o, "foreign", each_block(c, cfg, "foreign", one_foreign));
	json_object_set_new(o, "queues", each_block(c, cfg, "queue", one_queue));
	json_object_set_new(o, "roles", each_block(c, cfg, "role", one_role));
	json_object_set_new(o, "agents", each_block(c, cfg, "agent", one_agent));
	json_object_set_new(o, "fields", each_block(c, cfg, "field", one_field));
	json_object_set_new(o, "views", each_block(c, cfg, "view", one_view));
	return o;
}

static void
check_addresses(struct conf *c, cfg_t *cfg, json_t *desk)
{
	json_t *boxes = json_object_get(desk, "mailboxes"), *seen = json_object(), *o;
	size_t i;

	json_array_foreach(boxes, i, o)
	{
		const char *address = json_string_value(json_object_get(o, "address"));

		if (address == NULL)
			continue;
		if (json_object_get(seen, address) != NULL)
			conf_wrong(c, cfg_getnsec(cfg, "mailbox", (unsigned)i), "address",
			    "address \"%s\" belongs to another mailbox, too", address);
		json_object_set_new(seen, address, json_true());
	}
	json_decref(seen);
}

void
conf_check(struct conf *c, cfg_t *cfg)
{
	struct config *desk = NULL;
	struct err bad;

	c->out->desk = record_own(c->ctx, desk_json(c, cfg));
	check_addresses(c, cfg, c->out->desk);
	if (config_from_json(c->ctx, c->out->desk, 0, &desk, &bad) != RC_OK) {
		conf_wrong(c, cfg, NULL, "%s", bad.text);
		return;
	}
	for (unsigned i = 0; i < cfg_size(cfg, "view"); i++) {
		json_t *o = json_array_get(json_object_get(c->out->desk, "views"), i);

		check_query(
		    c, cfg_getnsec(cfg, "view", i), "query", desk, false, o, "query");
	}
	c->out->rules = record_own(c->ctx, rules_json(c, cfg, desk));
	for (unsigned i = 0; i < cfg_size(cfg, "calendar"); i++)
		check_calendar(c, cfg_getnsec(cfg, "calendar", i));
	for (unsigned i = 0; i < cfg_size(cfg, "sla"); i++)
		check_sla(c, cfg, cfg_getnsec(cfg, "sla", i), desk);
}
