/* SPDX-License-Identifier: ISC */
#include "tracker/swarm/swarm.h"

#include "base/mem.h"
#include "swarm_help.h"
#include "tracker_test.h"

static const struct swarm_limits usual = { .timeout = 2700 * SECOND };
static const struct swarm_limits keeps_ids = { .timeout = 2700 * SECOND, .keep_ids = true };

START_TEST(counts_and_events)
{
	struct bench *b = bench_new(&usual);

	ck_assert_int_eq(announce4(b, 1, LEFT, ANNOUNCE_STARTED), BT_OK);
	ck_assert_uint_eq(b->got.v4.got, 0);
	ck_assert_uint_eq(b->got.counts.incomplete, 1);
	ck_assert_int_eq(announce4(b, 2, 0, ANNOUNCE_STARTED), BT_OK);
	ck_assert_uint_eq(b->got.counts.complete, 1);
	ck_assert_uint_eq(b->got.counts.downloaded, 0);
	/* Only who was seen to have something left has completed. */
	ck_assert_int_eq(announce4(b, 2, 0, ANNOUNCE_COMPLETED), BT_OK);
	ck_assert_uint_eq(b->got.counts.downloaded, 0);
	ck_assert_int_eq(announce4(b, 1, 0, ANNOUNCE_COMPLETED), BT_OK);
	ck_assert_uint_eq(b->got.counts.downloaded, 1);
	ck_assert_uint_eq(b->got.counts.complete, 2);
	ck_assert_int_eq(announce4(b, 1, 0, ANNOUNCE_COMPLETED), BT_OK);
	ck_assert_uint_eq(b->got.counts.downloaded, 1);
	ck_assert_int_eq(announce4(b, 2, 0, ANNOUNCE_STOPPED), BT_OK);
	ck_assert_uint_eq(b->got.counts.complete, 1);
	ck_assert_uint_eq(b->got.v4.got, 0);
	/* A seed that starts again is a leech like any other. */
	ck_assert_int_eq(announce4(b, 1, LEFT, ANNOUNCE_NONE), BT_OK);
	ck_assert_uint_eq(b->got.counts.complete, 0);
	ck_assert_uint_eq(b->got.counts.incomplete, 1);
	bench_free(b);
}
END_TEST

START_TEST(seeds_get_no_seeds_and_nobody_itself)
{
	struct bench *b = bench_new(&usual);

	for (uint32_t n = 0; n < 20; n++)
		ck_assert_int_eq(announce4(b, n, n < 10 ? 0 : LEFT, ANNOUNCE_NONE), BT_OK);
	for (uint32_t round = 0; round < 50; round++) {
		ck_assert_int_eq(announce4(b, 3, 0, ANNOUNCE_NONE), BT_OK);
		ck_assert_uint_eq(b->got.v4.got, 10);
		for (uint32_t i = 0; i < 10; i++)
			ck_assert_uint_ge(got4(b, i), 10);
		ck_assert_int_eq(announce4(b, 15, LEFT, ANNOUNCE_NONE), BT_OK);
		ck_assert_uint_eq(b->got.v4.got, 19);
		for (uint32_t i = 0; i < 19; i++)
			ck_assert_uint_ne(got4(b, i), 15);
	}
	bench_free(b);
}
END_TEST

START_TEST(families_share_an_answer)
{
	struct bench *b = bench_new(&usual);

	for (uint32_t n = 0; n < 200; n++) {
		struct announce_req r = peer_req(1, n, LEFT);
		struct addr a = peer_addr(n, n % 2 ? ADDR_V6 : ADDR_V4);

		ck_assert_int_eq(bench_ask(b, &r, &a, 40), BT_OK);
	}
	ck_assert_uint_eq(b->got.v6.got, 30);
	ck_assert_uint_eq(b->got.v4.got, 10);
	for (uint32_t i = 0; i < b->got.v6.got; i++)
		ck_assert_uint_eq((get_be32(b->addr6 + i * 18 + 12) - 1) % 2, 1);
	ck_assert_uint_eq(b->got.counts.incomplete, 200);
	/* The same client by the other family: it is not told of itself, if it says who it is. */
	for (uint32_t round = 0; round < 30; round++) {
		struct announce_req r = peer_req(2, 1, LEFT);
		struct addr a4 = peer_addr(1, ADDR_V4), a6 = peer_addr(1, ADDR_V6);

		r.ipv4 = a4;
		r.ipv6 = a6;
		r.ipv6.port = 0;
		ck_assert_int_eq(bench_ask(b, &r, &a4, 40), BT_OK);
		ck_assert_uint_eq(b->got.v4.got + b->got.v6.got, 0);
		ck_assert_int_eq(bench_ask(b, &r, &a6, 40), BT_OK);
		ck_assert_uint_eq(b->got.v4.got + b->got.v6.got, 0);
	}
	bench_free(b);
}
END_TEST

