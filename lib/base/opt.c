/* Declarative options on top of getopt_long(3). */
#include "base/opt.h"

#include <getopt.h>
#include <string.h>
#include <talloc.h>
#include "base/mem.h"

#include "base/text.h"

/* getopt moves operands behind the options; a term that looks like an option travels
 * behind this byte, which no shell user types. */
enum { TERM_MARK = '\001', LONG_BASE = 256 };

static bool
is_term(const char *s)
{
	size_t n;

	if (s[0] != '-' || s[1] < 'a' || s[1] > 'z')
		return false;
	n = strspn(s + 1, "abcdefghijklmnopqrstuvwxyz_.");
	return n > 1 && (s[n + 1] == ':' || s[n + 1] == '<' || s[n + 1] == '>');
}

static enum rc
unknown(
    void *ctx, const struct opt *opts, char **argv, int at, int letter, struct err *err)
{
	const char *names[OPTS_MAX + 1], *word = argv[at];
	size_t n = 0;
	char *name;

	if (!text_starts(word, "--"))
		return err_fail(
		    err, RC_USAGE, "unknown option \"-%c\" (see --help)", letter);
	for (; n < OPTS_MAX && opts[n].name != NULL; n++)
		names[n] = opts[n].name;
	names[n] = NULL;
	name = talloc_strndup(ctx, word + 2, strcspn(word + 2, "="));
	word = text_nearest(name, names);
	if (word != NULL)
		return err_fail(err, RC_USAGE,
		    "unknown or ambiguous option \"--%s\" (did you mean \"--%s\"?)", name,
		    word);
	return err_fail(
	    err, RC_USAGE, "unknown or ambiguous option \"--%s\" (see --help)", name);
}

static enum rc
assign(void *ctx, const struct opt *o, const char *value, struct err *err)
{
	struct opt_list *list = o->to;

	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)o->to = true;
		break;
	case OPT_TEXT:
		*(const char **)o->to = value;
		break;
	case OPT_NUM:
		if (!text_number(value, o->to))
			return err_fail(err, RC_USAGE, "--%s: \"%s\" is not a number",
			    o->name, value);
		break;
	case OPT_LIST:
		text_push(ctx, &list->v, &list->n, value);
		break;
	}
	return RC_OK;
}

enum rc
opt_parse(void *ctx, const struct opt *opts, bool terms, int argc, char **argv,
    char ***args, int *n, struct err *err)
{
	struct option longs[OPTS_MAX + 1] = {{0}};
	char shorts[2 * OPTS_MAX + 2] = ":",
				   **words = mem_array(ctx, char *, (size_t)argc + 1);
	size_t count = 0, s = 1;
	int c;
	bool ended = false;

	for (; opts[count].name != NULL; count++) {
		const struct opt *o = &opts[count];

		longs[count] = (struct option){.name = o->name,
		    .has_arg = o->kind == OPT_FLAG ? no_argument : required_argument,
		    .val = LONG_BASE + (int)count};
		if (o->letter != '\0') {
			shorts[s++] = o->letter;
			if (o->kind != OPT_FLAG)
				shorts[s++] = ':';
		}
	}
	for (int i = 0; i < argc; i++) {
		ended = ended || strcmp(argv[i], "--") == 0;
		words[i] = terms && !ended && i > 0 && is_term(argv[i])
			       ? talloc_asprintf(ctx, "%c%s", TERM_MARK, argv[i])
			       : argv[i];
	}
	words[argc] = NULL;
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, words, shorts, longs, NULL)) != -1) {
		const struct opt *o = NULL;
		enum rc rc;

		if (c == '?') {
			/* A bad letter in a cluster has not moved optind past its word
			 * yet. */
			int at = optopt > 0 && optopt < LONG_BASE ? optind : optind - 1;

			if (optopt >= LONG_BASE)
				return err_fail(err, RC_USAGE,
				    "option --%s takes no value",
				    opts[optopt - LONG_BASE].name);
			if (optopt > 0)
				return err_fail(err, RC_USAGE,
				    "unknown option \"-%c\" (see --help)", optopt);
			return unknown(ctx, opts, words, at, optopt, err);
		}
		if (c == ':')
			return err_fail(
			    err, RC_USAGE, "option %s needs a value", words[optind - 1]);
		if (c >= LONG_BASE)
			o = &opts[c - LONG_BASE];
		for (size_t i = 0; o == NULL && i < count; i++) {
			if (opts[i].letter == c)
				o = &opts[i];
		}
		if (o == NULL)
			return err_fail(err, RC_BUG, "option %c has no entry", c);
		rc = assign(ctx, o, optarg, err);
		if (rc != RC_OK)
			return rc;
	}
	*n = 0;
	*args = mem_array(ctx, char *, (size_t)(argc - optind) + 1);
	for (int i = optind; i < argc; i++)
		(*args)[(*n)++] = words[i] + (words[i][0] == TERM_MARK);
	(*args)[*n] = NULL;
	return RC_OK;
}

void
opt_help(FILE *to, const struct opt *opts)
{
	for (; opts->name != NULL; opts++) {
		char left[80];

		snprintf(left, sizeof(left), "%c%c%s--%s%s%s", opts->letter ? '-' : ' ',
		    opts->letter ? opts->letter : ' ', opts->letter ? ", " : "  ",
		    opts->name, opts->arg ? " " : "", opts->arg ? opts->arg : "");
		fprintf(to, "  %-28s %s\n", left, opts->help);
	}
}

void
opt_dump(FILE *to, const struct opt *opts)
{
	for (; opts->name != NULL; opts++)
		fprintf(to, "%.1s\t%s\t%s\t%s\t%s\n", opts->letter ? &opts->letter : "-",
		    opts->name, opts->arg ? opts->arg : "-",
		    opts->words ? opts->words : "-", opts->help);
}
