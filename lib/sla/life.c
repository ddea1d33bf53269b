/* The whole life of a ticket's clocks: a fold that is listened to. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "sla/sla.h"

static void
mark(void *arg, enum sla_what what, const struct clock *c, int64_t at, int64_t event)
{
	struct sla_life *l = arg;

	if ((l->n & (l->n - 1)) == 0)
		l->marks = mem_grow(l, l->marks, struct sla_mark, l->n ? 2 * l->n : 1);
	l->marks[l->n++] = (struct sla_mark){what, *c, at, event};
}

enum rc
sla_life(void *ctx, struct desk *d, struct sla_book *b, int64_t ticket,
    struct sla_life **out, struct err *err)
{
	struct sla_life *l = talloc_zero(ctx, struct sla_life);
	struct sla_trace trace = {mark, l};
	enum rc rc = sla_fold(l, b, ticket, 0, &trace, &l->clocks, err);

	l->book = b;
	if (rc != RC_OK)
		return rc;
	/* Up to the present: what fell due since the last event did so. */
	sla_advance(l->clocks, desk_now(d) / 1000, &trace);
	*out = l;
	return RC_OK;
}

json_t *
sla_mark_to_json(int64_t ticket, const struct sla_mark *m)
{
	const struct clock *c = &m->clock;
	json_t *o = json_object();

	record_set_text(o, "type", "sla_event");
	record_set_int(o, "ticket", ticket);
	record_set_text(o, "target", sla_target_names[c->target]);
	record_set_int(o, "cycle", c->cycle);
	record_set_text(o, "policy", c->policy);
	record_set_text(o, "what", sla_what_names[m->what]);
	record_set_instant(o, "at", m->at * 1000);
	if (m->event != 0)
		record_set_int(o, "event", m->event);
	else
		json_object_set_new(o, "event", json_null());
	record_set_text(o, "reason", *c->ended_by ? c->ended_by : NULL);
	record_set_text(o, "cause", *c->cause ? c->cause : NULL);
	record_set_text(o, "calendar", c->calendar);
	record_set_int(o, "version", c->version);
	record_set_int(o, "target_s", c->goal_s);
	record_set_int(o, "elapsed_s", clock_elapsed(c, m->at));
	return o;
}
