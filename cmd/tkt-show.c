/* tkt-show: a ticket and its thread, for a person or as records; raw mail, attachments.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/record.h"
#include "base/text.h"
#include "change/unsent.h"
#include "channel/token.h"
#include "desk/cmd.h"
#include "query/show.h"
#include "ticket/delivery.h"
#include "ticket/source.h"

static struct {
	const char *at;
	int64_t attachment, message;
	bool raw, full;
} o;

static const struct opt opts[] = {
    {"at", 0, OPT_TEXT, "time", "as it was then: -2h, a date, RFC 3339", &o.at, NULL},
    {"full", 0, OPT_FLAG, NULL, "quoted text and signatures, too", &o.full, NULL},
    {"raw", 0, OPT_FLAG, NULL, "the mail as it came, byte for byte", &o.raw, NULL},
    {"message", 0, OPT_NUM, "id", "this message only", &o.message, NULL},
    {"attachment", 0, OPT_NUM, "n",
	"write the n-th attachment of the thread to FILE or -", &o.attachment, NULL},
    OPTS_COMMON,
    OPTS_END,
};

struct thread {
	struct cmd_env *env;
	int64_t attachments;
	bool found;
	unsigned char hash[BLOB_HASH];
};

/* ---- for a person ---- */

static void
header(struct cmd_env *env, struct ticket *t, const struct person *p)
{
	struct out *out = env->out;
	const char *zone = desk_zone(env->desk);
	char *line = talloc_strdup(env->ctx, "");

	out_line(out, COLOR_BOLD, "#%lld  %s", (long long)t->id, t->subject);
	out_line(out, COLOR_NONE, "%s · %s · %s · %s · %s",
	    t->phase >= PHASE_MERGED ? phase_names[t->phase] : t->status,
	    priority_names[t->priority], t->kind, t->queue,
	    *t->assignee ? t->assignee : "nobody");
	out_line(out, COLOR_NONE, "from %s%s%s%s%s", p->name, *p->name ? " <" : "",
	    p->address ? p->address : "", *p->name ? ">" : "",
	    p->organization_name
		? talloc_asprintf(env->ctx, " (%s)", p->organization_name)
		: "");
	for (size_t i = 0; i < t->npeople; i++)
		out_line(out, COLOR_NONE, "%s %s%s", t->people[i].role, t->people[i].who,
		    t->people[i].confirmed ? "" : " (unconfirmed)");
	for (size_t i = 0; i < t->ntags; i++)
		line = talloc_asprintf_append(line, " %s", t->tags[i]);
	for (size_t i = 0; i < t->nfields; i++)
		line = talloc_asprintf_append(
		    line, " %s=%s", t->fields[i].name, t->fields[i].value);
	for (size_t i = 0; i < t->nlinks; i++)
		line = talloc_asprintf_append(
		    line, " %s #%lld", t->links[i].rel, (long long)t->links[i].other);
	if (*line != '\0')
		out_line(out, COLOR_NONE, "%s", line + 1);
	if (t->snoozed_until != INSTANT_NONE)
		out_line(out, COLOR_NONE, "asleep until %s%s",
		    instant_local(env->ctx, t->snoozed_until, zone),
		    t->snooze_keep ? ", whoever writes" : "");
	if (t->time_spent_s > 0)
		out_line(out, COLOR_NONE, "%lld:%02lld hours of work",
		    (long long)(t->time_spent_s / 3600),
		    (long long)(t->time_spent_s / 60 % 60));
	show_due(env->desk, out, t);
	out_line(out, COLOR_DIM, "created %s, updated %s",
	    instant_local(env->ctx, t->created_at, zone),
	    instant_local(env->ctx, t->updated_at, zone));
}

/* The other end of links: who is a part of this one, or waits for it. */
static enum rc
linked_by(struct cmd_env *env, const struct ticket *t, json_t *record, struct err *err)
{
	struct ticket_link *v = NULL;
	size_t n = 0;
	json_t *list = json_array();
	char *line = talloc_strdup(env->ctx, "");
	enum rc rc = ticket_linked_by(env->desk->store, env->ctx, t->id, &v, &n, err);

	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		json_array_append_new(list, json_pack("{s:s,s:I}", "rel", v[i].rel,
						"ticket", (json_int_t)v[i].other));
		line = talloc_asprintf_append(
		    line, ", #%lld %s this", (long long)v[i].other, v[i].rel);
	}
	if (rc == RC_OK && record == NULL && n > 0)
		out_line(env->out, COLOR_NONE, "%s", line + 2);
	if (record != NULL)
		json_object_set(record, "linked_by", list);
	json_decref(list);
	return rc;
}

