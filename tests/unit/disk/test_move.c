/* SPDX-License-Identifier: ISC */
/* Content that is moved: all of it or nothing, and whatever is under way. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cdefs.h"
#include "slow.h"
#include "stand.h"

Suite *move_suite(void);

static const uint32_t files[] = { 1000, 5, 2 * PIECE, 70000, 3, 0 };

static struct bt_error moved_err;
static unsigned moved;

static void
on_moved(void *arg, const struct bt_error *err)
{
	(void)arg;
	moved++;
	moved_err = *err;
}

static const char *
path_of(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	char *out = path[turn++ % 4];

	(void)snprintf(out, sizeof(path[0]), "%s/%s", folder, name);
	return out;
}

static bool
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void
has_files(const char *root)
{
	char name[64];
	uint32_t at = 0;

	for (unsigned i = 0; files[i] != 0; i++) {
		(void)snprintf(name, sizeof(name), "%s/d/%02u", root, i);
		has_file(name, at, files[i]);
		at += files[i];
	}
}

static void
move_to(const char *path)
{
	moved = 0;
	store_move(content, path, on_moved, NULL);
	ck_assert_uint_eq(moved, 0);
	settle();
	ck_assert_uint_eq(moved, 1);
}

static void
check_finds_all(void)
{
	reset_counts();
	content_check(content, NULL);
	settle();
	ck_assert_uint_eq(checked_good, bt_metainfo_piece_count(meta));
}

START_TEST(moves_what_is_there)
{
	begin(0, files, 0, 8u << 20);
	put_all();
	move_to(path_of("new/place"));
	ck_assert_msg(moved_err.code == BT_OK, "%s", moved_err.text);
	has_files("new/place");
	ck_assert(!is_there(path_of("c")));
	check_finds_all();
	read_block(content, 0);
	settle();
	ck_assert_uint_eq(reads, 1);
	put_all();
	ck_assert_uint_eq(failed, 0);
	/* To where it is. */
	move_to(path_of("new/../new/place"));
	ck_assert_int_eq(moved_err.code, BT_OK);
	has_files("new/place");
	check_finds_all();
	end();
}
END_TEST

START_TEST(moves_a_single_file_and_its_name)
{
	begin(3 * PIECE + 7, NULL, 0, 8u << 20);
	/* Before anything is there. */
	move_to(path_of("x"));
	ck_assert_int_eq(moved_err.code, BT_OK);
	ck_assert(!is_there(path_of("x")) && !is_there(path_of("c")));
	put_all();
	has_file("x", 0, size);
	move_to(path_of("sub/y"));
	has_file("sub/y", 0, size);
	ck_assert(!is_there(path_of("x")));
	check_finds_all();
	end();
}
END_TEST

START_TEST(replaces_nothing)
{
	const char *inside;
	int fd;

	begin(0, files, 0, 8u << 20);
	put_all();
	ck_assert_int_eq(mkdir(path_of("new"), 0700), 0);
	ck_assert_int_eq(mkdir(path_of("new/d"), 0700), 0);
	inside = path_of("new/d/03");
	fd = open(inside, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, "mine", 4), 4);
	(void)close(fd);
	move_to(path_of("new"));
	ck_assert_int_eq(moved_err.code, BT_EEXIST);
	ck_assert_msg(strstr(moved_err.text, "d/03") != NULL, "%s", moved_err.text);
	has_files("c");
	ck_assert(is_there(inside) && !is_there(path_of("new/d/00")));
	check_finds_all();
	/* What somebody else has in the old folder stays there. */
	ck_assert_int_eq(unlink(inside), 0);
	fd = open(path_of("c/d/foreign"), O_WRONLY | O_CREAT, 0600);
	(void)close(fd);
	move_to(path_of("new"));
	ck_assert_int_eq(moved_err.code, BT_OK);
	has_files("new");
	ck_assert(is_there(path_of("c/d/foreign")) && !is_there(path_of("c/d/00")));
	end();
}
END_TEST

