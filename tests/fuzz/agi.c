/* Fuzz: any bytes as what a switch says; and as phone numbers. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <talloc.h>
#include <unistd.h>

#include "base/phone.h"
#include "phone/agi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	void *ctx = talloc_new(NULL);
	int in = memfd_create("agi", MFD_CLOEXEC), out = open("/dev/null", O_WRONLY);
	char *text = talloc_strndup(ctx, (const char *)data, n), *number;
	struct agi_answer r;
	struct agi *a = NULL;
	struct err err;

	if (write(in, data, n) != (ssize_t)n || lseek(in, 0, SEEK_SET) != 0)
		abort();
	if (agi_open(ctx, in, out, &a, &err) == RC_OK) {
		(void)strlen(agi_variable(a, "callerid"));
		for (int i = 0; i < 50; i++) {
			enum rc rc = agi_say(a, 1000, &r, &err, "GET DATA %s", "x");

			if (rc == RC_OK)
				(void)(strlen(r.digits) + strlen(r.extra));
			else if (rc == RC_NONE)
				break;
		}
	}
	number = phone_e164(ctx, text, "49", "0");
	if (number != NULL && (*number != '+' || strlen(number) > PHONE_DIGITS_MAX + 1 ||
				  strspn(number + 1, "0123456789") != strlen(number) - 1))
		abort();
	close(in);
	close(out);
	talloc_free(ctx);
	return 0;
}
