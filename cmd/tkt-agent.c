/* tkt-agent: who there is, who is there, and how much they have to do. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/presence.h"
#include "desk/cmd.h"

static struct {
	const char *until;
	bool release, dry_run;
} o;

static const struct opt opts[] = {
    {"until", 0, OPT_TEXT, "time", "status: back by itself at this time", &o.until, NULL},
    {"release", 0, OPT_FLAG, NULL, "status: give their open tickets to others",
	&o.release, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "say what would change, and change nothing",
	&o.dry_run, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static const struct column columns[] = {{"AGENT", false, false}, {"STATUS", false, false},
    {"UNTIL", false, false}, {"OPEN", true, false}, {"CAPACITY", true, false},
    {"QUEUES", false, false}, {"SKILLS", false, false}, {"NAME", false, true}};

/* ---- list ---- */

SQL(sql_agent_open, "SELECT count(*) FROM ticket WHERE assignee = ?1 AND phase < 2 "
		    "AND phase = 0");

static enum rc
open_tickets(struct cmd_env *env, const char *agent, int64_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(env->desk->store, sql_agent_open, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_text(st, 1, agent);
	rc = stmt_step(st, err);
	if (rc == RC_OK)
		*n = col_int(st, 0);
	stmt_done(st);
	return rc;
}

static json_t *
queues_of(const struct config *c, const char *agent)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->nqueues; i++) {
		if (word_index(c->queues[i].members, agent) >= 0)
			json_array_append_new(list, json_string(c->queues[i].name));
	}
	return list;
}

static json_t *
words(const char *const *v)
{
	json_t *list = json_array();

	for (; *v != NULL; v++)
		json_array_append_new(list, json_string(*v));
	return list;
}

static const char *
joined(void *ctx, json_t *list)
{
	char *s = talloc_strdup(ctx, "");
	size_t i;
	json_t *v;

	json_array_foreach(list, i, v) s =
	    talloc_asprintf_append(s, "%s%s", i ? "," : "", json_string_value(v));
	return s;
}

static enum rc
print(struct cmd_env *env, const struct agent *a, struct err *err)
{
	void *ctx = talloc_new(env->ctx);
	struct presence p;
	int64_t open = 0;
	json_t *queues = record_own(ctx, queues_of(env->desk->config, a->name)),
	       *skills = record_own(ctx, words(a->skills)), *r;
	enum rc rc = presence_get(env->desk, ctx, a->name, &p, err);

	if (rc == RC_OK)
		rc = open_tickets(env, a->name, &open, err);
	if (rc == RC_OK && env->out->format == OUT_JSON) {
		r = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:O,s:O}", "type", "agent",
		    "name", a->name, "full_name", a->full_name, "email", a->email, "role",
		    a->role, "status", p.status, "open", (json_int_t)open, "queues",
		    queues, "skills", skills);
		json_object_set_new(
		    r, "capacity", a->capacity ? json_integer(a->capacity) : json_null());
		record_set_instant(r, "since", p.since);
		record_set_instant(r, "until", p.until);
		out_json(env->out, r);
	} else if (rc == RC_OK && env->out->format == OUT_IDS) {
		out_line(env->out, COLOR_NONE, "%s", a->name);
	} else if (rc == RC_OK) {
		out_row(env->out,
		    strcmp(p.status, "online") == 0 ? COLOR_NONE : COLOR_DIM,
		    (const char *const[]){a->name, p.status,
			p.until ? instant_local(ctx, p.until, desk_zone(env->desk)) : "",
			talloc_asprintf(ctx, "%lld", (long long)open),
			a->capacity ? talloc_asprintf(ctx, "%lld", (long long)a->capacity)
				    : "",
			joined(ctx, queues), joined(ctx, skills), a->full_name});
	}
	talloc_free(ctx);
	return rc;
}

static enum rc
find(struct cmd_env *env, const char *name, const struct agent **a, struct err *err)
{
	*a = config_agent(env->desk->config, name);
	if (*a != NULL)
		return RC_OK;
	return err_fail(err, RC_NOTFOUND, "agent \"%s\": no such agent%s", name,
	    text_hint(
		env->ctx, name, config_names(env->ctx, env->desk->config, NAME_AGENT)));
}

static enum rc
list(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	const struct config *c = env->desk->config;
	bool table = env->out->format == OUT_HUMAN || env->out->format == OUT_TSV;
	enum rc rc = actor_need(&env->desk->actor, "ticket.read", err);

	if (table)
		out_table(env->out, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; rc == RC_OK && argc == 0 && i < c->nagents; i++)
		rc = print(env, &c->agents[i], err);
	for (int i = 0; rc == RC_OK && i < argc; i++) {
		const struct agent *a;

		rc = find(env, argv[i], &a, err);
		if (rc == RC_OK)
			rc = print(env, a, err);
	}
	if (table)
		out_table_end(env->out);
	return rc;
}

