/* Instants and durations. Zones are glibc's: measured right, and they cost nothing. */
#include "base/instant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <time.h>
#include <unistd.h>

int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool
digits(const char **s, int n, int *v)
{
	*v = 0;
	for (; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		*v = *v * 10 + (**s - '0');
	}
	return true;
}

static bool
date(const char **s, struct tm *tm)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int y, m, d, most;

	if (!digits(s, 4, &y) || *(*s)++ != '-' || !digits(s, 2, &m) || *(*s)++ != '-' ||
	    !digits(s, 2, &d) || y < 1970 || m < 1 || m > 12)
		return false;
	most = days[m - 1] + (m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0));
	if (d < 1 || d > most)
		return false;
	*tm = (struct tm){.tm_year = y - 1900, .tm_mon = m - 1, .tm_mday = d};
	return true;
}

bool
instant_parse(const char *s, int64_t *ms)
{
	struct tm tm;
	int h, m, sec, oh, om, sign;
	int64_t milli = 0, scale = 100;

	if (!date(&s, &tm) || (*s != 'T' && *s != 't' && *s != ' '))
		return false;
	s++;
	if (!digits(&s, 2, &h) || *s++ != ':' || !digits(&s, 2, &m) || *s++ != ':' ||
	    !digits(&s, 2, &sec) || h > 23 || m > 59 || sec > 60)
		return false;
	if (*s == '.') {
		if (*++s < '0' || *s > '9')
			return false;
		for (; *s >= '0' && *s <= '9'; s++, scale /= 10)
			milli += scale * (*s - '0');
	}
	tm.tm_hour = h, tm.tm_min = m, tm.tm_sec = sec;
	*ms = (int64_t)timegm(&tm) * 1000 + milli;
	if ((*s == 'Z' || *s == 'z') && s[1] == '\0')
		return true;
	if (*s != '+' && *s != '-')
		return false;
	sign = *s++ == '+' ? 1 : -1;
	if (!digits(&s, 2, &oh) || *s++ != ':' || !digits(&s, 2, &om) || *s != '\0' ||
	    oh > 23 || om > 59)
		return false;
	*ms -= sign * (oh * 60 + om) * 60000LL;
	return *ms >= 0;
}

char *
instant_print(void *ctx, int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	char day[32];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	if (ms % 1000 != 0)
		return talloc_asprintf(ctx, "%s.%03dZ", day, (int)(ms % 1000));
	return talloc_asprintf(ctx, "%sZ", day);
}

void
zone_enter(void *ctx, const char *zone, char **old)
{
	const char *tz = getenv("TZ");

	*old = tz ? talloc_strdup(ctx, tz) : NULL;
	if (zone != NULL && *zone != '\0')
		setenv("TZ", zone, 1);
	tzset();
}

void
zone_leave(char *old)
{
	if (old != NULL)
		setenv("TZ", old, 1);
	else
		unsetenv("TZ");
	tzset();
	talloc_free(old);
}

bool
instant_parse_date(const char *s, const char *zone, int64_t *ms)
{
	struct tm tm;
	char *old;
	time_t t;

	if (!date(&s, &tm) || *s != '\0')
		return false;
	tm.tm_isdst = -1;
	zone_enter(NULL, zone, &old);
	t = mktime(&tm);
	zone_leave(old);
	*ms = (int64_t)t * 1000;
	return t != (time_t)-1;
}

bool
instant_parse_any(const char *s, const char *zone, int64_t *ms)
{
	return strlen(s) == 10 ? instant_parse_date(s, zone, ms) : instant_parse(s, ms);
}

char *
instant_local(void *ctx, int64_t ms, const char *zone)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	char buf[32], *old;

	zone_enter(NULL, zone, &old);
	localtime_r(&t, &tm);
	zone_leave(old);
	strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M", &tm);
	return talloc_strdup(ctx, buf);
}

char *
instant_age(void *ctx, int64_t ms, int64_t now)
{
	int64_t s = (ms < now ? now - ms : ms - now) / 1000;

	if (s < 60)
		return talloc_asprintf(ctx, "%ds", (int)s);
	if (s < 3600)
		return talloc_asprintf(ctx, "%dm", (int)(s / 60));
	if (s < 2 * 86400)
		return talloc_asprintf(ctx, "%dh", (int)(s / 3600));
	return talloc_asprintf(ctx, "%lldd", (long long)(s / 86400));
}

bool
instant_zone_known(const char *zone)
{
	char path[256];

	if (*zone == '\0' || *zone == '/' || strstr(zone, "..") != NULL ||
	    (size_t)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone) >=
		sizeof(path))
		return false;
	return access(path, R_OK) == 0;
}

static const struct {
	char unit;
	int64_t ms;
} units[] = {
    {'w', 604800000}, {'d', 86400000}, {'h', 3600000}, {'m', 60000}, {'s', 1000}};

bool
duration_parse(const char *s, int64_t *ms)
{
	int64_t n, sum = 0;

	if (*s == '\0')
		return false;
	while (*s != '\0') {
		size_t u = 0;

		if (*s < '0' || *s > '9')
			return false;
		for (n = 0; *s >= '0' && *s <= '9'; s++) {
			n = n * 10 + (*s - '0');
			if (n > 1000000000)
				return false;
		}
		while (u < sizeof(units) / sizeof(units[0]) && units[u].unit != *s)
			u++;
		if (u == sizeof(units) / sizeof(units[0]))
			return false;
		sum += n * units[u].ms;
		if (sum > INSTANT_MAX)
			return false;
		s++;
	}
	*ms = sum;
	return true;
}
