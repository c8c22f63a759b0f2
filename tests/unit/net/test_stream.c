/* SPDX-License-Identifier: ISC */
/* The queue, the loop, and a TCP stream made of them that keeps to its rates. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "net/loop.h"
#include "net/pacer.h"
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
	ck_assert(!more && sendq_file_first(&q) == NULL);
	sendq_add_bytes(&q, slice_str("ab"));
	sendq_add_bytes(&q, slice_str("cd"));
	sendq_add_block(&q, slice_str("head"), block_of('x'), 10);
	sendq_add_file(&q, slice_str("ef"), &file);
	sendq_add_file(&q, SLICE_NONE, &file);
	ck_assert_uint_eq(q.pending, 4 + 14 + 52 + 50);
	ck_assert_int_eq(sendq_memory(&q, iov, 4, 1000, &more), 4);
	ck_assert(more && iov[0].iov_len == 4 && iov[1].iov_len == 4 && iov[2].iov_len == 10 &&
	    iov[3].iov_len == 2);
	ck_assert_int_eq(sendq_memory(&q, iov, 4, 9, &more), 3);
	ck_assert(more && iov[2].iov_len == 1);
	ck_assert_uint_eq(sendq_sent(&q, 3), 0);
	ck_assert_int_eq(sendq_memory(&q, iov, 1, 1000, &more), 1);
	ck_assert(more && memcmp(iov[0].iov_base, "d", 1) == 0 && iov[0].iov_len == 1);
	ck_assert_uint_eq(sendq_sent(&q, 1 + 4 + 5), 5);
	ck_assert_int_eq(sendq_memory(&q, iov, 4, 1000, &more), 2);
	ck_assert_uint_eq(iov[0].iov_len, 5);
	ck_assert_mem_eq(iov[1].iov_base, "ef", 2);
	ck_assert_uint_eq(sendq_sent(&q, 7), 5);
	ck_assert_int_eq(sendq_memory(&q, iov, 4, 1000, &more), 0);
	ck_assert(more && sendq_file_first(&q) != NULL);
	ck_assert_uint_eq(sendq_sent(&q, 20), 20);
	ck_assert_uint_eq(sendq_file_first(&q)->file.offset, 1020);
	ck_assert_uint_eq(released, 0);
	ck_assert_uint_eq(sendq_sent(&q, 30), 30);
	ck_assert_uint_eq(released, 1);
	ck_assert(sendq_file_first(&q) != NULL && sendq_file_first(&q)->file.offset == 1000);
	sendq_add_block(&q, SLICE_NONE, block_of('y'), 10);
	sendq_fini(&q);
	ck_assert_uint_eq(released, 2);
	ck_assert_uint_eq(blocks.in_use, 0);
	block_store_fini(&blocks);
}
END_TEST

static void
takes(struct sendq *q, size_t max, const char *want)
{
	struct iovec iov[8];
	struct buf b;
	bool more;
	int n = sendq_memory(q, iov, 8, max, &more);

	buf_init(&b, 1000);
	for (int i = 0; i < n; i++)
		buf_add(&b, iov[i].iov_base, iov[i].iov_len);
	ck_assert(slice_eq(buf_slice(&b), slice_str(want)));
	(void)sendq_sent(q, b.len);
	buf_fini(&b);
}

/* Between two messages of content, never within one. */
START_TEST(short_messages_go_first)
{
	uint8_t head[SENDQ_HEAD_MAX];
	struct sendq q;

	sendq_init(&q, &blocks);
	sendq_add_block(&q, slice_str("1:"), block_of('a'), 4);
	sendq_add_block(&q, slice_str("2:"), block_of('b'), 4);
	ck_assert_uint_eq(sendq_urgent(&q), 0);
	sendq_add_bytes(&q, slice_str("hello"));
	ck_assert_uint_eq(sendq_urgent(&q), 5);
	takes(&q, 2, "he");
	sendq_add_bytes(&q, slice_str("world"));
	takes(&q, 9, "lloworld1");
	ck_assert_uint_eq(sendq_urgent(&q), 0);
	sendq_add_bytes(&q, slice_str("now"));
	ck_assert_uint_eq(sendq_urgent(&q), 5 + 3);
	takes(&q, 3, ":aa");
	sendq_add_bytes(&q, slice_str("!"));
	ck_assert_uint_eq(sendq_urgent(&q), 2 + 4);
	takes(&q, 6, "aanow!");
	/* What has begun is not taken back. */
	sendq_add_block(&q, slice_str("3:"), block_of('c'), 4);
	takes(&q, 1, "2");
	ck_assert(sendq_take_back(&q, head));
	ck_assert_mem_eq(head, "3:", 2);
	ck_assert(!sendq_take_back(&q, head));
	ck_assert_uint_eq(q.pending, 5);
	takes(&q, 100, ":bbbb");
	sendq_add_file(&q, slice_str("4:"), &(struct sendq_file){ -1, 0, 9, release, NULL });
	released = 0;
	ck_assert(sendq_take_back(&q, head));
	ck_assert(released == 1 && q.pending == 0 && !sendq_take_back(&q, head));
	sendq_fini(&q);
	ck_assert_uint_eq(blocks.in_use, 0);
	block_store_fini(&blocks);
}
END_TEST

