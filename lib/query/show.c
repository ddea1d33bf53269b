/* One ticket, one line: as record, row or id. */
#include "query/show.h"

#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "query/query_priv.h"

/* DUE is for people: what programs read has the record's sla. */
static const struct column columns[] = {{"ID", true, false}, {"STATUS", false, false},
    {"PRIORITY", false, false}, {"QUEUE", false, false}, {"ASSIGNEE", false, false},
    {"AGE", true, false}, {"DUE", true, false}, {"SUBJECT", false, true}},
			   tsv[] = {{"ID", true, false}, {"STATUS", false, false},
			       {"PRIORITY", false, false}, {"QUEUE", false, false},
			       {"ASSIGNEE", false, false}, {"AGE", true, false},
			       {"SUBJECT", false, true}};

void
show_begin(struct out *out)
{
	if (out->format == OUT_TSV)
		out_table(out, tsv, sizeof(tsv) / sizeof(tsv[0]));
	else if (out->format == OUT_HUMAN)
		out_table(out, columns, sizeof(columns) / sizeof(columns[0]));
}

/* Time left until the clock that is due first; behind a minus since it was. */
static const char *
due(void *ctx, const struct ticket *t, int64_t now)
{
	bool live = t->phase < PHASE_RESOLVED && *t->due_target != '\0';

	if (!live)
		return "-";
	if (t->due_at == INSTANT_NEVER)
		return "paused";
	return talloc_asprintf(
	    ctx, "%s%s", t->due_at < now ? "-" : "", instant_age(ctx, t->due_at, now));
}

void
show_due(const struct desk *d, struct out *out, const struct ticket *t)
{
	int64_t now = desk_now(d);
	const char *state = ticket_sla_state(t, now);
	void *ctx = talloc_new(NULL);

	if (t->phase < PHASE_RESOLVED && strcmp(state, "none") != 0)
		out_line(out,
		    strcmp(state, "breached") == 0  ? COLOR_RED
		    : strcmp(state, "warning") == 0 ? COLOR_YELLOW
						    : COLOR_NONE,
		    "%s %s%s%s (tkt-sla explain %lld)", t->due_target,
		    strcmp(state, "paused") == 0 ? state : "due ",
		    strcmp(state, "paused") == 0
			? ""
			: instant_local(ctx, t->due_at, desk_zone(d)),
		    strcmp(state, "breached") == 0  ? ", breached"
		    : strcmp(state, "warning") == 0 ? ", soon"
						    : "",
		    (long long)t->id);
	talloc_free(ctx);
}

/* Late is red, soon is yellow; where no clock says so, priority. */
static enum out_color
color_of(const struct ticket *t, int64_t now)
{
	const char *sla = ticket_sla_state(t, now);

	if (t->phase >= PHASE_RESOLVED)
		return COLOR_DIM;
	if (strcmp(sla, "breached") == 0)
		return COLOR_RED;
	if (strcmp(sla, "warning") == 0)
		return COLOR_YELLOW;
	return t->priority == 3	  ? COLOR_RED
	       : t->priority == 2 ? COLOR_YELLOW
				  : COLOR_NONE;
}

enum rc
show_ticket(struct desk *d, struct out *out, struct ticket *t, struct err *err)
{
	const char *cells[8];
	json_t *o = NULL;
	void *ctx;
	enum rc rc;

	if (out->format == OUT_IDS) {
		out_id(out, t->id);
		return RC_OK;
	}
	if (out->format == OUT_JSON) {
		rc = ticket_details(d->store, t, t, err);
		if (rc == RC_OK)
			rc = ticket_to_json(d, t, &o, err);
		if (rc == RC_OK)
			out_json(out, o);
		return rc;
	}
	ctx = talloc_new(NULL);
	cells[0] = talloc_asprintf(ctx, "%lld", (long long)t->id);
	cells[1] = t->phase >= PHASE_MERGED ? phase_names[t->phase] : t->status;
	cells[2] = priority_names[t->priority];
	cells[3] = t->queue;
	cells[4] = *t->assignee || out->format == OUT_TSV ? t->assignee : "-";
	cells[5] = out->format == OUT_TSV ? instant_print(ctx, t->updated_at)
					  : instant_age(ctx, t->updated_at, desk_now(d));
	cells[6] = out->format == OUT_TSV ? t->subject : due(ctx, t, desk_now(d));
	cells[7] = t->subject;
	out_row(out, color_of(t, desk_now(d)), cells);
	talloc_free(ctx);
	return RC_OK;
}
