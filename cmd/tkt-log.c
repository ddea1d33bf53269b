/* tkt-log: what happened, in order; with --follow what happens. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"
#include "desk/cmd.h"
#include "query/query.h"
#include "ticket/log.h"

static struct {
	const char *since, *until, *cursor, *actor, *action;
	int64_t ticket, batch, after, limit;
	bool follow;
} o = {.after = -1};

static const struct opt opts[] = {
    {"ticket", 0, OPT_NUM, "id", "of this ticket only", &o.ticket, NULL},
    {"since", 0, OPT_TEXT, "time", "from then on: -2h, a date, RFC 3339", &o.since, NULL},
    {"until", 0, OPT_TEXT, "time", "up to then", &o.until, NULL},
    {"actor", 0, OPT_TEXT, "actor", "by agent:alice, rule:*, system, ...", &o.actor,
	NULL},
    {"action", 0, OPT_TEXT, "action", "ticket.created, message.*, ...", &o.action, NULL},
    {"batch", 0, OPT_NUM, "id", "of this bulk change", &o.batch, NULL},
    {"after", 0, OPT_NUM, "event", "behind this event", &o.after, NULL},
    {"limit", 'n', OPT_NUM, "count", "at most this many", &o.limit, NULL},
    {"follow", 0, OPT_FLAG, NULL, "go on as events come", &o.follow, NULL},
    {"cursor", 0, OPT_TEXT, "name",
	"go on where this reader stopped; remember how far it got", &o.cursor, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static volatile sig_atomic_t stopped;

static void
on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static const char *
of(json_t *from, const char *key)
{
	const char *s = json_string_value(json_object_get(from, key));

	return s ? s : "";
}

static void
print_human(struct cmd_env *env, const struct event *e)
{
	json_t *record = event_to_json(e), *changes = json_object_get(record, "changes"),
	       *v;
	char *text = talloc_strdup(env->ctx, "");
	const char *key;

	json_object_foreach(changes, key, v)
	{
		char *to;

		if (json_is_array(v) && json_array_size(v) == 2) {
			to = json_dumps(
			    json_array_get(v, 1), JSON_ENCODE_ANY | JSON_COMPACT);
			text = talloc_asprintf_append(text, " %s=%s", key, to ? to : "");
			free(to);
		} else if (strcmp(key, "sla") == 0) { /* what a clock came to */
			text = talloc_asprintf_append(text, " %s %s%sat %s",
			    of(v, "target"), of(v, "threshold"),
			    *of(v, "threshold") ? " " : "", of(v, "at"));
		} else {
			text = talloc_asprintf_append(text, " %s", key);
		}
	}
	out_line(env->out, COLOR_NONE, "%lld  %s  %s%s  %s %s%s", (long long)e->id,
	    instant_local(env->ctx, e->at, desk_zone(env->desk)), e->ticket ? "#" : "",
	    e->ticket ? talloc_asprintf(env->ctx, "%lld", (long long)e->ticket) : "-",
	    e->actor, e->action, text);
	json_decref(record);
	talloc_free(text);
}

static void
print_tsv(struct cmd_env *env, const struct event *e)
{
	const char *cells[6] = {talloc_asprintf(env->ctx, "%lld", (long long)e->id),
	    instant_print(env->ctx, e->at),
	    talloc_asprintf(env->ctx, "%lld", (long long)e->ticket), e->actor, e->action,
	    e->changes ? e->changes : ""};

	out_row(env->out, COLOR_NONE, cells);
}

static enum rc
each(void *arg, struct event *e, struct err *err)
{
	struct cmd_env *env = arg;

	(void)err;
	switch (env->out->format) {
	case OUT_JSON:
		out_json(env->out, event_to_json(e));
		break;
	case OUT_HUMAN:
		print_human(env, e);
		break;
	case OUT_TSV:
		print_tsv(env, e);
		break;
	case OUT_IDS:
		out_id(env->out, e->id);
		break;
	}
	return ferror(env->out->to) || stopped ? RC_NONE : RC_OK;
}

/* At least once: the cursor moves only after what it covers was written out. */
static enum rc
remember(struct cmd_env *env, int64_t last, struct err *err)
{
	if (fflush(env->out->to) != 0 || ferror(env->out->to)) {
		err_errno(err, "writing standard output");
		return errno == EPIPE ? RC_NONE : (err->rc = RC_IO);
	}
	return o.cursor ? cursor_set(
			      env->desk->store, o.cursor, last, desk_now(env->desk), err)
			: RC_OK;
}

