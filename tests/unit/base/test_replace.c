/* SPDX-License-Identifier: ISC */
#include "base/replace.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "fault/fault.h"
#include "folder.h"
#include "helper.h"

Suite *replace_suite(void);

#define MANY 200

static unsigned replaced, failed;
static char last_error[256];

static void
setup(void)
{
	make_folder();
	replaced = failed = 0;
}

static void
on_done(void *arg, void *tag, const struct bt_error *err)
{
	ck_assert_ptr_eq(arg, &replaced);
	ck_assert_ptr_nonnull(tag);
	if (err == NULL) {
		replaced++;
		return;
	}
	failed++;
	ck_assert_int_ne(err->code, BT_OK);
	(void)snprintf(last_error, sizeof(last_error), "%s", err->text);
}

static void
put(const char *path, const char *text)
{
	ck_assert_int_eq(file_replace(path, slice_str(text), NULL), BT_OK);
}

static void
check_holds(const char *path, const char *text)
{
	struct buf b;

	buf_init(&b, 1000);
	ck_assert_int_eq(file_read(path, &b, NULL), BT_OK);
	ck_assert_str_eq(buf_cstr(&b), text);
	buf_fini(&b);
}

static const char *
numbered(unsigned i)
{
	static char path[32];

	(void)snprintf(path, sizeof(path), "%u", i % 20);
	(void)mkdir(path, 0777);
	(void)snprintf(path, sizeof(path), "%u/%u", i % 20, i);
	return path;
}

START_TEST(many_are_replaced)
{
	struct replace r;

	replace_init(&r, on_done, &replaced);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < MANY; i++)
			ck_assert_int_eq(replace_add(&r, numbered(i), slice_str(numbered(i)), &r,
			    NULL), BT_OK);
		ck_assert_uint_eq(replaced, round * MANY);
		replace_commit(&r);
		ck_assert_uint_eq(replaced, (round + 1) * MANY);
	}
	replace_commit(&r);
	replace_fini(&r);
	for (unsigned i = 0; i < MANY; i++)
		check_holds(numbered(i), numbered(i));
	ck_assert_uint_eq(count_entries("3"), MANY / 20);
	ck_assert_uint_eq(failed, 0);
}
END_TEST

START_TEST(nothing_happens_before_the_commit)
{
	struct replace r;

	put("a", "old");
	replace_init(&r, on_done, &replaced);
	for (unsigned i = 0; i < MANY; i++)
		ck_assert_int_eq(replace_add(&r, "a", slice_str("new"), &r, NULL), BT_OK);
	check_holds("a", "old");
	replace_fini(&r);
	check_holds("a", "old");
	ck_assert_uint_eq(count_entries("."), 1);
	ck_assert_uint_eq(replaced + failed, 0);
}
END_TEST

