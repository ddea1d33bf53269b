/* Phone numbers. */
#include "base/phone.h"

#include <stdbool.h>
#include <string.h>
#include <talloc.h>

enum { NATIONAL = 8 /* digits a number has at least behind its country */ };

char *
phone_e164(void *ctx, const char *text, const char *country, const char *trunk)
{
	char digits[3 * PHONE_DIGITS_MAX];
	const char *rest = digits;
	size_t n = 0, c = country ? strlen(country) : 0, t = trunk ? strlen(trunk) : 0;
	bool plus;

	text += strspn(text, " \t(");
	plus = *text == '+';
	for (text += plus; *text != '\0'; text++) {
		if (*text >= '0' && *text <= '9') {
			if (n == sizeof(digits) - 1)
				return NULL;
			digits[n++] = *text;
		} else if (strchr(" \t()-./", *text) == NULL) {
			return NULL;
		}
	}
	digits[n] = '\0';
	if (!plus && n > 2 && strncmp(digits, "00", 2) == 0) {
		plus = true;
		rest += 2;
	}
	n = strlen(rest);
	if (plus)
		return n >= PHONE_DIGITS_MIN && n <= PHONE_DIGITS_MAX
			   ? talloc_asprintf(ctx, "+%s", rest)
			   : NULL;
	if (c == 0 || n < PHONE_DIGITS_MIN)
		return NULL;
	if (t > 0 && strncmp(rest, trunk, t) == 0)
		rest += t;
	else if (strncmp(rest, country, c) == 0 && n >= c + NATIONAL)
		rest += c;
	n = strlen(rest);
	return n + c >= PHONE_DIGITS_MIN && n + c <= PHONE_DIGITS_MAX
		   ? talloc_asprintf(ctx, "+%s%s", country, rest)
		   : NULL;
}
