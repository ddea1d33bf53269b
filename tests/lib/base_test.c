/* lib/base: text, instants, options, records. */
#include <atf-c.h>
#include <stdio.h>
#include <string.h>
#include <talloc.h>
#include <unistd.h>

#include "base/diff.h"
#include "base/err.h"
#include "base/instant.h"
#include "base/opt.h"
#include "base/record.h"
#include "base/text.h"

#define EQ(a, b) ATF_CHECK_STREQ_MSG(a, b, "got \"%s\"", b)

ATF_TC_WITHOUT_HEAD(clean__makes_text_fit);
ATF_TC_BODY(clean__makes_text_fit, tc)
{
	void *ctx = talloc_new(NULL);

	EQ("a b", text_clean(ctx, "  a \r\n\t b ", 10, TEXT_LINE, 100));
	EQ("a\nb\tc", text_clean(ctx, "a\r\nb\tc", 6, TEXT_BLOCK, 100));
	EQ("a␀b␛[0m", text_clean(ctx, "a\0b\033[0m", 7, TEXT_BLOCK, 100));
	EQ("�x", text_clean(ctx, "\377x", 2, TEXT_BLOCK, 100));
	EQ("��", text_clean(ctx, "\xc0\xaf", 2, TEXT_BLOCK, 100));	/* overlong */
	EQ("���", text_clean(ctx, "\xed\xa0\x80", 3, TEXT_BLOCK, 100)); /* surrogate */
	EQ("a�b", text_clean(ctx, "a\u202eb", 5, TEXT_LINE, 100));
	EQ("ää", text_clean(ctx, "äää", 6, TEXT_LINE, 5)); /* cut between characters */
	EQ("", text_clean(ctx, "", 0, TEXT_LINE, 100));
	EQ("", text_clean(ctx, "abc", 3, TEXT_LINE, 0));
	talloc_free(ctx);
}

ATF_TC_WITHOUT_HEAD(clean__any_bytes_become_utf8);
ATF_TC_BODY(clean__any_bytes_become_utf8, tc)
{
	unsigned seed = 1;

	for (int round = 0; round < 20000; round++) {
		char in[64], *out;
		size_t n, max;
		uint32_t cp;

		for (size_t i = 0; i < sizeof(in); i++) {
			seed = seed * 1103515245 + 12345;
			in[i] = (char)(seed >> 16);
		}
		n = seed >> 8 & 63;
		max = seed >> 20 & 127;
		out = text_clean(NULL, in, n, round & 1 ? TEXT_LINE : TEXT_BLOCK, max);
		ATF_REQUIRE(strlen(out) <= max);
		for (size_t i = 0, len; out[i] != '\0'; i += len) {
			len = text_decode(out + i, strlen(out + i), &cp);
			ATF_REQUIRE(len > 0);
			ATF_REQUIRE(cp >= 0x20 || cp == '\n' || cp == '\t');
		}
		talloc_free(out);
	}
}

ATF_TC_WITHOUT_HEAD(nearest__finds_typos_only);
ATF_TC_BODY(nearest__finds_typos_only, tc)
{
	static const char *const names[] = {"billing", "inbox", "hardware", "bob", NULL};

	EQ("billing", text_nearest("biling", names));
	EQ("billing", text_nearest("bililng", names)); /* swapped */
	EQ("inbox", text_nearest("inbxo", names));
	EQ("bob", text_nearest("bo", names));
	ATF_CHECK(text_nearest("sales", names) == NULL);
	ATF_CHECK(text_nearest("", names) == NULL);
}

ATF_TC_WITHOUT_HEAD(glob__matches_like_a_shell);
ATF_TC_BODY(glob__matches_like_a_shell, tc)
{
	ATF_CHECK(text_glob("ticket.*", "ticket.read"));
	ATF_CHECK(text_glob("*", ""));
	ATF_CHECK(text_glob("*.read", "ticket.read"));
	ATF_CHECK(!text_glob("ticket.*", "ticket"));
	ATF_CHECK(!text_glob("ticket.read", "ticket.reads"));
}

