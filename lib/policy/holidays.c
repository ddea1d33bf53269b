/* libical reads the file line by line, so that errors can name theirs, and expands
 * recurrences on local times; zones are glibc's, by lib/base/zone. */
#include "policy/holidays.h"

#include <libical/ical.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"

enum { DAY_S = 86400 };

struct reading {
	void *ctx;
	const char *at; /* what is not read yet */
	int line;	/* of what is not read yet */
	int chunk;	/* line of what was read last: libical reads one line ahead */
	int *events;	/* line of each BEGIN:VEVENT */
	size_t nevents;
	int64_t from, to;
	struct hours *h;
	void (*wrong)(void *arg, int line, const char *text);
	void *arg;
	bool failed;
};

static void PRINTF(3, 4) wrong(struct reading *r, int line, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = talloc_vasprintf(r->ctx, fmt, ap);
	va_end(ap);
	r->failed = true;
	r->wrong(r->arg, line, text);
}

/* ---- lines ---- */

/* Copies the next physical line, as much as fits, as fgets(3) would. */
static char *
next_line(char *s, size_t size, void *arg)
{
	struct reading *r = arg;
	size_t n = strcspn(r->at, "\n");

	if (*r->at == '\0')
		return NULL;
	r->chunk = r->line;
	if (r->at[n] == '\n')
		n++;
	if (n >= size)
		n = size - 1;
	memcpy(s, r->at, n);
	s[n] = '\0';
	r->at += n;
	if (n > 0 && s[n - 1] == '\n')
		r->line++;
	return s;
}

/* What libical would drop silently. */
static void
look_at(struct reading *r, const char *line, int at)
{
	const char *value = strchr(line, ':');
	struct icalrecurrencetype rule;

	if (strncasecmp(line, "BEGIN:VEVENT", 12) == 0) {
		r->events = mem_grow(r->ctx, r->events, int, r->nevents + 1);
		r->events[r->nevents++] = at;
	}
	if (strncasecmp(line, "RRULE", 5) != 0 || (line[5] != ':' && line[5] != ';') ||
	    value == NULL || r->nevents == 0)
		return;
	rule = icalrecurrencetype_from_string(value + 1);
	if (rule.freq == ICAL_NO_RECURRENCE)
		wrong(r, at, "\"%s\" cannot be read", line);
	else if (rule.freq < ICAL_DAILY_RECURRENCE)
		wrong(
		    r, at, "\"%s\" comes more than once a day: that is no holiday", line);
}

static icalcomponent *
read_lines(struct reading *r)
{
	icalparser *parser = icalparser_new();
	icalcomponent *all = icalcomponent_new(ICAL_XROOT_COMPONENT), *c;
	char *line;
	int at;

	icalparser_set_gen_data(parser, r);
	for (;;) {
		at = r->chunk;
		line = icalparser_get_line(parser, next_line);
		if (line == NULL)
			break;
		look_at(r, line, at);
		c = icalparser_add_line(parser, line);
		if (c != NULL)
			icalcomponent_add_component(all, c);
		icalmemory_free_buffer(line);
	}
	if (icalparser_clean(parser) != NULL) /* stays the parser's */
		wrong(r, r->line, "the file ends within a component");
	icalparser_free(parser);
	return all;
}

/* ---- times ---- */

/* A time of the file: local seconds of a zone, or of the calendar's when `zone` is NULL.
 */
struct when {
	int64_t local;
	bool day;
	const struct zone *zone; /* of its TZID; UTC is one without changes */
};

static int64_t
local_seconds(struct icaltimetype t)
{
	return civil_day(t.year, t.month, t.day) * DAY_S +
	       (t.is_date ? 0 : (t.hour * 60 + t.minute) * 60 + t.second);
}

static struct zone utc = {
    "UTC", (struct zone_part[]){{.from = INT64_MIN, .offset = 0}}, 1};

static bool
zone_of(struct reading *r, icalproperty *p, struct icaltimetype t, int line,
    const struct zone **z)
{
	icalparameter *tzid = icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER);
	struct zone *loaded = NULL;
	struct err err;

	*z = NULL;
	if (icaltime_is_utc(t))
		*z = &utc;
	if (*z != NULL || t.is_date || tzid == NULL)
		return true;
	if (zone_load(r->ctx, icalparameter_get_tzid(tzid), r->from - DAY_S,
		r->to + DAY_S, &loaded, &err) != RC_OK) {
		wrong(r, line, "TZID \"%s\": no such zone", icalparameter_get_tzid(tzid));
		return false;
	}
	*z = loaded;
	return true;
}

static bool
when_of(
    struct reading *r, icalproperty *p, struct icaltimetype t, int line, struct when *w)
{
	int y, m, d;

