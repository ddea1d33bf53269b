/* mail-ingest: one mail in, one ticket or message on a ticket. For alias files, procmail,
 * sieve: exit 0 only when the mail is stored and filed; else 75, so that it is retried.
 * Maildirs and mbox files are read in batches. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <syslog.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sandbox.h"
#include "channel/folder.h"
#include "channel/ingest.h"
#include "desk/cmd.h"

enum {
	BATCH_MAILS = 500,
	BATCH_BYTES = 8000000,
	RESCAN_MS = 60000, /* --follow looks by itself, too */
	RETRY_MS = 5000
};

static struct {
	const char *mailbox, *recipient, *received_at, *log, *maildir, *mbox;
	bool explain, follow, drain;
} o;

static const struct opt opts[] = {
    {"mailbox", 0, OPT_TEXT, "name", "the mailbox it was delivered to", &o.mailbox,
	"@mailbox"},
    {"recipient", 0, OPT_TEXT, "address", "the envelope recipient", &o.recipient, NULL},
    {"received-at", 0, OPT_TEXT, "time", "when the mail server took it, RFC 3339",
	&o.received_at, NULL},
    {"maildir", 0, OPT_TEXT, "dir", "every mail of a maildir", &o.maildir, "@dir"},
    {"mbox", 0, OPT_TEXT, "file", "every mail of an mbox file", &o.mbox, "@file"},
    {"drain", 0, OPT_FLAG, NULL, "of the maildir only new/; what is filed moves to cur/",
	&o.drain, NULL},
    {"follow", 0, OPT_FLAG, NULL, "drain the maildir, and wait for more", &o.follow,
	NULL},
    {"explain", 0, OPT_FLAG, NULL, "write nothing; say what each rule thinks of it",
	&o.explain, NULL},
    {"log", 0, OPT_TEXT, "where", "one line a mail, and errors, to syslog or stderr",
	&o.log, "syslog stderr"},
    OPTS_COMMON,
    OPTS_END,
};

struct intake {
	struct cmd_env *env;
	struct ingester *ing;
	struct log *log;
	struct ingest_want want;
	const char **names; /* of the batch's mails, for errors and moving; or NULL */
	int64_t done;
	bool failed; /* a mail could not be read: 75 at the end */
};

/* ---- what became of it ---- */

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

static void
print_verdicts(struct out *out, const struct ingest *r)
{
	for (size_t i = 0; i < r->nverdicts; i++)
		out_line(out, r->verdicts[i].yes ? COLOR_BOLD : COLOR_DIM, "%-6s %-4s %s",
		    r->verdicts[i].rule, r->verdicts[i].yes ? "yes" : "no",
		    r->verdicts[i].why);
}

static void
print_ingest(struct out *out, const struct ingest *r)
{
	json_t *record;

	if (out->format == OUT_JSON) {
		record = ingest_to_json(r);
		if (o.explain)
			ingest_verdicts_to_json(r, record);
		out_json(out, record);
	} else if (out->format == OUT_IDS) {
		if (r->ticket != 0)
			out_id(out, r->ticket);
	} else {
		print_verdicts(out, r);
		if (r->ticket != 0 && r->message != 0)
			out_line(out, COLOR_NONE,
			    "%s: ticket %lld, message %lld (%s)%s%s", r->outcome,
			    (long long)r->ticket, (long long)r->message, r->rule,
			    r->reason ? ": " : "", r->reason ? r->reason : "");
		else if (r->ticket != 0)
			out_line(out, COLOR_NONE, "%s: ticket %lld (%s)%s%s", r->outcome,
			    (long long)r->ticket, r->rule, r->reason ? ": " : "",
			    r->reason ? r->reason : "");
		else
			out_line(out, COLOR_NONE, "%s (%s)%s%s", r->outcome, r->rule,
			    r->reason ? ": " : "", r->reason ? r->reason : "");
	}
}

static void
each(void *arg, size_t mail, const struct ingest *r)
{
	struct intake *k = arg;
	struct err err;

	log_ingest(k->log, r);
	print_ingest(k->env->out, r);
	k->done++;
	if (k->names != NULL && o.drain && !o.explain &&
	    maildir_seen(o.maildir, k->names[mail], &err) != RC_OK) {
		cmd_note(k->env, "%s", err.text);
		k->failed = true;
	}
}

static enum rc
flush(struct intake *k, struct err *err)
{
	enum rc rc = ingester_file(k->ing, each, k, err);

	TALLOC_FREE(k->names);
	if (k->done > 0)
		cmd_progress(k->env, "mails", k->done, false);
	return rc;
}

