/* SPDX-License-Identifier: ISC */
#include "tracker/nat_check.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/sock.h"
#include "proto/handshake.h"
#include "swarm_help.h"
#include "tracker_test.h"

#define TIMEOUT (SECOND / 5)
#define PATIENCE (10 * SECOND)
#define NEVER_HEARD (-1)

/* A peer that listens, and what came of trying it. */
struct peer_there {
	int fd;
	struct addr at;
	int result;		/* enum nat_result of the log, or NEVER_HEARD */
	unsigned reached, unreached;	/* torrents that were told */
};

struct bench_nat {
	struct loop *loop;
	struct loop_timer end;
	struct nat_known *known;
	struct nat_check *check;
	struct peer_there peer[2];
	unsigned awaited;	/* attempts that are to be over */
};

static struct peer_there *
peer_at(struct bench_nat *b, const struct addr *at)
{
	struct peer_there *p = addr_eq(at, &b->peer[0].at) ? &b->peer[0] : &b->peer[1];

	ck_assert(addr_eq(at, &p->at));
	return p;
}

static bool
on_tell(void *arg, const uint8_t info_hash[20], const struct addr *at, bool reached)
{
	struct peer_there *p = peer_at(arg, at);

	p->reached += reached;
	p->unreached += !reached;
	return info_hash[0] != 'x';
}

static void
on_tried(void *arg, const struct announce_req *req, const struct addr *at, enum nat_result result)
{
	struct bench_nat *b = arg;

	(void)req;
	peer_at(b, at)->result = (int)result;
	if (--b->awaited == 0)
		loop_stop(b->loop);
}

static void
on_end(void *arg, usec now)
{
	(void)now;
	loop_stop(arg);
}

static void
begin(struct bench_nat *b, unsigned at_once)
{
	static const struct nat_check_ops ops = { on_tell, on_tried };
	const struct nat_check_limits limits = { .tries = 3, .timeout = TIMEOUT,
	    .at_once = at_once };

	*b = (struct bench_nat){ .loop = loop_new(), .known = nat_known_new(MINUTE) };
	b->check = nat_check_new(b->loop, b->known, &limits, &ops, b);
	ck_assert(b->check != NULL && loop_timer_init(&b->end, b->loop, on_end, b->loop));
	for (size_t i = 0; i < COUNT_OF(b->peer); i++) {
		struct addr at = addr_v4((const uint8_t[4]){ 127, 0, 0, 1 }, 0);

		b->peer[i].fd = sock_listen(&at, NULL);
		ck_assert(sock_local(b->peer[i].fd, &b->peer[i].at));
		b->peer[i].result = NEVER_HEARD;
	}
}

static void
finish(struct bench_nat *b)
{
	for (size_t i = 0; i < COUNT_OF(b->peer); i++)
		(void)close(b->peer[i].fd);
	nat_check_free(b->check);
	nat_known_free(b->known);
	loop_timer_fini(&b->end);
	loop_free(b->loop);
}

/* The i-th peer announces the torrent of this letter. */
static bool
announce(struct bench_nat *b, unsigned i, char torrent)
{
	struct announce_req req = { .port = b->peer[i].at.port };

	memset(req.info_hash, torrent, 20);
	return nat_check_passed(b->check, &req, &b->peer[i].at, &b->peer[i].at,
	    loop_now(b->loop));
}

/* Until so many attempts are over. */
static void
await(struct bench_nat *b, unsigned attempts)
{
	b->awaited = attempts;
	loop_timer_set(&b->end, PATIENCE);
	loop_run(b->loop);
	ck_assert_uint_eq(b->awaited, 0);
}

static void
turn(struct bench_nat *b)
{
	loop_timer_set(&b->end, TIMEOUT / 4);
	loop_run(b->loop);
}

START_TEST(no_more_at_once_than_may_be)
{
	struct bench_nat b;

	begin(&b, 1);
	ck_assert(!announce(&b, 0, 'a'));
	ck_assert(!announce(&b, 1, 'a'));	/* its turn comes with its next announce */
	turn(&b);
	ck_assert_int_ge(sock_accept(b.peer[0].fd, &(struct addr){ 0 }), 0);
	ck_assert_int_lt(sock_accept(b.peer[1].fd, &(struct addr){ 0 }), 0);
	await(&b, 1);
	ck_assert_int_eq(b.peer[1].result, NEVER_HEARD);
	ck_assert(!announce(&b, 1, 'a'));
	turn(&b);
	ck_assert_int_ge(sock_accept(b.peer[1].fd, &(struct addr){ 0 }), 0);
	await(&b, 1);
	ck_assert_int_eq(b.peer[1].result, NAT_UNREACHABLE);
	finish(&b);
}
END_TEST

