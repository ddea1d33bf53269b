/* tkt-rule test: cases in, what differs out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/record.h"
#include "trial/verbs.h"

void
trial_print_case(struct testing *x, const struct case_result *r)
{
	struct out *out = x->env->out;
	bool good = r->n == 0 && r->error == NULL;
	json_t *list = json_array();

	x->run++;
	x->failed += !good;
	for (size_t i = 0; i < r->n; i++)
		json_array_append_new(
		    list, json_pack("{s:s,s:O,s:O}", "key", r->v[i].key, "wanted",
			      r->v[i].wanted, "got", r->v[i].got));
	if (x->env->format != NULL) { /* tap */
		out_line(out, COLOR_NONE, "%sok %lld - %s", good ? "" : "not ",
		    (long long)x->run, r->name);
	} else if (out->format == OUT_JSON) {
		out_json(out,
		    json_pack("{s:s,s:s,s:b,s:s?,s:O}", "type", "test", "name", r->name,
			"ok", good, "error", r->error, "differences", list));
	} else {
		out_line(out, good ? COLOR_GREEN : COLOR_RED, "%s: %s%s%s", r->name,
		    good ? "ok" : "failed", r->error ? ": " : "",
		    r->error ? r->error : "");
	}
	for (size_t i = 0;
	     i < r->n && (x->env->format != NULL || out->format != OUT_JSON); i++) {
		char *wanted = json_dumps(r->v[i].wanted, JSON_ENCODE_ANY | JSON_COMPACT),
		     *got = json_dumps(r->v[i].got, JSON_ENCODE_ANY | JSON_COMPACT);

		out_line(out, COLOR_NONE, "%s %s: wanted %s, got %s",
		    x->env->format ? "#" : "  ", r->v[i].key, wanted, got);
		free(wanted);
		free(got);
	}
	json_decref(list);
}

enum rc
trial_print_sum(const struct testing *x, const char *file, struct err *err)
{
	if (x->run == 0)
		return err_fail(err, RC_INVALID, "no cases in %s", file);
	if (x->env->format != NULL)
		out_line(x->env->out, COLOR_NONE, "1..%lld", (long long)x->run);
	else if (x->env->out->format == OUT_HUMAN)
		out_line(x->env->out, COLOR_BOLD, "%lld cases, %lld failed",
		    (long long)x->run, (long long)x->failed);
	return x->failed > 0 ? RC_NONE : RC_OK;
}

static enum rc
test_file(struct testing *x, struct trial *t, FILE *f, const char *name, struct err *err)
{
	struct reader *in = reader_new(x->env->ctx, fileno(f));
	json_t *c = NULL;
	enum rc rc, ran;

	while ((rc = reader_next(in, &c, err)) == RC_OK) {
		void *ctx = talloc_new(x->env->ctx);
		struct case_result r;

		ran = trial_case(t, ctx, name, c, &r, err);
		if (ran == RC_OK)
			trial_print_case(x, &r);
		json_decref(c);
		talloc_free(ctx);
		if (ran != RC_OK)
			return err_wrap(
			    err, "%s: line %lld", name, (long long)reader_line(in));
	}
	return rc == RC_NONE ? RC_OK : err_wrap(err, "%s", name);
}

enum rc
trial_do_test(
    struct cmd_env *env, const char *conf, int argc, char **argv, struct err *err)
{
	struct testing x = {.env = env};
	struct trial *t = NULL;
	enum rc rc;

	if (argc == 0)
		return err_fail(
		    err, RC_USAGE, "test which cases? tkt-rule test FILE ...");
	rc = trial_new(env->ctx, conf, env->desk, INSTANT_NONE, &t, err);
	for (int i = 0; rc == RC_OK && i < argc; i++) {
		FILE *f = strcmp(argv[i], "-") == 0 ? stdin : fopen(argv[i], "re");

		if (f == NULL)
			return err_errno(err, "%s", argv[i]);
		rc = test_file(&x, t, f, argv[i], err);
		if (f != stdin)
			fclose(f);
	}
	return rc == RC_OK ? trial_print_sum(&x, argv[0], err) : rc;
}
