/* From a week, exceptions and holidays to spans: day by day over the local dates, each
 * end of a span mapped by the zone (S7), holidays cut out. */
#include "policy/hours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <time.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"

enum { DAY_S = 86400, YEARS_BACK = 2, YEARS_AHEAD = 5 };

/* ---- reading what people write ---- */

static bool
two_digits(const char **s, int *v)
{
	if ((*s)[0] < '0' || (*s)[0] > '9' || (*s)[1] < '0' || (*s)[1] > '9')
		return false;
	*v = ((*s)[0] - '0') * 10 + (*s)[1] - '0';
	*s += 2;
	return true;
}

static bool
clock_time(const char **s, int *seconds)
{
	int h, m;

	if (!two_digits(s, &h) || *(*s)++ != ':' || !two_digits(s, &m) || m > 59 ||
	    h > 24 || (h == 24 && m > 0))
		return false;
	*seconds = (h * 60 + m) * 60;
	return true;
}

bool
hours_span_parse(void *ctx, const char *s, struct hours_span *span, const char **why)
{
	const char *p = s;

	if (!clock_time(&p, &span->from) || *p++ != '-' || !clock_time(&p, &span->to) ||
	    *p != '\0') {
		*why = talloc_asprintf(
		    ctx, "\"%s\" is no span: write it as \"09:00-17:30\"", s);
		return false;
	}
	if (span->from < span->to)
		return true;
	if (span->from == span->to)
		*why = talloc_asprintf(ctx, "\"%s\" is empty", s);
	else
		*why = talloc_asprintf(ctx,
		    "\"%s\" goes past midnight: write \"%.5s-24:00\" and, on the next "
		    "day, \"00:00-%s\"",
		    s, s, s + 6);
	return false;
}

static char *
span_text(void *ctx, struct hours_span s)
{
	return talloc_asprintf(ctx, "%02d:%02d-%02d:%02d", s.from / 3600,
	    s.from / 60 % 60, s.to / 3600, s.to / 60 % 60);
}

bool
hours_add(void *ctx, struct hours_day *day, struct hours_span span, const char **why)
{
	const struct hours_span *last = day->n > 0 ? &day->v[day->n - 1] : NULL;

	if (last != NULL && span.from < last->to) {
		*why = talloc_asprintf(ctx, "\"%s\" %s \"%s\"", span_text(ctx, span),
		    span.to > last->from ? "overlaps" : "stands behind the later",
		    span_text(ctx, *last));
		return false;
	}
	if (day->n == DAY_SPANS_MAX) {
		*why = talloc_asprintf(ctx, "more than %d spans a day", DAY_SPANS_MAX);
		return false;
	}
	day->v[day->n++] = span;
	return true;
}

static bool
exception_days(
    void *ctx, const char *word, int64_t *first, int64_t *last, const char **why)
{
	char day[11] = "";

	if (strlen(word) >= 10)
		memcpy(day, word, 10);
	if (civil_parse(day, first)) {
		*last = *first;
		if (word[10] == '\0')
			return true;
		if (text_starts(word + 10, "..") && civil_parse(word + 12, last) &&
		    *last >= *first && *last - *first <= 366)
			return true;
	}
	*why = talloc_asprintf(ctx,
	    "\"%s\" is no date: write \"2026-12-24\" or \"2026-12-24..2026-12-31\"",
	    word);
	return false;
}

static bool
add_date(void *ctx, struct hours *h, const struct hours_date *d, const char **why)
{
	int y, m, day;

	for (size_t i = 0; i < h->ndates; i++) {
		if (h->dates[i].day != d->day)
			continue;
		civil_date(d->day, &y, &m, &day);
		*why = talloc_asprintf(ctx,
		    "%04d-%02d-%02d stands there twice: write all its spans behind one",
		    y, m, day);
		return false;
	}
	h->dates = mem_grow(ctx, h->dates, struct hours_date, h->ndates + 1);
	h->dates[h->ndates++] = *d;
	return true;
}

