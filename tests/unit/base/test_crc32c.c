/* SPDX-License-Identifier: ISC */
#include "base/crc32c.h"
#include "helper.h"

Suite *crc32c_suite(void);

/* RFC 3720, B.4, and the usual one. */
START_TEST(known_sums)
{
	uint8_t bytes[32];

	ck_assert_uint_eq(crc32c(SLICE_NONE), 0);
	ck_assert_uint_eq(crc32c(slice_str("123456789")), 0xe3069283);
	memset(bytes, 0, sizeof(bytes));
	ck_assert_uint_eq(crc32c(slice_of(bytes, sizeof(bytes))), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	ck_assert_uint_eq(crc32c(slice_of(bytes, sizeof(bytes))), 0x62a8ab43);
}
END_TEST

Suite *
crc32c_suite(void)
{
	Suite *s = suite_create("base/crc32c");
	TCase *c = tcase_create("crc32c");

	tcase_add_test(c, known_sums);
	suite_add_tcase(s, c);
	return s;
}
