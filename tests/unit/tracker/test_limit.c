/* SPDX-License-Identifier: ISC */
#include "tracker/rules/limit.h"

#include "swarm_help.h"
#include "tracker_test.h"

static unsigned
taken(struct limit *l, const struct addr *a, usec now, unsigned tries)
{
	unsigned n = 0;

	while (tries-- > 0)
		n += limit_take(l, a, now) == 0;
	return n;
}

START_TEST(a_bucket_empties_and_fills)
{
	struct limit *l = limit_new(10, 5);
	struct addr a = peer_addr(1, ADDR_V4), b = peer_addr(2, ADDR_V4);
	usec now = 1000 * SECOND;

	ck_assert_uint_eq(taken(l, &a, now, 100), 5);
	ck_assert_int_gt(limit_take(l, &a, now), 0);
	ck_assert_int_le(limit_take(l, &a, now), SECOND / 10);
	ck_assert_uint_eq(taken(l, &b, now, 100), 5);
	ck_assert_uint_eq(taken(l, &a, now + SECOND / 5, 100), 2);
	ck_assert_uint_eq(taken(l, &a, now + 100 * SECOND, 100), 5);
	/* The port is not the address. */
	a.port = 7;
	ck_assert_uint_eq(taken(l, &a, now + 100 * SECOND, 100), 0);
	limit_free(l);
}
END_TEST

START_TEST(a_site_of_ipv6_is_one)
{
	struct limit *l = limit_new(1, 3);
	struct addr a = peer_addr(1, ADDR_V6), b = a;

	b.ip[7] = 0xff;
	b.ip[15] = 9;
	ck_assert_uint_eq(taken(l, &a, SECOND, 10), 3);
	ck_assert_uint_eq(taken(l, &b, SECOND, 10), 0);
	b.ip[6] = 1;
	ck_assert_uint_eq(taken(l, &b, SECOND, 10), 3);
	limit_free(l);
}
END_TEST

/* However many come, one that asks too much is still held back, and the others are served. */
START_TEST(a_full_table_serves_on)
{
	struct limit *l = limit_new(1, 10);
	struct addr loud = peer_addr(0, ADDR_V4);
	unsigned served = 0;

	for (uint32_t n = 1; n <= 2000000; n++) {
		struct addr a = peer_addr(n, ADDR_V4);

		served += limit_take(l, &a, SECOND) == 0;
		if (n % 1000 == 0)
			(void)taken(l, &loud, SECOND, 11);
	}
	ck_assert_uint_gt(served, 1990000);
	ck_assert_uint_lt(taken(l, &loud, SECOND, 20), 11);
	limit_free(l);
}
END_TEST

Suite *
limit_suite(void)
{
	Suite *s = suite_create("tracker/limit");
	TCase *t = tcase_create("limit");

	tcase_add_test(t, a_bucket_empties_and_fills);
	tcase_add_test(t, a_site_of_ipv6_is_one);
	tcase_add_test(t, a_full_table_serves_on);
	suite_add_tcase(s, t);
	return s;
}
