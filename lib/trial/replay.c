/* History under another policy: the tickets of the past, opened anew in a trial. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "trial/trial.h"

/* A ticket of the past, and the one it is in the trial. */
struct past {
	int64_t id, created_at, solved_at;
	const char *subject, *channel, *mailbox, *address;
	int64_t trial;
};
struct replaying {
	struct trial *t;
	struct desk *real;
	void *ctx;
	struct past *v;
	size_t n;
	size_t *by_end; /* indexes of those that were solved, by when */
	size_t nend, end;
};

/* ---- what there was ---- */

static enum rc
take(void *arg, struct ticket *t, struct err *err)
{
	struct replaying *p = arg;
	struct person who = {0};
	struct past *x;
	enum rc rc = customer_get(p->real->store, p->ctx, t->requester, &who, err);

	if (rc != RC_OK)
		return rc;
	if ((p->n & (p->n - 1)) == 0)
		p->v = mem_grow(p->ctx, p->v, struct past, p->n ? 2 * p->n : 1);
	x = &p->v[p->n++];
	*x = (struct past){.id = t->id,
	    .created_at = t->created_at,
	    .solved_at = t->solved_at,
	    .subject = talloc_strdup(p->ctx, t->subject),
	    .channel = talloc_strdup(p->ctx, t->channel),
	    .mailbox = talloc_strdup(p->ctx, t->mailbox)};
	x->address = who.kind != NULL && strcmp(who.kind, "email") == 0
			 ? who.address
			 : talloc_asprintf(p->ctx, "customer-%lld@replay.invalid",
			       (long long)t->requester);
	return RC_OK;
}

static enum rc
older(void *arg, struct ticket *t, struct err *err)
{
	int64_t *at = arg;

	(void)err;
	if (*at == INSTANT_NONE || t->created_at < *at)
		*at = t->created_at;
	return RC_OK;
}

enum rc
trial_oldest(struct desk *real, const struct node *tree, int64_t limit, int64_t *at,
    struct err *err)
{
	struct query_list l = {.sort = "created", .limit = limit};

	*at = INSTANT_NONE;
	return query_each(real, tree, &l, older, at, err);
}

static struct past *sorting;

static int
by_creation(const void *a, const void *b)
{
	const struct past *x = a, *y = b;

	if (x->created_at != y->created_at)
		return x->created_at < y->created_at ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int
by_end(const void *a, const void *b)
{
	const struct past *x = &sorting[*(const size_t *)a],
			  *y = &sorting[*(const size_t *)b];

	return x->solved_at < y->solved_at ? -1 : x->solved_at > y->solved_at;
}

static enum rc
gather(struct replaying *p, const struct node *tree, int64_t limit, struct err *err)
{
	struct query_list l = {.sort = "created", .limit = limit};
	enum rc rc = query_each(p->real, tree, &l, take, p, err);

	if (rc != RC_OK || p->n == 0)
		return rc;
	qsort(p->v, p->n, sizeof(*p->v), by_creation);
	p->by_end = mem_array(p->ctx, size_t, p->n);
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].solved_at != INSTANT_NONE)
			p->by_end[p->nend++] = i;
	}
	sorting = p->v; /* qsort(3) passes nothing on */
	qsort(p->by_end, p->nend, sizeof(*p->by_end), by_end);
	return RC_OK;
}

/* ---- opening and solving ---- */

static enum rc
open_again(struct replaying *p, struct past *x, struct err *err)
{
	struct desk *d = p->t->d;
	void *ctx = talloc_new(p->ctx);
	const struct mailbox *box = config_mailbox(d->config, x->mailbox);
	struct draft draft = {.subject = x->subject,
	    .channel = x->channel,
	    .requester = {"", "email", x->address},
	    .message = {.quoted = "", .class = "human"}};
	struct change_tx *tx = NULL;
	struct change_result r;
	enum rc rc =
	    message_first_body(p->real->store, ctx, x->id, &draft.message.body, err);

	d->now = x->created_at;
	if (rc == RC_OK && box != NULL) {
		rc = changes_add(ctx, "mailbox", CHANGE_SET, box->name, d->config,
		    &draft.changes, err);
		if (rc == RC_OK)
			rc = changes_add(ctx, "queue", CHANGE_SET, box->queue, d->config,
			    &draft.changes, err);
	}
	if (rc == RC_OK)
		rc = change_begin(ctx, d, 0, &tx, err);
	if (rc == RC_OK)
		rc = change_new(tx, &actor_system, &draft, &r, err);
	if (rc == RC_OK) {
		x->trial = r.ticket;
		rc = change_commit(tx, err);
	} else if (tx != NULL) {
		change_abort(tx);
	}
	talloc_free(ctx);
	return rc == RC_OK ? rc : err_wrap(err, "ticket %lld", (long long)x->id);
}

