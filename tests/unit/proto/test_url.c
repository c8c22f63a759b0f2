/* SPDX-License-Identifier: ISC */
#include "proto/url.h"

#include "base/cdefs.h"
#include "proto/limits.h"
#include "proto_test.h"

START_TEST(test_split)
{
	struct url u;

	ck_assert(url_parse(slice_str("http://tracker.example:6969/a/announce?k=v#top"), &u));
	assert_text(u.scheme, "http");
	assert_text(u.host, "tracker.example");
	ck_assert_uint_eq(u.port, 6969);
	ck_assert(u.has_port);
	assert_text(u.path, "/a/announce");
	assert_text(u.query, "k=v");
	assert_text(u.path_query, "/a/announce?k=v");
	ck_assert(url_parse(slice_str("UDP://[2001:db8::1]:80"), &u));
	assert_text(u.host, "2001:db8::1");
	ck_assert(u.host_is_v6);
	ck_assert_uint_eq(u.port, 80);
	assert_text(u.path_query, "");
	ck_assert(url_parse(slice_str("https://me:p@ss@h?x"), &u));
	assert_text(u.user_info, "me:p@ss");
	assert_text(u.host, "h");
	ck_assert_uint_eq(u.port, 443);
	ck_assert(!u.has_port);
	assert_text(u.path, "");
	assert_text(u.query, "x");
	assert_text(u.path_query, "?x");
	ck_assert(url_parse(slice_str("http://h:/"), &u));
	ck_assert_uint_eq(u.port, 80);
	ck_assert(url_parse(slice_str("udp://h"), &u));
	ck_assert_uint_eq(u.port, 0);
	ck_assert(url_parse(slice_str("http://[::1]/"), &u));
	assert_text(u.host, "::1");
}
END_TEST

START_TEST(test_bad)
{
	static const char *const bad[] = {
		"", "http", "http:", "http:/h", "://h", "http://", "http:///x", "http://:80/",
		"1http://h", "ht tp://h", "http://h/ x", "http://h/\n", "http://h:0",
		"http://h:65536",
		"http://h:8x", "http://[::1", "http://[]:80", "http://[::1]x", "http://u@",
		"/announce",
		"announce", "http://h:80:90", "http://good\\@evil\\x/", "http://h<x>/",
		"http://h[::1]/",
	};
	static char longest[URL_MAX + 2] = "http://h/";
	struct url u;
	size_t i;

	for (i = 0; i < COUNT_OF(bad); i++)
		ck_assert_msg(!url_parse(slice_str(bad[i]), &u), "%s", bad[i]);
	ck_assert(!url_parse(slice_of("http://h/\0", 10), &u));
	memset(longest + 9, 'x', URL_MAX - 9);
	ck_assert(url_parse(slice_str(longest), &u));
	longest[URL_MAX] = 'x';
	ck_assert(!url_parse(slice_str(longest), &u));
}
END_TEST

START_TEST(test_begin_query)
{
	static const char *const each[][2] = {
		{ "http://h/announce", "http://h/announce?" },
		{ "http://h/announce?k=v", "http://h/announce?k=v&" },
		{ "http://h/announce?", "http://h/announce?" },
		{ "http://h/announce?k=v&", "http://h/announce?k=v&" },
		{ "http://h/announce#x?y", "http://h/announce?" },
	};
	struct buf b;
	size_t i;

	buf_init(&b, 4096);
	for (i = 0; i < COUNT_OF(each); i++) {
		buf_clear(&b);
		url_begin_query(&b, slice_str(each[i][0]));
		assert_text(buf_slice(&b), each[i][1]);
	}
	buf_fini(&b);
}
END_TEST

START_TEST(test_masked)
{
	static const char *const each[][2] = {
		{ "http://h:80/announce", "http://h:80/announce" },
		{ "https://h/0123456789abcdef0123456789abcdef/announce", "https://h/***/announce" },
		{ "http://h/announce.php?passkey=abc&x=&y",
		  "http://h/announce.php?passkey=***&x&y" },
		{ "http://h/announce?0123456789abcdef", "http://h/announce?***" },
		{ "http://joe:secret@h/", "http://***@h/" },
		{ "udp://[::1]:6969", "udp://[::1]:6969" },
		{ "http://h/\xc3\xa9", "http://h/%C3%A9" },
		{ "not a url", "(bad URL)" },
	};
	char out[100];
	size_t i;

	for (i = 0; i < COUNT_OF(each); i++)
		ck_assert_str_eq(url_masked(slice_str(each[i][0]), out, sizeof(out)), each[i][1]);
	for (i = 1; i < 30; i++) {
		memset(out, '!', sizeof(out));
		(void)url_masked(slice_str("http://host/\xc3\xa9/longer/path"), out, i);
		ck_assert(strlen(out) < i);
		ck_assert_int_eq(out[i], '!');
	}
}
END_TEST

Suite *
url_suite(void)
{
	const TTest *const tests[] = { test_split, test_bad, test_begin_query, test_masked, NULL };

	return proto_suite("proto/url", tests);
}
