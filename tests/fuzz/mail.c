/* Fuzz: any bytes as a mail; what comes out is valid UTF-8 within its limits. */
#include <stdlib.h>
#include <string.h>
#include <talloc.h>

#include "base/text.h"
#include "mail/mail_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check(const char *s, size_t max)
{
	size_t left = strlen(s), len;
	uint32_t cp;

	if (left > max)
		abort();
	for (; left > 0; s += len, left -= len) {
		len = text_decode(s, left, &cp);
		if (len == 0 || (cp < 0x20 && cp != '\n' && cp != '\t'))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct config config = {.mail_parts_max = 100,
	    .mail_depth_max = 20,
	    .mail_header_max = 100000,
	    .mail_people_max = 200};
	struct mail *m = mail_parse(NULL, &config, data, n);

	check(m->subject, SUBJECT_MAX);
	check(m->body, BODY_MAX);
	check(m->msgid, 1000);
	for (size_t i = 0; i < m->nparts; i++)
		check(m->parts[i].name, FILE_NAME_MAX);
	for (size_t i = 0; i < m->npeople; i++)
		check(m->people[i].value, PERSON_MAX);
	talloc_free(m);
	return 0;
}
