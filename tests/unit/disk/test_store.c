/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stand.h"

Suite *store_suite(void);

START_TEST(good_pieces_are_kept)
{
	begin(10 * PIECE + 777, NULL, 0, 8u << 20);
	put_all();
	ck_assert_uint_eq(good, 11);
	ck_assert_uint_eq(bad + failed, 0);
	has_file("c", 0, size);
	end();
}
END_TEST

START_TEST(bad_pieces_are_not_written)
{
	begin(4 * PIECE, NULL, 0, 8u << 20);
	put_all();
	reset_counts();
	put_piece(2, true);
	settle();
	ck_assert_uint_eq(bad, 1);
	has_file("c", 0, size);
	put_piece(2, false);
	settle();
	ck_assert_uint_eq(good, 1);
	end();
}
END_TEST

/* Hardly anything may be kept in memory. */
START_TEST(spills)
{
	begin(20 * PIECE + 5, NULL, 0, BLOCK_SIZE);
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < bt_metainfo_piece_count(meta); i++) {
			if (round < blocks_of(i))
				put(i, round, i == 3 && round == 0);
		}
	}
	for (uint32_t i = 0; i < bt_metainfo_piece_count(meta); i++)
		content_finish(content, i);
	settle();
	ck_assert_uint_eq(good, 20);
	ck_assert_uint_eq(bad, 1);
	put_piece(3, false);
	settle();
	ck_assert_uint_eq(good, 21);
	has_file("c", 0, size);
	end();
}
END_TEST

/* What may be kept is kept, to the last byte of it. */
START_TEST(spills_only_what_is_too_much)
{
	char path[128];

	begin(20 * PIECE, NULL, 0, 2 * BLOCK_SIZE);
	(void)snprintf(path, sizeof(path), "%s/c", folder);
	put(0, 0, false);
	put(1, 0, false);
	settle();
	ck_assert_uint_eq(disk.gathered, 2 * BLOCK_SIZE);
	ck_assert_int_ne(access(path, F_OK), 0);
	put(2, 0, false);
	settle();
	ck_assert_uint_eq(disk.gathered, 2 * BLOCK_SIZE);
	ck_assert_int_eq(access(path, F_OK), 0);
	end();
}
END_TEST

START_TEST(many_small_files)
{
	static const uint32_t files[] = { 1, 5, 100, PIECE, 3, PIECE - 109, 7, 70000, 1, 1, 1, 9, 2,
		40000, 0 };
	char name[16];
	uint32_t at = 0;

	begin(0, files, 0, 8u << 20);
	put_all();
	ck_assert_uint_eq(good, bt_metainfo_piece_count(meta));
	for (unsigned i = 0; files[i] != 0; i++) {
		(void)snprintf(name, sizeof(name), "c/d/%02u", i);
		has_file(name, at, files[i]);
		at += files[i];
	}
	content_check(content, NULL);
	settle();
	ck_assert(check_is_done);
	ck_assert_uint_eq(checked_good, bt_metainfo_piece_count(meta));
	end();
}
END_TEST

START_TEST(padding_is_not_written)
{
	static const uint32_t files[] = { 1000, PIECE - 1000, 500, 0 };
	struct stat st;
	char path[128];

	begin(0, files, 2, 8u << 20);
	put_all();
	ck_assert_uint_eq(good, 2);
	has_file("c/d/00", 0, 1000);
	has_file("c/d/02", PIECE, 500);
	(void)snprintf(path, sizeof(path), "%s/c/d/01", folder);
	ck_assert_int_ne(stat(path, &st), 0);
	content_check(content, NULL);
	settle();
	ck_assert_uint_eq(checked_good, 2);
	end();
}
END_TEST

START_TEST(padding_need_not_be_put)
{
	static const uint32_t files[] = { 1000, PIECE - 1000, 500, 0 };

	begin(0, files, 2, 8u << 20);
	ck_assert_uint_gt(blocks_of(0), 1);
	put(0, 0, false);
	content_finish(content, 0);
	settle();
	ck_assert_uint_eq(good, 1);
	ck_assert_uint_eq(bad + failed, 0);
	has_file("c/d/00", 0, 1000);
	end();
}
END_TEST

