/* SPDX-License-Identifier: ISC */
#include "base/addr.h"

#include "base/cdefs.h"
#include "helper.h"

Suite *addr_suite(void);

START_TEST(texts_with_ports)
{
	static const struct { const char *text, *ip; uint16_t port; } cases[] = {
		{ "1.2.3.4", "1.2.3.4", 0 }, { "1.2.3.4:80", "1.2.3.4", 80 }, { "::1", "::1", 0 },
		{ "[::1]", "::1", 0 }, { "[2001:db8::1]:443", "2001:db8::1", 443 },
		{ "1.2.3.4:65535", "1.2.3.4", 65535 }, { "::ffff:1.2.3.4", "1.2.3.4", 0 },
		{ "2001:db8::1:443", "2001:db8::1:443", 0 },
		{ "", NULL, 0 }, { ":", NULL, 0 }, { ":80", NULL, 0 }, { "[", NULL, 0 },
		{ "[]", NULL, 0 }, { "[::1", NULL, 0 }, { "[::1]80", NULL, 0 },
		{ "[::1]:", NULL, 0 }, { "1.2.3.4:", NULL, 0 }, { "1.2.3.4:65536", NULL, 0 },
		{ "1.2.3.4:-1", NULL, 0 }, { "1.2.3.4:http", NULL, 0 }, { " 1.2.3.4", NULL, 0 },
		{ "1.2.3.4.5", NULL, 0 }, { "1.2.3", NULL, 0 }, { "localhost", NULL, 0 },
		{ "localhost:80", NULL, 0 }, { "_hidden", NULL, 0 },
		{ "0000000000000000000000000000000000000000000000000000000000000001", NULL, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct addr a = { .family = ADDR_NONE }, want;
		bool good = addr_parse_with_port(slice_str(cases[i].text), &a);

		ck_assert_msg(good == (cases[i].ip != NULL), "%s", cases[i].text);
		if (!good) {
			ck_assert_int_eq(a.family, ADDR_NONE);
			continue;
		}
		ck_assert(addr_parse(cases[i].ip, cases[i].port, &want));
		ck_assert_msg(addr_eq(&a, &want), "%s", cases[i].text);
	}
	/* A NUL does not end it. */
	ck_assert(!addr_parse_slice(slice_of("1.2.3.4\0", 8), 0, &(struct addr){ 0 }));
}
END_TEST

START_TEST(text_and_back)
{
	static const char *const texts[] = { "1.2.3.4:80", "255.255.255.255:1", "0.10.100.9:65535",
	    "[::1]:443", "[2001:db8::ff00:42]:6881" };
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct addr a;

		ck_assert(addr_parse_with_port(slice_str(texts[i]), &a));
		ck_assert_str_eq(addr_text(&a, text), texts[i]);
	}
}
END_TEST

START_TEST(what_can_be_reached)
{
	static const struct { const char *ip; bool local, usable; } cases[] = {
		{ "127.0.0.1", true, true }, { "10.255.0.1", true, true },
		{ "172.16.0.1", true, true }, { "172.32.0.1", false, true },
		{ "192.168.1.1", true, true }, { "192.169.1.1", false, true },
		{ "169.254.1.1", true, true }, { "80.1.2.3", false, true },
		{ "::1", true, true }, { "fe80::1", true, true }, { "fd00::1", true, true },
		{ "2001:db8::1", false, true }, { "0.0.0.0", false, false },
		{ "::", false, false }, { "224.0.0.1", false, false },
		{ "255.255.255.255", false, false }, { "ff02::1", false, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct addr a;

		ck_assert(addr_parse(cases[i].ip, 80, &a));
		ck_assert_msg(addr_usable(&a) == cases[i].usable, "%s", cases[i].ip);
		if (cases[i].usable)
			ck_assert_msg(addr_is_local(&a) == cases[i].local, "%s", cases[i].ip);
		a.port = 0;
		ck_assert(!addr_usable(&a));
	}
}
END_TEST

Suite *
addr_suite(void)
{
	Suite *s = suite_create("base/addr");
	TCase *t = tcase_create("addr");

	tcase_add_test(t, texts_with_ports);
	tcase_add_test(t, text_and_back);
	tcase_add_test(t, what_can_be_reached);
	suite_add_tcase(s, t);
	return s;
}