static enum rc
say_draft(void *arg, const struct unsent *u, struct err *err)
{
	struct cmd_env *env = arg;

	(void)err;
	out_line(env->out, COLOR_YELLOW, "\n%s has a draft of a %s, of %s", u->agent,
	    u->kind, instant_local(env->ctx, u->at, desk_zone(env->desk)));
	return RC_OK;
}

static const char *
author_name(struct cmd_env *env, const struct message *m)
{
	struct person p = {0};
	const struct agent *a;
	int64_t id;
	struct err ignored;

	if (text_starts(m->author, "agent:")) {
		a = config_agent(env->desk->config, m->author + 6);
		return a ? a->full_name : m->author + 6;
	}
	if (text_starts(m->author, "customer:") && text_number(m->author + 9, &id) &&
	    customer_get(env->desk->store, env->ctx, id, &p, &ignored) == RC_OK)
		return *p.name ? p.name : p.address ? p.address : m->author;
	return m->author;
}

static void
print_message(struct thread *th, const struct message *m)
{
	struct cmd_env *env = th->env;
	struct out *out = env->out;
	bool note = strcmp(m->kind, "note") == 0;
	const char *history = m->quoted + strspn(m->quoted, "\n");
	size_t quoted = 0;

	for (const char *s = history; *s != '\0'; s++)
		quoted += *s == '\n' && s[1] != '\0';
	out_line(out, COLOR_NONE, "%s", "");
	out_line(out, note ? COLOR_YELLOW : COLOR_GREEN, "%s %s · %s%s%s%s%s%s%s",
	    strcmp(m->direction, "out") == 0 ? "◂" : "▸", author_name(env, m),
	    instant_local(env->ctx, m->created_at, desk_zone(env->desk)),
	    strcmp(m->kind, "reply") == 0 ? "" : " · ",
	    strcmp(m->kind, "reply") == 0 ? "" : m->kind,
	    strcmp(m->class, "human") == 0 ? "" : " · ",
	    strcmp(m->class, "human") == 0 ? "" : m->class,
	    m->flags & MESSAGE_UNVERIFIED ? " · unverified sender" : "",
	    m->flags & MESSAGE_AUTH_FAILED ? " · DMARC failed" : "");
	if (strcmp(m->kind, "system") == 0 && m->subject != NULL)
		out_line(out, COLOR_DIM, "  new subject: %s", m->subject);
	if (o.full)
		out_block(out, talloc_asprintf(env->ctx, "%s%s", m->body, m->quoted), 2);
	else
		out_block(out, m->body, 2);
	if (*history != '\0' && !o.full)
		out_line(out, COLOR_DIM, "  [%zu quoted lines: --full shows them]",
		    quoted + 1);
	if (m->flags & MESSAGE_CUT)
		out_line(out, COLOR_DIM,
		    "  [the text is longer: see its attachment or --raw]");
	for (size_t i = 0; i < m->nattachments; i++)
		out_line(out, COLOR_DIM, "  [%lld] %s (%s, %lld bytes)",
		    (long long)(th->attachments + (int64_t)i + 1), m->attachments[i].name,
		    m->attachments[i].media_type, (long long)m->attachments[i].size);
}

static bool
is_answer(const struct message *m)
{
	return strcmp(m->kind, "reply") == 0 && strcmp(m->direction, "out") == 0;
}

/* Who has it, and who does not: what went as it should needs no line of its own. */
static enum rc
print_deliveries(struct thread *th, const struct message *m, struct err *err)
{
	json_t *list = NULL, *v;
	size_t i;
	enum rc rc = deliveries_to_json(th->env->desk->store, m->id, &list, err);

	json_array_foreach(list, i, v)
	{
		const char *state = json_string_value(json_object_get(v, "state")),
			   *why = json_string_value(json_object_get(v, "last_error"));

		if (strcmp(state, "sent") == 0)
			continue;
		out_line(th->env->out,
		    strcmp(state, "failed") == 0 ? COLOR_RED : COLOR_DIM,
		    "  [%s to %s%s%s]", state,
		    json_string_value(json_object_get(v, "target")), why ? ": " : "",
		    why ? why : "");
	}
	json_decref(list);
	return rc;
}