START_TEST(check_finds_what_is_there)
{
	char path[128];
	int fd;

	begin(10 * PIECE, NULL, 0, 8u << 20);
	content_check(content, NULL);
	settle();
	ck_assert(check_is_done && last_error.code == BT_OK);
	ck_assert_uint_eq(checked_bad, 10);
	put_all();
	(void)snprintf(path, sizeof(path), "%s/c", folder);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "?", 1, 3 * PIECE + 5), 1);
	ck_assert_int_eq(ftruncate(fd, 9 * PIECE - 1), 0);
	(void)close(fd);
	reset_counts();
	content_check(content, NULL);
	settle();
	ck_assert_uint_eq(checked_good, 7);
	ck_assert_uint_eq(checked_bad, 3);
	end();
}
END_TEST

START_TEST(what_is_gone_cannot_be_read)
{
	const struct content_read what = { 0, 0, 100, 7 };
	struct sendq_file file;

	begin(2 * PIECE, NULL, 0, 8u << 20);
	ck_assert(!content_read(content, &what, &file));
	settle();
	ck_assert_uint_eq(reads, 1);
	ck_assert(last_block == NULL && last_error.code == BT_ENOENT);
	end();
}
END_TEST

/* A disk that is full, as far as this process can tell. */
START_TEST(disk_full)
{
	struct rlimit old, tiny;

	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	begin(10 * PIECE, NULL, 0, 8u << 20);
	tiny = (struct rlimit){ 3 * PIECE + 100, old.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tiny), 0);
	put_all();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	ck_assert_uint_eq(good, 3);
	ck_assert_uint_eq(failed, 7);
	ck_assert_msg(strstr(last_error.text, "c") != NULL && last_error.sys_errno != 0, "%s",
	    last_error.text);
	put_all();
	ck_assert_uint_eq(good, 13);
	has_file("c", 0, size);
	end();
}
END_TEST

/* The same while spilling, with two spillings of a piece under way at once. */
START_TEST(disk_full_while_spilling)
{
	struct rlimit old, tiny;

	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	begin(10 * PIECE, NULL, 0, 0);
	tiny = (struct rlimit){ 100, old.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tiny), 0);
	for (uint32_t i = 0; i < 10; i++)
		put_piece(i, false);
	settle();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	ck_assert_uint_eq(good, 0);
	ck_assert_uint_eq(failed, 10);
	put_all();
	ck_assert_uint_eq(good, 10);
	end();
}
END_TEST

/* For root every folder can be written to, so the way is barred otherwise. */
START_TEST(a_file_is_in_the_way)
{
	static const uint32_t files[] = { 1000, 500, 0 };
	char path[128];

	begin(0, files, 0, 8u << 20);
	(void)snprintf(path, sizeof(path), "%s/c", folder);
	(void)close(open(path, O_CREAT | O_WRONLY, 0600));
	put_all();
	ck_assert_uint_eq(failed, 1);
	ck_assert_int_eq(last_error.sys_errno, ENOTDIR);
	end();
}
END_TEST

