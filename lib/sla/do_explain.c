/* tkt-sla explain, export and calendar: the life of clocks, and the hours they go by. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "base/text.h"
#include "base/zone.h"
#include "sla/verbs.h"

enum { DAY_S = 86400, CALENDAR_DAYS = 14 };

/* ---- explain, export ---- */

static enum rc
need_ticket(struct cmd_env *env, const char *word, struct ticket **t, struct err *err)
{
	int64_t id;
	enum rc rc = actor_need(&env->desk->actor, "ticket.read", err);

	if (rc == RC_OK && !text_number(word, &id))
		return err_fail(err, RC_USAGE, "\"%s\" is not a ticket number", word);
	if (rc == RC_OK)
		rc = ticket_get(env->desk->store, env->ctx, id, t, err);
	if (rc == RC_OK && !actor_may_queue(&env->desk->actor, (*t)->queue))
		return err_fail(err, RC_NOTFOUND, "no ticket %lld", (long long)id);
	return rc;
}

static void
say_skipped(void *arg, const struct sla_policy *p, const struct node *why)
{
	struct cmd_env *env = arg;

	out_line(env->out, COLOR_DIM, "policy %s: no: %s", p->name,
	    why ? query_print(env->ctx, why) : "");
}

static enum rc
explain_policy(struct cmd_env *env, struct sla_book *b, struct ticket *t, struct err *err)
{
	struct query_now now = query_now_of(env->desk);
	const struct sla_policy *p = NULL;
	struct sla_rules *r = NULL;
	enum rc rc = sla_book_rules(b, b->n - 1, &r, err);

	if (rc == RC_OK)
		rc = sla_match(r, t, &now, &p, say_skipped, env, err);
	if (rc == RC_OK)
		out_line(env->out, COLOR_NONE, "policy %s",
		    p ? p->name : "none: it has no clocks");
	return rc;
}

static void
explain_head(struct cmd_env *env, const struct clock *c, int64_t now)
{
	enum clock_state state = clock_state_at(c, now);
	const char *zone = c->hours->zone ? c->hours->zone : "24x7";

	out_line(env->out, COLOR_BOLD,
	    "\n%s %lld: %s%s%s, %s of %s (%s, %s, version %lld)",
	    sla_target_names[c->target], (long long)c->cycle, clock_state_names[state],
	    *c->ended_by ? " by " : "", c->ended_by,
	    sla_length(env, clock_elapsed(c, c->ended ? c->ended : now)),
	    sla_length(env, c->goal_s), c->calendar, zone, (long long)c->version);
	if (c->due != 0)
		out_line(env->out, state == CLOCK_BREACHED ? COLOR_RED : COLOR_NONE,
		    "due %s%s%s", instant_print(env->ctx, c->due * 1000),
		    *c->cause ? ", cause " : "", c->cause);
}

static enum rc
explain_clock(struct cmd_env *env, const struct sla_life *l, int64_t ticket,
    const struct clock *c, struct err *err)
{
	static const struct column columns[] = {{"FROM", false, false},
	    {"TO", false, false}, {"COUNTED", true, false}, {"SUM", true, false},
	    {"WHY", false, true}};
	int64_t now = desk_now(env->desk) / 1000;
	struct sla_segment *v = NULL;
	size_t n = 0;
	enum rc rc = sla_segments(env->ctx, env->desk, l, c, now, &v, &n, err);

	if (rc != RC_OK)
		return rc;
	if (env->out->format == OUT_JSON) {
		out_json(env->out, clock_to_json(ticket, c, now));
		for (size_t i = 0; i < n; i++)
			out_json(env->out, sla_segment_to_json(ticket, c, &v[i]));
		return RC_OK;
	}
	explain_head(env, c, now);
	out_table(env->out, columns, 5);
	for (size_t i = 0; i < n; i++) {
		json_t *s = record_own(env->ctx, sla_segment_to_json(ticket, c, &v[i]));
		const char *cells[] = {
		    json_string_value(json_object_get(s, "from_local")),
		    json_string_value(json_object_get(s, "to_local")),
		    v[i].counted ? sla_length(env, v[i].to - v[i].from) : "-",
		    sla_length(env, v[i].sum),
		    v[i].event && v[i].counted
			? talloc_asprintf(env->ctx, "%s (from event %lld)", v[i].reason,
			      (long long)v[i].event)
			: v[i].reason};

		out_row(env->out, v[i].counted ? COLOR_NONE : COLOR_DIM, cells);
	}
	out_table_end(env->out);
	return RC_OK;
}

enum rc
sla_do_explain(
    struct cmd_env *env, const struct sla_opts *o, int argc, char **argv, struct err *err)
{
	struct sla_book *b = NULL;
	enum rc rc =
	    argc > 0 ? sla_book_open(env->ctx, env->desk, &b, err)
		     : err_fail(err, RC_USAGE, "say which ticket: tkt-sla explain 42");

	(void)o;
	for (int i = 0; rc == RC_OK && i < argc; i++) {
		struct ticket *t = NULL;
		struct sla_life *l = NULL;

		rc = need_ticket(env, argv[i], &t, err);
		if (rc == RC_OK && env->out->format == OUT_HUMAN)
			rc = explain_policy(env, b, t, err);
		if (rc == RC_OK)
			rc = sla_life(env->ctx, env->desk, b, t->id, &l, err);
		if (rc == RC_NONE)
			return err_fail(err, RC_INVALID, "%s", err->text);
		for (size_t k = 0; rc == RC_OK && k < l->clocks->n; k++)
			rc = explain_clock(env, l, t->id, &l->clocks->v[k], err);
	}
	return rc;
}

