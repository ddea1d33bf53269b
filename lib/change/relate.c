/* Tickets and each other: links, merging, splitting.
 *
 * A merged ticket keeps its row, as a pointer; its messages move to where it points, so
 * that thread and search find them there. The log says which messages went where
 * ("messages":[[gone],[come]]), and tkt-undo takes them back. */
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/clocks_priv.h"

const char *const link_names[] = {
    "duplicates", "blocks", "parent", "follows", "refers", NULL};
/* What would contradict itself as a circle. */
static const char *const ordered_links[] = {"parent", "blocks", "duplicates", NULL};

/* ---- links ---- */

SQL(sql_link_reaches,
    "WITH RECURSIVE up(id) AS (SELECT ?1 UNION "
    "SELECT l.b FROM up JOIN ticket_link l ON l.a = up.id WHERE l.rel = ?2) "
    "SELECT 1 FROM up WHERE id = ?3");

/* Does the relation lead from one ticket to the other? */
static enum rc
reaches(struct store *s, int64_t from, const char *rel, int64_t to, bool *yes,
    struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(s, sql_link_reaches, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, from);
	bind_text(st, 2, rel);
	bind_int(st, 3, to);
	rc = stmt_step(st, err);
	*yes = rc == RC_OK;
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static int64_t
parent_of(const struct ticket *t)
{
	for (size_t i = 0; i < t->nlinks; i++) {
		if (strcmp(t->links[i].rel, "parent") == 0)
			return t->links[i].other;
	}
	return 0;
}

/* RC_INVALID, and why, when t cannot have this link. */
static enum rc
check_link(
    struct store *s, const struct ticket *t, const char *rel, int64_t b, struct err *err)
{
	int64_t parent = parent_of(t);
	bool circle = false;
	enum rc rc = RC_OK;

	if (t->id == b)
		return err_fail(err, RC_INVALID, "a ticket has no link to itself");
	if (strcmp(rel, "parent") == 0 && parent != 0 && parent != b)
		return err_fail(
		    err, RC_INVALID, "its parent is ticket %lld", (long long)parent);
	if (t->nlinks >= LINKS_MAX)
		return err_fail(err, RC_INVALID, "it has %d links already", LINKS_MAX);
	if (word_index(ordered_links, rel) >= 0)
		rc = reaches(s, b, rel, t->id, &circle, err);
	if (rc == RC_OK && circle)
		rc = err_fail(err, RC_INVALID,
		    "%s ticket %lld: a circle, that leads back to it already", rel,
		    (long long)b);
	return rc;
}

/* A ticket that is only named: it must be there for this actor. */
static enum rc
see(struct work *w, int64_t id, struct ticket **t, struct err *err)
{
	enum rc rc = ticket_get(w->tx->d->store, w->ctx, id, t, err);

	if (rc == RC_OK && !actor_may_queue(w->actor, (*t)->queue))
		rc = err_fail(err, RC_NOTFOUND, "no ticket %lld", (long long)id);
	return rc;
}

struct link {
	int64_t a, b;
	const char *rel;
	bool remove;
};

static enum rc
run_link(struct work *w, const void *what, struct err *err)
{
	const struct link *l = what;
	struct ticket *other = NULL;
	enum rc rc = work_load(w, l->a, true, err);

	if (rc == RC_OK)
		rc = actor_need(w->actor, "ticket.change", err);
	if (rc == RC_OK && l->remove) {
		ticket_remove_link(w->ctx, w->t, l->rel, l->b);
	} else if (rc == RC_OK && !ticket_has_link(w->t, l->rel, l->b)) {
		rc = see(w, l->b, &other, err);
		if (rc == RC_OK)
			rc = check_link(w->tx->d->store, w->t, l->rel, l->b, err);
		if (rc == RC_OK)
			ticket_add_link(w->ctx, w->t, l->rel, l->b);
	}
	if (rc == RC_OK)
		rc = work_log(w, w->actor,
		    l->remove ? "ticket.unlinked" : "ticket.linked", NULL, err);
	if (rc == RC_OK && w->nevents > 0)
		rc = work_rules(w, ON_CHANGED, err);
	return rc == RC_OK ? work_write(w, err) : rc;
}

enum rc
change_link(struct change_tx *tx, const struct actor *actor, int64_t a, const char *rel,
    int64_t b, bool remove, struct change_result *r, struct err *err)
{
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = actor, .r = r};
	struct link l = {a, b, rel, remove};
	enum rc rc;

	if (word_index(link_names, rel) < 0)
		return err_fail(err, RC_USAGE, "link \"%s\": no such link%s", rel,
		    text_hint(tx->ctx, rel, link_names));
	rc = work_run(&w, &l, run_link, err);
	return rc == RC_OK || rc == RC_NOTFOUND
		   ? rc
		   : err_wrap(err, "ticket %lld", (long long)a);
}

