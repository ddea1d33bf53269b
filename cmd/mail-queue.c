/* mail-queue: what waits to leave the desk, and what became of it. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/text.h"
#include "channel/letter.h"
#include "channel/outbox.h"
#include "desk/cmd.h"

static struct {
	const char *state, *via;
	int64_t limit, ticket;
} o;

static const struct opt opts[] = {
    {"state", 0, OPT_TEXT, "state", "list: these instead of what waits", &o.state,
	"queued sending held sent failed cancelled"},
    {"via", 0, OPT_TEXT, "driver", "list: only these", &o.via, "mail hook run"},
    {"ticket", 0, OPT_NUM, "id", "list: only of this ticket", &o.ticket, NULL},
    {"limit", 'n', OPT_NUM, "count", "list: at most this many", &o.limit, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static const struct column columns[] = {{"ID", false, false}, {"STATE", false, false},
    {"DUE", false, false}, {"TICKET", true, false}, {"KIND", false, false},
    {"TARGET", false, false}, {"ERROR", false, true}};

/* ---- list ---- */

static void
print(struct cmd_env *env, const struct delivery *x)
{
	char *id =
		 talloc_asprintf(NULL, "%lld.%lld", (long long)x->event, (long long)x->n),
	     *when = instant_local(id, x->state == DELIVERY_SENT ? x->sent_at : x->due_at,
		 desk_zone(env->desk)),
	     *ticket = talloc_asprintf(id, "%lld", (long long)x->ticket);

	if (env->out->format == OUT_JSON)
		out_json(env->out, delivery_to_json(x));
	else if (env->out->format == OUT_IDS)
		out_line(env->out, COLOR_NONE, "%s", id);
	else
		out_row(env->out,
		    x->state == DELIVERY_FAILED ? COLOR_RED
		    : x->last_error != NULL	? COLOR_YELLOW
						: COLOR_NONE,
		    (const char *const[]){id, delivery_states[x->state], when, ticket,
			x->kind, x->target, x->last_error ? x->last_error : ""});
	talloc_free(id);
}

static enum rc
list_one(void *arg, const struct delivery *x, struct err *err)
{
	struct cmd_env *env = arg;

	(void)err;
	print(env, x);
	return RC_OK;
}

static enum rc
list(struct cmd_env *env, struct err *err)
{
	struct outbox_want w = {
	    .via = o.via, .state = -1, .ticket = o.ticket, .limit = o.limit};
	bool table = env->out->format == OUT_HUMAN || env->out->format == OUT_TSV;
	enum rc rc;

	if (o.state != NULL) {
		w.state = word_index(delivery_states, o.state);
		if (w.state < 0)
			return err_fail(err, RC_USAGE, "--state \"%s\": unknown%s",
			    o.state, text_hint(env->ctx, o.state, delivery_states));
	}
	if (table)
		out_table(env->out, columns, sizeof(columns) / sizeof(columns[0]));
	rc = outbox_each(env->desk, &w, list_one, env, err);
	if (table)
		out_table_end(env->out);
	return rc;
}

/* ---- one of them ---- */

static enum rc
show(struct cmd_env *env, const struct delivery *x, struct err *err)
{
	struct delivery *const v[] = {talloc_memdup(env->ctx, x, sizeof(*x))};
	struct writer *w = NULL;
	struct letter l = {0};
	enum rc rc;

	if (env->out->format == OUT_JSON || strcmp(x->via, "mail") != 0) {
		out_json(env->out, delivery_to_json(x));
		return RC_OK;
	}
	rc = writer_new(env->ctx, env->desk, &w, err);
	if (rc == RC_OK)
		rc = letter_write(env->ctx, w, v, 1, false, &l, err);
	if (rc != RC_OK)
		return rc;
	out_line(env->out, COLOR_DIM, "%s, from <%s> to <%s>%s%s",
	    delivery_states[x->state], l.from, l.to, x->last_error ? ": " : "",
	    x->last_error ? x->last_error : "");
	out_block(env->out, l.bytes, 0);
	return RC_OK;
}