ATF_TC_WITHOUT_HEAD(instant__parses_what_it_prints);
ATF_TC_BODY(instant__parses_what_it_prints, tc)
{
	static const struct {
		const char *in, *out;
	} good[] = {{"2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"},
	    {"2026-11-22T10:00:00.5+01:00", "2026-11-22T09:00:00.500Z"},
	    {"2026-11-22T10:00:00.1239-05:30", "2026-11-22T15:30:00.123Z"},
	    {"2024-02-29t00:00:00z", "2024-02-29T00:00:00Z"}};
	static const char *const bad[] = {"", "2026-11-22", "2026-13-01T00:00:00Z",
	    "2026-02-29T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T10:00:00",
	    "2026-11-22T10:00:00+1:00", "2026-11-22T10:00:00Zx", "1969-12-31T23:59:59Z",
	    "2026-11-22T10:00:00.Z", NULL};
	int64_t ms;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ATF_REQUIRE_MSG(instant_parse(good[i].in, &ms), "%s", good[i].in);
		EQ(good[i].out, instant_print(NULL, ms));
	}
	for (const char *const *b = bad; *b != NULL; b++)
		ATF_CHECK_MSG(!instant_parse(*b, &ms), "%s", *b);
}

ATF_TC_WITHOUT_HEAD(instant__dates_are_midnight_in_the_zone);
ATF_TC_BODY(instant__dates_are_midnight_in_the_zone, tc)
{
	int64_t ms;

	ATF_REQUIRE(instant_parse_date("2026-11-01", "Europe/Berlin", &ms));
	EQ("2026-10-31T23:00:00Z", instant_print(NULL, ms));
	ATF_REQUIRE(instant_parse_date("2026-07-01", "America/New_York", &ms));
	EQ("2026-07-01T04:00:00Z", instant_print(NULL, ms));
	EQ("2026-07-01 09:45", instant_local(NULL, ms, "Asia/Kathmandu"));
	ATF_CHECK(instant_zone_known("Europe/Berlin"));
	ATF_CHECK(!instant_zone_known("Europe/Bielefeld"));
	ATF_CHECK(!instant_zone_known("../../etc/passwd"));
}

ATF_TC_WITHOUT_HEAD(duration__units_and_sums);
ATF_TC_BODY(duration__units_and_sums, tc)
{
	int64_t ms;

	ATF_REQUIRE(duration_parse("1h30m", &ms) && ms == 5400000);
	ATF_REQUIRE(duration_parse("2w", &ms) && ms == 1209600000);
	ATF_CHECK(!duration_parse("", &ms));
	ATF_CHECK(!duration_parse("4", &ms));
	ATF_CHECK(!duration_parse("-4d", &ms));
	ATF_CHECK(!duration_parse("9999999999999d", &ms));
}

ATF_TC_WITHOUT_HEAD(err__maps_and_points);
ATF_TC_BODY(err__maps_and_points, tc)
{
	struct err e;

	ATF_CHECK_EQ(75, err_status(err_fail(&e, RC_BUSY, "a\nb")));
	EQ("a b", e.text);
	err_wrap(&e, "ticket %d", 42);
	EQ("ticket 42: a b", e.text);
	ATF_CHECK_EQ(RC_BUSY, e.rc);
	err_place(&e, "status:open quue:x", 12);
	EQ("  status:open quue:x\n              ^", e.place);
	err_place(&e, "äöü x", 7);
	EQ("  äöü x\n      ^", e.place);
}

static struct {
	bool flag;
	const char *text;
	int64_t num;
	struct opt_list list;
} o;
static const struct opt opts[] = {{"flag", 'f', OPT_FLAG, NULL, "a flag", &o.flag, NULL},
    {"text", 't', OPT_TEXT, "text", "a text", &o.text, NULL},
    {"num", 'n', OPT_NUM, "count", "a number", &o.num, NULL},
    {"list", 'l', OPT_LIST, "word", "a list", &o.list, NULL}, OPTS_END};

