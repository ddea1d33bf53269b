/* Running a bridge: one loop that waits for the channel, the desk's bell and the clock.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/text.h"
#include "chat/bridge_priv.h"

enum {
	LOOK_MS = 1000,	       /* between looks at what nobody rings for */
	RETRY_MS = 1000,       /* after a loss; twice as long each time */
	RETRY_MAX_MS = 300000, /* at most */
	FIRST_MS = 86400000,   /* what is older is not filed at the first look */
	LOCK_TRIES = 20,       /* for another process of the bridge to end, */
	LOCK_US = 100000,      /* so long apart */
	STEADY_MS = 30000,     /* it worked so long: a loss is the first again */
};

/* ---- what channels ask ---- */

struct desk *
bridge_desk(const struct bridge_run *b)
{
	return b->d;
}

const struct bridge *
bridge_conf(const struct bridge_run *b)
{
	return b->conf;
}

const char *
bridge_name(const struct bridge_run *b)
{
	return b->want->name;
}

int64_t
bridge_since(const struct bridge_run *b)
{
	return b->want->since ? b->want->since : desk_now(b->d) - FIRST_MS;
}

const char *const *
bridge_program(const struct bridge_run *b)
{
	return b->want->run;
}

size_t
bridge_sending(const struct bridge_run *b)
{
	return b->nsending;
}

void
bridge_log(struct bridge_run *b, const char *fmt, ...)
{
	char *text, *clean;
	va_list ap;

	va_start(ap, fmt);
	text = talloc_vasprintf(b, fmt, ap);
	va_end(ap);
	clean = text_safe(b, text, TEXT_LINE);
	talloc_free(text);
	if (b->last_log == NULL || strcmp(b->last_log, clean) != 0)
		cmd_note(b->env, "%s: %s", b->want->name, clean);
	talloc_free(b->last_log);
	b->last_log = clean;
}

void
bridge_up(struct bridge_run *b)
{
	if (b->was_lost)
		bridge_log(b, "it works again");
	b->was_lost = false;
	if (b->up_at == INSTANT_NONE)
		b->up_at = now_ms();
	b->rung = true;
}

/* ---- the channel: opened, lost, opened again ---- */

void
bridge_lost(struct bridge_run *b, const struct err *why)
{
	TALLOC_FREE(b->self_ctx);
	b->self = NULL;
	bridge_take_back(b);
	/* One that begins and dies, again and again, does not work. */
	if (b->up_at != INSTANT_NONE && now_ms() - b->up_at > STEADY_MS)
		b->retry_ms = RETRY_MS;
	b->up_at = INSTANT_NONE;
	b->was_lost = true;
	if (b->want->once) {
		b->ended = *why;
		return;
	}
	bridge_log(b, "%s; again in %lld s", why->text, (long long)(b->retry_ms / 1000));
	b->retry_at = now_ms() + b->retry_ms;
	b->retry_ms = 2 * b->retry_ms < RETRY_MAX_MS ? 2 * b->retry_ms : RETRY_MAX_MS;
}

static enum rc
open_channel(struct bridge_run *b, struct err *err)
{
	struct err bad;
	enum rc rc;

	if (b->self != NULL || now_ms() < b->retry_at)
		return RC_OK;
	b->self_ctx = talloc_new(b);
	rc = b->want->channel->open(b, b->self_ctx, &b->self, &bad);
	if (rc == RC_OK)
		return RC_OK;
	b->self = NULL;
	if (rc == RC_CONFIG || rc == RC_USAGE || rc == RC_DENIED || rc == RC_NOTFOUND) {
		*err = bad; /* waiting does not make it better */
		return rc;
	}
	bridge_lost(b, &bad);
	return RC_OK;
}

/* ---- looking after things ---- */

static enum rc
ended(void *arg, const struct conversation *c, struct err *err)
{
	struct bridge_run *b = arg;

	if (b->self != NULL && b->want->channel->over != NULL &&
	    b->want->channel->over(b->self, c->key, err) != RC_OK)
		bridge_lost(b, err);
	return RC_OK;
}

static enum rc
follow_config(struct bridge_run *b, struct err *err)
{
	const struct bridge *conf;

	conf = config_bridge(b->d->config, b->want->name);
	if (conf != NULL && strcmp(conf->type, b->want->channel->type) != 0)
		return err_fail(err, RC_CONFIG, "bridge \"%s\" is of type %s",
		    b->want->name, conf->type);
	if (conf == NULL && strcmp(b->want->channel->type, "exec") != 0)
		return err_fail(
		    err, RC_CONFIG, "bridge \"%s\": tkt.conf has none", b->want->name);
	b->conf = conf;
	TALLOC_FREE(b->talk);
	return talk_new(b, b->d, b->via, b->want->medium ? b->want->medium : "chat", conf,
	    &b->talk, err);
}

static enum rc
look(struct bridge_run *b, struct err *err)
{
	bool newer = false;
	enum rc rc = RC_OK;

	if (now_ms() - b->looked < LOOK_MS)
		return RC_OK;
	b->looked = now_ms();
	b->rung = true;
	rc = desk_outdated(b->d, &newer, err);
	if (rc == RC_OK && newer) {
		TALLOC_FREE(b->bell);
		TALLOC_FREE(b->talk);
		TALLOC_FREE(b->self_ctx);
		b->self = NULL;
		b->retry_at = 0;
		bridge_take_back(b);
		bridge_bot_forget(b);
		rc = desk_renew(b->env->ctx, &b->env->desk, b->env->as, &newer, err);
		b->d = b->env->desk;
		if (rc == RC_OK)
			rc = follow_config(b, err);
		if (rc == RC_OK)
			rc = bell_open(b, b->d->store, &b->bell, err);
	}
	if (rc == RC_OK)
		rc = talk_end_quiet(b->talk, ended, b, err);
	if (rc == RC_OK)
		rc = bot_end_quiet(b->talk, b->d, b->via, bridge_bot(b),
		    desk_now(b->d) - (b->conf ? b->conf->idle : BRIDGE_IDLE_MS), err);
	if (rc == RC_OK) {
		bridge_say_unsaid(b);
		bridge_late_answers(b);
	}
	return rc;
}

