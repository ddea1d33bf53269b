/* tkt-sql: one question in SQL over the documented views, reading alone. */
#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/mem.h"
#include "base/record.h"
#include "base/text.h"
#include "desk/cmd.h"
#include "store/ask.h"

static struct {
	int64_t limit, seconds;
} o = {.limit = 10000, .seconds = 10};

static const struct opt opts[] = {
    {"limit", 'n', OPT_NUM, "rows", "at most this many rows (10000); 0: all", &o.limit,
	NULL},
    {"seconds", 0, OPT_NUM, "n", "give up after that long (10)", &o.seconds, NULL},
    OPTS_COMMON,
    OPTS_END,
};

struct asked {
	struct cmd_env *env;
	struct column *columns;
	bool begun;
	int64_t rows;
};

static json_t *
value(const struct ask_row *r, int i)
{
	size_t n;
	const void *b;
	char *hex;
	json_t *v;

	switch (ask_kind(r, i)) {
	case ASK_INT:
		return json_integer(col_int(r->st, i));
	case ASK_REAL:
		return json_real(col_real(r->st, i));
	case ASK_TEXT:
		v = json_string(col_text(r->st, i));
		return v ? v : json_null();
	case ASK_BLOB:
		b = col_blob(r->st, i, &n);
		hex = text_hex(NULL, b, n);
		v = json_string(hex);
		talloc_free(hex);
		return v;
	case ASK_NULL:
		break;
	}
	return json_null();
}

static const char *
cell(void *ctx, const struct ask_row *r, int i)
{
	size_t n;
	const void *b;

	switch (ask_kind(r, i)) {
	case ASK_BLOB:
		b = col_blob(r->st, i, &n);
		return text_hex(ctx, b, n);
	case ASK_NULL:
		return "";
	default:
		return col_strdup(ctx, r->st, i);
	}
}

static void
begin(struct asked *k, const struct ask_row *r)
{
	k->begun = true;
	if (k->env->out->format == OUT_JSON || k->env->out->format == OUT_IDS)
		return;
	k->columns = mem_array(k->env->ctx, struct column, (size_t)r->n);
	for (int i = 0; i < r->n; i++) {
		k->columns[i].title = talloc_strdup(k->env->ctx, ask_name(r, i));
		k->columns[i].right =
		    ask_kind(r, i) == ASK_INT || ask_kind(r, i) == ASK_REAL;
	}
	out_table(k->env->out, k->columns, (size_t)r->n);
}

static enum rc
each(void *arg, const struct ask_row *r, struct err *err)
{
	struct asked *k = arg;
	const char **cells;
	json_t *row;
	void *ctx;

	(void)err;
	if (!k->begun)
		begin(k, r);
	k->rows++;
	if (k->env->out->format == OUT_IDS) {
		out_id(k->env->out, col_int(r->st, 0));
		return RC_OK;
	}
	if (k->env->out->format == OUT_JSON) {
		row = json_pack("{s:s}", "type", "row");
		for (int i = 0; i < r->n; i++)
			json_object_set_new(row, ask_name(r, i), value(r, i));
		out_json(k->env->out, row);
		return RC_OK;
	}
	ctx = talloc_new(NULL);
	cells = mem_array(ctx, const char *, (size_t)r->n);
	for (int i = 0; i < r->n; i++)
		cells[i] = cell(ctx, r, i);
	out_row(k->env->out, COLOR_NONE, cells);
	talloc_free(ctx);
	return RC_OK;
}

static enum rc
run(struct cmd_env *env, int argc, char **argv, struct err *err)
{
	struct ask_limits l = {o.limit, o.seconds * 1000};
	struct asked k = {.env = env};
	bool cut = false;
	enum rc rc;

	if (argc != 1)
		return err_fail(err, RC_USAGE,
		    "say one question: tkt-sql \"SELECT ... FROM tickets\"");
	/* Rows know no queues: who may see all of them may ask. */
	rc = actor_need(&env->desk->actor, "desk.config", err);
	if (rc == RC_OK)
		rc = store_ask(env->desk->store, argv[0], &l, each, &k, &cut, err);
	if (rc == RC_OK && cut)
		cmd_note(env, "more than %lld rows: -n 0 prints all", (long long)o.limit);
	return rc;
}

static const struct cmd cmd = {
    .name = "tkt-sql",
    .summary = "ask the store a question in SQL",
    .args = "select",
    .opts = opts,
    .run = run,
};

int
main(int argc, char **argv)
{
	return cmd_main(&cmd, argc, argv);
}
