/* SPDX-License-Identifier: ISC */
#include "tracker/reply.h"

#include "swarm_help.h"
#include "tracker_test.h"

struct scene {
	struct bt_tracker_settings settings;
	struct shards *shards;
	struct stat_counters counters;
	struct replier replier;
	struct announce_reply reply;
};

static struct scene *
scene_new(void)
{
	static const struct swarm_limits limits = { .timeout = 60 * SECOND, .keep_ids = true };
	struct scene *s = calloc(1, sizeof(*s));

	ck_assert_int_eq(bt_options_init(bt_tracker_options(), &s->settings), BT_OK);
	s->settings.compact_reqd = 0;
	s->shards = shards_new(&limits);
	replier_init(&s->replier, &s->settings, s->shards, &s->counters);
	announce_reply_init(&s->reply);
	return s;
}

static void
scene_free(struct scene *s)
{
	announce_reply_fini(&s->reply);
	shards_free(s->shards);
	bt_options_fini(bt_tracker_options(), &s->settings);
	free(s);
}

static void
ask(struct scene *s, const struct announce_req *r, const struct addr *from)
{
	announce_reply_fini(&s->reply);
	reply_announce(&s->replier, r, from, REPLY_BOTH_FAMILIES, SECOND, &s->reply);
}

static void
populate(struct scene *s, uint32_t count)
{
	for (uint32_t n = 0; n < count; n++) {
		struct announce_req r = peer_req(1, n, LEFT);
		struct addr a = peer_addr(n, ADDR_V4);

		ask(s, &r, &a);
	}
}

START_TEST(failures_are_counted)
{
	struct scene *s = scene_new();
	struct announce_req r = peer_req(1, 1, LEFT);
	struct addr a = peer_addr(1, ADDR_V4);

	ask(s, &r, &a);
	ck_assert_uint_eq(s->counters.v[STAT_ANNOUNCES_FAILED], 0);
	s->settings.compact_reqd = 1;
	r.compact = 0;
	ask(s, &r, &a);
	ck_assert(s->reply.failed);
	ck_assert_uint_eq(s->counters.v[STAT_ANNOUNCES_FAILED], 1);
	announce_reply_fini(&s->reply);
	reply_unreadable(&s->replier, slice_str("no port"), &s->reply);
	ck_assert(s->reply.failed && slice_eq_str(s->reply.failure, "no port"));
	ck_assert_uint_eq(s->counters.v[STAT_ANNOUNCES_FAILED], 2);
	scene_free(s);
}
END_TEST

START_TEST(numwant_is_capped)
{
	static const struct { int32_t numwant; size_t count; } cases[] = {
		{ -1, 50 }, { 0, 0 }, { 1, 1 }, { 50, 50 }, { 51, 50 }, { INT32_MAX, 50 },
		{ INT32_MIN, 50 },
	};
	struct scene *s = scene_new();
	struct announce_req r = peer_req(1, 1, LEFT);
	struct addr a = peer_addr(1, ADDR_V4);

	populate(s, 200);
	r.compact = 1;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		r.numwant = cases[i].numwant;
		ask(s, &r, &a);
		ck_assert_uint_eq(s->reply.packed4.len, cases[i].count * 6);
	}
	s->settings.response_size = 80;
	r.numwant = -1;
	ask(s, &r, &a);
	ck_assert_uint_eq(s->reply.packed4.len, 80 * 6);
	ck_assert_int_eq(s->reply.interval, 1800);
	ck_assert_int_eq(s->reply.min_interval, 600);
	ck_assert_int_eq(s->reply.incomplete, 200);
	ck_assert(addr_same_ip(&s->reply.external_ip, &a));
	r.compact = 0;
	ask(s, &r, &a);
	ck_assert_uint_eq(s->reply.peers.len, 80);
	ck_assert(announce_reply_peer(&s->reply, 0)->has_id);
	r.no_peer_id = true;
	ask(s, &r, &a);
	ck_assert(!announce_reply_peer(&s->reply, 0)->has_id);
	scene_free(s);
}
END_TEST