/* ---- moving messages ---- */

static json_t *
id_list(const int64_t *ids, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, json_integer(ids[i]));
	return a;
}

static enum rc
move_all(struct store *s, const int64_t *ids, size_t n, int64_t ticket, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = message_move(s, ids[i], ticket, err);
	return rc;
}

/* ---- merging ---- */

struct merge {
	int64_t from, into;
};

/* The requester of the merged ticket is a participant of the other from now on. */
static enum rc
join_people(struct work *w, const struct ticket *from, struct err *err)
{
	struct ticket *t = w->t;
	struct person p = {0};
	const char *who;
	enum rc rc = RC_OK;

	if (from->requester != t->requester)
		rc = customer_get(w->tx->d->store, w->ctx, from->requester, &p, err);
	if (rc != RC_OK)
		return rc;
	if (t->npeople + from->npeople + 1 > PEOPLE_MAX)
		return err_fail(
		    err, RC_INVALID, "both have more than %d people", PEOPLE_MAX);
	if (p.address != NULL) {
		who = strcmp(p.kind, "email") == 0
			  ? p.address
			  : talloc_asprintf(w->ctx, "%s:%s", p.kind, p.address);
		ticket_add_person(w->ctx, t, "cc", who, true);
	}
	rc = customer_get(w->tx->d->store, w->ctx, t->requester, &p, err);
	for (size_t i = 0; rc == RC_OK && i < from->npeople; i++) {
		const struct ticket_person *j = &from->people[i];

		if (p.address == NULL || strcmp(j->who, p.address) != 0)
			ticket_add_person(w->ctx, t, j->role, j->who, j->confirmed);
	}
	return rc;
}

/* Links that went out from the merged ticket go out from the other, too, where they can.
 */
static enum rc
join_links(struct work *w, const struct ticket *from, struct err *err)
{
	struct err no;
	enum rc rc = RC_OK;

	for (const char *const *rel = link_names; *rel != NULL; rel++)
		ticket_remove_link(w->ctx, w->t, *rel, from->id);
	for (size_t i = 0; rc == RC_OK && i < from->nlinks; i++) {
		const struct ticket_link *l = &from->links[i];

		if (l->other == w->t->id || strcmp(l->rel, "merged") == 0)
			continue;
		rc = check_link(w->tx->d->store, w->t, l->rel, l->other, &no);
		if (rc == RC_OK)
			ticket_add_link(w->ctx, w->t, l->rel, l->other);
		else if (rc == RC_INVALID)
			rc = RC_OK;
		else
			*err = no;
	}
	return rc;
}

