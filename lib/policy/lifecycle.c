/* The lifecycles of tkt.conf: statuses, where they lead, what a transition needs. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "policy/conf_priv.h"

/* Statuses stand in these phases; merged, spam and deleted are no matter of a status. */
static const char *const status_phases[] = {
    "open", "waiting", "resolved", "closed", NULL};

static void
check_statuses(struct conf *c, cfg_t *lifecycle, cfg_t *sec, const char *key)
{
	conf_check_refs(c, lifecycle, sec, key, "status");
}

static void
one_status(struct conf *c, cfg_t *lifecycle, cfg_t *sec, json_t *o)
{
	const char *phase = conf_get(sec, "phase");
	int i;

	if (phase == NULL)
		conf_wrong(c, sec, NULL, "status \"%s\" needs a phase", cfg_title(sec));
	conf_check_word(c, sec, "phase", phase, status_phases);
	i = phase ? word_index(status_phases, phase) : -1;
	json_object_set_new(o, "phase", json_integer(i < 0 ? 0 : i));
	check_statuses(c, lifecycle, sec, "next");
	json_object_set_new(o, "next", conf_list(sec, "next"));
}

static void
check_require(struct conf *c, cfg_t *cfg, cfg_t *sec)
{
	static const char *const words[] = {"assignee", "reply", "children", NULL};

	for (unsigned i = 0; i < cfg_size(sec, "require"); i++) {
		const char *v = cfg_getnstr(sec, "require", i);

		if (text_starts(v, "field."))
			conf_check_ref(c, cfg, sec, "require", v + 6, "field");
		else
			conf_check_word(c, sec, "require", v, words);
	}
}

static json_t *
transitions_json(struct conf *c, cfg_t *cfg, cfg_t *lifecycle)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < cfg_size(lifecycle, "transition"); i++) {
		cfg_t *sec = cfg_getnsec(lifecycle, "transition", i);

		check_statuses(c, lifecycle, sec, "from");
		check_statuses(c, lifecycle, sec, "to");
		check_require(c, cfg, sec);
		conf_check_refs(c, cfg, sec, "roles", "role");
		json_array_append_new(list,
		    json_pack("{s:s,s:o,s:o,s:o,s:o}", "name", cfg_title(sec), "from",
			conf_list(sec, "from"), "to", conf_list(sec, "to"), "require",
			conf_list(sec, "require"), "roles", conf_list(sec, "roles")));
	}
	return list;
}

static const char *
phase_of(cfg_t *lifecycle, const char *status)
{
	cfg_t *sec = cfg_gettsec(lifecycle, "status", status);

	return sec ? conf_get(sec, "phase") : NULL;
}

/* The first status with this phase, other than `but`; or NULL. */
static const char *
first_of(cfg_t *lifecycle, const char *phase, const char *but)
{
	for (unsigned i = 0; i < cfg_size(lifecycle, "status"); i++) {
		cfg_t *sec = cfg_getnsec(lifecycle, "status", i);
		const char *p = conf_get(sec, "phase");

		if (p != NULL && strcmp(p, phase) == 0 &&
		    (but == NULL || strcmp(but, cfg_title(sec)) != 0))
			return cfg_title(sec);
	}
	return NULL;
}

static void
one_lifecycle(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *initial = conf_get(sec, "initial"), *active = conf_get(sec, "active");
	const char *phase;

	json_object_set_new(o, "statuses", conf_each_block(c, sec, "status", one_status));
	json_object_set_new(o, "transitions", transitions_json(c, cfg, sec));
	conf_check_ref(c, sec, sec, "initial", initial, "status");
	conf_check_ref(c, sec, sec, "active", active, "status");
	initial = initial ? initial : first_of(sec, "open", NULL);
	if (initial == NULL) {
		conf_wrong(c, sec, NULL,
		    "lifecycle \"%s\": at least one status must be in phase open",
		    cfg_title(sec));
		return;
	}
	if (active == NULL)
		active = first_of(sec, "open", initial);
	active = active ? active : initial;
	phase = phase_of(sec, active);
	if (phase != NULL && strcmp(phase, "open") != 0)
		conf_wrong(c, sec, "active",
		    "active \"%s\": a ticket that is worked on is in phase open", active);
	if (first_of(sec, "resolved", NULL) == NULL &&
	    first_of(sec, "closed", NULL) == NULL)
		conf_warn(c, sec, NULL,
		    "lifecycle \"%s\" has no status in phase resolved or closed: its "
		    "tickets never end",
		    cfg_title(sec));
	conf_put(o, "initial", initial);
	conf_put(o, "active", active);
}

json_t *
conf_lifecycles(struct conf *c, cfg_t *cfg)
{
	return conf_each_block(c, cfg, "lifecycle", one_lifecycle);
}

void
conf_check_queue_lifecycle(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	const char *name = conf_get(sec, "lifecycle"),
		   *after = conf_get(sec, "after_reply"), *const * have;
	cfg_t *lifecycle;

	if (name == NULL)
		name = "default";
	if (strcmp(name, "default") != 0)
		conf_check_ref(c, cfg, sec, "lifecycle", name, "lifecycle");
	lifecycle = cfg_gettsec(cfg, "lifecycle", name);
	have = lifecycle ? (const char *const *)conf_titles(c, lifecycle, "status")
			 : status_names;
	conf_check_word(c, sec, "after_reply", after, have);
	conf_put(o, "lifecycle", name);
	conf_put(o, "after_reply", after);
}