/* One that gives other bytes back if it sees them twice or in another order. */
struct scrambler {
	struct stream_cipher cipher;
	uint32_t state;
};

static void
scramble(void *arg, uint8_t *bytes, size_t len)
{
	struct scrambler *s = arg;

	for (size_t i = 0; i < len; i++) {
		s->state = s->state * 1664525 + 1013904223;
		bytes[i] ^= (uint8_t)(s->state >> 24);
	}
}

static void
scrambler_init(struct scrambler *s)
{
	*s = (struct scrambler){ { scramble, s }, 1 };
}

/* What is encrypted keeps its place, even if nothing of it could be sent. */
START_TEST(what_is_sealed_goes_first)
{
	struct scrambler s;
	struct iovec iov[4];
	struct sendq q;
	bool more;

	scrambler_init(&s);
	sendq_init(&q, &blocks);
	sendq_set_cipher(&q, &s.cipher);
	sendq_add_block(&q, slice_str("1:"), block_of('a'), 4);
	ck_assert_int_eq(sendq_memory(&q, iov, 4, 100, &more), 2);
	ck_assert(!more);
	sendq_add_bytes(&q, slice_str("now"));
	ck_assert_int_eq(sendq_memory(&q, iov, 4, 100, &more), 2);
	ck_assert(more && iov[1].iov_len == 4);
	ck_assert_uint_eq(sendq_urgent(&q), 9);
	ck_assert_uint_eq(sendq_sent(&q, 6), 4);
	ck_assert_int_eq(sendq_memory(&q, iov, 4, 100, &more), 1);
	ck_assert(!more && iov[0].iov_len == 3);
	sendq_fini(&q);
	block_store_fini(&blocks);
}
END_TEST

/* Written and sent at random: what goes in as a message comes out as one, those of a kind in
 * order. A message is its kind, its number and its length, and as many bytes of filling. */
static void
send_at_random(struct scrambler *in, struct scrambler *out_again)
{
	uint32_t written[2] = { 0 }, seen[2] = { 0 };
	struct buf out;
	struct sendq q;
	struct rng rng;

	rng_seed(&rng, 13);
	sendq_init(&q, &blocks);
	if (in != NULL)
		sendq_set_cipher(&q, &in->cipher);
	buf_init(&out, 64u << 20);
	for (int i = 0; i < 5000 || q.pending > 0; i++) {
		uint32_t kind = rng_below(&rng, 4) == 0;
		uint32_t filling = rng_below(&rng, kind ? BLOCK_SIZE : 1);
		uint32_t message[3] = { kind, written[kind], filling };
		struct iovec iov[3];
		bool more;
		int n;

		if (i < 4000) {
			struct bt_slice head = slice_of((const char *)message, sizeof(message));

			written[kind]++;
			if (kind == 1)
				sendq_add_block(&q, head, block_of('x'), message[2]);
			else
				sendq_add_bytes(&q, head);
		}
		n = sendq_memory(&q, iov, 3, 1 + rng_below(&rng, 20000), &more);
		for (int k = 0; k < n; k++) {
			size_t part = 1 + rng_below(&rng, (uint32_t)iov[k].iov_len);

			buf_add(&out, iov[k].iov_base, part);
			(void)sendq_sent(&q, part);
			if (part < iov[k].iov_len)
				break;
		}
	}
	ck_assert(!q.failed);
	if (out_again != NULL)
		scramble(out_again, out.ptr, out.len);
	for (size_t at = 0; at < out.len;) {
		uint32_t message[3];

		memcpy(message, out.ptr + at, sizeof(message));
		ck_assert(message[0] < 2 && message[1] == seen[message[0]]);
		seen[message[0]]++;
		at += sizeof(message) + message[2];
	}
	ck_assert(seen[0] == written[0] && seen[1] == written[1]);
	sendq_fini(&q);
	buf_fini(&out);
	ck_assert_uint_eq(blocks.in_use, 0);
	block_store_fini(&blocks);
}

