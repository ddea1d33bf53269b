/* Rules and assignment, explained. */
#include "change/explain.h"

#include <string.h>
#include <talloc.h>

#include "base/record.h"

/* "queue=billing; reply ack; notify assignee, queue" */
static char *
acts_text(void *ctx, const struct rule *r)
{
	char *s = talloc_strdup(ctx, r->set ? r->set : "");

	if (r->assign != NULL)
		s = talloc_asprintf_append(s, "%sassign %s", *s ? "; " : "", r->assign);
	if (r->reply != NULL)
		s = talloc_asprintf_append(s, "%sreply %s", *s ? "; " : "", r->reply);
	if (r->note != NULL)
		s = talloc_asprintf_append(s, "%snote", *s ? "; " : "");
	for (const char **n = r->notify; n != NULL && *n != NULL; n++)
		s = talloc_asprintf_append(s, "%snotify %s", *s ? "; " : "", *n);
	if (r->hook != NULL)
		s = talloc_asprintf_append(s, "%shook %s", *s ? "; " : "", r->hook);
	if (r->run != NULL)
		s = talloc_asprintf_append(s, "%srun %s", *s ? "; " : "", r->run[0]);
	if (r->purge)
		s = talloc_asprintf_append(s, "%spurge", *s ? "; " : "");
	if (r->stop)
		s = talloc_asprintf_append(s, "%sstop", *s ? "; " : "");
	return *s ? s : talloc_strdup(ctx, "nothing");
}

static json_t *
words(const char *const *v)
{
	json_t *list = json_array();

	for (; v != NULL && *v != NULL; v++)
		json_array_append_new(list, json_string(*v));
	return list;
}

static json_t *
rule_json(const struct change_result *r, const struct rule_trace *t, const char *failed,
    bool done)
{
	const struct rule *a = t->acts;
	json_t *o = json_pack("{s:s,s:I,s:s,s:s,s:b,s:s?,s:s?,s:b}", "type", "rule",
	    "ticket", (json_int_t)r->ticket, "rule", t->rule, "block", t->block,
	    "matched", t->matched, "failed", failed, "set", t->set, "applied",
	    t->applied && done);

	record_set_text(o, "assign", a->assign);
	record_set_text(o, "reply", a->reply);
	record_set_text(o, "withheld", t->withheld);
	record_set_text(o, "note", a->note);
	json_object_set_new(o, "notify", words(a->notify));
	record_set_text(o, "hook", a->hook);
	json_object_set_new(o, "run", words(a->run));
	return o;
}

void
explain_rule(struct cmd_env *env, const struct change_result *r,
    const struct rule_trace *t, bool done)
{
	void *ctx = talloc_new(env->ctx);
	const char *failed = t->failed ? query_print(ctx, t->failed) : NULL;

	if (env->out->format == OUT_JSON) {
		out_json(env->out, rule_json(r, t, failed, done));
	} else if (t->matched) {
		out_line(env->out, COLOR_GREEN, "ticket %lld: %s %s matches: %s%s%s%s",
		    (long long)r->ticket, t->block, t->rule, acts_text(ctx, t->acts),
		    t->applied ? "" : " (so it is already)",
		    t->withheld ? "; no reply: " : "", t->withheld ? t->withheld : "");
	} else {
		out_line(env->out, COLOR_DIM, "ticket %lld: %s %s does not match: %s",
		    (long long)r->ticket, t->block, t->rule, failed ? failed : "");
	}
	talloc_free(ctx);
}

static void
explain_candidate(
    struct cmd_env *env, const struct change_result *r, const struct candidate *c)
{
	bool chosen = r->assigned != NULL && strcmp(r->assigned, c->agent) == 0;

	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:I,s:s,s:s,s:b,s:I,s:o,s:s?}", "type", "candidate",
			"ticket", (json_int_t)r->ticket, "agent", c->agent, "strategy",
			r->strategy, "chosen", chosen, "open", (json_int_t)c->open,
			"capacity", c->capacity ? json_integer(c->capacity) : json_null(),
			"passed", c->passed));
	else
		out_line(env->out, chosen ? COLOR_GREEN : COLOR_DIM,
		    "ticket %lld: %s, %lld open: %s", (long long)r->ticket, c->agent,
		    (long long)c->open, chosen ? "chosen" : c->passed);
}

void
explain_assignment(struct cmd_env *env, const struct change_result *r)
{
	for (size_t i = 0; i < r->ncandidates; i++)
		explain_candidate(env, r, &r->candidates[i]);
	if (env->out->format != OUT_HUMAN)
		return;
	if (r->assigned != NULL)
		out_line(env->out, COLOR_GREEN, "ticket %lld: assigned to %s, %s",
		    (long long)r->ticket, r->assigned, r->strategy);
	else if (r->not_assigned != NULL)
		out_line(env->out, COLOR_DIM, "ticket %lld: assigned to nobody: %s",
		    (long long)r->ticket, r->not_assigned);
}
