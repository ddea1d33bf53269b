/* The SLA policies of tkt.conf: read, checked, compiled into part "sla" of the version
 * (see sla.h for what each key becomes). */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "base/text.h"
#include "policy/conf_priv.h"
#include "policy/sla.h"

enum { YEAR_S = 366 * 86400, REACH_YEARS = 3 };

/* Seconds of a duration that clocks can measure: business hours know no days (S12). */
static bool
measure(struct conf *c, cfg_t *sec, const char *key, const char *v,
    const struct calendar *cal, int64_t *seconds)
{
	int64_t ms = 0;

	if (!duration_parse(v, &ms)) {
		conf_wrong(c, sec, key,
		    "%s \"%s\" is no duration: use 90s, 30m, 4h, 1h30m", key, v);
		return false;
	}
	if (strpbrk(v, "dw") != NULL && !cal->always) {
		conf_wrong(c, sec, key,
		    "%s \"%s\": a day has no fixed length in business hours; write "
		    "hours, or use calendar = 24x7",
		    key, v);
		return false;
	}
	if (ms < 1000) {
		conf_wrong(c, sec, key, "%s \"%s\": must be longer than that", key, v);
		return false;
	}
	*seconds = ms / 1000;
	return true;
}

/* A goal must be reached within the years that are compiled, wherever it starts. */
static void
check_reach(struct conf *c, cfg_t *sec, const char *key, const char *v,
    const struct calendar *cal, int64_t goal)
{
	if (!cal->always &&
	    calendar_after(cal, cal->to - (int64_t)REACH_YEARS * YEAR_S, goal) >= cal->to)
		conf_wrong(c, sec, key,
		    "%s \"%s\": calendar \"%s\" does not have that many hours in %d "
		    "years",
		    key, v, cal->name, REACH_YEARS);
	else if (cal->always && goal > (int64_t)REACH_YEARS * YEAR_S)
		conf_wrong(
		    c, sec, key, "%s \"%s\": more than %d years", key, v, REACH_YEARS);
}

/* [low, normal, high, urgent] in seconds; null: no clock. normal serves every priority
 * that is not named. */
static json_t *
goals(struct conf *c, cfg_t *target, const struct calendar *cal)
{
	json_t *list = json_array();
	int64_t normal = 0, s;
	const char *v = conf_get(target, "normal");

	if (v != NULL && measure(c, target, "normal", v, cal, &normal))
		check_reach(c, target, "normal", v, cal, normal);
	for (const char *const *p = priority_names; *p != NULL; p++) {
		v = conf_get(target, *p);
		s = normal;
		if (v != NULL && strcmp(*p, "normal") != 0 &&
		    measure(c, target, *p, v, cal, &s))
			check_reach(c, target, *p, v, cal, s);
		json_array_append_new(list, s ? json_integer(s) : json_null());
	}
	return list;
}

/* NULL: not said; an empty list: never. */
static json_t *
pauses(struct conf *c, cfg_t *target, const struct config *desk)
{
	cfg_opt_t *opt = cfg_getopt(target, "pause_on");
	const char **all = config_statuses(c->ctx, desk);

	if (opt == NULL || !(opt->flags & CFGF_MODIFIED))
		return NULL;
	for (unsigned i = 0; i < cfg_size(target, "pause_on"); i++)
		conf_check_word(
		    c, target, "pause_on", cfg_getnstr(target, "pause_on", i), all);
	return conf_list(target, "pause_on");
}

static void
one_target(struct conf *c, cfg_t *sec, const char *name, const struct calendar *cal,
    const struct config *desk, json_t *o)
{
	cfg_t *target = cfg_size(sec, name) > 0 ? cfg_getnsec(sec, name, 0) : NULL;
	json_t *t, *list, *pause;
	size_t i;
	json_t *v;
	bool any = false;

	if (target == NULL)
		return;
	list = goals(c, target, cal);
	json_array_foreach(list, i, v) any = any || json_is_integer(v);
	if (!any)
		conf_wrong(c, target, NULL, "%s has no target: write %s { normal = 4h }",
		    name, name);
	t = json_pack("{s:o}", "goals", list);
	pause = pauses(c, target, desk);
	if (pause != NULL)
		json_object_set_new(t, "pause_on", pause);
	json_object_set_new(o, name, t);
}

static json_t *
warnings(struct conf *c, cfg_t *sec, const struct calendar *cal)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < cfg_size(sec, "warn"); i++) {
		const char *v = cfg_getnstr(sec, "warn", i);
		size_t n = strlen(v);
		int64_t x = 0;

		if (n > 1 && v[n - 1] == '%') {
			char *number = talloc_strndup(c->ctx, v, n - 1);

			if (!text_number(number, &x) || x < 1 || x > 99)
				conf_wrong(c, sec, "warn",
				    "warn \"%s\": a share is from 1%% to 99%%", v);
			json_array_append_new(list,
			    json_pack("{s:s,s:I}", "text", v, "share", (json_int_t)x));
		} else if (measure(c, sec, "warn", v, cal, &x)) {
			json_array_append_new(list,
			    json_pack("{s:s,s:I}", "text", v, "left_s", (json_int_t)x));
		}
	}
	if (json_array_size(list) > SLA_WARNINGS_MAX)
		conf_wrong(c, sec, "warn", "more than %d warnings", SLA_WARNINGS_MAX);
	return list;
}

