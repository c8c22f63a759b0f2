/* SPDX-License-Identifier: ISC */
/* What is told when a disk is full, slow, broken or gone, or there are no descriptors. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "slow.h"
#include "stand.h"

Suite *bad_days_suite(void);

START_TEST(more_is_not_taken_in_than_can_be_written)
{
	struct content *first;
	unsigned put = 0;

	begin(40 * PIECE, NULL, 0, 8u << 20);
	first = content;
	open_store("d");
	settle();
	slow_hold(device_of(folder), 0);
	while (!content_busy(content)) {
		put_piece(put % 40, false);
		ck_assert_uint_lt(++put, 1000);
	}
	ck_assert(content_busy(first));
	/* It eases not as soon as there is room again, but when much of it is written ... */
	slow_let_go();
	while (disk.writing >= 4u << 20) {
		ck_assert(content_busy(content) && eased == 0);
		ck_assert(pool_wait(pool));
	}
	/* ... and all are told, once. */
	ck_assert_uint_eq(eased, 2);
	ck_assert(!content_busy(content));
	settle();
	ck_assert_uint_eq(eased, 2);
	ck_assert_uint_eq(good, put);
	content_free(first);
	end();
}
END_TEST

START_TEST(a_spilled_piece_that_cannot_be_read_back)
{
	begin(4 * PIECE, NULL, 0, 0);
	put(1, 0, false);
	put(1, 1, false);
	settle();
	slow_fail_read(EIO);
	content_finish(content, 1);
	settle();
	ck_assert_uint_eq(failed, 1);
	ck_assert_int_eq(last_error.code, BT_EIO);
	ck_assert_int_eq(last_error.sys_errno, EIO);
	put_piece(1, false);
	settle();
	ck_assert_uint_eq(good, 1);
	end();
}
END_TEST

START_TEST(a_full_disk_is_told_from_a_broken_one)
{
	static const struct {
		int error;
		enum bt_code code;
	} days[] = { { ENOSPC, BT_ENOSPC }, { EDQUOT, BT_ENOSPC }, { EIO, BT_EIO },
		{ ESTALE, BT_EGONE }, { EROFS, BT_EIO } };

	begin(4 * PIECE, NULL, 0, 8u << 20);
	for (size_t i = 0; i < COUNT_OF(days); i++) {
		slow_fail_write(days[i].error);
		put_piece(0, false);
		settle();
		ck_assert_uint_eq(failed, i + 1);
		ck_assert_int_eq(last_error.code, days[i].code);
		ck_assert_int_eq(last_error.sys_errno, days[i].error);
	}
	put_piece(0, false);
	settle();
	ck_assert_uint_eq(good, 1);
	end();
}
END_TEST

START_TEST(a_folder_that_vanished_is_not_made_anew)
{
	static const uint32_t files[] = { 1000, 2 * PIECE, 0 };
	char path[128], away[128];
	struct stat st;

	begin(0, files, 0, 8u << 20);
	put_all();
	ck_assert_uint_eq(good, 3);
	(void)snprintf(path, sizeof(path), "%s/c", folder);
	(void)snprintf(away, sizeof(away), "%s/away", folder);
	ck_assert_int_eq(rename(path, away), 0);
	fds_drop(&disk.fds, 0);
	put_piece(0, false);
	settle();
	ck_assert_uint_eq(failed, 1);
	ck_assert_int_eq(last_error.code, BT_EGONE);
	ck_assert_msg(strstr(last_error.text, path) != NULL, "%s", last_error.text);
	read_block(content, 0);
	settle();
	ck_assert_uint_eq(reads, 1);
	ck_assert_int_eq(last_error.code, BT_EGONE);
	ck_assert_int_ne(stat(path, &st), 0);
	/* It is back, as after mounting a disk. */
	ck_assert_int_eq(rename(away, path), 0);
	put_piece(0, false);
	settle();
	ck_assert_uint_eq(good, 4);
	end();
}
END_TEST

START_TEST(another_disk_in_its_place_is_not_written_to)
{
	char path[64] = "/dev/shm/test_store.XXXXXX", link[128];

	begin(2 * PIECE, (const uint32_t[]){ 2 * PIECE, 0 }, 0, 8u << 20);
	put_all();
	fds_drop(&disk.fds, 0);
	(void)snprintf(link, sizeof(link), "%s/c", folder);
	remove_all(link);
	ck_assert(mkdtemp(path) != NULL);
	ck_assert(device_of(path) != device_of(folder));
	ck_assert_int_eq(symlink(path, link), 0);
	put_piece(0, false);
	settle();
	ck_assert_uint_eq(failed, 1);
	ck_assert_int_eq(last_error.code, BT_EGONE);
	/* Nothing was made there. */
	ck_assert_int_eq(rmdir(path), 0);
	end();
}
END_TEST

/* -- no descriptors -- */

