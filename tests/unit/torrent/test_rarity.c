/* SPDX-License-Identifier: ISC */
#include "helper.h"
#include "torrent/rarity.h"

Suite *rarity_suite(void);

#define PIECES 60

/* What it should say, found the slow way. */
static uint32_t
least_of(const int *available, const bool *removed, const struct bits *of)
{
	int least = -1;

	for (uint32_t i = 0; i < PIECES; i++) {
		if (!removed[i] && bits_has(of, i) && (least < 0 || available[i] < least))
			least = available[i];
	}
	return (uint32_t)least;
}

static void
compare(const struct rarity *r, const int *available, const bool *removed, const struct bits *of)
{
	uint32_t least = least_of(available, removed, of);
	uint32_t first = rarity_first(r, of), any = rarity_random(r, of);

	rarity_check(r);
	if (least == UINT32_MAX) {
		ck_assert_uint_eq(first, RARITY_NONE);
		ck_assert_uint_eq(any, RARITY_NONE);
		return;
	}
	ck_assert(!removed[first] && bits_has(of, first));
	ck_assert_int_eq(available[first], (int)least);
	ck_assert(!removed[any] && bits_has(of, any));
}

START_TEST(as_a_naive_model)
{
	int available[PIECES] = { 0 };
	bool removed[PIECES] = { false };
	struct rng rng;
	struct rarity r;
	struct bits of;

	rng_seed(&rng, 1);
	ck_assert(rarity_init(&r, PIECES, &rng) && bits_init(&of, PIECES));
	for (int round = 0; round < 20000; round++) {
		uint32_t piece = rng_below(&rng, PIECES);
		uint32_t what = rng_below(&rng, 100);

		if (what < 55) {
			rarity_change(&r, piece, +1);
			available[piece]++;
		} else if (what < 99 && available[piece] > 0) {
			rarity_change(&r, piece, -1);
			available[piece]--;
		} else if (what == 99 && round % 7 == 0) {
			rarity_remove(&r, piece);
			removed[piece] = true;
		}
		if (rng_below(&rng, 2) == 0)
			(void)bits_set(&of, rng_below(&rng, PIECES));
		else
			(void)bits_clear(&of, rng_below(&rng, PIECES));
		compare(&r, available, removed, &of);
	}
	bits_fini(&of);
	rarity_fini(&r);
}
END_TEST

START_TEST(chance_among_equals)
{
	unsigned first[8] = { 0 };
	struct rng rng;
	struct bits all;

	rng_seed(&rng, 2);
	ck_assert(bits_init(&all, 8));
	bits_set_all(&all);
	for (int i = 0; i < 800; i++) {
		struct rarity r;

		ck_assert(rarity_init(&r, 8, &rng));
		first[rarity_first(&r, &all)]++;
		rarity_fini(&r);
	}
	for (int i = 0; i < 8; i++)
		ck_assert(first[i] > 50 && first[i] < 150);
	bits_fini(&all);
}
END_TEST

START_TEST(counts_copies)
{
	struct rng rng;
	struct rarity r;

	rng_seed(&rng, 3);
	ck_assert(rarity_init(&r, 4, &rng));
	for (uint32_t i = 0; i < 4; i++)
		rarity_change(&r, i, +1);
	rarity_change(&r, 2, +1);
	r.seeds = 2;
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
}
END_TEST

Suite *
rarity_suite(void)
{
	Suite *s = suite_create("torrent/rarity");
	TCase *c = tcase_create("rarity");

	tcase_add_test(c, as_a_naive_model);
	tcase_add_test(c, chance_among_equals);
	tcase_add_test(c, counts_copies);
	suite_add_tcase(s, c);
	return s;
}
