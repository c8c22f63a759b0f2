/* SPDX-License-Identifier: ISC */
/* Who gets how much of a limit, in virtual time. */
#include "net/rate.h"

#include "base/cdefs.h"
#include "base/rng.h"

#include "helper.h"

Suite *rate_suite(void);

#define KIB 1024
#define TAKERS 40

/* One that always has something to move, or so much of it. */
struct taker {
	struct rate_user user;
	uint64_t left, got;
	unsigned turns;
};

static struct rate_tree tree;
static struct rate torrent[2];
static struct taker takers[TAKERS];
static struct rng rng;
static usec now, lateness;
static unsigned woken;

static void
wake(void *arg)
{
	ck_assert_ptr_eq(arg, &woken);
	woken++;
}

static void
take(struct taker *t)
{
	size_t n = rate_ask(&t->user, t->left < (1u << 20) ? t->left : 1u << 20, now);

	rate_spend(&t->user, n);
	t->got += n;
	t->left -= n;
	if (t->left == 0)
		rate_leave(&t->user);
}

static void
turn(struct rate_user *u, usec at)
{
	struct taker *t = CONTAINER_OF(u, struct taker, user);

	ck_assert_int_eq(at, now);
	ck_assert_uint_gt(u->grant, 0);
	t->turns++;
	take(t);
}

/* All takers hang on the first torrent, which has no limit of its own; nor has the second. */
static void
begin(uint64_t limit)
{
	rng_seed(&rng, 15);
	now = 1000 * SECOND;
	lateness = 0;
	woken = 0;
	rate_tree_init(&tree, limit, wake, &woken);
	rate_init(&torrent[0], &tree.all, 0);
	rate_init(&torrent[1], &tree.all, 0);
	for (int i = 0; i < TAKERS; i++) {
		takers[i] = (struct taker){ .user.turn = turn };
		rate_join(&takers[i].user, &torrent[0]);
	}
}

static void
start(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		takers[i].left = UINT64_MAX / 2;
		takers[i].got = 0;
		take(&takers[i]);
	}
}

/* The owner of the tree comes when it is due, or a little later. */
static void
run(usec time)
{
	usec end = now + time, due;

	while (due = rate_due(&tree), due < end) {
		if (due > now)
			now = due;
		now += lateness > 0 ? rng_below(&rng, (uint32_t)lateness) : 0;
		rate_deal(&tree, now);
	}
	now = end;
}

static uint64_t
sum(unsigned from, unsigned to)
{
	uint64_t all = 0;

	for (unsigned i = from; i < to; i++)
		all += takers[i].got;
	return all;
}

static void
near(uint64_t is, double want, double part, const char *what)
{
	ck_assert_msg((double)is > want * (1 - part) && (double)is < want * (1 + part),
	    "%s: %llu instead of %.0f", what, (unsigned long long)is, want);
}

static void
have_the_same(unsigned from, unsigned to)
{
	uint64_t least = UINT64_MAX, most = 0;

	for (unsigned i = from; i < to; i++) {
		least = takers[i].got < least ? takers[i].got : least;
		most = takers[i].got > most ? takers[i].got : most;
	}
	ck_assert_msg(least * 5 >= most * 4, "%u: from %llu to %llu", to - from,
	    (unsigned long long)least, (unsigned long long)most);
}

static const uint64_t limits[] = {
	5 * KIB, 20 * KIB, 50 * KIB, 200 * KIB, 1000 * KIB, 10000000, 100000000
};

START_TEST(turns_are_equal)
{
	static const unsigned counts[] = { 2, 3, 4, TAKERS };

	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		for (size_t k = 0; k < COUNT_OF(counts); k++) {
			/* In five seconds each has a few turns. */
			if (limits[i] * 5 / counts[k] < 10 * 512)
				continue;
			begin(limits[i]);
			lateness = 3 * MSEC;
			start(counts[k]);
			run(5 * SECOND);
			have_the_same(0, counts[k]);
		}
	}
}
END_TEST

START_TEST(torrents_are_equal)
{
	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		begin(limits[i]);
		lateness = 3 * MSEC;
		rate_join(&takers[5].user, &torrent[1]);
		start(6);
		run(limits[i] < 20 * KIB ? 20 * SECOND : 5 * SECOND);
		have_the_same(0, 5);
		near(sum(0, 5), (double)sum(5, 6), 0.2, "five against one");
	}
}
END_TEST

