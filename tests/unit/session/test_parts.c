/* SPDX-License-Identifier: ISC */
/* The queue of events, the log's, the mailbox, the listening port. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cdefs.h"
#include "base/mem.h"
#include "net/sock.h"
#include "session/budget.h"
#include "session/dial.h"
#include "session/events.h"
#include "session/greet.h"
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

static void
add_piece(struct events *q, uint32_t index)
{
	events_add(q, &(struct bt_event){ .type = BT_EVENT_PIECE, .as.piece = { index } });
}

static void
add_type(struct events *q, enum bt_event_type type)
{
	events_add(q, &(struct bt_event){ .type = type });
}

/* Takes the next event, which must be there; its number of a piece or of losses. */
static uint64_t
take(struct events *q, enum bt_event_type want)
{
	struct bt_event *e = events_next(q);
	uint64_t n;

	ck_assert_ptr_nonnull(e);
	ck_assert_uint_eq(e->type, want);
	n = e->type == BT_EVENT_LOST ? e->as.lost.count : e->as.piece.index;
	bt_event_free(e);
	return n;
}

START_TEST(events_in_order)
{
	struct events *q = events_new();

	ck_assert(q != NULL && !is_readable(events_fd(q)));
	ck_assert_ptr_null(events_next(q));
	for (uint32_t i = 0; i < 3; i++)
		add_piece(q, i);
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert(is_readable(events_fd(q)));
		ck_assert_uint_eq(take(q, BT_EVENT_PIECE), i);
	}
	ck_assert_ptr_null(events_next(q));
	ck_assert(!is_readable(events_fd(q)));
	events_want(q, ~BT_WANT_PIECES);
	add_piece(q, 0);
	add_type(q, BT_EVENT_COMPLETE);
	(void)take(q, BT_EVENT_COMPLETE);
	ck_assert_ptr_null(events_next(q));
	add_type(q, BT_EVENT_ERROR);
	events_free(q);
	events_free(NULL);
}
END_TEST

START_TEST(events_keep_their_texts)
{
	struct events *q = events_new();
	char url[] = "http://tracker", ip[] = "192.0.2.1", text[] = "words";
	struct bt_event *e;

	events_add(q, &(struct bt_event){ .type = BT_EVENT_TRACKER, .torrent = 5, .text = text,
	    .as.tracker = { .url = url, .code = BT_ETRACKER, .seeds = -1, .peers = 7 } });
	events_add(q, &(struct bt_event){ .type = BT_EVENT_PEER_BANNED, .as.peer = { ip, 80 } });
	memset(url, 'x', sizeof(url));
	memset(ip, 'x', sizeof(ip));
	memset(text, 'x', sizeof(text));
	e = events_next(q);
	ck_assert_uint_eq(e->torrent, 5);
	ck_assert_str_eq(e->text, "words");
	ck_assert_str_eq(e->as.tracker.url, "http://tracker");
	ck_assert_int_eq(e->as.tracker.code, BT_ETRACKER);
	ck_assert_int_eq(e->as.tracker.seeds, -1);
	ck_assert_uint_eq(e->as.tracker.peers, 7);
	ck_assert_str_eq(bt_event_name(e->type), "tracker");
	bt_event_free(e);
	e = events_next(q);
	ck_assert_str_eq(e->text, "");
	ck_assert_str_eq(e->as.peer.ip, "192.0.2.1");
	ck_assert_uint_eq(e->as.peer.port, 80);
	bt_event_free(e);
	events_free(q);
	ck_assert_str_eq(bt_event_name((enum bt_event_type)1000), "unknown");
}
END_TEST

