/* SPDX-License-Identifier: ISC */
/* The queue, the buckets, the loop, and a TCP stream made of them. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "net/loop.h"
#include "net/stream_tcp.h"
#include "net/stream.h"

#include "helper.h"

Suite *stream_suite(void);

static struct block_store blocks;

/* -- the queue -- */

static unsigned released;

static void
release(void *owner)
{
	(void)owner;
	released++;
}

static struct block *
block_of(char fill)
{
	struct block *b = block_new(&blocks);

	memset(b->data, fill, BLOCK_SIZE);
	return b;
}

START_TEST(queue_keeps_order)
{
	const struct sendq_file file = { -1, 1000, 50, release, NULL };
	struct iovec iov[4];
	struct sendq q;
	bool more;

	released = 0;
	sendq_init(&q, &blocks);
	ck_assert_int_eq(sendq_memory(&q, iov, 4, 100, &more), 0);
	ck_assert(!more);
	sendq_add_bytes(&q, slice_str("ab"));
	sendq_add_bytes(&q, slice_str("cd"));
	sendq_add_block(&q, block_of('x'), 10);
	sendq_add_bytes(&q, slice_str("ef"));
	sendq_add_file(&q, &file);
	sendq_add_bytes(&q, slice_str("gh"));
	ck_assert_uint_eq(q.pending, 4 + 10 + 2 + 50 + 2);
	ck_assert_int_eq(sendq_memory(&q, iov, 4, 1000, &more), 3);
	ck_assert(more && iov[0].iov_len == 4 && iov[1].iov_len == 10 && iov[2].iov_len == 2);
	ck_assert_int_eq(sendq_memory(&q, iov, 4, 5, &more), 2);
	ck_assert_uint_eq(iov[1].iov_len, 1);
	sendq_sent(&q, 3);
	ck_assert_int_eq(sendq_memory(&q, iov, 1, 1000, &more), 1);
	ck_assert(more && memcmp(iov[0].iov_base, "d", 1) == 0 && iov[0].iov_len == 1);
	sendq_sent(&q, 6);
	ck_assert_int_eq(sendq_memory(&q, iov, 4, 1000, &more), 2);
	ck_assert_uint_eq(iov[0].iov_len, 5);
	ck_assert_mem_eq(iov[1].iov_base, "ef", 2);
	sendq_sent(&q, 7);
	ck_assert_int_eq(sendq_memory(&q, iov, 4, 1000, &more), 0);
	ck_assert(more && sendq_first(&q)->kind == SENDQ_FILE);
	sendq_sent(&q, 20);
	ck_assert_uint_eq(sendq_first(&q)->file.offset, 1020);
	ck_assert_uint_eq(released, 0);
	sendq_sent(&q, 30);
	ck_assert_uint_eq(released, 1);
	ck_assert_int_eq(sendq_memory(&q, iov, 4, 1000, &more), 1);
	ck_assert_mem_eq(iov[0].iov_base, "gh", 2);
	sendq_add_file(&q, &file);
	sendq_add_block(&q, block_of('y'), 10);
	sendq_fini(&q);
	ck_assert_uint_eq(released, 2);
	ck_assert_uint_eq(blocks.in_use, 0);
	block_store_fini(&blocks);
}
END_TEST