START_TEST(the_limit_is_kept)
{
	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		for (unsigned n = 1; n <= 4; n += 3) {
			begin(limits[i]);
			lateness = 5 * MSEC;
			start(n);
			run(10 * SECOND);
			near(sum(0, n), 10.0 * (double)limits[i], 0.03, "ten seconds");
		}
	}
}
END_TEST

/* Asked for a little, a thousand times a second. */
START_TEST(fractions_count)
{
	uint64_t moved = 0;

	begin(5 * KIB);
	for (int i = 0; i < 10000; i++, now += MSEC) {
		struct rate_user *u = &takers[i % 3].user;
		size_t n = rate_ask(u, 7, now);

		rate_spend(u, n);
		moved += n;
		if (n < 7)
			rate_leave(u);
	}
	near(moved, 10.0 * 5 * KIB, 0.03, "in little parts");
}
END_TEST

START_TEST(rest_saves_up_little)
{
	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		double most = (double)limits[i] / 10 > 2 * KIB ? (double)limits[i] / 10 : 2 * KIB;

		begin(limits[i]);
		start(1);
		run(SECOND);
		rate_leave(&takers[0].user);
		now += 100 * SECOND;
		start(1);
		run(1);
		ck_assert_msg((double)takers[0].got <= most, "%llu of %.0f",
		    (unsigned long long)takers[0].got, most);
	}
}
END_TEST

/* Who needs less than its share leaves the rest to the others. */
START_TEST(the_modest_do_not_wait_long)
{
	begin(100 * KIB);
	start(3);
	run(SECOND);
	for (int i = 0; i < 50; i++) {
		takers[3].left += 200;
		take(&takers[3]);
		run(100 * MSEC);
		ck_assert_uint_eq(takers[3].left, 0);
	}
	ck_assert_uint_eq(takers[3].got, 50 * 200);
	near(sum(0, 4), 600.0 * KIB, 0.03, "all");
}
END_TEST

START_TEST(a_bucket_in_a_bucket)
{
	begin(100 * KIB);
	rate_set(&torrent[1], 20 * KIB, now);
	rate_join(&takers[2].user, &torrent[1]);
	rate_join(&takers[3].user, &torrent[1]);
	start(4);
	run(10 * SECOND);
	near(sum(2, 4), 200.0 * KIB, 0.03, "that with a limit");
	near(sum(0, 2), 800.0 * KIB, 0.03, "the other");
	have_the_same(0, 2);
	have_the_same(2, 4);
	/* Its limit is more than its share. */
	rate_set(&torrent[1], 70 * KIB, now);
	start(4);
	run(10 * SECOND);
	near(sum(2, 4), 500.0 * KIB, 0.2, "that with a limit that is no matter");
	near(sum(0, 4), 1000.0 * KIB, 0.03, "both");
	/* The others are done with. */
	rate_leave(&takers[0].user);
	rate_leave(&takers[1].user);
	start(4);
	rate_leave(&takers[0].user);
	rate_leave(&takers[1].user);
	run(10 * SECOND);
	near(sum(2, 4), 700.0 * KIB, 0.03, "alone");
}
END_TEST

/* Only the inner one has a limit: the others do not notice. */
START_TEST(a_bucket_in_the_open)
{
	begin(0);
	rate_set(&torrent[1], 20 * KIB, now);
	rate_join(&takers[1].user, &torrent[1]);
	rate_join(&takers[2].user, &torrent[1]);
	takers[0].left = 1000;
	take(&takers[0]);
	ck_assert_uint_eq(takers[0].left, 0);
	start(3);
	ck_assert(!takers[0].user.waits && takers[1].user.waits);
	run(10 * SECOND);
	near(sum(1, 3), 200.0 * KIB, 0.03, "the inner one");
	ck_assert_uint_eq(takers[0].got, 1u << 20);
	/* Who leaves a bucket that has nothing to give leaves nothing behind. */
	rate_leave(&takers[1].user);
	ck_assert_int_lt(rate_due(&tree), NEVER);
	rate_leave(&takers[2].user);
	ck_assert_int_eq(rate_due(&tree), NEVER);
}
END_TEST

