/* Lifecycles: which statuses a queue's tickets have, and where each may go. */
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "desk/desk.h"

const char *const status_names[] = {
    "new", "open", "pending", "hold", "solved", "closed", NULL};

static const char *anywhere[] = {NULL};

/* What a queue follows that names none. */
static struct status default_statuses[] = {
    {"new", PHASE_OPEN, anywhere},
    {"open", PHASE_OPEN, anywhere},
    {"pending", PHASE_WAITING, anywhere},
    {"hold", PHASE_WAITING, anywhere},
    {"solved", PHASE_RESOLVED, anywhere},
    {"closed", PHASE_CLOSED, anywhere},
};
const struct lifecycle lifecycle_default = {.name = "default",
    .initial = "new",
    .active = "open",
    .statuses = default_statuses,
    .nstatuses = sizeof(default_statuses) / sizeof(default_statuses[0])};

enum phase
status_phase(const char *status)
{
	const struct status *s = lifecycle_status(&lifecycle_default, status);

	return s ? s->phase : PHASE_OPEN;
}

const struct status *
lifecycle_status(const struct lifecycle *l, const char *name)
{
	for (size_t i = 0; i < l->nstatuses; i++) {
		if (strcmp(l->statuses[i].name, name) == 0)
			return &l->statuses[i];
	}
	return NULL;
}

const struct lifecycle *
config_lifecycle(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->nlifecycles; i++) {
		if (strcmp(c->lifecycles[i].name, name) == 0)
			return &c->lifecycles[i];
	}
	return strcmp(name, lifecycle_default.name) == 0 ? &lifecycle_default : NULL;
}

const struct lifecycle *
queue_lifecycle(const struct config *c, const char *queue)
{
	const struct queue *q = config_queue(c, queue);
	const struct lifecycle *l = config_lifecycle(c, q ? q->lifecycle : "default");

	return l ? l : &lifecycle_default;
}

const char *
lifecycle_fit(
    const struct lifecycle *from, const struct lifecycle *to, const char *status)
{
	const struct status *was = lifecycle_status(from, status);
	enum phase phase = was ? was->phase : status_phase(status);

	if (lifecycle_status(to, status) != NULL)
		return status;
	if (phase == PHASE_OPEN)
		return strcmp(status, from->initial) == 0 ? to->initial : to->active;
	for (size_t i = 0; i < to->nstatuses; i++) {
		if (to->statuses[i].phase == phase)
			return to->statuses[i].name;
	}
	/* Solved where nothing is ever solved: closed, or the other way round. */
	for (size_t i = 0; phase >= PHASE_RESOLVED && i < to->nstatuses; i++) {
		if (to->statuses[i].phase >= PHASE_RESOLVED)
			return to->statuses[i].name;
	}
	return to->active;
}

static void
add_names(void *ctx, const struct lifecycle *l, const char ***v, size_t *n)
{
	for (size_t i = 0; i < l->nstatuses; i++) {
		if (*v == NULL || word_index(*v, l->statuses[i].name) < 0)
			text_push(ctx, v, n, l->statuses[i].name);
	}
}

const char **
lifecycle_names(void *ctx, const struct lifecycle *l)
{
	const char **v = NULL;
	size_t n = 0;

	add_names(ctx, l, &v, &n);
	return v;
}

const char **
config_statuses(void *ctx, const struct config *c)
{
	const char **v = NULL;
	size_t n = 0;

	add_names(ctx, config_lifecycle(c, "default"), &v, &n);
	for (size_t i = 0; i < c->nlifecycles; i++)
		add_names(ctx, &c->lifecycles[i], &v, &n);
	return v;
}

/* Widens *low..*high by the phases this status has in a lifecycle. */
static void
widen(const struct lifecycle *l, const char *status, int *low, int *high)
{
	const struct status *s = lifecycle_status(l, status);

	if (s == NULL)
		return;
	*low = (int)s->phase < *low ? (int)s->phase : *low;
	*high = (int)s->phase > *high ? (int)s->phase : *high;
}

void
config_status_phases(const struct config *c, const char *status, int *low, int *high)
{
	widen(config_lifecycle(c, "default"), status, low, high);
	for (size_t i = 0; i < c->nlifecycles; i++)
		widen(&c->lifecycles[i], status, low, high);
}

/* Does a list name it? An empty one names everything. */
static bool
names(const char *const *list, const char *name)
{
	return list[0] == NULL || word_index(list, name) >= 0;
}

bool
transition_applies(const struct transition *t, const char *from, const char *to)
{
	return names(t->from, from) && names(t->to, to);
}

enum rc
lifecycle_may(
    const struct lifecycle *l, const char *from, const char *to, struct err *err)
{
	const struct status *s = lifecycle_status(l, from);
	char *list;

	/* A status that tkt.conf no longer knows leads everywhere: no ticket is stuck. */
	if (s == NULL || names(s->next, to) || strcmp(from, to) == 0)
		return RC_OK;
	list = talloc_strdup(NULL, "");
	for (const char **p = s->next; *p != NULL; p++)
		list = talloc_asprintf_append(list, "%s%s", p == s->next ? "" : ", ", *p);
	err_fail(err, RC_INVALID,
	    "lifecycle \"%s\" does not lead from %s to %s (only to %s)", l->name, from,
	    to, list);
	talloc_free(list);
	return RC_INVALID;
}
