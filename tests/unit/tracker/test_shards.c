/* SPDX-License-Identifier: ISC */
#include "tracker/shards.h"

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
		struct swarm_ask ask = { &r, peer_addr(n, ADDR_V4), 50, true, false };

		r.event = i % 5 ? ANNOUNCE_NONE : ANNOUNCE_STOPPED;
		if (shards_announce(w->s, &ask, SECOND, &b.rng, &b.got) != BT_OK)
			return w;
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

Suite *
shards_suite(void)
{
	Suite *s = suite_create("tracker/shards");
	TCase *t = tcase_create("shards");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, threads_meet_in_peace);
	suite_add_tcase(s, t);
	return s;
}
