/* tkt-list: the tickets a query selects. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/text.h"
#include "desk/cmd.h"
#include "query/show.h"

static struct {
	const char *view, *sort, *after;
	int64_t limit;
	bool counts, exact, exists, cursor;
} o = {.limit = -1};

static const struct opt opts[] = {
    {"view", 'v', OPT_TEXT, "view", "a view of tkt.conf; more terms narrow it", &o.view,
	"@view"},
    {"sort", 0, OPT_TEXT, "order",
	"updated created priority due id relevance; - reverses", &o.sort,
	"updated created priority due id relevance -updated -created -id"},
    {"limit", 'n', OPT_NUM, "count", "at most this many; 0: all (50 on a terminal)",
	&o.limit, NULL},
    {"after", 0, OPT_TEXT, "cursor", "go on where a list ended", &o.after, NULL},
    {"cursor", 0, OPT_FLAG, NULL, "end with a cursor record when there may be more",
	&o.cursor, NULL},
    {"counts", 0, OPT_FLAG, NULL, "how many tickets each view has, or the query",
	&o.counts, NULL},
    {"exact", 0, OPT_FLAG, NULL, "count beyond 10000, too", &o.exact, NULL},
    {"exists", 0, OPT_FLAG, NULL, "print nothing; exit 1 when there is none", &o.exists,
	NULL},
    OPTS_COMMON,
    OPTS_END,
};

struct walk {
	struct cmd_env *env;
	int64_t n;
	char *cursor;
	const char *sort;
};

static enum rc
each(void *arg, struct ticket *t, struct err *err)
{
	struct walk *w = arg;
	enum rc rc;

	w->n++;
	if (o.exists)
		return RC_NONE;
	rc = show_ticket(w->env->desk, w->env->out, t, err);
	if (o.cursor && w->n == o.limit)
		w->cursor = query_cursor(w->env->ctx, t, w->sort);
	if (rc == RC_OK && ferror(w->env->out->to))
		return RC_NONE; /* the reader has gone: out_close() tells why */
	return rc;
}

static enum rc
count_one(struct cmd_env *env, const char *name, const struct node *tree, struct err *err)
{
	int64_t n = 0;
	enum rc rc = query_count(env->desk, tree, o.exact, &n, err);
	bool more = !o.exact && n > COUNT_MAX;

	if (rc != RC_OK)
		return rc;
	if (more)
		n = COUNT_MAX;
	if (env->out->format == OUT_JSON) {
		out_json(
		    env->out, json_pack("{s:s,s:s?,s:I,s:b}", "type", "count", "view",
				  name, "count", (json_int_t)n, "more", more));
	} else {
		char *text =
		    talloc_asprintf(env->ctx, "%lld%s", (long long)n, more ? "+" : "");
		const char *cells[] = {name ? name : "tickets", text};

		out_row(env->out, COLOR_NONE, cells);
	}
	return RC_OK;
}

static enum rc
counts(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	static const struct column columns[] = {
	    {"VIEW", false, false}, {"COUNT", true, false}};
	const struct config *c = env->desk->config;
	struct node *tree = NULL;
	enum rc rc = RC_OK;

	out_table(env->out, columns, 2);
	if (argc > 0 || o.view != NULL) {
		rc = query_user(env->desk, env->ctx, argc, argv, o.view, &tree, err);
		return rc == RC_OK ? count_one(env, o.view, tree, err) : rc;
	}
	for (size_t i = 0; rc == RC_OK && i < c->nviews; i++) {
		rc = query_user(
		    env->desk, env->ctx, 0, NULL, c->views[i].name, &tree, err);
		if (rc == RC_OK)
			rc = count_one(env, c->views[i].name, tree, err);
	}
	return rc;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct query_list l = {.sort = o.sort, .after = o.after};
	const struct view *v = o.view ? config_view(env->desk->config, o.view) : NULL;
	struct node *tree = NULL;
	struct walk w = {.env = env};
	enum rc rc = actor_need(&env->desk->actor, "ticket.read", err);

	if (rc != RC_OK || o.counts)
		return rc == RC_OK ? counts(env, argc, argv, err) : rc;
	if (l.sort == NULL && v != NULL)
		l.sort = v->sort;
	w.sort = l.sort;
	if (o.limit < 0)
		o.limit = env->out->tty && env->out->format == OUT_HUMAN ? 50 : 0;
	l.limit = o.exists ? 1 : o.limit;
	rc = query_check_list(&l, err);
	if (rc == RC_OK)
		rc = query_user(env->desk, env->ctx, argc, argv, o.view, &tree, err);
	if (rc == RC_OK)
		rc = store_read(env->desk->store, err);
	if (rc != RC_OK)
		return rc;
	if (!o.exists) {
		out_page(env->out);
		show_begin(env->out);
	}
	rc = query_each(env->desk, tree, &l, each, &w, err);
	store_read_end(env->desk->store);
	if (rc != RC_OK)
		return rc;
	if (o.exists)
		return w.n > 0 ? RC_OK : RC_NONE;
	if (w.cursor != NULL && env->out->format == OUT_JSON)
		out_json(env->out,
		    json_pack("{s:s,s:s}", "type", "cursor", "after", w.cursor));
	out_table_end(env->out);
	if (env->out->tty && w.n == 0)
		cmd_note(env, "no tickets");
	else if (env->out->tty && w.n == o.limit)
		cmd_note(env, "%lld shown; -n 0 shows all", (long long)w.n);
	return RC_OK;
}

static const struct cmd cmd = {
    .name = "tkt-list",
    .summary = "list tickets",
    .args = "[query ...]",
    .opts = opts,
    .flags = CMD_TERMS,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
