/* What tkt.conf means: rules, views, and all of it together. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "policy/conf_priv.h"

/* ---- queries and changes: checked against the compiled desk ---- */

struct node *
conf_check_query(struct conf *c, cfg_t *sec, const char *key,
    const struct query_scope *scope, json_t *o, const char *as)
{
	const char *text = conf_get(sec, key);
	struct node *tree = NULL;
	struct err bad = {0};

	if (query_parse(c->ctx, text ? text : "", scope, &tree, &bad) != RC_OK) {
		conf_wrong(
		    c, sec, key, "%s%s%s", bad.text, *bad.place ? "\n" : "", bad.place);
		return NULL;
	}
	conf_put(o, as, query_print(c->ctx, tree));
	return tree;
}

static void
check_changes(
    struct conf *c, cfg_t *sec, const struct config *desk, json_t *o, struct changes *out)
{
	const char *text = conf_get(sec, "set");
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
		for (size_t k = 0; k < i; k++) {
			if (changes.v[i].op == CHANGE_SET &&
			    changes.v[k].op == CHANGE_SET &&
			    strcmp(changes.v[i].key, changes.v[k].key) == 0)
				conf_wrong(c, sec, "set", "set: %s is set twice",
				    changes.v[i].key);
		}
	}
	conf_put(o, "set", changes_print(c->ctx, &changes));
	*out = changes;
}

/* Retention: what a time rule selects is removed for good, so it can do nothing else. */
static void
check_purge(struct conf *c, cfg_t *sec, const char *on, json_t *o)
{
	static const char *const others[] = {
	    "set", "assign", "reply", "note", "notify", "hook", "run", NULL};

	if (!conf_put_bool(c, sec, o, "purge"))
		return;
	if (strcmp(on, "time") != 0)
		conf_wrong(c, sec, "purge", "purge = true needs on = time");
	for (const char *const *k = others; *k != NULL; k++) {
		if (cfg_size(sec, *k) > 0)
			conf_wrong(c, sec, *k,
			    "%s: a ticket that is purged is gone, nothing else can be "
			    "done "
			    "with it",
			    *k);
	}
}

/* ---- what a rule does besides: reply, note, notify, hook, run ---- */

static void
check_reply(struct conf *c, cfg_t *sec, json_t *o)
{
	const char *reply = conf_get(sec, "reply");

	if (reply != NULL && !conf_canned_known(c, reply))
		conf_wrong(c, sec, "reply", "reply \"%s\": no such canned reply%s", reply,
		    text_hint(c->ctx, reply, conf_canned_names(c)));
	conf_put(o, "reply", reply);
}

static void
check_notify(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	static const char *const words[] = {
	    "assignee", "queue", "followers", "requester", NULL};
	const char **agents = conf_titles(c, cfg, "agent");

	for (unsigned i = 0; i < cfg_size(sec, "notify"); i++) {
		const char *v = cfg_getnstr(sec, "notify", i);

		if (word_index(words, v) < 0 && word_index(agents, v) < 0)
			conf_wrong(c, sec, "notify",
			    "notify \"%s\": assignee, queue, followers, requester or an "
			    "agent%s",
			    v, text_hint(c->ctx, v, agents));
	}
	json_object_set_new(o, "notify", conf_list(sec, "notify"));
}

static void
check_hook(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *v = conf_get(sec, "hook");

	if (v != NULL && strstr(v, "://") == NULL)
		conf_check_ref(c, cfg, sec, "hook", v, "webhook");
	else if (v != NULL && !conf_url_ok(v))
		conf_wrong(c, sec, "hook",
		    "hook \"%s\": https://HOST/PATH, or the name of a webhook", v);
	conf_put(o, "hook", v);
}

static void
check_run(struct conf *c, cfg_t *sec, json_t *o)
{
	if (cfg_size(sec, "run") == 0)
		return;
	if (*cfg_getnstr(sec, "run", 0) != '/')
		conf_wrong(c, sec, "run",
		    "run: \"%s\": a program is named by its whole path",
		    cfg_getnstr(sec, "run", 0));
	json_object_set_new(o, "run", conf_list(sec, "run"));
}

static void
check_acts(struct conf *c, cfg_t *cfg, cfg_t *sec, const struct config *desk, json_t *o)
{
	const char *note = conf_get(sec, "note"), *file = "tkt.conf";
	int line = 1;

	check_reply(c, sec, o);
	check_notify(c, cfg, sec, o);
	check_hook(c, cfg, sec, o);
	check_run(c, sec, o);
	if (note != NULL) {
		conf_place(c, sec, "note", &file, &line);
		conf_check_template(c, desk, note, file, line);
	}
	conf_put(o, "note", note);
}

/* ---- rules that contradict each other ---- */

/* Those above, as far as that matters. */
struct rule_above {
	const char *name, *on;
	const struct node *tree;
	struct changes changes;
	bool stops;
};
struct rules_above {
	struct rule_above *v;
	size_t n;
};

static void
check_contradiction(
    struct conf *c, cfg_t *sec, const struct rule_above *a, const struct rule_above *b)
{
	for (size_t i = 0; i < a->changes.n; i++) {
		const struct change *x = &a->changes.v[i];
		const char *other = changes_value(&b->changes, x->key);

		if (x->op == CHANGE_SET && other != NULL && strcmp(other, x->value) != 0)
			conf_warn(c, sec, "set",
			    "rule \"%s\" sets %s=%s, and \"%s\" above sets %s=%s for the "
			    "same tickets",
			    b->name, x->key, other, a->name, x->key, x->value);
	}
}

