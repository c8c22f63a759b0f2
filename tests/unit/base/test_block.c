/* SPDX-License-Identifier: ISC */
/* Blocks and meters. */
#include "base/block.h"
#include "base/mem.h"
#include "base/meter.h"
#include "helper.h"

Suite *block_suite(void);

START_TEST(blocks_are_used_again)
{
	struct block_store s = { 0 };
	struct block *b[300], *first;

	first = block_new(&s);
	block_free(&s, first);
	ck_assert_ptr_eq(block_new(&s), first);
	block_free(&s, first);
	for (int i = 0; i < 300; i++) {
		b[i] = block_new(&s);
		ck_assert(b[i] != NULL && b[i]->next == NULL);
	}
	ck_assert_uint_eq(s.in_use, 300);
	for (int i = 0; i < 300; i++)
		block_free(&s, b[i]);
	block_free(&s, NULL);
	ck_assert_uint_eq(s.in_use, 0);
	/* Not all are kept. */
	ck_assert_uint_lt(s.spare_count, 300);
	block_store_fini(&s);
	mem_fail_at(1);
	ck_assert(block_new(&s) == NULL);
	mem_fail_at(0);
	ck_assert_uint_eq(s.in_use, 0);
}
END_TEST

START_TEST(meter_follows)
{
	struct meter m = { 0 };
	usec now = 5 * SECOND;

	meter_tick(&m, now);
	ck_assert_uint_eq(meter_rate(&m), 0);
	for (int i = 0; i < 60; i++) {
		meter_add(&m, 1000);
		now += SECOND;
		meter_tick(&m, now);
	}
	ck_assert_uint_eq(m.total, 60000);
	ck_assert(meter_rate(&m) > 950 && meter_rate(&m) <= 1000);
	for (int i = 0; i < 60; i++) {
		now += SECOND;
		meter_tick(&m, now);
	}
	ck_assert_uint_lt(meter_rate(&m), 20);
	/* Twice at one time, or backwards, changes nothing. */
	meter_add(&m, 5);
	meter_tick(&m, now);
	meter_tick(&m, now - SECOND);
	ck_assert_uint_eq(m.total, 60005);
	meter_tick(&m, now + 60 * MINUTE);
	ck_assert_uint_eq(meter_rate(&m), 0);
}
END_TEST

Suite *
block_suite(void)
{
	Suite *s = suite_create("base/block, base/meter");
	TCase *c = tcase_create("block");

	tcase_add_test(c, blocks_are_used_again);
	tcase_add_test(c, meter_follows);
	suite_add_tcase(s, c);
	return s;
}