static void
put_measure(struct conf *c, cfg_t *sec, const char *key, const struct calendar *cal,
    json_t *o, const char *as)
{
	const char *v = conf_get(sec, key);
	int64_t s = 0;

	if (v != NULL && strcmp(key, "remind") == 0 && text_starts(v, "every "))
		v += strlen("every ");
	if (v != NULL && measure(c, sec, key, v, cal, &s))
		json_object_set_new(o, as, json_integer(s));
}

/* Queries that can never be true for a ticket because of one that stands before them, or
 * by themselves. */
static void
check_matches(struct conf *c, cfg_t *sec, struct node **before, size_t n)
{
	const struct node *own = before[n];

	if (query_never(own))
		conf_warn(c, sec, "when",
		    "sla \"%s\" never matches: its terms exclude each other",
		    cfg_title(sec));
	for (size_t i = 0; i < n; i++) {
		if (before[i]->kind != NODE_ALL && !node_equal(before[i], own))
			continue;
		conf_warn(c, sec, "when",
		    "sla \"%s\" never matches: a policy above it takes the same "
		    "tickets",
		    cfg_title(sec));
		return;
	}
}

static void
one_sla(struct conf *c, cfg_t *cfg, cfg_t *sec, const struct config *desk,
    struct node **tree, json_t *o)
{
	static const char *const reopens[] = {"resume", "new_cycle", "ignore", NULL};
	const char *name = conf_get(sec, "calendar"), *reopen = conf_get(sec, "reopen");
	const struct calendar *cal = name ? conf_calendar(c, name) : NULL;
	struct query_scope scope = {.config = desk, .condition = true};

	conf_put(o, "name", cfg_title(sec));
	if (!text_is_name(cfg_title(sec), NAME_MAX_BYTES))
		conf_wrong(c, sec, NULL, "sla \"%s\" is not a name", cfg_title(sec));
	if (name == NULL)
		conf_wrong(c, sec, NULL, "sla \"%s\" needs a calendar: calendar = 24x7",
		    cfg_title(sec));
	else if (cal == NULL)
		conf_check_ref(c, cfg, sec, "calendar", name, "calendar");
	conf_put(o, "calendar", name);
	*tree = conf_check_query(c, sec, "when", &scope, o, "when");
	conf_check_word(c, sec, "reopen", reopen, reopens);
	conf_put(o, "reopen", reopen ? reopen : reopens[0]);
	conf_put_bool(c, sec, o, "count_bots");
	if (cal == NULL) /* said, or its calendar was wrong itself */
		return;
	for (int t = 0; t < SLA_TARGETS; t++)
		one_target(c, sec, sla_target_names[t], cal, desk, o);
	if (cfg_size(sec, "first_response") + cfg_size(sec, "next_response") +
		cfg_size(sec, "update") + cfg_size(sec, "resolution") ==
	    0)
		conf_wrong(c, sec, NULL,
		    "sla \"%s\" has no target: write first_response { normal = 4h }",
		    cfg_title(sec));
	json_object_set_new(o, "warn", warnings(c, sec, cal));
	put_measure(c, sec, "remind", cal, o, "remind_s");
	put_measure(c, sec, "min_remaining", cal, o, "min_remaining_s");
}

/* Which content each calendar has: by it, clocks see whether their hours changed. */
static json_t *
calendar_ids(const struct conf *c)
{
	json_t *o = json_object(), *v;
	const char *name;

	json_object_foreach(c->out->calendars, name, v)
	    json_object_set_new(o, name, json_string(version_part_id(c->ctx, v)));
	return o;
}

/* Mailboxes whose machines start no clocks (M14). */
static json_t *
quiet_mailboxes(struct conf *c, cfg_t *cfg)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < cfg_size(cfg, "mailbox"); i++) {
		cfg_t *sec = cfg_getnsec(cfg, "mailbox", i);
		json_t *o = json_object();

		if (conf_get(sec, "machines_start_sla") != NULL &&
		    !conf_put_bool(c, sec, o, "machines_start_sla"))
			json_array_append_new(list, json_string(cfg_title(sec)));
		json_decref(o);
	}
	return list;
}

/* Whose rules the hours depend on: when tzdata changes them, tkt-tick sees it. */
static json_t *
calendar_zones(const struct conf *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->ncalendars; i++)
		json_array_append_new(list, json_string(c->calendars[i]->zone));
	return list;
}

json_t *
conf_slas(struct conf *c, cfg_t *cfg, const struct config *desk)
{
	unsigned n = cfg_size(cfg, "sla");
	struct node **trees = talloc_zero_array(c->ctx, struct node *, n + 1);
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++) {
		cfg_t *sec = cfg_getnsec(cfg, "sla", i);
		json_t *o = json_object();

		one_sla(c, cfg, sec, desk, &trees[i], o);
		json_array_append_new(list, o);
		if (trees[i] == NULL)
			return list; /* an error that was said */
		check_matches(c, sec, trees, i);
	}
	return json_pack("{s:o,s:o,s:o,s:o}", "policies", list, "calendars",
	    calendar_ids(c), "zones", calendar_zones(c), "quiet",
	    quiet_mailboxes(c, cfg));
}
