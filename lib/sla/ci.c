/* What prove(1), JUnit readers and GitHub's runners read. Whatever comes from a ticket is
 * escaped by their rules. */
#include "sla/ci.h"

#include <stdio.h>
#include <string.h>
#include <talloc.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/text.h"

const char *const ci_format_names[] = {"tap", "junit", "github", NULL};

struct finding {
	bool breached;
	const char *name, *policy, *text; /* "ticket 42 first_response" */
	double elapsed;
};
struct ci {
	enum ci_format format;
	int64_t now;
	struct finding *v;
	size_t n, breached;
};

struct ci *
ci_new(void *ctx, enum ci_format format, int64_t now)
{
	struct ci *ci = talloc_zero(ctx, struct ci);

	ci->format = format;
	ci->now = now;
	return ci;
}

void
ci_add(struct ci *ci, const struct sla_found *f)
{
	const struct clock *c = &f->clock;
	struct finding *x;

	ci->v = mem_grow(ci, ci->v, struct finding, ci->n + 1);
	x = &ci->v[ci->n++];
	x->breached = f->state == CLOCK_BREACHED;
	ci->breached += x->breached;
	x->name = talloc_asprintf(
	    ci, "ticket %lld %s", (long long)f->ticket->id, sla_target_names[c->target]);
	x->policy = talloc_strdup(ci, c->policy);
	x->text = talloc_asprintf(ci, "%s %s %s: %s", x->breached ? "was due" : "is due",
	    c->due ? instant_print(ci, c->due * 1000) : "when it resumes",
	    x->breached	 ? "and is breached"
	    : f->warning ? "and is in warning"
			 : "and runs",
	    text_clean(ci, f->ticket->subject, strlen(f->ticket->subject), TEXT_LINE,
		SUBJECT_MAX));
	x->elapsed = (double)clock_elapsed(c, ci->now);
}

/* ---- TAP 13 (Perl's prove(1) knows no later one): what a description may not hold is
 * escaped by a backslash ---- */

static char *
tap_text(void *ctx, const char *s)
{
	char *to = talloc_strdup(ctx, "");

	for (; *s != '\0'; s++)
		to = talloc_asprintf_append_buffer(
		    to, "%s%c", *s == '#' || *s == '\\' ? "\\" : "", *s);
	return to;
}

static void
print_tap(const struct ci *ci, FILE *to)
{
	fprintf(to, "TAP version 13\n1..%zu\n", ci->n ? ci->n : 1);
	if (ci->n == 0)
		fputs("ok 1 - no clock is breached or in warning\n", to);
	for (size_t i = 0; i < ci->n; i++)
		fprintf(to, "%s %zu - %s (%s) %s\n", ci->v[i].breached ? "not ok" : "ok",
		    i + 1, ci->v[i].name, ci->v[i].policy,
		    tap_text((void *)ci, ci->v[i].text));
}

/* ---- JUnit ---- */

/* Control characters are not XML at all; text_clean() took them. */
static char *
xml_text(void *ctx, const char *s)
{
	char *to = talloc_strdup(ctx, "");

	for (; *s != '\0'; s++) {
		const char *as = *s == '&'   ? "&amp;"
				 : *s == '<' ? "&lt;"
				 : *s == '>' ? "&gt;"
				 : *s == '"' ? "&quot;"
					     : NULL;

		to = as ? talloc_strdup_append_buffer(to, as)
			: talloc_strndup_append_buffer(to, s, 1);
	}
	return to;
}

static void
print_junit(const struct ci *ci, FILE *to)
{
	size_t n = ci->n ? ci->n : 1;

	fprintf(to,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<testsuites>\n<testsuite name=\"tkt-sla\" tests=\"%zu\" failures=\"%zu\" "
	    "errors=\"0\" skipped=\"0\" timestamp=\"%.19s\" time=\"0\">\n",
	    n, ci->breached, instant_print((void *)ci, ci->now * 1000));
	if (ci->n == 0)
		fputs("<testcase classname=\"sla\" name=\"no clock is breached or in "
		      "warning\" time=\"0\"/>\n",
		    to);
	for (size_t i = 0; i < ci->n; i++) {
		const struct finding *x = &ci->v[i];
		char *text = xml_text((void *)ci, x->text);

		fprintf(to, "<testcase classname=\"sla.%s\" name=\"%s\" time=\"%.0f\">",
		    x->policy, x->name, x->elapsed);
		if (x->breached)
			fprintf(to, "<failure type=\"breached\" message=\"%s\"/>", text);
		else
			fprintf(to, "<system-out>%s</system-out>", text);
		fputs("</testcase>\n", to);
	}
	fputs("</testsuite>\n</testsuites>\n", to);
}

/* ---- GitHub: "::error title=T::text" ---- */

static void
print_github(const struct ci *ci, FILE *to)
{
	for (size_t i = 0; i < ci->n; i++) {
		const struct finding *x = &ci->v[i];
		char *title = talloc_asprintf((void *)ci, "SLA %s: %s", x->policy,
		    x->breached ? "breached" : "warning");

		fprintf(to, "::%s title=%s::%s %s\n", x->breached ? "error" : "warning",
		    text_workflow((void *)ci, title, ":,"), x->name,
		    text_workflow((void *)ci, x->text, ""));
	}
}

void
ci_print(struct ci *ci, struct out *out)
{
	static void (*const print[])(const struct ci *ci, FILE *to) = {
	    print_tap, print_junit, print_github};

	print[ci->format](ci, out->to);
}