static const char *
solved_status(const struct config *c, const char *queue)
{
	const struct lifecycle *l = queue_lifecycle(c, queue);

	for (size_t i = 0; i < l->nstatuses; i++) {
		if (l->statuses[i].phase == PHASE_RESOLVED ||
		    l->statuses[i].phase == PHASE_CLOSED)
			return l->statuses[i].name;
	}
	return NULL;
}

/* Its agent has room again. A lifecycle may ask for what the past does not say: then it
 * is taken away instead. */
static enum rc
solve(struct replaying *p, const struct past *x, struct err *err)
{
	struct desk *d = p->t->d;
	void *ctx = talloc_new(p->ctx);
	struct ticket *t = NULL;
	struct change_tx *tx = NULL;
	struct change_result r;
	struct changes solved = {0}, away = {0};
	struct edit e = {.ticket = x->trial, .changes = &solved};
	const char *status;
	enum rc rc = ticket_get(d->store, ctx, x->trial, &t, err);

	d->now = x->solved_at;
	status = rc == RC_OK ? solved_status(d->config, t->queue) : NULL;
	if (rc == RC_OK && status != NULL)
		rc = changes_add(
		    ctx, "status", CHANGE_SET, status, d->config, &solved, err);
	if (rc == RC_OK)
		rc = changes_add(
		    ctx, "phase", CHANGE_SET, "deleted", d->config, &away, err);
	if (rc == RC_OK)
		rc = change_begin(ctx, d, 0, &tx, err);
	if (rc == RC_OK) {
		rc = change_edit(tx, &actor_system, &e, &r, err);
		e.changes = &away;
		if (rc == RC_INVALID || rc == RC_DENIED)
			rc = change_edit(tx, &actor_system, &e, &r, err);
	}
	if (tx != NULL && rc == RC_OK)
		rc = change_commit(tx, err);
	else if (tx != NULL)
		change_abort(tx);
	talloc_free(ctx);
	return rc;
}

static enum rc
solve_until(struct replaying *p, int64_t at, struct err *err)
{
	enum rc rc = RC_OK;

	for (; rc == RC_OK && p->end < p->nend; p->end++) {
		const struct past *x = &p->v[p->by_end[p->end]];

		if (x->solved_at > at || x->trial == 0)
			break;
		rc = solve(p, x, err);
	}
	return rc;
}

/* ---- what came of it ---- */

SQL(sql_replay_log,
    "SELECT ticket, at, changes FROM event WHERE ticket IS NOT NULL "
    "AND changes IS NOT NULL AND (changes LIKE '%\"assignee\"%' OR "
    "changes LIKE '%\"phase\"%' OR action = 'ticket.created') ORDER BY id /* scan */");

struct counting {
	struct replay *r;
	void *ctx;
	size_t *of;	  /* trial's ticket -> index of r->v */
	const char **has; /* the same -> who has it now */
	int64_t *open;	  /* by load */
	size_t nof;
};

static size_t
load_of(struct counting *k, const char *agent)
{
	struct replay *r = k->r;

	for (size_t i = 0; i < r->nload; i++) {
		if (strcmp(r->load[i].agent, agent) == 0)
			return i;
	}
	r->load = mem_grow(k->ctx, r->load, struct load, r->nload + 1);
	k->open = mem_grow(k->ctx, k->open, int64_t, r->nload + 1);
	k->open[r->nload] = 0;
	r->load[r->nload] = (struct load){.agent = talloc_strdup(k->ctx, agent)};
	return r->nload++;
}

static void
lets_go(struct counting *k, int64_t ticket)
{
	if (k->has[ticket] != NULL)
		k->open[load_of(k, k->has[ticket])]--;
	k->has[ticket] = NULL;
}

