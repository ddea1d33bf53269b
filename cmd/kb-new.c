/* kb-new: a new article, in one commit. */
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/text.h"
#include "base/record.h"
#include "change/compose.h"
#include "desk/cmd.h"
#include "kb/write.h"

static struct {
	const char *title, *summary, *section, *language, *audience, *state, *message;
	struct opt_list tags;
	int64_t ticket;
	bool dry_run;
} o;

static const struct opt opts[] = {
    {"title", 0, OPT_TEXT, "text", "its title", &o.title, NULL},
    {"summary", 0, OPT_TEXT, "text", "one sentence for lists and replies", &o.summary,
	NULL},
    {"section", 0, OPT_TEXT, "path", "the folder it belongs to", &o.section, NULL},
    {"tag", 't', OPT_LIST, "tag", "a tag; may be repeated", &o.tags, NULL},
    {"language", 'l', OPT_TEXT, "tag", "its language", &o.language, NULL},
    {"audience", 0, OPT_TEXT, "audience", "public or internal", &o.audience,
	"public internal"},
    {"state", 0, OPT_TEXT, "state", "published, draft or archived", &o.state,
	"published draft archived"},
    {"message", 'm', OPT_TEXT, "text", "its text, instead of stdin or $EDITOR",
	&o.message, NULL},
    {"from-ticket", 0, OPT_NUM, "id", "a draft from what was answered there", &o.ticket,
	NULL},
    {"dry-run", 'N', OPT_FLAG, NULL, "only print what would be committed", &o.dry_run,
	NULL},
    OPTS_COMMON,
    OPTS_END,
};

static void
on_problem(void *arg, const struct finding *f)
{
	cmd_note(arg, "%s:%d: %s", f->path, f->line, f->message);
}

static void
set(json_t *head, const char *key, const char *v)
{
	if (v != NULL && *v != '\0')
		json_object_set_new(head, key, json_string(v));
}

/* The file: front matter from options, text from a ticket, -m, stdin or an editor. */
static enum rc
compose(struct cmd_env *env, char **file, struct err *err)
{
	json_t *head = record_own(env->ctx, json_object()), *tags = json_array();
	char *title = NULL, *text = NULL;
	size_t n = 0;
	enum rc rc;

	if (o.ticket != 0)
		rc = kb_from_ticket(env->ctx, env->desk, o.ticket, &title, &text, err);
	else
		rc = compose_text(
		    env->desk, env->ctx, o.message, true, "", &text, &n, err);
	if (rc == RC_OK && o.title == NULL && title == NULL)
		rc = err_fail(err, RC_USAGE, "an article needs a --title");
	if (rc != RC_OK) {
		json_decref(tags);
		return rc;
	}
	set(head, "title", o.title ? o.title : title);
	set(head, "summary", o.summary);
	for (size_t i = 0; i < o.tags.n; i++)
		json_array_append_new(tags, json_string(o.tags.v[i]));
	json_object_set_new(head, "tags", tags);
	set(head, "audience", o.audience);
	set(head, "state", o.state ? o.state : o.ticket ? "draft" : NULL);
	set(head, "language", o.language);
	*file = article_print(env->ctx, head, text);
	return RC_OK;
}

static enum rc
check_section(struct err *err)
{
	const char *s = o.section;

	while (s != NULL && *s != '\0') {
		size_t n = strcspn(s, "/");
		char *one = talloc_strndup(NULL, s, n);
		bool ok = text_is_name(one, ARTICLE_ID_MAX);

		talloc_free(one);
		if (!ok)
			return err_fail(err, RC_USAGE,
			    "--section \"%s\": folders of small letters, digits, - and _",
			    o.section);
		s += n + (s[n] == '/');
	}
	return RC_OK;
}

static enum rc
commit(struct cmd_env *env, const char *id, const char *language, const char *path,
    const char *file, struct err *err)
{
	struct repo_edit edit = {.path = path, .data = file, .n = strlen(file)};
	struct kb_publish_want want = {.report = on_problem, .arg = env};
	struct kb_published p;
	struct kb_article a;
	char commit[REPO_ID];
	enum rc rc = kb_commit(env->ctx, env->desk, &edit, 1,
	    talloc_asprintf(env->ctx, "Add %s", id), commit, err);

	if (rc == RC_OK || rc == RC_NONE)
		rc = kb_publish(env->ctx, env->desk, &want, &p, err);
	/* Ours is right; what is wrong with others was there before. */
	if (rc == RC_OK || rc == RC_INVALID)
		rc = kb_find(env->desk, env->ctx, id, language, &a, err);
	if (rc != RC_OK)
		return rc;
	if (env->out->format == OUT_JSON)
		out_json(env->out, kb_to_json(env->desk, &a));
	else if (env->out->format == OUT_IDS)
		out_line(env->out, COLOR_NONE, "%s", a.id);
	else
		out_line(
		    env->out, COLOR_NONE, "article %s, %s: %s", a.id, a.state, a.path);
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct findings f = {.ctx = env->ctx};
	struct article *a = NULL;
	const char *language = o.language ? o.language : env->desk->config->kb.language;
	char *path = NULL, *file = NULL;
	bool there = false;
	enum rc rc = actor_need(&env->desk->actor, "kb.write", err);

	if (argc != 1 || !text_is_name(argv[0], ARTICLE_ID_MAX))
		return err_fail(err, RC_USAGE,
		    "say its id: small letters, digits, - and _, as in kb-new "
		    "get-a-refund");
	if (rc == RC_OK && !text_is_language(language))
		rc = err_fail(
		    err, RC_USAGE, "--language \"%s\": a tag as \"en\"", language);
	if (rc == RC_OK && o.ticket != 0 && o.message != NULL)
		rc = err_fail(err, RC_USAGE, "--from-ticket is the text: -m is too much");
	if (rc == RC_OK)
		rc = check_section(err);
	if (rc == RC_OK)
		rc = kb_place(env->ctx, env->desk, argv[0], language, o.section, &path,
		    &there, err);
	if (rc == RC_OK && there)
		rc = err_fail(err, RC_EXISTS,
		    "article \"%s\" is there already: %s (kb-publish changes it)",
		    argv[0], path);
	if (rc == RC_OK)
		rc = compose(env, &file, err);
	if (rc == RC_OK)
		rc = kb_check(env->ctx, env->desk, path, file, strlen(file), &a, &f, err);
	if (rc != RC_OK || !o.dry_run)
		return rc == RC_OK ? commit(env, argv[0], language, path, file, err) : rc;
	out_block(env->out, file, 0);
	return RC_OK;
}

static const struct cmd cmd = {
    .name = "kb-new",
    .summary = "write a new article, or draft one from a ticket",
    .args = "id",
    .opts = opts,
    .flags = CMD_WRITES,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
