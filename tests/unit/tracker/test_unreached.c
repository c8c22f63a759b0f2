/* SPDX-License-Identifier: ISC */
/* With nat_check: who was not reached is a peer like all others, but is not handed out. */
#include "tracker/swarm/swarm.h"

#include <sys/mman.h>
#include <unistd.h>

#include "tracker/swarm/state_read.h"
#include "tracker/swarm/state_write.h"
#include "swarm_help.h"
#include "tracker_test.h"

static const struct swarm_limits usual = { .timeout = 2700 * SECOND };

/* As announce4 of who was not reached. */
static enum bt_code
knock(struct bench *b, uint32_t n, uint64_t left, enum announce_event event)
{
	struct announce_req r = peer_req(1, n, left);
	struct swarm_ask ask = { &r, peer_addr(n, ADDR_V4), 50, true, PEERS_UNREACHED };

	r.event = event;
	return swarms_announce(&b->s, &ask, b->now, &b->rng, &b->got);
}

static bool
try(struct bench *b, uint32_t n, bool reached)
{
	struct announce_req r = peer_req(1, n, 0);
	struct addr a = peer_addr(n, ADDR_V4);

	return swarms_tried(&b->s, r.info_hash, &a, reached);
}

START_TEST(counted_but_not_handed_out)
{
	struct bench *b = bench_new(&usual);

	ck_assert(!try(b, 1, true));
	ck_assert_int_eq(knock(b, 1, 0, ANNOUNCE_STARTED), BT_OK);
	ck_assert_int_eq(knock(b, 2, LEFT, ANNOUNCE_STARTED), BT_OK);
	ck_assert_int_eq(knock(b, 3, LEFT, ANNOUNCE_PAUSED), BT_OK);
	ck_assert_int_eq(announce4(b, 4, LEFT, ANNOUNCE_STARTED), BT_OK);
	ck_assert_uint_eq(b->got.v4.got, 0);
	ck_assert_uint_eq(b->got.counts.complete, 1);
	ck_assert_uint_eq(b->got.counts.incomplete, 3);
	ck_assert_uint_eq(b->got.counts.downloaders, 2);
	ck_assert_uint_eq(b->s.peers4, 4);
	ck_assert_uint_eq(b->s.seeds, 1);
	/* They see who was reached, and so do the others. */
	ck_assert_int_eq(knock(b, 1, 0, ANNOUNCE_NONE), BT_OK);
	ck_assert_uint_eq(b->got.v4.got, 1);
	ck_assert_uint_eq(got4(b, 0), 4);
	ck_assert(try(b, 1, false));
	ck_assert(try(b, 1, true));
	ck_assert_int_eq(announce4(b, 4, LEFT, ANNOUNCE_NONE), BT_OK);
	ck_assert_uint_eq(b->got.v4.got, 1);
	ck_assert_uint_eq(got4(b, 0), 1);
	ck_assert_uint_eq(b->got.counts.complete, 1);
	ck_assert_uint_eq(b->got.counts.incomplete, 3);
	/* Once is enough: should it be tried again it stays. */
	ck_assert_int_eq(knock(b, 1, 0, ANNOUNCE_NONE), BT_OK);
	ck_assert(try(b, 1, false));
	ck_assert_int_eq(announce4(b, 4, LEFT, ANNOUNCE_NONE), BT_OK);
	ck_assert_uint_eq(b->got.v4.got, 1);
	/* Reached for another torrent, it says so with its next announce here. */
	ck_assert_int_eq(announce4(b, 2, LEFT, ANNOUNCE_NONE), BT_OK);
	ck_assert_int_eq(announce4(b, 4, LEFT, ANNOUNCE_NONE), BT_OK);
	ck_assert_uint_eq(b->got.v4.got, 2);
	bench_free(b);
}
END_TEST

START_TEST(come_and_go_like_all)
{
	struct bench *b = bench_new(&usual);
	struct announce_req r = peer_req(1, 1, 0);

	ck_assert_int_eq(knock(b, 1, LEFT, ANNOUNCE_STARTED), BT_OK);
	ck_assert_int_eq(knock(b, 1, 0, ANNOUNCE_COMPLETED), BT_OK);
	ck_assert_uint_eq(b->got.counts.complete, 1);
	ck_assert_uint_eq(b->got.counts.downloaded, 1);
	ck_assert_int_eq(knock(b, 2, LEFT, ANNOUNCE_NONE), BT_OK);
	ck_assert_int_eq(announce4(b, 2, LEFT, ANNOUNCE_STOPPED), BT_OK);
	ck_assert_uint_eq(b->got.counts.incomplete, 0);
	ck_assert(!try(b, 2, true));
	b->now += 2600 * SECOND;
	ck_assert(swarms_sweep(&b->s, b->now, 100));
	ck_assert(swarm_visible(&b->s, swarms_find(&b->s, r.info_hash)));
	ck_assert_uint_eq(b->s.peers4, 1);
	b->now += 200 * SECOND;
	ck_assert(swarms_sweep(&b->s, b->now, 100));
	ck_assert_uint_eq(b->s.peers4, 0);
	ck_assert_uint_eq(b->s.seeds, 0);
	ck_assert(!try(b, 1, true));
	bench_free(b);
}
END_TEST

