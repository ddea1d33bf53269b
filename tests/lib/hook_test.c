/* lib/channel/hook: which addresses no webhook may reach. */
#include <arpa/inet.h>
#include <atf-c.h>
#include <string.h>

#include "channel/hook.h"

static bool
is_private(const char *text)
{
	unsigned char address[16];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	ATF_REQUIRE_MSG(inet_pton(family, text, address) == 1, "%s", text);
	return hook_address_private(family, address);
}

ATF_TC_WITHOUT_HEAD(address__private_or_not);
ATF_TC_BODY(address__private_or_not, tc)
{
	static const char *const inside[] = {"127.0.0.1", "127.255.255.254", "0.0.0.0",
	    "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1",
	    "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "198.18.0.1",
	    "198.19.255.255", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
	    "fc00::1", "fdff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1",
	    "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::127.0.0.1", "64:ff9b::10.0.0.1"};
	static const char *const outside[] = {"1.1.1.1", "8.8.8.8", "9.255.255.255",
	    "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
	    "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
	    "223.255.255.255", "2001:4860:4860::8888", "2a00::1", "::ffff:8.8.8.8",
	    "64:ff9b::8.8.8.8"};

	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		ATF_CHECK_MSG(is_private(inside[i]), "%s is reached", inside[i]);
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		ATF_CHECK_MSG(!is_private(outside[i]), "%s is refused", outside[i]);
	ATF_CHECK(hook_address_private(AF_UNIX, "x"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, address__private_or_not);
	return atf_no_error();
}
