/* tkt-doctor: is this desk well? A line a question, and an exit status for monitoring. */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/text.h"
#include "channel/ingest.h"
#include "desk/cmd.h"
#include "ticket/ticket.h"

static const struct opt opts[] = {
    OPTS_COMMON,
    OPTS_END,
};

#define MINUTE (60 * (int64_t)1000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define MEGABYTE ((int64_t)1000 * 1000)

enum state { STATE_OK, STATE_WARNING, STATE_FAILED };
static const char *const state_names[] = {"ok", "warning", "failed"};

struct visit {
	struct cmd_env *env;
	enum state worst;
	const char *check;
};

static void PRINTF(3, 4) say(struct visit *v, enum state s, const char *fmt, ...)
{
	static const enum out_color colors[] = {COLOR_GREEN, COLOR_YELLOW, COLOR_RED};
	struct out *out = v->env->out;
	char text[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	v->worst = s > v->worst ? s : v->worst;
	if (out->format == OUT_JSON)
		out_json(out, json_pack("{s:s,s:s,s:s,s:s}", "type", "check", "check",
				  v->check, "state", state_names[s], "text", text));
	else if (out->format != OUT_IDS)
		out_line(out, colors[s], "%-8s %-8s %s", state_names[s], v->check, text);
}

/* Ages, for people: "3m", "5h", "2d". */
static const char *
age(struct visit *v, int64_t at)
{
	return instant_age(v->env->ctx, at, desk_now(v->env->desk));
}

/* ---- the questions ---- */

static void
ask_config(struct visit *v)
{
	const struct config *c = v->env->desk->config;

	if (desk_draft_differs(v->env->desk))
		say(v, STATE_WARNING,
		    "tkt.conf was edited and is not applied (tkt-config diff)");
	else
		say(v, STATE_OK, "version %lld runs, and tkt.conf is that",
		    (long long)c->version);
}

/* The whole way but the last step: read, decide, and who would get it. */
static void
ask_mail_of(struct visit *v, const struct mailbox *m)
{
	struct cmd_env *env = v->env;
	void *ctx = talloc_new(env->ctx);
	struct ingester *ing = NULL;
	struct ingest_want want = {.mailbox = m->name, .explain = true};
	struct err err;
	char *mail = talloc_asprintf(ctx,
	    "From: probe@invalid.example\r\nTo: %s\r\nSubject: probe\r\n"
	    "Message-ID: <probe.%lld@invalid.example>\r\n\r\nprobe\r\n",
	    m->address, (long long)desk_now(env->desk));
	enum rc rc = ingester_new(ctx, env->desk, &ing, &err);

	if (rc == RC_OK)
		rc = ingester_add(ing, &want, mail, strlen(mail), strlen(mail), &err);
	if (rc != RC_OK)
		say(v, STATE_FAILED, "a mail to %s would not be taken: %s", m->address,
		    err.text);
	talloc_free(ctx);
}

SQL(sql_doctor_last_mail,
    "SELECT e.at FROM message m JOIN event e ON e.id = m.id WHERE m.channel = 'email' "
    "AND m.direction = 'in' ORDER BY m.id DESC LIMIT 1 /* scan */");
SQL(sql_doctor_held,
    "SELECT count(*), min(at) FROM mail_id WHERE outcome = 'quarantined'");

static enum rc
one_row(struct visit *v, const char *sql, int64_t *a, int64_t *b, struct err *err)
{
	struct stmt *st;
	enum rc rc = store_prepare(v->env->desk->store, sql, &st, err);

	*a = 0;
	if (b != NULL)
		*b = 0;
	if (rc != RC_OK)
		return rc;
	rc = stmt_step(st, err);
	if (rc == RC_OK) {
		*a = col_int(st, 0);
		if (b != NULL)
			*b = col_int(st, 1);
	}
	stmt_done(st);
	return rc == RC_NONE ? RC_OK : rc;
}

static enum rc
ask_mail(struct visit *v, struct err *err)
{
	const struct config *c = v->env->desk->config;
	int64_t last = 0, held = 0, oldest = 0;
	enum state before = v->worst;
	enum rc rc = one_row(v, sql_doctor_last_mail, &last, NULL, err);

	if (rc == RC_OK)
		rc = one_row(v, sql_doctor_held, &held, &oldest, err);
	if (rc != RC_OK)
		return rc;
	if (c->nmailboxes == 0) {
		say(v, STATE_WARNING, "no mailbox: no mail is taken");
		return RC_OK;
	}
	v->worst = STATE_OK;
	for (size_t i = 0; i < c->nmailboxes; i++)
		ask_mail_of(v, &c->mailboxes[i]);
	if (v->worst == STATE_OK && last == INSTANT_NONE)
		say(v, STATE_OK, "%zu mailboxes would take a mail; none came yet",
		    c->nmailboxes);
	else if (v->worst == STATE_OK)
		say(v, STATE_OK, "%zu mailboxes would take a mail; the last came %s ago",
		    c->nmailboxes, age(v, last));
	if (held > 0 && desk_now(v->env->desk) - oldest > 7 * DAY)
		say(v, STATE_WARNING,
		    "%lld mails wait in the quarantine, the oldest for %s",
		    (long long)held, age(v, oldest));
	v->worst = before > v->worst ? before : v->worst;
	return RC_OK;
}

static enum rc
ask_tick(struct visit *v, struct err *err)
{
	struct cmd_env *env = v->env;
	char *text = NULL;
	int64_t at = 0;
	enum rc rc = store_meta_get(env->desk->store, env->ctx, "tick", &text, err);

	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	if (rc == RC_NONE || !text_number(text, &at))
		say(v, STATE_WARNING, "tkt-tick never ran (share/recipes/crontab)");
	else if (desk_now(env->desk) - at > HOUR)
		say(v, STATE_FAILED, "tkt-tick ran %s ago", age(v, at));
	else if (desk_now(env->desk) - at > 5 * MINUTE)
		say(v, STATE_WARNING, "tkt-tick ran %s ago", age(v, at));
	else
		say(v, STATE_OK, "tkt-tick ran %s ago", age(v, at));
	return RC_OK;
}

SQL(sql_doctor_outbox,
    "SELECT count(*), min(due_at) FROM delivery WHERE state < 2 /* scan */");
SQL(sql_doctor_failed,
    "SELECT count(*) FROM delivery d JOIN event e ON e.id = d.event "
    "WHERE d.state = 4 AND e.id > (SELECT max(id) - 10000 FROM event)");

static enum rc
ask_outbox(struct visit *v, struct err *err)
{
	int64_t n = 0, oldest = 0, failed = 0;
	enum rc rc = one_row(v, sql_doctor_outbox, &n, &oldest, err);

	if (rc == RC_OK)
		rc = one_row(v, sql_doctor_failed, &failed, NULL, err);
	if (rc != RC_OK)
		return rc;
	if (n > 0 && desk_now(v->env->desk) - oldest > HOUR)
		say(v, STATE_WARNING, "%lld deliveries wait, the oldest for %s",
		    (long long)n, age(v, oldest));
	else if (failed > 0)
		say(v, STATE_WARNING, "%lld of the last deliveries failed",
		    (long long)failed);
	else
		say(v, STATE_OK, "%lld deliveries wait", (long long)n);
	return RC_OK;
}

static enum rc
ask_backup(struct visit *v, struct err *err)
{
	struct cmd_env *env = v->env;
	char *text = NULL;
	int64_t at = 0;
	enum rc rc = store_meta_get(env->desk->store, env->ctx, "backup", &text, err);

	if (rc != RC_OK && rc != RC_NONE)
		return rc;
	if (rc == RC_OK)
		text[strcspn(text, ":")] = '\0';
	if (rc == RC_NONE || !text_number(text, &at))
		say(v, STATE_WARNING, "no backup was ever made (tkt-backup)");
	else
		say(v,
		    desk_now(env->desk) - at > 7 * DAY	 ? STATE_FAILED
		    : desk_now(env->desk) - at > 2 * DAY ? STATE_WARNING
							 : STATE_OK,
		    "the last backup is %s old", age(v, at));
	return RC_OK;
}

/* Where tkt-fsck was last, that event must still be; how much came since, it says. */
static enum rc
ask_chain(struct visit *v, struct err *err)
{
	struct store *s = v->env->desk->store;
	unsigned char want[BLOB_HASH], have[BLOB_HASH];
	struct chain end;
	char *text = NULL, *colon;
	int64_t id = 0;
	enum rc rc = chain_end(s, &end, err);

	if (rc == RC_OK)
		rc = store_meta_get(s, v->env->ctx, "verified", &text, err);
	if (rc == RC_NONE) {
		say(v, STATE_WARNING, "tkt-fsck never ran; %lld events",
		    (long long)end.id);
		return RC_OK;
	}
	if (rc != RC_OK)
		return rc;
	colon = strchr(text, ':');
	if (colon != NULL)
		*colon = '\0';
	if (colon == NULL || !text_number(text, &id) ||
	    !text_unhex(colon + 1, want, BLOB_HASH) ||
	    event_hash(s, id, have, err) != RC_OK || memcmp(want, have, BLOB_HASH) != 0)
		say(v, STATE_FAILED,
		    "the log is not the one tkt-fsck verified: it was cut or written "
		    "anew");
	else
		say(v, STATE_OK, "%lld events, %lld of them since tkt-fsck last ran",
		    (long long)end.id, (long long)(end.id - id));
	return RC_OK;
}

static enum rc
ask_disk(struct visit *v, struct err *err)
{
	struct statvfs fs;
	int64_t free_bytes, percent;

	if (statvfs(v->env->desk->dir, &fs) != 0)
		return err_errno(err, "%s", v->env->desk->dir);
	free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	percent = fs.f_blocks ? (int64_t)(fs.f_bavail * 100 / fs.f_blocks) : 100;
	say(v,
	    free_bytes < 100 * MEGABYTE			   ? STATE_FAILED
	    : free_bytes < 1000 * MEGABYTE || percent < 10 ? STATE_WARNING
							   : STATE_OK,
	    "%lld MB free, %lld %%", (long long)(free_bytes / MEGABYTE),
	    (long long)percent);
	return RC_OK;
}

/* The writer's turn can be had, and something written. */
static enum rc
ask_write(struct visit *v, struct err *err)
{
	struct store *s = v->env->desk->store;
	struct err why;
	enum rc rc = store_write(s, &why);

	(void)err;
	if (rc == RC_OK)
		rc = store_meta_set(s, "doctor", "was here", &why);
	store_rollback(s);
	if (rc == RC_OK)
		say(v, STATE_OK, "the store can be written");
	else
		say(v, STATE_FAILED, "the store cannot be written: %s", why.text);
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	static const struct {
		const char *name;
		enum rc (*ask)(struct visit *v, struct err *err);
	} questions[] = {{"mail", ask_mail}, {"tick", ask_tick}, {"outbox", ask_outbox},
	    {"backup", ask_backup}, {"chain", ask_chain}, {"disk", ask_disk},
	    {"write", ask_write}};
	struct visit v = {.env = env, .check = "config"};
	enum rc rc;

	if (argc > 0)
		return err_fail(
		    err, RC_USAGE, "\"%s\": tkt-doctor takes options only", argv[0]);
	rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc != RC_OK)
		return rc;
	ask_config(&v);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		struct err why = {0};

		v.check = questions[i].name;
		if (questions[i].ask(&v, &why) != RC_OK)
			say(&v, STATE_FAILED, "cannot be told: %s", why.text);
	}
	return v.worst == STATE_FAILED	  ? RC_NONE
	       : v.worst == STATE_WARNING ? RC_WARN
					  : RC_OK;
}

static const struct cmd cmd = {
    .name = "tkt-doctor",
    .summary = "say whether a desk is well, for monitoring",
    .args = "",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