/* What each of them sets is what the other waits for, to set it back. */
static void
check_to_and_fro(
    struct conf *c, cfg_t *sec, const struct rule_above *a, const struct rule_above *b)
{
	for (size_t i = 0; strcmp(b->on, "changed") == 0 && i < a->changes.n; i++) {
		const struct change *x = &a->changes.v[i];
		const char *other = changes_value(&b->changes, x->key);

		if (x->op == CHANGE_SET && other != NULL &&
		    strcmp(other, x->value) != 0 &&
		    query_asks(b->tree, x->key, x->value) &&
		    query_asks(a->tree, x->key, other))
			conf_warn(c, sec, "set",
			    "rule \"%s\" sets %s=%s, which \"%s\" above sets back to %s",
			    b->name, x->key, other, a->name, x->value);
	}
}

/* The same tickets at the same moment: what the one above set is undone, or, when it
 * stops, this one never gets a look. */
static void
check_against_above(
    struct conf *c, cfg_t *sec, struct rules_above *above, const struct rule_above *this)
{
	for (size_t i = 0; i < above->n; i++) {
		const struct rule_above *a = &above->v[i];

		/* Macros are run one at a time, as somebody likes. */
		if (strcmp(a->on, this->on) != 0 || strcmp(a->on, "hand") == 0 ||
		    a->tree == NULL || this->tree == NULL)
			continue;
		if (a->stops &&
		    (a->tree->kind == NODE_ALL || node_equal(a->tree, this->tree)))
			conf_warn(c, sec, NULL,
			    "\"%s\" never gets a look: \"%s\" above stops", this->name,
			    a->name);
		else if (node_equal(a->tree, this->tree))
			check_contradiction(c, sec, a, this);
		else
			check_to_and_fro(c, sec, a, this);
	}
	above->v = mem_grow(c->ctx, above->v, struct rule_above, above->n + 1);
	above->v[above->n++] = *this;
}

static bool
acts(json_t *o)
{
	static const char *const keys[] = {
	    "set", "assign", "reply", "note", "hook", "run", NULL};

	for (const char *const *k = keys; *k != NULL; k++) {
		if (json_object_get(o, *k) != NULL)
			return true;
	}
	return json_array_size(json_object_get(o, "notify")) > 0 ||
	       json_is_true(json_object_get(o, "purge")) ||
	       json_is_true(json_object_get(o, "stop"));
}

static void
one_rule(struct conf *c, cfg_t *cfg, cfg_t *sec, const char *block,
    const struct config *desk, struct rules_above *above, json_t *list)
{
	static const char *const ons[] = {"created", "changed", "message", "sla.warned",
	    "sla.breached", "time", "hand", NULL};
	const char *on = conf_get(sec, "on"), *assign = conf_get(sec, "assign");
	const char *implied = strcmp(block, "trigger") == 0 ? "changed"
			      : strcmp(block, "macro") == 0 ? "hand"
							    : "created";
	struct query_scope scope = {.config = desk};
	struct rule_above this = {.name = cfg_title(sec)};
	struct node *tree;
	json_t *o = json_object();

	if (!text_is_name(cfg_title(sec), NAME_MAX_BYTES))
		conf_wrong(
		    c, sec, NULL, "%s \"%s\" is not a name", block, cfg_title(sec));
	if (on != NULL && strcmp(block, "rule") != 0)
		conf_wrong(c, sec, "on", "a %s is a rule with on = %s", block, implied);
	on = on ? on : implied;
	conf_check_word(c, sec, "on", on, ons);
	conf_check_word(c, sec, "assign", assign, conf_strategies);
	conf_put(o, "name", cfg_title(sec));
	conf_put(o, "block", block);
	conf_put(o, "on", on);
	scope.condition = scope.happening = strcmp(on, "time") != 0;
	tree = conf_check_query(c, sec, "when", &scope, o, "when");
	check_changes(c, sec, desk, o, &this.changes);
	conf_put(o, "assign", assign);
	this.on = on;
	this.tree = tree;
	this.stops = conf_put_bool(c, sec, o, "stop");
	check_against_above(c, sec, above, &this);
	if (strcmp(on, "time") == 0 && tree != NULL && !query_has_time(tree))
		conf_wrong(c, sec, "when",
		    "a rule on = time needs a time term, like solved<-4d");
	if (tree != NULL && query_never(tree))
		conf_warn(c, sec, "when",
		    "%s \"%s\" never matches: its terms exclude "
		    "each other",
		    block, cfg_title(sec));
	check_acts(c, cfg, sec, desk, o);
	check_purge(c, sec, on, o);
	if (!acts(o))
		conf_warn(c, sec, NULL, "%s \"%s\" does nothing", block, cfg_title(sec));
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
	struct rules_above above = {0};
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
		one_rule(c, cfg, v[i].sec, v[i].block, desk, &above, list);
	return list;
}

/* ---- all of it ---- */

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
	struct query_scope scope = {0};
	struct err bad;

	c->out->desk = record_own(c->ctx, conf_desk(c, cfg));
	check_addresses(c, cfg, c->out->desk);
	if (config_from_json(c->ctx, c->out->desk, 0, &desk, &bad) != RC_OK) {
		conf_wrong(c, cfg, NULL, "%s", bad.text);
		return;
	}
	for (unsigned i = 0; i < cfg_size(cfg, "view"); i++) {
		json_t *o = json_array_get(json_object_get(c->out->desk, "views"), i);

		scope.config = desk;
		(void)conf_check_query(
		    c, cfg_getnsec(cfg, "view", i), "query", &scope, o, "query");
	}
	conf_texts(c, desk);
	conf_check_bots(c, cfg, desk);
	c->out->rules = record_own(c->ctx, rules_json(c, cfg, desk));
	conf_calendars(c, cfg);
	c->out->sla = record_own(c->ctx, conf_slas(c, cfg, desk));
}