/* Adds a mail; files the batch when it is large enough. `raw` is taken over. */
static enum rc
add(struct intake *k, const char *name, const struct ingest_want *want, char *raw,
    size_t n, size_t size, struct err *err)
{
	size_t bytes, count;
	enum rc rc = ingester_add(k->ing, want, raw, n, size, err);

	talloc_free(raw);
	if (rc != RC_OK)
		return rc;
	count = ingester_count(k->ing, &bytes);
	k->names = mem_grow(k->ing, k->names, const char *, count);
	k->names[count - 1] = talloc_strdup(k->names, name);
	return count >= BATCH_MAILS || bytes >= BATCH_BYTES ? flush(k, err) : RC_OK;
}

/* ---- one mail on stdin, or files ---- */

static enum rc
read_mail(struct intake *k, int fd, const char *name, const struct ingest_want *want,
    struct err *err)
{
	char *raw = NULL;
	size_t n = 0, size = 0, max = (size_t)k->env->desk->config->mail_size_max;
	enum rc rc = mail_slurp(
	    k->ing, fd, max < MAIL_KEPT ? MAIL_KEPT : max, &raw, &n, &size, err);

	if (rc == RC_OK && n == 0)
		return err_fail(err, RC_BUSY, "the mail is empty: not even a header");
	return rc == RC_OK ? add(k, name, want, raw, n, size, err) : rc;
}

static enum rc
read_file(struct intake *k, const char *path, const char *name,
    const struct ingest_want *want, struct err *err)
{
	/* Who names a pipe means it; one that lies in a maildir shall hold up nobody. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | (o.maildir ? O_NONBLOCK : 0));
	enum rc rc;

	if (fd < 0)
		return err_errno(err, "%s", path);
	rc = read_mail(k, fd, name, want, err);
	close(fd);
	return rc == RC_OK ? rc : err_wrap(err, "%s", path);
}

static enum rc
from_files(struct intake *k, int argc, char **argv, struct err *err)
{
	enum rc rc = RC_OK;

	if (argc == 0)
		rc = read_mail(k, STDIN_FILENO, "stdin", &k->want, err);
	for (int i = 0; rc == RC_OK && i < argc; i++)
		rc = read_file(k, argv[i], argv[i], &k->want, err);
	if (rc != RC_OK) { /* what was read before it is filed all the same */
		struct err ignored;
		enum rc filed = flush(k, &ignored);

		return filed == RC_OK ? rc : (*err = ignored).rc;
	}
	return flush(k, err);
}

/* ---- maildir ---- */

/* One that cannot be read does not stop the others. */
static enum rc
from_maildir(struct intake *k, struct err *err)
{
	void *ctx = talloc_new(k->env->ctx);
	char **names = NULL;
	size_t n = 0;
	enum rc rc = maildir_list(ctx, o.maildir, !o.drain, &names, &n, err);

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		char *path = talloc_asprintf(ctx, "%s/%s", o.maildir, names[i]);
		struct ingest_want want = k->want;

		if (want.received_at == INSTANT_NONE)
			want.received_at = maildir_time(names[i], desk_now(k->env->desk));
		rc = read_file(k, path, names[i], &want, err);
		if (rc == RC_NOTFOUND || rc == RC_DENIED || rc == RC_IO) {
			if (rc != RC_NOTFOUND) { /* gone: another reader was quicker */
				cmd_note(k->env, "%s", err->text);
				k->failed = true;
			}
			rc = RC_OK;
		}
		talloc_free(path);
	}
	if (rc == RC_OK)
		rc = flush(k, err);
	talloc_free(ctx);
	return rc;
}

static enum rc
follow(struct intake *k, struct err *err)
{
	char *dir = talloc_asprintf(k->env->ctx, "%s/new", o.maildir);
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char events[4096];
	enum rc rc;

	if (fd < 0 ||
	    inotify_add_watch(fd, dir, IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE) < 0) {
		if (fd >= 0)
			close(fd);
		return err_errno(err, "%s", dir);
	}
	for (;;) {
		while (read(fd, events, sizeof(events)) > 0)
			;
		rc = from_maildir(k, err);
		fflush(k->env->out->to);
		if (ferror(k->env->out->to))
			break;
		if (rc != RC_OK && rc != RC_BUSY && rc != RC_IO)
			break;
		if (rc != RC_OK) {
			if (k->log != NULL)
				log_line(k->log, LOG_ERR, "%s", err->text);
			else
				cmd_note(k->env, "%s; trying again", err->text);
		}
		(void)poll(&p, 1, rc == RC_OK ? RESCAN_MS : RETRY_MS);
	}
	close(fd);
	return rc;
}