START_TEST(limited_like_all)
{
	static const struct swarm_limits few = { .timeout = 60 * SECOND, .max_peers = 5,
	    .max_party = 2 };
	struct bench *b = bench_new(&few);
	struct announce_req r = peer_req(1, 1, LEFT);

	for (uint16_t port = 1; port < 10; port++) {
		struct swarm_ask ask = { &r, { .family = ADDR_NONE }, 50, true, PEERS_UNREACHED };

		ck_assert(addr_parse("80.1.2.3", port, &ask.addr));
		ck_assert_int_eq(swarms_announce(&b->s, &ask, b->now, &b->rng, &b->got), BT_OK);
	}
	ck_assert_uint_eq(b->got.counts.incomplete, 2);
	for (uint32_t n = 0; n < 10; n++)
		ck_assert_int_eq(knock(b, n, LEFT, ANNOUNCE_NONE), BT_OK);
	ck_assert_uint_eq(b->got.counts.incomplete, 5);
	bench_free(b);
}
END_TEST

/* Who answers at an address is who is there. */
START_TEST(reached_is_more_than_claimed)
{
	struct bench *b = bench_new(&usual);
	struct announce_req r = peer_req(1, 1, LEFT);
	struct swarm_ask ask = { &r, peer_addr(1, ADDR_V4), 50, true,
	    PEERS_CLAIMED | PEERS_UNREACHED };

	ck_assert_int_eq(swarms_announce(&b->s, &ask, b->now, &b->rng, &b->got), BT_OK);
	r.event = ANNOUNCE_STOPPED;
	ck_assert_int_eq(swarms_announce(&b->s, &ask, b->now, &b->rng, &b->got), BT_OK);
	ck_assert_uint_eq(b->s.peers4, 0);
	r.event = ANNOUNCE_NONE;
	ck_assert_int_eq(swarms_announce(&b->s, &ask, b->now, &b->rng, &b->got), BT_OK);
	ck_assert(try(b, 1, true));
	r.event = ANNOUNCE_STOPPED;
	ck_assert_int_eq(swarms_announce(&b->s, &ask, b->now, &b->rng, &b->got), BT_OK);
	ck_assert_uint_eq(b->s.peers4, 1);
	bench_free(b);
}
END_TEST

enum { PEERS = 300, AWAY = 0, LEECH, SEED, PARTIAL };

/* A plain table of who is what. */
struct model {
	int is[PEERS];
	bool hidden[PEERS];
	uint32_t count[4], shown[4];
};

static void
become(struct model *m, uint32_t n, int is, bool hidden)
{
	m->count[m->is[n]]--;
	m->shown[m->is[n]] -= !m->hidden[n];
	m->is[n] = is;
	m->hidden[n] = hidden;
	m->count[is]++;
	m->shown[is] += !hidden;
}

static void
compare(const struct bench *b, const struct model *m, uint32_t asker)
{
	uint32_t all = m->shown[LEECH];

	if (m->is[asker] == LEECH)
		all += m->shown[SEED] + m->shown[PARTIAL] - !m->hidden[asker];
	if (b->got.v4.got != (all < 50 ? all : 50))
		ck_abort_msg("%u peers of %u", b->got.v4.got, all);
	for (uint32_t i = 0; i < b->got.v4.got; i++) {
		if (m->hidden[got4(b, i)] || m->is[got4(b, i)] == AWAY)
			ck_abort_msg("%u is handed out", got4(b, i));
	}
	ck_assert_uint_eq(b->got.counts.complete, m->count[SEED]);
	ck_assert_uint_eq(b->got.counts.incomplete, m->count[LEECH] + m->count[PARTIAL]);
	ck_assert_uint_eq(b->got.counts.downloaders, m->count[LEECH]);
}

