/* Business hours: the examples that need no event, the compiled form, and B and D against
 * a stepper that knows neither spans nor sums. */
#include <atf-c.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <talloc.h>
#include <time.h>

#include "base/mem.h"
#include "hours.h"
#include "policy/holidays.h"

static const char *const nine_to_five[] = {"09:00-17:00", NULL};

#define SAME(ctx, got, want) \
	ATF_CHECK_MSG((got) == at(want), "%s: %s, not %s", #got, utc(ctx, got), want)

static const struct calendar *
berlin(void *ctx)
{
	struct hours h = {0};
	const char *why = "";

	test_week(ctx, &h, 31, nine_to_five);
	ATF_REQUIRE_MSG(
	    hours_exception(ctx, &h, "2026-12-24 09:00-12:00", &why) &&
		hours_exception(ctx, &h, "2026-12-25 closed First Christmas Day", &why),
	    "%s", why);
	return test_compile(ctx, "BER", &h, "Europe/Berlin");
}

static const struct calendar *
nights(void *ctx)
{
	static const char *const spans[] = {"00:00-06:00", NULL};
	struct hours h = {0};

	test_week(ctx, &h, 64, spans);
	return test_compile(ctx, "NYN", &h, "America/New_York");
}

ATF_TC_WITHOUT_HEAD(example_1__weekend_with_spring_change_S7_S10);
ATF_TC_BODY(example_1__weekend_with_spring_change_S7_S10, tc)
{
	void *ctx = talloc_new(NULL);

	SAME(ctx, calendar_after(berlin(ctx), at("2026-03-27T14:30:00Z"), 4 * 3600),
	    "2026-03-30T09:30:00Z");
	talloc_free(ctx);
}

ATF_TC_WITHOUT_HEAD(example_2__round_the_clock_over_the_spring_change_S9);
ATF_TC_BODY(example_2__round_the_clock_over_the_spring_change_S9, tc)
{
	void *ctx = talloc_new(NULL);

	SAME(ctx, calendar_after(&calendar_always, at("2026-03-28T11:00:00Z"), 24 * 3600),
	    "2026-03-29T11:00:00Z");
	talloc_free(ctx);
}

ATF_TC_WITHOUT_HEAD(example_3__night_span_in_autumn_S7_S8);
ATF_TC_BODY(example_3__night_span_in_autumn_S7_S8, tc)
{
	void *ctx = talloc_new(NULL);
	const struct calendar *c = nights(ctx);
	struct zone *z;
	struct err err;

	SAME(ctx, calendar_after(c, at("2026-11-01T04:30:00Z"), 3 * 3600),
	    "2026-11-01T07:30:00Z");
	ATF_CHECK_EQ(7 * 3600,
	    calendar_between(c, at("2026-11-01T00:00:00Z"), at("2026-11-02T00:00:00Z")));
	ATF_REQUIRE(
	    zone_load(ctx, "America/New_York", YEAR_2024, YEAR_2032, &z, &err) == RC_OK);
	SAME(ctx, zone_instant(z, at("2026-11-01T01:30:00Z")), "2026-11-01T05:30:00Z");
	talloc_free(ctx);
}

ATF_TC_WITHOUT_HEAD(example_4__night_span_in_spring_S7_S8);
ATF_TC_BODY(example_4__night_span_in_spring_S7_S8, tc)
{
	void *ctx = talloc_new(NULL);
	const struct calendar *c = nights(ctx);
	struct zone *z;
	struct err err;

	SAME(ctx, calendar_after(c, at("2026-03-08T05:30:00Z"), 3 * 3600),
	    "2026-03-08T08:30:00Z");
	ATF_CHECK_EQ(5 * 3600,
	    calendar_between(c, at("2026-03-08T00:00:00Z"), at("2026-03-09T00:00:00Z")));
	ATF_REQUIRE(
	    zone_load(ctx, "America/New_York", YEAR_2024, YEAR_2032, &z, &err) == RC_OK);
	SAME(ctx, zone_instant(z, at("2026-03-08T02:30:00Z")), "2026-03-08T07:00:00Z");
	talloc_free(ctx);
}

ATF_TC_WITHOUT_HEAD(example_6__half_day_and_holiday_S6);
ATF_TC_BODY(example_6__half_day_and_holiday_S6, tc)
{
	void *ctx = talloc_new(NULL);

	SAME(ctx, calendar_after(berlin(ctx), at("2026-12-23T17:00:00Z"), 4 * 3600),
	    "2026-12-28T09:00:00Z");
	talloc_free(ctx);
}

ATF_TC_WITHOUT_HEAD(example_11__lunch_break_S10);
ATF_TC_BODY(example_11__lunch_break_S10, tc)
{
	static const char *const spans[] = {"08:00-12:00", "13:00-17:00", NULL};
	void *ctx = talloc_new(NULL);
	struct hours h = {0};

	test_week(ctx, &h, 31, spans);
	SAME(ctx,
	    calendar_after(test_compile(ctx, "BERS", &h, "Europe/Berlin"),
		at("2026-06-16T09:00:00Z"), 4 * 3600),
	    "2026-06-16T14:00:00Z");
	talloc_free(ctx);
}

ATF_TC_WITHOUT_HEAD(example_12__used_up_at_closing_S10);
ATF_TC_BODY(example_12__used_up_at_closing_S10, tc)
{
	void *ctx = talloc_new(NULL);
	const struct calendar *c = berlin(ctx);
	int64_t start = at("2026-06-17T07:00:00Z");

	SAME(ctx, calendar_after(c, start, 8 * 3600), "2026-06-17T15:00:00Z");
	SAME(ctx, calendar_after(c, start, 8 * 3600 + 1), "2026-06-18T07:00:01Z");
	SAME(ctx, calendar_after(c, at("2026-06-17T18:00:00Z"), 0),
	    "2026-06-17T18:00:00Z");
	talloc_free(ctx);
}

ATF_TC_WITHOUT_HEAD(compiled__comes_back_and_ends_where_its_years_end);
ATF_TC_BODY(compiled__comes_back_and_ends_where_its_years_end, tc)
{
	void *ctx = talloc_new(NULL);
	const struct calendar *c = berlin(ctx);
	struct calendar *back = NULL;
	struct err err = {0};
	json_t *o = calendar_to_json(c);

	ATF_REQUIRE(calendar_from_json(ctx, "BER", "x", o, &back, &err) == RC_OK);
	ATF_REQUIRE_EQ(c->n, back->n);
	ATF_CHECK(memcmp(c->spans, back->spans, c->n * sizeof(*c->spans)) == 0);
	ATF_CHECK_EQ(YEAR_2032, calendar_after(c, at("2031-12-30T00:00:00Z"), 400000));
	ATF_CHECK_EQ(0,
	    calendar_between(c, at("2010-01-04T08:00:00Z"), at("2010-01-04T12:00:00Z")));
	json_object_set_new(o, "spans", json_string("AAAA"));
	ATF_CHECK_EQ(RC_CONFIG, calendar_from_json(ctx, "BER", "x", o, &back, &err));
	json_decref(o);
	talloc_free(ctx);
}

static void
refused(void *ctx, const char *week, const char *exception, const char *why)
{
	struct hours h = {0};
	struct hours_span span;
	const char *said = "nothing";
	char *words = talloc_strdup(ctx, week), *save = NULL;
	bool ok = true;

	for (char *w = strtok_r(words, " ", &save); ok && w != NULL;
	     w = strtok_r(NULL, " ", &save))
		ok = hours_span_parse(ctx, w, &span, &said) &&
		     hours_add(ctx, &h.week[0], span, &said);
	if (ok && exception != NULL)
		ok = hours_exception(ctx, &h, exception, &said);
	ATF_CHECK_MSG(!ok && strcmp(said, why) == 0, "said: %s", said);
}

ATF_TC_WITHOUT_HEAD(words__that_are_no_hours_S6);
ATF_TC_BODY(words__that_are_no_hours_S6, tc)
{
	void *ctx = talloc_new(NULL);

	refused(ctx, "22:00-06:00", NULL,
	    "\"22:00-06:00\" goes past midnight: write \"22:00-24:00\" and, on the next "
	    "day, \"00:00-06:00\"");
	refused(ctx, "09:00-09:00", NULL, "\"09:00-09:00\" is empty");
	refused(ctx, "9-17", NULL, "\"9-17\" is no span: write it as \"09:00-17:30\"");
	refused(ctx, "09:00-24:01", NULL,
	    "\"09:00-24:01\" is no span: write it as \"09:00-17:30\"");
	refused(ctx, "09:00-12:00 11:00-13:00", NULL,
	    "\"11:00-13:00\" overlaps \"09:00-12:00\"");
	refused(ctx, "13:00-17:00 09:00-12:00", NULL,
	    "\"09:00-12:00\" stands behind the later \"13:00-17:00\"");
	refused(ctx, "", "2026-02-30 closed",
	    "\"2026-02-30\" is no date: write \"2026-12-24\" or "
	    "\"2026-12-24..2026-12-31\"");
	refused(ctx, "", "2026-02-03",
	    "\"2026-02-03\" says neither hours nor \"closed\" for the date");
	refused(ctx, "", "2026-12-31..2026-12-24 closed",
	    "\"2026-12-31..2026-12-24\" is no date: write \"2026-12-24\" or "
	    "\"2026-12-24..2026-12-31\"");
	talloc_free(ctx);
}

ATF_TC_WITHOUT_HEAD(exceptions__ranges_labels_and_twice);
ATF_TC_BODY(exceptions__ranges_labels_and_twice, tc)
{
	void *ctx = talloc_new(NULL);
	struct hours h = {0};
	const char *why = "";

	ATF_REQUIRE(hours_exception(
	    ctx, &h, "2026-12-24..2026-12-31 closed Between the years", &why));
	ATF_CHECK_EQ(8, h.ndates);
	ATF_CHECK_STREQ("Between the years", h.dates[7].label);
	ATF_REQUIRE(
	    hours_exception(ctx, &h, "2027-01-02 09:00-10:00 11:00-12:00 sale", &why));
	ATF_CHECK_EQ(2, h.dates[8].hours.n);
	ATF_CHECK_STREQ("sale", h.dates[8].label);
	ATF_CHECK(!hours_exception(ctx, &h, "2026-12-31 09:00-12:00", &why));
	ATF_CHECK_STREQ(
	    "2026-12-31 stands there twice: write all its spans behind one", why);
	talloc_free(ctx);
}

/* ---- holidays ---- */

#define ICS(events) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" events "END:VCALENDAR\r\n"
#define EVENT(lines) "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:A day\r\n" lines "END:VEVENT\r\n"

struct said {
	int line;
	char text[256];
};

static void
on_wrong(void *arg, int line, const char *text)
{
	struct said *s = arg;

	s->line = line;
	snprintf(s->text, sizeof(s->text), "%s", text);
}

static const struct calendar *
with_holidays(void *ctx, const char *ics, struct said *s)
{
	struct hours *h = talloc_zero(ctx, struct hours);

	test_week(ctx, h, 31, nine_to_five);
	*s = (struct said){0};
	if (!holidays_read(ctx, ics, YEAR_2024, YEAR_2032, h, on_wrong, s))
		return NULL;
	return test_compile(ctx, "H", h, "Europe/Berlin");
}

static int64_t
open_hours(const struct calendar *c, const char *day)
{
	int64_t from = at(day);

	return calendar_between(c, from, from + 86400) / 3600;
}

ATF_TC_WITHOUT_HEAD(holidays__days_rules_dates_and_exceptions);
ATF_TC_BODY(holidays__days_rules_dates_and_exceptions, tc)
{
	void *ctx = talloc_new(NULL);
	struct said s;
	const struct calendar *c = with_holidays(ctx,
	    ICS(EVENT("DTSTART;VALUE=DATE:20200501\r\nRRULE:FREQ=YEARLY\r\n"
		      "EXDATE;VALUE=DATE:20260501\r\n"
		      "RDATE;VALUE=DATE:20260504,20260505\r\n")
		/* the last Monday of May; two days; folded */
		EVENT("DTSTART;VALUE=DATE:20240527\r\nDURATION:P2D\r\n"
		      "RRULE:FREQ=YEARLY;BYM\r\n ONTH=5;BYDAY=-1MO\r\n")),
	    &s);

	ATF_REQUIRE_MSG(c != NULL, "%d: %s", s.line, s.text);
	ATF_CHECK_EQ(0, open_hours(c, "2025-05-01T00:00:00Z"));
	ATF_CHECK_EQ(8, open_hours(c, "2026-05-01T00:00:00Z"));
	ATF_CHECK_EQ(0, open_hours(c, "2026-05-04T00:00:00Z"));
	ATF_CHECK_EQ(0, open_hours(c, "2026-05-05T00:00:00Z"));
	ATF_CHECK_EQ(0, open_hours(c, "2026-05-25T00:00:00Z"));
	ATF_CHECK_EQ(0, open_hours(c, "2026-05-26T00:00:00Z"));
	ATF_CHECK_EQ(8, open_hours(c, "2026-05-27T00:00:00Z"));
	talloc_free(ctx);
}

ATF_TC_WITHOUT_HEAD(holidays__timed_events_close_a_part_of_a_day);
ATF_TC_BODY(holidays__timed_events_close_a_part_of_a_day, tc)
{
	void *ctx = talloc_new(NULL);
	struct said s;
	const struct calendar *c = with_holidays(ctx,
	    ICS(EVENT("DTSTART:20260601T120000\r\nDTEND:20260601T150000\r\n")
		    EVENT("DTSTART:20260602T120000Z\r\nDTEND:20260602T130000Z\r\n")
			EVENT("DTSTART;TZID=America/New_York:20260603T060000\r\n"
			      "DTEND;TZID=America/New_York:20260603T070000\r\n"
			      "RRULE:FREQ=WEEKLY;UNTIL=20260610T100000Z\r\n")),
	    &s);

	ATF_REQUIRE_MSG(c != NULL, "%d: %s", s.line, s.text);
	ATF_CHECK_EQ(5, open_hours(c, "2026-06-01T00:00:00Z"));
	ATF_CHECK_EQ(0,
	    calendar_between(c, at("2026-06-01T10:00:00Z"), at("2026-06-01T13:00:00Z")));
	ATF_CHECK_EQ(7, open_hours(c, "2026-06-02T00:00:00Z"));
	ATF_CHECK_EQ(0,
	    calendar_between(c, at("2026-06-03T10:00:00Z"), at("2026-06-03T11:00:00Z")));
	ATF_CHECK_EQ(7, open_hours(c, "2026-06-10T00:00:00Z"));
	ATF_CHECK_EQ(8, open_hours(c, "2026-06-17T00:00:00Z"));
	talloc_free(ctx);
}

ATF_TC_WITHOUT_HEAD(holidays__a_changed_occurrence_and_a_cancelled_event);
ATF_TC_BODY(holidays__a_changed_occurrence_and_a_cancelled_event, tc)
{
	void *ctx = talloc_new(NULL);
	struct said s;
	const struct calendar *c = with_holidays(ctx,
	    ICS(EVENT("DTSTART;VALUE=DATE:20250602\r\nRRULE:FREQ=YEARLY\r\n")
		    EVENT("RECURRENCE-ID;VALUE=DATE:20260602\r\n"
			  "DTSTART;VALUE=DATE:20260603\r\n")
			EVENT("STATUS:CANCELLED\r\nDTSTART;VALUE=DATE:20260604\r\n")),
	    &s);

	ATF_REQUIRE_MSG(c != NULL, "%d: %s", s.line, s.text);
	ATF_CHECK_EQ(0, open_hours(c, "2025-06-02T00:00:00Z"));
	ATF_CHECK_EQ(8, open_hours(c, "2026-06-02T00:00:00Z"));
	ATF_CHECK_EQ(0, open_hours(c, "2026-06-03T00:00:00Z"));
	ATF_CHECK_EQ(8, open_hours(c, "2026-06-04T00:00:00Z"));
	talloc_free(ctx);
}

static void
wrong_ics(void *ctx, const char *ics, int line, const char *text)
{
	struct said s;

	ATF_CHECK(with_holidays(ctx, ics, &s) == NULL);
	ATF_CHECK_MSG(s.line == line && strncmp(s.text, text, strlen(text)) == 0,
	    "%d: %s", s.line, s.text);
}

ATF_TC_WITHOUT_HEAD(holidays__what_cannot_be_read_has_its_line);
ATF_TC_BODY(holidays__what_cannot_be_read_has_its_line, tc)
{
	void *ctx = talloc_new(NULL);

	wrong_ics(ctx, "", 1, "no iCalendar file");
	wrong_ics(ctx, "hello\nworld\n", 1, "no iCalendar file");
	wrong_ics(ctx,
	    ICS(EVENT("DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=SOMETIMES\r\n")), 7,
	    "\"RRULE:FREQ=SOMETIMES\" cannot be read");
	wrong_ics(ctx, ICS(EVENT("DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=HOURLY\r\n")),
	    7, "\"RRULE:FREQ=HOURLY\" comes more than once a day");
	wrong_ics(ctx,
	    ICS(EVENT("DTSTART;VALUE=DATE:20260230\r\n"
		      "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n")),
	    3, "DTSTART: no time");
	wrong_ics(ctx,
	    ICS(EVENT("DTSTART;VALUE=DATE:20260201\r\n"
		      "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n")),
	    3, "event \"A day\": its RRULE cannot be followed");
	wrong_ics(ctx, ICS(EVENT("DTEND;VALUE=DATE:20260201\r\n")), 3,
	    "event \"A day\" has no DTSTART");
	wrong_ics(ctx, ICS(EVENT("DTSTART:20260201T120000\r\nDTEND:20260201T110000\r\n")),
	    3, "event \"A day\" ends before it begins");
	wrong_ics(ctx,
	    ICS(EVENT("DTSTART;TZID=Mars/Base:20260201T120000\r\nDURATION:PT1H\r\n")), 3,
	    "TZID \"Mars/Base\": no such zone");
	wrong_ics(ctx, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n", 4,
	    "the file ends within a component");
	talloc_free(ctx);
}

/* ---- B and D against a stepper ---- */

static const char *const zones[] = {"Europe/Berlin", "America/New_York", "UTC",
    "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "America/Sao_Paulo",
    "Europe/Dublin", "Pacific/Apia", "Asia/Kolkata", "America/St_Johns",
    "Antarctica/Troll"};
enum { DAYS = 35, MINUTES = DAYS * 1440, PER_CALENDAR = 40 };

static uint32_t
any(uint32_t n)
{
	return randombytes_uniform(n);
}

static struct hours *
random_hours(void *ctx, int64_t first_day)
{
	struct hours *h = talloc_zero(ctx, struct hours);
	const char *why;

	for (int d = 0; d < 7; d++) {
		int end = 0, n = (int)any(4);

		for (int i = 0; i < n && end < 1400; i++) {
			int from = end + (int)any((uint32_t)(1440 - end)) / (n - i),
			    to = from + 1 + (int)any((uint32_t)(1440 - from));

			if (to > 1440 || (i < n - 1 && any(2)))
				to = from + 1 + (to - from) / 3;
			(void)hours_add(ctx, &h->week[d],
			    (struct hours_span){from * 60, to * 60}, &why);
			end = to;
		}
	}
	for (uint32_t i = any(4); i > 0; i--) {
		int y, m, d, hour = (int)any(23);

		civil_date(first_day + any(DAYS), &y, &m, &d);
		(void)hours_exception(ctx, h,
		    any(2) ? talloc_asprintf(ctx, "%04d-%02d-%02d closed", y, m, d)
			   : talloc_asprintf(ctx, "%04d-%02d-%02d %02d:15-%02d:45", y, m,
				 d, hour, hour + 1),
		    &why);
	}
	return h;
}

/* Which minutes of the window are open, worked out minute by minute: an end of a span is
 * the first minute whose local time is not before it. */
struct world {
	int64_t start; /* of minute 0 */
	int64_t *local;
	bool *open;
};

static int
first_minute(const struct world *w, int64_t local)
{
	for (int m = 0; m < MINUTES; m++) {
		if (w->local[m] >= local)
			return m;
	}
	return MINUTES;
}

static void
step_world(struct world *w, const struct hours *h, const char *zone, int64_t first_day)
{
	char *old;

	zone_enter(NULL, zone, &old);
	for (int m = 0; m < MINUTES; m++) {
		time_t t = (time_t)(w->start + m * 60);
		struct tm tm;

		localtime_r(&t, &tm);
		w->local[m] = t + tm.tm_gmtoff;
		w->open[m] = false;
	}
	zone_leave(old);
	for (int64_t day = first_day - 2; day < first_day + DAYS + 2; day++) {
		const struct hours_day *hours = &h->week[(day + 3) % 7];

		for (size_t i = 0; i < h->ndates; i++) {
			if (h->dates[i].day == day)
				hours = &h->dates[i].hours;
		}
		for (size_t i = 0; i < hours->n; i++) {
			int from = first_minute(w, day * 86400 + hours->v[i].from),
			    to = first_minute(w, day * 86400 + hours->v[i].to);

			for (int m = from; m < to; m++)
				w->open[m] = true;
		}
	}
}

static bool
is_open(const struct world *w, int64_t t)
{
	return w->open[(t - w->start) / 60];
}

/* Returns whether both agree. */
static bool
one_case(const struct world *w, const struct calendar *c)
{
	/* The first and last two days are the mapping's margin. */
	int64_t a = w->start + 2 * 86400 + any((DAYS - 4) * 86400),
		end = w->start + (DAYS - 2) * 86400, n = 1 + any(200000), t, left = n;

	for (t = a; t < end && left > 0;) {
		int64_t next = t - (t - w->start) % 60 + 60;

		if (!is_open(w, t)) {
			t = next;
			continue;
		}
		if (next - t > left)
			next = t + left;
		left -= next - t;
		t = next;
	}
	if (left > 0) /* not within the window: all of B then */
		return calendar_between(c, a, end) == n - left;
	return calendar_after(c, a, n) == t && calendar_between(c, a, t) == n &&
	       calendar_between(c, a, t - 1) < n;
}

static int
cases_of_one_calendar(void *ctx)
{
	const char *zone = zones[any(sizeof(zones) / sizeof(zones[0]))];
	struct world w = {.local = mem_array(ctx, int64_t, MINUTES),
	    .open = mem_array(ctx, bool, MINUTES)};
	int64_t first = YEAR_2024 / 86400 + 10 + any(365 * 7);
	struct zone *z;
	struct err err;
	struct hours *h;
	const struct calendar *c;

	ATF_REQUIRE(zone_load(ctx, zone, YEAR_2024, YEAR_2032, &z, &err) == RC_OK);
	if (z->n > 1 && any(3) > 0) /* around a change of the clocks */
		first = z->parts[1 + any((uint32_t)z->n - 1)].from / 86400 - DAYS / 2;
	w.start = first * 86400;
	h = random_hours(ctx, first);
	step_world(&w, h, zone, first);
	c = test_compile(ctx, "random", h, zone);
	for (int i = 0; i < PER_CALENDAR; i++)
		ATF_REQUIRE_MSG(
		    one_case(&w, c), "zone %s, from day %lld", zone, (long long)first);
	return PER_CALENDAR;
}

ATF_TC(property__b_and_d_are_what_a_stepper_counts);
ATF_TC_HEAD(property__b_and_d_are_what_a_stepper_counts, tc)
{
	atf_tc_set_md_var(tc, "timeout", "900");
}
ATF_TC_BODY(property__b_and_d_are_what_a_stepper_counts, tc)
{
	const char *longer = getenv("TKT_LONG");
	int want = longer && *longer ? 100000 : 2000, done = 0;

	while (done < want) {
		void *ctx = talloc_new(NULL);

		done += cases_of_one_calendar(ctx);
		talloc_free(ctx);
	}
	printf("%d cases\n", done);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_REQUIRE(sodium_init() >= 0);
	ATF_TP_ADD_TC(tp, example_1__weekend_with_spring_change_S7_S10);
	ATF_TP_ADD_TC(tp, example_2__round_the_clock_over_the_spring_change_S9);
	ATF_TP_ADD_TC(tp, example_3__night_span_in_autumn_S7_S8);
	ATF_TP_ADD_TC(tp, example_4__night_span_in_spring_S7_S8);
	ATF_TP_ADD_TC(tp, example_6__half_day_and_holiday_S6);
	ATF_TP_ADD_TC(tp, example_11__lunch_break_S10);
	ATF_TP_ADD_TC(tp, example_12__used_up_at_closing_S10);
	ATF_TP_ADD_TC(tp, compiled__comes_back_and_ends_where_its_years_end);
	ATF_TP_ADD_TC(tp, words__that_are_no_hours_S6);
	ATF_TP_ADD_TC(tp, exceptions__ranges_labels_and_twice);
	ATF_TP_ADD_TC(tp, holidays__days_rules_dates_and_exceptions);
	ATF_TP_ADD_TC(tp, holidays__timed_events_close_a_part_of_a_day);
	ATF_TP_ADD_TC(tp, holidays__a_changed_occurrence_and_a_cancelled_event);
	ATF_TP_ADD_TC(tp, holidays__what_cannot_be_read_has_its_line);
	ATF_TP_ADD_TC(tp, property__b_and_d_are_what_a_stepper_counts);
	return atf_no_error();
}
