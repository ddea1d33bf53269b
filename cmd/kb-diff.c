/* kb-diff: what changed in an article. */
#include <string.h>
#include <talloc.h>

#include "base/buf.h"
#include "base/diff.h"
#include "desk/cmd.h"
#include "kb/kb.h"

static struct {
	const char *language;
	bool lines;
} o;

static const struct opt opts[] = {
    {"language", 'l', OPT_TEXT, "tag", "of this language", &o.language, NULL},
    {"lines", 0, OPT_FLAG, NULL, "whole lines, instead of the words that differ",
	&o.lines, NULL},
    OPTS_COMMON,
    OPTS_END,
};

enum { CONTEXT = 3 };

/* Lines that go and come are gathered until one that stays, and compared by words. */
struct differ {
	struct cmd_env *env;
	struct buf gone, come, out, same;
	size_t nsame; /* lines that stay, not shown yet */
	bool any;     /* something differs above them */
	char mark;    /* of the piece before */
};

static void
end_mark(struct differ *d, char mark)
{
	if (d->mark == mark)
		return;
	if (d->mark != ' ')
		buf_add(&d->out, d->mark == '-' ? "-]" : "+}");
	if (mark != ' ')
		buf_add(&d->out, mark == '-' ? "[-" : "{+");
	d->mark = mark;
}

static void
on_piece(void *arg, char mark, const char *text)
{
	struct differ *d = arg;

	/* A mark ends with its line, so that each line reads by itself. */
	end_mark(d, *text == '\n' ? ' ' : mark);
	buf_add(&d->out, text);
}

static void
flush_words(struct differ *d)
{
	if (d->gone.n == 0 && d->come.n == 0)
		return;
	d->mark = ' ';
	if (!diff_words(buf_text(&d->gone), buf_text(&d->come), on_piece, d))
		buf_add(&d->out, buf_text(&d->gone));
	end_mark(d, ' ');
	buf_clear(&d->gone);
	buf_clear(&d->come);
}

/* Of many lines that stay, the first and last few. */
static void
flush_same(struct differ *d, bool end)
{
	const char *p = buf_text(&d->same);

	for (size_t i = 0; i < d->nsame; i++) {
		size_t n = strcspn(p, "\n") + 1;
		bool head = d->any && i < CONTEXT, tail = !end && i + CONTEXT >= d->nsame;

		if (head || tail)
			buf_put(&d->out, p, n);
		else if (i == (d->any ? CONTEXT : 0) && !end)
			buf_add(&d->out, "@@\n");
		p += n;
	}
	d->nsame = 0;
	buf_clear(&d->same);
}

static void
on_line(void *arg, const char *line)
{
	struct differ *d = arg;
	struct buf *to = *line == '-' ? &d->gone : &d->come;
	const char *text = line + !o.lines;

	if (*line == '@')
		return;
	if (*line == ' ') {
		flush_words(d);
		buf_add(&d->same, text);
		buf_char(&d->same, '\n');
		d->nsame++;
		return;
	}
	flush_same(d, false);
	d->any = true;
	if (o.lines)
		to = &d->out;
	buf_add(to, text);
	buf_char(to, '\n');
}

static enum rc
print(struct cmd_env *env, const struct kb_article *a, const struct kb_version *from,
    const struct kb_version *to, struct err *err)
{
	struct differ d = {.env = env,
	    .gone = {.ctx = env->ctx},
	    .come = {.ctx = env->ctx},
	    .out = {.ctx = env->ctx},
	    .same = {.ctx = env->ctx}};
	bool differs = diff_lines(from->data, to->data, on_line, &d);

	flush_words(&d);
	flush_same(&d, true);
	err->text[0] = '\0';
	if (env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "type", "article_diff", "id",
			a->id, "language", a->language, "from", from->commit, "to",
			to->commit, "text", buf_text(&d.out)));
	else
		out_block(env->out, buf_text(&d.out), 0);
	return differs ? RC_NONE : RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct kb_article a;
	struct kb_version from = {0}, to = {0};
	enum rc rc;

	if (argc < 2 || argc > 3)
		return err_fail(err, RC_USAGE,
		    "say which article and revision: kb-diff ID REV [REV]");
	rc = kb_find(env->desk, env->ctx, argv[0], o.language, &a, err);
	if (rc == RC_OK)
		rc = kb_may_see(env->desk, &a, err);
	if (rc == RC_OK)
		rc = kb_version(env->ctx, env->desk, &a, argv[1], &from, err);
	if (rc == RC_OK)
		rc = kb_version(
		    env->ctx, env->desk, &a, argc == 3 ? argv[2] : NULL, &to, err);
	return rc == RC_OK ? print(env, &a, &from, &to, err) : rc;
}

static const struct cmd cmd = {
    .name = "kb-diff",
    .summary = "show what changed in an article, by words",
    .args = "id revision [revision]",
    .opts = opts,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