static enum bt_code
claim(struct bench *b, const struct announce_req *r, const struct addr *a)
{
	struct swarm_ask ask = { r, *a, 50, true, PEERS_CLAIMED };

	return swarms_announce(&b->s, &ask, b->now, &b->rng, &b->got);
}

START_TEST(strangers_cannot_speak_for_a_peer)
{
	struct bench *b = bench_new(&usual);
	struct announce_req r = peer_req(1, 1, LEFT);
	struct addr home = peer_addr(1, ADDR_V4), proxy = peer_addr(2, ADDR_V4);

	ck_assert_int_eq(bench_ask(b, &r, &home, 50), BT_OK);
	r.event = ANNOUNCE_STOPPED;
	ck_assert_int_eq(claim(b, &r, &home), BT_OK);
	ck_assert_uint_eq(b->got.counts.incomplete, 1);
	/* Who claims an address can leave it again, unless somebody has announced from there. */
	r.event = ANNOUNCE_NONE;
	ck_assert_int_eq(claim(b, &r, &proxy), BT_OK);
	ck_assert_uint_eq(b->got.counts.incomplete, 2);
	r.event = ANNOUNCE_STOPPED;
	ck_assert_int_eq(claim(b, &r, &proxy), BT_OK);
	ck_assert_uint_eq(b->got.counts.incomplete, 1);
	r.event = ANNOUNCE_NONE;
	ck_assert_int_eq(claim(b, &r, &proxy), BT_OK);
	ck_assert_int_eq(bench_ask(b, &r, &proxy, 50), BT_OK);
	r.event = ANNOUNCE_STOPPED;
	ck_assert_int_eq(claim(b, &r, &proxy), BT_OK);
	ck_assert_uint_eq(b->got.counts.incomplete, 2);
	bench_free(b);
}
END_TEST

/* A client that was killed and comes back with a new id is one peer, not two. */
START_TEST(ghosts_are_replaced)
{
	struct bench *b = bench_new(&keeps_ids);
	struct announce_req r = peer_req(1, 1, 0);
	struct addr a = peer_addr(1, ADDR_V4);

	ck_assert_int_eq(bench_ask(b, &r, &a, 50), BT_OK);
	memset(r.peer_id, 'n', 20);
	r.left = LEFT;
	ck_assert_int_eq(bench_ask(b, &r, &a, 50), BT_OK);
	ck_assert_uint_eq(b->got.counts.complete, 0);
	ck_assert_uint_eq(b->got.counts.incomplete, 1);
	ck_assert_int_eq(announce4(b, 2, LEFT, ANNOUNCE_NONE), BT_OK);
	ck_assert_uint_eq(b->got.v4.got, 1);
	ck_assert_mem_eq(b->id4, r.peer_id, 20);
	bench_free(b);
}
END_TEST

/* A client on another port or, with its key, at another address is the same one; a stranger who
 * has read its id in a reply is not. Others before it: as few, and as many as have an index. */
