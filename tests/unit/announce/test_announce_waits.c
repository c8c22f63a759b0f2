/* SPDX-License-Identifier: ISC */
/* When trackers are asked: what they told, what failed, who is short of peers. */
#include "owner.h"

Suite *announce_waits_suite(void);

/* 5, 10, 20 ... 300 s while the trouble is young, then the interval. */
START_TEST(retry_table)
{
	static const int64_t waits[] = { 5, 10, 20, 40, 80, 160, 300, 1800, 1800 };

	begin(7, 0);
	add(0, A);
	announce_start(o.a, o.now);
	for (size_t i = 0; i < COUNT_OF(waits); i++) {
		refuse(last());
		ck_assert_int_eq(o.status.state, ANNOUNCE_FAILED);
		ck_assert_uint_eq(o.status.fails, i + 1);
		ck_assert_int_eq(o.status.next, announce_due(o.a));
		ck_assert_str_eq(o.status.text, "no answer");
		sleep_within(waits[i], waits[i] + waits[i] / 16 + 1);
		expect(i + 2, A, ANNOUNCE_STARTED);
	}
	ok(last());
	ck_assert_uint_eq(o.status.fails, 0);
	sleep_within(1800, 1913);
	refuse(last());
	sleep_within(5, 6);
	ok(last());
	finish();
}
END_TEST

START_TEST(retry_in)
{
	begin(1, 0);
	add(0, A);
	announce_start(o.a, o.now);
	fail_with(last(), "not registered yet", -1, -1);
	ck_assert_str_eq(o.status.text, "not registered yet");
	sleep_within(5, 6);
	fail_with(last(), "come back in five minutes", -1, 5);
	sleep_within(300, 319);
	fail_with(last(), "busy", 900, -1);
	sleep_within(900, 957);
	fail_with(last(), "in a year", -1, 365 * 24 * 60);
	sleep_within(86400, 91801);
	fail_with(last(), "away with you", -1, RETRY_NEVER);
	ck_assert_int_eq(o.status.state, ANNOUNCE_GIVEN_UP);
	ck_assert_int_eq(announce_due(o.a), NEVER);
	announce_want_peers(o.a, o.now);
	ck_assert_uint_eq(o.count, 5);
	/* By hand it may be tried again, but not at once. */
	announce_now(o.a, o.now);
	sleep_within(10, 10);
	expect(6, A, ANNOUNCE_STARTED);
	ok(last());
	finish();
}
END_TEST

START_TEST(never_is_for_one)
{
	begin(1, 0);
	add(0, A);
	add(1, B);
	announce_start(o.a, o.now);
	fail_with(last(), "no", -1, RETRY_NEVER);
	expect(2, B, ANNOUNCE_STARTED);
	refuse(last());
	for (size_t i = 3; i < 10; i++) {
		sleep_within(5, 2000);
		expect(i, B, ANNOUNCE_STARTED);
		refuse(last());
	}
	finish();
}
END_TEST

