/* SPDX-License-Identifier: ISC */
/* The queue of events, the log's, the mailbox, the listening port. */
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "base/mem.h"
#include "session/events.h"
#include "session/lines.h"
#include "session/listen.h"
#include "session/mailbox.h"

#include "helper.h"

Suite *parts_suite(void);

static bool
is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

START_TEST(events_in_order)
{
	struct events *q = events_new();
	struct bt_event e;

	ck_assert(q != NULL && !is_readable(events_fd(q)) && !events_next(q, &e));
	for (uint32_t i = 0; i < 3; i++)
		events_add(q, &(struct bt_event){ .type = BT_EVENT_PIECE, .piece = i });
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert(is_readable(events_fd(q)));
		ck_assert(events_next(q, &e));
		ck_assert_uint_eq(e.piece, i);
	}
	ck_assert(!events_next(q, &e) && !is_readable(events_fd(q)));
	events_want(q, ~(1u << BT_EVENT_PIECE));
	events_add(q, &(struct bt_event){ .type = BT_EVENT_PIECE });
	events_add(q, &(struct bt_event){ .type = BT_EVENT_COMPLETE });
	ck_assert(events_next(q, &e) && e.type == BT_EVENT_COMPLETE);
	ck_assert(!events_next(q, &e));
	mem_fail_at(1);
	events_add(q, &(struct bt_event){ .type = BT_EVENT_COMPLETE });
	mem_fail_at(0);
	events_add(q, &(struct bt_event){ .type = BT_EVENT_ERROR });
	ck_assert(events_next(q, &e) && e.type == BT_EVENT_ERROR);
	events_add(q, &(struct bt_event){ .type = BT_EVENT_ERROR });
	events_free(q);
	events_free(NULL);
}
END_TEST

START_TEST(events_overflow)
{
	struct events *q = events_new();
	struct bt_event e;
	uint32_t n = 0;

	for (uint32_t i = 0; i < 20000; i++)
		events_add(q, &(struct bt_event){ .type = BT_EVENT_PIECE, .piece = i });
	while (events_next(q, &e) && e.type == BT_EVENT_PIECE)
		ck_assert_uint_eq(e.piece, n++);
	ck_assert_uint_eq(e.type, BT_EVENT_LOST);
	ck_assert_uint_ge(n, 1000);
	ck_assert(!events_next(q, &e));
	/* Afterwards it goes on. */
	events_add(q, &(struct bt_event){ .type = BT_EVENT_PIECE, .piece = 7 });
	ck_assert(events_next(q, &e) && e.piece == 7);
	events_free(q);
}
END_TEST

static struct loop *loop;
static struct mailbox *mail;

static void *
run_loop(void *arg)
{
	mailbox_adopt(mail);
	loop_run(loop);
	return arg;
}

static void
count(void *arg)
{
	++*(unsigned *)arg;
}

static void
stop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void
count_within(void *sum)
{
	ck_assert(mailbox_call(mail, count, sum));
}

static void *
call_often(void *sum)
{
	for (int i = 0; i < 500; i++)
		ck_assert(mailbox_call(mail, count, sum));
	return NULL;
}

START_TEST(calls_from_two_threads)
{
	pthread_t looper, a, b;
	unsigned sum = 0;

	loop = loop_new();
	mail = mailbox_new(loop);
	ck_assert(loop != NULL && mail != NULL);
	ck_assert_int_eq(pthread_create(&looper, NULL, run_loop, NULL), 0);
	ck_assert_int_eq(pthread_create(&a, NULL, call_often, &sum), 0);
	ck_assert_int_eq(pthread_create(&b, NULL, call_often, &sum), 0);
	(void)pthread_join(a, NULL);
	(void)pthread_join(b, NULL);
	ck_assert_uint_eq(sum, 1000);
	/* A call within a call has nobody to wait for. */
	ck_assert(mailbox_call(mail, count_within, &sum));
	ck_assert_uint_eq(sum, 1001);
	ck_assert(mailbox_call(mail, stop, NULL));
	(void)pthread_join(looper, NULL);
	mailbox_close(mail);
	ck_assert(!mailbox_call(mail, count, &sum));
	ck_assert_uint_eq(sum, 1001);
	mailbox_free(mail);
	loop_free(loop);
}
END_TEST

/* -- the log's lines -- */

struct told {
	struct lines *lines;
	unsigned count, lost;
	bool inside;
};