START_TEST(queue_loses_nothing)
{
	struct scrambler in, out;

	send_at_random(NULL, NULL);
	scrambler_init(&in);
	scrambler_init(&out);
	send_at_random(&in, &out);
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
	sendq_add_file(&q, SLICE_NONE, &(struct sendq_file){ -1, 0, 1, release, NULL });
	mem_fail_at(0);
	ck_assert(q.failed && q.pending == 0);
	sendq_fini(&q);
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
	size_t sent;		/* of content */
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
sent(void *arg, usec now, size_t content)
{
	(void)now;
	((struct side *)arg)->sent += content;
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
connect_pair(struct side *a, struct side *b)
{
	const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, type, 0, fds), 0);
	open_side(a, fds[0]);
	open_side(b, fds[1]);
}

static void
open_pair(struct side *a, struct side *b)
{
	loop = loop_new();
	connect_pair(a, b);
}

static void
free_side(struct side *side)
{
	stream_free(side->s);
	buf_fini(&side->got);
}

static void
close_pair(struct side *a, struct side *b)
{
	free_side(a);
	free_side(b);
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
	struct buf want, later;
	struct rng rng;

	rng_seed(&rng, 14);
	rng_bytes(&rng, content, sizeof(content));
	file.fd = file_of(content, sizeof(content));
	open_pair(&a, &b);
	buf_init(&want, 64u << 20);
	buf_init(&later, 64u << 20);
	released = 0;
	for (int i = 0; i < 20; i++) {
		struct block *block = block_of((char)('a' + i));

		stream_write(a.s, slice_of(content + i, 100));
		buf_add(&want, content + i, 100);
		buf_add_str(&later, "block");
		buf_add(&later, block->data, 10000);
		stream_write_block(a.s, slice_str("block"), block, 10000);
		file.offset = (uint64_t)i * 1000;
		stream_write_file(a.s, slice_str("file"), &file);
		buf_add_str(&later, "file");
		buf_add(&later, content + i * 1000, 300000);
		stream_write(b.s, slice_str("back"));
	}
	/* The short messages were all written before anything was sent. */
	buf_add_slice(&want, buf_slice(&later));
	b.stop_at = want.len;
	loop_run(loop);
	ck_assert(slice_eq(buf_slice(&b.got), buf_slice(&want)));
	ck_assert_uint_eq(a.got.len, 80);
	ck_assert(a.sent == 20 * 310000 && b.sent == 0);
	ck_assert_uint_eq(released, 20);
	ck_assert(a.broken == NULL && b.broken == NULL);
	buf_fini(&want);
	buf_fini(&later);
	close_pair(&a, &b);
	(void)close(file.fd);
}
END_TEST