/* Written and sent at random: what comes out is what went in. */
START_TEST(queue_loses_nothing)
{
	struct buf in, out;
	struct sendq q;
	struct rng rng;

	rng_seed(&rng, 13);
	sendq_init(&q, &blocks);
	buf_init(&in, 64u << 20);
	buf_init(&out, 64u << 20);
	for (int i = 0; i < 5000; i++) {
		uint8_t bytes[100];
		struct iovec iov[3];
		bool more;
		size_t max = 1 + rng_below(&rng, 20000);
		int n;

		rng_bytes(&rng, bytes, sizeof(bytes));
		if (rng_below(&rng, 4) == 0 && i < 4000) {
			struct block *b = block_of((char)i);
			size_t len = 1 + rng_below(&rng, BLOCK_SIZE);

			buf_add(&in, b->data, len);
			sendq_add_block(&q, b, len);
		} else if (i < 4000) {
			size_t len = 1 + rng_below(&rng, 100);

			buf_add(&in, bytes, len);
			sendq_add_bytes(&q, slice_of(bytes, len));
		}
		n = sendq_memory(&q, iov, 3, max, &more);
		for (int k = 0; k < n; k++) {
			size_t part = 1 + rng_below(&rng, (uint32_t)iov[k].iov_len);

			buf_add(&out, iov[k].iov_base, part);
			sendq_sent(&q, part);
			if (part < iov[k].iov_len)
				break;
		}
		ck_assert_uint_eq(q.pending, in.len - out.len);
	}
	ck_assert(!q.failed);
	ck_assert_mem_eq(in.ptr, out.ptr, out.len);
	sendq_fini(&q);
	buf_fini(&in);
	buf_fini(&out);
	ck_assert_uint_eq(blocks.in_use, 0);
	block_store_fini(&blocks);
}
END_TEST

START_TEST(queue_has_an_end)
{
	static uint8_t bytes[1u << 20];
	struct sendq q;

	sendq_init(&q, &blocks);
	for (int i = 0; i < 5; i++)
		sendq_add_bytes(&q, slice_of(bytes, sizeof(bytes)));
	ck_assert(q.failed);
	sendq_fini(&q);
	sendq_init(&q, &blocks);
	mem_fail_at(1);
	sendq_add_file(&q, &(struct sendq_file){ -1, 0, 1, release, NULL });
	mem_fail_at(0);
	ck_assert(q.failed && q.pending == 0);
	sendq_fini(&q);
}
END_TEST

/* -- the buckets -- */

/* What passes in so many seconds, asked for `want` at a time a hundred times a second. */
static uint64_t
passes(struct rate *r, size_t want, int seconds, usec from)
{
	uint64_t sum = 0;

	for (int i = 0; i < 100 * seconds; i++) {
		size_t n = rate_allow(r, want, from + i * 10 * MSEC);

		rate_spend(r, n);
		sum += n;
	}
	return sum;
}

START_TEST(rate_is_kept)
{
	struct rate all, one, other;
	uint64_t a = 0, b = 0;

	rate_init(&all, NULL, 0);
	rate_init(&one, &all, 0);
	ck_assert_uint_eq(rate_allow(&one, 12345, SECOND), 12345);
	all.limit_Bps = 100000;
	a = passes(&one, 1u << 20, 10, SECOND);
	ck_assert_msg(a > 980000 && a < 1020000, "%llu", (unsigned long long)a);
	/* Two share what their parent has; one of them has a limit of its own. */
	rate_init(&other, &all, 20000);
	a = 0;
	for (int i = 0; i < 1000; i++) {
		usec now = 20 * SECOND + i * 10 * MSEC;
		size_t n = rate_allow(&other, 1u << 20, now);

		rate_spend(&other, n);
		b += n;
		n = rate_allow(&one, 1u << 20, now);
		rate_spend(&one, n);
		a += n;
	}
	ck_assert_msg(a + b > 960000 && a + b < 1040000, "%llu", (unsigned long long)(a + b));
	ck_assert_msg(b > 180000 && b < 220000, "%llu", (unsigned long long)b);
	/* A long sleep does not save up. */
	ck_assert_uint_le(rate_allow(&one, 1u << 20, MINUTE), 10001);
	/* What was spent beyond is missed later. */
	rate_spend(&one, 500000);
	ck_assert_uint_eq(rate_allow(&one, 10, MINUTE + SECOND), 0);
	/* Quite low limits work as well. */
	rate_init(&all, NULL, 100);
	a = passes(&all, 1u << 20, 60, 100 * SECOND);
	ck_assert_msg(a >= 5900 && a <= 10200, "%llu", (unsigned long long)a);
}
END_TEST

/* -- the loop -- */

static struct loop *loop;
static unsigned turns, timer_runs;
static struct loop_later again;

