/* Talks with a bot in a trial. */
#include "chat/bot_trial.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "chat/bot.h"
#include "query/query.h"
#include "trial/verbs.h"

#define VIA "exec:trial"
enum { LINE_MAX_BYTES = 65536 };

struct stage {
	struct cmd_env *env;
	struct trial *trial;
	struct desk *kb;
	const struct bot *bot;
	struct talk *talk;
	int64_t told; /* the last event whose words were heard */
	int64_t n;    /* talks so far */
	const char *who;
};

static enum rc
open_stage(struct stage *x, const char *conf, const char *bot, struct err *err)
{
	const struct config *c;
	enum rc rc =
	    trial_new(x->env->ctx, conf, x->env->desk, INSTANT_NONE, &x->trial, err);

	if (rc == RC_OK)
		rc = trial_reset(x->trial, err);
	if (rc != RC_OK)
		return rc;
	c = x->trial->d->config;
	x->kb = x->env->desk ? x->env->desk : x->trial->d;
	if (bot == NULL && c->nbots != 1)
		return err_fail(err, c->nbots == 0 ? RC_CONFIG : RC_USAGE,
		    c->nbots == 0 ? "tkt.conf has no bot"
				  : "tkt.conf has several bots: --bot says which");
	x->bot = bot ? config_bot(c, bot) : &c->bots[0];
	if (x->bot == NULL)
		return err_fail(err, RC_CONFIG, "bot \"%s\": tkt.conf has none", bot);
	return talk_new(x->env->ctx, x->trial->d, VIA, "chat", NULL, &x->talk, err);
}

/* Somebody else, who has said nothing yet. */
static void
begin(struct stage *x)
{
	x->who = talloc_asprintf(x->env->ctx, "visitor-%lld", (long long)++x->n);
}

static enum rc
hear(struct stage *x, void *ctx, const char *text, struct err *err)
{
	struct heard h = {.conversation = x->who,
	    .kind = "chat",
	    .address = x->who,
	    .name = "Ann",
	    .text = text,
	    .ntext = strlen(text),
	    .at = INSTANT_NONE};
	struct filed f;
	enum rc rc = bot_hear(x->talk, ctx, x->kb, x->bot, &h, &f, err);

	/* A person has it: nobody answers here. */
	return rc == RC_NONE ? talk_file(x->talk, ctx, &h, 1, NULL, &f, err) : rc;
}

SQL(sql_trial_words, "SELECT d.event, d.text FROM event e "
		     "CROSS JOIN delivery d ON d.event = e.id "
		     "WHERE e.id > ?1 AND d.kind = 'bot' ORDER BY d.event, d.n");

