/* Trying a channel program, rule by rule. */
#include "chat/conform.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/record.h"
#include "base/text.h"
#include "chat/exec.h"

enum { HELLO_MS = 10000, ANSWER_MS = 10000, LISTEN_MS = 1000, END_MS = 3000 };

struct trial {
	struct cmd_env *env;
	const char *const *argv;
	void *ctx; /* of the run that goes on */
	struct program *p;
	bool broken;
	char *heard; /* the id of a message that was not acknowledged, or NULL */
	bool again;  /* it came again */
	char wrong[ERR_TEXT_MAX + 16]; /* what was wrong with a line, "" for nothing */
};

static void
verdict(struct trial *t, const char *check, const char *state, const char *text)
{
	struct out *out = t->env->out;

	if (strcmp(state, "failed") == 0)
		t->broken = true;
	if (out->format == OUT_JSON)
		out_json(out, json_pack("{s:s,s:s,s:s,s:s}", "type", "check", "check",
				  check, "state", state, "text", text));
	else
		out_line(out,
		    strcmp(state, "ok") == 0	    ? COLOR_NONE
		    : strcmp(state, "warning") == 0 ? COLOR_YELLOW
						    : COLOR_RED,
		    "%-10s %-8s %s", check, state, text);
	fflush(out->to);
}

/* A message: is it one, and did it come before? It is never acknowledged. */
static void
message(struct trial *t, json_t *o)
{
	struct heard h;
	struct err bad;

	if (exec_heard(t->ctx, o, "trial", ".", &h, &bad) != RC_OK) {
		snprintf(t->wrong, sizeof(t->wrong), "message: %s", bad.text);
		return;
	}
	if (t->heard == NULL)
		t->heard = talloc_strdup(t->env->ctx, h.id);
	else if (strcmp(t->heard, h.id) == 0)
		t->again = true;
}

/* Listens until a line of this type (and id) comes, or the time is up; *o a new reference
 * or NULL. NULL type: only listens. */
static void
listen(struct trial *t, const char *type, const char *id, int64_t ms, json_t **o)
{
	int64_t until = now_ms() + ms;
	struct err err;
	bool gone = false;

	*o = NULL;
	while (!gone && now_ms() < until) {
		struct pollfd v[2];
		int64_t left = until - now_ms();

		(void)poll(
		    v, (nfds_t)program_wait(t->p, v), left < 100 ? (int)left : 100);
		gone = program_step(t->p, &err) != RC_OK;
		for (;;) {
			const char *said, *its;
			json_t *line = NULL;

			if (program_next(t->p, &line, &err) != RC_OK) {
				snprintf(t->wrong, sizeof(t->wrong), "%s", err.text);
				continue;
			}
			if (line == NULL)
				break;
			said = json_string_value(json_object_get(line, "type"));
			its = json_string_value(json_object_get(line, "id"));
			if (said == NULL)
				snprintf(
				    t->wrong, sizeof(t->wrong), "a line without a type");
			else if (strcmp(said, "message") == 0)
				message(t, line);
			if (said != NULL && type != NULL &&
			    (strcmp(said, type) == 0 ||
				(strcmp(type, "delivered") == 0 &&
				    strcmp(said, "failed") == 0)) &&
			    (id == NULL || (its != NULL && strcmp(id, its) == 0))) {
				*o = line;
				return;
			}
			json_decref(line);
		}
	}
}

static bool
say(struct trial *t, json_t *o)
{
	struct err err;

	return program_say(t->p, o, &err) == RC_OK;
}

static enum rc
begin(struct trial *t, bool *greeted, struct err *err)
{
	json_t *o = NULL;
	enum rc rc;

	t->ctx = talloc_new(t->env->ctx);
	rc = program_start(t->ctx, t->argv, NULL, "trial", &t->p, err);
	if (rc != RC_OK)
		return rc;
	listen(t, "hello", NULL, HELLO_MS, &o);
	*greeted = o != NULL && json_is_string(json_object_get(o, "name")) &&
		   json_is_string(json_object_get(o, "version"));
	json_decref(o);
	return RC_OK;
}

