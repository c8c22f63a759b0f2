/* SPDX-License-Identifier: ISC */
#include "proto/proxy_header.h"

#include "base/cdefs.h"
#include "proto/limits.h"
#include "proto_test.h"

#define SIGNATURE "0d0a0d0a000d0a515549540a"
#define V4_ENDS "50515253" "0a000001" "04d2" "0050"
#define V6_ENDS "20010db8000000000000000000000001" "20010db8000000000000000000000002" "04d2" "0050"
#define MAPPED "00000000000000000000ffff50515253"

/* want: the client, "-" none; NULL: it is bad. */
static void
check(struct bt_slice in, size_t header_len, const char *want)
{
	char text[ADDR_TEXT_MAX];
	struct addr from;
	size_t used;
	enum step step;

	for (size_t i = 0; i < header_len; i++) {
		step = proxy_header_parse(slice_of(in.ptr, i), &from, &used);
		ck_assert_msg(step == STEP_MORE, "%s: %zu of %zu bytes", want, i, in.len);
	}
	step = proxy_header_parse(in, &from, &used);
	ck_assert_msg(step == (want == NULL ? STEP_BAD : STEP_DONE), "%.*s: %d", (int)in.len,
	    (const char *)in.ptr, (int)step);
	ck_assert_uint_eq(used, header_len);
	if (want != NULL)
		ck_assert_str_eq(from.family == ADDR_NONE ? "-" : addr_text(&from, text), want);
}

START_TEST(test_text)
{
	static const struct { const char *line, *want; } cases[] = {
		{ "PROXY TCP4 80.81.82.83 10.0.0.1 1234 80\r\n", "80.81.82.83:1234" },
		{ "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
		    "255.255.255.255:65535" },
		{ "PROXY TCP4 1.2.3.4 5.6.7.8 0 0\r\n", "1.2.3.4:0" },
		{ "PROXY TCP6 2001:db8::1 2001:db8::2 1234 443\r\n", "[2001:db8::1]:1234" },
		{ "PROXY TCP6 ::ffff:80.81.82.83 ::1 1 2\r\n", "80.81.82.83:1" },
		{ "PROXY UNKNOWN\r\n", "-" },
		{ "PROXY UNKNOWN ffff::1 what ever 65536\r\n", "-" },
	};
	char text[200];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		check(slice_str(cases[i].line), strlen(cases[i].line), cases[i].want);
		(void)snprintf(text, sizeof(text), "%sGET / HTTP/1.1\r\n\r\n", cases[i].line);
		check(slice_str(text), strlen(cases[i].line), cases[i].want);
	}
}
END_TEST

START_TEST(test_bad_text)
{
	static const char *const bad[] = {
		"PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP4 1.2.3.4\r\n",
		"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
		"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n",
		"PROXY TCP4 1.2.3.4 5.6.7.8 65536 1\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
		"PROXY TCP4 1.2.3.4 5.6.7.8 1 -2\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
		"PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n",
		"PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n", "PROXY TCP4 ::1 ::2 1 2\r\n",
		"PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8.9 1 2\r\n",
		"PROXY TCP6 ::1%lo ::2 1 2\r\n", "PROXY UNKNOWNS\r\n",
		"PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n",
		"PROXY TCP4 http://tracker.example 1.2.3.4 1 2\r\n",
		"PROXY UNKNOWN 12345678901234567890123456789012345678901234567890123456789012345"
		    "678901234567890123456789012345\r\n",
	};
	char endless[110];
	struct addr from;
	size_t used;

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		check(slice_str(bad[i]), 0, NULL);
	check(slice_of("PROXY TCP4 1.2.3.4\0 5.6.7.8 1 2\r\n", 33), 0, NULL);
	memset(endless, 'x', sizeof(endless));
	memcpy(endless, "PROXY ", 6);
	ck_assert_int_eq(proxy_header_parse(slice_of(endless, 106), &from, &used), STEP_MORE);
	check(slice_of(endless, 107), 0, NULL);
}
END_TEST

