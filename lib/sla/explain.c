/* Why a clock stands where it stands: its life, cut where the calendar opens and closes.
 */
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/zone.h"
#include "sla/sla.h"

enum { DAY_S = 86400, LABELS_MAX = 5 };

struct telling {
	void *ctx;
	struct desk *d;
	struct sla_segment *v;
	size_t n;
	int64_t sum;
	const struct clock *c; /* as it is in this stretch */
	int64_t event;
	const struct zone *zone;
	json_t *labels;
};

static void
add(struct telling *t, int64_t from, int64_t to, bool counted, const char *reason)
{
	if (from >= to)
		return;
	if (counted)
		t->sum += to - from;
	if ((t->n & (t->n - 1)) == 0)
		t->v = mem_grow(t->ctx, t->v, struct sla_segment, t->n ? 2 * t->n : 1);
	t->v[t->n++] = (struct sla_segment){.from = from,
	    .to = to,
	    .counted = counted,
	    .reason = reason,
	    .event = t->event,
	    .sum = t->sum,
	    .version = t->c->version,
	    .calendar = t->c->calendar,
	    .zone = t->c->hours->zone ? t->c->hours->zone : t->d->config->timezone};
	t->event = 0; /* only the first stretch was begun by it */
}

/* The names of the special days between two instants, after `word`. */
static const char *
named(struct telling *t, const char *word, int64_t from, int64_t to)
{
	char *text = talloc_strdup(t->ctx, word);
	int64_t first, last;
	int found = 0;

	if (t->zone == NULL)
		return text;
	first = (from + zone_offset(t->zone, from)) / DAY_S;
	last = (to - 1 + zone_offset(t->zone, to - 1)) / DAY_S;
	for (int64_t day = first; day <= last && found < LABELS_MAX; day++) {
		char date[32];
		const char *label;
		int y, m, d;

		civil_date(day, &y, &m, &d);
		snprintf(date, sizeof(date), "%04d-%02d-%02d", y, m, d);
		label = json_string_value(json_object_get(t->labels, date));
		if (label == NULL || strcmp(label, word) == 0)
			continue;
		text = talloc_asprintf_append_buffer(
		    text, "%s %s %s", found++ ? "," : ":", date, label);
	}
	return text;
}

static enum rc
load_days(struct telling *t, struct err *err)
{
	const struct calendar *h = t->c->hours;
	char *part = talloc_asprintf(t->ctx, "days:%s", t->c->calendar);
	struct zone *z = NULL;
	json_t *labels = NULL;
	enum rc rc;

	t->zone = NULL;
	t->labels = NULL;
	if (h->always)
		return RC_OK;
	rc = version_held(t->d->store, t->c->version, part, &labels, err);
	if (rc == RC_NONE)
		rc = RC_OK;
	if (rc == RC_OK && labels != NULL)
		t->labels = record_own(t->ctx, labels);
	if (rc == RC_OK)
		rc = zone_load(t->ctx, h->zone, h->from, h->to, &z, err);
	t->zone = z;
	return rc;
}

/* A stretch in which the clock ran: open and closed by turns. */
static enum rc
ran(struct telling *t, int64_t from, int64_t to, struct err *err)
{
	const struct calendar *h = t->c->hours;
	enum rc rc = load_days(t, err);

	if (rc == RC_OK && h->always) {
		add(t, from, to, true, "24x7");
		return RC_OK;
	}
	while (rc == RC_OK && from < to) {
		const struct span *s = calendar_span(h, from);
		int64_t open = s == NULL || s->open > to ? to : s->open, close;

		if (open > from)
			add(t, from, open, false, named(t, "closed", from, open));
		from = open > from ? open : from;
		if (s == NULL || from >= to)
			break;
		close = s->close < to ? s->close : to;
		add(t, from, close, true, named(t, "open", from, close));
		from = close;
	}
	return rc;
}

/* Why it did not run, in the words of whoever stopped it. */
static const char *
stopped(void *ctx, const struct sla_mark *m)
{
	if (m->clock.ended != 0)
		return m->clock.ended_by;
	return m->event
		   ? talloc_asprintf(ctx, "paused by event %lld", (long long)m->event)
		   : "paused";
}

/* S26: it counts since before it was there. */
static enum rc
late_start(struct telling *t, const struct sla_mark *m, struct err *err)
{
	(void)err;
	if (m->what != SLA_STARTED && m->what != SLA_TAKEN_OVER)
		return RC_OK;
	if (m->clock.started >= m->at)
		return RC_OK;
	t->sum = m->clock.elapsed - (m->at - m->clock.started);
	add(t, m->clock.started, m->at, true,
	    m->what == SLA_STARTED
		? "before there was this policy: counted by its hours, "
		  "less pauses"
		: "in the ticket that was merged");
	t->sum = t->v[t->n - 1].sum = m->clock.elapsed;
	return RC_OK;
}

