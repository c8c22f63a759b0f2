/* SPDX-License-Identifier: ISC */
#include "tracker/connid.h"

#include "base/rng.h"
#include "helper.h"
#include "tracker_test.h"

START_TEST(good_for_two_minutes_and_one_address)
{
	struct addr a = addr_v4((const uint8_t[4]){ 1, 2, 3, 4 }, 5), b = a;
	struct connid c;

	connid_init(&c);
	b.ip[3] = 5;
	for (usec at = 0; at < 10 * MINUTE; at += 7 * SECOND) {
		uint64_t id = connid_make(&c, &a, at);

		ck_assert(connid_good(&c, &a, id, at));
		ck_assert(connid_good(&c, &a, id, at + 2 * MINUTE));
		ck_assert(!connid_good(&c, &a, id, at + 4 * MINUTE));
		ck_assert(!connid_good(&c, &b, id, at));
	}
	a.port = 6;
	ck_assert(connid_good(&c, &a, connid_make(&c, &a, 0), 0));
}
END_TEST

START_TEST(cannot_be_guessed)
{
	struct addr a = addr_v4((const uint8_t[4]){ 1, 2, 3, 4 }, 5);
	struct connid ours, other;
	struct rng rng;

	connid_init(&ours);
	connid_init(&other);
	rng_seed(&rng, 1);
	ck_assert(!connid_good(&ours, &a, connid_make(&other, &a, 0), 0));
	for (int i = 0; i < 1 << 20; i++) {
		if (connid_good(&ours, &a, rng_u64(&rng), MINUTE))
			ck_abort();
	}
}
END_TEST

Suite *
connid_suite(void)
{
	Suite *s = suite_create("tracker/connid");
	TCase *t = tcase_create("connid");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, good_for_two_minutes_and_one_address);
	tcase_add_test(t, cannot_be_guessed);
	suite_add_tcase(s, t);
	return s;
}
