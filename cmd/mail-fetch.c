/* mail-fetch: fetches mail by IMAP or POP3 and files it. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/text.h"
#include "channel/fetch.h"
#include "desk/cmd.h"

static const struct opt opts[] = {
    OPTS_COMMON,
    OPTS_END,
};

static void
print(void *arg, const struct ingest *i)
{
	struct cmd_env *env = arg;

	if (env->out->format == OUT_JSON)
		out_json(env->out, ingest_to_json(i));
	else if (env->out->format == OUT_IDS && i->ticket != 0)
		out_id(env->out, i->ticket);
	else if (env->out->format != OUT_IDS && i->ticket != 0)
		out_line(env->out, COLOR_NONE, "%s: ticket %lld, message %lld (%s)",
		    i->outcome, (long long)i->ticket, (long long)i->message, i->rule);
	else if (env->out->format != OUT_IDS)
		out_line(env->out, COLOR_NONE, "%s (%s)%s%s", i->outcome, i->rule,
		    i->reason ? ": " : "", i->reason ? i->reason : "");
}

static const struct fetch *
find(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->nfetches; i++) {
		if (strcmp(c->fetches[i].name, name) == 0)
			return &c->fetches[i];
	}
	return NULL;
}

static enum rc
unknown(struct cmd_env *env, const char *name, struct err *err)
{
	const struct config *c = env->desk->config;
	const char **names = NULL;
	size_t n = 0;

	for (size_t i = 0; i < c->nfetches; i++)
		text_push(env->ctx, &names, &n, c->fetches[i].name);
	return err_fail(err, RC_NOTFOUND, "fetch \"%s\": tkt.conf has no such block%s",
	    name, n > 0 ? text_hint(env->ctx, name, names) : "");
}

/* One server that is away keeps no other from being asked. */
static enum rc
one(struct cmd_env *env, const struct fetch *f, struct err *down, struct err *err)
{
	struct fetched done = {0};
	enum rc rc = fetch_all(env->desk, f, &done, print, env, err);

	if (done.mails > 0)
		cmd_note(env, "%s: %lld mails, %lld of them known, %lld quarantined",
		    f->name, (long long)done.mails, (long long)done.duplicates,
		    (long long)done.quarantined);
	if (rc != RC_NET)
		return rc;
	if (*down->text != '\0')
		cmd_error(env, "%s", down->text);
	*down = *err;
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	const struct config *c = env->desk->config;
	struct err down = {0};
	enum rc rc = actor_need(&env->desk->actor, "desk.config", err);

	if (rc == RC_OK && c->nfetches == 0)
		rc = err_fail(err, RC_CONFIG, "tkt.conf has no block fetch");
	for (int i = 0; rc == RC_OK && i < argc; i++) {
		if (find(c, argv[i]) == NULL)
			rc = unknown(env, argv[i], err);
	}
	for (int i = 0; rc == RC_OK && i < argc; i++)
		rc = one(env, find(c, argv[i]), &down, err);
	for (size_t i = 0; rc == RC_OK && argc == 0 && i < c->nfetches; i++)
		rc = one(env, &c->fetches[i], &down, err);
	if (rc != RC_OK || *down.text == '\0')
		return rc;
	*err = down;
	return RC_NET;
}

static const struct cmd cmd = {
    .name = "mail-fetch",
    .summary = "fetch mail by IMAP or POP3 and file it",
    .args = "[name ...]",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
