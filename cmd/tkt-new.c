/* tkt-new: makes tickets, one from the command line or many from records. */
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "change/compose.h"
#include "desk/cmd.h"
#include "query/show.h"

static struct {
	const char *subject, *requester, *queue, *priority, *kind, *channel, *message,
	    *status, *assignee, *external_id;
	struct opt_list tags, fields, files, cc;
	bool json, dry_run;
} o;

static const struct opt opts[] = {
    {"subject", 's', OPT_TEXT, "text", "what it is about", &o.subject, NULL},
    {"requester", 'r', OPT_TEXT, "address", "who asks: \"Ann <ann@example.com>\"",
	&o.requester, NULL},
    {"queue", 'q', OPT_TEXT, "queue", "the queue it goes to, before routes", &o.queue,
	"@queue"},
    {"priority", 'p', OPT_TEXT, "priority", "low, normal, high or urgent", &o.priority,
	"low normal high urgent"},
    {"kind", 'k', OPT_TEXT, "kind", "question, incident, problem or task", &o.kind,
	"question incident problem task"},
    {"status", 0, OPT_TEXT, "status", "another status than new", &o.status,
	"new open pending hold solved closed"},
    {"assignee", 0, OPT_TEXT, "agent", "who works on it, or me", &o.assignee, "@agent"},
    {"tag", 't', OPT_LIST, "tag", "a tag; may be repeated", &o.tags, NULL},
    {"field", 'f', OPT_LIST, "k=v", "a field; may be repeated", &o.fields, NULL},
    {"cc", 0, OPT_LIST, "address", "a participant; may be repeated", &o.cc, NULL},
    {"attach", 'a', OPT_LIST, "file", "an attachment; may be repeated", &o.files,
	"@file"},
    {"channel", 'c', OPT_TEXT, "channel",
	"how it came: email chat phone social web api cli", &o.channel,
	"email chat phone social web api cli"},
    {"message", 'm', OPT_TEXT, "text", "the first message, instead of stdin or $EDITOR",
	&o.message, NULL},
    {"external-id", 0, OPT_TEXT, "id", "the same id again is the same ticket",
	&o.external_id, NULL},
    {"json", 'j', OPT_FLAG, NULL, "read drafts from stdin, one JSON object a line",
	&o.json, NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "say what would be made, and make nothing",
	&o.dry_run, NULL},
    OPTS_COMMON,
    OPTS_END,
};

/* ---- results ---- */

static enum rc
print(struct cmd_env *env, const struct change_result *r, struct err *err)
{
	struct ticket *t = r->after;

	if (env->out->format != OUT_HUMAN || o.json)
		return show_ticket(env->desk, env->out, t, err);
	out_line(env->out, COLOR_NONE, "ticket %lld%s in queue %s, %s%s",
	    (long long)t->id,
	    o.dry_run	 ? " (not made)"
	    : r->created ? ""
			 : " (was there already)",
	    t->queue, *t->assignee ? "assigned to " : "assigned to nobody",
	    *t->assignee ? t->assignee : "");
	return RC_OK;
}

static enum rc
finish(struct change_tx *tx, struct err *err)
{
	if (!o.dry_run)
		return change_commit(tx, err);
	change_abort(tx);
	return RC_OK;
}

/* ---- one ticket from options ---- */

static enum rc
add(struct cmd_env *env, struct draft *d, const char *key, enum change_op op,
    const char *v, struct err *err)
{
	if (v == NULL)
		return RC_OK;
	return changes_add(env->ctx, key, op, v, env->desk->config, &d->changes, err);
}

static enum rc
option_changes(struct cmd_env *env, struct draft *d, struct err *err)
{
	const struct {
		const char *key, *value;
	} single[] = {{"queue", o.queue}, {"priority", o.priority}, {"kind", o.kind},
	    {"status", o.status}, {"assignee", o.assignee}};
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < sizeof(single) / sizeof(single[0]); i++)
		rc = add(env, d, single[i].key, CHANGE_SET, single[i].value, err);
	for (size_t i = 0; rc == RC_OK && i < o.tags.n; i++)
		rc = add(env, d, "tag", CHANGE_ADD, o.tags.v[i], err);
	for (size_t i = 0; rc == RC_OK && i < o.cc.n; i++)
		rc = add(env, d, "cc", CHANGE_ADD, o.cc.v[i], err);
	for (size_t i = 0; rc == RC_OK && i < o.fields.n; i++)
		rc = changes_add_word(env->ctx,
		    talloc_asprintf(env->ctx, "field.%s", o.fields.v[i]),
		    env->desk->config, &d->changes, err);
	return rc;
}

/* An editor's text: "Subject: ..." first, a blank line, the message. */
static void
split_subject(void *ctx, char **text, size_t *n)
{
	char *end;

	if (o.subject != NULL || !text_starts(*text, "Subject:"))
		return;
	end = *text + strcspn(*text, "\n");
	o.subject = talloc_strndup(ctx, *text + 8, (size_t)(end - *text - 8));
	while (*end == '\n')
		end++;
	*n -= (size_t)(end - *text);
	*text = end;
}

