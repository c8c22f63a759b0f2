/* SPDX-License-Identifier: ISC */
#include <btcore/folder.h>

#include <poll.h>
#include <string.h>

#include "folder.h"

static struct bt_folder *f;
static char told[400];		/* what the last look told: "+a ~b -c " */
static int numbers[8], next_number;

static void
set_up(void)
{
	make_folder();
	ck_assert_int_eq(file_make_dirs("list", NULL), BT_OK);
	f = bt_folder_new("list");
	ck_assert_ptr_nonnull(f);
	next_number = 0;
}

static void
tear_down(void)
{
	bt_folder_free(f);
	drop_folder();
}

static void
put(const char *path, const char *text)
{
	put_file(path, text, strlen(text));
}

/* Each file has a number from when it is added on. */
static void
on_change(void *arg, enum bt_folder_change change, const char *path, void **mark)
{
	size_t used = strlen(told);

	(void)arg;
	ck_assert_int_eq(strncmp(path, "list/", 5), 0);
	if (change == BT_FOLDER_ADDED) {
		ck_assert_ptr_null(*mark);
		numbers[next_number] = next_number;
		*mark = &numbers[next_number++];
	}
	(void)snprintf(told + used, sizeof(told) - used, "%c%s=%d ", "+~-"[change], path + 5,
	    **(int **)mark);
}

static void
look(const char *wanted)
{
	told[0] = '\0';
	ck_assert_int_eq(bt_folder_look(f, on_change, NULL, NULL), BT_OK);
	ck_assert_str_eq(told, wanted);
}

static bool
is_worth_a_look(void)
{
	struct pollfd p = { .fd = bt_folder_fd(f), .events = POLLIN };

	return poll(&p, 1, 1000) == 1;
}

static bool
is_silent(void)
{
	struct pollfd p = { .fd = bt_folder_fd(f), .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

START_TEST(tells_what_came_changed_and_went)
{
	put("list/b.torrent", "1");
	put("list/a.torrent", "1");
	put("list/c.torrent", "1");
	put("list/c.txt", "1");
	put("list/.d.torrent", "1");
	look("+a.torrent=0 +b.torrent=1 +c.torrent=2 ");
	look("");
	put("list/b.torrent", "12");
	put("list/aa.torrent", "1");
	ck_assert_int_eq(unlink("list/a.torrent"), 0);
	look("-a.torrent=0 +aa.torrent=3 ~b.torrent=1 ");
	ck_assert_int_eq(unlink("list/c.torrent"), 0);
	look("-c.torrent=2 ");
}
END_TEST

START_TEST(looks_below_only_where_there_is_none)
{
	put("list/x/one.torrent", "1");
	put("list/y/z/two.torrent", "1");
	look("+x/one.torrent=0 +y/z/two.torrent=1 ");
	put("list/top.torrent", "1");
	look("+top.torrent=2 -x/one.torrent=0 -y/z/two.torrent=1 ");
}
END_TEST

START_TEST(says_when_it_is_worth_a_look)
{
	look("");
	ck_assert(is_silent());
	put("list/a.torrent", "1");
	ck_assert(is_worth_a_look());
	look("+a.torrent=0 ");
	ck_assert(is_silent());
	put("list/a.torrent", "12");
	ck_assert(is_worth_a_look());
	look("~a.torrent=0 ");
	ck_assert_int_eq(unlink("list/a.torrent"), 0);
	ck_assert(is_worth_a_look());
	look("-a.torrent=0 ");
}
END_TEST

START_TEST(watches_the_folders_that_count)
{
	put("list/x/one.torrent", "1");
	look("+x/one.torrent=0 ");
	put("list/x/two.torrent", "1");
	ck_assert(is_worth_a_look());
	look("+x/two.torrent=1 ");
	put("list/top.torrent", "1");
	look("+top.torrent=2 -x/one.torrent=0 -x/two.torrent=1 ");
	/* What is below counts no more. */
	put("list/x/three.torrent", "1");
	look("");
	put("list/x/four.torrent", "1");
	ck_assert(is_silent());
	ck_assert_int_eq(unlink("list/top.torrent"), 0);
	look("-top.torrent=2 +x/four.torrent=3 +x/one.torrent=4 +x/three.torrent=5 "
	    "+x/two.torrent=6 ");
}
END_TEST

START_TEST(forgets_nothing_when_it_cannot_look)
{
	struct bt_error err;

	put("list/a.torrent", "1");
	look("+a.torrent=0 ");
	ck_assert_int_eq(rename("list", "gone"), 0);
	told[0] = '\0';
	ck_assert_int_eq(bt_folder_look(f, on_change, NULL, &err), BT_ENOENT);
	ck_assert_str_eq(told, "");
	ck_assert_ptr_nonnull(strstr(err.text, "list"));
	ck_assert_int_eq(rename("gone", "list"), 0);
	look("");
}
END_TEST

Suite *folder_suite(void);

Suite *
folder_suite(void)
{
	Suite *s = suite_create("folder");
	TCase *tc = tcase_create("look");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, tells_what_came_changed_and_went);
	tcase_add_test(tc, looks_below_only_where_there_is_none);
	tcase_add_test(tc, says_when_it_is_worth_a_look);
	tcase_add_test(tc, watches_the_folders_that_count);
	tcase_add_test(tc, forgets_nothing_when_it_cannot_look);
	suite_add_tcase(s, tc);
	return s;
}
