/* What the log is told of clocks, once each: warnings, breaches, reminders. A desk that
 * slept tells the same as one that ticked every minute, with the instants at which each
 * was due; only reminders nobody could have seen are counted instead of repeated. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "policy/sla_priv.h"

const char *const sla_telling_actions[] = {
    "sla.warned", "sla.breached", "sla.reminded", NULL};

/* The first warning of a running clock that was not told and is due. */
static bool
warning_due(
    const struct clock *c, const struct sla_policy *p, int64_t now, struct sla_news *news)
{
	bool any = false;

	for (size_t i = 0; p != NULL && i < p->nwarn; i++) {
		int64_t point = sla_warning_point(c, &p->warn[i]), at;

		if (point <= 0 || sla_was_warned(c, p->warn[i].text))
			continue;
		at = sla_reach(c, point);
		if (at > now || at > c->due || (any && at >= news->at))
			continue;
		*news = (struct sla_news){.telling = SLA_TELL_WARNED,
		    .clock = c,
		    .threshold = p->warn[i].text,
		    .at = at};
		any = true;
	}
	return any;
}

static bool
reminder_due(
    const struct clock *c, const struct sla_policy *p, int64_t now, struct sla_news *news)
{
	int64_t n;

	if (p == NULL || p->remind == 0 || c->since == 0 || c->ended != 0 ||
	    sla_reminder(c, p, 1) > now)
		return false;
	n = calendar_between(c->hours, sla_reminded_from(c), now) / p->remind;
	*news = (struct sla_news){.telling = SLA_TELL_REMINDED,
	    .clock = c,
	    .at = sla_reminder(c, p, n),
	    .missed = n - 1};
	return true;
}

static bool
news_of(
    const struct clock *c, const struct sla_policy *p, int64_t now, struct sla_news *news)
{
	if (c->fire == 0 || c->fire > now)
		return false;
	if (c->breached == 0) {
		if (c->since == 0 || c->ended != 0)
			return false;
		if (warning_due(c, p, now, news))
			return true;
		if (c->due >= now)
			return false;
		*news = (struct sla_news){
		    .telling = SLA_TELL_BREACHED, .clock = c, .at = c->due};
		return true;
	}
	if (c->told == c->breached)
		return reminder_due(c, p, now, news);
	*news = (struct sla_news){
	    .telling = SLA_TELL_BREACHED, .clock = c, .at = c->breached};
	return true;
}

static void
tell(struct clocks *s, struct clock *c, const struct sla_policy *p,
    enum sla_telling telling, const char *threshold, int64_t at)
{
	switch (telling) {
	case SLA_TELL_WARNED:
		sla_add_warned(s, c, threshold);
		break;
	case SLA_TELL_BREACHED:
		c->told = at;
		if (c->breached == 0 && c->ended == 0 && c->due == at) {
			c->breached = at;
			c->state = CLOCK_BREACHED;
		}
		break;
	case SLA_TELL_REMINDED:
		c->reminded = at;
		break;
	}
	sla_schedule(c, p);
}

bool
sla_next_news(
    struct clocks *s, const struct sla_rules *r, int64_t now, struct sla_news *news)
{
	struct clock *oldest = NULL;

	for (size_t i = 0; i < s->n; i++) {
		struct sla_news one;

		if (!news_of(&s->v[i], sla_policy(r, s->v[i].policy), now, &one) ||
		    (oldest != NULL && one.at >= news->at))
			continue;
		oldest = &s->v[i];
		*news = one;
	}
	news->version = s->version;
	if (oldest != NULL)
		tell(s, oldest, sla_policy(r, oldest->policy), news->telling,
		    news->threshold, news->at);
	return oldest != NULL;
}

void
sla_hush(struct clocks *s, const struct sla_rules *r, int64_t now)
{
	struct sla_news ignored;

	while (sla_next_news(s, r, now, &ignored))
		;
}

/* ---- as events ---- */

json_t *
sla_news_json(const struct sla_news *n)
{
	json_t *o =
	    json_pack("{s:s,s:I,s:s}", "target", sla_target_names[n->clock->target],
		"cycle", (json_int_t)n->clock->cycle, "policy", n->clock->policy);

	record_set_instant(o, "at", n->at * 1000);
	record_set_instant(o, "due_at", n->clock->due * 1000);
	if (n->threshold != NULL)
		record_set_text(o, "threshold", n->threshold);
	if (n->missed > 0)
		record_set_int(o, "missed", n->missed);
	record_set_int(o, "version", n->version);
	return json_pack("{s:o}", "sla", o);
}

void
sla_heard(struct clocks *s, const struct sla_rules *r, const char *action,
    json_t *changes, const struct sla_trace *trace)
{
	json_t *o = json_object_get(changes, "sla");
	const char *target = json_string_value(json_object_get(o, "target")),
		   *at = json_string_value(json_object_get(o, "at")),
		   *threshold = json_string_value(json_object_get(o, "threshold"));
	json_int_t cycle = json_integer_value(json_object_get(o, "cycle"));
	int telling = word_index(sla_telling_actions, action), t;
	int64_t ms;

	t = target ? word_index(sla_target_names, target) : -1;
	if (t < 0 || telling < 0 || at == NULL || !instant_parse(at, &ms) ||
	    (telling == SLA_TELL_WARNED && threshold == NULL))
		return;
	for (size_t i = 0; i < s->n; i++) {
		struct clock *c = &s->v[i];
		bool was = c->breached != 0;

		if ((int)c->target != t || c->cycle != cycle)
			continue;
		tell(s, c, sla_policy(r, c->policy), (enum sla_telling)telling, threshold,
		    ms / 1000);
		if (!was && c->breached != 0 && trace != NULL)
			trace->mark(trace->arg, SLA_BREACHED, c, c->breached, 0);
	}
}
