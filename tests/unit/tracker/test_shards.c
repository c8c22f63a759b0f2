/* SPDX-License-Identifier: ISC */
#include "tracker/swarm/shards.h"

#include <pthread.h>

#include "swarm_help.h"
#include "tracker_test.h"

enum { THREADS = 4, TORRENTS = 600, EACH = 20000 };

struct worker {
	struct shards *s;
	uint32_t number;
	pthread_t thread;
};

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct bench b = { .got.v4.addr = b.addr4, .got.v6.addr = b.addr6 };

	rng_seed(&b.rng, w->number);
	for (uint32_t i = 0; i < EACH; i++) {
		uint32_t n = rng_below(&b.rng, 100) * THREADS + w->number;
		struct announce_req r = peer_req(rng_below(&b.rng, TORRENTS), n, i % 3 ? LEFT : 0);
		struct swarm_ask ask = { &r, peer_addr(n, ADDR_V4), 50, true, 0 };

		r.event = i % 5 ? ANNOUNCE_NONE : ANNOUNCE_STOPPED;
		switch (shards_announce(w->s, &ask, SECOND, &b.rng, &b.got)) {
		case BT_OK:
		case BT_ELIMIT: break;
		default: return w;
		}
	}
	return NULL;
}

static void
check_shard(void *arg, const struct swarms *s)
{
	(void)arg;
	swarms_check(s);
}

START_TEST(threads_meet_in_peace)
{
	static const struct swarm_limits limits = { .timeout = 60 * SECOND };
	struct worker w[THREADS];
	struct shards *s = shards_new(&limits);
	void *bad;

	for (uint32_t i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .s = s, .number = i };
		ck_assert_int_eq(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
	}
	for (uint32_t i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(w[i].thread, &bad), 0);
		ck_assert_ptr_null(bad);
	}
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		shards_visit(s, i, check_shard, NULL);
	ck_assert_uint_eq(shards_totals(s).torrents, TORRENTS);
	ck_assert_uint_gt(shards_totals(s).peers4, TORRENTS);
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		shards_sweep(s, 2 * MINUTE);
	ck_assert_uint_eq(shards_totals(s).peers4, 0);
	ck_assert_uint_eq(shards_totals(s).torrents, 0);
	shards_free(s);
}
END_TEST

static enum bt_code
enter(struct bench *b, struct shards *s, uint32_t torrent, uint32_t peer)
{
	struct announce_req r = peer_req(torrent, peer, LEFT);
	struct swarm_ask ask = { &r, peer_addr(peer, ADDR_V4), 50, true, 0 };

	return shards_announce(s, &ask, b->now, &b->rng, &b->got);
}

/* The limit is that of all shards together, though a new torrent may be the first of its shard. */
START_TEST(the_limit_of_torrents_is_exact)
{
	static const uint32_t limits_of[] = { 1, 7, 100, 3000 };
	struct bench *b = bench_new(&(struct swarm_limits){ .timeout = 60 * SECOND });

	for (size_t i = 0; i < COUNT_OF(limits_of); i++) {
		uint32_t max = limits_of[i];
		const struct swarm_limits few = { .timeout = 60 * SECOND, .max_torrents = max };
		struct shards *s = shards_new(&few);

		for (uint32_t t = 0; t < 3 * max; t++) {
			ck_assert_int_eq(enter(b, s, t, t), BT_OK);
			ck_assert_uint_eq(shards_totals(s).torrents, t < max ? t + 1 : max);
		}
		ck_assert_uint_eq(shards_totals(s).evicted, 2 * max);
		shards_free(s);
		/* What has two peers does not make room. */
		s = shards_new(&few);
		for (uint32_t t = 0; t < 3 * max; t++) {
			ck_assert_int_eq(enter(b, s, t, 1), t < max ? BT_OK : BT_ELIMIT);
			ck_assert_int_eq(enter(b, s, t, 2), t < max ? BT_OK : BT_ELIMIT);
		}
		ck_assert_uint_eq(shards_totals(s).torrents, max);
		shards_free(s);
	}
	bench_free(b);
}
END_TEST

static uint64_t
peers_in(struct shards *s)
{
	struct shards_totals t = shards_totals(s);

	return t.peers4 + t.peers6;
}