static enum rc
parse(const char *words, bool terms, char ***args, int *n, struct err *e)
{
	static char *argv[32];
	char *copy = strdup(words), *save = NULL;
	int argc = 0;

	memset(&o, 0, sizeof(o));
	for (char *w = strtok_r(copy, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	return opt_parse(NULL, opts, terms, argc, argv, args, n, e);
}

ATF_TC_WITHOUT_HEAD(opt__parses_posix_and_gnu);
ATF_TC_BODY(opt__parses_posix_and_gnu, tc)
{
	struct err e;
	char **args;
	int n;

	ATF_REQUIRE_EQ(RC_OK,
	    parse("p -fn5 a --text=x b -l 1 --list 2 -- -f", false, &args, &n, &e));
	ATF_CHECK(o.flag && o.num == 5 && o.list.n == 2);
	EQ("x", o.text);
	ATF_REQUIRE_EQ(3, n);
	EQ("-f", args[2]);
	ATF_REQUIRE_EQ(RC_OK, parse("p status:open -tag:spam -f", true, &args, &n, &e));
	ATF_CHECK(o.flag && n == 2);
	EQ("-tag:spam", args[1]);
	ATF_CHECK_EQ(RC_USAGE, parse("p --txet x", false, &args, &n, &e));
	EQ("unknown or ambiguous option \"--txet\" (did you mean \"--text\"?)", e.text);
	ATF_CHECK_EQ(RC_USAGE, parse("p -fz", false, &args, &n, &e));
	EQ("unknown option \"-z\" (see --help)", e.text);
	ATF_CHECK_EQ(RC_USAGE, parse("p -n x", false, &args, &n, &e));
	EQ("--num: \"x\" is not a number", e.text);
	ATF_CHECK_EQ(RC_USAGE, parse("p --flag=1", false, &args, &n, &e));
	ATF_CHECK_EQ(RC_USAGE, parse("p -t", false, &args, &n, &e));
}

ATF_TC_WITHOUT_HEAD(reader__numbers_lines_and_goes_on);
ATF_TC_BODY(reader__numbers_lines_and_goes_on, tc)
{
	static const char text[] = "{\"a\":1}\n\n  \n{bad}\n[1]\n{\"a\":2}";
	void *ctx = talloc_new(NULL);
	struct reader *r;
	struct err e;
	json_t *j;
	int fd[2];

	ATF_REQUIRE(pipe(fd) == 0);
	ATF_REQUIRE(write(fd[1], text, strlen(text)) == (ssize_t)strlen(text));
	close(fd[1]);
	r = reader_new(ctx, fd[0]);
	ATF_REQUIRE_EQ(RC_OK, reader_next(r, &j, &e));
	json_decref(j);
	ATF_REQUIRE_EQ(RC_INVALID, reader_next(r, &j, &e));
	ATF_CHECK(strncmp(e.text, "line 4: ", 8) == 0);
	ATF_REQUIRE_EQ(RC_INVALID, reader_next(r, &j, &e));
	EQ("line 5: not a JSON object", e.text);
	ATF_REQUIRE_EQ(RC_OK, reader_next(r, &j, &e));
	ATF_CHECK_EQ(6, reader_line(r));
	json_decref(j);
	ATF_CHECK_EQ(RC_NONE, reader_next(r, &j, &e));
	talloc_free(ctx);
}

static void
collect(void *arg, const char *line)
{
	char **to = arg;

	*to = talloc_asprintf_append(*to, "%s\n", line);
}

ATF_TC_WITHOUT_HEAD(diff__shows_what_differs);
ATF_TC_BODY(diff__shows_what_differs, tc)
{
	char *out = talloc_strdup(NULL, "");

	ATF_CHECK(!diff_lines("a\nb\n", "a\nb\n", collect, &out));
	ATF_CHECK(diff_lines("a\nb\nc\nd\n", "a\nx\nc\ny\nd\n", collect, &out));
	EQ("@@ line 2 @@\n a\n-b\n+x\n c\n+y\n d\n", out);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, clean__makes_text_fit);
	ATF_TP_ADD_TC(tp, clean__any_bytes_become_utf8);
	ATF_TP_ADD_TC(tp, nearest__finds_typos_only);
	ATF_TP_ADD_TC(tp, glob__matches_like_a_shell);
	ATF_TP_ADD_TC(tp, instant__parses_what_it_prints);
	ATF_TP_ADD_TC(tp, instant__dates_are_midnight_in_the_zone);
	ATF_TP_ADD_TC(tp, duration__units_and_sums);
	ATF_TP_ADD_TC(tp, err__maps_and_points);
	ATF_TP_ADD_TC(tp, opt__parses_posix_and_gnu);
	ATF_TP_ADD_TC(tp, reader__numbers_lines_and_goes_on);
	ATF_TP_ADD_TC(tp, diff__shows_what_differs);
	return atf_no_error();
}
