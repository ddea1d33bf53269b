/* kb-show: an article, as it is published or as it was. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "base/text.h"
#include "desk/cmd.h"
#include "kb/kb.h"

static struct {
	const char *language, *rev;
	bool blame;
} o;

static const struct opt opts[] = {
    {"language", 'l', OPT_TEXT, "tag", "in this language, when there is such a version",
	&o.language, NULL},
    {"rev", 0, OPT_TEXT, "revision", "as it was there", &o.rev, NULL},
    {"blame", 0, OPT_FLAG, NULL, "who wrote each line, and when", &o.blame, NULL},
    OPTS_COMMON,
    OPTS_END,
};
static const char *const formats[] = {"md", "html", "text", NULL};

/* ---- blame ---- */

struct blame {
	struct cmd_env *env;
	const char *line; /* what is left of the text */
};

static enum rc
on_run(void *arg, const struct repo_commit *c, int first, int lines, struct err *err)
{
	struct blame *b = arg;

	(void)err;
	for (int i = 0; i < lines && *b->line != '\0'; i++) {
		size_t n = strcspn(b->line, "\n");
		char *text = talloc_strndup(b->env->ctx, b->line, n);

		if (b->env->out->format == OUT_JSON)
			out_json(b->env->out,
			    json_pack("{s:s,s:i,s:s,s:s,s:o,s:s}", "type", "blame",
				"line", first + i, "revision", c->id, "author", c->author,
				"at", record_instant_value(c->at), "text", text));
		else
			out_line(b->env->out, COLOR_NONE, "%.10s  %-16.16s %.10s %4d  %s",
			    c->id, c->author, instant_print(b->env->ctx, c->at),
			    first + i, text);
		b->line += n + (b->line[n] == '\n');
	}
	return RC_OK;
}

/* ---- one article ---- */

/* Byte by byte into a file or pipe: what kb-publish takes back. */
static void
print_as_is(struct cmd_env *env, const char *text)
{
	if (env->out->tty)
		out_block(env->out, text, 0);
	else
		fputs(text, env->out->to);
}

static void
print_text(struct cmd_env *env, const struct kb_article *a, const char *text)
{
	char *zone = instant_local(env->ctx, a->changed_at, desk_zone(env->desk));

	if (env->format != NULL) {
		out_block(env->out, text, 0);
		return;
	}
	out_page(env->out);
	out_line(env->out, COLOR_BOLD, "%s", a->title);
	if (*a->summary != '\0')
		out_line(env->out, COLOR_NONE, "%s", a->summary);
	out_line(env->out, COLOR_DIM, "%s (%s)  %s  %s%s%s", a->id, a->language,
	    a->section, strcmp(a->state, "published") ? a->state : "",
	    strcmp(a->audience, "public") ? " internal" : "",
	    a->outdated ? "  older than its original" : "");
	out_line(env->out, COLOR_DIM, "%.10s, %s, %s\n", a->revision, a->author, zone);
	out_block(env->out, text, 0);
}

static enum rc
print(struct cmd_env *env, const struct kb_article *a, const char *source, size_t n,
    struct err *err)
{
	static const struct markdown_how how = {.page = true};
	struct findings f = {.ctx = env->ctx};
	struct article *parsed = NULL;
	json_t *record;
	enum rc rc = RC_OK;

	if (env->format != NULL && strcmp(env->format, "md") == 0) {
		print_as_is(env, source);
		return RC_OK;
	}
	if (source != NULL)
		rc = article_parse(env->ctx, a->path, source, n,
		    env->desk->config->kb.language, &parsed, &f, err);
	if (rc != RC_OK)
		return rc;
	if (env->format != NULL && strcmp(env->format, "html") == 0) {
		print_as_is(env, markdown_render(env->ctx, parsed->body, &how)->html);
	} else if (env->format != NULL || env->out->format == OUT_HUMAN) {
		print_text(env, a, parsed ? parsed->text->text : a->body);
	} else if (env->out->format == OUT_IDS) {
		out_line(env->out, COLOR_NONE, "%s", a->id);
	} else {
		record = kb_to_json(env->desk, a);
		json_object_set_new(
		    record, "body", json_string(parsed ? parsed->text->text : a->body));
		out_json(env->out, record);
	}
	return RC_OK;
}

static enum rc
show(struct cmd_env *env, const char *id, struct err *err)
{
	struct kb_article a;
	struct kb_version v = {0};
	struct blame b = {.env = env};
	bool git = o.rev != NULL || o.blame ||
		   (env->format != NULL && strcmp(env->format, "text") != 0);
	enum rc rc = kb_find(env->desk, env->ctx, id, o.language, &a, err);

	if (rc == RC_OK)
		rc = kb_may_see(env->desk, &a, err);
	if (rc == RC_OK && git)
		rc = kb_version(env->ctx, env->desk, &a, o.rev, &v, err);
	if (rc != RC_OK)
		return rc;
	if (!o.blame)
		return print(env, &a, v.data, v.n, err);
	b.line = v.data;
	return repo_blame(v.repo, v.commit, v.path, on_run, &b, err);
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	enum rc rc = RC_OK;

	if (argc == 0)
		return err_fail(err, RC_USAGE, "say which article");
	for (int i = 0; rc == RC_OK && i < argc; i++)
		rc = show(env, argv[i], err);
	return rc;
}

static const struct cmd cmd = {
    .name = "kb-show",
    .summary = "show an article, now or as it was",
    .args = "id ...",
    .opts = opts,
    .formats = formats,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