/* Both ways, with something plain before it, and with no more than the sockets take at once. */
START_TEST(ciphers_are_kept_in_step)
{
	static uint8_t content[100000];
	struct sendq_file file = { -1, 0, BLOCK_SIZE, release, NULL };
	struct scrambler to, to_again, fro, fro_again;
	struct side a, b;
	struct buf want;

	file.fd = file_of(content, sizeof(content));
	scrambler_init(&to);
	scrambler_init(&to_again);
	scrambler_init(&fro);
	scrambler_init(&fro_again);
	open_pair(&a, &b);
	released = 0;
	stream_write(a.s, slice_str("plain"));
	b.stop_at = 5;
	stream_set_ciphers(a.s, &fro_again.cipher, &to.cipher);
	stream_write(a.s, slice_str("secret"));
	loop_run(loop);
	ck_assert_mem_eq(b.got.ptr, "plain", 5);
	/* What came with it was read too early. */
	scramble(&to_again, b.got.ptr + 5, b.got.len - 5);
	stream_set_ciphers(b.s, &to_again.cipher, &fro.cipher);
	buf_init(&want, 8u << 20);
	buf_add_str(&want, "plainsecret");
	for (int i = 0; i < 60; i++) {
		struct block *block = block_of((char)('a' + i));

		buf_add_str(&want, "block");
		buf_add(&want, block->data, BLOCK_SIZE);
		buf_add_str(&want, "file");
		buf_add(&want, content, BLOCK_SIZE);
		stream_write_block(a.s, slice_str("block"), block, BLOCK_SIZE);
		stream_write_file(a.s, slice_str("file"), &file);
		stream_write(b.s, slice_str("back"));
	}
	b.stop_at = want.len;
	loop_run(loop);
	ck_assert(slice_eq(buf_slice(&b.got), buf_slice(&want)));
	a.stop_at = 240;
	if (a.got.len < 240)
		loop_run(loop);
	ck_assert(a.got.len == 240 && memcmp(a.got.ptr + 236, "back", 4) == 0);
	ck_assert_uint_eq(released, 60);
	ck_assert_uint_eq(a.sent, 120 * BLOCK_SIZE);
	/* A file that is shorter than was said is no stream that goes on. */
	file.offset = sizeof(content) - 1000;
	stream_write_file(a.s, SLICE_NONE, &file);
	loop_run(loop);
	ck_assert_str_eq(a.broken, "file shrank");
	buf_fini(&want);
	close_pair(&a, &b);
	ck_assert_uint_eq(released, 61);
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
	stream_write_file(a.s, SLICE_NONE, &(struct sendq_file){ fd, 5, 10, release, NULL });
	loop_run(loop);
	ck_assert_str_eq(a.broken, "file shrank");
	close_pair(&a, &b);
	ck_assert_uint_eq(released, 1);
	(void)close(fd);
}
END_TEST

/* A limit on either side holds the bytes back, and they all come in the end. */
START_TEST(limits_hold)
{
	static uint8_t content[60000];
	int fd = file_of(content, sizeof(content));
	const struct sendq_file file = { fd, 0, sizeof(content), release, NULL };

	for (int in = 0; in < 2; in++) {
		struct pacer pacer = { 0 };
		struct side a, b;
		usec began;

		pacer_fini(&pacer);
		open_pair(&a, &b);
		ck_assert(pacer_init(&pacer, loop, 200000));
		if (in)
			stream_set_rates(b.s, &pacer.tree.all, NULL);
		else
			stream_set_rates(a.s, NULL, &pacer.tree.all);
		began = loop_now(loop);
		stream_write_file(a.s, SLICE_NONE, &file);
		b.stop_at = sizeof(content);
		loop_run(loop);
		ck_assert_uint_eq(b.got.len, sizeof(content));
		ck_assert_int_gt(loop_now(loop) - began, 200 * MSEC);
		pacer_fini(&pacer);
		close_pair(&a, &b);
	}
	(void)close(fd);
}
END_TEST

#define PAIRS 4

/* Each has the same part of a limit on either side, the first no more than the last. */
START_TEST(limits_are_shared)
{
	static uint8_t content[1000000];
	int fd = file_of(content, sizeof(content));
	const struct sendq_file file = { fd, 0, sizeof(content), release, NULL };

	for (int in = 0; in < 2; in++) {
		struct side a[PAIRS], b[PAIRS];
		struct pacer pacer;
		size_t least = SIZE_MAX, most = 0;

		loop = loop_new();
		ck_assert(pacer_init(&pacer, loop, 400000));
		for (int i = 0; i < PAIRS; i++) {
			connect_pair(&a[i], &b[i]);
			stream_set_rates(b[i].s, in ? &pacer.tree.all : NULL, NULL);
			stream_set_rates(a[i].s, NULL, in ? NULL : &pacer.tree.all);
			stream_write_file(a[i].s, SLICE_NONE, &file);
			b[i].stop_at = 80000;
		}
		loop_run(loop);
		for (int i = 0; i < PAIRS; i++) {
			least = b[i].got.len < least ? b[i].got.len : least;
			most = b[i].got.len > most ? b[i].got.len : most;
			free_side(&a[i]);
			free_side(&b[i]);
		}
		ck_assert_msg(least * 5 >= most * 4, "from %zu to %zu", least, most);
		pacer_fini(&pacer);
		loop_free(loop);
	}
	(void)close(fd);
}
END_TEST