bool
hours_exception(void *ctx, struct hours *h, const char *s, const char **why)
{
	struct hours_date d = {0};
	char *words = talloc_strdup(ctx, s), *save = NULL, *w;
	const char *first = strtok_r(words, " \t", &save);
	int64_t from, to;
	bool closed = false;

	if (!exception_days(ctx, first ? first : "", &from, &to, why))
		return false;
	while ((w = strtok_r(NULL, " \t", &save)) != NULL && !closed) {
		struct hours_span span;

		if (strcmp(w, "closed") == 0 && d.hours.n == 0)
			closed = true;
		else if (*w < '0' || *w > '9')
			break;
		else if (!hours_span_parse(ctx, w, &span, why) ||
			 !hours_add(ctx, &d.hours, span, why))
			return false;
	}
	if (!closed && d.hours.n == 0) {
		*why = talloc_asprintf(
		    ctx, "\"%s\" says neither hours nor \"closed\" for the date", s);
		return false;
	}
	if (w != NULL) /* the rest names the day */
		d.label = talloc_strdup(ctx, s + (w - words));
	for (d.day = from; d.day <= to; d.day++) {
		if (!add_date(ctx, h, &d, why))
			return false;
	}
	return true;
}

/* ---- compiling ---- */

void
hours_horizon(int64_t now, int64_t *from, int64_t *to)
{
	int y, m, d;

	civil_date(now / 1000 / DAY_S, &y, &m, &d);
	*from = civil_day(y - YEARS_BACK, 1, 1) * DAY_S;
	*to = civil_day(y + YEARS_AHEAD + 1, 1, 1) * DAY_S;
}

static int
by_from(const void *a, const void *b)
{
	const struct hours_closed *x = a, *y = b;

	return x->from != y->from ? (x->from < y->from ? -1 : 1)
				  : (x->to > y->to) - (x->to < y->to);
}

/* Holidays as instants, in order. */
static struct hours_closed *
closed_instants(void *ctx, const struct hours *h, const struct zone *z)
{
	struct hours_closed *v = mem_array(ctx, struct hours_closed, h->nclosed + 1);

	for (size_t i = 0; i < h->nclosed; i++) {
		v[i] = h->closed[i];
		if (!v[i].local)
			continue;
		v[i].from = zone_instant(z, v[i].from);
		v[i].to = zone_instant(z, v[i].to);
	}
	if (h->nclosed > 1)
		qsort(v, h->nclosed, sizeof(*v), by_from);
	return v;
}

static void
append(struct calendar *c, size_t *room, int64_t open, int64_t close)
{
	struct span *last = c->n > 0 ? &c->spans[c->n - 1] : NULL;

	if (open < c->from)
		open = c->from;
	if (close > c->to)
		close = c->to;
	if (open >= close)
		return;
	if (last != NULL && last->close == open) { /* Fri 22:00-24:00, Sat 00:00-06:00 */
		last->close = close;
		return;
	}
	if (c->n == *room) {
		*room = *room ? *room * 2 : 4096;
		c->spans = mem_grow(c, c->spans, struct span, *room);
	}
	c->spans[c->n++] = (struct span){.open = open, .close = close};
}

struct build {
	struct calendar *c;
	size_t room;
	const struct hours_closed *closed;
	size_t nclosed;
	size_t first; /* of closed that may still matter */
};

/* One span, less the holidays in it. */
static void
cut(struct build *b, int64_t open, int64_t close, bool exception)
{
	for (size_t i = b->first; !exception && i < b->nclosed; i++) {
		const struct hours_closed *x = &b->closed[i];

		if (x->from >= close)
			break;
		if (x->to <= open)
			continue;
		append(b->c, &b->room, open, x->from);
		open = x->to;
	}
	append(b->c, &b->room, open, close);
}

static int
by_day(const void *a, const void *b)
{
	const struct hours_date *x = a, *y = b;

	return (x->day > y->day) - (x->day < y->day);
}