static bool
same(const struct clock *a, const struct clock *b)
{
	return a->target == b->target && a->cycle == b->cycle;
}

enum rc
sla_segments(void *ctx, struct desk *d, const struct sla_life *l, const struct clock *c,
    int64_t now, struct sla_segment **v, size_t *n, struct err *err)
{
	struct telling t = {.ctx = ctx, .d = d};
	const struct sla_mark *m = NULL;
	int64_t end = c->ended ? c->ended : now;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i <= l->n; i++) {
		const struct sla_mark *next = i < l->n ? &l->marks[i] : NULL;
		int64_t to = next ? next->at : end;

		/* A breach changes nothing in what counts. */
		if (next != NULL &&
		    (!same(&next->clock, c) || next->what == SLA_BREACHED))
			continue;
		if (m != NULL && m->clock.since != 0)
			rc = ran(
			    &t, m->at > m->clock.since ? m->at : m->clock.since, to, err);
		else if (m != NULL && next != NULL) /* the end of its life is no pause */
			add(&t, m->at, to, false, stopped(ctx, m));
		else if (m != NULL && m->clock.ended == 0)
			add(&t, m->at, to, false, stopped(ctx, m));
		m = next;
		if (m == NULL)
			break;
		t.c = &m->clock;
		t.event = m->event;
		if (rc == RC_OK)
			rc = late_start(&t, m, err);
	}
	*v = t.v;
	*n = t.n;
	return rc;
}

/* "2026-03-27T15:30:00+01:00" */
static char *
local(void *ctx, int64_t instant, const char *zone)
{
	char *old, day[40], offset[16];
	time_t t = (time_t)instant;
	struct tm tm;

	zone_enter(ctx, zone ? zone : "UTC", &old);
	localtime_r(&t, &tm);
	strftime(offset, sizeof(offset), "%z", &tm);
	zone_leave(old);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	return talloc_asprintf(ctx, "%s%.3s:%s", day, offset, offset + 3);
}

json_t *
sla_segment_to_json(int64_t ticket, const struct clock *c, const struct sla_segment *s)
{
	void *ctx = talloc_new(NULL);
	json_t *o = json_object();

	record_set_text(o, "type", "segment");
	record_set_int(o, "ticket", ticket);
	record_set_text(o, "target", sla_target_names[c->target]);
	record_set_int(o, "cycle", c->cycle);
	record_set_instant(o, "from", s->from * 1000);
	record_set_instant(o, "to", s->to * 1000);
	record_set_text(o, "from_local", local(ctx, s->from, s->zone));
	record_set_text(o, "to_local", local(ctx, s->to, s->zone));
	json_object_set_new(o, "counted", json_boolean(s->counted));
	record_set_int(o, "seconds", s->to - s->from);
	record_set_int(o, "sum_s", s->sum);
	record_set_text(o, "reason", s->reason);
	if (s->event != 0)
		record_set_int(o, "event", s->event);
	else
		json_object_set_new(o, "event", json_null());
	record_set_text(o, "calendar", s->calendar);
	record_set_int(o, "version", s->version);
	talloc_free(ctx);
	return o;
}

/* ---- calendars ---- */

enum rc
sla_days(void *ctx, struct desk *d, const char *name, int64_t from_day, int64_t days,
    enum rc (*each)(void *, const struct sla_day *, struct err *), void *arg,
    struct err *err)
{
	struct telling t = {.ctx = ctx, .d = d};
	struct clock c = {.calendar = name, .version = d->config->version};
	enum rc rc = desk_calendar(d, c.version, name, &c.hours, err);

	if (rc == RC_OK && c.hours->always)
		return err_fail(err, RC_USAGE, "24x7 is always open");
	t.c = &c;
	if (rc == RC_OK)
		rc = load_days(&t, err);
	for (int64_t day = from_day; rc == RC_OK && day < from_day + days; day++) {
		struct sla_day x = {.day = day};
		int64_t from = zone_instant(t.zone, day * DAY_S),
			to = zone_instant(t.zone, (day + 1) * DAY_S);
		char date[32];
		int y, m, mday;

		for (const struct span *s = calendar_span(c.hours, from);
		     s != NULL && s->open < to && x.n < DAY_SPANS_SHOWN;
		     s = calendar_span(c.hours, s->close))
			x.spans[x.n++] =
			    (struct span){.open = s->open > from ? s->open : from,
				.close = s->close < to ? s->close : to};
		x.open_s = calendar_between(c.hours, from, to);
		civil_date(day, &y, &m, &mday);
		snprintf(date, sizeof(date), "%04d-%02d-%02d", y, m, mday);
		x.label = json_string_value(json_object_get(t.labels, date));
		rc = each(arg, &x, err);
	}
	return rc;
}
