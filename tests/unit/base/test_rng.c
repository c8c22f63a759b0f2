/* SPDX-License-Identifier: ISC */
#include "base/rng.h"
#include "helper.h"

Suite *rng_suite(void);

START_TEST(one_seed_gives_one_sequence)
{
	struct rng a, b;

	rng_seed(&a, 5);
	rng_seed(&b, 5);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_uint_eq(rng_u64(&a), rng_u64(&b));
	rng_seed(&b, 6);
	ck_assert_uint_ne(rng_u64(&a), rng_u64(&b));
}
END_TEST

START_TEST(stays_in_range_and_reaches_all_of_it)
{
	unsigned seen[7] = { 0 };
	struct rng r;

	rng_seed(&r, 1);
	for (unsigned i = 0; i < 70000; i++) {
		uint32_t v = rng_below(&r, 7);

		ck_assert_uint_lt(v, 7);
		seen[v]++;
	}
	for (unsigned i = 0; i < 7; i++)
		ck_assert(seen[i] > 9500 && seen[i] < 10500);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_uint_eq(rng_below(&r, 1), 0);
}
END_TEST

START_TEST(fills_any_length)
{
	uint8_t bytes[33] = { 0 };
	struct rng r;

	rng_seed_system(&r);
	for (size_t len = 0; len < sizeof(bytes); len++) {
		rng_bytes(&r, bytes, len);
		ck_assert_uint_eq(bytes[len], 0);
	}
	rng_secret(bytes, 0);
	rng_secret(bytes, 32);
	ck_assert_uint_eq(bytes[32], 0);
}
END_TEST

Suite *
rng_suite(void)
{
	Suite *s = suite_create("base/rng");
	TCase *c = tcase_create("rng");

	tcase_add_test(c, one_seed_gives_one_sequence);
	tcase_add_test(c, stays_in_range_and_reaches_all_of_it);
	tcase_add_test(c, fills_any_length);
	suite_add_tcase(s, c);
	return s;
}