static enum rc
act(struct cmd_env *env, const struct delivery *x, int what, struct err *err)
{
	struct delivery *now = NULL;
	enum rc rc = outbox_do(env->desk, x->event, x->n, (enum outbox_act)what, err);

	if (rc == RC_OK)
		rc = delivery_get(env->desk->store, env->ctx, x->event, x->n, &now, err);
	if (rc != RC_OK)
		return rc;
	if (env->out->format == OUT_JSON)
		out_json(env->out, delivery_to_json(now));
	else
		out_line(env->out, COLOR_NONE, "%lld.%lld to %s: %s", (long long)x->event,
		    (long long)x->n, x->target, delivery_states[now->state]);
	return RC_OK;
}

/* Whose ticket an agent may not see, whose mail neither. */
static enum rc
permitted(struct cmd_env *env, const struct delivery *x, struct err *err)
{
	struct ticket *t = NULL;
	enum rc rc = x->ticket != 0
			 ? ticket_get(env->desk->store, env->ctx, x->ticket, &t, err)
			 : RC_NOTFOUND;

	if (rc == RC_NOTFOUND) /* purged, or of no ticket */
		return actor_need(&env->desk->actor, "desk.config", err);
	return rc == RC_OK ? actor_need_queue(&env->desk->actor, t->queue, err) : rc;
}

static enum rc
on_one(struct cmd_env *env, int verb, const char *id, struct err *err)
{
	struct delivery **v = NULL;
	int64_t event, n;
	size_t count = 0;
	enum rc rc;

	if (!delivery_id_parse(id, &event, &n))
		return err_fail(err, RC_USAGE,
		    "\"%s\": an id is 900.1, or 900 for all "
		    "of a message",
		    id);
	rc = delivery_of_event(env->desk->store, env->ctx, event, &v, &count, err);
	for (size_t i = 0, found = 0; rc == RC_OK && i <= count; i++) {
		if (i == count && found == 0)
			return err_fail(err, RC_NOTFOUND, "no delivery \"%s\"", id);
		if (i == count || (n != 0 && v[i]->n != n))
			continue;
		found++;
		rc = permitted(env, v[i], err);
		if (rc == RC_OK)
			rc = verb == 0 ? show(env, v[i], err)
				       : act(env, v[i], verb - 1, err);
	}
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	/* In the order of enum outbox_act behind show. */
	static const char *const verbs[] = {"show", "hold", "cancel", "retry", NULL},
				 *const all[] = {
				     "list", "show", "hold", "cancel", "retry", NULL};
	int verb;
	enum rc rc;

	if (argc == 0)
		return err_fail(
		    err, RC_USAGE, "what? list, show ID, hold ID, cancel ID, retry ID");
	if (strcmp(argv[0], "list") == 0) {
		rc = actor_need(&env->desk->actor, "ticket.read", err);
		if (rc == RC_OK && argc > 1)
			rc = err_fail(
			    err, RC_USAGE, "list takes no ids (\"%s\")", argv[1]);
		/* All queues, or those of one ticket that the agent sees. */
		if (rc == RC_OK && o.ticket == 0 && env->desk->actor.role != NULL &&
		    env->desk->actor.role->queues[0] != NULL)
			rc = err_fail(err, RC_DENIED,
			    "agent \"%s\" does not see all queues: say --ticket",
			    env->desk->actor.name);
		if (rc == RC_OK && o.ticket != 0)
			rc = permitted(env, &(struct delivery){.ticket = o.ticket}, err);
		return rc == RC_OK ? list(env, err) : rc;
	}
	verb = word_index(verbs, argv[0]);
	if (verb < 0)
		return err_fail(err, RC_USAGE, "\"%s\": no such word%s", argv[0],
		    text_hint(env->ctx, argv[0], all));
	if (argc == 1)
		return err_fail(err, RC_USAGE, "%s what? ids are in the list", argv[0]);
	rc = actor_need(
	    &env->desk->actor, verb == 0 ? "ticket.read" : "ticket.reply", err);
	for (int i = 1; rc == RC_OK && i < argc; i++)
		rc = on_one(env, verb, argv[i], err);
	return rc;
}

static const struct cmd cmd = {
    .name = "mail-queue",
    .summary = "see what waits to leave the desk; hold, cancel, retry",
    .args = "list | show ID ... | hold ID ... | cancel ID ... | retry ID ...",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
