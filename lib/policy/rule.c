/* Rules of the applied version: loaded as text, parsed when asked. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "policy/policy.h"

static const char *
text(void *ctx, json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? talloc_strdup(ctx, s) : NULL;
}

static const char **
texts(void *ctx, json_t *o, const char *key)
{
	const char **v = NULL;
	size_t n = 0, i;
	json_t *e;

	json_array_foreach(json_object_get(o, key), i, e)
	    text_push(ctx, &v, &n, talloc_strdup(ctx, json_string_value(e)));
	return v;
}

enum rc
policy_load(void *ctx, const struct desk *d, struct policy **out, struct err *err)
{
	static const char *const ons[] = {"created", "changed", "message", "time", "hand",
	    "sla.warned", "sla.breached", NULL};
	struct policy *p = talloc_zero(ctx, struct policy);
	json_t *list = NULL;
	enum rc rc = version_part(d->store, d->config->version, "rules", &list, err);

	if (rc != RC_OK) {
		talloc_free(p);
		return rc;
	}
	p->n = json_array_size(list);
	p->rules = mem_array(p, struct rule, p->n);
	for (size_t i = 0; i < p->n; i++) {
		json_t *o = json_array_get(list, i);
		const char *on = json_string_value(json_object_get(o, "on"));
		int k = word_index(ons, on ? on : "");

		p->rules[i] = (struct rule){.name = text(p, o, "name"),
		    .block = text(p, o, "block"),
		    .on = k < 0 ? ON_HAND : (enum rule_on)k,
		    .when = text(p, o, "when"),
		    .set = text(p, o, "set"),
		    .assign = text(p, o, "assign"),
		    .stop = json_is_true(json_object_get(o, "stop")),
		    .purge = json_is_true(json_object_get(o, "purge")),
		    .reply = text(p, o, "reply"),
		    .note = text(p, o, "note"),
		    .notify = texts(p, o, "notify"),
		    .hook = text(p, o, "hook"),
		    .run = texts(p, o, "run")};
	}
	json_decref(list);
	*out = p;
	return RC_OK;
}

enum rc
rule_parse(struct policy *p, struct rule *r, const struct config *c, struct err *err)
{
	struct query_scope scope = {
	    .config = c, .condition = r->on != ON_TIME, .happening = r->on != ON_TIME};
	enum rc rc;

	if (r->parsed)
		return RC_OK;
	rc = query_parse(p, r->when ? r->when : "", &scope, &r->tree, err);
	if (rc == RC_OK && r->set != NULL)
		rc = changes_parse(p, r->set, c, &r->changes, err);
	if (rc != RC_OK)
		return err_wrap(err, "%s \"%s\"", r->block, r->name);
	r->parsed = true;
	return RC_OK;
}

enum rc
rule_matches(struct policy *p, struct rule *r, const struct config *c, struct ticket *t,
    const struct query_now *now, bool *yes, const struct node **why, struct err *err)
{
	enum rc rc = rule_parse(p, r, c, err);

	return rc == RC_OK ? query_match(r->tree, t, now, yes, why, err) : rc;
}