struct exporting {
	struct cmd_env *env;
	struct sla_book *b;
};

static enum rc
export_ticket(void *arg, struct ticket *t, struct err *err)
{
	struct exporting *x = arg;
	void *ctx = talloc_new(NULL);
	struct sla_life *l = NULL;
	enum rc rc = sla_life(ctx, x->env->desk, x->b, t->id, &l, err);

	for (size_t i = 0; rc == RC_OK && i < l->n; i++)
		out_json(x->env->out, sla_mark_to_json(t->id, &l->marks[i]));
	talloc_free(ctx);
	return rc == RC_NONE ? RC_OK : rc; /* a part of its log was erased */
}

enum rc
sla_do_export(
    struct cmd_env *env, const struct sla_opts *o, int argc, char **argv, struct err *err)
{
	struct query_list l = {.sort = "-id"};
	struct exporting x = {.env = env};
	struct node *tree = NULL;
	enum rc rc = sla_query(env, argc, argv, &tree, err);

	(void)o;
	if (rc == RC_OK)
		rc = sla_book_open(env->ctx, env->desk, &x.b, err);
	return rc == RC_OK ? query_each(env->desk, tree, &l, export_ticket, &x, err) : rc;
}

/* ---- calendar ---- */

static json_t *
day_record(const char *calendar, const char *date, const struct sla_day *day)
{
	json_t *r = json_object(), *open = json_array();

	for (size_t i = 0; i < day->n; i++) {
		json_t *s = json_object();

		record_set_instant(s, "from", day->spans[i].open * 1000);
		record_set_instant(s, "to", day->spans[i].close * 1000);
		json_array_append_new(open, s);
	}
	record_set_text(r, "type", "calendar_day");
	record_set_text(r, "calendar", calendar);
	record_set_text(r, "date", date);
	json_object_set_new(r, "open", open);
	record_set_int(r, "open_s", day->open_s);
	record_set_text(r, "label", day->label);
	return r;
}

struct showing {
	struct cmd_env *env;
	const char *name, *zone;
};

static enum rc
day_each(void *arg, const struct sla_day *day, struct err *err)
{
	static const char *const weekdays[] = {
	    "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	struct showing *s = arg;
	struct cmd_env *env = s->env;
	char *spans = talloc_strdup(env->ctx, ""), date[32];
	int y, m, d;

	(void)err;
	civil_date(day->day, &y, &m, &d);
	snprintf(date, sizeof(date), "%04d-%02d-%02d", y, m, d);
	if (env->out->format == OUT_JSON) {
		out_json(env->out, day_record(s->name, date, day));
		return RC_OK;
	}
	for (size_t i = 0; i < day->n; i++)
		spans = talloc_asprintf_append_buffer(spans, "%s%s-%s", i ? " " : "",
		    instant_local(env->ctx, day->spans[i].open * 1000, s->zone) + 11,
		    instant_local(env->ctx, day->spans[i].close * 1000, s->zone) + 11);
	const char *cells[] = {date, weekdays[civil_weekday(day->day)],
	    day->n ? spans : "closed", sla_length(env, day->open_s),
	    day->label ? day->label : ""};

	out_row(env->out, day->n ? COLOR_NONE : COLOR_DIM, cells);
	return RC_OK;
}

static enum rc
date_option(const char *name, const char *text, int64_t *day, struct err *err)
{
	if (text == NULL || civil_parse(text, day))
		return RC_OK;
	return err_fail(
	    err, RC_USAGE, "--%s \"%s\" is no date: write 2026-12-24", name, text);
}

enum rc
sla_do_calendar(
    struct cmd_env *env, const struct sla_opts *o, int argc, char **argv, struct err *err)
{
	static const struct column columns[] = {{"DATE", false, false},
	    {"DAY", false, false}, {"OPEN", false, false}, {"HOURS", true, false},
	    {"WHAT", false, true}};
	const struct calendar *c = NULL;
	struct showing s = {.env = env};
	int64_t from, to;
	enum rc rc;

	if (argc != 1)
		return err_fail(
		    err, RC_USAGE, "say which calendar: tkt-sla calendar office");
	rc = desk_calendar(env->desk, env->desk->config->version, argv[0], &c, err);
	if (rc == RC_CONFIG)
		return err_fail(
		    err, RC_USAGE, "calendar \"%s\": no such calendar", argv[0]);
	if (rc != RC_OK)
		return rc;
	s.name = argv[0];
	s.zone = c->zone;
	from = desk_now(env->desk) / 1000 / DAY_S;
	rc = date_option("from", o->from, &from, err);
	to = from + CALENDAR_DAYS - 1;
	if (rc == RC_OK)
		rc = date_option("to", o->to, &to, err);
	if (rc == RC_OK && to < from)
		return err_fail(err, RC_USAGE, "--to is before --from");
	if (rc == RC_OK && !c->always &&
	    (from * DAY_S < c->from - DAY_S || to * DAY_S > c->to))
		return err_fail(err, RC_USAGE,
		    "calendar \"%s\" is compiled from %.10s to %.10s", argv[0],
		    instant_print(env->ctx, c->from * 1000),
		    instant_print(env->ctx, c->to * 1000));
	if (rc != RC_OK)
		return rc;
	out_table(env->out, columns, sizeof(columns) / sizeof(columns[0]));
	rc = sla_days(
	    env->ctx, env->desk, argv[0], from, to - from + 1, day_each, &s, err);
	out_table_end(env->out);
	return rc;
}
