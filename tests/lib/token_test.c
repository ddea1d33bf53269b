/* lib/channel: reply tokens, agents' tokens, bounce addresses, Message-IDs of ours. */
#include "channel/token.h"
#include "desk.h"

static const struct mailbox box = {
    .name = "support", .address = "support@acme.example", .delimiter = '+'};
static const struct desk_keys keys = {.v = {"a key of thirty-two bytes, no NU"}, .n = 1};
static const struct desk_keys other_keys = {
    .v = {"another key of thirty-two bytes!"}, .n = 1};

ATF_TC_WITHOUT_HEAD(token__proves_ticket_mailbox_and_generation);
ATF_TC_BODY(token__proves_ticket_mailbox_and_generation, tc)
{
	struct ticket *t = ticket_new(NULL);
	struct mailbox other = box;
	struct token token;
	char *address;

	t->id = 42;
	address = token_address(NULL, &keys, &box, t);
	ATF_CHECK(strncmp(address, "support+t42.", 12) == 0);
	ATF_REQUIRE(token_read(&box, address, &token) && token.id == 42);
	ATF_CHECK(token_of_ticket(&keys, &box, t, &token));
	ATF_CHECK(!token_of_agent(&keys, &box, t, "alice", &token));
	t->token_gen = 1;
	ATF_CHECK(!token_of_ticket(&keys, &box, t, &token));
	t->token_gen = 0;
	t->id = 43;
	ATF_CHECK(!token_of_ticket(&keys, &box, t, &token));
	t->id = 42;
	other.name = "billing";
	ATF_CHECK(!token_of_ticket(&keys, &other, t, &token));
	ATF_CHECK(!token_of_ticket(&other_keys, &box, t, &token));
	ATF_REQUIRE(
	    token_read(&box, "SUPPORT+T42.ABCDEFGHIJKLMNOP@ACME.example", &token));
	ATF_CHECK(!token_of_ticket(&keys, &box, t, &token));
	ATF_CHECK(!token_read(&box, "support@acme.example", &token));
	ATF_CHECK(!token_read(&box, "support+t42.short@acme.example", &token));
	ATF_CHECK(!token_read(&box, "support+t42@acme.example", &token));
	ATF_CHECK(!token_read(&box, "support+x42.abcdefghijklmnop@acme.example", &token));
	ATF_CHECK(!token_read(&box, "other+t42.abcdefghijklmnop@acme.example", &token));
	ATF_CHECK(!token_read(&box,
	    "support+t99999999999999999999999.abcdefghijklmnop@acme.example", &token));
	talloc_free(t);
}

ATF_TC_WITHOUT_HEAD(token__of_an_agent_and_of_a_delivery);
ATF_TC_BODY(token__of_an_agent_and_of_a_delivery, tc)
{
	struct ticket *t = ticket_new(NULL);
	struct token token;

	t->id = 42;
	ATF_REQUIRE(
	    token_read(&box, token_agent_address(NULL, &keys, &box, t, "alice"), &token));
	ATF_CHECK_EQ('a', token.kind);
	ATF_CHECK(token_of_agent(&keys, &box, t, "alice", &token));
	ATF_CHECK(!token_of_agent(&keys, &box, t, "bob", &token));
	ATF_CHECK(!token_of_ticket(&keys, &box, t, &token));
	ATF_REQUIRE(
	    token_read(&box, token_bounce_address(NULL, &keys, &box, 900, 1), &token));
	ATF_CHECK(token.kind == 'd' && token.id == 900 && token.n == 1);
	ATF_CHECK(token_of_delivery(&keys, &token));
	token.n = 2;
	ATF_CHECK(!token_of_delivery(&keys, &token));
	talloc_free(t);
}

ATF_TC_WITHOUT_HEAD(token__by_an_old_key);
ATF_TC_BODY(token__by_an_old_key, tc)
{
	struct desk_keys both = {.n = 2};
	struct ticket *t = ticket_new(NULL);
	struct token token;
	char *old, *new;
	int64_t ticket, message;

	memcpy(both.v[0], other_keys.v[0], DESK_KEY);
	memcpy(both.v[1], keys.v[0], DESK_KEY);
	t->id = 7;
	old = token_address(NULL, &keys, &box, t);
	new = token_address(NULL, &both, &box, t);
	ATF_CHECK(strcmp(old, new) != 0);
	ATF_CHECK(
	    token_read(&box, old, &token) && token_of_ticket(&both, &box, t, &token));
	ATF_CHECK(
	    token_read(&box, new, &token) && token_of_ticket(&both, &box, t, &token));
	ATF_CHECK(token_message_id(
	    &both, token_root_id(NULL, &keys, &box, 7), &ticket, &message));
	talloc_free(t);
}

ATF_TC_WITHOUT_HEAD(message_id__is_ours_or_not);
ATF_TC_BODY(message_id__is_ours_or_not, tc)
{
	char *root = token_root_id(NULL, &keys, &box, 42);
	int64_t id = 0, message = -1;

	ATF_REQUIRE(token_message_id(&keys, root, &id, &message));
	ATF_CHECK(id == 42 && message == 0);
	ATF_REQUIRE(token_message_id(
	    &keys, token_sent_id(NULL, &keys, &box, 42, 101, "k3j9"), &id, &message));
	ATF_CHECK(id == 42 && message == 101);
	root[2] = '5';
	ATF_CHECK(!token_message_id(&keys, root, &id, &message));
	ATF_CHECK(!token_message_id(
	    &keys, "<t42.abcdefghijklmnop@acme.example>", &id, &message));
	ATF_CHECK(!token_message_id(&keys, "<>", &id, &message));
	ATF_CHECK(!token_message_id(&keys, "<t42@x>", &id, &message));
	ATF_CHECK(!token_message_id(&keys, "", &id, &message));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, token__proves_ticket_mailbox_and_generation);
	ATF_TP_ADD_TC(tp, token__of_an_agent_and_of_a_delivery);
	ATF_TP_ADD_TC(tp, token__by_an_old_key);
	ATF_TP_ADD_TC(tp, message_id__is_ours_or_not);
	return atf_no_error();
}