static void
hear(void *arg, enum bt_log_level level, const char *topic, const char *text)
{
	struct told *t = arg;

	ck_assert(!t->inside);
	t->inside = true;
	if (level == BT_LOG_WARN && sscanf(text, "%u lines were lost", &t->lost) == 1)
		ck_assert_str_eq(topic, "session");
	else
		ck_assert_uint_eq((unsigned)strtoul(text, NULL, 10), t->count++);
	/* What is said meanwhile is told later. */
	if (t->count == 2)
		lines_add(t->lines, BT_LOG_INFO, "test", "3");
	t->inside = false;
}

static void
end(void *arg, usec now)
{
	(void)now;
	loop_stop(arg);
}

START_TEST(lines_are_told_in_order)
{
	struct told t = { 0 };
	struct loop_timer timer;

	loop = loop_new();
	t.lines = lines_new(loop, hear, &t);
	ck_assert_ptr_nonnull(t.lines);
	lines_add(t.lines, BT_LOG_INFO, "test", "0");
	lines_add(t.lines, BT_LOG_INFO, "test", "1");
	lines_add(t.lines, BT_LOG_INFO, "test", "2");
	ck_assert_uint_eq(t.count, 0);
	ck_assert(loop_timer_init(&timer, loop, end, loop));
	loop_timer_set(&timer, 50 * MSEC);
	loop_run(loop);
	ck_assert_uint_eq(t.count, 4);
	loop_timer_fini(&timer);
	lines_add(t.lines, BT_LOG_INFO, "test", "never told");
	lines_free(t.lines);
	loop_free(loop);
}
END_TEST

START_TEST(lost_lines_are_counted)
{
	struct told t = { .count = 10 };
	char text[512];
	unsigned n;

	loop = loop_new();
	t.lines = lines_new(loop, hear, &t);
	for (n = 0; n < 10000; n++) {
		(void)snprintf(text, sizeof(text), "%u %400s", n + 10, "");
		lines_add(t.lines, BT_LOG_INFO, "test", text);
	}
	lines_tell(t.lines);
	ck_assert_uint_gt(t.count, 1000);
	ck_assert_uint_gt(t.lost, 1000);
	ck_assert_uint_eq(t.count - 10 + t.lost, n);
	t.lost = 0;
	mem_fail_at(1);
	lines_add(t.lines, BT_LOG_INFO, "test", "no memory");
	mem_fail_at(0);
	lines_tell(t.lines);
	ck_assert_uint_eq(t.lost, 1);
	lines_free(t.lines);
	loop_free(loop);
}
END_TEST

static void
close_it(void *arg, int fd, const struct addr *from)
{
	(void)arg;
	(void)from;
	(void)close(fd);
}

START_TEST(finds_a_free_port)
{
	struct net_way way;
	struct listen_where where = { .way = &way, .minport = 0, .maxport = 0 };
	struct listen first, second;
	struct bt_error err = { 0 };
	struct rng rng;

	rng_seed(&rng, 9);
	loop = loop_new();
	ck_assert_int_eq(way_init(&way, &(struct way_wish){ .bind = "127.0.0.1" }, &err), BT_OK);
	ck_assert_int_eq(listen_init(&first, loop, &where, &rng, close_it, NULL, &err), BT_OK);
	ck_assert_uint_ne(first.port, 0);
	/* A range of that port alone is taken; one more is enough. */
	where.minport = where.maxport = first.port;
	ck_assert_int_eq(listen_init(&second, loop, &where, &rng, close_it, NULL, &err), BT_EIO);
	ck_assert_int_eq(err.code, BT_EIO);
	where.maxport = (uint16_t)(first.port + 50);
	for (int random = 0; random < 2; random++) {
		where.random = random;
		ck_assert_int_eq(listen_init(&second, loop, &where, &rng, close_it, NULL, &err),
		    BT_OK);
		ck_assert(second.port > first.port && second.port <= where.maxport);
		listen_fini(&second);
	}
	listen_fini(&first);
	loop_free(loop);
}
END_TEST

Suite *
parts_suite(void)
{
	Suite *s = suite_create("session/events, lines, mailbox, listen");
	TCase *c = tcase_create("parts");

	tcase_add_test(c, events_in_order);
	tcase_add_test(c, events_overflow);
	tcase_add_test(c, calls_from_two_threads);
	tcase_add_test(c, lines_are_told_in_order);
	tcase_add_test(c, lost_lines_are_counted);
	tcase_add_test(c, finds_a_free_port);
	suite_add_tcase(s, c);
	return s;
}
