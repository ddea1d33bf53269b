/* One ticket, one line: as record, row or id. */
#include "query/show.h"

#include <talloc.h>

#include "base/instant.h"

static const struct column columns[] = {{"ID", true, false}, {"STATUS", false, false},
    {"PRIORITY", false, false}, {"QUEUE", false, false}, {"ASSIGNEE", false, false},
    {"AGE", true, false}, {"SUBJECT", false, true}};

void
show_begin(struct out *out)
{
	if (out->format == OUT_HUMAN || out->format == OUT_TSV)
		out_table(out, columns, sizeof(columns) / sizeof(columns[0]));
}

static enum out_color
color_of(const struct ticket *t)
{
	if (t->phase >= PHASE_RESOLVED)
		return COLOR_DIM;
	return t->priority == 3	  ? COLOR_RED
	       : t->priority == 2 ? COLOR_YELLOW
				  : COLOR_NONE;
}

enum rc
show_ticket(struct desk *d, struct out *out, struct ticket *t, struct err *err)
{
	const char *cells[7];
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
	cells[6] = t->subject;
	out_row(out, color_of(t), cells);
	talloc_free(ctx);
	return RC_OK;
}