START_TEST(clients_that_move_leave_no_ghosts)
{
	struct bench *b = bench_new(&keeps_ids);
	uint32_t others = _i ? 100 : 5;
	struct announce_req r = peer_req(1, 1000, LEFT);
	struct addr a = peer_addr(1000, ADDR_V4), other_port = a, away = peer_addr(1001, ADDR_V4);
	struct addr stranger = peer_addr(1002, ADDR_V4);

	for (uint32_t n = 0; n < others; n++)
		ck_assert_int_eq(announce4(b, n, LEFT, ANNOUNCE_NONE), BT_OK);
	announce_set_key(&r, 0xabcdef);
	other_port.port = 7;
	ck_assert_int_eq(bench_ask(b, &r, &a, 50), BT_OK);
	r.key.len = 0;
	ck_assert_int_eq(claim(b, &r, &other_port), BT_OK);
	ck_assert_uint_eq(b->got.counts.incomplete, others + 2);
	r.event = ANNOUNCE_STOPPED;
	ck_assert_int_eq(claim(b, &r, &other_port), BT_OK);
	r.event = ANNOUNCE_NONE;
	ck_assert_int_eq(bench_ask(b, &r, &other_port, 50), BT_OK);
	ck_assert_uint_eq(b->got.counts.incomplete, others + 1);
	announce_set_key(&r, 0xabcdef);
	ck_assert_int_eq(bench_ask(b, &r, &other_port, 50), BT_OK);
	/* It completes where it has gone. */
	r.left = 0;
	r.event = ANNOUNCE_COMPLETED;
	ck_assert_int_eq(bench_ask(b, &r, &away, 50), BT_OK);
	ck_assert_uint_eq(b->got.counts.incomplete, others);
	ck_assert_uint_eq(b->got.counts.complete, 1);
	ck_assert_uint_eq(b->got.counts.downloaded, 1);
	/* With another key, or none. */
	announce_set_key(&r, 0xabcdee);
	ck_assert_int_eq(bench_ask(b, &r, &stranger, 50), BT_OK);
	ck_assert_uint_eq(b->got.counts.complete, 2);
	r.event = ANNOUNCE_STOPPED;
	r.key.len = 0;
	ck_assert_int_eq(bench_ask(b, &r, &stranger, 50), BT_OK);
	ck_assert_uint_eq(b->got.counts.complete, 1);
	/* From where it is no more it cannot be ended but with the key. */
	ck_assert_int_eq(bench_ask(b, &r, &stranger, 50), BT_OK);
	ck_assert_uint_eq(b->got.counts.complete, 1);
	announce_set_key(&r, 0xabcdef);
	ck_assert_int_eq(bench_ask(b, &r, &stranger, 50), BT_OK);
	ck_assert_uint_eq(b->got.counts.complete, 0);
	bench_free(b);
}
END_TEST

/* Whoever has which id: every index stays right, and nobody who is there twice is lost. */
START_TEST(ids_are_found_whatever_happens)
{
	struct bench *b = bench_new(&keeps_ids);

	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t n = rng_below(&b->rng, 300);
		struct announce_req r = peer_req(1, rng_below(&b->rng, 60), n % 3 ? LEFT : 0);
		struct addr a = peer_addr(n, ADDR_V4);

		if (n % 2 == 0)
			announce_set_key(&r, 1 + n % 4);
		r.event = rng_below(&b->rng, i < 10000 ? 10 : 3) == 0 ? ANNOUNCE_STOPPED :
		    ANNOUNCE_NONE;
		ck_assert_int_eq(bench_ask(b, &r, &a, 5), BT_OK);
		if (i % 50 == 0)
			swarms_check(&b->s);
	}
	bench_free(b);
}
END_TEST

/* BEP 21: incomplete, but no downloader; is told of downloaders only, and they of it. */
START_TEST(partial_seeds)
{
	struct bench *b = bench_new(&usual);

	ck_assert_int_eq(announce4(b, 1, LEFT, ANNOUNCE_PAUSED), BT_OK);
	ck_assert_int_eq(announce4(b, 2, 0, ANNOUNCE_NONE), BT_OK);
	ck_assert_uint_eq(b->got.v4.got, 0);
	ck_assert_int_eq(announce4(b, 3, LEFT, ANNOUNCE_NONE), BT_OK);
	ck_assert_uint_eq(b->got.v4.got, 2);
	ck_assert_uint_eq(b->got.counts.complete, 1);
	ck_assert_uint_eq(b->got.counts.incomplete, 2);
	ck_assert_uint_eq(b->got.counts.downloaders, 1);
	ck_assert_int_eq(announce4(b, 1, LEFT, ANNOUNCE_PAUSED), BT_OK);
	ck_assert_uint_eq(b->got.v4.got, 1);
	ck_assert_uint_eq(got4(b, 0), 3);
	swarms_check(&b->s);
	/* It wants more after all; and has all in the end. */
	ck_assert_int_eq(announce4(b, 1, LEFT, ANNOUNCE_NONE), BT_OK);
	ck_assert_uint_eq(b->got.counts.downloaders, 2);
	ck_assert_int_eq(announce4(b, 1, LEFT, ANNOUNCE_PAUSED), BT_OK);
	ck_assert_int_eq(announce4(b, 1, 0, ANNOUNCE_COMPLETED), BT_OK);
	ck_assert_uint_eq(b->got.counts.complete, 2);
	ck_assert_uint_eq(b->got.counts.downloaded, 1);
	ck_assert_uint_eq(b->s.seeds, 2);
	bench_free(b);
}
END_TEST

