/* SPDX-License-Identifier: ISC */
#include "bencode/write.h"
#include "helper.h"

Suite *write_suite(void);

START_TEST(writes_canonically)
{
	struct write w;
	struct buf b;
	uint8_t *space;

	buf_init(&b, 1000);
	write_init(&w, &b);
	write_dict(&w);
	write_key(&w, "a");
	write_int(&w, INT64_MIN);
	write_key(&w, "b");
	write_list(&w);
	write_string(&w, "x");
	write_slice(&w, slice_of("\0\xff", 2));
	write_raw(&w, slice_str("i5e"));
	write_end(&w);
	write_key(&w, "ba");
	space = write_space(&w, 3);
	ck_assert_ptr_nonnull(space);
	memcpy(space, "abc", 3);
	write_end(&w);
	ck_assert(write_finish(&w));
	ck_assert(slice_eq(buf_slice(&b),
	    slice_of("d1:ai-9223372036854775808e1:bl1:x2:\0\xffi5ee2:ba3:abce", 51)));
	buf_fini(&b);
}
END_TEST

START_TEST(failure_is_the_bufs_and_sticky)
{
	struct write w;
	struct buf b;

	buf_init(&b, 8);
	write_init(&w, &b);
	write_dict(&w);
	write_key(&w, "a");
	write_string(&w, "much too long");
	write_key(&w, "b");
	write_int(&w, 1);
	write_end(&w);
	ck_assert(!write_finish(&w));
	buf_fini(&b);
}
END_TEST

Suite *
write_suite(void)
{
	Suite *s = suite_create("bencode/write");
	TCase *c = tcase_create("write");

	tcase_add_test(c, writes_canonically);
	tcase_add_test(c, failure_is_the_bufs_and_sticky);
	suite_add_tcase(s, c);
	return s;
}