/* What was made on the way to a failure goes again. */
START_TEST(takes_back_what_fails)
{
	begin(0, files, 0, 8u << 20);
	put_all();
	/* The last file is none. */
	fds_drop(&disk.fds, 0);
	settle();
	ck_assert_int_eq(unlink(path_of("c/d/04")), 0);
	ck_assert_int_eq(mkdir(path_of("c/d/04"), 0700), 0);
	move_to(path_of("far/away"));
	ck_assert_int_eq(moved_err.sys_errno, EISDIR);
	ck_assert(!is_there(path_of("far")));
	has_file("c/d/00", 0, 1000);
	has_file("c/d/03", 1005 + 2 * PIECE, 70000);
	end();
}
END_TEST

static void
rename_to(uint32_t file, const char *path, enum bt_code code)
{
	moved = 0;
	store_rename(content, file, path, on_moved, NULL);
	settle();
	ck_assert_uint_eq(moved, 1);
	ck_assert_msg(moved_err.code == code, "%s: %d %s", path, moved_err.code, moved_err.text);
}

START_TEST(calls_a_file_otherwise)
{
	static const char *const unsafe[] = { "", "/", "/x", "x/", "../x", "a/../x", "a//b", ".",
		"a/." };

	begin(0, files, 0, 8u << 20);
	put_all();
	rename_to(2, "other/name", BT_OK);
	has_file("c/other/name", 1005, 2 * PIECE);
	ck_assert(!is_there(path_of("c/d/02")));
	/* What is not there yet comes there. */
	ck_assert_int_eq(unlink(path_of("c/d/00")), 0);
	rename_to(0, "first", BT_OK);
	put_all();
	has_file("c/first", 0, 1000);
	ck_assert(!is_there(path_of("c/d/00")));
	check_finds_all();
	/* Neither another's path, nor one that is taken, nor one that leads outside. */
	rename_to(1, "first", BT_EEXIST);
	rename_to(1, "d/03", BT_EEXIST);
	ck_assert_int_eq(mkdir(path_of("c/taken"), 0700), 0);
	rename_to(1, "taken", BT_EEXIST);
	for (size_t i = 0; i < COUNT_OF(unsafe); i++)
		rename_to(1, unsafe[i], BT_EARG);
	has_file("c/d/01", 1000, 5);
	/* Names go along. */
	move_to(path_of("new"));
	has_file("new/first", 0, 1000);
	has_file("new/other/name", 1005, 2 * PIECE);
	rename_to(2, "d/02", BT_OK);
	ck_assert(!is_there(path_of("new/other")));
	check_finds_all();
	end();
}
END_TEST

START_TEST(calls_a_single_file_otherwise)
{
	begin(PIECE, NULL, 0, 8u << 20);
	put_all();
	rename_to(0, "sub/z", BT_OK);
	has_file("sub/z", 0, size);
	check_finds_all();
	move_to(path_of("y"));
	has_file("y", 0, size);
	check_finds_all();
	end();
}
END_TEST

/* -- to another file system -- */

static char other[64];

static void
make_other(void)
{
	(void)snprintf(other, sizeof(other), "/dev/shm/test_store.XXXXXX");
	ck_assert(mkdtemp(other) != NULL);
	ck_assert(device_of(other) != device_of(folder));
}

static const char *
path_there(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", other, name);
	return path;
}