static void
live(struct bench *b, struct model *m, struct rng *rng, bool ebb)
{
	uint32_t n = rng_below(rng, PEERS);
	int is = rng_below(rng, 100) < (ebb ? 70u : 20u) ? AWAY : 1 + (int)rng_below(rng, 3);
	bool unreached = rng_below(rng, 2) != 0;
	enum announce_event event = is == AWAY ? ANNOUNCE_STOPPED :
	    is == PARTIAL ? ANNOUNCE_PAUSED : ANNOUNCE_NONE;

	if (rng_below(rng, 4) == 0) {
		ck_assert(try(b, n, true) == (m->is[n] != AWAY));
		become(m, n, m->is[n], false);
		return;
	}
	/* Who is away can be hidden by an announce, who is shown cannot. */
	become(m, n, is, is != AWAY && unreached && (m->is[n] == AWAY || m->hidden[n]));
	ck_assert_int_eq((unreached ? knock : announce4)(b, n, is == SEED ? 0 : LEFT, event),
	    BT_OK);
	if (is != AWAY)
		compare(b, m, n);
}

START_TEST(random_life)
{
	struct swarm_limits limits = { .timeout = 2700 * SECOND, .keep_ids = _i };
	struct bench *b = bench_new(&limits);
	struct model m = { .count = { PEERS }, .shown = { PEERS } };
	struct rng rng;

	rng_seed(&rng, 12);
	for (int step = 0; step < 40000; step++) {
		live(b, &m, &rng, (step / 5000) % 2);
		if (step % 100 == 0)
			swarms_check(&b->s);
	}
	bench_free(b);
}
END_TEST

#define HASH "abcdefghijklmnopqrst"
#define PEER(id, port, nat) "20:-TO0001-" id "d2:ip7:8.9.9.94:lefti1e" nat "4:porti" port "e" \
	"13:requirecryptoi0e13:supportcryptoi0ee"

static bool
entered_as(struct shards *s, uint16_t port, bool unreached)
{
	struct announce_req r = peer_req(1, 1, LEFT);
	struct bench *b = bench_new(&usual);
	struct swarm_ask ask = { &r, peer_addr(1, ADDR_V4), 50, true, 0 };
	bool found = false;

	memcpy(r.info_hash, HASH, 20);
	r.event = ANNOUNCE_SNOOPED;
	ck_assert_int_eq(shards_announce(s, &ask, SECOND, &b->rng, &b->got), BT_OK);
	for (uint32_t i = 0; i < b->got.v4.got; i++)
		found |= get_be16(b->addr4 + i * 6 + 4) == port;
	bench_free(b);
	return found != unreached;
}

/* The original keeps how often one was not reached, too, and nothing of who was not tried yet. */
START_TEST(kept_with_the_state)
{
	static const char saved[] = "d9:completedde5:peersd20:" HASH "d"
		PEER("aaaaaaaaaaaa", "1", "3:nati0e") PEER("bbbbbbbbbbbb", "2", "3:nati2e")
		PEER("cccccccccccc", "3", "") "eee";
	struct swarm_limits limits = { .timeout = 60 * SECOND, .keep_ids = true };
	struct bt_tracker_settings settings = { .nat_check = 3 };
	struct state s = { &settings, shards_new(&limits), nat_known_new(60 * SECOND) };
	int fd = memfd_create("state", MFD_CLOEXEC);
	char again[sizeof(saved)] = { 0 };
	struct bt_error err;
	struct addr a;

	ck_assert_int_eq(state_read(&s, slice_str(saved), SECOND, &err), BT_OK);
	ck_assert_uint_eq(shards_totals(s.shards).peers4, 3);
	ck_assert(entered_as(s.shards, 1, false));
	ck_assert(entered_as(s.shards, 2, true));
	ck_assert(entered_as(s.shards, 3, true));
	ck_assert(addr_parse("8.9.9.9", 1, &a));
	ck_assert_int_eq(nat_known_ask(s.nat, &a, SECOND), NAT_KNOWN_REACHED);
	a.port = 2;
	ck_assert_int_eq(nat_known_ask(s.nat, &a, SECOND), 2);
	a.port = 3;
	ck_assert_int_eq(nat_known_ask(s.nat, &a, SECOND), NAT_KNOWN_NOT);
	ck_assert_int_eq(state_write(&s, fd), BT_OK);
	ck_assert_int_eq(pread(fd, again, sizeof(again), 0), (ssize_t)sizeof(saved) - 1);
	ck_assert_str_eq(again, saved);
	(void)close(fd);
	nat_known_free(s.nat);
	shards_free(s.shards);
}
END_TEST

Suite *
unreached_suite(void)
{
	Suite *s = suite_create("tracker/unreached");
	TCase *t = tcase_create("unreached");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, counted_but_not_handed_out);
	tcase_add_test(t, come_and_go_like_all);
	tcase_add_test(t, limited_like_all);
	tcase_add_test(t, reached_is_more_than_claimed);
	tcase_add_loop_test(t, random_life, 0, 2);
	tcase_add_test(t, kept_with_the_state);
	suite_add_tcase(s, t);
	return s;
}
