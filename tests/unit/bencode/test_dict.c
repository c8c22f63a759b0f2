/* SPDX-License-Identifier: ISC */
#include "bencode/dict.h"

#include "base/mem.h"
#include "helper.h"

Suite *dict_suite(void);

static void
check_written(const struct dict *d, const char *want)
{
	struct buf b;

	buf_init(&b, 10000);
	dict_write(d, &b);
	ck_assert_str_eq(buf_cstr(&b), want);
	buf_fini(&b);
}

static void
set(struct dict *d, const char *key, const char *value)
{
	ck_assert_int_eq(dict_set(d, key, slice_str(value)), BT_OK);
}

static void
parse(struct dict *d, const char *bytes)
{
	struct bt_error err;

	ck_assert_msg(dict_parse(d, slice_str(bytes), &err) == BT_OK, "%s", err.text);
}

START_TEST(edited_keys_stand_in_order)
{
	struct dict d;

	parse(&d, "d1:bi1e1:di2e1:fi3ee");
	ck_assert(!dict_changed(&d));
	set(&d, "a", "0:");
	set(&d, "c", "le");
	set(&d, "g", "1:x");
	set(&d, "d", "de");
	dict_remove(&d, "f");
	dict_remove(&d, "nothing");
	ck_assert(dict_changed(&d));
	check_written(&d, "d1:a0:1:bi1e1:cle1:dde1:g1:xe");
	ck_assert(slice_eq_str(dict_get(&d, "d"), "de"));
	ck_assert(slice_eq_str(dict_old(&d, "d"), "i2e"));
	ck_assert_uint_eq(dict_get(&d, "f").len, 0);
	ck_assert(slice_eq_str(dict_old(&d, "f"), "i3e"));
	ck_assert_uint_eq(dict_old(&d, "a").len, 0);
	dict_fini(&d);
}
END_TEST

START_TEST(what_is_put_back_is_unchanged)
{
	struct dict d;

	parse(&d, "d1:bi1ee");
	set(&d, "b", "i2e");
	set(&d, "a", "i2e");
	dict_remove(&d, "a");
	ck_assert(dict_changed(&d));
	set(&d, "b", "i1e");
	ck_assert(!dict_changed(&d));
	dict_remove(&d, "b");
	set(&d, "b", "i1e");
	ck_assert(!dict_changed(&d));
	check_written(&d, "d1:bi1ee");
	dict_fini(&d);
}
END_TEST

START_TEST(odd_dictionaries_keep_their_bytes)
{
	struct dict d;

	/* Unsorted, repeated, unsorted inside, with bytes behind. */
	parse(&d, "d1:zi1e1:ai2e1:mi3e1:ai4e1:kd1:yi1e1:xi1eee\r\n");
	check_written(&d, "d1:zi1e1:ai2e1:mi3e1:ai4e1:kd1:yi1e1:xi1eee\r\n");
	ck_assert(slice_eq_str(dict_get(&d, "a"), "i2e"));
	set(&d, "b", "i9e");
	check_written(&d, "d1:bi9e1:zi1e1:ai2e1:mi3e1:ai4e1:kd1:yi1e1:xi1eee\r\n");
	/* Readers differ in which repetition counts: after an edit there is one. */
	set(&d, "a", "i2e");
	ck_assert(dict_changed(&d));
	check_written(&d, "d1:bi9e1:zi1e1:ai2e1:mi3e1:kd1:yi1e1:xi1eee\r\n");
	dict_remove(&d, "a");
	check_written(&d, "d1:bi9e1:zi1e1:mi3e1:kd1:yi1e1:xi1eee\r\n");
	dict_fini(&d);
}
END_TEST

START_TEST(the_malformed_is_refused)
{
	static const char *const bad[] = {
		"", "le", "i1e", "d", "d1:a", "d1:ae", "d1:ai1e", "di1ei1ee", "dlei1ee", "d1:xxe",
		"d01:ai1ee", "d1:ai01ee", "d1:ad1:be", "d9:ae", "dl1:aei1ee",
	};
	struct bt_error err;
	struct dict d;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(dict_parse(&d, slice_str(bad[i]), &err) != BT_OK, "%s", bad[i]);
		ck_assert_int_eq(err.code, BT_EFORMAT);
		dict_fini(&d);
	}
}
END_TEST

START_TEST(millions_of_keys_are_refused)
{
	struct bt_error err;
	struct dict d;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_add_u8(&b, 'd');
	for (unsigned i = 0; i <= DICT_MAX_KEYS; i++)
		buf_add_str(&b, "0:0:");
	buf_add_u8(&b, 'e');
	ck_assert_int_eq(dict_parse(&d, buf_slice(&b), &err), BT_ELIMIT);
	dict_fini(&d);
	buf_fini(&b);
}
END_TEST

START_TEST(no_memory_is_an_error)
{
	struct bt_error err;
	struct dict d;
	bool done = false;

	for (size_t n = 1; !done; n++) {
		mem_fail_at(n);
		if (dict_parse(&d, slice_str("d1:bi1e1:di2ee"), &err) == BT_OK)
			done = dict_set(&d, "c", slice_str("le")) == BT_OK &&
			    dict_set(&d, "b", slice_str("i5e")) == BT_OK;
		mem_fail_at(0);
		if (done)
			check_written(&d, "d1:bi5e1:cle1:di2ee");
		dict_fini(&d);
	}
}
END_TEST

Suite *
dict_suite(void)
{
	Suite *s = suite_create("bencode/dict");
	TCase *c = tcase_create("dict");

	tcase_add_test(c, edited_keys_stand_in_order);
	tcase_add_test(c, what_is_put_back_is_unchanged);
	tcase_add_test(c, odd_dictionaries_keep_their_bytes);
	tcase_add_test(c, the_malformed_is_refused);
	tcase_add_test(c, millions_of_keys_are_refused);
	tcase_add_test(c, no_memory_is_an_error);
	suite_add_tcase(s, c);
	return s;
}
