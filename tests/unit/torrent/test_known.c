/* SPDX-License-Identifier: ISC */
#include "base/bytes.h"
#include "helper.h"
#include "torrent/known.h"

Suite *known_suite(void);

static struct rng rng;
static struct known known;

static void
begin(size_t max)
{
	rng_seed(&rng, 6);
	known_init(&known, &rng, max);
}

static struct addr
address(uint32_t ip, uint16_t port)
{
	uint8_t bytes[4];

	put_be32(bytes, ip);
	return addr_v4(bytes, port);
}

START_TEST(each_is_dialled_once)
{
	struct addr a = address(0x0b000001, 80), b = address(0x0b000002, 80), out;

	begin(10);
	ck_assert(!known_next(&known, 0, &out));
	ck_assert_int_eq(known_due(&known), NEVER);
	known_add(&known, &a, KNOWN_TRACKER);
	known_add(&known, &a, KNOWN_USER);
	known_add(&known, &b, KNOWN_TRACKER);
	ck_assert_uint_eq(known.peers.len, 2);
	ck_assert(known_next(&known, SECOND, &out) && addr_eq(&out, &a));
	ck_assert(known_next(&known, SECOND, &out) && addr_eq(&out, &b));
	ck_assert(!known_next(&known, SECOND, &out));
	known_connected(&known, &a);
	ck_assert(!known_next(&known, MINUTE, &out));
	known_fini(&known);
}
END_TEST

START_TEST(waits_longer_after_each_failure)
{
	struct addr a = address(0x0b000001, 80), out;
	usec now = SECOND, last = 0;

	begin(10);
	known_add(&known, &a, KNOWN_TRACKER);
	for (int i = 0; i < 8; i++) {
		usec wait;

		ck_assert(known_next(&known, now, &out));
		known_lost(&known, &a, false, now);
		wait = known_due(&known) - now;
		ck_assert(wait >= 5 * SECOND && wait < 3602 * SECOND);
		ck_assert(i > 6 || wait > last);
		ck_assert(!known_next(&known, known_due(&known) - 1, &out));
		last = wait;
		now = known_due(&known);
	}
	/* One good connection, and it begins anew. */
	ck_assert(known_next(&known, now, &out));
	known_connected(&known, &a);
	known_lost(&known, &a, true, now);
	ck_assert(known_due(&known) - now < 7 * SECOND);
	known_fini(&known);
}
END_TEST

START_TEST(a_ban_is_for_the_host)
{
	struct addr a = address(0x0b000001, 80), same_host = address(0x0b000001, 81);
	struct addr b = address(0x0b000002, 80), ourselves = address(0x0b000002, 81), out;

	begin(10);
	known_add(&known, &a, KNOWN_TRACKER);
	known_add(&known, &b, KNOWN_TRACKER);
	known_add(&known, &ourselves, KNOWN_TRACKER);
	known_ban(&known, &a);
	known_ban_port(&known, &ourselves);
	ck_assert(known_is_banned(&known, &same_host) && !known_is_banned(&known, &b));
	known_add(&known, &same_host, KNOWN_USER);
	ck_assert_uint_eq(known.peers.len, 3);
	ck_assert(known_next(&known, SECOND, &out) && addr_eq(&out, &b));
	ck_assert(!known_next(&known, MINUTE, &out));
	/* Being lost or connected does not lift it. */
	known_connected(&known, &a);
	known_lost(&known, &a, true, MINUTE);
	ck_assert(!known_next(&known, 60 * MINUTE, &out));
	known_fini(&known);
}
END_TEST

START_TEST(no_longer_than_its_maximum)
{
	struct addr a;

	begin(50);
	for (uint32_t i = 0; i < 100; i++) {
		a = address(0x0b000001 + i, 80);
		known_add(&known, &a, KNOWN_TRACKER);
	}
	a = address(0, 80);
	known_add(&known, &a, KNOWN_TRACKER);
	a = address(0x0c000001, 0);
	known_add(&known, &a, KNOWN_TRACKER);
	ck_assert_uint_eq(known.peers.len, 50);
	known_fini(&known);
}
END_TEST

START_TEST(one_that_is_postponed_waits)
{
	struct addr a = address(0x0b000001, 80), got;

	begin(50);
	known_add(&known, &a, KNOWN_TRACKER);
	known_postpone(&known, &a, 100 * SECOND);
	ck_assert(!known_next(&known, 99 * SECOND, &got));
	ck_assert_int_eq(known_due(&known), 100 * SECOND);
	ck_assert(known_next(&known, 100 * SECOND, &got));
	ck_assert(addr_eq(&got, &a));
	known_fini(&known);
}
END_TEST

Suite *
known_suite(void)
{
	Suite *s = suite_create("torrent/known");
	TCase *c = tcase_create("known");

	tcase_add_test(c, each_is_dialled_once);
	tcase_add_test(c, waits_longer_after_each_failure);
	tcase_add_test(c, a_ban_is_for_the_host);
	tcase_add_test(c, no_longer_than_its_maximum);
	tcase_add_test(c, one_that_is_postponed_waits);
	suite_add_tcase(s, c);
	return s;
}
