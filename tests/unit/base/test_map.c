/* SPDX-License-Identifier: ISC */
#include "base/map.h"
#include "base/mem.h"
#include "base/rng.h"
#include "helper.h"

Suite *map_suite(void);

static const uint64_t seed[2] = { 1, 2 };

START_TEST(finds_replaces_and_removes)
{
	int one, two;
	struct map m;

	map_init(&m, 4, seed);
	ck_assert_ptr_null(map_find(&m, "aaaa"));
	ck_assert_ptr_null(map_remove(&m, "aaaa"));
	ck_assert(map_set(&m, "aaaa", &one));
	ck_assert(map_set(&m, "aaaa", &two));
	ck_assert_uint_eq(m.count, 1);
	ck_assert_ptr_eq(map_find(&m, "aaaa"), &two);
	ck_assert_ptr_eq(map_remove(&m, "aaaa"), &two);
	ck_assert_ptr_null(map_find(&m, "aaaa"));
	ck_assert_uint_eq(m.count, 0);
	map_fini(&m);
}
END_TEST

#define KEYS 512

/* Adding and removing in any order: the map says what a plain array says. */
START_TEST(agrees_with_an_array)
{
	static int value[KEYS];
	bool in[KEYS] = { false };
	struct rng r;
	struct map m;
	size_t count = 0;

	rng_seed(&r, 7);
	map_init(&m, sizeof(uint32_t), seed);
	for (unsigned step = 0; step < 20000; step++) {
		uint32_t k = rng_below(&r, KEYS);

		ck_assert_ptr_eq(map_find(&m, &k), in[k] ? &value[k] : NULL);
		if (rng_below(&r, 2) == 0) {
			ck_assert(map_set(&m, &k, &value[k]));
			count += !in[k];
			in[k] = true;
		} else {
			ck_assert_ptr_eq(map_remove(&m, &k), in[k] ? &value[k] : NULL);
			count -= in[k];
			in[k] = false;
		}
		ck_assert_uint_eq(m.count, count);
	}
	for (uint32_t k = 0; k < KEYS; k++)
		ck_assert_ptr_eq(map_find(&m, &k), in[k] ? &value[k] : NULL);
	map_fini(&m);
}
END_TEST

START_TEST(walks_every_value_once)
{
	static int value[100];
	struct map m;
	size_t pos = 0, seen = 0;
	int *v;

	map_init(&m, sizeof(uint32_t), seed);
	for (uint32_t k = 0; k < 100; k++)
		ck_assert(map_set(&m, &k, &value[k]));
	while ((v = map_next(&m, &pos)) != NULL) {
		ck_assert_int_eq((*v)++, 0);
		seen++;
	}
	ck_assert_uint_eq(seen, 100);
	map_fini(&m);
}
END_TEST

START_TEST(changes_nothing_without_memory)
{
	struct map m;
	int one;

	map_init(&m, 4, seed);
	mem_fail_at(1);
	ck_assert(!map_set(&m, "aaaa", &one));
	mem_fail_at(0);
	ck_assert_uint_eq(m.count, 0);
	ck_assert(map_set(&m, "aaaa", &one));
	map_fini(&m);
}
END_TEST

Suite *
map_suite(void)
{
	Suite *s = suite_create("base/map");
	TCase *c = tcase_create("map");

	tcase_add_test(c, finds_replaces_and_removes);
	tcase_add_test(c, agrees_with_an_array);
	tcase_add_test(c, walks_every_value_once);
	tcase_add_test(c, changes_nothing_without_memory);
	suite_add_tcase(s, c);
	return s;
}