/* ---- status ---- */

/* Their own anybody, of others who keeps the desk. */
static enum rc
may(struct cmd_env *env, const struct agent *a, struct err *err)
{
	const struct actor *me = &env->desk->actor;

	if (me->kind == ACTOR_AGENT && strcmp(me->name, a->name) == 0)
		return RC_OK;
	return actor_need(me, "desk.config", err);
}

static enum rc
set_one(struct cmd_env *env, struct change_tx *tx, const struct agent *a,
    const char *status, int64_t until, struct err *err)
{
	int64_t released = 0, assigned = 0;
	bool back = strcmp(status, "online") == 0;
	enum rc rc = presence_set(tx, a->name, status, until, err);

	if (rc == RC_OK && o.release && !back)
		rc = presence_release(tx, &env->desk->actor, a->name, &released, err);
	/* Who comes back gets what waits; what was released goes to whoever is there. */
	if (rc == RC_OK && (back || released > 0))
		rc = change_drain(tx, back ? a->name : NULL,
		    back && a->capacity ? a->capacity
		    : back		? DRAIN_TRIES
					: released,
		    &assigned, err);
	if (rc == RC_OK && (released > 0 || assigned > 0))
		cmd_note(env, "%s: %lld tickets released, %lld assigned", a->name,
		    (long long)released, (long long)assigned);
	return rc;
}

static enum rc
status_of(struct cmd_env *env, const struct agent **agents, size_t n, const char *status,
    int64_t until, struct err *err)
{
	struct change_tx *tx = NULL;
	enum rc rc = change_begin(env->ctx, env->desk, 0, &tx, err);

	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = set_one(env, tx, agents[i], status, until, err);
	if (rc != RC_OK || o.dry_run) {
		change_abort(tx);
		return rc;
	}
	return change_commit(tx, err);
}

static enum rc
set_status(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	const struct agent **agents =
	    mem_array(env->ctx, const struct agent *, (size_t)argc + 1);
	int64_t until = INSTANT_NONE;
	size_t n = 0;
	enum rc rc = RC_OK;

	if (argc == 0 || word_index(presence_names, argv[0]) < 0)
		return err_fail(err, RC_USAGE, "status what? online, away or offline%s",
		    argc ? text_hint(env->ctx, argv[0], presence_names) : "");
	rc = desk_instant(env->desk, "until", o.until, &until, err);
	if (rc == RC_OK && until != INSTANT_NONE && until <= desk_now(env->desk))
		rc = err_fail(err, RC_USAGE, "--until \"%s\" has passed", o.until);
	if (rc == RC_OK && strcmp(argv[0], "online") == 0 &&
	    (until != INSTANT_NONE || o.release))
		rc = err_fail(err, RC_USAGE, "--until and --release are for absences");
	if (rc == RC_OK && argc == 1 && env->desk->actor.kind != ACTOR_AGENT)
		rc = err_fail(err, RC_USAGE, "whose status? name an agent, or say --as");
	if (rc == RC_OK && argc == 1)
		agents[n++] = env->desk->actor.agent;
	for (int i = 1; rc == RC_OK && i < argc; i++)
		rc = find(env, argv[i], &agents[n++], err);
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = may(env, agents[i], err);
	if (rc == RC_OK)
		rc = status_of(env, agents, n, argv[0], until, err);
	if (rc != RC_OK || o.dry_run)
		return rc;
	if (env->out->format == OUT_HUMAN || env->out->format == OUT_TSV)
		out_table(env->out, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; rc == RC_OK && i < n; i++)
		rc = print(env, agents[i], err);
	if (env->out->format == OUT_HUMAN || env->out->format == OUT_TSV)
		out_table_end(env->out);
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	static const char *const verbs[] = {"list", "status", NULL};
	int verb = argc > 0 ? word_index(verbs, argv[0]) : 0;

	if (verb < 0)
		return err_fail(err, RC_USAGE, "\"%s\": no such word%s", argv[0],
		    text_hint(env->ctx, argv[0], verbs));
	if (argc > 0)
		argc--, argv++;
	return verb == 0 ? list(env, argc, argv, err) : set_status(env, argc, argv, err);
}

static const struct cmd cmd = {
    .name = "tkt-agent",
    .summary = "say who is there; list agents, their load and skills",
    .args = "[list [agent ...]] | status online|away|offline [agent ...]",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