/* ---- mbox ---- */

static enum rc
from_mbox(struct intake *k, struct err *err)
{
	size_t max = (size_t)k->env->desk->config->mail_size_max;
	struct mbox *m = NULL;
	enum rc rc = mbox_open(k->env->ctx, o.mbox, &m, err);

	while (rc == RC_OK) {
		struct ingest_want want = k->want;
		int64_t at = INSTANT_NONE;
		char *raw = NULL;
		size_t n = 0, size = 0;

		rc = mbox_next(m, k->ing, max < MAIL_KEPT ? MAIL_KEPT : max, &raw, &n,
		    &size, &at, &want.null_sender, err);
		if (want.received_at == INSTANT_NONE && at <= desk_now(k->env->desk))
			want.received_at = at;
		if (rc == RC_OK && n > 0)
			rc = add(k, o.mbox, &want, raw, n, size, err);
	}
	return rc == RC_NONE ? flush(k, err) : rc;
}

/* ---- the words ---- */

static enum rc
check_words(int argc, struct ingest_want *want, struct err *err)
{
	if (o.log != NULL && strcmp(o.log, "syslog") != 0 && strcmp(o.log, "stderr") != 0)
		return err_fail(
		    err, RC_USAGE, "--log \"%s\": use syslog or stderr", o.log);
	if ((o.maildir != NULL) + (o.mbox != NULL) + (argc > 0) > 1)
		return err_fail(err, RC_USAGE, "--maildir, --mbox or files: one of them");
	if ((o.follow || o.drain) && o.maildir == NULL)
		return err_fail(
		    err, RC_USAGE, "--%s needs --maildir", o.follow ? "follow" : "drain");
	if (o.follow && o.explain)
		return err_fail(err, RC_USAGE, "--follow files, --explain does not");
	o.drain = o.drain || o.follow;
	if (o.received_at != NULL && !instant_parse(o.received_at, &want->received_at))
		return err_fail(err, RC_USAGE,
		    "--received-at \"%s\" is not an RFC 3339 instant", o.received_at);
	if (argc == 0 && o.maildir == NULL && o.mbox == NULL && isatty(STDIN_FILENO) == 1)
		return err_fail(
		    err, RC_USAGE, "a mail is read from a pipe, or from files");
	return RC_OK;
}

/* What the mail server says of the envelope: Postfix, Exim, qmail, Dovecot. */
static void
read_environment(struct ingest_want *want)
{
	const char *sender = getenv("SENDER");

	want->recipient = o.recipient;
	if (want->recipient == NULL)
		want->recipient = getenv("ORIGINAL_RECIPIENT");
	if (want->recipient == NULL)
		want->recipient = getenv("RECIPIENT");
	want->null_sender =
	    sender != NULL && (*sender == '\0' || strcmp(sender, "MAILER-DAEMON") == 0);
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct intake k = {.env = env, .want = {.mailbox = o.mailbox}};
	struct desk_want desk = {env->desk_dir, env->as, !o.explain};
	const char *writable[4] = {NULL};
	enum rc rc = check_words(argc, &k.want, err);

	if (rc != RC_OK)
		return rc;
	k.want.explain = o.explain;
	if (o.maildir == NULL && o.mbox == NULL)
		read_environment(&k.want);
	else
		k.want.recipient = o.recipient;
	if (o.log != NULL)
		k.log = log_new(env->ctx, "mail-ingest", strcmp(o.log, "syslog") == 0);
	rc = desk_open(env->ctx, &desk, &env->desk, err);
	if (rc == RC_OK)
		rc = ingester_new(env->ctx, env->desk, &k.ing, err);
	if (rc == RC_OK) {
		writable[0] = env->desk->dir;
		/* Named for itself, in case it is a link to another disk. */
		writable[1] = talloc_asprintf(env->ctx, "%s/blobs", env->desk->dir);
		writable[2] = o.drain ? o.maildir : NULL;
		(void)sandbox_enter(writable);
		rc = o.follow	 ? follow(&k, err)
		     : o.maildir ? from_maildir(&k, err)
		     : o.mbox	 ? from_mbox(&k, err)
				 : from_files(&k, argc, argv, err);
		if (o.maildir != NULL || o.mbox != NULL)
			cmd_progress(env, "mails", k.done, true);
	}
	if (rc == RC_OK && k.failed)
		rc = err_fail(err, RC_BUSY, "some mails could not be read");
	if (rc != RC_OK && k.log != NULL)
		log_line(k.log, LOG_ERR, "%s", err->text);
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
