/* SPDX-License-Identifier: ISC */
#include "base/pool.h"

#include <poll.h>
#include <semaphore.h>

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

/* -- lanes -- */

/* A job that stands still until it is let go, as one whose disk does not answer. */
struct stuck {
	struct job job;
	sem_t *begun, *go;
	bool delivered;
};

static void
stand_still(struct job *j)
{
	struct stuck *s = CONTAINER_OF(j, struct stuck, job);

	(void)sem_post(s->begun);
	while (sem_wait(s->go) != 0)
		continue;
}

static void
was_stuck(struct job *j)
{
	CONTAINER_OF(j, struct stuck, job)->delivered = true;
}

#define STUCK 20

static sem_t begun, go;
static struct stuck stuck[STUCK];

static void
send_stuck(struct pool *p, unsigned from, unsigned to, struct lane *l, enum job_class class)
{
	for (unsigned i = from; i < to; i++) {
		stuck[i] = (struct stuck){ { .work = stand_still, .done = was_stuck }, &begun, &go,
			false };
		pool_send_by(p, &stuck[i].job, l, class);
	}
}

static void
wait_begun(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ck_assert_int_eq(sem_wait(&begun), 0);
}

static void
let_all_go(struct pool *p)
{
	for (unsigned i = 0; i < STUCK; i++)
		(void)sem_post(&go);
	while (pool_wait(p))
		continue;
	(void)sem_destroy(&begun);
	(void)sem_destroy(&go);
}

/* It is worked on and delivered, whatever stands still. */
static void
gets_through(struct pool *p, struct lane *l, enum job_class class)
{
	struct sum s = { .job = { .work = work, .done = done }, .from = 4 };

	if (l == NULL)
		pool_send(p, &s.job);
	else
		pool_send_by(p, &s.job, l, class);
	while (!s.delivered)
		ck_assert(pool_wait(p));
	ck_assert_uint_eq(s.result, 10);
}

static struct pool *
begin_stuck(unsigned workers, unsigned most)
{
	struct pool *p = pool_new_growing(workers, most);

	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(sem_init(&begun, 0, 0), 0);
	ck_assert_int_eq(sem_init(&go, 0, 0), 0);
	return p;
}

START_TEST(a_stuck_lane_leaves_workers_to_others)
{
	struct pool *p = begin_stuck(2, 16);
	struct lane dead, well;

	lane_init(&dead, 2, 1);
	lane_init(&well, 2, 1);
	send_stuck(p, 0, STUCK, &dead, JOB_URGENT);
	wait_begun(2);
	for (unsigned i = 0; i < 50; i++) {
		gets_through(p, &well, JOB_URGENT);
		gets_through(p, &well, JOB_LAZY);
		gets_through(p, NULL, JOB_URGENT);
	}
	gets_through(p, &dead, JOB_LAZY);
	/* Of the dead one no more than it may have. */
	ck_assert_int_ne(sem_trywait(&begun), 0);
	ck_assert_uint_eq(pool_workers(p), 2);
	let_all_go(p);
	for (unsigned i = 0; i < STUCK; i++)
		ck_assert(stuck[i].delivered);
	pool_free(p);
}
END_TEST

START_TEST(lazy_jobs_do_not_take_all_workers)
{
	struct pool *p = begin_stuck(2, 4);
	struct lane lanes[3];

	for (unsigned i = 0; i < 3; i++) {
		lane_init(&lanes[i], 2, 2);
		send_stuck(p, 3 * i, 3 * i + 3, &lanes[i], JOB_LAZY);
	}
	wait_begun(2);
	gets_through(p, &lanes[0], JOB_URGENT);
	gets_through(p, &lanes[2], JOB_URGENT);
	gets_through(p, NULL, JOB_URGENT);
	ck_assert_int_ne(sem_trywait(&begun), 0);
	let_all_go(p);
	pool_free(p);
}
END_TEST

static unsigned order[STUCK], ordered;

struct noted {
	struct job job;
	unsigned n;
};

static void
note(struct job *j)
{
	order[ordered++] = CONTAINER_OF(j, struct noted, job)->n;
}

static void
ignore(struct job *j)
{
	(void)j;
}

START_TEST(urgent_before_lazy_and_lanes_in_turn)
{
	struct pool *p = begin_stuck(1, 1);
	struct noted jobs[6];
	struct lane a, b;

	lane_init(&a, 1, 1);
	lane_init(&b, 1, 1);
	ordered = 0;
	/* The only worker is taken while the others queue. */
	send_stuck(p, 0, 1, &a, JOB_URGENT);
	wait_begun(1);
	for (unsigned i = 0; i < 6; i++) {
		jobs[i] = (struct noted){ { .work = note, .done = ignore },
			i < 3 ? i : 10 + i - 3 };
		pool_send_by(p, &jobs[i].job, i < 3 ? &a : &b, i % 3 == 0 ? JOB_LAZY : JOB_URGENT);
	}
	let_all_go(p);
	ck_assert_uint_eq(ordered, 6);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_ne(order[i] % 10, 0);
	ck_assert(order[0] / 10 != order[1] / 10 && order[2] / 10 != order[3] / 10);
	ck_assert(order[4] % 10 == 0 && order[5] % 10 == 0);
	pool_free(p);
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
	tcase_add_test(c, a_stuck_lane_leaves_workers_to_others);
	tcase_add_test(c, lazy_jobs_do_not_take_all_workers);
	tcase_add_test(c, urgent_before_lazy_and_lanes_in_turn);
	suite_add_tcase(s, c);
	return s;
}