START_TEST(copies_to_another_file_system)
{
	struct stat before, after;

	begin(0, files, 0, 8u << 20);
	put_all();
	make_other();
	ck_assert_int_eq(truncate(path_of("c/d/03"), 1u << 20), 0);
	ck_assert_int_eq(stat(path_of("c/d/03"), &before), 0);
	move_to(path_there("new"));
	ck_assert_msg(moved_err.code == BT_OK, "%s", moved_err.text);
	ck_assert_int_eq(stat(path_there("new/d/03"), &after), 0);
	ck_assert_int_eq(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
	ck_assert_int_eq(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	ck_assert_uint_eq(after.st_mode, before.st_mode);
	ck_assert_int_eq(after.st_size, 1 << 20);
	/* The hole at its end is not filled. */
	ck_assert_int_lt(after.st_blocks, 1000);
	ck_assert(!is_there(path_of("c")));
	check_finds_all();
	/* And back, while it is being checked there. */
	content_check(content, NULL);
	move_to(path_of("c"));
	ck_assert_uint_eq(checked_good, 2 * bt_metainfo_piece_count(meta));
	ck_assert(!is_there(path_there("new")));
	check_finds_all();
	end();
	remove_all(other);
}
END_TEST

START_TEST(a_copy_that_fails_leaves_all_where_it_was)
{
	begin(0, files, 0, 8u << 20);
	put_all();
	make_other();
	for (unsigned i = 0; i < 3; i++) {
		slow_fail_copy(i, ENOSPC);
		move_to(path_there("new/deep"));
		ck_assert_int_eq(moved_err.code, BT_ENOSPC);
		ck_assert(!is_there(path_there("new")));
		has_files("c");
	}
	check_finds_all();
	end();
	remove_all(other);
}
END_TEST

/* -- whatever is under way -- */

START_TEST(jobs_wait_for_the_move)
{
	begin(0, files, 0, 8u << 20);
	put_all();
	reset_counts();
	moved = 0;
	slow_hold(device_of(folder), 0);
	put_piece(0, false);
	slow_wait_for(1);
	store_move(content, path_of("new"), on_moved, NULL);
	store_move(content, path_of("newer"), on_moved, NULL);
	put_piece(1, false);
	read_block(content, 2);
	content_check(content, NULL);
	content_prepare(content, NULL);
	/* While one is under way nothing is moved, and what came later is not begun. */
	ck_assert_uint_eq(pool_under_way(pool), 1);
	ck_assert(is_there(path_of("c")));
	slow_let_go();
	settle();
	ck_assert_uint_eq(moved, 2);
	ck_assert_int_eq(moved_err.code, BT_OK);
	ck_assert_uint_eq(good, 2);
	ck_assert_uint_eq(reads, 1);
	ck_assert_uint_eq(made, 1);
	ck_assert_uint_eq(checked_good, bt_metainfo_piece_count(meta));
	has_files("newer");
	ck_assert(!is_there(path_of("c")) && !is_there(path_of("new")));
	end();
}
END_TEST

START_TEST(what_is_being_sent_stays_open)
{
	const struct content_read what = { 1, 0, 1000, 7 };
	struct sendq_file file;
	uint8_t there[1000];

	begin(0, files, 0, 8u << 20);
	put_all();
	make_other();
	ck_assert(content_read(content, &what, &file));
	move_to(path_there("new"));
	ck_assert_int_eq(pread(file.fd, there, 1000, (off_t)file.offset), 1000);
	ck_assert_mem_eq(there, bytes + PIECE, 1000);
	file.release(file.owner);
	end();
	remove_all(other);
}
END_TEST

START_TEST(freed_while_it_moves)
{
	for (unsigned i = 0; i < 8; i++) {
		begin(0, files, 0, 8u << 20);
		put_all();
		moved = 0;
		if (i % 2 == 1)
			put_piece(0, false);
		store_move(content, path_of("new"), on_moved, NULL);
		read_block(content, 0);
		if (i % 4 >= 2)
			(void)pool_wait(pool);
		content_free(content);
		moved = 0;
		settle();
		ck_assert_uint_eq(moved, 0);
		/* Here or there, but all of it. */
		has_files(is_there(path_of("c/d/00")) ? "c" : "new");
		open_store("e");
		end();
	}
}
END_TEST

Suite *
move_suite(void)
{
	Suite *s = suite_create("disk/move");
	TCase *c = tcase_create("move");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, moves_what_is_there);
	tcase_add_test(c, moves_a_single_file_and_its_name);
	tcase_add_test(c, replaces_nothing);
	tcase_add_test(c, takes_back_what_fails);
	tcase_add_test(c, calls_a_file_otherwise);
	tcase_add_test(c, calls_a_single_file_otherwise);
	tcase_add_test(c, copies_to_another_file_system);
	tcase_add_test(c, a_copy_that_fails_leaves_all_where_it_was);
	tcase_add_test(c, jobs_wait_for_the_move);
	tcase_add_test(c, what_is_being_sent_stays_open);
	tcase_add_test(c, freed_while_it_moves);
	suite_add_tcase(s, c);
	return s;
}