START_TEST(compact_may_be_required)
{
	struct scene *s = scene_new();
	struct announce_req r = peer_req(1, 1, LEFT);
	struct addr a = peer_addr(1, ADDR_V4);

	s->settings.compact_reqd = 1;
	ask(s, &r, &a);
	ck_assert(s->reply.failed);
	r.compact = 1;
	ask(s, &r, &a);
	ck_assert(!s->reply.failed);
	scene_free(s);
}
END_TEST

static uint8_t
first_ip_seen(struct scene *s, const char *from, int64_t policy)
{
	struct announce_req r = peer_req(2, 1, LEFT);
	struct addr a, other = peer_addr(9, ADDR_V4);
	uint8_t first;

	ck_assert(addr_parse(from, 4000, &a));
	ck_assert(addr_parse("9.8.7.6", 0, &r.ip));
	s->settings.only_local_override_ip = policy;
	ask(s, &r, &a);
	r = peer_req(2, 9, LEFT);
	r.compact = 1;
	ask(s, &r, &other);
	ck_assert_uint_eq(s->reply.packed4.len, 6);
	first = s->reply.packed4.ptr[0];
	r = peer_req(2, 1, LEFT);
	r.event = ANNOUNCE_STOPPED;
	ck_assert(addr_parse("9.8.7.6", 0, &r.ip));
	ask(s, &r, &a);
	return first;
}

START_TEST(named_addresses_are_mostly_not_believed)
{
	struct scene *s = scene_new();

	ck_assert_uint_eq(first_ip_seen(s, "80.1.2.3", 2), 80);
	ck_assert_uint_eq(first_ip_seen(s, "80.1.2.3", 1), 80);
	ck_assert_uint_eq(first_ip_seen(s, "80.1.2.3", 0), 9);
	ck_assert_uint_eq(first_ip_seen(s, "192.168.1.1", 2), 9);
	ck_assert_uint_eq(first_ip_seen(s, "192.168.1.1", 0), 9);
	scene_free(s);
}
END_TEST

START_TEST(crypto_flags_follow_the_peers)
{
	struct scene *s = scene_new();
	struct announce_req r = peer_req(3, 1, LEFT);
	struct addr a = peer_addr(1, ADDR_V4);

	r.supportcrypto = r.requirecrypto = true;
	ask(s, &r, &a);
	r = peer_req(3, 2, LEFT);
	a = peer_addr(2, ADDR_V4);
	r.compact = 1;
	ask(s, &r, &a);
	ck_assert_uint_eq(s->reply.crypto_flags.len, 0);
	r.supportcrypto = true;
	ask(s, &r, &a);
	ck_assert_uint_eq(s->reply.crypto_flags.len, 1);
	ck_assert_uint_eq(s->reply.crypto_flags.ptr[0], 1);
	scene_free(s);
}
END_TEST

/* BitTornado's crypto_stealth: no port for others, and one for those. */
START_TEST(crypto_port_is_the_port)
{
	struct scene *s = scene_new();
	struct announce_req r = peer_req(4, 1, LEFT);
	struct addr a = peer_addr(1, ADDR_V4);

	r.port = 0;
	r.cryptoport = 0x1234;
	r.supportcrypto = r.requirecrypto = true;
	ask(s, &r, &a);
	ck_assert_int_eq(s->reply.incomplete, 1);
	r = peer_req(4, 2, LEFT);
	a = peer_addr(2, ADDR_V4);
	r.compact = 1;
	ask(s, &r, &a);
	ck_assert_uint_eq(s->reply.packed4.len, 6);
	ck_assert_mem_eq(s->reply.packed4.ptr + 4, "\x12\x34", 2);
	scene_free(s);
}
END_TEST

Suite *
reply_suite(void)
{
	Suite *s = suite_create("tracker/reply");
	TCase *t = tcase_create("reply");

	tcase_add_test(t, failures_are_counted);
	tcase_add_test(t, numwant_is_capped);
	tcase_add_test(t, compact_may_be_required);
	tcase_add_test(t, named_addresses_are_mostly_not_believed);
	tcase_add_test(t, crypto_flags_follow_the_peers);
	tcase_add_test(t, crypto_port_is_the_port);
	suite_add_tcase(s, t);
	return s;
}