/* Who was linked to the merged ticket is linked to the other one now. */
static enum rc
relink(struct work *w, const struct merge *m, int64_t cause, struct err *err)
{
	struct ticket_link *v = NULL;
	size_t n = 0;
	enum rc rc = ticket_linked_by(w->tx->d->store, w->ctx, m->from, &v, &n, err);

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		struct change_result r;
		struct work o = work_beside(w, &r, cause);
		struct err no;

		if (strcmp(v[i].rel, "merged") == 0 || v[i].other == m->into)
			continue;
		o.actor =
		    &actor_system; /* the merge asked for it, whoever sees the queue */
		rc = work_load(&o, v[i].other, false, err);
		if (rc != RC_OK)
			break;
		ticket_remove_link(o.ctx, o.t, v[i].rel, m->from);
		if (check_link(w->tx->d->store, o.t, v[i].rel, m->into, &no) == RC_OK)
			ticket_add_link(o.ctx, o.t, v[i].rel, m->into);
		rc = work_log(&o, w->actor, "ticket.linked", NULL, err);
		if (rc == RC_OK)
			rc = work_write(&o, err);
		work_free(&o);
	}
	return rc;
}

/* The ticket that is merged away. */
static enum rc
point(struct work *from, const struct merge *m, const int64_t *ids, size_t n,
    struct err *err)
{
	struct ticket *t = from->t;
	enum rc rc;

	t->merged_into = m->into;
	t->phase = PHASE_MERGED;
	t->snoozed_until = INSTANT_NONE;
	t->snooze_keep = 0;
	ticket_add_link(from->ctx, t, "merged", m->into);
	rc = work_log(from, from->actor, "ticket.merged",
	    json_pack("{s:[o,[]]}", "messages", id_list(ids, n)), err);
	return rc == RC_OK ? work_write(from, err) : rc;
}

static enum rc
join(struct work *w, const struct ticket *from, const int64_t *ids, size_t n,
    struct err *err)
{
	const struct lifecycle *l = queue_lifecycle(w->tx->d->config, w->t->queue);
	struct changes status = {0};
	struct ticket *t = w->t;
	json_t *extra;
	bool unanswered =
	    from->phase < PHASE_RESOLVED && from->customer_at > from->agent_at;
	enum rc rc = join_people(w, from, err);

	if (rc == RC_OK)
		rc = join_links(w, from, err);
	if (rc == RC_OK)
		rc = move_all(w->tx->d->store, ids, n, t->id, err);
	if (rc == RC_OK)
		rc = message_instants(w->tx->d->store, t->id, t, err);
	t->time_spent_s += from->time_spent_s;
	w->refold = true; /* their clocks may go on here (S33) */
	/* A question that nobody answered is not buried in a solved ticket. */
	if (rc == RC_OK && unanswered && t->phase >= PHASE_RESOLVED)
		rc = changes_add(w->ctx, "status", CHANGE_SET, l->active,
		    w->tx->d->config, &status, err);
	if (rc == RC_OK && status.n > 0)
		rc = changes_apply(
		    w->ctx, &status, w->tx->d->config, NULL, w->tx->now, t, err);
	if (rc == RC_OK) {
		extra = json_pack("{s:[[],o],s:I}", "messages", id_list(ids, n), "from",
		    (json_int_t)from->id);
		if (w->taken != NULL)
			json_object_set(extra, "their_clocks", w->taken);
		rc = work_log(w, w->actor, "ticket.joined", extra, err);
	}
	return rc == RC_OK ? work_write(w, err) : rc;
}

static enum rc
may_merge(const struct work *w, const struct ticket *from, struct err *err)
{
	enum rc rc = actor_need(w->actor, "ticket.change", err);

	if (rc == RC_OK && from->id == w->before->id)
		return err_fail(err, RC_INVALID, "a ticket is not merged into itself");
	if (rc == RC_OK && from->phase > PHASE_MERGED)
		return err_fail(err, RC_INVALID, "it is %s", phase_names[from->phase]);
	if (rc == RC_OK && w->before->phase > PHASE_MERGED)
		return err_fail(err, RC_INVALID, "ticket %lld is %s",
		    (long long)w->before->id, phase_names[w->before->phase]);
	return rc;
}