static enum rc
follow(struct cmd_env *env, struct log_want *w, struct err *err)
{
	struct sigaction act = {.sa_handler = on_signal};
	struct bell *bell = NULL;
	int64_t last = w->after;
	enum rc rc = bell_open(env->ctx, env->desk->store, &bell, err);

	sigemptyset(&act.sa_mask);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	while (rc == RC_OK && !stopped) {
		rc = log_each(env->desk, w, &last, each, env, err);
		if (rc == RC_OK && last > w->after)
			rc = remember(env, last, err);
		w->after = last;
		w->since = INSTANT_NONE;
		if (rc == RC_OK && !stopped)
			rc = bell_wait(bell, 3600 * 1000, err);
		if (rc == RC_NONE && !ferror(env->out->to))
			rc = RC_OK;
	}
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- of tickets that a query selects ---- */

struct tickets {
	struct cmd_env *env;
	struct node *tree;
	int64_t *ids;
	size_t n;
};

static enum rc
take_id(void *arg, struct ticket *t, struct err *err)
{
	struct tickets *k = arg;

	(void)err;
	if ((k->n & (k->n - 1)) == 0)
		k->ids = mem_grow(k->env->ctx, k->ids, int64_t, k->n ? 2 * k->n : 1);
	k->ids[k->n++] = t->id;
	return RC_OK;
}

/* While events are followed a ticket is asked when something happens to it. */
static enum rc
wants(void *arg, int64_t ticket, bool *yes, struct err *err)
{
	struct tickets *k = arg;
	struct query_now now = query_now_of(k->env->desk);
	struct ticket *t = NULL;
	enum rc rc = ticket_get(k->env->desk->store, k->env->ctx, ticket, &t, err);

	*yes = false;
	if (rc == RC_NOTFOUND) /* purged */
		return RC_OK;
	if (rc == RC_OK)
		rc = query_match(k->tree, t, &now, yes, NULL, err);
	talloc_free(t);
	return rc;
}

static enum rc
of_tickets(struct tickets *k, int argc, char **argv, struct log_want *w, struct err *err)
{
	struct query_list l = {.sort = "-id"};
	enum rc rc =
	    query_user(k->env->desk, k->env->ctx, argc, argv, NULL, &k->tree, err);

	if (rc == RC_OK && o.follow) {
		w->wants = wants;
		w->arg = k;
		return RC_OK;
	}
	if (rc == RC_OK)
		rc = query_each(k->env->desk, k->tree, &l, take_id, k, err);
	w->only_tickets = true;
	w->tickets = k->ids;
	w->ntickets = k->n;
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	static const struct column columns[] = {{"EVENT", true, false},
	    {"AT", false, false}, {"TICKET", true, false}, {"ACTOR", false, false},
	    {"ACTION", false, false}, {"CHANGES", false, true}};
	struct log_want w = {.ticket = o.ticket,
	    .batch = o.batch,
	    .actor = o.actor,
	    .action = o.action,
	    .limit = o.limit};
	struct desk_want want = {env->desk_dir, env->as, o.cursor != NULL};
	struct tickets of = {.env = env};
	int64_t last = 0;
	enum rc rc;

	if (argc == 1 && text_number(argv[0] + (argv[0][0] == '#'), &last))
		return err_fail(
		    err, RC_USAGE, "\"%s\": say --ticket %s", argv[0], argv[0]);
	rc = desk_open(env->ctx, &want, &env->desk, err);
	if (rc == RC_OK)
		rc = actor_need(&env->desk->actor, "log.read", err);
	if (rc == RC_OK)
		rc = desk_instant(env->desk, "since", o.since, &w.since, err);
	if (rc == RC_OK)
		rc = desk_instant(env->desk, "until", o.until, &w.until, err);
	if (rc == RC_OK && o.cursor != NULL)
		rc = cursor_get(env->desk->store, o.cursor, &w.after, err);
	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	if (o.after >= 0)
		w.after = o.after;
	if (argc > 0) {
		rc = of_tickets(&of, argc, argv, &w, err);
		if (rc != RC_OK)
			return rc;
	}
	if (env->out->format == OUT_TSV)
		out_table(env->out, columns, 6);
	if (o.follow)
		return follow(env, &w, err);
	out_page(env->out);
	rc = log_each(env->desk, &w, &last, each, env, err);
	if (rc == RC_OK && o.cursor != NULL && last > w.after)
		rc = remember(env, last, err);
	return rc == RC_NONE ? RC_OK : rc;
}

static const struct cmd cmd = {
    .name = "tkt-log",
    .summary = "print the event log",
    .args = "[query ...]",
    .opts = opts,
    .flags = CMD_NO_DESK | CMD_TERMS,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
