/* mail-send: hands over the mail that is due. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "channel/driver.h"
#include "channel/post.h"

static struct {
	bool follow, dry_run;
	int64_t limit;
} o;

static const struct opt opts[] = {
    {"follow", 0, OPT_FLAG, NULL, "stay, and send what becomes due", &o.follow, NULL},
    {"limit", 'n', OPT_NUM, "count", "send at most this many", &o.limit, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "print the mails that are due, and send nothing",
	&o.dry_run, NULL},
    OPTS_COMMON,
    OPTS_END,
};

enum { AT_ONCE = 50, LOST_MAX = 3 };

struct sending {
	struct cmd_env *env;
	struct driver driver;
	struct writer *writer;
	struct post *post;
	int lost; /* lines in a row that were lost in the middle of a mail */
};

/* ---- what goes by the policy ---- */

static enum rc
open_post(void *arg, struct err *err)
{
	struct sending *s = arg;
	enum rc rc = writer_new(s->env->ctx, s->env->desk, &s->writer, err);

	return rc == RC_OK ? post_open(s->env->ctx, s->env->desk, &s->post, err) : rc;
}

static void
close_post(void *arg)
{
	struct sending *s = arg;

	TALLOC_FREE(s->post);
	TALLOC_FREE(s->writer);
}

static void
begin(void *arg)
{
	struct sending *s = arg;

	s->lost = 0;
}

/* ---- one mail ---- */

/* Notices to an agent who wants digests go in one mail. */
static size_t
group(const struct sending *s, struct delivery **v, size_t n)
{
	const struct agent *a = config_agent(s->env->desk->config, v[0]->target);
	size_t to = 1;

	if (strcmp(v[0]->kind, "notice") != 0 || a == NULL || a->digest == 0)
		return 1;
	for (size_t i = 1; i < n; i++) {
		struct delivery *x = v[i];

		if (strcmp(x->kind, "notice") != 0 || strcmp(x->target, a->name) != 0)
			continue;
		memmove(v + to + 1, v + to, (i - to) * sizeof(*v));
		v[to++] = x;
	}
	return to;
}

static enum rc
settle(
    struct sending *s, const struct delivery *x, const struct posted *r, struct err *err)
{
	struct desk *d = s->env->desk;
	bool failed;
	enum rc rc;

	if (r->result == POST_SENT)
		rc = outbox_sent(d, x, err);
	else if (r->result == POST_NEVER)
		rc = outbox_failed(d, x, r->status, r->why, err);
	else
		rc = outbox_later(d, x, r->why, &failed, err);
	return rc == RC_OK ? driver_print(s->env, x, err) : rc;
}

static enum rc
hand(void *arg, struct delivery **v, size_t *n, struct err *err)
{
	struct sending *s = arg;
	void *ctx = talloc_new(NULL);
	struct letter l = {0};
	struct posted r = {.result = POST_NEVER};
	struct err bad;
	enum rc rc;

	*n = group(s, v, *n);
	rc = letter_write(ctx, s->writer, v, *n, post_crlf(s->post), &l, &bad);
	if (rc == RC_OK) {
		r = post_letter(ctx, s->post, &l);
	} else if (rc == RC_INVALID || rc == RC_NOTFOUND) {
		r.why = bad.text; /* it can never be written */
		rc = RC_OK;
	} else {
		*err = bad;
	}
	/* One mail may kill a line, three do not by chance. */
	s->lost = r.result == POST_LOST ? s->lost + 1 : 0;
	s->driver.down = r.result == POST_DOWN || s->lost == LOST_MAX;
	for (size_t i = 0; rc == RC_OK && i < *n; i++)
		rc = settle(s, v[i], &r, err);
	talloc_free(ctx);
	return rc;
}

/* ---- looking alone ---- */

static enum rc
preview(struct sending *s, struct err *err)
{
	struct delivery **v = NULL;
	size_t n = 0;
	enum rc rc = writer_new(s->env->ctx, s->env->desk, &s->writer, err);

	if (rc == RC_OK)
		rc = outbox_due(s->env->desk, s->env->ctx, "mail",
		    o.limit > 0 ? (size_t)o.limit : SIZE_MAX / 2, &v, &n, err);
	for (size_t i = 0, k; rc == RC_OK && i < n; i += k) {
		struct letter l = {0};

		k = group(s, v + i, n - i);
		rc = letter_write(s->env->ctx, s->writer, v + i, k, false, &l, err);
		if (rc == RC_OK)
			(void)fwrite(l.bytes, 1, l.n, s->env->out->to);
	}
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	static const char *const vias[] = {"mail", NULL};
	struct sending s = {.env = env};
	enum rc rc;

	if (argc > 0)
		return err_fail(
		    err, RC_USAGE, "\"%s\": mail-send takes options only", argv[0]);
	rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc != RC_OK || o.dry_run)
		return rc == RC_OK ? preview(&s, err) : rc;
	s.driver = (struct driver){.env = env,
	    .vias = vias,
	    .at_once = AT_ONCE,
	    .limit = o.limit,
	    .arg = &s,
	    .open = open_post,
	    .close = close_post,
	    .begin = begin,
	    .hand = hand};
	rc = driver_run(&s.driver, o.follow, err);
	if (rc == RC_OK && s.driver.down)
		rc = err_fail(
		    err, RC_NET, "%s: no service, what is due waits", post_where(s.post));
	return rc;
}

static const struct cmd cmd = {
    .name = "mail-send",
    .summary = "send the mail that is due",
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
