/* What conf.c (reading) and check.c (meaning) share. */
#ifndef POLICY_CONF_PRIV_H
#define POLICY_CONF_PRIV_H

#include <confuse.h>

#include "policy/policy.h"

struct place {
	const cfg_t *section;
	const char *key, *file;
	int line;
};
struct conf {
	void *ctx;
	const char *dir;
	void (*report)(void *arg, bool warning, const char *text);
	void *arg;
	struct compiled *out;
	struct place *places;
	size_t nplaces;
	int errors;
};

extern const char *const conf_days[];
/* Reports "file:line: text" for a key of a section (NULL: the section). */
void conf_wrong(struct conf *c, cfg_t *section, const char *key, const char *fmt, ...)
    PRINTF(4, 5);
void conf_warn(struct conf *c, cfg_t *section, const char *key, const char *fmt, ...)
    PRINTF(4, 5);
/* check.c: everything tkt.conf means; fills c->out. */
void conf_check(struct conf *c, cfg_t *cfg);

#endif