static const struct hours_date *
sorted_dates(void *ctx, const struct hours *h)
{
	struct hours_date *v = mem_array(ctx, struct hours_date, h->ndates + 1);

	if (h->ndates > 0) {
		memcpy(v, h->dates, h->ndates * sizeof(*v));
		qsort(v, h->ndates, sizeof(*v), by_day);
	}
	return v;
}

/* Holidays that ended before a day can be passed over for good; they are in order of
 * their beginning, so only a run of ended ones at the front can. */
static void
pass_over(struct build *b, int64_t before)
{
	while (b->first < b->nclosed && b->closed[b->first].to <= before)
		b->first++;
}

struct calendar *
hours_compile(void *ctx, const char *name, const struct hours *h, const struct zone *z,
    int64_t from, int64_t to)
{
	struct build b = {.c = talloc_zero(ctx, struct calendar), .nclosed = h->nclosed};
	const struct hours_date *dates = sorted_dates(b.c, h);
	size_t next = 0;
	int64_t sum = 0;

	b.closed = closed_instants(b.c, h, z);
	b.c->name = talloc_strdup(b.c, name);
	b.c->zone = talloc_strdup(b.c, z->name);
	b.c->from = from;
	b.c->to = to;
	/* A day each side: the zone may be a day off UTC. */
	for (int64_t day = from / DAY_S - 2; day <= to / DAY_S + 2; day++) {
		const struct hours_day *hours = &h->week[civil_weekday(day)];
		bool exception;

		while (next < h->ndates && dates[next].day < day)
			next++;
		exception = next < h->ndates && dates[next].day == day;
		if (exception)
			hours = &dates[next].hours;
		pass_over(&b, zone_instant(z, (day - 1) * DAY_S));
		for (size_t i = 0; i < hours->n; i++)
			cut(&b, zone_instant(z, day * DAY_S + hours->v[i].from),
			    zone_instant(z, day * DAY_S + hours->v[i].to), exception);
	}
	for (size_t i = 0; i < b.c->n; i++) {
		b.c->spans[i].before = sum;
		sum += b.c->spans[i].close - b.c->spans[i].open;
	}
	return b.c;
}

int64_t
hours_longest_gap(const struct calendar *c, int64_t since, int64_t *at)
{
	int64_t longest = -1, closed = since;

	for (size_t i = 0; i <= c->n; i++) {
		int64_t open = i < c->n ? c->spans[i].open : c->to;

		if (open - closed > longest) {
			longest = open - closed;
			*at = closed;
		}
		if (i < c->n && c->spans[i].close > closed)
			closed = c->spans[i].close;
	}
	return longest;
}

/* ---- names of days ---- */

static void
label(json_t *o, int64_t day, const char *text)
{
	char key[32];
	int y, m, d;

	civil_date(day, &y, &m, &d);
	snprintf(key, sizeof(key), "%04d-%02d-%02d", y, m, d);
	if (json_object_get(o, key) == NULL)
		json_object_set_new(o, key, json_string(text));
}

json_t *
hours_labels(const struct hours *h, const struct zone *z, int64_t from, int64_t to)
{
	json_t *o = json_object();

	for (size_t i = 0; i < h->ndates; i++)
		label(o, h->dates[i].day,
		    h->dates[i].label	       ? h->dates[i].label
		    : h->dates[i].hours.n == 0 ? "closed"
					       : "other hours");
	for (size_t i = 0; i < h->nclosed; i++) {
		struct hours_closed x = h->closed[i];

		if (!x.local) {
			x.from += zone_offset(z, x.from);
			x.to += zone_offset(z, x.to - 1);
		}
		for (int64_t day = x.from / DAY_S; day * DAY_S < x.to; day++) {
			if (day * DAY_S >= from - DAY_S && day * DAY_S < to)
				label(o, day, x.label);
		}
	}
	return o;
}