/* One that accepts and says nothing has had its time, for all its torrents, and is tried so often
 * as the limit says. */
START_TEST(the_silent_are_given_up)
{
	struct bench_nat b;

	begin(&b, 10);
	for (unsigned try = 1; try <= 3; try++) {
		usec began = loop_now(b.loop);

		ck_assert(!announce(&b, 0, 'a'));
		ck_assert(!announce(&b, 0, 'b'));
		ck_assert(!announce(&b, 0, 'a'));
		await(&b, 1);
		ck_assert_int_ge(loop_now(b.loop) - began, TIMEOUT);
		ck_assert_int_eq(b.peer[0].result, NAT_UNREACHABLE);
		ck_assert_uint_eq(b.peer[0].unreached, 2 * try);
		ck_assert_int_eq(nat_known_ask(b.known, &b.peer[0].at, loop_now(b.loop)), try);
	}
	b.peer[0].result = NEVER_HEARD;
	ck_assert(!announce(&b, 0, 'a'));
	turn(&b);
	turn(&b);
	ck_assert_int_eq(b.peer[0].result, NEVER_HEARD);
	ck_assert_uint_eq(b.peer[0].unreached, 6);
	finish(&b);
}
END_TEST

/* Waits for who connects to the first peer. */
static int
accepted(struct bench_nat *b)
{
	struct addr from;

	for (usec end = loop_now(b->loop) + PATIENCE; loop_now(b->loop) < end;) {
		int fd = sock_accept(b->peer[0].fd, &from);

		if (fd >= 0)
			return fd;
		loop_timer_set(&b->end, SECOND / 100);
		loop_run(b->loop);
	}
	ck_abort_msg("nobody connects");
	return -1;
}

static void
answer(int fd, char torrent)
{
	struct handshake h = { .reserved = { 0 } };
	uint8_t bytes[HANDSHAKE_LEN];

	memset(h.info_hash, torrent, 20);
	handshake_write(bytes, &h);
	ck_assert_int_eq(send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL), HANDSHAKE_LEN);
}

START_TEST(only_the_right_handshake_counts)
{
	static const struct {
		char announced, answered;	/* answered 0: hangs up */
		int result;
	} rows[] = {
		{ 'a', 0, NAT_UNREACHABLE }, { 'a', 'b', NAT_UNREACHABLE },
		{ 'x', 'x', NAT_GONE }, { 'a', 'a', NAT_REACHED },
	};
	struct bench_nat b;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		usec began;
		int fd;

		begin(&b, 1);
		began = loop_now(b.loop);
		ck_assert(!announce(&b, 0, rows[i].announced));
		fd = accepted(&b);
		if (rows[i].answered != 0)
			answer(fd, rows[i].answered);
		else
			(void)close(fd);
		await(&b, 1);
		ck_assert_int_eq(b.peer[0].result, rows[i].result);
		ck_assert_int_lt(loop_now(b.loop) - began, PATIENCE);
		ck_assert_int_eq(announce(&b, 0, 'a'), rows[i].answered == rows[i].announced);
		if (rows[i].answered != 0)
			(void)close(fd);
		finish(&b);
	}
}
END_TEST

START_TEST(nobody_listens)
{
	struct bench_nat b;

	begin(&b, 1);
	(void)close(b.peer[0].fd);
	b.peer[0].fd = dup(b.peer[1].fd);
	ck_assert(!announce(&b, 0, 'a'));
	await(&b, 1);
	ck_assert_int_eq(b.peer[0].result, NAT_UNREACHABLE);
	/* One that is under way when all ends. */
	ck_assert(!announce(&b, 1, 'a'));
	finish(&b);
}
END_TEST

Suite *
nat_check_suite(void)
{
	Suite *s = suite_create("tracker/nat_check");
	TCase *t = tcase_create("nat_check");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, no_more_at_once_than_may_be);
	tcase_add_test(t, the_silent_are_given_up);
	tcase_add_test(t, only_the_right_handshake_counts);
	tcase_add_test(t, nobody_listens);
	suite_add_tcase(s, t);
	return s;
}
