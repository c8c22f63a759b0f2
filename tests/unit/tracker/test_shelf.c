/* SPDX-License-Identifier: ISC */
#include "tracker/shelf.h"

#include "folder.h"
#include "tracker_test.h"

#define PIECE 10000u

static struct loop *loop;
static unsigned ready;

static void
on_ready(void *arg)
{
	(void)arg;
	ready++;
	loop_stop(loop);
}

/* Asks until it is there or cannot be; the loop turns when the worker has something. */
static enum shelf_answer
fetch(struct shelf *s, const char *path, int64_t version, usec now, struct httpd_shared **out)
{
	enum shelf_answer answer;

	while ((answer = shelf_take(s, path, version, now, out)) == SHELF_LATER)
		loop_run(loop);
	return answer;
}

static void
put_text(const char *path, const char *text)
{
	put_file(path, text, strlen(text));
}

START_TEST(files_come_later)
{
	struct httpd_shared *one = NULL, *two = NULL;
	struct shelf *s;

	make_folder();
	put_text("one", "first");
	loop = loop_new();
	s = shelf_new(loop, 1000, on_ready, NULL);
	ck_assert_int_eq(shelf_take(s, "one", 1, 0, &one), SHELF_LATER);
	ck_assert_int_eq(fetch(s, "one", 1, 0, &one), SHELF_HERE);
	ck_assert_uint_eq(ready, 1);
	ck_assert(slice_eq_str(buf_slice(&one->bytes), "first"));
	/* The same bytes for all, for a while; not for who wants another version. */
	put_text("one", "second");
	ck_assert_int_eq(shelf_take(s, "one", 1, SECOND, &two), SHELF_HERE);
	ck_assert_ptr_eq(two, one);
	httpd_shared_drop(two);
	ck_assert_int_eq(fetch(s, "one", 2, SECOND, &two), SHELF_HERE);
	ck_assert(slice_eq_str(buf_slice(&two->bytes), "second"));
	httpd_shared_drop(two);
	ck_assert_int_eq(fetch(s, "one", 1, MINUTE, &two), SHELF_HERE);
	ck_assert(slice_eq_str(buf_slice(&two->bytes), "second"));
	ck_assert(slice_eq_str(buf_slice(&one->bytes), "first"));
	httpd_shared_drop(two);
	httpd_shared_drop(one);
	ck_assert_int_eq(fetch(s, "nowhere", 1, MINUTE, &one), SHELF_NONE);
	put_text("nowhere", "here");
	ck_assert_int_eq(fetch(s, "nowhere", 1, 2 * MINUTE, &one), SHELF_HERE);
	httpd_shared_drop(one);
	/* What is being read when all ends. */
	ck_assert_int_eq(shelf_take(s, "one", 9, 0, &one), SHELF_LATER);
	shelf_free(s);
	loop_free(loop);
	drop_folder();
}
END_TEST

START_TEST(memory_is_bounded)
{
	static const uint8_t bytes[PIECE];
	struct httpd_shared *held[4] = { NULL }, *out = NULL;
	struct shelf *s;
	char name[16];

	make_folder();
	loop = loop_new();
	s = shelf_new(loop, 3 * PIECE, on_ready, NULL);
	for (int i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		put_file(name, bytes, PIECE);
		ck_assert_int_eq(fetch(s, name, 1, 0, &out), SHELF_HERE);
		httpd_shared_drop(out);
	}
	/* The first had to go, the last is there. */
	ck_assert_int_eq(shelf_take(s, "19", 1, 0, &out), SHELF_HERE);
	httpd_shared_drop(out);
	ck_assert_int_eq(shelf_take(s, "0", 1, 0, &out), SHELF_LATER);
	/* While all is being sent, others wait, and get their turn. */
	for (int i = 0; i < 4; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		ck_assert_int_eq(fetch(s, name, 1, 0, &held[i]), SHELF_HERE);
	}
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(shelf_take(s, "7", 1, MINUTE, &out), SHELF_LATER);
	httpd_shared_drop(held[2]);
	ck_assert_int_eq(fetch(s, "7", 1, MINUTE, &out), SHELF_HERE);
	httpd_shared_drop(out);
	for (int i = 0; i < 4; i++) {
		if (i != 2)
			httpd_shared_drop(held[i]);
	}
	shelf_free(s);
	loop_free(loop);
	drop_folder();
}
END_TEST

Suite *
shelf_suite(void)
{
	Suite *s = suite_create("tracker/shelf");
	TCase *t = tcase_create("shelf");

	tcase_add_test(t, files_come_later);
	tcase_add_test(t, memory_is_bounded);
	suite_add_tcase(s, t);
	return s;
}
