/* lib/channel: reply tokens and Message-IDs of ours; HTML to text. */
#include "channel/mail.h"
#include "channel/token.h"
#include "desk.h"

static const struct mailbox box = {
    .name = "support", .address = "support@acme.example", .delimiter = '+'};
static const unsigned char key[DESK_KEY] = "a key of thirty-two bytes, no NU";

ATF_TC_WITHOUT_HEAD(token__proves_ticket_mailbox_and_generation);
ATF_TC_BODY(token__proves_ticket_mailbox_and_generation, tc)
{
	struct ticket *t = ticket_new(NULL);
	struct mailbox other = box;
	char *address;
	const char *mac;
	int64_t id;

	t->id = 42;
	address = token_address(NULL, key, &box, t);
	ATF_CHECK(strncmp(address, "support+t42.", 12) == 0);
	ATF_REQUIRE(token_read(&box, address, &id, &mac) && id == 42);
	ATF_CHECK(token_valid(key, &box, t, mac));
	t->token_gen = 1;
	ATF_CHECK(!token_valid(key, &box, t, mac));
	t->token_gen = 0;
	t->id = 43;
	ATF_CHECK(!token_valid(key, &box, t, mac));
	t->id = 42;
	other.name = "billing";
	ATF_CHECK(!token_valid(key, &other, t, mac));
	ATF_CHECK(!token_valid(
	    (const unsigned char *)"another key of thirty-two bytes!", &box, t, mac));
	ATF_REQUIRE(
	    token_read(&box, "SUPPORT+T42.ABCDEFGHIJKLMNOP@ACME.example", &id, &mac));
	ATF_CHECK(!token_valid(key, &box, t, mac));
	ATF_CHECK(!token_read(&box, "support@acme.example", &id, &mac));
	ATF_CHECK(!token_read(&box, "support+t42.short@acme.example", &id, &mac));
	ATF_CHECK(!token_read(&box, "support+t42@acme.example", &id, &mac));
	ATF_CHECK(
	    !token_read(&box, "other+t42.abcdefghijklmnop@acme.example", &id, &mac));
	ATF_CHECK(!token_read(&box,
	    "support+t99999999999999999999999.abcdefghijklmnop@acme.example", &id, &mac));
	talloc_free(t);
}

ATF_TC_WITHOUT_HEAD(message_id__is_ours_or_not);
ATF_TC_BODY(message_id__is_ours_or_not, tc)
{
	char *root = token_root_id(NULL, key, &box, 42);
	int64_t id = 0;

	ATF_REQUIRE(token_message_id(key, root, &id));
	ATF_CHECK_EQ(42, id);
	root[2] = '5';
	ATF_CHECK(!token_message_id(key, root, &id));
	ATF_CHECK(!token_message_id(key, "<t42.abcdefghijklmnop@acme.example>", &id));
	ATF_CHECK(!token_message_id(key, "<>", &id));
	ATF_CHECK(!token_message_id(key, "<t42@x>", &id));
	ATF_CHECK(!token_message_id(key, "", &id));
}

ATF_TC_WITHOUT_HEAD(html__becomes_readable_text);
ATF_TC_BODY(html__becomes_readable_text, tc)
{
	static const struct {
		const char *html, *text;
	} cases[] = {
	    {"<p>a</p><p>b<br>c</p>", "a\n\nb\nc"},
	    {"<script>x</script><style>y</style>z", "z"},
	    {"<a href=\"https://x.org\">here</a>", "here <https://x.org>"},
	    {"<a href=\"https://x.org\">https://x.org</a>", "https://x.org"},
	    {"<a href=\"javascript:x()\">here</a>", "here"},
	    {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
	    {"a &amp; b &lt;c&gt; &euro;", "a & b <c> €"},
	    {"", ""},
	};
	char *deep = talloc_strdup(NULL, "");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text =
		    html_to_text(NULL, cases[i].html, strlen(cases[i].html), 1000);

		ATF_CHECK_MSG(
		    strcmp(text, cases[i].text) == 0, "%s: \"%s\"", cases[i].html, text);
	}
	for (int i = 0; i < 5000; i++)
		deep = talloc_strdup_append_buffer(deep, "<div>");
	deep = talloc_strdup_append_buffer(deep, "text");
	ATF_CHECK_STREQ("text", html_to_text(NULL, deep, strlen(deep), 1000));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, token__proves_ticket_mailbox_and_generation);
	ATF_TP_ADD_TC(tp, message_id__is_ours_or_not);
	ATF_TP_ADD_TC(tp, html__becomes_readable_text);
	return atf_no_error();
}
