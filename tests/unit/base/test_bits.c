/* SPDX-License-Identifier: ISC */
#include "base/bits.h"
#include "helper.h"

Suite *bits_suite(void);

START_TEST(counts_what_is_set)
{
	struct bits b;

	ck_assert(bits_init(&b, 11));
	ck_assert(bits_set(&b, 0));
	ck_assert(!bits_set(&b, 0));
	ck_assert(bits_set(&b, 10));
	ck_assert_uint_eq(b.count, 2);
	ck_assert(bits_has(&b, 10) && !bits_has(&b, 9));
	ck_assert_uint_eq(b.bytes[0], 0x80);
	ck_assert_uint_eq(b.bytes[1], 0x20);
	ck_assert(bits_clear(&b, 0));
	ck_assert(!bits_clear(&b, 0));
	ck_assert_uint_eq(b.count, 1);
	bits_set_all(&b);
	ck_assert(bits_full(&b));
	ck_assert_uint_eq(b.bytes[1], 0xe0);
	bits_clear_all(&b);
	ck_assert_uint_eq(b.count, 0);
	bits_fini(&b);
}
END_TEST

START_TEST(loads_wire_bytes)
{
	struct bits b;

	ck_assert(bits_init(&b, 11));
	ck_assert(!bits_load(&b, slice_of("\xff", 1)));
	ck_assert(!bits_load(&b, slice_of("\xff\xff\xff", 3)));
	ck_assert(bits_load(&b, slice_of("\x81\xff", 2)));
	ck_assert_uint_eq(b.count, 5);
	ck_assert(slice_eq(bits_slice(&b), slice_of("\x81\xe0", 2)));
	bits_fini(&b);
	ck_assert(bits_init(&b, 0));
	ck_assert(bits_full(&b) && bits_load(&b, SLICE_NONE));
	bits_fini(&b);
}
END_TEST

START_TEST(walks_in_words)
{
	static const uint32_t at[] = { 0, 7, 63, 64, 100, 129 };
	size_t found = 0;
	struct bits b;

	ck_assert(bits_init(&b, 130));
	ck_assert_uint_eq(bits_words(&b), 3);
	for (size_t i = 0; i < COUNT_OF(at); i++)
		ck_assert(bits_set(&b, at[i]));
	for (uint32_t w = 0; w < bits_words(&b); w++) {
		for (uint64_t x = bits_word(&b, w); x != 0;)
			ck_assert_uint_eq(w * 64 + bits_take(&x), at[found++]);
	}
	ck_assert_uint_eq(found, COUNT_OF(at));
	bits_fini(&b);
}
END_TEST

Suite *
bits_suite(void)
{
	Suite *s = suite_create("base/bits");
	TCase *c = tcase_create("bits");

	tcase_add_test(c, counts_what_is_set);
	tcase_add_test(c, loads_wire_bytes);
	tcase_add_test(c, walks_in_words);
	suite_add_tcase(s, c);
	return s;
}