START_TEST(threads_keep_to_the_limits)
{
	static const struct swarm_limits few = { .timeout = 60 * SECOND, .max_torrents = 50,
	    .max_peers_total = 70 };
	struct worker w[THREADS];
	struct shards *s = shards_new(&few);
	struct bench *b = bench_new(&few);

	for (uint32_t i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .s = s, .number = i };
		ck_assert_int_eq(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
	}
	for (uint32_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(w[i].thread, NULL), 0);
	ck_assert_uint_le(shards_totals(s).torrents, 50);
	ck_assert_uint_le(peers_in(s), 70);
	for (unsigned i = 0; i <= SHARD_COUNT; i++)
		shards_sweep(s, 2 * MINUTE);
	ck_assert_uint_eq(shards_totals(s).torrents, 0);
	/* Nothing of the room was lost. */
	for (uint32_t t = 0; t < 50; t++)
		ck_assert_int_eq(enter(b, s, t, t), BT_OK);
	ck_assert_uint_eq(shards_totals(s).torrents, 50);
	for (uint32_t n = 50; n < 100; n++)
		ck_assert_int_eq(enter(b, s, n % 50, n), BT_OK);
	ck_assert_uint_eq(peers_in(s), 70);
	bench_free(b);
	shards_free(s);
}
END_TEST

static bool
announces(struct bench *b, struct shards *s, uint32_t n, enum announce_event event)
{
	struct announce_req r = peer_req(n % 5, n, LEFT);
	struct swarm_ask ask = { &r, peer_addr(n, n % 2 ? ADDR_V6 : ADDR_V4), 50, true, 0 };

	r.event = event;
	return shards_announce(s, &ask, b->now, &b->rng, &b->got) == BT_OK;
}

static bool
none_may(void *arg, const uint8_t info_hash[20])
{
	(void)arg;
	(void)info_hash;
	return false;
}

START_TEST(the_limit_of_all_peers_is_exact)
{
	static const struct swarm_limits few = { .timeout = 60 * SECOND, .max_peers_total = 100 };
	struct bench *b = bench_new(&few);
	struct shards *s = shards_new(&few);

	for (uint32_t n = 0; n < 300; n++) {
		ck_assert(announces(b, s, n, ANNOUNCE_NONE));
		ck_assert_uint_eq(peers_in(s), n < 100 ? n + 1 : 100);
		/* Who is not remembered is told of the others. */
		ck_assert(n < 100 || b->got.v4.got + b->got.v6.got == 20);
	}
	/* A torrent that nobody may be entered in is none. */
	ck_assert_int_eq(enter(b, s, 7, 7), BT_OK);
	ck_assert_uint_eq(shards_totals(s).torrents, 5);
	/* Who is known announces on, also as a seed, and makes room when it leaves. */
	ck_assert(announces(b, s, 3, ANNOUNCE_NONE) && announces(b, s, 4, ANNOUNCE_STOPPED));
	ck_assert_uint_eq(peers_in(s), 99);
	ck_assert(announces(b, s, 4, ANNOUNCE_STOPPED) && announces(b, s, 200, ANNOUNCE_NONE));
	ck_assert(announces(b, s, 201, ANNOUNCE_NONE));
	ck_assert_uint_eq(peers_in(s), 100);
	ck_assert_int_eq(shards_restore(s, peer_req(1, 0, 0).info_hash,
	    &(struct peers_entry){ .addr = peer_addr(300, ADDR_V4) }, b->now), BT_ELIMIT);
	/* So do those that are silent, and those of torrents that are allowed no more. */
	b->now += MINUTE / 2;
	for (uint32_t n = 0; n < 50; n++)
		ck_assert(announces(b, s, n, ANNOUNCE_NONE));
	for (unsigned i = 0; i <= SHARD_COUNT; i++)
		shards_sweep(s, b->now + MINUTE * 3 / 4);
	ck_assert_uint_eq(peers_in(s), 49);
	shards_bar(s, none_may, NULL);
	ck_assert_uint_eq(peers_in(s), 0);
	for (uint32_t n = 0; n < 300; n++)
		ck_assert(announces(b, s, n, ANNOUNCE_NONE));
	ck_assert_uint_eq(peers_in(s), 100);
	bench_free(b);
	shards_free(s);
}
END_TEST

Suite *
shards_suite(void)
{
	Suite *s = suite_create("tracker/shards");
	TCase *t = tcase_create("shards");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, threads_meet_in_peace);
	tcase_add_test(t, the_limit_of_torrents_is_exact);
	tcase_add_test(t, threads_keep_to_the_limits);
	tcase_add_test(t, the_limit_of_all_peers_is_exact);
	suite_add_tcase(s, t);
	return s;
}