START_TEST(silent_peers_expire)
{
	struct bench *b = bench_new(&usual);
	usec start = b->now;

	for (uint32_t n = 0; n < 1000; n++) {
		b->now = start + n * SECOND;
		ck_assert_int_eq(announce4(b, n, n % 3 ? LEFT : 0, ANNOUNCE_NONE), BT_OK);
	}
	b->now = start + 2690 * SECOND;
	while (!swarms_sweep(&b->s, b->now, 100))
		;
	ck_assert_uint_eq(b->s.peers4, 1000);
	b->now = start + (2700 + 500) * SECOND;
	while (!swarms_sweep(&b->s, b->now, 100))
		;
	swarms_check(&b->s);
	/* Never too early, and late by two ticks at most. */
	ck_assert_uint_ge(b->s.peers4, 499);
	ck_assert_uint_le(b->s.peers4, 499 + 2 * 2700 / 128 + 1);
	b->now = start + (2700 + 1050) * SECOND;
	while (!swarms_sweep(&b->s, b->now, 100))
		;
	ck_assert_uint_eq(b->s.peers4, 0);
	ck_assert_uint_eq(b->s.table.count, 0);
	bench_free(b);
}
END_TEST

/* Times are kept in 8 bits: what announces in time must live through their coming round. */
START_TEST(time_comes_round)
{
	struct bench *b = bench_new(&usual);

	for (int i = 0; i < 4000; i++) {
		ck_assert_int_eq(announce4(b, 1, LEFT, ANNOUNCE_NONE), BT_OK);
		b->now += 60 * SECOND;
		while (!swarms_sweep(&b->s, b->now, 100))
			;
		ck_assert_uint_eq(b->s.peers4, 1);
	}
	bench_free(b);
}
END_TEST

