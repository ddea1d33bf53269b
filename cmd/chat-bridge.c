/* chat-bridge: one process between a chat channel and the desk. */
#include <signal.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/text.h"
#include "chat/bridge.h"
#include "chat/conform.h"

static struct {
	const char *name;
} o;

static const struct opt opts[] = {
    {"name", 0, OPT_TEXT, "name", "the bridge's name, instead of the program's", &o.name,
	NULL},
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

static const struct channel *const channels[] = {
    &channel_irc, &channel_matrix, &channel_matterbridge, &channel_xmpp, NULL};

/* The name of a program without folders and ending, as a bridge may be called. */
static const char *
program_name(void *ctx, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = talloc_strdup(ctx, slash ? slash + 1 : path);

	name[strcspn(name, ".")] = '\0';
	return text_lower(name);
}

static enum rc
bridge_of(const struct config *c, const char *type, const char *given, const char **name,
    struct err *err)
{
	size_t n = 0;

	*name = given;
	for (size_t i = 0; given == NULL && i < c->nbridges; i++) {
		if (strcmp(c->bridges[i].type, type) != 0)
			continue;
		*name = c->bridges[i].name;
		n++;
	}
	if (given != NULL || n == 1)
		return RC_OK;
	return n == 0
		   ? err_fail(err, RC_CONFIG, "tkt.conf has no bridge of type %s", type)
		   : err_fail(err, RC_USAGE,
			 "tkt.conf has several bridges of type %s: which one?", type);
}

static enum rc
stay(struct bridge_want *w, struct err *err)
{
	struct sigaction act = {.sa_handler = on_signal};

	w->stop = &stopped;
	sigemptyset(&act.sa_mask);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	return bridge_run(w, err);
}

/* Is this the name of a bridge that says itself what to run? */
static bool
is_bridge(const struct config *c, const char *name)
{
	const struct bridge *b = config_bridge(c, name);

	return b != NULL && strcmp(b->type, "exec") == 0;
}

/* exec: a program on the line, or the bridge of that name. */
static enum rc
exec(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	const struct config *c = env->desk->config;
	struct bridge_want w = {.env = env, .channel = &channel_exec, .name = o.name};
	const char **run = NULL;
	size_t n = 0;
	enum rc rc;

	if (argc == 0 || (argc == 1 && is_bridge(c, argv[0]))) {
		rc = bridge_of(c, "exec", argc == 1 ? argv[0] : o.name, &w.name, err);
		if (rc == RC_OK && !is_bridge(c, w.name))
			rc = err_fail(
			    err, RC_CONFIG, "bridge \"%s\": tkt.conf has none", w.name);
		return rc == RC_OK ? stay(&w, err) : rc;
	}
	for (int i = 0; i < argc; i++)
		text_push(env->ctx, &run, &n, argv[i]);
	w.run = run;
	if (w.name == NULL)
		w.name = program_name(env->ctx, argv[0]);
	if (!text_is_name(w.name, NAME_MAX_BYTES))
		return err_fail(err, RC_USAGE,
		    "\"%s\" can be no bridge's name: give it one by --name", w.name);
	return stay(&w, err);
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct desk_want want = {.dir = env->desk_dir, .as = env->as, .write = true};
	struct bridge_want w = {.env = env};
	const char *types[] = {
	    "irc", "xmpp", "matrix", "matterbridge", "exec", "test", NULL};
	enum rc rc;

	if (argc > 0 && strcmp(argv[0], "test") == 0)
		return conform(env, argc - 1, argv + 1, err);
	rc = desk_open(env->ctx, &want, &env->desk, err);
	if (rc == RC_OK)
		rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc != RC_OK)
		return rc;
	if (argc == 0)
		return err_fail(err, RC_USAGE,
		    "which channel? irc, xmpp, matrix, matterbridge, exec or test");
	if (strcmp(argv[0], "exec") == 0)
		return exec(env, argc - 1, argv + 1, err);
	for (const struct channel *const *c = channels; *c != NULL; c++) {
		if (strcmp((*c)->type, argv[0]) == 0)
			w.channel = *c;
	}
	if (w.channel == NULL)
		return err_fail(err, RC_USAGE, "channel \"%s\": no such channel%s",
		    argv[0], text_hint(env->ctx, argv[0], types));
	if (argc > 2)
		return err_fail(err, RC_USAGE, "\"%s\": one bridge a process", argv[2]);
	rc = bridge_of(
	    env->desk->config, argv[0], argc == 2 ? argv[1] : o.name, &w.name, err);
	return rc == RC_OK ? stay(&w, err) : rc;
}

static const struct cmd cmd = {
    .name = "chat-bridge",
    .summary = "connect a chat channel to the desk",
    .args =
	"irc|xmpp|matrix|matterbridge [name] | exec [program [arg ...]] | test program "
	"[arg ...]",
    .opts = opts,
    .flags = CMD_NO_DESK,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
