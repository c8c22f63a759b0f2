/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "helper.h"

Suite *buf_suite(void);

START_TEST(grows_and_writes)
{
	struct buf b;

	buf_init(&b, 1000);
	buf_add_u8(&b, 1);
	buf_add_be16(&b, 0x0203);
	buf_add_be32(&b, 0x04050607);
	buf_add_be64(&b, 0x08090a0b0c0d0e0f);
	ck_assert(slice_eq(buf_slice(&b),
	    slice_of("\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 15)));
	buf_drop(&b, 14);
	buf_addf(&b, "%d-%s", 5, "x");
	ck_assert_str_eq(buf_cstr(&b), "\17" "5-x");
	ck_assert_uint_eq(b.len, 4);
	buf_drop(&b, 4);
	ck_assert_str_eq(buf_cstr(&b), "");
	buf_fini(&b);
}
END_TEST

START_TEST(writes_decimals)
{
	static const int64_t values[] = { 0, 9, 10, -1, 1234567890, INT64_MAX, INT64_MIN };

	for (size_t i = 0; i < COUNT_OF(values); i++) {
		char want[32];
		struct buf b;

		(void)snprintf(want, sizeof(want), "%" PRId64, values[i]);
		buf_init(&b, 20);
		buf_add_decimal(&b, values[i]);
		ck_assert_str_eq(buf_cstr(&b), want);
		buf_fini(&b);
	}
}
END_TEST

START_TEST(keeps_to_its_maximum)
{
	struct buf b;

	buf_init(&b, 4);
	buf_add_str(&b, "abcd");
	ck_assert(!buf_failed(&b));
	buf_add_str(&b, "e");
	ck_assert(buf_failed(&b));
	buf_add(&b, "", 0);
	ck_assert_uint_eq(b.len, 4);
	buf_clear(&b);
	ck_assert(!buf_failed(&b));
	buf_addf(&b, "%s", "abcde");
	ck_assert(buf_failed(&b));
	ck_assert_uint_eq(b.len, 0);
	buf_fini(&b);
}
END_TEST

START_TEST(remembers_want_of_memory)
{
	struct buf b;

	buf_init(&b, 1000);
	mem_fail_at(1);
	buf_add_str(&b, "a");
	buf_add_str(&b, "b");
	mem_fail_at(0);
	ck_assert(buf_failed(&b));
	ck_assert_uint_eq(b.len, 0);
	buf_fini(&b);
}
END_TEST

Suite *
buf_suite(void)
{
	Suite *s = suite_create("base/buf");
	TCase *c = tcase_create("buf");

	tcase_add_test(c, grows_and_writes);
	tcase_add_test(c, writes_decimals);
	tcase_add_test(c, keeps_to_its_maximum);
	tcase_add_test(c, remembers_want_of_memory);
	suite_add_tcase(s, c);
	return s;
}
