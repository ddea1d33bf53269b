/* The Asterisk Gateway Interface: what a switch says of a call, and what it is told to do
 * (docs.asterisk.org, "Asterisk Gateway Interface"). Lines of text both ways, on standard
 * input and output, or on a connection (FastAGI). */
#ifndef PHONE_AGI_H
#define PHONE_AGI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define AGI_LINE_MAX 8192
#define AGI_VARIABLES_MAX 200
#define AGI_BEGIN_MS 10000 /* the variables must be there by then */

struct agi;
/* Reads the variables (agi_callerid: ...) up to the empty line. Descriptors stay the
 * caller's. RC_INVALID: that is no AGI. Belongs to ctx. */
enum rc agi_open(void *ctx, int in, int out, struct agi **a, struct err *err) CHECKED;
/* A variable without its "agi_", "" for none. */
const char *agi_variable(const struct agi *a, const char *name);

struct agi_answer {
	int64_t result;	    /* of result=; -1 mostly: it failed, or the line is dead */
	const char *digits; /* the same as text; valid until the next command */
	const char *extra;  /* what stands in brackets, or "" */
	int64_t endpos;	    /* samples, of what ended somewhere */
};
/* Says a command and waits for its answer, at most ms. RC_NONE: the caller has hung up,
 * or the switch is gone. RC_INVALID: it knows no such command (510, 520); the next goes
 * on. */
enum rc agi_say(struct agi *a, int64_t ms, struct agi_answer *r, struct err *err,
    const char *fmt, ...) __attribute__((format(printf, 5, 6))) CHECKED;
/* The caller has hung up: the switch goes on to answer some commands, not all. */
bool agi_hung_up(const struct agi *a);

#endif