/* Each in a network of its own. */
static void
enter6(struct bench *b, uint32_t n, uint64_t left)
{
	struct announce_req r = peer_req(1, n, left);
	uint8_t ip[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	struct addr a;

	put_be32(ip + 4, n);
	a = addr_v6(ip, 6881);
	ck_assert_int_eq(bench_ask(b, &r, &a, 0), BT_OK);
}

/* A large torrent is swept in steps, and others come, change and leave between them. */
START_TEST(expiry_goes_on_in_steps)
{
	struct bench *b = bench_new(&usual);
	uint64_t before;
	unsigned steps = 0;

	for (uint32_t n = 0; n < 3000; n++) {
		ck_assert_int_eq(announce4(b, n, n % 3, ANNOUNCE_NONE), BT_OK);
		enter6(b, n, n % 2);
	}
	b->now += 2000 * SECOND;
	for (uint32_t n = 0; n < 3000; n += 3)
		ck_assert_int_eq(announce4(b, n, n % 2, ANNOUNCE_NONE), BT_OK);
	b->now += 1000 * SECOND;
	for (bool done = false; !done; steps++) {
		uint32_t n = 10000 + steps;

		before = b->s.peers4 + b->s.peers6;
		done = swarms_sweep(&b->s, b->now, 200);
		ck_assert_uint_le(before - b->s.peers4 - b->s.peers6, 4);
		ck_assert_int_eq(announce4(b, n, n % 2, ANNOUNCE_NONE), BT_OK);
		ck_assert_int_eq(announce4(b, n, (n + 1) % 2, ANNOUNCE_NONE), BT_OK);
		ck_assert_int_eq(announce4(b, n, 1, ANNOUNCE_STOPPED), BT_OK);
		ck_assert_int_eq(announce4(b, steps % 1000 * 3, n % 4 / 2, ANNOUNCE_NONE), BT_OK);
	}
	swarms_check(&b->s);
	/* Nobody too early, and who was hidden by all this a tick later. */
	ck_assert_uint_ge(b->s.peers4, 1000);
	b->now += 30 * SECOND;
	while (!swarms_sweep(&b->s, b->now, 200))
		;
	ck_assert_uint_eq(b->s.peers4, 1000);
	ck_assert_uint_eq(b->s.peers6, 0);
	b->now += 2800 * SECOND;
	while (!swarms_sweep(&b->s, b->now, 200))
		;
	ck_assert_uint_eq(b->s.table.count, 0);
	bench_free(b);
}
END_TEST

/* Memory is given back, later than for small ones. */
START_TEST(a_large_torrent_shrinks)
{
	enum { MANY = 120000 };
	struct bench *b = bench_new(&usual);
	const struct swarm *w;

	for (uint32_t n = 0; n < MANY; n++)
		enter6(b, n, n % 2);
	for (uint32_t part = 3; part < 12; part += 4) {
		b->now += 2000 * SECOND;
		for (uint32_t n = 0; n < MANY; n += part)
			enter6(b, n, n % 2);
		b->now += 1000 * SECOND;
		while (!swarms_sweep(&b->s, b->now, 10000))
			;
		w = swarms_find(&b->s, peer_req(1, 0, 0).info_hash);
		ck_assert_uint_eq(b->s.peers6, (MANY + part - 1) / part);
		ck_assert((w->v6->cap < MANY) == (part > 3));
		swarms_check(&b->s);
		b->now += 3000 * SECOND;
		for (uint32_t n = 0; n < MANY; n++)
			enter6(b, n, n % 2);
	}
	bench_free(b);
}
END_TEST

static enum bt_code
enter_torrent(struct bench *b, uint32_t torrent, uint32_t peer)
{
	struct announce_req r = peer_req(torrent, peer, LEFT);
	struct addr a = peer_addr(peer, ADDR_V4);

	return bench_ask(b, &r, &a, 50);
}

START_TEST(limits_hold)
{
	struct swarm_limits few = { .timeout = 60 * SECOND, .max_torrents = 3, .max_peers = 5 };
	struct bench *b = bench_new(&few);

	for (uint32_t t = 0; t < 5; t++) {
		ck_assert_int_eq(enter_torrent(b, t, 1), t < 3 ? BT_OK : BT_ELIMIT);
		ck_assert_int_eq(enter_torrent(b, t, 2), t < 3 ? BT_OK : BT_ELIMIT);
	}
	/* Who is not remembered is still told of the others. */
	for (uint32_t n = 1; n < 20; n++)
		ck_assert_int_eq(announce4(b, n, LEFT, ANNOUNCE_NONE), BT_OK);
	ck_assert_uint_eq(b->got.v4.got, 5);
	ck_assert_uint_eq(b->got.counts.incomplete, 5);
	bench_free(b);
}
END_TEST

/* Made-up torrents push out one another, and leave those that have peers alone. */
START_TEST(made_up_torrents_make_room)
{
	struct swarm_limits few = { .timeout = 60 * SECOND, .max_torrents = 100 };
	struct bench *b = bench_new(&few);

	for (uint32_t t = 0; t < 50; t++) {
		ck_assert_int_eq(enter_torrent(b, t, 1), BT_OK);
		ck_assert_int_eq(enter_torrent(b, t, 2), BT_OK);
	}
	for (uint32_t t = 1000; t < 6000; t++)
		ck_assert_int_eq(enter_torrent(b, t, t), BT_OK);
	ck_assert_uint_eq(b->s.table.count, 100);
	ck_assert_uint_eq(b->s.evicted, 5000 - 50);
	for (uint32_t t = 0; t < 50; t++) {
		struct announce_req r = peer_req(t, 1, LEFT);

		ck_assert_ptr_nonnull(swarms_find(&b->s, r.info_hash));
	}
	bench_free(b);
}
END_TEST

/* One address cannot fill a torrent, however many peers are there already. */
START_TEST(an_address_has_its_share)
{
	struct swarm_limits fair = { .timeout = 60 * SECOND, .max_party = 8 };

	for (uint32_t crowd = 0; crowd < 200; crowd += 199) {
		struct bench *b = bench_new(&fair);
		struct announce_req r = peer_req(1, 1, LEFT);
		struct addr a;

		for (uint32_t n = 0; n < crowd; n++)
			ck_assert_int_eq(announce4(b, n, LEFT, ANNOUNCE_NONE), BT_OK);
		for (uint16_t port = 1; port < 100; port++) {
			ck_assert(addr_parse("80.1.2.3", port, &a));
			ck_assert_int_eq(bench_ask(b, &r, &a, 50), BT_OK);
		}
		ck_assert_uint_eq(b->got.counts.incomplete, crowd + 8);
		for (uint16_t i = 1; i < 100; i++) {
			char text[64];

			(void)snprintf(text, sizeof(text), "2001:db8:1:2::%x", i);
			ck_assert(addr_parse(text, 1000, &a));
			ck_assert_int_eq(bench_ask(b, &r, &a, 50), BT_OK);
		}
		ck_assert_uint_eq(b->got.counts.incomplete, crowd + 16);
		/* What stands behind a local address may be many. */
		for (uint16_t port = 1; port < 100; port++) {
			ck_assert(addr_parse("192.168.1.1", port, &a));
			ck_assert_int_eq(bench_ask(b, &r, &a, 50), BT_OK);
		}
		ck_assert_uint_eq(b->got.counts.incomplete, crowd + 16 + 99);
		/* Who leaves makes room. */
		ck_assert(addr_parse("80.1.2.3", 3, &a));
		r.event = ANNOUNCE_STOPPED;
		ck_assert_int_eq(bench_ask(b, &r, &a, 50), BT_OK);
		ck_assert(addr_parse("80.1.2.3", 90, &a));
		r.event = ANNOUNCE_NONE;
		ck_assert_int_eq(bench_ask(b, &r, &a, 50), BT_OK);
		ck_assert_uint_eq(b->got.counts.incomplete, crowd + 16 + 99);
		bench_free(b);
	}
}
END_TEST

static bool
is_odd(void *arg, const uint8_t info_hash[20])
{
	++*(unsigned *)arg;
	return get_be32(info_hash + 16) % 2 == 1;
}

static void
bar_even(struct bench *b)
{
	unsigned asked = 0, steps = 1;
	size_t pos = 0;

	while (swarms_bar(&b->s, &pos, 8, is_odd, &asked))
		steps++;
	ck_assert_uint_le(asked, 8 * steps);
	swarms_check(&b->s);
}

/* What may be tracked no more goes at once; how often it was completed stays. */
START_TEST(barred_torrents_vanish)
{
	for (int keep_dead = 0; keep_dead < 2; keep_dead++) {
		struct swarm_limits l = { .timeout = 60 * SECOND, .keep_dead = keep_dead != 0 };
		struct bench *b = bench_new(&l);
		struct announce_req r = peer_req(2, 1, 0);
		struct addr a = peer_addr(1, ADDR_V4), six = peer_addr(1, ADDR_V6);
		const struct swarm *w;

		for (uint32_t t = 1; t <= 100; t++) {
			r = peer_req(t, 1, LEFT);
			ck_assert_int_eq(bench_ask(b, &r, &a, 50), BT_OK);
			ck_assert_int_eq(bench_ask(b, &r, &six, 50), BT_OK);
		}
		r = peer_req(2, 1, 0);
		r.event = ANNOUNCE_COMPLETED;
		ck_assert_int_eq(bench_ask(b, &r, &a, 50), BT_OK);
		bar_even(b);
		ck_assert_uint_eq(b->s.table.count, 51);
		ck_assert_uint_eq(b->s.peers4, 50);
		ck_assert_uint_eq(b->s.peers6, 50);
		ck_assert_uint_eq(b->s.seeds, 0);
		w = swarms_find(&b->s, r.info_hash);
		ck_assert_ptr_nonnull(w);
		ck_assert_uint_eq(w->downloaded, 1);
		ck_assert(!swarm_visible(&b->s, w));
		/* It is back on the list. */
		r = peer_req(2, 1, LEFT);
		ck_assert_int_eq(bench_ask(b, &r, &a, 50), BT_OK);
		ck_assert_uint_eq(b->got.counts.downloaded, 1);
		ck_assert(swarm_visible(&b->s, w));
		bench_free(b);
	}
}
END_TEST

START_TEST(passers_by_leave_nothing)
{
	struct bench *b = bench_new(&usual);
	struct announce_req r = peer_req(1, 1, LEFT);
	struct addr a = peer_addr(1, ADDR_V4);

	ck_assert_int_eq(announce4(b, 1, LEFT, ANNOUNCE_STOPPED), BT_OK);
	ck_assert_int_eq(announce4(b, 1, LEFT, ANNOUNCE_SNOOPED), BT_OK);
	a.port = 0;
	ck_assert_int_eq(bench_ask(b, &r, &a, 50), BT_OK);
	ck_assert_uint_eq(b->s.table.count, 0);
	/* Without a port one can look, but not be found. */
	ck_assert_int_eq(announce4(b, 2, LEFT, ANNOUNCE_NONE), BT_OK);
	ck_assert_int_eq(bench_ask(b, &r, &a, 50), BT_OK);
	ck_assert_uint_eq(b->got.v4.got, 1);
	ck_assert_uint_eq(b->got.counts.incomplete, 1);
	bench_free(b);
}
END_TEST

/* Each of 100,000 is as likely as any other, and no one is named twice. */
START_TEST(choice_is_even)
{
	enum { PEERS = 100000, ROUNDS = 40000, WANT = 50 };
	struct bench *b = bench_new(&usual);
	uint32_t *times = calloc(PEERS, sizeof(*times));
	uint32_t *last = calloc(PEERS, sizeof(*last));
	double mean, chi = 0;

	for (uint32_t n = 0; n < PEERS; n++) {
		if (announce4(b, n, n % 4 ? LEFT : 0, ANNOUNCE_NONE) != BT_OK)
			ck_abort();
	}
	swarms_check(&b->s);
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		ck_assert_int_eq(announce4(b, 77777, LEFT, ANNOUNCE_NONE), BT_OK);
		ck_assert_uint_eq(b->got.v4.got, WANT);
		for (uint32_t i = 0; i < WANT; i++) {
			uint32_t n = got4(b, i);

			/* Check's own assertions are too slow for millions. */
			if (n >= PEERS || last[n] == round)
				ck_abort_msg("peer %u comes twice", n);
			last[n] = round;
			times[n]++;
		}
	}
	ck_assert_uint_eq(times[77777], 0);
	mean = (double)ROUNDS * WANT / (PEERS - 1);
	for (uint32_t n = 0; n < PEERS; n++) {
		if (n != 77777)
			chi += (times[n] - mean) * (times[n] - mean) / mean;
	}
	/* 99998 degrees of freedom: sigma 447, some three times that since
	 * neighbours come together. */
	ck_assert_double_gt(chi, PEERS - 15 * 447.0);
	ck_assert_double_lt(chi, PEERS + 15 * 447.0);
	free(times);
	free(last);
	bench_free(b);
}
END_TEST

