/* kb-feedback: keeps whether an article helped. */
#include <string.h>
#include <talloc.h>

#include "base/text.h"
#include "desk/cmd.h"
#include "kb/feedback.h"
#include "ticket/ticket.h"

static struct {
	const char *language, *rev, *message;
	int64_t ticket;
} o;

static const struct opt opts[] = {
    {"message", 'm', OPT_TEXT, "text", "what the reader says", &o.message, NULL},
    {"ticket", 0, OPT_NUM, "id", "it came up in this ticket", &o.ticket, NULL},
    {"language", 'l', OPT_TEXT, "tag", "of this language", &o.language, NULL},
    {"rev", 0, OPT_TEXT, "revision", "the version that was read (default: the present)",
	&o.rev, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static enum rc
check_ticket(struct cmd_env *env, struct err *err)
{
	struct ticket *t = NULL;
	enum rc rc =
	    o.ticket ? ticket_get(env->desk->store, env->ctx, o.ticket, &t, err) : RC_OK;

	return t != NULL ? actor_need_queue(&env->desk->actor, t->queue, err) : rc;
}

/* The commit that changed the article last, as seen from the one that was named. */
static enum rc
first(void *arg, const struct repo_commit *c, const char *path, struct err *err)
{
	(void)path;
	(void)err;
	memcpy(arg, c->id, REPO_ID);
	return RC_NONE;
}

static enum rc
find_revision(
    struct cmd_env *env, const struct kb_article *a, char id[REPO_ID], struct err *err)
{
	struct kb_version v = {0};
	enum rc rc = kb_version(env->ctx, env->desk, a, o.rev, &v, err);

	memcpy(id, v.commit, REPO_ID);
	return rc == RC_OK ? repo_log(v.repo, v.commit, v.path, first, id, err) : rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	static const char *const words[] = {"yes", "no", NULL};
	struct kb_article a;
	struct vote v = {.ticket = o.ticket};
	char revision[REPO_ID];
	const char *comment = o.message ? o.message : "";
	enum rc rc;

	if (argc != 2 || word_index(words, argv[1]) < 0)
		return err_fail(err, RC_USAGE,
		    "say which article, and yes or no: kb-feedback ID yes");
	rc = kb_find(env->desk, env->ctx, argv[0], o.language, &a, err);
	if (rc == RC_OK)
		rc = kb_may_see(env->desk, &a, err);
	if (rc == RC_OK)
		rc = check_ticket(env, err);
	if (rc == RC_OK && o.rev != NULL)
		rc = find_revision(env, &a, revision, err);
	if (rc != RC_OK)
		return rc;
	v.article = a.id;
	v.language = a.language;
	v.revision = o.rev ? revision : a.revision;
	v.helpful = strcmp(argv[1], "yes") == 0;
	v.comment =
	    text_clean(env->ctx, comment, strlen(comment), TEXT_BLOCK, COMMENT_MAX);
	rc = vote_add(env->desk, &v, err);
	if (rc == RC_OK && env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:s,s:s,s:s,s:b,s:s,s:o}", "type", "vote", "article",
			v.article, "language", v.language, "revision", v.revision,
			"helpful", v.helpful, "comment", v.comment, "ticket",
			v.ticket ? json_integer(v.ticket) : json_null()));
	return rc;
}

static const struct cmd cmd = {
    .name = "kb-feedback",
    .summary = "keep whether an article helped",
    .args = "id yes|no",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