START_TEST(kinds_of_events)
{
	static const struct { uint64_t kinds; enum bt_event_type type; } each[] = {
		{ BT_WANT_STATES, BT_EVENT_STATE }, { BT_WANT_STATES, BT_EVENT_COMPLETE },
		{ BT_WANT_STATES, BT_EVENT_ERROR }, { BT_WANT_PIECES, BT_EVENT_PIECE },
		{ BT_WANT_TRACKERS, BT_EVENT_TRACKER }, { BT_WANT_PEERS, BT_EVENT_PEER_BANNED },
	};

	for (size_t i = 0; i < COUNT_OF(each); i++) {
		struct bt_event e = { .type = each[i].type };
		struct events *q = events_new();

		if (e.type == BT_EVENT_TRACKER)
			e.as.tracker.url = "";
		if (e.type == BT_EVENT_PEER_BANNED)
			e.as.peer.ip = "";
		events_want(q, ~each[i].kinds);
		events_add(q, &e);
		ck_assert_ptr_null(events_next(q));
		events_want(q, each[i].kinds);
		events_add(q, &e);
		(void)take(q, each[i].type);
		events_free(q);
	}
}
END_TEST

/* A host that takes one event for each that comes hears once of what it missed, not each time. */
START_TEST(losses_are_told_once)
{
	struct events *q = events_new();
	uint32_t added = 0, told = 0;
	uint64_t lost = 0;
	unsigned losses = 0;

	while (added < 20000)
		add_piece(q, added++);
	for (unsigned i = 0; i < 30000; i++) {
		struct bt_event *e = events_next(q);

		ck_assert_ptr_nonnull(e);
		if (e->type == BT_EVENT_LOST) {
			losses++;
			lost += e->as.lost.count;
			/* It stands where they would have stood. */
			told += (uint32_t)e->as.lost.count;
		} else {
			ck_assert_uint_eq(e->as.piece.index, told++);
		}
		bt_event_free(e);
		add_piece(q, added++);
	}
	ck_assert_uint_ge(losses, 1);
	ck_assert_uint_le(losses, 8);
	while (told < added) {
		struct bt_event *e = events_next(q);

		ck_assert_ptr_nonnull(e);
		told += e->type == BT_EVENT_LOST ? (uint32_t)e->as.lost.count : 1;
		bt_event_free(e);
	}
	ck_assert_ptr_null(events_next(q));
	ck_assert_uint_gt(lost, 10000);
	/* Afterwards it goes on. */
	add_piece(q, 7);
	ck_assert_uint_eq(take(q, BT_EVENT_PIECE), 7);
	events_free(q);
}
END_TEST

START_TEST(losses_without_memory)
{
	struct events *q = events_new();

	add_piece(q, 1);
	/* No memory for the event, nor to say so: both are told of later. */
	mem_fail_at(1);
	add_piece(q, 2);
	ck_assert_uint_eq(take(q, BT_EVENT_PIECE), 1);
	ck_assert_uint_eq(take(q, BT_EVENT_LOST), 1);
	mem_fail_at(1);
	add_piece(q, 3);
	mem_fail_at(1);
	add_piece(q, 4);
	mem_fail_at(0);
	ck_assert_uint_eq(take(q, BT_EVENT_LOST), 2);
	ck_assert_ptr_null(events_next(q));
	events_free(q);
}
END_TEST

static struct loop *loop;
static struct block_store blocks;
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
close_it(void *arg, struct stream *s, usec now)
{
	(void)arg;
	(void)now;
	stream_free(s);
}

static enum bt_code
listen_at(struct listen *l, const struct listen_where *where, struct rng *rng,
    struct bt_error *err)
{
	return listen_init(l, loop, where, rng, &blocks, close_it, NULL, err);
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
	ck_assert_int_eq(listen_at(&first, &where, &rng, &err), BT_OK);
	ck_assert_uint_ne(first.port, 0);
	/* A range of that port alone is taken; one more is enough. */
	where.minport = where.maxport = first.port;
	ck_assert_int_eq(listen_at(&second, &where, &rng, &err), BT_EIO);
	ck_assert_int_eq(err.code, BT_EIO);
	where.maxport = (uint16_t)(first.port + 50);
	for (int random = 0; random < 2; random++) {
		where.random = random;
		ck_assert_int_eq(listen_at(&second, &where, &rng, &err),
		    BT_OK);
		ck_assert(second.port > first.port && second.port <= where.maxport);
		listen_fini(&second);
	}
	listen_fini(&first);
	loop_free(loop);
}
END_TEST