static enum rc
words(struct stage *x, void *ctx, const char ***v, size_t *n, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(x->trial->d->store, sql_trial_words, &st, err);

	if (rc != RC_OK)
		return rc;
	bind_int(st, 1, x->told);
	while ((rc = stmt_step(st, err)) == RC_OK) {
		x->told = col_int(st, 0);
		text_push(ctx, v, n, col_strdup(ctx, st, 1));
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

/* *t NULL: no person is wanted yet. */
static enum rc
ticket(struct stage *x, void *ctx, struct ticket **t, struct err *err)
{
	struct conversation *c = NULL;
	enum rc rc = conversation_find(x->trial->d->store, ctx, VIA, x->who, &c, err);

	*t = NULL;
	if (rc == RC_OK)
		rc = ticket_get(x->trial->d->store, ctx, c->ticket, t, err);
	return rc == RC_NONE ? RC_OK : rc;
}

/* ---- a file of talks ---- */

struct script {
	struct stage *x;
	const char *file;
	int64_t line;
	void *ctx; /* of this talk */
	struct case_result r;
	const char **said; /* and not asked for yet */
	size_t nsaid, heard;
	struct testing *sum;
};

static void
differ(struct script *s, const char *wanted, const char *got)
{
	s->r.v = mem_grow(s->ctx, s->r.v, struct case_difference, s->r.n + 1);
	s->r.v[s->r.n++] = (struct case_difference){
	    talloc_asprintf(s->ctx, "line %lld", (long long)s->line),
	    record_own(s->ctx, json_string(wanted)),
	    record_own(s->ctx, json_string(got))};
}

/* What it said and nobody asked for is as wrong as what it did not say. */
static void
nothing_left(struct script *s)
{
	while (s->heard < s->nsaid)
		differ(s, "", s->said[s->heard++]);
	s->said = NULL;
	s->heard = s->nsaid = 0;
}

static void
end_case(struct script *s)
{
	if (s->r.name == NULL)
		return;
	nothing_left(s);
	trial_print_case(s->sum, &s->r);
	talloc_free(s->ctx);
	s->ctx = NULL;
	s->r = (struct case_result){0};
}

static void
begin_case(struct script *s, const char *name)
{
	end_case(s);
	s->ctx = talloc_new(s->x->env->ctx);
	s->r.name = *name
			? talloc_strdup(s->ctx, name)
			: talloc_asprintf(s->ctx, "%s:%lld", s->file, (long long)s->line);
	begin(s->x);
}

static void
must_say(struct script *s, const char *glob)
{
	char *flat;

	if (s->heard == s->nsaid) {
		differ(s, glob, "");
		return;
	}
	flat = talloc_strdup(s->ctx, s->said[s->heard++]);
	for (char *p = flat; *p != '\0'; p++) {
		if (*p == '\n')
			*p = ' ';
	}
	if (fnmatch(glob, flat, 0) != 0)
		differ(s, glob, flat);
}

static enum rc
is_like(struct script *s, const struct ticket *t, const char *query, bool *yes,
    struct err *err)
{
	char *words_ = talloc_asprintf(s->ctx, "id:%lld (%s)", (long long)t->id, query);
	struct node *tree = NULL;
	int64_t n = 0;
	enum rc rc = query_user(s->x->trial->d, s->ctx, 1, &words_, NULL, &tree, err);

	if (rc == RC_OK)
		rc = query_count(s->x->trial->d, tree, true, &n, err);
	*yes = n == 1;
	return rc;
}

static enum rc
must_be(struct script *s, const char *query, struct err *err)
{
	struct ticket *t = NULL;
	json_t *o = NULL;
	bool yes = false, none = strcmp(query, "none") == 0;
	enum rc rc = ticket(s->x, s->ctx, &t, err);

	if (rc != RC_OK)
		return rc;
	if (none || t == NULL) {
		if (none != (t == NULL))
			differ(s, query, t ? "a ticket" : "no ticket");
		return RC_OK;
	}
	rc = is_like(s, t, query, &yes, err);
	if (rc == RC_OK && !yes)
		rc = ticket_to_json(s->x->trial->d, t, &o, err);
	if (o != NULL)
		differ(s, query, record_canonical(s->ctx, o));
	json_decref(o);
	return rc;
}

static enum rc
read_line(struct script *s, const char *line, struct err *err)
{
	const char *rest = *line ? line + 1 + strspn(line + 1, " ") : "";

	if (*line == '#') {
		begin_case(s, rest);
		return RC_OK;
	}
	if (*line == '\0')
		return RC_OK;
	if (s->r.name == NULL)
		begin_case(s, "");
	switch (*line) {
	case '>':
		nothing_left(s);
		if (hear(s->x, s->ctx, rest, err) != RC_OK)
			return err->rc;
		return words(s->x, s->ctx, &s->said, &s->nsaid, err);
	case '<':
		must_say(s, rest);
		return RC_OK;
	case '=':
		return must_be(s, rest, err);
	default:
		return err_fail(err, RC_INVALID,
		    "a line begins with # (a talk), > (the customer), < (the bot) or = "
		    "(the ticket)");
	}
}

static enum rc
read_script(struct script *s, FILE *f, struct err *err)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	enum rc rc = RC_OK;

	while (rc == RC_OK && (n = getline(&line, &room, f)) > 0) {
		s->line++;
		if (line[n - 1] == '\n')
			line[--n] = '\0';
		rc = n > LINE_MAX_BYTES
			 ? err_fail(err, RC_INVALID, "a line of more than %d bytes",
			       LINE_MAX_BYTES)
			 : read_line(s, line, err);
	}
	free(line);
	if (rc != RC_OK)
		return err_wrap(err, "%s: line %lld", s->file, (long long)s->line);
	end_case(s);
	return RC_OK;
}

enum rc
bot_do_test(struct cmd_env *env, const char *conf, const char *bot, int argc, char **argv,
    struct err *err)
{
	struct stage x = {.env = env};
	struct testing sum = {.env = env};
	enum rc rc;

	if (argc == 0)
		return err_fail(
		    err, RC_USAGE, "test which talks? chat-bot test FILE ...");
	rc = open_stage(&x, conf, bot, err);
	for (int i = 0; rc == RC_OK && i < argc; i++) {
		struct script s = {.x = &x, .file = argv[i], .sum = &sum};
		FILE *f = strcmp(argv[i], "-") == 0 ? stdin : fopen(argv[i], "re");

		if (f == NULL)
			return err_errno(err, "%s", argv[i]);
		rc = read_script(&s, f, err);
		if (f != stdin)
			fclose(f);
	}
	return rc == RC_OK ? trial_print_sum(&sum, argv[0], err) : rc;
}

/* ---- by hand ---- */

static enum rc
answer(struct stage *x, const char *line, bool *over, struct err *err)
{
	void *ctx = talloc_new(x->env->ctx);
	const char **v = NULL;
	struct ticket *t = NULL;
	size_t n = 0;
	enum rc rc = hear(x, ctx, line, err);

	if (rc == RC_OK)
		rc = words(x, ctx, &v, &n, err);
	for (size_t i = 0; i < n; i++)
		out_line(
		    x->env->out, COLOR_GREEN, "%s", text_safe(ctx, v[i], TEXT_BLOCK));
	if (rc == RC_OK)
		rc = ticket(x, ctx, &t, err);
	*over = t != NULL;
	if (rc == RC_OK && t != NULL) {
		out_line(x->env->out, COLOR_BOLD,
		    "-- a ticket: queue %s, priority %s, \"%s\"", t->queue,
		    priority_names[t->priority], t->subject);
		for (size_t i = 0; i < t->nfields; i++)
			out_line(x->env->out, COLOR_BOLD, "-- %s: %s", t->fields[i].name,
			    t->fields[i].value);
		for (size_t i = 0; i < t->ntags; i++)
			out_line(x->env->out, COLOR_BOLD, "-- tag %s", t->tags[i]);
	}
	fflush(x->env->out->to);
	talloc_free(ctx);
	return rc;
}

enum rc
bot_do_talk(struct cmd_env *env, const char *conf, const char *bot, struct err *err)
{
	struct stage x = {.env = env};
	char *line = NULL;
	size_t room = 0;
	bool over = false;
	enum rc rc = open_stage(&x, conf, bot, err);

	begin(&x);
	while (rc == RC_OK && !over && getline(&line, &room, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		rc = answer(&x, line, &over, err);
	}
	free(line);
	return rc;
}

/* ---- what bots hold ---- */

SQL(sql_bot_talks, "SELECT via, key, kind, address, name, bot, waits, heard_at, state "
		   "FROM bot_talk ORDER BY via, heard_at /* scan */");

static void
print_talk(struct cmd_env *env, struct stmt *st)
{
	json_t *state = json_loads(col_text(st, 8), 0, NULL), *o = json_object();

	if (env->out->format == OUT_JSON) {
		record_set_text(o, "type", "talk");
		record_set_text(o, "via", col_text(st, 0));
		record_set_text(o, "conversation", col_text(st, 1));
		json_object_set_new(o, "address",
		    json_sprintf("%s:%s", col_text(st, 2), col_text(st, 3)));
		record_set_text(o, "name", col_text(st, 4));
		record_set_text(o, "bot", col_text(st, 5));
		json_object_set_new(o, "waits", json_boolean(col_int(st, 6)));
		record_set_instant(o, "heard_at", col_int(st, 7));
		json_object_set(o, "phase", json_object_get(state, "phase"));
		json_object_set(o, "questions", json_object_get(state, "questions"));
		out_json(env->out, json_incref(o));
	} else {
		json_t *q = json_object_get(state, "questions");
		const char *last =
		    json_string_value(json_array_get(q, json_array_size(q) - 1));

		out_line(env->out, col_int(st, 6) ? COLOR_YELLOW : COLOR_NONE,
		    "%s %s %s: %s", col_text(st, 0), col_text(st, 1),
		    json_string_value(json_object_get(state, "phase")), last ? last : "");
	}
	json_decref(o);
	json_decref(state);
}

enum rc
bot_do_list(struct cmd_env *env, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(env->desk->store, sql_bot_talks, &st, err);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(st, err)) == RC_OK)
		print_talk(env, st);
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}
