/* SPDX-License-Identifier: ISC */
#include "tracker/rules/forwarded.h"

#include "tracker/rules/iplist.h"
#include "helper.h"
#include "tracker_test.h"

static void
check(const struct ipset *proxies, const char *from, const char *lines, const char *want)
{
	struct httpd_request rq = { .http.head.lines = slice_str(lines) };
	char text[ADDR_TEXT_MAX];
	struct addr got;

	ck_assert(addr_parse(from, 999, &rq.from));
	got = forwarded_for(proxies, &rq);
	ck_assert_msg(strcmp(addr_ip_text(&got, text), want) == 0, "%s %s: %s, not %s", from, lines,
	    text, want);
}

START_TEST(only_proxies_are_believed)
{
	static const struct { const char *from, *lines, *want; } cases[] = {
		{ "80.1.1.1", "X-Forwarded-For: 9.9.9.9\r\n", "80.1.1.1" },
		{ "80.1.1.1", "X-Real-IP: 9.9.9.9\r\n", "80.1.1.1" },
		{ "10.0.0.1", "", "10.0.0.1" },
		{ "10.0.0.1", "X-Forwarded-For: 9.9.9.9\r\n", "9.9.9.9" },
		/* What the client wrote himself stands before what the proxy saw. */
		{ "10.0.0.1", "X-Forwarded-For: 1.1.1.1, 9.9.9.9\r\n", "9.9.9.9" },
		{ "10.0.0.1", "X-Forwarded-For: 1.1.1.1, 9.9.9.9, 10.0.0.2\r\n", "9.9.9.9" },
		{ "10.0.0.1", "X-Forwarded-For: 1.1.1.1, 9.9.9.9\r\nX-Forwarded-For: 10.0.0.2\r\n",
		    "9.9.9.9" },
		{ "10.0.0.1", "X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n", "10.0.0.3" },
		{ "10.0.0.1", "x-forwarded-for: junk, 10.0.0.2\r\n", "10.0.0.2" },
		{ "10.0.0.1", "X-Forwarded-For: 1.1.1.1, junk\r\n", "10.0.0.1" },
		{ "10.0.0.1", "X-Forwarded-For: [2a00::1]:5000\r\n", "2a00::1" },
		{ "10.0.0.1", "X-Real-IP: 2a00::1\r\n", "2a00::1" },
		{ "10.0.0.1", "X-Real-IP: 8.8.8.8\r\nX-Forwarded-For: 9.9.9.9\r\n", "9.9.9.9" },
		{ "::1", "X-Forwarded-For: 9.9.9.9\r\n", "9.9.9.9" },
	};
	struct ipset proxies;

	ipset_init(&proxies);
	check(&proxies, "10.0.0.1", "X-Forwarded-For: 9.9.9.9\r\n", "10.0.0.1");
	ck_assert_int_eq(iplist_option(slice_str("10.0.0.0/8, ::1"), &proxies, NULL), BT_OK);
	ipset_seal(&proxies);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check(&proxies, cases[i].from, cases[i].lines, cases[i].want);
	ipset_fini(&proxies);
}
END_TEST

Suite *
forwarded_suite(void)
{
	Suite *s = suite_create("tracker/forwarded");
	TCase *t = tcase_create("forwarded");

	tcase_add_test(t, only_proxies_are_believed);
	suite_add_tcase(s, t);
	return s;
}
