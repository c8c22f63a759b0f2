/* SPDX-License-Identifier: ISC */
#include "base/utf8.h"

#include <btcore/text.h>

#include "base/log.h"
#include "helper.h"

Suite *utf8_suite(void);

START_TEST(knows_what_is_valid)
{
	ck_assert(utf8_valid(slice_str("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")));
	ck_assert(utf8_valid(SLICE_NONE));
	ck_assert(!utf8_valid(slice_str("\xc3(")));
	ck_assert(!utf8_valid(slice_str("\xc3")));
	ck_assert(!utf8_valid(slice_str("\xc0\xaf")));
	ck_assert(!utf8_valid(slice_str("\xe0\x80\xaf")));
	ck_assert(!utf8_valid(slice_str("\xed\xa0\x80")));
	ck_assert(!utf8_valid(slice_str("\xf4\x90\x80\x80")));
	ck_assert_uint_eq(utf8_len(slice_str("\xe2\x82\xac" "x")), 3);
}
END_TEST

START_TEST(makes_text_harmless)
{
	char out[64];

	ck_assert_str_eq(log_escape(slice_str("a\xc3\xa9"), out, sizeof(out)), "a\xc3\xa9");
	ck_assert_str_eq(log_escape(slice_of("\x1b[2J\0\n", 6), out, sizeof(out)),
	    "\\x1b[2J\\x00\\x0a");
	ck_assert_str_eq(log_escape(slice_str("\xff"), out, sizeof(out)), "\\xff");
	ck_assert_str_eq(log_escape(slice_str("\xe2\x80\xae"), out, sizeof(out)),
	    "\\xe2\\x80\\xae");
	ck_assert_str_eq(log_escape(slice_str("\xc2\x9b"), out, sizeof(out)), "\\xc2\\x9b");
}
END_TEST

START_TEST(takes_text_apart)
{
	static const int32_t want[] = { 'a', 0xe9, -1, 0x1b, 0x1f600, -1, -1 };
	struct bt_slice s = slice_str("a\xc3\xa9\xff\x1b\xf0\x9f\x98\x80\xe2\x82"), bytes;
	size_t n = 0, len = s.len, sum = 0;
	int32_t point;

	for (; bt_text_next(&s, &point, &bytes); n++) {
		ck_assert_uint_lt(n, 7);
		ck_assert_int_eq(point, want[n]);
		sum += bytes.len;
	}
	ck_assert_uint_eq(n, 7);
	ck_assert_uint_eq(sum, len);
	ck_assert(bt_text_is_control(0x1b) && bt_text_is_control(0x202e));
	ck_assert(!bt_text_is_control('a') && !bt_text_is_control(-1));
}
END_TEST

START_TEST(keeps_to_the_room_given)
{
	for (size_t size = 1; size < 12; size++) {
		char out[12];

		memset(out, '!', sizeof(out));
		(void)log_escape(slice_str("ab\x1b\xc3\xa9z"), out, size);
		ck_assert_ptr_nonnull(memchr(out, '\0', size));
		ck_assert_int_eq(out[size], '!');
		ck_assert(utf8_valid(slice_str(out)));
	}
}
END_TEST

Suite *
utf8_suite(void)
{
	Suite *s = suite_create("base/utf8");
	TCase *c = tcase_create("utf8");

	tcase_add_test(c, knows_what_is_valid);
	tcase_add_test(c, makes_text_harmless);
	tcase_add_test(c, takes_text_apart);
	tcase_add_test(c, keeps_to_the_room_given);
	suite_add_tcase(s, c);
	return s;
}