	civil_date(civil_day(t.year, t.month, t.day), &y, &m, &d);
	if (icaltime_is_null_time(t) || y != t.year || m != t.month || d != t.day ||
	    t.hour > 23 || t.minute > 59 || t.second > 60) {
		wrong(r, line, "%s: no time", icalproperty_get_property_name(p));
		return false;
	}
	w->local = local_seconds(t);
	w->day = t.is_date != 0;
	return zone_of(r, p, t, line, &w->zone);
}

/* ---- one event ---- */

struct event {
	icalcomponent *c;
	int line;
	struct when start;
	struct icaltimetype first;
	int64_t length; /* local seconds */
	const char *label, *uid;
	int64_t *except; /* local seconds of occurrences that are not */
	size_t nexcept;
};

static void
close_at(struct reading *r, const struct event *e, int64_t local)
{
	struct hours *h = r->h;
	struct hours_closed x = {.from = local,
	    .to = local + e->length,
	    .local = e->start.zone == NULL,
	    .label = e->label};

	for (size_t i = 0; i < e->nexcept; i++) {
		if (e->except[i] == local)
			return;
	}
	if (e->start.zone != NULL) {
		x.from = zone_instant(e->start.zone, x.from);
		x.to = zone_instant(e->start.zone, x.to);
	}
	if (x.to <= r->from - DAY_S || x.from >= r->to + DAY_S)
		return;
	if ((h->nclosed & (h->nclosed - 1)) == 0)
		h->closed = mem_grow(r->ctx, h->closed, struct hours_closed,
		    h->nclosed ? 2 * h->nclosed : 1);
	h->closed[h->nclosed++] = x;
}

static bool
take_length(struct reading *r, struct event *e)
{
	icalproperty *p = icalcomponent_get_first_property(e->c, ICAL_DTEND_PROPERTY);
	struct when end;

	if (p != NULL) {
		if (!when_of(r, p, icalproperty_get_dtend(p), e->line, &end))
			return false;
		e->length = end.local - e->start.local;
		/* Ends on the clock of another zone: as an instant, then. */
		if (end.zone != e->start.zone && end.zone != NULL &&
		    e->start.zone != NULL)
			e->length = zone_instant(end.zone, end.local) -
				    zone_instant(e->start.zone, e->start.local);
	} else {
		p = icalcomponent_get_first_property(e->c, ICAL_DURATION_PROPERTY);
		e->length = p ? icaldurationtype_as_int(icalproperty_get_duration(p)) : 0;
		if (p == NULL && e->start.day)
			e->length = DAY_S;
	}
	/* A day event that ends on its own day is written often: it lasts that day. */
	if (e->length == 0 && e->start.day)
		e->length = DAY_S;
	if (e->length > 0)
		return true;
	wrong(r, e->line, "event \"%s\" %s", e->label,
	    e->length < 0 ? "ends before it begins" : "takes no time");
	return false;
}

static void
add_except(struct reading *r, struct event *e, int64_t local)
{
	e->except = mem_grow(r->ctx, e->except, int64_t, e->nexcept + 1);
	e->except[e->nexcept++] = local;
}

/* EXDATE, and the occurrences that another component changes (RECURRENCE-ID). */
static bool
take_exceptions(struct reading *r, struct event *e, icalcomponent *calendar)
{
	struct when w;

	for (icalproperty *p =
		 icalcomponent_get_first_property(e->c, ICAL_EXDATE_PROPERTY);
	     p != NULL; p = icalcomponent_get_next_property(e->c, ICAL_EXDATE_PROPERTY)) {
		if (!when_of(r, p, icalproperty_get_exdate(p), e->line, &w))
			return false;
		add_except(r, e, w.local);
	}
	if (e->uid == NULL ||
	    icalcomponent_get_first_property(e->c, ICAL_RECURRENCEID_PROPERTY) != NULL)
		return true;
	for (icalcompiter i =
		 icalcomponent_begin_component(calendar, ICAL_VEVENT_COMPONENT);
	     icalcompiter_deref(&i) != NULL; icalcompiter_next(&i)) {
		icalcomponent *o = icalcompiter_deref(&i);
		const char *uid = icalcomponent_get_uid(o);
		icalproperty *p =
		    icalcomponent_get_first_property(o, ICAL_RECURRENCEID_PROPERTY);

		if (o != e->c && p != NULL && uid != NULL && strcmp(uid, e->uid) == 0)
			add_except(r, e, local_seconds(icalproperty_get_recurrenceid(p)));
	}
	return true;
}

/* UNTIL is UTC when the start has a zone; the iterator compares bare local times. */
static void
until_local(const struct event *e, struct icalrecurrencetype *rule)
{
	int64_t at;
	int y, m, d;

	if (icaltime_is_null_time(rule->until) || !icaltime_is_utc(rule->until) ||
	    e->start.zone == NULL)
		return;
	at = local_seconds(rule->until);
	at += zone_offset(e->start.zone, at);
	civil_date(at / DAY_S, &y, &m, &d);
	rule->until = icaltime_null_time();
	rule->until.year = y, rule->until.month = m, rule->until.day = d;
	rule->until.hour = (int)(at % DAY_S / 3600);
	rule->until.minute = (int)(at % 3600 / 60);
	rule->until.second = (int)(at % 60);
}

