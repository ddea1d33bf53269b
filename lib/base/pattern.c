/* Regular expressions. */
#include "base/pattern.h"

#include <stdint.h>
#include <string.h>
#include <talloc.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { STEPS_MAX = 100000 };

/* Calls `take` with the places of a match. */
static bool
match(const char *pattern, const char *text, uint32_t how,
    void (*take)(void *arg, const PCRE2_SIZE *where, int groups), void *arg)
{
	int number, groups;
	size_t at;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF | how, &number, &at, NULL);
	pcre2_match_data *data;
	pcre2_match_context *limit;

	if (code == NULL)
		return false;
	data = pcre2_match_data_create_from_pattern(code, NULL);
	limit = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(limit, STEPS_MAX);
	groups = pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, data, limit);
	if (groups > 0 && take != NULL)
		take(arg, pcre2_get_ovector_pointer(data), groups);
	pcre2_match_context_free(limit);
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	return groups > 0;
}

bool
pattern_whole(const char *pattern, const char *text)
{
	return match(pattern, text,
	    PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_ANCHORED | PCRE2_ENDANCHORED, NULL,
	    NULL);
}

bool
pattern_within(const char *pattern, const char *text)
{
	return match(pattern, text, PCRE2_CASELESS | PCRE2_DOTALL, NULL, NULL);
}

struct group {
	void *ctx;
	const char *text;
	char *found;
};

static void
take_group(void *arg, const PCRE2_SIZE *where, int groups)
{
	struct group *g = arg;

	if (groups > 1 && where[2] != PCRE2_UNSET && where[3] > where[2])
		g->found =
		    talloc_strndup(g->ctx, g->text + where[2], where[3] - where[2]);
}

char *
pattern_group(void *ctx, const char *pattern, const char *text, bool any_case)
{
	struct group g = {ctx, text, NULL};

	match(pattern, text, any_case ? PCRE2_CASELESS : 0, take_group, &g);
	return g.found;
}
