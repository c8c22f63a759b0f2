/* SPDX-License-Identifier: ISC */
#include "tracker/pages/stats.h"

#include "helper.h"
#include "tracker_test.h"

static const struct swarm_limits usual = { .timeout = 2700 * SECOND };

/* Two loops count, one of them a hundred announces between any two ticks. */
START_TEST(rates_and_sums)
{
	struct shards *shards = shards_new(&usual);
	usec now = 1000 * SECOND;
	struct stats *s = stats_new(shards, now, 5000);
	struct stat_counters *one = stats_counters(s), *two = stats_counters(s);
	struct stats_view *v = malloc(sizeof(*v));

	stats_view(s, now, v);
	ck_assert_uint_eq(v->sample_count, 0);
	ck_assert(v->udp >= 0 && v->udp <= 0);
	stat_add(one, STAT_HTTP_SCRAPE, 3);
	stat_add(two, STAT_HTTP_SCRAPE, 4);
	for (int tick = 0; tick < 60; tick++) {
		stat_add(one, STAT_UDP_ANNOUNCE4, 100);
		stats_tick(s, now += STATS_STEP);
	}
	stats_view(s, now, v);
	ck_assert_uint_eq(v->counts[STAT_HTTP_SCRAPE], 7);
	ck_assert_uint_eq(v->counts[STAT_UDP_ANNOUNCE4], 6000);
	ck_assert_double_eq_tol(v->udp, 10, 0.001);
	ck_assert_double_eq_tol(v->http, 0, 0.001);
	ck_assert_double_eq_tol(v->uptime, 600, 0.001);
	ck_assert_int_eq(v->started, 5000);
	ck_assert_uint_eq(v->sample_count, 10);
	for (unsigned i = 0; i < v->sample_count; i++)
		ck_assert_double_eq_tol(v->samples[i].v[SAMPLE_UDP], 10, 0.001);
	/* Silence: a good minute later the rate is none. */
	for (int tick = 0; tick < 7; tick++)
		stats_tick(s, now += STATS_STEP);
	stats_view(s, now, v);
	ck_assert_double_eq_tol(v->udp, 0, 0.001);
	free(v);
	stats_free(s);
	shards_free(shards);
}
END_TEST

START_TEST(a_day_is_kept_the_newest_last)
{
	struct shards *shards = shards_new(&usual);
	struct stats *s = stats_new(shards, 0, 5000);
	struct stat_counters *c = stats_counters(s);
	struct stats_view *v = malloc(sizeof(*v));
	usec now = 0;

	/* 25 hours, always more requests. */
	for (unsigned tick = 0; tick < 25 * 360; tick++) {
		stat_add(c, STAT_HTTP_OTHER, tick);
		stats_tick(s, now += STATS_STEP);
	}
	stats_view(s, now, v);
	ck_assert_uint_eq(v->sample_count, STATS_DAY);
	for (unsigned i = 1; i < v->sample_count; i++)
		ck_assert_double_gt(v->samples[i].v[SAMPLE_HTTP],
		    v->samples[i - 1].v[SAMPLE_HTTP]);
	ck_assert_double_eq_tol(v->samples[STATS_DAY - 1].v[SAMPLE_HTTP], v->http, 1);
	free(v);
	stats_free(s);
	shards_free(shards);
}
END_TEST

Suite *
stats_suite(void)
{
	Suite *s = suite_create("tracker/stats");
	TCase *t = tcase_create("stats");

	tcase_add_test(t, rates_and_sums);
	tcase_add_test(t, a_day_is_kept_the_newest_last);
	suite_add_tcase(s, t);
	return s;
}