START_TEST(no_link_is_followed)
{
	static const uint32_t files[] = { 1000, 500, 0 };
	char path[128], outside[128];
	struct stat st;

	begin(0, files, 0, 8u << 20);
	(void)snprintf(outside, sizeof(outside), "%s/outside", folder);
	ck_assert_int_eq(mkdir(outside, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/c", folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/c/d", folder);
	ck_assert_int_eq(symlink(outside, path), 0);
	put_all();
	ck_assert_uint_eq(failed, 1);
	(void)snprintf(path, sizeof(path), "%s/outside/00", folder);
	ck_assert_int_ne(stat(path, &st), 0);
	end();
}
END_TEST

START_TEST(freed_with_jobs_under_way)
{
	const struct content_read what = { 0, 0, 100, 7 };
	struct sendq_file file;
	bool held;

	for (int i = 0; i < 30; i++) {
		begin(20 * PIECE, NULL, 0, i % 2 ? BLOCK_SIZE : 8u << 20);
		put_piece(0, false);
		settle();
		for (uint32_t k = 1; k < 10; k++)
			put_piece(k, false);
		put(15, 0, false);
		content_check(content, NULL);
		held = content_read(content, &what, &file);
		if (i % 3 == 0)
			(void)pool_wait(pool);
		content_free(content);
		good = reads = 0;
		settle();
		ck_assert_uint_eq(good + reads, 0);
		ck_assert(TAILQ_EMPTY(&disk.stores));
		/* It may still be on its way to a peer. */
		if (held)
			file.release(file.owner);
		open_store("d");
		end();
	}
}
END_TEST

START_TEST(a_check_makes_nothing)
{
	static const uint32_t files[] = { 1000, 500, 0 };
	struct stat st;
	char path[128];

	begin(0, files, 0, 8u << 20);
	content_check(content, NULL);
	settle();
	ck_assert(check_is_done);
	(void)snprintf(path, sizeof(path), "%s/c", folder);
	ck_assert_int_ne(stat(path, &st), 0);
	end();
}
END_TEST

/* -- version 2 -- */

static const uint32_t v2_files[] = { 3 * PIECE + 5000, 20000, PIECE, 7, 0 };

START_TEST(takes_and_checks_version_2)
{
	/* In memory, and spilled. */
	for (int i = 0; i < 2; i++) {
		begin_v2(v2_files, true, i == 0 ? 8u << 20 : 0);
		put_all();
		ck_assert_uint_eq(good, 7);
		ck_assert_uint_eq(bad + failed + untold, 0);
		has_file("c/00", 0, v2_files[0]);
		has_file("c/01", 4 * PIECE, v2_files[1]);
		has_file("c/02", 5 * PIECE, v2_files[2]);
		has_file("c/03", 6 * PIECE, v2_files[3]);
		content_check(content, NULL);
		settle();
		ck_assert_uint_eq(checked_good, 7);
		ck_assert(check_is_done && last_error.code == BT_OK);
		put_piece(1, true);
		put_piece(6, true);
		settle();
		ck_assert_uint_eq(bad, 2);
		end();
	}
}
END_TEST

START_TEST(cannot_tell_without_layers)
{
	char path[128];
	int fd;

	begin_v2(v2_files, false, 8u << 20);
	put_all();
	/* Files of one piece have their hash in any case. */
	ck_assert_uint_eq(untold, 4);
	ck_assert_uint_eq(good, 3);
	ck_assert_uint_eq(bad + failed, 0);
	/* It is there nevertheless. */
	(void)snprintf(path, sizeof(path), "%s/c/00", folder);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(pwrite(fd, bytes, v2_files[0], 0), (ssize_t)v2_files[0]);
	(void)close(fd);
	content_check(content, NULL);
	settle();
	ck_assert_uint_eq(checked_good, 3);
	ck_assert_uint_eq(checked_bad, 4);
	ck_assert(check_is_done && last_error.code == BT_ENOHASH);
	end();
}
END_TEST

START_TEST(a_hybrid_answers_both_hashes)
{
	for (unsigned lie = 0; lie < 2; lie++) {
		begin_hybrid(lie == 1);
		put_piece(0, false);
		settle();
		ck_assert_uint_eq(good, 1 - lie);
		ck_assert_uint_eq(bad, lie);
		put_piece(0, true);
		settle();
		ck_assert_uint_eq(bad, 1 + lie);
		content_check(content, NULL);
		settle();
		ck_assert_uint_eq(checked_good, 1 - lie);
		end();
	}
}
END_TEST

Suite *
store_suite(void)
{
	Suite *s = suite_create("disk/store");
	TCase *c = tcase_create("store");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, good_pieces_are_kept);
	tcase_add_test(c, bad_pieces_are_not_written);
	tcase_add_test(c, spills);
	tcase_add_test(c, spills_only_what_is_too_much);
	tcase_add_test(c, many_small_files);
	tcase_add_test(c, padding_is_not_written);
	tcase_add_test(c, padding_need_not_be_put);
	tcase_add_test(c, check_finds_what_is_there);
	tcase_add_test(c, what_is_gone_cannot_be_read);
	tcase_add_test(c, disk_full);
	tcase_add_test(c, disk_full_while_spilling);
	tcase_add_test(c, a_file_is_in_the_way);
	tcase_add_test(c, no_link_is_followed);
	tcase_add_test(c, freed_with_jobs_under_way);
	tcase_add_test(c, a_check_makes_nothing);
	tcase_add_test(c, takes_and_checks_version_2);
	tcase_add_test(c, cannot_tell_without_layers);
	tcase_add_test(c, a_hybrid_answers_both_hashes);
	suite_add_tcase(s, c);
	return s;
}
