/* chat-bot: tries and tests the bots of tkt.conf, and shows what they hold. */
#include <string.h>

#include "base/text.h"
#include "chat/bot_trial.h"

static struct {
	const char *conf, *bot;
} o;

static const struct opt opts[] = {
    {"bot", 0, OPT_TEXT, "name", "this bot, where there are several", &o.bot, NULL},
    {"conf", 0, OPT_TEXT, "file", "talk, test: by this tkt.conf", &o.conf, "@file"},
    OPTS_COMMON,
    OPTS_END,
};

static enum rc
list(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	enum rc rc = actor_need(&env->desk->actor, "ticket.read", err);

	if (argc > 0)
		return err_fail(err, RC_USAGE, "\"%s\": list needs no word", argv[0]);
	return rc == RC_OK ? bot_do_list(env, err) : rc;
}

static enum rc
talk(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	if (argc > 0)
		return err_fail(err, RC_USAGE,
		    "\"%s\": lines come from standard input; --bot names the bot",
		    argv[0]);
	return bot_do_talk(env, o.conf, o.bot, err);
}

static enum rc
test(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	return bot_do_test(env, o.conf, o.bot, argc, argv, err);
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	static const struct {
		const char *name;
		enum rc (*run)(struct cmd_env *, int, char **, struct err *);
	} verbs[] = {{"list", list}, {"talk", talk}, {"test", test}};
	static const char *const names[] = {"list", "talk", "test", NULL};
	struct desk_want want = {.dir = env->desk_dir, .as = env->as};
	int verb = argc > 0 ? word_index(names, argv[0]) : -1;
	enum rc rc = RC_OK;

	if (argc == 0)
		return err_fail(err, RC_USAGE, "what? talk, test FILE ..., list");
	if (verb < 0)
		return err_fail(err, RC_USAGE, "\"%s\": no such word%s", argv[0],
		    text_hint(env->ctx, argv[0], names));
	if (env->format != NULL && strcmp(argv[0], "test") != 0)
		return err_fail(err, RC_USAGE, "-o tap is for test");
	/* Bots are tested where there is no desk, too. */
	if (strcmp(argv[0], "list") == 0 || o.conf == NULL)
		rc = desk_open(env->ctx, &want, &env->desk, err);
	return rc == RC_OK ? verbs[verb].run(env, argc - 1, argv + 1, err) : rc;
}

static const char *const formats[] = {"tap", NULL};

static const struct cmd cmd = {
    .name = "chat-bot",
    .summary = "try and test the robots that answer chats first",
    .args = "talk | test file ... | list",
    .opts = opts,
    .flags = CMD_NO_DESK,
    .formats = formats,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
