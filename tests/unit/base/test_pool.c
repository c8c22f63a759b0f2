/* SPDX-License-Identifier: ISC */
#include "base/pool.h"

#include <poll.h>

#include "helper.h"

Suite *pool_suite(void);

struct sum {
	struct job job;
	unsigned from, result;
	bool delivered;
};

static void
work(struct job *j)
{
	struct sum *s = CONTAINER_OF(j, struct sum, job);

	for (unsigned i = 1; i <= s->from; i++)
		s->result += i;
}

static void
done(struct job *j)
{
	CONTAINER_OF(j, struct sum, job)->delivered = true;
}

START_TEST(has_as_many_workers_as_wanted)
{
	ck_assert_uint_eq(pool_size(3, 8), 3);
	ck_assert_uint_eq(pool_size(9, 8), 8);
	ck_assert_uint_ge(pool_size(0, 8), 1);
	ck_assert_uint_le(pool_size(0, 8), 8);
}
END_TEST

START_TEST(works_and_delivers)
{
	static struct sum sums[200];
	struct pool *p = pool_new(3);

	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(pool_workers(p), 3);
	ck_assert(!pool_wait(p));
	for (unsigned i = 0; i < 200; i++) {
		sums[i] = (struct sum){ .job = { .work = work, .done = done }, .from = i };
		pool_send(p, &sums[i].job);
	}
	while (pool_wait(p))
		;
	ck_assert_uint_eq(pool_under_way(p), 0);
	for (unsigned i = 0; i < 200; i++)
		ck_assert(sums[i].delivered && sums[i].result == i * (i + 1) / 2);
	pool_free(p);
}
END_TEST

START_TEST(wakes_a_loop_by_its_fd)
{
	struct sum s = { .job = { .work = work, .done = done }, .from = 4 };
	struct pool *p = pool_new(1);
	struct pollfd pfd = { .fd = pool_fd(p), .events = POLLIN };

	ck_assert_int_eq(poll(&pfd, 1, 0), 0);
	pool_send(p, &s.job);
	ck_assert_int_eq(poll(&pfd, 1, 10000), 1);
	pool_deliver(p);
	ck_assert(s.delivered);
	ck_assert_int_eq(poll(&pfd, 1, 0), 0);
	pool_free(p);
}
END_TEST

START_TEST(delivers_all_before_it_ends)
{
	static struct sum sums[50];
	struct pool *p = pool_new(2);

	for (unsigned i = 0; i < 50; i++) {
		sums[i] = (struct sum){ .job = { .work = work, .done = done }, .from = 10 };
		pool_send(p, &sums[i].job);
	}
	pool_free(p);
	for (unsigned i = 0; i < 50; i++)
		ck_assert(sums[i].delivered);
	pool_free(NULL);
}
END_TEST

Suite *
pool_suite(void)
{
	Suite *s = suite_create("base/pool");
	TCase *c = tcase_create("pool");

	tcase_add_test(c, has_as_many_workers_as_wanted);
	tcase_add_test(c, works_and_delivers);
	tcase_add_test(c, wakes_a_loop_by_its_fd);
	tcase_add_test(c, delivers_all_before_it_ends);
	suite_add_tcase(s, c);
	return s;
}
