/* SPDX-License-Identifier: ISC */
#include "base/mem.h"
#include "helper.h"
#include "torrent/rarity.h"

Suite *rarity_suite(void);

#define PIECES 300

static struct rng rng;
static struct rarity r;
static struct bits of, in, peers[4];
static uint8_t priority[PIECES];
static int available[PIECES];

static void
begin(void)
{
	rng_seed(&rng, 1);
	rarity_init(&r, PIECES, &rng);
	memset(available, 0, sizeof(available));
	memset(priority, 4, sizeof(priority));
	ck_assert(bits_init(&of, PIECES) && bits_init(&in, PIECES));
	for (int i = 0; i < 4; i++)
		ck_assert(bits_init(&peers[i], PIECES));
	bits_set_all(&in);
}

static void
end(void)
{
	rarity_check(&r);
	rarity_fini(&r);
	bits_fini(&of);
	bits_fini(&in);
	for (int i = 0; i < 4; i++)
		bits_fini(&peers[i]);
}

/* What it should say, found the slow way; levels above 63 are one. */
static int
least_of(unsigned of_priority)
{
	int least = -1;

	for (uint32_t i = 0; i < PIECES; i++) {
		int a = available[i] < 63 ? available[i] : 63;

		if (bits_has(&in, i) && bits_has(&of, i) && priority[i] == of_priority &&
		    (least < 0 || a < least))
			least = a;
	}
	return least;
}

static void
compare(unsigned of_priority)
{
	int least = least_of(of_priority);
	uint32_t first = rarity_first(&r, &of, of_priority);
	uint32_t any = rarity_random(&r, &of, of_priority);

	rarity_check(&r);
	if (least < 0) {
		ck_assert_uint_eq(first, RARITY_NONE);
		ck_assert_uint_eq(any, RARITY_NONE);
		return;
	}
	ck_assert(bits_has(&in, first) && bits_has(&of, first) && priority[first] == of_priority);
	ck_assert(bits_has(&in, any) && bits_has(&of, any) && priority[any] == of_priority);
	ck_assert_int_eq(available[first] < 63 ? available[first] : 63, least);
}

/* Some of the peers come, go, and change what they have. */
static void
change_peers(void)
{
	struct bits *b = &peers[rng_below(&rng, 4)];
	struct bits before;

	ck_assert(bits_init(&before, PIECES));
	memcpy(before.bytes, b->bytes, bits_bytes(PIECES));
	for (uint32_t n = rng_below(&rng, 60); n > 0; n--) {
		uint32_t piece = rng_below(&rng, PIECES);

		if (rng_below(&rng, 2) == 0)
			available[piece] += bits_set(b, piece);
		else
			available[piece] -= bits_clear(b, piece);
	}
	rarity_change_peer(&r, &before, b);
	bits_fini(&before);
}

static void
change_piece(uint32_t piece, bool mixed)
{
	rarity_remove(&r, piece);
	(void)bits_clear(&in, piece);
	if (rng_below(&rng, 3) == 0)
		return;
	if (mixed)
		priority[piece] = (uint8_t)(1 + rng_below(&rng, RARITY_TOP));
	(void)bits_set(&in, piece);
	rarity_add(&r, piece);
}

static void
as_a_naive_model(bool mixed)
{
	begin();
	for (int i = 0; i < 4; i++)
		rarity_add_peer(&r, &peers[i]);
	for (int round = 0; round < 20000; round++) {
		uint32_t piece = rng_below(&rng, PIECES);
		uint32_t what = rng_below(&rng, 100);

		if (what < 45 || available[piece] == 0) {
			rarity_change(&r, piece, +1);
			available[piece]++;
		} else if (what < 90 && available[piece] > 4) {
			rarity_change(&r, piece, -1);
			available[piece]--;
		} else if (what < 95) {
			change_piece(piece, mixed);
		} else if (what == 95) {
			change_peers();
		}
		if (rng_below(&rng, 2) == 0)
			(void)bits_set(&of, rng_below(&rng, round % 4000 < 2000 ? PIECES : 9));
		else
			(void)bits_clear(&of, rng_below(&rng, PIECES));
		if (!rarity_is_built(&r))
			ck_assert(rarity_build(&r, &in, mixed ? priority : NULL));
		compare(mixed ? 1 + rng_below(&rng, RARITY_TOP) : 4);
	}
	end();
}