static void
gets(struct counting *k, int64_t ticket, const char *agent, int64_t at)
{
	struct replayed *x = &k->r->v[k->of[ticket]];
	size_t i;

	lets_go(k, ticket);
	if (*agent == '\0')
		return;
	i = load_of(k, agent);
	k->has[ticket] = k->r->load[i].agent;
	k->r->load[i].tickets++;
	if (++k->open[i] > k->r->load[i].most)
		k->r->load[i].most = k->open[i];
	if (x->waited_s < 0) {
		x->waited_s = (at - x->created_at) / 1000;
		x->assignee = k->r->load[i].agent;
	}
}

static void
count_event(struct counting *k, struct stmt *st)
{
	int64_t ticket = col_int(st, 0), at = col_int(st, 1);
	json_t *changes = json_loads(col_text(st, 2), 0, NULL);
	const char *agent = json_string_value(
		       json_array_get(json_object_get(changes, "assignee"), 1)),
		   *phase = json_string_value(
		       json_array_get(json_object_get(changes, "phase"), 1));

	if (agent != NULL && (size_t)ticket < k->nof)
		gets(k, ticket, agent, at);
	if (phase != NULL && strcmp(phase, "open") != 0 && (size_t)ticket < k->nof)
		lets_go(k, ticket);
	json_decref(changes);
}

/* As the ticket stood when it was made: queue, priority and tags that the routes gave. */
static enum rc
as_made(struct replaying *p, const struct past *x, struct replayed *y, struct err *err)
{
	struct desk *d = p->t->d;
	struct ticket *t = NULL;
	enum rc rc = ticket_get(d->store, p->ctx, x->trial, &t, err);

	if (rc != RC_OK)
		return rc;
	*y = (struct replayed){.ticket = x->id,
	    .created_at = x->created_at,
	    .queue = t->queue,
	    .assignee = "",
	    .priority = priority_names[t->priority],
	    .tags = record_own(p->ctx, json_array()),
	    .waited_s = -1};
	for (size_t i = 0; i < t->ntags; i++)
		json_array_append_new(y->tags, json_string(t->tags[i]));
	return RC_OK;
}

static enum rc
count_all(struct replaying *p, struct replay *r, struct err *err)
{
	struct counting k = {.r = r, .ctx = p->ctx};
	struct stmt *st;
	enum rc rc = store_prepare(p->t->d->store, sql_replay_log, &st, err);

	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < p->n; i++) {
		if ((size_t)p->v[i].trial >= k.nof)
			k.nof = (size_t)p->v[i].trial + 1;
	}
	k.of = mem_array(p->ctx, size_t, k.nof + 1);
	k.has = mem_array(p->ctx, const char *, k.nof + 1);
	for (size_t i = 0; i < p->n; i++)
		k.of[p->v[i].trial] = i;
	while ((rc = stmt_step(st, err)) == RC_OK)
		count_event(&k, st);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static void
sum_up(struct replay *r)
{
	for (size_t i = 0; i < r->n; i++) {
		int64_t waited = r->v[i].waited_s;

		if (waited <= 0)
			continue;
		r->waiting++;
		r->waited_s += waited;
		if (waited > r->waited_most_s)
			r->waited_most_s = waited;
	}
}

enum rc
trial_replay(struct trial *t, void *ctx, struct desk *real, const struct node *tree,
    int64_t limit, struct replay *r, struct err *err)
{
	struct replaying p = {.t = t, .real = real, .ctx = ctx};
	enum rc rc = gather(&p, tree, limit, err);

	*r = (struct replay){0};
	if (rc == RC_OK)
		rc = store_relax(t->d->store, true, err);
	for (size_t i = 0; rc == RC_OK && i < p.n; i++) {
		rc = solve_until(&p, p.v[i].created_at, err);
		if (rc == RC_OK)
			rc = open_again(&p, &p.v[i], err);
	}
	if (rc == RC_OK)
		rc = solve_until(&p, INSTANT_NEVER, err);
	r->v = mem_array(ctx, struct replayed, p.n + 1);
	for (size_t i = 0; rc == RC_OK && i < p.n; i++, r->n++)
		rc = as_made(&p, &p.v[i], &r->v[i], err);
	if (rc == RC_OK)
		rc = count_all(&p, r, err);
	if (rc == RC_OK)
		sum_up(r);
	return rc;
}