/* A port whose UDP side is somebody else's will not do. */
START_TEST(tcp_and_udp_on_one_port)
{
	struct net_way way;
	struct listen_where where = { .way = &way };
	struct listen l;
	struct bt_error err = { 0 };
	struct udp *other;
	struct rng rng;
	struct addr at;

	rng_seed(&rng, 9);
	loop = loop_new();
	ck_assert_int_eq(way_init(&way, &(struct way_wish){ .bind = "127.0.0.1,127.0.0.2" }, &err),
	    BT_OK);
	other = udp_new(loop);
	ck_assert_int_eq(udp_open(other, &way, &way.at[1], &err), BT_OK);
	where.minport = where.maxport = udp_addr(other, 0)->port;
	ck_assert_int_eq(listen_at(&l, &where, &rng, &err), BT_EIO);
	ck_assert_int_eq(err.sys_errno, EADDRINUSE);
	where.maxport = (uint16_t)(where.minport + 50);
	ck_assert_int_eq(listen_at(&l, &where, &rng, &err), BT_OK);
	ck_assert_uint_gt(l.port, where.minport);
	for (unsigned i = 0; i < 2; i++) {
		ck_assert(sock_local(l.listeners[i].fd, &at));
		ck_assert(addr_eq(&at, udp_addr(l.udp, i)) && at.port == l.port);
	}
	listen_fini(&l);
	udp_free(other);
	loop_free(loop);
}
END_TEST

static unsigned
open_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
no_answer(void *arg, uint32_t id, struct stream *s, usec now)
{
	(void)arg;
	(void)s;
	(void)now;
	ck_abort_msg("%u was answered", id);
}

/* Whatever its number: a program may have closed its standard input. */
START_TEST(dropped_dials_are_closed)
{
	struct net_way way;
	struct dials d;
	struct addr to;
	struct bt_error err = { 0 };
	int fd, input;
	unsigned before;

	loop = loop_new();
	ck_assert_int_eq(way_init(&way, &(struct way_wish){ .bind = "127.0.0.1" }, &err), BT_OK);
	fd = way_listen(&way, &way.at[0], &err);
	ck_assert(fd >= 0 && sock_local(fd, &to));
	dials_init(&d, loop, &way, &blocks, no_answer, NULL);
	input = dup(0);
	ck_assert(input >= 0 && close(0) == 0);
	before = open_descriptors();
	ck_assert_int_eq(dials_start(&d, 1, &to), 0);
	ck_assert_int_eq(dials_start(&d, 2, &to), 0);
	ck_assert(open_descriptors() == before + 2 && fcntl(0, F_GETFD) >= 0);
	dials_drop(&d, 1);
	dials_drop(&d, 1);
	ck_assert(open_descriptors() == before + 1 && fcntl(0, F_GETFD) < 0);
	dials_fini(&d);
	ck_assert_uint_eq(open_descriptors(), before);
	ck_assert_int_eq(dup2(input, 0), 0);
	(void)close(input);
	(void)close(fd);
	loop_free(loop);
}
END_TEST

static struct rlimit usual;

static void
no_descriptors(bool none)
{
	struct rlimit rl = usual;

	rl.rlim_cur = none ? 1 : usual.rlim_cur;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &rl), 0);
}

static void
descriptors_again(void *arg, usec now)
{
	(void)arg;
	(void)now;
	no_descriptors(false);
}

static void
take_it(void *arg, struct stream *s, usec now)
{
	*(usec *)arg = now;
	stream_free(s);
	loop_stop(loop);
}

