/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "state/resume.h"

#include "helper.h"

static struct buf out, stamps;

static void
set_up(void)
{
	buf_init(&out, 4096);
	buf_init(&stamps, 4096);
	resume_add_stamp(&stamps, &(struct resume_stamp){ 1234567890123, 1700000000123456789 });
	resume_add_stamp(&stamps, &(struct resume_stamp){ UINT64_MAX, 0 });
	resume_add_stamp(&stamps, &(struct resume_stamp){ 0, -5 });
}

static void
tear_down(void)
{
	buf_fini(&out);
	buf_fini(&stamps);
}

static struct resume
example(void)
{
	struct resume r = {
		.totals = { .uploaded = 11, .downloaded = 12, .active = 13, .seeding = 14,
			.added = 15, .completed = 16 },
		.path = slice_of("/a/b", 4), .pieces = 12, .have = slice_of("\xa5\x10", 2),
		.stamps = buf_slice(&stamps), .synced = true,
	};

	memset(r.boot, 7, sizeof(r.boot));
	return r;
}

START_TEST(reads_what_it_wrote)
{
	const struct resume r = example();
	struct resume got;

	resume_write(&r, &out);
	ck_assert(!buf_failed(&out));
	ck_assert_int_eq(resume_parse(buf_slice(&out), &got, NULL), BT_OK);
	ck_assert_mem_eq(&got.totals, &r.totals, sizeof(r.totals));
	ck_assert(slice_eq(got.path, r.path) && slice_eq(got.have, r.have));
	ck_assert_uint_eq(got.pieces, 12);
	ck_assert(!got.complete && got.synced);
	ck_assert_mem_eq(got.boot, r.boot, sizeof(r.boot));
	ck_assert_uint_eq(resume_stamp_count(&got), 3);
	ck_assert_uint_eq(resume_stamp_at(&got, 0).size, 1234567890123);
	ck_assert_int_eq(resume_stamp_at(&got, 0).mtime, 1700000000123456789);
	ck_assert_uint_eq(resume_stamp_at(&got, 1).size, UINT64_MAX);
	ck_assert_int_eq(resume_stamp_at(&got, 2).mtime, -5);
}
END_TEST

START_TEST(without_have_it_is_complete)
{
	struct resume r = example(), got;

	r.complete = true;
	resume_write(&r, &out);
	ck_assert_int_eq(resume_parse(buf_slice(&out), &got, NULL), BT_OK);
	ck_assert(got.complete);
}
END_TEST

START_TEST(parts_must_fit)
{
	struct resume r = example(), got;
	struct bt_error err;

	r.pieces = 17;
	resume_write(&r, &out);
	ck_assert_int_eq(resume_parse(buf_slice(&out), &got, &err), BT_EFORMAT);
	ck_assert_ptr_nonnull(strstr(err.text, "do not fit"));
	buf_clear(&out);
	r = example();
	r.stamps.len--;
	resume_write(&r, &out);
	ck_assert_int_eq(resume_parse(buf_slice(&out), &got, &err), BT_EFORMAT);
}
END_TEST

START_TEST(strangers_are_refused)
{
	static const char *const bad[] = { "", "le", "i1e", "d6:activei-1ee", "d4:boot3:abce",
		"d5:files1:xe", "d4:have1:xe", "d4:pathi5ee", "d6:pieces1:1e",
		"d6:piecesi4294967296ee", "d4:pathe", "d4:path1:a6:activei1ee" };
	struct resume got;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(resume_parse(slice_of(bad[i], strlen(bad[i])), &got, NULL) ==
		    BT_EFORMAT, "%s", bad[i]);
	/* What a later version may add. */
	ck_assert_int_eq(resume_parse(slice_of("d3:newi1ee", 10), &got, NULL), BT_OK);
}
END_TEST

START_TEST(a_run_of_the_system_is_one)
{
	uint8_t one[RESUME_BOOT], two[RESUME_BOOT];
	static const uint8_t none[RESUME_BOOT];

	resume_this_boot(one);
	resume_this_boot(two);
	ck_assert_mem_eq(one, two, sizeof(one));
	ck_assert_mem_ne(one, none, sizeof(one));
}
END_TEST

Suite *resume_suite(void);

Suite *
resume_suite(void)
{
	Suite *s = suite_create("resume");
	TCase *tc = tcase_create("resume");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, reads_what_it_wrote);
	tcase_add_test(tc, without_have_it_is_complete);
	tcase_add_test(tc, parts_must_fit);
	tcase_add_test(tc, strangers_are_refused);
	tcase_add_test(tc, a_run_of_the_system_is_one);
	suite_add_tcase(s, tc);
	return s;
}
