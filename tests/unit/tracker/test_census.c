/* SPDX-License-Identifier: ISC */
#include "tracker/pages/census_taker.h"

#include <unistd.h>

#include "swarm_help.h"
#include "tracker/rules/lists.h"
#include "tracker_test.h"

enum { TORRENTS = 1500, PATIENCE = 10000 };

/* Torrent t has t % 100 leeches and a seed. */
static struct shards *
crowd(void)
{
	static const struct swarm_limits usual = { .timeout = 2700 * SECOND };
	struct shards *s = shards_new(&usual);
	struct bench *b = bench_new(&usual);

	for (uint32_t t = 0; t < TORRENTS; t++) {
		for (uint32_t n = 0; n <= t % 100; n++) {
			struct announce_req r = peer_req(t, n, n > 0 ? LEFT : 0);
			struct swarm_ask ask = { &r, peer_addr(n, ADDR_V4), 0, false, 0 };

			if (shards_announce(s, &ask, SECOND, &b->rng, &b->got) != BT_OK)
				ck_abort();
		}
	}
	bench_free(b);
	return s;
}

static void
check_rows(const struct census *c)
{
	const struct census_row *last = NULL;

	ck_assert_uint_eq(c->torrents, TORRENTS);
	ck_assert_uint_eq(c->downloaded, 0);
	ck_assert_uint_eq(c->rows.len, CENSUS_ROWS_MAX);
	for (size_t i = 0; i < c->rows.len; i++) {
		const struct census_row *r = vec_at(&c->rows, i);

		ck_assert_uint_eq(r->complete, 1);
		/* 15 torrents have 99 leeches, 15 have 98 and so on; then by hash. */
		ck_assert_uint_eq(r->incomplete, 99 - i / 15);
		if (last != NULL && last->incomplete == r->incomplete && i / 15 < 33)
			ck_assert_int_lt(memcmp(last->info_hash, r->info_hash, 20), 0);
		last = r;
	}
}

static void
check_scrape(struct bt_slice bytes)
{
	for (uint32_t t = 0; t < TORRENTS; t++) {
		struct announce_req r = peer_req(t, 0, 0);
		const uint8_t *end = bytes.ptr + bytes.len;
		char want[64];
		const uint8_t *at = memmem(bytes.ptr, bytes.len, r.info_hash, 20);

		(void)snprintf(want, sizeof(want), "10:incompletei%ue", t % 100);
		ck_assert_ptr_nonnull(at);
		ck_assert_ptr_nonnull(memmem(at, at + 90 < end ? 90 : (size_t)(end - at), want,
		    strlen(want)));
	}
}

START_TEST(those_with_most_peers)
{
	struct shards *s = crowd();
	struct census *c = census_count(&(struct census_source){ .shards = s });

	check_rows(c);
	census_drop(c);
	shards_free(s);
}
END_TEST

START_TEST(a_small_tracker_is_counted_at_once)
{
	struct shards *s = crowd();
	struct census_source source = { .shards = s };
	struct census_taker *t = census_taker_new(&source, TORRENTS);
	struct census *c = census_taker_get(t, SECOND);
	struct httpd_shared *all;

	ck_assert_int_eq(census_taker_scrape(t, false, SECOND, &all), BT_OK);
	check_rows(c);
	check_scrape(buf_slice(&all->bytes));
	census_drop(c);
	httpd_shared_drop(all);
	census_taker_free(t);
	shards_free(s);
}
END_TEST

/* Nobody waits: what a thread has found later serves everybody while it is fresh. */
START_TEST(a_large_tracker_is_counted_by_a_thread)
{
	struct shards *s = crowd();
	struct census_source source = { .shards = s };
	struct census_taker *t = census_taker_new(&source, TORRENTS - 1);
	struct httpd_shared *plain = NULL, *packed = NULL;
	struct census *c = census_taker_get(t, 100 * SECOND), *same;

	ck_assert_ptr_null(c);
	for (int i = 0; i < PATIENCE && (c == NULL || plain == NULL || packed == NULL); i++) {
		c = c != NULL ? c : census_taker_get(t, 100 * SECOND);
		if (plain == NULL)
			(void)!census_taker_scrape(t, false, 100 * SECOND, &plain);
		if (packed == NULL)
			(void)!census_taker_scrape(t, true, 100 * SECOND, &packed);
		(void)usleep(1000);
	}
	ck_assert(c != NULL && plain != NULL && packed != NULL);
	check_rows(c);
	check_scrape(buf_slice(&plain->bytes));
	ck_assert_mem_eq(packed->bytes.ptr, "\x1f\x8b", 2);
	ck_assert_uint_lt(packed->bytes.len, plain->bytes.len);
	same = census_taker_get(t, 104 * SECOND);
	ck_assert_ptr_eq(same, c);
	census_drop(same);
	/* Too old: the next one is asked for; whoever has the old one keeps it. */
	census_taker_tick(t, 106 * SECOND);
	ck_assert_ptr_null(census_taker_get(t, 106 * SECOND));
	check_rows(c);
	census_drop(c);
	httpd_shared_drop(plain);
	httpd_shared_drop(packed);
	census_taker_free(t);
	shards_free(s);
}
END_TEST

