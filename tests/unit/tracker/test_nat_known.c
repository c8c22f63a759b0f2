/* SPDX-License-Identifier: ISC */
#include "tracker/swarm/nat_known.h"

#include "swarm_help.h"
#include "tracker_test.h"

START_TEST(answers_and_failures_are_remembered)
{
	struct nat_known *k = nat_known_new(100 * SECOND);
	struct addr a = peer_addr(1, ADDR_V4), b = a, c = peer_addr(1, ADDR_V6);
	usec now = 5000 * SECOND;

	b.port++;
	ck_assert_int_eq(nat_known_ask(k, &a, now), NAT_KNOWN_NOT);
	nat_known_tell(k, &a, false, now);
	nat_known_tell(k, &a, false, now);
	nat_known_tell(k, &c, true, now);
	ck_assert_int_eq(nat_known_ask(k, &a, now), 2);
	ck_assert_int_eq(nat_known_ask(k, &c, now), NAT_KNOWN_REACHED);
	/* Another port is another door. */
	ck_assert_int_eq(nat_known_ask(k, &b, now), NAT_KNOWN_NOT);
	nat_known_tell(k, &a, true, now);
	ck_assert_int_eq(nat_known_ask(k, &a, now), NAT_KNOWN_REACHED);
	nat_known_tell(k, &a, false, now);
	ck_assert_int_eq(nat_known_ask(k, &a, now), 1);
	for (int i = 0; i < 1000; i++)
		nat_known_tell(k, &a, false, now);
	ck_assert_int_eq(nat_known_ask(k, &a, now), NAT_TRIES_MAX);
	nat_known_free(k);
}
END_TEST

/* As long as it announces itself it stays. */
START_TEST(the_silent_are_forgotten)
{
	struct nat_known *k = nat_known_new(100 * SECOND);
	struct addr a = peer_addr(1, ADDR_V4);
	usec now = 5000 * SECOND;

	nat_known_tell(k, &a, true, now);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(nat_known_ask(k, &a, now += 90 * SECOND), NAT_KNOWN_REACHED);
	ck_assert_int_eq(nat_known_ask(k, &a, now + 102 * SECOND), NAT_KNOWN_NOT);
	nat_known_free(k);
}
END_TEST

/* Looking is no asking; and what was saved is known again. */
START_TEST(answers_can_be_kept)
{
	struct nat_known *k = nat_known_new(100 * SECOND);
	struct addr a = peer_addr(1, ADDR_V4), b = peer_addr(1, ADDR_V6);
	usec now = 5000 * SECOND;

	ck_assert_int_eq(nat_known_look(k, &a), NAT_KNOWN_NOT);
	nat_known_restore(k, &a, 2, now);
	nat_known_restore(k, &b, (int64_t)1 << 30, now);
	ck_assert_int_eq(nat_known_look(k, &a), 2);
	ck_assert_int_eq(nat_known_ask(k, &b, now), NAT_TRIES_MAX);
	nat_known_tell(k, &a, false, now);
	ck_assert_int_eq(nat_known_look(k, &a), 3);
	nat_known_restore(k, &a, NAT_KNOWN_REACHED, now);
	nat_known_restore(k, &a, 2, now);
	ck_assert_int_eq(nat_known_look(k, &a), NAT_KNOWN_REACHED);
	ck_assert_int_eq(nat_known_ask(k, &a, now + 102 * SECOND), NAT_KNOWN_NOT);
	nat_known_free(k);
}
END_TEST

START_TEST(a_full_table_keeps_the_newest)
{
	struct nat_known *k = nat_known_new(100000 * SECOND);
	unsigned kept = 0;
	uint32_t n;

	for (n = 1; n <= 300000; n++) {
		struct addr a = peer_addr(n, ADDR_V4);

		nat_known_tell(k, &a, true, (1000 + n / 100) * SECOND);
	}
	for (n = 300000; n > 300000 - 10000; n--) {
		struct addr a = peer_addr(n, ADDR_V4);

		kept += nat_known_ask(k, &a, 5000 * SECOND) == NAT_KNOWN_REACHED;
	}
	ck_assert_uint_gt(kept, 9900);
	nat_known_free(k);
}
END_TEST

Suite *
nat_known_suite(void)
{
	Suite *s = suite_create("tracker/nat_known");
	TCase *t = tcase_create("nat_known");

	tcase_add_test(t, answers_and_failures_are_remembered);
	tcase_add_test(t, the_silent_are_forgotten);
	tcase_add_test(t, answers_can_be_kept);
	tcase_add_test(t, a_full_table_keeps_the_newest);
	suite_add_tcase(s, t);
	return s;
}