static enum rc
each_message(void *arg, struct message *m, struct err *err)
{
	struct thread *th = arg;
	json_t *record = NULL, *deliveries = NULL;
	enum rc rc = RC_OK;

	if (o.message != 0 && m->id != o.message) {
		th->attachments += (int64_t)m->nattachments;
		return RC_OK;
	}
	if (th->env->out->format == OUT_HUMAN) {
		print_message(th, m);
		rc = is_answer(m) ? print_deliveries(th, m, err) : RC_OK;
	} else {
		rc = message_to_json(th->env->desk, m, &record, err);
		if (rc == RC_OK && is_answer(m))
			rc = deliveries_to_json(
			    th->env->desk->store, m->id, &deliveries, err);
		if (deliveries != NULL)
			json_object_set_new(record, "deliveries", deliveries);
		if (rc == RC_OK)
			out_json(th->env->out, record);
	}
	th->attachments += (int64_t)m->nattachments;
	return rc;
}

/* ---- bytes ---- */

static enum rc
each_find(void *arg, struct message *m, struct err *err)
{
	struct thread *th = arg;

	(void)err;
	if (o.message != 0 && m->id != o.message)
		return RC_OK;
	if (o.raw && m->has_raw) {
		th->found = true;
		memcpy(th->hash, m->raw, BLOB_HASH);
		return RC_NONE;
	}
	for (size_t i = 0; !o.raw && i < m->nattachments; i++) {
		if (++th->attachments != o.attachment)
			continue;
		th->found = true;
		memcpy(th->hash, m->attachments[i].sha256, BLOB_HASH);
		return RC_NONE;
	}
	return RC_OK;
}

static enum rc
write_file(
    struct cmd_env *env, const char *path, const void *data, size_t n, struct err *err)
{
	int fd;
	size_t done = 0;
	ssize_t w = 0;

	if (path == NULL || strcmp(path, "-") == 0) {
		(void)!fwrite(data, 1, n, env->out->to); /* out_close() reports */
		return RC_OK;
	}
	if (env->desk->brokered)
		return err_fail(
		    err, RC_DENIED, "%s: files cannot be named through tkt-shell", path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_errno(err, "%s", path);
	while (done < n && (w = write(fd, (const char *)data + done, n - done)) > 0)
		done += (size_t)w;
	if (close(fd) != 0 || done < n) {
		err_errno(err, "%s", path);
		unlink(path);
		return err->rc;
	}
	return RC_OK;
}

static enum rc
show_bytes(struct cmd_env *env, int64_t ticket, const char *path, struct err *err)
{
	struct thread th = {.env = env};
	void *data = NULL;
	size_t n = 0;
	enum rc rc = message_each(env->desk->store, ticket, each_find, &th, err);

	if (rc == RC_OK && !th.found)
		rc = err_fail(err, RC_NOTFOUND, "ticket %lld has no %s",
		    (long long)ticket, o.raw ? "raw mail" : "such attachment");
	if (rc == RC_OK)
		rc = blob_get(env->desk->store, env->ctx, th.hash, &data, &n, err);
	return rc == RC_OK ? write_file(env, path, data, n, err) : rc;
}

/* ---- a ticket ---- */

static enum rc
get(struct cmd_env *env, int64_t id, struct ticket **t, struct err *err)
{
	struct store *s = env->desk->store;
	int64_t at;
	enum rc rc;

	if (o.at == NULL) {
		rc = ticket_get(s, env->ctx, id, t, err);
	} else {
		rc = desk_instant(env->desk, "at", o.at, &at, err);
		if (rc == RC_OK)
			rc = ticket_at(s, env->ctx, id, at, t, err);
	}
	/* Where a role may not look, there is nothing. */
	if (rc == RC_OK && !actor_may_queue(&env->desk->actor, (*t)->queue))
		rc = err_fail(err, RC_NOTFOUND, "no ticket %lld", (long long)id);
	return rc;
}

/* Where a mail must go to come back to this ticket, and the id its thread starts from:
 * for scripts that send mail themselves. */
static enum rc
add_reply_to(struct cmd_env *env, const struct ticket *t, json_t *record, struct err *err)
{
	const struct mailbox *m = config_mailbox(env->desk->config, t->mailbox);
	struct desk_keys keys;
	enum rc rc;

	if (m == NULL || !actor_may(&env->desk->actor, "ticket.reply"))
		return RC_OK;
	rc = desk_read_keys(env->desk, &keys, err);
	if (rc != RC_OK)
		return rc;
	record_set_text(record, "reply_to", token_address(env->ctx, &keys, m, t));
	record_set_text(record, "root_id", token_root_id(env->ctx, &keys, m, t->id));
	sodium_memzero(&keys, sizeof(keys));
	return RC_OK;
}

/* The thread as it was: which messages were here then, the fold of the log knows. */
static enum rc
messages_then(struct thread *th, const struct ticket *t, struct err *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < t->nmessages; i++) {
		struct message *m = NULL;

		rc = message_get(
		    th->env->desk->store, th->env->ctx, t->messages[i], &m, err);
		if (rc == RC_OK)
			rc = each_message(th, m, err);
		else if (rc == RC_NOTFOUND) /* purged since */
			rc = RC_OK;
	}
	return rc;
}