static enum rc
run_merge(struct work *w, const void *what, struct err *err)
{
	const struct merge *m = what;
	struct change_result r;
	struct work from = work_beside(w, &r, 0);
	int64_t *ids = NULL, told = 0;
	size_t n = 0;
	/* Their clocks go by what is applied now when they go on over there. */
	enum rc rc = work_tell(w->tx, m->from, w->tx->now / 1000, &told, err);

	if (rc == RC_OK)
		rc = work_load(&from, m->from, true, err);
	if (rc == RC_OK && from.clocks != NULL)
		w->taken = record_own(w->ctx, clocks_to_json(from.clocks));
	if (rc == RC_OK)
		rc = work_load(w, m->into, false, err);
	if (rc == RC_OK && w->before->phase == PHASE_MERGED)
		rc = err_fail(err, RC_INVALID, "ticket %lld is merged into ticket %lld",
		    (long long)m->into, (long long)w->before->merged_into);
	if (rc == RC_OK)
		rc = may_merge(w, from.before, err);
	if (rc == RC_OK)
		rc = message_ids(w->tx->d->store, w->ctx, m->from, &ids, &n, err);
	if (rc == RC_OK)
		rc = point(&from, m, ids, n, err);
	work_free(&from);
	w->cause = r.event;
	if (rc == RC_OK)
		rc = relink(w, m, r.event, err);
	if (rc == RC_OK)
		rc = join(w, from.before, ids, n, err);
	w->r->event = r.event;
	return rc;
}

enum rc
change_merge(struct change_tx *tx, const struct actor *actor, int64_t from, int64_t into,
    struct change_result *r, struct err *err)
{
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = actor, .r = r};
	struct merge m = {from, into};
	enum rc rc = work_run(&w, &m, run_merge, err);

	return rc == RC_OK || rc == RC_NOTFOUND
		   ? rc
		   : err_wrap(err, "ticket %lld", (long long)from);
}

/* ---- splitting ---- */

/* Who wrote last, and when the first answer was, as one more message says. */
static void
count_in(struct ticket *t, const struct message *m)
{
	bool in = strcmp(m->direction, "in") == 0;

	if (strcmp(m->kind, "reply") != 0)
		return;
	if (in && m->created_at > t->customer_at)
		t->customer_at = m->created_at;
	if (!in && m->created_at > t->agent_at)
		t->agent_at = m->created_at;
	if (!in &&
	    (t->first_replied_at == INSTANT_NONE || m->created_at < t->first_replied_at))
		t->first_replied_at = m->created_at;
}

/* All messages must be of one ticket. */
static enum rc
split_source(struct work *w, const struct split *s, int64_t *ticket,
    struct message **first, struct err *err)
{
	struct message *m = NULL;
	enum rc rc = RC_OK;

	w->t = ticket_new(w->ctx);
	*ticket = 0;
	for (size_t i = 0; rc == RC_OK && i < s->nmessages; i++) {
		rc = message_get(w->tx->d->store, w->ctx, s->messages[i], &m, err);
		if (rc != RC_OK)
			return rc;
		if (*ticket != 0 && m->ticket != *ticket)
			return err_fail(err, RC_INVALID,
			    "message %lld is of ticket %lld, message %lld of ticket "
			    "%lld: "
			    "split one ticket at a time",
			    (long long)s->messages[0], (long long)*ticket,
			    (long long)m->id, (long long)m->ticket);
		for (size_t k = 0; k < i; k++) {
			if (s->messages[k] == m->id)
				return err_fail(err, RC_USAGE,
				    "message %lld is named twice", (long long)m->id);
		}
		*ticket = m->ticket;
		count_in(w->t, m);
		if (*first == NULL || m->id < (*first)->id)
			*first = m;
	}
	return rc;
}

