/* Notices to agents. */
#include "change/notice.h"

#include <string.h>
#include <talloc.h>
#include <time.h>

#include "base/instant.h"
#include "base/text.h"

enum { TEN_MINUTES_MS = 600000, DAY_S = 86400 };

/* ---- floods (M35) ---- */

SQL(sql_recent_tickets,
    "SELECT count(*) FROM (SELECT 1 FROM (SELECT created_at FROM ticket "
    "WHERE requester = ?1 ORDER BY id DESC LIMIT 5) WHERE created_at > ?2)");

enum rc
notice_recent_tickets(struct work *w, int64_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(w->tx->d->store, sql_recent_tickets, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, w->t->requester);
	bind_int(st, 2, w->tx->now - TEN_MINUTES_MS);
	rc = stmt_step(st, err);
	if (rc == RC_OK) /* one that is being made is not stored yet when rules fire */
		*n = col_int(st, 0) + (w->t->id == 0);
	stmt_done(st);
	return rc;
}

/* M14: mail of answering machines and lists is nobody's news. */
enum rc
notice_is_news(struct work *w, bool *yes, struct err *err)
{
	const struct message *m = w->message;
	int64_t recent = 0;
	enum rc rc;

	*yes = m == NULL || strcmp(m->direction, "in") != 0 ||
	       strcmp(m->class, "human") == 0 || strcmp(m->class, "auto-generated") == 0;
	if (!*yes || w->before != NULL || m == NULL || strcmp(m->direction, "in") != 0)
		return RC_OK;
	rc = notice_recent_tickets(w, &recent, err);
	*yes = recent < NOTICE_FLOOD;
	return rc;
}

/* ---- when ---- */

static int64_t
quiet_end(const struct agent *a, const char *zone, int64_t at)
{
	time_t seconds = (time_t)(at / 1000);
	struct tm local;
	char *old;
	int64_t s, wait;
	bool quiet;

	zone_enter(NULL, zone, &old);
	localtime_r(&seconds, &local);
	zone_leave(old);
	s = local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec;
	quiet = a->quiet_from <= a->quiet_to ? s >= a->quiet_from && s < a->quiet_to
					     : s >= a->quiet_from || s < a->quiet_to;
	wait = (a->quiet_to - s + DAY_S) % DAY_S;
	return quiet ? (at / 1000 + wait) * 1000 : at;
}

int64_t
notice_due(const struct config *c, const struct agent *a, int64_t now)
{
	int64_t at = now;

	if (a->digest > 0)
		at = (now / a->digest + 1) * a->digest;
	if (a->quiet_from != a->quiet_to)
		at = quiet_end(a, a->timezone ? a->timezone : c->timezone, at);
	return at;
}

/* ---- to whom ---- */

struct told {
	struct work *w;
	struct pending *p;
};

static enum rc
tell(struct told *t, const char *name, bool by_queue, struct err *err)
{
	const struct config *c = t->w->tx->d->config;
	const struct agent *a = config_agent(c, name);
	struct leaving l = {.via = "mail", .kind = "notice"};

	/* Who did it knows; who left the team has no address any more. */
	if (a == NULL || *a->email == '\0' ||
	    (t->w->actor->kind == ACTOR_AGENT && strcmp(t->w->actor->name, name) == 0))
		return RC_OK;
	if (by_queue && a->notice_queues[0] != NULL &&
	    word_index(a->notice_queues, t->w->t->queue) < 0)
		return RC_OK;
	/* One change is one notice, however many rules tell of it. */
	for (size_t i = 0; i < t->w->ntold; i++) {
		if (strcmp(t->w->told[i], name) == 0)
			return RC_OK;
	}
	text_push(t->w->ctx, &t->w->told, &t->w->ntold, a->name);
	l.target = a->name;
	l.rule = t->p->sends ? t->p->sends->name : "";
	l.due_at = notice_due(c, a, t->w->tx->now);
	return work_leave(t->w, t->p, &l, err);
}

static enum rc
tell_queue(struct told *t, struct err *err)
{
	const struct queue *q = config_queue(t->w->tx->d->config, t->w->t->queue);
	enum rc rc = RC_OK;

	for (const char **m = q ? q->members : NULL; rc == RC_OK && m && *m != NULL; m++)
		rc = tell(t, *m, true, err);
	return rc;
}

static enum rc
tell_followers(struct told *t, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < t->w->t->npeople; i++) {
		if (strcmp(t->w->t->people[i].role, "follower") == 0)
			rc = tell(t, t->w->t->people[i].who, true, err);
	}
	return rc;
}

/* Who may desk.config. */
static enum rc
tell_administrators(struct told *t, struct err *err)
{
	const struct config *c = t->w->tx->d->config;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < c->nagents; i++) {
		struct actor a = {.kind = ACTOR_AGENT,
		    .name = c->agents[i].name,
		    .agent = &c->agents[i],
		    .role = config_role(c, c->agents[i].role)};

		if (a.role != NULL && actor_may(&a, "desk.config"))
			rc = tell(t, a.name, false, err);
	}
	return rc;
}

enum rc
notice_to_agents(struct work *w, struct pending *p, const char *const *words,
    bool *requester, struct err *err)
{
	struct told t = {.w = w, .p = p};
	bool news = false;
	enum rc rc = RC_OK;

	*requester = false;
	if (words == NULL || *words == NULL)
		return RC_OK;
	rc = notice_is_news(w, &news, err);
	for (; rc == RC_OK && *words != NULL; words++) {
		if (strcmp(*words, "requester") == 0)
			*requester = true;
		else if (!news)
			continue;
		else if (strcmp(*words, "assignee") == 0)
			rc = tell(&t, w->t->assignee, false, err);
		else if (strcmp(*words, "queue") == 0)
			rc = tell_queue(&t, err);
		else if (strcmp(*words, "followers") == 0)
			rc = tell_followers(&t, err);
		else if (strcmp(*words, "administrators") == 0)
			rc = tell_administrators(&t, err);
		else
			rc = tell(&t, *words, false, err);
	}
	return rc;
}