static enum rc
show(struct cmd_env *env, int64_t id, struct err *err)
{
	struct thread th = {.env = env};
	struct ticket *t = NULL;
	struct person p = {0};
	enum rc rc = get(env, id, &t, err);

	if (rc != RC_OK)
		return rc;
	if (env->out->format == OUT_IDS || env->out->format == OUT_TSV)
		return show_ticket(env->desk, env->out, t, err);
	if (env->out->format == OUT_HUMAN) {
		rc = customer_get(env->desk->store, env->ctx, t->requester, &p, err);
		if (rc == RC_OK)
			header(env, t, &p);
		if (rc == RC_OK && o.at == NULL)
			rc = linked_by(env, t, NULL, err);
	} else if (o.message == 0) {
		json_t *record = NULL;

		rc = ticket_to_json(env->desk, t, &record, err);
		if (rc == RC_OK)
			rc = add_reply_to(env, t, record, err);
		if (rc == RC_OK && o.at == NULL)
			rc = linked_by(env, t, record, err);
		if (rc == RC_OK)
			out_json(env->out, record);
		else
			json_decref(record);
	}
	if (rc == RC_OK && o.at != NULL)
		return messages_then(&th, t, err);
	if (rc == RC_OK)
		rc = message_each(env->desk->store, id, each_message, &th, err);
	if (rc == RC_OK && env->out->format == OUT_HUMAN)
		rc = unsent_each(env->desk->store, id, say_draft, env, err);
	return rc;
}

static enum rc
bytes(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct ticket *t = NULL;
	int64_t id;
	enum rc rc;

	if (argc < 1 || argc > 2 || !text_number(argv[0], &id))
		return err_fail(err, RC_USAGE,
		    "say one ticket, and a file or -: tkt-show %s 42 FILE",
		    o.raw ? "--raw" : "--attachment 1");
	rc = get(env, id, &t, err);
	return rc == RC_OK ? show_bytes(env, id, argc == 2 ? argv[1] : NULL, err) : rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct source *s = NULL;
	int64_t id, n = 0;
	enum rc rc = actor_need(&env->desk->actor, "ticket.read", err);

	if (rc == RC_OK && (o.raw || o.attachment != 0))
		return bytes(env, argc, argv, err);
	if (rc == RC_OK)
		rc = source_open(env->ctx, argc, argv, STDIN_FILENO, &s, err);
	if (rc != RC_OK)
		return rc;
	out_page(env->out);
	if (env->out->format == OUT_TSV)
		show_begin(env->out);
	while ((rc = source_next(s, &id, err)) == RC_OK) {
		if (n++ > 0 && env->out->format == OUT_HUMAN)
			out_line(env->out, COLOR_DIM, "\n────────");
		rc = show(env, id, err);
		if (rc != RC_OK || ferror(env->out->to))
			break;
	}
	return rc == RC_NONE ? RC_OK : rc;
}

static const struct cmd cmd = {
    .name = "tkt-show",
    .summary = "show tickets with their threads",
    .args = "[id ... | --raw id [file] | --attachment n id file]",
    .opts = opts,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