static void
later(void *arg)
{
	(void)arg;
	/* Put off anew each time, it must not keep the timer from running. */
	turns++;
	loop_later(loop, &again);
	loop_later(loop, &again);
}

static void
on_timer(void *arg, usec now)
{
	timer_runs++;
	/* libevent's own clock is a coarse one. */
	ck_assert_int_ge(now, *(usec *)arg - 10 * MSEC);
	loop_stop(loop);
}

START_TEST(loop_turns)
{
	struct loop_timer t = { 0 }, never = { 0 };
	usec due;

	loop_timer_fini(&t);
	loop = loop_new();
	again = (struct loop_later){ .fn = later };
	turns = timer_runs = 0;
	ck_assert(loop_timer_init(&t, loop, on_timer, &due));
	ck_assert(loop_timer_init(&never, loop, on_timer, &due));
	due = loop_now(loop) + 20 * MSEC;
	loop_timer_set(&t, 20 * MSEC);
	loop_timer_set(&never, 10 * MSEC);
	loop_timer_stop(&never);
	loop_later(loop, &again);
	loop_run(loop);
	ck_assert_uint_eq(timer_runs, 1);
	ck_assert_uint_gt(turns, 1);
	loop_later_cancel(loop, &again);
	loop_later_cancel(loop, &again);
	loop_timer_fini(&t);
	loop_timer_fini(&never);
	loop_free(loop);
}
END_TEST

/* -- the stream -- */

struct side {
	struct stream *s;
	struct buf got;
	size_t sent;
	const char *broken;
	bool ended;
	size_t stop_at;		/* bytes */
};

static void
readable(void *arg, usec now)
{
	struct side *side = arg;
	uint8_t bytes[5000];
	struct iovec iov[2] = { { bytes, 7 }, { bytes + 7, sizeof(bytes) - 7 } };
	ssize_t n = stream_readv(side->s, iov, 2);

	(void)now;
	if (n > 0)
		buf_add(&side->got, bytes, (size_t)n);
	if (n == 0) {
		side->ended = true;
		stream_set_reading(side->s, false);
	}
	if (side->ended || side->got.len >= side->stop_at)
		loop_stop(loop);
}

static void
sent(void *arg, usec now, size_t bytes)
{
	(void)now;
	((struct side *)arg)->sent += bytes;
}

static void
broken(void *arg, usec now, const char *why)
{
	(void)now;
	((struct side *)arg)->broken = why;
	loop_stop(loop);
}

static const struct stream_user user = { readable, sent, broken };

static void
open_side(struct side *side, int fd)
{
	const struct addr nowhere = { .family = ADDR_NONE };

	*side = (struct side){ .stop_at = SIZE_MAX };
	buf_init(&side->got, 64u << 20);
	side->s = stream_tcp_new(loop, fd, &nowhere, &blocks);
	ck_assert(side->s != NULL);
	stream_set_user(side->s, &user, side);
	stream_set_reading(side->s, true);
}

static void
open_pair(struct side *a, struct side *b)
{
	const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, type, 0, fds), 0);
	loop = loop_new();
	open_side(a, fds[0]);
	open_side(b, fds[1]);
}

static void
close_pair(struct side *a, struct side *b)
{
	stream_free(a->s);
	stream_free(b->s);
	buf_fini(&a->got);
	buf_fini(&b->got);
	loop_free(loop);
	ck_assert_uint_eq(blocks.in_use, 0);
	block_store_fini(&blocks);
}

static int
file_of(const uint8_t *bytes, size_t len)
{
	char path[] = "/tmp/test_stream.XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	(void)unlink(path);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	return fd;
}