static enum bt_code
scrape_found(struct census_taker *t, usec now, struct httpd_shared **out)
{
	enum bt_code code = BT_EBUSY;

	for (int i = 0; i < PATIENCE && code == BT_EBUSY; i++) {
		code = census_taker_scrape(t, i % 2, now, out);
		(void)usleep(1000);
	}
	return code;
}

/* Who asks is told at once, and it is not tried again for everybody who asks. */
START_TEST(a_scrape_that_is_too_large_is_refused)
{
	struct shards *s = crowd();
	struct census_source source = { .shards = s, .scrape_max = 10000 };
	struct census_taker *t = census_taker_new(&source, 0);
	struct announce_req r = peer_req(1, 1, LEFT);
	struct swarm_ask ask = { &r, peer_addr(1, ADDR_V4), 0, false, 0 };
	struct httpd_shared *all;
	struct bench *b;

	ck_assert_int_eq(scrape_found(t, SECOND, &all), BT_ELIMIT);
	ck_assert_ptr_null(all);
	/* Only one torrent stays. */
	for (unsigned i = 0; i < SHARD_COUNT; i++)
		shards_sweep(s, 4000 * SECOND);
	b = bench_new(&(struct swarm_limits){ .timeout = SECOND });
	ck_assert_int_eq(shards_announce(s, &ask, 4000 * SECOND, &b->rng, &b->got), BT_OK);
	bench_free(b);
	ck_assert_int_eq(census_taker_scrape(t, false, 9 * MINUTE, &all), BT_ELIMIT);
	ck_assert_int_eq(census_taker_scrape(t, true, 9 * MINUTE, &all), BT_ELIMIT);
	ck_assert_int_eq(scrape_found(t, 11 * MINUTE, &all), BT_OK);
	httpd_shared_drop(all);
	census_taker_free(t);
	/* A small tracker tries each time: that takes no longer than any other page. */
	source.scrape_max = 10;
	t = census_taker_new(&source, 1);
	ck_assert_int_eq(census_taker_scrape(t, false, SECOND, &all), BT_ELIMIT);
	ck_assert_int_eq(census_taker_scrape(t, true, SECOND, &all), BT_ELIMIT);
	census_taker_free(t);
	shards_free(s);
}
END_TEST

static void
free_lists(struct snapshot *s)
{
	struct lists_now *l = CONTAINER_OF(s, struct lists_now, snapshot);

	snapshot_drop(&l->torrents->snapshot);
	free(l);
}

/* Torrent 7, with 7 leeches, and one that nobody is in; a file tells the name of the latter. */
static void
allow_two(struct snapshot_place *place)
{
	struct lists_now *l = calloc(1, sizeof(*l));
	struct allowed_torrent like = { .path = "x", .name = slice_str("one") },
	    *file = allowed_torrent_new(&like);

	snapshot_init(&l->snapshot, free_lists);
	l->torrents = allowed_new();
	ck_assert(allowed_add(l->torrents, peer_req(7, 0, 0).info_hash, NULL));
	ck_assert(allowed_add(l->torrents, peer_req(TORRENTS, 0, 0).info_hash, file));
	allowed_seal(l->torrents);
	snapshot_drop(&file->snapshot);
	snapshot_place_init(place);
	snapshot_put(place, &l->snapshot);
}

START_TEST(what_is_allowed_is_shown)
{
	struct snapshot_place place;
	struct census_source source = { .shards = crowd(), .lists = &place, .names = _i == 1 };
	struct httpd_shared *all;
	const struct census_row *r;
	struct census *c;

	allow_two(&place);
	ck_assert_uint_eq(census_size(&source), 2);
	c = census_count(&source);
	ck_assert_uint_eq(c->torrents, 2);
	ck_assert_uint_eq(c->rows.len, 2);
	r = vec_at(&c->rows, 0);
	ck_assert_uint_eq(r->incomplete, 7);
	r = vec_at(&c->rows, 1);
	ck_assert_mem_eq(r->info_hash, peer_req(TORRENTS, 0, 0).info_hash, 20);
	ck_assert_uint_eq(r->complete + r->incomplete, 0);
	all = census_scrape(&source);
	ck_assert_ptr_nonnull(memmem(all->bytes.ptr, all->bytes.len, "10:incompletei7e", 16));
	ck_assert_int_eq(memmem(all->bytes.ptr, all->bytes.len, "i0e4:name3:onee", 15) != NULL,
	    _i == 1);
	census_drop(c);
	httpd_shared_drop(all);
	snapshot_place_fini(&place);
	shards_free(source.shards);
}
END_TEST

Suite *
census_suite(void)
{
	Suite *s = suite_create("tracker/census");
	TCase *t = tcase_create("census");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, those_with_most_peers);
	tcase_add_loop_test(t, what_is_allowed_is_shown, 0, 2);
	tcase_add_test(t, a_small_tracker_is_counted_at_once);
	tcase_add_test(t, a_large_tracker_is_counted_by_a_thread);
	tcase_add_test(t, a_scrape_that_is_too_large_is_refused);
	suite_add_tcase(s, t);
	return s;
}