static bool
pong(struct trial *t)
{
	json_t *o = NULL;
	bool yes = say(t, json_pack("{s:s}", "type", "ping"));

	if (yes)
		listen(t, "pong", NULL, ANSWER_MS, &o);
	json_decref(o);
	return o != NULL;
}

static bool
send_line(struct trial *t, bool again)
{
	json_t *o = NULL;

	if (!say(t, json_pack("{s:s,s:s,s:s,s:s,s:s,s:b,s:[]}", "type", "send", "id",
			"1.1", "conversation", "tkt-conformance", "name", "Trial", "text",
			"A line with \"quotes\", \\ and\nan end.", "again", again,
			"attachments")))
		return false;
	listen(t, "delivered", "1.1", ANSWER_MS, &o);
	json_decref(o);
	return o != NULL;
}

static bool
ends(struct trial *t)
{
	int64_t until = now_ms() + END_MS;
	int how = 0;
	pid_t done;

	close(t->p->in);
	t->p->in = -1;
	while ((done = waitpid(t->p->pid, &how, WNOHANG)) == 0 && now_ms() < until) {
		char block[4096];

		(void)!read(t->p->out, block, sizeof(block));
		usleep(10000);
	}
	if (done == t->p->pid)
		t->p->pid = 0;
	return done > 0 && WIFEXITED(how) && WEXITSTATUS(how) == 0;
}

static void
check(struct trial *t, const char *name, bool good, const char *yes, const char *no)
{
	verdict(t, name, good ? "ok" : "failed", good ? yes : no);
}

enum rc
conform(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct trial t = {.env = env};
	const char **run = NULL;
	size_t n = 0;
	json_t *none = NULL;
	bool greeted = false;
	enum rc rc;

	for (int i = 0; i < argc; i++)
		text_push(env->ctx, &run, &n, argv[i]);
	if (argc == 0)
		return err_fail(err, RC_USAGE, "test which program?");
	t.argv = (const char *const *)run;
	signal(SIGPIPE, SIG_IGN);
	rc = begin(&t, &greeted, err);
	if (rc != RC_OK)
		return rc;
	check(&t, "hello", greeted, "it says who it is",
	    "no hello with name and version within ten seconds");
	if (greeted) {
		check(&t, "ping", pong(&t), "it answers", "no pong within ten seconds");
		check(&t, "send", send_line(&t, false), "answered with its id",
		    "neither delivered nor failed with the id of what was sent");
		check(&t, "again", send_line(&t, true),
		    "the same id once more is answered, too",
		    "what is sent again, with the same id, is not answered");
		(void)say(
		    &t, json_pack("{s:s,s:s}", "type", "word-of-tomorrow", "id", "x"));
		(void)say(&t, json_pack("{s:s,s:s,s:s}", "type", "ack", "id",
				  "never-said", "outcome", "duplicate"));
		check(&t, "unknown", pong(&t), "it passes over what it does not know",
		    "after words and ids it does not know it does not answer");
		listen(&t, NULL, NULL, LISTEN_MS, &none);
		/* As a crash would end it: what was not acknowledged must come again. */
		kill(-t.p->pid, SIGKILL);
		talloc_free(t.ctx);
		rc = begin(&t, &greeted, err);
	}
	if (rc == RC_OK && t.heard != NULL && !t.again)
		listen(&t, NULL, NULL, ANSWER_MS, &none);
	if (t.heard == NULL)
		verdict(&t, "resume", "warning",
		    "it said nothing: what comes again after a crash could not be tried");
	else
		check(&t, "resume", t.again,
		    "what was not acknowledged comes again after a crash",
		    "a message that was not acknowledged did not come again");
	if (rc == RC_OK)
		check(&t, "end", ends(&t), "it ends with 0 when its input does",
		    "it does not end with 0 within three seconds of its input's end");
	check(&t, "lines", *t.wrong == '\0', "each line is a record of the protocol",
	    t.wrong);
	talloc_free(t.ctx);
	if (rc == RC_OK && t.broken)
		return err_fail(err, RC_NONE, "%s does not keep the protocol", argv[0]);
	return rc;
}
