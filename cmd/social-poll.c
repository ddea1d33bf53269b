/* social-poll: mentions and direct messages become tickets, answers become posts. */
#include <signal.h>
#include <string.h>

#include "base/text.h"
#include "social/social.h"

static struct {
	bool follow;
	const char *since;
} o;

static const struct opt opts[] = {
    {"follow", 0, OPT_FLAG, NULL, "stay, and look again every minute or so", &o.follow,
	NULL},
    {"since", 0, OPT_TEXT, "time", "at the first look: what was said from then on",
	&o.since, NULL},
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
    &channel_mastodon, &channel_bluesky, &channel_rss, NULL};

/* The networks that are polled, of that type when it is given; a name picks one. */
static enum rc
pick(struct cmd_env *env, int argc, char **argv, const struct bridge **out,
    struct err *err)
{
	static const char *const types[] = {"mastodon", "bluesky", "rss", NULL};
	const struct config *c = env->desk->config;
	size_t n = 0;

	if (argc == 0)
		return err_fail(err, RC_USAGE, "which network? mastodon, bluesky or rss");
	if (word_index(types, argv[0]) < 0)
		return err_fail(err, RC_USAGE, "network \"%s\": no such network%s",
		    argv[0], text_hint(env->ctx, argv[0], types));
	if (argc > 2)
		return err_fail(err, RC_USAGE, "\"%s\": one bridge a process", argv[2]);
	for (size_t i = 0; i < c->nbridges; i++) {
		if (strcmp(c->bridges[i].type, argv[0]) != 0 ||
		    (argc == 2 && strcmp(c->bridges[i].name, argv[1]) != 0))
			continue;
		*out = &c->bridges[i];
		n++;
	}
	if (n == 0)
		return argc == 2 ? err_fail(err, RC_CONFIG,
				       "bridge \"%s\": tkt.conf has none of type %s",
				       argv[1], argv[0])
				 : err_fail(err, RC_CONFIG,
				       "tkt.conf has no bridge of type %s", argv[0]);
	return n == 1
		   ? RC_OK
		   : err_fail(err, RC_USAGE,
			 "tkt.conf has several bridges of type %s: which one?", argv[0]);
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct sigaction act = {.sa_handler = on_signal};
	struct bridge_want w = {
	    .env = env, .medium = "social", .stop = &stopped, .once = !o.follow};
	const struct bridge *b = NULL;
	enum rc rc = actor_need(&env->desk->actor, "desk.config", err);

	if (rc == RC_OK)
		rc = pick(env, argc, argv, &b, err);
	if (rc == RC_OK && o.since != NULL)
		rc = desk_instant(env->desk, "since", o.since, &w.since, err);
	if (rc != RC_OK)
		return rc;
	for (const struct channel *const *c = channels; *c != NULL; c++) {
		if (strcmp((*c)->type, b->type) == 0)
			w.channel = *c;
	}
	w.name = b->name;
	sigemptyset(&act.sa_mask);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	return bridge_run(&w, err);
}

static const struct cmd cmd = {
    .name = "social-poll",
    .summary = "file mentions and direct messages of a social network, and post answers",
    .args = "mastodon|bluesky|rss [name]",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