START_TEST(waits_for_descriptors)
{
	struct net_way way;
	struct listen_where where = { .way = &way };
	struct loop_timer timer;
	struct listen l;
	struct dials d;
	struct bt_error err = { 0 };
	struct rng rng;
	struct addr to;
	usec begun, taken = 0;
	int fd;

	rng_seed(&rng, 9);
	loop = loop_new();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
	ck_assert_int_eq(way_init(&way, &(struct way_wish){ .bind = "127.0.0.1" }, &err), BT_OK);
	ck_assert_int_eq(listen_init(&l, loop, &where, &rng, &blocks, take_it, &taken, &err),
	    BT_OK);
	ck_assert(loop_timer_init(&timer, loop, descriptors_again, NULL));
	ck_assert(sock_local(l.listeners[0].fd, &to));
	fd = way_connect(&way, &to);
	ck_assert_int_ge(fd, 0);
	begun = loop_now(loop);
	loop_timer_set(&timer, 100 * MSEC);
	no_descriptors(true);
	loop_run(loop);
	/* It was not tried in each turn: the loop slept, and took it later. */
	ck_assert_int_ge(taken - begun, 900 * MSEC);
	/* A dial says that it is worth another try. */
	no_descriptors(true);
	dials_init(&d, loop, &way, &blocks, no_answer, NULL);
	ck_assert_int_eq(dials_start(&d, 1, &to), EMFILE);
	dials_fini(&d);
	no_descriptors(false);
	(void)close(fd);
	loop_timer_fini(&timer);
	listen_fini(&l);
	loop_free(loop);
}
END_TEST

START_TEST(descriptors_are_dealt_out)
{
	static const uint64_t limits[] = { 0, 32, 64, 256, 1024, 4096, 1 << 20, UINT64_MAX };
	struct budget b = budget_deal(64, 0, 50);

	/* Few for all: each has some. */
	ck_assert(b.connections == 8 && b.guests == 8 && b.files == 16);
	b = budget_deal(1024, 0, 50);
	ck_assert(b.connections == 750 && b.guests == 128 && b.files == 50);
	b = budget_deal(UINT64_MAX, 0, 50);
	ck_assert(b.connections == 65535 && b.guests == GREET_GUESTS_MAX && b.files == 50);
	/* A wish is granted as far as it can be. */
	ck_assert_uint_eq(budget_deal(1024, 200, 50).connections, 200);
	ck_assert_uint_eq(budget_deal(1024, 2000, 50).connections, 750);
	ck_assert_uint_eq(budget_deal(1024, 0, 1000).files, 256);
	ck_assert_uint_eq(budget_deal(1024, 0, 1).files, 4);
	for (size_t i = 2; i < COUNT_OF(limits); i++) {
		b = budget_deal(limits[i], 0, 100000);
		ck_assert_uint_le((uint64_t)b.connections + b.guests + b.files, limits[i]);
	}
}
END_TEST

Suite *
parts_suite(void)
{
	Suite *s = suite_create("session/events, lines, mailbox, listen");
	TCase *c = tcase_create("parts");

	tcase_add_test(c, events_in_order);
	tcase_add_test(c, events_keep_their_texts);
	tcase_add_test(c, kinds_of_events);
	tcase_add_test(c, losses_are_told_once);
	tcase_add_test(c, losses_without_memory);
	tcase_add_test(c, calls_from_two_threads);
	tcase_add_test(c, lines_are_told_in_order);
	tcase_add_test(c, lost_lines_are_counted);
	tcase_add_test(c, finds_a_free_port);
	tcase_add_test(c, tcp_and_udp_on_one_port);
	tcase_add_test(c, dropped_dials_are_closed);
	tcase_add_test(c, waits_for_descriptors);
	tcase_add_test(c, descriptors_are_dealt_out);
	suite_add_tcase(s, c);
	return s;
}
