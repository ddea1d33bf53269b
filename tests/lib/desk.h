/* A desk for C tests: made in the test's own directory, with the sample configuration. */
#ifndef TESTS_LIB_DESK_H
#define TESTS_LIB_DESK_H

#include <atf-c.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <talloc.h>
#include <unistd.h>

#include "change/change.h"

extern const char conf_sample[];

#define OK(call) ATF_REQUIRE_MSG((call) == RC_OK, "%s: %s", #call, err.text)

static inline void
test_report(void *arg, bool warning, const char *text)
{
	(void)arg;
	if (!warning)
		fprintf(stderr, "%s\n", text);
}

static inline void
test_problem(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "%s\n", text);
}

static inline struct desk *
test_desk(void *ctx)
{
	struct err err = {0};
	struct compiled c;
	struct store *s;
	struct desk *d;
	struct desk_want want = {.dir = "desk", .write = true};
	struct conf_want conf = {.file = "desk/tkt.conf",
	    .now = 1795341600000, /* 2026-11-22T10:00:00Z */
	    .report = test_report};
	int64_t version;
	int fd;

	ATF_REQUIRE(sodium_init() >= 0);
	ATF_REQUIRE(mkdir("desk", 0700) == 0);
	fd = open("desk/tkt.conf", O_WRONLY | O_CREAT, 0600);
	ATF_REQUIRE(write(fd, conf_sample, strlen(conf_sample)) > 0);
	close(fd);
	unsetenv("TKT_ACTOR");
	setenv("TKT_NOW", "2026-11-22T10:00:00Z", 1);
	OK(conf_compile(ctx, &conf, &c, &err));
	OK(desk_make(ctx, "desk", true, &s, &err));
	OK(conf_apply(s, "system", 1, &c, "config.applied", &version, &err));
	talloc_free(s);
	OK(desk_open(ctx, &want, &d, &err));
	return d;
}

#endif
