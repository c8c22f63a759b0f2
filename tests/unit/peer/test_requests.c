/* SPDX-License-Identifier: ISC */
#include "base/block.h"
#include "helper.h"
#include "peer/requests.h"
#include "peer/upload.h"

Suite *requests_suite(void);

START_TEST(remembers_what_was_asked)
{
	struct requests r;

	requests_init(&r, 4);
	for (uint32_t i = 0; i < 300; i++)
		ck_assert(requests_add(&r, i, 0, BLOCK_SIZE, SECOND));
	ck_assert(requests_has(&r, 299, 0) && !requests_has(&r, 299, BLOCK_SIZE));
	ck_assert(!requests_answered(&r, 5, 0, 100, SECOND));
	ck_assert(!requests_answered(&r, 400, 0, BLOCK_SIZE, SECOND));
	/* In another order than they were asked. */
	for (uint32_t i = 0; i < 300; i += 2)
		ck_assert(requests_answered(&r, i, 0, BLOCK_SIZE, SECOND + i));
	ck_assert(!requests_answered(&r, 6, 0, BLOCK_SIZE, 2 * SECOND));
	ck_assert(requests_remove(&r, 299, 0) && !requests_remove(&r, 299, 0));
	requests_at(&r, 0)->given_up = true;
	ck_assert(!requests_remove(&r, 1, 0));
	ck_assert_uint_eq(requests_count(&r), 148);
	for (size_t i = 0; i < requests_count(&r); i++)
		ck_assert_uint_eq(requests_at(&r, i)->piece, 2 * i + 3);
	requests_fini(&r);
}
END_TEST

/* A peer that answers after `delay` and sends KiBps; how much is under way after a while? */
static unsigned
settle(usec delay, uint32_t KiBps, unsigned floor, unsigned limit)
{
	usec now = SECOND, next = 0, block = (usec)16 * SECOND / KiBps;
	struct requests r;
	uint32_t n = 0;
	size_t most = 0;

	requests_init(&r, floor);
	for (int i = 0; i < 20000; i++) {
		for (unsigned room = requests_room(&r, limit); room > 0; room--)
			ck_assert(requests_add(&r, n++, 0, BLOCK_SIZE, now));
		ck_assert_uint_gt(requests_count(&r), 0);
		ck_assert_uint_le(requests_count(&r), limit);
		next += block;
		if (next < requests_at(&r, 0)->sent + delay)
			next = requests_at(&r, 0)->sent + delay;
		now = next;
		ck_assert(requests_answered(&r, requests_at(&r, 0)->piece, 0, BLOCK_SIZE, now));
		if (i > 10000 && requests_count(&r) > most)
			most = requests_count(&r);
	}
	requests_fini(&r);
	return (unsigned)most;
}

START_TEST(as_much_as_rate_and_delay_need)
{
	unsigned n;

	/* 10 MiB/s at 100 ms: 64 blocks cover the delay. */
	n = settle(100 * MSEC, 10240, 4, 2000);
	ck_assert_msg(n >= 64 && n <= 260, "%u", n);
	/* 100 MiB/s at 20 ms: 128. */
	n = settle(20 * MSEC, 102400, 4, 2000);
	ck_assert_msg(n >= 128 && n <= 1600, "%u", n);
	/* Slow: the floor. */
	n = settle(50 * MSEC, 10, 10, 2000);
	ck_assert_msg(n <= 20, "%u", n);
	n = settle(100 * MSEC, 102400, 4, 250);
	ck_assert_uint_le(n, 250);
}
END_TEST

START_TEST(snubs)
{
	struct requests r;

	requests_init(&r, 4);
	ck_assert(!requests_snubbed(&r, 100 * SECOND, 30 * SECOND));
	ck_assert(requests_add(&r, 1, 0, BLOCK_SIZE, 100 * SECOND));
	ck_assert(!requests_snubbed(&r, 130 * SECOND, 30 * SECOND));
	ck_assert(requests_snubbed(&r, 131 * SECOND, 30 * SECOND));
	ck_assert(requests_add(&r, 2, 0, BLOCK_SIZE, 120 * SECOND));
	ck_assert(requests_answered(&r, 1, 0, BLOCK_SIZE, 130 * SECOND));
	ck_assert(!requests_snubbed(&r, 131 * SECOND, 30 * SECOND));
	/* What is left waits since 120 s, though something came since. */
	ck_assert(!requests_overdue(&r, 150 * SECOND, 30 * SECOND));
	ck_assert(requests_overdue(&r, 151 * SECOND, 30 * SECOND));
	ck_assert(requests_answered(&r, 2, 0, BLOCK_SIZE, 131 * SECOND));
	ck_assert(!requests_overdue(&r, 1000 * SECOND, 30 * SECOND));
	/* Nothing is asked: nothing is owed. */
	ck_assert(!requests_snubbed(&r, 1000 * SECOND, 30 * SECOND));
	ck_assert(requests_add(&r, 3, 0, BLOCK_SIZE, 1000 * SECOND));
	ck_assert(!requests_snubbed(&r, 1001 * SECOND, 30 * SECOND));
	requests_fini(&r);
}
END_TEST

START_TEST(uploads_in_order)
{
	struct uploads u;
	struct upload out;

	uploads_init(&u, 100);
	ck_assert(!uploads_next(&u, &out));
	for (uint32_t round = 0; round < 5; round++) {
		for (uint32_t i = 0; i < 100; i++)
			ck_assert(uploads_add(&u, (struct upload){ i, 0, 10 }));
		ck_assert(!uploads_add(&u, (struct upload){ 1, 2, 3 }));
		ck_assert(uploads_cancel(&u, (struct upload){ 50, 0, 10 }));
		ck_assert(!uploads_cancel(&u, (struct upload){ 50, 0, 10 }));
		ck_assert(!uploads_cancel(&u, (struct upload){ 51, 0, 11 }));
		for (uint32_t i = 0; i < 100; i++) {
			if (i == 50)
				continue;
			ck_assert(uploads_next(&u, &out));
			ck_assert_uint_eq(out.piece, i);
			/* Served already: too late. */
			ck_assert(!uploads_cancel(&u, out));
		}
		ck_assert_uint_eq(uploads_count(&u), 0);
	}
	uploads_fini(&u);
}
END_TEST

Suite *
requests_suite(void)
{
	Suite *s = suite_create("peer/requests");
	TCase *c = tcase_create("requests");

	tcase_add_test(c, remembers_what_was_asked);
	tcase_add_test(c, as_much_as_rate_and_delay_need);
	tcase_add_test(c, snubs);
	tcase_add_test(c, uploads_in_order);
	suite_add_tcase(s, c);
	return s;
}
