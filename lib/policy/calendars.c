/* The calendars of tkt.conf: read, checked, compiled to spans of UTC. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "policy/conf_priv.h"
#include "policy/holidays.h"

enum { DAY_S = 86400, CLOSED_MAX_DAYS = 366 }; /* S11 */

/* ---- the week ---- */

/* "mon", "mon-fri": which key set a day already? */
struct week_days {
	char by[7][16];
};

static void
one_day_key(struct conf *c, cfg_t *sec, const char *key, int first, int last,
    struct week_days *set, struct hours *h)
{
	struct hours_day day = {0};

	for (unsigned i = 0; i < cfg_size(sec, key); i++) {
		struct hours_span span;
		const char *why = NULL;

		if (!hours_span_parse(c->ctx, cfg_getnstr(sec, key, i), &span, &why) ||
		    !hours_add(c->ctx, &day, span, &why))
			conf_wrong(c, sec, key, "%s: %s", key, why);
	}
	for (int d = first; d <= last; d++) {
		if (*set->by[d] != '\0')
			conf_wrong(c, sec, key, "%s: %s set %s already", key, set->by[d],
			    conf_days[d]);
		snprintf(set->by[d], sizeof(set->by[d]), "%s", key);
		h->week[d] = day;
	}
}

static void
read_week(struct conf *c, cfg_t *sec, struct hours *h)
{
	struct week_days set = {0};

	for (int a = 0; a < 7; a++) {
		for (int b = a; b < 7; b++) {
			char key[16];

			snprintf(key, sizeof(key), a == b ? "%s" : "%s-%s", conf_days[a],
			    conf_days[b]);
			if (cfg_size(sec, key) > 0)
				one_day_key(c, sec, key, a, b, &set, h);
		}
	}
}

/* ---- dates ---- */

static void
read_exceptions(struct conf *c, cfg_t *sec, struct hours *h)
{
	for (unsigned i = 0; i < cfg_size(sec, "exceptions"); i++) {
		const char *why = NULL;

		if (!hours_exception(c->ctx, h, cfg_getnstr(sec, "exceptions", i), &why))
			conf_wrong(c, sec, "exceptions", "exceptions: %s", why);
	}
}

struct holiday_file {
	struct conf *c;
	const char *name;
};

static void
wrong_line(void *arg, int line, const char *text)
{
	struct holiday_file *f = arg;

	conf_wrong_at(f->c, f->name, line, text);
}

static void
read_holidays(struct conf *c, cfg_t *sec, struct hours *h, int64_t from, int64_t to)
{
	for (unsigned i = 0; i < cfg_size(sec, "holidays"); i++) {
		struct holiday_file f = {c, cfg_getnstr(sec, "holidays", i)};
		const char *text = conf_take_named(c, sec, "holidays", f.name, &f.name);

		if (text != NULL)
			(void)holidays_read(c->ctx, text, from, to, h, wrong_line, &f);
	}
}

/* ---- all of one ---- */

static void
check_opens(struct conf *c, cfg_t *sec, const struct calendar *cal)
{
	char *date;
	int64_t at = 0;

	if (cal->n == 0)
		conf_wrong(c, sec, NULL,
		    "calendar \"%s\" never opens: give it hours, as mon-fri = "
		    "{\"09:00-17:00\"}",
		    cal->name);
	else if (hours_longest_gap(cal, cal->from, &at) > CLOSED_MAX_DAYS * DAY_S) {
		date = instant_print(c->ctx, at * 1000);
		conf_wrong(c, sec, NULL,
		    "calendar \"%s\" is closed for more than %d days from %.10s on",
		    cal->name, CLOSED_MAX_DAYS, date);
	}
}

static void
one_calendar(struct conf *c, cfg_t *cfg, cfg_t *sec, json_t *o)
{
	struct hours *h = talloc_zero(c->ctx, struct hours);
	const char *name = cfg_title(sec), *zone = conf_get(sec, "timezone");
	struct calendar *cal;
	struct zone *z = NULL;
	struct err bad;
	int64_t from, to;
	int errors = c->errors;

	if (strcmp(name, calendar_always.name) == 0)
		conf_wrong(c, sec, NULL,
		    "calendar \"24x7\" is there already: every second counts");
	zone = zone ? zone : conf_get(cfg, "timezone");
	conf_check_zone(c, sec, zone);
	hours_horizon(c->now, &from, &to);
	read_week(c, sec, h);
	read_exceptions(c, sec, h);
	if (c->errors == errors)
		read_holidays(c, sec, h, from, to);
	if (c->errors > errors)
		return;
	if (zone_load(c->ctx, zone ? zone : "UTC", from - 2 * DAY_S, to + 2 * DAY_S, &z,
		&bad) != RC_OK) {
		conf_wrong(c, sec, "timezone", "%s", bad.text);
		return;
	}
	cal = hours_compile(c->ctx, name, h, z, from, to);
	check_opens(c, sec, cal);
	c->calendars =
	    mem_grow(c->ctx, c->calendars, struct calendar *, c->ncalendars + 1);
	c->calendars[c->ncalendars++] = cal;
	json_object_set_new(c->out->calendars, name, calendar_to_json(cal));
	json_object_set_new(c->out->days, name, hours_labels(h, z, from, to));
	(void)o;
}

void
conf_calendars(struct conf *c, cfg_t *cfg)
{
	c->out->calendars = record_own(c->ctx, json_object());
	c->out->days = record_own(c->ctx, json_object());
	json_decref(conf_each_block(c, cfg, "calendar", one_calendar));
}

const struct calendar *
conf_calendar(const struct conf *c, const char *name)
{
	if (strcmp(name, calendar_always.name) == 0)
		return &calendar_always;
	for (size_t i = 0; i < c->ncalendars; i++) {
		if (strcmp(c->calendars[i]->name, name) == 0)
			return c->calendars[i];
	}
	return NULL;
}
