/* SPDX-License-Identifier: ISC */
#include "base/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "folder.h"
#include "helper.h"

Suite *file_suite(void);

static void
check_holds(const char *path, const char *text)
{
	struct bt_error err;
	struct buf b;

	buf_init(&b, 1000);
	ck_assert_int_eq(file_read(path, &b, &err), BT_OK);
	ck_assert_str_eq(buf_cstr(&b), text);
	buf_fini(&b);
}

START_TEST(what_a_killed_writer_left_is_taken_away)
{
	struct file_staged staged;
	struct bt_error err;
	struct stat st;

	make_folder();
	ck_assert_int_eq(file_replace("f", slice_str("old"), &err), BT_OK);
	ck_assert_int_eq(chmod("f", 0640), 0);
	ck_assert_int_eq(symlink("nowhere", "f.new"), 0);
	for (unsigned killed = 0; killed < 2; killed++) {
		ck_assert_int_eq(file_stage_sole("f", &staged, &err), BT_OK);
		ck_assert_uint_eq(count_entries("."), 2);
		ck_assert(file_write_all(staged.fd, slice_str("half")));
		(void)close(staged.fd);
		mem_free(staged.temp);
		mem_free(staged.real);
	}
	ck_assert_int_eq(file_stage_sole("f", &staged, &err), BT_OK);
	ck_assert(file_write_all(staged.fd, slice_str("new")));
	check_holds("f", "old");
	ck_assert_int_eq(file_commit(&staged, &err), BT_OK);
	file_staged_fini(&staged);
	check_holds("f", "new");
	ck_assert_int_eq(stat("f", &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0640);
	ck_assert_uint_eq(count_entries("."), 1);
	ck_assert_int_eq(mkdir("d.new", 0755), 0);
	ck_assert_int_eq(file_stage_sole("d", &staged, &err), BT_EEXIST);
	ck_assert_int_eq(file_stage_sole("none/f", &staged, &err), BT_ENOENT);
	drop_folder();
}
END_TEST

START_TEST(replaces_and_keeps_the_mode)
{
	struct bt_error err;
	struct stat st;

	make_folder();
	(void)umask(022);
	ck_assert_int_eq(file_replace("a", slice_str("one"), &err), BT_OK);
	ck_assert_int_eq(stat("a", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(chmod("a", 0600), 0);
	ck_assert_int_eq(file_replace("a", slice_str("two"), &err), BT_OK);
	ck_assert_int_eq(stat("a", &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	check_holds("a", "two");
	ck_assert_uint_eq(count_entries("."), 1);
	drop_folder();
}
END_TEST

START_TEST(replaces_what_a_link_points_to)
{
	struct bt_error err;
	struct stat st;

	make_folder();
	ck_assert_int_eq(mkdir("d", 0777), 0);
	ck_assert_int_eq(file_replace("d/real", slice_str("one"), &err), BT_OK);
	ck_assert_int_eq(symlink("d/real", "link"), 0);
	ck_assert_int_eq(file_replace("link", slice_str("two"), &err), BT_OK);
	ck_assert_int_eq(lstat("link", &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	check_holds("d/real", "two");
	drop_folder();
}
END_TEST

START_TEST(leaves_nothing_behind_on_failure)
{
	struct bt_error err;

	make_folder();
	ck_assert_int_eq(mkdir("d", 0777), 0);
	ck_assert_int_ne(file_replace("d", slice_str("x"), &err), BT_OK);
	ck_assert_int_eq(file_replace("none/x", slice_str("x"), &err), BT_ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "none/x"));
	ck_assert_uint_eq(count_entries("."), 1);
	drop_folder();
}
END_TEST

/* More than is read in one go, into huge pages, and behind what is there. */
START_TEST(reads_large_files)
{
	const size_t size = (5u << 20) + 12345;
	struct bt_error err;
	struct buf b, back;
	uint8_t *p;

	make_folder();
	buf_init(&b, size);
	buf_init(&back, 2 * size);
	p = buf_add_space(&b, size);
	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < size; i++)
		p[i] = (uint8_t)(i * 2654435761u >> 13);
	ck_assert_int_eq(file_replace("a", buf_slice(&b), &err), BT_OK);
	for (size_t times = 1; times <= 2; times++) {
		ck_assert_int_eq(file_read("a", &back, &err), BT_OK);
		ck_assert_uint_eq(back.len, times * size);
		ck_assert_mem_eq(back.ptr + back.len - size, b.ptr, size);
	}
	ck_assert_mem_eq(back.ptr, b.ptr, size);
	ck_assert_int_eq(file_read("a", &back, &err), BT_ELIMIT);
	buf_fini(&back);
	buf_fini(&b);
	drop_folder();
}
END_TEST

START_TEST(reads_up_to_a_limit)
{
	struct bt_error err;
	struct buf b;

	make_folder();
	ck_assert_int_eq(file_replace("a", slice_str("12345"), &err), BT_OK);
	buf_init(&b, 4);
	ck_assert_int_eq(file_read("a", &b, &err), BT_ELIMIT);
	buf_fini(&b);
	buf_init(&b, 5);
	ck_assert_int_eq(file_read("a", &b, &err), BT_OK);
	ck_assert_uint_eq(b.len, 5);
	buf_fini(&b);
	buf_init(&b, 4);
	ck_assert_int_eq(file_read("none", &b, &err), BT_ENOENT);
	ck_assert_int_eq(file_read(".", &b, &err), BT_EIO);
	buf_fini(&b);
	drop_folder();
}
END_TEST

START_TEST(makes_folders)
{
	struct bt_error err;
	struct stat st;

	make_folder();
	ck_assert_int_eq(file_make_dirs("a/b/c", &err), BT_OK);
	ck_assert_int_eq(stat("a/b/c", &st), 0);
	ck_assert_int_eq(file_make_dirs("a/b/c", &err), BT_OK);
	ck_assert_int_eq(file_replace("a/f", slice_str(""), &err), BT_OK);
	ck_assert_int_ne(file_make_dirs("a/f/g", &err), BT_OK);
	drop_folder();
}
END_TEST

Suite *
file_suite(void)
{
	Suite *s = suite_create("base/file");
	TCase *c = tcase_create("file");

	tcase_add_test(c, replaces_and_keeps_the_mode);
	tcase_add_test(c, what_a_killed_writer_left_is_taken_away);
	tcase_add_test(c, replaces_what_a_link_points_to);
	tcase_add_test(c, leaves_nothing_behind_on_failure);
	tcase_add_test(c, reads_large_files);
	tcase_add_test(c, reads_up_to_a_limit);
	tcase_add_test(c, makes_folders);
	suite_add_tcase(s, c);
	return s;
}
