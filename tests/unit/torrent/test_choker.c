/* SPDX-License-Identifier: ISC */
#include "helper.h"
#include "torrent/choker.h"

Suite *choker_suite(void);

#define PEERS 20

static struct choker choker;
static struct rng rng;
static struct choker_peer peer[PEERS];

static void
begin(unsigned slots)
{
	rng_seed(&rng, 5);
	choker_init(&choker, &rng, slots);
	memset(peer, 0, sizeof(peer));
	for (int i = 0; i < PEERS; i++)
		peer[i].interested = true;
}

/* A round as the torrent does it: decisions become facts. */
static unsigned
one_round(bool seeding, usec now)
{
	struct choker_peer *order[PEERS];
	unsigned unchoked = 0;

	for (int i = 0; i < PEERS; i++)
		order[i] = &peer[i];
	choker_round(&choker, order, PEERS, seeding, now);
	for (int i = 0; i < PEERS; i++) {
		if (peer[i].unchoke && !peer[i].unchoked)
			peer[i].turn_began = now;
		peer[i].unchoked = peer[i].unchoke;
		peer[i].optimistic = peer[i].lucky;
		unchoked += peer[i].unchoke;
	}
	return unchoked;
}

static unsigned
lucky_ones(void)
{
	unsigned n = 0;

	for (int i = 0; i < PEERS; i++)
		n += peer[i].lucky;
	return n;
}

START_TEST(who_gives_gets)
{
	begin(5);
	for (uint64_t i = 0; i < PEERS; i++)
		peer[i].down = 1000 * i;
	ck_assert_uint_eq(one_round(false, MINUTE), 5);
	for (int i = 16; i < PEERS; i++)
		ck_assert(peer[i].unchoke && !peer[i].lucky);
	ck_assert_uint_eq(lucky_ones(), 1);
	/* Not interested, or owing us blocks: no. */
	peer[19].interested = false;
	peer[18].snubbed = true;
	ck_assert_uint_eq(one_round(false, MINUTE + CHOKER_ROUND), 5);
	ck_assert(!peer[19].unchoke);
	ck_assert(!peer[18].unchoke || peer[18].lucky);
	ck_assert(peer[17].unchoke && peer[16].unchoke && peer[15].unchoke && peer[14].unchoke);
}
END_TEST

START_TEST(luck_finds_everybody)
{
	bool had[PEERS] = { false };
	usec now = MINUTE;

	begin(3);
	peer[0].down = peer[1].down = 1000;
	for (int i = 0; i < 3 * (PEERS - 2); i++, now += CHOKER_ROUND) {
		int before = -1;

		for (int k = 0; k < PEERS; k++)
			before = peer[k].lucky ? k : before;
		ck_assert_uint_eq(one_round(false, now), 3);
		ck_assert_uint_eq(lucky_ones(), 1);
		ck_assert(peer[0].unchoke && peer[1].unchoke);
		for (int k = 0; k < PEERS; k++)
			had[k] |= peer[k].unchoke;
		/* It keeps its luck for three rounds. */
		if (i % 3 != 0)
			ck_assert(peer[before].lucky);
	}
	for (int i = 0; i < PEERS; i++)
		ck_assert(had[i]);
}
END_TEST

START_TEST(a_seed_serves_in_turn)
{
	unsigned rounds[PEERS] = { 0 };

	begin(4);
	for (int i = 0; i < 240; i++) {
		ck_assert_uint_eq(one_round(true, MINUTE + i * CHOKER_ROUND), 4);
		for (int k = 0; k < PEERS; k++) {
			rounds[k] += peer[k].unchoke;
			peer[k].up = peer[k].unchoke ? 10u << 20 : 0;
			peer[k].up_turn = peer[k].unchoke ? peer[k].up_turn + peer[k].up : 0;
		}
	}
	/* 48 each on average. */
	for (int i = 0; i < PEERS; i++)
		ck_assert_msg(rounds[i] > 24 && rounds[i] < 96, "peer %d: %u rounds", i, rounds[i]);
}
END_TEST

START_TEST(few_slots)
{
	begin(0);
	ck_assert_uint_eq(one_round(false, MINUTE), 0);
	begin(1);
	peer[7].down = 1;
	ck_assert_uint_eq(one_round(false, MINUTE), 1);
	ck_assert(peer[7].unchoke);
	begin(100);
	ck_assert_uint_eq(one_round(false, MINUTE), PEERS);
	begin(100);
	for (int i = 0; i < PEERS; i++)
		peer[i].interested = i == 3;
	ck_assert_uint_eq(one_round(true, MINUTE), 1);
}
END_TEST

/* However fast the one that luck found is, it takes nobody's place before its time is over. */
START_TEST(luck_of_a_seed_stays_luck)
{
	begin(2);
	for (int i = 3; i < PEERS; i++)
		peer[i].interested = false;
	for (int i = 0; i < 9; i++) {
		bool was[3];

		for (int k = 0; k < 3; k++)
			was[k] = peer[k].unchoked;
		ck_assert_uint_eq(one_round(true, MINUTE + i * CHOKER_ROUND), 2);
		ck_assert_uint_eq(lucky_ones(), 1);
		for (int k = 0; k < 3; k++) {
			if (i % 3 != 0)
				ck_assert(peer[k].unchoke == was[k]);
			peer[k].up = !peer[k].unchoke ? 0 : peer[k].lucky ? 1000 : 10;
		}
	}
}
END_TEST

Suite *
choker_suite(void)
{
	Suite *s = suite_create("torrent/choker");
	TCase *c = tcase_create("choker");

	tcase_add_test(c, who_gives_gets);
	tcase_add_test(c, luck_finds_everybody);
	tcase_add_test(c, a_seed_serves_in_turn);
	tcase_add_test(c, few_slots);
	tcase_add_test(c, luck_of_a_seed_stays_luck);
	suite_add_tcase(s, c);
	return s;
}