static void
speak(void *arg, usec now)
{
	(void)now;
	stream_write(((struct side *)arg)->s, slice_str("hear"));
}

/* The content takes eight seconds, and each block one and a half. */
START_TEST(short_messages_pass_the_limit)
{
	struct loop_timer soon;
	struct pacer pacer;
	struct side a, b;
	usec began;

	open_pair(&a, &b);
	ck_assert(pacer_init(&pacer, loop, 10000));
	ck_assert(loop_timer_init(&soon, loop, speak, &a));
	stream_set_rates(a.s, NULL, &pacer.tree.all);
	for (int i = 0; i < 5; i++)
		stream_write_block(a.s, SLICE_NONE, block_of('x'), BLOCK_SIZE);
	began = loop_now(loop);
	loop_timer_set(&soon, 300 * MSEC);
	b.stop_at = BLOCK_SIZE + 4;
	loop_run(loop);
	ck_assert_int_lt(loop_now(loop) - began, SECOND);
	ck_assert_uint_eq(b.got.len, BLOCK_SIZE + 4);
	ck_assert_mem_eq(b.got.ptr + BLOCK_SIZE, "hear", 4);
	/* Also while that is paid off. */
	b.stop_at += 4;
	speak(&a, 0);
	loop_run(loop);
	ck_assert_int_lt(loop_now(loop) - began, SECOND);
	ck_assert_mem_eq(b.got.ptr + BLOCK_SIZE + 4, "hear", 4);
	/* It is charged: what comes next comes later. */
	b.stop_at = b.got.len + 1;
	loop_run(loop);
	ck_assert_int_gt(loop_now(loop) - began, SECOND);
	loop_timer_fini(&soon);
	pacer_fini(&pacer);
	close_pair(&a, &b);
}
END_TEST

/* Who does not want to read, or is gone, does not have a turn. */
START_TEST(the_idle_leave_the_queue)
{
	static uint8_t content[60000];
	struct pacer in, out;
	struct side a, b;

	open_pair(&a, &b);
	ck_assert(pacer_init(&in, loop, 10000) && pacer_init(&out, loop, 10000));
	stream_set_rates(b.s, &in.tree.all, NULL);
	stream_write(a.s, slice_of(content, sizeof(content)));
	b.stop_at = 1;
	loop_run(loop);
	ck_assert(b.s->reader.waits && rate_due(&in.tree) != NEVER);
	stream_set_reading(b.s, false);
	ck_assert_int_eq(rate_due(&in.tree), NEVER);
	stream_set_reading(b.s, true);
	b.stop_at = b.got.len + 1;
	loop_run(loop);
	ck_assert(b.s->reader.waits);
	stream_set_rates(a.s, NULL, &out.tree.all);
	stream_write_block(a.s, SLICE_NONE, block_of('x'), BLOCK_SIZE);
	while (!a.s->sender.waits) {
		b.stop_at = b.got.len + 1;
		loop_run(loop);
	}
	pacer_fini(&in);
	pacer_fini(&out);
	close_pair(&a, &b);
	ck_assert(rate_due(&in.tree) == NEVER && rate_due(&out.tree) == NEVER);
}
END_TEST

Suite *
stream_suite(void)
{
	Suite *s = suite_create("net/sendq, loop, pacer, stream_tcp");
	TCase *c = tcase_create("stream");

	tcase_add_test(c, queue_keeps_order);
	tcase_add_test(c, short_messages_go_first);
	tcase_add_test(c, what_is_sealed_goes_first);
	tcase_add_test(c, queue_loses_nothing);
	tcase_add_test(c, queue_has_an_end);
	tcase_add_test(c, loop_turns);
	tcase_add_test(c, all_kinds_arrive);
	tcase_add_test(c, ciphers_are_kept_in_step);
	tcase_add_test(c, the_end_is_read);
	tcase_add_test(c, a_file_that_shrank);
	tcase_add_test(c, limits_hold);
	tcase_add_test(c, limits_are_shared);
	tcase_add_test(c, the_idle_leave_the_queue);
	tcase_add_test(c, short_messages_pass_the_limit);
	suite_add_tcase(s, c);
	return s;
}