/* Every number wanted of every number there is: exact, distinct, without the asker. */
START_TEST(choice_is_exact)
{
	for (uint32_t n = 1; n < 120; n++) {
		struct bench *b = bench_new(&usual);

		for (uint32_t i = 0; i < n; i++)
			ck_assert_int_eq(announce4(b, i, LEFT, ANNOUNCE_NONE), BT_OK);
		for (uint32_t want = 0; want < 130; want++) {
			struct announce_req r = peer_req(1, want % n, LEFT);
			struct addr a = peer_addr(want % n, ADDR_V4);
			uint8_t seen[128] = { 0 };

			ck_assert_int_eq(bench_ask(b, &r, &a, want), BT_OK);
			ck_assert_uint_eq(b->got.v4.got, want < n - 1 ? want : n - 1);
			seen[want % n] = 1;
			for (uint32_t i = 0; i < b->got.v4.got; i++) {
				if (seen[got4(b, i)]++ != 0)
					ck_abort_msg("%u of %u: one comes twice", want, n);
			}
		}
		bench_free(b);
	}
}
END_TEST

/* Anything in any order, against a plain table. */
START_TEST(random_life)
{
	enum { PEERS = 300 };
	struct swarm_limits limits = { .timeout = 2700 * SECOND, .keep_ids = _i };
	struct bench *b = bench_new(&limits);
	struct rng rng;
	int state[PEERS] = { 0 };	/* 0 away, 1 leech, 2 seed, 3 partial seed */
	uint32_t count[4] = { PEERS };

	rng_seed(&rng, 11);
	for (int step = 0; step < 40000; step++) {
		/* Ebb and flow, so that tables grow and shrink. */
		bool leave = rng_below(&rng, 100) < ((step / 5000) % 2 ? 70u : 20u);
		uint32_t n = rng_below(&rng, PEERS);
		int to = leave ? 0 : 1 + (int)rng_below(&rng, 3);

		count[state[n]]--;
		count[to]++;
		state[n] = to;
		ck_assert_int_eq(announce4(b, n, to == 2 ? 0 : LEFT, leave ? ANNOUNCE_STOPPED :
		    to == 3 ? ANNOUNCE_PAUSED : ANNOUNCE_NONE), BT_OK);
		if (count[0] < PEERS) {
			ck_assert_uint_eq(b->got.counts.incomplete, count[1] + count[3]);
			ck_assert_uint_eq(b->got.counts.downloaders, count[1]);
			ck_assert_uint_eq(b->got.counts.complete, count[2]);
		}
		if (step % 100 == 0)
			swarms_check(&b->s);
	}
	bench_free(b);
}
END_TEST

