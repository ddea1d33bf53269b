/* kb-search: finds articles. */
#include <string.h>
#include <talloc.h>

#include "base/text.h"
#include "desk/cmd.h"
#include "kb/search.h"
#include "ticket/ticket.h"

static struct {
	const char *audience, *language, *tag, *section, *state;
	int64_t ticket, limit;
} o = {.limit = 10};

static const struct opt opts[] = {
    {"ticket", 0, OPT_NUM, "id", "articles for what this ticket says", &o.ticket, NULL},
    {"audience", 0, OPT_TEXT, "audience", "public or internal ones only", &o.audience,
	"public internal"},
    {"language", 'l', OPT_TEXT, "tag", "in this language only", &o.language, NULL},
    {"tag", 't', OPT_TEXT, "tag", "with this tag only", &o.tag, NULL},
    {"section", 0, OPT_TEXT, "path", "in this section and below only", &o.section, NULL},
    {"state", 0, OPT_TEXT, "state", "published (default), draft or archived", &o.state,
	"published draft archived"},
    {"limit", 'n', OPT_NUM, "count", "at most this many (default 10)", &o.limit, NULL},
    OPTS_COMMON,
    OPTS_END,
};

static const struct column columns[] = {{"ID", false, false}, {"LANG", false, false},
    {"TITLE", false, true}, {"SECTION", false, false}};

static void
print_human(struct cmd_env *env, const struct kb_hit *h)
{
	char *s = talloc_strdup(env->ctx, h->snippet), *to = s;

	/* The marks are for programs; a terminal shows the words as they are. */
	for (const char *p = s; *p != '\0'; p++) {
		if (p[0] == '*' && p[1] == '*')
			p++;
		else
			*to++ = *p;
	}
	*to = '\0';
	out_line(env->out, COLOR_BOLD, "%s  %s%s", h->a.id, h->a.title,
	    strcmp(h->a.audience, "internal") == 0 ? "  (internal)" : "");
	out_block(env->out, *s ? s : h->a.summary, 4);
	talloc_free(s);
}

static enum rc
print(void *arg, struct kb_hit *h, struct err *err)
{
	struct cmd_env *env = arg;
	const char *cells[] = {h->a.id, h->a.language, h->a.title, h->a.section};
	json_t *record;

	(void)err;
	switch (env->out->format) {
	case OUT_JSON:
		record = kb_to_json(env->desk, &h->a);
		json_object_set_new(record, "score", json_real(h->score));
		json_object_set_new(record, "snippet", json_string(h->snippet));
		out_json(env->out, record);
		break;
	case OUT_HUMAN:
		print_human(env, h);
		break;
	case OUT_TSV:
		out_row(env->out, COLOR_NONE, cells);
		break;
	case OUT_IDS:
		out_line(env->out, COLOR_NONE, "%s", h->a.id);
		break;
	}
	return RC_OK;
}

static char *
join(void *ctx, int argc, char **argv)
{
	char *s = talloc_strdup(ctx, "");

	for (int i = 0; i < argc; i++)
		s = talloc_asprintf_append(s, "%s%s", i ? " " : "", argv[i]);
	return s;
}

/* What a customer would have searched for. */
static enum rc
from_ticket(struct cmd_env *env, struct kb_search *want, struct err *err)
{
	struct ticket *t = NULL;
	enum rc rc = ticket_get(env->desk->store, env->ctx, o.ticket, &t, err);

	if (rc == RC_OK)
		rc = actor_need_queue(&env->desk->actor, t->queue, err);
	if (rc == RC_OK)
		rc = message_first_body(
		    env->desk->store, env->ctx, o.ticket, &want->more, err);
	if (rc == RC_OK) {
		want->words = t->subject;
		want->any = true;
	}
	return rc;
}

/* Opened for writing only now: a search that finds something costs half as much. */
static enum rc
note_miss(struct cmd_env *env, const char *words, struct err *err)
{
	struct desk_want want = {.dir = env->desk_dir, .as = env->as, .write = true};
	struct desk *d = NULL;
	enum rc rc = desk_open(env->ctx, &want, &d, err);

	return rc == RC_OK ? kb_search_missed(d, words, err) : rc;
}

static enum rc
search(struct cmd_env *env, const struct kb_search *want, struct err *err)
{
	struct kb_searched said;
	enum rc rc = kb_search(env->desk, want, print, env, env->ctx, &said, err);

	if (rc != RC_OK)
		return rc;
	if (said.corrected != NULL)
		cmd_note(env, "nothing has these words; this is for: %s", said.corrected);
	else if (said.any)
		cmd_note(env, "no article has all of these words; these have some");
	if (said.found || o.ticket != 0)
		return RC_OK;
	return note_miss(env, want->words, err);
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct kb_search want = {.words = join(env->ctx, argc, argv),
	    .audience = o.audience,
	    .language = o.language,
	    .tag = o.tag,
	    .section = o.section,
	    .state = o.state,
	    .limit = o.limit};
	enum rc rc = RC_OK;

	if ((*want.words == '\0') == (o.ticket == 0))
		return err_fail(err, RC_USAGE,
		    "say what to look for: words, or --ticket and a number");
	if (o.audience != NULL && word_index(audience_names, o.audience) < 0)
		return err_fail(err, RC_USAGE, "audience \"%s\": public or internal%s",
		    o.audience, text_hint(env->ctx, o.audience, audience_names));
	if (o.state != NULL && word_index(state_names, o.state) < 0)
		return err_fail(err, RC_USAGE,
		    "state \"%s\": published, draft or archived%s", o.state,
		    text_hint(env->ctx, o.state, state_names));
	if (o.ticket != 0)
		rc = from_ticket(env, &want, err);
	if (rc == RC_OK && env->out->format == OUT_TSV)
		out_table(env->out, columns, sizeof(columns) / sizeof(columns[0]));
	if (rc == RC_OK)
		rc = search(env, &want, err);
	if (rc == RC_OK && env->out->format == OUT_TSV)
		out_table_end(env->out);
	return rc;
}

static const struct cmd cmd = {
    .name = "kb-search",
    .summary = "find articles by their words, or for a ticket",
    .args = "[word ...]",
    .opts = opts,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
