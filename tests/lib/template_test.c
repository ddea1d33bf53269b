/* Mustache by its published specification's cases (github.com/mustache/spec), front
 * matter, and Markdown that is safe. */
#include <atf-c.h>
#include <string.h>
#include <talloc.h>

#include "base/err.h"
#include "base/front.h"
#include "base/markdown.h"
#include "base/mustache.h"

static struct err err;

static char *
html(void *ctx, const char *s)
{
	char *out = talloc_strdup(ctx, "");

	for (; *s != '\0'; s++) {
		const char *e = *s == '&'   ? "&amp;"
				: *s == '<' ? "&lt;"
				: *s == '>' ? "&gt;"
				: *s == '"' ? "&quot;"
					    : NULL;

		out = e ? talloc_asprintf_append(out, "%s", e)
			: talloc_asprintf_append(out, "%c", *s);
	}
	return out;
}

static const char *
render(const char *template, const char *values, bool strict)
{
	struct mustache_how how = {.escape = html, .strict = strict};
	json_t *v = json_loads(values, JSON_DECODE_ANY, NULL);
	struct mustache *m = NULL;
	char *out = NULL;

	ATF_REQUIRE_MSG(v != NULL, "%s", values);
	if (mustache_parse(NULL, template, &m, &err) != RC_OK)
		return err.text;
	if (mustache_render(NULL, m, v, &how, &out, &err) != RC_OK)
		return err.text;
	json_decref(v);
	return out;
}

/* Template, values, result: the cases of the specification that are for us (no partials,
 * no lambdas), by their files. */
