/* History under other policies: every ticket's log is folded as if they had always been
 * in force, and compared with what the desk has. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "sla/sla.h"

/* ---- policies that are not applied ---- */

static enum rc
hours_of(void *ctx, json_t *parts, const char *name, const struct calendar **c,
    struct err *err)
{
	char *part = talloc_asprintf(ctx, "calendar:%s", name);
	json_t *o = json_object_get(parts, part);
	struct calendar *loaded = NULL;
	enum rc rc;

	if (strcmp(name, calendar_always.name) == 0) {
		*c = &calendar_always;
		return RC_OK;
	}
	if (o == NULL)
		return err_fail(err, RC_CONFIG, "no calendar \"%s\"", name);
	rc = calendar_from_json(ctx, name, version_part_id(ctx, o), o, &loaded, err);
	*c = loaded;
	return rc;
}

enum rc
sla_rules_of_parts(
    void *ctx, struct desk *d, json_t *parts, struct sla_rules **r, struct err *err)
{
	struct config *config = NULL;
	enum rc rc = config_from_json(
	    ctx, json_object_get(parts, "desk"), d->config->version + 1, &config, err);

	if (rc == RC_OK)
		rc = sla_rules_from_json(ctx, d, json_object_get(parts, "sla"),
		    config->version, config, r, err);
	for (size_t i = 0; rc == RC_OK && i < (*r)->n; i++)
		rc = hours_of(ctx, parts, (*r)->v[i].calendar, &(*r)->v[i].hours, err);
	return rc;
}

/* ---- comparing ---- */

struct rehearse {
	struct desk *d;
	struct sla_book *now, *then;
	struct sla_rehearsal *sum;
	enum rc (*each)(void *arg, const struct sla_difference *x, struct err *err);
	void *arg;
};

static const struct clock *
find(const struct clocks *c, const struct clock *like)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].target == like->target && c->v[i].cycle == like->cycle)
			return &c->v[i];
	}
	return NULL;
}

static bool
breached(const struct clock *c, int64_t now)
{
	return c != NULL && clock_state_at(c, now) == CLOCK_BREACHED;
}

/* Met or not, ended or not: what a clock has come to. */
static bool
same_outcome(const struct clock *a, const struct clock *b, int64_t now)
{
	return a != NULL && b != NULL &&
	       clock_state_at(a, now) == clock_state_at(b, now) &&
	       (a->ended == 0) == (b->ended == 0);
}

static enum rc
compare(struct rehearse *r, int64_t ticket, const struct clock *was,
    const struct clock *would, struct err *err)
{
	int64_t now = desk_now(r->d) / 1000;
	struct sla_difference x = {.ticket = ticket, .was = was, .would = would};

	r->sum->clocks++;
	if (same_outcome(was, would, now))
		return RC_OK;
	x.newly_breached = breached(would, now) && !breached(was, now);
	x.no_longer_breached = breached(was, now) && !breached(would, now);
	r->sum->differ++;
	r->sum->newly_breached += x.newly_breached;
	r->sum->no_longer_breached += x.no_longer_breached;
	return r->each(r->arg, &x, err);
}

static enum rc
compare_all(struct rehearse *r, int64_t ticket, const struct clocks *was,
    const struct clocks *would, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < was->n; i++)
		rc = compare(r, ticket, &was->v[i], find(would, &was->v[i]), err);
	for (size_t i = 0; rc == RC_OK && i < would->n; i++) {
		if (find(was, &would->v[i]) == NULL)
			rc = compare(r, ticket, NULL, &would->v[i], err);
	}
	return rc;
}

static enum rc
one_ticket(void *arg, struct ticket *t, struct err *err)
{
	struct rehearse *r = arg;
	void *ctx = talloc_new(NULL);
	struct clocks *was = NULL, *would = NULL;
	int64_t now = desk_now(r->d) / 1000;
	enum rc rc = clocks_load(r->d->store, ctx, t->id, &was, err);

	r->sum->tickets++;
	if (rc == RC_OK)
		rc = sla_book_bind(r->now, was, err);
	else if (rc == RC_NONE) /* it began before there were policies */
		rc = sla_fold(ctx, r->now, t->id, 0, NULL, &was, err);
	if (rc == RC_OK)
		rc = sla_fold(ctx, r->then, t->id, 0, NULL, &would, err);
	if (rc == RC_OK) {
		sla_advance(was, now, NULL);
		sla_advance(would, now, NULL);
		rc = compare_all(r, t->id, was, would, err);
	}
	talloc_free(ctx);
	return rc == RC_NONE ? RC_OK : rc; /* a part of its log was erased */
}

enum rc
sla_rehearse(struct desk *d, const struct node *tree, struct sla_rules *rules,
    struct sla_rehearsal *sum,
    enum rc (*each)(void *, const struct sla_difference *, struct err *), void *arg,
    struct err *err)
{
	struct rehearse r = {.d = d, .sum = sum, .each = each, .arg = arg};
	struct query_list l = {.sort = "-id"};
	enum rc rc = sla_book_open(d, d, &r.now, err);

	*sum = (struct sla_rehearsal){0};
	r.then = sla_book_of(d, d, rules);
	return rc == RC_OK ? query_each(d, tree, &l, one_ticket, &r, err) : rc;
}