/* ---- the loop ---- */

static void
wait_for_something(struct bridge_run *b)
{
	struct pollfd v[BRIDGE_FDS_MAX + 2 * BRIDGE_THOUGHTS_MAX + 1];
	int64_t now = now_ms(), until = b->looked + LOOK_MS;
	size_t n = 0;

	if (b->self != NULL)
		n = b->want->channel->wait(b->self, v, &until);
	else if (b->retry_at < until)
		until = b->retry_at;
	n += bridge_bot_wait(b, v + n, &until);
	v[n++] = (struct pollfd){.fd = bell_fd(b->bell), .events = POLLIN};
	if (b->rung && b->self != NULL && b->nsending < BRIDGE_SENDING_MAX &&
	    b->want->channel->ready(b->self))
		until = now;
	if (poll(v, (nfds_t)n, until > now ? (int)(until - now) : 0) < 0)
		return; /* a signal: the loop looks at it */
	if (v[n - 1].revents != 0)
		b->rung = true;
}

static enum rc
turn(struct bridge_run *b, struct err *err)
{
	struct err bad;
	enum rc rc = open_channel(b, err);

	if (rc != RC_OK)
		return rc;
	wait_for_something(b);
	rc = bell_wait(b->bell, 0, err);
	b->rung = b->rung || rc == RC_OK;
	rc = rc == RC_NONE ? RC_OK : rc;
	if (rc == RC_OK && b->self != NULL &&
	    b->want->channel->step(b->self, &bad) != RC_OK)
		bridge_lost(b, &bad); /* what it said before is filed all the same */
	bridge_bot_step(b);
	if (rc == RC_OK)
		rc = bridge_answer_agents(b, err);
	if (rc == RC_OK)
		rc = bridge_file_heard(b, err);
	if (rc == RC_OK)
		rc = look(b, err);
	if (rc == RC_OK && b->rung && b->self != NULL &&
	    b->nsending < BRIDGE_SENDING_MAX && b->want->channel->ready(b->self))
		rc = bridge_send_due(b, err);
	if (rc == RC_BUSY) { /* somebody holds the store: it is tried again */
		bridge_log(b, "%s", err->text);
		rc = RC_OK;
	}
	return rc;
}

/* Two of one bridge would hear and say everything twice: the second is refused. The lock
 * goes with the process, however that ends. */
static enum rc
be_the_only_one(struct bridge_run *b, struct err *err)
{
	char *dir = talloc_asprintf(b, "%s/channels", b->d->dir),
	     *path = talloc_asprintf(
		 b, "%s/%s-%s.lock", dir, b->want->channel->type, b->want->name);

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_errno(err, "%s", dir);
	b->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (b->lock < 0)
		return err_errno(err, "%s", path);
	/* One that was killed just now may not be gone yet. */
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(b->lock, LOCK_EX | LOCK_NB) == 0)
			return RC_OK;
		if (errno != EWOULDBLOCK)
			break;
		usleep(LOCK_US);
	}
	return errno == EWOULDBLOCK
		   ? err_fail(err, RC_BUSY, "bridge \"%s\" runs already", b->want->name)
		   : err_errno(err, "%s", path);
}

/* All is filed and sent, for now. What is due later waits for the next run. */
static bool
is_done(const struct bridge_run *b)
{
	return b->want->once && b->self != NULL && b->want->channel->done(b->self) &&
	       b->nheard == 0 && b->nsending == 0 &&
	       (!b->rung || !b->want->channel->ready(b->self));
}

enum rc
bridge_run(const struct bridge_want *w, struct err *err)
{
	struct bridge_run *b = talloc_zero(w->env->ctx, struct bridge_run);
	enum rc rc;

	/* Its name may stand in a policy that goes while it runs. */
	b->wanted = *w;
	b->wanted.name = talloc_strdup(b, w->name);
	b->want = &b->wanted;
	b->env = w->env;
	b->d = w->env->desk;
	b->via = talloc_asprintf(b, "%s:%s", w->channel->type, w->name);
	b->retry_ms = RETRY_MS;
	b->rung = true;
	b->news_left = BRIDGE_NEWS_BURST;
	b->news_at = now_ms();
	b->heard_ctx = talloc_new(b);
	signal(SIGPIPE, SIG_IGN);
	b->lock = -1;
	rc = follow_config(b, err);
	if (rc == RC_OK)
		rc = be_the_only_one(b, err);
	if (rc == RC_OK)
		rc = bell_open(b, b->d->store, &b->bell, err);
	while (rc == RC_OK && !*w->stop && !is_done(b)) {
		rc = turn(b, err);
		if (rc == RC_OK && b->ended.rc != RC_OK) {
			*err = b->ended;
			rc = err->rc;
		}
	}
	TALLOC_FREE(b->self_ctx);
	bridge_take_back(b);
	if (b->lock >= 0)
		close(b->lock);
	talloc_free(b);
	return rc;
}