static const char *const cases[][3] = {
    /* interpolation */
    {"Hello from {Mustache}!\n", "{}", "Hello from {Mustache}!\n"},
    {"Hello, {{subject}}!\n", "{\"subject\":\"world\"}", "Hello, world!\n"},
    {"{{forbidden}}", "{\"forbidden\":\"& \\\" < >\"}", "&amp; &quot; &lt; &gt;"},
    {"{{{forbidden}}}", "{\"forbidden\":\"& \\\" < >\"}", "& \" < >"},
    {"{{&forbidden}}", "{\"forbidden\":\"& \\\" < >\"}", "& \" < >"},
    {"\"{{mph}} miles an hour!\"", "{\"mph\":85}", "\"85 miles an hour!\""},
    {"\"{{power}} jiggawatts!\"", "{\"power\":1.21}", "\"1.21 jiggawatts!\""},
    {"I ({{cannot}}) be seen!", "{\"cannot\":null}", "I () be seen!"},
    {"I ({{cannot}}) be seen!", "{}", "I () be seen!"},
    {"\"{{person.name}}\" == \"{{#person}}{{name}}{{/person}}\"",
	"{\"person\":{\"name\":\"Joe\"}}", "\"Joe\" == \"Joe\""},
    {"\"{{a.b.c.d.e.name}}\" == \"Phil\"",
	"{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"name\":\"Phil\"}}}}}}",
	"\"Phil\" == \"Phil\""},
    {"\"{{a.b.c}}\" == \"\"", "{\"a\":{}}", "\"\" == \"\""},
    {"\"{{a.b.c.name}}\" == \"\"", "{\"a\":{\"b\":{}},\"c\":{\"name\":\"Jim\"}}",
	"\"\" == \"\""},
    {"\"{{#a}}{{b.c.d.e.name}}{{/a}}\" == \"Phil\"",
	"{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"name\":\"Phil\"}}}}},"
	"\"b\":{\"c\":{\"d\":{\"e\":{\"name\":\"Wrong\"}}}}}",
	"\"Phil\" == \"Phil\""},
    {"{{#a}}{{b.c}}{{/a}}", "{\"a\":{\"b\":{}},\"b\":{\"c\":\"ERROR\"}}", ""},
    {"Hello, {{.}}!\n", "\"world\"", "Hello, world!\n"},
    {"| {{string}} |", "{\"string\":\"---\"}", "| --- |"},
    {"  {{string}}\n", "{\"string\":\"---\"}", "  ---\n"},
    {"|{{ string }}|", "{\"string\":\"---\"}", "|---|"},
    {"|{{{ string }}}|", "{\"string\":\"---\"}", "|---|"},
    /* sections */
    {"\"{{#boolean}}This should be rendered.{{/boolean}}\"", "{\"boolean\":true}",
	"\"This should be rendered.\""},
    {"\"{{#boolean}}This should not be rendered.{{/boolean}}\"", "{\"boolean\":false}",
	"\"\""},
    {"\"{{#null}}This should not be rendered.{{/null}}\"", "{\"null\":null}", "\"\""},
    {"\"{{#context}}Hi {{name}}.{{/context}}\"", "{\"context\":{\"name\":\"Joe\"}}",
	"\"Hi Joe.\""},
    {"\"{{#sec}}{{a}}, {{b}}, {{c.d}}{{/sec}}\"",
	"{\"a\":\"foo\",\"b\":\"wrong\",\"sec\":{\"b\":\"bar\"},\"c\":{\"d\":\"baz\"}}",
	"\"foo, bar, baz\""},
    {"{{#foo}}{{.}} is {{foo}}{{/foo}}", "{\"foo\":\"bar\"}", "bar is bar"},
    {"\"{{#list}}{{item}}{{/list}}\"",
	"{\"list\":[{\"item\":1},{\"item\":2},{\"item\":3}]}", "\"123\""},
    {"\"{{#list}}Yay lists!{{/list}}\"", "{\"list\":[]}", "\"\""},
    {"{{#bool}}\n* first\n{{/bool}}\n* {{two}}\n{{#bool}}\n* third\n{{/bool}}\n",
	"{\"bool\":true,\"two\":\"second\"}", "* first\n* second\n* third\n"},
    {"| A {{#bool}}B {{#bool}}C{{/bool}} D{{/bool}} E |", "{\"bool\":true}",
	"| A B C D E |"},
    {"| A {{#bool}}B {{#bool}}C{{/bool}} D{{/bool}} E |", "{\"bool\":false}", "| A  E |"},
    {"[{{#missing}}Found key 'missing'!{{/missing}}]", "{}", "[]"},
    {"\"{{#list}}({{.}}){{/list}}\"", "{\"list\":[\"a\",\"b\",\"c\"]}", "\"(a)(b)(c)\""},
    {"\"{{#list}}({{.}}){{/list}}\"", "{\"list\":[1.1,2.2]}", "\"(1.1)(2.2)\""},
    {"\"{{#list}}({{#.}}{{.}}{{/.}}){{/list}}\"", "{\"list\":[[1,2],[\"a\"]]}",
	"\"(12)(a)\""},
    {"\"{{#a.b.c}}Here{{/a.b.c}}\" == \"Here\"", "{\"a\":{\"b\":{\"c\":true}}}",
	"\"Here\" == \"Here\""},
    {" | {{#boolean}}\t|\t{{/boolean}} | \n", "{\"boolean\":true}", " | \t|\t | \n"},
    {" | {{#boolean}} {{! Important Whitespace }}\n {{/boolean}} | \n",
	"{\"boolean\":true}", " |  \n  | \n"},
    {" {{#boolean}}YES{{/boolean}}\n {{#boolean}}GOOD{{/boolean}}\n",
	"{\"boolean\":true}", " YES\n GOOD\n"},
    {"| This Is\n{{#boolean}}\n|\n{{/boolean}}\n| A Line\n", "{\"boolean\":true}",
	"| This Is\n|\n| A Line\n"},
    {"| This Is\n  {{#boolean}}\n|\n  {{/boolean}}\n| A Line\n", "{\"boolean\":true}",
	"| This Is\n|\n| A Line\n"},
    {"|\r\n{{#boolean}}\r\n{{/boolean}}\r\n|", "{\"boolean\":true}", "|\r\n|"},
    {"  {{#boolean}}\n#{{/boolean}}\n/", "{\"boolean\":true}", "#\n/"},
    {"#{{#boolean}}\n/\n  {{/boolean}}", "{\"boolean\":true}", "#\n/\n"},
    {"|{{# boolean }}={{/ boolean }}|", "{\"boolean\":true}", "|=|"},
    /* inverted */
    {"\"{{^boolean}}This should be rendered.{{/boolean}}\"", "{\"boolean\":false}",
	"\"This should be rendered.\""},
    {"\"{{^context}}Hi {{name}}.{{/context}}\"", "{\"context\":{\"name\":\"Joe\"}}",
	"\"\""},
    {"\"{{^list}}Yay lists!{{/list}}\"", "{\"list\":[]}", "\"Yay lists!\""},
    {"[{{^missing}}Cannot find key 'missing'!{{/missing}}]", "{}",
	"[Cannot find key 'missing'!]"},
    {"\"{{^a.b.c}}Not Here{{/a.b.c}}\" == \"Not Here\"", "{\"a\":{\"b\":{}}}",
	"\"Not Here\" == \"Not Here\""},
    /* comments */
    {"12345{{! Comment Block! }}67890", "{}", "1234567890"},
    {"12345{{!\n  This is a\n  multi-line comment...\n}}67890\n", "{}", "1234567890\n"},
    {"Begin.\n{{! Comment Block! }}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
    {"Begin.\n  {{! Indented Comment Block! }}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
    {"|\r\n{{! Standalone Comment }}\r\n|", "{}", "|\r\n|"},
    {"  12 {{! 34 }}\n", "{}", "  12 \n"},
    {"12345 {{! Comment Block! }} 67890", "{}", "12345  67890"},
    /* delimiters */
    {"{{=<% %>=}}(<%text%>)", "{\"text\":\"Hey!\"}", "(Hey!)"},
    {"({{=[ ]=}}[text])", "{\"text\":\"It worked!\"}", "(It worked!)"},
    {"[\n{{#section}}\n  {{data}}\n  |data|\n{{/section}}\n{{= | | "
     "=}}\n|#section|\n  {{data}}\n  |data|\n|/section|\n]\n",
	"{\"section\":true,\"data\":\"I got interpolated.\"}",
	"[\n  I got interpolated.\n  |data|\n  {{data}}\n  I got interpolated.\n]\n"},
    {"Begin.\n{{=@ @=}}\nEnd.\n", "{}", "Begin.\nEnd.\n"},
    {"|{{= @   @ =}}|", "{}", "||"},
    /* what is wrong */
    {"a\n{{#x}}", "{}", "line 2: section \"x\" is never closed"},
    {"{{/x}}", "{}", "line 1: \"/x\" closes no section"},
    {"\n\n{{x", "{}", "line 3: this tag is never closed"},
    {"{{>x}}", "{}", "line 1: \"x\": no template holds another one"},
    {"{{a b}}", "{}", "line 1: \"a b\" is no name"},
};

ATF_TC_WITHOUT_HEAD(mustache__as_its_specification_says);
ATF_TC_BODY(mustache__as_its_specification_says, tc)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = render(cases[i][0], cases[i][1], false);

		ATF_CHECK_MSG(strcmp(got, cases[i][2]) == 0,
		    "%s with %s: got \"%s\", wanted \"%s\"", cases[i][0], cases[i][1],
		    got, cases[i][2]);
	}
}

