/* SPDX-License-Identifier: ISC */
#include "base/slice.h"
#include "base/mem.h"
#include "helper.h"

Suite *slice_suite(void);

START_TEST(compares_as_bencode_sorts)
{
	ck_assert_int_lt(slice_cmp(slice_str("a"), slice_str("aa")), 0);
	ck_assert_int_lt(slice_cmp(slice_str("z"), slice_str("\xc3")), 0);
	ck_assert_int_gt(slice_cmp(slice_str("b"), slice_str("aa")), 0);
	ck_assert_int_eq(slice_cmp(SLICE_NONE, slice_str("")), 0);
	ck_assert(slice_eq(SLICE_NONE, slice_str("")));
	ck_assert(slice_eq_nocase(slice_str("Content-Length"), "content-LENGTH"));
	ck_assert(slice_starts(slice_str("abc"), "ab") && !slice_starts(slice_str("a"), "ab"));
}
END_TEST

START_TEST(reads_numbers_strictly)
{
	uint64_t v;

	ck_assert(slice_u64(slice_str("18446744073709551615"), &v) && v == UINT64_MAX);
	ck_assert(!slice_u64(slice_str("18446744073709551616"), &v));
	ck_assert(!slice_u64(SLICE_NONE, &v));
	ck_assert(!slice_u64(slice_str("-1"), &v));
	ck_assert(!slice_u64(slice_str(" 1"), &v));
	ck_assert(slice_u64(slice_str("007"), &v) && v == 7);
}
END_TEST

START_TEST(cuts_and_copies)
{
	char *copy = slice_dup(slice_of("ab\0c", 2));

	ck_assert_str_eq(copy, "ab");
	mem_free(copy);
	ck_assert(slice_eq_str(slice_trim(slice_str(" \ta b\t ")), "a b"));
	ck_assert_uint_eq(slice_trim(slice_str("  ")).len, 0);
	ck_assert_uint_eq(slice_index(slice_str("abc"), 'c'), 2);
	ck_assert_uint_eq(slice_index(slice_str("abc"), 'x'), 3);
	ck_assert_uint_eq(slice_index(SLICE_NONE, 'x'), 0);
}
END_TEST

Suite *
slice_suite(void)
{
	Suite *s = suite_create("base/slice");
	TCase *c = tcase_create("slice");

	tcase_add_test(c, compares_as_bencode_sorts);
	tcase_add_test(c, reads_numbers_strictly);
	tcase_add_test(c, cuts_and_copies);
	suite_add_tcase(s, c);
	return s;
}