static bool
expand(struct reading *r, const struct event *e, icalproperty *p)
{
	struct icalrecurrencetype rule = icalproperty_get_rrule(p);
	struct icaltimetype first = e->first, t;
	icalrecur_iterator *it;
	int n = 0;

	until_local(e, &rule);
	first.zone = NULL;
	it = icalrecur_iterator_new(rule, first);
	if (it == NULL) {
		wrong(r, e->line, "event \"%s\": its RRULE cannot be followed", e->label);
		return false;
	}
	for (t = icalrecur_iterator_next(it); !icaltime_is_null_time(t);
	     t = icalrecur_iterator_next(it)) {
		int64_t local = local_seconds(t);

		if (local > r->to + DAY_S || ++n > HOLIDAYS_MAX)
			break;
		close_at(r, e, local);
	}
	icalrecur_iterator_free(it);
	if (n > HOLIDAYS_MAX)
		wrong(r, e->line, "event \"%s\" comes more than %d times", e->label,
		    HOLIDAYS_MAX);
	else if (n == 0)
		wrong(
		    r, e->line, "event \"%s\": its RRULE names no date at all", e->label);
	return n > 0 && n <= HOLIDAYS_MAX;
}

static bool
take_dates(struct reading *r, struct event *e)
{
	for (icalproperty *p =
		 icalcomponent_get_first_property(e->c, ICAL_RDATE_PROPERTY);
	     p != NULL; p = icalcomponent_get_next_property(e->c, ICAL_RDATE_PROPERTY)) {
		struct icaldatetimeperiodtype v = icalproperty_get_rdate(p);
		bool period = icaltime_is_null_time(v.time);
		struct icaltimetype t = period ? v.period.start : v.time;
		struct event one = *e;
		struct when w;

		if (!when_of(r, p, t, e->line, &w))
			return false;
		if (period && !icaltime_is_null_time(v.period.end))
			one.length = local_seconds(v.period.end) - w.local;
		else if (period)
			one.length = icaldurationtype_as_int(v.period.duration);
		one.start.zone = w.zone;
		close_at(r, &one, w.local);
	}
	return true;
}

static void
one_event(struct reading *r, icalcomponent *calendar, icalcomponent *c, int line)
{
	struct event e = {.c = c, .line = line, .uid = icalcomponent_get_uid(c)};
	icalproperty *start = icalcomponent_get_first_property(c, ICAL_DTSTART_PROPERTY);
	const char *label = icalcomponent_get_summary(c);
	bool recurs = false;

	e.label = text_clean(r->ctx, label ? label : "holiday",
	    strlen(label ? label : "holiday"), TEXT_LINE, 200);
	if (icalcomponent_get_status(c) == ICAL_STATUS_CANCELLED)
		return;
	if (start == NULL) {
		wrong(r, line, "event \"%s\" has no DTSTART that can be read", e.label);
		return;
	}
	e.first = icalproperty_get_dtstart(start);
	if (!when_of(r, start, e.first, line, &e.start) || !take_length(r, &e) ||
	    !take_exceptions(r, &e, calendar))
		return;
	for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_RRULE_PROPERTY);
	     p != NULL; p = icalcomponent_get_next_property(c, ICAL_RRULE_PROPERTY)) {
		recurs = true;
		if (!expand(r, &e, p))
			return;
	}
	if (!recurs)
		close_at(r, &e, e.start.local);
	(void)take_dates(r, &e);
}

bool
holidays_read(void *ctx, const char *text, int64_t from, int64_t to, struct hours *h,
    void (*say)(void *, int, const char *), void *arg)
{
	struct reading r = {.ctx = ctx,
	    .at = text,
	    .line = 1,
	    .chunk = 1,
	    .from = from,
	    .to = to,
	    .h = h,
	    .wrong = say,
	    .arg = arg};
	icalcomponent *all;
	size_t n = 0, calendars = 0;

	icalerror_set_errors_are_fatal(0);
	all = read_lines(&r);
	for (icalcompiter i =
		 icalcomponent_begin_component(all, ICAL_VCALENDAR_COMPONENT);
	     !r.failed && icalcompiter_deref(&i) != NULL; icalcompiter_next(&i)) {
		icalcomponent *calendar = icalcompiter_deref(&i);

		calendars++;
		for (icalcompiter k =
			 icalcomponent_begin_component(calendar, ICAL_VEVENT_COMPONENT);
		     icalcompiter_deref(&k) != NULL; icalcompiter_next(&k)) {
			if (n < r.nevents)
				one_event(
				    &r, calendar, icalcompiter_deref(&k), r.events[n++]);
		}
	}
	if (calendars == 0 && !r.failed)
		wrong(&r, 1, "no iCalendar file: it has no VCALENDAR");
	icalcomponent_free(all);
	return !r.failed;
}