START_TEST(mode_and_links_are_kept)
{
	struct replace r;
	struct stat st;

	put("real", "old");
	ck_assert_int_eq(chmod("real", 0640), 0);
	ck_assert_int_eq(symlink("real", "link"), 0);
	replace_init(&r, on_done, &replaced);
	ck_assert_int_eq(replace_add(&r, "link", slice_str("new"), &r, NULL), BT_OK);
	replace_commit(&r);
	replace_fini(&r);
	check_holds("real", "new");
	ck_assert_int_eq(lstat("link", &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_int_eq(stat("real", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
}
END_TEST

START_TEST(one_that_fails_does_not_stop_the_rest)
{
	struct replace r;

	ck_assert_int_eq(mkdir("folder", 0777), 0);
	replace_init(&r, on_done, &replaced);
	for (unsigned i = 0; i < MANY; i++) {
		const char *path = i == 5 ? "none/file" : i == 50 ? "folder" : numbered(i);

		ck_assert_int_eq(replace_add(&r, path, slice_str("x"), &r, NULL), BT_OK);
	}
	replace_commit(&r);
	replace_fini(&r);
	ck_assert_uint_eq(replaced, MANY - 2);
	ck_assert_uint_eq(failed, 2);
	ck_assert_str_eq(last_error, "folder: Is a directory");
	ck_assert_uint_eq(count_entries("folder"), 0);
	/* 20 folders, "folder", and no temporary. */
	ck_assert_uint_eq(count_entries("."), 21);
}
END_TEST

/* MANY files are replaced, "new" instead of "old", while these calls fail. */
static void
replace_many(const char *faults)
{
	struct replace r;

	for (unsigned i = 0; i < MANY; i++)
		put(numbered(i), "old");
	replace_init(&r, on_done, &replaced);
	fault_set(faults);
	for (unsigned i = 0; i < MANY; i++)
		ck_assert_int_eq(replace_add(&r, numbered(i), slice_str("new"), &r, NULL), BT_OK);
	replace_commit(&r);
	fault_set(NULL);
	replace_fini(&r);
	ck_assert_uint_eq(replaced + failed, MANY);
	ck_assert_uint_eq(count_entries("3"), MANY / 20);	/* no temporary is left */
}

START_TEST(each_is_synced_where_not_all_can_be)
{
	replace_many("syncfs EIO /");
	ck_assert_uint_eq(fault_met(0), 2);	/* the files', the folders' */
	ck_assert_uint_eq(replaced, MANY);
	check_holds("3/23", "new");
}
END_TEST

START_TEST(one_that_cannot_be_synced_stays_as_it_was)
{
	replace_many("syncfs EIO /; fsync EIO /3/23.");
	ck_assert_uint_eq(fault_met(1), 1);
	ck_assert_uint_eq(failed, 1);
	ck_assert_str_eq(last_error, "3/23: Input/output error");
	check_holds("3/23", "old");
	check_holds("3/43", "new");
}
END_TEST

START_TEST(one_that_cannot_be_written_is_tried_once_more)
{
	replace_many("write ENOSPC /3/23. 1");
	ck_assert_uint_eq(fault_met(0), 2);
	ck_assert_uint_eq(replaced, MANY);
	check_holds("3/23", "new");
	replaced = failed = 0;
	replace_many("write ENOSPC /3/23.");
	ck_assert_uint_eq(fault_met(0), 2);
	ck_assert_uint_eq(failed, 1);
	ck_assert_str_eq(last_error, "3/23: No space left on device");
	check_holds("3/23", "old");
	check_holds("3/43", "new");
	/* The disk has filled since, and the other try meets another fault. */
	replaced = failed = 0;
	replace_many("write ENOSPC /3/23. 1; fsync EIO /3/23.");
	ck_assert_uint_eq(failed, 1);
	ck_assert_str_eq(last_error, "3/23: Input/output error");
	check_holds("3/23", "old");
}
END_TEST

START_TEST(no_memory_is_an_error)
{
	bool done = false;

	for (size_t n = 1; !done; n++) {
		struct replace r;
		unsigned added = 0;

		put("a", "old");
		replaced = failed = 0;
		replace_init(&r, on_done, &replaced);
		mem_fail_at(n);
		for (unsigned i = 0; i < 2; i++)
			added += replace_add(&r, "a", slice_str("new"), &r, NULL) == BT_OK;
		replace_commit(&r);
		mem_fail_at(0);
		replace_fini(&r);
		ck_assert_uint_eq(replaced + failed, added);
		done = replaced == 2;
		check_holds("a", replaced > 0 ? "new" : "old");
		ck_assert_uint_eq(count_entries("."), 1);
	}
}
END_TEST

Suite *
replace_suite(void)
{
	Suite *s = suite_create("base/replace");
	TCase *c = tcase_create("replace");

	tcase_add_checked_fixture(c, setup, drop_folder);
	tcase_add_test(c, many_are_replaced);
	tcase_add_test(c, nothing_happens_before_the_commit);
	tcase_add_test(c, mode_and_links_are_kept);
	tcase_add_test(c, one_that_fails_does_not_stop_the_rest);
	tcase_add_test(c, each_is_synced_where_not_all_can_be);
	tcase_add_test(c, one_that_cannot_be_synced_stays_as_it_was);
	tcase_add_test(c, one_that_cannot_be_written_is_tried_once_more);
	tcase_add_test(c, no_memory_is_an_error);
	suite_add_tcase(s, c);
	return s;
}
