/* Fuzz: any bytes as lines of IRC, and as a text that is cut into lines. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "chat/irc_line.h"
#include "chat/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Every byte but newlines and blanks at a cut goes into some line, none twice. */
static void
cut(const char *text)
{
	while (*text != '\0') {
		size_t skip = 0, k = irc_piece(text, 40, &skip);

		if (k > 40 || k + skip == 0 || k + skip > strlen(text))
			abort();
		text += k + skip;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	void *ctx = talloc_new(NULL);
	struct lines *l = lines_new(ctx, IRC_TAGS_MAX + IRC_LINE_MAX);
	struct irc_line irc;
	size_t length, half = n / 2;
	char *line;
	bool too_long;

	lines_add(l, (const char *)data, half);
	lines_add(l, (const char *)data + half, n - half);
	while (lines_next(l, &line, &length, &too_long)) {
		if (!irc_parse(line, &irc))
			continue;
		(void)irc_tag(ctx, &irc, "account");
		for (size_t i = 0; i < IRC_PARAMS_MAX; i++)
			(void)strlen(irc_param(&irc, i));
		if (irc.nick != NULL)
			(void)irc_same(irc.nick, "acme");
	}
	cut(talloc_strndup(ctx, (const char *)data, n));
	talloc_free(ctx);
	return 0;
}
