/* A driver of the outbox: the turn that mail-send and hook-send share. They differ in how
 * some leased deliveries are handed over, and in what they need for it. */
#ifndef CHANNEL_DRIVER_H
#define CHANNEL_DRIVER_H

#include "channel/outbox.h"
#include "desk/cmd.h"

struct driver {
	struct cmd_env *env;
	const char *const *vias; /* what it drives, NULL-terminated: mail; hook run */
	size_t at_once;		 /* leased at a time: one that dies holds few */
	int64_t limit;		 /* deliveries in all, 0: no limit */
	void *arg;
	/* Opens what goes by the applied policy; in a driver that stays again after each
	 * new version, when close was called. */
	enum rc (*open)(void *arg, struct err *err);
	void (*close)(void *arg);
	void (*begin)(void *arg); /* a round begins */
	/* Hands over v[0] (and what goes with it) and keeps what became of it; *n says
	 * how many it took care of. */
	enum rc (*hand)(void *arg, struct delivery **v, size_t *n, struct err *err);
	bool down;    /* set by hand: no service, what is left of the round waits */
	int64_t done; /* taken care of so far */
};
/* All that is due; with `follow` it stays until a signal (INT, TERM) ends it. */
enum rc driver_run(struct driver *d, bool follow, struct err *err) CHECKED;
/* A delivery as it is now, for people or programs. */
enum rc driver_print(
    struct cmd_env *env, const struct delivery *x, struct err *err) CHECKED;

#endif
