/* SLA policies of a version: from its compiled part, and which one takes a ticket. */
#include "policy/sla.h"

#include <string.h>
#include <talloc.h>

#include "base/mem.h"

static const char *
text(void *ctx, json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? talloc_strdup(ctx, s) : NULL;
}

static int64_t
number(json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void
read_target(struct sla_rules *r, struct sla_policy *p, int t, json_t *o)
{
	static const char *never[] = {NULL};
	json_t *pause = json_object_get(o, "pause_on"), *v;
	bool response = t == SLA_FIRST_RESPONSE || t == SLA_NEXT_RESPONSE;
	size_t i;

	for (i = 0; i < 4; i++)
		p->goal[t][i] =
		    json_integer_value(json_array_get(json_object_get(o, "goals"), i));
	p->pause_on[t] = response ? never : NULL; /* the table of S15 */
	if (pause == NULL)
		return;
	p->pause_on[t] = mem_array(r, const char *, json_array_size(pause) + 1);
	json_array_foreach(pause, i, v) p->pause_on[t][i] =
	    talloc_strdup(r, json_string_value(v));
}

static void
read_warnings(struct sla_rules *r, struct sla_policy *p, json_t *list)
{
	size_t i;
	json_t *v;

	json_array_foreach(list, i, v)
	{
		if (p->nwarn == SLA_WARNINGS_MAX)
			break;
		p->warn[p->nwarn++] = (struct sla_warning){.text = text(r, v, "text"),
		    .share = number(v, "share"),
		    .left = number(v, "left_s")};
	}
}

static void
read_policy(struct sla_rules *r, struct sla_policy *p, json_t *o)
{
	static const char *const reopens[] = {"resume", "new_cycle", "ignore", NULL};
	const char *reopen = json_string_value(json_object_get(o, "reopen"));
	int how = word_index(reopens, reopen ? reopen : "");

	p->name = text(r, o, "name");
	p->when = text(r, o, "when");
	p->calendar = text(r, o, "calendar");
	for (int t = 0; t < SLA_TARGETS; t++)
		read_target(r, p, t, json_object_get(o, sla_target_names[t]));
	read_warnings(r, p, json_object_get(o, "warn"));
	p->remind = number(o, "remind_s");
	p->min_remaining = number(o, "min_remaining_s");
	p->reopen = how < 0 ? REOPEN_RESUME : (enum sla_reopen)how;
	p->count_bots = json_is_true(json_object_get(o, "count_bots"));
}

enum rc
sla_rules_from_json(void *ctx, struct desk *d, json_t *sla, int64_t version,
    const struct config *config, struct sla_rules **out, struct err *err)
{
	struct sla_rules *r = talloc_zero(ctx, struct sla_rules);
	json_t *list = json_object_get(sla, "policies"),
	       *quiet = json_object_get(sla, "quiet"), *o;
	size_t i;

	r->d = d;
	r->version = version;
	r->config = config;
	r->n = json_array_size(list);
	r->quiet = mem_array(r, const char *, json_array_size(quiet) + 1);
	json_array_foreach(quiet, i, o) r->quiet[i] =
	    talloc_strdup(r, json_string_value(o));
	r->v = mem_array(r, struct sla_policy, r->n + 1);
	json_array_foreach(list, i, o)
	{
		read_policy(r, &r->v[i], o);
		if (r->v[i].name == NULL || r->v[i].calendar == NULL)
			return err_fail(err, RC_CONFIG,
			    "the SLA policies of version %lld are damaged",
			    (long long)version);
	}
	*out = r;
	return RC_OK;
}

const struct sla_policy *
sla_policy(const struct sla_rules *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->v[i].name, name) == 0)
			return &r->v[i];
	}
	return NULL;
}

enum rc
sla_match(struct sla_rules *r, struct ticket *t, const struct query_now *now,
    const struct sla_policy **out,
    void (*skipped)(void *, const struct sla_policy *, const struct node *), void *arg,
    struct err *err)
{
	struct query_scope scope = {.config = r->config, .condition = true};

	*out = NULL;
	for (size_t i = 0; i < r->n; i++) {
		struct sla_policy *p = &r->v[i];
		const struct node *why = NULL;
		bool yes = false;
		enum rc rc = RC_OK;

		if (p->tree == NULL)
			rc =
			    query_parse(r, p->when ? p->when : "", &scope, &p->tree, err);
		if (rc == RC_OK)
			rc = query_match(p->tree, t, now, &yes, &why, err);
		if (rc != RC_OK)
			return err_wrap(err, "sla \"%s\"", p->name);
		if (yes) {
			*out = p;
			return p->hours ? RC_OK
					: desk_calendar(r->d, r->version, p->calendar,
					      &p->hours, err);
		}
		if (skipped != NULL)
			skipped(arg, p, why);
	}
	return RC_OK;
}