START_TEST(limits_change)
{
	begin(50 * KIB);
	start(2);
	run(10 * SECOND);
	rate_set(&tree.all, 200 * KIB, now);
	start(2);
	run(10 * SECOND);
	near(sum(0, 2), 2000.0 * KIB, 0.03, "more");
	rate_set(&tree.all, 5 * KIB, now);
	start(2);
	run(10 * SECOND);
	near(sum(0, 2), 50.0 * KIB, 0.05, "less");
	have_the_same(0, 2);
	woken = 0;
	rate_set(&tree.all, 0, now);
	ck_assert_uint_eq(woken, 1);
	takers[0].left = takers[1].left = 100000;
	run(1);
	ck_assert_uint_eq(takers[0].left + takers[1].left, 0);
	ck_assert_int_eq(rate_due(&tree), NEVER);
	rate_set(&tree.all, 20 * KIB, now);
	start(2);
	run(10 * SECOND);
	near(sum(0, 2), 200.0 * KIB, 0.03, "again");
	/* The dry one is found again when its limit goes. */
	rate_set(&torrent[0], 1, now);
	run(SECOND);
	rate_set(&torrent[0], 0, now);
	start(2);
	run(10 * SECOND);
	near(sum(0, 2), 200.0 * KIB, 0.03, "and again");
	/* Any number will do. */
	rate_set(&tree.all, UINT64_MAX, now);
	takers[0].left = takers[1].left = 1u << 30;
	run(SECOND);
	ck_assert_uint_eq(takers[0].left + takers[1].left, 0);
}
END_TEST

/* What could not wait is paid for later by who moved it, not by the others. */
START_TEST(debts_are_paid)
{
	begin(50 * KIB);
	start(3);
	run(SECOND);
	for (int i = 0; i < 60; i++) {
		if (rate_may_overdraw(&takers[0].user)) {
			rate_spend(&takers[0].user, 5000);
			takers[0].got += 5000;
		}
		run(SECOND);
	}
	near(sum(0, 3), 61.0 * 50 * KIB, 0.03, "all");
	have_the_same(0, 3);
	/* Not without end. */
	for (int i = 0; i < 20 && rate_may_overdraw(&takers[1].user); i++)
		rate_spend(&takers[1].user, 5000);
	ck_assert(!rate_may_overdraw(&takers[1].user));
	ck_assert(rate_may_overdraw(&takers[2].user));
	run(20 * SECOND);
	ck_assert(rate_may_overdraw(&takers[1].user));
}
END_TEST

/* A debt from times with another limit does not stop everything. */
START_TEST(debts_are_cut)
{
	begin(100000000);
	rate_spend(&takers[0].user, 50000000);
	rate_set(&tree.all, 10 * KIB, now);
	start(1);
	run(11 * SECOND);
	near(takers[0].got, 100.0 * KIB, 0.05, "after a second");
}
END_TEST

/* Nor is more of it remembered than a few turns, or any once there is enough for everybody. */
START_TEST(debts_are_forgotten)
{
	begin(50 * KIB);
	start(2);
	rate_spend(&takers[0].user, 1000000);
	ck_assert_int_ge(takers[0].user.share, -100000);
	rate_leave(&takers[0].user);
	rate_leave(&takers[1].user);
	now += 100 * SECOND;
	takers[0].left = 100;
	take(&takers[0]);
	ck_assert(takers[0].left == 0 && takers[0].user.share == 0);
}
END_TEST

static size_t parts[3];

static void
turn_in_parts(struct rate_user *u, usec at)
{
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		parts[i] = rate_ask(u, 200, at);
		rate_spend(u, parts[i]);
	}
	rate_leave(u);
}

START_TEST(a_turn_has_parts)
{
	begin(5 * KIB);
	takers[0].user.turn = turn_in_parts;
	ck_assert_uint_eq(rate_ask(&takers[0].user, 200, now), 0);
	run(SECOND);
	ck_assert(parts[0] == 200 && parts[1] == 200 && parts[2] == 112);
	ck_assert_int_eq(rate_due(&tree), NEVER);
}
END_TEST

/* Of two that wait for limits of their own, the one that is ready first is due first. */
START_TEST(the_slow_do_not_hold_up_the_quick)
{
	for (int quick = 0; quick < 2; quick++) {
		begin(0);
		rate_set(&torrent[quick], 100 * KIB, now);
		rate_set(&torrent[1 - quick], 100, now);
		rate_join(&takers[1].user, &torrent[1]);
		start(2);
		run(10 * SECOND);
		near(takers[quick].got, 1000.0 * KIB, 0.03, "the quick one");
	}
}
END_TEST