ATF_TC_WITHOUT_HEAD(mustache__strict_and_within_limits);
ATF_TC_BODY(mustache__strict_and_within_limits, tc)
{
	char deep[MUSTACHE_DEPTH_MAX * 12 + 100] = "";

	ATF_CHECK_STREQ("{{a}} has no value here", render("x{{a}}", "{}", true));
	ATF_CHECK_STREQ(
	    "{{a.b}} has no value here", render("{{a.b}}", "{\"a\":1}", true));
	ATF_CHECK_STREQ("", render("{{#a}}{{b}}{{/a}}", "{}", true));
	for (int i = 0; i <= MUSTACHE_DEPTH_MAX; i++)
		strcat(deep, "{{#a}}");
	ATF_CHECK_STREQ(
	    "line 1: more than 16 sections in each other", render(deep, "{}", false));
}

ATF_TC_WITHOUT_HEAD(front__values_and_text);
ATF_TC_BODY(front__values_and_text, tc)
{
	static const char *const wrong[] = {"---\na: 1\n", "---\n- a\n---\n",
	    "---\na: &x 1\nb: *x\n---\n", "---\na: 1\na: 2\n---\n", "---\n{\n---\n",
	    "---\na: \"\xff\"\n---\n", "---\na: [[[[[[[[[[1]]]]]]]]]]\n---\n",
	    "---\n? [a]\n: b\n---\n"};
	json_t *head = NULL;
	const char *body = NULL;
	int line = 0;

	ATF_REQUIRE(front_read("---\ntitle: A text\ntags: [x, y]\n---\nBody\n", &head,
			&body, &line, &err) == RC_OK);
	ATF_CHECK_STREQ("Body\n", body);
	ATF_CHECK_EQ(5, line);
	ATF_CHECK_STREQ("A text", json_string_value(json_object_get(head, "title")));
	ATF_CHECK_EQ(2, json_array_size(json_object_get(head, "tags")));
	json_decref(head);
	ATF_REQUIRE(front_read("No front\n", &head, &body, &line, &err) == RC_OK);
	ATF_CHECK_STREQ("No front\n", body);
	ATF_CHECK(json_object_size(head) == 0 && line == 1);
	json_decref(head);
	ATF_REQUIRE(front_read("---\n---\nx", &head, &body, &line, &err) == RC_OK);
	ATF_CHECK_STREQ("x", body);
	json_decref(head);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ATF_CHECK_MSG(
		    front_read(wrong[i], &head, &body, &line, &err) == RC_INVALID, "%s",
		    wrong[i]);
}

