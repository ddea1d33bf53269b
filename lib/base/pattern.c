/* Regular expressions. */
#include "base/pattern.h"

#include <stdint.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { STEPS_MAX = 100000 };

static bool
match(const char *pattern, const char *text, uint32_t how)
{
	int number;
	size_t at;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF | PCRE2_CASELESS | PCRE2_DOTALL | how, &number, &at, NULL);
	pcre2_match_data *data;
	pcre2_match_context *limit;
	bool yes;

	if (code == NULL)
		return false;
	data = pcre2_match_data_create_from_pattern(code, NULL);
	limit = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(limit, STEPS_MAX);
	yes = pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, data, limit) > 0;
	pcre2_match_context_free(limit);
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	return yes;
}

bool
pattern_whole(const char *pattern, const char *text)
{
	return match(pattern, text, PCRE2_ANCHORED | PCRE2_ENDANCHORED);
}

bool
pattern_within(const char *pattern, const char *text)
{
	return match(pattern, text, 0);
}