static void
check_hex(const char *hex, const char *want, size_t behind)
{
	struct bt_slice in = unhex(hex);

	check(in, want == NULL ? 0 : in.len - behind, want);
	free((void *)(uintptr_t)in.ptr);
}

START_TEST(test_binary)
{
	check_hex(SIGNATURE "2111000c" V4_ENDS, "80.81.82.83:1234", 0);
	check_hex(SIGNATURE "2111000c" V4_ENDS "474554", "80.81.82.83:1234", 3);
	check_hex(SIGNATURE "21210024" V6_ENDS "16", "[2001:db8::1]:1234", 1);
	check_hex(SIGNATURE "21210024" MAPPED MAPPED "04d20050", "80.81.82.83:1234", 0);
	/* More is said behind the addresses, true or not: it does not matter. */
	check_hex(SIGNATURE "21110010" V4_ENDS "04000100", "80.81.82.83:1234", 0);
	check_hex(SIGNATURE "2111000f" V4_ENDS "03ffff" "47", "80.81.82.83:1234", 1);
	/* The proxy itself, nobody in particular, a socket file, datagrams. */
	check_hex(SIGNATURE "20000000", "-", 0);
	check_hex(SIGNATURE "2011000c" V4_ENDS, "-", 0);
	check_hex(SIGNATURE "20ff0001" "00", "-", 0);
	check_hex(SIGNATURE "21000000", "-", 0);
	check_hex(SIGNATURE "21000003" "abcdef", "-", 0);
	check_hex(SIGNATURE "21310004" "2f746d70", "-", 0);
	check_hex(SIGNATURE "2112000c" V4_ENDS, "-", 0);
}
END_TEST

START_TEST(test_bad_binary)
{
	static uint8_t longest[PROXY_HEADER_MAX];
	struct bt_slice start = unhex(SIGNATURE "21000ff0");

	check_hex(SIGNATURE "11", NULL, 0);
	check_hex(SIGNATURE "31", NULL, 0);
	check_hex(SIGNATURE "2211000c" V4_ENDS, NULL, 0);
	check_hex(SIGNATURE "2141000c" V4_ENDS, NULL, 0);
	check_hex(SIGNATURE "2113000c" V4_ENDS, NULL, 0);
	check_hex(SIGNATURE "2111000b" V4_ENDS, NULL, 0);
	check_hex(SIGNATURE "21110000", NULL, 0);
	check_hex(SIGNATURE "2121000c" V4_ENDS, NULL, 0);
	check_hex(SIGNATURE "21000ff1", NULL, 0);
	check_hex(SIGNATURE "2000ffff", NULL, 0);
	memcpy(longest, start.ptr, start.len);
	check(slice_of(longest, sizeof(longest)), sizeof(longest), "-");
	free((void *)(uintptr_t)start.ptr);
}
END_TEST

START_TEST(test_none)
{
	static const char *const others[] = { "GET / HTTP/1.1\r\n\r\n", "POST", "PROXIES", "proxy ",
		"\r\nGET /", "\r\n\r\n\r\n", "\x16\x03\x01", "x" };
	struct addr from;
	size_t used;

	for (size_t i = 0; i < COUNT_OF(others); i++) {
		ck_assert_int_eq(proxy_header_parse(slice_str(others[i]), &from, &used), STEP_DONE);
		ck_assert_uint_eq(used, 0);
		ck_assert_int_eq(from.family, ADDR_NONE);
	}
	ck_assert_int_eq(proxy_header_parse(SLICE_NONE, &from, &used), STEP_MORE);
}
END_TEST

Suite *
proxy_header_suite(void)
{
	const TTest *const tests[] = { test_text, test_bad_text, test_binary,
		test_bad_binary, test_none, NULL };

	return proto_suite("proto/proxy_header", tests);
}