/* More than any socket buffer holds, of all three kinds, while the other side answers. */
START_TEST(all_kinds_arrive)
{
	static uint8_t content[500000];
	struct sendq_file file = { -1, 0, 300000, release, NULL };
	struct side a, b;
	struct buf want;
	struct rng rng;

	rng_seed(&rng, 14);
	rng_bytes(&rng, content, sizeof(content));
	file.fd = file_of(content, sizeof(content));
	open_pair(&a, &b);
	buf_init(&want, 64u << 20);
	released = 0;
	for (int i = 0; i < 20; i++) {
		struct block *block = block_of((char)('a' + i));

		stream_write(a.s, slice_of(content + i, 100));
		buf_add(&want, content + i, 100);
		buf_add(&want, block->data, 10000);
		stream_write_block(a.s, block, 10000);
		file.offset = (uint64_t)i * 1000;
		stream_write_file(a.s, &file);
		buf_add(&want, content + i * 1000, 300000);
		stream_write(b.s, slice_str("back"));
	}
	b.stop_at = want.len;
	loop_run(loop);
	ck_assert(slice_eq(buf_slice(&b.got), buf_slice(&want)));
	ck_assert_uint_eq(a.got.len, 80);
	ck_assert_uint_eq(a.sent, want.len);
	ck_assert_uint_eq(released, 20);
	ck_assert(a.broken == NULL && b.broken == NULL);
	buf_fini(&want);
	close_pair(&a, &b);
	(void)close(file.fd);
}
END_TEST

START_TEST(the_end_is_read)
{
	struct side a, b;

	open_pair(&a, &b);
	stream_write(a.s, slice_str("bye"));
	b.stop_at = 3;
	loop_run(loop);
	b.stop_at = SIZE_MAX;
	stream_free(a.s);
	a.s = NULL;
	loop_run(loop);
	ck_assert(b.ended && b.got.len == 3);
	/* Nobody reads any more. */
	for (int i = 0; i < 3 && b.broken == NULL; i++) {
		stream_write(b.s, slice_str("hello?"));
		loop_run(loop);
	}
	ck_assert(b.broken != NULL);
	close_pair(&a, &b);
}
END_TEST

START_TEST(a_file_that_shrank)
{
	struct side a, b;
	int fd = file_of((const uint8_t *)"0123456789", 10);

	open_pair(&a, &b);
	released = 0;
	stream_write_file(a.s, &(struct sendq_file){ fd, 5, 10, release, NULL });
	loop_run(loop);
	ck_assert_str_eq(a.broken, "file shrank");
	close_pair(&a, &b);
	ck_assert_uint_eq(released, 1);
	(void)close(fd);
}
END_TEST

static struct loop_timer ticker;
static struct side *ticked[2];

static void
tick(void *arg, usec now)
{
	(void)arg;
	stream_resume(ticked[0]->s, now);
	stream_resume(ticked[1]->s, now);
	loop_timer_set(&ticker, 20 * MSEC);
}

/* A limit on either side holds the bytes back, and they all come in the end. */
START_TEST(limits_hold)
{
	static uint8_t content[60000];

	for (int in = 0; in < 2; in++) {
		struct side a, b;
		usec began;

		open_pair(&a, &b);
		rate_init(in ? &b.s->in_rate : &a.s->out_rate, NULL, 200000);
		ticked[0] = &a;
		ticked[1] = &b;
		ck_assert(loop_timer_init(&ticker, loop, tick, NULL));
		loop_timer_set(&ticker, 20 * MSEC);
		began = loop_now(loop);
		stream_write(a.s, slice_of(content, sizeof(content)));
		b.stop_at = sizeof(content);
		loop_run(loop);
		ck_assert_uint_eq(b.got.len, sizeof(content));
		ck_assert_int_gt(loop_now(loop) - began, 150 * MSEC);
		loop_timer_fini(&ticker);
		close_pair(&a, &b);
	}
}
END_TEST

Suite *
stream_suite(void)
{
	Suite *s = suite_create("net/sendq, rate, loop, stream_tcp");
	TCase *c = tcase_create("stream");

	tcase_add_test(c, queue_keeps_order);
	tcase_add_test(c, queue_loses_nothing);
	tcase_add_test(c, queue_has_an_end);
	tcase_add_test(c, rate_is_kept);
	tcase_add_test(c, loop_turns);
	tcase_add_test(c, all_kinds_arrive);
	tcase_add_test(c, the_end_is_read);
	tcase_add_test(c, a_file_that_shrank);
	tcase_add_test(c, limits_hold);
	suite_add_tcase(s, c);
	return s;
}
