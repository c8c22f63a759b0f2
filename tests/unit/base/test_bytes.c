/* SPDX-License-Identifier: ISC */
#include "base/bytes.h"
#include "base/num.h"
#include "base/rd.h"
#include "helper.h"

Suite *bytes_suite(void);

START_TEST(gets_what_was_put)
{
	uint8_t b[9];

	put_be64(b + 1, 0x0102030405060708);
	ck_assert_mem_eq(b + 1, "\1\2\3\4\5\6\7\10", 8);
	ck_assert_uint_eq(get_be64(b + 1), 0x0102030405060708);
	ck_assert_uint_eq(get_be32(b + 1), 0x01020304);
	ck_assert_uint_eq(get_be16(b + 1), 0x0102);
}
END_TEST

START_TEST(reader_never_leaves_its_bytes)
{
	struct rd r = rd_of(slice_of("\1\2\3\4\5\6\7", 7));
	uint8_t two[2];

	ck_assert_uint_eq(rd_u8(&r), 1);
	ck_assert_uint_eq(rd_be16(&r), 0x0203);
	rd_copy(&r, two, 2);
	ck_assert_mem_eq(two, "\4\5", 2);
	ck_assert(!rd_done(&r));
	ck_assert_uint_eq(rd_be32(&r), 0);
	ck_assert(r.bad);
	ck_assert_uint_eq(rd_u8(&r), 0);
	ck_assert(!rd_done(&r));
	r = rd_of(slice_of("\1\2", 2));
	ck_assert_uint_eq(rd_take(&r, 2).len, 2);
	ck_assert(rd_done(&r));
}
END_TEST

START_TEST(sums_say_when_they_do_not_fit)
{
	uint64_t v;
	size_t n;

	ck_assert(add_u64(UINT64_MAX - 1, 1, &v));
	ck_assert(!add_u64(UINT64_MAX, 1, &v));
	ck_assert(!mul_u64(UINT64_MAX, 2, &v));
	ck_assert(!mul_size(SIZE_MAX / 2, 3, &n));
	ck_assert_uint_eq(div_up_u64(UINT64_MAX, 2), UINT64_MAX / 2 + 1);
	ck_assert_uint_eq(div_up_u64(0, 7), 0);
}
END_TEST

Suite *
bytes_suite(void)
{
	Suite *s = suite_create("base/bytes");
	TCase *c = tcase_create("bytes");

	tcase_add_test(c, gets_what_was_put);
	tcase_add_test(c, reader_never_leaves_its_bytes);
	tcase_add_test(c, sums_say_when_they_do_not_fit);
	suite_add_tcase(s, c);
	return s;
}
