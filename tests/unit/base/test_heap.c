/* SPDX-License-Identifier: ISC */
#include "base/heap.h"
#include "base/mem.h"
#include "base/rng.h"
#include "helper.h"

Suite *heap_suite(void);

#define NODES 100

/* The least key of those that are in, found the slow way. */
static uint64_t
least(const struct heap_node *nodes)
{
	uint64_t key = UINT64_MAX;

	for (size_t i = 0; i < NODES; i++) {
		if (heap_has(&nodes[i]) && nodes[i].key < key)
			key = nodes[i].key;
	}
	return key;
}

/* Adding, moving and removing in any order, with many equal keys. */
START_TEST(first_is_always_the_least)
{
	struct heap_node nodes[NODES] = { 0 };
	uint32_t in = 0;
	struct rng rng;
	struct heap h;

	rng_seed(&rng, 1);
	heap_init(&h);
	ck_assert_ptr_null(heap_first(&h));
	for (int step = 0; step < 20000; step++) {
		struct heap_node *n = &nodes[rng_below(&rng, NODES)];
		uint64_t key = rng_below(&rng, 50);

		if (!heap_has(n)) {
			ck_assert(heap_add(&h, n, key));
			in++;
		} else if (rng_below(&rng, 3) == 0) {
			heap_remove(&h, n);
			in--;
		} else {
			heap_update(&h, n, key);
			ck_assert_uint_eq(n->key, key);
		}
		heap_check(&h);
		ck_assert_uint_eq(h.len, in);
		ck_assert(in == 0 || heap_first(&h)->key == least(nodes));
	}
	heap_fini(&h);
}
END_TEST

START_TEST(gives_all_in_order)
{
	struct heap_node nodes[NODES] = { 0 };
	uint64_t last = 0;
	struct rng rng;
	struct heap h;

	rng_seed(&rng, 2);
	heap_init(&h);
	for (size_t i = 0; i < NODES; i++)
		ck_assert(heap_add(&h, &nodes[i], rng_u64(&rng)));
	for (size_t i = 0; i < NODES; i++) {
		struct heap_node *n = heap_first(&h);

		ck_assert_uint_ge(n->key, last);
		last = n->key;
		heap_remove(&h, n);
		ck_assert(!heap_has(n));
	}
	ck_assert_ptr_null(heap_first(&h));
	/* One that is in none is none to take out. */
	heap_remove(&h, &nodes[0]);
	ck_assert_uint_eq(h.len, 0);
	heap_fini(&h);
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
	struct heap_node nodes[20] = { 0 };
	struct heap h;

	heap_init(&h);
	mem_fail_at(1);
	ck_assert(!heap_add(&h, &nodes[0], 5));
	ck_assert(!heap_has(&nodes[0]) && h.len == 0);
	ck_assert(heap_reserve(&h, 20));
	mem_fail_at(1);
	for (size_t i = 0; i < 20; i++)
		ck_assert(heap_add(&h, &nodes[i], 20 - i));
	mem_fail_at(0);
	ck_assert_ptr_eq(heap_first(&h), &nodes[19]);
	heap_check(&h);
	heap_fini(&h);
}
END_TEST

Suite *
heap_suite(void)
{
	Suite *s = suite_create("base/heap");
	TCase *c = tcase_create("heap");

	tcase_add_test(c, first_is_always_the_least);
	tcase_add_test(c, gives_all_in_order);
	tcase_add_test(c, without_memory_nothing_changes);
	suite_add_tcase(s, c);
	return s;
}