/* The new ticket is like the old one, as far as its messages do not say otherwise. */
static enum rc
split_ticket(struct work *w, const struct ticket *from, const struct message *first,
    const struct split *s, struct err *err)
{
	const struct config *c = w->tx->d->config;
	struct ticket *t = w->t;
	struct person p = {0};
	int64_t author = 0;
	enum rc rc = RC_OK;

	t->subject = s->subject	      ? s->subject
		     : first->subject ? first->subject
				      : from->subject;
	t->queue = from->queue;
	t->status = queue_lifecycle(c, from->queue)->initial;
	t->priority = from->priority;
	t->kind = from->kind;
	t->channel = first->channel;
	t->mailbox = from->mailbox;
	t->assignee = from->assignee;
	t->requester = from->requester;
	t->organization = from->organization;
	t->created_at = first->created_at;
	if (text_starts(first->author, "customer:") &&
	    text_number(first->author + 9, &author) && author != from->requester) {
		rc = customer_get(w->tx->d->store, w->ctx, author, &p, err);
		t->requester = author;
		t->organization = p.organization;
	}
	ticket_add_link(w->ctx, t, "refers", from->id);
	if (rc == RC_OK)
		rc = changes_apply(w->ctx, s->changes, c,
		    w->actor->kind == ACTOR_AGENT ? w->actor->name : NULL, w->tx->now, t,
		    err);
	if (rc == RC_OK)
		rc = work_look_up(w, s->changes, err);
	if (rc == RC_OK)
		rc = actor_need_queue(w->actor, t->queue, err);
	return rc;
}

static enum rc
run_split(struct work *w, const void *what, struct err *err)
{
	const struct split *s = what;
	struct change_result r;
	struct work from = work_beside(w, &r, 0);
	struct store *store = w->tx->d->store;
	struct message *first = NULL;
	int64_t ticket = 0, *ids = NULL, left = 0, taken = 0;
	size_t n = 0;
	json_t *moved;
	enum rc rc = split_source(w, s, &ticket, &first, err);

	if (rc == RC_OK)
		rc = work_load(&from, ticket, true, err);
	if (rc == RC_OK)
		rc = actor_need(w->actor, "ticket.change", err);
	if (rc == RC_OK)
		rc = message_ids(store, w->ctx, ticket, &ids, &n, err);
	if (rc == RC_OK && n == s->nmessages)
		rc = err_fail(err, RC_INVALID,
		    "ticket %lld has no other message: nothing would be left of it",
		    (long long)ticket);
	if (rc == RC_OK)
		rc = split_ticket(w, from.before, first, s, err);
	if (rc == RC_OK)
		rc = clocks_unanswered(
		    store, ticket, s->messages, s->nmessages, false, &taken, err);
	if (rc == RC_OK)
		rc = clocks_unanswered(
		    store, ticket, s->messages, s->nmessages, true, &left, err);
	/* Asked while the messages are where they were: their row must name a ticket. */
	if (rc == RC_OK) {
		moved = json_pack("{s:[[],o],s:I}", "messages",
		    id_list(s->messages, s->nmessages), "from", (json_int_t)ticket);
		record_set_instant(moved, "asked_at", taken * 1000);
		rc = work_log(w, w->actor, "ticket.created", moved, err);
	}
	if (rc == RC_OK && strcmp(w->t->queue, from.before->queue) != 0)
		rc = work_assign(w, err);
	w->refold = true; /* what was asked there counts here (S34) */
	if (rc == RC_OK)
		rc = work_write(w, err);
	if (rc == RC_OK)
		rc = move_all(store, s->messages, s->nmessages, w->t->id, err);
	if (rc == RC_OK)
		rc = message_instants(store, ticket, from.t, err);
	from.cause = w->r->event;
	from.refold = true;
	if (rc == RC_OK) {
		moved = json_pack("{s:[o,[]],s:I}", "messages",
		    id_list(s->messages, s->nmessages), "into", (json_int_t)w->t->id);
		record_set_instant(moved, "asked_at", left * 1000);
		rc = work_log(&from, w->actor, "ticket.split", moved, err);
	}
	if (rc == RC_OK)
		rc = work_write(&from, err);
	work_free(&from);
	w->r->created = rc == RC_OK;
	return rc;
}

enum rc
change_split(struct change_tx *tx, const struct actor *actor, const struct split *s,
    struct change_result *r, struct err *err)
{
	struct work w = {.tx = tx, .ctx = tx->ctx, .actor = actor, .r = r};

	return work_run(&w, s, run_split, err);
}