static const uint32_t small_files[] = { 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
	1000, 1000, 0 };

static unsigned
count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

START_TEST(more_files_than_a_job_has_places)
{
	unsigned before = count_descriptors();

	begin(0, small_files, 0, 8u << 20);
	disk.fds.max = 20;
	/* The first opens them; of those that follow most are pinned, and no place is free. */
	for (unsigned i = 1; i <= 3; i++) {
		put_all();
		ck_assert_uint_eq(good, i);
		content_check(content, NULL);
		settle();
		ck_assert_uint_eq(checked_good, i);
	}
	has_file("c/d/00", 0, 1000);
	has_file("c/d/11", 11000, 1000);
	end();
	ck_assert_uint_eq(count_descriptors(), before);
}
END_TEST

START_TEST(a_job_gives_up_its_own_files_first)
{
	begin(0, small_files, 0, 8u << 20);
	/* Of each file two names are opened: the folder, and it. */
	slow_starve(7, 1);
	put_all();
	ck_assert_uint_eq(good, 1);
	has_file("c/d/00", 0, 1000);
	has_file("c/d/03", 3000, 1000);
	end();
}
END_TEST

START_TEST(idle_files_are_closed_for_who_finds_no_descriptor)
{
	begin(0, (const uint32_t[]){ PIECE, PIECE, PIECE, PIECE, PIECE, PIECE, 0 }, 0, 8u << 20);
	put_all();
	ck_assert_uint_eq(disk.fds.count, 4);
	reset_counts();
	slow_starve(0, 1);
	read_block(content, 0);
	settle();
	ck_assert_uint_eq(reads, 1);
	ck_assert_int_eq(last_error.code, BT_OK);
	ck_assert(last_block != NULL);
	/* Half of them, then the one that is new. */
	ck_assert_uint_eq(disk.fds.count, 3);
	slow_starve(0, 2);
	put_piece(1, false);
	settle();
	ck_assert_uint_eq(good, 1);
	end();
}
END_TEST

START_TEST(no_descriptor_at_all_is_told_as_such)
{
	begin(4 * PIECE, NULL, 0, 8u << 20);
	put_all();
	reset_counts();
	fds_drop(&disk.fds, 0);
	slow_starve(0, 1000);
	put_piece(0, false);
	settle();
	ck_assert_uint_eq(failed, 1);
	ck_assert_int_eq(last_error.code, BT_EMFILE);
	/* A check does not take what it cannot open for bad. */
	content_check(content, NULL);
	settle();
	ck_assert(check_is_done);
	ck_assert_int_eq(last_error.code, BT_EMFILE);
	ck_assert_uint_eq(checked_bad, 0);
	slow_starve(0, 0);
	check_is_done = false;
	content_check(content, NULL);
	settle();
	ck_assert_uint_eq(checked_good, 4);
	ck_assert(check_is_done && last_error.code == BT_OK);
	end();
}
END_TEST

/* What was put aside cannot be brought back: whoever wants it is told. */
START_TEST(what_lies_aside_cannot_be_read)
{
	static const uint32_t files[] = { 5 * PIECE, 5 * PIECE, 0 };
	struct bits wanted;

	begin(10 * PIECE, files, 0, 8u << 20);
	ck_assert(bits_init(&wanted, 2));
	(void)bits_set(&wanted, 0);
	content_choose(content, &wanted);
	bits_fini(&wanted);
	put_all();
	content_free(content);
	settle();
	reset_counts();
	last_error = (struct bt_error){ .code = BT_OK };
	slow_fail_read(EIO);
	open_store("c");
	settle();
	ck_assert_int_eq(last_error.code, BT_EIO);
	content_free(content);
	settle();
	last_error = (struct bt_error){ .code = BT_OK };
	open_store("c");
	settle();
	ck_assert_int_eq(last_error.code, BT_OK);
	has_file("c/d/01", 5 * PIECE, 5 * PIECE);
	end();
}
END_TEST

Suite *
bad_days_suite(void)
{
	Suite *s = suite_create("disk/store on bad days");
	TCase *c = tcase_create("bad days");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, more_is_not_taken_in_than_can_be_written);
	tcase_add_test(c, a_spilled_piece_that_cannot_be_read_back);
	tcase_add_test(c, a_full_disk_is_told_from_a_broken_one);
	tcase_add_test(c, a_folder_that_vanished_is_not_made_anew);
	tcase_add_test(c, another_disk_in_its_place_is_not_written_to);
	tcase_add_test(c, more_files_than_a_job_has_places);
	tcase_add_test(c, a_job_gives_up_its_own_files_first);
	tcase_add_test(c, idle_files_are_closed_for_who_finds_no_descriptor);
	tcase_add_test(c, no_descriptor_at_all_is_told_as_such);
	tcase_add_test(c, what_lies_aside_cannot_be_read);
	suite_add_tcase(s, c);
	return s;
}