ATF_TC_WITHOUT_HEAD(markdown__is_safe);
ATF_TC_BODY(markdown__is_safe, tc)
{
	static const char *const hostile[] = {"<script>alert(1)</script>",
	    "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))",
	    "![x](data:text/html;base64,xx)", "[x](vbscript:x)", "<a href=x onclick=y>",
	    "[x](\"onmouseover=alert(1))", "<img src=x onerror=y>",
	    "[a]: javascript:x\n[a]", "<javascript:x>", "[x](&#106;avascript:x)"};

	ATF_CHECK_STREQ("<p>a <strong>b</strong><br>\nc</p>\n",
	    markdown_html(NULL, "a **b**\nc", true));
	ATF_CHECK_STREQ("<p>a\nb</p>\n", markdown_html(NULL, "a\nb", false));
	ATF_CHECK_STREQ("<p><a href=\"https://example.org\">x</a></p>\n",
	    markdown_html(NULL, "[x](https://example.org)", true));
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		const char *s = markdown_html(NULL, hostile[i], true);

		ATF_CHECK_MSG(strstr(s, "<script") == NULL &&
				  strstr(s, "href=\"javascript") == NULL &&
				  strcasestr(s, "href=\"javascript") == NULL &&
				  strstr(s, "src=\"data") == NULL &&
				  strstr(s, "href=\"vb") == NULL &&
				  strstr(s, "<img src=x") == NULL &&
				  strstr(s, "<a href=x") == NULL,
		    "%s: %s", hostile[i], s);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, mustache__as_its_specification_says);
	ATF_TP_ADD_TC(tp, mustache__strict_and_within_limits);
	ATF_TP_ADD_TC(tp, front__values_and_text);
	ATF_TP_ADD_TC(tp, markdown__is_safe);
	return atf_no_error();
}