static enum rc
draft_from_options(struct cmd_env *env, struct draft *d, struct err *err)
{
	json_t *head = json_object();
	char *text = NULL;
	size_t n = 0;
	enum rc rc;

	if (o.subject == NULL && (o.message != NULL || isatty(STDIN_FILENO) != 1))
		rc = err_fail(err, RC_USAGE, "a subject is missing (-s)");
	else
		rc = compose_text(env->desk, env->ctx, o.message, true,
		    talloc_asprintf(
			env->ctx, "Subject: %s\n\n", o.subject ? o.subject : ""),
		    &text, &n, err);
	if (rc == RC_OK) {
		split_subject(env->ctx, &text, &n);
		record_set_text(head, "subject", o.subject);
		record_set_text(head, "requester", o.requester);
		record_set_text(head, "channel", o.channel);
		record_set_text(head, "external_id", o.external_id);
		rc = draft_from_json(env->ctx, env->desk, head, d, err);
		if (rc == RC_INVALID) /* on the command line it is usage */
			err->rc = rc = RC_USAGE;
	}
	json_decref(head);
	if (rc == RC_OK)
		rc = option_changes(env, d, err);
	if (rc == RC_OK)
		rc = compose_body(env->desk->store, env->ctx, &d->message, text, n, err);
	return rc == RC_OK
		   ? compose_files(env->desk, env->ctx, &d->message, &o.files, err)
		   : rc;
}

static enum rc
new_one(struct cmd_env *env, struct err *err)
{
	struct draft d = {0};
	struct change_tx *tx = NULL;
	struct change_result r = {0};
	enum rc rc = draft_from_options(env, &d, err);

	if (rc == RC_OK)
		rc = change_begin(env->ctx, env->desk, 0, &tx, err);
	if (rc != RC_OK)
		return rc;
	rc = change_new(tx, &env->desk->actor, &d, &r, err);
	if (rc != RC_OK) {
		change_abort(tx);
		return rc;
	}
	if (o.dry_run) {
		/* Printed first: afterwards a new requester is gone again. */
		rc = print(env, &r, err);
		change_abort(tx);
		return rc;
	}
	rc = change_commit(tx, err);
	return rc == RC_OK ? print(env, &r, err) : rc;
}

/* ---- many from records ---- */

enum { BATCH = 500 };

struct batch {
	struct draft drafts[BATCH];
	int64_t lines[BATCH];
	size_t n;
};

/* As many drafts as are there, up to a batch: whoever writes them one by one gets an
 * answer one by one. RC_NONE at the end of input. */
static enum rc
gather(struct cmd_env *env, void *ctx, struct reader *r, struct batch *b, struct err *err)
{
	json_t *record = NULL;
	enum rc rc = RC_OK;

	for (b->n = 0; b->n < BATCH && (b->n == 0 || reader_ready(r)); b->n++) {
		rc = reader_next(r, &record, err);
		if (rc != RC_OK)
			break;
		rc = draft_from_json(ctx, env->desk, record, &b->drafts[b->n], err);
		json_decref(record);
		if (rc != RC_OK) {
			rc = err_wrap(err, "line %lld", (long long)reader_line(r));
			break;
		}
		b->lines[b->n] = reader_line(r);
	}
	return rc;
}

static enum rc
make(struct cmd_env *env, void *ctx, struct batch *b, struct err *err)
{
	struct change_tx *tx = NULL;
	struct change_result *r = mem_array(ctx, struct change_result, b->n);
	struct err bad;
	size_t made = 0;
	enum rc rc = change_begin(ctx, env->desk, 0, &tx, err), first = RC_OK;

	if (rc != RC_OK)
		return rc;
	for (; first == RC_OK && made < b->n; made++) {
		first =
		    change_new(tx, &env->desk->actor, &b->drafts[made], &r[made], &bad);
		if (first != RC_OK) {
			err_wrap(&bad, "line %lld", (long long)b->lines[made]);
			break;
		}
		if (o.dry_run && print(env, &r[made], err) != RC_OK)
			break;
	}
	rc = finish(tx, err);
	for (size_t i = 0; rc == RC_OK && !o.dry_run && i < made; i++)
		rc = print(env, &r[i], err);
	/* Acknowledged means durable, and said at once. */
	fflush(env->out->to);
	if (rc == RC_OK && first != RC_OK) {
		*err = bad;
		rc = first == RC_USAGE ? (err->rc = RC_INVALID) : first;
	}
	return rc;
}

static enum rc
new_many(struct cmd_env *env, struct err *err)
{
	struct reader *r = reader_new(env->ctx, STDIN_FILENO);
	struct batch *b = talloc_zero(env->ctx, struct batch);
	struct err later = {0};
	int64_t done = 0;
	enum rc rc = RC_OK, end = RC_OK;

	show_begin(env->out);
	while (rc == RC_OK && end == RC_OK) {
		void *ctx = talloc_new(env->ctx);

		end = gather(env, ctx, r, b, &later);
		if (b->n > 0)
			rc = make(env, ctx, b, err);
		done += (int64_t)b->n;
		cmd_progress(env, "tickets", done, false);
		talloc_free(ctx);
	}
	cmd_progress(env, "tickets", done, true);
	if (rc == RC_OK && end != RC_NONE) {
		*err = later;
		rc = end;
	}
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	if (argc > 0)
		return err_fail(err, RC_USAGE,
		    "\"%s\": tkt-new takes options only (-s, -m, ...)", argv[0]);
	if (o.json && isatty(STDIN_FILENO) == 1)
		return err_fail(err, RC_USAGE, "--json reads drafts from a pipe or file");
	return o.json ? new_many(env, err) : new_one(env, err);
}

static const struct cmd cmd = {
    .name = "tkt-new",
    .summary = "make a ticket",
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