START_TEST(in_one_priority)
{
	as_a_naive_model(false);
}
END_TEST

START_TEST(in_many_priorities)
{
	as_a_naive_model(true);
}
END_TEST

START_TEST(chance_among_equals)
{
	unsigned first[8] = { 0 };
	struct bits all;

	rng_seed(&rng, 2);
	ck_assert(bits_init(&all, 8));
	bits_set_all(&all);
	for (int i = 0; i < 800; i++) {
		rarity_init(&r, 8, &rng);
		ck_assert(rarity_build(&r, &all, NULL));
		first[rarity_first(&r, &all, 1)]++;
		rarity_fini(&r);
	}
	for (int i = 0; i < 8; i++)
		ck_assert(first[i] > 50 && first[i] < 150);
	bits_fini(&all);
}
END_TEST

START_TEST(counts_copies)
{
	struct bits none;

	rng_seed(&rng, 3);
	ck_assert(bits_init(&none, 4));
	rarity_init(&r, 4, &rng);
	rarity_add_peer(&r, &none);
	for (uint32_t i = 0; i < 4; i++)
		rarity_change(&r, i, +1);
	rarity_change(&r, 2, +1);
	rarity_add_seed(&r);
	rarity_add_seed(&r);
	ck_assert(rarity_distributed_copies(&r) == 3.25);
	/* More than it tells apart. */
	for (int i = 0; i < 3000; i++)
		rarity_change(&r, 0, +1);
	rarity_check(&r);
	for (int i = 0; i < 3001; i++)
		rarity_change(&r, 0, -1);
	rarity_check(&r);
	ck_assert(rarity_distributed_copies(&r) == 2.75);
	rarity_fini(&r);
	bits_fini(&none);
}
END_TEST

/* What nobody needs is not kept. */
START_TEST(holds_nothing_without_peers)
{
	begin();
	rarity_add_seed(&r);
	rarity_add_peer(&r, &peers[0]);
	ck_assert_ptr_null(r.available);
	ck_assert(rarity_build(&r, &in, NULL));
	(void)bits_set(&peers[0], 7);
	rarity_change(&r, 7, +1);
	ck_assert_ptr_nonnull(r.available);
	rarity_remove_peer(&r, &peers[0]);
	ck_assert_ptr_null(r.available);
	ck_assert(rarity_is_built(&r));
	rarity_remove_seed(&r);
	ck_assert(!rarity_is_built(&r));
	end();
}
END_TEST

/* Then a peer is not counted. That it goes is no fault, and numbers are right once all have gone.
 */
START_TEST(without_memory)
{
	begin();
	(void)bits_set(&peers[0], 7);
	(void)bits_set(&peers[1], 7);
	mem_fail_at(1);
	rarity_add_peer(&r, &peers[0]);
	ck_assert_ptr_null(r.available);
	rarity_add_peer(&r, &peers[1]);
	ck_assert_uint_eq(r.available[7], 1);
	rarity_remove_peer(&r, &peers[0]);
	rarity_remove_peer(&r, &peers[1]);
	ck_assert(r.available == NULL && !r.inexact);
	for (size_t n = 1; n <= 4; n++) {
		mem_fail_at(n);
		ck_assert(!rarity_build(&r, &in, NULL));
		rarity_check(&r);
	}
	mem_fail_at(0);
	end();
}
END_TEST

Suite *
rarity_suite(void)
{
	Suite *s = suite_create("torrent/rarity");
	TCase *c = tcase_create("rarity");

	tcase_add_test(c, in_one_priority);
	tcase_add_test(c, in_many_priorities);
	tcase_add_test(c, chance_among_equals);
	tcase_add_test(c, counts_copies);
	tcase_add_test(c, holds_nothing_without_peers);
	tcase_add_test(c, without_memory);
	suite_add_tcase(s, c);
	return s;
}