START_TEST(the_free_do_not_wait)
{
	begin(0);
	ck_assert(!rate_is_limited(&takers[0].user));
	ck_assert_uint_eq(rate_ask(&takers[0].user, SIZE_MAX, now), SIZE_MAX);
	rate_spend(&takers[0].user, SIZE_MAX);
	rate_join(&takers[0].user, NULL);
	ck_assert_uint_eq(rate_ask(&takers[0].user, 12345, now), 12345);
	ck_assert_int_eq(rate_due(&tree), NEVER);
	rate_deal(&tree, now);
	ck_assert_uint_eq(woken, 0);
}
END_TEST

/* Within the limit nobody waits either, and the owner hears of the first who does. */
START_TEST(the_owner_is_woken)
{
	begin(100 * KIB);
	ck_assert_uint_eq(rate_ask(&takers[0].user, 1, now), 0);
	ck_assert_uint_eq(woken, 1);
	rate_leave(&takers[0].user);
	now += SECOND;
	ck_assert_uint_eq(rate_ask(&takers[0].user, 1000, now), 1000);
	rate_spend(&takers[0].user, 1000);
	ck_assert_int_eq(rate_due(&tree), NEVER);
	ck_assert_uint_eq(woken, 1);
	start(3);
	ck_assert_uint_eq(woken, 2);
	/* Whoever comes later waits behind them. */
	ck_assert_uint_eq(rate_ask(&takers[3].user, 1, now), 0);
	rate_leave(&takers[3].user);
	run(SECOND);
	ck_assert_uint_eq(woken, 2);
}
END_TEST

/* All sorts of things at random: the limits hold, and who waits is not forgotten. */
START_TEST(at_random)
{
	static const uint64_t some[] = { 0, 1, 5 * KIB, 100 * KIB, 10000000 };

	begin(100 * KIB);
	for (int i = 0; i < TAKERS; i++)
		rate_join(&takers[i].user, &torrent[rng_below(&rng, 2)]);
	for (int i = 0; i < 20000; i++) {
		struct taker *t = &takers[rng_below(&rng, TAKERS)];

		if (rng_below(&rng, 3) > 0) {
			t->left += rng_below(&rng, 20000);
			if (t->left > 0 && !t->user.waits)
				take(t);
		} else if (rng_below(&rng, 2) == 0) {
			t->left = 0;
			rate_leave(&t->user);
		} else if (rng_below(&rng, 20) == 0) {
			rate_set(&torrent[rng_below(&rng, 2)], some[rng_below(&rng, 5)], now);
		} else if (rng_below(&rng, 20) == 0) {
			rate_set(&tree.all, some[rng_below(&rng, 5)], now);
		} else {
			run(rng_below(&rng, 50 * MSEC));
		}
	}
	rate_set(&torrent[0], 0, now);
	rate_set(&torrent[1], 3000000, now);
	rate_set(&tree.all, 10000000, now);
	run(60 * SECOND);
	for (int i = 0; i < TAKERS; i++)
		ck_assert(takers[i].left == 0 && !takers[i].user.waits);
	ck_assert_int_eq(rate_due(&tree), NEVER);
}
END_TEST

Suite *
rate_suite(void)
{
	Suite *s = suite_create("net/rate");
	TCase *c = tcase_create("rate");

	tcase_add_test(c, turns_are_equal);
	tcase_add_test(c, torrents_are_equal);
	tcase_add_test(c, the_limit_is_kept);
	tcase_add_test(c, fractions_count);
	tcase_add_test(c, rest_saves_up_little);
	tcase_add_test(c, the_modest_do_not_wait_long);
	tcase_add_test(c, a_bucket_in_a_bucket);
	tcase_add_test(c, a_bucket_in_the_open);
	tcase_add_test(c, limits_change);
	tcase_add_test(c, debts_are_paid);
	tcase_add_test(c, debts_are_cut);
	tcase_add_test(c, debts_are_forgotten);
	tcase_add_test(c, a_turn_has_parts);
	tcase_add_test(c, the_slow_do_not_hold_up_the_quick);
	tcase_add_test(c, the_free_do_not_wait);
	tcase_add_test(c, the_owner_is_woken);
	tcase_add_test(c, at_random);
	suite_add_tcase(s, c);
	return s;
}
