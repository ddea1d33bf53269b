/* Phone numbers as people, carriers and switches write them -> E.164 (ITU-T). */
#ifndef BASE_PHONE_H
#define BASE_PHONE_H

#include <stddef.h>

#define PHONE_DIGITS_MAX 15 /* of E.164 */
#define PHONE_DIGITS_MIN 7  /* fewer are an extension, or nothing */

/* "+49 (30) 123-4567", "004930...", "030..." with country "49" and trunk "0": all are
 * "+49301234567", in ctx. Without a country, what does not say it is nothing. A number
 * without + and trunk that begins with the country and is long enough has it already
 * (some carriers leave the + out), else it is a national one. NULL: no number (anonymous,
 * an extension). */
char *phone_e164(void *ctx, const char *text, const char *country, const char *trunk);

#endif
