/* SPDX-License-Identifier: ISC */
#include <btcore/bencode.h>

#include "helper.h"

Suite *value_suite(void);

static struct bt_bencode
read_strictly(const char *text)
{
	struct bt_bencode v;

	ck_assert_int_eq(bt_bencode_parse(slice_str(text), BT_BENCODE_STRICT, &v, NULL), BT_OK);
	return v;
}

static void
copy(struct bt_bencode v, struct bt_bencode_writer *w)
{
	struct bt_bencode_iter it;
	struct bt_bencode element;
	struct bt_slice key;
	int64_t n = 0;

	switch (bt_bencode_kind(v)) {
	case BT_BENCODE_INT:
		ck_assert(bt_bencode_int(v, &n));
		bt_bencode_put_int(w, n);
		return;
	case BT_BENCODE_STRING: bt_bencode_put_bytes(w, bt_bencode_string(v)); return;
	case BT_BENCODE_LIST: bt_bencode_put_list(w); break;
	case BT_BENCODE_DICT: bt_bencode_put_dict(w); break;
	case BT_BENCODE_NONE: ck_abort_msg("no value");
	}
	bt_bencode_start(&it, v);
	while (bt_bencode_next(&it, &key, &element)) {
		if (it.dict)
			bt_bencode_put_key_slice(w, key);
		copy(element, w);
	}
	bt_bencode_put_end(w);
}

static void
check_copy(struct bt_bencode v)
{
	struct bt_bencode_writer *w = bt_bencode_writer_new();
	uint8_t *bytes;
	size_t len;

	copy(v, w);
	ck_assert_int_eq(bt_bencode_writer_finish(w, &bytes, &len, NULL), BT_OK);
	ck_assert(slice_eq(slice_of(bytes, len), v.raw));
	free(bytes);
}

START_TEST(decides_as_the_vectors_say)
{
	FILE *f = open_data("bencode.tsv");
	char *line = NULL, *field[MAX_FIELDS];
	size_t count = 0;

	while (next_line(f, &line, field)) {
		struct bt_slice in = unhex(field[1]);
		struct bt_bencode v;
		struct bt_error err;
		enum bt_code code = bt_bencode_parse(in, BT_BENCODE_STRICT, &v, &err);

		ck_assert_msg((code == BT_OK) == (strcmp(field[2], "accept") == 0), "%s", field[0]);
		ck_assert((code == BT_OK) == (v.raw.len > 0));
		if (code == BT_OK)
			check_copy(v);
		else
			ck_assert_int_eq(strncmp(err.text, "bencode: ", 9), 0);
		code = bt_bencode_parse(in, BT_BENCODE_LENIENT, &v, &err);
		ck_assert_msg((code == BT_OK) == (strcmp(field[3], "accept") == 0), "%s", field[0]);
		free((void *)in.ptr);
		count++;
	}
	ck_assert_uint_gt(count, 90);
	free(line);
	fclose(f);
}
END_TEST

START_TEST(finds_what_is_there)
{
	struct bt_bencode v = read_strictly("d1:ai-7e1:bl1:x2:yzd1:ki1eee3:end0:e");
	int64_t n = 0;

	ck_assert_int_eq(bt_bencode_kind(v), BT_BENCODE_DICT);
	ck_assert_uint_eq(bt_bencode_count(v), 3);
	ck_assert(bt_bencode_int(bt_bencode_find(v, "a"), &n) && n == -7);
	ck_assert_uint_eq(bt_bencode_count(bt_bencode_find(v, "b")), 3);
	ck_assert(slice_eq_str(bt_bencode_string(bt_bencode_at(bt_bencode_find(v, "b"), 1)), "yz"));
	ck_assert(slice_eq_str(bt_bencode_find(v, "b").raw, "l1:x2:yzd1:ki1eee"));
	n = 0;
	ck_assert(bt_bencode_int(bt_bencode_find(bt_bencode_at(bt_bencode_find(v, "b"), 2), "k"),
	    &n) && n == 1);
	/* Empty, but there. */
	ck_assert_ptr_nonnull(bt_bencode_string(bt_bencode_find(v, "end")).ptr);
	ck_assert_uint_eq(bt_bencode_string(bt_bencode_find(v, "end")).len, 0);
}
END_TEST

START_TEST(gives_none_for_what_does_not_fit)
{
	struct bt_bencode v = read_strictly("d1:ai1e1:bl1:xee"), none = { { NULL, 0 } };
	int64_t n = 5;

	ck_assert_int_eq(bt_bencode_kind(bt_bencode_find(v, "c")), BT_BENCODE_NONE);
	ck_assert_int_eq(bt_bencode_kind(bt_bencode_find(bt_bencode_find(v, "a"), "x")),
	    BT_BENCODE_NONE);
	ck_assert_int_eq(bt_bencode_kind(bt_bencode_find(bt_bencode_find(v, "b"), "x")),
	    BT_BENCODE_NONE);
	ck_assert_int_eq(bt_bencode_kind(bt_bencode_at(v, 0)), BT_BENCODE_NONE);
	ck_assert_int_eq(bt_bencode_kind(bt_bencode_at(bt_bencode_find(v, "b"), 1)),
	    BT_BENCODE_NONE);
	ck_assert(!bt_bencode_int(bt_bencode_find(v, "b"), &n) && n == 5);
	ck_assert_ptr_null(bt_bencode_string(v).ptr);
	ck_assert_uint_eq(bt_bencode_count(bt_bencode_find(v, "a")), 0);
	ck_assert_int_eq(bt_bencode_kind(none), BT_BENCODE_NONE);
	ck_assert(!bt_bencode_int(none, &n));
	ck_assert_ptr_null(bt_bencode_string(none).ptr);
	ck_assert_uint_eq(bt_bencode_count(none), 0);
	ck_assert_uint_eq(bt_bencode_find(none, "a").raw.len, 0);
}
END_TEST

START_TEST(says_what_follows)
{
	struct bt_slice in = slice_str("d1:bi2e1:ai1e1:bi3eexyz");
	struct bt_bencode v;
	struct bt_error err;
	int64_t n = 0;

	ck_assert_int_eq(bt_bencode_parse(in, BT_BENCODE_PREFIX, &v, &err), BT_EFORMAT);
	ck_assert_str_eq(err.text, "bencode: unsorted keys at byte 7");
	ck_assert_int_eq(bt_bencode_parse(in, BT_BENCODE_PREFIX | BT_BENCODE_LENIENT, &v, &err),
	    BT_OK);
	ck_assert_uint_eq(v.raw.len, in.len - 3);
	ck_assert(bt_bencode_int(bt_bencode_find(v, "b"), &n) && n == 2);
	ck_assert_uint_eq(bt_bencode_count(v), 3);
}
END_TEST

Suite *
value_suite(void)
{
	Suite *s = suite_create("bencode/value");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, decides_as_the_vectors_say);
	tcase_add_test(tc, finds_what_is_there);
	tcase_add_test(tc, gives_none_for_what_does_not_fit);
	tcase_add_test(tc, says_what_follows);
	suite_add_tcase(s, tc);
	return s;
}
