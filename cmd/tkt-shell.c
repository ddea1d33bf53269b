/* tkt-shell: lets somebody who is not the owner run tkt programs as an agent: as forced
 * command of sshd (command="tkt-shell alice") or by sudo. No shell is involved. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/text.h"
#include "desk/cmd.h"

static const struct opt opts[] = {OPTS_COMMON, OPTS_END};

enum { WORDS_MAX = 1000, LINE_MAX_BYTES = 65536 };

/* What an agent works with. Programs that administer the desk are not among them. */
static const char *const allowed[] = {"tkt-list", "tkt-show", "tkt-new", "tkt-reply",
    "tkt-set", "tkt-take", "tkt-link", "tkt-merge", "tkt-split", "tkt-snooze", "tkt-time",
    "tkt-undo", "tkt-route", "tkt-rule", "tkt-agent", "tkt-log", "tkt-stats", "tkt-sla",
    "cust-show", "cust-set", "cust-merge", "mail-quarantine", "mail-queue", "kb-new",
    "kb-publish", "kb-search", "kb-show", "kb-log", "kb-diff", "kb-feedback", "kb-stats",
    NULL};

/* The words of $SSH_ORIGINAL_COMMAND. */
static enum rc
split(void *ctx, const char *s, char **words, size_t *n, struct err *err)
{
	enum rc rc = RC_OK;

	if (strlen(s) > LINE_MAX_BYTES)
		return err_fail(
		    err, RC_USAGE, "the command is longer than %d bytes", LINE_MAX_BYTES);
	for (*n = 0; rc == RC_OK && *n < WORDS_MAX; *n += rc == RC_OK)
		rc = text_word(ctx, &s, &words[*n], err);
	if (rc == RC_OK)
		return err_fail(err, RC_USAGE, "more than %d words", WORDS_MAX);
	words[*n] = NULL;
	return rc == RC_NONE ? RC_OK : rc;
}

/* An environment of known names and values; no editor, no pager, no TKT_* of the caller.
 */
static enum rc
environment(void *ctx, const char *agent, const char *desk, struct err *err)
{
	const char *tz = getenv("TZ"), *columns = getenv("COLUMNS");

	tz = tz ? talloc_strdup(ctx, tz) : NULL;
	columns = columns ? talloc_strdup(ctx, columns) : NULL;
	if (clearenv() != 0 || setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1) != 0 ||
	    setenv("TKT_DESK", desk, 1) != 0 || setenv("TKT_ACTOR", agent, 1) != 0 ||
	    setenv("TKT_BROKER", "tkt-shell", 1) != 0 || setenv("PAGER", "", 1) != 0)
		return err_errno(err, "the environment");
	if (tz != NULL && instant_zone_known(tz))
		setenv("TZ", tz, 1);
	if (columns != NULL)
		setenv("COLUMNS", columns, 1);
	return RC_OK;
}

static enum rc
execute(void *ctx, char **words, struct err *err)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *path;

	if (n <= 0)
		return err_errno(err, "/proc/self/exe");
	self[n] = '\0';
	path = talloc_asprintf(
	    ctx, "%.*s/%s", (int)(strrchr(self, '/') - self), self, words[0]);
	execv(path, words);
	return err_errno(err, "%s", words[0]);
}

/* git push and git fetch: the desk's kb.git and nothing else, by the git binary; its
 * hooks, which check and publish, act as the agent. */
static bool
is_git(const char *word)
{
	return strcmp(word, "git-upload-pack") == 0 ||
	       strcmp(word, "git-receive-pack") == 0;
}

static enum rc
execute_git(struct cmd_env *env, const char *dir, char **words, size_t n, struct err *err)
{
	const char *verb = words[0] + strlen("git-"), *path = n == 2 ? words[1] : "";
	char *repo = talloc_asprintf(env->ctx, "%s/kb.git", dir);

	path += *path == '/';
	if (strcmp(path, "kb.git") != 0 && strcmp(path, repo + 1) != 0)
		return err_fail(err, RC_DENIED,
		    "\"%s\" is not for agents: the repository is kb.git", path);
	execlp("git", "git", verb, repo, (char *)NULL);
	return err_errno(err, "git");
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	const char *line = getenv("SSH_ORIGINAL_COMMAND");
	char **words = talloc_zero_array(env->ctx, char *, WORDS_MAX + 2);
	struct desk_want want = {.dir = env->desk_dir};
	const char *dir;
	size_t n = 0;
	enum rc rc = RC_OK;

	if (argc < 1)
		return err_fail(err, RC_USAGE,
		    "say which agent: tkt-shell AGENT [-- PROGRAM ARG...]");
	want.as = argv[0];
	if (argc > 1) { /* sudo: the words are on our own line */
		for (n = 0; n < (size_t)argc - 1 && n < WORDS_MAX; n++)
			words[n] = argv[n + 1];
	} else if (line != NULL) {
		rc = split(env->ctx, line, words, &n, err);
	}
	if (rc == RC_OK && n == 0)
		rc = err_fail(err, RC_USAGE,
		    "say a program: list, show, new, reply, set, take, merge, undo, "
		    "cust-show");
	if (rc != RC_OK)
		return rc;
	if (strcmp(words[0], "tkt") == 0 && n > 1) {
		words++;
		n--;
	}
	if (word_index(allowed, words[0]) < 0 && !text_starts(words[0], "tkt-") &&
	    !is_git(words[0]))
		words[0] = talloc_asprintf(env->ctx, "tkt-%s", words[0]);
	if (word_index(allowed, words[0]) < 0 && !is_git(words[0]))
		return err_fail(err, RC_DENIED, "\"%s\" is not for agents%s", words[0],
		    text_hint(env->ctx, words[0], allowed));
	/* Opened here once: a wrong agent or owner is said by us, not by every program.
	 * With TKT_BROKER set, desk_open() refuses -D and --as. */
	rc = desk_open(env->ctx, &want, &env->desk, err);
	if (rc == RC_OK && is_git(words[0]))
		rc = actor_need(&env->desk->actor,
		    strcmp(words[0], "git-upload-pack") == 0 ? "kb.read" : "kb.write",
		    err);
	dir = rc == RC_OK ? talloc_strdup(env->ctx, env->desk->dir) : NULL;
	if (rc == RC_OK)
		rc = environment(env->ctx, argv[0], dir, err);
	TALLOC_FREE(env->desk);
	if (rc == RC_OK && is_git(words[0]))
		return execute_git(env, dir, words, n, err);
	return rc == RC_OK ? execute(env->ctx, words, err) : rc;
}

static const struct cmd cmd = {
    .name = "tkt-shell",
    .summary = "run tkt programs for an agent, by ssh or sudo",
    .args = "AGENT [-- PROGRAM [argument ...]]",
    .opts = opts,
    .flags = CMD_NO_DESK,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
