/* One clock: counting, breaching, and when it is due to be told of. */
#include <string.h>
#include <talloc.h>

#include "policy/sla_priv.h"

void
sla_settle(struct clock *c, int64_t at)
{
	c->elapsed = clock_elapsed(c, at);
	if (c->since != 0 && at > c->since)
		c->since = at;
}

void
sla_breach(struct clock *c, int64_t at, const char *cause)
{
	c->breached = at;
	c->state = CLOCK_BREACHED;
	c->cause = cause;
	c->due = at;
}

void
sla_run_from(struct clock *c, int64_t at)
{
	c->since = at;
	c->state = c->breached ? CLOCK_BREACHED : CLOCK_RUNNING;
}

void
sla_add_warned(struct clocks *s, struct clock *c, const char *threshold)
{
	if (sla_was_warned(c, threshold))
		return;
	c->warned = *c->warned ? talloc_asprintf(s, "%s,%s", c->warned, threshold)
			       : talloc_strdup(s, threshold);
}

bool
sla_was_warned(const struct clock *c, const char *threshold)
{
	size_t n = strlen(threshold);

	for (const char *w = c->warned; *w != '\0'; w += *w == ',') {
		size_t len = strcspn(w, ",");

		if (len == n && memcmp(w, threshold, n) == 0)
			return true;
		w += len;
	}
	return false;
}

int64_t
sla_warning_point(const struct clock *c, const struct sla_warning *w)
{
	return w->share ? (c->goal_s * w->share + 99) / 100 : c->goal_s - w->left;
}

int64_t
sla_reach(const struct clock *c, int64_t point)
{
	return calendar_after(
	    c->hours, c->since, point > c->elapsed ? point - c->elapsed : 0);
}

/* Due, warn and fire of a clock as it stands (S21, S36, S37). */
void
sla_schedule(struct clock *c, const struct sla_policy *p)
{
	bool tell = c->breached != 0 && c->told != c->breached;

	/* A breach at the due second is known when that second is over (S22). */
	c->fire = tell ? c->breached + 1 : 0;
	if (c->ended != 0)
		return;
	c->warn = 0;
	if (c->breached != 0) {
		c->due = c->breached;
		if (!tell && p != NULL && p->remind > 0 && c->since != 0)
			c->fire = sla_reminder(c, p, 1);
		return;
	}
	c->due = 0;
	if (c->since == 0)
		return;
	c->due = sla_reach(c, c->goal_s);
	c->fire = c->due + 1;
	for (size_t i = 0; p != NULL && i < p->nwarn; i++) {
		int64_t point = sla_warning_point(c, &p->warn[i]), at;

		if (point <= 0)
			continue;
		at = sla_reach(c, point);
		if (c->warn == 0 || at < c->warn)
			c->warn = at;
		if (at < c->fire && !sla_was_warned(c, p->warn[i].text))
			c->fire = at;
	}
}

int64_t
sla_reminded_from(const struct clock *c)
{
	int64_t from = c->reminded > c->breached ? c->reminded : c->breached;

	return c->since > from ? c->since : from;
}

int64_t
sla_reminder(const struct clock *c, const struct sla_policy *p, int64_t n)
{
	return calendar_after(c->hours, sla_reminded_from(c), n * p->remind);
}