START_TEST(intervals)
{
	static const struct {
		int64_t interval, min_interval;
		int64_t due, want;	/* seconds */
	} cases[] = {
		{ -1, -1, 1800, 300 }, { 0, -1, 1800, 300 }, { 1, -1, 10, 10 }, { 15, -1, 15, 15 },
		{ 900, 400, 900, 400 }, { 900, 120, 900, 300 }, { 900, 0, 900, 300 },
		{ 300, 900, 900, 900 }, { INT64_MAX, INT64_MAX, 28800, 28800 },
		{ INT64_MIN, INT64_MIN, 1800, 300 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct announce_reply r;

		begin(i, 0);
		add(0, A);
		announce_start(o.a, o.now);
		announce_reply_init(&r);
		r.interval = cases[i].interval;
		r.min_interval = cases[i].min_interval;
		add_peers(&r, 1);
		o.new_peers = 1;
		reply_with(last(), &r);
		ck_assert_int_ge(announce_due(o.a), o.now + cases[i].due * SECOND);
		ck_assert_int_le(announce_due(o.a), o.now + cases[i].due * SECOND * 17 / 16);
		announce_want_peers(o.a, o.now);
		announce_want_peers(o.a, o.now);
		sleep_within(cases[i].want, cases[i].want);
		expect(2, A, ANNOUNCE_NONE);
		ok(last());
		finish();
	}
}
END_TEST

/* Short of peers for a day in a swarm without anybody new: seldom before the interval is over. */
START_TEST(hungry)
{
	static const int64_t waits[] = { 600, 1200, 1800, 1800 };
	size_t count;
	usec begun;

	begin(1, 0);
	add(0, A);
	announce_start(o.a, o.now);
	o.new_peers = 3;
	ok_with_peers(last(), 3, 1);
	announce_want_peers(o.a, o.now);
	sleep_within(300, 300);
	o.new_peers = 0;
	for (size_t i = 0; i < COUNT_OF(waits); i++) {
		ok_with_peers(last(), 3, 1);
		announce_want_peers(o.a, o.now);
		sleep_within(waits[i], waits[i] + waits[i] / 16);
	}
	/* Somebody new: there may be more. */
	o.new_peers = 1;
	ok_with_peers(last(), 3, 1);
	announce_want_peers(o.a, o.now);
	sleep_within(300, 300);
	o.new_peers = 0;
	begun = o.now;
	count = o.count;
	while (o.now < begun + 24 * 60 * MINUTE) {
		ok(last());
		announce_want_peers(o.a, o.now);
		sleep_within(300, 1913);
	}
	ck_assert_uint_le(o.count - count, 50);
	ok(last());
	finish();
}
END_TEST

/* Errors are no reason to ask more seldom than a tracker that works wants to be asked. */
START_TEST(errors_within_the_interval)
{
	struct announce_reply r;

	begin(1, 0);
	add(0, A);
	announce_start(o.a, o.now);
	announce_reply_init(&r);
	r.interval = 120;
	reply_with(last(), &r);
	sleep_within(120, 128);
	for (size_t i = 0; i < 20; i++) {
		refuse(last());
		sleep_within(5, 128);
	}
	refuse(last());
	finish();
}
END_TEST

START_TEST(heard_in_the_first_half_minute)
{
	for (uint64_t seed = 0; seed < 100; seed++) {
		usec until;

		begin(seed, ANNOUNCE_V4 | ANNOUNCE_V6);
		add(0, A);
		until = o.now + 30 * SECOND;
		announce_start(o.a, o.now);
		while (o.now < until) {
			size_t count = o.count;

			for (size_t i = count - 2; i < count; i++)
				refuse(&o.sent[i]);
			if (announce_due(o.a) >= until)
				break;
			sleep_within(0, 30);
		}
		ck_assert_uint_ge(o.count, 2);
		ck_assert_uint_le(o.count, 6);
		finish();
	}
}
END_TEST

START_TEST(by_hand)
{
	begin(1, 0);
	add(0, A);
	add(1, B);
	announce_start(o.a, o.now);
	announce_now(o.a, o.now);
	ck_assert_uint_eq(o.count, 1);
	refuse(last());
	expect(2, B, ANNOUNCE_STARTED);
	ok(last());
	o.now += 4 * SECOND;
	announce_now(o.a, o.now);
	sleep_within(6, 6);
	expect(3, A, ANNOUNCE_STARTED);
	ok(last());
	o.now += 100 * SECOND;
	announce_now(o.a, o.now);
	expect(4, A, ANNOUNCE_NONE);
	ok(last());
	finish();
}
END_TEST

Suite *
announce_waits_suite(void)
{
	Suite *s = suite_create("announce/announce_waits");
	TCase *c = tcase_create("announce/announce_waits");

	tcase_set_timeout(c, 60);
	tcase_add_test(c, retry_table);
	tcase_add_test(c, retry_in);
	tcase_add_test(c, never_is_for_one);
	tcase_add_test(c, intervals);
	tcase_add_test(c, hungry);
	tcase_add_test(c, errors_within_the_interval);
	tcase_add_test(c, heard_in_the_first_half_minute);
	tcase_add_test(c, by_hand);
	suite_add_tcase(s, c);
	return s;
}
