/* mail-ingest: one mail in, one ticket or message on a ticket. For alias files, procmail,
 * sieve: exit 0 only when the mail is stored and filed; else 75, so that it is retried.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/log.h"
#include "base/mem.h"
#include "channel/mail.h"
#include "desk/cmd.h"

static struct {
	const char *mailbox, *recipient, *received_at, *log;
} o;

static const struct opt opts[] = {
    {"mailbox", 0, OPT_TEXT, "name", "the mailbox it was delivered to", &o.mailbox,
	"@mailbox"},
    {"recipient", 0, OPT_TEXT, "address", "the envelope recipient", &o.recipient, NULL},
    {"received-at", 0, OPT_TEXT, "time", "when the mail server took it, RFC 3339",
	&o.received_at, NULL},
    {"log", 0, OPT_TEXT, "where", "one line a mail, and errors, to syslog or stderr",
	&o.log, "syslog stderr"},
    OPTS_COMMON,
    OPTS_END,
};

/* Reads all of a mail, but keeps no more than the limit (or what is kept of larger mails)
 * and a byte. */
static enum rc
slurp(void *ctx, int fd, size_t max, char **raw, size_t *n, struct err *err)
{
	size_t room = 65536;
	char *rest = NULL;
	ssize_t r;

	max = max < MAIL_KEPT ? MAIL_KEPT : max;
	*raw = mem_array(ctx, char, room);
	*n = 0;
	for (;;) {
		if (*n == room && room <= max) {
			room = 2 * room < max + 1 ? 2 * room : max + 1;
			*raw = mem_grow(ctx, *raw, char, room);
		}
		if (*n ==
		    room) { /* past the limit: read on, so that no writer is broken */
			rest = rest ? rest : mem_array(ctx, char, 65536);
			r = read(fd, rest, 65536);
		} else {
			r = read(fd, *raw + *n, room - *n);
		}
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_errno(err, "reading the mail");
		if (r == 0)
			return RC_OK;
		if (*n < room)
			*n += (size_t)r;
	}
}

static void
log_ingest(struct log *log, const struct ingest *r)
{
	if (log != NULL)
		log_line(log, LOG_INFO,
		    "%s ticket=%lld message=%lld class=%s rule=%s id=%s%s%s", r->outcome,
		    (long long)r->ticket, (long long)r->message, r->class, r->rule,
		    r->external_id, r->reason ? " reason=" : "",
		    r->reason ? r->reason : "");
}

static enum rc
one(struct cmd_env *env, int fd, const struct ingest_want *want, struct log *log,
    struct err *err)
{
	void *ctx = talloc_new(env->ctx);
	struct ingest r;
	char *raw = NULL;
	size_t n = 0;
	enum rc rc =
	    slurp(ctx, fd, (size_t)env->desk->config->mail_size_max, &raw, &n, err);

	if (rc == RC_OK && n == 0)
		rc = err_fail(err, RC_BUSY, "the mail is empty: not even a header");
	if (rc == RC_OK)
		rc = mail_ingest(ctx, env->desk, want, raw, n, &r, err);
	if (rc == RC_OK)
		log_ingest(log, &r);
	if (rc == RC_OK && env->out->format == OUT_JSON)
		out_json(env->out, ingest_to_json(&r));
	else if (rc == RC_OK && env->out->format == OUT_IDS && r.ticket != 0)
		out_id(env->out, r.ticket);
	else if (rc == RC_OK && env->out->format != OUT_IDS)
		out_line(env->out, COLOR_NONE, "%s: ticket %lld, message %lld (%s)%s%s",
		    r.outcome, (long long)r.ticket, (long long)r.message, r.rule,
		    r.reason ? ": " : "", r.reason ? r.reason : "");
	talloc_free(ctx);
	return rc;
}

static enum rc
files(struct cmd_env *env, int argc, char **argv, const struct ingest_want *want,
    struct log *log, struct err *err)
{
	enum rc rc = RC_OK;

	if (argc == 0)
		return one(env, STDIN_FILENO, want, log, err);
	for (int i = 0; rc == RC_OK && i < argc; i++) {
		int fd = open(argv[i], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			return err_errno(err, "%s", argv[i]);
		rc = one(env, fd, want, log, err);
		close(fd);
		if (rc != RC_OK)
			err_wrap(err, "%s", argv[i]);
	}
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct ingest_want want = {.mailbox = o.mailbox, .recipient = o.recipient};
	struct log *log = NULL;
	struct desk_want desk = {env->desk_dir, env->as, true};
	enum rc rc;

	if (o.log != NULL && strcmp(o.log, "syslog") != 0 && strcmp(o.log, "stderr") != 0)
		return err_fail(
		    err, RC_USAGE, "--log \"%s\": use syslog or stderr", o.log);
	if (o.log != NULL)
		log = log_new(env->ctx, "mail-ingest", strcmp(o.log, "syslog") == 0);
	/* The MTA's environment: Postfix, Exim, qmail, Dovecot. */
	if (want.recipient == NULL)
		want.recipient = getenv("ORIGINAL_RECIPIENT");
	if (want.recipient == NULL)
		want.recipient = getenv("RECIPIENT");
	if (o.received_at != NULL && !instant_parse(o.received_at, &want.received_at))
		return err_fail(err, RC_USAGE,
		    "--received-at \"%s\" is not an RFC 3339 instant", o.received_at);
	if (argc == 0 && isatty(STDIN_FILENO) == 1)
		return err_fail(
		    err, RC_USAGE, "a mail is read from a pipe, or from files");
	rc = desk_open(env->ctx, &desk, &env->desk, err);
	if (rc == RC_OK)
		rc = files(env, argc, argv, &want, log, err);
	if (rc != RC_OK && log != NULL)
		log_line(log, LOG_ERR, "%s", err->text);
	return rc;
}

static const struct cmd cmd = {
    .name = "mail-ingest",
    .summary = "file a mail: a new ticket, or a message on one",
    .args = "[file ...]",
    .opts = opts,
    /* Whatever is wrong here, the mail is not: its sender must not be told. */
    .flags = CMD_NO_DESK | CMD_RETRY,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