/* Whichever allocation fails: the peer is not entered, it is said, and nothing else is hurt. */
START_TEST(no_memory_is_survived)
{
	uint32_t refused = 1;

	for (size_t n = 1; refused > 0; n++) {
		struct bench *b = bench_new(&usual);

		refused = 0;
		mem_fail_at(n);
		for (uint32_t i = 0; i < 100; i++) {
			enum bt_code code = announce4(b, i, i % 3 ? LEFT : 0, ANNOUNCE_NONE);

			ck_assert(code == BT_OK || code == BT_ENOMEM);
			refused += code == BT_ENOMEM;
		}
		mem_fail_at(0);
		swarms_check(&b->s);
		ck_assert_uint_eq(b->s.peers4, 100 - refused);
		ck_assert_uint_lt(n, 1000);
		bench_free(b);
	}
}
END_TEST

Suite *
swarm_suite(void)
{
	Suite *s = suite_create("tracker/swarm");
	TCase *t = tcase_create("swarm");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, counts_and_events);
	tcase_add_test(t, seeds_get_no_seeds_and_nobody_itself);
	tcase_add_test(t, families_share_an_answer);
	tcase_add_test(t, strangers_cannot_speak_for_a_peer);
	tcase_add_test(t, ghosts_are_replaced);
	tcase_add_loop_test(t, clients_that_move_leave_no_ghosts, 0, 2);
	tcase_add_test(t, ids_are_found_whatever_happens);
	tcase_add_test(t, partial_seeds);
	tcase_add_test(t, silent_peers_expire);
	tcase_add_test(t, expiry_goes_on_in_steps);
	tcase_add_test(t, a_large_torrent_shrinks);
	tcase_add_test(t, time_comes_round);
	tcase_add_test(t, limits_hold);
	tcase_add_test(t, made_up_torrents_make_room);
	tcase_add_test(t, an_address_has_its_share);
	tcase_add_test(t, barred_torrents_vanish);
	tcase_add_test(t, passers_by_leave_nothing);
	tcase_add_test(t, choice_is_even);
	tcase_add_test(t, choice_is_exact);
	tcase_add_loop_test(t, random_life, 0, 2);
	tcase_add_test(t, no_memory_is_survived);
	suite_add_tcase(s, t);
	return s;
}
